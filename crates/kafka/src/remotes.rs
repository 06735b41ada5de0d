use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use braid_log::{AssignmentChange, Failure, Outgoing, Record, Standing, TopicPartition};

use crate::gathering::Gathering;
use crate::offset_records::{self, OffsetRecords, Recorded};
use crate::remote_reader::{Look, RemoteReader};
use crate::{Connection, WorkerSettings};

/// How long the group's consumer may wait for a record while another consumer could have one: it is what a record of a
/// remote cluster waits at most where nothing else comes.
const SHARED_WAIT_MAX: Duration = Duration::from_millis(5);

/// The partitions of other clusters that this worker reads.
///
/// ```text
///   the group assigns braid.offsets.hub.alerts/3 ──▶ the worker hears of hub:alerts/3
///   standing, start   the last record of braid.offsets.hub.alerts/3 says where hub:alerts/3 is to be read
///   send_offsets      that record anew, and with the group's generation the place where its predecessor was read
/// ```
///
/// The topic that keeps the offsets stands in for the other: the group deals out its partitions, and they give no record
/// themselves. The offset that is committed for one of them says little, the end that it had when it was taken over; that
/// one is committed is what counts, for the coordinator refuses it from a member whose generation has passed, and with it
/// the transaction.
pub(crate) struct Remotes {
    readers: Vec<RemoteReader>,
    /// By the name that the worker has for a topic.
    places: BTreeMap<Arc<str>, Place>,
    /// The names that the worker has, by the topics that keep the offsets.
    names: BTreeMap<Arc<str>, Arc<str>>,
    records: OffsetRecords,
    /// Where the records of each owned partition ended when they were read, by the names that the worker has.
    ends: BTreeMap<TopicPartition, i64>,
    /// Offset and timestamp of each record that was given, from the last on that was committed.
    given: BTreeMap<TopicPartition, VecDeque<(i64, i64)>>,
}

struct Place {
    reader: usize,
    topic: Arc<str>,
    offsets_topic: Arc<str>,
}

impl Remotes {
    pub(crate) fn open(connection: &Connection, settings: &WorkerSettings) -> Result<Self, Failure> {
        let readers = settings.remotes.iter().map(|cluster| RemoteReader::open(cluster, settings));
        let topics = || {
            let numbered = settings.remotes.iter().enumerate();
            numbered.flat_map(|(reader, cluster)| cluster.topics.iter().map(move |topic| (reader, topic)))
        };
        let place = |reader, topic: &crate::RemoteTopic| Place {
            reader,
            topic: topic.topic.clone(),
            offsets_topic: topic.offsets_topic.clone(),
        };
        Ok(Self {
            readers: readers.collect::<Result<_, _>>()?,
            places: topics().map(|(reader, topic)| (topic.name.clone(), place(reader, topic))).collect(),
            names: topics().map(|(_, topic)| (topic.offsets_topic.clone(), topic.name.clone())).collect(),
            records: OffsetRecords::new(connection, settings),
            ends: BTreeMap::new(),
            given: BTreeMap::new(),
        })
    }

    /// Whether a partition is of another cluster, by the name that the worker has for it.
    pub(crate) fn has(&self, partition: &TopicPartition) -> bool {
        self.places.contains_key(&partition.topic)
    }

    /// The partition that the group deals out in place of one of another cluster; any other is its own.
    pub(crate) fn dealt(&self, partition: &TopicPartition) -> TopicPartition {
        match self.places.get(&partition.topic) {
            Some(place) => TopicPartition::new(place.offsets_topic.clone(), partition.partition),
            None => partition.clone(),
        }
    }

    /// What the group has changed, in the names that the worker has. What is revoked is no longer read.
    pub(crate) fn hear(&mut self, change: AssignmentChange) -> AssignmentChange {
        let named = |partitions: Vec<TopicPartition>| {
            let name = |partition: TopicPartition| match self.names.get(&partition.topic) {
                Some(name) => TopicPartition::new(name.clone(), partition.partition),
                None => partition,
            };
            partitions.into_iter().map(name).collect::<Vec<_>>()
        };
        match change {
            AssignmentChange::Assigned(partitions) => AssignmentChange::Assigned(named(partitions)),
            AssignmentChange::Revoked { partitions, lost } => {
                let partitions = named(partitions);
                partitions.iter().for_each(|partition| self.forget(partition));
                AssignmentChange::Revoked { partitions, lost }
            }
        }
    }

    /// Partitions that have stopped giving records by themselves, to be told as newly assigned: where they stand is to be
    /// asked again.
    pub(crate) fn stopped(&mut self) -> Vec<TopicPartition> {
        let stopped: Vec<(usize, Vec<TopicPartition>)> =
            self.readers.iter_mut().map(RemoteReader::take_stopped).enumerate().collect();
        let name = |reader: usize, stopped: TopicPartition| {
            let of = |place: &Place| place.reader == reader && place.topic == stopped.topic;
            let (name, _) = self.places.iter().find(|(_, place)| of(place))?;
            Some(TopicPartition::new(name.clone(), stopped.partition))
        };
        stopped
            .into_iter()
            .flat_map(|(reader, all)| all.into_iter().filter_map(move |p| name(reader, p)))
            .collect()
    }

    /// How long the group's consumer may wait of `wait`.
    pub(crate) fn share(&self, wait: Duration) -> Duration {
        if self.readers.iter().any(RemoteReader::is_giving) { wait.min(SHARED_WAIT_MAX) } else { wait }
    }

    /// Takes a record of each cluster that has one, after the group's consumer was asked for one with this outcome.
    pub(crate) fn gather(
        &mut self,
        asked: ControlFlow<()>,
        gathering: &mut Gathering<'_>,
        batch: &mut Vec<Record>,
    ) -> ControlFlow<()> {
        let mut outcome = asked;
        for reader in &mut self.readers {
            if gathering.is_full() {
                return ControlFlow::Break(());
            }
            if let Look::Record(record) = reader.look() {
                let given = self.given.entry(record.topic_partition()).or_default();
                given.push_back((record.offset, record.timestamp_millis));
                outcome = gathering.take(Some(record), batch);
            }
        }
        outcome
    }

    /// Where a partition of another cluster stands. That cluster is not asked, unless it has said that the partition
    /// cannot be read: it may be away, and the worker's other partitions would wait with it. So `low` and `high` say
    /// nothing.
    pub(crate) fn standing(&mut self, partition: &TopicPartition) -> Result<Standing, Failure> {
        let next = self.recorded(partition)?.next;
        Ok(Standing { committed: next, low: 0, high: next.unwrap_or(0) })
    }

    fn recorded(&mut self, partition: &TopicPartition) -> Result<Recorded, Failure> {
        let recorded = self.records.last(&self.dealt(partition))?;
        let (there, reader) = self.reader(partition);
        reader.check(&there, &recorded)?;
        self.ends.insert(partition.clone(), recorded.end);
        Ok(recorded)
    }

    /// Lets it give records from where it stands on.
    pub(crate) fn start(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        let recorded = self.recorded(partition)?;
        let last = recorded.next.zip(recorded.last_millis).map(|(next, millis)| (next - 1, millis));
        self.given.insert(partition.clone(), last.into_iter().collect());
        let (there, reader) = self.reader(partition);
        reader.start(&there, &recorded)
    }

    pub(crate) fn hold(&mut self, partition: &TopicPartition) {
        let (there, reader) = self.reader(partition);
        reader.hold(&there);
    }

    fn forget(&mut self, partition: &TopicPartition) {
        if self.has(partition) {
            self.ends.remove(partition);
            self.given.remove(partition);
            let (there, reader) = self.reader(partition);
            reader.forget(&there);
        }
    }

    pub(crate) fn at_end(&self, partition: &TopicPartition) -> bool {
        self.places.get(&partition.topic).is_some_and(|place| {
            let there = TopicPartition::new(place.topic.clone(), partition.partition);
            self.readers[place.reader].at_end(&there)
        })
    }

    /// What a transaction has to hold so that these are the offsets to read next: records, and offsets of the group.
    pub(crate) fn committing(
        &mut self,
        next: &[(TopicPartition, i64)],
    ) -> (Vec<Outgoing>, Vec<(TopicPartition, i64)>) {
        let (mut records, mut offsets) = (Vec::new(), Vec::with_capacity(next.len()));
        for (partition, next) in next {
            let dealt = self.dealt(partition);
            if self.has(partition) {
                let last_millis = self.last_millis(partition, *next);
                records.push(offset_records::record(&dealt, partition, *next, last_millis));
                offsets.push((dealt, self.ends.get(partition).copied().unwrap_or(0)));
            } else {
                offsets.push((dealt, *next));
            }
        }
        (records, offsets)
    }

    /// The timestamp of the record before `next`. Those before it are not asked for any more.
    fn last_millis(&mut self, partition: &TopicPartition, next: i64) -> Option<i64> {
        let given = self.given.get_mut(partition)?;
        while given.front().is_some_and(|(offset, _)| *offset < next - 1) {
            given.pop_front();
        }
        given
            .front()
            .filter(|(offset, millis)| *offset == next - 1 && *millis >= 0)
            .map(|(_, millis)| *millis)
    }

    fn reader(&mut self, partition: &TopicPartition) -> (TopicPartition, &mut RemoteReader) {
        let place =
            self.places.get(&partition.topic).expect("the caller has asked whether it is of another cluster");
        (TopicPartition::new(place.topic.clone(), partition.partition), &mut self.readers[place.reader])
    }
}
