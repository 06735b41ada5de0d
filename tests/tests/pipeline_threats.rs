//! Threat intelligence on a real Apache Kafka: the table is whole before the first alert is read, and followed while the
//! process runs.

mod on_kafka {
    use std::collections::BTreeMap;

    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use braid_tests::readers;
    use serde_json::{Value, json};

    const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    /// So many that reading them takes the process some time, spread over the partitions.
    const OTHERS: usize = 20_000;

    fn pipeline() -> Pipeline {
        let source =
            |name, format, partitions| SourceSpec { name, format, tenant: "\"contoso\"", partitions };
        Pipeline::new(
            "threats",
            &[source("feed", "stix-indicator", 3), source("detections", "braid-json", 2)],
            "",
        )
    }

    fn indicator(id: &str, pattern: &str) -> Value {
        json!({ "type": "indicator", "id": id, "modified": "2026-01-02T00:00:00Z", "pattern": pattern,
                "valid_from": "2026-01-01T00:00:00Z", "confidence": 85 })
    }

    fn of_hash(id: &str) -> Value {
        indicator(id, &format!("[file:hashes.'SHA-256' = '{SHA}']"))
    }

    fn tell(pipeline: &Pipeline, objects: &[Value]) {
        let texts: Vec<(String, String)> = objects
            .iter()
            .map(|object| (object["id"].as_str().expect("it has an id").to_owned(), object.to_string()))
            .collect();
        pipeline.feed("feed", texts.iter().map(|(key, text)| (key.as_str(), Some(text.as_bytes()))));
    }

    /// An alert about a host of its own that names the hash.
    fn raise(pipeline: &Pipeline, id: &str) {
        let evidence = json!([
            { "kind": "host", "role": "impacted", "identifiers": [{ "kind": "fqdn", "value": format!("{id}.contoso.azure") }] },
            { "kind": "file", "identifiers": [{ "kind": "sha256", "value": SHA }] }
        ]);
        let alert = json!({ "provider": "labScanner", "id": id, "title": format!("Alert {id}"), "severity": "medium",
            "first_activity": "2026-02-03T10:00:00Z", "evidence": evidence });
        pipeline.feed("detections", [(id, Some(alert.to_string().as_bytes()))]);
    }

    /// What each alert matches, by its id, as the incidents say.
    fn matched(pipeline: &Pipeline) -> BTreeMap<String, Vec<String>> {
        let incidents = pipeline.assert_as_replayed();
        let alerts = incidents.values().flat_map(|incident| incident["alerts"].as_array().expect("a list"));
        let told = |found: &Value| {
            let text = |name: &str| found[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("indicator"), text("actor"), text("intent"))
        };
        alerts
            .map(|alert| {
                let found = alert["indicators"].as_array().expect("a list").iter().map(told).collect();
                (alert["id"].as_str().expect("it has an id").to_owned(), found)
            })
            .collect()
    }

    fn feed_of(program: &mut Program) -> Value {
        let told: Value = serde_json::from_str(&program.get("/api/integrations").body).expect("it is JSON");
        let sources = told["sources"].as_array().expect("a list");
        sources.iter().find(|source| source["name"] == "feed").expect("it is configured").clone()
    }

    /// Waits until the process has read so many records of the feed since it began.
    fn wait_for_records(program: &mut Program, records: usize) {
        braid_tests::standing::until(&format!("{records} records of the feed are read"), || {
            feed_of(program)["records"] == records
        });
    }

    #[test]
    fn the_table_is_whole_before_the_first_alert_and_what_is_taken_back_matches_no_more() {
        let pipeline = pipeline();
        let others: Vec<Value> = (0..OTHERS)
            .map(|n| indicator(&format!("indicator--{n}"), &format!("[domain-name:value = 'd{n}.example']")))
            .collect();
        tell(&pipeline, &others);
        tell(
            &pipeline,
            &[
                of_hash("indicator--hash"),
                indicator("indicator--bad", "[file:name = 'a.exe']"),
                json!({ "type": "threat-actor", "id": "threat-actor--1", "name": "Copper Finch", "primary_motivation": "personal-gain" }),
                json!({ "type": "relationship", "id": "relationship--1", "relationship_type": "indicates",
                        "source_ref": "indicator--hash", "target_ref": "threat-actor--1" }),
            ],
        );
        raise(&pipeline, "first");
        let mut program = pipeline.start(0);
        pipeline.drain_of(["detections"]);
        let feed = feed_of(&mut program);
        assert_eq!((&feed["state"], &feed["taken"]), (&json!("ok"), &json!(OTHERS + 3)), "{feed}");
        assert_eq!(feed["refused"], 1);
        assert!(
            feed["refused_example"]["detail"].as_str().is_some_and(|text| text.contains("file:name")),
            "{feed}"
        );

        // Taken back while it runs, and put back in a form that is over.
        pipeline.feed("feed", [("indicator--hash", None)]);
        let mut over = of_hash("indicator--over");
        over["valid_until"] = json!("2026-02-01T00:00:00Z");
        tell(&pipeline, &[over]);
        wait_for_records(&mut program, OTHERS + 6);
        raise(&pipeline, "second");
        pipeline.drain_of(["detections"]);

        // Said again while it is down.
        program.kill();
        tell(&pipeline, &[of_hash("indicator--again")]);
        raise(&pipeline, "third");
        let mut program = pipeline.start(0);
        pipeline.drain_of(["detections"]);
        let wanted = [
            ("first", vec!["indicator--hash Copper Finch personal-gain".to_owned()]),
            ("second", Vec::new()),
            ("third", vec!["indicator--again - -".to_owned()]),
        ];
        assert_eq!(matched(&pipeline), wanted.map(|(id, found)| (id.to_owned(), found)).into());
        assert_eq!(pipeline.read("dead-letters").len(), 0);
        program.wait_until_ready();
        assert_eq!(program.terminate(), Some(0));
    }

    /// The findings that the decoder's tests read are what OCSF's own models take for one.
    #[test]
    fn the_findings_of_the_tests_are_detection_findings_to_somebody_else_s_model() {
        let records = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/wire/tests/input_formats/records");
        let lines: Vec<String> = ["endpoint-finding", "cloud-finding"]
            .into_iter()
            .map(|name| {
                let text =
                    std::fs::read_to_string(format!("{records}/{name}.ocsf.json")).expect("it is there");
                serde_json::from_str::<Value>(&text).expect("it is JSON").to_string()
            })
            .collect();
        let read = readers::read(&["ocsf-detection-finding"], &lines);
        let ids: Vec<_> = read.iter().map(|finding| finding["id"].as_str().expect("it has an id")).collect();
        assert_eq!(ids, ["ldt:f00d42:8812", "arn:aws:guardhouse:eu-west-1:123456789012:finding/0c1d"]);
    }
}
