//! What a worker does with the records that it polls: the two stages.

mod awaiting;
mod correlate;
mod dead_letter;
mod normalise;
mod oldest_first;

use std::collections::VecDeque;

use braid_log::{Failure, Record, TopicPartition};

pub use correlate::{Correlate, CorrelateNews};
pub use normalise::{Normalise, NormaliseNews};

use crate::Batch;
use crate::metrics::StageKind;
use crate::restore::{RestorePlan, Restored};

/// The part of a worker that knows what records mean. It does no I/O: the worker reads for it and writes what it says.
pub trait Stage {
    /// What is told once a part is committed: counts, and what the hot index shows.
    type News: Default;

    /// Which one it is.
    fn kind(&self) -> StageKind;

    /// Whether the oldest of several backlogs is to go first, by the records' own time.
    fn prefers_oldest(&self) -> bool;

    /// How the state of an input partition is restored; `None` if there is no state.
    fn restore_plan(&self, input: &TopicPartition) -> Option<RestorePlan>;

    /// Takes over a partition with the state that was restored for it.
    fn adopt(&mut self, input: &TopicPartition, restored: Restored);

    /// What a partition that was held still waits for, where that may come by itself: it is asked again and again, and goes
    /// on when it waits for nothing.
    fn awaits(&self, _: &TopicPartition) -> Option<Box<str>> {
        None
    }

    /// Drops the state of a partition that is no longer ours, or must be restored again.
    fn release(&mut self, input: &TopicPartition);

    /// Takes records from the front until none is left or the output is large enough for one transaction. Records of a
    /// partition that is held on the way are dropped: they are read again when it goes on.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if what must be written can never be written.
    fn process(
        &mut self,
        records: &mut VecDeque<Record>,
        now_millis: i64,
    ) -> Result<Batch<Self::News>, Failure>;

    /// What is due because time passes, for partitions that are caught up.
    fn tick(&mut self, at_end: &dyn Fn(&TopicPartition) -> bool, now_millis: i64) -> Batch<Self::News>;

    /// A part has been committed.
    fn publish(&mut self, input: &TopicPartition, news: Self::News, now_millis: i64);
}
