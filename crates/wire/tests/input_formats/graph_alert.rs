use braid_alert::{Phase, Role};
use braid_wire::Format;
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, render, render_evidence};

fn alert(evidence: &Value) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.alert",
        "id": "da638000000000000000_-77",
        "providerAlertId": "da638000000000000000_-77",
        "incidentId": "5",
        "status": "resolved",
        "severity": "medium",
        "classification": "truePositive",
        "determination": "compromisedUser",
        "serviceSource": "microsoftDefenderForEndpoint",
        "detectorId": "d0d0d0d0-0000-4000-8000-000000000001",
        "tenantId": "0b0b0b0b-0000-4000-8000-000000000001",
        "title": "Suspicious service launched",
        "description": "A service ran a script.",
        "recommendedActions": "not read",
        "category": "LateralMovement",
        "assignedTo": "ana@contoso.azure",
        "alertWebUrl": "https://security.microsoft.com/alerts/da638000000000000000_-77",
        "mitreTechniques": ["T1569.002", "T1021", "T1021"],
        "createdDateTime": "2026-02-03T10:30:00.1234567Z",
        "lastUpdateDateTime": "2026-02-03T11:00:00Z",
        "resolvedDateTime": "2026-02-03T10:59:00Z",
        "firstActivityDateTime": "2026-02-03T10:20:00Z",
        "lastActivityDateTime": "2026-02-03T10:25:00Z",
        "evidence": evidence
    })
}

fn piece(kind: &str, mut fields: Value) -> Value {
    fields["@odata.type"] = json!(format!("#microsoft.graph.security.{kind}Evidence"));
    fields
}

fn every_evidence() -> Value {
    let jeff = json!({ "accountName": "jeffl", "domainName": "CONTOSO", "userSid": "S-1-5-21-1-2-3-1104",
        "azureAdUserId": "e1e1e1e1-0000-4000-8000-000000000001", "userPrincipalName": "JeffL@contoso.azure", "displayName": "Jeff Leatherman" });
    let image = json!({ "sha1": "aa".repeat(20), "sha256": "bb".repeat(32), "fileName": "PsExeSvc.exe", "filePath": "C:\\Windows" });
    json!([
        piece("device", json!({ "mdeDeviceId": "AB".repeat(20), "azureAdDeviceId": null, "deviceDnsName": "AdminPC.contoso.azure",
            "ipInterfaces": ["10.0.24.6", "127.0.0.1", "fe80::1", "10.0.24.6", "::", "no address"], "lastExternalIpAddress": "203.0.113.9",
            "roles": [], "detailedRoles": ["Main device"], "tags": ["b", "a", "b"], "verdict": "suspicious",
            "vmMetadata": { "resourceId": "/Subscriptions/1/VM/AdminPC" }, "loggedOnUsers": [{ "accountName": "bystander" }] })),
        piece("user", json!({ "userAccount": jeff, "roles": ["compromised", "contextual"] })),
        piece("ip", json!({ "ipAddress": "::ffff:198.51.100.7", "roles": ["commandAndControl"] })),
        piece("url", json!({ "url": "https://evil.example/a" })),
        piece("file", json!({ "fileDetails": image, "detailedRoles": ["Referred in command line"] })),
        piece("process", json!({ "processId": 4780, "processCommandLine": "PsExeSvc.exe -x", "processCreationDateTime": "2026-02-03T10:20:00Z",
            "imageFile": image, "userAccount": jeff, "parentProcessImageFile": { "fileName": "services.exe" }, "verdict": "malicious" })),
        piece("mailbox", json!({ "primaryAddress": "samiraa@contoso.azure", "displayName": "Samira", "userAccount": { "userSid": "S-1-5-21-1-2-3-1105" } })),
        piece("mailCluster", json!({ "query": "subject:invoice", "emailCount": 4 })),
        piece("analyzedMessage", json!({ "networkMessageId": "F1F1F1F1-0000-4000-8000-000000000001", "recipientEmailAddress": "samiraa@contoso.azure",
            "p2Sender": { "emailAddress": "ceo@contoso.example" }, "subject": "Invoice" })),
        piece("cloudApplication", json!({ "appId": 20893, "displayName": "Exchange Online" })),
        piece("oauthApplication", json!({ "appId": "app-1", "displayName": "Mail Reader" })),
        piece("registryKey", json!({ "registryHive": "HKEY_LOCAL_MACHINE", "registryKey": "SYSTEM\\Evil" })),
        piece("registryValue", json!({ "registryHive": "HKEY_LOCAL_MACHINE", "registryKey": "SYSTEM\\Evil", "registryValueName": "Run" })),
        piece("securityGroup", json!({ "securityGroupId": "S-1-5-32-544", "displayName": "Administrators" })),
        piece("azureResource", json!({ "resourceId": "/Subscriptions/1/x", "resourceName": "x" })),
        piece("amazonResource", json!({ "amazonResourceId": "arn:aws:1" })),
        piece("googleCloudResource", json!({ "fullResourceName": "//compute/1" })),
        piece("cloudLogonSession", json!({ "sessionId": "S-9", "account": { "userPrincipalName": "ronhd@contoso.azure" } })),
        piece("cloudLogonRequest", json!({ "requestId": "R-9" })),
        piece("dns", json!({ "domainName": "evil.example" })),
        piece("kubernetesPod", json!({ "name": "pod-1", "resourceId": "/k/1" })),
        { "verdict": "unknown", "displayName": "no type at all" }
    ])
}

#[test]
fn an_alert_with_every_type_of_evidence_decodes() {
    let alert = decode_one(Format::GraphAlert, &alert(&every_evidence()).to_string());
    expect![[r#"
        contoso microsoftDefenderForEndpoint/da638000000000000000_-77 "Suspicious service launched"
          medium resolved detector=d0d0d0d0-0000-4000-8000-000000000001 category=LateralMovement phase=lateralMovement techniques=T1021,T1569.002
          first=2026-02-03T10:20:00Z last=2026-02-03T10:25:00Z created=2026-02-03T10:30:00.123456Z updated=2026-02-03T11:00:00Z resolved=2026-02-03T10:59:00Z
          classification=truePositive determination=compromisedAccount assignee=ana@contoso.azure
          source id=da638000000000000000_-77 portal=https://security.microsoft.com/alerts/da638000000000000000_-77
          description="A service ran a script."
          - impacted host: defenderDeviceId:abababababababababababababababababababab fqdn:adminpc.contoso.azure resourceId:/subscriptions/1/vm/adminpc netbiosName:adminpc verdict=suspicious tags=a,b address=10.0.24.6 address=fe80::1 egress=203.0.113.9
          - impacted user: sid:S-1-5-21-1-2-3-1104 objectId:e1e1e1e1-0000-4000-8000-000000000001 upn:jeffl@contoso.azure domainAccount:contoso\jeffl accountName:jeffl displayName:Jeff Leatherman
          - source ip: address:198.51.100.7
          - related url: url:https://evil.example/a
          - related file: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa filePath:c:\windows\psexesvc.exe label="PsExeSvc.exe"
          - related process: processKey:psexesvc.exe:4780:2026-02-03t10:20:00z label="PsExeSvc.exe -x" verdict=malicious
          - related user: sid:S-1-5-21-1-2-3-1104 objectId:e1e1e1e1-0000-4000-8000-000000000001 upn:jeffl@contoso.azure domainAccount:contoso\jeffl accountName:jeffl displayName:Jeff Leatherman
          - related mailbox: sid:S-1-5-21-1-2-3-1105 upn:samiraa@contoso.azure label="samiraa@contoso.azure"
          - related mailCluster: mailCluster:subject:invoice label="subject:invoice"
          - related mailMessage: networkMessageId:f1f1f1f1-0000-4000-8000-000000000001 label="Invoice"
          - target mailbox: upn:samiraa@contoso.azure
          - related mailbox: label="sender ceo@contoso.example"
          - related cloudApplication: applicationId:20893 label="Exchange Online"
          - related oauthApplication: applicationId:app-1 label="Mail Reader"
          - related registry: registryPath:hkey_local_machine\system\evil
          - related registry: registryPath:hkey_local_machine\system\evil\run
          - related securityGroup: groupId:s-1-5-32-544 label="Administrators"
          - related cloudResource: resourceId:/subscriptions/1/x label="x"
          - related cloudResource: resourceId:arn:aws:1
          - related cloudResource: resourceId://compute/1
          - related cloudLogon: sessionId:s-9
          - related user: upn:ronhd@contoso.azure
          - related cloudLogon: sessionId:r-9
          - related url: url:evil.example
          - related kubernetesPod: resourceId:/k/1 label="pod-1"
          - related unknown: label="no type at all" verdict=unknown
    "#]].assert_eq(&render(&alert));
}

/// The types that cloud products, things and messengers bring, one within the other as the reference nests them.
fn nested_evidence() -> Value {
    let aks = piece("azureResource", json!({ "resourceId": "/Subscriptions/1/aks", "resourceName": "aks" }));
    let namespace = json!({ "name": "default", "cluster": { "name": "prod", "cloudResource": aks } });
    json!([
        piece(
            "kubernetesPod",
            json!({ "name": "web-1", "namespace": namespace, "controller": { "name": "web", "type": "deployment" },
            "podIp": { "ipAddress": "10.1.0.7" } })
        ),
        piece(
            "container",
            json!({ "containerId": "c1", "name": "nginx", "image": { "imageId": "nginx:1", "registry": { "registry": "reg.example" } },
            "pod": { "name": "web-1" } })
        ),
        piece(
            "blob",
            json!({ "name": "a.exe", "url": "https://store.example/c/a.exe",
            "blobContainer": { "name": "c", "url": "https://store.example/c", "storageResource": { "resourceId": "/Subscriptions/1/store" } } })
        ),
        piece(
            "iotDevice",
            json!({ "deviceId": "iot-1", "deviceName": "Camera-7", "ipAddress": { "ipAddress": "10.9.0.1" },
            "nics": [{ "macAddress": "00-11", "ipAddress": { "ipAddress": "10.9.0.2" } }], "iotHub": { "resourceId": "/Subscriptions/1/hub" } })
        ),
        piece(
            "servicePrincipal",
            json!({ "appId": "app-9", "servicePrincipalObjectId": "5E5E5E5E-0000-4000-8000-000000000001", "servicePrincipalName": "deployer" })
        ),
        piece("fileHash", json!({ "algorithm": "sha1", "value": "aa".repeat(20) })),
        piece(
            "malware",
            json!({ "name": "EICAR", "files": [{ "fileDetails": { "fileName": "e.com", "sha1": "bb".repeat(20) } }] })
        ),
        piece(
            "networkConnection",
            json!({ "protocol": "tcp", "sourceAddress": { "ipAddress": "10.0.0.9" }, "destinationAddress": { "ipAddress": "198.51.100.7" } })
        ),
        piece(
            "dns",
            json!({ "domainName": "evil.example", "ipAddresses": [{ "ipAddress": "198.51.100.8" }] })
        ),
        piece(
            "hostLogonSession",
            json!({ "sessionId": "0x3e7", "account": { "userAccount": { "userPrincipalName": "ronhd@contoso.azure" } },
            "host": { "deviceDnsName": "adminpc.contoso.azure" } })
        ),
        piece(
            "submissionMail",
            json!({ "networkMessageId": "N-1", "subject": "Look", "recipient": "jeffl@contoso.azure", "sender": "x@evil.example" })
        ),
        piece(
            "teamsMessage",
            json!({ "messageId": "M-1", "subject": "Hi", "senderFromAddress": "x@evil.example", "recipients": ["jeffl@contoso.azure", 7] })
        ),
        piece("activeDirectoryDomain", json!({ "activeDirectoryDomainName": "contoso.azure" }))
    ])
}

#[test]
fn evidence_within_evidence_is_evidence_of_its_own() {
    let alert = decode_one(Format::GraphAlert, &alert(&nested_evidence()).to_string());
    expect![[r#"
        - related kubernetesPod: label="web-1"
        - related kubernetesController: label="web"
        - related kubernetesNamespace: label="default"
        - related kubernetesCluster: label="prod"
        - related cloudResource: resourceId:/subscriptions/1/aks label="aks"
        - related container: label="nginx"
        - related containerImage: label="nginx:1"
        - related cloudResource: resourceId:https://store.example/c/a.exe label="a.exe"
        - related cloudResource: resourceId:https://store.example/c label="c"
        - related cloudResource: resourceId:/subscriptions/1/store
        - related host: netbiosName:camera-7 label="Camera-7"
        - related cloudResource: resourceId:/subscriptions/1/hub
        - related ip: address:10.9.0.1
        - related nic:
        - related ip: address:10.9.0.2
        - related user: objectId:5e5e5e5e-0000-4000-8000-000000000001 label="deployer"
        - related file: sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        - related malware: label="EICAR"
        - related file: sha1:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb label="e.com"
        - related networkConnection:
        - related ip: address:198.51.100.7
        - related ip: address:10.0.0.9
        - related url: url:evil.example
        - related ip: address:198.51.100.8
        - related hostLogonSession: label="0x3e7"
        - related user: upn:ronhd@contoso.azure
        - related host: fqdn:adminpc.contoso.azure netbiosName:adminpc
        - related mailMessage: networkMessageId:n-1 label="Look"
        - target mailbox: upn:jeffl@contoso.azure
        - related mailbox: label="sender x@evil.example"
        - related teamsMessage: label="Hi"
        - related activeDirectoryDomain: label="contoso.azure"
    "#]]
    .assert_eq(&render_evidence(&alert.evidence));
}

#[test]
fn the_same_identity_alert_has_the_same_key_in_graph_and_in_cef() {
    let guid = "7d0e1c2b-1111-4222-8333-0123456789ab";
    let mut identity = alert(&json!([]));
    identity["id"] = json!(format!("aa{guid}"));
    identity["providerAlertId"] = json!(guid);
    identity["serviceSource"] = json!("microsoftDefenderForIdentity");
    identity["detectorId"] = json!("SamrReconnaissanceSecurityAlert");
    let graph = decode_one(Format::GraphAlert, &identity.to_string());
    let line = format!(
        "CEF:0|Microsoft|ATA|1.9|XSecurityAlert|X|5|start=2026-02-03T10:00:00Z cs1Label=url cs1=https\\://c/alerts/aa{guid}?tid=1"
    );
    let cef = decode_one(Format::MdiCef, &line);
    assert_eq!(graph.key(), cef.key());
    assert_eq!(graph.source_alert_id, cef.source_alert_id);
    assert_eq!((graph.phase, graph.detector.as_deref()), (Some(Phase::Reconnaissance), Some("2021")));
}

#[test]
fn values_that_are_not_known_are_kept_as_text() {
    let mut new = alert(&json!([]));
    new["serviceSource"] = json!("microsoftDefenderForToasters");
    new["status"] = json!("snoozed");
    new["severity"] = json!("catastrophic");
    new["determination"] = json!("gremlins");
    new["category"] = json!("Toasting");
    let alert = decode_one(Format::GraphAlert, &new.to_string());
    assert_eq!(alert.provider.as_str(), "microsoftDefenderForToasters");
    assert_eq!((alert.status.as_str(), alert.severity.as_str()), ("snoozed", "catastrophic"));
    assert_eq!(alert.determination.as_ref().map(|d| d.as_str()), Some("gremlins"));
    assert_eq!((alert.phase, alert.category.as_deref()), (None, Some("Toasting")));
}

#[test]
fn evidence_of_a_wrong_type_is_shown_as_unreadable() {
    let list = decode_one(
        Format::GraphAlert,
        &alert(&json!(["text", piece("user", json!({ "userAccount": 7 }))])).to_string(),
    );
    expect![[r#"
          - related unreadable: label="evidence[0] is a text"
    "#]]
    .assert_eq(&render_evidence(&list.evidence));
    let object = decode_one(Format::GraphAlert, &alert(&json!({ "a": 1 })).to_string());
    expect![[r#"
          - related unreadable: label="evidence is an object, not a list"
    "#]]
    .assert_eq(&render_evidence(&object.evidence));
}

#[test]
fn an_alert_without_activity_times_happened_when_it_was_created() {
    let mut without = alert(&json!([]));
    without["firstActivityDateTime"] = Value::Null;
    without["lastActivityDateTime"] = Value::Null;
    without["lastUpdateDateTime"] = Value::Null;
    let mut new = without.clone();
    new["status"] = json!("new");
    let new = decode_one(Format::GraphAlert, &new.to_string());
    assert_eq!(new.first_activity.to_string(), "2026-02-03T10:30:00.123456Z");
    assert_eq!((new.last_activity, new.updated), (new.first_activity, new.first_activity));
    let resolved = decode_one(Format::GraphAlert, &without.to_string());
    assert_eq!((resolved.first_activity, resolved.last_activity), (new.first_activity, new.last_activity));
    assert!(resolved.updated > new.updated, "what became of it is newer than it, whatever it leaves unsaid");
}

#[test]
fn a_page_is_as_many_alerts_and_a_bad_one_refuses_itself_alone() {
    let one = alert(&json!([]));
    let page = json!({ "@odata.context": "https://graph", "value": [one, 7, one], "@odata.nextLink": "https://next" });
    let results = decode_all(Format::GraphAlert, &page.to_string());
    let places: Vec<_> =
        results.iter().map(|r| r.as_ref().map(|a| a.origin.element).map_err(|r| r.element)).collect();
    assert_eq!(places, [Ok(0), Err(1), Ok(2)]);
}

#[test]
fn a_device_that_nothing_marks_stood_by() {
    let stood_by = alert(&json!([piece("device", json!({ "deviceDnsName": "tempDns" }))]));
    let alert = decode_one(Format::GraphAlert, &stood_by.to_string());
    assert_eq!(alert.evidence[0].role, Role::Related);
}
