//! `braid test`: cases as data.

use std::path::Path;

use crate::support::Files;

const RULES: &str = "
title: Failed
name: failed
logsource: {product: braid, service: alerts}
detection: {s: {title: failed*}, condition: s}
---
title: Many failed
id: many
level: high
correlation: {type: event_count, rules: [failed], group-by: [user], timespan: 10m, condition: {gte: 2}}
";

const ALERTS: &str = r#"
      alerts:
        - 10:00 mdi/a1 "Failed logon" user=contoso\ann
        - 10:05 mdi/a2 "Failed logon" user=contoso\ann
"#;

fn files(expected: &str) -> Files {
    let files = Files::new();
    files.write("rules.yml", RULES);
    files.write("cases.yml", format!("rules: rules.yml\ncases:\n    - name: two of Ann's{ALERTS}{expected}"));
    files
}

#[test]
fn the_cases_that_are_shipped_with_the_rules_go_as_expected() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/rules");
    let mut cases: Vec<String> = std::fs::read_dir(shipped)
        .expect("the directory is there")
        .map(|entry| entry.expect("it can be read").path().display().to_string())
        .filter(|file| file.ends_with(".test.yml"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 3);
    let out = Files::new().braid(&format!("test {}", cases.join(" "))).good();
    assert!(out.ends_with("cases, 0 failed\n"), "{out}");
}

#[test]
fn a_case_that_goes_as_expected_is_ok() {
    let out = files("      fired: {many: 1}\n      incidents: [{alerts: [a1, a2, 'rule:many'], severity: high, status: active}]\n")
        .braid("test cases.yml")
        .good();
    assert_eq!(out, "ok      cases.yml:3: two of Ann's\n\n1 case, 0 failed\n");
}

#[test]
fn a_case_that_does_not_says_what_is_different_and_the_exit_code_is_1() {
    let files = files(
        "      fired: {other: 1}\n      incidents: [{alerts: [a1, a2, 'rule:many'], title: x, severity: low, reasons: [sameCampaign]}, {alerts: [a3]}]\n",
    );
    let ran = files.braid("test cases.yml --junit report.xml");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines,
        [
            "FAILED  cases.yml:3: two of Ann's",
            "        there is no rule other, only failed, many",
            "        rule many raised 1 alerts, not 0",
            "        the incident of a1, a2, rule:many: title is `Many failed and 2 more alerts involving contoso\\ann`, not `x`",
            "        the incident of a1, a2, rule:many: severity is `high`, not `low`",
            "        the incident of a1, a2, rule:many: no link says sameCampaign, only sameActor",
            "        no incident of a3",
            "",
            "1 case, 1 failed",
        ]
    );
    let junit = files.read("report.xml");
    assert!(junit.contains(r#"tests="1" skipped="0" failures="1""#), "{junit}");
    assert!(junit.contains(r#"<failure message="there is no rule other, only failed, many">"#), "{junit}");
}

#[test]
fn an_incident_that_nobody_expects_is_a_difference_unless_the_case_allows_it() {
    let ran = files("      incidents: []\n").braid("test cases.yml");
    assert!(ran.out.contains("an incident of a1, a2, rule:many"), "{ran:?}");
    files("      incidents: []\n      more_incidents: true\n").braid("test cases.yml").good();
}

#[test]
fn every_fault_of_a_case_file_is_told_with_its_place_and_the_exit_code_is_2() {
    let files = Files::new();
    files.write(
        "cases.yml",
        r#"ruls: rules.yml
cases:
    - name: bad lines
      alerts:
          - 10:00 mdi/a1 "Failed logon" usr=contoso\ann
          - 25:00 mdi/a1 "Failed logon"
          - {provider: mdi, id: 7}
      fired: {many: often}
    - alerts: []
      incidents: [{severity: hi, status: closed, reasons: [sameUser]}]
"#,
    );
    let ran = files.braid("test cases.yml");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines.len(), 11, "{lines:#?}");
    let begins = [
        "cases.yml:1:1: ruls: there is no such key; did you mean `rules`?",
        "cases.yml:5:13: cases[0].alerts[0]: there is no `usr`; did you mean `user`?",
        "cases.yml:6:13: cases[0].alerts[1]: `25:00` is no time",
        "cases.yml:7:13: cases[0].alerts[2]: wrong_type: ",
        "cases.yml:8:21: cases[0].fired.many: this is how many alerts the rule raises",
        "cases.yml:9:7: cases[1].name: is missing",
    ];
    for word in ["there is no severity `hi`; there are ", "there is no status `closed`; there are active, "] {
        assert!(lines.iter().any(|line| line.contains(word)), "{word} in {lines:#?}");
    }
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}\n{begin}");
    }
}

#[test]
fn the_rules_of_a_configuration_are_used_where_the_cases_name_none() {
    let files = files("");
    files.write("cases.toml", "[[cases]]\nname = \"a\"\nalerts = ['10:00 mdi/a1 \"Failed\" user=contoso\\ann', '10:01 mdi/a2 \"Failed\" user=contoso\\ann']\nfired = { many = 1 }\n");
    files.write("braid.toml", "kafka.brokers = [\"k:9092\"]\nrules.files = [\"rules.yml\"]\n[[sources]]\nname = \"mdi\"\ntopics = [\"a\"]\nformat = \"mdi-cef\"\nenabled = true\ntenant = \"t\"\n");
    files.braid("test -c braid.toml cases.toml").good();
    let ran = files.braid("test cases.toml");
    assert!(ran.out.contains("there is no rule many"), "{ran:?}");
}

#[test]
fn alerts_may_be_written_out_or_come_from_a_file() {
    let files = Files::new();
    files.write("rules.yml", RULES.replace("failed*", "'*'"));
    files.write("alerts.jsonl", crate::support::alert("a1", 0, "h1", "ann"));
    files.write(
        "cases.yml",
        r#"rules: rules.yml
cases:
    - name: two ways
      alerts:
          - file: alerts.jsonl
          - provider: zimperium
            id: z1
            title: Phishing
            severity: low
            first_activity: 2026-03-02T10:04:00Z
            updated: 2026-03-02T10:04:10Z
            evidence:
                - kind: user
                  role: impacted
                  identifiers: [{kind: upn, value: ann@contoso.com}]
      incidents:
          - alerts: [a1, z1, 'rule:many']
"#,
    );
    files.braid("test cases.yml").good();
}

#[test]
fn rules_that_are_wrong_stop_validate_and_replay() {
    let files = Files::new();
    files.write("rules.yml", RULES.replace("timespan: 10m", "timespan: 10"));
    files.write("braid.toml", "kafka.brokers = [\"k:9092\"]\nrules.files = [\"rules.yml\"]\n[[sources]]\nname = \"mdi\"\ntopics = [\"a\"]\nformat = \"mdi-cef\"\nenabled = true\ntenant = \"t\"\n");
    for command in ["validate -c braid.toml", "replay --config braid.toml --format braid-json x.jsonl"] {
        let ran = files.braid(command);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.starts_with("rules.yml:10:"), "{ran:?}");
        assert!(ran.err.contains("`10` is no timespan"), "{ran:?}");
    }
}

#[test]
fn replay_raises_what_the_rules_of_its_configuration_say() {
    let files = Files::new();
    files.write("rules.yml", RULES.replace("failed*", "'*'"));
    files.write("braid.toml", "kafka.brokers = [\"k:9092\"]\nrules.files = [\"*.yml\"]\n[[sources]]\nname = \"mdi\"\ntopics = [\"a\"]\nformat = \"mdi-cef\"\nenabled = true\ntenant = \"t\"\n");
    let alerts = [crate::support::alert("a1", 0, "h1", "ann"), crate::support::alert("a2", 3, "h2", "ann")];
    files.write("alerts.jsonl", alerts.join("\n"));
    let out = files.braid("replay --config braid.toml --format braid-json alerts.jsonl").good();
    assert!(out.contains(r#""provider":"braid""#) && out.contains(r#""title":"Many failed""#), "{out}");
}
