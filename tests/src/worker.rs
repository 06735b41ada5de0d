//! Driving a log by hand, as the worker loop does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use braid_kafka::{KafkaLog, WorkerSettings};
use braid_log::{AssignmentChange, Failure, Log, Outgoing, PollLimits, Record, TopicPartition};

use crate::broker::Cluster;

/// How long a test waits for what must come before it fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Limits that take everything that is there.
pub const ALL: PollLimits = PollLimits {
    wait: Duration::from_millis(50),
    gather: Duration::from_millis(100),
    records_max: 10_000,
    bytes_max: 64 << 20,
};

/// The settings of a worker whose stage, and so its transactional id, is the name of its group.
pub fn settings(group: &str, topics: &[&str], ordinal: u32) -> WorkerSettings {
    let topics = topics.iter().map(|topic| Arc::from(*topic)).collect();
    WorkerSettings { ordinal, ..WorkerSettings::new(group, group, topics) }
}

/// A worker's log.
pub fn connect(cluster: &Cluster, group: &str, topics: &[&str], ordinal: u32) -> KafkaLog {
    KafkaLog::connect(cluster.connection(), settings(group, topics, ordinal)).expect("the log connects")
}

/// A log in a test's hands: remembers what it was told between polls.
pub struct Hand {
    /// The log.
    pub log: KafkaLog,
    /// The records that were given.
    pub batch: Vec<Record>,
    /// The changes that were heard of.
    pub changes: Vec<AssignmentChange>,
    /// The partitions owned now.
    pub owned: Vec<TopicPartition>,
}

impl Hand {
    /// Takes a log.
    pub fn new(log: KafkaLog) -> Self {
        Self { log, batch: Vec::new(), changes: Vec::new(), owned: Vec::new() }
    }

    /// Polls once, without starting what is assigned.
    pub fn poll(&mut self, limits: &PollLimits) {
        let changes = self.log.poll(limits, &mut self.batch).expect("the poll succeeds");
        self.hear(changes);
    }

    /// Takes note of changes.
    pub fn hear(&mut self, changes: Vec<AssignmentChange>) {
        for change in &changes {
            match change {
                AssignmentChange::Assigned(partitions) => self.owned.extend(partitions.iter().cloned()),
                AssignmentChange::Revoked { partitions, .. } => {
                    self.owned.retain(|p| !partitions.contains(p))
                }
            }
        }
        self.changes.extend(changes);
    }

    /// Polls until something holds.
    pub fn poll_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < until, "never: {what}; heard {:?}", self.changes);
            self.poll(&ALL);
        }
    }

    /// Starts a partition, polling between two tries as a worker does.
    pub fn start(&mut self, partition: &TopicPartition) {
        let until = Instant::now() + PATIENCE;
        while let Err(failure) = self.log.start(partition) {
            assert!(matches!(failure, Failure::Retry(_)) && Instant::now() < until, "start: {failure:?}");
            self.poll(&ALL);
        }
    }

    /// Waits until `count` partitions are owned, and starts them.
    pub fn own(&mut self, count: usize) {
        self.poll_until("the assignment", |hand| hand.owned.len() == count);
        self.owned.clone().iter().for_each(|partition| self.start(partition));
    }

    /// Polls until `count` records have come, and takes them.
    pub fn take(&mut self, count: usize) -> Vec<Record> {
        self.poll_until("the records", |hand| hand.batch.len() >= count);
        std::mem::take(&mut self.batch)
    }

    /// Sends in an open transaction what a stage would make of the batch: the same values to `output`, the offsets.
    pub fn send(&mut self, batch: &[Record], output: &str) -> Result<(), Failure> {
        batch.iter().try_for_each(|record| self.log.send(&outgoing(record, output)))?;
        self.log.send_offsets(&next_offsets(batch))
    }

    /// One whole transaction.
    pub fn process(&mut self, batch: &[Record], output: &str) -> Result<(), Failure> {
        self.log.begin()?;
        self.send(batch, output)?;
        self.log.commit()
    }
}

/// Makes a call again until it no longer says that it passes.
pub fn patiently<T>(what: &str, mut call: impl FnMut() -> Result<T, Failure>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        match call() {
            Ok(done) => return done,
            Err(Failure::Retry(_)) if Instant::now() < until => {}
            Err(failure) => panic!("{what}: {failure:?}"),
        }
    }
}

/// The record, to go to `output`.
pub fn outgoing(record: &Record, output: &str) -> Outgoing {
    Outgoing {
        topic: output.into(),
        partition: None,
        key: record.key.clone(),
        value: record.value.clone(),
        headers: record.headers.clone(),
        origin: record.topic_partition(),
    }
}

/// For each partition of the batch the offset behind its last record.
pub fn next_offsets(batch: &[Record]) -> Vec<(TopicPartition, i64)> {
    let mut next = std::collections::BTreeMap::new();
    for record in batch {
        next.insert(record.topic_partition(), record.offset + 1);
    }
    next.into_iter().collect()
}
