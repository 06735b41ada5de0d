//! Avro in a Schema Registry's framing: written with a schema that somebody else chose, read as braid's own.

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use braid_alert::Alert;
use braid_engine::Input;
use braid_wire::{AvroRecord, Format, Refusal, RefusalReason, SourceRecord, WriterSchema, own, read};
use serde_json::json;

use crate::fixture::{decode_one, origin, rules};
use crate::fuzz::number;
use crate::mutation::{Chance, changed};

fn alert() -> Alert {
    let text = r#"{"tenant":"fabrikam","provider":"acmeScanner","id":"scan-1","title":"Port scan","severity":"low",
        "description":"It went from port to port","first_activity":"2026-02-03T10:00:00Z","evidence":[
        {"kind":"host","role":"source","identifiers":[{"kind":"fqdn","value":"pc1.contoso.azure"}]}]}"#;
    decode_one(Format::BraidJson, text)
}

/// The alert without what single-object encoding puts before it.
fn body() -> Vec<u8> {
    own::alert_to_avro(&alert())[10..].to_vec()
}

/// braid's schema of a record, changed.
fn schema(record: AvroRecord, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut schema = serde_json::from_str(record.schema_text()).expect("a schema is JSON");
    change(&mut schema);
    schema.to_string()
}

fn fields(schema: &mut serde_json::Value) -> &mut Vec<serde_json::Value> {
    schema["fields"].as_array_mut().expect("a record has fields")
}

/// The alert in somebody else's schema: a field of theirs first, no description, and the severity as an enumeration.
fn theirs() -> (String, Vec<u8>) {
    let text = schema(AvroRecord::Alert, |schema| {
        fields(schema).retain(|field| field["name"] != "description");
        fields(schema).insert(0, json!({"name": "shift", "type": {"type": "map", "values": "int"}}));
    });
    let ours = Schema::parse_str(AvroRecord::Alert.schema_text()).expect("it is ours");
    let theirs = Schema::parse_str(&text).expect("it is a schema");
    let reader = GenericDatumReader::builder(&ours).build().expect("it names its own types");
    let Ok(Value::Record(mut values)) = reader.read_value(&mut &body()[..]) else { panic!("it is a record") };
    values.retain(|(name, _)| name != "description");
    values.insert(0, ("shift".into(), Value::Map([("night".to_owned(), Value::Int(3))].into())));
    let writer = GenericDatumWriter::builder(&theirs).build().expect("it names its own types");
    let body = writer.write_value_to_vec(Value::Record(values)).expect("it is what the schema says");
    (text, body)
}

fn numbered(body: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 7][..], body].concat()
}

fn read_with(format: Format, schema: Option<&WriterSchema>, value: &[u8]) -> Result<Input, Refusal> {
    let record = SourceRecord { value: Some(value), schema, ..SourceRecord::default() };
    let mut results = read(record, &origin(), &rules(format));
    assert_eq!(results.len(), 1, "{results:?}");
    results.remove(0)
}

fn reason(schema: &str, value: &[u8]) -> (RefusalReason, String) {
    let schema = WriterSchema::parse(schema).expect("it is a schema");
    let refusal = read_with(Format::BraidAvro, Some(&schema), value).expect_err("it cannot be read");
    (refusal.reason, refusal.detail.into())
}

#[test]
fn braids_own_schema_reads_the_same_in_every_framing() {
    let ours = WriterSchema::parse(AvroRecord::Alert.schema_text()).expect("it is ours");
    let expected = Input::Alert(Box::new(alert()));
    assert_eq!(read_with(Format::BraidAvro, Some(&ours), &numbered(&body())), Ok(expected.clone()));
    let guid = [1; 17];
    let value = body();
    let record = SourceRecord {
        value: Some(&value),
        schema_header: Some(&guid),
        schema: Some(&ours),
        ..SourceRecord::default()
    };
    assert_eq!(read(record, &origin(), &rules(Format::BraidAvro)), [Ok(expected.clone())]);
    // The one that needs no registry is read beside them.
    assert_eq!(read_with(Format::BraidAvro, None, &own::alert_to_avro(&alert())), Ok(expected));
}

#[test]
fn a_schema_of_somebody_elses_is_resolved_to_ours() {
    let (schema, body) = theirs();
    let schema = WriterSchema::parse(&schema).expect("it is a schema");
    let found = read_with(Format::BraidAvro, Some(&schema), &numbered(&body));
    let expected = Alert { description: None, ..alert() };
    assert_eq!(found, Ok(Input::Alert(Box::new(expected))));
}

#[test]
fn directories_and_commands_come_in_a_registrys_framing_too() {
    for (format, record, sample) in [
        (Format::BraidCommandAvro, AvroRecord::Command, "command-1.avro"),
        (Format::BraidDirectoryAvro, AvroRecord::Directory, "directory-1.avro"),
    ] {
        let file = format!("{}/../../schemas/samples/{sample}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(file).expect("the sample is there");
        let schema = WriterSchema::parse(record.schema_text()).expect("it is ours");
        let expected = read_with(format, None, &bytes);
        assert!(expected.is_ok(), "{expected:?}");
        assert_eq!(read_with(format, Some(&schema), &numbered(&bytes[10..])), expected, "{format}");
    }
}

#[test]
fn without_the_schema_it_is_unknown_and_not_guessed() {
    let refusal = read_with(Format::BraidAvro, None, &numbered(&body())).expect_err("nobody looked it up");
    assert_eq!(refusal.reason, RefusalReason::UnknownSchema);
    assert_eq!(
        &*refusal.detail,
        "written with schema id 7 of a schema registry, and none is configured here (schema_registry.url)"
    );
}

#[test]
fn a_schema_that_is_none_of_ours_says_why() {
    let without = |name: &str| schema(AvroRecord::Alert, |s| fields(s).retain(|field| field["name"] != name));
    let (found, why) = reason(&without("title"), &numbered(&body()));
    assert_eq!(found, RefusalReason::IncompatibleSchema);
    assert!(why.starts_with("schemas/alert.avsc cannot be read out of the registry's schema: "), "{why}");
    assert!(why.contains("title"), "{why}");
    let other = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}"#;
    let (found, why) = reason(other, &numbered(&[2, b'a']));
    assert!(found == RefusalReason::IncompatibleSchema && why.contains("Order"), "{why}");
    let (found, why) = reason(AvroRecord::Tick.schema_text(), &numbered(&[2, b'a', 2]));
    assert!(found == RefusalReason::NotAnAlert && why.contains("tick"), "{why}");
}

#[test]
fn times_in_another_unit_are_refused_and_not_read_as_ours() {
    let text = AvroRecord::Alert.schema_text().replace("timestamp-micros", "timestamp-millis");
    let (found, why) = reason(&text, &numbered(&body()));
    assert!(found == RefusalReason::IncompatibleSchema && why.contains("TimestampMicros"), "{why}");
}

#[test]
fn texts_and_order_of_keys_make_no_other_schema() {
    let text = schema(AvroRecord::Alert, |schema| {
        schema["doc"] = "An alert of ours".into();
        fields(schema).iter_mut().for_each(|field| drop(field.as_object_mut().and_then(|f| f.remove("doc"))));
    });
    let schema = WriterSchema::parse(&text).expect("it is a schema");
    assert!(format!("{schema:?}").contains("released: Some"), "{schema:?}");
}

#[test]
fn what_is_no_schema_or_has_no_end_is_refused_before_a_value_is_read() {
    let endless = schema(AvroRecord::Alert, |schema| {
        fields(schema).push(json!({"name": "next", "type": ["null", "Alert"], "default": null}));
    });
    let ring = r#"{"type":"record","name":"A","fields":[
        {"name":"b","type":{"type":"record","name":"B","fields":[{"name":"c","type":["null","C"]}]}},
        {"name":"c","type":{"type":"record","name":"C","fields":[{"name":"b","type":["null","B"]}]}}]}"#;
    for text in ["", "{", "\"Alert\"", "syntax = \"proto3\";", &endless, ring] {
        let refused = WriterSchema::parse(text).map_err(|refusal| refusal.reason);
        assert_eq!(refused.err(), Some(RefusalReason::IncompatibleSchema), "{text}");
    }
}

#[test]
fn bytes_that_are_not_what_the_schema_says_are_refused_as_such() {
    let (schema, body) = theirs();
    let mut longer = body.clone();
    longer.push(0);
    for length in 0..body.len() {
        let (found, why) = reason(&schema, &numbered(&body[..length]));
        assert_eq!(found, RefusalReason::Truncated, "{length} of {} bytes: {why}", body.len());
    }
    assert_eq!(reason(&schema, &numbered(&longer)).0, RefusalReason::Malformed);
}

#[test]
fn no_change_of_what_somebody_else_wrote_makes_a_decoder_panic() {
    let (schema, body) = theirs();
    let schema = WriterSchema::parse(&schema).expect("it is a schema");
    let record = numbered(&body);
    let (own, mut chance) = (vec![record], Chance(number("BRAID_FUZZ_SEED", 1)));
    let (runs, mut good) = (number("BRAID_FUZZ_RUNS", 2_000), 0);
    for _ in 0..runs {
        let changed = changed(&own, &own, &mut chance);
        good += u64::from(read_with(Format::BraidAvro, Some(&schema), &changed).is_ok());
    }
    assert!(good > 0 && good < runs, "{good} of {runs}: the changes are too many or too few");
}
