use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use braid_log::{Failure, Record, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Message, Offset};

use crate::assignment::Assignment;
use crate::client_log::{Asking, ClientLog};
use crate::consumers::consumer_config;
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

    /// Looks which partitions can no longer be read from where they are: librdkafka says that one cannot, and not which.
    fn suspect(&mut self) {
        let mut answers = true;
        for (partition, next) in self.assignment.giving() {
            let range = if answers { self.range(&partition).ok() } else { None };
            answers = range.is_some();
            if range.is_none_or(|(low, high)| next < low || next > high) {
                self.hold(&partition);
                self.suspects.insert(partition.clone());
                self.untold.push(partition);
            }
        }
    }

    /// Partitions that have stopped giving records by themselves since the last call, by their names there.
    pub(crate) fn take_stopped(&mut self) -> Vec<TopicPartition> {
        std::mem::take(&mut self.untold)
    }

    /// Refuses a partition that can surely not be read from this offset on. Asked only about one that has given trouble.
    pub(crate) fn check(&mut self, partition: &TopicPartition, next: Option<i64>) -> Result<(), Failure> {
        if let Some(next) = next.filter(|_| self.suspects.contains(partition)) {
            let (low, high) = self.range(partition)?;
            if let Some(failure) = out_of_range(partition, next, low, high, &Keeper::Record) {
                return Err(failure);
            }
        }
        self.suspects.remove(partition);
        Ok(())
    }

    /// Lets a partition give records from an offset on, or from the first that there is.
    pub(crate) fn start(&mut self, partition: &TopicPartition, next: Option<i64>) -> Result<(), Failure> {
        self.hold(partition);
        let place = next.map_or(Offset::Beginning, Offset::Offset);
        self.consumer
            .incremental_assign(&offsets::one(partition, place))
            .map_err(|e| failure::reading(&format!("placing {partition}"), &e))?;
        self.assignment.start(partition, next.unwrap_or(0));
        Ok(())
    }

    /// Stops a partition from giving records.
    pub(crate) fn hold(&mut self, partition: &TopicPartition) {
        if !self.assignment.owns(partition) {
            return;
        }
        self.assignment.remove(partition);
        if let Err(error) = self.consumer.incremental_unassign(&offsets::one(partition, Offset::Invalid)) {
            tracing::warn!(%partition, %error, "a partition of a remote cluster could not be let go");
        }
    }

    /// As [`RemoteReader::hold`], of one that is no longer ours.
    pub(crate) fn forget(&mut self, partition: &TopicPartition) {
        self.hold(partition);
        self.suspects.remove(partition);
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
