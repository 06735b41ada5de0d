//! A source of each format, on a real Apache Kafka: every product speaks of the same user within the hour, each in its own
//! words, and they are one incident.

mod on_kafka {
    use std::collections::{BTreeMap, BTreeSet};

    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use serde_json::{Value, json};

    /// The provider's id of an alert that a record of a format brings, and the record.
    type Example = (&'static str, &'static str, Value);

    const DIRECTORY: &str = "0b0b0b0b-0000-4000-8000-000000000001";
    const USER: &str = "JeffL@contoso.azure";
    const GUID: &str = "7d0e1c2b-1111-4222-8333-0123456789ab";

    /// A record of each format that other products write.
    fn examples() -> Vec<Example> {
        let examples = [microsoft_tables(), microsoft_apis(), other_products()];
        examples.into_iter().flatten().collect()
    }

    fn microsoft_tables() -> Vec<Example> {
        let cef = format!(
            "<36>1 2026-02-03T10:01:30Z DC1 CEF 42 X \u{feff}CEF:0|Microsoft|Azure ATP|2.240|SamrReconnaissanceSecurityAlert|\
             Reconnaissance|5|start=2026-02-03T10:00:00Z suser={USER} externalId=2021 cs1Label=url \
             cs1=https\\://portal/alerts/aa{GUID}"
        );
        let entities =
            json!([{"$id": "1", "Name": "jeffl", "UPNSuffix": "contoso.azure", "Type": "account"}]);
        let row = json!({
            "TenantId": DIRECTORY, "ProviderName": "MDATP", "VendorOriginalId": "row-1", "SystemAlertId": "s-1",
            "StartTime": "2026-02-03 10:04:00+00:00", "TimeGenerated": "2026-02-03 10:09:00+00:00",
            "AlertName": "Credential theft", "AlertSeverity": "High", "Entities": entities.to_string()
        });
        let table = |table: &str, row: &Value| json!({"category": format!("AdvancedHunting-{table}"), "tenantId": DIRECTORY, "time": "2026-02-03T10:12:00Z", "properties": row});
        let service = "Microsoft Defender for Endpoint";
        let streamed = json!({"records": [
            table("AlertEvidence", &json!({"AlertId": "stream-1", "ServiceSource": service, "Timestamp": "2026-02-03T10:08:00Z",
                "EntityType": "User", "EvidenceRole": "Impacted", "AccountUpn": USER})),
            table("DeviceInfo", &json!({"DeviceName": "victimpc"})),
            table("AlertInfo", &json!({"AlertId": "stream-1", "ServiceSource": service, "Timestamp": "2026-02-03T10:08:00Z",
                "Title": "Hands on keyboard", "Severity": "Medium", "Category": "Execution"})),
        ]});
        vec![
            ("mdi-cef", GUID, Value::String(cef)),
            ("sentinel-security-alert", "row-1", row),
            ("defender-xdr-streaming", "stream-1", streamed),
        ]
    }

    fn microsoft_apis() -> Vec<Example> {
        let graph = |id: &str, minute: u32| {
            let user = json!({"@odata.type": "#microsoft.graph.security.userEvidence", "roles": ["compromised"], "userAccount": {"userPrincipalName": USER}});
            json!({"tenantId": DIRECTORY, "serviceSource": "microsoftDefenderForEndpoint", "id": id, "title": "A detection",
                "severity": "medium", "status": "new", "firstActivityDateTime": format!("2026-02-03T10:{minute}:00Z"),
                "lastUpdateDateTime": "2026-02-03T10:40:00Z", "evidence": [user]})
        };
        let graph_incident =
            json!({"id": "5", "displayName": "Multi-stage incident", "alerts": [graph("graph-2", 16)]});
        let xdr = json!({"incidentId": 6, "alerts": [{
            "alertId": "xdr-1", "serviceSource": "MicrosoftDefenderATP", "firstActivity": "2026-02-03T10:20:00Z",
            "lastUpdatedTime": "2026-02-03T10:25:00Z", "title": "Suspicious service", "severity": "Medium", "status": "New",
            "entities": [{"entityType": "User", "userPrincipalName": USER, "accountName": "jeffl"}]
        }]});
        let endpoint = json!({
            "aadTenantId": DIRECTORY, "id": "endpoint-1", "machineId": "ab".repeat(20), "title": "Suspicious process",
            "firstEventTime": "2026-02-03T10:24:00Z", "lastUpdateTime": "2026-02-03T10:29:00Z", "severity": "Medium",
            "status": "New", "evidence": [{"entityType": "User", "userPrincipalName": USER, "accountName": "jeffl"}]
        });
        let assessment = json!({"type": "Microsoft.Security/assessments", "id": "/subscriptions/s/providers/x", "name": "y"});
        let cloud = json!([assessment, {
            "AadTenantId": DIRECTORY, "SystemAlertId": "cloud-1", "AlertType": "VM_SuspiciousLogon", "AlertDisplayName": "Suspicious logon",
            "StartTimeUtc": "2026-02-03T10:28:00Z", "TimeGenerated": "2026-02-03T10:33:00Z", "Severity": "Medium", "Status": "New",
            "Entities": [{"$id": "2", "Name": "jeffl", "UPNSuffix": "contoso.azure", "Type": "account"}]
        }]);
        vec![
            ("graph-alert", "graph-1", graph("graph-1", 12)),
            ("graph-incident", "graph-2", graph_incident),
            ("defender-xdr-incident", "xdr-1", xdr),
            ("defender-endpoint-alert", "endpoint-1", endpoint),
            ("defender-cloud-alert", "cloud-1", cloud),
        ]
    }

    fn other_products() -> Vec<Example> {
        let threat = json!({
            "threat_uuid": "threat-1", "account_id": DIRECTORY, "severity_name": "CRITICAL", "threat_status": "Pending",
            "threat_name": "PHISHING", "threat_display_name": "Phishing link opened", "device_id": "phone-1",
            "device_owner_email": USER, "device_time": "2026-02-03T10:32:00Z"
        });
        let finding = json!({
            "class_uid": 2004, "time_dt": "2026-02-03T10:37:00Z", "severity_id": 4, "status_id": 1,
            "metadata": {"tenant_uid": DIRECTORY, "product": {"name": "Falcon"}},
            "finding_info": {"uid": "finding-1", "title": "Password spray", "first_seen_time_dt": "2026-02-03T10:36:00Z"},
            "evidences": [{"actor": {"user": {"name": "jeffl", "email_addr": USER}}}]
        });
        let document = json!({
            "@timestamp": "2026-02-03T10:41:00Z", "organization.id": DIRECTORY, "rule.name": "Unusual upload",
            "event": {"kind": "alert", "id": "document-1", "module": "suricata", "start": "2026-02-03T10:40:00Z"},
            "user": {"email": USER, "name": "jeffl"}
        });
        let own = json!({
            "tenant": DIRECTORY, "provider": "labScanner", "id": "own-1", "title": "Port scan", "severity": "low",
            "first_activity": "2026-02-03T10:44:00Z",
            "evidence": [{"kind": "user", "role": "source", "identifiers": [{"kind": "upn", "value": USER}]}]
        });
        vec![
            ("zimperium-mtd", "threat-1", threat),
            ("ocsf-detection-finding", "finding-1", finding),
            ("ecs-alert", "document-1", document),
            ("braid-json", "own-1", own),
        ]
    }

    /// The formats of alerts, as the help lists them. Those in Avro, directories and commands have tests of their own.
    fn formats(pipeline: &Pipeline) -> BTreeSet<String> {
        let help = String::from_utf8(pipeline.braid("decode --help")).expect("it is text");
        let listed = help.lines().filter_map(|line| line.trim_start().strip_prefix("- ")?.split_once(": "));
        let names = listed.map(|(name, _)| name.to_owned());
        let holds_alerts =
            |name: &String| !name.starts_with("braid-") && name != "stix-indicator" || name == "braid-json";
        names.filter(holds_alerts).collect()
    }

    #[test]
    fn every_product_about_one_user_is_one_incident_whatever_its_format() {
        let examples = examples();
        let sources: Vec<SourceSpec> = examples
            .iter()
            .map(|&(format, ..)| {
                let names_none = ["mdi-cef", "defender-xdr-incident"].contains(&format);
                let tenant = if names_none { "\"contoso\"" } else { "{ }" };
                SourceSpec { name: format, format, tenant, partitions: 1 }
            })
            .collect();
        let tenants = format!("[tenants.aliases]\ncontoso = [\"{DIRECTORY}\"]\n");
        let pipeline = Pipeline::new("formats", &sources, &tenants);
        assert_eq!(
            examples.iter().map(|(format, ..)| (*format).to_owned()).collect::<BTreeSet<_>>(),
            formats(&pipeline)
        );
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        for (format, _, record) in &examples {
            let text = record.as_str().map_or_else(|| record.to_string(), str::to_owned);
            pipeline.feed(format, [("key", Some(text.as_bytes()))]);
        }
        pipeline.drain();
        let incidents: BTreeMap<String, Value> = pipeline.assert_as_replayed();
        let ids = |incident: &Value| -> BTreeSet<String> {
            let alerts = incident["alerts"].as_array().expect("it lists its alerts");
            alerts.iter().map(|alert| alert["id"].as_str().expect("it has an id").to_owned()).collect()
        };
        let found: Vec<BTreeSet<String>> = incidents.values().map(ids).collect();
        let wanted: BTreeSet<String> = examples.iter().map(|(_, id, _)| (*id).to_owned()).collect();
        assert_eq!(found, [wanted]);
        assert_eq!(pipeline.read("dead-letters").len(), 0);
        assert_eq!(program.terminate(), Some(0));
    }
}
