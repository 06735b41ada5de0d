//! A partition's state as its changelog topic keeps it: one key for each record of state, the newest value counts.
//!
//! A key is a JSON array, `["alert","contoso",17]`: unambiguous for any tenant's name, and a person who looks at the
//! topic can read it. A value is the record in Avro's single-object encoding; no value is a tombstone.

use braid_alert::{EntityId, IncidentId, Tenant};
use braid_engine::{AlertRecord, Change, EntityRecord, IncidentRecord, StateKey, StateRecord, TenantRecord};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::avro::{self, Framing};
use crate::json::shortened;
use crate::registry::AvroRecord;
use crate::{Refusal, RefusalReason};

/// How far a partition has read, written with every change of its state in the same transaction: restore compares it
/// with the group's committed offset, and refuses what another format or another number of partitions left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The offset of the next input record in the alerts topic.
    pub offset: i64,
    /// The version of the state's format.
    pub format: i32,
    /// How many partitions the alerts topic has.
    pub partitions: i32,
}

/// A record of the changelog.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangelogEntry {
    /// A change of state.
    Change(Change),
    /// How far the partition had read when the changes before it were made.
    Progress(Progress),
}

const PROGRESS: &str = "progress";

/// Key and value of a change; no value deletes.
pub fn encode_change(change: &Change) -> (Vec<u8>, Option<Vec<u8>>) {
    match change {
        Change::Put(record) => (encode_key(&record.key()), Some(encode_record(record))),
        Change::Delete(key) => (encode_key(key), None),
    }
}

/// Key and value of a partition's progress.
pub fn encode_progress(progress: &Progress) -> (Vec<u8>, Vec<u8>) {
    (progress_key(), avro::encode(AvroRecord::ChangelogProgress, progress, Framing::SingleObject))
}

/// Reads a record of the changelog, of any released version of its schema.
///
/// # Errors
/// `unknown_schema` if a newer release wrote the value; `malformed`, `truncated` or `empty` if key or value is not
/// what braid writes, or the two do not belong together.
pub fn decode_change(key: &[u8], value: Option<&[u8]>) -> Result<ChangelogEntry, Refusal> {
    match value {
        Some(value) => decode_value(key, value),
        None => decode_key(key).map(|key| ChangelogEntry::Change(Change::Delete(key))),
    }
}

fn encode_record(record: &StateRecord) -> Vec<u8> {
    let framing = Framing::SingleObject;
    match record {
        StateRecord::Alert(record) => avro::encode(AvroRecord::ChangelogAlert, record, framing),
        StateRecord::Incident(record) => avro::encode(AvroRecord::ChangelogIncident, record, framing),
        StateRecord::Entity(record) => avro::encode(AvroRecord::ChangelogEntity, record, framing),
        StateRecord::Tenant(record) => avro::encode(AvroRecord::ChangelogTenant, record, framing),
    }
}

fn decode_value(key: &[u8], value: &[u8]) -> Result<ChangelogEntry, Refusal> {
    let record = match avro::record_of(value)? {
        AvroRecord::ChangelogAlert => {
            StateRecord::Alert(read::<AlertRecord>(AvroRecord::ChangelogAlert, value)?)
        }
        AvroRecord::ChangelogIncident => {
            StateRecord::Incident(read::<IncidentRecord>(AvroRecord::ChangelogIncident, value)?)
        }
        AvroRecord::ChangelogEntity => {
            StateRecord::Entity(read::<EntityRecord>(AvroRecord::ChangelogEntity, value)?)
        }
        AvroRecord::ChangelogTenant => {
            StateRecord::Tenant(read::<TenantRecord>(AvroRecord::ChangelogTenant, value)?)
        }
        AvroRecord::ChangelogProgress if key == progress_key() => {
            return read(AvroRecord::ChangelogProgress, value).map(ChangelogEntry::Progress);
        }
        other => return Err(mismatch(key, other.as_str())),
    };
    if encode_key(&record.key()) == key {
        Ok(ChangelogEntry::Change(Change::Put(Box::new(record))))
    } else {
        Err(mismatch(key, "a record of another key"))
    }
}

fn read<T: serde::de::DeserializeOwned>(record: AvroRecord, value: &[u8]) -> Result<T, Refusal> {
    avro::decode(record, value)
}

fn mismatch(key: &[u8], value: &str) -> Refusal {
    malformed(&format!("key {} stands over {value}", String::from_utf8_lossy(key)))
}

fn progress_key() -> Vec<u8> {
    json_key(&[PROGRESS])
}

fn encode_key(key: &StateKey) -> Vec<u8> {
    match key {
        StateKey::Alert(tenant, arrival) => json_key(&("alert", tenant, arrival)),
        StateKey::Incident(tenant, id) => json_key(&("incident", tenant, id)),
        StateKey::Entity(tenant, id) => json_key(&("entity", tenant, id)),
        StateKey::Tenant(tenant) => json_key(&("tenant", tenant)),
    }
}

fn json_key(parts: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(parts).expect("texts and whole numbers serialise without fail")
}

fn decode_key(key: &[u8]) -> Result<StateKey, Refusal> {
    let parts: Vec<Value> = serde_json::from_slice(key).map_err(|_| unreadable(key))?;
    key_of(&parts).ok_or_else(|| unreadable(key))
}

fn key_of(parts: &[Value]) -> Option<StateKey> {
    let (kind, tenant, rest) = match parts {
        [kind, tenant, rest @ ..] => (kind.as_str()?, Tenant::new(tenant.as_str()?), rest),
        _ => return None,
    };
    match (kind, rest) {
        ("alert", [arrival]) => Some(StateKey::Alert(tenant, arrival.as_i64()?)),
        ("incident", [id]) => Some(StateKey::Incident(tenant, IncidentId::parse(id.as_str()?)?)),
        ("entity", [id]) => Some(StateKey::Entity(tenant, EntityId(id.as_i64()?))),
        ("tenant", []) => Some(StateKey::Tenant(tenant)),
        _ => None,
    }
}

fn unreadable(key: &[u8]) -> Refusal {
    malformed(&format!("key {:?} is none of the changelog's", String::from_utf8_lossy(key)))
}

fn malformed(detail: &str) -> Refusal {
    Refusal::new(RefusalReason::Malformed, shortened(detail, 300))
}
