use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use braid_log::{Failure, Record, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset};

use crate::assignment::Assignment;
use crate::client_log::{Asking, ClientLog};
use crate::consumers::consumer_config;
use crate::offset_records::Recorded;
use crate::subscription::{Keeper, out_of_range, stands_at_end};
use crate::{RemoteCluster, WorkerSettings, failure, offsets, reading};

/// How long a remote cluster may take to answer the one question that it is asked. The worker's other partitions wait
/// meanwhile, so it is asked only about a partition of which it has said itself that it cannot be read.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// Reads partitions of a cluster that is only read from. It joins no group there, and commits nothing.
///
/// Nothing that it does waits for that cluster: a partition is assigned with the offset to begin at, and gives records when
/// the cluster does. One that is away, or does not know us, is so for its own partitions alone; why, the client logs, and
/// [`crate::TopicWatch`] tells.
pub(crate) struct RemoteReader {
    consumer: BaseConsumer<Asking>,
    /// What the worker calls the topics, by their names there.
    names: BTreeMap<Arc<str>, Arc<str>>,
    assignment: Assignment,
    /// Partitions that could not be read from where they were, by their names there, and are not known to be well again.
    suspects: BTreeSet<TopicPartition>,
    /// Those of which the worker has not heard yet.
    untold: Vec<TopicPartition>,
    /// The record that was read last of each partition that has been started, until it has come again.
    marks: BTreeMap<TopicPartition, Mark>,
    /// Partitions in which that is no longer there, so that it is not looked for.
    unmarked: BTreeSet<TopicPartition>,
    /// Partitions that have another record in its place, and what was recorded of them.
    replaced: BTreeMap<TopicPartition, Recorded>,
}

/// A record that was read. Every start begins with it, so that a topic that was made anew, with as many records and more, is
/// not taken for the one that was read; the other cluster is asked nothing for it.
#[derive(Debug, Clone, Copy)]
struct Mark {
    offset: i64,
    timestamp_millis: i64,
    recorded: Recorded,
}

/// What a look has found.
pub(crate) enum Look {
    /// A record, under the name that the worker has for its topic.
    Record(Record),
    /// Something that is no record.
    Word,
    /// Nothing.
    Nothing,
}

impl RemoteReader {
    pub(crate) fn open(cluster: &RemoteCluster, settings: &WorkerSettings) -> Result<Self, Failure> {
        let client = format!("{}-{}", settings.transactional_id(), cluster.name);
        let consumer = consumer_config(&cluster.connection, settings)
            .create_with_context(Asking(ClientLog::new(&client)))
            .map_err(|e| failure::reading(&format!("making the consumer of cluster {}", cluster.name), &e))?;
        Ok(Self {
            consumer,
            names: cluster.topics.iter().map(|topic| (topic.topic.clone(), topic.name.clone())).collect(),
            assignment: Assignment::default(),
            suspects: BTreeSet::new(),
            untold: Vec::new(),
            marks: BTreeMap::new(),
            unmarked: BTreeSet::new(),
            replaced: BTreeMap::new(),
        })
    }

    /// Whether anything may come.
    pub(crate) fn is_giving(&self) -> bool {
        self.assignment.is_giving()
    }

    /// Takes what is there, without waiting.
    pub(crate) fn look(&mut self) -> Look {
        match self.consumer.poll(Duration::ZERO) {
            None => return Look::Nothing,
            Some(Ok(message)) => {
                if let Some(replaced) = another_log(&mut self.marks, &message) {
                    drop(message);
                    self.replace(replaced);
                    return Look::Word;
                }
                let taken = self.assignment.accept(message.topic(), message.partition(), message.offset());
                let name = taken.and_then(|topic| self.names.get(&topic));
                if let Some(name) = name {
                    return Look::Record(reading::record(name.clone(), &message));
                }
            }
            Some(Err(KafkaError::PartitionEOF(number))) => {
                let consumer = &self.consumer;
                self.assignment.ended(number, |p| stands_at_end(consumer, p).unwrap_or(false));
            }
            Some(Err(KafkaError::MessageConsumption(Code::AutoOffsetReset))) => self.suspect(),
            // It passes, or somebody mends it: librdkafka has said it in its log, and goes on asking.
            Some(Err(error)) => tracing::debug!(%error, "a remote cluster"),
        }
        Look::Word
    }

    /// Looks which partitions can no longer be read from where they are: librdkafka says that one cannot, and not which, but
    /// that one cannot be placed any more.
    fn suspect(&mut self) {
        for (partition, next) in self.assignment.giving() {
            let mark = self.marks.get(&partition).map(|mark| mark.offset);
            let place = Offset::Offset(mark.unwrap_or(next));
            if self.consumer.seek(&partition.topic, partition.partition, place, ANSWER_MAX).is_ok() {
                continue;
            }
            if mark.is_some() {
                self.unmarked.insert(partition.clone());
            }
            self.hold(&partition);
            self.suspects.insert(partition.clone());
            self.untold.push(partition);
        }
    }

    /// Stops a partition that is not the one that was read.
    fn replace(&mut self, (partition, recorded): (TopicPartition, Recorded)) {
        self.hold(&partition);
        self.replaced.insert(partition.clone(), recorded);
        self.untold.push(partition);
    }

    /// Partitions that have stopped giving records by themselves since the last call, by their names there.
    pub(crate) fn take_stopped(&mut self) -> Vec<TopicPartition> {
        std::mem::take(&mut self.untold)
    }

    /// Refuses a partition that can surely not be read from this offset on. Asked only about one that has given trouble.
    pub(crate) fn check(&mut self, partition: &TopicPartition, recorded: &Recorded) -> Result<(), Failure> {
        if let Some(next) = recorded.next.filter(|_| self.is_replaced(partition, recorded)) {
            return Err(Failure::Fatal(format!(
                "{partition}: before {next}, the recorded offset, there is another record than was read: the topic has \
                 been made anew. To read it from its first record write 0 behind the last record of its partition of \
                 the topic that keeps its offsets; to go on there all the same, {next}"
            )));
        }
        self.replaced.remove(partition);
        if let Some(next) = recorded.next.filter(|_| self.suspects.contains(partition)) {
            let (low, high) = self.range(partition)?;
            if let Some(failure) = out_of_range(partition, next, low, high, &Keeper::Record) {
                return Err(failure);
            }
            if low < next {
                self.unmarked.remove(partition);
            }
        }
        self.suspects.remove(partition);
        Ok(())
    }

    /// Whether what is recorded is what another log was found with.
    fn is_replaced(&self, partition: &TopicPartition, recorded: &Recorded) -> bool {
        self.replaced
            .get(partition)
            .is_some_and(|known| (known.next, known.last_millis) == (recorded.next, recorded.last_millis))
    }

    /// Lets a partition give records from an offset on, or from the first that there is.
    pub(crate) fn start(&mut self, partition: &TopicPartition, recorded: &Recorded) -> Result<(), Failure> {
        self.hold(partition);
        let next = recorded.next;
        let mark = mark(recorded).filter(|_| !self.unmarked.remove(partition));
        let first = mark.map(|mark| mark.offset).or(next);
        let place = first.map_or(Offset::Beginning, Offset::Offset);
        self.consumer
            .incremental_assign(&offsets::one(partition, place))
            .map_err(|e| failure::reading(&format!("placing {partition}"), &e))?;
        self.assignment.start(partition, next.unwrap_or(0));
        self.marks.extend(mark.map(|mark| (partition.clone(), mark)));
        Ok(())
    }

    /// Stops a partition from giving records.
    pub(crate) fn hold(&mut self, partition: &TopicPartition) {
        if !self.assignment.owns(partition) {
            return;
        }
        self.assignment.remove(partition);
        self.marks.remove(partition);
        if let Err(error) = self.consumer.incremental_unassign(&offsets::one(partition, Offset::Invalid)) {
            tracing::warn!(%partition, %error, "a partition of a remote cluster could not be let go");
        }
    }

    /// As [`RemoteReader::hold`], of one that is no longer ours.
    pub(crate) fn forget(&mut self, partition: &TopicPartition) {
        self.hold(partition);
        self.suspects.remove(partition);
        self.unmarked.remove(partition);
        self.replaced.remove(partition);
        self.untold.retain(|stopped| stopped != partition);
    }

    pub(crate) fn at_end(&self, partition: &TopicPartition) -> bool {
        self.assignment.at_end(partition)
    }

    fn range(&self, partition: &TopicPartition) -> Result<(i64, i64), Failure> {
        self.consumer.fetch_watermarks(&partition.topic, partition.partition, ANSWER_MAX).map_err(|e| {
            failure::reading(&format!("asking for the first and last offset of {partition}"), &e)
        })
    }
}

fn mark(recorded: &Recorded) -> Option<Mark> {
    let offset = recorded.next?.checked_sub(1).filter(|offset| *offset >= 0)?;
    Some(Mark { offset, timestamp_millis: recorded.last_millis?, recorded: *recorded })
}

/// Whether this is another record than was read at its place, and if so of which partition. With the first record that comes
/// there, or behind it, nothing more is looked for.
fn another_log(
    marks: &mut BTreeMap<TopicPartition, Mark>,
    message: &BorrowedMessage<'_>,
) -> Option<(TopicPartition, Recorded)> {
    if marks.is_empty() {
        return None;
    }
    let partition = TopicPartition::new(message.topic(), message.partition());
    let mark = marks.remove(&partition)?;
    let is_another = message.offset() == mark.offset
        && message.timestamp().to_millis().unwrap_or(-1) != mark.timestamp_millis;
    is_another.then_some((partition, mark.recorded))
}
