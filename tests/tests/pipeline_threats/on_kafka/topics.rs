//! Topics of indicators that come late, and that are made anew while they are read.

use braid_tests::program::Program;
use braid_tests::standing::until;
use serde_json::{Value, json};

use crate::lab::{Lab, SHA, alert, file, host, matches, of_domain, of_hash, url};

/// So many that a place in the topic is beyond the end of the one that is made in its stead.
const OTHERS: usize = 60;

/// An alert about a host of its own that names all that the feeds speak of.
fn naming_all(id: &str) -> Value {
    alert(id, "10:00", &[host(id), file(SHA), url("https://drop.example/x"), url("https://late.example/x")])
}

/// Waits until the feed is in a state, and gives what is wrong with it.
fn wait_for(program: &mut Program, state: &str, words: &str) {
    let mut feed = Value::Null;
    until(&format!("the feed is {state}: {words}"), || {
        feed = Lab::source(program, "feed");
        feed["state"] == state && feed["troubles"].to_string().contains(words)
    });
}

/// Deletes the topic of the feed and makes it anew, with these objects in it.
fn make_anew(lab: &Lab, program: &mut Program, objects: &[Value]) {
    let before = Lab::source(program, "feed")["records"].as_u64().expect("a number") as usize;
    let topic = lab.pipeline.topic("feed");
    lab.pipeline.cluster().delete_topic(&topic);
    lab.pipeline.cluster().create_topic(&topic, 3, &[]);
    lab.tell(objects);
    Lab::wait_for_records(program, before + objects.len());
}

#[test]
fn a_topic_that_comes_late_is_read_then_and_of_one_that_is_made_anew_what_is_not_said_again_is_forgotten() {
    let lab = Lab::new("threats-topics");
    let drop = || of_domain("indicator--drop", "drop.example", 85);
    let [feed, later] = ["feed", "later"].map(|name| lab.pipeline.topic(name));
    lab.pipeline.reconfigure(&format!("topics = [{feed:?}]"), &format!("topics = [{feed:?}, {later:?}]"));
    let domains = |n| of_domain(&format!("indicator--{n}"), &format!("d{n}.example"), 85);
    lab.tell(&(0..OTHERS).map(domains).collect::<Vec<_>>());
    lab.tell(&[of_hash("indicator--hash"), drop()]);
    let mut program = lab.pipeline.start(0);
    // A topic that is not there keeps no alert waiting.
    lab.detect(&[naming_all("without")]);
    assert!(!program.said().contains("indicators cannot be read"), "it has waited for what is not there");
    wait_for(&mut program, "broken", "Unknown topic or partition");
    assert!(lab.status(&mut program).contains(&format!("feed: {later}: ")), "{}", lab.status(&mut program));

    lab.pipeline.cluster().create_topic(&later, 1, &[]);
    let late = of_domain("indicator--late", "late.example", 85).to_string();
    lab.pipeline.feed("later", [("indicator--late", Some(late.as_bytes()))]);
    Lab::wait_for_records(&mut program, OTHERS + 3);
    wait_for(&mut program, "ok", "[]");
    lab.detect(&[naming_all("with-both")]);

    make_anew(&lab, &mut program, &[drop()]);
    lab.detect(&[naming_all("anew")]);
    let [drop, hash, late] = ["drop", "hash", "late"].map(|name| format!("indicator--{name} - -"));
    let wanted = matches([
        ("without", &[&drop, &hash]),
        ("with-both", &[&drop, &hash, &late]),
        ("anew", &[&drop, &late]),
    ]);
    assert_eq!(lab.matched(), wanted);
    wait_for(&mut program, "ok", "[]");
    assert_eq!(Lab::source(&mut program, "feed")["refused"], json!(0));
    assert_eq!(program.terminate(), Some(0));
}

#[test]
fn a_topic_that_is_made_anew_and_filled_while_nobody_looks_is_read_from_its_beginning() {
    let lab = Lab::new("threats-unseen");
    lab.tell(&[of_hash("indicator--hash")]);
    let program = lab.pipeline.start(0);
    lab.detect(&[naming_all("before")]);

    // More records than there were, so that no place in it is beyond its end.
    program.pause();
    let topic = lab.pipeline.topic("feed");
    lab.pipeline.cluster().delete_topic(&topic);
    lab.pipeline.cluster().create_topic(&topic, 3, &[]);
    lab.tell(&[of_domain("indicator--drop", "drop.example", 85)]);
    let domains = |n| of_domain(&format!("indicator--{n}"), &format!("d{n}.example"), 85);
    lab.tell(&(0..OTHERS).map(domains).collect::<Vec<_>>());
    program.resume();
    wait_for_matches(&lab, &["indicator--drop - -"]);
    assert_eq!(lab.matched()["before"], ["indicator--hash - -"]);
    assert_eq!(program.terminate(), Some(0));
}

/// Waits until an alert that names everything matches these.
fn wait_for_matches(lab: &Lab, wanted: &[&str]) {
    let mut number = 0;
    until(&format!("alerts match {wanted:?}"), || {
        number += 1;
        let id = format!("after-{number}");
        lab.detect(&[naming_all(&id)]);
        lab.matched()[&id] == wanted
    });
}

#[test]
fn what_a_topic_that_is_emptied_does_not_say_again_is_forgotten() {
    let lab = Lab::new("threats-emptied");
    lab.tell(&[of_hash("indicator--hash")]);
    let program = lab.pipeline.start(0);
    lab.detect(&[naming_all("before")]);
    lab.pipeline.cluster().empty_topic(&lab.pipeline.topic("feed"), 3);
    lab.tell(&[of_domain("indicator--drop", "drop.example", 85)]);
    assert_eq!(lab.pipeline.read("feed").len(), 1, "it was emptied");
    wait_for_matches(&lab, &["indicator--drop - -"]);
    assert_eq!(program.terminate(), Some(0));
}
