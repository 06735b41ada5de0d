//! Worker loops, restore, rebalance, metrics and the hot index.
//!
//! What it does not do: it decides nothing about correlation (the engine does), knows no Kafka client (it speaks to a
//! [`braid_log::Log`], so that tests drive the very same loop through faults), serves no HTTP and reads no configuration
//! file. It is the only library crate that asks what time it is, and asks only the log.
//!
//! Start with [`run`] for the threads, with [`Worker`] for the loop of one of them, and with [`Stage`] for what is done
//! with records.

mod backoff;
mod batch;
pub mod hot_index;
pub mod indicators;
pub mod integrations;
pub mod metrics;
mod readiness;
mod restore;
mod run;
mod schemas;
mod settings;
mod source_health;
mod stage;
mod stop;
mod worker;

pub use batch::{Batch, Part};
pub use hot_index::HotIndex;
pub use integrations::Integrations;
pub use metrics::{Metrics, StageKind};
pub use readiness::Readiness;
pub use restore::{RestoreJob, RestorePlan, Restored, Restorer, STATE_FORMAT, Threads};
pub use run::{RunFailure, run};
pub use schemas::{SchemaFault, Schemas};
pub use settings::{BatchLimits, OutputKind, OutputTopic, Settings, Source, Topics};
pub use source_health::SourceHealth;
pub use stage::{Correlate, CorrelateNews, Normalise, NormaliseNews, Stage};
pub use stop::Stop;
pub use worker::{Surroundings, Worker};
