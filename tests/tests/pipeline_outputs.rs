//! Every output at once on a real Apache Kafka: each is what somebody else's reader takes it for, and a table of it has
//! exactly the incidents that the program has.

mod on_kafka {
    use std::collections::BTreeMap;
    use std::path::Path;

    use braid_log::Record;
    use braid_tests::invention::invent;
    use braid_tests::pipeline::{FORGETFUL, Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use braid_tests::readers;
    use braid_tests::standing::until;
    use serde_json::Value;

    const SOURCE: SourceSpec = SourceSpec {
        name: "invented",
        format: "braid-json",
        tenant: "{ field = \"tenant\" }",
        partitions: 3,
    };
    /// Real alerts, which name what nobody would invent.
    const RECORDED: SourceSpec = SourceSpec {
        name: "recorded",
        format: "sentinel-security-alert",
        tenant: "\"contoso\"",
        partitions: 2,
    };
    const FORMS: [&str; 5] = ["json", "avro", "ocsf", "ecs", "cef"];
    /// Not the number of the topic that holds the same.
    const PARTITIONS: u32 = 7;

    /// Where an incident stands, as an output tells it.
    type Standing = (i64, String);

    fn pipeline() -> Pipeline {
        let output = |form: &str, holds: &str| {
            format!(
                "[[outputs]]\ntopic = \"{{name}}.{holds}.{form}\"\nholds = {holds:?}\nencoding = {form:?}\n\
                 partitions = {PARTITIONS}\n"
            )
        };
        let both = |form: &&str| [output(form, "incidents"), output(form, "incident-events")];
        Pipeline::new("outputs", &[SOURCE, RECORDED], &FORMS.iter().flat_map(both).collect::<String>())
    }

    /// The program's own view: every incident that its console lists, merged ones included.
    fn listed(program: &mut Program) -> BTreeMap<String, Standing> {
        let answer = program.get("/api/incidents?limit=500&status=active,resolved,redirected");
        let answer: Value = serde_json::from_str(&answer.body).expect("it is JSON");
        let listed = answer["incidents"].as_array().expect("it is a list");
        assert!(listed.len() < 500, "the list is whole");
        listed.iter().map(|incident| (text(&incident["id"]), standing(incident))).collect()
    }

    fn text(value: &Value) -> String {
        value.as_str().expect("it is a text").to_owned()
    }

    fn standing(incident: &Value) -> Standing {
        (incident["version"].as_i64().expect("it is a number"), text(&incident["status"]))
    }

    fn line(record: &Record) -> String {
        String::from_utf8(record.value.clone().expect("it has a value").into()).expect("it is text")
    }

    fn in_base64(record: &Record) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for three in record.value.as_deref().expect("it has a value").chunks(3) {
            let bits =
                three.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
            for digit in 0..4 {
                let six = (bits >> (18 - 6 * digit)) & 63;
                text.push(if digit <= three.len() { char::from(DIGITS[six as usize]) } else { '=' });
            }
        }
        text
    }

    /// What a reader that is not braid's makes of records of a form; ECS is plain JSON, which any reader reads.
    fn read(form: &str, holds: &str, records: &[Record]) -> Vec<Value> {
        let lines = || records.iter().map(line).collect::<Vec<_>>();
        match form {
            "json" => lines().iter().map(|line| serde_json::from_str(line).expect("it is JSON")).collect(),
            "ecs" => {
                let documents = lines();
                let documents =
                    documents.iter().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
                let read = documents.map(|document| {
                    serde_json::json!({
                        "id": document["event"]["id"],
                        "version": document["event"]["sequence"],
                        "status": document["braid"]["status"],
                    })
                });
                read.collect()
            }
            "avro" => {
                let name = if holds == "incidents" { "incident" } else { "incident-event" };
                let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../schemas/{name}.avsc"));
                let schema = schema.to_str().expect("it is text");
                readers::read(&["avro", schema], &records.iter().map(in_base64).collect::<Vec<_>>())
            }
            form => readers::read(&[form], &lines()),
        }
    }

    /// Every incident of a form's table, with how many alerts it has there, if it says so.
    fn table(pipeline: &Pipeline, form: &str) -> BTreeMap<String, (Standing, Option<Value>)> {
        let records: Vec<Record> = pipeline.table(&format!("incidents.{form}")).into_values().collect();
        let read = read(form, "incidents", &records).into_iter().zip(&records);
        let told = read.map(|(incident, record)| {
            let id = text(&incident["id"]);
            assert_eq!(record.key.as_deref(), Some(id.as_bytes()), "{form}");
            let alerts = match &incident["alerts"] {
                Value::Array(alerts) => Some(alerts.len().into()),
                Value::Null => None,
                number => Some(number.clone()),
            };
            (id, (standing(&incident), alerts))
        });
        told.collect()
    }

    fn assert_same_table(pipeline: &Pipeline, listed: &BTreeMap<String, Standing>) {
        let native = table(pipeline, "json");
        for form in FORMS {
            let table = table(pipeline, form);
            let standings: BTreeMap<_, _> =
                table.iter().map(|(id, (standing, _))| (id.clone(), standing.clone())).collect();
            assert_eq!(standings, *listed, "a table of {form} and the console's list");
            // A line of CEF counts also the alerts that a flood only counts.
            for (id, (_, alerts)) in
                table.into_iter().filter(|(_, (_, alerts))| form != "cef" && alerts.is_some())
            {
                assert_eq!(alerts, native[&id].1, "{form}: the alerts of {id}");
            }
        }
    }

    fn assert_same_changes(pipeline: &Pipeline) {
        let native = changes(pipeline, "json");
        assert_eq!(native.len(), pipeline.read("incident-events").len());
        for form in FORMS {
            assert_eq!(changes(pipeline, form), native, "the changes in {form}");
        }
    }

    /// The changes of a form, by incident and in order.
    fn changes(pipeline: &Pipeline, form: &str) -> Vec<(String, Standing)> {
        let records = pipeline.read(&format!("incident-events.{form}"));
        let read = read(form, "incident-events", &records).into_iter().zip(&records);
        let told = read.map(|(change, record)| {
            let id = line_of(record.key.as_deref());
            assert!(change["id"].is_null() || change["id"] == id.as_str(), "{form}: {change}");
            (id, standing(&change))
        });
        let mut told: Vec<_> = told.collect();
        told.sort();
        told
    }

    fn line_of(bytes: Option<&[u8]>) -> String {
        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
    }

    fn assert_partitions_of_jvm(pipeline: &Pipeline) {
        let ours: BTreeMap<String, i32> = pipeline
            .read("incidents.ocsf")
            .into_iter()
            .map(|record| (line_of(record.key.as_deref()), record.partition))
            .collect();
        let keys: Vec<String> = ours.keys().cloned().collect();
        assert_eq!(readers::partitions_of_jvm(pipeline.cluster(), &keys, PARTITIONS), ours);
        let used: std::collections::BTreeSet<i32> = ours.into_values().collect();
        assert!(used.len() > 3, "keys that all lie in {used:?} prove little");
    }

    /// Real alerts, where they are at hand.
    fn recorded() -> Vec<String> {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/defender-xdr/alerts.jsonl");
        let Ok(text) = std::fs::read_to_string(&file) else {
            eprintln!("no recorded alerts at {}: the invented ones alone", file.display());
            return Vec::new();
        };
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_output_is_what_others_take_it_for_and_has_exactly_the_programs_own_view() {
        let pipeline = pipeline();
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let alerts = invent(20_250_201, 440, 5);
        pipeline.feed(SOURCE.name, alerts.iter().map(|a| (a.id.as_str(), Some(a.json.as_bytes()))));
        let recorded = recorded();
        pipeline.feed(RECORDED.name, recorded.iter().map(|row| ("", Some(row.as_bytes()))));
        pipeline.drain();
        let shown = listed(&mut program);
        assert!(shown.values().any(|(_, status)| status == "redirected"), "some were merged: {shown:?}");
        assert_same_table(&pipeline, &shown);
        assert_same_changes(&pipeline);
        assert_partitions_of_jvm(&pipeline);
        assert_eq!(pipeline.read("dead-letters"), []);
        assert_eq!(program.terminate(), Some(0));

        // One that forgets at once: what it knows no longer leaves every table.
        let mut program = pipeline.start_with(0, &FORGETFUL);
        program.wait_until_ready();
        until("the console has forgotten them", || listed(&mut program).is_empty());
        for form in FORMS {
            until(&format!("so has a table of {form}"), || {
                pipeline.table(&format!("incidents.{form}")).is_empty()
            });
        }
        assert_eq!(program.terminate(), Some(0));
    }
}
