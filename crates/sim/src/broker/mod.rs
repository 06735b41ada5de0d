//! A modelled Kafka: topics, groups with generations, transactions with fencing, in virtual time.
//!
//! It models what the worker's promises rest on: records of an open transaction hold back readers, aborted ones are
//! never given, offsets count when the transaction commits and are refused from a stale generation, a newer producer of
//! the same transactional id fences the older one and settles its transaction, a late request to end a transaction may
//! hit the next one. Everything happens when a worker calls, so one thread can run a whole cluster of workers, and one
//! seed repeats what happened.

mod changelog;
mod cluster;
mod fault;
mod group;
mod log;
mod partition;
mod transaction;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use braid_log::{Header, Outgoing, Record, TopicPartition};

pub use changelog::ModelChangelog;
use cluster::Cluster;
pub use fault::{Call, Fault, Faults};
pub use log::{Connection, ModelLog};
use partition::Fate;

/// Whose clock stamps the records of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamps {
    /// The producer's: what a record says.
    Create,
    /// The broker's: when it arrived.
    LogAppend,
}

/// A modelled cluster of brokers. Clones are the same cluster.
#[derive(Debug, Clone, Default)]
pub struct Broker(Arc<Mutex<Cluster>>);

impl Broker {
    /// An empty cluster, in which it is this many milliseconds since 1970.
    pub fn new(now_millis: i64) -> Self {
        let broker = Self::default();
        broker.cluster().now_millis = now_millis;
        broker
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        // A test that panicked while it held the lock has failed already; what others see is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a topic.
    pub fn create(&self, topic: &str, partitions: usize, timestamps: Timestamps) {
        self.cluster().create(topic, partitions, timestamps);
    }

    /// What goes wrong from now on.
    pub fn disturb(&self, faults: Faults) {
        self.cluster().faults = faults;
    }

    /// A consumer and a transactional producer, as one worker owns them.
    pub fn connect(&self, connection: Connection) -> ModelLog {
        ModelLog::new(self.clone(), connection)
    }

    /// Writes a record outside any transaction, as a source does. `timestamp_millis` counts in topics that keep the
    /// producer's.
    pub fn produce(
        &self,
        at: &TopicPartition,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp_millis: i64,
    ) {
        self.produce_with(at, key, value, timestamp_millis, Vec::new());
    }

    /// As [`Broker::produce`], with headers.
    pub fn produce_with(
        &self,
        at: &TopicPartition,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp_millis: i64,
        headers: Vec<Header>,
    ) {
        let record = Outgoing {
            topic: at.topic.clone(),
            partition: Some(at.partition),
            key: key.map(Into::into),
            value: value.map(Into::into),
            headers,
            origin: at.clone(),
        };
        self.cluster().append(&record, Some(timestamp_millis), Fate::Committed);
    }

    /// What a reader of committed records sees of a partition.
    pub fn committed(&self, at: &TopicPartition) -> Vec<Record> {
        self.cluster().log(at).map_or_else(Vec::new, |log| log.committed_from(0).cloned().collect())
    }

    /// The group's committed offsets.
    pub fn offsets(&self, group: &str) -> BTreeMap<TopicPartition, i64> {
        self.cluster().group(group).offsets().clone()
    }

    /// Where a partition ends: committed, aborted and control records counted.
    pub fn end(&self, at: &TopicPartition) -> i64 {
        self.cluster().log(at).map_or(0, partition::PartitionLog::end)
    }

    /// Milliseconds since 1970.
    pub fn now_millis(&self) -> i64 {
        self.cluster().now_millis
    }

    /// Time passes.
    pub fn advance(&self, by: Duration) {
        self.cluster().advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Retention takes what lies below an offset.
    pub fn truncate(&self, at: &TopicPartition, low: i64) {
        if let Some(log) = self.cluster().log_mut(at) {
            log.truncate(low);
        }
    }

    /// Compaction takes all but the last record of each key.
    pub fn compact(&self, at: &TopicPartition) {
        if let Some(log) = self.cluster().log_mut(at) {
            log.compact();
        }
    }

    /// Sets the group's offset by hand, as an operator does.
    pub fn reset_offset(&self, group: &str, at: &TopicPartition, offset: i64) {
        self.cluster().group(group).commit(BTreeMap::from([(at.clone(), offset)]));
    }
}
