use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use braid_log::{Failure, Record, Table};

use super::IndicatorSource;
use crate::Surroundings;
use crate::backoff::Backoff;

/// How long a poll waits for the first record; stopping waits for it.
const WAIT: Duration = Duration::from_millis(200);

/// After how many polls that brought nothing a topic that is not read to its end counts as one that cannot be read: a
/// partition without a leader, or one that may not be read, may say no word. Five seconds.
const SILENT_POLLS_MAX: u32 = 25;

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
    topic: &str,
    around: &Surroundings,
    followed: &Followed,
) -> Result<(), Failure> {
    let mut backoff = Backoff::default();
    let mut swept = 1;
    let mut silent_polls = 0;
    while !around.stop.requested() {
        let mut records: Vec<Record> = Vec::new();
        let standing = table.poll(WAIT, &mut |record| records.push(record));
        let reading = standing.as_ref().map_or(swept, |standing| standing.readings);
        let brought = !records.is_empty();
        if brought {
            around.indicators.take(source, &records, reading, &around.integrations);
        }
        match standing {
            Ok(standing) => {
                backoff.reset();
                silent_polls = if brought || standing.is_whole { 0 } else { silent_polls + 1 };
                followed.failing.store(silent_polls >= SILENT_POLLS_MAX, Ordering::Release);
                if standing.is_whole && standing.readings > swept {
                    around.indicators.sweep(source, topic, standing.readings);
                    swept = standing.readings;
                }
                if standing.is_whole && !followed.whole.swap(true, Ordering::AcqRel) {
                    tracing::info!(source = %source.name, topic, objects = around.indicators.len(), "the indicators are read");
                }
            }
            Err(Failure::Retry(why)) => {
                // Told once: the watch says how it is.
                if !followed.failing.swap(true, Ordering::AcqRel) {
                    tracing::warn!(source = %source.name, topic, why, "indicators cannot be read, tried again");
                }
                std::thread::sleep(backoff.pause());
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}
