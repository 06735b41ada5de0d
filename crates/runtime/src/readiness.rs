use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use braid_log::TopicPartition;

use crate::Stop;

/// Whether this process does its work, and if not, why not: what `/readyz` answers.
#[derive(Debug, Default)]
pub struct Readiness {
    state: Mutex<State>,
    stop: Stop,
}

#[derive(Debug, Default)]
struct State {
    partitions: BTreeMap<TopicPartition, Waiting>,
    /// By worker.
    troubles: BTreeMap<Box<str>, Box<str>>,
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
    /// The reasons: the process is stopping, partitions are being restored or held, transactions keep failing.
    pub fn report(&self) -> Result<(), Vec<String>> {
        let state = self.state();
        let stopping = self.stop.requested().then(|| "stopping".to_owned());
        let waiting = state.partitions.iter().map(|(partition, waiting)| match waiting {
            Waiting::Restoring => format!("{partition} is being restored"),
            Waiting::Held(reason) => format!("{partition} is held: {reason}"),
        });
        let troubles = state.troubles.iter().map(|(worker, trouble)| format!("{worker}: {trouble}"));
        let reasons: Vec<String> = stopping.into_iter().chain(waiting).chain(troubles).collect();
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

    pub(crate) fn restore_begins(&self, partition: &TopicPartition) {
        self.state().partitions.insert(partition.clone(), Waiting::Restoring);
    }

    pub(crate) fn hold(&self, partition: &TopicPartition, reason: &str) {
        self.state().partitions.insert(partition.clone(), Waiting::Held(reason.into()));
    }

    /// The partition runs, or is no longer ours.
    pub(crate) fn clear(&self, partition: &TopicPartition) {
        self.state().partitions.remove(partition);
    }

    pub(crate) fn trouble(&self, worker: &str, reason: String) {
        self.state().troubles.insert(worker.into(), reason.into());
    }

    pub(crate) fn calm(&self, worker: &str) {
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
        readiness.restore_begins(&one);
        readiness.hold(&two, "a newer release is about");
        readiness.trouble("correlate-0", "no transaction succeeds".into());
        let reasons = readiness.report().expect_err("there are three reasons");
        assert_eq!(
            reasons,
            [
                "alerts/1 is being restored",
                "alerts/2 is held: a newer release is about",
                "correlate-0: no transaction succeeds"
            ]
        );
        assert_eq!((readiness.restoring(), readiness.held()), (1, 1));
        readiness.clear(&one);
        readiness.clear(&two);
        readiness.calm("correlate-0");
        assert_eq!(readiness.report(), Ok(()));
        stop.request();
        assert_eq!(readiness.report(), Err(vec!["stopping".to_owned()]));
    }
}
