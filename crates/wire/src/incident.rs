//! Incidents and their changes, as the incidents and incident-events topics carry them.

use braid_alert::{Incident, IncidentChange};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Refusal;
use crate::avro::{self, Framing};
use crate::json;
use crate::registry::AvroRecord;

/// How a topic's values are written. Either is the same bytes for the same value, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Compact JSON (`schemas/incident.schema.json`, `schemas/incident-event.schema.json`).
    Json,
    /// Avro (`schemas/incident.avsc`, `schemas/incident-event.avsc`).
    Avro {
        /// The Schema Registry's id of the schema, for its framing; without one, single-object encoding.
        registry_id: Option<u32>,
    },
}

/// Writes an incident.
pub fn encode_incident(incident: &Incident, encoding: Encoding) -> Vec<u8> {
    encode(AvroRecord::Incident, incident, encoding)
}

/// Writes a change of an incident.
pub fn encode_change(change: &IncidentChange, encoding: Encoding) -> Vec<u8> {
    encode(AvroRecord::IncidentEvent, change, encoding)
}

/// Writes an incident as JSON for people: indented.
pub fn incident_json_pretty(incident: &Incident) -> String {
    json::to_json_pretty(incident)
}

/// Reads an incident in any of the encodings, told apart by the first byte.
///
/// Bytes in a Schema Registry's framing are taken to be of the current schema; who must read those of other releases
/// asks the registry.
///
/// # Errors
/// `empty`, `malformed`, `truncated`, `invalid_utf8`, `wrong_type`, `unknown_schema`.
pub fn decode_incident(bytes: &[u8]) -> Result<Incident, Refusal> {
    decode(AvroRecord::Incident, bytes)
}

/// Reads a change of an incident in any of the encodings, as [`decode_incident`] does.
///
/// # Errors
/// As [`decode_incident`].
pub fn decode_change(bytes: &[u8]) -> Result<IncidentChange, Refusal> {
    decode(AvroRecord::IncidentEvent, bytes)
}

fn encode(record: AvroRecord, value: &impl Serialize, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Json => json::to_json(value),
        Encoding::Avro { registry_id: None } => avro::encode(record, value, Framing::SingleObject),
        Encoding::Avro { registry_id: Some(id) } => avro::encode(record, value, Framing::Registered(id)),
    }
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
