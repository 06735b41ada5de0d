use std::collections::BTreeMap;

use braid_log::{Failure, Log, Record, TopicPartition};

use super::Worker;
use super::assignment::Phase;
use crate::metrics::StageKind;
use crate::restore::Restorer;
use crate::stage::Stage;

/// How far a backlog may run ahead of an older one, by the records' own time, before it has to wait.
const AHEAD_MAX_MILLIS: i64 = 10 * 60_000;

/// How near it must be again to go on. The distance between the two bounds how often a partition is stopped and
/// started, which costs a few round trips.
const NEAR_MILLIS: i64 = AHEAD_MAX_MILLIS / 2;

/// How far each backlog has come, by the time of the last record of each partition.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    last_millis: BTreeMap<TopicPartition, i64>,
}

impl Pacing {
    /// Takes note of what was polled.
    pub(super) fn note<'a>(&mut self, records: impl IntoIterator<Item = &'a Record>) {
        for record in records {
            self.last_millis.insert(record.topic_partition(), record.timestamp_millis);
        }
    }

    pub(super) fn forget(&mut self, partition: &TopicPartition) {
        self.last_millis.remove(partition);
    }
}

impl<L: Log, S: Stage, R: Restorer<L::Changelog>> Worker<L, S, R> {
    /// Lets the oldest of several backlogs go first. One that is at its end holds no other back, and neither does one
    /// that gives nothing at the moment (`found` is false): it may be long before its broker is back.
    pub(super) fn pace(&mut self, found: bool) -> Result<(), Failure> {
        if !self.stage.prefers_oldest() || self.pacing.last_millis.len() < 2 {
            return Ok(());
        }
        let oldest = if found { self.oldest_backlog() } else { None };
        for (partition, last) in self.pacing.last_millis.clone() {
            let ahead = oldest.map_or(0, |oldest| last.saturating_sub(oldest));
            match self.phases.get(&partition) {
                Some(Phase::Running) if ahead > AHEAD_MAX_MILLIS && !self.log.at_end(&partition) => {
                    self.log.hold(&partition)?;
                    self.enter(&partition, Phase::Waiting);
                }
                Some(Phase::Waiting) if ahead <= NEAR_MILLIS => self.go_on(&partition)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn go_on(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        if self.starts.rests(partition, self.log.now_millis()) {
            return Ok(());
        }
        match self.log.start(partition) {
            Ok(()) => {
                self.enter(partition, Phase::Running);
                self.has_started(partition);
            }
            Err(Failure::Retry(why)) => self.try_again(partition, &why),
            // Retention has come before its turn: as where it is started for the first time.
            Err(Failure::Fatal(why)) if self.kind() == StageKind::Normalise => {
                self.put_aside(partition, &why)
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// How far the oldest of the backlogs that run has come; `None` if none of them is behind.
    fn oldest_backlog(&self) -> Option<i64> {
        let behind = self.pacing.last_millis.iter().filter(|(partition, _)| {
            self.phases.get(*partition) == Some(&Phase::Running) && !self.log.at_end(partition)
        });
        behind.map(|(_, last)| *last).min()
    }
}
