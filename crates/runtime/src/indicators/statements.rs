use std::collections::BTreeMap;
use std::sync::Arc;

use braid_alert::EventTime;
use braid_log::Record;
use braid_wire::StixSaid;

/// A record of a topic: what a tombstone takes back. The partition is part of it, for those of two partitions have no order:
/// where a key has moved, because the topic was given more, a process that saw the move and one that reads both would else
/// not know the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RecordName {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) key: Box<[u8]>,
}

impl RecordName {
    pub(super) fn new(record: &Record, key: &[u8]) -> Self {
        Self { topic: record.topic.clone(), partition: record.partition, key: key.into() }
    }
}

/// Which of several statements about one object is in force: the greatest. Nothing in it depends on when a process heard
/// of it, so that one that was restarted has the same in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// When the object was changed, as it says itself.
    pub(super) modified: EventTime,
    /// When its record was written, in milliseconds since 1970.
    pub(super) written_millis: i64,
    pub(super) by: Arc<RecordName>,
}

/// What the records of a source say of one object.
#[derive(Debug)]
pub(super) struct Statements {
    rank: Rank,
    said: StixSaid,
    /// Those that hold again when the records of the greater ones are taken back.
    lesser: BTreeMap<Rank, StixSaid>,
}

impl Statements {
    pub(super) const fn new(rank: Rank, said: StixSaid) -> Self {
        Self { rank, said, lesser: BTreeMap::new() }
    }

    /// What is in force.
    pub(super) const fn said(&self) -> &StixSaid {
        &self.said
    }

    /// Whether a statement would be in force beside these.
    pub(super) fn yield_to(&self, rank: &Rank) -> bool {
        *rank > self.rank
    }

    /// Adds one.
    pub(super) fn add(&mut self, rank: Rank, said: StixSaid) {
        if self.yield_to(&rank) {
            let lesser = std::mem::replace(&mut self.rank, rank);
            self.lesser.insert(lesser, std::mem::replace(&mut self.said, said));
        } else {
            self.lesser.insert(rank, said);
        }
    }

    /// Whether this is the one in force.
    pub(super) fn is_in_force(&self, rank: &Rank) -> bool {
        *rank == self.rank
    }

    /// Takes back one that is not in force, and returns what it said.
    pub(super) fn take_back_lesser(&mut self, rank: &Rank) -> Option<StixSaid> {
        self.lesser.remove(rank)
    }

    /// Takes back the one that is in force: what it said, and what is left if that is anything.
    pub(super) fn take_back(mut self) -> (StixSaid, Option<Self>) {
        let next = self.lesser.pop_last();
        let left = next.map(|(rank, said)| Self { rank, said, lesser: self.lesser });
        (self.said, left)
    }
}
