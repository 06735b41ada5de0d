//! A mobile console and a domain controller's sensor: phones and hosts of one user are one attack, what is left out is
//! counted, what is over is resolved, and what a product says of itself is nobody's incident.

mod on_kafka {
    use std::collections::BTreeMap;

    use braid_tests::http::metric;
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use serde_json::{Value, json};

    const SOURCES: [SourceSpec; 2] = [
        SourceSpec { name: "mobile", format: "zimperium-mtd", tenant: "{ }", partitions: 1 },
        SourceSpec { name: "sensor", format: "mdi-cef", tenant: "\"Contoso Ltd\"", partitions: 1 },
    ];
    const TENANTS: &str = "[tenants.aliases]\ncontoso = [\"account-7\", \"Contoso Ltd\"]\n";

    /// 2026-02-03T10:00:00Z.
    const AT: i64 = 1_770_112_800_000;

    fn threat(id: &str, severity: &str, minutes: i64, owner: &str) -> Value {
        json!({
            "threat_uuid": id, "account_id": "ACCOUNT-7", "severity_name": severity, "threat_status": "Pending",
            "threat_name": "PHISHING", "threat_display_name": "Phishing link opened", "child_threat_uuids": [],
            "device_id": format!("phone-of-{owner}"), "device_owner_email": format!("{owner}@contoso.com"),
            "device_time": AT + minutes * 60_000, "network": "Cafe", "network_bssid": "b7:db:b6:96:f0:91",
            "device_ip": "203.0.113.9", "gateway_ip": "192.168.1.1"
        })
    }

    fn mitigation(of: &Value, minutes: i64) -> Value {
        let mut over = of.clone();
        over["threat_status"] = json!("Resolved");
        over["mitigation_reason"] = json!("");
        over["device_time"] = json!(AT + minutes * 60_000);
        over
    }

    fn line(id: &str, signature: &str, minutes: u32, rest: &str) -> String {
        format!(
            "<36>1 2026-02-03T10:{:02}:30Z DC1 CEF 42 X \u{feff}CEF:0|Microsoft|Azure ATP|2.240|{signature}|Suspicious \
             sign-in|5|start=2026-02-03T10:{minutes:02}:00Z {rest} cs1Label=url cs1=https\\://portal/alerts/aa{id}",
            minutes + 1
        )
    }

    fn feed(pipeline: &Pipeline, source: &str, records: &[String]) {
        pipeline.feed(source, records.iter().map(|record| ("key", Some(record.as_bytes()))));
        pipeline.drain();
    }

    /// Incidents by the ids of their alerts: status and alerts.
    fn told(incidents: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
        let ids = |incident: &Value| {
            let alerts = incident["alerts"].as_array().expect("it lists its alerts");
            alerts
                .iter()
                .map(|alert| alert["id"].as_str().expect("it has an id").to_owned())
                .collect::<Vec<_>>()
        };
        incidents
            .values()
            .map(|i| (ids(i).join(" "), i["status"].as_str().unwrap_or("?").to_owned()))
            .collect()
    }

    fn dropped(program: &mut Program, source: &str, reason: &str) -> f64 {
        let metrics = program.get("/metrics").body;
        metric(&metrics, "braid_drops_total", &[("source", source), ("reason", reason)])
    }

    #[test]
    fn phones_join_by_their_owners_and_what_a_console_mitigates_is_resolved() {
        let pipeline = Pipeline::new("mobile", &SOURCES, TENANTS);
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let (ann, bob) = (threat("z-ann", "CRITICAL", 0, "ann"), threat("z-bob", "CRITICAL", 2, "bob"));
        let low = threat("z-low", "LOW", 1, "ann");
        let mut elsewhere = threat("z-x", "CRITICAL", 1, "eve");
        elsewhere["account_id"] = json!("account-8");
        feed(&pipeline, "mobile", &[json!([ann, low, elsewhere, bob]).to_string()]);
        let guid = "7d0e1c2b-1111-4222-8333-0123456789ab";
        let sensor = [
            line(guid, "GoldenTicketSecurityAlert", 5, "suser=ann@contoso.com externalId=2022"),
            line("", "SensorStoppedMonitoringAlert", 6, "msg=No word from DC2."),
        ];
        feed(&pipeline, "sensor", &sensor);
        let joined = format!("z-ann {guid}");
        let active = |name: &str| (name.to_owned(), "active".to_owned());
        assert_eq!(told(&pipeline.assert_as_replayed()), [active(&joined), active("z-bob")].into());

        feed(
            &pipeline,
            "mobile",
            &[json!([mitigation(&ann, 20), mitigation(&low, 21), mitigation(&bob, 22)]).to_string()],
        );
        // The sensor reports no resolution, so that its alert keeps the incident that it is in.
        let resolved = ("z-bob".to_owned(), "resolved".to_owned());
        assert_eq!(told(&pipeline.assert_as_replayed()), [active(&joined), resolved].into());

        assert_eq!(dropped(&mut program, "mobile", "below_minimum_severity"), 1.0);
        assert_eq!(dropped(&mut program, "mobile", "filtered_mitigation"), 1.0);
        assert_eq!(dropped(&mut program, "sensor", "health_alert"), 1.0);
        let letters = pipeline.read("dead-letters");
        let told = |name: &str| {
            let value = letters[0].headers.iter().find(|(header, _)| **header == *name)?.1.clone()?;
            String::from_utf8(value.into()).ok()
        };
        assert_eq!((letters.len(), told("braid.error.reason").as_deref()), (1, Some("unmapped_tenant")));
        let detail = told("braid.error.detail").expect("it says how to map it");
        assert!(
            detail.contains("contoso = [\"account-8\"]") && detail.contains("tenants.aliases"),
            "{detail}"
        );
        assert_eq!(program.terminate(), Some(0));
    }
}
