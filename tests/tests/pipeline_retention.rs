//! What retention deletes of the alerts topic is missed only if it had not been read.

mod on_kafka {
    use std::collections::BTreeSet;

    use braid_kafka::Feed;
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use serde_json::Value;

    const SOURCE: SourceSpec =
        SourceSpec { name: "any", format: "braid-json", tenant: "\"contoso\"", partitions: 2 };

    /// As the configuration of all pipelines says.
    const ALERTS_PARTITIONS: i32 = 4;

    fn alert(id: &str) -> String {
        format!(
            r#"{{"tenant":"contoso","provider":"microsoftDefenderForEndpoint","id":"{id}","title":"Alert {id}","severity":"high","first_activity":"2025-02-03T10:00:00Z","evidence":[{{"kind":"host","role":"impacted","identifiers":[{{"kind":"fqdn","value":"pc.contoso.com"}}]}}]}}"#
        )
    }

    fn raise(pipeline: &Pipeline, ids: [&str; 2]) {
        let texts = ids.map(alert);
        pipeline.feed(SOURCE.name, texts.iter().map(|text| ("key", Some(text.as_bytes()))));
        pipeline.drain();
    }

    /// Of each incident, which alerts it has.
    fn incidents(pipeline: &Pipeline) -> Vec<BTreeSet<String>> {
        let texts = pipeline.table("incidents").into_values().filter_map(|record| record.value);
        let ids = |incident: Value| {
            let alerts = incident["alerts"].as_array().expect("it has alerts").iter();
            alerts.map(|alert| alert["id"].as_str().expect("it has an id").to_owned()).collect()
        };
        texts.map(|text| ids(serde_json::from_slice(&text).expect("an incident is JSON"))).collect()
    }

    /// Who has read the last alert stands before the mark that ends its transaction.
    #[test]
    fn a_quiet_partition_of_which_retention_leaves_nothing_is_gone_on_with() {
        let pipeline = Pipeline::new("quiet", &[SOURCE], "");
        let program = pipeline.start(0);
        raise(&pipeline, ["a", "b"]);
        program.kill();
        pipeline.cluster().empty_topic(&pipeline.topic("alerts"), ALERTS_PARTITIONS);
        let mut program = pipeline.start(0);
        raise(&pipeline, ["c", "d"]);
        program.wait_until_ready();
        assert!(program.said().contains("the mark of a transaction"), "{}", program.said());
        let wanted = ["a", "b", "c", "d"].map(str::to_owned).into();
        assert_eq!(incidents(&pipeline), [wanted], "one incident, which has gone on");
        assert_eq!(program.terminate(), Some(0));
    }

    /// The two together could be taken for a backlog that an operator has skipped.
    #[test]
    fn a_changelog_that_has_lost_its_last_records_is_refused_beside_an_emptied_alerts_topic() {
        let pipeline = Pipeline::new("stale", &[SOURCE], "");
        let program = pipeline.start(0);
        raise(&pipeline, ["a", "b"]);
        let earlier = pipeline.read("changelog");
        raise(&pipeline, ["c", "d"]);
        program.kill();
        let (changelog, cluster) = (pipeline.topic("changelog"), pipeline.cluster());
        cluster.delete_topic(&changelog);
        let partitions = ALERTS_PARTITIONS.unsigned_abs();
        let settings = [("cleanup.policy", "compact"), ("message.timestamp.type", "LogAppendTime")];
        cluster.create_topic(&changelog, partitions, &settings);
        let feed = Feed::connect(&cluster.connection()).expect("it connects");
        for record in &earlier {
            let (key, value) = (record.key.as_deref(), record.value.as_deref());
            feed.send(&changelog, Some(record.partition), key, value, &record.headers).expect("it is taken");
        }
        feed.flush().expect("all of it");
        cluster.empty_topic(&pipeline.topic("alerts"), ALERTS_PARTITIONS);
        let (code, said) = pipeline.start(0).wait_for_end();
        assert_eq!(code, Some(3));
        assert!(said.contains("holds the state at"), "{said}");
    }
}
