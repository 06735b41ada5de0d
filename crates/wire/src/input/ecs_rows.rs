//! Which values of several fields are of one entity. In ECS every field may be a list, and alerts that sum up others are full
//! of them.

use std::borrow::Cow;

use super::json::Json;
use super::json_path::Place;

/// A value of a field, if an entity has one there.
pub(super) type Cell<'o, 'a> = Option<&'o Json<'a>>;

/// The text of a value.
pub(super) fn text<'o>(cell: Cell<'o, '_>) -> Option<Cow<'o, str>> {
    cell.and_then(Json::text)
}

/// What is said of an entity by the fields that name it, and by one that qualifies its names, such as a domain.
pub(super) struct Row<'o, 'a, const N: usize> {
    pub(super) names: [Cell<'o, 'a>; N],
    pub(super) qualifier: Cell<'o, 'a>,
}

/// The entities that some fields name, from all values of each; of at most `values_max` values of a field.
///
/// Fields whose values stand in the same places tell of as many entities, each by its place. Of any others nobody can say which
/// value goes with which, so each stands by itself: to guess would unite people and hosts that have nothing in common. Which
/// of the two it is all values say, those beyond the bound as well. A field that says the same again and again says it once:
/// documents repeat themselves, and so do tables that were folded into lists. A qualifier goes by its place too; a single
/// one holds for all.
pub(super) fn rows<'o, 'a, const N: usize>(
    fields: [Vec<Place<'o, 'a>>; N],
    qualifiers: &[Place<'o, 'a>],
    values_max: usize,
) -> Vec<Row<'o, 'a, N>> {
    let (fields, goes_by_place) = match go_by_place(&fields) {
        true => (fields, true),
        false => {
            let folded = fields.map(folded);
            let goes_by_place = go_by_place(&folded);
            (folded, goes_by_place)
        }
    };
    let is_one = !qualifiers.is_empty() && says_one(qualifiers);
    let single = is_one.then(|| qualifiers[0].value);
    if goes_by_place {
        let longest = fields.iter().find(|values| !values.is_empty()).map_or(&[][..], Vec::as_slice);
        let by_place = stand_alike(qualifiers, longest);
        let row = |place: usize| Row {
            names: std::array::from_fn(|field| fields[field].get(place).map(|place| place.value)),
            qualifier: if by_place { Some(qualifiers[place].value) } else { single },
        };
        return (0..longest.len().min(values_max)).map(row).collect();
    }
    let alone = |(field, value): (usize, &'o Json<'a>)| Row {
        names: std::array::from_fn(|other| (other == field).then_some(value)),
        qualifier: single,
    };
    let values = fields
        .iter()
        .enumerate()
        .flat_map(|(field, values)| values.iter().take(values_max).map(move |place| (field, place.value)));
    values.filter(|(_, value)| value.text().is_some()).map(alone).collect()
}

/// Whether all fields that say anything have their values in the same places.
fn go_by_place(fields: &[Vec<Place<'_, '_>>]) -> bool {
    let mut telling = fields.iter().filter(|values| !values.is_empty());
    let Some(first) = telling.next() else { return true };
    telling.all(|values| stand_alike(values, first))
}

/// Whether the values of two fields stand in the same places: as many in each object of a list.
pub(super) fn stand_alike(values: &[Place<'_, '_>], others: &[Place<'_, '_>]) -> bool {
    values.iter().map(|place| place.holder).eq(others.iter().map(|place| place.holder))
}

fn says_one(values: &[Place<'_, '_>]) -> bool {
    values.iter().all(|place| place.value == values[0].value)
}

fn folded<'o, 'a>(mut values: Vec<Place<'o, 'a>>) -> Vec<Place<'o, 'a>> {
    if says_one(&values) {
        values.truncate(1);
        values.iter_mut().for_each(|place| place.holder = 0);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::json_path::places_at;
    use super::*;

    /// Each row as `a/b@qualifier`; of lists in a list each is of a holder.
    fn told(first: &str, second: &str, qualifiers: &str) -> Vec<String> {
        let record = format!(r#"{{"a":{first},"b":{second},"q":{qualifiers}}}"#);
        let Ok(Json::Object(record)) = Json::parse(&record) else { panic!("{record}") };
        let places = |name: &str| places_at(&record, name).places;
        let cell = |cell: Cell<'_, '_>| text(cell).map_or("-".to_owned(), Cow::into_owned);
        rows([places("a"), places("b")], &places("q"), 3)
            .into_iter()
            .map(|row| format!("{}/{}@{}", cell(row.names[0]), cell(row.names[1]), cell(row.qualifier)))
            .collect()
    }

    #[test]
    fn lists_of_one_length_go_by_place_and_all_others_apart() {
        assert_eq!(told(r#"["a"]"#, r#"["x"]"#, r#"["q"]"#), ["a/x@q"]);
        assert_eq!(told(r#"["a","b"]"#, r#"["x","y"]"#, r#"["q","r"]"#), ["a/x@q", "b/y@r"]);
        assert_eq!(told(r#"["a","b"]"#, r#"["x","y"]"#, r#"["q"]"#), ["a/x@q", "b/y@q"]);
        assert_eq!(told(r#"["a","b"]"#, "[]", r#"["q","r","s"]"#), ["a/-@-", "b/-@-"]);
        assert_eq!(told(r#"["a","b"]"#, r#"["x"]"#, r#"["q"]"#), ["a/-@q", "b/-@q", "-/x@q"]);
        assert_eq!(told(r#"["a","b"]"#, r#"["x"]"#, r#"["q","r"]"#), ["a/-@-", "b/-@-", "-/x@-"]);
        assert_eq!(told(r#"["a",null]"#, r#"["x","y"]"#, "[]"), ["a/x@-", "-/y@-"], "a gap has its place");
        assert_eq!(told(r#"["a",""]"#, r#"["x","y","z"]"#, "[]"), ["a/-@-", "-/x@-", "-/y@-", "-/z@-"]);
        assert!(told("[]", "[]", r#"["q"]"#).is_empty());
        assert_eq!(told(r#"["a","a"]"#, r#"["x"]"#, "[]"), ["a/x@-"], "what is said twice is said once");
        assert_eq!(told(r#"["a","a"]"#, r#"["x","y"]"#, r#"["q","q"]"#), ["a/x@q", "a/y@q"]);
    }

    #[test]
    fn lists_of_one_length_by_chance_or_by_a_bound_do_not_go_by_place() {
        let apart = ["a/-@-", "b/-@-", "c/-@-", "-/x@-", "-/y@-", "-/z@-"];
        assert_eq!(told(r#"[["a","b"],"c"]"#, r#"["x",["y","z"]]"#, "[]"), apart);
        assert_eq!(told(r#"["a","b","c"]"#, r#"["x","y","z","w"]"#, "[]"), apart);
        assert_eq!(
            told(r#"["a","b","c","d"]"#, r#"["x","y","z","w"]"#, r#"["p","q","r","s"]"#),
            ["a/x@p", "b/y@q", "c/z@r"]
        );
    }
}
