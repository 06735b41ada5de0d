//! The record that the README shows is the one that the story comes to.

use std::path::Path;

use braid_wire::incident::{Encoding, encode_incident};
use serde_json::Value;

use super::tests::attack;

/// What is left out of the record as it is shown.
const LEFT_OUT: &str = "…";

/// What follows from the hour at which the demo is run.
const OF_THE_HOUR: [&str; 2] = ["/id", "/merged_from/0"];

#[test]
fn the_record_in_the_readme_is_what_the_story_comes_to() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let shown = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let shown: Value =
        serde_json::from_str(&with_marks(shown)).expect("what is shown is JSON, but for what is left out");
    let record: Value = serde_json::from_slice(&encode_incident(&attack(), Encoding::Json)).unwrap();
    let mut differences = Vec::new();
    compare("", &shown, &record, &mut differences);
    assert!(differences.is_empty(), "README.md shows another record:\n{}", differences.join("\n"));
    assert_eq!(
        shown["alerts"].as_array().map(Vec::len),
        Some(3),
        "two alerts are shown, and that there are more"
    );
}

/// What is left out as an element of its list, or a field of its object.
fn with_marks(text: &str) -> String {
    let (mut out, mut open, mut in_text) = (String::new(), Vec::new(), false);
    for c in text.chars() {
        match c {
            '"' => in_text = !in_text,
            '{' | '[' if !in_text => open.push(c),
            '}' | ']' if !in_text => drop(open.pop()),
            _ => {}
        }
        match c {
            '…' if !in_text && open.last() == Some(&'{') => out.push_str("\"…\": null"),
            '…' if !in_text => out.push_str("\"…\""),
            c => out.push(c),
        }
    }
    out
}

/// Notes where the record is not as it is shown. Of a list that something is left out of, what is shown stands in it in
/// that order.
fn compare(place: &str, shown: &Value, record: &Value, differences: &mut Vec<String>) {
    match (shown, record) {
        (Value::Object(shown), Value::Object(record)) => {
            for (name, value) in shown.iter().filter(|(name, _)| *name != LEFT_OUT) {
                let there = record.get(name).unwrap_or(&Value::Null);
                compare(&format!("{place}/{name}"), value, there, differences);
            }
        }
        (Value::Array(shown), Value::Array(record)) => compare_lists(place, shown, record, differences),
        _ if OF_THE_HOUR.contains(&place) => {}
        (Value::String(shown), Value::String(record)) if shown.ends_with(LEFT_OUT) => {
            if !record.starts_with(shown.trim_end_matches(LEFT_OUT)) {
                differences.push(format!("{place}: {shown:?} is {record:?}"));
            }
        }
        (shown, record) if shown == record => {}
        (shown, record) => differences.push(format!("{place}: {shown} is {record}")),
    }
}

fn compare_lists(place: &str, shown: &[Value], record: &[Value], differences: &mut Vec<String>) {
    let is_left_out = |value: &Value| value == LEFT_OUT;
    if !shown.iter().any(is_left_out) && shown.len() != record.len() {
        differences.push(format!("{place}: {} elements are {}", shown.len(), record.len()));
    }
    let mut from = 0;
    for (nth, value) in shown.iter().enumerate().filter(|(_, value)| !is_left_out(value)) {
        let told = |element: &Value| {
            let mut told = Vec::new();
            compare(&format!("{place}/{nth}"), value, element, &mut told);
            told
        };
        let fits = |(_, element): &(usize, &Value)| told(element).is_empty();
        match record.iter().enumerate().skip(from).find(fits) {
            Some((at, _)) => from = at + 1,
            // The one that it comes nearest to says most about what is wrong.
            None => {
                let nearest = record.iter().skip(from).map(told).min_by_key(Vec::len);
                differences
                    .extend(nearest.unwrap_or_else(|| vec![format!("{place}/{nth}: {value} is not there")]));
            }
        }
    }
}
