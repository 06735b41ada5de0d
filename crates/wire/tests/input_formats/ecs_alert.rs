use braid_alert::{Alert, AlertStatus, Classification, Provider};
use braid_wire::{Format, RefusalReason, SourceRules, TenantRule, decode};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, origin, render};

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
