//! Every version of a record can be read by the schema of every other one: Confluent's `FULL_TRANSITIVE`, which a registry
//! may be set to.

use std::fs;
use std::path::PathBuf;

use apache_avro::Schema;
use apache_avro::schema_compatibility::SchemaCompatibility;
use braid_wire::AvroRecord;

/// All versions of a record, oldest first: those under `schemas/released`, then the current one.
fn versions(record: AvroRecord) -> Vec<Schema> {
    let released = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/released");
    let text = |version| {
        let path = released.join(format!("{}-{version}.avsc", record.as_str()));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let texts = (1..record.version()).map(text).chain([record.schema_text().to_owned()]);
    texts.map(|text| Schema::parse_str(&text).expect("a released schema is one")).collect()
}

/// The first pair of versions, from 1, of which one cannot read the other, and why.
fn unreadable(versions: &[Schema]) -> Option<String> {
    let pairs = (0..versions.len()).flat_map(|new| (0..new).map(move |old| (old, new)));
    pairs.into_iter().find_map(|(old, new)| {
        let error = SchemaCompatibility::mutual_read(&versions[old], &versions[new]).err()?;
        Some(format!("versions {} and {}: {error}", old + 1, new + 1))
    })
}

#[test]
fn every_version_of_a_record_reads_every_other_one() {
    for record in AvroRecord::ALL {
        assert_eq!(unreadable(&versions(*record)), None, "{}", record.as_str());
    }
}

#[test]
fn versions_that_do_not_read_one_another_are_found_wherever_they_stand() {
    let note = |fields: &str| {
        let text = format!(r#"{{"type": "record", "name": "Note", "fields": [{fields}]}}"#);
        Schema::parse_str(&text).expect("a test writes schemas right")
    };
    let text = r#"{"name": "text", "type": "string"}"#;
    let count = r#"{"name": "count", "type": "int", "default": 0}"#;
    let without_default = r#"{"name": "count", "type": "int"}"#;
    let both = format!("{text}, {count}");
    assert_eq!(unreadable(&[note(text), note(&both), note(text)]), None);
    // The second reads the first, and not the other way round.
    let stricter = format!("{text}, {without_default}");
    assert!(unreadable(&[note(text), note(&stricter)]).is_some());
    // Neighbours agree, and the ends do not.
    let other = r#"{"name": "count", "type": "string", "default": ""}"#;
    let found = unreadable(&[note(&both), note(text), note(&format!("{text}, {other}"))]);
    assert!(found.is_some_and(|found| found.starts_with("versions 1 and 3: ")));
}
