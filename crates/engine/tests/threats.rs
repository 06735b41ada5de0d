//! What threat intelligence says is behind an alert: alerts carry it as evidence and as the indicators that they match.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use braid_alert::{
    Alert, Identifier, IdentifierKind, Incident, IndicatorMatch, IndicatorMatches, Severity, Weight,
};
use braid_engine::{Effect, Input, KindWeights, Partition, Settings};
use expect_test::{Expect, expect};
use timeline::{parse, play, play_with};

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

#[test]
fn alerts_that_are_surely_of_one_actor_are_one_attack_while_it_is_near() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure related=threat:apt99+?apt99
        11:00 mdi/c1 "Two" source=user:jeffl@contoso.azure related=threat:apt99+?apt99
        18:00 mde/b2 "Late" impacted=host:b.contoso.azure related=threat:apt99+?apt99
        18:10 mde/b3 "Other" impacted=host:c.contoso.azure related=threat:apt11+?apt11
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined c1 [sharedIndicators b1 via apt99 0.40 gap 1h] active medium alerts=2
            #2 v1 opened b2 active medium alerts=1
            #3 v1 opened b3 active medium alerts=1
        "#]],
    );
}

#[test]
fn what_intelligence_is_not_sure_of_joins_nothing_by_itself_though_it_is_sure_of_the_other() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure related=threat:apt99+?apt99
        10:05 mdi/c1 "Two" source=user:jeffl@contoso.azure related=threat:?apt99
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened c1 active medium alerts=1
        "#]],
    );
}

#[test]
fn what_intelligence_is_not_sure_of_counts_beside_something_else() {
    let alerts = |threat: &str| {
        format!(
            "10:00 mdi/c1 \"One\" source=user:ronhd@contoso.azure {threat} target=url:https://x.example/a
            10:02 mde/b1 \"Two\" impacted=host:b.contoso.azure {threat} target=url:https://x.example/a"
        )
    };
    assert!(!play(&alerts("")).contains("alertJoined"), "{}", play(&alerts("")));
    check(
        &alerts("related=threat:?apt99"),
        expect![[r#"
        #1 v1 opened c1 active medium alerts=1
        #1 v2 alertJoined b1 [sharedIndicators c1 via apt99 0.16 gap 2m] [sharedIndicators c1 via https://x.example/a 0.15 gap 2m] active medium alerts=2
    "#]],
    );
}

#[test]
fn an_actor_may_be_at_work_in_two_places_and_merges_nothing() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b2 "One more" impacted=host:a.contoso.azure
        10:02 mde/c1 "Two" impacted=host:b.contoso.azure
        10:03 mde/c2 "Two more" impacted=host:b.contoso.azure
        10:04 mde/b2 "One more" impacted=host:a.contoso.azure related=threat:apt99+?apt99 arrives=10:04
        10:05 mde/c2 "Two more" impacted=host:b.contoso.azure related=threat:apt99+?apt99 arrives=10:05
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #2 v1 opened c1 active medium alerts=1
            #2 v2 alertJoined c2 [sameTargetedAsset c1 via b.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertRevised b2 active medium alerts=2
            #2 v3 alertRevised c2 active medium alerts=2
        "#]],
    );
}

#[test]
fn an_actor_whom_everybody_meets_is_a_hub() {
    let alerts: String = (10..50)
        .map(|n| {
            format!("10:{n} mde/b{n} \"Many\" impacted=host:h{n}.contoso.azure related=threat:apt99+?apt99\n")
        })
        .collect();
    let told = play(&alerts);
    assert!(told.lines().filter(|line| line.contains("opened")).count() > 10, "{told}");
}

#[test]
fn without_weight_it_joins_nothing() {
    let weights = KindWeights { threat: Weight::ZERO, ..KindWeights::default() };
    let told = play_with(
        Settings { weights, ..Settings::default() },
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure related=threat:apt99+?apt99
        10:01 mdi/c1 "Two" source=user:jeffl@contoso.azure related=threat:apt99+?apt99
        "#,
    );
    assert!(!told.contains("alertJoined"), "{told}");
}

fn found(indicator: &str, actor: Option<&str>, confidence: Option<i32>) -> IndicatorMatch {
    IndicatorMatch {
        indicator: indicator.into(),
        name: None,
        source: "feed".into(),
        matched: Identifier { kind: IdentifierKind::Md5, value: "0".into() },
        actor: actor.map(Into::into),
        campaign: None,
        malware: None,
        intent: None,
        confidence,
    }
}

fn with(found: &[IndicatorMatch]) -> Alert {
    let parsed = parse(r#"10:00 mde/b1 "One" severity=medium impacted=host:a.contoso.azure"#);
    let Input::Alert(mut alert) = parsed else { panic!("it is an alert") };
    alert.indicators = IndicatorMatches::new(found.to_vec());
    *alert
}

fn incident_after(alerts: &[Alert]) -> Incident {
    let mut partition = Partition::new(Settings::default());
    for alert in alerts {
        partition.apply(Input::Alert(Box::new(alert.clone())), &mut Vec::new());
    }
    let [(tenant, id)] = &partition.incident_ids()[..] else { panic!("not one incident") };
    partition.incident(tenant, *id).unwrap()
}

#[test]
fn a_match_raises_the_score_and_a_sure_one_more() {
    let score = |found: &[IndicatorMatch]| incident_after(&[with(found)]).score;
    let sure = [found("i1", Some("APT99"), Some(85)), found("i2", None, Some(20))];
    let values = [score(&[]), score(&[found("i1", None, None)]), score(&sure)].map(|score| score.value);
    expect!["[19.14, 26.2, 32.13]"].assert_eq(&format!("{values:?}"));
    let parts = score(&sure).parts;
    assert_eq!((&*parts[1].name, &*parts[1].detail), ("threatIntelligence", "APT99, i2"));
}

#[test]
fn a_revision_adds_what_is_known_by_then_and_takes_nothing_back() {
    let (first, mut second) =
        (with(&[found("i1", None, Some(20))]), with(&[found("i2", Some("APT99"), None)]));
    second.updated = second.updated + braid_alert::Span::minutes(5);
    let mut third = with(&[]);
    third.severity = Severity::High;
    third.updated = second.updated + braid_alert::Span::minutes(5);
    let incident = incident_after(&[first, second.clone(), third]);
    let ids: Vec<_> =
        incident.alerts[0].indicators.as_slice().iter().map(|found| &*found.indicator).collect();
    assert_eq!(ids, ["i1", "i2"]);
    assert_eq!(incident.version, 3);
    let mut partition = Partition::new(Settings::default());
    partition.apply(Input::Alert(Box::new(second.clone())), &mut Vec::new());
    let mut effects = Vec::new();
    partition.apply(Input::Alert(Box::new(second)), &mut effects);
    assert!(matches!(effects[..], [Effect::Unchanged(_)]), "the same again is no news: {effects:?}");
}
