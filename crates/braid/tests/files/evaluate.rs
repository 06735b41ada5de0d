use std::path::Path;
use std::process::Command;

use crate::support::{Files, alert};

/// Two attacks on two hosts, and what `braid replay` makes of them.
fn two_attacks(files: &Files) {
    let (mut lines, mut labels) = (Vec::new(), String::from("alert id,incident\n"));
    for step in 0..4 {
        for (attack, host, user) in [("a", "client1", "ann"), ("b", "client2", "bob")] {
            lines.push(alert(&format!("{attack}{step}"), step * 12, host, user));
            labels += &format!("row-{attack}{step},{attack}\n");
        }
    }
    files.write("alerts.jsonl", lines.join("\n"));
    files.write("labels.csv", labels);
}

#[test]
fn what_is_right_scores_one_and_each_incident_is_told() {
    let files = Files::new();
    two_attacks(&files);
    let out = files.braid("evaluate --labels labels.csv -f braid-json alerts.jsonl").good();
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[1].starts_with("as given") && lines[1].contains("1.000 1.000 1.000"), "{out}");
    assert!(lines[1].ends_with("50.0%   1.000"), "{out}");
    assert_eq!(
        lines[4..6],
        ["     4         4          0               0  a", "     4         4          0               0  b",]
    );
}

#[test]
fn an_assignment_is_scored_as_it_is_and_says_what_is_wrong_with_it() {
    let files = Files::new();
    files.write("labels.csv", "alert id,incident\n1,a\n2,a\n3,a\n4,b\n");
    files.write("found.csv", "alert id,incident id\n1,x\n2,x\n3,y\n4,y\n");
    let out = files.braid("evaluate --labels labels.csv --assignment found.csv").good();
    // Of two pairs found one is right, of three true ones one is found; see `braid_sim::agreement`.
    assert!(out.contains("0.500 0.333 0.400") && out.contains("0.750 0.667 0.706"), "{out}");
    assert!(out.contains("     3         2          1               0  a; in 2 parts: 2 + 1"), "{out}");
    assert!(out.contains("     1         1          0               1  b; with 1 of a"), "{out}");
}

#[test]
fn labels_of_other_alerts_or_with_swapped_columns_are_told_and_not_scored() {
    let files = Files::new();
    two_attacks(&files);
    files.write("swapped.csv", "incident,alert id\nalpha,row-a0\nbeta,row-b0\n");
    let ran = files.braid("evaluate --labels swapped.csv -f braid-json alerts.jsonl");
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{ran:?}");
    assert!(ran.err.contains("none of the 2 labelled alerts") && ran.err.contains("`a0`"), "{}", ran.err);
}

#[test]
fn an_alert_that_two_feeds_bring_is_found_by_the_id_of_either() {
    let files = Files::new();
    two_attacks(&files);
    let other_feed = files.read("alerts.jsonl").replace("\"row-", "\"graph-");
    files.write("other.jsonl", other_feed);
    let both = "evaluate --labels labels.csv -f braid-json alerts.jsonl other.jsonl";
    assert!(files.braid(both).good().contains("1.000 1.000 1.000"));
    files.braid("replay -f braid-json alerts.jsonl other.jsonl --assignment out.csv").good();
    let out = files.read("out.csv");
    assert!(out.contains("row-a0,") && out.contains("graph-a0,"), "{out}");
    assert!(
        files.braid("evaluate --labels labels.csv --assignment out.csv").good().contains("1.000 1.000 1.000")
    );
}

#[test]
fn a_sweep_tries_every_combination() {
    let files = Files::new();
    two_attacks(&files);
    files.write("strict.toml", "correlation.merge_at = 9.0\n");
    let sweep = "-c strict.toml --sweep join_at=0.3,9 --sweep half_lives.other=30m,1h";
    let out = files.braid(&format!("evaluate --labels labels.csv -f braid-json alerts.jsonl {sweep}")).good();
    let settings: Vec<String> = out
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        settings,
        [
            "join_at=0.3 half_lives.other=30m",
            "join_at=0.3 half_lives.other=1h",
            "join_at=9 half_lives.other=30m",
            "join_at=9 half_lives.other=1h",
        ]
    );
    assert!(
        out.lines().nth(3).is_some_and(|line| line.contains("1.000 0.000 0.000")),
        "nothing joins: {out}"
    );
}

#[test]
fn json_has_every_incident_and_every_figure() {
    let files = Files::new();
    two_attacks(&files);
    let out = files.braid("evaluate --labels labels.csv -f braid-json alerts.jsonl --json").good();
    for part in [
        r#""settings":"","alerts":8,"missing":0,"incidents":2,"found":2"#,
        r#""pairwise":{"precision":1.0,"recall":1.0,"f1":1.0}"#,
        r#"{"incident":"a","alerts":4,"split_off":0,"merged_wrongly":0,"parts":[{"incident":"#,
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
}

#[test]
fn what_does_not_go_together_is_told_at_once() {
    let files = Files::new();
    two_attacks(&files);
    for (arguments, told) in [
        ("evaluate --labels labels.csv", "alerts to play are needed"),
        ("evaluate --labels labels.csv --assignment labels.csv -f braid-json alerts.jsonl", "not both"),
        (
            "evaluate --labels labels.csv --assignment labels.csv --sweep join_at=1",
            "an assignment is as it is",
        ),
        ("evaluate --labels labels.csv -f braid-json alerts.jsonl --sweep joinat=1", "did you mean join_at?"),
        ("evaluate --labels labels.csv -f braid-json alerts.jsonl --sweep target=2", "from 0 to 1"),
        ("evaluate --labels labels.csv -f braid-json alerts.jsonl --sweep merge_at=much", "merge_at=much"),
        (
            "evaluate --labels labels.csv -f braid-json alerts.jsonl --sweep join_at=1 --sweep join_at=2",
            "join_at is given twice",
        ),
        ("evaluate --labels nothing.csv -f braid-json alerts.jsonl", "nothing.csv"),
    ] {
        let ran = files.braid(arguments);
        let code = if told == "nothing.csv" { 3 } else { 2 };
        assert!(ran.code == Some(code) && ran.err.contains(told), "{arguments}: {ran:?}");
    }
}

#[test]
fn what_help_shows_can_be_tried() {
    let help = Files::new().braid("evaluate --help").good();
    let files = Files::new();
    two_attacks(&files);
    let sweeps = |line: &&str| line.trim_start().starts_with("braid evaluate") && line.contains("--sweep");
    let lines: Vec<&str> = help.lines().filter(sweeps).collect();
    assert!(!lines.is_empty(), "{help}");
    for line in lines {
        files.braid(line.trim_start().strip_prefix("braid ").expect("it begins so")).good();
    }
}

#[test]
fn a_file_without_a_head_is_refused_and_loses_no_alert() {
    let files = Files::new();
    two_attacks(&files);
    let headless = files.read("labels.csv").replacen("alert id,incident\n", "", 1);
    files.write("headless.csv", &headless);
    files.write("words.csv", headless.replace("row-a0,", "first,"));
    let named = alert("first", 0, "client1", "ann").replace("row-first", "first");
    files.write("alerts.jsonl", format!("{named}\n{}", files.read("alerts.jsonl")));
    for (labels, told) in [("headless.csv", "`row-a0,a` is an alert"), ("words.csv", "`first` is an alert")] {
        let ran = files.braid(&format!("evaluate --labels {labels} -f braid-json alerts.jsonl"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{ran:?}");
        assert!(ran.err.contains(told) && ran.err.contains("alert id,incident"), "{}", ran.err);
    }
}

#[test]
fn a_file_of_correlation_alone_is_configuration_enough_and_sources_count() {
    let files = Files::new();
    two_attacks(&files);
    let evaluated = |config: &str| {
        files.write("c.toml", config);
        files.braid("evaluate --labels labels.csv -f braid-json alerts.jsonl -c c.toml").good()
    };
    assert!(evaluated("correlation.hub_partners = 14\n").contains("1.000 1.000 1.000"));
    let source = "[[sources]]\nname = \"s\"\nformat = \"braid-json\"\nenabled = true\ncorrelate = \"off\"\n";
    assert!(evaluated(source).contains("1.000 0.000 0.000"), "none of them joins");
}

#[test]
fn it_agrees_with_the_script_beside_the_samples() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/defender-xdr");
    if !samples.is_dir() {
        eprintln!("skipped: {} is not here", samples.display());
        return;
    }
    let files = Files::new();
    let (alerts, labels) = (samples.join("alerts.jsonl"), samples.join("labels.csv"));
    let replay = format!("replay -f sentinel-security-alert {} --assignment out.csv", alerts.display());
    files.braid(&replay).good();
    let mut python = Command::new("python3");
    let Ok(scored) = python.arg(samples.join("score.py")).arg(&labels).arg(files.path("out.csv")).output()
    else {
        eprintln!("skipped: python3 does not start");
        return;
    };
    let theirs = String::from_utf8(scored.stdout).expect("it is text");
    let figure = |name: &str| {
        let word = theirs.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        word.unwrap_or_else(|| panic!("{name} is not in {theirs}")).to_owned()
    };
    let agreement = |kind: &str| ["_p", "_r", "_f1"].map(|part| figure(&format!("{kind}{part}"))).join(" ");
    for input in
        ["--assignment out.csv".to_owned(), format!("-f sentinel-security-alert {}", alerts.display())]
    {
        let ours = files.braid(&format!("evaluate --labels {} {input}", labels.display())).good();
        let row = ours.lines().nth(1).expect("a row of scores");
        assert!(row.contains(&agreement("pair")) && row.contains(&agreement("b3")), "{theirs}\n{ours}");
    }
}
