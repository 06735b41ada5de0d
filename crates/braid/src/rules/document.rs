use super::{Fault, Place};
use crate::config::fault::{near_miss, one_of};
use crate::config::tree::{Node, Value};

/// A part of a document: a value, and the way to it in the words of the file.
#[derive(Clone)]
pub(crate) struct Part<'n> {
    node: &'n Node,
    key_place: &'n Place,
    /// `correlation.rules[1]`; empty for the document.
    pub(crate) path: String,
    /// The last step of it.
    pub(crate) key: &'n str,
}

/// What is wrong with one file.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) faults: Vec<Fault>,
}

impl Notes {
    /// Something is wrong with a value.
    pub(crate) fn at(&mut self, part: &Part<'_>, message: impl Into<String>) {
        self.put(part.node.place.clone(), part.path.clone(), message.into());
    }

    /// Something is wrong with a key.
    pub(crate) fn at_key(&mut self, part: &Part<'_>, message: impl Into<String>) {
        self.put(part.key_place.clone(), part.path.clone(), message.into());
    }

    /// Something is missing in a table.
    pub(crate) fn missing(&mut self, table: &Part<'_>, key: &str, message: impl Into<String>) {
        self.put(table.node.place.clone(), table.path_to(key), message.into());
    }

    /// Something is wrong with the file.
    pub(crate) fn whole(&mut self, message: impl Into<String>) {
        self.put(Place::Nowhere, String::new(), message.into());
    }

    pub(crate) fn put(&mut self, place: Place, key: String, message: String) {
        self.faults.push(Fault { place, key, message });
    }
}

impl<'n> Part<'n> {
    pub(crate) fn root(node: &'n Node) -> Self {
        Self { node, key_place: &node.place, path: String::new(), key: "" }
    }

    /// The value itself.
    pub(crate) fn node(&self) -> &'n Node {
        self.node
    }

    pub(crate) fn place(&self) -> &Place {
        &self.node.place
    }

    fn path_to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        self.entries().find(|entry| entry.key == key)
    }

    /// The entries of a table; none of anything else.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Self> + use<'n> {
        let entries: &'n [_] = match &self.node.value {
            Value::Table(entries) => entries,
            _ => &[],
        };
        let paths: Vec<String> = entries.iter().map(|entry| self.path_to(&entry.key)).collect();
        entries.iter().zip(paths).map(|(entry, path)| Self {
            node: &entry.node,
            key_place: &entry.key_place,
            path,
            key: &entry.key,
        })
    }

    /// The elements of a list; none of anything else.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Self> + use<'n> {
        let elements: &'n [Node] = match &self.node.value {
            Value::List(elements) => elements,
            _ => &[],
        };
        let (path, key) = (self.path.clone(), self.key);
        elements.iter().enumerate().map(move |(place, node)| Self {
            node,
            key_place: &node.place,
            path: format!("{path}[{place}]"),
            key,
        })
    }

    /// The elements of a list, or the value itself where there is but one.
    pub(crate) fn one_or_more(&self) -> Vec<Self> {
        if self.is_list() { self.elements().collect() } else { vec![self.clone()] }
    }

    pub(crate) const fn is_table(&self) -> bool {
        matches!(self.node.value, Value::Table(_))
    }

    pub(crate) const fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.node.value, Value::Null)
    }

    /// A text; numbers and truth values are taken as they are written.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.node.value {
            Value::Text(text) | Value::Untyped(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    pub(crate) const fn truth(&self) -> Option<bool> {
        match self.node.value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    pub(crate) const fn integer(&self) -> Option<i64> {
        match self.node.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// A text that has to be there and has to say something.
    pub(crate) fn need_text(&self, key: &str, what: &str, notes: &mut Notes) -> Option<String> {
        let Some(part) = self.get(key) else {
            notes.missing(self, key, format!("is missing: {what}"));
            return None;
        };
        part.text_or(what, notes)
    }

    /// Its text; a fault, if it is none.
    pub(crate) fn text_or(&self, what: &str, notes: &mut Notes) -> Option<String> {
        let text = self.text().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            notes.at(self, format!("this is no text: {what}"));
        }
        text
    }

    /// One of the words that may stand here.
    pub(crate) fn word(&self, known: &[&'static str], notes: &mut Notes) -> Option<&'static str> {
        let text = self.text_or(&format!("it may be {}", one_of(known.iter().copied())), notes)?;
        let found = known.iter().copied().find(|word| *word == text);
        if found.is_none() {
            notes.at(self, unknown(&text, known.iter().copied()));
        }
        found
    }

    /// Says which keys of this table there are not. Where keys of one's own are allowed, only those that look mistyped.
    pub(crate) fn check_keys(&self, known: &[&str], own_allowed: bool, notes: &mut Notes) {
        for entry in self.entries().filter(|entry| !known.contains(&entry.key)) {
            match near_miss(entry.key, known.iter().copied()) {
                Some(near) => {
                    notes.at_key(&entry, format!("there is no such key; did you mean `{near}`?"));
                }
                None if own_allowed => {}
                None => {
                    notes.at_key(
                        &entry,
                        format!("there is no such key; the keys here are {}", known.join(", ")),
                    );
                }
            }
        }
    }
}

/// What to say of a word that is none of those known.
pub(crate) fn unknown<'a>(found: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match near_miss(found, known.clone()) {
        Some(near) => format!("there is no `{found}`; did you mean `{near}`?"),
        None => format!("there is no `{found}`; it may be {}", one_of(known)),
    }
}
