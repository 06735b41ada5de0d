use std::fs;

use braid_engine::RuleKind;

use super::*;

fn directory(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

fn files(directory: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.retain(|file| file.file_name().and_then(|name| name.to_str()).is_some_and(&is_wanted));
    files.sort();
    files
}

fn parse_one(text: &str) -> Result<Rules, String> {
    parse(&["rules.yml".into()], &[Ok(text.to_owned())]).map_err(|faults| faults.to_string())
}

/// Each bad file has its messages beside it. `UPDATE_EXPECT=1` writes them anew.
#[test]
fn every_fault_of_a_file_is_told_at_once_with_its_place() {
    let bad =
        files(&directory("src/rules/testdata"), |name| name.starts_with("bad.") && name.ends_with(".yml"));
    assert!(!bad.is_empty());
    for file in bad {
        let text = fs::read_to_string(&file).expect("it can be read");
        let name: PathBuf = file.file_name().expect("it has a name").into();
        let faults = parse(&[name], &[Ok(text)]).expect_err("it is bad").to_string() + "\n";
        expect_test::expect_file![file.with_extension("yml.txt")].assert_eq(&faults);
    }
}

#[test]
fn the_rules_that_are_shipped_can_be_read() {
    let shipped = files(&directory("../../deploy/rules"), |name| {
        name.ends_with(".yml") && !name.ends_with(".test.yml")
    });
    assert!(shipped.len() >= 3);
    let rules = read(&shipped).unwrap_or_else(|faults| panic!("{faults}"));
    let raising: Vec<_> = rules.iter().filter(|rule| rule.raises).map(|rule| &*rule.id).collect();
    assert_eq!(raising.len(), shipped.len(), "{raising:?}");
}

#[test]
fn a_file_that_is_not_there_is_a_fault() {
    let faults = read(&["no/such/rules.yml".into()]).expect_err("it is not there").to_string();
    assert!(faults.starts_with("no/such/rules.yml: cannot be read: "), "{faults}");
}

const BASE: &str = "
title: A
name: a
logsource: {product: braid, service: alerts}
detection: {s: {title: x}, condition: s}
---
title: B
id: 5638f7c0-ac70-491d-8465-2a65075e0d86
logsource: {product: braid, category: alert}
detection: {s: {title: y}, condition: s}
---
title: C
id: c
";

fn raising(rest: &str) -> Vec<String> {
    let rules = parse_one(&format!("{BASE}{rest}")).unwrap_or_else(|faults| panic!("{faults}"));
    rules.iter().filter(|rule| rule.raises).map(|rule| rule.id.to_string()).collect()
}

fn correlation(rest: &str) -> braid_engine::Correlation {
    let rules = parse_one(&format!("{BASE}{rest}")).unwrap_or_else(|faults| panic!("{faults}"));
    let last = rules.iter().last().expect("there are rules").clone();
    let RuleKind::Correlation(correlation) = last.kind else { panic!("it is a correlation") };
    correlation
}

#[test]
fn rules_are_referred_to_by_id_or_name_and_then_raise_nothing_unless_generate_says_so() {
    let both =
        "correlation: {type: temporal, rules: [5638f7c0-ac70-491d-8465-2a65075e0d86, a], timespan: 5m}";
    assert_eq!(raising(both), ["c"]);
    assert_eq!(raising(&format!("{both}\ngenerate: false")), ["c"]);
    assert_eq!(raising(&format!("{both}\ngenerate: true")).len(), 3);
    let one = "correlation: {type: event_count, rules: [a], timespan: 5m, condition: {gte: 2}}";
    assert_eq!(raising(one), ["5638f7c0-ac70-491d-8465-2a65075e0d86", "c"], "nobody refers to that one");
}

#[test]
fn conditions_of_counts_become_bounds() {
    let bounds = |condition: &str| {
        let text =
            format!("correlation: {{type: event_count, rules: [a], timespan: 90m, condition: {condition}}}");
        let correlation = correlation(&text);
        (correlation.at_least, correlation.at_most)
    };
    assert_eq!(bounds("{gte: 100}"), (100, None));
    assert_eq!(bounds("{gt: 100}"), (101, None));
    assert_eq!(bounds("{gt: 100, lte: 200}"), (101, Some(200)));
    assert_eq!(bounds("{gte: 2, lt: 5}"), (2, Some(4)));
    assert_eq!(bounds("{eq: 3}"), (3, Some(3)));
}

#[test]
fn temporal_wants_all_rules_unless_it_says_fewer() {
    let at_least = |rest: &str| {
        correlation(&format!("correlation: {{type: temporal, rules: [a, 5638f7c0-ac70-491d-8465-2a65075e0d86], timespan: 5m{rest}}}"))
            .at_least
    };
    assert_eq!(at_least(""), 2);
    assert_eq!(at_least(", condition: {gte: 1}"), 1);
    assert_eq!(at_least(", condition: a AND 5638f7c0-ac70-491d-8465-2a65075e0d86"), 2);
}

#[test]
fn an_alias_means_another_field_in_each_rule_and_so_does_the_field_that_is_counted() {
    let correlation = correlation(
        "correlation:
    type: value_count
    rules: [a, 5638f7c0-ac70-491d-8465-2a65075e0d86]
    group-by: [who, host]
    timespan: 5m
    condition: {gte: 2, field: where}
    aliases:
        who: {a: source.user, 5638f7c0-ac70-491d-8465-2a65075e0d86: target.user}
        where: {a: source.host, 5638f7c0-ac70-491d-8465-2a65075e0d86: address}
",
    );
    let field = |name: &str| braid_engine::Field::from_name(name).expect("it is a field");
    assert_eq!(
        correlation.group_by,
        [vec![field("source.user"), field("target.user")], vec![field("host"); 2]]
    );
    let braid_engine::Counted::Values(counted) = correlation.counts else { panic!("it counts values") };
    assert_eq!(counted, [field("source.host"), field("address")]);
}

#[test]
fn a_rule_may_refer_to_one_of_a_later_document_or_of_another_file() {
    let first = "
title: C
id: c
correlation: {type: event_count, rules: [a], timespan: 5m, condition: {gte: 2}}
";
    let texts = [Ok(first.to_owned()), Ok(BASE.rsplit_once("---").expect("it has documents").0.to_owned())];
    let rules =
        parse(&["c.yml".into(), "base.yml".into()], &texts).unwrap_or_else(|faults| panic!("{faults}"));
    let ids: Vec<_> = rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(ids, ["a", "c", "5638f7c0-ac70-491d-8465-2a65075e0d86"]);
}

#[test]
fn tags_give_the_alert_its_phase_and_techniques() {
    let text = format!(
        "{BASE}correlation: {{type: temporal, rules: [a], timespan: 5m}}\ntags: [attack.discovery, attack.lateral_movement, attack.t1021.002, attack.g0016, attack.ds0009, tlp.red, cve.2026-1]"
    );
    let rules = parse_one(&text).unwrap_or_else(|faults| panic!("{faults}"));
    let rule = rules.iter().find(|rule| &*rule.id == "c").expect("it is there");
    assert_eq!(rule.phase, Some(braid_alert::Phase::LateralMovement));
    assert_eq!(rule.techniques.iter().map(|t| t.as_str()).collect::<Vec<_>>(), ["T1021.002"]);
}

#[test]
fn keys_of_ones_own_are_allowed_as_sigma_says() {
    assert!(
        parse_one(&format!(
            "{BASE}correlation: {{type: temporal, rules: [a], timespan: 5m}}\nour_ticket: 17"
        ))
        .is_ok()
    );
}

#[test]
fn the_rules_of_the_manual_can_be_read() {
    let manual = fs::read_to_string(directory("../../docs/rules.md")).expect("it is there");
    let block =
        manual.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it has one");
    let rules = parse_one(block).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(rules.iter().count(), 2);
    let fields =
        manual.split("## Fields").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("it has fields");
    let missing = |name: &&String| !name.contains('.') && !fields.contains(&format!("`{name}`"));
    let names = braid_engine::Field::names();
    assert_eq!(names.iter().filter(missing).collect::<Vec<_>>(), Vec::<&String>::new());
}
