use braid_engine::{Detection, Expression};

use super::condition;
use super::document::{Notes, Part, unknown};
use super::selection;

/// A rule about single alerts.
pub(super) struct DetectionDraft {
    /// `None`, if it could not be read.
    pub(super) detection: Option<Detection>,
}

/// The name that braid's own alerts carry as their provider.
const OWN_PROVIDER: &str = "braid";

/// Selections by name.
pub(super) type Selections = Vec<(String, Expression)>;

impl DetectionDraft {
    pub(super) fn read(document: &Part<'_>, detection: &Part<'_>, notes: &mut Notes) -> Self {
        check_source(document, notes);
        Self { detection: read(detection, notes) }
    }
}

/// Rules look at alerts, and say so.
fn check_source(document: &Part<'_>, notes: &mut Notes) {
    let Some(source) = document.get("logsource") else {
        return notes.missing(document, "logsource", "is missing: `product: braid`, `service: alerts`");
    };
    source.check_keys(&["product", "service", "category", "definition"], false, notes);
    source.get("definition").and_then(|part| part.text_or("it is for people", notes));
    for (key, only) in [("product", "braid"), ("service", "alerts"), ("category", "alert")] {
        match source.get(key) {
            Some(part) if part.text().as_deref() != Some(only) => {
                let message =
                    format!("rules are about alerts: only `{only}` can stand here, log events are not read");
                notes.at(&part, message);
            }
            None if key == "product" => notes.missing(&source, key, "is missing: `product: braid`"),
            _ => {}
        }
    }
}

fn read(detection: &Part<'_>, notes: &mut Notes) -> Option<Detection> {
    let before = notes.faults.len();
    let mut selections = Selections::new();
    for entry in detection.entries().filter(|entry| !matches!(entry.key, "condition" | "timeframe")) {
        let expression = selection::read(&entry, notes).unwrap_or(Expression::Any(Vec::new()));
        selections.push((entry.key.to_owned(), expression));
    }
    if let Some(part) = detection.get("timeframe") {
        notes.at_key(
            &part,
            "aggregation in a condition was removed from Sigma: write a correlation rule with `timespan`",
        );
    }
    if !detection.is_table() || selections.is_empty() {
        notes.at(detection, "this needs at least one selection, such as `selection: {title: …}`");
    }
    let Some(part) = detection.get("condition") else {
        notes.missing(
            detection,
            "condition",
            "is missing: it says which selections must hold, such as `selection`",
        );
        return None;
    };
    // Several conditions are several ways to match.
    let mut any = Vec::new();
    for part in part.one_or_more() {
        let text = part.text_or("it says which selections must hold, such as `selection`", notes)?;
        match condition::read(&text, &selections) {
            Ok(condition) => any.push(condition),
            Err(error) => notes.at(&part, error.message(&selections)),
        }
    }
    let condition = if any.len() == 1 { any.remove(0) } else { Expression::Any(any) };
    let sees_raised = condition.names_provider(OWN_PROVIDER);
    (notes.faults.len() == before).then_some(Detection { condition, sees_raised })
}

impl condition::ConditionError {
    fn message(&self, selections: &Selections) -> String {
        match self {
            Self::Unknown(name) => unknown(name, selections.iter().map(|(name, _)| name.as_str()))
                .replace("there is no", "there is no selection"),
            Self::Wrong(message) => message.clone(),
        }
    }
}
