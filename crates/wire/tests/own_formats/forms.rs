//! The forms of an incident that others know: OCSF, ECS, CEF. Samples that a person can read, and schemas, which are
//! made of what is written, by records that lack nothing and by the same with one thing less each: `BRAID_BLESS=1 cargo
//! test -p braid-wire` writes both anew. `engine_made.rs` holds them against records that they were not made of.

use std::path::PathBuf;
use std::{env, fs};

use braid_alert::*;
use braid_wire::incident::{
    self, CEF_FIELDS, ECS_VERSION, Encoding, FORM_TENTHS_MAX, OCSF_VERSION, encode_change, encode_incident,
};
use serde_json::{Value, json};

use crate::form_schema::{compatible, schema_of, validate};
use crate::lacking::and_lacking;
use crate::nouns;

/// The forms that are JSON.
const DOCUMENTS: [(&str, Encoding, &str); 2] =
    [("ocsf", Encoding::Ocsf, OCSF_NOTE), ("ecs", Encoding::Ecs, ECS_NOTE)];
const OCSF_NOTE: &str = "Incident Finding (class 2005) of OCSF 1.5.0: what of it braid writes. Texts and numbers mean \
                         what https://schema.ocsf.io/1.5.0/classes/incident_finding says; unmapped has braid's own fields.";
const ECS_NOTE: &str = "What of Elastic Common Schema 8.17 braid writes; braid has braid's own fields.";

fn identifier(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).expect("a test writes identifiers right")
}

fn entity(id: i64, kind: EntityKind, identifiers: Vec<Identifier>) -> IncidentEntity {
    IncidentEntity {
        id: EntityId(id),
        kind,
        name: identifiers[0].value.clone(),
        identifiers,
        roles: vec![Role::Impacted],
        alerts: 1,
        context: false,
        context_reason: None,
        partners: None,
        on_premises: None,
        tags: Vec::new(),
    }
}

/// An open incident in somebody's hands, with every kind of thing that has a place in another form, and in its texts
/// everything that CEF must escape.
pub(crate) fn full() -> Incident {
    let mut incident = nouns::incident();
    incident.title = "Pass-the-hash: fabrikam\\noor | DESK7\nand srv=1".into();
    (incident.status, incident.changed) = (IncidentStatus::Active, ChangeReason::AlertJoined);
    (incident.redirect_incident_id, incident.closed) = (None, None);
    incident.assignee = Some("ines@fabrikam.example".into());
    incident.classification = Some(Classification::TruePositive);
    incident.techniques =
        ["T1003.006", "T1550", "T9999"].map(|t| Technique::find(t).expect("it is one")).into();
    incident.alerts[0].techniques.extend(Technique::find("T9999"));
    let mut second = incident.alerts[0].clone();
    (second.id, second.provider) = (AlertId::new("n-2"), Provider::Other("labScanner".into()));
    (second.source_alert_id, second.portal_url) = (None, None);
    (second.phase, second.techniques) = (Some(Phase::LateralMovement), Vec::new());
    incident.alerts.push(second);
    incident.entities[0].context = false;
    incident.entities[0].identifiers = vec![
        identifier(IdentifierKind::Sid, "S-1-5-21-11-22-33-1104"),
        identifier(IdentifierKind::Upn, "noor@fabrikam.example"),
        identifier(IdentifierKind::DomainAccount, "fabrikam\\noor"),
        identifier(IdentifierKind::DisplayName, "Noor"),
    ];
    let device = "0123456789abcdef0123456789abcdef01234567";
    incident.entities.extend([
        entity(
            9,
            EntityKind::Host,
            vec![
                identifier(IdentifierKind::Fqdn, "desk7.fabrikam.example"),
                identifier(IdentifierKind::DefenderDeviceId, device),
            ],
        ),
        entity(10, EntityKind::Address, vec![identifier(IdentifierKind::Address, "10.7.0.12")]),
        entity(11, EntityKind::File, vec![identifier(IdentifierKind::Sha256, &"ab".repeat(32))]),
    ]);
    incident
}

/// An incident that says as little as one can.
pub(crate) fn bare() -> Incident {
    Incident {
        version: 1,
        status: IncidentStatus::Active,
        previous_status: None,
        assignee: None,
        assigned_group: None,
        classification: None,
        determination: None,
        tags: Vec::new(),
        comments: Vec::new(),
        incident_url: None,
        severity: Severity::unknown(),
        phases: Vec::new(),
        techniques: Vec::new(),
        alerts: Vec::new(),
        entities: Vec::new(),
        links: Vec::new(),
        near_misses: Vec::new(),
        lateral_movement: Vec::new(),
        floods: Vec::new(),
        merged_from: Vec::new(),
        redirect_incident_id: None,
        continuation_of: None,
        continued_by: None,
        recurrence_of: None,
        changed: ChangeReason::Opened,
        closed: None,
        ..nouns::incident()
    }
}

fn bare_change() -> IncidentChange {
    IncidentChange { alert: None, links: Vec::new(), other: None, command: None, ..nouns::change() }
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("it is JSON")
}

fn incidents(encoding: Encoding) -> Vec<Value> {
    let all = [full(), nouns::incident()].iter().flat_map(and_lacking).chain([bare()]).collect::<Vec<_>>();
    all.iter().map(|incident| value(&encode_incident(incident, encoding))).collect()
}

fn changes(encoding: Encoding) -> Vec<Value> {
    let all = and_lacking(&nouns::change()).into_iter().chain([bare_change()]);
    all.map(|change| value(&encode_change(&change, encoding))).collect()
}

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Compares with a file under `schemas`, or writes it.
fn assert_blessed(file: &str, text: &str) {
    let path = schemas().join(file);
    if env::var_os("BRAID_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, text).expect("schemas is writable");
    }
    let on_file = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(
        on_file == text,
        "{file} no longer is what is written; BRAID_BLESS=1 writes it anew. Now:\n{text}"
    );
}

/// Every form with what has it, by the stem of its files.
fn documents() -> Vec<(String, &'static str, Vec<Value>)> {
    let of = |(form, encoding, note)| {
        [
            (format!("incident.{form}"), note, incidents(encoding)),
            (format!("incident-event.{form}"), note, changes(encoding)),
        ]
    };
    DOCUMENTS.into_iter().flat_map(of).collect()
}

/// The release that wrote a sample is not what the sample is about.
fn of_no_release(text: &str) -> String {
    text.replace(env!("CARGO_PKG_VERSION"), "0.0.0")
}

#[test]
fn the_samples_of_the_forms_are_what_this_release_writes() {
    for (stem, _, values) in documents() {
        let text = serde_json::to_string_pretty(&values[0]).expect("it is JSON") + "\n";
        assert_blessed(&format!("samples/{stem}-1.json"), &of_no_release(&text));
    }
    let lines = [full(), nouns::incident(), bare()].map(|i| encode_incident(&i, Encoding::Cef));
    let changes = [nouns::change(), bare_change()].map(|change| encode_change(&change, Encoding::Cef));
    for (stem, lines) in [("incident.cef", lines.to_vec()), ("incident-event.cef", changes.to_vec())] {
        let lines = lines.into_iter().map(|line| String::from_utf8(line).expect("it is text") + "\n");
        assert_blessed(&format!("samples/{stem}-1.txt"), &of_no_release(&lines.collect::<String>()));
    }
}

#[test]
fn the_schemas_of_the_forms_are_those_of_what_is_written() {
    for (stem, note, values) in documents() {
        let mut schema = schema_of(&values);
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema["$id"] = json!(format!("urn:braid:v1:{stem}"));
        schema["description"] = json!(note);
        values.iter().for_each(|value| validate(&schema, value).expect("it was made of it"));
        let text = serde_json::to_string_pretty(&schema).expect("it is JSON") + "\n";
        assert_blessed(&format!("{stem}.schema.json"), &text);
    }
    let fields = CEF_FIELDS.iter().map(
        |field| json!({ "key": field.key, "meaning": field.meaning, "characters_max": field.characters_max }),
    );
    let schema = json!({
        "$id": "urn:braid:v1:incident.cef",
        "description": "Keys of the extension of a CEF line, in the order in which they stand; a line has those that it has a value for",
        "header": ["CEF:0", "braid", "braid", "the release", "incident.<changed> or incident-event.<reason>", "the title", "severity, 0 to 10"],
        "fields": fields.collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&schema).expect("it is JSON") + "\n";
    assert_blessed("incident.cef.json", &text);
}

/// A released version of a schema is `released/<name>-<version>.schema.json`, as with Avro.
#[test]
fn a_form_only_ever_gains_fields() {
    let released = schemas().join("released");
    for (stem, ..) in documents() {
        let current = value(&fs::read(schemas().join(format!("{stem}.schema.json"))).expect("it is there"));
        for version in 1.. {
            let Ok(old) = fs::read(released.join(format!("{stem}-{version}.schema.json"))) else { break };
            compatible(&value(&old), &current).unwrap_or_else(|what| panic!("{stem}-{version}: {what}"));
        }
    }
}

#[test]
fn an_open_incident_is_an_incident_finding_with_everything_in_its_place() {
    let finding = value(&encode_incident(&full(), Encoding::Ocsf));
    for (pointer, expected) in [
        ("/class_uid", json!(2005)),
        ("/type_uid", json!(200_502)),
        ("/severity_id", json!(4)),
        ("/status_id", json!(2)),
        ("/verdict_id", json!(2)),
        ("/metadata/version", json!(OCSF_VERSION)),
        ("/metadata/sequence", json!(12)),
        ("/metadata/profiles", json!(["incident"])),
        ("/metadata/tenant_uid", json!("fabrikam")),
        ("/assignee/email_addr", json!("ines@fabrikam.example")),
        ("/assignee_group/name", json!("night shift")),
        ("/finding_info_list/1/uid", json!("n-2")),
        ("/finding_info_list/1/attacks/0/tactic/uid", json!("TA0008")),
        ("/attacks/1/technique", json!({ "uid": "T1003", "name": "OS Credential Dumping" })),
        ("/attacks/1/sub_technique/uid", json!("T1003.006")),
        ("/attacks/3/technique", json!({ "uid": "T9999" })),
        ("/time", json!(1_770_113_460_000_i64)),
    ] {
        assert_eq!(finding.pointer(pointer), Some(&expected), "{pointer}");
    }
}

#[test]
fn every_observable_points_at_the_value_that_it_has() {
    let finding = value(&encode_incident(&full(), Encoding::Ocsf));
    let observables = finding["observables"].as_array().expect("a list");
    assert_eq!(observables.len(), 8);
    for observable in observables {
        let path = observable["name"].as_str().expect("a path").replace(['.', '['], "/").replace(']', "");
        assert_eq!(finding.pointer(&format!("/{path}")), Some(&observable["value"]), "{observable}");
    }
}

#[test]
fn a_redirected_incident_is_closed_as_a_duplicate_of_the_one_it_went_into() {
    let finding = value(&encode_incident(&nouns::incident(), Encoding::Ocsf));
    let codes = ["activity_id", "status_id", "verdict_id"].map(|key| finding[key].as_i64());
    assert_eq!(codes, [Some(3), Some(5), Some(10)]);
    let into = nouns::incident().redirect_incident_id.expect("it went somewhere").to_string();
    assert_eq!(finding["unmapped"]["redirect_incident_id"], into);
}

#[test]
fn an_incident_that_nobody_works_on_is_in_nobodys_group() {
    let finding = value(&encode_incident(&bare(), Encoding::Ocsf));
    assert_eq!(finding["assignee_group"]["name"], "unassigned");
    assert_eq!((&finding["status_id"], &finding["activity_id"]), (&json!(1), &json!(1)));
    let mut taken = bare();
    taken.assignee = Some("ines".into());
    let finding = value(&encode_incident(&taken, Encoding::Ocsf));
    assert_eq!((&finding["assignee_group"], &finding["assignee"]["name"]), (&Value::Null, &json!("ines")));
}

#[test]
fn an_incident_is_an_ecs_alert_that_can_be_searched_by_whom_it_is_about() {
    let document = value(&encode_incident(&full(), Encoding::Ecs));
    for (pointer, expected) in [
        ("/@timestamp", json!("2026-02-04T08:00:01Z")),
        ("/ecs/version", json!(ECS_VERSION)),
        ("/event/kind", json!("alert")),
        ("/event/sequence", json!(12)),
        ("/event/severity", json!(4)),
        ("/event/id", json!("6f2f8f0e-6f0f-5c3b-8f5e-0d8f4f1b2a77")),
        ("/threat/technique/id", json!(["T1003", "T1550", "T9999"])),
        ("/threat/technique/subtechnique/id", json!(["T1003.006"])),
        ("/host/hostname", json!("desk7.fabrikam.example")),
        ("/user/domain", json!("fabrikam")),
        ("/user/id", json!("S-1-5-21-11-22-33-1104")),
        ("/related/ip", json!(["10.7.0.12"])),
        ("/related/hash", json!(["ab".repeat(32)])),
        ("/braid/alerts/1/id", json!("n-2")),
    ] {
        assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}");
    }
    let users = document["related"]["user"].as_array().expect("a list");
    assert!(users.contains(&json!("fabrikam\\noor")) && users.contains(&json!("noor@fabrikam.example")));
}

#[test]
fn the_host_that_most_alerts_are_about_is_the_documents_host_and_one_that_only_stands_by_is_not() {
    let mut incident = bare();
    let host = |id, name| entity(id, EntityKind::Host, vec![identifier(IdentifierKind::Fqdn, name)]);
    incident.entities = vec![host(1, "dc.example"), host(2, "a.example"), host(3, "b.example")];
    (incident.entities[0].context, incident.entities[0].alerts) = (true, 9);
    incident.entities[2].alerts = 3;
    let document = value(&encode_incident(&incident, Encoding::Ecs));
    assert_eq!(document["host"]["name"], "b.example");
}

/// The largest incident that the default caps allow, with more of everything than alerts usually bring.
#[test]
fn no_form_takes_more_room_than_is_left_for_it() {
    let mut incident = full();
    let alert = incident.alerts[0].clone();
    incident.alerts = (0..1_000)
        .map(|n| {
            let mut alert = alert.clone();
            alert.id = AlertId::new(&format!("{n:08}-2f7a-4c55-9a7e-6f0c3f3e8a10"));
            alert.entities = (n..n + 4).map(EntityId).collect();
            alert
        })
        .collect();
    let user = incident.entities[0].clone();
    incident.entities = (0..500).map(|n| IncidentEntity { id: EntityId(n), ..user.clone() }).collect();
    let native = encode_incident(&incident, Encoding::Json).len();
    for (form, encoding, _) in DOCUMENTS {
        let bytes = encode_incident(&incident, encoding).len();
        let most = native * usize::try_from(FORM_TENTHS_MAX).expect("it is small") / 10;
        assert!(bytes <= most, "{form}: {bytes} bytes, {native} in JSON");
    }
    // Entities alone, with nothing but names, are what weighs most in other forms.
    incident.alerts.clear();
    let native = encode_incident(&incident, Encoding::Json).len();
    let bytes = encode_incident(&incident, Encoding::Ocsf).len();
    println!("entities alone: {bytes} bytes as OCSF, {native} in JSON");
}

#[test]
fn a_cef_line_has_known_keys_only_and_none_over_its_limit() {
    let mut incident = full();
    let names = (0..400).map(|n| format!("host{n:04}.fabrikam.example"));
    let hosts = names.map(|name| entity(1, EntityKind::Host, vec![identifier(IdentifierKind::Fqdn, &name)]));
    incident.entities.extend(hosts);
    incident.title = "=".repeat(2_000).into();
    let line = String::from_utf8(encode_incident(&incident, Encoding::Cef)).expect("it is text");
    let fields: Vec<&str> = line.splitn(8, '|').collect();
    assert_eq!((fields[0], fields[1], fields[4], fields[6]), ("CEF:0", "braid", "incident.alertJoined", "8"));
    assert_eq!(fields[5].chars().count(), 512);
    assert!(line.ends_with("flexString1Label=shortened flexString1=name,dhost"), "{line}");
    let mut known = CEF_FIELDS.iter();
    for pair in
        fields[7].split(' ').filter_map(|word| word.split_once('=')).filter(|(key, _)| !key.ends_with('\\'))
    {
        let field = known.find(|field| field.key == pair.0);
        assert!(field.is_some(), "{} is unknown, or out of order", pair.0);
    }
}

#[test]
fn the_headers_say_what_a_record_is_without_looking_into_it() {
    let headers = incident::incident_headers(&full(), Encoding::Ocsf);
    let shown: Vec<String> = headers
        .iter()
        .map(|(name, value)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_deref().unwrap_or_default()))
        })
        .collect();
    expect_test::expect![[r#"
        ce_specversion: 1.0
        ce_id: 6f2f8f0e-6f0f-5c3b-8f5e-0d8f4f1b2a77/12
        ce_source: /tenants/fabrikam/incidents
        ce_type: braid.incident
        ce_subject: 6f2f8f0e-6f0f-5c3b-8f5e-0d8f4f1b2a77
        ce_partitionkey: 6f2f8f0e-6f0f-5c3b-8f5e-0d8f4f1b2a77
        ce_sequence: 12
        ce_time: 2026-02-04T08:00:01Z
        ce_dataschema: urn:braid:v1:incident.ocsf
        content-type: application/json
        traceparent: 00-6f2f8f0e6f0f5c3b8f5e0d8f4f1b2a77-000000000000000c-00"#]]
    .assert_eq(&shown.join("\n"));
    let trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let of = |trace| {
        incident::change_headers(&nouns::change(), Encoding::Cef, trace).pop().expect("it is the last")
    };
    assert_eq!(of(Some(trace)), (incident::TRACE_PARENT.into(), Some(Box::from(&trace[..]))));
    let own = of(None);
    assert_eq!(of(Some(b"nonsense")), own);
}

#[test]
fn nothing_is_newer_than_what_is_forgotten() {
    let sequence = |headers: Vec<braid_wire::dead_letter::Header>| -> i64 {
        let (_, value) = headers.into_iter().find(|(name, _)| &**name == "ce_sequence").expect("it has one");
        String::from_utf8_lossy(&value.expect("it says which")).parse().expect("it is a number")
    };
    let incident = full();
    let forgotten = incident::forgotten_headers(&incident.tenant, incident.id);
    assert_eq!(sequence(forgotten), i64::MAX);
    assert_eq!(sequence(incident::incident_headers(&incident, Encoding::Json)), incident.version);
    let change = nouns::change();
    assert_eq!(sequence(incident::change_headers(&change, Encoding::Json, None)), change.version);
}

#[test]
fn the_ticket_of_a_redirected_incident_is_told_in_every_form_which_one_took_over() {
    let gone = nouns::incident();
    let into = gone.redirect_incident_id.expect("it went somewhere").to_string();
    let json = value(&encode_incident(&gone, Encoding::Json));
    assert_eq!(
        (json["status"].as_str(), json["redirect_incident_id"].as_str()),
        (Some("redirected"), Some(&*into))
    );
    let ecs = value(&encode_incident(&gone, Encoding::Ecs));
    assert_eq!(ecs["braid"]["status"], "redirected");
    assert_eq!(ecs["braid"]["redirect_incident_id"], into);
    let cef = String::from_utf8(encode_incident(&gone, Encoding::Cef)).expect("a line is text");
    assert!(cef.contains("cs2=redirected"), "{cef}");
    assert!(cef.contains(&format!("cs6={into}")) && cef.contains("cs6Label=redirectIncidentId"), "{cef}");
}

#[test]
fn what_people_said_stands_in_every_document_with_who_said_it_and_when() {
    let kept = full();
    let said = value(&encode_incident(&kept, Encoding::Json))["comments"].clone();
    assert!(
        said[0]["author"].is_string() && said[0]["at"].is_string() && said[0]["text"].is_string(),
        "{said}"
    );
    assert_eq!(value(&encode_incident(&kept, Encoding::Ocsf))["unmapped"]["comments"], said);
    assert_eq!(value(&encode_incident(&kept, Encoding::Ecs))["braid"]["comments"], said);
}
