//! JSON Schemas of the JSON forms. They are made from the Avro schemas, so that fields and their documentation are
//! written once; `BRAID_BLESS=1 cargo test -p braid-wire` writes them anew.

use std::collections::BTreeSet;
use std::fs;

use braid_alert::*;
use braid_wire::AvroRecord;
use braid_wire::json::to_json;
use braid_wire::own::{ACTIONS, ActionFields, DirectoryKey, command_to_json, directory_from_json};
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
            _ if avro["enum"] == "Action" => json!({ "type": "string", "enum": Action::NAMES }),
            _ if avro["enum"].is_string() => {
                let name = avro["enum"].as_str().expect("it is a text");
                json!({ "type": "string", "enum": known_values(name) })
            }
            _ => {
                let name = avro["open-enum"].as_str().expect("what is left is an open enumeration");
                json!({ "type": "string", "examples": known_values(name) })
            }
        }
    }
}

/// A command's fields are those of its Avro form without the origin, in JSON's spelling; which of them it has is said
/// by its action.
fn command_schema() -> Value {
    let mut schema = Translation::of(AvroRecord::Command);
    let fields = schema.as_object_mut().expect("it is an object");
    let Some(Value::Object(mut properties)) = fields.remove("properties") else { panic!("it has fields") };
    properties.remove("origin");
    let version = properties.remove("expected_version").expect("it is in the Avro form");
    properties.insert("expectedVersion".into(), version);
    fields.insert("properties".into(), Value::Object(properties));
    fields.insert("required".into(), json!(["id", "author", "action"]));
    fields["$defs"].as_object_mut().expect("there are definitions").remove("Origin");
    fields.insert("oneOf".into(), ACTIONS.iter().map(action_schema).collect());
    schema
}

fn action_schema(action: &ActionFields) -> Value {
    let common = ["tenant", "id", "author", "reason", "action"];
    let version = action.required.contains(&"incident").then_some("expectedVersion");
    let names: Vec<&str> =
        common.iter().chain(&version).chain(action.required).chain(action.optional).copied().collect();
    json!({
        "properties": { "action": { "const": action.action } },
        "required": action.required,
        "propertyNames": { "enum": names },
    })
}

/// The plain fields of a directory's record: what they are, and what they say.
const DIRECTORY: [(&str, &str, &str); 29] = [
    ("tenant", "string", "Whose directory it is, where neither the source nor the record's key says it."),
    (
        "object",
        "string",
        "The object, by whatever the directory keys it with, where the record has no key; else as the key says.",
    ),
    (
        "deleted",
        "boolean",
        "The object was deleted: all that a record without a value says, for those who cannot send one.",
    ),
    ("kind", "string", "`user`, `host` or `mobileDevice`. Required, unless it was deleted."),
    (
        "onPremises",
        "boolean",
        "Whether the directory is one on premises (Active Directory). Required, unless it was deleted.",
    ),
    ("sid", "string", "Its security identifier."),
    ("objectId", "string", "Its object id in Entra ID."),
    ("upn", "string", "A user's principal name."),
    ("samAccountName", "string", "Its sAMAccountName; of a computer with the `$` or without."),
    ("domain", "string", "The DNS name of its domain, which makes a user's account name unique."),
    (
        "netbiosDomain",
        "string",
        "The NetBIOS name of the domain, where that is not the first label of `domain`.",
    ),
    ("mail", "string", "A user's mail address, which is a name too."),
    ("fqdn", "string", "A host's fully qualified name."),
    ("netbiosName", "string", "A host's NetBIOS name."),
    ("deviceId", "string", "A host's device id in Defender for Endpoint."),
    ("entraDeviceId", "string", "A device's id in Entra ID."),
    ("mobileDeviceId", "string", "A device's id in a mobile console."),
    ("resourceId", "string", "A virtual machine's resource id at its cloud provider."),
    ("identifiers", "names", "Further names."),
    ("displayName", "string", "What people call it."),
    ("title", "string", "A user's title."),
    ("office", "string", "Where a user works."),
    ("phone", "string", "A telephone number."),
    ("os", "string", "A host's operating system."),
    ("osBuild", "string", "Its version or build."),
    ("created", "time", "When the object was created."),
    ("firstSeen", "time", "When a product first saw it."),
    ("tags", "texts", "What the directory marks it as: `sensitive`, `honeytoken`."),
    ("products", "products", "The products that list the object too."),
];

fn directory_schema() -> Value {
    let text = || json!({ "type": "string" });
    let time = || json!({ "type": "string", "format": "date-time" });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let object = |properties: Value, required: Value| json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let mut properties = Map::new();
    for (name, kind, description) in DIRECTORY {
        let mut schema = match kind {
            "names" => list(object(json!({ "kind": text(), "value": text() }), json!(["kind", "value"]))),
            "texts" => list(text()),
            "time" => time(),
            "products" => {
                let fields = json!({ "provider": text(), "since": time(), "portalUrl": text() });
                list(object(fields, json!(["provider"])))
            }
            plain => json!({ "type": plain }),
        };
        schema["description"] = description.into();
        properties.insert(name.into(), schema);
    }
    let mut schema = object(Value::Object(properties), json!([]));
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["$id"] = "urn:braid:v1:directory".into();
    schema["title"] = "DirectoryRecord".into();
    schema["description"] = "What a directory says of one of its objects.".into();
    schema["oneOf"] = json!([
        { "properties": { "deleted": { "const": true } }, "required": ["deleted"] },
        { "properties": { "deleted": { "const": false } }, "required": ["kind", "onPremises"] },
    ]);
    schema
}

/// The JSON Schema of a record's JSON form.
fn schema_of(record: AvroRecord) -> Value {
    match record {
        AvroRecord::Command => command_schema(),
        AvroRecord::Directory => directory_schema(),
        record => Translation::of(record),
    }
}

fn name_of(avro: &Value) -> &str {
    avro["name"].as_str().expect("records and fields have names")
}

/// Checks a value against a schema of the few keywords that the translation uses. Every property must be declared:
/// stricter than JSON Schema, so that nothing is written that no schema tells of.
pub(crate) fn check(schema: &Value, value: &Value, root: &Value) -> Result<(), String> {
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
    for record in [
        AvroRecord::Alert,
        AvroRecord::Directory,
        AvroRecord::Command,
        AvroRecord::Incident,
        AvroRecord::IncidentEvent,
    ] {
        let path = format!("{}/../../schemas/{}.schema.json", env!("CARGO_MANIFEST_DIR"), record.as_str());
        let schema = schema_of(record);
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

#[test]
fn every_command_that_is_written_is_valid_by_its_json_schema() {
    let schema = command_schema();
    for command in nouns::commands() {
        let value: Value = serde_json::from_slice(&command_to_json(&command)).expect("it is JSON");
        check(&schema, &value, &schema).unwrap_or_else(|refusal| panic!("{}{refusal}", command.action));
        let of_action = |choice: &&Value| choice["properties"]["action"]["const"] == command.action.as_str();
        let choice = schema["oneOf"]
            .as_array()
            .expect("a list")
            .iter()
            .find(of_action)
            .expect("every action is there");
        let allowed = choice["propertyNames"]["enum"].as_array().expect("a list");
        for name in value.as_object().expect("an object").keys() {
            assert!(allowed.iter().any(|allowed| allowed == name), "{}.{name}", command.action);
        }
    }
}

/// The reader names every field that it knows when it meets one that it does not.
#[test]
fn the_json_schema_of_directory_records_has_the_fields_that_are_read() {
    let refusal =
        directory_from_json(DirectoryKey::default(), br#"{"nonsense": 1}"#).expect_err("no such field");
    let (_, known) = refusal.detail.split_once("expected one of ").expect("the reader lists them");
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let described = DIRECTORY.map(|(name, ..)| name);
    assert_eq!(BTreeSet::from_iter(known), BTreeSet::from(described));
}
