use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use expect_test::expect;

use crate::support::{Files, alert};

/// Alerts of one attack, a stranger's, and one that comes near without joining.
fn played(files: &Files) {
    let spray = |n: u32| {
        let flooded = alert(&format!("s{n}"), 30, "client1", "ann");
        flooded.replace(&format!("Alert s{n}"), "Password spray")
    };
    let mut alerts = vec![
        alert("a1", 1, "client1", "ann"),
        alert("a2", 9, "client1", "ann"),
        alert("b1", 2, "client2", "bob"),
        alert("c1", 85, "client2", "eve"),
    ];
    alerts.extend((0..25).map(spray));
    files.write("alerts.jsonl", alerts.join("\n"));
    let replay = "replay -f braid-json alerts.jsonl --output";
    files.write("incidents.jsonl", files.braid(&format!("{replay} incidents")).good());
    files.write("events.jsonl", files.braid(&format!("{replay} events")).good());
}

fn id_of(files: &Files, founder: &str) -> String {
    let incidents = files.read("incidents.jsonl");
    let line = incidents.lines().find(|line| line.contains(&format!("\"id\":\"{founder}\"")));
    line.and_then(|line| line.split('"').nth(3)).expect("an incident begins with its id").to_owned()
}

#[test]
fn the_story_tells_why_each_alert_is_there_and_counts_the_flood() {
    let files = Files::new();
    played(&files);
    let told = files.braid(&format!("explain {} incidents.jsonl events.jsonl", id_of(&files, "a1"))).good();
    let (story, rest) = told.split_once("    4 Password spray").expect("the flood is listed too");
    expect![[r#"
        Alert a1 and 26 more alerts on client1.contoso.com
        high · score 68.3 · active · 27 alerts · from 2026-03-02 10:01 on, 29m
        incident 7cedc1de-a883-58db-8be0-baf49dfc5522 of contoso

    "#]]
    .assert_eq(&story[..story.find("2026-03-02 10:01    1").expect("the first alert")]);
    assert!(story.contains("opened it: nothing that was there is linked to it"), "{story}");
    assert!(story.contains("joined because both concern client1, 8m after alert 1, weight 0.90"), "{story}");
    let flood = "5 more of “Password spray” from 2026-03-02 10:30 on, within 0s, 5 of them open; like";
    assert!(rest.contains(flood), "{rest}");
}

#[test]
fn a_near_miss_is_told_with_the_other_incident_and_the_reason() {
    let files = Files::new();
    played(&files);
    let other: String = id_of(&files, "b1").chars().take(8).collect();
    let told = files.braid(&format!("explain {} incidents.jsonl", id_of(&files, "c1"))).good();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let near = format!(
        "not joined with {other} “Alert b1 on client2.contoso.com”: both mention client2, which links them"
    );
    assert!(told.contains(&near), "{told}");
}

#[test]
fn the_same_story_comes_from_alerts_that_are_replayed_and_for_programs() {
    let files = Files::new();
    played(&files);
    let id = id_of(&files, "a1");
    let recorded = files.braid(&format!("explain {id} incidents.jsonl events.jsonl")).good();
    let replayed = files.braid(&format!("explain {} -f braid-json alerts.jsonl", &id[..6])).good();
    assert_eq!(recorded, replayed);
    let json = files.braid(&format!("explain {id} --json incidents.jsonl")).good();
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((json["incident"].as_str(), json["alerts"].as_i64()), (Some(&*id), Some(27)));
    assert_eq!(json["moments"][1]["number"], 2);
}

#[test]
fn an_id_that_is_not_there_is_answered_with_those_that_are_near() {
    let files = Files::new();
    played(&files);
    let id = id_of(&files, "a1");
    let wrong = format!("{}{}", &id[..7], if id.as_bytes()[7] == b'0' { '1' } else { '0' });
    let ran = files.braid(&format!("explain {wrong} incidents.jsonl"));
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""));
    let nearest = ran.err.lines().nth(1).expect("it names some");
    assert!(nearest.trim_start().starts_with(&id), "{}", ran.err);
    let all = files.braid("explain - incidents.jsonl").err;
    assert!(all.contains("there is no incident -"), "{all}");
}

#[test]
fn what_is_no_record_of_braid_s_is_said_with_its_place() {
    let files = Files::new();
    files.write("x.jsonl", "\n{\"id\":1}\n");
    let ran = files.braid("explain b2 x.jsonl");
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("x.jsonl:2 is no incident and no change of one"), "{}", ran.err);
}

#[test]
fn a_running_braid_is_asked_by_the_beginning_of_an_id() {
    let files = Files::new();
    played(&files);
    let id = id_of(&files, "b1");
    let record =
        files.read("incidents.jsonl").lines().find(|l| l.contains(&id)).expect("it is there").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has one"));
    let list = format!(r#"{{"incidents":[{{"id":"{id}"}}],"next":null}}"#);
    // Two answers, then the end: the list, and the record.
    let server = thread::spawn(move || [list, record].map(|body| answer(&listener, "200 OK", &body)));
    let told = files.braid(&format!("explain {} --url {url} --token s3cret-s3cret-s3cret", &id[..8])).good();
    let asked = server.join().expect("it has answered twice");
    let first_lines = asked.each_ref().map(|head| head[0].as_str());
    assert_eq!(
        first_lines,
        ["GET /api/incidents?limit=500 HTTP/1.1", &format!("GET /api/incidents/{id} HTTP/1.1")]
    );
    let says_it = |head: &Vec<String>| head.iter().any(|l| l == "authorization: Bearer s3cret-s3cret-s3cret");
    assert!(asked.iter().all(says_it), "each request has the token: {asked:?}");
    assert!(told.starts_with("Alert b1 on client2.contoso.com"), "{told}");
}

#[test]
fn a_running_braid_that_wants_its_token_is_said_to() {
    let files = Files::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has one"));
    let server = thread::spawn(move || answer(&listener, "401 Unauthorized", "{}"));
    let ran = files.braid(&format!("explain b28af616 --url {url}"));
    let head = server.join().expect("it has answered");
    assert!(!head.iter().any(|line| line.to_ascii_lowercase().starts_with("authorization")), "{head:?}");
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("set BRAID_API_TOKEN"), "{}", ran.err);
}

/// Answers one request, and gives its head.
fn answer(listener: &TcpListener, status: &str, body: &str) -> Vec<String> {
    let (mut stream, _) = listener.accept().expect("somebody asks");
    let lines = BufReader::new(stream.try_clone().expect("it can be shared")).lines();
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .expect("it listens");
    head
}
