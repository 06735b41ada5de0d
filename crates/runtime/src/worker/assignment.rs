use braid_log::{AssignmentChange, Failure, Log, Standing, TopicPartition};

use super::Worker;
use super::starts::Tried;
use crate::metrics::{Partition, StageKind};
use crate::restore::{RestoreFailure, Restored, Restorer};
use crate::stage::Stage;

/// How far a partition of ours has come.
///
/// ```text
///   Arrived ──▶ Restoring ──▶ Restored ──▶ Running ◀──▶ Waiting (older backlogs go first)
///      │            └──▶ Held (its state is a newer release's)   └──▶ Held (its next record is)
///      └── no state ──────────▶ Restored
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Assigned; whether retention has eaten what we had not read is still to be asked.
    Arrived,
    /// Another thread reads its state.
    Restoring,
    /// It can be started.
    Restored,
    /// It gives records.
    Running,
    /// It has run ahead of an older backlog and lets that go first.
    Waiting,
    /// It waits for a newer release, for a schema, or for its source to be mended.
    Held,
}

/// How often a partition is looked at again whose source is broken.
const MENDED_AFTER_MILLIS: i64 = 5_000;

/// How often a partition is looked at whose stage waits for something.
const AWAITED_AFTER_MILLIS: i64 = 1_000;

impl<L: Log, S: Stage, R: Restorer<L::Changelog>> Worker<L, S, R> {
    /// Takes note of what the group has decided. Does no I/O, so that it may happen between any two transactions.
    pub(super) fn reassign(&mut self, changes: Vec<AssignmentChange>) {
        for change in changes {
            match change {
                AssignmentChange::Assigned(partitions) => {
                    self.around.readiness.has_share(&self.name);
                    for partition in partitions {
                        // An assignment of what we believe to own: somebody else may have had it meanwhile.
                        self.let_go(&partition);
                        self.take_over(partition);
                    }
                }
                AssignmentChange::Revoked { partitions, lost } => {
                    tracing::info!(worker = %self.name, ?partitions, lost, "partitions revoked");
                    for partition in &partitions {
                        self.let_go(partition);
                    }
                }
            }
        }
    }

    fn take_over(&mut self, partition: TopicPartition) {
        tracing::info!(worker = %self.name, %partition, "partition assigned");
        self.around.metrics.partitions_assigned.add(&self.stage.kind(), 1.0);
        self.phases.insert(partition, Phase::Arrived);
    }

    /// Drops everything of a partition: its part of the kept batch, its records, its state.
    pub(super) fn let_go(&mut self, partition: &TopicPartition) {
        let Some(phase) = self.phases.remove(partition) else { return };
        self.leave(phase);
        self.around.metrics.partitions_assigned.add(&self.stage.kind(), -1.0);
        let topic = self.around.metrics.topic(&partition.topic);
        let labels = (&self.kind(), &topic, &Partition(partition.partition));
        self.around.metrics.input_lag.remove(labels);
        self.pacing.forget(partition);
        self.kept.remove(partition);
        self.pending.retain(|record| record.topic_partition() != *partition);
        self.restores.cancel(partition);
        self.look_again.remove(partition);
        self.has_started(partition);
        self.stage.release(partition);
        self.around.readiness.clear(partition);
    }

    /// Restores a partition anew: what we hold of it is not what is committed.
    pub(super) fn restore_again(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        self.log.hold(partition)?;
        self.let_go(partition);
        self.take_over(partition.clone());
        Ok(())
    }

    pub(super) fn enter(&mut self, partition: &TopicPartition, phase: Phase) {
        if let Some(before) = self.phases.insert(partition.clone(), phase) {
            self.leave(before);
        }
        match phase {
            Phase::Restoring => self.around.metrics.partitions_restoring.add((), 1.0),
            Phase::Held => self.around.metrics.partitions_held.add(&self.stage.kind(), 1.0),
            _ => {}
        }
    }

    fn leave(&self, phase: Phase) {
        match phase {
            Phase::Restoring => self.around.metrics.partitions_restoring.add((), -1.0),
            Phase::Held => self.around.metrics.partitions_held.add(&self.stage.kind(), -1.0),
            _ => {}
        }
    }

    pub(super) fn hold(&mut self, partition: &TopicPartition, reason: &str) {
        tracing::error!(worker = %self.name, %partition, reason, "partition held");
        self.enter(partition, Phase::Held);
        self.around.readiness.hold(partition, reason);
    }

    /// Brings each partition that does not run yet a step further. What must be tried again is, at the next round: the
    /// healthy ones go on.
    pub(super) fn advance_arrivals(&mut self) -> Result<(), Failure> {
        for ended in self.restores.ended() {
            let seconds = self.log.now_millis().saturating_sub(ended.since_millis) as f64 / 1e3;
            self.restored(&ended.input, ended.outcome, seconds)?;
        }
        for (partition, phase) in self.phases.clone() {
            if self.starts.rests(&partition, self.log.now_millis()) {
                continue;
            }
            let advanced = match phase {
                Phase::Arrived => self.arrive(&partition),
                Phase::Restored => {
                    self.log.start(&partition).map(|()| self.enter(&partition, Phase::Running))
                }
                Phase::Held if self.is_to_be_looked_at(&partition) => self.look_at(&partition),
                Phase::Restoring | Phase::Running | Phase::Waiting | Phase::Held => Ok(()),
            };
            match advanced {
                // A source's trouble is its own; the alerts topic is everybody's.
                Err(Failure::Fatal(why)) if self.kind() == StageKind::Normalise => {
                    self.put_aside(&partition, &why);
                }
                Err(Failure::Retry(why)) => self.try_again(&partition, &why),
                other => {
                    other?;
                    self.has_started(&partition);
                }
            }
        }
        self.restores.begin(&self.log, &mut self.restorer)
    }

    /// Takes note that a start has come to nothing. One that has been tried for long counts as held, and is tried more
    /// seldom: a try can take seconds, which the healthy partitions wait.
    pub(super) fn try_again(&mut self, partition: &TopicPartition, why: &str) {
        let now_millis = self.log.now_millis();
        if let Some(again) = self.look_again.get_mut(partition) {
            *again = now_millis + MENDED_AFTER_MILLIS; // it is held, and told, already
            self.enter(partition, Phase::Held); // whatever had been mended so far
            return;
        }
        tracing::warn!(worker = %self.name, %partition, %why, "starting is tried again");
        match self.starts.fail(partition, now_millis) {
            Tried::Briefly => return,
            Tried::Long => {}
            Tried::TooLong => {
                tracing::error!(worker = %self.name, %partition, why, "partition held");
                self.around.metrics.partitions_held.add(&self.kind(), 1.0);
            }
        }
        self.around.readiness.hold(partition, &format!("it has been tried in vain to start it: {why}"));
    }

    /// Takes note that a start need not be tried again.
    pub(super) fn has_started(&mut self, partition: &TopicPartition) {
        if self.starts.forget(partition) {
            tracing::info!(worker = %self.name, %partition, "the partition goes on");
            self.around.metrics.partitions_held.add(&self.kind(), -1.0);
            self.around.readiness.release(partition);
        }
    }

    /// Lets the others go on without it, and looks again now and then.
    pub(super) fn put_aside(&mut self, partition: &TopicPartition, why: &str) {
        self.has_started(partition);
        let again = self.log.now_millis() + MENDED_AFTER_MILLIS;
        if self.look_again.insert(partition.clone(), again).is_none() {
            self.hold(partition, why);
        } else {
            self.around.readiness.hold(partition, why);
        }
    }

    fn is_to_be_looked_at(&self, partition: &TopicPartition) -> bool {
        self.look_again.get(partition).is_some_and(|again| *again <= self.log.now_millis())
    }

    /// Of what its stage has held back, what may go on by itself.
    pub(super) fn look_again_where_it_may_help(&mut self, partition: &TopicPartition) {
        if self.stage.awaits(partition).is_some() {
            self.look_again.insert(partition.clone(), self.log.now_millis() + AWAITED_AFTER_MILLIS);
        }
    }

    fn look_at(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        let Some(why) = self.stage.awaits(partition) else { return self.arrive(partition) };
        self.around.readiness.hold(partition, &why);
        self.look_again_where_it_may_help(partition);
        Ok(())
    }

    fn arrive(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        let standing = self.log.standing(partition)?;
        if self.kind() == StageKind::Correlate && standing.lacks_a_mark() {
            tracing::warn!(worker = %self.name, %partition, offset = standing.low - 1, "retention has deleted one offset that was not read, the mark of a transaction: read on behind it");
        } else if standing.eaten() > 0 {
            return Err(Failure::Fatal(eaten(partition, &standing, self.kind())));
        }
        let Some(plan) = self.stage.restore_plan(partition) else {
            self.enter(partition, Phase::Restored);
            self.log.start(partition)?;
            self.enter(partition, Phase::Running);
            if self.look_again.remove(partition).is_some() {
                tracing::info!(worker = %self.name, %partition, "the partition goes on");
                self.around.readiness.clear(partition);
            }
            return Ok(());
        };
        self.restores.want(partition, standing.low, plan, self.log.now_millis());
        self.around.readiness.restore_begins(partition);
        self.enter(partition, Phase::Restoring);
        Ok(())
    }

    fn restored(
        &mut self,
        partition: &TopicPartition,
        outcome: Result<Restored, RestoreFailure>,
        seconds: f64,
    ) -> Result<(), Failure> {
        if self.phases.get(partition) != Some(&Phase::Restoring) {
            return Ok(());
        }
        match outcome {
            Ok(restored) => {
                tracing::info!(worker = %self.name, %partition, seconds, next = restored.next.unwrap_or_default(), "partition restored");
                self.around.metrics.restore.observe((), seconds);
                self.stage.adopt(partition, restored);
                self.around.readiness.clear(partition);
                self.enter(partition, Phase::Restored);
            }
            Err(RestoreFailure::Hold(reason)) => self.hold(partition, &reason),
            Err(RestoreFailure::Fatal(reason)) => return Err(Failure::Fatal(reason.into())),
            Err(RestoreFailure::Cancelled) => {}
        }
        Ok(())
    }

    /// Only a running partition may go through the stage. A log that hands out anything else is wrong, and then doing
    /// without the record is right: it is read again when the partition starts.
    pub(super) fn discard_unowned(&mut self) {
        let phases = &self.phases;
        self.pending.retain(|record| phases.get(&record.topic_partition()) == Some(&Phase::Running));
    }

    pub(super) fn kind(&self) -> StageKind {
        self.stage.kind()
    }
}

/// What to say of a backlog that retention has eaten. Kafka moves the offset of a group only while it has no member.
fn eaten(partition: &TopicPartition, standing: &Standing, stage: StageKind) -> String {
    format!(
        "{partition}: retention has deleted offsets {} to {}, which were not read yet: records, or what transactions \
         leave. What was said there is lost; to go on without it stop all instances, run `kafka-consumer-groups.sh \
         --bootstrap-server … --group <kafka.group_prefix>-{stage} --topic {}:{} --reset-offsets --to-earliest \
         --execute`, and start them",
        standing.committed.unwrap_or_default(),
        standing.low - 1,
        partition.topic,
        partition.partition
    )
}
