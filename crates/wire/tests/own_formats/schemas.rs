//! The schemas, their samples and the Rust types agree, for every version that was ever released.
//!
//! `BRAID_BLESS=1 cargo test -p braid-wire` writes the samples of the current versions anew. Not to be done once a
//! version is out: its sample stands for what lies in somebody's topic.

use std::fs;
use std::path::PathBuf;

use braid_engine::{Change, Input, StateRecord};
use braid_wire::changelog::{self, ChangelogEntry};
use braid_wire::incident::{self, Encoding};
use braid_wire::{AvroRecord, own};
use serde::Serialize;
use serde_json::Value;

use crate::nouns;

const AVRO: Encoding = Encoding::Avro { registry_id: None };

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Writes the samples of the current versions, if asked to.
fn bless() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    if std::env::var_os("BRAID_BLESS").is_some_and(|value| value == "1") {
        ONCE.call_once(|| AvroRecord::ALL.iter().for_each(|record| write_sample(*record)));
    }
}

fn write_sample(record: AvroRecord) {
    let (avro, value) = sample(record);
    let path = schemas().join(format!("samples/{}-{}", record.as_str(), record.version()));
    let text = serde_json::to_string_pretty(&value).expect("it is JSON");
    fs::write(path.with_extension("avro"), avro).expect("schemas/samples is writable");
    fs::write(path.with_extension("json"), text + "\n").expect("schemas/samples is writable");
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("nouns serialise")
}

fn state_record(record: AvroRecord) -> Option<StateRecord> {
    Some(match record {
        AvroRecord::ChangelogAlert => StateRecord::Alert(nouns::alert_record()),
        AvroRecord::ChangelogIncident => StateRecord::Incident(nouns::incident_record()),
        AvroRecord::ChangelogEntity => StateRecord::Entity(nouns::entity_record()),
        AvroRecord::ChangelogTenant => StateRecord::Tenant(nouns::tenant_record()),
        _ => return None,
    })
}

fn state_record_json(record: &StateRecord) -> Value {
    match record {
        StateRecord::Alert(record) => json(record),
        StateRecord::Incident(record) => json(record),
        StateRecord::Entity(record) => json(record),
        StateRecord::Tenant(record) => json(record),
    }
}

/// The sample value of a record: as Avro and as JSON.
fn sample(record: AvroRecord) -> (Vec<u8>, Value) {
    if let Some(state) = state_record(record) {
        let json = state_record_json(&state);
        return (changelog::encode_change(&Change::Put(Box::new(state))).1.expect("a put has a value"), json);
    }
    match record {
        AvroRecord::Alert => (own::alert_to_avro(&nouns::alert()), json(&nouns::alert())),
        AvroRecord::Directory => {
            (own::directory_to_avro(&nouns::directory_record()), json(&nouns::directory_record()))
        }
        AvroRecord::Command => {
            let command = &nouns::commands()[0];
            (own::command_to_avro(command), json(command))
        }
        AvroRecord::Tick => {
            let record = nouns::tenant_record();
            let tick = serde_json::json!({ "tenant": record.tenant, "at": record.clock });
            (own::tick_to_avro(&record.tenant, record.clock), tick)
        }
        AvroRecord::Incident => {
            (incident::encode_incident(&nouns::incident(), AVRO), json(&nouns::incident()))
        }
        AvroRecord::IncidentEvent => {
            (incident::encode_change(&nouns::change(), AVRO), json(&nouns::change()))
        }
        AvroRecord::ChangelogProgress => {
            (changelog::encode_progress(&nouns::progress()).1, json(&nouns::progress()))
        }
        state => unreachable!("{} is a record of state", state.as_str()),
    }
}

/// Reads Avro of a record with what the crate offers for it; the answer as JSON.
fn decoded(record: AvroRecord, avro: &[u8]) -> Value {
    let read = match record {
        AvroRecord::Alert => own::alert_from_avro(avro).map(|alert| json(&alert)),
        AvroRecord::Tick | AvroRecord::Directory | AvroRecord::Command => {
            own::input_from_avro(avro).map(|input| match input {
                Input::Tick { tenant, at } => serde_json::json!({ "tenant": tenant, "at": at }),
                Input::Directory(record) => json(&record),
                Input::Command(command) => json(&command),
                Input::Alert(alert) => json(&alert),
            })
        }
        AvroRecord::Incident => incident::decode_incident(avro).map(|incident| json(&incident)),
        AvroRecord::IncidentEvent => incident::decode_change(avro).map(|change| json(&change)),
        AvroRecord::ChangelogProgress => {
            let (key, _) = changelog::encode_progress(&nouns::progress());
            changelog::decode_change(&key, Some(avro)).map(|entry| entry_json(&entry))
        }
        _ => {
            let state = state_record(record).expect("all others are records of state");
            let (key, _) = changelog::encode_change(&Change::Put(Box::new(state)));
            changelog::decode_change(&key, Some(avro)).map(|entry| entry_json(&entry))
        }
    };
    read.unwrap_or_else(|refusal| panic!("{}: {refusal}", record.as_str()))
}

fn entry_json(entry: &ChangelogEntry) -> Value {
    match entry {
        ChangelogEntry::Progress(progress) => json(progress),
        ChangelogEntry::Change(Change::Put(record)) => state_record_json(record),
        ChangelogEntry::Change(Change::Delete(key)) => panic!("{key:?} is a tombstone"),
    }
}

/// Everything that stands in `old` stands in `new` with the same value: a newer version may only have added.
fn assert_kept(old: &Value, new: &Value, path: &str) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                let path = format!("{path}.{name}");
                assert_kept(value, new.get(name).unwrap_or_else(|| panic!("{path} is gone")), &path);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            assert_eq!(old.len(), new.len(), "{path}");
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                assert_kept(old, new, &format!("{path}[{at}]"));
            }
        }
        _ => assert_eq!(old, new, "{path}"),
    }
}

#[test]
fn every_sample_of_every_released_version_decodes() {
    bless();
    for record in AvroRecord::ALL {
        for version in 1..=record.version() {
            let path = schemas().join(format!("samples/{}-{version}", record.as_str()));
            let (avro_path, json_path) = (path.with_extension("avro"), path.with_extension("json"));
            let avro = fs::read(&avro_path).unwrap_or_else(|e| panic!("{}: {e}", avro_path.display()));
            let text = fs::read(&json_path).unwrap_or_else(|e| panic!("{}: {e}", json_path.display()));
            let value: Value = serde_json::from_slice(&text).expect("the sample is JSON");
            assert_kept(&value, &decoded(*record, &avro), record.as_str());
        }
    }
}

#[test]
fn the_sample_of_the_current_version_is_what_this_release_writes() {
    bless();
    for record in AvroRecord::ALL {
        let path = schemas().join(format!("samples/{}-{}.avro", record.as_str(), record.version()));
        let on_file = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(
            on_file == sample(*record).0,
            "{} no longer is what is written: if its schema changed, release a new version (schemas/README.md); \
             if that version is not out yet, BRAID_BLESS=1 writes the sample anew",
            path.display(),
        );
    }
}

#[test]
fn what_is_written_reads_back_the_same() {
    for record in AvroRecord::ALL {
        let (avro, value) = sample(*record);
        assert_eq!(decoded(*record, &avro), value, "{}", record.as_str());
    }
}

#[test]
fn every_field_is_documented_and_what_may_be_absent_has_a_default() {
    for record in AvroRecord::ALL {
        let schema: Value = serde_json::from_str(record.schema_text()).expect("a schema is JSON");
        assert_eq!(schema["namespace"], "braid.v1", "{}", record.as_str());
        assert_documented(&schema, record.as_str());
    }
}

fn assert_documented(schema: &Value, path: &str) {
    if let Value::Array(types) = schema {
        types.iter().for_each(|schema| assert_documented(schema, path));
    }
    if schema["type"] == "array" {
        assert_documented(&schema["items"], path);
    }
    if schema["type"] != "record" {
        return;
    }
    assert!(schema["doc"].as_str().is_some_and(|doc| doc.len() > 3), "{path} has no doc");
    for field in schema["fields"].as_array().expect("a record has fields") {
        let path = format!("{path}.{}", field["name"].as_str().expect("a field has a name"));
        assert!(field["doc"].as_str().is_some_and(|doc| doc.len() > 3), "{path} has no doc");
        if field["type"].as_array().is_some_and(|types| types[0] == "null") {
            assert_eq!(field.get("default"), Some(&Value::Null), "{path} may be absent and has no default");
        }
        assert_documented(&field["type"], &path);
    }
}

#[test]
fn a_type_is_the_same_in_every_schema_that_has_it() {
    let mut seen = std::collections::BTreeMap::new();
    for record in AvroRecord::ALL {
        let schema: Value = serde_json::from_str(record.schema_text()).expect("a schema is JSON");
        let mut named = std::collections::BTreeMap::new();
        collect(&schema, &mut named);
        for (name, fields) in named {
            let (first, known) = seen.entry(name.clone()).or_insert((record.as_str(), fields.clone()));
            assert_eq!(*known, fields, "{name} differs between {first}.avsc and {}.avsc", record.as_str());
        }
    }
}

/// Named types by name; each as its fields, with nested types by name only, as they stand where seen for the first
/// time in one file and inline in another.
fn collect(schema: &Value, named: &mut std::collections::BTreeMap<String, Value>) -> Value {
    match schema {
        Value::Array(types) => types.iter().map(|schema| collect(schema, named)).collect(),
        Value::Object(object) if schema["type"] == "array" => {
            let mut object = object.clone();
            let items = collect(&schema["items"], named);
            object.insert("items".into(), items);
            Value::Object(object)
        }
        Value::Object(_) if schema["type"] == "record" => {
            let name = schema["name"].clone();
            let mut fields = schema["fields"].clone();
            for field in fields.as_array_mut().expect("a record has fields") {
                field["type"] = collect(&field["type"], named);
            }
            named.insert(name.as_str().expect("a record has a name").to_owned(), fields);
            name
        }
        other => other.clone(),
    }
}
