use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use braid_log::{Failure, Record, Table};

use super::IndicatorSource;
use crate::Surroundings;
use crate::backoff::Backoff;

/// How long a poll waits for the first record; stopping waits for it.
const WAIT: Duration = Duration::from_millis(200);

/// After how many polls that brought nothing a topic that is not read to its end counts as one that cannot be read: a
/// partition without a leader, or one that may not be read, may say no word. Five seconds.
pub(super) const SILENT_POLLS_MAX: u32 = 25;

/// How often a topic is read again at most, for what was left out of it.
const REREAD_EVERY: Duration = Duration::from_mins(5);

/// How far the following of a topic is.
#[derive(Debug, Clone, Default)]
pub struct Followed {
    whole: Arc<AtomicBool>,
    /// The last try came to nothing.
    failing: Arc<AtomicBool>,
}

impl Followed {
    /// Whether everything that was there when reading began is in the table.
    pub fn is_whole(&self) -> bool {
        self.whole.load(Ordering::Acquire)
    }

    /// Whether nothing can be read at the moment.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }
}

/// Follows one topic of a source until somebody asks to stop, on the caller's thread.
///
/// # Errors
/// [`Failure::Fatal`] from the topic; everything else is tried again.
pub fn follow<T: Table>(
    mut table: T,
    source: &IndicatorSource,
    topic: &Arc<str>,
    around: &Surroundings,
    followed: &Followed,
) -> Result<(), Failure> {
    let mut backoff = Backoff::default();
    let mut swept = 1;
    let mut silent_polls = 0;
    let mut filling = Filling::default();
    while !around.stop.requested() {
        let mut records: Vec<(u32, Record)> = Vec::new();
        let filled = filling.fill(&mut table, || around.indicators.has_room_again(source, topic));
        let standing =
            filled.and_then(|()| table.poll(WAIT, &mut |reading, record| records.push((reading, record))));
        let brought = !records.is_empty();
        if brought {
            around.indicators.take(source, &records, &around.integrations);
            around.indicators.show(source, &around.metrics);
        }
        match standing {
            Ok(standing) => {
                backoff.reset();
                filling.is_whole = standing.is_whole;
                silent_polls = if brought || standing.is_whole { 0 } else { silent_polls + 1 };
                followed.failing.store(silent_polls >= SILENT_POLLS_MAX, Ordering::Release);
                if standing.is_whole && standing.readings > swept {
                    around.indicators.sweep(source, topic, standing.readings);
                    around.indicators.show(source, &around.metrics);
                    swept = standing.readings;
                }
                if standing.is_whole && !followed.whole.swap(true, Ordering::AcqRel) {
                    tracing::info!(source = %source.name, %topic, objects = around.indicators.len(), "the indicators are read");
                }
            }
            Err(Failure::Retry(why)) => {
                // The client tells a refusal once, and is silent from then on.
                silent_polls = SILENT_POLLS_MAX;
                // Told once: the watch says how it is.
                if !followed.failing.swap(true, Ordering::AcqRel) {
                    tracing::warn!(source = %source.name, %topic, why, "indicators cannot be read, tried again");
                }
                std::thread::sleep(backoff.pause());
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// Reading a topic again for what it said when there was no room.
#[derive(Debug, Default)]
struct Filling {
    is_whole: bool,
    begun: Option<Instant>,
}

impl Filling {
    fn fill<T: Table>(&mut self, table: &mut T, has_room_again: impl Fn() -> bool) -> Result<(), Failure> {
        let is_early = self.begun.is_some_and(|begun| begun.elapsed() < REREAD_EVERY);
        if !self.is_whole || is_early || !has_room_again() {
            return Ok(());
        }
        self.is_whole = false;
        self.begun = Some(Instant::now());
        tracing::info!("there is room again: the indicators are read once more for what was left out");
        table.begin_anew()
    }
}
