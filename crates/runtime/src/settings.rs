use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use braid_log::PollLimits;
use braid_wire::SourceRules;
use braid_wire::incident::Encoding;

use crate::Schemas;

/// Everything that the workers are told. The process's configuration file is read elsewhere.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names of our own topics.
    pub topics: Topics,
    /// How many partitions the alerts topic and the changelog have. Fixed when they are created: a tenant's partition
    /// follows from it.
    pub alerts_partitions: i32,
    /// What the source topics hold, by topic.
    pub sources: BTreeMap<Arc<str>, Source>,
    /// Where the schemas are had of records in a Schema Registry's framing; without it such a record is a dead letter.
    pub schemas: Option<Arc<dyn Schemas>>,
    /// How values of the incidents topic are written.
    pub incidents_encoding: Encoding,
    /// How values of the incident-events topic are written.
    pub incident_events_encoding: Encoding,
    /// Further topics with the same, in other forms.
    pub further_outputs: Vec<OutputTopic>,
    /// What stands before the id in an incident's URL, such as `https://braid.example/incidents/`.
    pub incident_url_prefix: Option<Box<str>>,
    /// The numbers that decide what is one incident.
    pub correlation: braid_engine::Settings,
    /// The largest record that the brokers take, in bytes of key, value and headers: their `message.max.bytes` less
    /// what a batch adds (about 100).
    pub message_bytes_max: usize,
    /// Bounds of one transaction.
    pub batch: BatchLimits,
    /// How many partitions a worker restores at a time, each on a thread of its own.
    pub restores_max: usize,
    /// How many threads run the normalise stage.
    pub normalise_threads: usize,
    /// How many threads run the correlate stage.
    pub correlate_threads: usize,
}

/// Names of our own topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// What the engine reads, keyed by tenant.
    pub alerts: Arc<str>,
    /// The last snapshot of each incident, compacted.
    pub incidents: Arc<str>,
    /// Every change of every incident.
    pub incident_events: Arc<str>,
    /// What could not be read, and why.
    pub dead_letters: Arc<str>,
    /// The state of the correlate stage, compacted.
    pub changelog: Arc<str>,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            alerts: "braid.alerts".into(),
            incidents: "incidents".into(),
            incident_events: "incident-events".into(),
            dead_letters: "dead-letters".into(),
            changelog: "braid.changelog".into(),
        }
    }
}

/// A topic that incidents are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputTopic {
    /// Its name.
    pub topic: Arc<str>,
    /// What it holds.
    pub holds: OutputKind,
    /// How its values are written.
    pub encoding: Encoding,
}

/// What a topic tells of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// The last version of each, compacted; a tombstone when it is forgotten.
    Incidents,
    /// Every change.
    IncidentEvents,
}

/// A source topic.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its configured name: the label of its metrics, and what an alert's origin says.
    pub name: Box<str>,
    /// How its records are read.
    pub rules: SourceRules,
}

/// Bounds of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLimits {
    /// Records of input at most.
    pub records_max: usize,
    /// Bytes of input at most; a single record may exceed it.
    pub bytes_max: usize,
    /// Bytes of output from which a transaction is closed and the rest of the input goes into a further one. Reckoned
    /// beforehand, so that one may exceed it by what a single record brings about.
    pub output_bytes_max: usize,
    /// How long input is gathered. An upper bound, never a wait: gathering ends when nothing more is there.
    pub commit_interval: Duration,
    /// How long a poll waits for the first record. Stopping and ticks wait for it.
    pub poll_wait: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            records_max: 10_000,
            bytes_max: 8 << 20,
            output_bytes_max: 32 << 20,
            commit_interval: Duration::from_millis(100),
            poll_wait: Duration::from_millis(100),
        }
    }
}

impl BatchLimits {
    pub(crate) const fn poll(&self) -> PollLimits {
        PollLimits {
            wait: self.poll_wait,
            gather: self.commit_interval,
            records_max: self.records_max,
            bytes_max: self.bytes_max,
        }
    }
}

impl Default for Settings {
    /// Without sources.
    fn default() -> Self {
        Self {
            topics: Topics::default(),
            alerts_partitions: 12,
            sources: BTreeMap::new(),
            schemas: None,
            incidents_encoding: Encoding::Json,
            incident_events_encoding: Encoding::Json,
            further_outputs: Vec::new(),
            incident_url_prefix: None,
            correlation: braid_engine::Settings::default(),
            message_bytes_max: 1_000_000 - 100,
            batch: BatchLimits::default(),
            restores_max: 4,
            normalise_threads: 1,
            correlate_threads: 1,
        }
    }
}
