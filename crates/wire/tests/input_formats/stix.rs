use braid_wire::{Format, Pattern, SourceRecord, StixObject, StixSaid, read, stix_objects};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{origin, rules};

const CAMPAIGN: &str = include_str!("records/campaign.stix.json");

fn told(object: &StixObject) -> String {
    let said = match &object.said {
        StixSaid::Indicator(indicator) => format!(
            "{:?} values={} from={} until={:?} confidence={:?} intent={:?}",
            indicator.name.as_deref().unwrap_or("-"),
            indicator.pattern.observables().len(),
            indicator.valid_from,
            indicator.valid_until.map(|until| until.to_string()),
            indicator.confidence,
            indicator.intent
        ),
        StixSaid::Relationship { kind, source, target } => format!("{source} {} {target}", kind.as_str()),
        StixSaid::Party(party) => format!("{:?} {:?} {:?}", party.kind, party.name, party.motivation),
        StixSaid::Revoked => "revoked".to_owned(),
    };
    format!("{} {}: {said}", object.id, object.modified)
}

fn all(record: &str) -> String {
    let results = stix_objects(record.as_bytes());
    let line = |result: &Result<StixObject, braid_wire::Refusal>| match result {
        Ok(object) => told(object),
        Err(refusal) if refusal.is_drop() => format!("left out: {refusal}"),
        Err(refusal) => format!("refused: {refusal}"),
    };
    results.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn indicator(change: impl FnOnce(&mut Value)) -> String {
    let mut indicator = json!({
        "type": "indicator",
        "id": "indicator--1",
        "modified": "2026-01-10T08:00:00Z",
        "pattern": "[ipv4-addr:value = '203.0.113.9']",
        "valid_from": "2026-01-10T08:00:00Z",
    });
    change(&mut indicator);
    all(&indicator.to_string())
}

#[test]
fn a_bundle_is_read_object_by_object_and_a_bad_one_costs_no_other() {
    expect![[r#"
        indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f 2026-01-12T08:00:00Z: "Loader of the harvest campaign" values=2 from=2026-01-10T08:00:00Z until=Some("2026-06-01T00:00:00Z") confidence=Some(85) intent=Some("command-and-control")
        refused: unknown_value: pattern: FOLLOWEDBY: an alert cannot answer that (element 1)
        threat-actor--56f3f0db-b5d5-431c-ae56-c18f02caf500 2025-01-10T08:00:00Z: ThreatActor "Copper Finch" Some("personal-gain")
        campaign--83422c77-904c-4dc1-aff5-5c38f3a2c55c 2025-01-10T08:00:00Z: Campaign "Harvest" None
        relationship--57b56a43-b8b0-4cba-9deb-34e3e1faed9e 2026-01-10T08:00:00Z: indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f indicates campaign--83422c77-904c-4dc1-aff5-5c38f3a2c55c
        relationship--77b56a43-b8b0-4cba-9deb-34e3e1faed9e 2026-01-10T08:00:00Z: campaign--83422c77-904c-4dc1-aff5-5c38f3a2c55c attributed-to threat-actor--56f3f0db-b5d5-431c-ae56-c18f02caf500
        left out: beside_alerts: report: nothing is looked for by it (element 6)
        indicator--2 2026-01-10T08:00:00Z: revoked"#]].assert_eq(&all(CAMPAIGN));
}

#[test]
fn an_indicator_that_cannot_be_looked_for_says_why() {
    let read = [
        indicator(|_| {}),
        indicator(|object| object["pattern_type"] = json!("yara")),
        indicator(|object| object["pattern"] = json!("[file:name = 'a.exe']")),
        indicator(|object| object["pattern"] = Value::Null),
        indicator(|object| object["valid_from"] = Value::Null),
        indicator(|object| object["valid_until"] = json!("soon")),
        indicator(|object| object["indicator_types"] = json!(["benign"])),
        indicator(|object| object["id"] = Value::Null),
        indicator(|object| object["type"] = Value::Null),
        indicator(|object| object["confidence"] = json!(101)),
    ];
    expect![[r#"
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None
        refused: unknown_value: pattern_type is "yara": patterns of STIX are read
        refused: unknown_value: pattern: file:name: an alert cannot answer that
        refused: missing_field: pattern is missing or empty
        refused: missing_field: valid_from is missing or empty
        refused: wrong_type: valid_until is "soon", which is no time as ISO 8601 writes it
        left out: beside_alerts: an indicator of what is benign: nothing is looked for by it
        refused: missing_id: id is missing or empty
        refused: unknown_format: it has no type, which each object of STIX has
        refused: unknown_value: confidence is 101, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None"#]].assert_eq(&read.join("\n"));
}

#[test]
fn a_confidence_that_is_none_is_told_and_costs_the_indicator_nothing_else() {
    let with = |confidence: Value| indicator(|object| object["confidence"] = confidence);
    let read =
        [json!(101), json!(-1), json!(85.5), json!("High"), json!([85]), json!(""), json!(1e300)].map(with);
    expect![[r#"
        refused: unknown_value: confidence is 101, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None
        refused: unknown_value: confidence is -1, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None
        refused: unknown_value: confidence is 85.5, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None
        refused: unknown_value: confidence is High, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None
        refused: unknown_value: confidence is a list, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None
        refused: unknown_value: confidence is a text, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None
        refused: unknown_value: confidence is 1e+300, which is no whole number from 0 to 100; the indicator is looked for as one without it
        indicator--1 2026-01-10T08:00:00Z: "-" values=1 from=2026-01-10T08:00:00Z until=None confidence=None intent=None"#]].assert_eq(&read.join("\n"));
    for (said, expected) in [(json!(0), 0), (json!(100), 100), (json!("85"), 85), (json!(85.0), 85)] {
        let read = with(said);
        assert!(read.contains(&format!("confidence=Some({expected})")) && !read.contains('\n'), "{read}");
    }
    // An object that is of no use is so for one reason.
    let unreadable = indicator(|object| {
        object["confidence"] = json!(101);
        object["pattern"] = json!("[file:name = 'a.exe']");
    });
    assert!(unreadable.contains("file:name") && !unreadable.contains('\n'), "{unreadable}");
    let bundle = format!(
        r#"{{"type":"bundle","objects":[{0},{0}]}}"#,
        r#"{"type":"indicator","id":"i","pattern":"[domain-name:value = 'a.b']","valid_from":"2026-01-10T08:00:00Z","confidence":101}"#
    );
    let elements: Vec<_> =
        stix_objects(bundle.as_bytes()).into_iter().map(|read| read.map_err(|r| r.element)).collect();
    assert!(matches!(elements[..], [Err(0), Ok(_), Err(1), Ok(_)]), "{elements:?}");
}

#[test]
fn where_nobody_keeps_a_table_each_object_is_told_and_none_is_an_alert() {
    let read = read(
        SourceRecord { key: Some(b"k"), value: Some(CAMPAIGN.as_bytes()), ..SourceRecord::default() },
        &origin(),
        &rules(Format::StixIndicator),
    );
    assert_eq!(read.len(), 8);
    assert_eq!(read.iter().filter(|read| read.as_ref().is_err_and(|refusal| !refusal.is_drop())).count(), 1);
}

#[test]
fn a_pattern_is_met_by_what_an_alert_names() {
    let pattern =
        Pattern::read("[domain-name:value = 'a.b' AND ipv4-addr:value = '1.2.3.4'] OR [url:value = 'x.y/z']")
            .expect("it is one");
    let met = |named: &[&str]| pattern.is_met(&|value| named.contains(&&*value.value));
    assert!(!met(&["a.b"]) && met(&["a.b", "1.2.3.4"]) && met(&["x.y/z"]));
}

#[test]
fn an_object_that_cannot_be_read_costs_no_other_of_its_bundle() {
    let revoked =
        r#"{"type":"indicator","id":"indicator--2","modified":"2026-01-10T08:00:00Z","revoked":true}"#;
    let bundle = format!(
        r#"{{"type":"bundle","objects":[{revoked},{{"type":"indicator","id":"i","name":"\ud83d"}},{revoked}]}}"#
    );
    let told = all(&bundle);
    let told: Vec<_> = told.lines().collect();
    assert_eq!((told.len(), told[0]), (3, "indicator--2 2026-01-10T08:00:00Z: revoked"));
    assert!(told[1].starts_with("refused: malformed: ") && told[1].ends_with("(element 1)"), "{}", told[1]);
    assert_eq!(told[2], told[0]);
    assert!(all(r#"{"type":"bundle","objects":[]}"#).starts_with("left out: beside_alerts"));
}

#[test]
fn what_is_said_in_another_way_is_read_or_refused_and_nothing_is_dropped_for_it() {
    let with = |field: &str, value: Value| indicator(|object| object[field] = value);
    for never in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "9999-12-31T00:00:00Z"] {
        assert!(with("valid_until", json!(never)).contains("until=None"), "{never}");
    }
    assert!(with("indicator_types", json!("benign")).starts_with("left out"));
    let intent = |field: &str, value: Value| with(field, value).rsplit_once("intent=").unwrap().1.to_owned();
    assert_eq!(intent("labels", json!("c2")), "Some(\"c2\")");
    assert_eq!(intent("kill_chain_phases", json!({ "phase_name": "delivery" })), "Some(\"delivery\")");
    for (revoked, expected) in [
        (json!("yes"), "refused: unknown_value: revoked is yes, which is neither true nor false"),
        (json!(2), "refused: unknown_value: revoked is 2, which is neither true nor false"),
        (json!(1), "indicator--1 2026-01-10T08:00:00Z: revoked"),
        (json!([true]), "refused: unknown_value: revoked is a list, which is neither true nor false"),
        (json!("True"), "indicator--1 2026-01-10T08:00:00Z: revoked"),
    ] {
        assert_eq!(with("revoked", revoked), expected);
    }
    for standing in [json!("false"), json!(0), json!(" ")] {
        assert!(!with("revoked", standing).contains("revoked"));
    }
    assert_eq!(
        with("type", json!("Indicator")),
        "refused: unknown_value: type is \"Indicator\", which STIX writes in lower case"
    );
    let one = indicator(|_| {});
    let object = r#"{"type":"indicator","id":"indicator--1","modified":"2026-01-10T08:00:00Z",
        "pattern":"[ipv4-addr:value = '203.0.113.9']","valid_from":"2026-01-10T08:00:00Z"}"#;
    let bundle = |objects: &str| format!(r#"{{"type":"bundle","id":"bundle--1","objects":{objects}}}"#);
    assert_eq!(all(&bundle(object)), one);
    assert_eq!(all(&bundle(&format!("[{}]", bundle(&format!("[{object}]"))))), one);
    assert_eq!(
        all(&bundle("\"x\"")),
        "refused: wrong_type: objects of a bundle is a text, which must be a list"
    );
}
