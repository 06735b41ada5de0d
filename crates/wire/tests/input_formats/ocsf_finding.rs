use braid_alert::{Alert, AlertStatus, Provider, Severity};
use braid_wire::{Format, RefusalReason};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, render, render_evidence};

const FORMAT: Format = Format::OcsfDetectionFinding;

const ENDPOINT: &str = include_str!("records/endpoint-finding.ocsf.json");
const CLOUD: &str = include_str!("records/cloud-finding.ocsf.json");

/// A finding with as little in it as may be, and what a test adds.
fn with(change: impl FnOnce(&mut Value)) -> Alert {
    decode_one(FORMAT, &changed(change).to_string())
}

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut finding = json!({
        "class_uid": 2004,
        "time": 1_770_112_800_000_i64,
        "metadata": { "product": { "name": "Falcon", "vendor_name": "Umbra" } },
        "finding_info": { "uid": "f-1" },
    });
    change(&mut finding);
    finding
}

#[test]
fn a_finding_of_an_endpoint_product_decodes() {
    expect![[r#"
        contoso Umbra Falcon Insight/ldt:f00d42:8812 "Credential dumping"
          high new detector=rule-4401 category=Credential Theft phase=compromisedCredentials techniques=T1003,T1003.001
          first=2026-02-03T10:00:00Z last=2026-02-03T10:01:00Z created=2026-02-03T10:04:00Z updated=2026-02-03T10:05:00Z resolved=-
          classification=- determination=- assignee=-
          source id=ldt:f00d42:8812 portal=https://console.umbra.example/findings/8812
          description="A process opened the memory of lsass.exe."
          - impacted host: resourceId:umbra falcon insight/f00d42 fqdn:victimpc.contoso.azure netbiosName:victimpc address=10.0.24.5 egress=198.51.100.20
          - source process: processKey:mimikatz.exe:4780:2026-02-03t10:00:00z label="mimikatz.exe sekurlsa::logonpasswords"
          - related file: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa md5:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb filePath:c:\temp\mimikatz.exe label="mimikatz.exe"
          - source user: sid:S-1-5-21-2839646386-741382897-445212193-1104 domainAccount:contoso\jeffl accountName:jeffl
          - related file: sha1:cccccccccccccccccccccccccccccccccccccccc filePath:c:\temp\lsass.dmp label="lsass.dmp" verdict=malicious
          - source host: netbiosName:victimpc address=10.0.24.5
          - target ip: address:203.0.113.9
          - target url: url:drop.evil.example
          - related url: url:https://drop.evil.example/up
          - impacted cloudResource: resourceId:arn:aws:s3:::contoso-backups label="contoso-backups"
          - impacted cloudResource: label="contoso"
          - related file: md5:dddddddddddddddddddddddddddddddd
          - related mailbox: upn:jeffl@contoso.azure
    "#]].assert_eq(&render(&decode_one(FORMAT, ENDPOINT)));
}

#[test]
fn a_finding_of_a_cloud_in_the_first_release_of_the_class_decodes() {
    expect![[r#"
        contoso Nimbus GuardHouse/arn:aws:guardhouse:eu-west-1:123456789012:finding/0c1d "Keys of an instance used from outside"
          medium resolved detector=- category=TTPs/Credential Access phase=compromisedCredentials techniques=T1552
          first=2026-02-03T08:00:00Z last=2026-02-03T09:00:00Z created=- updated=2026-02-03T12:00:00Z resolved=2026-02-03T12:00:00Z
          classification=- determination=- assignee=-
          source id=arn:aws:guardhouse:eu-west-1:123456789012:finding/0c1d portal=-
          description="-"
          - source user: accountName:build resourceId:arn:aws:iam::123456789012:user/build
          - source ip: address:203.0.113.77
          - impacted cloudResource: resourceId:i-0abcdef1234567890 label="web-1"
    "#]].assert_eq(&render(&decode_one(FORMAT, CLOUD)));
}

#[test]
fn an_array_lines_of_a_collector_and_a_wrapper_are_as_many_findings() {
    let one = changed(|_| {});
    for record in [json!([one, one]), json!({ "Records": [one, one] }), json!({ "events": [one, one] })] {
        let elements: Vec<_> = decode_all(FORMAT, &record.to_string())
            .into_iter()
            .map(|alert| alert.map(|alert| alert.origin.element))
            .collect();
        assert_eq!(elements, [Ok(0), Ok(1)], "{record}");
    }
}

#[test]
fn other_classes_and_what_braid_wrote_stand_beside_alerts() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut results = decode_all(FORMAT, &changed(|finding| change(finding)).to_string());
        let refusal = results.remove(0).expect_err("it is no alert");
        assert_eq!((refusal.reason, refusal.is_drop()), (RefusalReason::BesideAlerts, true));
        refusal.detail.into_string()
    };
    expect![[r#"its class_uid is 2005, a Detection Finding's is 2004"#]]
        .assert_eq(&refused(&|finding| finding["class_uid"] = json!(2005)));
    expect![[r#"its class_uid is 3002, a Detection Finding's is 2004"#]].assert_eq(&refused(&|finding| {
        finding["class_uid"] = Value::Null;
        finding["type_uid"] = json!(300_201);
    }));
    for vendor in [json!("braid"), Value::Null] {
        expect![[r#"braid has written it: its own output is no alert"#]].assert_eq(&refused(&|finding| {
            finding["metadata"]["product"] = json!({ "name": "braid", "vendor_name": vendor });
        }));
    }
}

#[test]
fn a_product_is_known_by_vendor_and_name_and_one_of_defender_s_by_its_own() {
    let provider = |vendor: Value, name: Value| {
        let finding = with(|finding| {
            finding["metadata"]["product"] = json!({ "vendor_name": vendor, "name": name, "version": "7.1" });
        });
        finding.provider.as_str().to_owned()
    };
    assert_eq!(provider(json!("Umbra"), json!("Falcon")), "Umbra Falcon");
    assert_eq!(provider(json!("Umbra"), json!("UMBRA Falcon")), "UMBRA Falcon");
    assert_eq!(provider(Value::Null, json!("Falcon")), "Falcon");
    assert_eq!(provider(json!("Umbra"), Value::Null), "Umbra");
    assert_eq!(provider(json!("Somebody"), json!("braid")), "Somebody braid", "only braid is braid");
    assert_eq!(
        provider(json!("Microsoft"), json!("Microsoft Defender for Endpoint")),
        Provider::DefenderForEndpoint.as_str()
    );
    assert_eq!(provider(json!("Zimperium"), json!("zimperium")), Provider::Zimperium.as_str());
}

#[test]
fn an_alert_of_defender_is_the_same_alert_as_in_its_own_formats() {
    let of = |id: &str| {
        with(|finding| {
            finding["metadata"]["product"] = json!({ "name": "Microsoft Defender for Identity" });
            finding["finding_info"]["uid"] = json!(id);
        })
    };
    let guid = "7d0e1c2b-1111-4222-8333-0123456789ab";
    assert_eq!(of(&format!("aa{guid}")).key(), of(&guid.to_uppercase()).key());
    let other = with(|finding| finding["finding_info"]["uid"] = json!(format!("aa{guid}")));
    assert_eq!(other.id.as_str(), format!("aa{guid}"), "another product's id stands as it is");
}

#[test]
fn severity_is_the_number_and_the_word_only_where_the_number_says_nothing() {
    let severity = |id: Value, word: &str| {
        with(|finding| {
            finding["severity_id"] = id;
            finding["severity"] = json!(word);
        })
        .severity
    };
    let known =
        [(1, "informational"), (2, "low"), (3, "medium"), (4, "high"), (5, "critical"), (6, "critical")];
    for (id, read) in known {
        assert_eq!(severity(json!(id), "nonsense").as_str(), read);
    }
    assert_eq!(severity(json!(99), "Catastrophic"), Severity::Other("Catastrophic".into()));
    assert_eq!(severity(Value::Null, "High"), Severity::High);
    assert_eq!(severity(json!(0), ""), Severity::unknown());
}

#[test]
fn a_finding_that_is_closed_suppressed_archived_or_deleted_is_resolved() {
    let status = |activity: Value, id: Value, word: &str| {
        with(|finding| {
            finding["activity_id"] = activity;
            finding["status_id"] = id;
            finding["status"] = json!(word);
        })
        .status
    };
    assert_eq!(status(json!(1), json!(1), ""), AlertStatus::New);
    assert_eq!(status(json!(2), json!(2), ""), AlertStatus::InProgress);
    for id in 3..=6 {
        assert_eq!(status(json!(2), json!(id), ""), AlertStatus::Resolved, "{id}");
    }
    assert_eq!(
        status(json!(3), json!(1), "New"),
        AlertStatus::Resolved,
        "it was closed, whatever it says beside"
    );
    assert_eq!(status(json!(1), Value::Null, ""), AlertStatus::New);
    assert_eq!(status(json!(2), Value::Null, ""), AlertStatus::Unknown);
    assert_eq!(status(json!(2), json!(99), "Suppressed"), AlertStatus::Resolved);
    assert_eq!(status(json!(2), json!(99), "Parked"), AlertStatus::Other("Parked".into()));
}

#[test]
fn the_tenant_is_found_at_a_path() {
    use braid_wire::{SourceRules, TenantRule, decode};
    let tenant = |name: Option<&str>, record: &str| {
        let rule = TenantRule::Field { name: name.map(Into::into), aliases: [].into() };
        let read =
            decode(record.as_bytes(), &crate::fixture::origin(), &SourceRules::new(FORMAT, rule)).remove(0);
        read.map(|alert| alert.tenant.as_str().to_owned()).map_err(|refusal| refusal.reason)
    };
    assert_eq!(tenant(None, ENDPOINT).as_deref(), Ok("cid-77"));
    assert_eq!(tenant(Some("cloud.account.uid"), CLOUD).as_deref(), Ok("123456789012"));
    assert_eq!(tenant(None, CLOUD), Err(RefusalReason::MissingTenant));
}

#[test]
fn a_verdict_is_a_classification_and_a_test_is_expected() {
    let of = |id: u8| {
        let alert = with(|finding| finding["verdict_id"] = json!(id));
        let classification = alert.classification.map_or("-".into(), |word| word.as_str().to_owned());
        format!(
            "{classification} {}",
            alert.determination.map_or("-".into(), |word| word.as_str().to_owned())
        )
    };
    expect![[r#"
        0 - -
        1 falsePositive -
        2 truePositive -
        3 - -
        4 - -
        5 informationalExpectedActivity -
        6 informationalExpectedActivity securityTesting
        7 - notEnoughDataToValidate
        8 - -
        9 - -
        10 - -
    "#]]
    .assert_eq(&(0..=10).map(|id| format!("{id} {}\n", of(id))).collect::<String>());
}

#[test]
fn a_kill_chain_says_the_phase_where_no_tactic_does() {
    let phase = |numbers: &[u8]| {
        let chain: Vec<_> = numbers.iter().map(|id| json!({ "phase_id": id })).collect();
        let phase = with(|finding| finding["finding_info"]["kill_chain"] = json!(chain)).phase;
        phase.map_or("-".into(), |phase| phase.as_str().to_owned())
    };
    assert_eq!(phase(&[1, 6]), "commandAndControl", "the furthest that it has come");
    assert_eq!(phase(&[7]), "-", "an objective may be any");
    assert_eq!(phase(&[0, 99]), "-");
}

#[test]
fn who_did_it_from_where_and_to_whom_follows_from_the_attribute() {
    let alert = with(|finding| {
        finding["actor"] = json!({ "user": { "name": "CONTOSO\\RonHD", "uid": "77" } });
        finding["evidences"] = json!([
            { "user": { "name": "SamiraA@contoso.azure", "email_addr": "samira@contoso.com",
                        "uid": "e1e1e1e1-0000-4000-8000-000000000001", "account": { "type_id": 6 } } },
            { "device": { "type_id": 5, "uid": "PHONE-1", "name": "Jeff's phone", "owner": { "email_addr": "jeffl@contoso.azure" } } },
            { "dst_endpoint": { "ip": "10.0.24.4" }, "query": { "hostname": "Evil.example" } },
            { "verdict_id": 4, "email": { "uid": "7D0E1C2B-1111-4222-8333-0123456789AB", "subject": "Invoice",
                        "message_uid": "<m1@mail.example>", "from": "bad@evil.example", "to": ["Jeff <jeffl@contoso.azure>"] } },
            { "reg_value": { "path": "HKLM\\Software\\Evil", "name": "Run" }, "container": { "name": "api" } },
            { "process": { "name": "a.exe", "pid": 7, "user": { "name": "SYSTEM", "domain": "NT AUTHORITY" } } },
            7
        ]);
        finding["resources"] = json!([
            { "role_id": 2, "uid": "projects/p/instances/1" }, { "role_id": 4, "uid": "bucket 1", "name": "b" },
            { "uid": "i-0abcdef1234567890", "hostname": "web-1", "ip": "10.9.8.7" }
        ]);
        finding["malware"] = json!([
            { "name": "Emotet", "files": [{ "name": "e.exe", "hashes": [{ "algorithm": "SHA-256", "algorithm_id": 99, "value": "ab".repeat(32) }] }] }
        ]);
        finding["observables"] = json!([
            { "type_id": 2, "value": "10.0.24.4" }, { "type_id": 2, "value": "203.0.113.5" },
            { "type_id": 31, "value": "S-1-5-21-1-2-3-1105" }, { "type_id": 31, "value": "77" },
            { "type_id": 6, "value": "https://evil.example/x" }, { "type_id": 24, "name": "file" }
        ]);
    });
    expect![[r#"
        - source user: domainAccount:contoso\ronhd accountName:ronhd
        - target user: objectId:e1e1e1e1-0000-4000-8000-000000000001 upn:samiraa@contoso.azure
        - impacted mobileDevice: mobileDeviceId:phone-1
        - related user: upn:jeffl@contoso.azure
        - target ip: address:10.0.24.4
        - related url: url:evil.example
        - related mailMessage: networkMessageId:7d0e1c2b-1111-4222-8333-0123456789ab networkMessageId:m1@mail.example label="Invoice" verdict=suspicious
        - target mailbox: upn:jeffl@contoso.azure
        - related mailbox: label="sender bad@evil.example"
        - related registry: registryPath:hklm\software\evil\run
        - related container: label="api"
        - related process: label="a.exe"
        - related user: domainAccount:nt authority\system accountName:system
        - related unreadable: label="evidences[6] is a number, not an object"
        - source cloudResource: resourceId:projects/p/instances/1 label="projects/p/instances/1"
        - related cloudResource: resourceId:umbra falcon/bucket 1 label="b"
        - impacted host: resourceId:i-0abcdef1234567890 netbiosName:web-1 address=10.9.8.7
        - related file: sha256:abababababababababababababababababababababababababababababababab label="e.exe" verdict=malicious
        - related malware: label="Emotet"
        - related ip: address:203.0.113.5
        - related user: sid:S-1-5-21-1-2-3-1105
        - related url: url:https://evil.example/x
    "#]].assert_eq(&render_evidence(&alert.evidence));
}

#[test]
fn a_list_where_the_schema_has_one_value_is_read_or_told() {
    let alert = with(|finding| {
        finding["device"] =
            json!([{ "hostname": "pc1" }, { "hostname": "pc2", "ip": ["10.0.0.1", "10.0.0.2"] }]);
        finding["actor"] = json!({ "user": [{ "name": "ann" }, 7], "process": "x" });
        finding["evidences"] = json!({ "file": { "name": ["a", "b"], "path": "/a" }, "url": [{ "url_string": "https://a.example/" }] });
        finding["resources"] = json!({ "uid": "i-1", "name": "web-1" });
        finding["malware"] = json!({ "name": "x", "files": { "path": "/b" } });
    });
    expect![[r#"
        - impacted host: netbiosName:pc1
        - related unreadable: label="device.ip is a list, not one value"
        - impacted host: netbiosName:pc2
        - source user: accountName:ann
        - related unreadable: label="user[1] is a number, not an object"
        - related unreadable: label="process is a text, not an object"
        - related unreadable: label="file.name is a list, not one value"
        - related file: filePath:/a
        - related url: url:https://a.example
        - impacted cloudResource: resourceId:umbra falcon/i-1 label="web-1"
        - related file: filePath:/b verdict=malicious
        - related malware: label="x"
    "#]]
    .assert_eq(&render_evidence(&alert.evidence));
}

#[test]
fn one_value_where_a_list_belongs_is_a_list_of_one_and_lists_deeper_down_are_told() {
    let sha = |letter: &str| letter.repeat(64);
    let alert = with(|finding| {
        finding["attacks"] = json!({ "tactic": { "uid": "TA0008" }, "technique": { "uid": "T1021" } });
        finding["severity_id"] = json!([4]);
        finding["device"] = json!({ "hostname": "pc1", "network_interfaces": { "ip": "10.0.0.5" } });
        finding["actor"] =
            json!({ "user": { "uid": "u-1", "ldap_person": { "email_addrs": "j@contoso.example" } } });
        finding["evidences"] = json!([
            { "file": { "hashes": { "algorithm_id": 3, "value": sha("a") } }, "email": { "to": "jeff@contoso.example" } },
            { "file": { "hashes": [{ "algorithm_id": 3, "value": [sha("b"), sha("c")] }, "x"] } },
            { "device": { "hostname": "pc2", "network_interfaces": [{ "ip": ["10.0.0.6", "10.0.0.7"] }, 7] } },
        ]);
        finding["observables"] = json!([{ "type_id": 2, "value": ["203.0.113.9", "203.0.113.10"] }, 7]);
    });
    assert_eq!(alert.techniques.len(), 1);
    expect![[r#"
        - related unreadable: label="severity_id is a list, not one value"
        - impacted host: netbiosName:pc1 address=10.0.0.5
        - source user: upn:j@contoso.example
        - related file: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        - target mailbox: upn:jeff@contoso.example
        - related unreadable: label="file.hashes.value is a list, not one value"
        - related unreadable: label="file.hashes is a text, not an object"
        - related unreadable: label="device.network_interfaces.ip is a list, not one value"
        - related unreadable: label="device.network_interfaces is a number, not an object"
        - impacted host: netbiosName:pc2
        - related unreadable: label="observables.value is a list, not one value"
        - related unreadable: label="observables[1] is a number, not an object"
    "#]]
    .assert_eq(&render_evidence(&alert.evidence));
    let alert = with(|finding| finding["observables"] = json!({ "type_id": 2, "value": "203.0.113.9" }));
    assert!(render_evidence(&alert.evidence).contains("address:203.0.113.9"));
}

#[test]
fn what_is_beyond_a_bound_is_told() {
    let alert = with(|finding| {
        let address = |n: usize| format!("203.0.{}.{}", n / 200, n % 200 + 1);
        finding["observables"] = (0..600).map(|n| json!({ "type_id": 2, "value": address(n) })).collect();
        let to: Vec<_> = (0..70).map(|n| format!("u{n}@contoso.example")).collect();
        let interfaces: Vec<_> = (0..70).map(|n| json!({ "ip": format!("10.0.0.{n}") })).collect();
        finding["evidences"] = json!([{ "email": { "to": to }, "device": { "hostname": "pc1", "network_interfaces": interfaces } }]);
    });
    let told = render_evidence(&alert.evidence);
    let told: Vec<_> = told.lines().filter(|line| line.contains("unreadable")).collect();
    expect![[r#"
        - related unreadable: label="device.network_interfaces has 70 values, of which 64 are read"
        - related unreadable: label="email.to with email.smtp_to has 70 values, of which 64 are read"
        - related unreadable: label="observables has 600 values, of which 512 are read"
        - related unreadable: label="641 entities, of which 256 are kept""#]]
    .assert_eq(&told.join("\n"));
    let many = with(|finding| {
        let evidence =
            |n: usize| json!({ "device": { "hostname": format!("h{n}.contoso.com"), "ip": "10.0.0.5" } });
        finding["evidences"] = (0..600).map(evidence).collect();
    });
    assert_eq!(many.evidence.len(), 129);
    assert_eq!(many.evidence[128].label.as_deref(), Some("1200 entities, of which 256 are kept"));
}
