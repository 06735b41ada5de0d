use std::collections::BTreeMap;

use braid_alert::Incident;
use braid_wire::incident::{decode_change, decode_incident};

use crate::support::{Files, alert, cef};

fn incidents(out: &str) -> Vec<Incident> {
    out.lines().map(|line| decode_incident(line.as_bytes()).expect("each line is an incident")).collect()
}

/// Two attacks and a stranger: a on one host, in two files and formats, b elsewhere at the same time.
fn two_attacks(files: &Files) -> &'static str {
    let endpoint = [
        alert("a2", 9, "client1", "ann"),
        alert("a1", 1, "client1", "ann"),
        alert("b1", 2, "client2", "bob"),
        alert("b2", 8, "client2", "bob"),
        alert("c1", 5, "client3", "eve"),
    ];
    files.write("endpoint.jsonl", endpoint.join("\n"));
    files.write("identity.cef", cef("11111111-1b6f-4d3b-81b9-7605532787d7", 4, "CLIENT1"));
    "replay --tenant contoso -f braid-json endpoint.jsonl -f mdi-cef identity.cef"
}

#[test]
fn alerts_of_several_files_and_formats_become_incidents_in_the_order_of_their_arrival() {
    let files = Files::new();
    let out = files.braid(two_attacks(&files)).good();
    let told: Vec<String> = incidents(&out)
        .iter()
        .map(|incident| {
            let alerts: Vec<&str> = incident.alerts.iter().map(|alert| &alert.id.as_str()[..2]).collect();
            format!("{} v{}", alerts.join("+"), incident.version)
        })
        .collect();
    assert_eq!(told, ["a1+11+a2 v3", "b1+b2 v2", "c1 v1"]);
}

#[test]
fn a_directory_is_known_before_the_first_alert_and_commands_are_not_taken() {
    let files = Files::new();
    let command = two_attacks(&files);
    files.write("people.jsonl", r#"{"object":"guid-1","kind":"user","onPremises":true,"sid":"S-1-5-21-1-2-3-7","upn":"ann@contoso.com"}"#);
    let out = files.braid(&format!("{command} -f braid-directory-json people.jsonl")).good();
    let ann = incidents(&out).into_iter().flat_map(|i| i.entities).find(|e| e.name.contains("ann"));
    let ann = ann.expect("ann is in an incident");
    assert_eq!(ann.on_premises, Some(true));
    assert!(ann.identifiers.iter().any(|name| &*name.value == "S-1-5-21-1-2-3-7"), "{ann:?}");

    files.write("wrong.jsonl", r#"{"object":"guid-1","kind":"user","onPremises":true,"SID":"S-1"}"#);
    let ran = files.braid(&format!("{command} -f braid-directory-json wrong.jsonl"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("wrong.jsonl:1: unexpected_field"), "{}", ran.err);
    files.write(
        "nobody.jsonl",
        r#"{"object":"guid-9","kind":"user","onPremises":true,"samAccountName":"Guest"}"#,
    );
    let ran = files.braid(&format!("{command} -f braid-directory-json nobody.jsonl"));
    assert_eq!(ran.code, Some(1));
    let told =
        "nobody.jsonl:1: names_nobody: the directory's object \"guid-9\" is not held: it gives no name";
    assert!(ran.err.contains(told), "{}", ran.err);
    let ran = files.braid("replay -f braid-command-json people.jsonl");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("replay a dump"), "{}", ran.err);
}

#[test]
fn the_order_of_the_files_changes_nothing_where_the_times_differ() {
    let files = Files::new();
    let forwards = files.braid(two_attacks(&files)).good();
    let backwards =
        files.braid("replay --tenant contoso -f mdi-cef identity.cef -f braid-json endpoint.jsonl").good();
    assert_eq!(forwards, backwards);
}

#[test]
fn the_assignment_names_alerts_as_their_source_does() {
    let files = Files::new();
    let command = format!("{} --assignment out.csv", two_attacks(&files));
    let incidents = incidents(&files.braid(&command).good());
    let id = |n: usize| incidents[n].id.to_string();
    let expected = format!(
        "alert id,incident id\nrow-a1,{a}\naa11111111-1b6f-4d3b-81b9-7605532787d7,{a}\nrow-a2,{a}\nrow-b1,{b}\nrow-b2,{b}\nrow-c1,{c}\n",
        a = id(0),
        b = id(1),
        c = id(2)
    );
    assert_eq!(files.read("out.csv"), expected);
}

#[test]
fn alerts_of_an_incident_that_was_merged_count_for_the_survivor() {
    let files = Files::new();
    // The third one is about both hosts and both users.
    let bridge = alert("m3", 3, "client1", "ann").replace(
        "\"evidence\":[",
        "\"evidence\":[{\"kind\":\"user\",\"role\":\"impacted\",\"identifiers\":[{\"kind\":\"upn\",\"value\":\"bob@contoso.com\"}]},",
    );
    let lines = [alert("m1", 1, "client1", "ann"), alert("m2", 2, "client2", "bob"), bridge];
    files.write("a.jsonl", lines.join("\n"));
    let out = files.braid("replay -f braid-json a.jsonl --assignment out.csv").good();
    let incidents = incidents(&out);
    let status: Vec<&str> = incidents.iter().map(|incident| incident.status.as_str()).collect();
    assert_eq!(status, ["active", "redirected"], "{out}");
    let rows = files.read("out.csv");
    let survivor = format!(",{}", incidents[0].id);
    assert!(rows.lines().skip(1).all(|row| row.ends_with(&survivor)) && rows.lines().count() == 4, "{rows}");
}

#[test]
fn events_are_every_version_of_every_incident_without_a_gap() {
    let files = Files::new();
    let command = two_attacks(&files);
    let mut versions = BTreeMap::new();
    for line in files.braid(&format!("{command} --output events")).good().lines() {
        let change = decode_change(line.as_bytes()).expect("each line is a change");
        let last = versions.insert(change.incident, change.version).unwrap_or(0);
        assert_eq!(change.version, last + 1, "{line}");
    }
    let last: BTreeMap<_, _> =
        incidents(&files.braid(command).good()).into_iter().map(|i| (i.id, i.version)).collect();
    assert_eq!(versions, last);
}

#[test]
fn the_summary_is_a_table_with_the_most_urgent_first() {
    let files = Files::new();
    let table = files.braid(&format!("{} --summary", two_attacks(&files))).good();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("severity") && lines[1].contains("Alert a1"), "{table}");
    let total =
        "6 alerts in 3 incidents, 1 of them of one alert; 0 more were merged into these; 0 records refused";
    assert_eq!(lines.last(), Some(&total));
}

#[test]
fn a_configuration_decides_what_is_one_incident() {
    let files = Files::new();
    let command = two_attacks(&files);
    files.write(
        "braid.toml",
        "kafka.brokers = [\"k:9092\"]\noutput.incident_url = \"https://b.example/i/\"\n[correlation]\njoin_at = 9.0\n\
         merge_at = 9.0\n[[sources]]\nname = \"s\"\ntopics = [\"s\"]\nformat = \"mdi-cef\"\nenabled = true\ntenant = \"contoso\"\n",
    );
    let incidents = incidents(&files.braid(&format!("{command} --config braid.toml")).good());
    assert_eq!(incidents.len(), 6, "nothing is linked that strongly");
    let url = format!("https://b.example/i/{}", incidents[0].id);
    assert_eq!(incidents[0].incident_url.as_deref(), Some(url.as_str()));
}

#[test]
fn refusals_are_told_and_the_rest_is_played() {
    let files = Files::new();
    files.write("a.jsonl", format!("{}\n{{\n{}\n", alert("a1", 0, "h", "u"), alert("a2", 1, "h", "u")));
    let ran = files.braid("replay -f braid-json a.jsonl");
    assert_eq!((ran.code, incidents(&ran.out).len()), (Some(1), 1));
    assert!(ran.err.starts_with("a.jsonl:2: "), "{}", ran.err);
}

#[test]
fn an_alert_that_no_incident_can_hold_is_told() {
    let files = Files::new();
    let many: Vec<String> = (0..600)
        .map(|n| format!("{{\"kind\":\"host\",\"role\":\"impacted\",\"identifiers\":[{{\"kind\":\"fqdn\",\"value\":\"h{n}.contoso.com\"}}]}}"))
        .collect();
    let huge =
        alert("a1", 0, "h", "u").replace("\"evidence\":[", &format!("\"evidence\":[{},", many.join(",")));
    files.write("a.jsonl", huge);
    let ran = files.braid("replay -f braid-json a.jsonl");
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.starts_with("a.jsonl:1: too_many_entities"), "{}", ran.err);
}

#[test]
fn the_assignment_names_alerts_that_a_flood_only_counts() {
    let files = Files::new();
    let spray =
        |n: u32| alert(&format!("s{n}"), 1, "client1", "ann").replace(&format!("Alert s{n}"), "Spray");
    files.write("spray.jsonl", (0..30).map(spray).collect::<Vec<_>>().join("\n"));
    let out = files.braid("replay -f braid-json spray.jsonl --assignment out.csv").good();
    let [incident] = &incidents(&out)[..] else { panic!("{out}") };
    assert_eq!((incident.alerts.len(), incident.floods[0].folded), (20, 10));
    let rows = files.read("out.csv");
    let of_it = |n: u32| rows.contains(&format!("row-s{n},{}\n", incident.id));
    assert!((0..30).all(of_it) && rows.lines().count() == 31, "{rows}");
    let table = files.braid("replay -f braid-json spray.jsonl --summary").good();
    assert!(table.ends_with("\n30 alerts in 1 incidents, 0 of them of one alert; 0 more were merged into these; 0 records refused\n"), "{table}");
}
