//! Values by a path, for formats in which a path may be written in several ways.

use std::borrow::Cow;

use super::json::{Json, NULL, Object};

/// A value, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'o, 'a> {
    pub(super) value: &'o Json<'a>,
    /// Which element of the outermost list on its path it is of, where that is an object or a list itself; else 0. Values of one
    /// entity have the same.
    pub(super) holder: usize,
}

/// What stands at a path.
#[derive(Debug, Default)]
pub(super) struct Found<'o, 'a> {
    /// In the order of the record. What an object of a list lacks, or says to be `null`, has its place all the same: else what
    /// stands in the next object would come to be beside what stands in this one.
    pub(super) places: Vec<Place<'o, 'a>>,
    /// What stands on the path, or at its end, and is neither an object with more steps nor a value: the path as far as it goes,
    /// and what is there.
    pub(super) odd: Option<(usize, &'o Json<'a>)>,
}

/// All values at a path, in the order of the record: `host.name` is a field `name` in an object `host`, a field that is
/// called `host.name`, or either of them in the objects of a list. What stands there in a list is as many values.
pub(super) fn values_at<'o, 'a>(object: &'o Object<'a>, path: &str) -> Vec<&'o Json<'a>> {
    let places = places_at(object, path).places.into_iter();
    places.map(|place| place.value).filter(|value| **value != Json::Null).collect()
}

/// The same with what is `null` or missing, where it counts which place in a list a value has.
pub(super) fn places_at<'o, 'a>(object: &'o Object<'a>, path: &str) -> Found<'o, 'a> {
    let mut found = Found::default();
    found.gather(object, path, path.len(), None);
    found
}

/// The texts at a path.
pub(super) fn texts_at<'o>(object: &'o Object<'_>, path: &str) -> impl Iterator<Item = Cow<'o, str>> {
    values_at(object, path).into_iter().filter_map(Json::text)
}

/// The first text at a path.
pub(super) fn text_at<'o>(object: &'o Object<'_>, path: &str) -> Option<Cow<'o, str>> {
    texts_at(object, path).next()
}

impl<'o, 'a> Found<'o, 'a> {
    /// Goes no deeper than the path has steps and the record lists; `whole` is the length of the path with all its steps.
    fn gather(&mut self, object: &'o Object<'a>, path: &str, whole: usize, holder: Option<usize>) {
        for (key, value) in object.fields() {
            let Some(rest) = path.strip_prefix(key) else { continue };
            if rest.is_empty() || rest.starts_with('.') {
                let before = self.places.len();
                self.take(value, rest.strip_prefix('.'), whole, holder);
                // A list of objects none of which has it is as if it were not there.
                if self.places[before..].iter().all(|place| *place.value == Json::Null) {
                    self.places.truncate(before);
                }
            }
        }
    }

    /// Takes a value, or looks for the rest of the path in it. A list in a list is as many values more, as an index has them.
    fn take(&mut self, value: &'o Json<'a>, rest: Option<&str>, whole: usize, holder: Option<usize>) {
        match (value, rest) {
            (Json::List(elements), _) => {
                for (place, element) in elements.iter().enumerate() {
                    let is_holder = matches!(element, Json::List(_) | Json::Object(_));
                    let holder = holder.or(is_holder.then_some(place));
                    let before = self.places.len();
                    self.take(element, rest, whole, holder);
                    if self.places.len() == before {
                        self.push(NULL, holder);
                    }
                }
            }
            (Json::Object(inner), Some(rest)) => self.gather(inner, rest, whole, holder),
            (Json::Null, _) => self.push(NULL, holder),
            (Json::Object(_) | Json::Unreadable(_), None) | (_, Some(_)) => {
                let end = whole - rest.map_or(0, |rest| rest.len() + 1);
                self.odd.get_or_insert((end, value));
            }
            (_, None) => self.push(value, holder),
        }
    }

    fn push(&mut self, value: &'o Json<'a>, holder: Option<usize>) {
        self.places.push(Place { value, holder: holder.unwrap_or_default() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(record: &str, path: &str) -> Vec<String> {
        let Ok(Json::Object(object)) = Json::parse(record) else { panic!("{record}") };
        texts_at(&object, path).map(Cow::into_owned).collect()
    }

    #[test]
    fn a_path_is_found_however_its_steps_are_written() {
        for record in [
            r#"{"a":{"b":{"c":"x"}}}"#,
            r#"{"a.b.c":"x"}"#,
            r#"{"a.b":{"c":["x"]}}"#,
            r#"{"a":[{"b.c":"x"},{"b":{"d":"y"}},7]}"#,
        ] {
            assert_eq!(at(record, "a.b.c"), ["x"], "{record}");
        }
        assert_eq!(at(r#"{"a":{"b":["x",null,"y"]},"a.b":"z"}"#, "a.b"), ["x", "y", "z"]);
    }

    #[test]
    fn what_an_object_of_a_list_lacks_has_its_place_and_what_is_no_value_is_told() {
        let told = |record: &str| {
            let Ok(Json::Object(object)) = Json::parse(record) else { panic!("{record}") };
            let Found { places, odd } = places_at(&object, "a.b");
            let place = |place: &Place<'_, '_>| {
                format!("{}:{}", place.holder, place.value.text().unwrap_or("-".into()))
            };
            let odd = odd.map(|(end, value)| format!("{} is {}", &"a.b"[..end], value.type_name()));
            (places.iter().map(place).collect::<Vec<_>>().join(" "), odd.unwrap_or_default())
        };
        for (record, expected, odd) in [
            (r#"{"a":[{"b":"x"},{"c":1},{"b":null},{"b":"y"}]}"#, "0:x 1:- 2:- 3:y", ""),
            (r#"{"a":[{"b":["x","y"]},{"b":[]},{"b":"z"}]}"#, "0:x 0:y 1:- 2:z", ""),
            (r#"{"a":{"b":["x",null,"y"]}}"#, "0:x 0:- 0:y", ""),
            (r#"{"a.b":[["x","y"],["z"],"w"]}"#, "0:x 0:y 1:z 0:w", ""),
            (r#"{"a":[{"c":1},{"c":2}],"a.b":"x"}"#, "0:x", ""),
            (r#"{"a":{"b":{"c":"x"}}}"#, "", "a.b is an object"),
            (r#"{"a":["x",{"b":"y"}]}"#, "0:- 1:y", "a is a text"),
            (r#"{"a":null}"#, "", ""),
        ] {
            assert_eq!(told(record), (expected.to_owned(), odd.to_owned()), "{record}");
        }
    }

    #[test]
    fn what_merely_begins_alike_is_another_field() {
        assert!(at(r#"{"ab":"x","a":{"bc":"y"},"a.":"z"}"#, "a.b").is_empty());
        assert!(at(r#"{"a":"x"}"#, "a.b").is_empty());
    }
}
