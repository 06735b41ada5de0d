use std::process::{Command, Stdio};

use braid_alert::{Alert, Origin, Tenant};
use braid_wire::{Format, SourceRules, TenantRule, decode, own};
use expect_test::expect;

use crate::support::{Files, alert, cef};

const GUID: &str = "cb95648e-1b6f-4d3b-81b9-7605532787d7";

fn alerts(out: &str) -> Vec<Alert> {
    out.lines().map(|line| own::alert_from_json(line.as_bytes()).expect("each line is an alert")).collect()
}

fn ids(out: &str) -> String {
    alerts(out).iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_refused_is_told_with_its_place_and_the_rest_goes_through() {
    let files = Files::new();
    let lines = [&alert("a1", 0, "h", "u"), "{\"tenant\":", "", "nonsense", &alert("a2", 1, "h", "u")];
    files.write("a.jsonl", lines.join("\n"));
    let ran = files.braid("decode --format braid-json a.jsonl");
    assert_eq!((ran.code, ids(&ran.out)), (Some(1), "a1 a2".to_owned()));
    let told: Vec<&str> = ran.err.lines().map(|line| line.rsplitn(2, ": ").last().unwrap()).collect();
    assert!(told[0].starts_with("a.jsonl:2: truncated"), "{told:?}");
    assert!(told[1].starts_with("a.jsonl:4: unknown_format"), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_bad_element_of_a_list_is_told_by_its_number() {
    let files = Files::new();
    files.write("a.json", format!("[\n{},\n{{}},\n{}]", alert("a1", 0, "h", "u"), alert("a2", 1, "h", "u")));
    let ran = files.braid("decode --format braid-json a.json");
    assert_eq!((ran.code, ids(&ran.out)), (Some(1), "a1 a2".to_owned()));
    assert!(ran.err.starts_with("a.json:3:1: missing_tenant"), "{}", ran.err);
    assert!(ran.err.contains("--tenant gives it one"), "{}", ran.err);
    let elements: Vec<i32> = alerts(&ran.out).iter().map(|alert| alert.origin.element).collect();
    assert_eq!(elements, [0, 2]);
}

#[test]
fn a_list_larger_than_any_record_may_be_is_read_element_by_element() {
    let files = Files::new();
    let one = |n: usize| alert(&format!("a{n}"), 0, "h", "u");
    let page = format!("{{\"records\":[{}]}}", (0..12_000).map(one).collect::<Vec<_>>().join(","));
    assert!(page.len() > braid_wire::RECORD_BYTES_MAX);
    files.write("page.json", page);
    assert_eq!(files.braid("decode --format braid-json page.json").good().lines().count(), 12_000);
}

#[test]
fn bytes_that_are_no_text_spoil_their_own_line_only() {
    let files = Files::new();
    let bytes =
        [cef(GUID, 1, "CLIENT1").as_bytes(), b"\xFF\xFE\n", cef(GUID, 2, "CLIENT1").as_bytes()].join(&b'\n');
    let ran = files.braid_fed("decode --format mdi-cef -", &bytes);
    assert_eq!((ran.code, alerts(&ran.out).len()), (Some(1), 2));
    assert!(ran.err.starts_with("-:2: invalid_utf8"), "{}", ran.err);
}

#[test]
fn an_alert_says_where_it_stood_when_it_arrived_and_whose_it_is() {
    let files = Files::new();
    files.write("a.cef", format!("\n{}\n", cef(GUID, 7, "CLIENT1")));
    let out = files.braid("decode --format mdi-cef a.cef").good();
    let alert = alerts(&out).remove(0);
    assert_eq!((alert.tenant.as_str(), alert.id.as_str()), ("default", GUID));
    assert_eq!((&*alert.origin.topic, alert.origin.offset, &*alert.origin.source), ("a.cef", 1, "mdi-cef"));
    assert_eq!(alert.origin.source_time.to_string(), "2026-03-02T10:07:30Z", "the time of the syslog line");
    let out = files.braid("decode --tenant contoso --format mdi-cef a.cef").good();
    assert_eq!(alerts(&out)[0].tenant.as_str(), "contoso");
}

#[test]
fn what_decode_writes_it_reads() {
    let files = Files::new();
    let lines = format!("{}\n{}\n", alert("a1", 0, "h", "u"), alert("a2", 1, "h2", "u2"));
    let once = files.braid_fed("decode -f braid-json -", lines.as_bytes()).good();
    let twice = files.braid_fed("decode -f braid-json -", once.as_bytes()).good();
    assert_eq!(once, twice);
}

#[test]
fn avro_is_read_one_record_a_file_or_each_behind_its_length() {
    let files = Files::new();
    let records: Vec<Vec<u8>> = [alert("a1", 0, "h", "u"), alert("a2", 1, "h", "u")]
        .iter()
        .map(|line| own::alert_to_avro(&own::alert_from_json(line.as_bytes()).unwrap()))
        .collect();
    files.write("one.avro", &records[0]);
    assert_eq!(ids(&files.braid("decode -f braid-avro one.avro").good()), "a1");
    let framed: Vec<u8> = records
        .iter()
        .flat_map(|record| [&u32::try_from(record.len()).unwrap().to_be_bytes(), record.as_slice()].concat())
        .collect();
    files.write("two.avro", &framed);
    assert_eq!(ids(&files.braid("decode -f braid-avro two.avro").good()), "a1 a2");
    files.write("cut.avro", &framed[..framed.len() - 1]);
    let ran = files.braid("decode -f braid-avro cut.avro");
    assert_eq!((ran.code, ids(&ran.out)), (Some(1), "a1".to_owned()));
    assert!(ran.err.starts_with("cut.avro:2: truncated"), "{}", ran.err);
    files.write("container.avro", b"Obj\x01whatever");
    let ran = files.braid("decode -f braid-avro container.avro");
    assert!(ran.code == Some(1) && ran.err.contains("object container"), "{ran:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_no_refusal() {
    let ran = Files::new().braid("decode -f braid-json nowhere.json");
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("nowhere.json"), "{}", ran.err);
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let files = Files::new();
    files.write("a.jsonl", format!("{}\n", alert("a1", 0, "h", "u")).repeat(5_000));
    let mut child = Command::new(env!("CARGO_BIN_EXE_braid"))
        .args(["decode", "-f", "braid-json"])
        .arg(files.path("a.jsonl"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_directory_and_commands_are_checked_too() {
    let files = Files::new();
    let user = |sid: &str| {
        format!(
            r#"{{"tenant":"contoso","object":"{sid}","kind":"user","onPremises":true,"sid":"{sid}","samAccountName":"ann"}}"#
        )
    };
    files.write("people.jsonl", format!("{}\n{}\n", user("S-1-5-21-1-2-3-1104"), user("S-1-5-18")));
    let ran = files.braid("decode -f braid-directory-json people.jsonl");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("people.jsonl:2: unknown_value: sid is \"S-1-5-18\""), "{}", ran.err);
    assert!(ran.out.contains(r#""object":"S-1-5-21-1-2-3-1104","kind":"user""#), "{}", ran.out);
    assert_eq!(files.braid_fed("decode -f braid-directory-json -", ran.out.as_bytes()).good(), ran.out);

    let command = |action: &str| {
        format!(
            r#"{{"id":"c-{action}","author":"ann","action":"{action}","text":"ok","incident":"b28af616-3eb5-5174-856b-7bb8f4295596"}}"#
        )
    };
    files.write("commands.json", format!("[{},{}]", command("comment"), command("coment")));
    let ran = files.braid("decode -f braid-command-json --tenant contoso commands.json");
    assert_eq!((ran.code, ran.out.lines().count()), (Some(1), 1));
    assert!(
        ran.out.contains(r#""id":"c-comment""#) && ran.out.contains(r#""tenant":"contoso""#),
        "{}",
        ran.out
    );
    assert!(ran.err.starts_with("commands.json:1:1: unknown_value"), "{}", ran.err);
}

#[test]
fn of_threat_intelligence_each_object_is_told_and_the_whole_is_counted() {
    let files = Files::new();
    let indicator = |id: &str, rest: &str| {
        format!(
            r#"{{"type":"indicator","id":"indicator--{id}","modified":"2026-01-12T08:00:00Z","valid_from":"2026-01-10T08:00:00Z",{rest}}}"#
        )
    };
    let objects = [
        indicator(
            "1",
            r#""name":"Loader","valid_until":"2026-06-01T00:00:00Z","confidence":85,"indicator_types":["malicious-activity"],
            "pattern":"[ipv4-addr:value = '203.0.113.9' AND domain-name:value = 'a.b'] OR [url:value = 'https://a.b/c']""#,
        ),
        indicator("2", r#""confidence":101,"pattern":"[file:hashes.MD5 = '4475064c5f6a5474e31f2f3dfafc22ed']""#),
        indicator("3", r#""pattern":"[file:name = 'a.exe']""#),
        indicator("4", r#""revoked":true"#),
        r#"{"type":"threat-actor","id":"threat-actor--5","modified":"2026-01-12T08:00:00Z","name":"Copper Finch","primary_motivation":"personal-gain"}"#
            .to_owned(),
        r#"{"type":"relationship","id":"relationship--6","modified":"2026-01-12T08:00:00Z","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"threat-actor--5"}"#
            .to_owned(),
        r#"{"type":"report","id":"report--7","modified":"2026-01-12T08:00:00Z"}"#.to_owned(),
    ];
    let bundle =
        format!("{{\"type\":\"bundle\",\"id\":\"bundle--0\",\"objects\":[\n{}\n]}}", objects.join(",\n"));
    files.write("feed.json", bundle);
    let ran = files.braid("decode --format stix-indicator feed.json");
    expect![[r#"
        {"type":"indicator","id":"indicator--1","modified":"2026-01-12T08:00:00Z","name":"Loader","looks_for":{"any":[{"all":[{"kind":"address","value":"203.0.113.9"},{"kind":"domain","value":"a.b"}]},{"kind":"url","value":"https://a.b/c"}]},"valid_from":"2026-01-10T08:00:00Z","valid_until":"2026-06-01T00:00:00Z","confidence":85,"intent":"malicious-activity"}
        {"type":"indicator","id":"indicator--2","modified":"2026-01-12T08:00:00Z","looks_for":{"kind":"hash","value":"4475064c5f6a5474e31f2f3dfafc22ed"},"valid_from":"2026-01-10T08:00:00Z"}
        {"type":"indicator","id":"indicator--4","modified":"2026-01-12T08:00:00Z","revoked":true}
        {"type":"threat-actor","id":"threat-actor--5","modified":"2026-01-12T08:00:00Z","name":"Copper Finch","motivation":"personal-gain"}
        {"type":"relationship","id":"relationship--6","modified":"2026-01-12T08:00:00Z","relationship":"indicates","source":"indicator--1","target":"threat-actor--5"}
        ---
        feed.json:1:1: unknown_value: confidence is 101, which is no whole number from 0 to 100; the indicator is looked for as one without it
        feed.json:1:2: unknown_value: pattern: file:name: an alert cannot answer that
        feed.json:1:6: beside_alerts: report: nothing is looked for by it
        feed.json: indicators: 2, parties: 1, relationships: 1, revoked: 1; refused: 2 (unknown_value: 2); left out: 1 (beside_alerts: 1)
    "#]].assert_eq(&format!("{}---\n{}", ran.out, ran.err));
    assert_eq!(ran.code, Some(1));

    // By lines, as a dump of its topic has them; what is left out is no fault.
    files.write("lines.jsonl", format!("{}\n{}\n", objects[0].replace('\n', ""), objects[6]));
    let ran = files.braid("decode --format stix-indicator lines.jsonl");
    assert_eq!((ran.code, ran.out.lines().count()), (Some(0), 1));
    let summed = "lines.jsonl: indicators: 1, parties: 0, relationships: 0, revoked: 0; refused: 0; left out: 1 (beside_alerts: 1)";
    assert_eq!(ran.err.lines().last(), Some(summed));
}

#[test]
fn a_record_with_two_lists_is_read_whole_and_one_with_a_list_of_its_own_is_one() {
    let files = Files::new();
    let [a, b] = [alert("a1", 0, "h", "u"), alert("a2", 1, "h", "u")];
    files.write("two.json", format!("{{\"records\":[],\"n\":1,\n\"records\":[{a}],\"records\":[\n{b}]}}"));
    assert_eq!(ids(&files.braid("decode -f braid-json two.json").good()), "a1 a2");
    let document = r#"{"@timestamp":"2026-02-03T10:05:00Z","event":{"kind":"alert","id":"d-1","module":"suricata"},"value":[1,2]}"#;
    files.write(
        "ecs.jsonl",
        format!("{document}\n{{\"value\":[],\"records\":[{}]}}\n", document.replace("d-1", "d-2")),
    );
    assert_eq!(ids(&files.braid("decode -f ecs-alert --tenant contoso ecs.jsonl").good()), "d-1 d-2");
}

#[test]
fn a_record_is_read_alike_from_a_file_and_from_a_topic() {
    let document = |id: &str, odd: &str| {
        format!(
            r#"{{{odd}"@timestamp":"2026-02-03T10:00:00Z","event":{{"kind":"alert","module":"m","id":"{id}"}}}}"#
        )
    };
    let [a, b, c] = ["a", "b", "c"].map(|id| document(id, ""));
    let mut records = vec![
        format!("[[{a}],{b}]"),
        format!(r#"[{{"value":[{a}]}},[],{b},7]"#),
        format!(r#"{{"records":{a},"value":[{b}]}}"#),
        format!(r#"{{"event":{{"original":"x"}},"records":[{a},{b}]}}"#),
        format!(r#"{{"event":{{"kind":"metric"}},"records":[{a},{b}]}}"#),
        format!(r#"{{"value":[{a},{b}"#),
        format!(r#"{{"value":[{a},{}"#, &b[..30]),
        format!(r#"{{"value":[{a}],"next":"#),
        format!(r#"[{a},{{"x":]}},{b}]"#),
        format!("[{a}] x"),
        r#"{"value":[],"records":[]}"#.to_owned(),
    ];
    for odd in ["NaN", "-Infinity", "\"a\tb\"", r#""C:\Users""#, "[1,]", "01", "'a'", r#""\ud83d""#, "1e999"]
    {
        let bad = document("bad", &format!(r#""odd":{odd},"#));
        records.push(format!(r#"{{"records":[{a},{bad},{c}]}}"#));
        records.push(format!("[{a},[{bad},{c}],{b}]"));
        records.push(bad);
    }
    let mut bytes: Vec<Vec<u8>> = records.into_iter().map(String::into_bytes).collect();
    bytes.push([b"[", a.as_bytes(), b",{\"x\":\"\xff\"},", b.as_bytes(), b"]"].concat());
    let files = Files::new();
    let origin = Origin { source: "s".into(), ..alerts(&own_alert(&files, &a)).remove(0).origin };
    let rules = SourceRules::new(Format::EcsAlert, TenantRule::Fixed(Tenant::new("default")));
    for record in bytes {
        files.write("record.json", &record);
        let ran = files.braid("decode --format ecs-alert --tenant default record.json");
        let reason = |line: &str| line.split(": ").nth(1).unwrap_or_default().to_owned();
        let from_file = (ids(&ran.out), ran.err.lines().map(reason).collect::<Vec<_>>());
        let read = decode(&record, &origin, &rules);
        let good: Vec<_> = read.iter().flatten().map(|alert| alert.id.as_str()).collect();
        let refused = read.iter().filter_map(|read| Some(read.as_ref().err()?.reason.to_string())).collect();
        assert_eq!(from_file, (good.join(" "), refused), "{}", String::from_utf8_lossy(&record));
    }
}

fn own_alert(files: &Files, document: &str) -> String {
    files.write("one.json", document);
    files.braid("decode --format ecs-alert --tenant default one.json").good()
}
