use braid_alert::{AlertStatus, EntityKind, IdentifierKind, Severity};
use braid_wire::{Exclusion, Format, Refusal, RefusalReason, SourceRules, TenantRule, decode};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, origin, render, rules};

const FORMAT: Format = Format::ZimperiumMtd;

/// 2026-02-03T10:00:00Z.
const AT: i64 = 1_770_112_800_000;

fn threat(id: &str, more: Value) -> Value {
    let mut threat = json!({
        "severity_name": "CRITICAL", "account_id": "t-1", "device_owner_email": "Ann@contoso.com", "device_time": AT,
        "zdevice_id": "z-1", "detection_app_instance_id": "i-1", "device_os": "ios", "device_os_version": "17.1",
        "device_model": "iPhone 12", "device_id": "P-1", "mdm_device_id": null, "threat_name": "APK_SUSPECTED",
        "threat_category": "SINGULAR", "threat_uuid": id, "threat_display_name": "Suspicious app",
        "threat_vector": "Device", "mitre_tactics": ["Network Effects", "Initial Access"], "child_threat_uuids": [],
        "threat_status": "Pending", "device_ip": "203.0.113.9", "gateway_ip": "192.168.1.1", "network": "Cafe",
        "network_bssid": "b7:db:b6:96:f0:91", "detected_url": "null", "file_hash": null
    });
    let fields = threat.as_object_mut().expect("it is one");
    fields.extend(more.as_object().expect("it is one").clone());
    threat
}

fn mitigation(id: &str) -> Value {
    json!({
        "severity_name": "CRITICAL", "account_id": "t-1", "device_owner_email": "ann@contoso.com",
        "device_time": AT + 60_000, "device_id": "P-1", "threat_name": "APK_SUSPECTED", "threat_uuid": id,
        "threat_display_name": "Suspicious app", "threat_status": "Resolved", "mitigation_reason": ""
    })
}

fn read(record: &Value, rules: &SourceRules) -> Vec<Result<braid_alert::Alert, RefusalReason>> {
    let results = decode(record.to_string().as_bytes(), &origin(), rules);
    results.into_iter().map(|result| result.map_err(|refusal| refusal.reason)).collect()
}

#[test]
fn a_threat_becomes_an_alert_about_a_phone_and_its_owner() {
    let record = threat(
        "6D5B8F9F-8c50-4fc2-bc75-288c9296640a",
        json!({
            "threat_vector": "Malware", "malware_family": "TROJAN", "mdm_device_id": "m-7", "device_jailbroken": true,
            "device_info_tag1": "sales", "device_owner_first_name": "Ann", "device_owner_last_name": "Lee",
            "file_hash": "4475064C5F6A5474E31F2F3DFAFC22ED", "file_name": "/data/app/x/base.apk", "package_name": "com.x",
            "process": "x", "suspected_url": "https://Evil.example/a", "ip_of_detected_url": "198.51.100.7",
            "attacker_ip": "192.168.1.66", "sideloaded_app_package": "com.y"
        }),
    );
    expect![[r#"
        contoso zimperium/6d5b8f9f-8c50-4fc2-bc75-288c9296640a "Suspicious app"
          critical new detector=APK_SUSPECTED category=Malware phase=initialAccess techniques=
          first=2026-02-03T10:00:00Z last=2026-02-03T10:00:00Z created=2026-02-03T10:00:00Z updated=2026-02-03T10:00:00Z resolved=-
          classification=- determination=- assignee=-
          source id=6D5B8F9F-8c50-4fc2-bc75-288c9296640a portal=-
          description="-"
          - impacted mobileDevice: mobileDeviceId:p-1 label="iPhone 12, ios, 17.1, managed as m-7" tags=jailbroken,sales
          - impacted user: upn:ann@contoso.com displayName:Ann Lee
          - related url: url:https://evil.example/a
          - related file: md5:4475064c5f6a5474e31f2f3dfafc22ed filePath:/data/app/x/base.apk label="com.x" verdict=malicious
          - related file: label="com.y"
          - related ip: address:198.51.100.7
          - related process: label="x"
          - related vendorIncident: vendorIncidentId:zimperium/6d5b8f9f-8c50-4fc2-bc75-288c9296640a
    "#]].assert_eq(&render(&decode_one(FORMAT, &record.to_string())));
}

#[test]
fn nothing_of_a_network_or_of_a_phone_s_state_is_a_name() {
    let record = threat(
        "z-1",
        json!({ "threat_name": "ARP_MITM", "threat_vector": "Network", "attacker_ip": "10.0.0.66",
        "attacker_ssid": "Cafe", "attacker_bssid": "00:11:22:33:44:55" }),
    );
    let alert = decode_one(FORMAT, &record.to_string());
    let names: Vec<_> =
        alert.evidence.iter().flat_map(|piece| &piece.identifiers).map(ToString::to_string).collect();
    assert_eq!(names, ["mobileDeviceId:p-1", "upn:ann@contoso.com", "vendorIncidentId:zimperium/z-1"]);
    assert!(alert.evidence.iter().all(|piece| piece.addresses.is_empty()));
    let network =
        alert.evidence.iter().find(|piece| piece.kind == EntityKind::Other("wirelessNetwork".into()));
    assert_eq!(network.and_then(|piece| piece.label.as_deref()), Some("Cafe 00:11:22:33:44:55"));
}

#[test]
fn a_phone_has_one_id_under_any_management_or_none_and_an_owner_by_mail_or_by_the_management_s_id() {
    let phone = |more| {
        let alert = decode_one(FORMAT, &threat("z-1", more).to_string());
        let names = alert.evidence.iter().filter(|piece| piece.kind != EntityKind::VendorIncident);
        names.flat_map(|piece| &piece.identifiers).map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let same = "mobileDeviceId:p-1 upn:ann@contoso.com";
    assert_eq!(phone(json!({})), same);
    for mdm in ["7f3a9d9e-0000-4111-8222-0123456789ab", "AIRWATCH-17"] {
        assert_eq!(phone(json!({ "mdm_device_id": mdm, "mdm_alt_ids": { "serial": "x" } })), same);
    }
    let managed = json!({ "device_owner_email": null, "device_owner_id": "ann@contoso.com" });
    assert_eq!(phone(managed), same);
    // An id of the console's own says nothing to other products; taken for a directory's it would contradict that.
    let unknown =
        json!({ "device_owner_email": null, "device_owner_id": "7f3a9d9e-0000-4111-8222-0123456789ab" });
    assert_eq!(phone(unknown), "mobileDeviceId:p-1");
    assert_eq!(phone(json!({ "device_id": null })), "mobileDeviceId:z-1 upn:ann@contoso.com");
}

#[test]
fn a_mitigation_is_the_threat_resolved() {
    let found = decode_one(FORMAT, &threat("z-1", json!({})).to_string());
    let over = decode_one(FORMAT, &mitigation("Z-1").to_string());
    assert_eq!(found.key(), over.key());
    assert_eq!((found.status, &over.status), (AlertStatus::New, &AlertStatus::Resolved));
    assert_eq!(over.resolved, Some(over.updated));
    assert!(over.updated > found.updated && over.created.is_none());
    // The column alone tells, whatever stands in it and whatever the status is called.
    let mut unnamed = mitigation("z-1");
    unnamed["threat_status"] = json!("Remediated");
    assert_eq!(decode_one(FORMAT, &unnamed.to_string()).status, AlertStatus::Resolved);
}

#[test]
fn a_severity_of_the_console_s_own_words_is_asked_for_at_every_revision() {
    let taken = |least: &str| {
        let rules = SourceRules { severity_min: Some(Severity::from_text(least)), ..rules(FORMAT) };
        ["CRITICAL", "ELEVATED", "LOW", "NORMAL", "UNHEARD_OF"]
            .map(|word| read(&threat("z-1", json!({ "severity_name": word })), &rules).remove(0).is_ok())
    };
    assert_eq!(taken("Critical"), [true, false, false, false, true]);
    assert_eq!(taken("Elevated"), [true, true, false, false, true]);
    assert_eq!(taken("Low"), [true, true, true, false, true]);
    assert_eq!(taken("Normal"), [true; 5]);
}

#[test]
fn the_mitigation_of_a_threat_that_is_left_out_is_left_out_and_says_why() {
    let critical = SourceRules { severity_min: Some(Severity::Critical), ..rules(FORMAT) };
    let mut low = mitigation("z-1");
    low["severity_name"] = json!("LOW");
    assert_eq!(
        read(&threat("z-1", json!({ "severity_name": "LOW" })), &critical),
        [Err(RefusalReason::BelowMinimumSeverity)]
    );
    let results: Vec<Result<_, Refusal>> = decode(low.to_string().as_bytes(), &origin(), &critical);
    let [Err(refusal)] = &results[..] else { panic!("{results:?}") };
    assert_eq!(
        refusal.to_string(),
        "filtered_mitigation: its threat is left out: below_minimum_severity: its severity is low, the source takes \
         critical and above"
    );
    assert!(refusal.is_drop());
    assert!(read(&mitigation("z-1"), &critical)[0].is_ok(), "that of a critical one is news");
    for (detector, entity) in
        [(Some("apk_suspected"), None), (None, Some("ANN@contoso.com")), (None, Some("P-1"))]
    {
        let exclusions = Exclusion::new(detector, entity).into_iter().collect();
        let rules = SourceRules { exclusions, ..rules(FORMAT) };
        assert!(read(&threat("z-1", json!({})), &rules)[0].is_err());
        assert_eq!(read(&mitigation("z-1"), &rules), [Err(RefusalReason::FilteredMitigation)]);
    }
    // A fault stays a fault.
    let mut ancient = low;
    ancient["device_time"] = json!(0);
    assert_eq!(read(&ancient, &critical), [Err(RefusalReason::TimeOutOfRange)]);
}

#[test]
fn a_composite_threat_names_its_children_however_they_are_written() {
    let groups = |record: Value| {
        let alert = decode_one(FORMAT, &record.to_string());
        let named = alert.evidence.iter().flat_map(|piece| &piece.identifiers);
        let groups = named.filter(|name| name.kind == IdentifierKind::VendorIncidentId);
        groups.map(|name| name.value.to_string()).collect::<Vec<_>>()
    };
    let child = groups(threat("C-1", json!({})));
    assert_eq!(child, ["zimperium/c-1"]);
    let parent = threat(
        "p",
        json!({ "threat_category": "COMPOSITE", "child_threat_uuids": ["c-1", " C-2 ", null, 7] }),
    );
    assert_eq!(groups(parent), ["zimperium/c-1", "zimperium/c-2", "zimperium/7"]);
    let many: Vec<String> = (0..1_000).map(|n| format!("c-{n}")).collect();
    // Beside the phone and its owner.
    let composite = threat("p", json!({ "child_threat_uuids": many }));
    assert_eq!(groups(composite.clone()).len(), 254);
    let told = render(&decode_one(FORMAT, &composite.to_string()));
    assert!(told.contains("1002 entities, of which 256 are kept"), "{told}");
}

fn incident(threats: Value) -> Value {
    json!({
        "incident_id": "8A1C", "incident_name": "Remote access", "device_id": "p-1_D_1", "device_owner": "ann@contoso.com",
        "mitre_tactics": ["Impact"], "incident_created_date": "2026-02-03T11:00:00.255717768Z",
        "incident_status": "Pending", "incident_link": "https://console.example/8a1c", "related_threats": threats
    })
}

fn related(id: &str, severity: &str, status: &str) -> Value {
    json!({ "threat_id": id, "threat_name": "Sideloaded app", "threat_severity": severity, "threat_status": status,
        "timestamp": "2026-02-03T10:00:00Z" })
}

#[test]
fn an_incident_is_its_threats_and_a_hint_where_the_source_takes_hints() {
    let record =
        incident(json!([related("Z-1", "CRITICAL", "Pending"), 7, related("z-2", "LOW", "Marked Fixed")]));
    let hinted =
        SourceRules { vendor_incidents: true, severity_min: Some(Severity::Critical), ..rules(FORMAT) };
    let results = read(&record, &hinted);
    assert_eq!(results[1..], [Err(RefusalReason::WrongType), Err(RefusalReason::BelowMinimumSeverity)]);
    let alert = results[0].as_ref().expect("it is good");
    expect![[r#"
        contoso zimperium/z-1 "Sideloaded app"
          critical new detector=- category=- phase=- techniques=
          first=2026-02-03T10:00:00Z last=2026-02-03T10:00:00Z created=- updated=2026-02-03T11:00:00.255717Z resolved=-
          classification=- determination=- assignee=-
          source id=Z-1 portal=https://console.example/8a1c
          description="-"
          - impacted mobileDevice: mobileDeviceId:p-1
          - impacted user: upn:ann@contoso.com
          - related vendorIncident: vendorIncidentId:zimperium/z-1
          - related vendorIncident: vendorIncidentId:zimperium/8a1c
    "#]].assert_eq(&render(alert));
    let plain = &decode_all(FORMAT, &record.to_string())[2];
    let plain = plain.as_ref().expect("all severities are taken");
    assert_eq!(plain.status, AlertStatus::Resolved);
    assert!(!render(plain).contains("zimperium/8a1c"), "no hint unless it is asked for: {}", render(plain));
}

#[test]
fn what_became_of_an_incident_is_beside_alerts() {
    let record = json!({ "incident_id": "8a1c", "incident_updated_date": "2026-02-03T11:00:00Z",
        "incident_status": "Marked Fixed", "fix_reason": "All the related threats are addressed" });
    assert_eq!(read(&record, &rules(FORMAT)), [Err(RefusalReason::BesideAlerts)]);
    assert_eq!(read(&incident(json!([])), &rules(FORMAT)), [Err(RefusalReason::BesideAlerts)]);
}

fn object(more: Value) -> Value {
    let mut object = json!({
        "id": "d6", "accountId": "t-1", "deviceId": "62", "timestamp": AT, "eventReceivedTimestamp": AT + 2_000,
        "device": { "id": "62", "mdmDeviceId": "", "model": "ONEPLUS", "os": { "name": "ANDROID", "version": "7.1.1" } },
        "threatTypeId": 37, "threatTypeName": "SYSTEM TAMPERING", "severity": 3, "severityName": "CRITICAL",
        "vectorName": "Device", "state": 1, "mitigationEvents": [], "lastModified": AT + 3_000, "simulated": false,
        "generalInfo": { "ssid": "BlueStacks", "bssid": "22", "jailbreakReasons": "SELinux disabled" },
        "deviceOwner": "user@contoso.com"
    });
    object.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
    object
}

#[test]
fn a_page_of_the_api_is_its_threats() {
    let mitigated = object(json!({ "id": "d7", "severityName": null, "severity": 2, "simulated": true,
        "vectorName": "Network", "mitigationEvents": [{ "timestamp": AT + 9_000 }] }));
    let page = json!({ "content": [object(json!({})), mitigated], "totalPages": 12, "last": false });
    let by_field = TenantRule::Field { name: None, aliases: Default::default() };
    let results = read(&page, &SourceRules::new(FORMAT, by_field));
    let told: Vec<_> = results.iter().map(|result| render(result.as_ref().expect("both are good"))).collect();
    expect![[r#"
        t-1 zimperium/d6 "SYSTEM TAMPERING"
          critical new detector=SYSTEM_TAMPERING category=Device phase=- techniques=
          first=2026-02-03T10:00:00Z last=2026-02-03T10:00:00Z created=2026-02-03T10:00:02Z updated=2026-02-03T10:00:03Z resolved=-
          classification=- determination=- assignee=-
          source id=d6 portal=-
          description="SELinux disabled"
          - impacted mobileDevice: mobileDeviceId:62 label="ONEPLUS, ANDROID, 7.1.1"
          - impacted user: upn:user@contoso.com
          - related vendorIncident: vendorIncidentId:zimperium/d6
        t-1 zimperium/d7 "SYSTEM TAMPERING"
          medium resolved detector=SYSTEM_TAMPERING category=Network phase=- techniques=
          first=2026-02-03T10:00:00Z last=2026-02-03T10:00:00Z created=2026-02-03T10:00:02Z updated=2026-02-03T10:00:09Z resolved=2026-02-03T10:00:09Z
          classification=- determination=securityTesting assignee=-
          source id=d7 portal=-
          description="SELinux disabled"
          - impacted mobileDevice: mobileDeviceId:62 label="ONEPLUS, ANDROID, 7.1.1"
          - impacted user: upn:user@contoso.com
          - related wirelessNetwork: label="BlueStacks 22"
          - related vendorIncident: vendorIncidentId:zimperium/d7
    "#]].assert_eq(&told.join(""));
}

#[test]
fn the_logs_may_come_mixed_and_one_bad_element_costs_itself_alone() {
    let records = json!([
        threat("z-1", json!({})),
        mitigation("z-1"),
        threat("z-2", json!({ "device_time": "yesterday" })),
        threat("", json!({})),
        incident(json!([related("z-3", "CRITICAL", "Pending"), related("z-4", "CRITICAL", "Pending")])),
        object(json!({})),
        { "hello": 1 },
        "text",
    ]);
    let told: Vec<String> = decode(records.to_string().as_bytes(), &origin(), &rules(FORMAT))
        .iter()
        .map(|result| match result {
            Ok(alert) => format!("{} {} {}", alert.origin.element, alert.id, alert.status),
            Err(refusal) => format!("{} {}", refusal.element, refusal.reason),
        })
        .collect();
    assert_eq!(
        told,
        [
            "0 z-1 new",
            "1 z-1 resolved",
            "2 wrong_type",
            "3 missing_id",
            "4 z-3 new",
            "5 z-4 new",
            "6 d6 new",
            "7 unknown_format",
            "8 wrong_type"
        ]
    );
}

#[test]
fn a_threat_of_the_api_is_a_group_that_a_composite_one_can_join() {
    let of_api = decode_one(FORMAT, &object(json!({ "id": "C-1" })).to_string());
    let composite = decode_one(FORMAT, &threat("p", json!({ "child_threat_uuids": ["c-1"] })).to_string());
    let group = |alert: &braid_alert::Alert| {
        let piece = alert.evidence.iter().find(|piece| piece.kind == EntityKind::VendorIncident);
        piece.map(|piece| piece.identifiers.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(group(&of_api), Some(vec!["vendorIncidentId:zimperium/c-1".to_owned()]));
    assert_eq!(group(&of_api), group(&composite));
}

#[test]
fn the_mitigation_of_a_threat_of_the_api_that_is_left_out_is_counted_as_one() {
    let critical = SourceRules { severity_min: Some(Severity::Critical), ..rules(FORMAT) };
    let low = |more: Value| {
        let mut low = object(more);
        low["severityName"] = json!("LOW");
        read(&low, &critical)
    };
    assert_eq!(low(json!({})), [Err(RefusalReason::BelowMinimumSeverity)]);
    let mitigated = json!({ "mitigationEvents": [{ "timestamp": AT + 9_000 }] });
    assert_eq!(low(mitigated), [Err(RefusalReason::FilteredMitigation)]);
}

#[test]
fn a_resolved_threat_of_the_api_that_does_not_say_when_is_as_new_as_its_record() {
    let of = |more: Value| decode_one(FORMAT, &object(more).to_string());
    let resolved = of(json!({ "stateName": "RESOLVED", "lastModified": null }));
    assert_eq!(resolved.updated.as_micros(), origin().source_time.as_micros());
    let pending = of(json!({ "lastModified": null }));
    assert_eq!(pending.updated, pending.last_activity, "a mitigation that was told in between stays newer");
}
