use crate::support::Files;

/// The pairwise and B³ F1 and the number of alerts that `braid evaluate` prints.
fn evaluated(files: &Files, format: &str, file: &str) -> (usize, f64) {
    let out = files
        .braid(&format!("evaluate --labels world/labels.csv --tenant contoso -f {format} world/{file}"))
        .good();
    let row: Vec<&str> = out.lines().nth(1).expect("a row of scores").split_whitespace().collect();
    assert_eq!(row[3], "0", "every labelled alert is in an incident: {out}");
    (row[2].parse().expect("a number of alerts"), row[8].parse().expect("an F1"))
}

#[test]
fn what_is_written_in_any_format_is_read_again_with_its_labels() {
    for (format, file, alerts_min, f1_min) in [
        ("braid-json", "alerts.jsonl", 200, 0.5),
        ("braid-avro", "alerts.avro", 200, 0.5),
        ("sentinel-security-alert", "alerts.jsonl", 200, 0.5),
        ("graph-alert", "alerts.jsonl", 200, 0.5),
        // One product alone sees too little of an attack to be judged by it.
        ("mdi-cef", "alerts.cef", 30, 0.0),
    ] {
        let files = Files::new();
        let out =
            files.braid(&format!("simulate --preset small-office --seed 3 --out world -f {format}")).good();
        assert!(out.contains(&format!("world/{file}")) && out.contains("2 attacks"), "{out}");
        let (alerts, f1) = evaluated(&files, format, file);
        assert!(alerts >= alerts_min && f1 >= f1_min, "{format}: {alerts} alerts, F1 {f1}");
    }
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let files = Files::new();
    for directory in ["one", "two"] {
        files.braid(&format!("simulate --preset small-office --seed 5 --out {directory}")).good();
    }
    files.braid("simulate --preset small-office --seed 6 --out three").good();
    assert_eq!(files.read("one/alerts.jsonl"), files.read("two/alerts.jsonl"));
    assert_eq!(files.read("one/labels.csv"), files.read("two/labels.csv"));
    assert_ne!(files.read("one/alerts.jsonl"), files.read("three/alerts.jsonl"));
}

#[test]
fn sizes_may_be_said_and_what_cannot_be_is_refused() {
    let files = Files::new();
    let sizes = "--alerts 300 --hosts 100 --campaigns 3 --days 2";
    let out = files.braid(&format!("simulate --preset small-office --out world {sizes}")).good();
    assert!(out.contains("300 alerts of 3 attacks"), "{out}");
    assert_eq!(files.read("world/labels.csv").lines().count(), 301);
    let refused = files.braid("simulate --out world --campaigns 5000");
    assert!(refused.code == Some(3) && refused.err.contains("too few alerts"), "{refused:?}");
}

#[test]
fn a_format_is_written_or_refused_before_anything_is() {
    let help = Files::new().braid("replay --help").good();
    let named = help.lines().filter_map(|line| line.trim().strip_prefix("- ")?.split_once(':'));
    let formats: Vec<&str> = named.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    assert!(formats.len() > 10, "{formats:?}");
    for format in formats {
        let files = Files::new();
        let made = files.braid(&format!("simulate --preset small-office --out world -f {format}"));
        match made.code {
            Some(0) => assert!(files.read("world/labels.csv").lines().count() > 30, "{format}"),
            Some(2) => assert!(!made.err.contains("panicked"), "{format}: {made:?}"),
            _ => panic!("{format}: {made:?}"),
        }
    }
}
