//! The findings that the decoder's tests read are what OCSF's own models take for one.

use braid_tests::readers;
use serde_json::Value;

#[test]
fn the_findings_of_the_tests_are_detection_findings_to_somebody_else_s_model() {
    let records = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/wire/tests/input_formats/records");
    let lines: Vec<String> = ["endpoint-finding", "cloud-finding"]
        .into_iter()
        .map(|name| {
            let text = std::fs::read_to_string(format!("{records}/{name}.ocsf.json")).expect("it is there");
            serde_json::from_str::<Value>(&text).expect("it is JSON").to_string()
        })
        .collect();
    let read = readers::read(&["ocsf-detection-finding"], &lines);
    let ids: Vec<_> = read.iter().map(|finding| finding["id"].as_str().expect("it has an id")).collect();
    assert_eq!(ids, ["ldt:f00d42:8812", "arn:aws:guardhouse:eu-west-1:123456789012:finding/0c1d"]);
}
