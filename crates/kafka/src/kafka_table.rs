use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use braid_log::{Failure, Record, Table, TableStanding};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::client_log::{Asking, ClientLog};
use crate::consumers::COMMITTED_ONLY;
use crate::log_marks::LogMarks;
use crate::{Connection, failure, reading};

/// How often it is looked whether the topic has come, has more partitions, or is no longer what was read.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a question about the topic may take.
const ASK_MAX: Duration = Duration::from_secs(5);

/// How many records, and bytes of them, are given before the caller hears how things stand.
const RECORDS_MAX: usize = 10_000;
const BYTES_MAX: usize = 16 << 20;

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
    /// The topic was not there at some time since it was assigned: the one that comes by its name is another one.
    gone: bool,
    marks: LogMarks,
    readings: u32,
}

impl KafkaTable {
    /// Makes the client; a topic that is not there yet is read when it comes. The group is asked for nothing and joined by
    /// nobody, but the client asks the cluster for it: it is one that the user may describe.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if the client cannot be made.
    pub fn open(
        connection: &Connection,
        client: &str,
        group_id: &str,
        topic: Arc<str>,
    ) -> Result<Self, Failure> {
        let ours =
            [("client.id", client), ("fetch.wait.max.ms", "100"), ("queued.max.messages.kbytes", "32768")];
        let fixed = [&COMMITTED_ONLY[..], &[("group.id", group_id)]].concat();
        let consumer = connection
            .client(&ours, &fixed)
            .create_with_context(Asking(ClientLog::new(client)))
            .map_err(|e| failure::reading("making the reader of a table", &e))?;
        let (assigned, unread) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self {
            consumer,
            topic,
            assigned,
            unread,
            look_at: None,
            gone: false,
            marks: LogMarks::default(),
            readings: 1,
        })
    }

    /// Adds the partitions that are not read yet.
    fn look(&mut self) -> Result<(), Failure> {
        if self.look_at.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        let partitions = self.partitions()?;
        if partitions.is_empty() {
            // What it said holds until it comes again: a broker that has just come up may not know it yet.
            self.gone = !self.assigned.is_empty();
        } else if self.gone || self.marks.are_stale(&self.consumer, &self.topic)? {
            self.forget()?;
        }
        let new: Vec<i32> = partitions.into_iter().filter(|at| !self.assigned.contains(at)).collect();
        self.marks.begin(&new, &self.consumer, &self.topic)?;
        new.into_iter().try_for_each(|partition| self.begin(partition))?;
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
            Some(code) if says_gone(code) => Ok(Vec::new()),
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

    /// Makes ready for another reading.
    fn forget(&mut self) -> Result<(), Failure> {
        self.consumer.unassign().map_err(|e| failure::reading("reading a table anew", &e))?;
        self.assigned.clear();
        self.unread.clear();
        self.readings += 1;
        self.gone = false;
        self.marks = LogMarks::default();
        self.look_at = None;
        Ok(())
    }

    fn heard(&mut self, error: &KafkaError) -> Result<(), Failure> {
        match error {
            KafkaError::PartitionEOF(partition) => {
                if self.unread.remove(partition) && self.unread.is_empty() {
                    // So that there are marks of what was read before anything happens to it.
                    self.look_at = None;
                }
                Ok(())
            }
            error if error.rdkafka_error_code() == Some(Code::AutoOffsetReset) => self.begin_anew(),
            error if error.rdkafka_error_code().is_some_and(says_gone) => {
                self.gone = true;
                self.look_at = None;
                Err(Failure::Retry(format!("{} is not there", self.topic)))
            }
            error => match failure::reading("reading a table", error) {
                // The rights on a topic, or a topic: what may be mended while the process runs.
                Failure::Fatal(why) => Err(Failure::Retry(why)),
                other => Err(other),
            },
        }
    }
}

const fn says_gone(code: Code) -> bool {
    matches!(code, Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition)
}

impl Table for KafkaTable {
    fn poll(&mut self, wait: Duration, each: &mut dyn FnMut(u32, Record)) -> Result<TableStanding, Failure> {
        // What is read goes on where one partition cannot be asked for.
        let looked = self.look();
        let (mut wait, mut given, mut given_bytes) = (wait, 0, 0);
        while given < RECORDS_MAX && given_bytes < BYTES_MAX {
            // Copied out: a message borrows the consumer, and an error may make it begin anew.
            let heard = match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => Ok(reading::record(self.topic.clone(), &message)),
                Some(Err(error)) => Err(error),
            };
            match heard {
                Ok(record) => {
                    given += 1;
                    given_bytes += record.bytes();
                    self.marks.read(&record);
                    each(self.readings, record);
                }
                Err(error) => self.heard(&error)?,
            }
            wait = Duration::ZERO;
        }
        looked?;
        // A topic that is not there says nothing, but that it is not there does not take back what it said.
        let is_there = self.readings == 1 || !self.assigned.is_empty();
        Ok(TableStanding { readings: self.readings, is_whole: is_there && self.unread.is_empty() })
    }

    fn begin_anew(&mut self) -> Result<(), Failure> {
        self.forget()?;
        self.look()
    }
}
