//! A consumer of the output topics, as a SIEM would be one.

use std::collections::BTreeSet;
use std::time::Duration;

use braid_kafka::{KafkaLog, WorkerSettings};
use braid_log::{AssignmentChange, Failure, Log, PollLimits, Record, TopicPartition};

use super::instance::Instance;

/// Reads incidents, incident-events and dead-letters from their first records on.
pub(super) struct Watch {
    log: KafkaLog,
    topics: usize,
    reading: BTreeSet<TopicPartition>,
}

impl Watch {
    /// Joins a group of its own.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub(super) fn open(instance: &Instance) -> anyhow::Result<Self> {
        let topics = &instance.settings().topics;
        let read =
            vec![topics.incidents.clone(), topics.incident_events.clone(), topics.dead_letters.clone()];
        let count = read.len();
        let worker = WorkerSettings::new("demo", "braid-demo", read);
        let log = KafkaLog::connect(instance.connection().clone(), worker)?;
        Ok(Self { log, topics: count, reading: BTreeSet::new() })
    }

    /// Whether every topic is being read; each has one partition here.
    pub(super) fn reads_all(&self) -> bool {
        self.reading.len() == self.topics
    }

    /// What is new; waits up to `wait` for it.
    ///
    /// # Errors
    /// If it cannot go on reading.
    pub(super) fn poll(&mut self, wait: Duration) -> anyhow::Result<Vec<Record>> {
        let limits =
            PollLimits { wait, gather: Duration::from_millis(5), records_max: 1_000, bytes_max: 4 << 20 };
        let mut records = Vec::new();
        let changes = match self.log.poll(&limits, &mut records) {
            Ok(changes) => changes,
            Err(Failure::Retry(why)) => {
                tracing::debug!(why, "reading the outputs is tried again");
                return Ok(records);
            }
            Err(failure) => return Err(failure.into()),
        };
        for change in changes {
            match change {
                AssignmentChange::Assigned(partitions) => {
                    partitions.iter().try_for_each(|partition| self.log.start(partition))?;
                    self.reading.extend(partitions);
                }
                AssignmentChange::Revoked { partitions, .. } => {
                    self.reading.retain(|partition| !partitions.contains(partition));
                }
            }
        }
        Ok(records)
    }

    /// Leaves the group.
    pub(super) fn close(self) {
        self.log.close();
    }
}
