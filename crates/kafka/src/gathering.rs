use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use braid_log::{PollLimits, Record};

/// One poll's bounds, and how much of them is used.
pub(crate) struct Gathering<'a> {
    limits: &'a PollLimits,
    until: Instant,
    pub(crate) records: usize,
    bytes: usize,
}

impl<'a> Gathering<'a> {
    pub(crate) fn new(limits: &'a PollLimits) -> Self {
        Self { limits, until: Instant::now() + limits.wait, records: 0, bytes: 0 }
    }

    /// How long the next poll may wait: only for the first record.
    pub(crate) fn wait(&self) -> Duration {
        if self.records == 0 { self.until.saturating_duration_since(Instant::now()) } else { Duration::ZERO }
    }

    pub(crate) fn take(&mut self, record: Option<Record>, batch: &mut Vec<Record>) -> ControlFlow<()> {
        if let Some(record) = record {
            if self.records == 0 {
                self.until = Instant::now() + self.limits.gather;
            }
            self.records += 1;
            self.bytes += record.bytes();
            batch.push(record);
        }
        if self.is_full() || Instant::now() >= self.until {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.records >= self.limits.records_max || self.bytes >= self.limits.bytes_max
    }

    pub(crate) fn nothing(&self) -> ControlFlow<()> {
        let waiting = self.records == 0 && Instant::now() < self.until;
        if waiting { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
