use std::collections::BTreeMap;

use braid_alert::{Correlate, Severity, Tenant};
use braid_wire::{Format, RefusalReason, SourceRules, TenantRule, decode, own};
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, origin, rules};

fn alert() -> Value {
    json!({
        "tenant": "fabrikam",
        "provider": "acmeScanner",
        "id": "scan-1",
        "title": "Port scan",
        "severity": "low",
        "first_activity": "2026-02-03T10:00:00Z",
        "evidence": [{ "kind": "host", "role": "source", "identifiers": [{ "kind": "fqdn", "value": "pc1.contoso.azure" }] }]
    })
}

fn by_field(format: Format) -> SourceRules {
    SourceRules::new(format, TenantRule::Field { name: None, aliases: BTreeMap::new() })
}

#[test]
fn the_source_says_whose_it_is_and_where_it_came_from() {
    let fixed = decode_one(Format::BraidJson, &alert().to_string());
    assert_eq!(fixed.tenant, Tenant::new("contoso"));
    assert_eq!(fixed.origin, origin());
    let record = alert().to_string();
    let own =
        decode(record.as_bytes(), &origin(), &by_field(Format::BraidJson)).remove(0).expect("it is good");
    assert_eq!(own.tenant, Tenant::new("fabrikam"));
}

#[test]
fn an_alert_that_went_out_as_avro_comes_in_as_it_was() {
    let alert = decode_one(Format::BraidJson, &alert().to_string());
    let results = decode(&own::alert_to_avro(&alert), &origin(), &rules(Format::BraidAvro));
    assert_eq!(results, [Ok(alert)]);
}

#[test]
fn a_source_can_take_correlation_away_and_never_give_it() {
    let correlate = |rule: Correlate, said: &str| {
        let mut alert = alert();
        alert["correlate"] = json!(said);
        let rules = SourceRules { correlate: rule, ..rules(Format::BraidJson) };
        let record = alert.to_string();
        decode(record.as_bytes(), &origin(), &rules).remove(0).expect("it is good").correlate
    };
    assert_eq!(correlate(Correlate::Full, "full"), Correlate::Full);
    assert_eq!(correlate(Correlate::Full, "off"), Correlate::Off);
    assert_eq!(correlate(Correlate::Join, "full"), Correlate::Join);
    assert_eq!(correlate(Correlate::Off, "join"), Correlate::Off);
}

#[test]
fn what_stands_there_for_a_detector_holds_instead_of_what_holds_for_the_source() {
    let detectors = BTreeMap::from([("2021".into(), Correlate::Off), ("scan".into(), Correlate::Full)]);
    let rules = SourceRules { correlate: Correlate::Join, detectors, ..rules(Format::BraidJson) };
    let correlate = |detector: &str, said: &str| {
        let mut alert = alert();
        (alert["detector"], alert["correlate"]) = (json!(detector), json!(said));
        let record = alert.to_string();
        decode(record.as_bytes(), &origin(), &rules).remove(0).expect("it is good").correlate
    };
    assert_eq!(correlate("2021", "full"), Correlate::Off);
    assert_eq!(correlate("Scan", "full"), Correlate::Full, "the case of a detector's name does not count");
    assert_eq!(correlate("Scan", "join"), Correlate::Join, "an alert may always ask for less");
    assert_eq!(correlate("other", "full"), Correlate::Join);
    let cef = "CEF:0|Microsoft|Azure ATP|2.230|SamrReconnaissanceSecurityAlert|Users|5|start=2026-02-03T10:01:02Z \
               externalId=2021 shost=PC1 cs1Label=url cs1=https\\://h/alerts/aa7d0e1c2b-1111-4222-8333-0123456789ab";
    let rules = SourceRules { format: Format::MdiCef, ..rules.clone() };
    let alert = decode(cef.as_bytes(), &origin(), &rules).remove(0).expect("it is good");
    assert_eq!((alert.detector.as_deref(), alert.correlate), (Some("2021"), Correlate::Off));
}

#[test]
fn an_array_and_a_wrapper_hold_several() {
    let mut bad = alert();
    bad["id"] = json!("");
    for record in [json!([alert(), bad, alert()]), json!({ "records": [alert(), bad, alert()] })] {
        let results = decode_all(Format::BraidJson, &record.to_string());
        let places: Vec<_> = results
            .iter()
            .map(|r| r.as_ref().map(|a| a.origin.element).map_err(|r| (r.reason, r.element)))
            .collect();
        assert_eq!(places, [Ok(0), Err((RefusalReason::MissingId, 1)), Ok(2)]);
    }
}

#[test]
fn a_less_grave_alert_is_a_stated_drop_and_an_unknown_severity_is_not() {
    let rules = SourceRules { severity_min: Some(Severity::Medium), ..rules(Format::BraidJson) };
    let read = |severity: &str| {
        let mut alert = alert();
        alert["severity"] = json!(severity);
        let record = alert.to_string();
        decode(record.as_bytes(), &origin(), &rules).remove(0).map(|alert| alert.severity)
    };
    let drop = read("low").expect_err("it is less grave");
    assert_eq!(drop.reason, RefusalReason::BelowMinimumSeverity);
    assert!(drop.is_drop());
    assert_eq!(read("medium"), Ok(Severity::Medium));
    assert!(read("catastrophic").is_ok());
}
