//! Rules: what matches, what comes together, what is raised and which incident it joins.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use braid_alert::{Phase, Severity, Span};
use braid_engine::{
    Caps, Correlation, Counted, Detection, Expression, Field, InvalidRules, Match, Rule, RuleKind, Rules,
    Settings, Test, TextPattern, Wrap,
};
use expect_test::{Expect, expect};
use timeline::{play, play_with};

#[track_caller]
fn check(rules: Vec<Rule>, timeline: &str, expected: Expect) {
    let settings = Settings { rules: Rules::new(rules).unwrap(), ..Settings::default() };
    expected.assert_eq(&play_with(settings, timeline));
}

fn field(name: &str) -> Field {
    Field::from_name(name).unwrap()
}

fn test(name: &str, pattern: &str) -> Expression {
    let tests = vec![Test::Text(TextPattern::read(pattern, Wrap::Nothing, false))];
    Expression::Match(Match { field: field(name), tests, all: false })
}

fn rule(id: &str, kind: RuleKind) -> Rule {
    let (severity, phase) = (Some(Severity::High), None);
    Rule { id: id.into(), title: id.into(), severity, phase, techniques: Vec::new(), raises: true, kind }
}

/// A rule about single alerts that raises nothing.
fn sees(id: &str, name: &str, pattern: &str) -> Rule {
    let condition = test(name, pattern);
    let sees_raised = condition.names_provider("braid");
    let kind = RuleKind::Detection(Detection { condition, sees_raised });
    Rule { raises: false, ..rule(id, kind) }
}

fn counting(
    id: &str,
    counts: Counted,
    rules: &[usize],
    group_by: &[&str],
    minutes: i64,
    at_least: u32,
) -> Rule {
    let correlation = Correlation {
        counts,
        rules: rules.to_vec(),
        group_by: group_by.iter().map(|name| vec![field(name); rules.len()]).collect(),
        timespan: Span::minutes(minutes),
        at_least,
        at_most: None,
    };
    rule(id, RuleKind::Correlation(correlation))
}

fn change(mut rule: Rule, change: impl FnOnce(&mut Correlation)) -> Rule {
    if let RuleKind::Correlation(correlation) = &mut rule.kind {
        change(correlation);
    }
    rule
}

/// Three alerts called “logon failed” of one user within ten minutes.
fn brute_force() -> Vec<Rule> {
    vec![sees("failed", "title", "logon failed"), counting("brute", Counted::Alerts, &[0], &["user"], 10, 3)]
}

#[test]
fn one_user_under_three_names_is_one_group() {
    check(
        brute_force(),
        r#"
        09:00 mde/a0 "Sign-in" impacted=user:S-1-5-21-1-2-3-1104+contoso\jeffl+jeffl@contoso.com
        10:00 mdi/a1 "Logon failed" impacted=user:contoso\jeffl
        10:03 mde/b1 "Logon failed" impacted=user:S-1-5-21-1-2-3-1104
        10:04 mde/c1 "Logon failed" impacted=user:contoso\somebodyelse
        10:06 mdo/d1 "Logon failed" impacted=user:jeffl@contoso.com
        "#,
        expect![[r#"
            #1 v1 opened a0 active medium alerts=1
            #1 v2 alertJoined a1 [sameActor a0 via S-1-5-21-1-2-3-1104 0.44 gap 1h] active medium alerts=2
            #1 v3 alertJoined b1 [sameActor a1 via S-1-5-21-1-2-3-1104 0.97 gap 3m] active medium alerts=3
            #2 v1 opened c1 active medium alerts=1
            #1 v4 alertJoined d1 [sameActor b1 via S-1-5-21-1-2-3-1104 0.97 gap 3m] active medium alerts=4
            rule brute raised
            #1 v5 alertJoined <brute> [sameActor a1 via S-1-5-21-1-2-3-1104 1.00 gap 0s] active high alerts=5
        "#]],
    );
}

#[test]
fn without_rules_the_same_alerts_raise_nothing() {
    let alert = |minute, id| format!("10:0{minute} mdi/{id} \"Logon failed\" impacted=user:contoso\\jeffl\n");
    let alerts = [alert(0, "a1"), alert(1, "a2"), alert(2, "a3")].concat();
    let settings = Settings { rules: Rules::new(brute_force()).unwrap(), ..Settings::default() };
    let with_rules = play_with(settings, &alerts);
    let without = play(&alerts);
    assert!(!without.contains("rule"), "{without}");
    assert!(with_rules.starts_with(&without) && with_rules.contains("rule brute raised"), "{with_rules}");
}

#[test]
fn what_more_comes_extends_the_alert_and_a_new_burst_raises_another() {
    check(
        brute_force(),
        r#"
        10:00 mdi/a1 "Logon failed" impacted=user:contoso\jeffl
        10:01 mdi/a2 "Logon failed" impacted=user:contoso\jeffl
        10:02 mdi/a3 "Logon failed" impacted=user:contoso\jeffl
        10:09 mdi/a4 "Logon failed" impacted=user:contoso\jeffl
        10:11 mdi/a8 "Logon failed" impacted=user:contoso\jeffl
        10:40 mdi/a5 "Logon failed" impacted=user:contoso\jeffl
        10:41 mdi/a6 "Logon failed" impacted=user:contoso\jeffl
        10:42 mdi/a7 "Logon failed" impacted=user:contoso\jeffl
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\jeffl 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameActor a2 via contoso\jeffl 0.99 gap 1m] active medium alerts=3
            rule brute raised
            #1 v4 alertJoined <brute> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=4
            #1 v5 alertJoined a4 [sameActor a3 via contoso\jeffl 0.92 gap 7m] active high alerts=5
            rule brute extended
            #1 v6 alertRevised <brute> active high alerts=5
            #1 v7 alertJoined a8 [sameActor <brute> via contoso\jeffl 0.98 gap 2m] active high alerts=6
            rule brute extended
            #1 v8 alertRevised <brute> active high alerts=6
            #1 v9 alertJoined a5 [sameActor <brute> via contoso\jeffl 0.67 gap 29m] active high alerts=7
            #1 v10 alertJoined a6 [sameActor a5 via contoso\jeffl 0.99 gap 1m] active high alerts=8
            #1 v11 alertJoined a7 [sameActor a6 via contoso\jeffl 0.99 gap 1m] active high alerts=9
            rule brute raised
            #1 v12 alertJoined <brute> [sameActor a5 via contoso\jeffl 1.00 gap 0s] active high alerts=10
        "#]],
    );
}

#[test]
fn an_alert_that_comes_late_counts_when_it_happened() {
    check(
        brute_force(),
        r#"
        10:00 mdi/a1 "Logon failed" impacted=user:contoso\jeffl
        10:08 mdi/a2 "Logon failed" impacted=user:contoso\jeffl
        12:30 mdi/a3 "Logon failed" impacted=user:contoso\jeffl
        10:04 mdi/a4 "Logon failed" impacted=user:contoso\jeffl arrives=13:00
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\jeffl 0.90 gap 8m] active medium alerts=2
            #2 v1 opened a3 active medium alerts=1
            #1 v3 alertJoined a4 [sameActor a1 via contoso\jeffl 0.89 gap 4m] active medium alerts=3
            rule brute raised
            #1 v4 alertJoined <brute> [ruleFired a1 via contoso\jeffl 1.00 gap 0s] active high alerts=4
        "#]],
    );
}

#[test]
fn a_burst_that_comes_to_light_after_a_later_one_is_one_of_its_own() {
    check(
        brute_force(),
        r#"
        12:00 mdi/b1 "Logon failed" impacted=user:contoso\jeffl
        12:01 mdi/b2 "Logon failed" impacted=user:contoso\jeffl
        12:02 mdi/b3 "Logon failed" impacted=user:contoso\jeffl
        10:00 mdi/a1 "Logon failed" impacted=user:contoso\jeffl arrives=13:00
        10:01 mdi/a2 "Logon failed" impacted=user:contoso\jeffl arrives=13:00
        10:02 mdi/a3 "Logon failed" impacted=user:contoso\jeffl arrives=13:00
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined b2 [sameActor b1 via contoso\jeffl 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined b3 [sameActor b2 via contoso\jeffl 0.99 gap 1m] active medium alerts=3
            rule brute raised
            #1 v4 alertJoined <brute> [sameActor b1 via contoso\jeffl 1.00 gap 0s] active high alerts=4
            #2 v1 opened a1 active medium alerts=1
            #2 v2 alertJoined a2 [sameActor a1 via contoso\jeffl 0.93 gap 1m] active medium alerts=2
            #2 v3 alertJoined a3 [sameActor a2 via contoso\jeffl 0.93 gap 1m] active medium alerts=3
            rule brute raised
            #2 v4 alertJoined <brute> [ruleFired a1 via contoso\jeffl 1.00 gap 0s] active high alerts=4
        "#]],
    );
}

#[test]
fn a_sequence_that_a_late_alert_completes_is_found_beside_one_that_is_known() {
    let rules = vec![
        sees("a", "title", "a"),
        sees("b", "title", "b"),
        sees("c", "title", "c"),
        counting("abc", Counted::Sequence, &[0, 1, 2], &["host"], 30, 3),
    ];
    check(
        rules,
        r#"
        10:00 mdi/a1 "A" impacted=host:h1.contoso.com
        10:04 mdi/c1 "C" impacted=host:h1.contoso.com
        10:20 mdi/a2 "A" impacted=host:h1.contoso.com
        10:21 mdi/b2 "B" impacted=host:h1.contoso.com
        10:22 mdi/c2 "C" impacted=host:h1.contoso.com
        10:02 mdi/b1 "B" impacted=host:h1.contoso.com arrives=11:00
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined c1 [sameTargetedAsset a1 via h1.contoso.com 0.95 gap 4m] active medium alerts=2
            #1 v3 alertJoined a2 [sameTargetedAsset c1 via h1.contoso.com 0.81 gap 16m] active medium alerts=3
            #1 v4 alertJoined b2 [sameTargetedAsset a2 via h1.contoso.com 0.99 gap 1m] active medium alerts=4
            #1 v5 alertJoined c2 [sameTargetedAsset b2 via h1.contoso.com 0.99 gap 1m] active medium alerts=5
            rule abc raised
            #1 v6 alertJoined <abc> [sameTargetedAsset a2 via h1.contoso.com 1.00 gap 0s] active high alerts=6
            #1 v7 alertJoined b1 [sameTargetedAsset a1 via h1.contoso.com 0.98 gap 2m] active high alerts=7
            rule abc raised
            #1 v8 alertJoined <abc> [sameTargetedAsset a1 via h1.contoso.com 1.00 gap 0s] active high alerts=8
        "#]],
    );
}

#[test]
fn more_alerts_than_are_looked_at_are_said_to_be_too_many() {
    let rules =
        vec![sees("any", "title", "*"), counting("count", Counted::Alerts, &[0], &["user"], 1_000, 1_000)];
    let caps = Caps { incident_alerts_max: 5_000, incident_bytes_max: 1 << 30, ..Caps::default() };
    let settings = Settings { caps, rules: Rules::new(rules).unwrap(), ..Settings::default() };
    let line =
        |n: usize| format!("{:02}:{:02} mde/a{n} \"x\" impacted=user:contoso\\ann\n", n / 100, n / 2 % 60);
    let lines: String = (0..1_001).map(line).collect();
    let out = play_with(settings, &lines);
    assert_eq!(out.matches("rule count raised").count(), 1);
    assert_eq!(out.matches("rule count limited: occurrences").count(), 1);
}

#[test]
fn one_user_on_many_hosts_is_a_hub_and_still_joins_where_most_of_it_happened() {
    let settings = Settings {
        hub_partners: 2,
        rules: Rules::new(vec![
            sees("any", "title", "*"),
            counting("spread", Counted::Values(vec![field("host")]), &[0], &["user"], 60, 4),
        ])
        .unwrap(),
        ..Settings::default()
    };
    let out = play_with(
        settings,
        r#"
        10:00 mde/a1 "Process" impacted=user:contoso\ann impacted=host:h1.contoso.com
        10:01 mde/a2 "Process" impacted=user:contoso\ann impacted=host:h2.contoso.com
        10:02 mde/a3 "Process" impacted=user:contoso\ann impacted=host:h3.contoso.com
        10:03 mde/a4 "Process" impacted=user:contoso\ann impacted=host:h3.contoso.com
        10:30 mde/a5 "Process" impacted=user:contoso\ann impacted=host:h5.contoso.com
        "#,
    );
    expect![[r#"
        #1 v1 opened a1 active medium alerts=1
        #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.47 gap 1m] active medium alerts=2
        hub: contoso\ann
        #2 v1 opened a3 active medium alerts=1
        #2 v2 alertJoined a4 [sameTargetedAsset a3 via h3.contoso.com 0.93 gap 1m] [sameActor a3 via contoso\ann 0.15 gap 1m] active medium alerts=2
        #3 v1 opened a5 active medium alerts=1
        rule spread raised
        #1 v3 alertJoined <spread> [ruleFired a1 via contoso\ann 0.30 gap 0s] active high alerts=3
    "#]].assert_eq(&out);
}

fn steps(counts: Counted) -> Vec<Rule> {
    vec![
        sees("recon", "phase", "reconnaissance"),
        sees("creds", "phase", "compromised credentials"),
        sees("move", "title", "*lateral*"),
        counting("steps", counts, &[0, 1, 2], &["host"], 30, 3),
    ]
}

const OUT_OF_ORDER: &str = r#"
    10:00 mdi/a1 "Recon" phase=reconnaissance impacted=host:h1.contoso.com
    10:05 mdi/a2 "A lateral movement" impacted=host:h1.contoso.com
    10:10 mdi/a3 "Theft" phase=credentialAccess impacted=host:h1.contoso.com
    "#;

#[test]
fn temporal_takes_any_order() {
    check(
        steps(Counted::Rules),
        OUT_OF_ORDER,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via h1.contoso.com 0.94 gap 5m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via h1.contoso.com 0.94 gap 5m] active medium alerts=3
            rule steps raised
            #1 v4 alertJoined <steps> [sameTargetedAsset a1 via h1.contoso.com 1.00 gap 0s] active high alerts=4
        "#]],
    );
}

#[test]
fn temporal_ordered_takes_only_its_own() {
    check(
        steps(Counted::Sequence),
        &format!(
            r#"{OUT_OF_ORDER}
        10:20 mdi/a4 "Another lateral movement" impacted=host:h1.contoso.com
        10:25 mdi/a5 "Third lateral movement" impacted=host:h1.contoso.com
        "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via h1.contoso.com 0.94 gap 5m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via h1.contoso.com 0.94 gap 5m] active medium alerts=3
            #1 v4 alertJoined a4 [sameTargetedAsset a3 via h1.contoso.com 0.88 gap 10m] active medium alerts=4
            rule steps raised
            #1 v5 alertJoined <steps> [sameTargetedAsset a1 via h1.contoso.com 1.00 gap 0s] active high alerts=5
            #1 v6 alertJoined a5 [sameTargetedAsset a4 via h1.contoso.com 0.94 gap 5m] active high alerts=6
            rule steps extended
            #1 v7 alertRevised <steps> active high alerts=6
        "#]],
    );
}

#[test]
fn one_alert_is_not_two_steps_of_a_sequence() {
    let rules = vec![
        sees("recon", "phase", "reconnaissance"),
        sees("any", "title", "*"),
        counting("sequence", Counted::Sequence, &[0, 1], &["host"], 30, 2),
    ];
    check(
        rules,
        r#"
        10:00 mdi/a1 "Recon" phase=reconnaissance impacted=host:h1.contoso.com
        10:05 mdi/a2 "Something" impacted=host:h1.contoso.com
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via h1.contoso.com 0.94 gap 5m] active medium alerts=2
            rule sequence raised
            #1 v3 alertJoined <sequence> [sameTargetedAsset a1 via h1.contoso.com 1.00 gap 0s] active high alerts=3
        "#]],
    );
}

#[test]
fn an_alias_is_another_field_in_the_matches_of_each_rule() {
    let rules = vec![
        sees("theft", "title", "theft of ticket"),
        sees("use", "title", "use of ticket"),
        change(counting("passed", Counted::Sequence, &[0, 1], &["user"], 60, 2), |correlation| {
            correlation.group_by = vec![vec![field("target.user"), field("source.user")]];
        }),
    ];
    check(
        rules,
        r#"
        10:00 mdi/a1 "Theft of ticket" source=user:contoso\eve target=user:contoso\adm
        10:10 mdi/a2 "Use of ticket" source=user:contoso\eve target=host:dc1.contoso.com
        10:20 mdi/a3 "Use of ticket" source=user:contoso\adm target=host:dc1.contoso.com
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\eve 0.88 gap 10m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a1 via contoso\adm 0.41 gap 20m] [sameTargetedAsset a2 via dc1.contoso.com 0.26 gap 10m] active medium alerts=3
            rule passed raised
            #1 v4 alertJoined <passed> [sameActor a3 via contoso\adm 1.00 gap 0s] active high alerts=4
        "#]],
    );
}

#[test]
fn alerts_may_have_a_text_in_common_rather_than_an_entity() {
    let rules = vec![
        sees("any", "title", "*"),
        counting("outbreak", Counted::Values(vec![field("host")]), &[0], &["title"], 60, 3),
    ];
    check(
        rules,
        r#"
        10:00 mde/a1 "Emotet" impacted=host:h1.contoso.com
        10:05 mde/a2 "emotet" impacted=host:h2.contoso.com
        10:06 mde/a3 "Mimikatz" impacted=host:h3.contoso.com
        10:07 mde/a4 "Emotet" impacted=host:h2.contoso.com
        10:20 mde/a5 "Emotet" impacted=host:h4.contoso.com
        10:50 mde/a6 "Emotet" impacted=host:h5.contoso.com
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened a2 active medium alerts=1
            #3 v1 opened a3 active medium alerts=1
            #2 v2 alertJoined a4 [sameTargetedAsset a2 via h2.contoso.com 0.98 gap 2m] active medium alerts=2
            #4 v1 opened a5 active medium alerts=1
            rule outbreak raised
            #1 v2 alertJoined <outbreak> [sameTargetedAsset a1 via h1.contoso.com 1.00 gap 0s] active high alerts=2
            #5 v1 opened a6 active medium alerts=1
            rule outbreak extended
            #1 v3 alertRevised <outbreak> active high alerts=2
        "#]],
    );
}

#[test]
fn a_correlation_may_refer_to_another_which_then_raises_nothing_itself() {
    let mut rules = brute_force();
    rules[1].raises = false;
    rules.push(sees("success", "title", "logon"));
    rules.push(counting("breach", Counted::Sequence, &[1, 2], &["user"], 60, 2));
    check(
        rules,
        r#"
        10:00 mdi/a1 "Logon failed" impacted=user:contoso\jeffl impacted=host:h1.contoso.com
        10:01 mdi/a2 "Logon failed" impacted=user:contoso\jeffl impacted=host:h1.contoso.com
        10:02 mdi/a3 "Logon" impacted=user:contoso\jeffl impacted=host:h1.contoso.com
        10:03 mdi/a4 "Logon failed" impacted=user:contoso\jeffl impacted=host:h1.contoso.com
        10:30 mdi/a5 "Logon" impacted=user:contoso\jeffl impacted=host:h2.contoso.com
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\jeffl 0.99 gap 1m] [sameTargetedAsset a1 via h1.contoso.com 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameActor a2 via contoso\jeffl 0.99 gap 1m] [sameTargetedAsset a2 via h1.contoso.com 0.99 gap 1m] active medium alerts=3
            #1 v4 alertJoined a4 [sameActor a3 via contoso\jeffl 0.99 gap 1m] [sameTargetedAsset a3 via h1.contoso.com 0.99 gap 1m] active medium alerts=4
            #1 v5 alertJoined a5 [sameActor a4 via contoso\jeffl 0.35 gap 27m] active medium alerts=5
            rule breach raised
            #1 v6 alertJoined <breach> [ruleFired a4 via contoso\jeffl 1.00 gap 0s] active high alerts=6
        "#]],
    );
}

#[test]
fn what_a_rule_has_raised_is_withdrawn_when_there_is_more_than_it_allows() {
    let mut rules = brute_force();
    rules[1] = change(rules[1].clone(), |correlation| {
        (correlation.at_least, correlation.at_most) = (2, Some(3));
    });
    check(
        rules,
        r#"
        10:00 mdi/a1 "Logon failed" impacted=user:contoso\jeffl
        10:01 mdi/a2 "Logon failed" impacted=user:contoso\jeffl
        10:02 mdi/a3 "Logon failed" impacted=user:contoso\jeffl
        10:03 mdi/a4 "Logon failed" impacted=user:contoso\jeffl
        10:04 mdi/a5 "Logon failed" impacted=user:contoso\jeffl
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\jeffl 0.99 gap 1m] active medium alerts=2
            rule brute raised
            #1 v3 alertJoined <brute> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=3
            #1 v4 alertJoined a3 [sameActor a2 via contoso\jeffl 0.99 gap 1m] active high alerts=4
            rule brute extended
            #1 v5 alertRevised <brute> active high alerts=4
            #1 v6 alertJoined a4 [sameActor <brute> via contoso\jeffl 0.99 gap 1m] active high alerts=5
            rule brute withdrawn
            #1 v7 alertRevised <brute> active high alerts=5
            #1 v8 alertJoined a5 [sameActor a4 via contoso\jeffl 0.99 gap 1m] active high alerts=6
        "#]],
    );
}

#[test]
fn a_revision_may_be_what_a_rule_waits_for() {
    let rules = vec![
        sees("grave", "severity", "high"),
        counting("two grave", Counted::Alerts, &[0], &["host"], 60, 2),
    ];
    check(
        rules,
        r#"
        10:00 mde/a1 "One" severity=high impacted=host:h1.contoso.com
        10:05 mde/a2 "Two" severity=low impacted=host:h1.contoso.com
        10:05 mde/a2 "Two" severity=high impacted=host:h1.contoso.com arrives=11:00
        10:05 mde/a2 "Two" severity=high impacted=host:h1.contoso.com arrives=11:30
        "#,
        expect![[r#"
            #1 v1 opened a1 active high alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via h1.contoso.com 0.94 gap 5m] active high alerts=2
            #1 v3 alertRevised a2 active high alerts=2
            rule two grave raised
            #1 v4 alertJoined <two grave> [sameTargetedAsset a1 via h1.contoso.com 1.00 gap 0s] active high alerts=3
            unchanged: immaterial
        "#]],
    );
}

#[test]
fn a_rule_about_single_alerts_fires_on_each() {
    let mut watched = sees("watched", "user.tag", "sensitive");
    (watched.raises, watched.phase, watched.severity) = (true, Some(Phase::Impact), None);
    check(
        vec![watched],
        r#"
        10:00 mde/a1 "One" severity=low impacted=user:contoso\ann+%Sensitive
        10:05 mde/a2 "Two" severity=critical impacted=user:contoso\ann
        10:06 mde/a3 "Three" impacted=user:contoso\bob
        10:05 mde/a2 "Two" severity=high impacted=user:contoso\ann arrives=10:30
        "#,
        expect![[r#"
            #1 v1 opened a1 active low alerts=1
            rule watched raised
            #1 v2 alertJoined <watched> [sameActor a1 via contoso\ann 1.00 gap 0s] active low alerts=2
            #1 v3 alertJoined a2 [sameActor a1 via contoso\ann 0.94 gap 5m] active critical alerts=3
            rule watched raised
            #1 v4 alertJoined <watched> [sameActor a2 via contoso\ann 1.00 gap 0s] active critical alerts=4
            #2 v1 opened a3 active medium alerts=1
            #1 v5 alertRevised a2 active critical alerts=4
        "#]],
    );
}

#[test]
fn rules_see_what_rules_raise_only_if_they_name_it() {
    let mut rules = brute_force();
    rules.push(sees("own", "provider", "braid"));
    rules.push(counting("own again", Counted::Alerts, &[2], &["user"], 60, 1));
    rules.push(sees("any", "title", "brute"));
    rules.push(counting("never", Counted::Alerts, &[4], &["user"], 60, 1));
    check(
        rules,
        r#"
        10:00 mdi/a1 "Logon failed" impacted=user:contoso\jeffl
        10:01 mdi/a2 "Logon failed" impacted=user:contoso\jeffl
        10:02 mdi/a3 "Logon failed" impacted=user:contoso\jeffl
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\jeffl 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameActor a2 via contoso\jeffl 0.99 gap 1m] active medium alerts=3
            rule brute raised
            #1 v4 alertJoined <brute> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=4
            rule own again raised
            #1 v5 alertJoined <own again> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=5
        "#]],
    );
}

#[test]
fn rules_that_call_one_another_for_ever_are_stopped_and_say_so() {
    let raising = |id, name, pattern| Rule { raises: true, ..sees(id, name, pattern) };
    check(
        vec![
            raising("bang", "title", "bang"),
            raising("ping", "provider", "braid"),
            raising("pong", "provider", "braid"),
        ],
        r#"
        10:00 mdi/a1 "Bang" impacted=user:contoso\jeffl
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            rule bang raised
            #1 v2 alertJoined <bang> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=2
            rule ping raised
            #1 v3 alertJoined <ping> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=3
            rule pong raised
            #1 v4 alertJoined <pong> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=4
            rule pong raised
            #1 v5 alertJoined <pong> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=5
            rule ping raised
            #1 v6 alertJoined <ping> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=6
            rule ping raised
            #1 v7 alertJoined <ping> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=7
            rule pong raised
            #1 v8 alertJoined <pong> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=8
            rule pong raised
            #1 v9 alertJoined <pong> [sameActor a1 via contoso\jeffl 1.00 gap 0s] active high alerts=9
            rule ping raised
            #1 v10 alertJoined <ping> [sameActor <bang> via contoso\jeffl 1.00 gap 0s] active high alerts=10
            rule pong limited: steps
            rule ping limited: steps
        "#]],
    );
}

#[test]
fn an_alert_that_stays_alone_by_its_source_keeps_the_rules_alert_out_of_its_incident() {
    check(
        brute_force(),
        r#"
        10:00 mdi/a1 "Logon failed" correlate=off impacted=user:contoso\jeffl
        10:01 mdi/a2 "Logon failed" correlate=off impacted=user:contoso\jeffl
        10:02 mdi/a3 "Logon failed" correlate=off impacted=user:contoso\jeffl
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened a2 active medium alerts=1
            #3 v1 opened a3 active medium alerts=1
            rule brute raised
            #4 v1 opened <brute> active high alerts=1
        "#]],
    );
}

#[test]
fn an_alert_about_too_many_users_counts_for_the_first_of_them_and_says_so() {
    let users: Vec<String> = (0..20).map(|n| format!("impacted=user:contoso\\u{n}")).collect();
    let settings = Settings { rules: Rules::new(brute_force()).unwrap(), ..Settings::default() };
    let out = play_with(settings, &format!("10:00 mdi/a1 \"Logon failed\" {}", users.join(" ")));
    assert!(out.contains("rule brute limited: groups"), "{out}");
}

#[test]
fn a_name_that_stands_for_several_users_is_no_group() {
    check(
        brute_force(),
        r#"
        09:00 mde/x1 "A" impacted=user:S-1-5-21-1-2-3-1+adm
        09:00 mde/x2 "B" impacted=user:S-1-5-21-1-2-3-2+adm
        10:00 mdi/a1 "Logon failed" impacted=user:adm
        10:01 mdi/a2 "Logon failed" impacted=user:adm
        10:02 mdi/a3 "Logon failed" impacted=user:adm
        "#,
        expect![[r#"
            #1 v1 opened x1 active medium alerts=1
            ambiguous: accountName:adm
            #2 v1 opened x2 active medium alerts=1
            #3 v1 opened a1 active medium alerts=1
            #4 v1 opened a2 active medium alerts=1
            #5 v1 opened a3 active medium alerts=1
        "#]],
    );
}

#[test]
fn rules_that_cannot_be_taken_say_why() {
    let wrong = |change_it: &dyn Fn(&mut Correlation)| {
        let mut rules = brute_force();
        rules[1] = change(rules[1].clone(), |correlation| change_it(correlation));
        Rules::new(rules).unwrap_err()
    };
    assert_eq!(wrong(&|c| c.rules = vec![1]), InvalidRules::Reference);
    assert_eq!(wrong(&|c| c.rules = vec![]), InvalidRules::References);
    assert_eq!(wrong(&|c| c.group_by[0].clear()), InvalidRules::Fields);
    assert_eq!(wrong(&|c| c.at_least = 0), InvalidRules::Count);
    assert_eq!(wrong(&|c| c.at_most = Some(2)), InvalidRules::Count);
    assert_eq!(wrong(&|c| c.timespan = Span::ZERO), InvalidRules::Timespan);
    let twice = vec![sees("a", "title", "a"), sees("a", "title", "b")];
    assert_eq!(Rules::new(twice).unwrap_err(), InvalidRules::IdTwice);
}

#[test]
fn whichever_feed_is_first_an_alert_has_the_detector_that_one_of_them_says() {
    let of_detector = || {
        let condition = test("detector", "rooted");
        vec![rule("rooted", RuleKind::Detection(Detection { condition, sees_raised: false }))]
    };
    let (says, is_silent) = ("10:00 mde/a1 \"Rooted\" detector=rooted\n", "10:00 mde/a1 \"Rooted\"\n");
    for timeline in [format!("{says}{is_silent}"), format!("{is_silent}{says}")] {
        let settings = Settings { rules: Rules::new(of_detector()).unwrap(), ..Settings::default() };
        let out = play_with(settings, &timeline);
        assert_eq!(out.matches("rule rooted raised").count(), 1, "{out}");
    }
}
