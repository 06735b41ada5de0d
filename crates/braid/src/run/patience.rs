use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use braid_log::Failure;
use braid_runtime::Stop;

const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How long a wish to stop may go unheard.
const SLICE: Duration = Duration::from_millis(100);

/// Waits at the start for what is not there yet: a process that ended because a broker starts slower would be started
/// again, wait the same, and look broken meanwhile. What it waits for is what `/readyz` answers. Clones wait together.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    stop: Stop,
    /// Why, by what.
    waits: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Patience {
    /// Waits for all these from now on: until each has been had, the process is not ready, even if nothing has failed.
    pub(super) fn new(stop: Stop, wanted: impl IntoIterator<Item = String>) -> Self {
        let waits = wanted.into_iter().map(|what| (what, "it has not started yet".to_owned())).collect();
        Self { stop, waits: Arc::new(Mutex::new(waits)) }
    }

    /// Tries until it succeeds or fails for good.
    ///
    /// # Errors
    /// A failure that does not pass; [`Failure::Retry`] only if somebody asks to stop meanwhile.
    pub(super) fn until<T>(
        &self,
        what: &str,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut pause = PAUSE_MIN;
        let outcome = loop {
            match attempt() {
                Err(Failure::Retry(why)) if !self.stop.requested() => {
                    tracing::warn!(what, why, again_in_seconds = pause.as_secs_f64(), "waits");
                    self.waits().insert(what.to_owned(), why);
                    rest(&self.stop, pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                outcome => break outcome,
            }
        };
        self.waits().remove(what);
        outcome
    }

    /// What is being waited for, in sentences.
    pub(super) fn waits_for(&self) -> Vec<String> {
        self.waits().iter().map(|(what, why)| format!("waits for {what}: {why}")).collect()
    }

    fn waits(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        // Whatever a panicking thread left is still a list of reasons.
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does nothing for a while, or until somebody asks to stop.
pub(super) fn rest(stop: &Stop, pause: Duration) {
    let slices = pause.as_millis().div_ceil(SLICE.as_millis());
    for _ in 0..slices {
        if stop.requested() {
            return;
        }
        thread::sleep(SLICE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_waited_for_and_told_and_what_does_not_is_an_error() {
        let patience = Patience::new(Stop::new(), []);
        let mut answers = vec![Ok(7), Err(Failure::Retry("no broker".into()))];
        let told = patience.clone();
        let outcome = patience.until("the topics", || {
            let answer = answers.pop().unwrap();
            let waits =
                if answer.is_ok() { vec!["waits for the topics: no broker".to_owned()] } else { vec![] };
            assert_eq!(told.waits_for(), waits);
            answer
        });
        assert_eq!(outcome, Ok(7));
        assert!(patience.waits_for().is_empty());
        let fatal = patience.until("the topics", || Err::<(), _>(Failure::Fatal("12 partitions".into())));
        assert_eq!(fatal, Err(Failure::Fatal("12 partitions".into())));
    }

    #[test]
    fn what_is_wanted_is_waited_for_before_anything_is_tried() {
        let patience = Patience::new(Stop::new(), ["worker correlate-0".to_owned()]);
        assert_eq!(patience.waits_for(), ["waits for worker correlate-0: it has not started yet"]);
        assert_eq!(patience.until("the topics", || Ok(())), Ok(()));
        assert_eq!(patience.waits_for().len(), 1, "something else has been had");
        assert_eq!(patience.until("worker correlate-0", || Ok(())), Ok(()));
        assert!(patience.waits_for().is_empty());
    }

    #[test]
    fn a_wish_to_stop_ends_the_waiting() {
        let stop = Stop::new();
        let patience = Patience::new(stop.clone(), []);
        let outcome = patience.until("the topics", || {
            stop.request();
            Err::<(), _>(Failure::Retry("no broker".into()))
        });
        assert_eq!(outcome, Err(Failure::Retry("no broker".into())));
    }
}
