use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braid_alert::Incident;
use braid_engine::Partition;
use braid_log::{Changelog, Failure, Record, TopicPartition};
use braid_wire::RefusalReason;
use braid_wire::changelog::Progress;
use crossbeam_channel::Sender;

use super::STATE_FORMAT;
use super::gathered::Gathered;
use crate::backoff::Backoff;
use crate::hot_index::EntityFacts;

/// What restore must know of a partition.
#[derive(Debug, Clone)]
pub struct RestorePlan {
    /// The changelog partition that holds its state.
    pub changelog: TopicPartition,
    /// How many partitions the alerts topic is configured to have.
    pub partitions: i32,
    /// With which settings the engine goes on.
    pub correlation: braid_engine::Settings,
}

/// A partition's state as it was when it was last committed.
#[derive(Debug)]
pub struct Restored {
    /// The state.
    pub partition: Partition,
    /// The offset to read next; `None` if nothing was ever committed.
    pub next: Option<i64>,
    /// Every incident in it, for the hot index: made here, because a worker that made a hundred thousand would keep its
    /// other partitions waiting.
    pub incidents: Vec<Incident>,
    /// Every entity in it, for the same.
    pub entities: Vec<EntityFacts>,
}

/// Why a partition has no state to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RestoreFailure {
    /// A newer release wrote it: the partition waits for one that can read it.
    Hold(Box<str>),
    /// A person must look.
    Fatal(Box<str>),
    /// The partition was taken away meanwhile.
    Cancelled,
}

/// Who waits for the answer of a job. Dropped without one (the thread panicked), it says so, lest the partition waits
/// for ever.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) answers: Sender<Answer>,
    pub(super) ticket: u64,
    pub(super) given: bool,
}

/// What a job came to.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) ticket: u64,
    pub(super) outcome: Result<Restored, RestoreFailure>,
}

impl Reply {
    fn give(&mut self, outcome: Result<Restored, RestoreFailure>) {
        self.given = true;
        // The worker is gone if nobody takes it; then nobody needs it.
        let _ = self.answers.send(Answer { ticket: self.ticket, outcome });
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.given {
            self.give(Err(RestoreFailure::Fatal(
                "the restoring thread has panicked; its message says why".into(),
            )));
        }
    }
}

/// The restoring of one partition, to be run on a thread of its own.
#[derive(Debug)]
pub struct RestoreJob<C> {
    pub(super) changelog: C,
    pub(super) input: TopicPartition,
    /// The first offset of the input that is still there.
    pub(super) low: i64,
    pub(super) plan: RestorePlan,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) reply: Reply,
}

impl<C: Changelog> RestoreJob<C> {
    /// Restores, however many tries it takes, unless the partition is taken away meanwhile.
    pub fn run(mut self) {
        let mut backoff = Backoff::default();
        while !self.attempt() {
            self.changelog.rest(backoff.pause());
        }
    }

    /// Tries once. False if it must be tried again after a pause.
    pub fn attempt(&mut self) -> bool {
        let outcome = match self.restore() {
            _ if self.cancelled.load(Ordering::Acquire) => Err(RestoreFailure::Cancelled),
            Err(Attempt::Again(why)) => {
                tracing::warn!(partition = %self.input, %why, "restoring is tried again");
                return false;
            }
            Err(Attempt::Failed(failure)) => Err(failure),
            Ok(restored) => Ok(restored),
        };
        self.reply.give(outcome);
        true
    }

    fn restore(&mut self) -> Result<Restored, Attempt> {
        let committed = self.changelog.committed()?;
        let gathered = self.gather()?;
        self.agree(committed, &gathered)?;
        let partition = Partition::restore(self.plan.correlation.clone(), gathered.into_changes());
        let ids = partition.incident_ids();
        let incidents = ids.iter().filter_map(|(tenant, id)| partition.incident(tenant, *id)).collect();
        let facts = |record| {
            let is_hub = partition.is_hub(&record);
            EntityFacts::of(record, is_hub)
        };
        let entities = partition.entities().map(facts).collect();
        Ok(Restored { partition, next: committed, incidents, entities })
    }

    fn gather(&mut self) -> Result<Gathered, Attempt> {
        let (mut gathered, mut refused) = (Gathered::default(), None);
        let cancelled = self.cancelled.clone();
        self.changelog.read(&mut |record: Record| {
            let offset = record.offset;
            match gathered.take(record) {
                _ if cancelled.load(Ordering::Acquire) => ControlFlow::Break(()),
                Ok(()) => ControlFlow::Continue(()),
                Err(refusal) => {
                    refused = Some((offset, refusal));
                    ControlFlow::Break(())
                }
            }
        })?;
        let Some((offset, refusal)) = refused else { return Ok(gathered) };
        let changelog = &self.plan.changelog;
        let text = format!("offset {offset} of the changelog {changelog} cannot be read: {refusal}");
        Err(Attempt::Failed(match refusal.reason {
            RefusalReason::UnknownSchema => RestoreFailure::Hold(text.into()),
            _ => RestoreFailure::Fatal(format!("{text}; {}", self.rebuild()).into()),
        }))
    }

    /// Whether the changelog is the state at the committed offset.
    fn agree(&self, committed: Option<i64>, gathered: &Gathered) -> Result<(), Attempt> {
        let (input, changelog) = (&self.input, &self.plan.changelog);
        let refuse = |text: String| Err(Attempt::Failed(RestoreFailure::Fatal(text.into())));
        match (committed, &gathered.progress) {
            (None, None) if gathered.is_empty() => Ok(()),
            // An operator has emptied the changelog and put the group to the beginning: all is to be read again.
            (Some(committed), None) if gathered.is_empty() && committed <= self.low => Ok(()),
            (Some(committed), Some(progress)) if committed == progress.offset => self.readable(progress),
            // An operator has put the group behind what retention had deleted: nothing is there to be read before it.
            (Some(committed), Some(progress)) if committed == self.low && progress.offset < committed => {
                tracing::warn!(%input, from = progress.offset, to = committed, "gone on without what retention has deleted");
                self.readable(progress)
            }
            (Some(committed), Some(progress)) => refuse(format!(
                "{input}: the group's committed offset is {committed}, and the changelog {changelog} holds the state at \
                 {}. If somebody has moved the offset, put it back; {}",
                progress.offset,
                self.rebuild()
            )),
            (Some(committed), None) => refuse(format!(
                "{input}: the group's committed offset is {committed}, but the changelog {changelog} does not say to \
                 which offset it belongs: it was emptied or never written. {}",
                self.rebuild()
            )),
            (None, Some(progress)) => refuse(format!(
                "{input}: the changelog {changelog} holds the state at offset {0}, but the group has no committed \
                 offset: it may have expired (offsets.retention.minutes), or the group was renamed. Set the group's \
                 offset to {0} to go on",
                progress.offset
            )),
            (None, None) => refuse(format!(
                "{input}: the changelog {changelog} holds state without saying at which offset, and the group has no \
                 committed offset. {}",
                self.rebuild()
            )),
        }
    }

    fn readable(&self, progress: &Progress) -> Result<(), Attempt> {
        let (input, plan) = (&self.input, &self.plan);
        if progress.format > STATE_FORMAT {
            let text = format!(
                "{input}: its state is of format {}, and this release reads up to {STATE_FORMAT}",
                progress.format
            );
            return Err(Attempt::Failed(RestoreFailure::Hold(text.into())));
        }
        if progress.partitions != plan.partitions {
            let text = format!(
                "{input}: its state was written when the alerts topic had {} partitions, and it is configured to have \
                 {}. A tenant's partition follows from that number, so it is fixed for the life of the topic: set it \
                 back",
                progress.partitions, plan.partitions
            );
            return Err(Attempt::Failed(RestoreFailure::Fatal(text.into())));
        }
        Ok(())
    }

    fn rebuild(&self) -> String {
        format!(
            "to rebuild the state from the alerts topic, stop all instances, empty {} and set the group's \
             offset of {} to the earliest",
            self.plan.changelog, self.input
        )
    }
}

/// How an attempt failed.
enum Attempt {
    Again(String),
    Failed(RestoreFailure),
}

impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Retry(why) => Self::Again(why),
            other => Self::Failed(RestoreFailure::Fatal(other.to_string().into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;

    /// A changelog that is empty, and notes what it is asked.
    #[derive(Default)]
    struct Asked(Vec<&'static str>);

    impl Changelog for Asked {
        fn committed(&mut self) -> Result<Option<i64>, Failure> {
            self.0.push("committed");
            Ok(None)
        }

        fn read(&mut self, _: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), Failure> {
            self.0.push("read");
            Ok(())
        }
    }

    fn job(answers: Sender<Answer>) -> RestoreJob<Asked> {
        RestoreJob {
            changelog: Asked::default(),
            input: TopicPartition::new("alerts", 0),
            low: 0,
            plan: RestorePlan {
                changelog: TopicPartition::new("changelog", 0),
                partitions: 1,
                correlation: braid_engine::Settings::default(),
            },
            cancelled: Arc::default(),
            reply: Reply { answers, ticket: 7, given: false },
        }
    }

    #[test]
    fn the_committed_offset_is_asked_for_before_the_changelog_is_read() {
        let (sender, answers) = bounded(1);
        let mut job = job(sender);
        assert!(job.attempt());
        assert_eq!(job.changelog.0, ["committed", "read"]);
        let answer = answers.try_recv().expect("it has answered");
        assert_eq!((answer.ticket, answer.outcome.map(|restored| restored.next)), (7, Ok(None)));
    }

    #[test]
    fn a_job_that_dies_answers_all_the_same() {
        let (sender, answers) = bounded(1);
        drop(job(sender));
        let answer = answers.try_recv().expect("it has answered");
        assert!(matches!(answer.outcome, Err(RestoreFailure::Fatal(_))));
    }
}
