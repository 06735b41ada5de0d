use std::num::NonZeroU16;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{Bytes, Period};

/// braid's own topics: their names and what they are created with.
///
/// Partition counts are for good: which partition a tenant's state is in follows from them, so that a count that differs
/// from the topic's refuses to start.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Topics {
    /// Every alert in braid's own form, keyed by tenant: the one ordered log that correlation reads.
    pub alerts: String,
    /// What correlation knows, so that it can go on after a restart. Compacted; for braid alone.
    pub changelog: String,
    /// The current state of every incident, keyed by its id. Compacted: read it for a table of incidents.
    pub incidents: String,
    /// Every change of every incident, in order and without a gap: read it to act on changes.
    pub incident_events: String,
    /// What could not be read, as it came, with the reason and where it came from in the headers.
    pub dead_letters: String,
    /// What the topics begin with that keep how far sources on other clusters have been read: `<offsets>.<cluster>.<topic>`,
    /// one for each such topic, with as many partitions as that has. Compacted; for braid alone.
    pub offsets: String,
    /// Partitions of the alerts topic and its changelog. One tenant is in one partition, and one thread works on a
    /// partition: this is how far correlation can ever spread.
    pub partitions: NonZeroU16,
    /// Partitions of the incidents topic.
    pub incidents_partitions: NonZeroU16,
    /// Partitions of the topic of changes.
    pub incident_events_partitions: NonZeroU16,
    /// Partitions of the dead-letter topic.
    pub dead_letters_partitions: NonZeroU16,
    /// On how many brokers each record is kept. 1 loses records with a broker: for trying out only.
    pub replication_factor: NonZeroU16,
    /// How many of them must have a record before it counts as written. One less than `replication_factor` lets a broker
    /// be away.
    #[schemars(extend("x-range" = "replication_factor or less"))]
    pub min_insync_replicas: NonZeroU16,
    /// How long the alerts topic keeps records. It must exceed the longest time that braid may stand still: what
    /// retention takes before it was read is lost, and braid refuses to start then. It is also how far back a replay can
    /// begin.
    #[schemars(extend("x-range" = "1h or more"))]
    pub alerts_retention: Period,
    /// How long changes are kept.
    #[schemars(extend("x-range" = "1h or more"))]
    pub incident_events_retention: Period,
    /// How long dead letters are kept.
    #[schemars(extend("x-range" = "1h or more"))]
    pub dead_letters_retention: Period,
    /// The largest record that is written to any of them. Topics are created to take it; on topics that were made
    /// otherwise, and on the broker, it must be allowed. A larger alert becomes a dead letter.
    #[schemars(extend("x-range" = "64KiB to 64MiB"))]
    pub record_bytes_max: Bytes,
    /// Whether `braid run` creates the topics that are missing. Otherwise it refuses to start and says which are;
    /// `braid topics --create` creates them with an administrator's rights.
    pub create: bool,
}

impl Default for Topics {
    fn default() -> Self {
        let count = |n| NonZeroU16::new(n).expect("no default is zero");
        Self {
            alerts: "braid.alerts".to_owned(),
            changelog: "braid.changelog".to_owned(),
            incidents: "incidents".to_owned(),
            incident_events: "incident-events".to_owned(),
            dead_letters: "dead-letters".to_owned(),
            offsets: "braid.offsets".to_owned(),
            partitions: count(12),
            incidents_partitions: count(12),
            incident_events_partitions: count(12),
            dead_letters_partitions: count(3),
            replication_factor: count(3),
            min_insync_replicas: count(2),
            alerts_retention: Period::days(7),
            incident_events_retention: Period::days(30),
            dead_letters_retention: Period::days(14),
            record_bytes_max: Bytes::new(1_000_000),
            create: true,
        }
    }
}

impl Topics {
    /// The topic that keeps how far a topic of another cluster has been read.
    pub fn offsets_of(&self, cluster: &str, topic: &str) -> String {
        format!("{}.{cluster}.{topic}", self.offsets)
    }

    /// Each topic's key in the configuration and its name.
    pub fn names(&self) -> [(&'static str, &str); 5] {
        [
            ("alerts", &self.alerts),
            ("changelog", &self.changelog),
            ("incidents", &self.incidents),
            ("incident_events", &self.incident_events),
            ("dead_letters", &self.dead_letters),
        ]
    }
}
