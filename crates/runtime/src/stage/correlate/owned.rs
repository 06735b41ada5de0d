use std::collections::BTreeSet;

use braid_alert::{Incident, IncidentChange, IncidentId, SourceTime, Tenant};
use braid_engine::Partition;
use braid_log::{Failure, Record};

use crate::hot_index::Projection;
use crate::restore::Restored;

/// What a snapshot costs for each alert of its incident, about.
const SNAPSHOT_ALERT_BYTES: usize = 1_024;

/// After how long without effect a tick is written again. One is lost only where nobody could say whether its
/// transaction was committed, and one too many does no harm: it moves no clock.
const TICK_AGAIN_MILLIS: i64 = 10_000;

/// A partition that this worker owns.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) state: Partition,
    /// The offset to read next; `None` until the first record of a fresh start.
    pub(super) next: Option<i64>,
    pub(super) projection: Projection,
    /// The incidents that changed since the last commit.
    touched: BTreeSet<(Tenant, IncidentId)>,
    ticked: Option<Ticked>,
}

#[derive(Debug)]
struct Ticked {
    deadline: (Tenant, SourceTime),
    at_millis: i64,
}

/// A move of a tenant's clock, to be written.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) tenant: Tenant,
    pub(super) at: SourceTime,
}

impl Owned {
    pub(super) fn new(restored: Restored, projection: Projection) -> Self {
        let Restored { partition, next, .. } = restored;
        Self { state: partition, next, projection, touched: BTreeSet::new(), ticked: None }
    }

    /// State that took a record twice would be wrong without anybody seeing it, so an offset that goes back stops the
    /// worker: restored from the changelog it is right again.
    pub(super) fn expects(&self, record: &Record) -> Result<(), Failure> {
        match self.next {
            Some(next) if record.offset < next => Err(Failure::Fatal(format!(
                "{} gives offset {} again, after {} has been read",
                record.topic_partition(),
                record.offset,
                next - 1
            ))),
            _ => Ok(()),
        }
    }

    pub(super) const fn read(&mut self, record: &Record) {
        self.next = Some(record.offset + 1);
    }

    /// Notes that an incident changed. Returns how many bytes its snapshot will take, about; 0 if that is known
    /// already.
    pub(super) fn touch(&mut self, change: &IncidentChange) -> usize {
        let new = self.touched.insert((change.tenant.clone(), change.incident));
        if new { usize::try_from(change.alerts).unwrap_or(0) * SNAPSHOT_ALERT_BYTES } else { 0 }
    }

    /// The whole records of the incidents that changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> Vec<Incident> {
        let touched = std::mem::take(&mut self.touched);
        let whole = |(tenant, id): (Tenant, IncidentId)| self.state.incident(&tenant, id);
        touched.into_iter().filter_map(whole).collect()
    }

    /// The tick that is due by the wall clock, once for each deadline. The partition is caught up, so what the log
    /// could say of this time has been read.
    pub(super) fn due(&mut self, now_millis: i64) -> Option<Tick> {
        let deadline = self.state.next_deadline()?;
        let at = SourceTime::from_millis(now_millis);
        let again = self.ticked.as_ref().is_some_and(|ticked| {
            ticked.deadline == deadline && now_millis.saturating_sub(ticked.at_millis) < TICK_AGAIN_MILLIS
        });
        if deadline.1 > at || again {
            return None;
        }
        let tick = Tick { tenant: deadline.0.clone(), at };
        self.ticked = Some(Ticked { deadline, at_millis: now_millis });
        Some(tick)
    }
}
