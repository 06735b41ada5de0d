use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use braid_log::{AssignmentChange, Failure, Outgoing, PollLimits, Record, Standing, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset};

use crate::assignment::Assignment;
use crate::client_log::{Asking, cause};
use crate::consumers::{consumer_config, uncommitted};
use crate::gathering::Gathering;
use crate::member::{Member, parked};
use crate::remotes::Remotes;
use crate::{Connection, WorkerSettings, failure, offsets, reading};

/// How long to wait for a committed offset to become stable before the caller looks after its other partitions again.
const STABLE_MAX: Duration = Duration::from_secs(1);

/// How long a partition may take from the assignment to the state in which librdkafka lets it be placed: it takes a
/// moment. The other partitions wait meanwhile.
const SEEK_MAX: Duration = Duration::from_millis(200);

/// How long a partition that is to be assigned anew waits for a moment in which nothing comes.
const QUIET_AFTER: Duration = Duration::from_secs(1);

/// How long a topic may take to be known after it was created.
const APPEAR_MAX: Duration = Duration::from_secs(3);

/// How many records may be kept while only the assignment is attended to.
const AHEAD_MAX: usize = 100;

/// The consuming half of a worker's log: a member of the group, polled by the thread that owns it.
pub(crate) struct Subscription {
    consumer: BaseConsumer<Member>,
    /// Told the true high watermark, where a `read_committed` client is told the last stable offset.
    uncommitted: BaseConsumer<Asking>,
    assignment: Assignment,
    /// Records that came while only the assignment was attended to; the next poll gives them.
    ahead: VecDeque<Record>,
    /// A failure that came behind records: told at the next poll, so that the records are not lost with it.
    behind: Option<Failure>,
    /// What is read of other clusters; the group deals it out, too.
    remotes: Remotes,
    topics_stand_alone: bool,
    group_id: String,
    /// Partitions that librdkafka reads no more, whatever it is told, until they are assigned anew.
    dead: BTreeSet<TopicPartition>,
    /// Since when there are any.
    dead_since: Option<Instant>,
    /// Whether what gives is paused for their sake.
    is_quietened: bool,
    /// Those of which the worker has not heard that they have stopped giving records.
    untold: Vec<TopicPartition>,
}

impl Subscription {
    /// Makes the clients and checks that the topics are there; joins nothing yet.
    pub(crate) fn open(connection: &Connection, settings: &WorkerSettings) -> Result<Self, Failure> {
        let config = consumer_config(connection, settings);
        let consumer: BaseConsumer<Member> = config
            .create_with_context(Member::new(&settings.transactional_id()))
            .map_err(|e| failure::reading("making the consumer", &e))?;
        let uncommitted = uncommitted(connection, &settings.transactional_id())?;
        if !settings.topics_stand_alone {
            settings.topics.iter().try_for_each(|topic| exists(&consumer, topic, connection))?;
        }
        Ok(Self {
            consumer,
            uncommitted,
            assignment: Assignment::default(),
            ahead: VecDeque::new(),
            behind: None,
            remotes: Remotes::open(connection, settings)?,
            topics_stand_alone: settings.topics_stand_alone,
            group_id: settings.group_id.clone(),
            dead: BTreeSet::new(),
            dead_since: None,
            is_quietened: false,
            untold: Vec::new(),
        })
    }

    /// Becomes a member; from now on the group waits for this consumer's polls.
    pub(crate) fn join(&self, settings: &WorkerSettings) -> Result<(), Failure> {
        let topics = settings.topics.iter().chain(settings.offsets_topics());
        let names: Vec<&str> = topics.map(AsRef::as_ref).collect();
        self.consumer.subscribe(&names).map_err(|e| Failure::Fatal(format!("subscribing to {names:?}: {e}")))
    }

    pub(crate) fn poll(
        &mut self,
        limits: &PollLimits,
        batch: &mut Vec<Record>,
    ) -> Result<Vec<AssignmentChange>, Failure> {
        if let Some(failure) = self.behind.take() {
            return Err(failure);
        }
        drop(self.uncommitted.poll(Duration::ZERO)); // it has no records; unheard, its log lines would pile up
        let mut gathering = Gathering::new(limits);
        while let Some(record) = self.ahead.pop_front() {
            if gathering.take(Some(record), batch).is_break() {
                return Ok(Vec::new());
            }
        }
        loop {
            if gathering.records == 0 && !self.untold.is_empty() {
                return Ok(vec![AssignmentChange::Assigned(std::mem::take(&mut self.untold))]);
            }
            self.quieten()?;
            let (next, quiet) = match self.consumer.poll(self.remotes.share(gathering.wait())) {
                Some(Ok(message)) => {
                    (gathering.take(accept(&self.consumer, &mut self.assignment, &message), batch), false)
                }
                Some(Err(error)) => (self.heard(&error, gathering.records)?, false),
                None => (gathering.nothing(), true),
            };
            // The callback of a rebalance has run inside `consumer.poll`, which then comes back empty-handed.
            let changes = self.consumer.context().take_changes();
            if !changes.is_empty() {
                return Ok(self.apply(changes, batch));
            }
            if quiet {
                self.revive()?;
            }
            let next = self.remotes.gather(next, &mut gathering, batch);
            let stopped = self.remotes.stopped();
            if !stopped.is_empty() {
                batch.retain(|record| !stopped.iter().any(|partition| is_of(record, partition)));
                return Ok(vec![AssignmentChange::Assigned(stopped)]);
            }
            if next.is_break() {
                return Ok(Vec::new());
            }
        }
    }

    /// Hears of rebalances without giving records. They are not stuck behind what is fetched: librdkafka voids that
    /// when it announces a rebalance. So a few records ahead are bound enough.
    pub(crate) fn attend(&mut self, wait: Duration) -> Result<Vec<AssignmentChange>, Failure> {
        if let Some(failure) = self.behind.take() {
            return Err(failure);
        }
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if self.ahead.len() >= AHEAD_MAX {
                std::thread::sleep(left);
                return Ok(Vec::new());
            }
            let nothing = match self.consumer.poll(left) {
                Some(Ok(message)) => {
                    self.ahead.extend(accept(&self.consumer, &mut self.assignment, &message));
                    false
                }
                Some(Err(error)) => self.heard(&error, 0)?.is_break(),
                None => true,
            };
            let changes = self.consumer.context().take_changes();
            if !changes.is_empty() {
                return Ok(self.apply(changes, &mut Vec::new()));
            }
            if nothing && Instant::now() >= until {
                return Ok(Vec::new());
            }
        }
    }

    /// What an error that librdkafka reports between records means; it is kept for the next call if there are records.
    fn heard(&mut self, error: &KafkaError, records: usize) -> Result<ControlFlow<()>, Failure> {
        let failure = match error {
            KafkaError::PartitionEOF(number) => {
                // If the question fails the partition counts as behind until its next end: too little is claimed,
                // never too much.
                let consumer = &self.consumer;
                self.assignment.ended(*number, |p| stands_at_end(consumer, p).unwrap_or(false));
                None
            }
            // Thrown out for not polling: librdkafka revokes everything as lost and joins again by itself.
            KafkaError::MessageConsumption(Code::PollExceeded) => None,
            KafkaError::MessageConsumption(Code::AutoOffsetReset) => self.overtaken().err(),
            // librdkafka has said which in its log, goes on asking for it, and reads the others meanwhile.
            KafkaError::MessageConsumption(code)
                if self.topics_stand_alone && failure::is_of_topic(*code) =>
            {
                None
            }
            _ => {
                let because = self.consumer.context().log.because();
                Some(failure::reading(&format!("polling{because}"), error))
            }
        };
        match failure {
            // What was read of a partition before it stopped is given before that is told.
            None if records > 0 && !self.untold.is_empty() => Ok(ControlFlow::Break(())),
            None => Ok(ControlFlow::Continue(())),
            Some(failure) if records == 0 => Err(failure),
            Some(failure) => {
                self.behind = Some(failure);
                Ok(ControlFlow::Break(()))
            }
        }
    }

    /// Takes note of what the group has changed, and gives it in the names that the worker has.
    fn apply(&mut self, changes: Vec<AssignmentChange>, batch: &mut Vec<Record>) -> Vec<AssignmentChange> {
        let apply = |change| {
            self.assignment.apply(&change);
            let change = self.remotes.hear(change);
            if let AssignmentChange::Revoked { partitions, .. } = &change {
                let kept = |record: &Record| !partitions.iter().any(|partition| is_of(record, partition));
                batch.retain(kept);
                self.ahead.retain(kept);
                self.untold.retain(|stopped| !partitions.contains(stopped));
                self.dead.retain(|dead| !partitions.contains(dead));
            }
            change
        };
        changes.into_iter().map(apply).collect()
    }

    /// Looks which started partitions can no longer be read from where they are: librdkafka says that one cannot, and not
    /// which, and says it also of the place where a silent one is parked.
    ///
    /// # Errors
    /// Of a topic that is everybody's: why.
    fn overtaken(&mut self) -> Result<(), Failure> {
        let giving = self.assignment.giving().into_iter();
        let dead: Vec<_> = giving.filter(|(partition, next)| self.place(partition, *next).is_err()).collect();
        for (partition, next) in dead {
            if !self.topics_stand_alone
                && let Ok((low, high)) = self.range(&partition)
                && !(Standing { committed: Some(next), low, high }).lacks_a_mark()
                && let Some(failure) =
                    out_of_range(&partition, next, low, high, &Keeper::Group(&self.group_id))
            {
                return Err(failure);
            }
            self.assignment.hold(&partition);
            self.dead.insert(partition.clone());
            self.untold.push(partition);
        }
        Ok(())
    }

    /// Silences what gives, for as long as it takes to hear nothing, if others have waited for that too long. To be called
    /// before each poll: more may have been started meanwhile.
    fn quieten(&mut self) -> Result<(), Failure> {
        if self.dead.is_empty() {
            self.dead_since = None;
            return Ok(());
        }
        if self.dead_since.get_or_insert_with(Instant::now).elapsed() < QUIET_AFTER {
            return Ok(());
        }
        let giving = offsets::all(&self.assignment.giving());
        self.consumer.pause(&giving).map_err(|e| failure::reading("pausing what is read", &e))?;
        self.is_quietened = true;
        Ok(())
    }

    /// Assigns anew what librdkafka reads no more, silent as at first.
    ///
    /// To be called when nothing is left to be heard: to librdkafka each change of an assignment is also the answer to a
    /// rebalance that has been announced and not been heard of yet.
    fn revive(&mut self) -> Result<(), Failure> {
        if self.consumer.assignment_lost() {
            return Ok(()); // what is lost is about to be revoked
        }
        for partition in std::mem::take(&mut self.dead) {
            let place = parked(&offsets::one(&partition, Offset::Invalid));
            let consumer = &self.consumer;
            let anew = consumer
                .incremental_unassign(&place)
                .and_then(|()| consumer.incremental_assign(&place))
                .and_then(|()| consumer.pause(&place));
            match anew {
                Ok(()) => tracing::info!(%partition, "the client had given the partition up: assigned anew"),
                Err(error) => tracing::warn!(%partition, %error, "a partition could not be assigned anew"),
            }
        }
        if self.is_quietened {
            self.overtaken()?; // it places each where it was
            let giving = offsets::all(&self.assignment.giving());
            self.consumer.resume(&giving).map_err(|e| failure::reading("resuming what was read", &e))?;
            self.is_quietened = false;
        }
        Ok(())
    }

    /// First offset still there, and the offset of the next record.
    fn range(&self, partition: &TopicPartition) -> Result<(i64, i64), Failure> {
        offsets::watermarks(&self.uncommitted, partition)
    }

    pub(crate) fn standing(&mut self, partition: &TopicPartition) -> Result<Standing, Failure> {
        if self.remotes.has(partition) {
            return self.remotes.standing(partition);
        }
        let committed = offsets::stable_committed(&self.consumer, partition, STABLE_MAX)?;
        let (low, high) = self.range(partition)?;
        Ok(Standing { committed, low, high })
    }

    pub(crate) fn start(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        if !self.assignment.owns(&self.remotes.dealt(partition)) {
            return Err(Failure::Retry(format!("{partition} is no longer assigned")));
        }
        if self.remotes.has(partition) {
            return self.remotes.start(partition);
        }
        let standing = self.standing(partition)?;
        let Standing { committed, low, high } = standing;
        let only_a_mark = !self.topics_stand_alone && standing.lacks_a_mark();
        let next = if only_a_mark { low } else { committed.unwrap_or(low) };
        if let Some(failure) = out_of_range(partition, next, low, high, &Keeper::Group(&self.group_id)) {
            return Err(failure);
        }
        if self.dead.contains(partition) {
            return Err(Failure::Retry(format!("{partition} is to be assigned anew")));
        }
        self.seek(partition, next)?;
        self.consumer
            .resume(&offsets::one(partition, Offset::Offset(next)))
            .map_err(|e| failure::reading(&format!("resuming {partition}"), &e))?;
        self.ahead.retain(|record| !is_of(record, partition));
        self.assignment.start(partition, next);
        Ok(())
    }

    /// Places the consumer. For moments after an assignment librdkafka answers "erroneous state", without a code, and so it
    /// does for ever once it has given the partition up.
    fn seek(&mut self, partition: &TopicPartition, next: i64) -> Result<(), Failure> {
        let until = Instant::now() + SEEK_MAX;
        while let Err(error) = self.place(partition, next) {
            if Instant::now() >= until {
                self.dead.insert(partition.clone());
                return Err(Failure::Retry(format!("placing {partition} at {next}: {error}")));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    fn place(&self, partition: &TopicPartition, next: i64) -> Result<(), KafkaError> {
        place(&self.consumer, &partition.topic, partition.partition, next)
    }

    pub(crate) fn hold(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        if self.remotes.has(partition) {
            self.remotes.hold(partition);
            return Ok(());
        }
        if !self.assignment.owns(partition) {
            return Ok(()); // revoked meanwhile: it gives nothing anyway
        }
        self.assignment.hold(partition);
        self.ahead.retain(|record| !is_of(record, partition));
        self.consumer
            .pause(&offsets::one(partition, Offset::Invalid))
            .map_err(|e| failure::reading(&format!("pausing {partition}"), &e))
    }

    pub(crate) fn at_end(&self, partition: &TopicPartition) -> bool {
        if self.remotes.has(partition) {
            return self.remotes.at_end(partition);
        }
        self.assignment.at_end(partition)
    }

    /// The topic that keeps the offsets of a partition, if it is one of another cluster.
    pub(crate) fn offsets_topic(&self, partition: &TopicPartition) -> Option<Arc<str>> {
        self.remotes.has(partition).then(|| self.remotes.dealt(partition).topic)
    }

    /// What a transaction has to hold so that these are the offsets to read next: records, and offsets of the group.
    pub(crate) fn committing(
        &mut self,
        next: &[(TopicPartition, i64)],
    ) -> (Vec<Outgoing>, Vec<(TopicPartition, i64)>) {
        let (records, mut offsets) = self.remotes.committing(next);
        // The state of a stage that has one is filed under the offset behind the last record, whatever follows.
        if self.topics_stand_alone {
            self.pass_marks(&mut offsets);
        }
        (records, offsets)
    }

    /// Moves offsets past what follows the last record and is given to nobody: the marks by which transactions end, and the
    /// records of those that were aborted. Left before them, a silent partition would lack them once retention deletes them.
    fn pass_marks(&self, offsets: &mut [(TopicPartition, i64)]) {
        let Ok(positions) = self.consumer.position() else { return };
        for (partition, next) in offsets {
            let found = positions.find_partition(&partition.topic, partition.partition);
            if let Some(Offset::Offset(position)) = found.map(|found| found.offset())
                && self.assignment.has_given_up_to(partition, *next)
            {
                *next = position.max(*next);
            }
        }
    }

    /// What proves to the broker that this member may commit for these partitions.
    ///
    /// A member that has been thrown out must not ask for it: once librdkafka has reset both its id and its
    /// generation, the broker takes the pair for a client older than KIP-447 and accepts the offsets unfenced.
    pub(crate) fn membership<'a>(
        &self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<ConsumerGroupMetadata, Failure> {
        if self.consumer.assignment_lost() {
            return Err(Failure::Abort("the group has given this member's partitions away".into()));
        }
        if let Some(partition) = partitions.into_iter().find(|partition| !self.assignment.owns(partition)) {
            return Err(Failure::Abort(format!("{partition} is no longer assigned")));
        }
        self.consumer
            .group_metadata()
            .ok_or_else(|| Failure::Abort("the consumer has no membership to show".into()))
    }
}

pub(crate) fn stands_at_end<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
) -> Result<bool, Failure> {
    let (low, stable_end) = offsets::watermarks(consumer, partition)?;
    let position = offsets::position(consumer, partition)?;
    Ok(low >= stable_end || position.is_some_and(|position| position >= stable_end))
}

fn is_of(record: &Record, partition: &TopicPartition) -> bool {
    record.partition == partition.partition && record.topic == partition.topic
}

/// The record, if it is to be given. One that has been given already says that the client has gone back, to where the
/// partition was parked: it is placed again, for the way from there may be long.
fn accept(
    consumer: &BaseConsumer<Member>,
    assignment: &mut Assignment,
    message: &BorrowedMessage<'_>,
) -> Option<Record> {
    let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
    if let Some(topic) = assignment.accept(topic, partition, offset) {
        return Some(reading::record(topic, message));
    }
    if let Some(next) = assignment.is_behind(topic, partition, offset) {
        tracing::debug!(topic, partition, offset, next, "the client has gone back");
        if let Err(error) = place(consumer, topic, partition, next) {
            tracing::warn!(topic, partition, %error, "a partition could not be placed again");
        }
    }
    None
}

fn place(consumer: &BaseConsumer<Member>, topic: &str, partition: i32, next: i64) -> Result<(), KafkaError> {
    consumer.seek(topic, partition, Offset::Offset(next), offsets::ANSWER_MAX)
}

/// Who keeps the offset to read next.
pub(crate) enum Keeper<'a> {
    /// The group of this name, on the cluster that is written to.
    Group(&'a str),
    /// The last record of a topic of braid's.
    Record,
}

impl Keeper<'_> {
    const fn offset(&self) -> &'static str {
        match self {
            Self::Group(_) => "the group's offset",
            Self::Record => "the recorded offset",
        }
    }

    /// How to read on from the first record that is there, `low`. Kafka moves the offset of a group only while it has no
    /// member.
    fn advice(&self, partition: &TopicPartition, low: i64) -> String {
        match self {
            Self::Group(group) => format!(
                "stop all instances, run `kafka-consumer-groups.sh --bootstrap-server … --group {group} --topic {}:{} \
                 --reset-offsets --to-earliest --execute`, and start them",
                partition.topic, partition.partition
            ),
            Self::Record => format!("write {low} behind the last record of its partition there"),
        }
    }
}

/// Why a partition cannot be read from `next` on, if so.
pub(crate) fn out_of_range(
    partition: &TopicPartition,
    next: i64,
    low: i64,
    high: i64,
    keeper: &Keeper<'_>,
) -> Option<Failure> {
    let (offset, advice) = (keeper.offset(), keeper.advice(partition, low));
    let text = if next < low {
        let last = low - 1;
        format!(
            "{partition}: retention has deleted offsets {next} to {last}, which were not read yet: records, or what \
             transactions leave. Lengthen the topic's retention; to go on without them {advice}"
        )
    } else if next > high {
        format!(
            "{partition}: {offset} {next} is beyond the end {high}: the topic has been made anew, or lost records. To \
             read on from its first record {advice}"
        )
    } else {
        return None;
    };
    Some(Failure::Fatal(text))
}

/// Refuses a topic that is not there, unless it appears within moments: one that has just been created is not known to
/// every broker at once.
fn exists(consumer: &BaseConsumer<Member>, topic: &str, connection: &Connection) -> Result<(), Failure> {
    let until = Instant::now() + APPEAR_MAX;
    loop {
        match described(consumer, topic) {
            Err(error) if is_unknown(&error) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(error) => {
                let because = cause(consumer);
                let doing = format!("looking for topic {topic} on {}{because}", connection.brokers());
                return Err(failure::reading(&doing, &error));
            }
            Ok(()) => return Ok(()),
        }
    }
}

fn described(consumer: &BaseConsumer<Member>, topic: &str) -> Result<(), KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), offsets::ANSWER_MAX)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    match found.and_then(|found| found.error()) {
        None => Ok(()),
        Some(error) => Err(KafkaError::MetadataFetch(error.into())),
    }
}

fn is_unknown(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(Code::UnknownTopicOrPartition)
}
