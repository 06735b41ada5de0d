use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{Alert, AlertStatus, Incident, IncidentStatus, Role, Severity, Tenant};
use braid_engine::{Input, Partition, Settings};
use braid_wire::{Format, Refusal, RefusalReason, SourceRules, TenantRule, decode};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, origin, render, render_evidence, rules};

const FORMAT: Format = Format::DefenderXdrStreaming;

fn enveloped(table: &str, row: &Value) -> Value {
    json!({
        "time": "2026-02-03T10:31:00.1234567Z",
        "tenantId": "0b0b0b0b-0000-4000-8000-000000000001",
        "operationName": "Publish",
        "category": format!("AdvancedHunting-{table}"),
        "Tenant": "DefaultTenant",
        "properties": row
    })
}

fn info(id: &str) -> Value {
    json!({
        "Timestamp": "2026-02-03T10:20:00.1234567Z",
        "AlertId": id,
        "Title": "Suspicious service launched",
        "Category": "LateralMovement",
        "Severity": "Medium",
        "ServiceSource": "Microsoft Defender for Endpoint",
        "DetectionSource": "EDR",
        "AttackTechniques": "[\"Service Execution (T1569.002)\"]",
        "MachineGroup": null
    })
}

fn evidence(id: &str, entity_type: &str, columns: Value) -> Value {
    let mut row = json!({
        "Timestamp": "2026-02-03T10:22:00Z",
        "AlertId": id,
        "Title": "Suspicious service launched",
        "Categories": "[\"Malware\",\"LateralMovement\"]",
        "AttackTechniques": "[\"Remote Services (T1021)\",\"Service Execution (T1569.002)\"]",
        "ServiceSource": "Microsoft Defender for Endpoint",
        "DetectionSource": "EDR",
        "EntityType": entity_type,
        "EvidenceRole": "Related",
        "EvidenceDirection": "",
        "FileName": "", "SHA1": "", "RemoteIP": "", "AccountName": "", "DeviceId": "", "DeviceName": "",
        "AdditionalFields": ""
    });
    for (name, value) in columns.as_object().expect("columns are an object") {
        row[name] = value.clone();
    }
    row
}

fn record(rows: &[Value]) -> String {
    json!({ "records": rows }).to_string()
}

const ID: &str = "da638000000000000000_-77";

fn every_evidence() -> Vec<Value> {
    let machine = json!({ "$id": "1", "Type": "host", "HostName": "adminpc", "DnsDomain": "contoso.azure", "MachineId": "ab".repeat(20),
        "Tags": [{ "TagName": "Workstation" }], "LastVerdict": "Suspicious" });
    let process = json!({ "Type": "process", "ProcessId": "4780", "CreationTimeUtc": "2026-02-03T10:20:00Z", "CommandLine": "PsExeSvc.exe -x",
        "ImageFile": { "$id": "2", "Type": "file", "Name": "PsExeSvc.exe", "Directory": "C:\\Windows",
            "FileHashes": [{ "Type": "filehash", "Algorithm": "MD5", "Value": "cc".repeat(16) }] },
        "Account": { "$id": "3", "Type": "account", "Name": "jeffl", "NTDomain": "CONTOSO", "Sid": "S-1-5-21-1-2-3-1104" },
        "Host": machine, "LastVerdict": "Malicious" });
    let text = |entity: &Value| Value::String(entity.to_string());
    [
        ("Machine", json!({ "EvidenceRole": "Impacted", "DeviceId": "AB".repeat(20), "DeviceName": "AdminPC.contoso.azure", "LocalIP": "10.0.24.6",
            "AdditionalFields": text(&machine) })),
        ("User", json!({ "EvidenceRole": "Impacted", "EvidenceDirection": "Source", "AccountName": "jeffl", "AccountDomain": "contoso.azure",
            "AccountSid": "S-1-5-21-1-2-3-1104", "AccountObjectId": "E1E1E1E1-0000-4000-8000-000000000001", "AccountUpn": "JeffL@contoso.azure",
            "AdditionalFields": text(&json!({ "Type": "account", "DisplayName": "Jeff Leatherman", "Roles": ["Source"] })) })),
        ("Process", json!({ "FileName": "PsExeSvc.exe", "FolderPath": "C:\\Windows", "SHA1": "aa".repeat(20), "SHA256": "bb".repeat(32),
            "ProcessCommandLine": "PsExeSvc.exe -x", "DeviceName": "adminpc.contoso.azure", "AdditionalFields": text(&process) })),
        ("File", json!({ "FileName": "a.exe", "FolderPath": "C:\\x", "SHA1": "dd".repeat(20) })),
        ("Ip", json!({ "RemoteIP": "::ffff:198.51.100.7", "EvidenceDirection": "Suspect" })),
        ("Url", json!({ "RemoteUrl": "https://evil.example/a" })),
        ("MailMessage", json!({ "NetworkMessageId": "F1F1F1F1-0000-4000-8000-000000000001", "EmailSubject": "Invoice", "AccountUpn": "samiraa@contoso.azure" })),
        ("Mailbox", json!({ "EvidenceRole": "Impacted", "AccountUpn": "samiraa@contoso.azure" })),
        ("MailCluster", json!({ "AdditionalFields": text(&json!({ "Type": "mailCluster", "Query": "subject:invoice" })) })),
        ("CloudApplication", json!({ "ApplicationId": 20893, "Application": "Exchange Online" })),
        ("OAuthApplication", json!({ "OAuthApplicationId": "app-1", "Application": "Mail Reader" })),
        ("RegistryValue", json!({ "RegistryKey": "HKEY_LOCAL_MACHINE\\SYSTEM\\Evil", "RegistryValueName": "Run" })),
        ("CloudResource", json!({ "CloudResource": "vm-1", "AdditionalFields": text(&json!({ "Type": "azure-resource", "ResourceId": "/Subscriptions/1/VM" })) })),
        ("CloudLogonSession", json!({ "AdditionalFields": text(&json!({ "Type": "cloud-logon-session", "SessionId": "S-9" })) })),
        ("CloudLogonRequest", json!({ "AdditionalFields": text(&json!({ "Type": "cloud-logon-request", "RequestId": "R-9" })) })),
        ("GenericEntity", json!({ "AdditionalFields": text(&json!({ "Type": "generic-entity", "Name": "something" })) })),
        ("File", json!({ "FileName": "b.exe", "SHA1": "ee".repeat(20), "AdditionalFields": "{\"Type\":\"file\",\"Name\":\"b.e" })),
    ]
    .into_iter()
    .map(|(kind, columns)| enveloped("AlertEvidence", &evidence(ID, kind, columns)))
    .collect()
}

#[test]
fn an_alert_with_every_type_of_evidence_in_one_record_is_one_alert() {
    let mut rows = every_evidence();
    rows.insert(3, enveloped("AlertInfo", &info(ID)));
    let alert = decode_one(FORMAT, &record(&rows));
    expect![[r#"
        contoso microsoftDefenderForEndpoint/da638000000000000000_-77 "Suspicious service launched"
          medium unknown detector=- category=LateralMovement phase=lateralMovement techniques=T1021,T1569.002
          first=2026-02-03T10:20:00.123456Z last=2026-02-03T10:22:00Z created=- updated=2026-02-03T10:31:00.123456Z resolved=-
          classification=- determination=- assignee=-
          source id=da638000000000000000_-77 portal=-
          description="-"
          - impacted host: defenderDeviceId:abababababababababababababababababababab fqdn:adminpc.contoso.azure netbiosName:adminpc verdict=suspicious tags=Workstation address=10.0.24.6
          - source user: sid:S-1-5-21-1-2-3-1104 objectId:e1e1e1e1-0000-4000-8000-000000000001 upn:jeffl@contoso.azure displayName:Jeff Leatherman domainAccount:contoso\jeffl accountName:jeffl
          - related process: processKey:psexesvc.exe:4780:2026-02-03t10:20:00z label="PsExeSvc.exe -x" verdict=malicious
          - related file: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa md5:cccccccccccccccccccccccccccccccc filePath:c:\windows\psexesvc.exe label="PsExeSvc.exe"
          - related user: sid:S-1-5-21-1-2-3-1104 domainAccount:contoso\jeffl accountName:jeffl
          - related host: defenderDeviceId:abababababababababababababababababababab fqdn:adminpc.contoso.azure netbiosName:adminpc verdict=suspicious tags=Workstation
          - related file: sha1:dddddddddddddddddddddddddddddddddddddddd filePath:c:\x\a.exe label="a.exe"
          - source ip: address:198.51.100.7
          - related url: url:https://evil.example/a
          - related mailMessage: networkMessageId:f1f1f1f1-0000-4000-8000-000000000001 label="Invoice"
          - target mailbox: upn:samiraa@contoso.azure
          - impacted mailbox: upn:samiraa@contoso.azure label="samiraa@contoso.azure"
          - related mailCluster: mailCluster:subject:invoice label="subject:invoice"
          - related cloudApplication: applicationId:20893 label="Exchange Online"
          - related oauthApplication: applicationId:app-1 label="Mail Reader"
          - related registry: registryPath:hkey_local_machine\system\evil\run
          - related cloudResource: resourceId:/subscriptions/1/vm label="vm-1"
          - related cloudLogon: sessionId:s-9
          - related cloudLogon: sessionId:r-9
          - related generic-entity: label="something"
          - related file: sha1:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee label="b.exe"
          - related unreadable: label="AdditionalFields could not be read: truncated: EOF while parsing a string at line 1 column 26"
    "#]].assert_eq(&render(&alert));
}

#[test]
fn an_alert_without_evidence_and_evidence_without_alert_are_revisions_of_the_same() {
    let own = decode_one(FORMAT, &record(&[enveloped("AlertInfo", &info(ID))]));
    let user = evidence(ID, "User", json!({ "AccountUpn": "jeffl@contoso.azure" }));
    let piece = decode_one(FORMAT, &record(&[enveloped("AlertEvidence", &user)]));
    assert_eq!(own.key(), piece.key());
    assert_eq!((own.severity.clone(), own.evidence.len()), (Severity::Medium, 0));
    assert!(!piece.severity.is_said());
    assert_eq!([&own.status, &piece.status], [&AlertStatus::Unknown; 2]);
    assert!(own.updated > piece.updated, "what is seen later does not change what the alert says");
    expect![[r#"
        contoso microsoftDefenderForEndpoint/da638000000000000000_-77 "Suspicious service launched"
          unknown unknown detector=- category=Malware phase=lateralMovement techniques=T1021,T1569.002
          first=2026-02-03T10:22:00Z last=2026-02-03T10:22:00Z created=- updated=2026-02-03T10:22:00Z resolved=-
          classification=- determination=- assignee=-
          source id=da638000000000000000_-77 portal=-
          description="-"
          - related user: upn:jeffl@contoso.azure
    "#]].assert_eq(&render(&piece));
}

#[test]
fn rows_of_other_tables_are_stated_drops_and_the_bad_ones_cost_only_themselves() {
    let rows = [
        enveloped("DeviceProcessEvents", &json!({ "DeviceId": 7 })),
        enveloped("AlertEvidence", &evidence("da1", "User", json!({ "AccountUpn": "a@b.c" }))),
        json!(7),
        enveloped("AlertInfo", &json!({ "AlertId": "da1" })),
        enveloped("AlertInfo", &json!("a text")),
        json!({ "hello": 1 }),
        enveloped(
            "AlertInfo",
            &json!({ "AlertId": 7, "ServiceSource": "x", "Timestamp": "2026-02-03T10:00:00Z" }),
        ),
        enveloped("AlertInfo", &info("da1")),
        enveloped("AlertInfo", &info("da2")),
        json!({ "category": "AuditLogs", "properties": {} }),
        json!({ "Type": "SecurityIncident", "ProviderName": "Azure Sentinel" }),
        json!({ "category": "Malware", "title": "an alert of some interface" }),
        json!({ "Type": "SecurityAlert", "SystemAlertId": "s-1", "ProviderName": "MDATP" }),
    ];
    let told: Vec<_> = decode_all(FORMAT, &record(&rows)).iter().map(told).collect();
    expect![[r#"
        0: beside_alerts: it is a row of "AdvancedHunting-DeviceProcessEvents", and only AlertInfo and AlertEvidence are alerts, dropped
        1: da1 medium evidence=1
        2: wrong_type: the element is a number, which must be an object (element 2)
        3: missing_provider: ServiceSource is missing or empty (element 3)
        4: wrong_type: properties is a text, which must be the row as an object (element 4)
        5: unknown_format: it has neither a category nor a Type that names its table (element 5)
        6: wrong_type: AlertId is a number, which must be a text (element 6)
        8: da2 medium evidence=0
        9: beside_alerts: it is a row of "AuditLogs", and only AlertInfo and AlertEvidence are alerts (element 9), dropped
        10: beside_alerts: it is a row of "SecurityIncident", and only AlertInfo and AlertEvidence are alerts (element 10), dropped
        11: unknown_format: "Malware" is no table of advanced hunting, which are called AdvancedHunting-… (element 11)
        12: unknown_format: it has ProviderName, which is of another format: sentinel-security-alert reads such records (element 12)"#]].assert_eq(&told.join("\n"));
}

fn told(result: &Result<Alert, Refusal>) -> String {
    match result {
        Ok(alert) => format!(
            "{}: {} {} evidence={}",
            alert.origin.element,
            alert.id,
            alert.severity,
            alert.evidence.len()
        ),
        Err(refusal) => {
            format!("{}: {refusal}{}", refusal.element, if refusal.is_drop() { ", dropped" } else { "" })
        }
    }
}

#[test]
fn a_row_that_has_lost_its_envelope_is_read_by_its_type() {
    let mut row = info(ID);
    row["Type"] = json!("AlertInfo");
    row["TenantId"] = json!("workspace-1");
    let by_field = SourceRules::new(FORMAT, TenantRule::Field { name: None, aliases: BTreeMap::new() });
    let bare = decode(row.to_string().as_bytes(), &origin(), &by_field).remove(0).expect("it is good");
    assert_eq!(bare.tenant, Tenant::new("workspace-1"));
    let whole = enveloped("AlertInfo", &row).to_string();
    let whole = decode(whole.as_bytes(), &origin(), &by_field).remove(0).expect("it is good");
    assert_eq!(whole.tenant, Tenant::new("0b0b0b0b-0000-4000-8000-000000000001"));
    assert_eq!(bare.key(), whole.key());
}

#[test]
fn the_minimum_severity_is_the_alert_s_where_a_row_of_the_record_says_it() {
    let high = SourceRules { severity_min: Some(Severity::High), ..rules(FORMAT) };
    let user = enveloped("AlertEvidence", &evidence(ID, "User", json!({ "AccountUpn": "a@b.c" })));
    let reasons = |rows: &[Value]| -> Vec<_> {
        let results = decode(record(rows).as_bytes(), &origin(), &high);
        results.into_iter().map(|result| result.err().map(|refusal| refusal.reason)).collect()
    };
    assert_eq!(
        reasons(&[user.clone(), enveloped("AlertInfo", &info(ID))]),
        [Some(RefusalReason::BelowMinimumSeverity)]
    );
    assert_eq!(reasons(&[user]), [None], "nothing says how grave it is, and leaving it out would be a guess");
    let low = enveloped(
        "AlertEvidence",
        &evidence(ID, "User", json!({ "AccountUpn": "a@b.c", "Severity": "Low" })),
    );
    assert_eq!(reasons(&[low]), [Some(RefusalReason::BelowMinimumSeverity)]);
}

#[test]
fn of_the_rows_of_one_record_any_may_say_how_grave_the_alert_is() {
    let user = |severity: &str| {
        let columns = json!({ "AccountUpn": "a@b.c", "Severity": severity });
        enveloped("AlertEvidence", &evidence(ID, "User", columns))
    };
    let alert = decode_one(FORMAT, &record(&[user(""), user("High"), user("Low")]));
    assert_eq!(alert.severity, Severity::High);
    let alert = decode_one(FORMAT, &record(&[user("High"), enveloped("AlertInfo", &info(ID))]));
    assert_eq!(alert.severity, Severity::Medium, "its own row counts");
}

#[test]
fn a_domain_controller_that_was_asked_is_a_target_though_it_is_an_impacted_asset() {
    let role = |direction: &str, role: &str, fields: Value| {
        let columns = json!({ "DeviceName": "dc1.contoso.azure", "EvidenceDirection": direction, "EvidenceRole": role,
            "AdditionalFields": fields.to_string() });
        let alert =
            decode_one(FORMAT, &enveloped("AlertEvidence", &evidence(ID, "Machine", columns)).to_string());
        assert_eq!(alert.evidence.len(), 1, "{}", render_evidence(&alert.evidence));
        alert.evidence[0].role.clone()
    };
    assert_eq!(
        role("Destination", "Impacted", json!({ "Type": "host", "Roles": ["Destination"] })),
        Role::Target
    );
    assert_eq!(role("", "Impacted", json!({ "Type": "host", "Roles": ["Destination"] })), Role::Target);
    assert_eq!(role("", "Impacted", json!({ "Type": "host" })), Role::Impacted);
    assert_eq!(role("", "Related", json!(null)), Role::Related);
}

#[test]
fn products_are_known_by_the_names_that_the_tables_give_them() {
    let provider = |name: &str| {
        let mut row = info(ID);
        row["ServiceSource"] = json!(name);
        decode_one(FORMAT, &enveloped("AlertInfo", &row).to_string()).provider.to_string()
    };
    let names = [
        "Microsoft Defender for Endpoint",
        "Microsoft Defender for Identity",
        "Microsoft Defender for Office 365",
        "Microsoft Defender for Cloud Apps",
        "Microsoft Defender for Cloud",
        "Microsoft Defender XDR",
        "Microsoft 365 Defender",
        "Microsoft Sentinel",
        "AAD Identity Protection",
        "Microsoft Cloud App Security",
        "Some new product",
    ];
    let told: Vec<_> = names.iter().map(|name| format!("{name} = {}", provider(name))).collect();
    expect![[r#"
        Microsoft Defender for Endpoint = microsoftDefenderForEndpoint
        Microsoft Defender for Identity = microsoftDefenderForIdentity
        Microsoft Defender for Office 365 = microsoftDefenderForOffice365
        Microsoft Defender for Cloud Apps = microsoftDefenderForCloudApps
        Microsoft Defender for Cloud = microsoftDefenderForCloud
        Microsoft Defender XDR = microsoft365Defender
        Microsoft 365 Defender = microsoft365Defender
        Microsoft Sentinel = microsoftSentinel
        AAD Identity Protection = azureAdIdentityProtection
        Microsoft Cloud App Security = microsoftDefenderForCloudApps
        Some new product = Some new product"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn much_evidence_of_one_alert_becomes_several_revisions() {
    let rows: Vec<_> = (0..600)
        .map(|n| {
            enveloped("AlertEvidence", &evidence(ID, "User", json!({ "AccountUpn": format!("u{n}@b.c") })))
        })
        .collect();
    let results = decode_all(FORMAT, &record(&rows));
    let sizes: Vec<_> =
        results.iter().map(|r| r.as_ref().map(|a| (a.origin.element, a.evidence.len()))).collect();
    assert_eq!(sizes, [Ok((0, 256)), Ok((256, 256)), Ok((512, 88))]);
}

/// What an analyst sees in the end: of each incident its alerts with their severities, and its entities.
fn incidents_of(rows: &[&Value], together: bool) -> BTreeSet<String> {
    let mut engine = Partition::new(Settings::default());
    let records: Vec<String> = match together {
        true => vec![json!({ "records": rows }).to_string()],
        false => rows.iter().map(|row| row.to_string()).collect(),
    };
    for alert in records.iter().flat_map(|record| decode_all(FORMAT, record)) {
        let alert = alert.expect("each row is good");
        engine.apply(Input::Alert(Box::new(alert)), &mut Vec::new());
    }
    let ids = engine.incident_ids().into_iter();
    let incidents = ids.filter_map(|(tenant, id)| engine.incident(&tenant, id));
    let told = |incident: Incident| {
        let mut alerts: Vec<_> =
            incident.alerts.iter().map(|a| format!("{} {} {}", a.id, a.severity, a.status)).collect();
        let mut entities: Vec<_> =
            incident.entities.iter().map(|e| format!("{} {}", e.kind, e.name)).collect();
        alerts.sort();
        entities.sort();
        format!("{}: {}; {}", incident.severity, alerts.join(", "), entities.join(", "))
    };
    incidents.filter(|incident| incident.status != IncidentStatus::Redirected).map(told).collect()
}

fn every_order<'a>(rows: &mut Vec<&'a Value>, from: usize, visit: &mut impl FnMut(&[&'a Value])) {
    if from == rows.len() {
        return visit(rows);
    }
    for place in from..rows.len() {
        rows.swap(from, place);
        every_order(rows, from + 1, visit);
        rows.swap(from, place);
    }
}

#[test]
fn an_alert_in_parts_is_the_same_alert_in_whatever_order_and_records_they_come() {
    let host = json!({ "EvidenceRole": "Impacted", "DeviceName": "adminpc.contoso.azure" });
    let rows = [
        enveloped("AlertInfo", &info("da1")),
        enveloped("AlertEvidence", &evidence("da1", "Machine", host.clone())),
        enveloped("AlertEvidence", &evidence("da1", "User", json!({ "AccountUpn": "jeffl@contoso.azure" }))),
        enveloped("AlertInfo", &info("da2")),
        enveloped("AlertEvidence", &evidence("da2", "Machine", host)),
    ];
    let mut rows: Vec<&Value> = rows.iter().collect();
    let expected = incidents_of(&rows, true);
    expect![[r#"
        {
            "medium: da1 medium unknown, da2 medium unknown; host adminpc.contoso.azure, user jeffl@contoso.azure",
        }
    "#]].assert_debug_eq(&expected);
    every_order(&mut rows, 0, &mut |rows| {
        assert_eq!(incidents_of(rows, false), expected, "{rows:?}");
        assert_eq!(incidents_of(rows, true), expected, "{rows:?}");
    });
}
