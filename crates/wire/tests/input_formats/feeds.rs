//! One alert that comes by several feeds is one alert: product and id are the same whichever feed carries it.

use braid_alert::{Alert, AlertKey, IncidentStatus};
use braid_engine::{Input, Partition, Settings};
use braid_wire::Format;
use serde_json::{Value, json};

use crate::fixture::decode_one;

const GUID: &str = "7d0e1c2b-1111-4222-8333-0123456789ab";

/// A line of Defender for Identity's sensor.
fn cef(portal_id: &str) -> AlertKey {
    decode_one(Format::MdiCef, &line(portal_id)).key()
}

fn line(portal_id: &str) -> String {
    format!(
        "<36>1 2026-02-03T10:04:30.5+00:00 ContosoDC CEF 4242 SamrReconnaissanceSecurityAlert CEF:0|Microsoft|Azure ATP|\
         2.230.0.1|SamrReconnaissanceSecurityAlert|A detection|5|start=2026-02-03T10:01:02.1234567Z suser=JeffL \
         externalId=2021 cs1Label=url cs1=https\\://security.microsoft.com/alerts/{portal_id} cs2Label=trigger cs2=new"
    )
}

/// A row of Sentinel's table. Sentinel's own id of it is never the alert's, where the product gives one.
fn row(provider: &str, own_id: &str) -> AlertKey {
    decode_one(Format::SentinelSecurityAlert, &alert_of_row(provider, own_id).to_string()).key()
}

fn alert_of_row(provider: &str, own_id: &str) -> Value {
    json!({
        "ProviderName": provider,
        "VendorOriginalId": own_id,
        "SystemAlertId": "9c9c9c9c-0000-4000-8000-000000000009",
        "AlertName": "A detection",
        "AlertSeverity": "Medium",
        "StartTime": "2026-02-03 10:01:02+00:00",
        "EndTime": "2026-02-03 10:01:02+00:00",
        "TimeGenerated": "2026-02-03 10:20:03+00:00",
        "Entities": "[]",
        "Type": "SecurityAlert"
    })
}

/// An alert of Graph, which carries the portal's id and, mostly, the product's own.
fn graph(source: &str, id: &str, own_id: Option<&str>) -> AlertKey {
    let alert: Value = json!({
        "@odata.type": "#microsoft.graph.security.alert",
        "id": id,
        "providerAlertId": own_id,
        "serviceSource": source,
        "title": "A detection",
        "severity": "medium",
        "status": "new",
        "firstActivityDateTime": "2026-02-03T10:01:02.1234567Z",
        "lastUpdateDateTime": "2026-02-03T11:00:00Z",
        "evidence": []
    });
    decode_one(Format::GraphAlert, &alert.to_string()).key()
}

/// A row of the streaming table.
fn streamed(source: &str, id: &str) -> AlertKey {
    let row = json!({ "AlertId": id, "ServiceSource": source, "Timestamp": "2026-02-03T10:01:02Z", "Title": "A detection" });
    let record = json!({ "records": [{ "category": "AdvancedHunting-AlertInfo", "properties": row }] });
    decode_one(Format::DefenderXdrStreaming, &record.to_string()).key()
}

/// An alert of an incident of the older interface.
fn of_incident(source: &str, id: &str) -> AlertKey {
    let alert = json!({ "alertId": id, "serviceSource": source, "firstActivity": "2026-02-03T10:01:02Z" });
    decode_one(Format::DefenderXdrIncident, &json!({ "incidentId": 5, "alerts": [alert] }).to_string()).key()
}

/// An alert of the endpoint product's own interface.
fn endpoint(id: &str) -> AlertKey {
    let alert = json!({ "id": id, "machineId": "m", "firstEventTime": "2026-02-03T10:01:02Z" });
    decode_one(Format::DefenderEndpointAlert, &alert.to_string()).key()
}

/// An alert that Defender for Cloud exports.
fn exported(id: &str) -> AlertKey {
    let alert = json!({ "SystemAlertId": id, "AlertType": "x", "StartTimeUtc": "2026-02-03T10:01:02Z" });
    decode_one(Format::DefenderCloudAlert, &alert.to_string()).key()
}

#[test]
fn an_alert_is_one_in_the_stream_in_an_incident_and_in_the_product_s_own_interface() {
    let own = "da638000000000000000_-77";
    let one = row("MDATP", own);
    assert_eq!(
        [
            streamed("Microsoft Defender for Endpoint", own),
            of_incident("MicrosoftDefenderATP", own),
            endpoint(own)
        ],
        [one.clone(), one.clone(), one]
    );
    let one = row("MDATP", &format!("{GUID}_1"));
    let portal = format!("da{GUID}_1");
    assert_eq!([streamed("Microsoft Defender for Endpoint", &portal), endpoint(&portal)], [one.clone(), one]);
    let one = row("Azure Advanced Threat Protection", GUID);
    let portal = format!("aa{GUID}");
    assert_eq!(
        [streamed("Microsoft Defender for Identity", &portal), of_incident("AzureATP", &portal)],
        [one.clone(), one]
    );
    let own = format!("2517184898549829577_{GUID}");
    let one = row("Azure Security Center", &own);
    assert_eq!(
        [streamed("Microsoft Defender for Cloud", &format!("dc{own}")), exported(&own)],
        [one.clone(), one]
    );
    let one = row("OATP", GUID);
    assert_eq!(
        [
            streamed("Microsoft Defender for Office 365", &format!("fa{GUID}")),
            of_incident("OfficeATP", &format!("fa{GUID}"))
        ],
        [one.clone(), one]
    );
}

#[test]
fn an_alert_of_defender_for_identity_is_one_as_cef_as_row_and_as_graph_json() {
    let portal = format!("aa{GUID}");
    let one = cef(&portal);
    assert_eq!(one.to_string(), format!("microsoftDefenderForIdentity/{GUID}"));
    assert_eq!(row("Azure Advanced Threat Protection", GUID), one);
    assert_eq!(row("Azure Advanced Threat Protection", &GUID.to_uppercase()), one);
    assert_eq!(graph("microsoftDefenderForIdentity", &portal, Some(GUID)), one);
    assert_eq!(graph("microsoftDefenderForIdentity", &portal, Some(&portal)), one);
    assert_eq!(graph("microsoftDefenderForIdentity", &portal, None), one);
}

#[test]
fn alerts_of_the_other_products_are_one_as_row_and_as_graph_json() {
    let hex = "6673f98cb9f35a1e3beaa2cb";
    let cloud = format!("2517184898549829577_{GUID}");
    let endpoint = "da638000000000000000_-77";
    for (provider, own, source, portal) in [
        ("MDATP", endpoint.to_owned(), "microsoftDefenderForEndpoint", endpoint.to_owned()),
        ("MDATP", format!("{GUID}_1"), "microsoftDefenderForEndpoint", format!("da{GUID}_1")),
        ("OATP", GUID.to_owned(), "microsoftDefenderForOffice365", format!("fa{GUID}")),
        ("MCAS", hex.to_owned(), "microsoftDefenderForCloudApps", format!("ca{hex}")),
        ("IPC", hex.repeat(2), "azureAdIdentityProtection", hex.repeat(2)),
        ("Azure Security Center", cloud.clone(), "microsoftDefenderForCloud", format!("dc{cloud}")),
        (
            "MicrosoftThreatProtection",
            "ra638542321004119648_-95".into(),
            "microsoft365Defender",
            "ra638542321004119648_-95".into(),
        ),
    ] {
        let one = row(provider, &own);
        assert_eq!(graph(source, &portal, None), one, "{provider} by the portal's id");
        assert_eq!(graph(source, &portal, Some(&own)), one, "{provider} by the product's own id");
    }
}

#[test]
fn the_same_id_of_two_products_is_two_alerts() {
    assert_ne!(row("OATP", GUID), row("Azure Advanced Threat Protection", GUID));
}

#[test]
fn a_feed_that_reports_no_resolution_does_not_reopen_what_another_one_has_resolved() {
    let mut engine = Partition::new(Settings::default());
    let mut statuses = |alert: Alert| -> Vec<IncidentStatus> {
        engine.apply(Input::Alert(Box::new(alert)), &mut Vec::new());
        let ids = engine.incident_ids().into_iter();
        ids.filter_map(|(tenant, id)| engine.incident(&tenant, id)).map(|incident| incident.status).collect()
    };
    let new = line(&format!("aa{GUID}"));
    assert_eq!(statuses(decode_one(Format::MdiCef, &new)), [IncidentStatus::Active]);
    let mut row = alert_of_row("Azure Advanced Threat Protection", GUID);
    row["Status"] = json!("Resolved");
    let row = decode_one(Format::SentinelSecurityAlert, &row.to_string());
    assert_eq!(statuses(row), [IncidentStatus::Resolved]);
    for later in [new.clone(), new.replace("cs2=new", "cs2=update")] {
        let later = decode_one(Format::MdiCef, &later.replace("T10:04:30.5", "T11:04:30.5"));
        assert_eq!(statuses(later), [IncidentStatus::Resolved]);
    }
}
