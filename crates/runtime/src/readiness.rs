use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use braid_log::TopicPartition;

use crate::{StageKind, Stop};

/// Whether this process does its work, and if not, why not: what `/readyz` answers.
#[derive(Debug, Default)]
pub struct Readiness {
    state: Mutex<State>,
    stop: Stop,
}

#[derive(Debug, Default)]
struct State {
    partitions: BTreeMap<TopicPartition, Waiting>,
    /// Workers to whom the group has not yet said what is theirs.
    joining: BTreeSet<Box<str>>,
    /// By worker.
    troubles: BTreeMap<Box<str>, Box<str>>,
    /// What the start waits for.
    waits: BTreeMap<Box<str>, Wait>,
}

/// Something that is waited for before the work begins.
#[derive(Debug)]
struct Wait {
    /// The stage that waits for it; `None` if all do.
    stage: Option<StageKind>,
    why: Box<str>,
}

/// What a partition waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Waiting {
    Restoring,
    Held(Box<str>),
}

impl Readiness {
    /// Ready, until a worker says otherwise or somebody asks to stop.
    pub fn new(stop: Stop) -> Self {
        Self { state: Mutex::default(), stop }
    }

    /// `Ok` if all is well; else every reason, in sentences.
    ///
    /// # Errors
    /// The reasons: the process is stopping, workers have no share yet, partitions are being restored or held,
    /// transactions keep failing.
    pub fn report(&self) -> Result<(), Vec<String>> {
        let state = self.state();
        let stopping = self.stop.requested().then(|| "stopping".to_owned());
        let waiting = state.partitions.iter().map(|(partition, waiting)| match waiting {
            Waiting::Restoring => format!("{partition} is being restored"),
            Waiting::Held(reason) => format!("{partition} is held: {reason}"),
        });
        let troubles = state.troubles.iter().map(|(worker, trouble)| format!("{worker}: {trouble}"));
        let joining =
            state.joining.iter().map(|worker| format!("{worker} waits for its share of the partitions"));
        let waits = state.waits.iter().map(|(what, wait)| format!("waits for {what}: {}", wait.why));
        let reasons: Vec<String> =
            stopping.into_iter().chain(joining).chain(waiting).chain(troubles).chain(waits).collect();
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    /// How many partitions are being restored.
    pub fn restoring(&self) -> usize {
        self.state().partitions.values().filter(|waiting| **waiting == Waiting::Restoring).count()
    }

    /// How many partitions are held.
    pub fn held(&self) -> usize {
        self.state().partitions.values().filter(|waiting| **waiting != Waiting::Restoring).count()
    }

    /// The partitions that are held, each with the reason.
    pub fn held_partitions(&self) -> Vec<(TopicPartition, Box<str>)> {
        let held = |(partition, waiting): (&TopicPartition, &Waiting)| match waiting {
            Waiting::Held(reason) => Some((partition.clone(), reason.clone())),
            Waiting::Restoring => None,
        };
        self.state().partitions.iter().filter_map(held).collect()
    }

    /// The workers of a stage that are in trouble, each with the reason.
    pub(crate) fn workers_in_trouble(&self, stage: StageKind) -> Vec<(Box<str>, Box<str>)> {
        let state = self.state();
        let of_stage =
            |name: &str| name.strip_prefix(stage.as_str()).is_some_and(|rest| rest.starts_with('-'));
        let troubles = state.troubles.iter().filter(|(name, _)| of_stage(name));
        troubles.map(|(name, reason)| (name.clone(), reason.clone())).collect()
    }

    /// The start waits for something, be it for one stage only; until [`Self::waited`].
    pub fn wait_for(&self, what: &str, stage: Option<StageKind>, why: &str) {
        self.state().waits.insert(what.into(), Wait { stage, why: why.into() });
    }

    /// It has been had.
    pub fn waited(&self, what: &str) {
        self.state().waits.remove(what);
    }

    /// Whether a stage does not work yet because something is waited for.
    pub(crate) fn is_waiting(&self, stage: StageKind) -> bool {
        self.state().waits.values().any(|wait| wait.stage.is_none_or(|of| of == stage))
    }

    /// What is waited for, in sentences: by the start, or by partitions that are being restored.
    pub(crate) fn waits(&self) -> Vec<Box<str>> {
        let state = self.state();
        let of_start = state.waits.iter().map(|(what, wait)| format!("{what}: {}", wait.why).into());
        let is_restoring = |(partition, waiting): (&TopicPartition, &Waiting)| {
            (*waiting == Waiting::Restoring).then(|| format!("{partition}: it is being restored").into())
        };
        of_start.chain(state.partitions.iter().filter_map(is_restoring)).collect()
    }

    /// Whether a worker has not heard from its group yet what is its own.
    pub fn is_joining(&self) -> bool {
        !self.state().joining.is_empty()
    }

    /// A worker is to come, and does nothing before its group has told it what is its own.
    pub(crate) fn await_share(&self, worker: &str) {
        self.state().joining.insert(worker.into());
    }

    /// The group has told it, be it that nothing is.
    pub(crate) fn has_share(&self, worker: &str) {
        self.state().joining.remove(worker);
    }

    pub(crate) fn restore_begins(&self, partition: &TopicPartition) {
        self.state().partitions.insert(partition.clone(), Waiting::Restoring);
    }

    pub(crate) fn hold(&self, partition: &TopicPartition, reason: &str) {
        // Many a reason begins with the place, which whoever tells it says anyway.
        let place = format!("{partition}: ");
        let reason = reason.strip_prefix(&place).unwrap_or(reason);
        self.state().partitions.insert(partition.clone(), Waiting::Held(reason.into()));
    }

    /// The partition is no longer held, whatever else it waits for.
    pub(crate) fn release(&self, partition: &TopicPartition) {
        let mut state = self.state();
        if matches!(state.partitions.get(partition), Some(Waiting::Held(_))) {
            state.partitions.remove(partition);
        }
    }

    /// The partition runs, or is no longer ours.
    pub(crate) fn clear(&self, partition: &TopicPartition) {
        self.state().partitions.remove(partition);
    }

    /// Something of this name is in trouble, and the process is not ready; until [`Self::calm`].
    pub fn trouble(&self, worker: &str, reason: String) {
        self.state().troubles.insert(worker.into(), reason.into());
    }

    /// It is well again.
    pub fn calm(&self, worker: &str) {
        self.state().troubles.remove(worker);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whatever a panicking thread left is still a list of reasons.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told_and_goes_away_by_itself() {
        let stop = Stop::new();
        let readiness = Readiness::new(stop.clone());
        let (one, two) = (TopicPartition::new("alerts", 1), TopicPartition::new("alerts", 2));
        assert_eq!(readiness.report(), Ok(()));
        readiness.await_share("correlate-1");
        readiness.restore_begins(&one);
        readiness.hold(&two, "a newer release is about");
        readiness.trouble("correlate-0", "no transaction succeeds".into());
        let reasons = readiness.report().expect_err("there are four reasons");
        assert_eq!(
            reasons,
            [
                "correlate-1 waits for its share of the partitions",
                "alerts/1 is being restored",
                "alerts/2 is held: a newer release is about",
                "correlate-0: no transaction succeeds"
            ]
        );
        assert_eq!((readiness.restoring(), readiness.held()), (1, 1));
        readiness.has_share("correlate-1");
        readiness.clear(&one);
        readiness.clear(&two);
        readiness.calm("correlate-0");
        assert_eq!(readiness.report(), Ok(()));
        stop.request();
        assert_eq!(readiness.report(), Err(vec!["stopping".to_owned()]));
    }
}
