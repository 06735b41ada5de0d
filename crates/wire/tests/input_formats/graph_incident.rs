use braid_alert::{Alert, EntityKind};
use braid_wire::{Format, Refusal, SourceRules, TenantRule, decode};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, origin, rules};

fn alert(id: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.alert",
        "id": id,
        "incidentId": "924565",
        "serviceSource": "microsoftDefenderForEndpoint",
        "title": "A detection",
        "severity": "medium",
        "status": "new",
        "firstActivityDateTime": "2026-02-03T10:01:02Z",
        "evidence": []
    })
}

fn incident(id: &str, redirect: Value, alerts: Value) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.incident",
        "id": id,
        "tenantId": "t-1",
        "status": "active",
        "redirectIncidentId": redirect,
        "displayName": "Multi-stage incident",
        "alerts": alerts
    })
}

fn told(result: &Result<Alert, Refusal>) -> String {
    match result {
        Ok(alert) => {
            let names: Vec<_> =
                alert.evidence.iter().flat_map(|e| &e.identifiers).map(ToString::to_string).collect();
            format!("{} {} {}", alert.origin.element, alert.key(), names.join(" ")).trim().to_owned()
        }
        Err(refusal) => format!("{refusal}{}", if refusal.is_drop() { ", dropped" } else { "" }),
    }
}

fn page() -> String {
    json!({ "value": [
        incident("5", Value::Null, json!([alert("da1"), 7, alert("da2")])),
        incident("6", json!("5"), json!([alert("da3")])),
        incident("7", json!("5"), json!([])),
        { "hello": 1 },
        incident("8", Value::Null, json!([{ "@odata.type": "#microsoft.graph.security.case", "id": "c" }]))
    ] })
    .to_string()
}

#[test]
fn the_alerts_of_incidents_decode_as_they_do_alone() {
    let results = decode_all(Format::GraphIncident, &page());
    let alone = decode_all(Format::GraphAlert, &alert("da1").to_string());
    assert_eq!(results[0], alone[0]);
    expect![[r#"
        0 microsoftDefenderForEndpoint/da1
        wrong_type: the element is a number, which must be an object (element 1)
        2 microsoftDefenderForEndpoint/da2
        3 microsoftDefenderForEndpoint/da3
        beside_alerts: incident "7" lists no alerts; a request may have to ask for them (element 4), dropped
        unknown_format: it has none of the properties alerts, displayName, incidentWebUrl, redirectIncidentId (element 5)
        not_an_alert: its @odata.type is "case" (element 6)"#]].assert_eq(&results.iter().map(told).collect::<Vec<_>>().join("\n"));
}

#[test]
fn where_the_source_takes_hints_each_alert_names_the_vendor_s_incident_or_the_one_that_it_was_merged_into() {
    let hinted = SourceRules { vendor_incidents: true, ..rules(Format::GraphIncident) };
    let results = decode(page().as_bytes(), &origin(), &hinted);
    expect![[r#"
        0 microsoftDefenderForEndpoint/da1 vendorIncidentId:defender/5
        2 microsoftDefenderForEndpoint/da2 vendorIncidentId:defender/5
        3 microsoftDefenderForEndpoint/da3 vendorIncidentId:defender/5"#]]
    .assert_eq(&results.iter().filter(|r| r.is_ok()).map(told).collect::<Vec<_>>().join("\n"));
    for result in results.into_iter().flatten() {
        assert_eq!(result.evidence.last().map(|piece| &piece.kind), Some(&EntityKind::VendorIncident));
    }
}

#[test]
fn one_incident_has_one_name_in_all_interfaces() {
    let name = |format: Format, record: Value| {
        let hinted = SourceRules { vendor_incidents: true, ..rules(format) };
        let alert = decode(record.to_string().as_bytes(), &origin(), &hinted).remove(0).expect("it is good");
        alert.evidence.last().map(|piece| piece.identifiers[0].to_string())
    };
    let own = Some("vendorIncidentId:defender/924565".to_owned());
    assert_eq!(name(Format::GraphAlert, alert("da1")), own);
    let endpoint = json!({ "id": "da1", "incidentId": 924565, "machineId": "m", "firstEventTime": "2026-02-03T10:00:00Z" });
    assert_eq!(name(Format::DefenderEndpointAlert, endpoint), own);
    let older = json!({ "alertId": "da1", "serviceSource": "MicrosoftDefenderATP", "firstActivity": "2026-02-03T10:00:00Z" });
    assert_eq!(name(Format::DefenderXdrIncident, json!({ "incidentId": 924565, "alerts": [older] })), own);
    let merged = json!({ "incidentId": 7, "redirectIncidentId": 924565, "alerts": [older] });
    assert_eq!(name(Format::DefenderXdrIncident, merged), own);
}

#[test]
fn the_tenant_is_the_alert_s_or_else_the_incident_s() {
    let rule = TenantRule::Field { name: None, aliases: Default::default() };
    let by_field = SourceRules::new(Format::GraphIncident, rule);
    let record = incident("5", Value::Null, json!([alert("da1")])).to_string();
    let alert = decode(record.as_bytes(), &origin(), &by_field).remove(0).expect("it is good");
    assert_eq!(alert.tenant.as_str(), "t-1");
}
