//! What stands in `deploy/sinks`, run as it stands by a real Kafka Connect: into a real OpenSearch, and into a stand-in for
//! Splunk's collector. A store has braid's own view, whatever comes late, twice, or is in the way.

mod on_kafka {
    use std::collections::BTreeMap;

    use braid_log::Record;
    use braid_tests::invention::invent;
    use braid_tests::pipeline::{FORGETFUL, Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use braid_tests::readers;
    use braid_tests::sinks::{OpenSearch, connect, files};
    use braid_tests::splunk::Collector;
    use braid_tests::standing::until;
    use serde_json::{Value, json};

    const TENANT: &str = "{ field = \"tenant\" }";
    const ALERTS: SourceSpec =
        SourceSpec { name: "invented", format: "braid-json", tenant: TENANT, partitions: 3 };
    const PEOPLE: SourceSpec =
        SourceSpec { name: "people", format: "braid-command-json", tenant: TENANT, partitions: 1 };
    /// Records that come late, or again.
    const LATE: SourceSpec = SourceSpec { name: "late", partitions: 1, ..ALERTS };

    const INDEX: &str = "braid-incidents";
    const TOKEN: &str = "7a3f0c1e-5f0a-4c58-9a7e-2f8f6a1f0c11";
    /// More than a client asks for by itself, fewer than the route tries again.
    const BUSY: u32 = 3;

    /// An incident's version and status.
    type Standing = (i64, String);

    fn value(record: &Record) -> Value {
        serde_json::from_slice(record.value.as_deref().expect("it has a value")).expect("it is JSON")
    }

    fn text(value: &Value) -> String {
        value.as_str().expect("it is a text").to_owned()
    }

    fn standing(incident: &Value) -> (String, Standing) {
        let version = incident["version"].as_i64().expect("it has a version");
        (text(&incident["id"]), (version, text(&incident["status"])))
    }

    /// What a table by key of the topic has, which is braid's own view (`pipeline_outputs` shows that).
    fn own(pipeline: &Pipeline) -> BTreeMap<String, Value> {
        pipeline.table("incidents").into_iter().map(|(id, record)| (id, value(&record))).collect()
    }

    fn standings<'v>(incidents: impl IntoIterator<Item = &'v Value>) -> BTreeMap<String, Standing> {
        incidents.into_iter().map(standing).collect()
    }

    /// The two connectors, reading these topics.
    fn start(
        pipeline: &Pipeline,
        log: &str,
        topics: &[&str],
        search: &OpenSearch,
        splunk: &Collector,
    ) -> Program {
        let topics: Vec<String> = topics.iter().map(|topic| pipeline.topic(topic)).collect();
        let environment = [
            ("KAFKA_BROKERS", pipeline.cluster().brokers()),
            ("BRAID_INCIDENTS", &topics.join(",")),
            ("OPENSEARCH_URL", search.address()),
            ("OPENSEARCH_INDEX", INDEX),
            ("OPENSEARCH_USER", "braid"),
            // What a URL would take for something else.
            ("OPENSEARCH_PASSWORD", "p&ss%3Dw+rd"),
            ("SPLUNK_HOST", splunk.address()),
            ("SPLUNK_HTTPS", "false"),
            ("SPLUNK_TOKEN", TOKEN),
            ("SPLUNK_INDEX", "braid"),
        ];
        connect(pipeline.directory(), log, &["opensearch.json", "splunk.json"], &environment)
    }

    /// Somebody comments on two incidents of one tenant, and then merges them. Gives the two.
    fn comment_and_merge(pipeline: &Pipeline) -> [String; 2] {
        let active: Vec<Value> =
            own(pipeline).into_values().filter(|incident| incident["status"] == "active").collect();
        let pair = active.iter().enumerate().find_map(|(place, one)| {
            let other = active[place + 1..].iter().find(|other| other["tenant"] == one["tenant"])?;
            Some([one, other])
        });
        let [one, other] = pair.expect("a tenant has two active incidents");
        let tenant = text(&one["tenant"]);
        let command = |number: usize, more: Value| {
            let mut command = json!({ "id": format!("c-{number}"), "tenant": tenant, "author": "ann" });
            let fields = command.as_object_mut().expect("it is an object");
            fields.extend(more.as_object().expect("it is one, too").clone());
            command.to_string()
        };
        let commands = [
            command(1, json!({ "action": "comment", "incident": one["id"], "text": "Called the user." })),
            command(2, json!({ "action": "comment", "incident": other["id"], "text": "Seen last week." })),
            command(3, json!({ "action": "merge", "incident": one["id"], "from": other["id"] })),
        ];
        pipeline.feed(PEOPLE.name, commands.iter().map(|c| (tenant.as_str(), Some(c.as_bytes()))));
        [text(&one["id"]), text(&other["id"])]
    }

    /// The ticket of the one that went says that it is closed, and for which; the one that stays has both comments, with
    /// who wrote them and when.
    fn assert_merged(documents: &BTreeMap<String, Value>, pair: &[String; 2]) {
        let [one, other] = pair.each_ref().map(|id| &documents[id]);
        let (kept, gone) = if one["status"] == "redirected" { (other, one) } else { (one, other) };
        assert_eq!(gone["status"], "redirected");
        assert_eq!(gone["redirect_incident_id"], kept["id"]);
        assert_eq!(kept["merged_from"].as_array().map(|from| from.contains(&gone["id"])), Some(true));
        let comments = kept["comments"].as_array().expect("it has some");
        let said: Vec<String> = comments.iter().map(|comment| text(&comment["text"])).collect();
        assert_eq!(said, ["Called the user.", "Seen last week."]);
        for comment in comments {
            assert_eq!(comment["author"], "ann");
            assert!(text(&comment["at"]).starts_with("20"), "{comment}");
        }
    }

    /// What the store has of each incident, and that the document's version is the incident's.
    fn documents(search: &OpenSearch) -> BTreeMap<String, Value> {
        let found = search.find(INDEX, "*:*").into_iter();
        let document = |(version, document): (i64, Value)| {
            assert_eq!(document["version"], version, "{}", document["id"]);
            (text(&document["id"]), document)
        };
        found.map(document).collect()
    }

    /// What the query for stores that only append leaves of the events.
    fn latest(query: &str, splunk: &Collector) -> BTreeMap<String, Standing> {
        let rows: Vec<String> = splunk.events().iter().map(|event| event["event"].to_string()).collect();
        let left = readers::latest(&files().join(query), &rows);
        let count = left.len();
        let standings = standings(&left);
        assert_eq!(standings.len(), count, "{query}: each incident once");
        standings
    }

    fn wait_until_written(splunk: &Collector, versions: usize) {
        until(&format!("Splunk has {versions} events"), || splunk.events().len() >= versions);
    }

    /// All that there was once more and backwards, and behind it an incident that nobody has seen. Gives how many records
    /// that is, and that incident's id.
    fn feed_late(pipeline: &Pipeline) -> (usize, String) {
        let mut late: Vec<Value> = pipeline.read("incidents").iter().map(value).collect();
        late.reverse();
        let mut unseen = late[0].clone();
        unseen["id"] = json!("00000000-0000-5000-8000-000000000000");
        unseen["status"] = json!("active");
        late.push(unseen);
        let records: Vec<(String, String)> = late.iter().map(|i| (text(&i["id"]), i.to_string())).collect();
        pipeline.feed(LATE.name, records.iter().map(|(key, value)| (key.as_str(), Some(value.as_bytes()))));
        (late.len(), text(&late[late.len() - 1]["id"]))
    }

    #[test]
    fn a_store_has_the_programs_own_view_whatever_comes_late_or_twice() {
        let pipeline = Pipeline::new("sinks", &[ALERTS, PEOPLE], "");
        pipeline.cluster().create_topic(&pipeline.topic(LATE.name), LATE.partitions, &[]);
        let starting = OpenSearch::start(pipeline.directory().join("opensearch.log"));
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let alerts = invent(20_250_201, 160, 3);
        pipeline.feed(ALERTS.name, alerts.iter().map(|a| (a.id.as_str(), Some(a.json.as_bytes()))));
        pipeline.drain();
        let pair = comment_and_merge(&pipeline);
        pipeline.drain();

        let (search, splunk) = (starting.ready(), Collector::start(TOKEN, BUSY));
        let template = std::fs::read_to_string(files().join("opensearch-index.json")).expect("it is there");
        search.put("/_index_template/braid-incidents", &template);
        let sinks = start(&pipeline, "connect.1.log", &["incidents"], &search, &splunk);
        let own = own(&pipeline);
        assert!(own.values().any(|incident| incident["status"] == "redirected"));
        let versions = pipeline.read("incidents").len();
        assert!(versions > 2 * own.len(), "{versions} versions of {} incidents", own.len());
        until("the store has the last version of each", || documents(&search) == own);
        assert_merged(&documents(&search), &pair);
        let redirected = search.find(INDEX, "status:redirected").len();
        assert_eq!(redirected, own.values().filter(|incident| incident["status"] == "redirected").count());

        // Splunk was busy at first and keeps whatever comes; its query finds the same.
        wait_until_written(&splunk, versions);
        let open: BTreeMap<_, _> =
            standings(own.values()).into_iter().filter(|(_, (_, status))| status != "redirected").collect();
        for query in ["latest.spl", "latest.kql"] {
            assert_eq!(latest(query, &splunk), open, "{query}");
        }
        // It commits and leaves its groups: a new one would wait for a dead one's session to lapse.
        sinks.terminate();

        // Everything comes again, older versions behind newer ones.
        let (late, unseen) = feed_late(&pipeline);
        let sinks = start(&pipeline, "connect.2.log", &["incidents", "late"], &search, &splunk);
        until("the last of what is late is there", || documents(&search).contains_key(&unseen));
        let mut after = documents(&search);
        after.remove(&unseen);
        assert_eq!(after, own, "nothing that is late replaces anything");
        wait_until_written(&splunk, versions + late);
        for query in ["latest.spl", "latest.kql"] {
            let mut left = latest(query, &splunk);
            assert!(left.remove(&unseen).is_some(), "{query}");
            assert_eq!(left, open, "{query}");
        }

        // What braid forgets leaves the store, and the answers of the queries.
        assert_eq!(program.terminate(), Some(0));
        let mut program = pipeline.start_with(0, &FORGETFUL);
        program.wait_until_ready();
        until("the store has forgotten them", || documents(&search).keys().eq([&unseen]));
        for query in ["latest.spl", "latest.kql"] {
            until(&format!("so has {query}"), || latest(query, &splunk).keys().eq([&unseen]));
        }
        assert_eq!(program.terminate(), Some(0));
        sinks.kill();
    }
}
