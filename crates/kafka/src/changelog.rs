use std::ops::ControlFlow;
use std::time::Duration;

use braid_log::{Changelog, Failure, Record, TopicPartition};

use crate::tail::{STALL_MAX, Tail};
use crate::{Connection, WorkerSettings, offsets};

/// Longer than a killed instance's open transaction can keep an offset unstable; this thread has nothing else to do.
const STABLE_MAX: Duration = Duration::from_secs(60);

/// One partition of a changelog on Apache Kafka, with connections of its own: it is read on another thread while the
/// worker goes on with its healthy partitions.
pub struct KafkaChangelog {
    tail: Tail,
    changelog: TopicPartition,
    input: TopicPartition,
}

impl KafkaChangelog {
    pub(crate) fn open(
        connection: &Connection,
        settings: &WorkerSettings,
        changelog: TopicPartition,
        input: TopicPartition,
    ) -> Result<Self, Failure> {
        let client = format!("{}-restore-{}", settings.transactional_id(), input.partition);
        // The worker's own group, of which this is no member: it subscribes to nothing.
        let tail = Tail::open(connection, &client, &settings.group_id, STALL_MAX)?;
        Ok(Self { tail, changelog, input })
    }
}

impl Changelog for KafkaChangelog {
    fn committed(&mut self) -> Result<Option<i64>, Failure> {
        offsets::stable_committed(self.tail.committed(), &self.input, STABLE_MAX)
    }

    fn read(&mut self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), Failure> {
        self.tail.read(&self.changelog, each)
    }
}
