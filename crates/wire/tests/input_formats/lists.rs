//! What lists records and what merely has a list. Of the former nothing is lost, the latter is one record.

use braid_engine::Input;
use braid_wire::{Format, RefusalReason, SourceRecord, StixObject, decode, read, stix_objects};

use crate::fixture::{origin, rules};
use crate::refusals::JSON;

/// A record in two versions: as it is, and with a value in it that no parser takes. The first is read in one go, the second
/// is taken apart as it stands.
fn both_paths(record: &str) -> [String; 2] {
    [r#""\u0078""#, r#""\ud83d""#].map(|odd| record.replacen('{', &format!(r#"{{"odd":{odd},"#), 1))
}

/// The title of each alert, or the reason for which an element is refused.
fn told(format: Format, record: &str) -> Vec<String> {
    let results = decode(record.as_bytes(), &origin(), &rules(format));
    let told = |result: &Result<braid_alert::Alert, braid_wire::Refusal>| match result {
        Ok(alert) => alert.title.to_string(),
        Err(refusal) => refusal.reason.to_string(),
    };
    results.iter().map(told).collect()
}

/// Records of a format that can be told apart.
fn titled(format: Format, record: &str, title: &str) -> String {
    let record = record.replace("A name", title);
    match format {
        // The rows of one alert are one alert, and the record is a message of rows.
        Format::DefenderXdrStreaming => {
            let row = record.trim_start_matches(r#"{"records":["#).trim_end_matches("]}");
            row.replace("s-1", title)
        }
        _ => record,
    }
}

/// Those of the alerts that each name for a list of records has in each format.
fn lists_of(format: Format) -> &'static [&'static str] {
    match format {
        Format::DefenderXdrStreaming => &["records"],
        Format::ZimperiumMtd => &["content", "records", "value"],
        Format::OcsfDetectionFinding => &["records", "Records", "events", "value"],
        _ => &["value", "records"],
    }
}

#[test]
fn no_element_of_a_record_with_several_lists_is_lost_whichever_way_it_is_read() {
    for (format, good) in JSON {
        let [a, b, c] = ["A", "B", "C"].map(|title| titled(format, good, title));
        for (first, second) in
            lists_of(format).iter().flat_map(|f| lists_of(format).iter().map(move |s| (f, s)))
        {
            let around = r#""@odata.context":"x","id":"batch","@timestamp":"2026-02-03T10:00:00Z","nextLink":"x","count":3"#;
            for (record, expected) in [
                (format!(r#"{{{around},"{first}":[{a}]}}"#), &["A"][..]),
                (format!(r#"{{"{first}":[],{around},"{second}":[{a}]}}"#), &["A"]),
                (format!(r#"{{"{first}":[{b}],"{second}":[{a},{c}],{around}}}"#), &["B", "A", "C"]),
                (format!(r#"{{"{first}":[{b}],"{second}":null,"{first}":[{a}]}}"#), &["B", "A"]),
                (format!(r#"{{"{first}":[],"{second}":[]}}"#), &["beside_alerts"]),
                (format!(r#"{{"{first}":[{a},7],"{second}":[{c}]}}"#), &["A", "wrong_type", "C"]),
            ] {
                for record in both_paths(&record) {
                    assert_eq!(told(format, &record), expected, "{format} {first} {second}");
                }
            }
        }
    }
}

#[test]
fn a_record_with_a_list_of_its_own_is_one_record_whichever_way_it_is_read() {
    for (format, good) in JSON {
        let good = titled(format, good, "A");
        for list in lists_of(format) {
            for elements in ["", "1,2", &good] {
                let own = good.replacen('{', &format!(r#"{{"{list}":[{elements}],"#), 1);
                let [whole, odd] = both_paths(&own);
                assert_eq!(told(format, &whole), ["A"], "{format} {list} [{elements}]");
                assert_eq!(told(format, &odd), ["malformed"], "{format} {list} [{elements}]");
            }
        }
    }
}

/// What others write for JSON.
const NEARLY: [&str; 10] =
    ["NaN", "-Infinity", "\"a\tb\"", r#""C:\Users""#, "[1,]", "01", "'a'", "+1", "undefined", "\"\u{1}\""];

#[test]
fn what_is_nearly_json_costs_no_other_element() {
    for (format, good) in JSON {
        let [a, b, c] = ["A", "B", "C"].map(|title| titled(format, good, title));
        for odd in NEARLY {
            let bad = b.replacen('{', &format!(r#"{{"odd":{odd},"#), 1);
            for list in lists_of(format) {
                let page = format!(r#"{{"next":"x","{list}":[{a},{bad} , {c}],"count":3}}"#);
                assert_eq!(told(format, &page), ["A", "malformed", "C"], "{format} {list} {odd}");
                let marked = format!("\u{feff}{page}");
                assert_eq!(
                    told(format, &marked),
                    ["A", "malformed", "C"],
                    "{format} {list} {odd}, with a mark"
                );
            }
            assert_eq!(
                told(format, &format!("[{a},[{bad},{c}]]")),
                ["A", "malformed", "C"],
                "{format} {odd}"
            );
            assert_eq!(told(format, &bad), ["malformed"], "{format} {odd}");
        }
        let bytes = format!("{{\"records\":[{a},{{\"odd\":\"\u{1}\"}},{c}]}}").into_bytes();
        let bytes: Vec<u8> = bytes.into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
        let results = decode(&bytes, &origin(), &rules(format));
        let told: Vec<_> =
            results.iter().map(|read| read.as_ref().map_err(|refusal| refusal.reason).err()).collect();
        assert_eq!(told, [None, Some(RefusalReason::InvalidUtf8), None], "{format}");
    }
}

#[test]
fn lists_and_envelopes_within_lists_are_taken_apart() {
    for (format, good) in JSON {
        let [a, b, c] = ["A", "B", "C"].map(|title| titled(format, good, title));
        for list in lists_of(format) {
            for (record, expected) in [
                (format!("[[{a}]]"), &["A"][..]),
                (format!(r#"[{{"{list}":[{a},{b}]}},{c}]"#), &["A", "B", "C"]),
                (
                    format!(r#"{{"{list}":[[{a}],[],{{"{list}":[]}},{b}]}}"#),
                    &["A", "beside_alerts", "beside_alerts", "B"],
                ),
                (format!(r#"{{"{list}":{a},"{list}":[{b}]}}"#), &["A", "B"]),
                (format!(r#"{{"{list}":{a}}}"#), &["A"]),
            ] {
                assert_eq!(told(format, &record), expected, "{format} {record}");
                let odd = record.replacen('{', r#"{"odd":NaN,"#, 1);
                let good: Vec<_> = told(format, &odd).into_iter().filter(|told| told.len() == 1).collect();
                let rest: Vec<_> = expected.iter().filter(|told| told.len() == 1).collect();
                assert!(
                    good.iter().eq(rest.iter().copied()) || good.iter().eq(rest[1..].iter().copied()),
                    "{format} {odd}"
                );
            }
        }
    }
}

#[test]
fn what_a_collector_puts_beside_its_list_makes_no_document_of_it() {
    let (_, document) = JSON[9];
    let beside =
        |fields: &str| format!(r#"{{"@timestamp":"2026-02-03T10:00:00Z",{fields},"records":[{document}]}}"#);
    for (fields, expected) in [
        (r#""event":{"original":"x","sequence":1}"#, "A name"),
        (r#""event.original":"x""#, "A name"),
        (r#""event":{"kind":"event"}"#, "beside_alerts"),
        (r#""event.kind":"event""#, "beside_alerts"),
        (r#""kibana":{"alert":{"uuid":"k"}},"organization.id":"t-1""#, "Untitled alert"),
    ] {
        for (odd, bad) in [
            (r#""odd":1,"#, expected),
            (r#""odd":NaN,"#, if expected == "A name" { expected } else { "malformed" }),
        ] {
            let record = beside(fields).replacen('{', &format!("{{{odd}"), 1);
            assert_eq!(told(Format::EcsAlert, &record), [bad], "{record}");
        }
    }
}

#[test]
fn a_document_that_an_index_wraps_may_have_a_list_and_so_may_a_resource_of_azure() {
    let (_, document) = JSON[9];
    let hit = |inside: &str, beside: &str| {
        let source = document.replacen('{', &format!("{{{inside}"), 1);
        format!(r#"{{"_id":"x",{beside}"_source":{source}}}"#)
    };
    for hit in [hit(r#""value":[1,2],"#, ""), hit("", r#""records":[],"#)] {
        assert_eq!(told(Format::EcsAlert, &hit), ["A name"], "{hit}");
    }
    let dotted = r#"{"@timestamp":"2026-02-03T10:05:00Z","kibana.alert.uuid":"k","kibana.alert.rule.name":"A name","value":[1]}"#;
    assert_eq!(told(Format::EcsAlert, dotted), ["A name"]);
    let (_, cloud) = JSON[6];
    let resource = format!(
        r#"{{"id":"/subscriptions/s","name":"n","type":"Microsoft.Security/alerts","value":[],"properties":{cloud}}}"#
    );
    assert_eq!(told(Format::DefenderCloudAlert, &resource), ["A name"]);
}

#[test]
fn an_incident_whose_list_stands_in_two_parts_loses_no_alert() {
    for at in [2, 4] {
        let (format, incident) = JSON[at];
        let (before, rest) = incident.split_once(r#""alerts":["#).expect("it has a list");
        let alert = rest.trim_end_matches("]}");
        let twice = format!(r#"{before}"alerts":[{alert}],"alerts":[{}]}}"#, alert.replace("A name", "B"));
        assert_eq!(told(format, &twice), ["A name", "B"]);
        let odd = twice.replacen("\"alerts\":[", "\"alerts\":[{\"odd\":\"\\ud83d\"},", 1);
        assert_eq!(told(format, &odd), ["malformed", "A name", "B"]);
    }
}

const ALERT: &str = r#"{"tenant":"contoso","provider":"p","id":"{id}","title":"x","severity":"high",
    "first_activity":"2026-02-03T10:00:00Z"}"#;
const OBJECT: &str =
    r#"{"tenant":"contoso","object":"{id}","kind":"user","onPremises":true,"samAccountName":"ann"}"#;
const COMMAND: &str = r#"{"tenant":"contoso","id":"{id}","author":"ann","action":"comment","text":"ok",
    "incident":"b28af616-3eb5-5174-856b-7bb8f4295596"}"#;

#[test]
fn lists_of_braid_s_own_records_are_read_whole_as_well() {
    for (format, good) in [
        (Format::BraidJson, ALERT),
        (Format::BraidDirectoryJson, OBJECT),
        (Format::BraidCommandJson, COMMAND),
    ] {
        let [a, b] = ["A", "B"].map(|id| good.replace("{id}", id));
        let told = |record: String| -> Vec<String> {
            let record = SourceRecord { value: Some(record.as_bytes()), ..SourceRecord::default() };
            let id = |input: Input| match input {
                Input::Alert(alert) => alert.id.as_str().to_owned(),
                Input::Directory(record) => record.object.to_string(),
                Input::Command(command) => command.id.to_string(),
                Input::Tick { .. } => unreachable!("no source has ticks"),
            };
            let results = read(record, &origin(), &rules(format)).into_iter();
            results.map(|read| read.map_or_else(|refusal| refusal.reason.to_string(), id)).collect()
        };
        assert_eq!(told(format!(r#"{{"records":[],"x":1,"records":[{a}]}}"#)), ["A"], "{format}");
        assert_eq!(told(format!(r#"{{"records":[{b}],"records":[{a}]}}"#)), ["B", "A"], "{format}");
        // What those of a closed set of fields think of such a field they say themselves.
        let own = told(a.replacen('{', r#"{"records":[],"#, 1));
        let expected =
            if format == Format::BraidJson { "A" } else { RefusalReason::UnexpectedField.as_str() };
        assert_eq!(own, [expected], "{format}");
    }
}

#[test]
fn only_a_bundle_lists_objects_of_stix() {
    let revoked = |id: &str| {
        format!(r#"{{"type":"indicator","id":"{id}","modified":"2026-01-10T08:00:00Z","revoked":true}}"#)
    };
    let (a, b) = (revoked("a"), revoked("b"));
    let told = |record: &str| -> Vec<String> {
        let id = |object: StixObject| object.id.into_string();
        let results = stix_objects(record.as_bytes()).into_iter();
        results.map(|read| read.map_or_else(|refusal| refusal.reason.to_string(), id)).collect()
    };
    for (record, expected) in [
        (format!(r#"{{"type":"bundle","id":"bundle--1","objects":[{a}],"objects":[{b}]}}"#), &["a", "b"][..]),
        (format!(r#"{{"more":false,"objects":[{a},{b}]}}"#), &["a", "b"]),
        (r#"{"objects":[]}"#.to_owned(), &["beside_alerts"]),
    ] {
        for record in both_paths(&record) {
            assert_eq!(told(&record), expected, "{record}");
        }
    }
    let own = revoked("a").replacen('{', &format!(r#"{{"objects":[{b},7],"#), 1);
    let [whole, odd] = both_paths(&own);
    assert_eq!(told(&whole), ["a"]);
    assert_eq!(told(&odd), ["malformed"]);
}
