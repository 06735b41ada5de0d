//! The stages of one process, each at its own pace from the start on.

use std::thread;

use braid_log::Failure;
use braid_runtime::{StageKind, Stop};

use super::WorkFailure;

/// Works on all of them until somebody asks to stop or one of them ends, and waits for all.
///
/// # Errors
/// The failure of the first that cannot go on; what another was waiting for when it was stopped is none.
pub(super) fn run(
    stages: &[StageKind],
    stop: &Stop,
    work_on: impl Fn(StageKind) -> Result<(), WorkFailure> + Sync,
) -> Result<(), WorkFailure> {
    let work_on = &work_on;
    let failures: Vec<WorkFailure> = thread::scope(|scope| {
        let begin = |stage: &StageKind| {
            let stage = *stage;
            let work = move || {
                let _stops_others = StopOnExit(stop);
                work_on(stage)
            };
            let begun = thread::Builder::new().name(stage.as_str().to_owned()).spawn_scoped(scope, work);
            if begun.is_err() {
                stop.request();
            }
            begun
        };
        let begun: Vec<_> = stages.iter().map(begin).collect();
        begun.into_iter().filter_map(|stage| outcome(stage).err()).collect()
    });
    let (lasting, passing): (Vec<_>, Vec<_>) =
        failures.into_iter().partition(|failure| !failure.is_passing());
    lasting.into_iter().chain(passing).next().map_or(Ok(()), Err)
}

type Begun<'scope> = std::io::Result<thread::ScopedJoinHandle<'scope, Result<(), WorkFailure>>>;

fn outcome(begun: Begun<'_>) -> Result<(), WorkFailure> {
    let fatal = |why: String| WorkFailure::Start(Failure::Fatal(why));
    let begun = begun.map_err(|error| fatal(format!("no thread to work on: {error}")))?;
    begun.join().unwrap_or_else(|_| Err(fatal("it has panicked; its message says why".to_owned())))
}

/// A stage that ends, in whatever way, ends the others: a process that does half of its work looks healthy.
struct StopOnExit<'a>(&'a Stop);

impl Drop for StopOnExit<'_> {
    fn drop(&mut self) {
        self.0.request();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [StageKind; 2] = [StageKind::Normalise, StageKind::Correlate];

    /// What a stage does that waits for something until it is stopped.
    fn waits(stop: &Stop) -> Result<(), WorkFailure> {
        while !stop.requested() {
            thread::yield_now();
        }
        Err(WorkFailure::Start(Failure::Retry("no registry".into())))
    }

    #[test]
    fn one_that_fails_ends_the_other_and_it_is_its_failure_that_counts() {
        for failing in BOTH {
            let stop = Stop::new();
            let outcome = run(&BOTH, &stop, |stage| {
                if stage != failing {
                    return waits(&stop);
                }
                Err(WorkFailure::Start(Failure::Fatal("12 partitions".into())))
            });
            assert_eq!(outcome.unwrap_err().to_string(), "12 partitions");
        }
    }

    #[test]
    fn one_that_panics_is_told_of_and_what_was_waited_for_is_a_passing_failure() {
        let stop = Stop::new();
        let outcome = run(&BOTH, &stop, |stage| match stage {
            StageKind::Normalise => panic!("on purpose"),
            StageKind::Correlate => waits(&stop),
        });
        assert!(outcome.unwrap_err().to_string().contains("panicked"));
        let outcome = run(&BOTH, &stop, |_| waits(&stop));
        assert!(outcome.unwrap_err().is_passing());
    }
}
