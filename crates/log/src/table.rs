use std::time::Duration;

use crate::{Failure, Record};

/// All partitions of a topic, read from their first record on and followed: what a process has whole, without being a
/// member of any group.
pub trait Table {
    /// Gives what has come since, each partition's records in their order; waits up to `wait` for the first.
    ///
    /// # Errors
    /// [`Failure::Retry`] for what passes; what was read stays read. [`Failure::Fatal`] for what does not.
    fn poll(&mut self, wait: Duration, each: &mut dyn FnMut(Record)) -> Result<TableStanding, Failure>;
}

/// How far a table has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableStanding {
    /// How often reading has begun anew, because what came next was no longer there: what has not been given since then
    /// holds no longer.
    pub readings: u32,
    /// Whether everything that was there when reading (last) began has been given.
    pub is_whole: bool,
}
