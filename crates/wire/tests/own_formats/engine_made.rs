//! The published schemas, held against records that they were not made of: what the engine makes of alerts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use braid_alert::*;
use braid_engine::{Effect, Input, Partition, Settings};
use braid_wire::incident::{Encoding, encode_change, encode_incident};
use braid_wire::own::alert_from_json;
use braid_wire::{Format, SourceRules, TenantRule, decode};
use serde_json::{Value, json};

use crate::form_schema::validate;
use crate::json_schema::check;
use crate::nouns::origin;

const FORMS: [(&str, Encoding); 3] =
    [("", Encoding::Json), (".ocsf", Encoding::Ocsf), (".ecs", Encoding::Ecs)];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// What the engine makes of the alerts, in their order: every version of every incident, and every change.
fn play(alerts: Vec<Alert>) -> (Vec<Incident>, Vec<IncidentChange>) {
    let mut partition = Partition::new(Settings::default());
    let (mut incidents, mut changes) = (Vec::new(), Vec::new());
    for alert in alerts {
        let mut effects = Vec::new();
        partition.apply(Input::Alert(Box::new(alert)), &mut effects);
        for effect in effects {
            let Effect::Incident(change) = effect else { continue };
            incidents.extend(partition.incident(&change.tenant, change.incident));
            changes.push(change);
        }
    }
    (incidents, changes)
}

/// What a published schema refuses, each sentence once, by the form.
fn refusals(stem: &str, form: &str, records: &[Vec<u8>]) -> Vec<String> {
    let file = format!("{stem}{form}.schema.json");
    let schema = fs::read(root().join("schemas").join(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let schema: Value = serde_json::from_slice(&schema).expect("a schema is JSON");
    let valid = |record: &Vec<u8>| {
        let record: Value = serde_json::from_slice(record).expect("it is JSON");
        if form.is_empty() { check(&schema, &record, &schema) } else { validate(&schema, &record) }
    };
    let refused = records.iter().filter_map(|record| valid(record).err());
    let mut refused: Vec<_> = refused.map(|what| format!("{file}: {what}")).collect();
    refused.sort();
    refused.dedup();
    refused
}

#[track_caller]
fn assert_taken((incidents, changes): &(Vec<Incident>, Vec<IncidentChange>)) {
    assert!(!incidents.is_empty() && !changes.is_empty());
    let mut refused = Vec::new();
    for (form, encoding) in FORMS {
        let records: Vec<_> = incidents.iter().map(|incident| encode_incident(incident, encoding)).collect();
        refused.extend(refusals("incident", form, &records));
        let records: Vec<_> = changes.iter().map(|change| encode_change(change, encoding)).collect();
        refused.extend(refusals("incident-event", form, &records));
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

fn arriving(mut alert: Alert) -> Alert {
    let at = SourceTime::from_micros(alert.updated.as_micros());
    alert.origin = Origin { source_time: at, ..origin() };
    alert
}

/// An alert of so many minutes past ten, with what else is said of it.
fn alert(id: &str, minute: u32, more: &Value, evidence: &[(&str, &str, &str, &str)]) -> Alert {
    let piece = |(kind, role, name, value): &(&str, &str, &str, &str)| json!({ "kind": kind, "role": role, "identifiers": [{ "kind": name, "value": value }] });
    let mut document = json!({
        "tenant": "fabrikam", "provider": "labScanner", "id": id, "title": format!("Alert {id}"),
        "first_activity": format!("2026-02-03T10:{minute:02}:00Z"),
        "evidence": evidence.iter().map(piece).collect::<Vec<_>>(),
    });
    let fields = more.as_object().expect("what is said are fields").clone();
    document.as_object_mut().expect("an alert is an object").extend(fields);
    arriving(alert_from_json(document.to_string().as_bytes()).expect("a test writes alerts right"))
}

/// Alerts that say little: hosts and users of which nothing but a name is known, a step between two hosts without an
/// account, one that brings two incidents together, one that is over already, and one about nothing.
fn terse() -> Vec<Alert> {
    let host = |role, name| ("host", role, "netbiosName", name);
    let grave = json!({ "severity": "high" });
    let moved = json!({ "phase": "lateralMovement", "techniques": ["T1550.002"], "severity": "high" });
    vec![
        alert("a1", 1, &json!({}), &[host("impacted", "desk7")]),
        alert("a2", 3, &moved, &[host("source", "desk7"), host("target", "files1")]),
        alert("b1", 4, &grave, &[host("impacted", "desk9")]),
        alert("b2", 5, &grave, &[host("impacted", "desk8")]),
        alert("b3", 6, &grave, &[host("impacted", "desk9"), host("impacted", "desk8")]),
        alert("c1", 8, &json!({ "status": "resolved" }), &[("file", "related", "sha256", &"ab".repeat(32))]),
        alert("d1", 9, &json!({}), &[]),
        alert("e1", 10, &json!({}), &[("user", "source", "accountName", "noor")]),
    ]
}

#[test]
fn the_published_schemas_take_incidents_of_alerts_that_say_little() {
    let played = play(terse());
    let incidents = &played.0;
    let any = |holds: &dyn Fn(&Incident) -> bool| incidents.iter().any(holds);
    assert!(any(&|i| i.alerts.iter().any(|alert| alert.phase.is_none())), "an alert without a phase");
    assert!(any(&|i| i.lateral_movement.iter().any(|hop| hop.user.is_none())), "a hop without an account");
    assert!(any(&|i| i.status == IncidentStatus::Redirected), "an incident that went into another");
    assert!(any(&|i| i.entities.is_empty()), "an incident about nothing");
    let bare_of = |kind: EntityKind| {
        any(&|i| i.entities.iter().any(|entity| entity.kind == kind && entity.identifiers.len() == 1))
    };
    assert!(bare_of(EntityKind::Host) && bare_of(EntityKind::User), "hosts and users with a name alone");
    assert_taken(&played);
}

/// Alerts of products, where `samples` lies beside the repository.
#[test]
fn the_published_schemas_take_incidents_of_the_samples() {
    for (file, format) in [
        ("mdi/cef.txt", Format::MdiCef),
        ("defender-xdr/alerts.jsonl", Format::SentinelSecurityAlert),
        ("graph/alert.json", Format::GraphAlert),
        ("endpoint/alerts.json", Format::DefenderEndpointAlert),
    ] {
        let path = root().join("../shared/samples").join(file);
        let Ok(text) = fs::read_to_string(&path) else {
            eprintln!("skipped: {} is not here", path.display());
            continue;
        };
        let rules = SourceRules::new(format, TenantRule::Fixed(Tenant::new("contoso")));
        let records: Vec<&str> = if file.ends_with(".json") { vec![&text] } else { text.lines().collect() };
        let decoded = records.iter().flat_map(|record| decode(record.as_bytes(), &origin(), &rules));
        let mut alerts: Vec<Alert> = decoded.filter_map(Result::ok).map(arriving).collect();
        alerts.sort_by_key(|alert| alert.updated);
        alerts.truncate(SAMPLE_ALERTS_MAX);
        assert_taken(&play(alerts));
    }
}

/// Every version of every incident is checked: more would take longer and show nothing else.
const SAMPLE_ALERTS_MAX: usize = 300;

/// Each place of a schema and what may stand there, lists and `null` apart: what decides about a field of an index.
fn kinds(schema: &Value, place: &str, found: &mut BTreeMap<String, Vec<String>>) {
    let one = schema["type"].as_str().into_iter();
    let several = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut kinds: Vec<String> =
        one.chain(several).filter(|kind| !["null", "array"].contains(kind)).map(str::to_owned).collect();
    kinds.sort();
    found.entry(place.to_owned()).or_default().extend(kinds);
    if schema["items"].is_object() {
        self::kinds(&schema["items"], place, found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        self::kinds(inner, &format!("{place}.{name}"), found);
    }
}

#[test]
fn incidents_and_their_changes_can_stand_in_one_index() {
    for form in [".ocsf", ".ecs"] {
        let [incident, event] = ["incident", "incident-event"].map(|stem| {
            let schema = fs::read(root().join(format!("schemas/{stem}{form}.schema.json")));
            let schema = serde_json::from_slice(&schema.expect("it is published")).expect("a schema is JSON");
            let mut found = BTreeMap::new();
            kinds(&schema, "", &mut found);
            found
        });
        let both: Vec<_> = incident.iter().filter(|(place, _)| event.contains_key(*place)).collect();
        assert!(both.len() > 10, "{form}: {both:?}");
        for (place, kinds) in both {
            assert_eq!(*kinds, event[place], "{form}: {place}");
        }
    }
}
