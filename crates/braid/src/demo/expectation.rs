//! What must have come out before the demo is over, known by reading its records the way the normalise stage does.

use std::collections::BTreeMap;

use braid_alert::{Alert, AlertKey, AlertStatus, Origin, SourceTime};
use braid_wire::{SourceRules, decode};

use super::story::{Story, StoryRecord, sources};

/// What the records hold.
#[derive(Debug, Default)]
pub(super) struct Expectation {
    /// Every alert, with the status that its last revision gives it.
    pub(super) alerts: BTreeMap<AlertKey, AlertStatus>,
    /// How many records are revisions of an alert that came before.
    pub(super) revisions: usize,
    /// How many records are refused, and go to the dead letters.
    pub(super) refused: usize,
}

impl Expectation {
    /// Reads a story that arrives at this time.
    pub(super) fn of(story: &Story, now: SourceTime) -> Self {
        let mut expected = Self::default();
        story.records.iter().for_each(|record| expected.take(record, now));
        expected
    }

    /// Expects what one more record holds.
    pub(super) fn take(&mut self, record: &StoryRecord, now: SourceTime) {
        read(record, now).into_iter().for_each(|found| self.note(found));
    }

    fn note(&mut self, alert: Option<Alert>) {
        let Some(alert) = alert else {
            self.refused += 1;
            return;
        };
        let before = self.alerts.insert(alert.key(), alert.status);
        self.revisions += usize::from(before.is_some());
    }
}

/// The alerts of a record; `None` for what is refused.
pub(super) fn read(record: &StoryRecord, now: SourceTime) -> Vec<Option<Alert>> {
    let source = sources().into_iter().find(|(topic, _)| **topic == *record.topic);
    let (_, source) = source.expect("every record goes to one of the sources");
    let rules: &SourceRules = &source.rules;
    decode(record.value.as_bytes(), &origin(record, &source.name, now), rules)
        .into_iter()
        .map(Result::ok)
        .collect()
}

fn origin(record: &StoryRecord, source: &str, now: SourceTime) -> Origin {
    Origin {
        source: source.into(),
        topic: record.topic.into(),
        partition: 0,
        offset: 0,
        element: 0,
        source_time: now,
        source_time_capped: false,
    }
}
