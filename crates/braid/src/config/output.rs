use std::num::NonZeroU16;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How incidents are written.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// The form of the records in the incidents topic.
    pub incidents: Encoding,
    /// The form of the records in the topic of changes.
    pub incident_events: Encoding,
    /// What the URL on each incident begins with; the incident's id follows. Without it incidents carry no URL.
    #[schemars(example = &"https://braid.example.com/incidents/")]
    pub incident_url: Option<String>,
}

/// The form of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// JSON, as the topic's `.schema.json` in `schemas/` describes it.
    #[default]
    Json,
    /// Avro, by the topic's `.avsc` in `schemas/`. Where there is a `schema_registry`, it is framed with the registry's id of
    /// the schema; else it is Avro's single-object encoding, with the schema's fingerprint.
    Avro,
}

/// A further topic that incidents are written to, beside the two of `output`, in the same transaction. As many as there
/// are forms that somebody wants. A new one begins with what changes from now on: what is older is in the other topics.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FurtherOutput {
    /// The topic. Required, and its own. `braid topics` makes it like the one of `topics` that holds the same.
    #[schemars(example = &"incidents.ocsf")]
    pub topic: String,
    /// What it holds.
    pub holds: Holds,
    /// The form of its records.
    #[schemars(example = &"ocsf")]
    pub encoding: Form,
    /// Its partitions; without it as many as the topic of `topics` that holds the same.
    #[schemars(example = 12)]
    pub partitions: Option<NonZeroU16>,
}

impl Default for FurtherOutput {
    fn default() -> Self {
        Self { topic: String::new(), holds: Holds::Incidents, encoding: Form::Json, partitions: None }
    }
}

/// What an output holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// The last version of every incident by its id, compacted. An incident that is forgotten (`dedupe_retention`) gets
    /// a record without a value.
    #[default]
    Incidents,
    /// Every change of every incident, in order and without a gap.
    IncidentEvents,
}

/// The form of a further output's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// JSON, as `schemas/incident.schema.json` or `schemas/incident-event.schema.json` describes it.
    #[default]
    Json,
    /// Avro, by `schemas/incident.avsc` or `schemas/incident-event.avsc`; framed as in the topics of `output`.
    Avro,
    /// Incident Finding (class 2005) of OCSF 1.5.0, as JSON.
    Ocsf,
    /// An alert document of Elastic Common Schema 8.17, as JSON; a change is an event document.
    Ecs,
    /// A line of ArcSight's Common Event Format. It has room for little: what is cut says so.
    Cef,
}

impl Holds {
    /// As it is written in a configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incidents => "incidents",
            Self::IncidentEvents => "incident-events",
        }
    }
}

impl Form {
    /// As it is written in a configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Avro => "avro",
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
            Self::Cef => "cef",
        }
    }
}

impl From<Encoding> for Form {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Json => Self::Json,
            Encoding::Avro => Self::Avro,
        }
    }
}
