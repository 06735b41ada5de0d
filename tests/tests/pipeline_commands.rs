//! Commands and a directory on a real Apache Kafka: each command is answered once, whenever the process dies.

mod on_kafka {
    use std::collections::BTreeMap;

    use braid_log::Record;
    use braid_tests::http::metric;
    use braid_tests::invention::invent;
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use serde_json::{Value, json};

    const TENANT: &str = "{ field = \"tenant\" }";
    const ALERTS: SourceSpec =
        SourceSpec { name: "invented", format: "braid-json", tenant: TENANT, partitions: 3 };
    const COMMANDS: SourceSpec =
        SourceSpec { name: "people", format: "braid-command-json", tenant: TENANT, partitions: 1 };
    const DIRECTORY: SourceSpec =
        SourceSpec { name: "directory", format: "braid-directory-json", tenant: TENANT, partitions: 2 };
    const TENANTS: u64 = 3;
    /// Commands about incidents, of which some are not to be carried out.
    const COMMANDS_SENT: usize = 60;
    /// Of these nothing can be read.
    const MISSPELT: usize = 4;

    fn feed_alerts(pipeline: &Pipeline, from: usize, to: usize) {
        let alerts = invent(20_250_207, to, TENANTS);
        let records = alerts[from..].iter().map(|alert| (alert.id.as_str(), Some(alert.json.as_bytes())));
        pipeline.feed(ALERTS.name, records);
    }

    /// Every user of every tenant; the alerts name them by principal name only.
    fn feed_directory(pipeline: &Pipeline, title: &str) {
        for (tenant, user) in (0..TENANTS).flat_map(|tenant| (0..9).map(move |user| (tenant, user))) {
            let key = format!("tenant-{tenant}/guid-{user}");
            let value = json!({
                "kind": "user", "onPremises": true, "sid": format!("S-1-5-21-1-2-3-{user}"),
                "upn": format!("U{user}@example.com"), "title": title, "tags": ["sensitive"],
            });
            let value = value.to_string();
            let deleted = title == "second" && user == 8;
            pipeline.feed(DIRECTORY.name, [(&*key, (!deleted).then_some(value.as_bytes()))]);
        }
    }

    /// The incidents as they stand now.
    fn incidents(pipeline: &Pipeline) -> Vec<Value> {
        let mut last = BTreeMap::new();
        for record in pipeline.read("incidents") {
            let value = serde_json::from_slice(&record.value.expect("no tombstones")).expect("it is JSON");
            last.insert(record.key, value);
        }
        last.into_values().filter(|incident: &Value| incident["status"] == "active").collect()
    }

    /// What is to be done to one incident, in turn; the last of them cannot be done.
    fn action(number: usize, incident: &Value, other: &Value) -> Value {
        let alert = |of: &Value| json!({ "provider": of["provider"], "id": of["id"] });
        match number % 9 {
            0 => json!({ "action": "assign", "assignee": "ann", "group": "night shift" }),
            1 => json!({ "action": "comment", "text": "Called the user." }),
            2 => json!({ "action": "tag", "add": ["vip"] }),
            3 => json!({ "action": "classify", "classification": "truePositive", "determination": "apt" }),
            4 => json!({ "action": "merge", "from": other["id"] }),
            5 => json!({ "action": "split", "alerts": [alert(&incident["alerts"][0])] }),
            6 => json!({ "action": "assign", "assignee": "bob", "expectedVersion": 1_000_000 }),
            7 => json!({ "action": "resolve" }),
            _ => json!({ "action": "reopen", "incident": "00000000-0000-5000-8000-000000000000" }),
        }
    }

    fn commands(incidents: &[Value]) -> Vec<(String, String)> {
        let command = |number: usize| {
            let incident = &incidents[number * 7 % incidents.len()];
            let of_tenant =
                |other: &&Value| other["tenant"] == incident["tenant"] && other["id"] != incident["id"];
            let other = incidents.iter().find(of_tenant).unwrap_or(incident);
            let mut command = action(number, incident, other);
            let fields = command.as_object_mut().expect("it is an object");
            fields.entry("incident").or_insert_with(|| incident["id"].clone());
            fields.insert("id".into(), format!("c-{number}").into());
            fields.insert("tenant".into(), incident["tenant"].clone());
            fields.insert("author".into(), "ann".into());
            (incident["tenant"].as_str().expect("it has one").to_owned(), command.to_string())
        };
        (0..COMMANDS_SENT).map(command).collect()
    }

    fn feed_commands(pipeline: &Pipeline, commands: &[(String, String)]) {
        let record = |(tenant, command): &(String, String)| (tenant.clone(), command.clone().into_bytes());
        let records: Vec<_> = commands.iter().map(record).collect();
        pipeline
            .feed(COMMANDS.name, records.iter().map(|(key, value)| (key.as_str(), Some(value.as_slice()))));
    }

    fn header<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
        let (_, value) = record.headers.iter().find(|(found, _)| **found == *name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// How each command was answered: the reasons of its dead letters, and how many changes name it.
    fn answers(pipeline: &Pipeline) -> BTreeMap<String, (Vec<String>, usize)> {
        let mut answers: BTreeMap<String, (Vec<String>, usize)> = BTreeMap::new();
        for event in pipeline.read("incident-events") {
            let change: Value =
                serde_json::from_slice(&event.value.expect("no tombstones")).expect("it is JSON");
            if let Some(id) = change["command"]["id"].as_str() {
                assert_eq!(change["command"]["author"], "ann");
                answers.entry(id.to_owned()).or_default().1 += 1;
            }
        }
        for letter in pipeline.read("dead-letters") {
            if let Some(id) = header(&letter, "braid.command.id") {
                let reason = header(&letter, "braid.error.reason").expect("it has a reason").to_owned();
                answers.entry(id.to_owned()).or_default().0.push(reason);
            }
        }
        answers
    }

    #[test]
    fn every_command_is_answered_once_and_the_directory_is_known_though_the_process_is_killed() {
        let pipeline = Pipeline::new("commands", &[ALERTS, COMMANDS, DIRECTORY], "");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        feed_directory(&pipeline, "first");
        feed_alerts(&pipeline, 0, 150);
        pipeline.drain();

        let commands = commands(&incidents(&pipeline));
        kill_amid(&pipeline, program, &commands);
        let mut program = pipeline.start(0);
        feed_alerts(&pipeline, 200, 230);
        pipeline.drain();
        program.wait_until_ready();
        let again = r#"{"id":"again","tenant":"tenant-0","author":"ann","action":"excludeEntity","entity":{"kind":"upn","value":"u1@example.com"},"excluded":true}"#;
        feed_commands(&pipeline, &[("tenant-0".to_owned(), again.to_owned())]);
        pipeline.drain();
        let metrics = program.get("/metrics").body;
        let excluded = metric(&metrics, "braid_commands_total", &[("action", "excludeEntity")]);
        assert_eq!(excluded, 1.0, "the entity has been found again after the restart: {metrics}");
        assert_eq!(program.terminate(), Some(0));

        assert_answered_once(&pipeline);
        let incidents = pipeline.assert_as_replayed();
        assert_directory_known(&incidents);
        let resolved = incidents.values().filter(|incident| incident["closed"] == "command").count();
        let assigned = incidents.values().filter(|incident| incident["assignee"] == "ann").count();
        assert!(resolved > 0 && assigned > 0, "resolved {resolved}, assigned {assigned}");
        assert_told_from_topics(&pipeline, &incidents);
    }

    #[test]
    fn the_topics_of_directory_and_commands_are_made_if_they_are_missing_and_the_cluster_is_probed() {
        let pipeline = Pipeline::new("inputs", &[ALERTS, COMMANDS, DIRECTORY], "");
        let (directory, commands) = (pipeline.topic("who-is-who"), pipeline.topic("wishes"));
        let [directories, wishes] = [&directory, &commands].map(|topic| format!("[{topic:?}]"));
        let elsewhere =
            [("BRAID__SOURCES__2__TOPICS", &*directories), ("BRAID__SOURCES__1__TOPICS", &*wishes)];
        let text = |printed: Vec<u8>| String::from_utf8(printed).expect("it is text");
        let created = text(pipeline.braid_with("topics --create", &elsewhere));
        for topic in [&directory, &commands] {
            assert!(created.contains(&format!("created {topic}: ")), "{created}");
        }
        let again = text(pipeline.braid_with("topics --create", &elsewhere));
        assert!(
            !again.contains("created ") && !again.contains(&directory),
            "they are taken as they are: {again}"
        );
        let probed = text(pipeline.braid_with("validate --connect", &elsewhere));
        assert!(probed.contains("so are the topics, the groups and the transactions"), "{probed}");
        let printed = text(pipeline.braid_with("topics", &elsewhere));
        let of_directory = printed.split("kafka-topics.sh").find(|command| command.contains(&directory));
        assert!(of_directory.is_some_and(|command| command.contains("cleanup.policy=compact")), "{printed}");
    }

    /// Sends half of the commands, kills the process as soon as it answers, sends the rest while nobody is there.
    fn kill_amid(
        pipeline: &Pipeline,
        mut program: braid_tests::program::Program,
        commands: &[(String, String)],
    ) {
        let (observer, events) = (pipeline.observer("correlate"), pipeline.topic("incident-events"));
        let end = || observer.ends(&events).iter().sum::<i64>();
        let before = end();
        let (first, rest) = commands.split_at(commands.len() / 2);
        feed_commands(pipeline, first);
        feed_alerts(pipeline, 150, 200);
        program.wait_until("it answers", |_| end() >= before + 5);
        program.kill();
        feed_directory(pipeline, "second");
        feed_commands(pipeline, rest);
        let (tenant, command) = &commands[0];
        let misspelt = command.replace("\"assignee\"", "\"asignee\"").replace("c-0", "misspelt");
        for _ in 0..MISSPELT {
            feed_commands(pipeline, &[(tenant.clone(), misspelt.clone())]);
        }
    }

    fn assert_answered_once(pipeline: &Pipeline) {
        let mut answers = answers(pipeline);
        // It concerns no incident if the entity has none any more; whether it was carried out is counted.
        answers.remove("again");
        let ids: Vec<String> = (0..COMMANDS_SENT).map(|number| format!("c-{number}")).collect();
        let unanswered: Vec<_> = ids.iter().filter(|id| !answers.contains_key(*id)).collect();
        assert!(unanswered.is_empty(), "commands without an answer: {unanswered:?}");
        assert_eq!(answers.len(), COMMANDS_SENT, "{answers:?}");
        for (id, (letters, changes)) in &answers {
            assert!(
                letters.len() + usize::from(*changes > 0) == 1,
                "{id} is answered by {letters:?} and {changes} changes"
            );
        }
        for reason in ["version_mismatch", "unknown_incident"] {
            assert!(
                answers.values().any(|(letters, _)| letters.iter().any(|l| l == reason)),
                "{reason}: {answers:?}"
            );
        }
        let carried_out = answers.values().filter(|(_, changes)| *changes > 0).count();
        assert!(carried_out >= COMMANDS_SENT / 4, "{carried_out} carried out: {answers:?}");
        let letters = pipeline.read("dead-letters");
        let misspelt =
            letters.iter().filter(|letter| header(letter, "braid.error.reason") == Some("unexpected_field"));
        assert_eq!(misspelt.count(), MISSPELT, "what cannot be read does nothing");
    }

    /// The alerts name users by principal name; their SIDs stand in the directory only.
    /// `braid explain` tells an incident from the two topics, and what its events alone say.
    fn assert_told_from_topics(pipeline: &Pipeline, incidents: &BTreeMap<String, Value>) {
        let changes = pipeline.read("incident-events").into_iter();
        let changes: Vec<Value> = changes
            .map(|change| serde_json::from_slice(&change.value.expect("no tombstones")).expect("it is JSON"))
            .collect();
        // Of one that alerts were taken out of, the alert that opened it may be somewhere else.
        let is_whole = |id: &str| !changes.iter().any(|c| c["incident"] == id && c["reason"] == "alertsLeft");
        let stands = |i: &Value| i["status"] != "redirected" && i["opened"] == "late";
        let mut standing = incidents.iter().filter(|(id, incident)| stands(incident) && is_whole(id));
        let (id, incident) = standing.next().expect("one stands");
        let told = String::from_utf8(pipeline.braid(&format!("explain {id}"))).expect("it is text");
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = incident["title"].as_str().expect("it has one");
        assert!(flat.starts_with(&title.split_whitespace().collect::<Vec<_>>().join(" ")), "{told}");
        assert!(
            flat.contains("opened it: it came so late that no incident near its time"),
            "only its events tell that: {told}"
        );
    }

    fn assert_directory_known(incidents: &BTreeMap<String, Value>) {
        let users =
            incidents.values().flat_map(|incident| incident["entities"].as_array().into_iter().flatten());
        let users: Vec<&Value> = users.filter(|entity| entity["kind"] == "user").collect();
        let listed = users.iter().filter(|user| {
            let identifiers = user["identifiers"].as_array().into_iter().flatten();
            identifiers.into_iter().any(|identifier| identifier["kind"] == "sid")
                && user["on_premises"] == true
        });
        let (listed, users) = (listed.count(), users.len());
        assert!(listed * 10 >= users * 9 && users > 10, "{listed} of {users} users have their SID");
    }
}
