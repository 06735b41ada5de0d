//! What a worker needs from a log, and nothing more: poll a batch, hear of assignment changes, write one transaction.
//!
//! `braid-kafka` implements [`Log`] for Apache Kafka, `braid-sim` for a modelled broker, and the worker loop of
//! `braid-runtime` is written against it; so the loop that runs in production is the very one that the tests drive
//! through faults. The trait has a crate of its own so that the model does not link librdkafka and the client does not
//! see the loop. It speaks of bytes: what a record means is none of its business.
//!
//! Start with [`Log`].

mod failure;
mod record;
mod table;

use std::ops::ControlFlow;
use std::time::Duration;

pub use failure::Failure;
pub use record::{Header, Outgoing, Record, TopicPartition};
pub use table::{Table, TableStanding};

/// A consumer in a group and a transactional producer, owned by one thread.
///
/// The order of calls, which an implementation may rely on:
///
/// ```text
///            ┌──────────────────────────── batch is empty ───────────────────────────┐
///            ▼                                                                       │
///          poll ──▶ (assignment changes: start | drop) ──▶ begin ──▶ send… ──▶ send_offsets ──▶ commit ──▶ poll
///                                                            ▲                       │
///                                                            ├── attend ◀── abort ◀── Failure::Abort
///                                                            └── attend ◀── replace_producer ◀── Failure::Indefinite
/// ```
///
/// No transaction is open across `poll` and `attend`.
pub trait Log {
    /// Reads one partition of a changelog on a thread of its own.
    type Changelog: Changelog + Send + 'static;

    /// The wall clock, in milliseconds since 1970 in UTC. A worker reads no other.
    fn now_millis(&self) -> i64;

    /// Appends records to `batch` until a limit is reached or nothing more is there, and says how the assignment
    /// changed meanwhile. Waits up to `limits.wait` for the first record, never for further ones.
    ///
    /// A partition newly assigned gives no record before [`Log::start`]. Records of a partition that is revoked by
    /// this call are not in the batch.
    ///
    /// # Errors
    /// [`Failure::Retry`] for what passes (a broker is away), [`Failure::Fatal`] for what does not: a committed offset
    /// that retention has overtaken, missing rights, an unknown topic.
    fn poll(
        &mut self,
        limits: &PollLimits,
        batch: &mut Vec<Record>,
    ) -> Result<Vec<AssignmentChange>, Failure>;

    /// Hears how the assignment changed without reading anything: what a worker asks between an abort and sending
    /// again, to know what it still owns, and while it backs off. Takes up to `wait`; a record that the client hands
    /// out meanwhile is kept for the next poll. Not to be called while a transaction is open.
    ///
    /// # Errors
    /// As [`Log::poll`].
    fn attend(&mut self, wait: Duration) -> Result<Vec<AssignmentChange>, Failure>;

    /// Does nothing for a while, between two tries of the same call of an open transaction. Virtual in a model.
    fn rest(&mut self, pause: Duration) {
        std::thread::sleep(pause);
    }

    /// Where a newly assigned partition stands.
    ///
    /// # Errors
    /// As [`Log::poll`].
    fn standing(&mut self, partition: &TopicPartition) -> Result<Standing, Failure>;

    /// Lets a newly assigned or held partition give records from its stable committed offset on (the first record, if
    /// none is committed), whatever was fetched before.
    ///
    /// # Errors
    /// As [`Log::poll`].
    fn start(&mut self, partition: &TopicPartition) -> Result<(), Failure>;

    /// Stops a partition from giving records until [`Log::start`]: its state is held back.
    ///
    /// # Errors
    /// As [`Log::poll`].
    fn hold(&mut self, partition: &TopicPartition) -> Result<(), Failure>;

    /// Whether everything that was in the partition when last heard of has been polled.
    fn at_end(&self, partition: &TopicPartition) -> bool;

    /// A reader of the changelog partition that belongs to `input`; opens its own connection, for another thread.
    ///
    /// # Errors
    /// As [`Log::poll`].
    fn changelog(
        &self,
        changelog: &TopicPartition,
        input: &TopicPartition,
    ) -> Result<Self::Changelog, Failure>;

    /// Begins a transaction.
    ///
    /// # Errors
    /// See [`Failure`]; so for all below.
    fn begin(&mut self) -> Result<(), Failure>;

    /// Sends a record within the transaction.
    ///
    /// # Errors
    /// [`Failure::Retry`] when the queue is full even after waiting.
    fn send(&mut self, record: &Outgoing) -> Result<(), Failure>;

    /// Adds the consumed offsets to the transaction: for each partition the offset to read next, which is the last one
    /// plus one.
    ///
    /// # Errors
    /// See [`Failure`].
    fn send_offsets(&mut self, next: &[(TopicPartition, i64)]) -> Result<(), Failure>;

    /// Commits. Returns when the broker has acknowledged it.
    ///
    /// # Errors
    /// See [`Failure`].
    fn commit(&mut self) -> Result<(), Failure>;

    /// Aborts.
    ///
    /// # Errors
    /// See [`Failure`].
    fn abort(&mut self) -> Result<(), Failure>;

    /// Drops the producer and makes a new one of the same transactional id, which fences the old one and settles its
    /// transaction.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if that does not succeed within a generous time.
    fn replace_producer(&mut self) -> Result<(), Failure>;

    /// Aborts what is open, for it would hold readers back, and leaves the group, so that the partitions move without waiting for a session to expire.
    fn close(self);
}

/// One partition of a changelog, and what restore must know of the input that it belongs to.
pub trait Changelog {
    /// The stable committed offset of the input partition: what an open transaction may still change is waited for.
    /// To be asked before [`Changelog::read`].
    ///
    /// # Errors
    /// [`Failure::Retry`] or [`Failure::Fatal`].
    fn committed(&mut self) -> Result<Option<i64>, Failure>;

    /// Gives every committed record, oldest first, up to the high watermark that an uncommitted reader is told when it
    /// begins (a committed one is told the last stable offset and would stop short, KAFKA-10167). Ends early when
    /// `each` breaks: the partition was taken away, or what was read cannot be used.
    ///
    /// # Errors
    /// [`Failure::Retry`] (then read from the start again) or [`Failure::Fatal`].
    fn read(&mut self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), Failure>;

    /// Does nothing for a while, between two tries. Virtual in a model.
    fn rest(&mut self, pause: Duration) {
        std::thread::sleep(pause);
    }
}

/// Bounds of one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollLimits {
    /// How long to wait for the first record.
    pub wait: Duration,
    /// How long to go on gathering once there is one. An upper bound, never a wait: gathering ends when nothing more
    /// is there.
    pub gather: Duration,
    /// How many records at most.
    pub records_max: usize,
    /// How many bytes of keys, values and headers at most; a single record may exceed it.
    pub bytes_max: usize,
}

/// What a rebalance did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentChange {
    /// These are ours now, and silent until started.
    Assigned(Vec<TopicPartition>),
    /// These are no longer ours; `lost` if another may already own them, so that nothing more can be committed.
    Revoked {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// Taken by a time-out rather than asked back.
        lost: bool,
    },
}

/// Where a partition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The group's stable committed offset: the one to read next.
    pub committed: Option<i64>,
    /// The first offset that is still there.
    pub low: i64,
    /// The offset that the next record will get.
    pub high: i64,
}

impl Standing {
    /// How many offsets that the group had not yet read retention has eaten.
    pub const fn eaten(&self) -> i64 {
        match self.committed {
            Some(committed) if committed < self.low => self.low - committed,
            _ => 0,
        }
    }

    /// Whether retention has eaten one offset only. In a topic that only transactions write it is no record, but for a rare
    /// case: Kafka keeps the end of each of them as a mark that counts as an offset and is given to nobody (KIP-98), so
    /// whoever has read all stands before one. The rare case is a place within a transaction, behind whose next record
    /// retention has stopped.
    pub const fn lacks_a_mark(&self) -> bool {
        self.eaten() == 1
    }
}
