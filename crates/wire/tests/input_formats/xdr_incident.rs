use braid_wire::{Format, RECORD_ELEMENTS_MAX, RefusalReason};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, render};

const FORMAT: Format = Format::DefenderXdrIncident;

fn incident(alerts: &Value) -> Value {
    json!({
        "incidentId": 924565,
        "redirectIncidentId": null,
        "incidentName": "Ransomware activity",
        "createdTime": "2026-02-03T10:46:57.0733333Z",
        "lastUpdateTime": "2026-02-03T10:46:57.29Z",
        "status": "Active",
        "severity": "Medium",
        "alerts": alerts
    })
}

fn alert(id: &str, source: &str) -> Value {
    json!({
        "alertId": id,
        "incidentId": 924565,
        "serviceSource": source,
        "creationTime": "2026-02-03T10:30:00.1234567Z",
        "lastUpdatedTime": "2026-02-03T11:00:00Z",
        "resolvedTime": "2026-02-03T10:59:00Z",
        "firstActivity": "2026-02-03T10:20:00Z",
        "lastActivity": "2026-02-03T10:25:00Z",
        "title": "Suspicious service launched",
        "description": "A service ran a script.",
        "category": "LateralMovement",
        "status": "Resolved",
        "severity": "Medium",
        "classification": null,
        "determination": "NotAvailable",
        "detectionSource": "WindowsDefenderAtp",
        "assignedTo": "Automation",
        "mitreTechniques": ["T1021"],
        "devices": [
            { "mdatpDeviceId": "AB".repeat(20), "aadDeviceId": "d1d1d1d1-0000-4000-8000-000000000001", "deviceDnsName": "adminpc.contoso.azure",
                "tags": ["b", "a"], "lastIpAddress": "10.0.24.6", "lastExternalIpAddress": "203.0.113.9" }
        ],
        "entities": [
            { "entityType": "User", "accountName": "jeffl", "domainName": "contoso.azure", "userSid": "S-1-5-21-1-2-3-1104",
                "userPrincipalName": "jeffl@contoso.azure", "verdict": "Suspicious" },
            { "entityType": "MailBox", "userPrincipalName": "samiraa@contoso.azure", "mailboxDisplayName": "Samira", "mailboxAddress": "samiraa@contoso.azure" },
            { "entityType": "MailMessage", "userPrincipalName": "samiraa@contoso.azure", "sender": "ceo@contoso.example",
                "recipient": "samiraa@contoso.azure", "subject": "Invoice" },
            { "entityType": "MailCluster", "clusterBy": "Subject;P2SenderDomain;ContentType" },
            { "entityType": "SecurityGroup", "securityGroupId": "G-1", "securityGroupName": "Operators" }
        ]
    })
}

#[test]
fn the_alerts_of_an_incident_decode() {
    let alert = decode_one(
        FORMAT,
        &incident(&json!([alert("da638000000000000000_-77", "MicrosoftDefenderATP")])).to_string(),
    );
    expect![[r#"
        contoso microsoftDefenderForEndpoint/da638000000000000000_-77 "Suspicious service launched"
          medium resolved detector=- category=LateralMovement phase=lateralMovement techniques=T1021
          first=2026-02-03T10:20:00Z last=2026-02-03T10:25:00Z created=2026-02-03T10:30:00.123456Z updated=2026-02-03T11:00:00Z resolved=2026-02-03T10:59:00Z
          classification=- determination=unknown assignee=Automation
          source id=da638000000000000000_-77 portal=-
          description="A service ran a script."
          - impacted host: defenderDeviceId:abababababababababababababababababababab entraDeviceId:d1d1d1d1-0000-4000-8000-000000000001 fqdn:adminpc.contoso.azure netbiosName:adminpc tags=a,b address=10.0.24.6 egress=203.0.113.9
          - related user: sid:S-1-5-21-1-2-3-1104 upn:jeffl@contoso.azure domainAccount:contoso\jeffl accountName:jeffl verdict=suspicious
          - related mailbox: upn:samiraa@contoso.azure label="samiraa@contoso.azure"
          - related mailMessage: label="Invoice"
          - target mailbox: upn:samiraa@contoso.azure
          - related mailbox: label="sender ceo@contoso.example"
          - related mailCluster: label="Subject;P2SenderDomain;ContentType"
          - related securityGroup: groupId:g-1 label="Operators"
    "#]].assert_eq(&render(&alert));
}

#[test]
fn a_page_of_incidents_is_all_their_alerts_and_one_without_is_a_stated_drop() {
    let guid = "7d0e1c2b-1111-4222-8333-0123456789ab";
    let page = json!({ "value": [
        incident(&json!([alert(&format!("ca{guid}"), "MicrosoftCloudAppSecurity"), 7, alert(&format!("fa{guid}"), "OfficeATP")])),
        incident(&json!([])),
        { "hello": 1 },
        incident(&json!([alert(&format!("aa{guid}"), "AzureATP"), {}])),
        { "incidentId": 924566, "redirectIncidentId": 924565, "status": "Redirected", "alerts": [] }
    ] });
    let told: Vec<_> = decode_all(FORMAT, &page.to_string())
        .into_iter()
        .map(|result| match result {
            Ok(alert) => format!("{}: {}", alert.origin.element, alert.key()),
            Err(refusal) => {
                format!("{}: {refusal}{}", refusal.element, if refusal.is_drop() { ", dropped" } else { "" })
            }
        })
        .collect();
    expect![[r#"
        0: microsoftDefenderForCloudApps/7d0e1c2b-1111-4222-8333-0123456789ab
        1: wrong_type: the element is a number, which must be an object (element 1)
        2: microsoftDefenderForOffice365/7d0e1c2b-1111-4222-8333-0123456789ab
        3: beside_alerts: incident "924565" lists no alerts; a request may have to ask for them (element 3), dropped
        4: unknown_format: it has none of the properties incidentId, incidentName, alerts (element 4)
        5: microsoftDefenderForIdentity/7d0e1c2b-1111-4222-8333-0123456789ab
        6: missing_id: providerAlertId and alertId are missing or empty (element 6)
        7: beside_alerts: incident "924566" lists no alerts; a request may have to ask for them (element 7), dropped"#]].assert_eq(&told.join("\n"));
}

#[test]
fn incidents_cannot_hold_more_alerts_than_a_record_may() {
    let many = format!("[{}{{}}]", "{},".repeat(RECORD_ELEMENTS_MAX));
    let reason = |record: &str| {
        let results = decode_all(FORMAT, record);
        assert_eq!(results.len(), 1);
        results[0].as_ref().map_err(|refusal| refusal.reason).expect_err("they are too many")
    };
    assert_eq!(reason(&format!(r#"{{"incidentId":1,"alerts":{many}}}"#)), RefusalReason::TooLarge);
    let half = format!(r#"{{"incidentId":1,"alerts":[{}{{}}]}}"#, "{},".repeat(RECORD_ELEMENTS_MAX / 2));
    assert_eq!(reason(&format!("[{half},{half}]")), RefusalReason::TooLarge);
}
