use braid_wire::{Format, RefusalReason};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, render, render_evidence};

const FORMAT: Format = Format::DefenderEndpointAlert;

fn alert(evidence: &Value) -> Value {
    json!({
        "id": "da638000000000000000_-77",
        "incidentId": 7587,
        "investigationId": null,
        "assignedTo": "ana@contoso.azure",
        "severity": "Medium",
        "status": "InProgress",
        "classification": "TruePositive",
        "determination": "CompromisedUser",
        "investigationState": "Queued",
        "detectionSource": "WindowsDefenderAtp",
        "detectorId": "d0d0d0d0-0000-4000-8000-000000000001",
        "category": "LateralMovement",
        "title": "Suspicious service launched",
        "description": "A service ran a script.",
        "alertCreationTime": "2026-02-03T10:30:00.1234567Z",
        "firstEventTime": "2026-02-03T10:20:00Z",
        "lastEventTime": "2026-02-03T10:25:00Z",
        "lastUpdateTime": "2026-02-03T11:00:00.19Z",
        "resolvedTime": null,
        "machineId": "AB".repeat(20),
        "computerDnsName": "AdminPC.contoso.azure",
        "aadTenantId": "0b0b0b0b-0000-4000-8000-000000000001",
        "mitreTechniques": ["T1569.002", "T1021", "T1021"],
        "relatedUser": { "userName": "RonHD", "domainName": "CONTOSO" },
        "comments": [],
        "evidence": evidence
    })
}

fn every_evidence() -> Value {
    json!([
        { "entityType": "User", "sha1": null, "accountName": "jeffl", "domainName": "CONTOSO", "userSid": "S-1-5-21-1-2-3-1104",
            "aadUserId": "e1e1e1e1-0000-4000-8000-000000000001", "userPrincipalName": "JeffL@contoso.azure" },
        { "entityType": "Process", "sha1": "aa".repeat(20), "sha256": "bb".repeat(32), "fileName": "PsExeSvc.exe", "filePath": "C:\\Windows",
            "processId": 4780, "processCommandLine": "PsExeSvc.exe -x", "processCreationTime": "2026-02-03T10:20:00Z",
            "parentProcessId": 8420, "accountName": "SYSTEM", "domainName": "NT AUTHORITY", "userSid": "S-1-5-18", "detectionStatus": "Detected" },
        { "entityType": "File", "sha1": "dd".repeat(20), "fileName": "a.dll", "filePath": "c:\\temp", "userSid": null },
        { "entityType": "Ip", "ipAddress": "198.51.100.7" },
        { "entityType": "Url", "url": "https://evil.example/a" },
        { "entityType": "Registry", "registryHive": "HKEY_LOCAL_MACHINE", "registryKey": "SYSTEM\\Evil", "registryValueType": "String" },
        { "entityType": "NewThing", "fileName": "thing" },
        { "fileName": "no type at all" },
        7
    ])
}

#[test]
fn an_alert_with_every_type_of_evidence_decodes() {
    let alert = decode_one(FORMAT, &alert(&every_evidence()).to_string());
    expect![[r#"
        contoso microsoftDefenderForEndpoint/da638000000000000000_-77 "Suspicious service launched"
          medium inProgress detector=d0d0d0d0-0000-4000-8000-000000000001 category=LateralMovement phase=lateralMovement techniques=T1021,T1569.002
          first=2026-02-03T10:20:00Z last=2026-02-03T10:25:00Z created=2026-02-03T10:30:00.123456Z updated=2026-02-03T11:00:00.19Z resolved=-
          classification=truePositive determination=compromisedAccount assignee=ana@contoso.azure
          source id=da638000000000000000_-77 portal=-
          description="A service ran a script."
          - impacted host: defenderDeviceId:abababababababababababababababababababab fqdn:adminpc.contoso.azure netbiosName:adminpc
          - related user: domainAccount:contoso\ronhd accountName:ronhd
          - related user: sid:S-1-5-21-1-2-3-1104 objectId:e1e1e1e1-0000-4000-8000-000000000001 upn:jeffl@contoso.azure domainAccount:contoso\jeffl accountName:jeffl
          - related process: processKey:psexesvc.exe:4780:2026-02-03t10:20:00z label="PsExeSvc.exe -x"
          - related file: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa filePath:c:\windows\psexesvc.exe label="PsExeSvc.exe"
          - related user: sid:S-1-5-18 domainAccount:nt authority\system accountName:system
          - related file: sha1:dddddddddddddddddddddddddddddddddddddddd filePath:c:\temp\a.dll label="a.dll"
          - related ip: address:198.51.100.7
          - related url: url:https://evil.example/a
          - related registry: registryPath:hkey_local_machine\system\evil
          - related NewThing: label="thing"
          - related unknown:
          - related unreadable: label="evidence[8] is a number"
    "#]].assert_eq(&render(&alert));
}

#[test]
fn evidence_that_a_collector_has_taken_apart_is_read_piece_by_piece() {
    let pieces: Vec<_> = every_evidence()
        .as_array()
        .expect("it is a list")
        .iter()
        .take(4)
        .map(|piece| decode_one(FORMAT, &alert(piece).to_string()))
        .collect();
    assert!(pieces.iter().all(|piece| piece.key() == pieces[0].key()));
    expect![[r#"
        - impacted host: defenderDeviceId:abababababababababababababababababababab fqdn:adminpc.contoso.azure netbiosName:adminpc
        - related user: domainAccount:contoso\ronhd accountName:ronhd
        - related ip: address:198.51.100.7
    "#]].assert_eq(&render_evidence(&pieces[3].evidence));
}

#[test]
fn an_empty_page_is_no_alert_and_a_page_is_as_many_as_it_holds() {
    let page = |alerts: &Value| decode_all(FORMAT, &json!({ "value": alerts }).to_string());
    assert_eq!(page(&json!([])).remove(0).unwrap_err().reason, RefusalReason::BesideAlerts);
    let one = alert(&json!([]));
    let read: Vec<_> = page(&json!([one, { "id": "x" }, one]))
        .into_iter()
        .map(|result| result.map(|alert| alert.origin.element).map_err(|refusal| refusal.reason))
        .collect();
    assert_eq!(read, [Ok(0), Err(RefusalReason::UnknownFormat), Ok(2)]);
}

#[test]
fn an_alert_that_does_not_say_when_it_was_updated_is_as_new_as_its_record() {
    let record = r#"{"aadTenantId":"t-1","id":"e-1","machineId":"m","title":"A name","status":"Resolved",
        "alertCreationTime":"2026-02-03T10:05:00Z","firstEventTime":"2026-02-03T10:00:00Z"}"#;
    let alert = decode_one(Format::DefenderEndpointAlert, record);
    assert_eq!(alert.updated.as_micros(), crate::fixture::origin().source_time.as_micros());
}
