//! The loop of one worker: one thread, one consumer, one transactional producer, and the partitions assigned to them.
//!
//! ```text
//!   arrivals and restores go on ──▶ poll ──▶ stage ──▶ one transaction ──▶ publish ──▶ again
//!                                     │                  ▲       │
//!                                     └── nothing: ticks ┘       └── Abort, Indefinite: what is still owned, again
//! ```
//!
//! Nothing leaves before what justifies it is committed, and no transaction is open while the group is attended to, so
//! a partition that is taken away leaves nothing to settle: its part of the kept batch and its state are dropped.

mod assignment;
mod delivery;
mod pacing;
mod starts;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use braid_log::{Failure, Log, Record, TopicPartition};

use crate::backoff::Backoff;
use crate::indicators::Indicators;
use crate::metrics::{self, Metrics};
use crate::restore::{Restorer, Restores, Threads};
use crate::settings::BatchLimits;
use crate::stage::Stage;
use crate::{Batch, Integrations, Readiness, SourceHealth, Stop};

use assignment::Phase;
use pacing::Pacing;
use starts::Starts;

/// After how many failures in a row `/readyz` tells of them.
const FAILURES_TOLD: u32 = 4;

/// What a worker shares with the rest of the process.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The wish to stop.
    pub stop: Stop,
    /// What `/readyz` answers.
    pub readiness: Arc<Readiness>,
    /// What `/metrics` answers.
    pub metrics: Arc<Metrics>,
    /// What the products behind the sources say of themselves.
    pub source_health: Arc<SourceHealth>,
    /// How the integrations are.
    pub integrations: Arc<Integrations>,
    /// What threat intelligence knows.
    pub indicators: Arc<Indicators>,
}

/// One worker. [`Worker::run`] is its life; a test may take it step by step.
#[derive(Debug)]
pub struct Worker<L: Log, S: Stage, R = Threads> {
    name: Box<str>,
    log: L,
    stage: S,
    restorer: R,
    limits: BatchLimits,
    around: Surroundings,
    restores: Restores,
    /// The partitions that are ours, and how far each has come.
    phases: BTreeMap<TopicPartition, Phase>,
    /// What was polled and has not gone through the stage.
    pending: VecDeque<Record>,
    /// What has gone through the stage and is not committed.
    kept: Batch<S::News>,
    backoff: Backoff,
    pacing: Pacing,
    /// When a partition that is held for its source's trouble is looked at again.
    look_again: BTreeMap<TopicPartition, i64>,
    starts: Starts,
}

impl<L: Log, S: Stage, R: Restorer<L::Changelog>> Worker<L, S, R> {
    /// A worker that has not yet polled. Its name stands in logs and in what `/readyz` answers; `restores_max` is how
    /// many partitions it restores at a time.
    pub fn new(
        name: &str,
        (log, stage, restorer): (L, S, R),
        limits: BatchLimits,
        restores_max: usize,
        around: Surroundings,
    ) -> Self {
        Self {
            name: name.into(),
            log,
            stage,
            restorer,
            limits,
            around,
            restores: Restores::new(restores_max),
            phases: BTreeMap::new(),
            pending: VecDeque::new(),
            kept: Batch::default(),
            backoff: Backoff::default(),
            pacing: Pacing::default(),
            look_again: BTreeMap::new(),
            starts: Starts::default(),
        }
    }

    /// Works until somebody asks to stop, then finishes the transaction at hand and leaves the group.
    ///
    /// # Errors
    /// [`Failure::Fenced`] and [`Failure::Fatal`], which end the worker; it has left the group then, too.
    pub fn run(mut self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        while outcome.is_ok() && !self.around.stop.requested() {
            outcome = self.step();
        }
        self.close();
        outcome
    }

    /// Goes once through the loop.
    ///
    /// # Errors
    /// As [`Worker::run`].
    pub fn step(&mut self) -> Result<(), Failure> {
        self.advance_arrivals()?;
        let mut records = Vec::new();
        match self.log.poll(&self.limits.poll(), &mut records) {
            Ok(changes) => {
                self.calm();
                self.reassign(changes);
            }
            Err(Failure::Retry(why)) => self.linger(&why)?,
            Err(failure) => return Err(failure),
        }
        self.pending.append(&mut records.into());
        self.discard_unowned();
        if self.pending.is_empty() {
            self.pace(false)?;
            return self.tick();
        }
        self.pacing.note(&self.pending);
        while !self.pending.is_empty() && !self.around.stop.requested() {
            self.kept = self.stage.process(&mut self.pending, self.log.now_millis())?;
            self.hold_where_told()?;
            self.deliver()?;
        }
        self.pace(true)
    }

    /// Leaves the group, so that the partitions move at once.
    pub fn close(mut self) {
        for partition in self.phases.keys().cloned().collect::<Vec<_>>() {
            self.let_go(&partition);
        }
        self.around.readiness.calm(&self.name);
        self.log.close();
    }

    /// What it works with, for tests.
    pub const fn stage(&self) -> &S {
        &self.stage
    }

    /// Something succeeded.
    fn calm(&mut self) {
        if self.backoff.tries() > 0 {
            self.backoff.reset();
            self.around.readiness.calm(&self.name);
        }
    }

    fn tick(&mut self) -> Result<(), Failure> {
        self.show_caught_up();
        let (log, phases) = (&self.log, &self.phases);
        let at_end = |partition: &TopicPartition| {
            phases.get(partition) == Some(&Phase::Running) && log.at_end(partition)
        };
        self.kept = self.stage.tick(&at_end, self.log.now_millis());
        self.deliver()
    }

    /// Where everything has been read, nothing lags. That a partition is at its end is heard of after its last record
    /// has been committed, so it is shown here and not only there.
    fn show_caught_up(&self) {
        let running = self.phases.iter().filter(|(_, phase)| **phase == Phase::Running);
        for (partition, _) in running.filter(|(partition, _)| self.log.at_end(partition)) {
            let topic = self.around.metrics.topic(&partition.topic);
            let labels = (&self.stage.kind(), &topic, &metrics::Partition(partition.partition));
            self.around.metrics.input_lag.set(labels, 0.0);
        }
    }

    /// A partition stops where its next record cannot be read, with what came before it committed.
    fn hold_where_told(&mut self) -> Result<(), Failure> {
        let held: Vec<_> =
            self.kept.parts().filter_map(|(input, part)| Some((input.clone(), part.hold.clone()?))).collect();
        for (input, reason) in held {
            self.log.hold(&input)?;
            self.pending.retain(|record| record.topic_partition() != input);
            self.hold(&input, &reason);
            self.look_again_where_it_may_help(&input);
            if self.kept.parts().any(|(other, part)| *other == input && !part.consumed) {
                self.kept.remove(&input);
            }
        }
        Ok(())
    }

    /// Pauses between two tries, and hears of the group meanwhile.
    fn linger(&mut self, why: &str) -> Result<(), Failure> {
        tracing::warn!(worker = %self.name, why, "tried again");
        let pause = self.backoff.pause();
        if self.backoff.tries() >= FAILURES_TOLD {
            self.around.readiness.trouble(&self.name, format!("nothing succeeds at the moment: {why}"));
        }
        match self.log.attend(pause) {
            Ok(changes) => self.reassign(changes),
            Err(Failure::Retry(_)) => self.log.rest(pause),
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}
