use std::sync::Arc;
use std::thread;
use std::time::Duration;

use braid_log::Failure;
use braid_runtime::{Readiness, StageKind, Stop};

const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How long a wish to stop may go unheard.
const SLICE: Duration = Duration::from_millis(100);

/// Waits at the start for what is not there yet: a process that ended because a broker starts slower would be started
/// again, wait the same, and look broken meanwhile. What it waits for is what `/readyz` and `braid status` tell. Clones wait
/// together.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    stop: Stop,
    readiness: Arc<Readiness>,
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    /// What it is, as a sentence has it: `the topics`.
    pub(super) what: &'w str,
    /// The stage that waits for it; `None` if all do.
    pub(super) stage: Option<StageKind>,
}

impl<'w> Wanted<'w> {
    /// Something that every stage waits for.
    pub(super) const fn by_all(what: &'w str) -> Self {
        Self { what, stage: None }
    }

    /// Something that one stage waits for.
    pub(super) const fn by(stage: StageKind, what: &'w str) -> Self {
        Self { what, stage: Some(stage) }
    }
}

impl Patience {
    pub(super) const fn new(stop: Stop, readiness: Arc<Readiness>) -> Self {
        Self { stop, readiness }
    }

    /// From now on until this has been had the process is not ready, even if nothing has failed.
    pub(super) fn announce(&self, wanted: Wanted<'_>) {
        self.readiness.wait_for(wanted.what, wanted.stage, "it has not started yet");
    }

    /// Tries until it succeeds or fails for good.
    ///
    /// # Errors
    /// A failure that does not pass; [`Failure::Retry`] only if somebody asks to stop meanwhile.
    pub(super) fn until<T>(
        &self,
        Wanted { what, stage }: Wanted<'_>,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut pause = PAUSE_MIN;
        let outcome = loop {
            match attempt() {
                Err(Failure::Retry(why)) if !self.stop.requested() => {
                    tracing::warn!(what, why, again_in_seconds = pause.as_secs_f64(), "waits");
                    self.readiness.wait_for(what, stage, &why);
                    rest(&self.stop, pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                outcome => break outcome,
            }
        };
        self.readiness.waited(what);
        outcome
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

    fn patience() -> (Patience, Stop, Arc<Readiness>) {
        let stop = Stop::new();
        let readiness = Arc::new(Readiness::new(stop.clone()));
        (Patience::new(stop.clone(), readiness.clone()), stop, readiness)
    }

    const TOPICS: Wanted<'_> = Wanted::by_all("the topics");

    #[test]
    fn what_passes_is_waited_for_and_told_and_what_does_not_is_an_error() {
        let (patience, _, readiness) = patience();
        let mut answers = vec![Ok(7), Err(Failure::Retry("no broker".into()))];
        let outcome = patience.until(TOPICS, || {
            let answer = answers.pop().unwrap();
            let waits =
                if answer.is_ok() { Err(vec!["waits for the topics: no broker".to_owned()]) } else { Ok(()) };
            assert_eq!(readiness.report(), waits);
            answer
        });
        assert_eq!(outcome, Ok(7));
        assert_eq!(readiness.report(), Ok(()));
        let fatal = patience.until(TOPICS, || Err::<(), _>(Failure::Fatal("12 partitions".into())));
        assert_eq!(fatal, Err(Failure::Fatal("12 partitions".into())));
    }

    #[test]
    fn what_is_wanted_is_waited_for_before_anything_is_tried() {
        let (patience, _, readiness) = patience();
        let worker = Wanted::by(StageKind::Correlate, "worker correlate-0");
        patience.announce(worker);
        let told = vec!["waits for worker correlate-0: it has not started yet".to_owned()];
        assert_eq!(readiness.report(), Err(told.clone()));
        assert_eq!(patience.until(TOPICS, || Ok(())), Ok(()));
        assert_eq!(readiness.report(), Err(told), "something else has been had");
        assert_eq!(patience.until(worker, || Ok(())), Ok(()));
        assert_eq!(readiness.report(), Ok(()));
    }

    #[test]
    fn a_wish_to_stop_ends_the_waiting() {
        let (patience, stop, _) = patience();
        let outcome = patience.until(TOPICS, || {
            stop.request();
            Err::<(), _>(Failure::Retry("no broker".into()))
        });
        assert_eq!(outcome, Err(Failure::Retry("no broker".into())));
    }
}
