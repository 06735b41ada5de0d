//! Incidents and their changes, as the topics carry them: in braid's own form, and in those that others know.

mod attack_names;
mod rest;

mod cef;
mod ecs;
mod ocsf;

mod cloud_event;

use braid_alert::{EntityKind, Incident, IncidentChange, IncidentEntity};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Refusal;
use crate::avro::{self, Framing};
use crate::json;
use crate::registry::AvroRecord;

pub use cef::{CEF_FIELDS, CefField};
pub use cloud_event::{TRACE_PARENT, change_headers, forgotten_headers, incident_headers};
pub use ecs::ECS_VERSION;
pub use ocsf::OCSF_VERSION;

/// How other forms name what wrote them.
const PRODUCT: &str = "braid";
const PRODUCT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a topic's values are written. Each is the same bytes for the same value, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Compact JSON (`schemas/incident.schema.json`, `schemas/incident-event.schema.json`).
    Json,
    /// Avro (`schemas/incident.avsc`, `schemas/incident-event.avsc`).
    Avro {
        /// The Schema Registry's id of the schema, for its framing; without one, single-object encoding.
        registry_id: Option<u32>,
    },
    /// Incident Finding of OCSF [`OCSF_VERSION`], as JSON (`schemas/incident.ocsf.schema.json`).
    Ocsf,
    /// Elastic Common Schema [`ECS_VERSION`], as JSON (`schemas/incident.ecs.schema.json`).
    Ecs,
    /// Common Event Format, a line (`schemas/incident.cef.json`).
    Cef,
}

/// The most that an incident takes in any form, as a multiple of its native JSON: room that whoever bounds the native
/// one leaves for the others. In tenths.
pub const FORM_TENTHS_MAX: u64 = 19;

/// Writes an incident.
pub fn encode_incident(incident: &Incident, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Json => json::to_json(incident),
        Encoding::Avro { registry_id } => to_avro(AvroRecord::Incident, incident, registry_id),
        Encoding::Ocsf => json::to_json(&ocsf::incident(incident)),
        Encoding::Ecs => json::to_json(&ecs::incident(incident)),
        Encoding::Cef => cef::incident(incident).into_bytes(),
    }
}

/// Writes a change of an incident.
pub fn encode_change(change: &IncidentChange, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Json => json::to_json(change),
        Encoding::Avro { registry_id } => to_avro(AvroRecord::IncidentEvent, change, registry_id),
        Encoding::Ocsf => json::to_json(&ocsf::change(change)),
        Encoding::Ecs => json::to_json(&ecs::change(change)),
        Encoding::Cef => cef::change(change).into_bytes(),
    }
}

/// Writes an incident as JSON for people: indented.
pub fn incident_json_pretty(incident: &Incident) -> String {
    json::to_json_pretty(incident)
}

/// Reads an incident in either of braid's own encodings, told apart by the first byte.
///
/// Bytes in a Schema Registry's framing are taken to be of the current schema; who must read those of other releases
/// asks the registry.
///
/// # Errors
/// `empty`, `malformed`, `truncated`, `invalid_utf8`, `wrong_type`, `unknown_schema`.
pub fn decode_incident(bytes: &[u8]) -> Result<Incident, Refusal> {
    decode(AvroRecord::Incident, bytes)
}

/// Reads a change of an incident in either of braid's own encodings, as [`decode_incident`] does.
///
/// # Errors
/// As [`decode_incident`].
pub fn decode_change(bytes: &[u8]) -> Result<IncidentChange, Refusal> {
    decode(AvroRecord::IncidentEvent, bytes)
}

fn to_avro(record: AvroRecord, value: &impl Serialize, registry_id: Option<u32>) -> Vec<u8> {
    avro::encode(record, value, registry_id.map_or(Framing::SingleObject, Framing::Registered))
}

fn decode<T: DeserializeOwned>(record: AvroRecord, bytes: &[u8]) -> Result<T, Refusal> {
    if bytes.first() == Some(&b'{') {
        json::from_json(bytes)
    } else if avro::is_registered(bytes) {
        avro::decode_registered(record, bytes)
    } else {
        avro::decode(record, bytes)
    }
}

/// The entities of these kinds, those that join before those that are only shown beside them, the most mentioned first.
fn by_weight<'a>(entities: &'a [IncidentEntity], kinds: &[EntityKind]) -> Vec<&'a IncidentEntity> {
    let mut found: Vec<_> = entities.iter().filter(|entity| kinds.contains(&entity.kind)).collect();
    // The sort is stable, so that entities of one rank keep the order of the record.
    found.sort_by_key(|entity| (entity.context, std::cmp::Reverse(entity.alerts)));
    found
}
