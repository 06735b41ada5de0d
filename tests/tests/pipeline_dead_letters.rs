//! What could not be read is mended, sent again, and is then in an incident, once.

mod on_kafka {
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use braid_tests::program::Ended;
    use serde_json::Value;

    /// The directory's id of the tenant is not among its names.
    const SOURCE: SourceSpec = SourceSpec {
        name: "any",
        format: "braid-json",
        tenant: "{ field = \"tenant\", aliases = { contoso = \"contoso\" } }",
        partitions: 2,
    };

    fn alert(id: &str, tenant: &str) -> String {
        format!(
            r#"{{"tenant":"{tenant}","provider":"microsoftDefenderForEndpoint","id":"{id}","title":"Alert {id}","severity":"high","first_activity":"2025-02-03T10:00:00Z","evidence":[{{"kind":"host","role":"impacted","identifiers":[{{"kind":"fqdn","value":"pc.contoso.com"}}]}}]}}"#
        )
    }

    fn listed(pipeline: &Pipeline, arguments: &str) -> Vec<Value> {
        let printed = pipeline.braid(format!("dlq list --json {arguments}").trim_end());
        let text = String::from_utf8(printed).expect("JSON is text");
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    fn header<'r>(record: &'r braid_log::Record, name: &str) -> Option<&'r str> {
        let (_, value) = record.headers.iter().find(|(found, _)| **found == *name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// Ids of the alerts in all incidents, with repetitions.
    fn alerts_in_incidents(pipeline: &Pipeline) -> Vec<String> {
        let incidents = pipeline.assert_as_replayed();
        let alerts =
            incidents.values().flat_map(|incident| incident["alerts"].as_array().expect("it has alerts"));
        let mut ids: Vec<String> =
            alerts.map(|alert| alert["id"].as_str().expect("it has an id").to_owned()).collect();
        ids.sort_unstable();
        ids
    }

    /// Two bad elements of one record, a bad record by itself, one that nobody can mend, and a good one.
    fn feed(pipeline: &Pipeline) {
        let list = format!("[{},{},{}]", alert("a", "b3c1"), alert("b", "contoso"), alert("c", "b3c1"));
        let (good, single) = (alert("good", "contoso"), alert("d", "b3c1"));
        let texts = [&*list, &*good, &*single, "{ no JSON"];
        pipeline.feed(SOURCE.name, texts.map(|text| ("key", Some(text.as_bytes()))));
    }

    #[test]
    fn a_mended_record_is_replayed_once_and_its_alerts_are_in_one_incident() {
        let pipeline = Pipeline::new("mended", &[SOURCE], "");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        feed(&pipeline);
        pipeline.drain();
        assert_eq!(alerts_in_incidents(&pipeline), ["b", "good"]);
        let letters = listed(&pipeline, "--reason unmapped_tenant");
        assert_eq!(letters.len(), 3);
        assert_eq!(listed(&pipeline, "").len(), 4);

        // Not mended, nothing is sent, and the reason is told.
        let Ended { code, stdout, stderr } = pipeline.tried("dlq replay --all");
        assert_eq!(
            (code, &*stdout),
            (Some(1), "sent: 0 records of 0 dead letters; not sent: 4\n"),
            "{stderr}"
        );
        assert!(stderr.contains("refused again: unmapped_tenant"), "{stderr}");

        assert_eq!(program.terminate(), Some(0));
        pipeline.reconfigure("aliases = { contoso", "aliases = { b3c1 = \"contoso\", contoso");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        shown(&pipeline, letters[0]["letter"].as_str().expect("it is named"));
        replayed_once(&pipeline);

        // Twice, and against all advice: the alerts are known, so nothing changes.
        pipeline.braid("dlq replay --reason unmapped_tenant --anyway");
        pipeline.drain();
        assert_eq!(alerts_in_incidents(&pipeline), ["a", "b", "c", "d", "good"]);
        assert_eq!(pipeline.table("incidents").len(), 1, "all of them are about one host");
        assert_eq!(program.terminate(), Some(0));
    }

    fn shown(pipeline: &Pipeline, letter: &str) {
        let shown = String::from_utf8(pipeline.braid(&format!("dlq show {letter}"))).expect("it is text");
        assert!(shown.contains("with this configuration it would be taken"), "{shown}");
        let value = pipeline.braid(&format!("dlq show {letter} --value"));
        assert!(pipeline.read(SOURCE.name).iter().any(|record| record.value.as_deref() == Some(&*value)));
    }

    /// Dry first, then in earnest, then again, which has nothing left to do.
    fn replayed_once(pipeline: &Pipeline) {
        const ASKED: &str = "dlq replay --reason unmapped_tenant";
        let before = pipeline.read(SOURCE.name).len();
        let dry = String::from_utf8(pipeline.braid(&format!("{ASKED} --dry-run"))).expect("it is text");
        assert!(dry.ends_with("would be sent: 2 records of 3 dead letters\n"), "{dry}");
        assert_eq!(pipeline.read(SOURCE.name).len(), before);

        let dry =
            String::from_utf8(pipeline.braid(&format!("{ASKED} --dry-run --limit 1"))).expect("it is text");
        assert!(dry.ends_with("; left for the next call: 1 records\n"), "{dry}");
        let told = String::from_utf8(pipeline.braid(ASKED)).expect("it is text");
        assert!(told.ends_with("sent: 2 records of 3 dead letters\n") && told.lines().count() == 3, "{told}");
        pipeline.drain();
        assert_eq!(alerts_in_incidents(pipeline), ["a", "b", "c", "d", "good"]);
        let sent = pipeline.read(SOURCE.name);
        let again: Vec<_> = sent.iter().filter(|r| header(r, "braid.replay.count") == Some("1")).collect();
        assert_eq!((sent.len(), again.len()), (before + 2, 2));
        for record in again {
            let names: Vec<&str> = record.headers.iter().map(|(name, _)| &**name).collect();
            assert_eq!(
                names,
                ["braid.replay.of", "braid.replay.count"],
                "nothing else was on it when it came"
            );
            let same = |other: &&braid_log::Record| {
                other.headers.is_empty() && (other.key == record.key) && (other.value == record.value)
            };
            let first = sent.iter().find(same).expect("it is as it came");
            assert_eq!(record.partition, first.partition);
        }

        let told = String::from_utf8(pipeline.braid(ASKED)).expect("it is text");
        assert_eq!(told, "sent: 0 records of 0 dead letters; replayed before: 3\n");
        assert_eq!(pipeline.read(SOURCE.name).len(), before + 2);
        assert_eq!(listed(pipeline, "--open").len(), 1, "what nobody can mend");
    }

    #[test]
    fn a_record_that_comes_back_is_counted_and_left_alone_at_last() {
        let pipeline = Pipeline::new("back", &[SOURCE], "");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let single = alert("d", "b3c1");
        pipeline.feed(SOURCE.name, [("key", Some(single.as_bytes()))]);
        pipeline.drain();
        let open = || {
            let open = listed(&pipeline, "--open --source any --since 1h --detail b3c1");
            let [letter] = &open[..] else { panic!("one is open: {open:?}") };
            (letter["letter"].as_str().expect("it is named").to_owned(), letter["replays"].as_u64())
        };
        for replays in 0..3 {
            let (letter, counted) = open();
            assert_eq!(counted, Some(replays));
            pipeline.braid(&format!("dlq replay {letter} --anyway"));
            pipeline.drain();
        }
        // Mended at last, but it has come back too often to be sent unasked.
        pipeline.reconfigure("aliases = { contoso", "aliases = { b3c1 = \"contoso\", contoso");
        let Ended { code, stderr, .. } = pipeline.tried(&format!("dlq replay {}", open().0));
        assert_eq!(code, Some(1));
        assert!(stderr.contains("replayed 3 times"), "{stderr}");
        let Ended { code, stderr, .. } = pipeline.tried("dlq show 0@999999");
        assert_eq!(code, Some(3), "{stderr}");
        assert!(stderr.contains("no dead letter there"), "{stderr}");
        assert_eq!(program.terminate(), Some(0));
    }
}
