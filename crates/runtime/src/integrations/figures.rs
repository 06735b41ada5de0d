use std::collections::BTreeMap;

use braid_alert::{EventTime, SourceTime};
use braid_wire::RefusalReason;

/// What came through a source since this process began, as far as it is committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Records read.
    pub records: u64,
    /// What was found in them and passed on: alerts, directory records, commands.
    pub taken: u64,
    /// What was refused, and is a dead letter.
    pub refused: u64,
    /// The newest refusal.
    pub example: Option<Box<RefusedExample>>,
    /// What was left out by design, by reason.
    pub dropped: BTreeMap<RefusalReason, u64>,
    /// The newest of what was passed on.
    pub last: Option<LastRecord>,
}

/// One thing that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedExample {
    /// Why, as it stands in the dead letter's headers.
    pub reason: Box<str>,
    /// Where it is wrong and what was found there.
    pub detail: Box<str>,
    /// The topic.
    pub topic: Box<str>,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// When something came, and from when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastRecord {
    /// Kafka's timestamp of its record.
    pub source_time: SourceTime,
    /// When the last activity of the alert was; `None` of what is no alert.
    pub event_time: Option<EventTime>,
}

impl LastRecord {
    /// From the activity to the record, in seconds; 0 if the clock that saw the activity is ahead.
    pub fn lag_seconds(&self) -> Option<f64> {
        let event = self.event_time?;
        let micros = self.source_time.as_micros().saturating_sub(event.as_micros()).max(0);
        Some(micros as f64 / 1e6)
    }
}

impl Figures {
    /// Adds those of what came after, or of another partition.
    pub(super) fn add(&mut self, more: Self) {
        self.records += more.records;
        self.taken += more.taken;
        self.refused += more.refused;
        if more.example.is_some() {
            self.example = more.example;
        }
        for (reason, count) in more.dropped {
            *self.dropped.entry(reason).or_default() += count;
        }
        self.last = self.last.max(more.last);
    }
}
