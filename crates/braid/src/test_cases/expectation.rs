use std::collections::BTreeMap;

use braid_alert::{Incident, IncidentStatus, LinkReason, Severity};

use super::played::Played;
use crate::rules::document::{Notes, Part};

/// What a case should come to. What it does not speak of may be as it will.
#[derive(Default)]
pub(super) struct Expectation {
    /// How many alerts each rule should have raised; a rule that is not listed, none.
    fired: Option<BTreeMap<String, usize>>,
    incidents: Option<Vec<ExpectedIncident>>,
    /// There may be incidents that are not listed.
    more_incidents: bool,
}

/// An incident that there should be.
#[derive(Default)]
struct ExpectedIncident {
    /// Ids of its alerts; `rule:` and a rule's id for an alert that the rule has raised.
    alerts: Vec<String>,
    title: Option<String>,
    severity: Option<String>,
    status: Option<String>,
    /// Reasons that must be among those of its links.
    reasons: Vec<String>,
}

impl Expectation {
    pub(super) fn read(case: &Part<'_>, notes: &mut Notes) -> Self {
        let mut expectation = Self::default();
        if let Some(fired) = case.get("fired") {
            if !fired.is_table() {
                notes.at(&fired, "this is a table: the id of each rule, and how many alerts it raises");
            }
            let count = |entry: Part<'_>| match entry.integer().and_then(|n| usize::try_from(n).ok()) {
                Some(count) => Some((entry.key.to_owned(), count)),
                None => {
                    notes.at(&entry, "this is how many alerts the rule raises");
                    None
                }
            };
            expectation.fired = Some(fired.entries().filter_map(count).collect());
        }
        if let Some(incidents) = case.get("incidents") {
            if !incidents.is_list() {
                notes.at(&incidents, "this is a list of incidents, each with its `alerts`");
            }
            expectation.incidents =
                Some(incidents.elements().map(|incident| ExpectedIncident::read(&incident, notes)).collect());
        }
        if let Some(more) = case.get("more_incidents") {
            if more.truth().is_none() {
                notes.at(&more, "this is `true` or `false`");
            }
            expectation.more_incidents = more.truth().unwrap_or_default();
        }
        if expectation.fired.is_none() && expectation.incidents.is_none() {
            notes.missing(
                case,
                "incidents",
                "is missing: a case expects `incidents`, or which rules have `fired`",
            );
        }
        expectation
    }

    /// What is not as expected, a sentence each; nothing, if all is. `rules` are the ids of those that were played.
    pub(super) fn differences(&self, played: &Played, rules: &[&str]) -> Vec<String> {
        let mut differences = played.rejected.clone();
        differences
            .extend(self.fired.iter().flat_map(|fired| differences_of_rules(fired, &played.fired, rules)));
        let Some(expected) = &self.incidents else { return differences };
        let mut rest: Vec<&Incident> = played.incidents.iter().collect();
        for incident in expected {
            let mut wanted = incident.alerts.clone();
            wanted.sort();
            match rest.iter().position(|found| played.alerts_of(found) == wanted) {
                Some(place) => differences.extend(incident.differences(rest.remove(place))),
                None => differences.push(format!("no incident of {}", list(&wanted))),
            }
        }
        if !self.more_incidents {
            differences.extend(
                rest.iter().map(|found| format!("an incident of {}", list(&played.alerts_of(found)))),
            );
        }
        differences
    }
}

fn differences_of_rules(
    expected: &BTreeMap<String, usize>,
    found: &BTreeMap<String, usize>,
    rules: &[&str],
) -> Vec<String> {
    let named = expected.keys().chain(found.keys().filter(|rule| !expected.contains_key(*rule)));
    let differs = named.filter_map(|rule| {
        if !rules.contains(&rule.as_str()) {
            let others = if rules.is_empty() {
                "nor any other".to_owned()
            } else {
                format!("only {}", rules.join(", "))
            };
            return Some(format!("there is no rule {rule}, {others}"));
        }
        let count = |counts: &BTreeMap<String, usize>| counts.get(rule).copied().unwrap_or_default();
        let (expected, found) = (count(expected), count(found));
        (expected != found).then(|| format!("rule {rule} raised {found} alerts, not {expected}"))
    });
    differs.collect()
}

fn list(alerts: &[String]) -> String {
    alerts.join(", ")
}

/// A word that no incident can have is a fault of the file, and not of what is tested.
fn check_word(part: &Part<'_>, field: &str, word: &Option<String>, known: &[&str], notes: &mut Notes) {
    if let Some(word) = word.as_ref().filter(|word| !known.contains(&word.as_str())) {
        notes.at(part, format!("there is no {field} `{word}`; there are {}", known.join(", ")));
    }
}

impl ExpectedIncident {
    fn read(part: &Part<'_>, notes: &mut Notes) -> Self {
        part.check_keys(&["alerts", "title", "severity", "status", "reasons"], false, notes);
        let mut texts = |key: &str, what: &str| -> Vec<String> {
            let elements = part.get(key).iter().flat_map(Part::one_or_more).collect::<Vec<_>>();
            elements.iter().filter_map(|element| element.text_or(what, notes)).collect()
        };
        let mut one = |key: &str| texts(key, "a text").into_iter().next();
        let (title, severity, status) = (one("title"), one("severity"), one("status"));
        let (alerts, reasons) =
            (texts("alerts", "the id of an alert"), texts("reasons", "the reason of a link"));
        let severities: Vec<&str> = Severity::KNOWN.iter().map(Severity::as_str).collect();
        check_word(part, "severity", &severity, &severities, notes);
        let statuses: Vec<&str> = IncidentStatus::KNOWN.iter().map(IncidentStatus::as_str).collect();
        check_word(part, "status", &status, &statuses, notes);
        if alerts.is_empty() {
            notes.missing(part, "alerts", "is missing: the ids of its alerts");
        }
        for reason in &reasons {
            if let LinkReason::Other(_) = LinkReason::from_text(reason) {
                let known: Vec<&str> = LinkReason::KNOWN.iter().map(LinkReason::as_str).collect();
                notes.at(part, format!("there is no reason `{reason}`; there are {}", known.join(", ")));
            }
        }
        Self { alerts, title, severity, status, reasons }
    }

    fn differences(&self, found: &Incident) -> Vec<String> {
        let of = list(&self.alerts);
        let fields = [
            ("title", &self.title, found.title.to_string()),
            ("severity", &self.severity, found.severity.to_string()),
            ("status", &self.status, found.status.to_string()),
        ];
        let mut differences = Vec::new();
        for (name, expected, found) in fields {
            if let Some(expected) = expected.as_ref().filter(|expected| **expected != found) {
                differences.push(format!("the incident of {of}: {name} is `{found}`, not `{expected}`"));
            }
        }
        for reason in &self.reasons {
            if !found.links.iter().any(|link| link.reason.as_str() == reason) {
                let mut there: Vec<&str> = found.links.iter().map(|link| link.reason.as_str()).collect();
                there.sort_unstable();
                there.dedup();
                differences
                    .push(format!("the incident of {of}: no link says {reason}, only {}", there.join(", ")));
            }
        }
        differences
    }
}
