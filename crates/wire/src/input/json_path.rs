//! Values by a path, for formats in which a path may be written in several ways.

use std::borrow::Cow;

use super::json::{Json, Object};

/// All values at a path, in the order of the record: `host.name` is a field `name` in an object `host`, a field that is
/// called `host.name`, or either of them in the objects of a list. What stands there in a list is as many values.
pub(super) fn values_at<'o, 'a>(object: &'o Object<'a>, path: &str) -> Vec<&'o Json<'a>> {
    let mut found = places_at(object, path);
    found.retain(|value| **value != Json::Null);
    found
}

/// The same with what is `null`, where it counts which place in a list a value has.
pub(super) fn places_at<'o, 'a>(object: &'o Object<'a>, path: &str) -> Vec<&'o Json<'a>> {
    let mut found = Vec::new();
    gather(object, path, &mut found);
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

/// Goes no deeper than the path has steps, and through one list in each.
fn gather<'o, 'a>(object: &'o Object<'a>, path: &str, found: &mut Vec<&'o Json<'a>>) {
    for (key, value) in object.fields() {
        let Some(rest) = path.strip_prefix(key) else { continue };
        let elements = match value {
            Json::List(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        if rest.is_empty() {
            found.extend(elements);
        } else if let Some(rest) = rest.strip_prefix('.') {
            elements.iter().filter_map(Json::object).for_each(|inner| gather(inner, rest, found));
        }
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
    fn what_merely_begins_alike_is_another_field() {
        assert!(at(r#"{"ab":"x","a":{"bc":"y"},"a.":"z"}"#, "a.b").is_empty());
        assert!(at(r#"{"a":"x"}"#, "a.b").is_empty());
    }
}
