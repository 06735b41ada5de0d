//! `braid replay --against`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use braid_alert::{
    Action, Alert, Command, DirectoryEntry, DirectoryRecord, EntityKind, Identifier, IncidentId, SourceTime,
};
use braid_engine::Input;
use braid_wire::own;
use serde_json::Value;

use crate::support::{Files, alert};

/// The configuration of a replay: these keys of [correlation].
fn config(correlation: &str) -> String {
    format!(
        "kafka.brokers = [\"k:9092\"]\n[correlation]\n{correlation}\n[[sources]]\nname = \"s\"\ntopics = [\"s\"]\n\
         format = \"mdi-cef\"\nenabled = true\ntenant = \"contoso\"\n"
    )
}

/// Two attacks of two alerts each, and an alert that is about both.
fn files() -> Files {
    let files = Files::new();
    let bridge = alert("m5", 5, "client1", "ann").replace(
        "\"evidence\":[",
        "\"evidence\":[{\"kind\":\"user\",\"role\":\"impacted\",\"identifiers\":[{\"kind\":\"upn\",\"value\":\"bob@contoso.com\"}]},",
    );
    let lines = [
        alert("m1", 1, "client1", "ann"),
        alert("m2", 2, "client2", "bob"),
        alert("m3", 3, "client1", "ann"),
        alert("m4", 4, "client2", "bob"),
        bridge,
    ];
    files.write("a.jsonl", lines.join("\n"));
    files.write("defaults.toml", config(""));
    // The bridge joins one of the two and does not merge them.
    files.write("apart.toml", config("merge_at = 9.0"));
    // Every alert is alone.
    files.write("alone.toml", config("join_at = 9.0\nmerge_at = 9.0"));
    files
}

fn compared(files: &Files, arguments: &str) -> Value {
    let ran = files.braid(&format!("replay -f braid-json a.jsonl {arguments} --json"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "there are differences");
    assert_eq!(ran.out.lines().count(), 1, "one line");
    serde_json::from_str(&ran.out).expect("it is JSON")
}

fn counts(comparison: &Value) -> [u64; 8] {
    let names =
        ["incidents_before", "incidents_after", "unchanged", "changed", "merged", "split", "added", "gone"];
    names.map(|name| comparison["counts"][name].as_u64().unwrap_or_else(|| panic!("{name}: {comparison}")))
}

#[test]
fn nothing_changes_under_the_same_configuration() {
    let files = files();
    let ran = files.braid("replay -f braid-json a.jsonl --against defaults.toml");
    let expected = "1 incidents before, 1 after: 1 unchanged, 0 changed, 0 merged into others, 0 split off, 0 added, 0 gone; \
                    0 alerts moved by themselves\n";
    assert_eq!(ran.good(), expected);
}

#[test]
fn what_would_be_split_is_told_and_the_other_way_round_it_would_be_merged() {
    let files = files();
    let split = compared(&files, "--against apart.toml");
    assert_eq!(counts(&split), [1, 2, 0, 1, 0, 1, 0, 0]);
    let off = &split["incidents"][1];
    assert_eq!((&off["what"], &off["after"]["alerts"]), (&Value::from("split"), &Value::from(2)));
    assert_eq!(split["incidents"][0]["alerts_left"], 2);
    assert_eq!(split["moved_alerts"], Value::Array(Vec::new()), "they leave together");

    let merged = compared(&files, "-c apart.toml --against defaults.toml");
    assert_eq!(counts(&merged), [2, 1, 0, 1, 1, 0, 0, 0]);
    let gone = merged["incidents"].as_array().expect("a list").iter().find(|d| d["what"] == "merged");
    let gone = gone.expect("one is merged");
    assert_eq!((&gone["before"]["alerts"], &gone["after"]["alerts"]), (&Value::from(2), &Value::from(5)));
    assert_eq!(gone["before"]["id"], off["after"]["id"], "the one that is split off the other way");
}

#[test]
fn people_are_told_in_a_table() {
    let files = files();
    let ran = files.braid("replay -f braid-json a.jsonl -c alone.toml --against apart.toml");
    assert_eq!(ran.code, Some(1));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("change   before"), "{}", ran.out);
    let words: Vec<_> = lines[1..].iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(words, ["changed", "changed", "merged", "merged", "merged", "", "5"], "{}", ran.out);
    assert!(lines[1].contains("alerts came"), "{}", ran.out);
    assert!(
        lines[6 + 1].starts_with("5 incidents before, 2 after: 0 unchanged, 2 changed, 3 merged"),
        "{}",
        ran.out
    );
}

#[test]
fn an_alert_that_changes_sides_by_itself_is_moved() {
    let files = files();
    // The host of one attack, the user of the other: what counts more decides.
    let lines = [
        alert("m1", 0, "client1", "ann"),
        alert("m2", 1, "client1", "ann"),
        alert("m3", 2, "client2", "bob"),
        alert("m4", 3, "client2", "bob"),
        alert("m5", 4, "client1", "bob"),
    ];
    files.write("a.jsonl", lines.join("\n"));
    files.write("user.toml", config("merge_at = 9.0\nweights.user = 1.0\nweights.host = 0.3"));
    files.write("host.toml", config("merge_at = 9.0\nweights.user = 0.3\nweights.host = 1.0"));
    let moved = compared(&files, "-c user.toml --against host.toml");
    let alerts: Vec<_> = moved["moved_alerts"].as_array().expect("a list").iter().map(|m| &m["id"]).collect();
    assert_eq!(alerts, ["m5"], "{moved}");
    assert_eq!(counts(&moved), [2, 2, 0, 2, 0, 0, 0, 0]);
}

#[test]
fn alerts_that_only_one_configuration_can_hold_are_told_and_are_no_fault_of_the_files() {
    let files = files();
    files.write("narrow.toml", config("caps.incident_entities_max = 2"));
    let held = compared(&files, "--against narrow.toml");
    let only: Vec<_> =
        held["alerts_only_before"].as_array().expect("a list").iter().map(|a| &a["id"]).collect();
    assert_eq!(only, ["m5"], "it names three");
    assert_eq!(held["alerts_only_after"], Value::Array(Vec::new()));
}

/// A record of a dump.
fn line(offset: i64, input: &Input) -> String {
    let value = STANDARD.encode(own::input_to_avro(input));
    format!(
        "{{\"topic\":\"braid.alerts\",\"partition\":0,\"offset\":{offset},\"timestamp_millis\":1,\"key\":\"Y29udG9zbw==\",\"value\":\"{value}\",\"headers\":[]}}\n"
    )
}

fn user_alert(id: &str, minute: u32, name: &str) -> Alert {
    let evidence = format!("[{{\"kind\":\"user\",\"role\":\"impacted\",\"identifiers\":[{name}]}}]");
    let text = alert(id, minute, "h", "u");
    let begin = text.find("\"evidence\":").expect("it has evidence");
    let text = format!("{}\"evidence\":{evidence}}}", &text[..begin]);
    let mut alert = own::alert_from_json(text.as_bytes()).expect("it is an alert");
    alert.origin.source_time = SourceTime::from_micros(alert.updated.as_micros());
    alert
}

#[test]
fn directory_records_and_commands_of_a_dump_are_played_under_both() {
    let files = files();
    let (upn, sid) =
        (r#"{"kind":"upn","value":"ann@contoso.com"}"#, r#"{"kind":"sid","value":"S-1-5-21-1-2-3-1104"}"#);
    let (first, second) = (user_alert("a1", 1, upn), user_alert("a2", 4, sid));
    let names = [&first, &second].map(|alert| alert.evidence[0].identifiers[0].clone());
    let directory = DirectoryRecord {
        tenant: first.tenant.clone(),
        object: "ann".into(),
        entry: Some(listed(names.to_vec())),
        origin: first.origin.clone(),
    };
    let resolve = |incident| Command {
        tenant: first.tenant.clone(),
        id: "c1".into(),
        author: "ana".into(),
        reason: None,
        expected_version: None,
        action: Action::Resolve { incident },
        origin: second.origin.clone(),
    };
    let alerts = [
        line(0, &Input::Alert(Box::new(first.clone()))),
        line(1, &Input::Directory(Box::new(directory))),
        line(2, &Input::Alert(Box::new(second.clone()))),
    ];
    files.write("a.dump", alerts.concat());
    let compared = |files: &Files, arguments: &str| -> Value {
        let ran = files.braid(&format!("replay -f braid-dump a.dump {arguments} --json"));
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
        serde_json::from_str(&ran.out).expect("it is JSON")
    };
    let merged = compared(&files, "-c alone.toml --against defaults.toml");
    assert_eq!(counts(&merged), [2, 1, 0, 1, 1, 0, 0, 0], "one user, by the directory");

    // Of the two incidents that there would be, somebody resolves the one that is there under both.
    let id = merged["incidents"][0]["after"]["id"].as_str().and_then(IncidentId::parse).expect("an id");
    let resolved = line(3, &Input::Command(Box::new(resolve(id))));
    files.write("a.dump", alerts.concat() + &resolved);
    let after = compared(&files, "-c alone.toml --against defaults.toml");
    let status = |side: &str| after["incidents"][0][side]["status"].clone();
    assert_eq!((status("before"), status("after")), ("resolved".into(), "resolved".into()));
}

fn listed(identifiers: Vec<Identifier>) -> DirectoryEntry {
    DirectoryEntry {
        kind: EntityKind::User,
        identifiers,
        on_premises: true,
        display_name: None,
        title: None,
        office: None,
        mail: None,
        phone: None,
        domain: None,
        sam_name: None,
        os: None,
        os_build: None,
        created: None,
        first_seen: None,
        tags: Vec::new(),
        products: Vec::new(),
    }
}

/// A configuration with nothing in it but a source.
fn source(more: &str) -> String {
    format!("[[sources]]\nname = \"s\"\nformat = \"braid-json\"\nenabled = true\n{more}\n")
}

#[test]
fn a_file_of_correlation_alone_is_enough() {
    let files = files();
    files.write("short.toml", "[correlation]\njoin_at = 9.0\nmerge_at = 9.0\n");
    let after = compared(&files, "--against short.toml");
    assert_eq!(after["counts"]["incidents_after"], 5);
    files.write("wrong.toml", "[correlation]\njoin_at = 0\n[[sources]]\nname = \"s\"\n");
    let ran = files.braid("replay -f braid-json a.jsonl -c wrong.toml");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("wrong.toml:2:") && ran.err.contains("a source needs a format"), "{}", ran.err);
}

#[test]
fn what_a_source_leaves_out_or_keeps_apart_is_compared() {
    let files = files();
    let low = alert("m6", 6, "client1", "ann").replace("\"high\"", "\"low\"");
    files.write("a.jsonl", files.read("a.jsonl") + "\n" + &low);
    files.write("grave.toml", source("severity_min = \"high\""));
    let grave = compared(&files, "-c defaults.toml --against grave.toml");
    let ids = |what: &Value| -> Vec<Value> {
        what.as_array().expect("a list").iter().map(|alert| alert["id"].clone()).collect()
    };
    assert_eq!(ids(&grave["alerts_only_before"]), ["m6"], "{grave}");
    files.write("off.toml", source("correlate = \"off\""));
    let off = compared(&files, "--against off.toml");
    assert_eq!(
        (&off["counts"]["incidents_before"], &off["counts"]["incidents_after"]),
        (&1.into(), &6.into())
    );
    // What the second file says nothing of is as the first one has it.
    files.write("narrow.toml", "[correlation]\nhub_partners = 14\n");
    let same = files.braid("replay -f braid-json a.jsonl -c off.toml --against narrow.toml");
    assert!(same.good().starts_with("6 incidents before, 6 after: 6 unchanged"));
}

#[test]
fn sources_that_read_differently_need_the_records_themselves() {
    let files = files();
    files.write("grave.toml", source("severity_min = \"high\""));
    files.write("slight.toml", source("severity_min = \"low\""));
    let alerts = files.read("a.jsonl");
    let piped =
        files.braid_fed("replay -f braid-json - -c slight.toml --against grave.toml", alerts.as_bytes());
    assert!(piped.code == Some(2) && piped.err.contains("can be read but once"), "{piped:?}");
    files.write(
        "a.dump",
        line(0, &Input::Alert(Box::new(user_alert("a1", 1, r#"{"kind":"upn","value":"a@b.c"}"#)))),
    );
    let dumped = files.braid("replay -f braid-dump a.dump -c slight.toml --against grave.toml");
    assert!(dumped.code == Some(2) && dumped.err.contains("sources (s)"), "{dumped:?}");
    files.write("short.toml", "[correlation]\nhub_partners = 14\n");
    assert_eq!(files.braid("replay -f braid-dump a.dump -c slight.toml --against short.toml").code, Some(0));
}

#[test]
fn two_sources_that_read_a_format_differently_are_not_chosen_between() {
    let files = files();
    let other = source("severity_min = \"high\"").replace("\"s\"", "\"t\"");
    files.write("two.toml", source("") + &other);
    let ran = files.braid("replay -f braid-json a.jsonl -c two.toml");
    assert!(
        ran.code == Some(2) && ran.err.contains("`s` and `t` read braid-json in different ways"),
        "{ran:?}"
    );
}

#[test]
fn a_configuration_that_is_wrong_is_told_before_anything_is_played() {
    let files = files();
    files.write("wrong.toml", config("join_at = \"high\""));
    let ran = files.braid("replay -f braid-json a.jsonl --against wrong.toml");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("wrong.toml") && ran.err.contains("join_at"), "{}", ran.err);
}

#[test]
fn a_comparison_is_not_mixed_with_what_else_replay_writes() {
    let files = files();
    for arguments in ["--against apart.toml --summary", "--against apart.toml --assignment x.csv", "--json"] {
        assert_eq!(
            files.braid(&format!("replay -f braid-json a.jsonl {arguments}")).code,
            Some(2),
            "{arguments}"
        );
    }
}

#[test]
fn more_alerts_than_may_be_held_in_memory_are_refused_with_the_way_out() {
    let files = files();
    let held = files.braid("replay -f braid-json a.jsonl --alerts-max 5 --summary");
    assert_eq!(held.code, Some(0));
    let ran = files.braid("replay -f braid-json a.jsonl --alerts-max 4");
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""));
    assert!(ran.err.contains("a.jsonl:5") && ran.err.contains("--alerts-max"), "{}", ran.err);
}
