//! braid's own alert in JSON: strict where identity depends on it, lenient elsewhere, and every refusal says where.

use braid_alert::{AlertStatus, Correlate, EntityKind, IdentifierKind, Role, Severity, Tenant};
use braid_wire::RefusalReason;
use braid_wire::own::{alert_from_json, alert_of_tenant_from_json, alert_to_json};
use serde_json::{Value, json};

use crate::nouns::{alert, time};

const LEAST: &str = r#"{"tenant":"fabrikam","provider":"labScanner","id":"n-1","title":"Port scan",
    "first_activity":"2026-02-03T10:00:00Z"}"#;

/// The least alert with one field more, or another value in one.
fn with(field: &str, value: Value) -> Vec<u8> {
    let mut alert: Value = serde_json::from_str(LEAST).expect("it is JSON");
    alert[field] = value;
    alert.to_string().into_bytes()
}

#[test]
fn an_alert_reads_back_as_it_was_written() {
    assert_eq!(alert_from_json(&alert_to_json(&alert())), Ok(alert()));
}

#[test]
fn what_is_optional_may_be_missing() {
    let alert = alert_from_json(LEAST.as_bytes()).expect("five fields are enough");
    let first = time("2026-02-03T10:00:00Z");
    assert_eq!((alert.last_activity, alert.updated, alert.created), (first, first, None));
    assert_eq!((alert.status, alert.correlate), (AlertStatus::New, Correlate::Full));
    assert_eq!(alert.severity.rank(), 0);
    assert!(alert.evidence.is_empty() && alert.techniques.is_empty());
    assert_eq!(&*alert.origin.topic, "");
}

#[test]
fn the_time_of_creation_stands_for_a_missing_time_of_change() {
    let alert = alert_from_json(&with("created", json!("2026-02-03T10:30:00Z"))).expect("it is right");
    assert_eq!(alert.updated, time("2026-02-03T10:30:00Z"));
}

#[test]
fn a_wrong_type_in_a_field_that_identity_does_not_need_costs_that_field_only() {
    for (field, value) in [
        ("severity", json!(["high"])),
        ("status", json!({"is": "new"})),
        ("description", json!(false)),
        ("techniques", json!(7)),
        ("last_activity", json!("yesterday")),
        ("updated", json!(1.5)),
        ("phase", Value::Null),
        ("correlate", json!("")),
        ("origin", json!({"topic": 1})),
        ("an_unknown_field", json!({"a": [1, 2, {"b": null}]})),
    ] {
        let alert =
            alert_from_json(&with(field, value)).unwrap_or_else(|refusal| panic!("{field}: {refusal}"));
        assert_eq!(alert, alert_from_json(LEAST.as_bytes()).expect("it is right"), "{field}");
    }
}

#[test]
fn a_misspelt_correlate_is_refused_for_it_would_join_what_is_to_be_left_alone() {
    let refusal = alert_from_json(&with("correlate", json!("perhaps"))).expect_err("there is no such way");
    assert_eq!(
        (refusal.reason, &*refusal.detail),
        (RefusalReason::UnknownValue, "correlate is \"perhaps\"; one of: full, join, off")
    );
}

#[test]
fn a_value_that_no_release_knows_is_kept_as_its_text() {
    let alert = alert_from_json(&with("severity", json!("catastrophic"))).expect("it is right");
    assert_eq!(alert.severity, Severity::Other("catastrophic".into()));
}

#[test]
fn an_end_before_the_beginning_is_the_beginning() {
    let alert = alert_from_json(&with("last_activity", json!("2026-02-03T09:00:00Z"))).expect("it is right");
    assert_eq!(alert.last_activity, alert.first_activity);
}

#[test]
fn techniques_are_found_sorted_and_each_stands_once() {
    let texts = json!(["T1078", "OS Credential Dumping (T1003)", "t1078", "none", 4]);
    let alert = alert_from_json(&with("techniques", texts)).expect("it is right");
    let techniques: Vec<_> = alert.techniques.iter().map(|technique| technique.as_str()).collect();
    assert_eq!(techniques, ["T1003", "T1078"]);
}

#[test]
fn identifiers_are_brought_into_their_canonical_form() {
    let evidence = json!([{
        "kind": "account",
        "identifiers": [
            {"kind": "upn", "value": " Noor@Fabrikam.Example"},
            {"kind": "upn", "value": "noor@fabrikam.example"},
            {"kind": "domainAccount", "value": "FABRIKAM.example\\Noor"},
            {"kind": "address", "value": "::ffff:10.7.0.12"},
            {"kind": "badgeNumber", "value": "B-77"},
        ],
        "addresses": [{"address": "0010.7.0.12"}, {"address": "::ffff:10.7.0.12", "egress": true}],
    }]);
    let alert = alert_from_json(&with("evidence", evidence)).expect("it is right");
    let [evidence] = &alert.evidence[..] else { panic!("one piece of evidence") };
    assert_eq!((&evidence.kind, &evidence.role), (&EntityKind::User, &Role::Related));
    let names: Vec<_> = evidence.identifiers.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "upn:noor@fabrikam.example",
            "domainAccount:fabrikam\\noor",
            "address:10.7.0.12",
            "badgeNumber:b-77"
        ]
    );
    assert_eq!(evidence.identifiers[3].kind, IdentifierKind::Other("badgeNumber".into()));
    let addresses: Vec<_> = evidence.addresses.iter().map(|a| (&*a.address, a.egress)).collect();
    assert_eq!(addresses, [("10.7.0.12", true)]);
}

#[test]
fn what_is_no_name_is_shown_and_joins_nothing() {
    let evidence = json!([{"kind": "ip", "identifiers": [
        {"kind": "address", "value": "N/A"}, {"kind": "address", "value": "10.7.0.1200"}]}]);
    let alert = alert_from_json(&with("evidence", evidence)).expect("it is right");
    assert!(alert.evidence[0].identifiers.is_empty());
    assert_eq!(alert.evidence[0].label.as_deref(), Some("N/A"));
}

#[test]
fn texts_for_display_are_cut_at_a_character() {
    let alert = alert_from_json(&with("description", json!("é".repeat(9_000)))).expect("it is right");
    assert_eq!(alert.description.map(|text| text.chars().count()), Some(4_096));
    let evidence = json!([{"kind": "file", "label": "é".repeat(300)}]);
    let alert = alert_from_json(&with("evidence", evidence)).expect("it is right");
    assert_eq!(alert.evidence[0].label.as_ref().map(|text| text.chars().count()), Some(256));
}

#[test]
fn a_configured_tenant_overrules_what_the_alert_says() {
    let tenant = Tenant::new("northwind");
    let alert = alert_of_tenant_from_json(&tenant, LEAST.as_bytes()).expect("it is right");
    assert_eq!(alert.tenant, tenant);
    let alert = alert_of_tenant_from_json(&tenant, &with("tenant", Value::Null)).expect("it need not say");
    assert_eq!(alert.tenant, tenant);
}

fn refused(bytes: &[u8]) -> String {
    alert_from_json(bytes).expect_err("it is to be refused").to_string()
}

#[test]
fn what_identity_depends_on_is_refused_with_its_place() {
    let table = [
        (with("tenant", Value::Null), "missing_tenant: tenant is missing or empty"),
        (with("provider", json!(" ")), "missing_provider: provider is missing or empty"),
        (with("id", json!("")), "missing_id: id is missing or empty"),
        (with("title", Value::Null), "malformed: title is missing or empty"),
        (with("first_activity", Value::Null), "missing_time: first_activity is missing"),
        (with("id", json!(7)), "wrong_type: id: invalid type: integer `7`, expected a string"),
        (
            with("first_activity", json!("2026-02-03 10:00")),
            "wrong_type: first_activity: invalid value: string \"2026-02-03 10:00\"",
        ),
        (
            with(
                "evidence",
                json!([{"kind": "user"}, {"kind": "user", "identifiers": [{"kind": "upn", "value": 7}]}]),
            ),
            "wrong_type: evidence[1].identifiers[0].value: invalid type: integer `7`, expected a string",
        ),
        (
            with("evidence", json!({"kind": "user"})),
            "wrong_type: evidence: invalid type: map, expected a sequence",
        ),
        (with("evidence", json!([{"role": "source"}])), "wrong_type: evidence[0]: missing field `kind`"),
    ];
    for (bytes, expected) in table {
        let refusal = refused(&bytes);
        assert!(refusal.starts_with(expected), "{refusal}\ndoes not begin with\n{expected}");
    }
}

#[test]
fn bytes_that_are_no_alert_are_refused_with_the_reason() {
    let table: [(&[u8], &str); 10] = [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"{\"id\":\"\xFF\"}", "invalid_utf8: byte 7"),
        (b"[1]", "unknown_format: begins with '['"),
        (b"CEF:0|", "unknown_format: begins with 'C'"),
        (b"{", "truncated"),
        (br#"{"tenant":"fabr"#, "truncated"),
        (br#"{"tenant":}"#, "malformed"),
        (br#"{"id":"a","id":"b"}"#, "wrong_type: duplicate field `id`"),
        (b"{} {}", "malformed: trailing characters"),
    ];
    for (bytes, expected) in table {
        let refusal = refused(bytes);
        assert!(refusal.starts_with(expected), "{refusal}\ndoes not begin with\n{expected}");
    }
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    for (field, expected) in [("origin", "malformed"), ("evidence", "wrong_type"), ("unknown", "truncated")] {
        let deep = format!("{{\"{field}\":{}", "[".repeat(100_000));
        assert!(refused(deep.as_bytes()).starts_with(expected), "{field}: {}", refused(deep.as_bytes()));
    }
}
