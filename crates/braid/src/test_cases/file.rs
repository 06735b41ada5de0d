use std::path::Path;

use braid_alert::{Alert, Origin, SourceTime, Tenant};
use braid_wire::{Format, SourceRules, TenantRule, json};
use serde::{Serialize, Serializer};

use super::alert_line;
use super::case::Case;
use super::expectation::Expectation;
use crate::config::Faults;
use crate::config::fault::Place;
use crate::config::yaml_file::read_documents;
use crate::config::{toml_file, tree::Node, tree::Value};
use crate::decode::{Reading, each_alert};
use crate::rules::document::{Notes, Part};
use crate::{cli, cli::FileFormat};

/// A file of cases.
pub(super) struct CaseFile {
    /// A configuration, relative to the file.
    pub(super) config: Option<String>,
    /// Rule files, relative to the file.
    pub(super) rules: Vec<String>,
    pub(super) cases: Vec<Case>,
}

/// Reads a file of cases: YAML, or TOML by its extension.
///
/// # Errors
/// Everything that is wrong, at once, each with its place.
pub(super) fn read(path: &Path) -> Result<CaseFile, Faults> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Faults::of_file(path, format!("cannot be read: {error}")))?;
    let mut notes = Notes::default();
    let nodes = if path.extension().is_some_and(|extension| extension == "toml") {
        let (node, faults) = toml_file::read(&text);
        notes.faults.extend(faults);
        node.into_iter().collect()
    } else {
        let documents = read_documents(&text);
        notes.faults.extend(documents.faults);
        documents.nodes
    };
    let mut file = CaseFile { config: None, rules: Vec::new(), cases: Vec::new() };
    for node in &nodes {
        let part = Part::root(node);
        file.take(&part, path.parent().unwrap_or(Path::new("")), &mut notes);
    }
    if file.cases.is_empty() && notes.faults.is_empty() {
        notes.whole("there are no cases in it: `cases: [{name: …, alerts: […]}]`");
    }
    if notes.faults.is_empty() { Ok(file) } else { Err(Faults::new(path, notes.faults)) }
}

impl CaseFile {
    fn take(&mut self, part: &Part<'_>, directory: &Path, notes: &mut Notes) {
        part.check_keys(&["config", "rules", "cases"], false, notes);
        if !part.is_table() {
            return notes.at(part, "this is a table with `rules` and `cases`");
        }
        if let Some(config) = part.get("config") {
            self.config = config.text_or("a configuration, relative to this file", notes);
        }
        for rules in part.get("rules").iter().flat_map(Part::one_or_more) {
            self.rules.extend(rules.text_or("a file of rules, relative to this file", notes));
        }
        for case in part.get("cases").iter().flat_map(Part::elements) {
            self.cases.extend(read_case(&case, directory, notes));
        }
    }
}

fn read_case(part: &Part<'_>, directory: &Path, notes: &mut Notes) -> Option<Case> {
    part.check_keys(&["name", "alerts", "fired", "incidents", "more_incidents"], false, notes);
    let name = part.need_text("name", "what the case shows, in a sentence", notes);
    let mut alerts = Vec::new();
    match part.get("alerts") {
        Some(list) => {
            list.elements().for_each(|element| read_alerts(&element, directory, &mut alerts, notes))
        }
        None => notes.missing(part, "alerts", "is missing: a case needs alerts"),
    }
    // In the order of arrival, as a stream would have them; equal times in the order of the file.
    alerts.sort_by_key(|alert: &Alert| alert.origin.source_time);
    let expectation = Expectation::read(part, notes);
    let line = match part.place() {
        Place::File { line, .. } => *line,
        _ => 0,
    };
    Some(Case { name: name?, line, alerts, expectation })
}

/// A line, an alert of braid's own JSON written out, or a file of alerts.
fn read_alerts(part: &Part<'_>, directory: &Path, into: &mut Vec<Alert>, notes: &mut Notes) {
    if let Some(file) = part.get("file") {
        return read_file(part, &file, directory, into, notes);
    }
    if part.is_table() {
        let record = json::to_json(&Json(part.node()));
        for found in braid_wire::decode(&record, &origin(), &rules()) {
            match found {
                Ok(alert) => into.push(arrived(alert)),
                Err(refusal) => notes.at(part, format!("{}: {}", refusal.reason, refusal.detail)),
            }
        }
        return;
    }
    let Some(line) = part.text_or("10:00 mdi/a1 \"Title\" user=contoso\\jeffl", notes) else { return };
    match alert_line::read(&line) {
        Ok(alert) => into.push(alert),
        Err(message) => notes.at(part, message),
    }
}

fn read_file(part: &Part<'_>, file: &Part<'_>, directory: &Path, into: &mut Vec<Alert>, notes: &mut Notes) {
    part.check_keys(&["file", "format"], false, notes);
    let Some(name) = file.text_or("a file of alerts, relative to this one", notes) else { return };
    let format = match part.get("format").and_then(|format| format.text()) {
        None => Format::BraidJson,
        Some(text) => match Format::ALL.into_iter().find(|format| format.as_str() == text) {
            Some(format) => format,
            None => {
                let names: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
                return notes
                    .at(part, format!("there is no format `{text}`; there are {}", names.join(", ")));
            }
        },
    };
    let input = cli::Input { file: super::near(directory, &name), format: FileFormat::Records(format) };
    let reading = Reading::plain(Some(alert_line::TENANT));
    let read = each_alert(&input, &reading, &mut |place, found| {
        match found {
            Ok(alert) => into.push(alert),
            Err(refusal) => notes.at(file, format!("{place}: {}: {}", refusal.reason, refusal.detail)),
        }
        Ok(())
    });
    if let Err(error) = read {
        notes.at(file, format!("{error:#}"));
    }
}

fn rules() -> SourceRules {
    SourceRules::new(Format::BraidJson, TenantRule::Fixed(Tenant::new(alert_line::TENANT)))
}

/// Before everything, so that no alert is refused for being ahead of its record.
fn origin() -> Origin {
    Origin {
        source: "test".into(),
        topic: "test".into(),
        partition: 0,
        offset: 0,
        element: 0,
        source_time: SourceTime::MIN,
        source_time_capped: false,
    }
}

/// It arrived when it was last changed.
fn arrived(mut alert: Alert) -> Alert {
    alert.origin.source_time = SourceTime::from_micros(alert.updated.as_micros());
    alert
}

/// A value of the file as JSON.
struct Json<'n>(&'n Node);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            Value::Null | Value::Struck => serializer.serialize_none(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Text(text) | Value::Untyped(text) => serializer.serialize_str(text),
            Value::List(elements) => serializer.collect_seq(elements.iter().map(Json)),
            Value::Table(entries) => {
                serializer.collect_map(entries.iter().map(|entry| (&entry.key, Json(&entry.node))))
            }
        }
    }
}
