use braid_alert::{Phase, Provider, Role};
use braid_wire::Format;
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, render, render_evidence};

/// A row with the columns that matter, its entities as the text that an export makes of them.
fn row(entities: &Value) -> Value {
    json!({
        "TenantId": "0a0a0a0a-0000-4000-8000-000000000001",
        "TimeGenerated": "2026-02-03 10:20:03.183652+00:00",
        "AlertName": "Credential dumping tool",
        "DisplayName": "Credential dumping tool",
        "AlertSeverity": "High",
        "Description": "A tool that reads credentials ran.\nSecond line.",
        "ProviderName": "MDATP",
        "VendorOriginalId": "5b3e1c2b-1111-4222-8333-0123456789ab_1",
        "SystemAlertId": "9c9c9c9c-0000-4000-8000-000000000009",
        "AlertType": "WindowsDefenderAtp",
        "StartTime": "2026-02-03 10:10:00+00:00",
        "EndTime": "2026-02-03 10:12:00.5+00:00",
        "ProcessingEndTime": "2026-02-03 10:19:59+00:00",
        "ExtendedProperties": json!({
            "MicrosoftDefenderAtp.Category": "CredentialAccess",
            "Classification": "TruePositive",
            "Determination": "multiStagedAttack",
            "AssignedTo": "ana@contoso.azure",
            "DetectorId": "d0d0",
            "MitreTechniques": "T1003.001;T1003",
            "Action": "not read"
        }).to_string(),
        "Entities": entities.to_string(),
        "AlertLink": "https://security.microsoft.com/alerts/da5b3e1c2b",
        "Status": "InProgress",
        "CompromisedEntity": "victimpc.contoso.azure",
        "Tactics": "CredentialAccess, Discovery",
        "Techniques": "[\"T1003\"]",
        "SubTechniques": "",
        "Type": "SecurityAlert"
    })
}

/// One of each type, with references between them.
fn every_entity() -> Value {
    json!([
        { "$id": "2", "Type": "host", "HostName": "VictimPC", "DnsDomain": "contoso.azure",
          "FQDN": "VictimPC.contoso.azure", "MdatpDeviceId": "AB".repeat(20), "AadDeviceId": "D1D1D1D1-0000-4000-8000-000000000001",
          "LastIpAddress": { "$id": "3", "Address": "10.0.24.5", "Type": "ip" }, "LastExternalIpAddress": "203.0.113.9",
          "Tags": [{ "TagName": "Tier0" }, { "TagName": "DomainController" }, { "TagName": "Tier0" }],
          "LoggedOnUsers": [{ "AccountName": "bystander" }] },
        { "$id": "4", "Type": "account", "Name": "JeffL", "NTDomain": "CONTOSO", "Sid": "S-1-5-21-1-2-3-1104",
          "AadUserId": "E1E1E1E1-0000-4000-8000-000000000001", "UserPrincipalName": "JeffL@contoso.azure",
          "DisplayName": "Jeff Leatherman", "Asset": true, "LastVerdict": "Suspicious" },
        { "$id": "5", "Type": "account", "Name": "Ron Helpdesk", "UPNSuffix": "contoso.azure", "AccountName": "RonHD",
          "DomainName": "contoso.azure", "Roles": ["Contextual", "Attacker"] },
        { "$id": "6", "Type": "process", "ProcessId": "0x12ac", "CommandLine": "mimikatz.exe \"sekurlsa::logonpasswords\"",
          "CreationTimeUtc": "2026-02-03T10:09:58.1Z",
          "ImageFile": { "$id": "7", "Type": "file", "Name": "mimikatz.exe", "Directory": "C:\\Tools\\",
            "FileHashes": [{ "$id": "8", "Type": "filehash", "Algorithm": "SHA1", "Value": "AA".repeat(20) }, { "$ref": "9" }] },
          "Account": { "$ref": "4" },
          "ParentProcess": { "$id": "10", "Type": "process", "ProcessId": "700", "ImageFile": { "$ref": "7" } } },
        { "$ref": "7" }, { "$ref": "8" },
        { "$id": "9", "Type": "filehash", "Algorithm": "SHA256", "Value": "bb".repeat(32) },
        { "$id": "11", "Type": "ip", "Address": "198.51.100.7", "Roles": ["Destination"] },
        { "$id": "12", "Type": "url", "Url": "HTTPS://Evil.example/Path" },
        { "$id": "13", "Type": "mailbox", "Upn": "JeffL@contoso.azure", "MailboxPrimaryAddress": "jeffl@contoso.azure",
          "AadId": "e1e1e1e1-0000-4000-8000-000000000001" },
        { "$id": "14", "Type": "mailMessage", "NetworkMessageId": "F1F1F1F1-0000-4000-8000-000000000001",
          "Recipient": "samiraa@contoso.azure", "Sender": "ceo@contoso.example", "Subject": "Your invoice" },
        { "$id": "15", "Type": "mailCluster", "Query": "q".repeat(2000), "Urn": "urn:MailClusterEntity:77" },
        { "$id": "16", "Type": "cloud-application", "AppId": 15600, "Name": "OneDrive" },
        { "$id": "17", "Type": "cloud-logon-request", "RequestId": "A2" },
        { "$id": "18", "Type": "cloud-logon-session", "SessionId": "A3", "Account": { "$ref": "5" } },
        { "$id": "19", "Type": "registry-value", "Name": "Run",
          "Key": { "$id": "20", "Type": "registry-key", "Hive": "HKEY_CURRENT_USER", "Key": "SOFTWARE\\Evil" } },
        { "$id": "21", "Type": "registry-key", "Hive": "HKEY_LOCAL_MACHINE", "Key": "SYSTEM\\Evil" },
        { "$id": "22", "Type": "azure-resource", "ResourceId": "/SUBSCRIPTIONS/1/VM/x" },
        { "$id": "23", "Type": "oauth-application", "OAuthAppId": "app-1", "Name": "Mail Reader" },
        { "$id": "24", "Type": "security-group", "SID": "S-1-5-32-544", "DistinguishedName": "CN=Admins" },
        { "$id": "25", "Type": "dns", "DomainName": "evil.example" },
        { "$id": "26", "Type": "quantum-device", "Name": "Q", "ResourceId": "/q/1", "Roles": ["entangled"] }
    ])
}

fn evidence_of(row: &Value) -> String {
    render_evidence(&decode_one(Format::SentinelSecurityAlert, &row.to_string()).evidence)
}

#[test]
fn a_row_with_every_type_of_entity_becomes_an_alert() {
    let alert = decode_one(Format::SentinelSecurityAlert, &row(&every_entity()).to_string());
    expect![[r#"
        contoso microsoftDefenderForEndpoint/5b3e1c2b-1111-4222-8333-0123456789ab_1 "Credential dumping tool"
          high inProgress detector=d0d0 category=CredentialAccess phase=compromisedCredentials techniques=T1003,T1003.001
          first=2026-02-03T10:10:00Z last=2026-02-03T10:12:00.5Z created=- updated=2026-02-03T10:20:03.183652Z resolved=-
          classification=truePositive determination=multiStagedAttack assignee=ana@contoso.azure
          source id=9c9c9c9c-0000-4000-8000-000000000009 portal=https://security.microsoft.com/alerts/da5b3e1c2b
          description="A tool that reads credentials ran.\nSecond line."
          - impacted host: defenderDeviceId:abababababababababababababababababababab entraDeviceId:d1d1d1d1-0000-4000-8000-000000000001 fqdn:victimpc.contoso.azure netbiosName:victimpc tags=DomainController,Tier0 address=10.0.24.5 egress=203.0.113.9
          - impacted user: sid:S-1-5-21-1-2-3-1104 objectId:e1e1e1e1-0000-4000-8000-000000000001 upn:jeffl@contoso.azure domainAccount:contoso\jeffl accountName:jeffl displayName:Jeff Leatherman verdict=suspicious
          - source user: upn:ronhd@contoso.azure domainAccount:contoso\ronhd accountName:ronhd displayName:Ron Helpdesk
          - related process: processKey:mimikatz.exe:4780:2026-02-03t10:09:58.1z label="mimikatz.exe \"sekurlsa::logonpasswords\""
          - related file: sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb filePath:c:\tools\mimikatz.exe label="mimikatz.exe"
          - target ip: address:198.51.100.7
          - related url: url:https://evil.example/Path
          - related mailbox: objectId:e1e1e1e1-0000-4000-8000-000000000001 upn:jeffl@contoso.azure label="jeffl@contoso.azure"
          - related mailMessage: networkMessageId:f1f1f1f1-0000-4000-8000-000000000001 label="Your invoice"
          - target mailbox: upn:samiraa@contoso.azure
          - related mailbox: label="sender ceo@contoso.example"
          - related mailCluster: mailCluster:urn:MailClusterEntity:77 label="qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
          - related cloudApplication: applicationId:15600 label="OneDrive"
          - related cloudLogon: sessionId:a2
          - related cloudLogon: sessionId:a3
          - related registry: registryPath:hkey_current_user\software\evil\run
          - related registry: registryPath:hkey_local_machine\system\evil
          - related cloudResource: resourceId:/subscriptions/1/vm/x
          - related oauthApplication: applicationId:app-1 label="Mail Reader"
          - related securityGroup: sid:S-1-5-32-544 label="CN=Admins"
          - related url: url:evil.example
          - entangled quantum-device: resourceId:/q/1 label="Q"
    "#]].assert_eq(&render(&alert));
}

#[test]
fn lists_and_objects_read_the_same_with_and_without_the_text_around_them() {
    let mut nested = row(&every_entity());
    for column in ["Entities", "ExtendedProperties", "Techniques"] {
        let text = nested[column].as_str().expect("it is a text").to_owned();
        nested[column] = serde_json::from_str(&text).expect("it is JSON");
    }
    let as_texts = decode_one(Format::SentinelSecurityAlert, &row(&every_entity()).to_string());
    assert_eq!(decode_one(Format::SentinelSecurityAlert, &nested.to_string()), as_texts);
}

#[test]
fn a_reference_means_the_nearest_before_it() {
    let entities = json!([
        { "$id": "1", "Type": "file", "Name": "first.exe" },
        { "$id": "2", "Type": "process", "CommandLine": "a", "ProcessId": "1", "CreationTimeUtc": "2026-02-03T10:00:00Z", "ImageFile": { "$ref": "1" } },
        { "$id": "1", "Type": "file", "Name": "second.exe" },
        { "$id": "3", "Type": "process", "CommandLine": "b", "ProcessId": "2", "CreationTimeUtc": "2026-02-03T10:00:00Z", "ImageFile": { "$ref": "1" } },
        { "$ref": "no such" }
    ]);
    expect![[r#"
          - related file: label="first.exe"
          - related process: processKey:first.exe:1:2026-02-03t10:00:00z label="a"
          - related file: label="second.exe"
          - related process: processKey:second.exe:2:2026-02-03t10:00:00z label="b"
    "#]]
    .assert_eq(&evidence_of(&row(&entities)));
}

#[test]
fn entities_that_are_cut_leave_the_whole_ones_and_say_so() {
    let mut cut = row(&every_entity());
    let text = cut["Entities"].as_str().expect("it is a text");
    cut["Entities"] = json!(text[..text.find("\"$id\":\"4\"").expect("it is there") + 40]);
    expect![[r#"
          - impacted host: defenderDeviceId:abababababababababababababababababababab entraDeviceId:d1d1d1d1-0000-4000-8000-000000000001 fqdn:victimpc.contoso.azure netbiosName:victimpc tags=DomainController,Tier0 address=10.0.24.5 egress=203.0.113.9
          - related unreadable: label="Entities could not be read to its end: truncated: EOF while parsing a string at line 1 column 488"
    "#]].assert_eq(&evidence_of(&cut));
}

#[test]
fn a_wrong_type_costs_its_field_and_not_the_alert() {
    let mut odd = row(&json!([
        5,
        { "$id": "1", "Type": "host", "FQDN": ["x"], "HostName": "PC1", "Tags": "none", "LastIpAddress": 7 },
        { "$id": "2", "Type": 9, "Roles": "Source" }
    ]));
    odd["Status"] = json!(["Resolved"]);
    odd["AlertSeverity"] = json!(3);
    odd["Techniques"] = json!({ "a": 1 });
    odd["ExtendedProperties"] = json!("{broken");
    odd["EndTime"] = json!("0001-01-01 00:00:00+00:00");
    expect![[r#"
        contoso microsoftDefenderForEndpoint/5b3e1c2b-1111-4222-8333-0123456789ab_1 "Credential dumping tool"
          3 unknown detector=WindowsDefenderAtp category=- phase=compromisedCredentials techniques=
          first=2026-02-03T10:10:00Z last=2026-02-03T10:10:00Z created=- updated=2026-02-03T10:20:03.183652Z resolved=-
          classification=- determination=- assignee=-
          source id=9c9c9c9c-0000-4000-8000-000000000009 portal=https://security.microsoft.com/alerts/da5b3e1c2b
          description="A tool that reads credentials ran.\nSecond line."
          - related unreadable: label="Entities[0] is a number"
          - related host: netbiosName:pc1
          - source 9:
    "#]].assert_eq(&render(&decode_one(Format::SentinelSecurityAlert, &odd.to_string())));
}

#[test]
fn for_defender_for_identity_the_catalogue_names_the_phase() {
    let mut identity = row(&json!([]));
    identity["ProviderName"] = json!("Azure Advanced Threat Protection");
    identity["VendorOriginalId"] = json!("aa5B3E1C2B-1111-4222-8333-0123456789AB");
    identity["AlertType"] = json!("DirectoryServicesReplicationSecurityAlert");
    identity["Techniques"] = json!("");
    identity["ExtendedProperties"] = json!("{\"Category\":\"CredentialAccess\"}");
    let alert = decode_one(Format::SentinelSecurityAlert, &identity.to_string());
    assert_eq!(alert.provider, Provider::DefenderForIdentity);
    assert_eq!(alert.id.as_str(), "5b3e1c2b-1111-4222-8333-0123456789ab");
    assert_eq!((alert.phase, alert.detector.as_deref()), (Some(Phase::DomainDominance), Some("2006")));
    assert_eq!(alert.techniques.len(), 2);
}

#[test]
fn a_category_that_is_no_tactic_leaves_the_phase_to_the_tactics() {
    let mut malware = row(&json!([]));
    malware["ExtendedProperties"] = json!("{\"MicrosoftDefenderAtp.Category\":\"Ransomware\"}");
    malware["Tactics"] = json!("Unknown, Impact");
    let alert = decode_one(Format::SentinelSecurityAlert, &malware.to_string());
    assert_eq!((alert.phase, alert.category.as_deref()), (Some(Phase::Impact), Some("Ransomware")));
}

#[test]
fn the_compromised_entity_is_what_was_hit() {
    let alert = decode_one(Format::SentinelSecurityAlert, &row(&every_entity()).to_string());
    assert_eq!(alert.evidence[0].role, Role::Impacted);
}

#[test]
fn rows_come_alone_in_an_array_and_in_a_wrapper() {
    let one = row(&json!([]));
    let mut bad = one.clone();
    bad["StartTime"] = json!("");
    for record in [json!([one, bad, one]), json!({ "records": [one, bad, one] })] {
        let results = decode_all(Format::SentinelSecurityAlert, &record.to_string());
        let places: Vec<_> =
            results.iter().map(|r| r.as_ref().map(|a| a.origin.element).map_err(|r| r.element)).collect();
        assert_eq!(places, [Ok(0), Err(1), Ok(2)]);
    }
}
