use std::collections::{BTreeMap, BTreeSet};

use braid_log::TopicPartition;

/// How long a transaction may be open before the coordinator aborts it.
pub(super) const TRANSACTION_MILLIS: i64 = 15_000;

/// What the coordinator knows of one transactional id.
#[derive(Debug, Default)]
pub(super) struct Producer {
    /// Which incarnation may write; an older one is a zombie.
    pub(super) epoch: u64,
    /// The open transaction.
    pub(super) open: Option<Transaction>,
    /// An incarnation that the coordinator gave up itself, because its transaction took too long.
    pub(super) timed_out: Option<u64>,
}

/// An open transaction.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) number: u64,
    pub(super) began_millis: i64,
    pub(super) written: BTreeSet<TopicPartition>,
    /// Offsets that count when it commits, by group.
    pub(super) offsets: BTreeMap<String, BTreeMap<TopicPartition, i64>>,
}

/// A request to end a transaction that is still under way.
#[derive(Debug)]
pub(super) struct LateEnd {
    pub(super) arrives_millis: i64,
    pub(super) transactional_id: String,
    pub(super) epoch: u64,
    pub(super) commit: bool,
}

/// Why the coordinator does not take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// A newer incarnation is about.
    Fenced,
    /// The transaction took too long and was aborted.
    TimedOut,
}

impl Producer {
    /// Whether this incarnation may write.
    pub(super) fn admits(&self, epoch: u64) -> Result<(), Refused> {
        match () {
            () if self.epoch == epoch => Ok(()),
            () if self.timed_out == Some(epoch) => Err(Refused::TimedOut),
            () => Err(Refused::Fenced),
        }
    }
}
