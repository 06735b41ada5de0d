//! Avro in a Schema Registry's framing, with a real registry that goes away and comes back, written by somebody else's
//! library.

mod on_kafka {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use braid_kafka::Feed;
    use braid_log::Header;
    use braid_tests::http::metric;
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use braid_tests::readers;
    use braid_tests::registry::Registry;
    use braid_tests::standing::{until, until_within};
    use serde_json::{Value, json};
    use tempfile::TempDir;

    const REGISTERED: SourceSpec = SourceSpec {
        name: "registered",
        format: "braid-avro",
        tenant: "{ field = \"tenant\" }",
        partitions: 2,
    };
    const PLAIN: SourceSpec = SourceSpec { name: "plain", format: "braid-json", partitions: 1, ..REGISTERED };

    /// When what is broken must have been told of.
    const TOLD_WITHIN: Duration = Duration::from_secs(10);

    const ALERT: &str = include_str!("../../schemas/alert.avsc");

    /// braid's schema of an alert as somebody else might have it: a field of theirs first, no description, and no default
    /// that braid would not fill in itself.
    fn theirs(field: &str) -> String {
        let mut schema: Value = serde_json::from_str(ALERT).expect("a schema is JSON");
        let fields = schema["fields"].as_array_mut().expect("a record has fields");
        fields.retain(|field| field["name"] != "description");
        fields.insert(0, json!({ "name": field, "type": { "type": "map", "values": "int" } }));
        schema.to_string()
    }

    /// An alert as a record of that schema.
    fn alert(id: &str, field: &str) -> Value {
        let at = 1_770_112_800_000_000_i64;
        json!({
            field: { "night": 3 }, "tenant": "contoso", "provider": "acmeScanner", "id": id, "title": "Port scan",
            "severity": "high", "status": "new", "techniques": ["T1046"], "first_activity": at, "last_activity": at,
            "updated": at, "correlate": "full",
            "evidence": [{ "kind": "host", "role": "source", "tags": [], "addresses": [],
                "identifiers": [{ "kind": "fqdn", "value": "pc1.contoso.azure" }] }],
            "origin": { "source": "", "topic": "", "partition": 0, "offset": 0, "element": 0, "source_time": at,
                "source_time_capped": false },
        })
    }

    /// Alerts in Avro, each the bytes of the record alone.
    fn written(schema: &str, alerts: &[Value]) -> Vec<Vec<u8>> {
        let directory = TempDir::new().expect("there is room");
        let file = directory.path().join("alert.avsc");
        std::fs::write(&file, schema).expect("there is room");
        let lines: Vec<String> = alerts.iter().map(Value::to_string).collect();
        let written = readers::write_avro(&file, &lines);
        written.iter().map(|text| STANDARD.decode(text).expect("it is base64")).collect()
    }

    fn one(schema: &str, alert: Value) -> Vec<u8> {
        written(schema, &[alert]).remove(0)
    }

    fn numbered(id: u32, body: &[u8]) -> Vec<u8> {
        [&[0][..], &id.to_be_bytes(), body].concat()
    }

    fn send(pipeline: &Pipeline, partition: i32, value: &[u8], headers: &[Header]) {
        let feed = Feed::connect(&pipeline.cluster().connection()).expect("the producer is made");
        let topic = pipeline.topic(REGISTERED.name);
        feed.send(&topic, Some(partition), None, Some(value), headers).expect("it is queued");
        feed.flush().expect("it is acknowledged");
    }

    fn plain(pipeline: &Pipeline, id: &str) {
        let alert = format!(
            "{{\"tenant\":\"contoso\",\"provider\":\"acmeScanner\",\"id\":\"{id}\",\"title\":\"Port scan\",\
             \"severity\":\"high\",\"first_activity\":\"2026-02-03T10:00:00Z\",\"evidence\":[]}}"
        );
        pipeline.feed(PLAIN.name, [(id, Some(alert.as_bytes()))]);
    }

    fn committed(pipeline: &Pipeline, source: &str) -> Vec<i64> {
        pipeline.observer("normalise").committed(&pipeline.topic(source))
    }

    fn told(program: &mut Program) -> Value {
        serde_json::from_str(&program.get("/api/integrations").body).expect("it is JSON")
    }

    /// What is told of the source that sends Avro.
    fn source(told: &Value) -> Value {
        let sources = told["sources"].as_array().expect("a list");
        sources.iter().find(|source| source["name"] == REGISTERED.name).expect("it is configured").clone()
    }

    /// The ids of all alerts in the last records of all incidents.
    fn alerts(pipeline: &Pipeline) -> Vec<String> {
        let incidents = pipeline.assert_as_replayed().into_values();
        let ids = incidents.filter(|incident| incident["status"] != "redirected").flat_map(|incident| {
            let alerts = incident["alerts"].as_array().expect("it has alerts").clone();
            alerts.into_iter().map(|alert| alert["id"].as_str().expect("it has an id").to_owned())
        });
        let mut ids: Vec<String> = ids.collect();
        ids.sort();
        ids
    }

    #[test]
    fn a_registry_that_goes_away_holds_back_what_has_an_unknown_id_and_nothing_else() {
        let mut registry = Registry::start();
        registry.set_compatibility("FULL_TRANSITIVE");
        let schemas = [ALERT.to_owned(), theirs("shift"), theirs("room"), order()];
        let ids: Vec<u32> = (0..)
            .zip(&schemas)
            .map(|(at, schema)| registry.register(&format!("feed-{at}"), schema))
            .collect();
        let pipeline = Pipeline::new("registry", &[REGISTERED, PLAIN], &configuration(&registry));
        let mut program = pipeline.start(0);
        program.wait_until_ready();

        // Both framings, and the one that needs no registry.
        let ours = |id: &str| one(ALERT, with_ours(id));
        send(&pipeline, 0, &numbered(ids[0], &ours("a-1")), &[]);
        send(&pipeline, 0, &numbered(ids[1], &one(&schemas[1], alert("a-2", "shift"))), &[]);
        let header = ("__value_schema_id".into(), Some(numbered(ids[1], &[]).into()));
        send(&pipeline, 1, &one(&schemas[1], alert("a-3", "shift")), &[header]);
        send(&pipeline, 1, &numbered(ids[3], &[2, b'x']), &[]);
        until("all of it is read", || committed(&pipeline, REGISTERED.name) == [2, 2]);
        let [letter] = &pipeline.read("dead-letters")[..] else { panic!("one is no alert") };
        assert_eq!(letter.header("braid.error.reason"), Some(&b"incompatible_schema"[..]));

        registry.stop();
        for (id, schema) in [(ids[0], ours("b-1")), (ids[2], one(&schemas[2], alert("b-2", "room")))] {
            send(&pipeline, 0, &numbered(id, &schema), &[]);
        }
        send(&pipeline, 0, &numbered(ids[0], &ours("b-3")), &[]);
        send(&pipeline, 1, &numbered(ids[1], &one(&schemas[1], alert("b-4", "shift"))), &[]);
        plain(&pipeline, "b-5");
        let what = format!("schema id {}, awaited since 2", ids[2]);
        wait_to_be_told(&pipeline, &mut program, &what);
        until("the others go on", || {
            committed(&pipeline, REGISTERED.name) == [3, 3] && committed(&pipeline, PLAIN.name) == [1]
        });
        printed_status_tells_of_it(&pipeline, &program.address(), &what);
        let validated = pipeline.tried("validate --connect");
        assert!(validated.code == Some(1) && validated.stderr.contains("does not answer"), "{validated:?}");

        registry.start_again();
        until("what was held back is read", || committed(&pipeline, REGISTERED.name) == [5, 3]);
        until("the source is well", || source(&told(&mut program))["state"] == "ok");
        program.wait_until_ready();
        pipeline.drain();
        assert_eq!(alerts(&pipeline), ["a-1", "a-2", "a-3", "b-1", "b-2", "b-3", "b-4", "b-5"]);
        assert_eq!(pipeline.read("dead-letters").len(), 1, "nothing more was refused");
        assert_registered(&pipeline, &registry);
        assert_eq!(program.terminate(), Some(0));
        an_incompatible_subject_is_told(&pipeline, &registry);
    }

    #[test]
    fn a_registry_that_is_away_at_the_start_is_waited_for_by_correlation_alone() {
        let away = "[schema_registry]\nurl = \"http://127.0.0.1:1\"\n[[outputs]]\ntopic = \"{name}.incidents.avro\"\n\
                    encoding = \"avro\"\n";
        let pipeline = Pipeline::new("away", &[PLAIN], away);
        let mut program = pipeline.start(0);
        plain(&pipeline, "a-1");
        program.wait_until("it is normalised", |_| committed(&pipeline, PLAIN.name) == [1]);
        let mut last = Value::Null;
        until_within(TOLD_WITHIN, "it is told what is waited for", || {
            last = told(&mut program);
            last["waits"][0].as_str().is_some_and(|what| what.starts_with("the schema registry: "))
                && last["sources"][0]["state"] == "ok"
        });
        let outputs = last["outputs"].as_array().expect("a list");
        assert!(outputs.iter().all(|output| output["state"] == "waiting"), "{last}");
        let status = pipeline.tried(&format!("status --url {}", program.address()));
        assert_eq!(status.code, Some(1), "{}", status.stdout);
        assert!(status.stdout.contains("\nwaits for the schema registry: "), "{}", status.stdout);
        let ready = program.get("/readyz");
        assert!(ready.code == 503 && ready.body.contains("waits for the schema registry: "), "{ready:?}");
        assert_eq!(program.terminate(), Some(0));
        assert!(pipeline.read("incidents").is_empty());
    }

    /// Incidents in Avro beside those in JSON: that needs their schema registered.
    fn configuration(registry: &Registry) -> String {
        format!(
            "[schema_registry]\nurl = {:?}\n[[outputs]]\ntopic = \"{{name}}.incidents.avro\"\nencoding = \"avro\"\n",
            registry.url()
        )
    }

    fn with_ours(id: &str) -> Value {
        let mut alert = alert(id, "shift");
        alert.as_object_mut().expect("it is one").remove("shift");
        alert
    }

    /// A record that has nothing to do with alerts.
    fn order() -> String {
        json!({ "type": "record", "name": "Order", "fields": [{ "name": "id", "type": "string" }] })
            .to_string()
    }

    fn wait_to_be_told(pipeline: &Pipeline, program: &mut Program, what: &str) {
        let place = format!("{}/0", pipeline.topic(REGISTERED.name));
        let mut last = Value::Null;
        until_within(TOLD_WITHIN, "the one that waits is told", || {
            last = told(program);
            let trouble = &source(&last)["troubles"][0];
            trouble["place"] == place.as_str()
                && trouble["what"].as_str().is_some_and(|told| told.contains(what))
                && last["schema_registry"]["state"] == "broken"
        });
        let sources = last["sources"].as_array().expect("a list");
        assert!(
            sources.iter().any(|source| source["name"] == PLAIN.name && source["state"] != "broken"),
            "{last}"
        );
        let metrics = program.get("/metrics").body;
        let labels = [("topic", &*pipeline.topic(REGISTERED.name)), ("partition", "0")];
        assert!(metric(&metrics, "braid_schema_awaited_timestamp_seconds", &labels) > 1e9, "{metrics}");
    }

    fn printed_status_tells_of_it(pipeline: &Pipeline, address: &str, what: &str) {
        let status = pipeline.tried(&format!("status --url {address}"));
        assert_eq!(status.code, Some(1), "{}", status.stdout);
        assert!(status.stdout.contains(what), "{}", status.stdout);
    }

    /// The records of the output are framed with the id that the registry has their schema under, and somebody else's
    /// library reads them by it.
    fn assert_registered(pipeline: &Pipeline, registry: &Registry) {
        let records = pipeline.read("incidents.avro");
        let value = records[0].value.as_deref().expect("an incident");
        let ([0, id @ ..], _) = value.split_first_chunk::<5>().expect("it is framed") else {
            panic!("{:02X?}", &value[..5])
        };
        let schema: Value =
            serde_json::from_str(&registry.schema(u32::from_be_bytes(*id))).expect("a schema is JSON");
        assert_eq!((&schema["namespace"], &schema["name"]), (&json!("braid.v1"), &json!("Incident")));
        let directory = TempDir::new().expect("there is room");
        let file = directory.path().join("incident.avsc");
        std::fs::write(&file, schema.to_string()).expect("there is room");
        // The reader is told of single-object encoding, whose beginning is ten bytes.
        let lines: Vec<String> = records
            .iter()
            .filter_map(|record| record.value.as_deref())
            .map(|value| STANDARD.encode([b"\xC3\x01--------", &value[5..]].concat()))
            .collect();
        let read = readers::read(&["avro", file.to_str().expect("it is text")], &lines);
        assert_eq!(read.len(), lines.len());
    }

    /// Somebody else's records are under the subject already: the registry refuses ours, and so the run ends and says so.
    fn an_incompatible_subject_is_told(pipeline: &Pipeline, registry: &Registry) {
        registry.register(&format!("{}-value", pipeline.topic("incidents.avro2")), &order());
        pipeline.reconfigure("incidents.avro\"", "incidents.avro2\"");
        let ended = pipeline.tried("run");
        assert_ne!(ended.code, Some(0));
        let said = ended.stdout + &ended.stderr;
        assert!(said.contains("finds the schema incompatible"), "{said}");
    }

    /// Apicurio knows no GUIDs (asked for one, it has no such path), so this one, which knows nothing else, stands in for a
    /// registry that does.
    fn registry_of_guids(guid: &'static str, schema: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it has one");
        let answer = move |line: &str| {
            if line.starts_with(&format!("GET /schemas/guids/{guid} ")) {
                ("200 OK", json!({ "schema": schema, "guid": guid }).to_string())
            } else if line.starts_with("GET /schemas/types ") {
                ("200 OK", "[\"AVRO\"]".to_owned())
            } else {
                ("404 Not Found", "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}".to_owned())
            }
        };
        std::thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let mut reader = BufReader::new(connection.try_clone().expect("it can be shared"));
                let mut lines = Vec::new();
                while lines.last().is_none_or(|line: &String| line.trim() != "") {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        break;
                    }
                    lines.push(line);
                }
                let (status, body) = answer(lines.first().map_or("", String::as_str));
                // A client that has gone is none of ours.
                let _ = write!(
                    connection,
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        format!("http://{address}")
    }

    #[test]
    fn a_schema_is_found_by_the_guid_in_a_header() {
        const GUID: &str = "89791762-2336-4186-9674-299b90a802e2";
        let schema = theirs("shift");
        let url = registry_of_guids(GUID, schema.clone());
        let pipeline = Pipeline::new("guids", &[REGISTERED], &format!("[schema_registry]\nurl = {url:?}\n"));
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let bytes: Vec<u8> = (0..GUID.len())
            .filter(|at| GUID.as_bytes()[*at] != b'-')
            .collect::<Vec<_>>()
            .chunks(2)
            .map(|pair| u8::from_str_radix(&GUID[pair[0]..=pair[1]], 16).expect("it is hexadecimal"))
            .collect();
        let header: Header = ("__value_schema_id".into(), Some([&[1][..], &bytes].concat().into()));
        send(&pipeline, 0, &one(&schema, alert("g-1", "shift")), &[header]);
        pipeline.drain();
        assert_eq!(alerts(&pipeline), ["g-1"]);
        assert_eq!(program.terminate(), Some(0));
    }
}
