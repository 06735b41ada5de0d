use std::fmt::Write;

use super::{Label, declared};

/// A figure, as the documentation shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricDescription {
    /// Its name, with the unit last.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Its labels.
    pub labels: Vec<LabelDescription>,
    /// What it says.
    pub help: &'static str,
}

/// A label, as the documentation shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelDescription {
    /// Its name.
    pub name: &'static str,
    /// What its values are, where they are not listed.
    pub meaning: &'static str,
    /// Its values, where the list is closed.
    pub values: Vec<String>,
}

impl LabelDescription {
    pub(super) fn of<L: Label>(name: &'static str) -> Self {
        let values = L::known().into_iter().map(Into::into).collect();
        Self { name, meaning: L::MEANING, values }
    }

    fn says(&self) -> String {
        let values: Vec<_> = self.values.iter().map(|value| format!("`{value}`")).collect();
        let says = if values.is_empty() { self.meaning.to_owned() } else { values.join(", ") };
        format!("`{}`: {says}", self.name)
    }
}

/// Every figure that `/metrics` gives.
pub fn describe() -> Vec<MetricDescription> {
    declared()
}

/// `docs/metrics.md`, whole.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for metric in describe() {
        let _ = write!(page, "\n## `{}`\n\n{}. {}\n", metric.name, capital(metric.kind), metric.help);
        if !metric.labels.is_empty() {
            page.push('\n');
        }
        for label in &metric.labels {
            let _ = writeln!(page, "- {}", label.says());
        }
    }
    page
}

const HEAD: &str = "\
# Metrics

<!-- Made from the doc comments in crates/runtime/src/metrics.rs; do not edit.
     Make it again with: BRAID_BLESS=1 cargo test -p braid-runtime --test metrics_doc -->

`GET /metrics` gives these in Prometheus' text format. Units are the base ones: seconds, bytes. What is in
alerts and incidents is counted after its commit, so a batch that is sent again counts once. The values of a label are bounded: by the
list below, by the configuration or by the number of partitions; whatever else may come is counted as `other`.

Counters begin again at zero with the process. Figures of a partition are shown by the process that owns it, so a sum
over all instances is right.
";

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
