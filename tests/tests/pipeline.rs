//! The whole program on a real Apache Kafka, alerts in and incidents out, and what nothing may break: exactly once.

mod on_kafka {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use braid_tests::invention::invent;
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use braid_tests::standing::{Observer, until};
    use serde_json::Value;

    const INVENTED: SourceSpec = SourceSpec {
        name: "invented",
        format: "braid-json",
        tenant: "{ field = \"tenant\" }",
        partitions: 3,
    };
    const RECORDED: SourceSpec = SourceSpec {
        name: "recorded",
        format: "sentinel-security-alert",
        tenant: "\"contoso\"",
        partitions: 2,
    };

    /// Where the process is killed: as soon as the ends of a topic have moved by so much, which a transaction moves
    /// before it commits.
    const KILLS: [(&str, i64); 10] = [
        ("alerts", 1),
        ("changelog", 1),
        ("incident-events", 1),
        ("alerts", 30),
        ("incidents", 1),
        ("changelog", 150),
        ("incident-events", 20),
        ("alerts", 7),
        ("incidents", 12),
        ("changelog", 40),
    ];
    /// Between these kills a second instance shares the work.
    const SECOND_JOINS: usize = 4;
    const SECOND_LEAVES: usize = 7;

    /// A record to be fed: the source, the key, the value; and which alert of whom it is about.
    struct Fed {
        source: &'static str,
        key: String,
        value: String,
        tenant: String,
    }

    fn invented() -> Vec<Fed> {
        let fed = |alert: braid_tests::invention::Invented| Fed {
            source: INVENTED.name,
            key: alert.id,
            value: alert.json,
            tenant: alert.tenant,
        };
        invent(20_250_201, 440, 5).into_iter().map(fed).collect()
    }

    /// Real alerts, where they are at hand.
    fn recorded() -> Vec<Fed> {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/defender-xdr/alerts.jsonl");
        let Ok(text) = std::fs::read_to_string(&file) else {
            eprintln!("no recorded alerts at {}: the invented ones alone", file.display());
            return Vec::new();
        };
        let fed = |line: &str| {
            let row: Value = serde_json::from_str(line).expect("each line is a row");
            let key = row["SystemAlertId"].as_str().expect("each alert has an id").to_owned();
            Fed { source: RECORDED.name, key, value: line.to_owned(), tenant: "contoso".into() }
        };
        text.lines().map(fed).collect()
    }

    /// The records in portions, each with its share of every source.
    fn portions(sources: [Vec<Fed>; 2], count: usize) -> Vec<Vec<Fed>> {
        let mut portions: Vec<Vec<Fed>> = (0..count).map(|_| Vec::new()).collect();
        for source in sources {
            let each = source.len().div_ceil(count).max(1);
            source.into_iter().enumerate().for_each(|(at, fed)| portions[at / each].push(fed));
        }
        portions
    }

    fn feed(pipeline: &Pipeline, portion: &[Fed]) {
        for source in [INVENTED.name, RECORDED.name] {
            let records = portion.iter().filter(|fed| fed.source == source);
            pipeline.feed(source, records.map(|fed| (fed.key.as_str(), Some(fed.value.as_bytes()))));
        }
    }

    fn end(observer: &Observer, topic: &str) -> i64 {
        observer.ends(topic).iter().sum()
    }

    /// Feeds a portion, and kills the process while it works on it.
    fn feed_and_kill(
        pipeline: &Pipeline,
        portion: &[Fed],
        (topic, growth): (&str, i64),
        mut victim: Program,
    ) {
        let (observer, topic) = (pipeline.observer("correlate"), pipeline.topic(topic));
        let before = end(&observer, &topic);
        feed(pipeline, portion);
        victim.wait_until(&format!("{topic} has grown by {growth}"), |_| {
            end(&observer, &topic) >= before + growth
        });
        victim.kill();
    }

    /// Waits until a process has a part of the work of both stages.
    fn wait_until_it_shares(program: &mut Program) {
        let address = program.address();
        program.wait_until("it shares the work", |_| {
            let metrics = braid_tests::http::get(&address, "/metrics").map(|answer| answer.body);
            let metrics = metrics.unwrap_or_default();
            let assigned =
                |stage| braid_tests::http::metric(&metrics, "braid_partitions_assigned", &[("stage", stage)]);
            assigned("normalise") > 0.0 && assigned("correlate") > 0.0
        });
    }

    #[test]
    fn nothing_is_lost_or_done_twice_when_the_process_is_killed_ten_times_and_a_second_one_comes_and_goes() {
        let pipeline = Pipeline::new("kills", &[INVENTED, RECORDED], "");
        let portions = portions([invented(), recorded()], KILLS.len() + 1);
        let (rest, during) = portions.split_last().expect("there is one more than kills");
        let mut first = pipeline.start(0);
        first.wait_until_ready();
        let mut second = None;
        for (number, (portion, point)) in during.iter().zip(KILLS).enumerate() {
            if number == SECOND_JOINS {
                let mut joined = pipeline.start(1);
                wait_until_it_shares(&mut joined);
                second = Some(joined);
            }
            if number == SECOND_LEAVES {
                let left = second.take().map(Program::terminate);
                assert_eq!(left, Some(Some(0)), "the exit code of the second instance");
            }
            feed_and_kill(&pipeline, portion, point, first);
            first = pipeline.start(0);
        }
        feed(&pipeline, rest);
        pipeline.drain();
        assert_eq!(first.terminate(), Some(0), "the exit code");

        let fed: Vec<&Fed> = portions.iter().flatten().collect();
        assert_normalised_once(&pipeline, &fed);
        let incidents = pipeline.assert_as_replayed();
        assert_each_alert_in_one_incident(&incidents, &fed);
        assert_story_has_everything(&incidents);
        assert_eq!(pipeline.read("dead-letters"), [], "nothing was wrong with any record");
        assert_kills_hit_transactions(&pipeline);
    }

    /// Every record of the sources is one alert in the alerts topic.
    fn assert_normalised_once(pipeline: &Pipeline, fed: &[&Fed]) {
        let decoded = pipeline.braid(&format!("decode --format braid-dump {}", pipeline.dump_alerts()));
        let mut coordinates = BTreeSet::new();
        for line in String::from_utf8(decoded).expect("it is text").lines() {
            let alert: Value = serde_json::from_str(line).expect("each line is an alert");
            let origin = &alert["origin"];
            let place =
                (origin["topic"].to_string(), origin["partition"].as_i64(), origin["offset"].as_i64());
            assert!(coordinates.insert(place.clone()), "{place:?} stands in the alerts topic twice");
        }
        assert_eq!(coordinates.len(), fed.len(), "alerts in the alerts topic");
    }

    fn assert_each_alert_in_one_incident(incidents: &BTreeMap<String, Value>, fed: &[&Fed]) {
        let mut found: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for incident in incidents.values().filter(|incident| incident["status"] != "redirected") {
            for alert in incident["alerts"].as_array().expect("it is a list") {
                let id = alert["source_alert_id"].as_str().or(alert["id"].as_str()).expect("it has an id");
                *found.entry((incident["tenant"].as_str().expect("it has a tenant"), id)).or_default() += 1;
            }
        }
        let wanted: BTreeMap<(&str, &str), u32> =
            fed.iter().map(|fed| ((fed.tenant.as_str(), fed.key.as_str()), 1)).collect();
        assert_eq!(found, wanted, "in how many incidents each alert is");
    }

    /// The story would prove little if nothing was ever merged, or resolved, or grew.
    fn assert_story_has_everything(incidents: &BTreeMap<String, Value>) {
        for status in ["active", "resolved", "redirected"] {
            assert!(
                incidents.values().any(|incident| incident["status"] == status),
                "no incident is {status}"
            );
        }
        assert!(incidents.values().any(|incident| incident["version"].as_i64() > Some(10)));
    }

    /// Kills that fall between transactions prove little: some have left records that committed readers do not see.
    fn assert_kills_hit_transactions(pipeline: &Pipeline) {
        let aborted = |topic| {
            let all = pipeline.observer("correlate").records_with_aborted(&pipeline.topic(topic));
            all - pipeline.read(topic).len()
        };
        let aborted =
            ["alerts", "changelog", "incidents", "incident-events"].map(|topic| (topic, aborted(topic)));
        println!("records of aborted transactions: {aborted:?}");
        assert!(aborted.iter().any(|(_, records)| *records > 0), "no kill hit a transaction");
    }

    #[test]
    fn what_is_forgotten_at_rest_is_ticked_into_the_log_and_gone_from_the_changelog() {
        let remembered =
            "[correlation]\ndormant_after = \"1s\"\nlate_join = \"1s\"\ndedupe_retention = \"2s\"";
        let pipeline = Pipeline::new("ticks", &[INVENTED], remembered);
        let alert = &invented()[0];
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        feed(&pipeline, std::slice::from_ref(alert));
        let tombstones = || {
            let records = pipeline.read("changelog").into_iter();
            let gone = records.filter(|record| record.value.is_none()).filter_map(|record| record.key);
            gone.map(|key| String::from_utf8_lossy(&key).into_owned()).collect::<Vec<_>>()
        };
        let gone = |kind: &str| tombstones().iter().any(|key| key.starts_with(&format!("[\"{kind}\"")));
        program.wait_until("alert, incident and entities are forgotten", |_| {
            ["alert", "incident", "entity"].iter().all(|kind| gone(kind))
        });
        assert!(pipeline.read("alerts").len() > 1, "a tick has moved the clock");
        let forgotten = pipeline.read("incidents")[0].key.clone().expect("it has an id");
        let forgotten = String::from_utf8_lossy(&forgotten).into_owned();
        let address = program.address();
        until("the console has forgotten it too", || {
            braid_tests::http::get(&address, &format!("/api/incidents/{forgotten}"))
                .is_ok_and(|a| a.code == 404)
        });

        until("a table of the incidents has forgotten it", || pipeline.table("incidents").is_empty());
        // The alert comes again: nobody knows it any more, and it founds another incident.
        feed(&pipeline, std::slice::from_ref(alert));
        pipeline.drain();
        assert_eq!(program.terminate(), Some(0));
        let incidents = pipeline.assert_as_replayed();
        assert_eq!(incidents.len(), 2, "{incidents:?}");
    }

    #[test]
    fn the_console_answers_while_the_program_works_and_sigterm_ends_it_in_good_order() {
        let pipeline =
            Pipeline::new("console", &[INVENTED], "[output]\nincident_url = \"https://b.example/i/\"");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let fed: Vec<Fed> = invented().into_iter().take(60).collect();
        feed(&pipeline, &fed);
        pipeline.drain();
        let incidents = pipeline.assert_as_replayed();

        let listed: Value =
            serde_json::from_str(&program.get("/api/incidents?limit=500").body).expect("it is JSON");
        let listed: BTreeSet<&str> = listed["incidents"]
            .as_array()
            .expect("it is a list")
            .iter()
            .map(|incident| incident["id"].as_str().expect("it has an id"))
            .collect();
        assert_eq!(
            listed,
            incidents.keys().map(String::as_str).collect(),
            "the console lists what was emitted"
        );
        let (id, incident) =
            incidents.iter().find(|(_, i)| i["status"] != "redirected").expect("there is one");
        let answer = program.get(&format!("/api/incidents/{id}"));
        assert_eq!((answer.code, serde_json::from_str(&answer.body).ok().as_ref()), (200, Some(incident)));
        assert_eq!(incident["incident_url"], format!("https://b.example/i/{id}"));

        let metrics = program.get("/metrics").body;
        let metric = |name, labels: &[_]| braid_tests::http::metric(&metrics, name, labels);
        assert_eq!(metric("braid_alerts_in_total", &[("source", "invented")]), 60.0);
        assert_eq!(metric("braid_alerts_out_total", &[("source", "invented")]), 60.0);
        assert_eq!(metric("braid_incidents_opened_total", &[]), incidents.len() as f64);
        let active = incidents.values().filter(|incident| incident["status"] == "active").count();
        assert_eq!(metric("braid_incidents_open", &[]), active as f64);
        assert_eq!(metric("braid_partitions_assigned", &[("stage", "correlate")]), 4.0);
        assert_eq!(program.terminate(), Some(0));
    }

    #[test]
    fn without_a_cluster_the_program_is_alive_but_not_ready_and_still_ends_when_asked() {
        let pipeline = Pipeline::new("alone", &[INVENTED], "");
        // Port 1 is reserved: nobody listens.
        let mut program = pipeline.start_with(0, &[("BRAID__KAFKA__BROKERS", "[\"127.0.0.1:1\"]")]);
        let ready = program.get("/readyz");
        assert_eq!(
            (ready.code, ready.body.contains("waits for worker normalise-0")),
            (503, true),
            "{ready:?}"
        );
        assert_eq!(program.get("/healthz").code, 200);
        assert_eq!(program.terminate(), Some(0));
    }
}
