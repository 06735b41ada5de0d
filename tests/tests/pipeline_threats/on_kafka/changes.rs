//! What a feed says anew holds for the alerts that come after it; what is on an alert stays there.

use serde_json::{Value, json};

use crate::lab::{
    Lab, SHA, actor, alert, bundle, file, host, indicates, indicator, matches, of_domain, of_hash, url,
};

const STEADY: &str = "indicator--steady - -";

/// An alert about a host of its own that names all that the feed speaks of.
fn naming_all(id: &str) -> Value {
    let address = json!({ "kind": "ip", "identifiers": [{ "kind": "address", "value": "203.0.113.9" }] });
    let urls = ["https://drop.example/x", "https://own.example/x"].map(url);
    alert(id, "10:00", &[&[host(id), file(SHA), address], &urls[..]].concat())
}

#[test]
fn what_is_revoked_or_taken_back_matches_no_later_alert_and_stays_on_the_earlier_ones() {
    let lab = Lab::new("threats-changes");
    // What the feed has wrong is put right here.
    let topics = format!("topics = [{:?}]\n", lab.pipeline.topic("feed"));
    lab.pipeline.reconfigure(&topics, &format!("{topics}exclusions = [{{ entity = \"own.example\" }}]\n"));
    let dropped = of_domain("indicator--drop", "drop.example", 85);
    let finch = actor("threat-actor--1", "Copper Finch");
    let behind = indicates("relationship--1", "indicator--drop", "threat-actor--1");
    lab.tell(&[
        indicator("indicator--steady", "[ipv4-addr:value = '203.0.113.9']", 85),
        of_hash("indicator--hash"),
        of_domain("indicator--wrong", "own.example", 85),
        bundle("bundle--1", &[dropped.clone(), finch.clone(), behind]),
    ]);
    let mut program = lab.pipeline.start(0);
    lab.detect(&[naming_all("at-first")]);
    assert_eq!(Lab::source(&mut program, "feed")["taken"], 6, "a bundle is what is in it");

    let mut revoked = of_hash("indicator--hash");
    revoked["revoked"] = json!(true);
    revoked["modified"] = json!("2026-01-03T00:00:00Z");
    lab.tell(&[revoked]);
    Lab::wait_for_records(&mut program, 5);
    lab.detect(&[naming_all("revoked")]);

    lab.tell(&[bundle("bundle--1", &[dropped, finch])]);
    Lab::wait_for_records(&mut program, 6);
    lab.detect(&[naming_all("without-relationship")]);

    lab.take_back("bundle--1");
    Lab::wait_for_records(&mut program, 7);
    lab.detect(&[naming_all("without-bundle")]);

    // What comes later is written on an alert when that is revised, beside what it had.
    lab.tell(&[of_domain("indicator--late", "drop.example", 85)]);
    Lab::wait_for_records(&mut program, 8);
    let mut revision = naming_all("at-first");
    revision["updated"] = json!("2026-02-03T11:00:00Z");
    lab.detect(&[revision]);

    let finch = "indicator--drop Copper Finch personal-gain";
    let wanted = matches([
        ("at-first", &[finch, "indicator--hash - -", "indicator--late - -", STEADY]),
        ("revoked", &[finch, STEADY]),
        ("without-relationship", &["indicator--drop - -", STEADY]),
        ("without-bundle", &[STEADY]),
    ]);
    assert_eq!(lab.matched(), wanted);
    assert_eq!(program.terminate(), Some(0));
}

/// Waits until the feed has been read so far, and gives the reason of its newest refusal and what is said of it.
fn newest_refusal(
    lab: &Lab,
    program: &mut braid_tests::program::Program,
    records: usize,
) -> (String, String) {
    Lab::wait_for_records(program, records);
    let example = Lab::source(program, "feed")["refused_example"].clone();
    assert_eq!(example["topic"], lab.pipeline.topic("feed"));
    let text = |name| crate::lab::text_of(&example, name).to_owned();
    (text("reason"), text("detail"))
}

#[test]
fn a_record_that_cannot_be_read_is_counted_with_an_example_and_costs_the_others_nothing() {
    let lab = Lab::new("threats-unread");
    let hash = of_hash("indicator--hash").to_string();
    lab.pipeline.feed_each([("feed", hash.as_str())]);
    let mut program = lab.pipeline.start(0);
    let (reason, detail) = newest_refusal(&lab, &mut program, 1);
    assert_eq!((reason.as_str(), detail.contains("no key")), ("missing_id", true), "{detail}");

    lab.pipeline.feed("feed", [("indicator--cut", Some(&hash.as_bytes()[..40]))]);
    let (reason, _) = newest_refusal(&lab, &mut program, 2);
    assert_eq!(reason, "truncated");
    lab.pipeline.feed("feed", [("indicator--prose", Some(&b"not JSON"[..]))]);
    let (reason, _) = newest_refusal(&lab, &mut program, 3);
    assert_eq!(reason, "unknown_format");

    // Two megabytes are read, and the one object in it that cannot be looked for costs its neighbours nothing; of five
    // nothing is.
    let large = |id: &str, bytes: usize| {
        let mut spoken = of_domain(id, &format!("{id}.example"), 85);
        spoken["description"] = json!("x".repeat(bytes));
        spoken
    };
    let bad = indicator("indicator--bad", "[file:name = 'a.exe']", 85);
    lab.tell(&[bundle("bundle--1", &[large("indicator--two", 2_000_000), bad, of_hash("indicator--hash")])]);
    let (_, detail) = newest_refusal(&lab, &mut program, 4);
    assert!(detail.contains("file:name"), "{detail}");
    lab.tell(&[large("indicator--five", 5_000_000)]);
    let (reason, _) = newest_refusal(&lab, &mut program, 5);
    assert_eq!(reason, "too_large");

    let feed = Lab::source(&mut program, "feed");
    let counted = [&feed["state"], &feed["records"], &feed["taken"], &feed["refused"]];
    assert_eq!(counted, [&json!("ok"), &json!(5), &json!(2), &json!(5)], "{feed}");
    let status = lab.status(&mut program);
    assert!(status.contains("feed: refused, for example ") && status.contains("too_large: "), "{status}");
    lab.detect(&[naming_all("first"), alert("second", "10:30", &[host("b"), url("indicator--two.example")])]);
    let wanted = matches([("first", &["indicator--hash - -"]), ("second", &["indicator--two - -"])]);
    assert_eq!(lab.matched(), wanted);
    assert_eq!(lab.pipeline.read("dead-letters").len(), 0);
    assert_eq!(program.terminate(), Some(0));
}
