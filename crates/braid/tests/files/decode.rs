use std::process::{Command, Stdio};

use braid_alert::Alert;
use braid_wire::own;

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
