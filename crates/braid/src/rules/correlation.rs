use braid_alert::Span;
use braid_engine::{Field, OCCURRENCES_MAX, REFERENCES_MAX};

use super::Place;
use super::document::{Notes, Part, unknown};
use super::selection;

/// A rule about alerts that come together, as its document says it.
pub(super) struct CorrelationDraft {
    pub(super) kind: Option<Kind>,
    /// The rules that it refers to, by id or name.
    pub(super) rules: Vec<Reference>,
    pub(super) group_by: Vec<Reference>,
    pub(super) timespan: Option<Span>,
    pub(super) condition: ConditionDraft,
    pub(super) aliases: Vec<Alias>,
    /// The rules that it refers to raise alerts of their own too.
    pub(super) generate: bool,
}

/// A word that is looked up later, and where it stands.
#[derive(Clone)]
pub(super) struct Reference {
    pub(super) word: String,
    pub(super) place: Place,
    pub(super) path: String,
}

/// Another name for a field, which depends on the rule that has matched.
pub(super) struct Alias {
    pub(super) name: String,
    /// Rule and field.
    pub(super) fields: Vec<(Reference, Option<Field>)>,
}

/// `condition`, as far as it can be read without its surroundings.
#[derive(Default)]
pub(super) struct ConditionDraft {
    pub(super) at_least: Option<u32>,
    pub(super) at_most: Option<u32>,
    pub(super) field: Option<Reference>,
    /// Where it stands, if it does.
    pub(super) place: Option<(Place, String)>,
    /// Rules that must all have matched, by the boolean form of `temporal`.
    pub(super) all_of: Option<Vec<String>>,
    /// Something about it is wrong, and has been said.
    pub(super) is_faulty: bool,
}

/// `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    EventCount,
    ValueCount,
    Temporal,
    TemporalOrdered,
}

const KINDS: [(&str, Kind); 4] = [
    ("event_count", Kind::EventCount),
    ("value_count", Kind::ValueCount),
    ("temporal", Kind::Temporal),
    ("temporal_ordered", Kind::TemporalOrdered),
];

/// Types that reckon with numbers, which no field of an alert is.
const KINDS_OF_NUMBERS: [&str; 6] =
    ["value_sum", "value_avg", "value_min", "value_max", "value_percentile", "value_median"];

impl CorrelationDraft {
    pub(super) fn read(document: &Part<'_>, part: &Part<'_>, notes: &mut Notes) -> Self {
        let known = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];
        part.check_keys(&known, false, notes);
        if !part.is_table() {
            notes.at(part, "this is a table with `type`, `rules`, `group-by`, `timespan` and `condition`");
        }
        let kind = kind_of(part, notes);
        Self {
            kind,
            rules: rules_of(part, notes),
            group_by: references(part, "group-by", "a field, or an alias", notes),
            timespan: timespan_of(part, notes),
            condition: condition_of(part, kind, notes),
            aliases: aliases_of(part, notes),
            generate: [document, part].into_iter().any(|table| generates(table, notes)),
        }
    }
}

fn kind_of(part: &Part<'_>, notes: &mut Notes) -> Option<Kind> {
    let text = part.need_text("type", "event_count, value_count, temporal or temporal_ordered", notes)?;
    let found = KINDS.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
    if let (None, Some(part)) = (found, part.get("type")) {
        notes.at(
            &part,
            match KINDS_OF_NUMBERS.contains(&text.as_str()) {
                true => format!(
                    "`{text}` is not supported: it reckons with numbers, and no field of an alert is one"
                ),
                false => unknown(&text, KINDS.iter().map(|(name, _)| *name)),
            },
        );
    }
    found
}

fn generates(table: &Part<'_>, notes: &mut Notes) -> bool {
    let Some(part) = table.get("generate") else { return false };
    if part.truth().is_none() {
        notes.at(&part, "this is `true` or `false`: whether the rules that are referred to raise alerts too");
    }
    part.truth().unwrap_or_default()
}

fn rules_of(part: &Part<'_>, notes: &mut Notes) -> Vec<Reference> {
    let rules = references(part, "rules", "the id or name of a rule", notes);
    match part.get("rules") {
        None => notes.missing(part, "rules", "is missing: the ids or names of the rules that it correlates"),
        Some(list) if rules.is_empty() => notes.at(&list, "at least one rule is needed to correlate"),
        Some(list) if rules.len() > REFERENCES_MAX => {
            notes.at(&list, format!("a correlation refers to at most {REFERENCES_MAX} rules"));
        }
        _ => {}
    }
    rules
}

/// A list of words, none of them twice.
fn references(part: &Part<'_>, key: &str, what: &str, notes: &mut Notes) -> Vec<Reference> {
    let mut references: Vec<Reference> = Vec::new();
    for element in part.get(key).iter().filter(|part| !part.is_null()).flat_map(Part::one_or_more) {
        let Some(word) = element.text_or(what, notes) else { continue };
        if references.iter().any(|known| known.word == word) {
            notes.at(&element, format!("`{word}` stands here twice"));
            continue;
        }
        references.push(Reference::of(word, &element));
    }
    references
}

impl Reference {
    fn of(word: String, part: &Part<'_>) -> Self {
        Self { word, place: part.place().clone(), path: part.path.clone() }
    }

    pub(super) fn fault(&self, message: impl Into<String>, notes: &mut Notes) {
        notes.put(self.place.clone(), self.path.clone(), message.into());
    }
}

fn timespan_of(part: &Part<'_>, notes: &mut Notes) -> Option<Span> {
    const WHAT: &str = "a number and s, m, h or d, such as 90m";
    let text = part.need_text("timespan", WHAT, notes)?;
    let span = span(text.trim());
    if let (None, Some(part)) = (span, part.get("timespan")) {
        notes.at(&part, format!("`{text}` is no timespan: {WHAT}"));
    }
    span
}

fn span(text: &str) -> Option<Span> {
    let unit = text.chars().last()?;
    let number: u32 =
        text.strip_suffix(unit)?.parse().ok().filter(|number| *number > 0 && *number <= 1_000_000)?;
    let number = i64::from(number);
    match unit {
        's' => Some(Span::seconds(number)),
        'm' => Some(Span::minutes(number)),
        'h' => Some(Span::hours(number)),
        'd' => Some(Span::days(number)),
        _ => None,
    }
}

fn aliases_of(part: &Part<'_>, notes: &mut Notes) -> Vec<Alias> {
    let Some(aliases) = part.get("aliases") else { return Vec::new() };
    if !aliases.is_table() {
        notes.at(&aliases, "this is a table of aliases: each with the field that it means in each rule");
    }
    let mut read = Vec::new();
    for alias in aliases.entries() {
        if !alias.is_table() {
            notes.at(&alias, "an alias is a table: the name of each rule, and the field that it means there");
        }
        let mut fields = Vec::new();
        for entry in alias.entries() {
            let name = entry.text_or("the field that the alias means in this rule", notes);
            let field = name.map(|name| selection::field(&name));
            if let Some(Err(message)) = &field {
                notes.at(&entry, message.clone());
            }
            fields.push((Reference::of(entry.key.to_owned(), &entry), field.and_then(Result::ok)));
        }
        read.push(Alias { name: alias.key.to_owned(), fields });
    }
    read
}

fn condition_of(part: &Part<'_>, kind: Option<Kind>, notes: &mut Notes) -> ConditionDraft {
    let mut draft = ConditionDraft::default();
    let Some(condition) = part.get("condition") else {
        if matches!(kind, Some(Kind::EventCount | Kind::ValueCount)) {
            notes.missing(part, "condition", "is missing: how many it takes, such as `gte: 10`");
            draft.is_faulty = true;
        }
        return draft;
    };
    let before = notes.faults.len();
    draft.place = Some((condition.place().clone(), condition.path.clone()));
    if condition.is_table() {
        read_counts(&condition, &mut draft, notes);
    } else {
        read_boolean(&condition, kind, &mut draft, notes);
    }
    draft.is_faulty = notes.faults.len() > before;
    draft
}

fn read_counts(condition: &Part<'_>, draft: &mut ConditionDraft, notes: &mut Notes) {
    let before = notes.faults.len();
    condition.check_keys(&["gt", "gte", "lt", "lte", "eq", "field"], false, notes);
    for entry in condition.entries() {
        if entry.key == "field" {
            draft.field = match entry.is_list() {
                true => {
                    notes.at(&entry, "several fields are not supported: write a rule for each");
                    None
                }
                false => entry
                    .text_or("the field whose values are counted", notes)
                    .map(|w| Reference::of(w, &entry)),
            };
            continue;
        }
        let Some(number) = entry.integer().and_then(|number| u32::try_from(number).ok()) else {
            notes.at(&entry, "this is a whole number that is not negative");
            continue;
        };
        match entry.key {
            "gt" => draft.at_least = draft.at_least.max(number.checked_add(1)),
            "gte" => draft.at_least = draft.at_least.max(Some(number)),
            "lt" => draft.no_more(number.saturating_sub(1)),
            "lte" => draft.no_more(number),
            "eq" => {
                draft.at_least = draft.at_least.max(Some(number));
                draft.no_more(number);
            }
            _ => {}
        }
    }
    if notes.faults.len() == before {
        draft.check(condition, notes);
    }
}

impl ConditionDraft {
    fn no_more(&mut self, number: u32) {
        self.at_most = Some(self.at_most.map_or(number, |known| known.min(number)));
    }

    fn check(&self, condition: &Part<'_>, notes: &mut Notes) {
        let at_least = self.at_least.unwrap_or(0);
        if at_least == 0 {
            notes.at(condition, "it holds before anything has happened, so nothing would ever decide it: say `gt`, `gte` or `eq` too");
        } else if at_least > OCCURRENCES_MAX {
            notes.at(condition, format!("no more than {OCCURRENCES_MAX} alerts of a group are counted"));
        } else if self.at_most.is_some_and(|at_most| at_most < at_least) {
            notes.at(condition, "no count can be both");
        }
    }
}

/// `a and b and c`: the boolean form that Sigma 2.1 has given `temporal`.
fn read_boolean(condition: &Part<'_>, kind: Option<Kind>, draft: &mut ConditionDraft, notes: &mut Notes) {
    let Some(text) = condition.text_or("how many it takes, such as `gte: 10`", notes) else { return };
    if matches!(kind, Some(Kind::EventCount | Kind::ValueCount)) {
        return notes.at(condition, "this says how many it takes, such as `gte: 10`");
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let joined = words.iter().skip(1).step_by(2).all(|word| word.eq_ignore_ascii_case("and"));
    if !joined || words.len().is_multiple_of(2) {
        return notes.at(condition, "of conditions with names of rules only `a and b and c` is supported: write a rule for each alternative");
    }
    draft.all_of = Some(words.into_iter().step_by(2).map(str::to_owned).collect());
}
