//! Each of several instances has the whole table, so it does not matter which of them reads an alert.

use std::collections::{BTreeMap, BTreeSet};

use braid_tests::http::metric;
use braid_tests::program::Program;
use braid_tests::standing::until;
use serde_json::{Value, json};

use crate::lab::{Lab, alert, host, of_domain, text_of, url};

/// Enough for some on every partition of the detections.
const ALERTS: usize = 40;

/// Alerts about hosts of their own that name the domain.
fn alerts(stem: &str) -> Vec<Value> {
    let each = |n| format!("{stem}-{n}");
    let raised = |id: String| alert(&id, "10:00", &[host(&id), url(&format!("https://{stem}.example/a"))]);
    (0..ALERTS).map(each).map(raised).collect()
}

/// Whether it has its half of the detections' partitions.
fn is_sharing(program: &mut Program) -> bool {
    let metrics = program.get("/metrics").body;
    metric(&metrics, "braid_partitions_assigned", &[("stage", "normalise")]) == 2.0
}

fn taken(program: &mut Program) -> u64 {
    Lab::source(program, "detections")["taken"].as_u64().expect("a number")
}

#[test]
fn every_instance_matches_with_the_whole_table_and_the_one_that_is_left_goes_on() {
    let lab = Lab::new("threats-shared");
    let known = |stem: &str| of_domain(&format!("indicator--{stem}"), &format!("{stem}.example"), 20);
    // Of three partitions, so that an instance with a share of them would miss some.
    lab.tell(&["both", "killed", "x", "y", "z", "v", "w"].map(known));
    let mut instances = [lab.pipeline.start(0), lab.pipeline.start(1)];
    until("each has half of the detections", || instances.iter_mut().all(is_sharing));
    lab.raise(&alerts("both"));
    lab.pipeline.drain_of(["detections"]);
    let mut shares = [0, 0];
    // What is committed is told a moment later.
    until("both tell of all alerts", || {
        shares = instances.each_mut().map(taken);
        shares.iter().sum::<u64>() == ALERTS as u64
    });
    assert!(shares.iter().all(|taken| *taken > 0), "{shares:?}");
    for instance in &mut instances {
        let feed = Lab::source(instance, "feed");
        assert_eq!((&feed["state"], &feed["taken"]), (&json!("ok"), &json!(7)), "{feed}");
    }

    // Killed with its share under way; the feed goes on meanwhile.
    let [killed, mut left] = instances;
    lab.raise(&alerts("killed"));
    killed.kill();
    lab.tell(&[known("left")]);
    Lab::wait_for_records(&mut left, 8);
    lab.raise(&alerts("left"));
    lab.pipeline.drain_of(["detections"]);

    let stems = ["both", "killed", "left"];
    let wanted: BTreeMap<String, Vec<String>> = stems
        .iter()
        .flat_map(|stem| {
            let found = vec![format!("indicator--{stem} - -")];
            alerts(stem).into_iter().map(move |alert| (text_of(&alert, "id").to_owned(), found.clone()))
        })
        .collect();
    assert_eq!(lab.matched(), wanted);
    assert_eq!(lab.pipeline.read("alerts").len(), wanted.len(), "each alert went on once");
    let read: BTreeSet<i32> = lab.pipeline.read("detections").iter().map(|record| record.partition).collect();
    assert_eq!(read, (0..4).collect(), "there were alerts on every partition");
    assert_eq!(left.terminate(), Some(0));
}
