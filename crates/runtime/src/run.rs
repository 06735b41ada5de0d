use std::sync::Arc;
use std::thread;

use braid_log::{Failure, Log};

use crate::Settings;
use crate::hot_index::HotIndex;
use crate::metrics::StageKind;
use crate::restore::Threads;
use crate::stage::{Correlate, Normalise, Stage};
use crate::worker::{Surroundings, Worker};

/// Why the process cannot go on: the first worker that failed, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{worker}: {failure}")]
pub struct RunFailure {
    /// Which one, such as `correlate-0`.
    pub worker: Box<str>,
    /// How. No `source` of the error, for the message says it already.
    pub failure: Failure,
}

/// Runs the workers of these stages until somebody asks to stop or one of them fails for good, and waits for all of
/// them. `open` connects the worker of a stage by its number; it is called on the thread that will own the log.
///
/// # Errors
/// The failure of the first worker that cannot go on; the others have been stopped then.
pub fn run<L, F>(
    settings: &Arc<Settings>,
    stages: &[StageKind],
    open: F,
    index: &Arc<HotIndex>,
    around: &Surroundings,
) -> Result<(), RunFailure>
where
    L: Log,
    F: Fn(StageKind, usize) -> Result<L, Failure> + Sync,
{
    let workers =
        || stages.iter().flat_map(|stage| (0..threads(settings, *stage)).map(|number| (*stage, number)));
    // Before any of them is there: what is not yet expected would look ready.
    workers().for_each(|(stage, number)| around.readiness.await_share(&named(stage, number)));
    thread::scope(|scope| {
        let running: Vec<_> = workers()
            .map(|(stage, number)| {
                let open = &open;
                let name = named(stage, number);
                let work = move || {
                    let _stops_others = StopOnExit(around);
                    open(stage, number).and_then(|log| work(log, stage, number, settings, index, around))
                };
                let handle = thread::Builder::new().name(name.clone()).spawn_scoped(scope, work);
                if handle.is_err() {
                    around.stop.request();
                }
                (name, handle)
            })
            .collect();
        let mut ended = running.into_iter().map(|(name, handle)| (name, outcome(handle)));
        let failed = ended.by_ref().find_map(|(worker, outcome)| {
            let failure = outcome.err()?;
            Some(RunFailure { worker: worker.into(), failure })
        });
        failed.map_or(Ok(()), Err)
    })
}

/// The name of a worker in logs, failures and what `/readyz` answers.
fn named(stage: StageKind, number: usize) -> String {
    format!("{stage}-{number}")
}

fn threads(settings: &Settings, stage: StageKind) -> usize {
    match stage {
        StageKind::Normalise => settings.normalise_threads,
        StageKind::Correlate => settings.correlate_threads,
    }
}

fn work<L: Log>(
    log: L,
    stage: StageKind,
    number: usize,
    settings: &Arc<Settings>,
    index: &Arc<HotIndex>,
    around: &Surroundings,
) -> Result<(), Failure> {
    match stage {
        StageKind::Normalise => start(log, Normalise::new(settings, around), number, settings, around),
        StageKind::Correlate => {
            let stage = Correlate::new(settings.clone(), index.clone(), around.metrics.clone());
            start(log, stage, number, settings, around)
        }
    }
}

fn start<L: Log, S: Stage>(
    log: L,
    stage: S,
    number: usize,
    settings: &Settings,
    around: &Surroundings,
) -> Result<(), Failure> {
    let name = named(stage.kind(), number);
    let parts = (log, stage, Threads);
    let outcome =
        Worker::new(&name, parts, settings.batch.clone(), settings.restores_max, around.clone()).run();
    if let Err(failure) = &outcome {
        tracing::error!(worker = name, %failure, "worker stopped");
    }
    outcome
}

/// A worker that ends, in whatever way, ends the others: a process that does half of its work looks healthy.
struct StopOnExit<'a>(&'a Surroundings);

impl Drop for StopOnExit<'_> {
    fn drop(&mut self) {
        self.0.stop.request();
    }
}

type Handle<'scope> = thread::ScopedJoinHandle<'scope, Result<(), Failure>>;

fn outcome(handle: std::io::Result<Handle<'_>>) -> Result<(), Failure> {
    let handle = handle.map_err(|error| Failure::Fatal(format!("no thread to work on: {error}")))?;
    handle.join().unwrap_or_else(|_| Err(Failure::Fatal("it has panicked; its message says why".into())))
}
