//! JSON Schemas of the JSON forms. They are made from the Avro schemas, so that fields and their documentation are
//! written once; `BRAID_BLESS=1 cargo test -p braid-wire` writes them anew.

use std::fs;

use braid_alert::*;
use braid_wire::AvroRecord;
use braid_wire::json::to_json;
use serde_json::{Map, Value, json};

use crate::nouns;

/// What an alert in JSON must say; all else has a default. Every other record is written by braid, in full.
const ALERT_REQUIRED: [(&str, &[&str]); 5] = [
    ("Alert", &["tenant", "provider", "id", "title", "first_activity"]),
    ("Evidence", &["kind"]),
    ("Identifier", &["kind", "value"]),
    ("HostAddress", &["address"]),
    ("Origin", &[]),
];

macro_rules! known_values {
    ($name:expr; $($enum:ident)+) => {
        match $name {
            $(stringify!($enum) => $enum::KNOWN.iter().map(|value| value.as_str()).collect::<Vec<_>>(),)+
            other => panic!("open-enum {other} is not among the enumerations here"),
        }
    };
}

fn known_values(name: &str) -> Vec<&'static str> {
    known_values!(name; AlertStatus ChangeReason Classification CloseReason ContextReason Correlate Determination EntityKind
        IdentifierKind IncidentStatus LinkReason NearMissReason OpenReason Phase Provider Role Severity Verdict)
}

/// Turns an Avro schema into a JSON Schema of what serde makes of the same type.
struct Translation {
    definitions: Map<String, Value>,
    alert: bool,
}

impl Translation {
    fn of(record: AvroRecord) -> Value {
        let avro: Value = serde_json::from_str(record.schema_text()).expect("a schema is JSON");
        let mut translation = Self { definitions: Map::new(), alert: record == AvroRecord::Alert };
        let root = translation.object(&avro);
        let mut schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": format!("urn:braid:v1:{}", record.as_str()),
            "title": avro["name"],
        });
        let fields = schema.as_object_mut().expect("it is an object");
        fields.extend(root.as_object().expect("a record is an object").clone());
        fields.insert("$defs".into(), Value::Object(translation.definitions));
        schema
    }

    fn object(&mut self, record: &Value) -> Value {
        let mut properties = Map::new();
        for field in record["fields"].as_array().expect("a record has fields") {
            let mut schema = self.any(&field["type"]);
            schema["description"] = field["doc"].clone();
            properties.insert(name_of(field).to_owned(), schema);
        }
        let required: Vec<_> =
            match ALERT_REQUIRED.iter().find(|(name, _)| self.alert && *name == name_of(record)) {
                Some((_, required)) => required.iter().map(|name| (*name).to_owned()).collect(),
                None => properties.keys().cloned().collect(),
            };
        json!({ "description": record["doc"], "type": "object", "properties": properties, "required": required })
    }

    fn any(&mut self, avro: &Value) -> Value {
        match avro {
            Value::String(name) => match name.as_str() {
                "string" => json!({ "type": "string" }),
                "int" | "long" => json!({ "type": "integer" }),
                "double" => json!({ "type": "number" }),
                "boolean" => json!({ "type": "boolean" }),
                name => json!({ "$ref": format!("#/$defs/{name}") }),
            },
            Value::Array(types) => json!({ "anyOf": [self.any(&types[1]), { "type": "null" }] }),
            _ if avro["type"] == "array" => json!({ "type": "array", "items": self.any(&avro["items"]) }),
            _ if avro["type"] == "record" => {
                let object = self.object(avro);
                self.definitions.insert(name_of(avro).to_owned(), object);
                json!({ "$ref": format!("#/$defs/{}", name_of(avro)) })
            }
            _ if avro["logicalType"] == "timestamp-micros" => {
                json!({ "type": "string", "format": "date-time" })
            }
            _ if avro["unit"] == "microseconds" => json!({ "type": "string", "format": "duration" }),
            _ => {
                let name = avro["open-enum"].as_str().expect("what is left is an open enumeration");
                json!({ "type": "string", "examples": known_values(name) })
            }
        }
    }
}

fn name_of(avro: &Value) -> &str {
    avro["name"].as_str().expect("records and fields have names")
}

/// Checks a value against a schema of the few keywords that the translation uses. Every property must be declared:
/// stricter than JSON Schema, so that nothing is written that no schema tells of.
fn check(schema: &Value, value: &Value, root: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.strip_prefix("#/$defs/").expect("all references are to definitions");
        return check(&root["$defs"][name], value, root);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let refusals: Vec<_> = choices.iter().filter_map(|choice| check(choice, value, root).err()).collect();
        return if refusals.len() < choices.len() { Ok(()) } else { Err(refusals.join(" and ")) };
    }
    match (schema["type"].as_str().expect("all else has a type"), value) {
        ("object", Value::Object(object)) => check_object(schema, object, root),
        ("array", Value::Array(elements)) => elements.iter().enumerate().try_for_each(|(at, element)| {
            check(&schema["items"], element, root).map_err(|refusal| format!("[{at}]{refusal}"))
        }),
        ("string", Value::String(text)) => check_format(schema, text),
        ("integer", Value::Number(number)) if number.is_i64() => Ok(()),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) | ("null", Value::Null) => Ok(()),
        (expected, found) => Err(format!(": {found} is no {expected}")),
    }
}

fn check_object(schema: &Value, object: &Map<String, Value>, root: &Value) -> Result<(), String> {
    for name in schema["required"].as_array().expect("an object says what it requires") {
        let name = name.as_str().expect("names are texts");
        object.get(name).ok_or_else(|| format!(".{name} is missing"))?;
    }
    object.iter().try_for_each(|(name, value)| {
        let property = schema["properties"].get(name).ok_or_else(|| format!(".{name} is not declared"))?;
        check(property, value, root).map_err(|refusal| format!(".{name}{refusal}"))
    })
}

fn check_format(schema: &Value, text: &str) -> Result<(), String> {
    let fits = match schema["format"].as_str() {
        Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
        Some("duration") => text.parse::<jiff::SignedDuration>().is_ok(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!(": {text:?} is no {}", schema["format"])) }
}

#[test]
fn the_json_schemas_are_those_of_the_avro_schemas() {
    for record in [AvroRecord::Alert, AvroRecord::Incident, AvroRecord::IncidentEvent] {
        let path = format!("{}/../../schemas/{}.schema.json", env!("CARGO_MANIFEST_DIR"), record.as_str());
        let schema = Translation::of(record);
        if std::env::var_os("BRAID_BLESS").is_some_and(|value| value == "1") {
            let text = serde_json::to_string_pretty(&schema).expect("it is JSON") + "\n";
            fs::write(&path, text).expect("schemas is writable");
        }
        let on_file = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        // As values: in which order an object's fields stand depends on features of the JSON crate.
        let on_file: Value = serde_json::from_slice(&on_file).expect("the file is JSON");
        assert!(on_file == schema, "{path} is stale: BRAID_BLESS=1 cargo test -p braid-wire writes it anew");
    }
}

fn written(record: AvroRecord) -> Value {
    let bytes = match record {
        AvroRecord::Alert => to_json(&nouns::alert()),
        AvroRecord::Incident => to_json(&nouns::incident()),
        _ => to_json(&nouns::change()),
    };
    serde_json::from_slice(&bytes).expect("it is JSON")
}

#[test]
fn what_is_written_is_valid_by_its_json_schema() {
    for record in [AvroRecord::Alert, AvroRecord::Incident, AvroRecord::IncidentEvent] {
        let schema = Translation::of(record);
        check(&schema, &written(record), &schema)
            .unwrap_or_else(|refusal| panic!("{}{refusal}", record.as_str()));
    }
}

#[test]
fn the_json_schema_tells_apart_what_is_not_valid() {
    let schema = Translation::of(AvroRecord::Incident);
    let refusal = |pointer: &str, value: Value| {
        let mut incident = written(AvroRecord::Incident);
        *incident.pointer_mut(pointer).expect("the field is there") = value;
        check(&schema, &incident, &schema).expect_err("it is not valid")
    };
    assert_eq!(refusal("/version", json!("12")), ".version: \"12\" is no integer");
    assert_eq!(refusal("/first_activity", json!("today")), ".first_activity: \"today\" is no \"date-time\"");
    assert_eq!(refusal("/links/0/gap", json!("80")), ".links[0].gap: \"80\" is no \"duration\"");
    let origin = refusal("/alerts/0/origin", json!({}));
    assert!(origin.starts_with(".alerts[0].origin.") && origin.ends_with(" is missing"), "{origin}");
}

#[test]
fn an_alert_by_hand_needs_what_its_json_schema_requires_and_no_more() {
    let schema = Translation::of(AvroRecord::Alert);
    let required: Vec<&str> =
        schema["required"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let mut alert = written(AvroRecord::Alert);
    alert.as_object_mut().expect("it is an object").retain(|name, _| required.contains(&name.as_str()));
    let read = |alert: &Value| braid_wire::own::alert_from_json(alert.to_string().as_bytes());
    assert!(check(&schema, &alert, &schema).is_ok() && read(&alert).is_ok(), "{:?}", read(&alert));
    for name in required {
        let mut less = alert.clone();
        less.as_object_mut().expect("it is an object").remove(name);
        assert!(check(&schema, &less, &schema).is_err() && read(&less).is_err(), "{name}");
    }
}
