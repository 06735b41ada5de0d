use std::collections::BTreeMap;

use braid_log::TopicPartition;

/// For how long a start may come to nothing before it is told.
const TRIED_MAX_MILLIS: i64 = 5_000;

/// How often it is tried from then on.
const AGAIN_AFTER_MILLIS: i64 = 5_000;

/// The partitions whose starts have come to nothing so far.
#[derive(Debug, Default)]
pub(super) struct Starts {
    failing: BTreeMap<TopicPartition, Failing>,
}

#[derive(Debug)]
struct Failing {
    since_millis: i64,
    /// When it is tried again; `None` as long as it is tried without a pause.
    again_millis: Option<i64>,
}

/// For how long a start has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// It may be a matter of moments.
    Briefly,
    /// It is no longer, and this has not been said before.
    TooLong,
    /// It has been said.
    Long,
}

impl Starts {
    /// Takes note of a start that has come to nothing.
    pub(super) fn fail(&mut self, partition: &TopicPartition, now_millis: i64) -> Tried {
        let first = || Failing { since_millis: now_millis, again_millis: None };
        let failing = self.failing.entry(partition.clone()).or_insert_with(first);
        if now_millis - failing.since_millis < TRIED_MAX_MILLIS {
            return Tried::Briefly;
        }
        let before = failing.again_millis.replace(now_millis + AGAIN_AFTER_MILLIS);
        if before.is_none() { Tried::TooLong } else { Tried::Long }
    }

    /// Whether it is not to be tried yet.
    pub(super) fn rests(&self, partition: &TopicPartition, now_millis: i64) -> bool {
        let again = self.failing.get(partition).and_then(|failing| failing.again_millis);
        again.is_some_and(|again| now_millis < again)
    }

    /// Forgets a partition; whether it had been tried too long.
    pub(super) fn forget(&mut self, partition: &TopicPartition) -> bool {
        self.failing.remove(partition).is_some_and(|failing| failing.again_millis.is_some())
    }
}
