//! Which values of several fields are of one entity. In ECS every field may be a list, and alerts that sum up others are full
//! of them.

use std::borrow::Cow;

use super::json::Json;

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

/// The entities that some fields name, from all values of each.
///
/// Fields with as many values as each other tell of as many entities, each by its place. Of any others nobody can say which
/// value goes with which, so each stands by itself: to guess would unite people and hosts that have nothing in common. A
/// qualifier goes by its place too; a single one holds for all.
pub(super) fn rows<'o, 'a, const N: usize>(
    fields: [Vec<&'o Json<'a>>; N],
    qualifiers: &[&'o Json<'a>],
) -> Vec<Row<'o, 'a, N>> {
    let count = fields.iter().map(Vec::len).max().unwrap_or_default();
    let goes_by_place = fields.iter().all(|values| values.is_empty() || values.len() == count);
    let single = qualifiers.first().copied().filter(|_| qualifiers.len() == 1);
    if goes_by_place {
        let by_place = qualifiers.len() == count;
        let row = |place: usize| Row {
            names: std::array::from_fn(|field| fields[field].get(place).copied()),
            qualifier: if by_place { Some(qualifiers[place]) } else { single },
        };
        return (0..count).map(row).collect();
    }
    let alone = |(field, value): (usize, &'o Json<'a>)| Row {
        names: std::array::from_fn(|other| (other == field).then_some(value)),
        qualifier: single,
    };
    let values =
        fields.iter().enumerate().flat_map(|(field, values)| values.iter().map(move |v| (field, *v)));
    values.filter(|(_, value)| value.text().is_some()).map(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<Json<'_>> {
        let Ok(Json::List(values)) = Json::parse(text) else { panic!("{text}") };
        values
    }

    /// Each row as `a/b@qualifier`.
    fn told(first: &str, second: &str, qualifiers: &str) -> Vec<String> {
        let (first, second, qualifiers) = (list(first), list(second), list(qualifiers));
        let qualifiers: Vec<_> = qualifiers.iter().collect();
        let cell = |cell: Cell<'_, '_>| text(cell).map_or("-".to_owned(), Cow::into_owned);
        rows([first.iter().collect(), second.iter().collect()], &qualifiers)
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
    }
}
