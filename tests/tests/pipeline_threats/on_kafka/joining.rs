//! What is known of an alert counts in the score of its incident, and alerts of one actor are linked by the actor.

use std::collections::BTreeMap;

use braid_tests::program::Program;
use serde_json::Value;

use crate::lab::{Lab, SHA, actor, alert, file, host, indicates, of_domain, of_hash, text_of, url, user};

/// A confidence that is not yet "High" in STIX's own words.
const UNSURE: u32 = 69;

/// Alerts that have nothing in common but what a feed knows: the name, and whether an actor of whom it is sure is behind it.
fn alerts() -> [Value; 6] {
    [
        alert("plain", "09:00", &[host("plain")]),
        alert("surely-1", "10:00", &[host("first"), file(SHA)]),
        alert("surely-2", "10:20", &[user("second"), url("https://drop.example/x")]),
        alert("maybe-1", "10:05", &[host("third"), url("https://quiet.example/a")]),
        alert("maybe-2", "10:06", &[user("fourth"), url("https://silent.example/b")]),
        alert("nobodys", "10:30", &[host("fifth"), url("https://lone.example/c")]),
    ]
}

fn known() -> [Value; 10] {
    [
        of_hash("indicator--hash"),
        of_domain("indicator--drop", "drop.example", 70),
        actor("threat-actor--1", "Copper Finch"),
        indicates("relationship--1", "indicator--hash", "threat-actor--1"),
        indicates("relationship--2", "indicator--drop", "threat-actor--1"),
        of_domain("indicator--quiet", "quiet.example", UNSURE),
        of_domain("indicator--silent", "silent.example", UNSURE),
        actor("threat-actor--2", "Grey Heron"),
        indicates("relationship--3", "indicator--quiet", "threat-actor--2"),
        indicates("relationship--4", "indicator--silent", "threat-actor--2"),
    ]
}

/// The incidents by the ids of their alerts.
fn by_alerts(incidents: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let ids = |incident: &Value| {
        let alerts = incident["alerts"].as_array().expect("it lists its alerts");
        alerts.iter().map(|alert| text_of(alert, "id")).collect::<Vec<_>>().join(" ")
    };
    incidents.into_values().map(|incident| (ids(&incident), incident)).collect()
}

/// The value of a score, and the part of it that threat intelligence has, in points, with its words.
fn score(incident: &Value) -> (f64, Option<(f64, String)>) {
    let score = &incident["score"];
    let parts = score["parts"].as_array().expect("it has parts");
    let points = |part: &Value| part["points"].as_f64().expect("a number");
    let value = score["value"].as_f64().expect("a number");
    let sum: f64 = parts.iter().map(points).sum();
    assert!((value - sum).abs() < 0.02, "the parts are the score: {score}");
    let part = parts.iter().find(|part| part["name"] == "threatIntelligence");
    (value, part.map(|part| (points(part), text_of(part, "detail").to_owned())))
}

#[test]
fn a_match_raises_the_score_a_sure_one_more_and_one_actor_surely_behind_two_alerts_joins_them() {
    let lab = Lab::new("threats-join");
    lab.tell(&known());
    lab.tell(&[of_domain("indicator--lone", "lone.example", 90)]);
    let mut program = lab.pipeline.start(0);
    lab.detect(&alerts());
    let incidents = by_alerts(lab.pipeline.assert_as_replayed());
    let found: Vec<_> = incidents.keys().map(String::as_str).collect();
    assert_eq!(found, ["maybe-1", "maybe-2", "nobodys", "plain", "surely-1 surely-2"]);

    let (plain, part) = score(&incidents["plain"]);
    assert_eq!(part, None);
    let (unsure, part) = score(&incidents["maybe-1"]);
    let (points, words) = part.expect("the part is there");
    assert_eq!(words, "Grey Heron");
    assert!((unsure - plain - points).abs() < 0.02, "{unsure} is {plain} and {points}");
    let (sure, part) = score(&incidents["nobodys"]);
    assert_eq!(part.expect("the part is there").1, "indicator--lone");
    assert!(plain + 1.0 < unsure && unsure + 1.0 < sure, "{plain} < {unsure} < {sure}");

    the_join_names_the_actor(&incidents["surely-1 surely-2"]);
    it_can_be_asked_for(&lab, &mut program, &incidents["surely-1 surely-2"]);
    assert_eq!(program.terminate(), Some(0));
}

fn the_join_names_the_actor(incident: &Value) {
    let [link] = &incident["links"].as_array().expect("a list")[..] else { panic!("{}", incident["links"]) };
    assert_eq!((text_of(&link["alert"], "id"), text_of(&link["peer"], "id")), ("surely-2", "surely-1"));
    assert_eq!(link["reason"], "sharedIndicators");
    let entities = incident["entities"].as_array().expect("a list");
    let through = entities.iter().find(|entity| entity["id"] == link["entity"]).expect("it is listed");
    assert_eq!((text_of(through, "kind"), text_of(through, "name")), ("threat", "copper finch"));
    assert_eq!(score(incident).1.expect("the part is there").1, "Copper Finch");
}

/// The record, the story and the actor, of the process itself.
fn it_can_be_asked_for(lab: &Lab, program: &mut Program, incident: &Value) {
    let id = text_of(incident, "id");
    let told: Value = serde_json::from_str(&program.get(&format!("/api/incidents/{id}")).body).expect("JSON");
    assert_eq!((&told["score"], &told["links"]), (&incident["score"], &incident["links"]));
    let story = lab.pipeline.braid(&format!("explain {id} --url {}", program.address()));
    let story =
        String::from_utf8(story).expect("it is text").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "https://drop.example/x is known to feed, by indicator--drop: Copper Finch, personal-gain, confidence 70",
        "joined because threat intelligence knows both by copper finch, 20m after alert 1",
        ": known to threat intelligence: Copper Finch",
    ] {
        assert!(story.contains(words), "{words} is not in {story}");
    }
    let profile = program.get("/api/entities/threatName:copper%20finch");
    let profile: Value = serde_json::from_str(&profile.body).expect("it is JSON");
    assert_eq!((text_of(&profile, "kind"), text_of(&profile["incidents"][0], "id")), ("threat", id));
}
