use std::fmt::Write;

use crate::incident::{PRODUCT, PRODUCT_VERSION};
use crate::json::shortened;

/// A key of a line's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CefField {
    /// The key.
    pub key: &'static str,
    /// What stands there.
    pub meaning: &'static str,
    /// The most characters that its value has before escapes; CEF's own limit where it has one that is lower.
    pub characters_max: usize,
}

macro_rules! fields {
    ($($key:literal $characters_max:literal $meaning:literal,)+) => {
        /// Every key of the extension, in the order of a line. Keys of a label stand before the key that they label.
        pub const CEF_FIELDS: &[CefField] =
            &[$(CefField { key: $key, meaning: $meaning, characters_max: $characters_max },)+];
    };
}

fields! {
    "rt" 20 "the tenant's clock when this version was made, in milliseconds since 1970 in UTC",
    "start" 20 "when the earliest activity began, in milliseconds since 1970 in UTC",
    "end" 20 "when the latest activity ended, in milliseconds since 1970 in UTC",
    "externalId" 40 "the incident's id",
    "cat" 1023 "incident or incident-event",
    "act" 63 "what happened last, as in `changed` of the native form",
    "cnt" 20 "how many alerts the incident has",
    "cn1Label" 1023 "version",
    "cn1" 20 "the incident's version",
    "cfp1Label" 1023 "score",
    "cfp1" 20 "how urgent it is, from 0 to 100",
    "cs1Label" 1023 "tenant",
    "cs1" 1023 "whose it is",
    "cs2Label" 1023 "status",
    "cs2" 1023 "active, resolved or redirected",
    "cs3Label" 1023 "phases, or alertProvider of a change",
    "cs3" 1023 "the phases in order of time; of a change the product whose alert it is about",
    "cs4Label" 1023 "techniques, or alertId of a change",
    "cs4" 1023 "ATT&CK techniques; of a change the alert's id",
    "cs5Label" 1023 "assigned, or command of a change",
    "cs5" 1023 "who works on it, person and group; of a change the command that it answers",
    "cs6Label" 1023 "redirectIncidentId, or otherIncidentId of a change",
    "cs6" 1023 "the incident that it was merged into; of a change the other incident",
    "suser" 1023 "users and mailboxes that acted; of a change who commanded it",
    "duser" 1023 "users and mailboxes that were hit or stood by",
    "shost" 1023 "hosts and mobile devices that acted",
    "dhost" 1023 "hosts and mobile devices that were hit or stood by",
    "request" 1023 "where the console shows it",
    "reason" 1023 "why it is closed; of a change what the command's author says",
    "msg" 1023 "what happened last, in words",
    "flexString1Label" 128 "shortened",
    "flexString1" 1023 "the keys whose values were cut, `name` for the header's; absent if none was",
}

/// CEF's own limit on the name in the header.
const NAME_CHARACTERS_MAX: usize = 512;
/// What stands for the end of a text that was cut.
const CUT: &str = " …";
/// Room for `, … (+1000 more)`.
const MORE_CHARACTERS: usize = 24;

/// A line that grows.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    shortened: Vec<&'static str>,
    first: bool,
}

impl Line {
    pub(super) fn new(class: &str, name: &str, severity: u8) -> Self {
        let mut line = Self { text: String::with_capacity(1_024), shortened: Vec::new(), first: true };
        line.text.push_str("CEF:0");
        let name = line.fitted("name", name, NAME_CHARACTERS_MAX);
        for field in [PRODUCT, PRODUCT, PRODUCT_VERSION, class, &name] {
            line.text.push('|');
            escape_header(field, &mut line.text);
        }
        write!(line.text, "|{severity}|").expect("a String takes everything");
        line
    }

    pub(super) fn number(&mut self, key: &'static str, value: i64) {
        self.pair(key, &value.to_string());
    }

    pub(super) fn text(&mut self, key: &'static str, value: &str) {
        let fitted = self.fitted(key, value, characters_max(key));
        self.pair(key, &fitted);
    }

    pub(super) fn maybe(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub(super) fn labelled(&mut self, key: &'static str, label: &str, value: &str) {
        self.pair_of_label(key, label);
        self.text(key, value);
    }

    /// Values separated by commas, nothing if there are none.
    pub(super) fn list(&mut self, key: &'static str, values: &[&str]) {
        if !values.is_empty() {
            let fitted = self.fitted_list(key, values);
            self.pair(key, &fitted);
        }
    }

    pub(super) fn labelled_list(&mut self, key: &'static str, label: &str, values: &[&str]) {
        if !values.is_empty() {
            self.pair_of_label(key, label);
            self.list(key, values);
        }
    }

    /// The line, without a line break.
    pub(super) fn finish(mut self) -> String {
        if !self.shortened.is_empty() {
            let keys = self.shortened.join(",");
            self.pair_of_label("flexString1", "shortened");
            self.pair("flexString1", &keys);
        }
        self.text
    }

    fn pair_of_label(&mut self, key: &str, label: &str) {
        self.pair(&format!("{key}Label"), label);
    }

    fn pair(&mut self, key: &str, value: &str) {
        if !std::mem::take(&mut self.first) {
            self.text.push(' ');
        }
        self.text.push_str(key);
        self.text.push('=');
        escape_extension(value, &mut self.text);
    }

    fn fitted(&mut self, key: &'static str, value: &str, characters_max: usize) -> String {
        if value.chars().nth(characters_max).is_none() {
            return value.to_owned();
        }
        self.shortened.push(key);
        format!("{}{CUT}", shortened(value, characters_max - CUT.chars().count()))
    }

    fn fitted_list(&mut self, key: &'static str, values: &[&str]) -> String {
        let whole = values.join(", ");
        let characters_max = characters_max(key);
        if whole.chars().nth(characters_max).is_none() {
            return whole;
        }
        self.shortened.push(key);
        let (mut list, mut kept, mut characters) = (String::new(), 0, 0);
        for value in values {
            characters += value.chars().count() + 2;
            if characters > characters_max - MORE_CHARACTERS {
                break;
            }
            list.push_str(value);
            list.push_str(", ");
            kept += 1;
        }
        write!(list, "… (+{} more)", values.len() - kept).expect("a String takes everything");
        list
    }
}

fn characters_max(key: &str) -> usize {
    let field = CEF_FIELDS.iter().find(|field| field.key == key);
    field.expect("every key stands in the table: a test writes them all").characters_max
}

/// In the header a pipe ends a field, and nothing can stand for a line break.
fn escape_header(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '\\' | '|' => into.extend(['\\', character]),
            '\r' | '\n' => into.push(' '),
            character => into.push(character),
        }
    }
}

fn escape_extension(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '\\' | '=' => into.extend(['\\', character]),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            character => into.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::new("incident.opened", "a name", 5)
    }

    #[test]
    fn what_ends_a_field_is_escaped_where_it_would() {
        let mut line = Line::new("incident.opened", "a|b\\c=d\ne", 5);
        line.text("msg", "a|b\\c=d\r\ne");
        let (header, extension) = (r"a\|b\\c=d e", r"a|b\\c\=d\r\ne");
        let expected =
            format!("CEF:0|braid|braid|{PRODUCT_VERSION}|incident.opened|{header}|5|msg={extension}");
        assert_eq!(line.finish(), expected);
    }

    #[test]
    fn a_text_that_is_too_long_says_that_it_was_cut() {
        let mut line = line();
        line.text("act", &"x".repeat(63));
        line.text("externalId", &"é".repeat(41));
        let text = line.finish();
        assert!(text.contains(&format!("act={} ", "x".repeat(63))), "{text}");
        assert!(text.contains(&format!("externalId={} … ", "é".repeat(38))), "{text}");
        assert!(text.ends_with(" flexString1Label=shortened flexString1=externalId"), "{text}");
    }

    #[test]
    fn a_list_that_is_too_long_says_how_many_are_gone() {
        let mut line = line();
        let names: Vec<String> = (0..200).map(|n| format!("host{n:04}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        line.list("shost", &names);
        let text = line.finish();
        let (_, list) = text.split_once("shost=").expect("it is there");
        let (list, cut) = list.split_once(" flexString1Label=").expect("it was cut");
        assert_eq!(cut, "shortened flexString1=shost");
        assert!(list.chars().count() <= 1_023, "{}", list.chars().count());
        let kept = list.matches("host").count();
        assert!(kept > 90 && list.ends_with(&format!(", … (+{} more)", 200 - kept)), "{list}");
    }
}
