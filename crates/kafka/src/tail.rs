use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use braid_log::{Failure, Record, TopicPartition};
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset};

use crate::client_log::{Asking, ClientLog, cause};
use crate::consumers::{COMMITTED_ONLY, uncommitted};
use crate::{Connection, failure, offsets, reading};

/// For how long nothing may come before a read is given up: longer than a killed producer's transaction can hold the
/// last stable offset back (its time-out, and the broker's sweep).
pub(crate) const STALL_MAX: Duration = Duration::from_secs(60);

/// Reads partitions from their first record to the end that they have when reading begins, committed records only.
pub(crate) struct Tail {
    /// How long an open transaction may hold back what is to be read.
    stable_max: Duration,
    committed: BaseConsumer<Asking>,
    uncommitted: BaseConsumer<Asking>,
}

impl Tail {
    /// `group_id` is only asked for offsets, never joined.
    pub(crate) fn open(
        connection: &Connection,
        client: &str,
        group_id: &str,
        stable_max: Duration,
    ) -> Result<Self, Failure> {
        let committed = reader_config(connection, client, group_id)
            .create_with_context(Asking(ClientLog::new(client)))
            .map_err(|e| failure::reading("making the reader", &e))?;
        let uncommitted = uncommitted(connection, client)?;
        Ok(Self { stable_max, committed, uncommitted })
    }

    pub(crate) const fn committed(&self) -> &BaseConsumer<Asking> {
        &self.committed
    }

    /// The first offset still there, and the end, what is not committed included.
    pub(crate) fn range(&self, partition: &TopicPartition) -> Result<(i64, i64), Failure> {
        offsets::watermarks(&self.uncommitted, partition)
    }

    /// Gives every committed record of the partition up to the high watermark, oldest first, unless `each` breaks.
    ///
    /// The end is the one that an uncommitted reader is told: the last stable offset may still be before records that
    /// are about to be committed. Reading begins when the last stable offset has passed it; then the first end of
    /// partition that is reported is behind it, whether the last thing there is a record, a control record, or nothing
    /// because compaction has emptied its batch (in which case the position alone would never get there).
    pub(crate) fn read(
        &self,
        partition: &TopicPartition,
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        self.read_from(partition, 0, each)
    }

    /// As [`Tail::read`], without what lies before an offset.
    pub(crate) fn read_from(
        &self,
        partition: &TopicPartition,
        from: i64,
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let (low, high) = self.range(partition)?;
        let low = low.max(from);
        if low >= high {
            return Ok(());
        }
        self.wait_until_stable(partition, high)?;
        let doing = || format!("reading {partition}");
        self.committed
            .assign(&offsets::one(partition, Offset::Offset(low)))
            .map_err(|e| failure::reading(&doing(), &e))?;
        let read = self.read_assigned(partition, high, each);
        self.committed.unassign().map_err(|e| failure::reading(&doing(), &e))?;
        read
    }

    /// An open transaction before `high` ends: by its producer, by the one that replaces it, or by its time-out.
    fn wait_until_stable(&self, partition: &TopicPartition, high: i64) -> Result<(), Failure> {
        let until = Instant::now() + self.stable_max;
        loop {
            let (_, stable) = offsets::watermarks(&self.committed, partition)?;
            if stable >= high {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(Failure::Retry(format!(
                    "{partition}: a transaction at offset {stable} has been open for {:?}",
                    self.stable_max
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn read_assigned(
        &self,
        partition: &TopicPartition,
        high: i64,
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let topic: Arc<str> = partition.topic.clone();
        let mut until = Instant::now() + STALL_MAX;
        while Instant::now() < until {
            match self.committed.poll(Duration::from_millis(100)) {
                None => continue,
                Some(Ok(message)) if message.offset() >= high => return Ok(()),
                Some(Ok(message)) => {
                    if each(reading::record(topic.clone(), &message)).is_break() {
                        return Ok(());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(number))) if number == partition.partition => return Ok(()),
                Some(Err(KafkaError::PartitionEOF(_))) => continue,
                Some(Err(error)) => return Err(failure::reading(&format!("reading {partition}"), &error)),
            }
            until = Instant::now() + STALL_MAX;
        }
        let because = cause(&self.committed);
        Err(Failure::Retry(format!("{partition}: nothing came for {STALL_MAX:?}{because}")))
    }
}

fn reader_config(connection: &Connection, client: &str, group_id: &str) -> ClientConfig {
    connection.client(
        &[
            ("client.id", client),
            ("fetch.wait.max.ms", "50"),
            ("fetch.queue.backoff.ms", "5"),
            ("queued.max.messages.kbytes", "32768"),
            ("fetch.max.bytes", "16777216"),
        ],
        &[&COMMITTED_ONLY[..], &[("group.id", group_id)]].concat(),
    )
}
