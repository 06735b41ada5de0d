use std::num::{NonZeroU16, NonZeroU32};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{Bytes, Period};

/// How the work is done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Worker {
    /// How long at most records are gathered into one transaction. An upper bound, never a wait: when nothing more is
    /// there the transaction is committed at once. Longer makes larger transactions under load, and later incidents.
    #[schemars(extend("x-range" = "1ms to 5s"))]
    pub commit_interval: Period,
    /// How many records at most go into one transaction.
    pub batch_records_max: NonZeroU32,
    /// How many bytes of records at most go into one transaction. Each thread holds about this much, twice.
    #[schemars(extend("x-range" = "topics.record_bytes_max to 256MiB"))]
    pub batch_bytes_max: Bytes,
    /// Threads that read source topics. Reading is where the time goes; it spreads over any number, up to the partitions
    /// of the source topics.
    pub normalise_threads: NonZeroU16,
    /// Threads that correlate, up to the partitions of the alerts topic.
    pub correlate_threads: NonZeroU16,
    /// How much threat intelligence a process keeps in memory: indicators, and who is behind them. What finds no room is left
    /// out, and the status of its source says so; when there is room again it is read again. An indicator of one value takes
    /// about a kilobyte, each further value a fifth of one.
    #[schemars(extend("x-range" = "1MiB or more"))]
    pub indicators_bytes_max: Bytes,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            commit_interval: Period::millis(100),
            batch_records_max: NonZeroU32::new(10_000).expect("it is not zero"),
            batch_bytes_max: Bytes::new(8 << 20),
            normalise_threads: NonZeroU16::MIN,
            correlate_threads: NonZeroU16::MIN,
            indicators_bytes_max: Bytes::new(1 << 30),
        }
    }
}
