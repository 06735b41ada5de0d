use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use braid_log::{Failure, Record, Table};

use super::IndicatorSource;
use crate::Surroundings;
use crate::backoff::Backoff;

/// How long a poll waits for the first record; stopping waits for it.
const WAIT: Duration = Duration::from_millis(200);

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
    while !around.stop.requested() {
        let mut records: Vec<Record> = Vec::new();
        let standing = table.poll(WAIT, &mut |record| records.push(record));
        let reading = standing.as_ref().map_or(swept, |standing| standing.readings);
        if !records.is_empty() {
            around.indicators.take(source, &records, reading, &around.integrations);
        }
        match standing {
            Ok(standing) => {
                backoff.reset();
                followed.failing.store(false, Ordering::Release);
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
