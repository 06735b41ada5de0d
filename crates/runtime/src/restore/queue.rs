use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braid_log::{Changelog, Failure, Log, TopicPartition};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::job::{Answer, Reply, RestoreFailure, RestoreJob, RestorePlan, Restored};

/// Runs restore jobs beside the worker: on threads in production, when it is told to in a test.
pub trait Restorer<C> {
    /// Runs a job, and returns at once.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if no thread can be had.
    fn run(&mut self, job: RestoreJob<C>) -> Result<(), Failure>;
}

/// A thread for each job. They are not waited for when the worker stops: a cancelled job ends by itself within one
/// read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Threads;

impl<C: Changelog + Send + 'static> Restorer<C> for Threads {
    fn run(&mut self, job: RestoreJob<C>) -> Result<(), Failure> {
        let thread = std::thread::Builder::new().name("restore".into());
        let begun = thread.spawn(move || job.run());
        begun.map(drop).map_err(|error| Failure::Fatal(format!("no thread to restore on: {error}")))
    }
}

/// The partitions that a worker waits for. At most so many are restored at a time; the others wait in line.
#[derive(Debug)]
pub(crate) struct Restores {
    at_once_max: usize,
    waiting: VecDeque<Wanted>,
    /// Jobs that have not answered yet, cancelled ones included, by ticket.
    running: BTreeMap<u64, Running>,
    tickets: u64,
    sender: Sender<Answer>,
    answers: Receiver<Answer>,
}

#[derive(Debug)]
struct Wanted {
    input: TopicPartition,
    low: i64,
    plan: RestorePlan,
    since_millis: i64,
}

#[derive(Debug)]
struct Running {
    input: TopicPartition,
    since_millis: i64,
    cancelled: Arc<AtomicBool>,
}

/// A partition whose restoring has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) input: TopicPartition,
    pub(crate) since_millis: i64,
    pub(crate) outcome: Result<Restored, RestoreFailure>,
}

impl Restores {
    pub(crate) fn new(at_once_max: usize) -> Self {
        let at_once_max = at_once_max.max(1);
        let (sender, answers) = bounded(at_once_max);
        Self { at_once_max, waiting: VecDeque::new(), running: BTreeMap::new(), tickets: 0, sender, answers }
    }

    /// Puts a partition in line.
    pub(crate) fn want(&mut self, input: &TopicPartition, low: i64, plan: RestorePlan, since_millis: i64) {
        self.waiting.push_back(Wanted { input: input.clone(), low, plan, since_millis });
    }

    /// Forgets a partition that is no longer ours.
    pub(crate) fn cancel(&mut self, input: &TopicPartition) {
        self.waiting.retain(|wanted| wanted.input != *input);
        for running in self.running.values().filter(|running| running.input == *input) {
            running.cancelled.store(true, Ordering::Release);
        }
    }

    /// Begins as many of those in line as may run.
    pub(crate) fn begin<L: Log>(
        &mut self,
        log: &L,
        restorer: &mut impl Restorer<L::Changelog>,
    ) -> Result<(), Failure> {
        while self.running.len() < self.at_once_max
            && let Some(wanted) = self.waiting.front()
        {
            let changelog = match log.changelog(&wanted.plan.changelog, &wanted.input) {
                Err(Failure::Retry(why)) => {
                    tracing::warn!(partition = %wanted.input, %why, "the changelog is tried again");
                    return Ok(());
                }
                other => other?,
            };
            self.begin_front(changelog, restorer)?;
        }
        Ok(())
    }

    fn begin_front<C>(&mut self, changelog: C, restorer: &mut impl Restorer<C>) -> Result<(), Failure> {
        let Some(wanted) = self.waiting.pop_front() else { return Ok(()) };
        self.tickets += 1;
        let cancelled = Arc::new(AtomicBool::new(false));
        let (ticket, input, since_millis) = (self.tickets, wanted.input.clone(), wanted.since_millis);
        self.running.insert(ticket, Running { input, since_millis, cancelled: cancelled.clone() });
        restorer.run(RestoreJob {
            changelog,
            input: wanted.input,
            low: wanted.low,
            plan: wanted.plan,
            cancelled,
            reply: Reply { answers: self.sender.clone(), ticket, given: false },
        })
    }

    /// Those that have ended since; cancelled ones are only counted out.
    pub(crate) fn ended(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        while let Ok(Answer { ticket, outcome }) = self.answers.try_recv() {
            let Some(running) = self.running.remove(&ticket) else { continue };
            if !running.cancelled.load(Ordering::Acquire) {
                ended.push(Ended { input: running.input, since_millis: running.since_millis, outcome });
            }
        }
        ended
    }
}

impl Drop for Restores {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.cancelled.store(true, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use braid_log::Record;

    use super::*;

    struct Empty;

    impl Changelog for Empty {
        fn committed(&mut self) -> Result<Option<i64>, Failure> {
            Ok(None)
        }

        fn read(&mut self, _: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), Failure> {
            Ok(())
        }
    }

    #[derive(Default)]
    struct Jobs(VecDeque<RestoreJob<Empty>>);

    impl Restorer<Empty> for Jobs {
        fn run(&mut self, job: RestoreJob<Empty>) -> Result<(), Failure> {
            self.0.push_back(job);
            Ok(())
        }
    }

    impl Jobs {
        fn finish_first(&mut self) {
            let job = self.0.pop_front().expect("one is running");
            job.run();
        }
    }

    fn want(restores: &mut Restores, input: &TopicPartition, jobs: &mut Jobs) {
        let changelog = TopicPartition::new("changelog", input.partition);
        let plan = RestorePlan { changelog, partitions: 1, correlation: braid_engine::Settings::default() };
        restores.want(input, 0, plan, 0);
        restores.begin_front(Empty, jobs).expect("it runs");
    }

    #[test]
    fn the_answer_of_a_cancelled_job_is_not_that_of_the_one_that_was_wanted_afterwards() {
        let (mut restores, mut jobs) = (Restores::new(2), Jobs::default());
        let input = TopicPartition::new("alerts", 0);
        want(&mut restores, &input, &mut jobs);
        restores.cancel(&input);
        want(&mut restores, &input, &mut jobs);
        jobs.finish_first();
        assert!(restores.ended().is_empty(), "what it has read may be older than what was committed since");
        jobs.finish_first();
        assert_eq!(restores.ended().len(), 1);
        assert!(restores.running.is_empty(), "both are counted out");
    }
}
