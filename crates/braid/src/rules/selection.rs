use braid_engine::{Expression, Field, Match, Network, Pattern, Test, TextPattern, Wrap};

use super::document::{Notes, Part, unknown};
use crate::config::fault::near_miss;

/// Modifiers that are understood.
const MODIFIERS: [&str; 12] =
    ["contains", "startswith", "endswith", "all", "exists", "cased", "re", "i", "m", "s", "cidr", "neq"];

/// Modifiers that Sigma has and alerts have no use for, or that cannot be decided here.
const UNSUPPORTED: [(&str, &str); 17] = [
    ("windash", "alerts hold no command lines"),
    ("base64", "alerts hold no encoded payloads"),
    ("base64offset", "alerts hold no encoded payloads"),
    ("utf16", "alerts hold no encoded payloads"),
    ("utf16le", "alerts hold no encoded payloads"),
    ("utf16be", "alerts hold no encoded payloads"),
    ("wide", "alerts hold no encoded payloads"),
    ("lt", "no field is a number"),
    ("lte", "no field is a number"),
    ("gt", "no field is a number"),
    ("gte", "no field is a number"),
    ("minute", "no field is a time"),
    ("hour", "no field is a time"),
    ("day", "no field is a time"),
    ("week", "no field is a time"),
    ("expand", "there are no placeholders to expand"),
    ("fieldref", "two fields of an alert cannot be compared: group by an alias of both"),
];

/// A selection: a table whose entries must all hold, or a list of tables one of which must.
pub(super) fn read(part: &Part<'_>, notes: &mut Notes) -> Option<Expression> {
    if part.is_table() {
        let all: Vec<Option<Expression>> = part.entries().map(|entry| read_field(&entry, notes)).collect();
        if all.is_empty() {
            notes.at(part, "a selection needs at least one field");
        }
        return all.into_iter().collect::<Option<Vec<_>>>().map(Expression::All);
    }
    if part.is_list() && part.elements().next().is_some() && part.elements().all(|element| element.is_table())
    {
        let any: Vec<Option<Expression>> = part.elements().map(|element| read(&element, notes)).collect();
        return any.into_iter().collect::<Option<Vec<_>>>().map(Expression::Any);
    }
    notes.at(part, "a selection names fields, such as `title: …`: an alert is no message that could be searched for words");
    None
}

/// `field|modifier…: value`.
fn read_field(entry: &Part<'_>, notes: &mut Notes) -> Option<Expression> {
    let mut words = entry.key.split('|');
    let name = words.next().unwrap_or_default();
    let modifiers: Vec<&str> = words.collect();
    let field = field(name);
    if let Err(message) = &field {
        notes.at_key(entry, message.clone());
    }
    let known = modifiers.iter().filter(|modifier| {
        let message = modifier_fault(modifier);
        message.iter().for_each(|message| notes.at_key(entry, message.clone()));
        message.is_none()
    });
    let known = known.count() == modifiers.len();
    let field = field.ok().filter(|_| known)?;
    let how = Modifiers::of(&modifiers, entry, notes)?;
    if how.network && !field.holds_addresses() {
        notes.at_key(entry, "`cidr` is about addresses: it goes with the fields `address` and `entity`");
    }
    let values = entry.one_or_more();
    if values.is_empty() {
        notes.at(entry, "there is nothing in this list");
    }
    if how.all && values.len() == 1 {
        notes.at_key(entry, "`all` needs a list of values: of a single one there is nothing else to hold");
    }
    let tests: Vec<Option<Test>> = values.iter().map(|value| how.test(value, notes)).collect();
    let tests = tests.into_iter().collect::<Option<Vec<_>>>()?;
    let wanted = Expression::Match(Match { field, tests, all: how.all });
    Some(if how.differs { Expression::Not(Box::new(wanted)) } else { wanted })
}

/// A field by its name.
pub(super) fn field(name: &str) -> Result<Field, String> {
    Field::from_name(name).ok_or_else(|| {
        let names = Field::names();
        match near_miss(name, names.iter().map(String::as_str)) {
            Some(near) => format!("alerts have no field `{name}`; did you mean `{near}`?"),
            None => format!("alerts have no field `{name}`; docs/rules.md lists the fields that there are"),
        }
    })
}

fn modifier_fault(modifier: &str) -> Option<String> {
    if MODIFIERS.contains(&modifier) {
        return None;
    }
    if let Some((_, why)) = UNSUPPORTED.iter().find(|(name, _)| *name == modifier) {
        return Some(format!("Sigma's modifier `{modifier}` is not supported: {why}"));
    }
    Some(format!("no such modifier: {}", unknown(modifier, MODIFIERS.iter().copied())))
}

/// What the modifiers of a field come to.
#[derive(Default)]
struct Modifiers {
    wrap: Option<Wrap>,
    all: bool,
    exists: bool,
    cased: bool,
    regex: bool,
    flags: String,
    network: bool,
    differs: bool,
}

impl Modifiers {
    fn of(modifiers: &[&str], entry: &Part<'_>, notes: &mut Notes) -> Option<Self> {
        let mut how = Self::default();
        for &modifier in modifiers {
            match modifier {
                "contains" => how.wrap = Some(Wrap::Around),
                "startswith" => how.wrap = Some(Wrap::Behind),
                "endswith" => how.wrap = Some(Wrap::Before),
                "all" => how.all = true,
                "exists" => how.exists = true,
                "cased" => how.cased = true,
                "re" => how.regex = true,
                "cidr" => how.network = true,
                "neq" => how.differs = true,
                flag => how.flags.push_str(flag),
            }
        }
        let ways = [how.wrap.is_some(), how.exists, how.regex, how.network];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            notes.at_key(
                entry,
                "only one of `contains`, `startswith`, `endswith`, `exists`, `re` and `cidr` can be meant",
            );
            return None;
        }
        if !how.flags.is_empty() && !how.regex {
            notes.at_key(entry, "`i`, `m` and `s` belong behind `re`");
            return None;
        }
        Some(how)
    }

    fn test(&self, value: &Part<'_>, notes: &mut Notes) -> Option<Test> {
        if self.exists {
            let truth = value.truth();
            if truth.is_none() {
                notes.at(value, "`exists` is answered by `true` or `false`");
            }
            return truth.map(Test::Exists);
        }
        if value.is_null() {
            return Some(Test::Exists(false));
        }
        let Some(text) = value.text() else {
            notes.at(value, "a value is a text or a list of texts");
            return None;
        };
        if self.regex {
            return self.pattern(&text, value, notes);
        }
        if self.network {
            let network = text.parse::<Network>();
            return network.map(Test::Network).map_err(|error| notes.at(value, error.to_string())).ok();
        }
        // An alert's fields are absent rather than empty.
        if text.is_empty() {
            return Some(Test::Exists(false));
        }
        Some(Test::Text(TextPattern::read(&text, self.wrap.unwrap_or(Wrap::Nothing), self.cased)))
    }

    fn pattern(&self, text: &str, value: &Part<'_>, notes: &mut Notes) -> Option<Test> {
        let text = if self.flags.is_empty() { text.to_owned() } else { format!("(?{}){text}", self.flags) };
        match Pattern::read(&text) {
            Ok(pattern) => Some(Test::Regex(pattern)),
            Err(error) => {
                let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                notes.at(value, format!("this is no regular expression: {last}"));
                None
            }
        }
    }
}
