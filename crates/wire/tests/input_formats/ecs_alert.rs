use braid_alert::{Alert, AlertStatus, Classification, Identifier, IdentifierKind, Provider};
use braid_wire::{Format, RefusalReason, SourceRules, TenantRule, decode};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, origin, render, render_evidence};

const FORMAT: Format = Format::EcsAlert;

const ELASTIC: &str = include_str!("records/elastic-security.ecs.json");
const NETWORK: &str = include_str!("records/network-alert.ecs.json");

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({
        "@timestamp": "2026-02-03T10:00:00Z",
        "event": { "kind": "alert", "id": "d-1", "module": "suricata" },
    });
    change(&mut document);
    document
}

fn with(change: impl FnOnce(&mut Value)) -> Alert {
    decode_one(FORMAT, &changed(change).to_string())
}

#[test]
fn an_alert_of_elastic_security_as_it_is_exported_decodes() {
    expect![[r#"
        contoso elasticSecurity/5d5d5d5d0f6e3b1f4a "Unusual child of rundll32"
          high new detector=f036953a-4615-4707-a1ca-dc53bf69dcd5 category=process phase=defenseEvasion techniques=T1218,T1218.011
          first=2026-02-03T10:01:00Z last=2026-02-03T10:01:00Z created=2026-02-03T10:10:00Z updated=2026-02-03T10:10:00.123Z resolved=-
          classification=- determination=- assignee=-
          source id=5d5d5d5d0f6e3b1f4a portal=https://kibana.contoso.example/app/security/alerts/redirect/5d5d
          description="process event with process rundll32.exe created high alert."
          - impacted host: resourceId:elasticsecurity/8f8f8f8f-0000-4000-8000-000000000008 fqdn:victimpc.contoso.azure netbiosName:victimpc address=10.0.24.5 address=fe80::1
          - source user: sid:S-1-5-21-2839646386-741382897-445212193-1104 domainAccount:contoso\jeffl accountName:jeffl
          - related process: processKey:rundll32.exe:4242:2026-02-03t10:00:59z label="rundll32.exe c:\\temp\\a.dll,Run"
          - related file: sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee md5:ffffffffffffffffffffffffffffffff filePath:c:\windows\system32\rundll32.exe label="rundll32.exe"
          - related file: sha1:9999999999999999999999999999999999999999 filePath:c:\temp\a.dll label="a.dll"
          - related ip: address:203.0.113.9
          - related user: accountName:ronhd
    "#]].assert_eq(&render(&decode_one(FORMAT, ELASTIC)));
}

#[test]
fn an_alert_of_another_product_decodes() {
    expect![[r#"
        contoso suricata/flow-991 "Beacon of a remote access tool"
          1 unknown detector=2027865 category=Command and Control phase=commandAndControl techniques=T1071
          first=2026-02-03T10:19:00Z last=2026-02-03T10:19:30Z created=2026-02-03T10:19:31Z updated=2026-02-03T10:20:00Z resolved=-
          classification=- determination=- assignee=-
          source id=flow-991 portal=-
          description="a line of a log"
          - source host: fqdn:victimpc.contoso.azure netbiosName:victimpc address=10.0.24.5
          - source user: domainAccount:contoso\jeffl accountName:jeffl
          - target url: url:c2.evil.example
          - target ip: address:203.0.113.9
          - related file: sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee filePath:/tmp/a
          - related url: url:https://c2.evil.example/beacon
          - related url: url:c2.evil.example
          - related mailMessage: networkMessageId:abc@mail.example label="Invoice"
          - target mailbox: upn:jeffl@contoso.azure
          - related mailbox: label="sender bad@evil.example"
          - related registry: registryPath:hklm\software\evil
          - impacted cloudResource: resourceId:i-0abcdef1234567890 label="web-1"
          - related container: label="api"
    "#]].assert_eq(&render(&decode_one(FORMAT, NETWORK)));
}

#[test]
fn a_document_is_the_same_alert_nested_and_with_dots_in_its_names() {
    fn flattened(prefix: &str, value: &Value, into: &mut serde_json::Map<String, Value>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    flattened(&path, value, into);
                }
            }
            // As a search's `fields` has them: everything is a list.
            Value::Array(_) => drop(into.insert(prefix.into(), value.clone())),
            scalar => drop(into.insert(prefix.into(), json!([scalar]))),
        }
    }
    let nested: Value = serde_json::from_str(NETWORK).expect("it is JSON");
    let mut flat = serde_json::Map::new();
    flattened("", &nested, &mut flat);
    let flat = decode_one(FORMAT, &Value::Object(flat).to_string());
    assert_eq!(render(&flat), render(&decode_one(FORMAT, NETWORK)));
}

#[test]
fn what_is_no_alert_and_what_braid_wrote_stand_beside_alerts() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let refusal = decode_all(FORMAT, &changed(|document| change(document)).to_string()).remove(0);
        let refusal = refusal.expect_err("it is no alert");
        assert_eq!((refusal.reason, refusal.is_drop()), (RefusalReason::BesideAlerts, true));
        refusal.detail.into_string()
    };
    expect![[r#"its event.kind is "metric", an alert's is alert or signal"#]]
        .assert_eq(&refused(&|document| document["event"]["kind"] = json!("metric")));
    for field in ["provider", "module", "dataset"] {
        expect![[r#"braid has written it: its own output is no alert"#]]
            .assert_eq(&refused(&|document| document["event"][field] = json!("braid")));
    }
    refused(&|document| document["event"]["dataset"] = json!("braid.incident"));
    refused(&|document| document["observer.product"] = json!("braid"));
}

#[test]
fn workflow_is_the_status_and_why_it_was_closed_the_classification() {
    let closed = |status: &str, reason: &str| {
        with(|document| {
            document["kibana.alert.uuid"] = json!("k-1");
            document["kibana.alert.workflow_status"] = json!(status);
            document["kibana.alert.workflow_reason"] = json!(reason);
            document["kibana.alert.workflow_status_updated_at"] = json!("2026-02-03T11:00:00Z");
        })
    };
    assert_eq!(closed("open", "").status, AlertStatus::New);
    assert_eq!(closed("acknowledged", "").status, AlertStatus::InProgress);
    let alert = closed("closed", "false_positive");
    assert_eq!(
        (alert.status, alert.classification),
        (AlertStatus::Resolved, Some(Classification::FalsePositive))
    );
    assert_eq!(alert.resolved.map(|at| at.to_string()).as_deref(), Some("2026-02-03T11:00:00Z"));
    assert_eq!(Some(alert.updated), alert.resolved, "or else an older revision would reopen it");
    assert_eq!(with(|_| {}).status, AlertStatus::Unknown, "a document of ECS alone does not say");
}

#[test]
fn a_product_is_its_module_and_one_of_defender_s_by_its_own_name() {
    let provider = |event: Value| {
        with(|document| {
            document["event"] = json!({ "kind": "alert", "id": "d-1" });
            let fields = event.as_object().expect("it is one").clone();
            document["event"].as_object_mut().expect("it is one").extend(fields);
        })
        .provider
    };
    assert_eq!(provider(json!({ "module": "suricata", "provider": "x" })).as_str(), "suricata");
    assert_eq!(provider(json!({ "provider": "wazuh" })).as_str(), "wazuh");
    assert_eq!(provider(json!({ "dataset": "crowdstrike.fdr" })).as_str(), "crowdstrike");
    assert_eq!(
        provider(json!({ "module": "m365_defender", "provider": "microsoftDefenderForIdentity" })),
        Provider::DefenderForIdentity
    );
    assert_eq!(provider(json!({ "module": "microsoft_defender_endpoint" })), Provider::DefenderForEndpoint);
}

#[test]
fn a_number_is_a_severity_on_elastic_s_scale_only() {
    let severity = |number: Value| with(|document| document["event"]["severity"] = number).severity;
    let read = [21, 47, 73, 99, 100].map(|number| severity(json!(number)).as_str().to_owned());
    assert_eq!(read, ["low", "medium", "high", "critical", "critical"]);
    assert_eq!(severity(json!(1)).rank(), 0, "a 1 may be the gravest of its product");
    let word = with(|document| {
        document["kibana.alert.severity"] = json!("medium");
        document["event"]["severity"] = json!(99);
    });
    assert_eq!(word.severity.as_str(), "medium");
    let normalised = with(|document| document["event"]["risk_score_norm"] = json!(80.5));
    assert_eq!(normalised.severity.as_str(), "high");
}

#[test]
fn the_tenant_is_found_at_a_path() {
    let tenant = |name: Option<&str>, record: &str| {
        let rule = TenantRule::Field { name: name.map(Into::into), aliases: [].into() };
        let read = decode(record.as_bytes(), &origin(), &SourceRules::new(FORMAT, rule)).remove(0);
        read.map(|alert| alert.tenant.as_str().to_owned()).map_err(|refusal| refusal.reason)
    };
    assert_eq!(tenant(None, ELASTIC).as_deref(), Ok("contoso-elastic"));
    assert_eq!(tenant(Some("cloud.account.id"), NETWORK).as_deref(), Ok("123456789012"));
    assert_eq!(tenant(None, NETWORK), Err(RefusalReason::MissingTenant));
}

/// The evidence of a document with these fields, by their dotted names.
fn evidence_of(fields: Value) -> String {
    let alert = with(|document| {
        let fields = fields.as_object().expect("they are some").clone();
        document.as_object_mut().expect("it is one").extend(fields);
    });
    render_evidence(&alert.evidence)
}

#[test]
fn every_value_of_a_list_is_evidence() {
    expect![[r#"
        - impacted host: netbiosName:pc1
        - impacted host: netbiosName:pc2
        - source user: domainAccount:contoso\carol accountName:carol
        - source user: domainAccount:fabrikam\dave accountName:dave
        - source ip: address:203.0.113.9
        - source ip: address:203.0.113.10
        - source user: accountName:ann
        - source user: accountName:bob
        - source ip: address:203.0.113.77
        - source url: url:c.example
        - target ip: address:198.51.100.1
        - target url: url:a.example
        - target url: url:b.example
        - related process: processKey:a.exe:1:2026-02-03t10:00:00z label="a.exe"
        - related process: processKey:b.exe:2:2026-02-03t10:00:01z label="b.exe"
        - related file: filePath:c:\a.exe label="a.exe"
        - related file: filePath:c:\b.exe label="b.exe"
        - related file: sha1:1111111111111111111111111111111111111111
        - related file: sha1:2222222222222222222222222222222222222222
        - related file: sha1:3333333333333333333333333333333333333333
        - related file: label="x.exe"
        - related file: label="y.exe"
        - related url: url:https://a.example/1
        - related url: url:https://a.example/2
        - related url: url:a.example
        - related url: url:b.example
        - related mailMessage: networkMessageId:1@m label="one"
        - related mailMessage: networkMessageId:2@m label="two"
        - related mailbox: label="sender x@m.example"
        - related mailbox: label="sender y@m.example"
        - related registry: registryPath:hklm\a
        - related registry: registryPath:hklm\b
        - impacted cloudResource: resourceId:suricata/i-1
        - impacted cloudResource: resourceId:suricata/i-2
        - related container: label="c1"
        - related container: label="c2"
        - related ip: address:203.0.113.99
    "#]]
    .assert_eq(&evidence_of(json!({
        "host.name": ["pc1", "pc2"],
        "source.ip": ["203.0.113.9", "203.0.113.10"],
        "source.user.name": ["ann", "bob"],
        "destination.ip": ["198.51.100.1"],
        "destination.domain": ["a.example", "b.example"],
        "client.address": ["203.0.113.77", "c.example"],
        "user": [{ "name": "carol", "domain": "contoso" }, { "name": "dave", "domain": "fabrikam" }],
        "file.name": ["x.exe", "y.exe"],
        "file.hash.sha1": ["1".repeat(40), "2".repeat(40), "3".repeat(40)],
        "url.full": ["https://a.example/1", "https://a.example/2"],
        "dns.question.name": ["a.example", "b.example"],
        "email.message_id": ["<1@m>", "<2@m>"],
        "email.subject": ["one", "two"],
        "email.from.address": ["x@m.example", "y@m.example"],
        "registry.path": ["HKLM\\a", "HKLM\\b"],
        "cloud.instance.id": ["i-1", "i-2"],
        "container.id": ["c1", "c2"],
        "process": [
            { "name": "a.exe", "pid": 1, "start": "2026-02-03T10:00:00Z", "executable": "C:\\a.exe" },
            { "name": "b.exe", "pid": 2, "start": "2026-02-03T10:00:01Z", "executable": "C:\\b.exe" }
        ],
        "related.ip": ["203.0.113.9", "203.0.113.99"],
    })));
}

#[test]
fn lists_of_one_length_are_of_one_entity_by_place_and_what_cannot_be_told_is_not_guessed() {
    let sids = ["S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1105"];
    expect![[r#"
        - source user: sid:S-1-5-21-1-2-3-1104 domainAccount:contoso\ann accountName:ann
        - source user: sid:S-1-5-21-1-2-3-1105 domainAccount:fabrikam\bob accountName:bob
    "#]]
    .assert_eq(&evidence_of(
        json!({ "user.name": ["ann", "bob"], "user.id": sids, "user.domain": ["contoso", "fabrikam"] }),
    ));
    expect![[r#"
        - source user: domainAccount:contoso\ann accountName:ann
        - source user: domainAccount:contoso\bob accountName:bob
    "#]]
    .assert_eq(&evidence_of(json!({ "user.name": ["ann", "bob"], "user.domain": "contoso" })));
    // The one id may be of either.
    expect![[r#"
        - source user: sid:S-1-5-21-1-2-3-1104
        - source user: domainAccount:contoso\ann accountName:ann
        - source user: domainAccount:contoso\bob accountName:bob
    "#]]
    .assert_eq(&evidence_of(
        json!({ "user.name": ["ann", "bob"], "user.id": [sids[0]], "user.domain": "contoso" }),
    ));
    expect![[r#"
        - source user: sid:S-1-5-21-1-2-3-1104 accountName:ann
    "#]]
    .assert_eq(&evidence_of(json!({ "user.name": ["ann", "ann"], "user.id": [sids[0]] })));
}

#[test]
fn a_gap_has_its_place_and_ends_that_are_merely_listed_are_several() {
    let sids = ["S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1105"];
    expect![[r#"
        - source user: sid:S-1-5-21-1-2-3-1104 accountName:ann
        - source user: sid:S-1-5-21-1-2-3-1105 accountName:bob
    "#]]
    .assert_eq(&evidence_of(
        json!({ "user.name": ["ann", null, "bob"], "user.id": [sids[0], "x", sids[1]] }),
    ));
    expect![[r#"
        - source user: sid:S-1-5-21-1-2-3-1104
        - source user: sid:S-1-5-21-1-2-3-1105
        - source user: accountName:ann
        - source user: accountName:bob
    "#]]
    .assert_eq(&evidence_of(json!({ "user.name": ["ann", null, "bob"], "user.id": sids })));
    expect![[r#"
        - source user: accountName:ann
        - source user: accountName:bob
    "#]]
    .assert_eq(&evidence_of(json!({ "user.name": ["ann", "bob"], "user.id": null })));
    expect![[r#"
        - source ip: address:10.0.0.1
        - source url: url:pc7
    "#]]
    .assert_eq(&evidence_of(json!({ "source.address": ["10.0.0.1", "pc7"] })));
    expect![[r#"
        - source host: netbiosName:pc7 address=10.0.0.1
    "#]]
    .assert_eq(&evidence_of(json!({ "source.ip": "10.0.0.1", "source.address": "pc7" })));
}

#[test]
fn addresses_and_hashes_go_with_their_hosts_and_files_by_place_or_by_themselves() {
    expect![[r#"
        - impacted host: netbiosName:pc1 address=10.0.0.1
        - impacted host: netbiosName:pc2 address=10.0.0.2
    "#]]
    .assert_eq(&evidence_of(json!({ "host.name": ["pc1", "pc2"], "host.ip": ["10.0.0.1", "10.0.0.2"] })));
    expect![[r#"
        - impacted host: netbiosName:pc1
        - impacted host: netbiosName:pc2
        - impacted ip: address:10.0.0.1
        - impacted ip: address:10.0.0.2
    "#]]
    .assert_eq(&evidence_of(
        json!({ "host.name": ["pc1", "pc2"], "host.ip": ["10.0.0.1", "10.0.0.2", "fe80::1", "127.0.0.1"] }),
    ));
    // Three names, but of how many hosts?
    expect![[r#"
        - impacted host: netbiosName:pc1
        - impacted host: netbiosName:pc2
        - impacted host: netbiosName:pc3
        - impacted ip: address:10.0.0.1
        - impacted ip: address:10.0.0.2
        - impacted ip: address:10.0.0.3
    "#]].assert_eq(&evidence_of(
        json!({ "host.name": ["pc1", "pc2"], "host.hostname": "pc3", "host.ip": ["10.0.0.1", "10.0.0.2", "10.0.0.3"] }),
    ));
    expect![[r#"
        - impacted ip: address:10.0.0.1
    "#]]
    .assert_eq(&evidence_of(json!({ "host.ip": ["10.0.0.1"] })));
    expect![[r#"
        - source host: netbiosName:pc1 address=10.0.0.1
        - source host: netbiosName:pc2 address=10.0.0.2
    "#]]
    .assert_eq(&evidence_of(
        json!({ "source.ip": ["10.0.0.1", "10.0.0.2"], "source.domain": ["pc1", "pc2"] }),
    ));
    expect![[r#"
        - related file: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa md5:cccccccccccccccccccccccccccccccc filePath:/a
        - related file: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb md5:dddddddddddddddddddddddddddddddd filePath:/b
    "#]].assert_eq(&evidence_of(json!({
        "file.path": ["/a", "/b"], "file.hash.sha256": ["a".repeat(64), "b".repeat(64)], "file.hash.md5": ["c".repeat(32), "d".repeat(32)]
    })));
    expect![[r#"
        - related file: md5:cccccccccccccccccccccccccccccccc
        - related file: filePath:c:\t\a.exe label="a.exe"
        - related file: filePath:c:\t\b.exe label="b.exe"
    "#]]
    .assert_eq(&evidence_of(json!({
        "file.name": ["a.exe", "b.exe"], "file.directory": "C:\\t", "file.hash.md5": "c".repeat(32)
    })));
}

#[test]
fn what_is_beyond_the_bounds_is_told_in_the_evidence() {
    let ips =
        |count: usize| (0..count).map(|n| format!("203.0.{}.{}", n / 200, n % 200 + 1)).collect::<Vec<_>>();
    let told = evidence_of(json!({ "source.ip": ips(64) }));
    assert_eq!((told.lines().count(), told.contains("unreadable")), (64, false));
    let told = evidence_of(json!({ "source.ip": ips(65), "related.ip": ips(65) }));
    assert!(told.contains(r#"unreadable: label="source.ip has 65 values, of which 64 are read""#), "{told}");
    assert!(told.contains("related.ip has 65"), "{told}");
    assert_eq!(told.lines().count(), 66);
    let fields: serde_json::Map<String, Value> = ["source", "client", "destination", "server"]
        .into_iter()
        .flat_map(|end| {
            let names: Vec<_> = (0..64).map(|n| format!("{end}{n}")).collect();
            [(format!("{end}.ip"), json!(ips(63))), (format!("{end}.user.name"), json!(names))]
        })
        .collect();
    let told = evidence_of(Value::Object(fields));
    assert_eq!(told.lines().count(), 257);
    let last = told.lines().last().expect("there are some");
    assert!(last.contains("382 entities, of which 256 are kept"), "{last}");
}

#[test]
fn what_one_object_of_a_list_lacks_another_does_not_lend_it() {
    expect![[r#"
        - impacted host: netbiosName:h1 address=10.0.0.1
        - impacted host: netbiosName:h2
        - impacted ip: address:10.0.0.3
        - source user: sid:S-1-5-21-1-2-3-1001 domainAccount:contoso\alice accountName:alice
        - source user: domainAccount:contoso\bob accountName:bob
        - source user: sid:S-1-5-21-1-2-3-1003
        - source host: fqdn:h1.contoso.com netbiosName:h1 address=10.0.0.1
        - source ip: address:10.0.0.2
        - source url: url:h3.contoso.com
        - related file: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa filePath:/a
        - related file: filePath:/b
        - related file: sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
    "#]].assert_eq(&evidence_of(json!({
        "user": [
            { "name": "CONTOSO\\alice", "id": "S-1-5-21-1-2-3-1001" },
            { "name": "CONTOSO\\bob" },
            { "id": "S-1-5-21-1-2-3-1003" },
        ],
        "host": [{ "name": "h1", "ip": "10.0.0.1" }, { "name": "h2" }, { "ip": "10.0.0.3" }],
        "source": [{ "ip": "10.0.0.1", "domain": "h1.contoso.com" }, { "ip": "10.0.0.2" }, { "domain": "h3.contoso.com" }],
        "file": [
            { "path": "/a", "hash": { "sha256": "a".repeat(64) } },
            { "path": "/b" },
            { "hash": { "sha256": "c".repeat(64) } },
        ],
    })));
    // Nor does one domain hold for those beside it.
    expect![[r#"
        - source user: domainAccount:contoso\ann accountName:ann
        - source user: accountName:bob
    "#]]
    .assert_eq(&evidence_of(json!({ "user": [{ "name": "ann", "domain": "contoso" }, { "name": "bob" }] })));
    // Three names and three ids, but of whom?
    expect![[r#"
        - source user: sid:S-1-5-21-1-2-3-1001
        - source user: sid:S-1-5-21-1-2-3-1002
        - source user: sid:S-1-5-21-1-2-3-1003
        - source user: accountName:ann
        - source user: accountName:bob
        - source user: accountName:carol
    "#]]
    .assert_eq(&evidence_of(json!({
        "user": [
            { "name": ["ann", "bob"], "id": "S-1-5-21-1-2-3-1001" },
            { "name": "carol", "id": ["S-1-5-21-1-2-3-1002", "S-1-5-21-1-2-3-1003"] },
        ],
    })));
}

#[test]
fn lists_that_are_cut_to_one_length_do_not_go_by_place() {
    let names: Vec<_> = (0..66).map(|n| format!("u{n}")).collect();
    let sids: Vec<_> = (0..65).map(|n| format!("S-1-5-21-1-2-3-{}", 1000 + n)).collect();
    let told = evidence_of(json!({ "user.name": names, "user.id": sids }));
    assert_eq!(
        told.lines().filter(|line| line.contains("sid:") && line.contains("accountName:")).count(),
        0,
        "{told}"
    );
    assert_eq!(told.lines().count(), 64 + 64 + 2);
    let told = evidence_of(json!({ "user.name": names[..65], "user.id": sids }));
    assert_eq!(
        told.lines().filter(|line| line.contains("sid:") && line.contains("accountName:")).count(),
        64
    );
    assert!(told.contains("user.name has 65 values, of which 64 are read"), "{told}");
}

#[test]
fn what_stands_where_no_value_should_is_read_or_told() {
    expect![[r#"
        - related unreadable: label="host.ip is an object, not a value"
        - impacted host: netbiosName:h1
        - impacted host: netbiosName:h2
        - related unreadable: label="user is a text, not an object"
        - related unreadable: label="process is a number, not an object"
        - related process: label="a.exe"
        - related file: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        - related file: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        - related unreadable: label="email.to is a text, not an object"
    "#]]
    .assert_eq(&evidence_of(json!({
        "host": { "name": [["h1", "h2"]], "ip": { "keyword": "10.0.0.1" } },
        "user": "alice",
        "file.hash.sha256": [["a".repeat(64), "b".repeat(64)]],
        "process": [{ "name": "a.exe" }, 7],
        "email.to": ["ann@contoso.example"],
    })));
}

#[test]
fn an_end_s_address_that_no_other_field_says_is_an_end_by_itself() {
    expect![[r#"
        - source ip: address:10.0.0.5
        - source ip: address:10.0.0.6
    "#]]
    .assert_eq(&evidence_of(json!({ "source": { "address": ["10.0.0.5", "10.0.0.6"], "ip": "10.0.0.5" } })));
    expect![[r#"
        - source ip: address:10.0.0.5
        - source url: url:hostb.contoso.com
    "#]]
    .assert_eq(&evidence_of(
        json!({ "source": { "address": ["10.0.0.5", "hostb.contoso.com"], "ip": "10.0.0.5" } }),
    ));
    expect![[r#"
        - source url: url:other.example
        - source ip: address:203.0.113.9
        - source url: url:evil.example
    "#]]
    .assert_eq(&evidence_of(
        json!({ "source": { "address": "evil.example", "domain": "other.example", "ip": "203.0.113.9" } }),
    ));
    // Which of the two names is whose nobody says.
    expect![[r#"
        - source ip: address:10.0.0.5
        - source ip: address:10.0.0.6
        - source url: url:hostb
        - source url: url:hosta
    "#]]
    .assert_eq(&evidence_of(
        json!({ "source": { "address": ["hostb", "10.0.0.5", "hosta"], "ip": ["10.0.0.5", "10.0.0.6"] } }),
    ));
    expect![[r#"
        - source host: netbiosName:pc1 address=10.0.0.5
    "#]]
    .assert_eq(&evidence_of(
        json!({ "source": { "address": "10.0.0.5", "ip": ["10.0.0.5"], "domain": "pc1" } }),
    ));
}

#[test]
fn a_building_block_is_left_out_for_a_reason_of_its_own() {
    let block = |kind: Value| {
        changed(|document| {
            document["kibana.alert.uuid"] = json!("b-1");
            document["kibana.alert.building_block_type"] = kind;
        })
    };
    let refusal = decode_all(FORMAT, &block(json!("default")).to_string()).remove(0);
    let refusal = refusal.expect_err("it is no alert for people");
    assert_eq!((refusal.reason, refusal.is_drop()), (RefusalReason::BuildingBlock, true));
    decode_one(FORMAT, &block(Value::Null).to_string());
}

/// The alert that Elastic Security makes of a sequence keeps only what is the same in all its building blocks.
#[test]
fn the_building_blocks_of_a_sequence_are_read_and_tied_to_its_alert() {
    let of_sequence = |id: &str, block: Value, hash: Value| {
        let document = changed(|document| {
            document["kibana.alert.uuid"] = json!(id);
            document["kibana.alert.building_block_type"] = block;
            document["kibana.alert.group.id"] = json!("5f1d");
            document["file.hash.sha256"] = hash;
        });
        decode_one(FORMAT, &document.to_string())
    };
    let block = of_sequence("b-1", json!("default"), json!("a".repeat(64)));
    let whole = of_sequence("s-1", Value::Null, Value::Null);
    let group = |alert: &Alert| {
        let names = alert.evidence.iter().flat_map(|piece| &piece.identifiers);
        names.filter(|name| name.kind == IdentifierKind::VendorIncidentId).cloned().collect::<Vec<_>>()
    };
    assert_eq!((group(&block).len(), group(&block)), (1, group(&whole)));
    let is_hash = |name: &Identifier| name.kind == IdentifierKind::Sha256;
    assert!(block.evidence.iter().flat_map(|piece| &piece.identifiers).any(is_hash));
}

#[test]
fn an_end_is_read_without_its_port_its_zone_or_its_root() {
    let source = |address: &str| evidence_of(json!({ "source": { "address": address } }));
    for (told, bare) in [
        ("10.0.0.5:443", "10.0.0.5"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("web-1:5000", "web-1"),
        ("web-1.contoso.com.", "web-1.contoso.com"),
    ] {
        assert_eq!(source(told), source(bare), "{told}");
    }
    assert_eq!(source("//share/%2"), "", "no name of a host");
    // Once, however it is told.
    let known = json!({ "source": { "ip": "10.0.0.5", "domain": "web-1.contoso.com" } });
    for told in ["web-1", "web-1:5000", "10.0.0.5:5000", "WEB-1.contoso.com."] {
        let mut more = known.clone();
        more["source"]["address"] = json!(told);
        assert_eq!(evidence_of(more), evidence_of(known.clone()), "{told}");
    }
}
