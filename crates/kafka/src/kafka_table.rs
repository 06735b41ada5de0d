use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use braid_log::{Failure, Record, Table, TableStanding};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::client_log::{Asking, ClientLog};
use crate::consumers::COMMITTED_ONLY;
use crate::{Connection, failure, reading};

/// How often it is looked whether the topic has come, or has more partitions.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a question about the topic may take.
const ASK_MAX: Duration = Duration::from_secs(5);

/// How many records are given before the caller hears how things stand.
const RECORDS_MAX: usize = 10_000;

/// A topic that is read whole on Apache Kafka: every partition from its first record on, committed records only. It is in no
/// group, so each process that has one reads all of it. One client for each topic, for the end of a partition is told
/// without its topic.
pub struct KafkaTable {
    consumer: BaseConsumer<Asking>,
    topic: Arc<str>,
    assigned: BTreeSet<i32>,
    /// Those of which the end has not been seen yet.
    unread: BTreeSet<i32>,
    /// When to look at the topic again; at once at first.
    look_at: Option<Instant>,
    readings: u32,
}

impl KafkaTable {
    /// Makes the client; a topic that is not there yet is read when it comes.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if the client cannot be made.
    pub fn open(connection: &Connection, client: &str, topic: Arc<str>) -> Result<Self, Failure> {
        let ours =
            [("client.id", client), ("fetch.wait.max.ms", "100"), ("queued.max.messages.kbytes", "32768")];
        // The group is asked for nothing and joined by nobody: the client wants a name.
        let fixed = [&COMMITTED_ONLY[..], &[("group.id", client)]].concat();
        let consumer = connection
            .client(&ours, &fixed)
            .create_with_context(Asking(ClientLog::new(client)))
            .map_err(|e| failure::reading("making the reader of a table", &e))?;
        let (assigned, unread) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { consumer, topic, assigned, unread, look_at: None, readings: 1 })
    }

    /// Adds the partitions that are not read yet.
    fn look(&mut self) -> Result<(), Failure> {
        if self.look_at.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        for partition in self.partitions()? {
            if !self.assigned.contains(&partition) {
                self.begin(partition)?;
            }
        }
        // Only now: what could not be asked is asked again at once, and nothing is whole before.
        self.look_at = Some(Instant::now() + LOOK_EVERY);
        Ok(())
    }

    /// The partitions of the topic; none if it is not there.
    fn partitions(&self) -> Result<Vec<i32>, Failure> {
        let topic = &*self.topic;
        let doing = || format!("asking for {topic}");
        let found = self.consumer.fetch_metadata(Some(topic), ASK_MAX);
        let found = found.map_err(|e| failure::reading(&doing(), &e))?;
        let Some(found) = found.topics().iter().find(|found| found.name() == topic) else {
            return Ok(Vec::new());
        };
        match found.error().map(Code::from) {
            None => Ok(found.partitions().iter().map(|partition| partition.id()).collect()),
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => Ok(Vec::new()),
            Some(code) => Err(Failure::Retry(format!("{}: {code}", doing()))),
        }
    }

    fn begin(&mut self, partition: i32) -> Result<(), Failure> {
        let mut list = TopicPartitionList::new();
        let listed = list.add_partition_offset(&self.topic, partition, Offset::Beginning);
        let begun = listed.and_then(|()| self.consumer.incremental_assign(&list));
        begun.map_err(|e| failure::reading(&format!("reading {}/{partition}", self.topic), &e))?;
        self.unread.insert(partition);
        self.assigned.insert(partition);
        Ok(())
    }

    /// Reads everything again: the topic was emptied, or made anew.
    fn begin_anew(&mut self) -> Result<(), Failure> {
        self.consumer.unassign().map_err(|e| failure::reading("reading a table anew", &e))?;
        self.assigned.clear();
        self.unread.clear();
        self.readings += 1;
        self.look_at = None;
        self.look()
    }

    fn heard(&mut self, error: &KafkaError) -> Result<(), Failure> {
        match error {
            KafkaError::PartitionEOF(partition) => {
                self.unread.remove(partition);
                Ok(())
            }
            error if error.rdkafka_error_code() == Some(Code::AutoOffsetReset) => self.begin_anew(),
            error => match failure::reading("reading a table", error) {
                // The rights on a topic, or a topic: what may be mended while the process runs.
                Failure::Fatal(why) => Err(Failure::Retry(why)),
                other => Err(other),
            },
        }
    }
}

impl Table for KafkaTable {
    fn poll(&mut self, wait: Duration, each: &mut dyn FnMut(Record)) -> Result<TableStanding, Failure> {
        self.look()?;
        let (mut wait, mut given) = (wait, 0);
        while given < RECORDS_MAX {
            // Copied out: a message borrows the consumer, and an error may make it begin anew.
            let heard = match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => Ok(reading::record(self.topic.clone(), &message)),
                Some(Err(error)) => Err(error),
            };
            match heard {
                Ok(record) => {
                    each(record);
                    given += 1;
                }
                Err(error) => self.heard(&error)?,
            }
            wait = Duration::ZERO;
        }
        Ok(TableStanding { readings: self.readings, is_whole: self.unread.is_empty() })
    }
}
