//! The table is whole before the first alert is read, and followed while the process runs.

use serde_json::{Value, json};

use crate::lab::{Lab, actor, indicates, indicator, matches, of_domain, of_hash, with_hash};

/// So many that reading them takes the process some time, spread over the partitions.
const OTHERS: usize = 20_000;

#[test]
fn the_table_is_whole_before_the_first_alert_and_what_is_taken_back_matches_no_more() {
    let lab = Lab::new("threats");
    let others: Vec<Value> =
        (0..OTHERS).map(|n| of_domain(&format!("indicator--{n}"), &format!("d{n}.example"), 85)).collect();
    lab.tell(&others);
    lab.tell(&[
        of_hash("indicator--hash"),
        indicator("indicator--bad", "[file:name = 'a.exe']", 85),
        actor("threat-actor--1", "Copper Finch"),
        indicates("relationship--1", "indicator--hash", "threat-actor--1"),
    ]);
    lab.raise(&[with_hash("first")]);
    let mut program = lab.pipeline.start(0);
    lab.pipeline.drain_of(["detections"]);
    // However quickly the table is read: no worker of normalise asks for alerts before.
    let said = program.said();
    let line_with =
        |words: [&str; 2]| said.lines().position(|line| words.iter().all(|word| line.contains(word)));
    let read = line_with(["the indicators are read", "feed"]);
    let joined = line_with(["joined its group", "normalise-0"]);
    assert!(read.is_some() && joined.is_some() && read < joined, "{read:?} {joined:?}: {said}");
    let feed = Lab::source(&mut program, "feed");
    assert_eq!((&feed["state"], &feed["taken"]), (&json!("ok"), &json!(OTHERS + 3)), "{feed}");
    assert_eq!(feed["refused"], 1);
    let detail = feed["refused_example"]["detail"].as_str();
    assert!(detail.is_some_and(|text| text.contains("file:name")), "{feed}");

    // Taken back while it runs, and put back in a form that is over.
    lab.take_back("indicator--hash");
    let mut over = of_hash("indicator--over");
    over["valid_until"] = json!("2026-02-01T00:00:00Z");
    lab.tell(&[over]);
    Lab::wait_for_records(&mut program, OTHERS + 6);
    lab.detect(&[with_hash("second")]);

    // Said again while it is down.
    program.kill();
    lab.tell(&[of_hash("indicator--again")]);
    lab.raise(&[with_hash("third")]);
    let mut program = lab.pipeline.start(0);
    lab.pipeline.drain_of(["detections"]);
    let wanted = matches([
        ("first", &["indicator--hash Copper Finch personal-gain"]),
        ("second", &[]),
        ("third", &["indicator--again - -"]),
    ]);
    assert_eq!(lab.matched(), wanted);
    assert_eq!(lab.pipeline.read("dead-letters").len(), 0);
    program.wait_until_ready();
    assert_eq!(program.terminate(), Some(0));
}
