use std::time::Duration;

use crate::{Failure, Record};

/// All partitions of a topic, read from their first record on and followed: what a process has whole, without being a
/// member of any group.
pub trait Table {
    /// Gives what has come since, each partition's records in their order, and with each in which reading it came, from 1 on;
    /// waits up to `wait` for the first.
    ///
    /// # Errors
    /// [`Failure::Retry`] for what passes; what was read stays read. [`Failure::Fatal`] for what does not.
    fn poll(&mut self, wait: Duration, each: &mut dyn FnMut(u32, Record)) -> Result<TableStanding, Failure>;

    /// Begins another reading: everything is given again.
    ///
    /// # Errors
    /// As [`Table::poll`].
    fn begin_anew(&mut self) -> Result<(), Failure>;
}

/// How far a table has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableStanding {
    /// How often reading has begun anew, because what came next was no longer there, or because it was asked for: what has not
    /// been given since then holds no longer. 1 at first.
    pub readings: u32,
    /// Whether everything that was there when reading (last) began has been given.
    pub is_whole: bool,
}
