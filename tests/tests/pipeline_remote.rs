//! The whole program with a source on another cluster, on two real Apache Kafkas: exactly once although no transaction spans
//! both, and trouble with that cluster is trouble of its sources alone.

mod on_kafka {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use braid_kafka::Topics;
    use braid_tests::broker::Cluster;
    use braid_tests::invention::invent;
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use braid_tests::standing::{Observer, until, until_within};
    use serde_json::Value;

    /// When a broken integration must have been told of.
    const TOLD_WITHIN: Duration = Duration::from_secs(10);

    /// A new topic is found within librdkafka's ten seconds.
    const MENDED_WITHIN: Duration = Duration::from_secs(40);

    const LOCAL: SourceSpec =
        SourceSpec { name: "local", format: "braid-json", tenant: "{ field = \"tenant\" }", partitions: 2 };

    /// What is killed, and when: as soon as the ends of a topic have moved by so much, which a transaction moves before it
    /// commits. The offsets of the other cluster are the last that a transaction of normalise writes.
    const KILLS: [(&str, i64); 6] =
        [("offsets", 1), ("alerts", 1), ("offsets", 9), ("alerts", 25), ("offsets", 4), ("incidents", 3)];
    /// Before this kill the broker that is only read is killed, and started again.
    const RESTARTED: usize = 3;

    /// A pipeline that reads the topic `hub` of another cluster beside its own.
    struct Remote {
        pipeline: Pipeline,
        other: Cluster,
    }

    impl Remote {
        fn new(stem: &str, (other, listener): (Cluster, String), partitions: u32, settings: &str) -> Self {
            let more = format!(
                "[[clusters]]\nname = \"other\"\nbrokers = [{listener:?}]\nsettings = {{ {settings} }}\n\
                 [[sources]]\nname = \"hub\"\ncluster = \"other\"\ntopics = [\"{{name}}.hub\"]\nformat = \"braid-json\"\n\
                 enabled = true\ntenant = {{ field = \"tenant\" }}"
            );
            let pipeline = Pipeline::new(stem, &[LOCAL], &more);
            other.create_topic(&pipeline.topic("hub"), partitions, &[]);
            Self { pipeline, other }
        }

        /// The topic that keeps the offsets.
        fn kept_in(&self) -> String {
            format!("braid.offsets.other.{}", self.pipeline.topic("hub"))
        }

        fn topic(&self, end: &str) -> String {
            if end == "offsets" { self.kept_in() } else { self.pipeline.topic(end) }
        }

        /// Feeds every third record here, the others there.
        fn feed(&self, records: &[(String, String)]) {
            let (mut here, mut there) = (Vec::new(), Vec::new());
            for (at, (key, value)) in records.iter().enumerate() {
                if at % 3 == 0 { &mut here } else { &mut there }.push((key.as_str(), value.as_str()));
            }
            self.other.produce(&self.pipeline.topic("hub"), None, &there);
            self.pipeline.feed("local", here.into_iter().map(|(key, value)| (key, Some(value.as_bytes()))));
        }

        /// Waits until so many records have been read of both clusters, and correlated.
        fn drain(&self, records: usize) {
            until("all is read of both", || {
                // A tick is a record of the alerts topic as well, and the alerts are fewer then: none is due in a test.
                self.pipeline.read("alerts").len() >= records
            });
            self.pipeline.drain();
        }

        fn offsets_are_kept(&self) -> bool {
            let topics = Topics::connect(&self.pipeline.cluster().connection());
            let counts = topics.and_then(|topics| topics.partition_counts(&[&self.kept_in()]));
            counts.is_ok_and(|counts| !counts.is_empty())
        }

        /// The last offset that is recorded for each partition.
        fn recorded(&self) -> BTreeMap<i32, String> {
            let value = |record: braid_log::Record| {
                let value = record.value.expect("an offset is recorded");
                (record.partition, String::from_utf8(value.into()).expect("it is text"))
            };
            self.pipeline.cluster().read(&self.kept_in()).into_iter().map(value).collect()
        }
    }

    fn invented(count: usize) -> Vec<(String, String)> {
        invent(20_251_123, count, 4).into_iter().map(|alert| (alert.id, alert.json)).collect()
    }

    fn end(observer: &Observer, topic: &str) -> i64 {
        observer.ends(topic).iter().sum()
    }

    #[test]
    fn of_two_clusters_nothing_is_lost_or_done_twice_when_processes_are_killed_and_the_other_broker_restarts()
    {
        let other = Cluster::another();
        let listener = other.brokers().to_owned();
        let remote = Remote::new("remote-kills", (other, listener), 3, "");
        let pipeline = &remote.pipeline;
        let records = invented(420);
        let portions: Vec<_> = records.chunks(records.len() / (KILLS.len() + 1)).collect();
        let mut programs: Vec<_> =
            [0, 1].into_iter().map(|instance| (instance, pipeline.start(instance))).collect();
        programs.iter_mut().for_each(|(_, program)| program.wait_until_ready());
        until("what keeps the offsets is there", || remote.offsets_are_kept());
        let mut fed = 0;
        for (number, (topic, growth)) in KILLS.into_iter().enumerate() {
            let observer = pipeline.observer("normalise");
            let topic = remote.topic(topic);
            let before = end(&observer, &topic);
            if number == RESTARTED {
                remote.other.restart();
            }
            remote.feed(portions[number]);
            fed += portions[number].len();
            until(&format!("{topic} has grown by {growth}"), || end(&observer, &topic) >= before + growth);
            // The two take turns.
            let (instance, victim) = programs.remove(0);
            victim.kill();
            programs.push((instance, pipeline.start(instance)));
        }
        let rest: Vec<_> = portions[KILLS.len()..].concat();
        remote.feed(&rest);
        fed += rest.len();
        assert_eq!(fed, records.len());
        remote.drain(fed);
        for (_, program) in programs {
            assert_eq!(program.terminate(), Some(0), "the exit code");
        }

        assert_each_record_once(&remote, &records);
        pipeline.assert_as_replayed();
        assert_eq!(pipeline.read("dead-letters"), [], "nothing was wrong with any record");
        let ends = Observer::of(&remote.other, "nobody").ends(&pipeline.topic("hub"));
        let ends: BTreeMap<i32, String> = (0..).zip(ends.iter().map(ToString::to_string)).collect();
        assert_eq!(remote.recorded(), ends, "what is recorded is where the partitions end");
        let group = format!("{}-normalise", pipeline.topic("").trim_end_matches('.'));
        let there = Observer::of(&remote.other, &group).committed(&pipeline.topic("hub"));
        assert_eq!(there, [0, 0, 0], "nothing is committed on the cluster that is only read");
        let aborted = |topic: &str| {
            let all = pipeline.observer("normalise").records_with_aborted(topic);
            all - pipeline.cluster().read(topic).len()
        };
        let aborted = [aborted(&remote.kept_in()), aborted(&pipeline.topic("alerts"))];
        println!("records of aborted transactions, offsets and alerts: {aborted:?}");
        assert!(aborted.iter().any(|records| *records > 0), "no kill hit a transaction");
    }

    /// Each record of both clusters is one alert in the alerts topic: no place twice, and as many as were fed.
    fn assert_each_record_once(remote: &Remote, records: &[(String, String)]) {
        let pipeline = &remote.pipeline;
        let decoded = pipeline.braid(&format!("decode --format braid-dump {}", pipeline.dump_alerts()));
        let (mut places, mut ids) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
        for line in String::from_utf8(decoded).expect("it is text").lines() {
            let alert: Value = serde_json::from_str(line).expect("each line is an alert");
            let origin = &alert["origin"];
            let place =
                (origin["topic"].to_string(), origin["partition"].as_i64(), origin["offset"].as_i64());
            assert!(places.insert(place.clone()), "{place:?} stands in the alerts topic twice");
            *ids.entry(alert["id"].as_str().expect("it has an id").to_owned()).or_default() += 1;
        }
        assert_eq!(places.len(), records.len(), "alerts in the alerts topic");
        let mut wanted = BTreeMap::<String, usize>::new();
        records.iter().for_each(|(id, _)| *wanted.entry(id.clone()).or_default() += 1);
        assert_eq!(ids, wanted, "how often each alert was fed, and came");
        let of_other = places.iter().filter(|(topic, _, _)| topic.contains("other:")).count();
        assert_eq!(of_other, records.len() - records.len().div_ceil(3), "those of the other cluster");
    }

    fn state(program: &mut Program, name: &str) -> Value {
        let answer = program.get("/api/integrations");
        let told: Value = serde_json::from_str(&answer.body).expect("it is JSON");
        let sources = told["sources"].as_array().expect("a list");
        sources.iter().find(|source| source["name"] == name).expect("it is configured").clone()
    }

    fn wait_for(program: &mut Program, within: Duration, name: &str, wanted: &str, words: &str) {
        let mut last = Value::Null;
        until_within(within, &format!("{name} is {wanted}: {words}"), || {
            last = state(program, name);
            last["state"] == wanted && last["troubles"].to_string().contains(words)
        });
    }

    #[test]
    fn a_cluster_that_does_not_know_us_is_its_sources_trouble_and_partitions_that_come_later_are_told() {
        let guarded = Cluster::with_rights();
        let sasl = "\"security.protocol\" = \"SASL_PLAINTEXT\", \"sasl.mechanism\" = \"PLAIN\", \"sasl.username\" = \"braid\", \
                    \"sasl.password\" = \"wrong\"";
        let remote = Remote::new("remote-trouble", guarded, 1, sasl);
        let pipeline = &remote.pipeline;
        remote.other.change_rights(&[
            "--add",
            "--allow-principal",
            "User:braid",
            "--operation",
            "All",
            "--topic",
            "*",
        ]);
        let records = invented(30);
        remote.feed(&records);
        let mut program = pipeline.start(0);
        program.wait_to_say("joined its group");
        wait_for(&mut program, TOLD_WITHIN, "hub", "broken", "uthentication");
        wait_for(&mut program, TOLD_WITHIN, "local", "ok", "[]");
        program.wait_until("what is here is read", |_| pipeline.read("alerts").len() == 10);
        let ready = program.get("/readyz");
        assert!(ready.code == 503 && ready.body.contains("source hub: other:"), "{ready:?}");
        assert_eq!(program.terminate(), Some(0));
        let refused = pipeline.tried("validate --connect -c braid.toml");
        assert!(refused.code != Some(0) && refused.stderr.contains("cluster other: "), "{refused:?}");

        // With the right password what lay there is read, from the first record on; the group's rights are not needed.
        pipeline.reconfigure("\"wrong\"", "\"right\"");
        let made = pipeline.braid("topics --create");
        let made = String::from_utf8_lossy(&made).into_owned();
        assert!(made.contains(&format!("created {}", remote.kept_in())), "{made}");
        let valid = pipeline.tried("validate --connect -c braid.toml");
        assert_eq!(valid.code, Some(0), "{valid:?}");
        let mut program = pipeline.start(0);
        program.wait_until("the other is read", |_| pipeline.read("alerts").len() == 30);
        wait_for(&mut program, TOLD_WITHIN, "hub", "ok", "[]");

        // A topic that grows is told; the new partition is read once what keeps its offsets has grown, too.
        remote.other.add_partitions(&pipeline.topic("hub"), 2);
        wait_for(&mut program, TOLD_WITHIN, "hub", "broken", "the partitions from 1 on are not read");
        let refused = pipeline.tried("validate --connect -c braid.toml");
        assert!(refused.stderr.contains("the partitions from 1 on are not read"), "{refused:?}");
        let more: Vec<_> = invented(40).split_off(30);
        let fed: Vec<(&str, &str)> = more.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        remote.other.produce(&pipeline.topic("hub"), Some(1), &fed);
        pipeline.cluster().add_partitions(&remote.kept_in(), 2);
        wait_for(&mut program, MENDED_WITHIN, "hub", "ok", "[]");
        program.wait_until("the new partition is read", |_| pipeline.read("alerts").len() == 40);
        assert_eq!(program.terminate(), Some(0));
    }
}
