//! What becomes of an incident: revisions, resolution, recurrence, caps, lateness, forgetting.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use braid_alert::{Incident, OpenReason, Span, Tenant};
use braid_engine::{Caps, Partition, Settings};
use expect_test::{Expect, expect};
use timeline::{Stage, play, play_with};

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

#[test]
fn a_revision_that_changes_nothing_raises_no_version() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:00 mde/b1 "One" impacted=host:a.contoso.azure arrives=10:30
        10:00 mde/b1 "One" severity=high impacted=host:a.contoso.azure arrives=10:40
        10:00 mde/b1 "One" impacted=host:a.contoso.azure arrives=10:20
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            unchanged: immaterial
            #1 v2 alertRevised b1 active high alerts=1
            unchanged: stale
        "#]],
    );
}

#[test]
fn what_a_revision_does_not_say_it_does_not_take_back() {
    check(
        r#"
        10:00 mde/b1 "One" severity=unknown status=unknown impacted=host:a.contoso.azure
        10:00 mde/b1 "One" severity=high status=resolved impacted=host:a.contoso.azure arrives=09:50
        10:00 mde/b1 "One" severity=unknown status=unknown impacted=user:jeffl@contoso.azure arrives=10:40
        "#,
        expect![[r#"
            #1 v1 opened b1 active informational alerts=1
            #1 v2 alertRevised b1 active high alerts=1
            #1 v3 resolved resolved high alerts=1
            #1 v4 alertRevised b1 resolved high alerts=1
        "#]],
    );
}

#[test]
fn an_incident_is_resolved_with_its_last_alert_and_reopened_with_any() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:05 mde/b2 "Two" impacted=host:a.contoso.azure
        10:00 mde/b1 "One" status=resolved impacted=host:a.contoso.azure arrives=11:00
        10:05 mde/b2 "Two" status=resolved impacted=host:a.contoso.azure arrives=11:01
        10:05 mde/b2 "Two" status=inProgress impacted=host:a.contoso.azure arrives=+3d11:01
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.94 gap 5m] active medium alerts=2
            #1 v3 alertRevised b1 active medium alerts=2
            #1 v4 alertRevised b2 active medium alerts=2
            #1 v5 resolved resolved medium alerts=2
            #1 v6 alertRevised b2 resolved medium alerts=2
            #1 v7 reopened active medium alerts=2
        "#]],
    );
}

#[test]
fn a_resolved_incident_takes_what_came_before_and_what_comes_after_recurs() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:00 mde/b1 "One" status=resolved impacted=host:a.contoso.azure arrives=10:20
        10:10 mde/b2 "Before" impacted=host:a.contoso.azure arrives=10:30
        10:40 mde/b3 "After" impacted=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertRevised b1 active medium alerts=1
            #1 v3 resolved resolved medium alerts=1
            #1 v4 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.88 gap 10m] resolved medium alerts=2
            #2 v1 opened b3 (#1) active medium alerts=1
        "#]],
    );
}

#[test]
fn an_incident_that_recurs_names_the_one_before_on_its_record() {
    let mut stage = Stage::new(Settings::default());
    for line in [
        r#"10:00 mde/b1 "One" impacted=host:a.contoso.azure"#,
        r#"10:00 mde/b1 "One" status=resolved impacted=host:a.contoso.azure arrives=10:20"#,
        r#"10:40 mde/b2 "After" impacted=host:a.contoso.azure"#,
        r#"10:45 mde/b3 "More of it" impacted=host:a.contoso.azure"#,
        r#"11:00 mde/d1 "Of somebody else" impacted=host:d.contoso.azure"#,
    ] {
        stage.take(line);
    }
    let told = |partition: &Partition| {
        let mut incidents: Vec<Incident> = partition
            .incident_ids()
            .into_iter()
            .filter_map(|(tenant, id)| partition.incident(&tenant, id))
            .collect();
        incidents.sort_by_key(|incident| (incident.first_emitted, incident.id));
        let place = |id| incidents.iter().position(|incident| incident.id == id);
        let told = |i: &Incident| (i.alerts.len(), i.opened.clone(), i.recurrence_of.and_then(place));
        incidents.iter().map(told).collect::<Vec<_>>()
    };
    let expected = [
        (1, OpenReason::NothingLinked, None),
        (2, OpenReason::Recurs, Some(0)),
        (1, OpenReason::NothingLinked, None),
    ];
    assert_eq!(told(&stage.partition), expected);
    let changes = stage.partition.drain_changes();
    let restored = Partition::restore(Settings::default(), changes.into_iter());
    assert_eq!(told(&restored), expected, "after a restart");
}

#[test]
fn within_the_configured_time_a_resolved_incident_is_reopened() {
    let settings = Settings { reopen_within: Span::hours(2), ..Settings::default() };
    let out = play_with(
        settings,
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:00 mde/b1 "One" status=resolved impacted=host:a.contoso.azure arrives=10:20
        10:40 mde/b3 "After" impacted=host:a.contoso.azure
        "#,
    );
    expect![[r#"
        #1 v1 opened b1 active medium alerts=1
        #1 v2 alertRevised b1 active medium alerts=1
        #1 v3 resolved resolved medium alerts=1
        #1 v4 reopened active medium alerts=2
        #1 v5 alertJoined b3 [sameTargetedAsset b1 via a.contoso.azure 0.58 gap 40m] active medium alerts=2
    "#]]
    .assert_eq(&out);
}

#[test]
fn an_alert_first_seen_as_resolved_never_opens_an_active_incident() {
    check(
        r#"
        10:00 mde/b1 "One" status=resolved impacted=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened b1 resolved medium alerts=1
        "#]],
    );
}

#[test]
fn late_alerts_join_for_two_weeks_and_then_open_an_incident_that_says_so() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:05 mde/b2 "Nine days late" impacted=host:a.contoso.azure arrives=+9d10:00
        10:06 mde/b3 "A month late" impacted=host:a.contoso.azure arrives=+30d10:00
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.94 gap 5m] active medium alerts=2
            #2 v1 opened b3 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_revision_finds_its_alert_long_after_the_incident_takes_no_more() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:00 mde/b1 "One" status=resolved impacted=host:a.contoso.azure arrives=+36d10:00
        10:00 mde/b1 "One" severity=low impacted=host:a.contoso.azure arrives=+89d10:00
        10:00 mde/b1 "One" impacted=host:a.contoso.azure arrives=+200d10:00
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertRevised b1 active medium alerts=1
            #1 v3 resolved resolved medium alerts=1
            #1 v4 alertRevised b1 resolved low alerts=1
            #1 v5 reopened active low alerts=1
            #2 v1 opened b1 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_full_incident_is_continued_and_both_say_so() {
    let caps = Caps { incident_alerts_max: 2, ..Caps::default() };
    let out = play_with(
        Settings { caps, ..Settings::default() },
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b2 "Two" impacted=host:a.contoso.azure
        10:02 mde/b3 "Three" impacted=host:a.contoso.azure
        10:03 mde/b4 "Four" impacted=host:a.contoso.azure
        10:04 mde/b5 "Five" impacted=host:a.contoso.azure
        "#,
    );
    expect![[r#"
        #1 v1 opened b1 active medium alerts=1
        #1 v2 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
        #2 v1 opened b3 (#1) active medium alerts=1
        #1 v3 continued (#2) active medium alerts=2
        #2 v2 alertJoined b4 [sameTargetedAsset b3 via a.contoso.azure 0.93 gap 1m] active medium alerts=2
        #3 v1 opened b5 (#2) active medium alerts=1
        #2 v3 continued (#3) active medium alerts=2
    "#]]
    .assert_eq(&out);
}

#[test]
fn two_incidents_that_are_too_large_together_stay_two() {
    let caps = Caps { incident_alerts_max: 3, ..Caps::default() };
    let out = play_with(
        Settings { caps, ..Settings::default() },
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b2 "Two" impacted=host:a.contoso.azure
        10:02 mde/b3 "Three" impacted=host:b.contoso.azure
        10:03 mde/b4 "Bridge" impacted=host:a.contoso.azure impacted=host:b.contoso.azure
        "#,
    );
    expect![[r#"
        #1 v1 opened b1 active medium alerts=1
        #1 v2 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
        #2 v1 opened b3 active medium alerts=1
        #2 v2 alertJoined b4 [sameTargetedAsset b3 via b.contoso.azure 0.99 gap 1m] active medium alerts=2
        #2 and #1 stay two: alerts_max
    "#]]
    .assert_eq(&out);
}

#[test]
fn an_alert_that_is_an_incident_too_large_by_itself_is_rejected() {
    let caps = Caps { incident_entities_max: 2, ..Caps::default() };
    let out = play_with(
        Settings { caps, ..Settings::default() },
        r#"
        10:00 mde/b1 "One" impacted=host:a.c impacted=host:b.c impacted=host:c.c
        "#,
    );
    expect![[r#"
        rejected b1: too_many_entities
    "#]]
    .assert_eq(&out);
}

#[test]
fn evidence_that_comes_later_joins_what_stood_alone() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b2 "Two" impacted=user:contoso\ann
        10:01 mde/b2 "Two" impacted=user:contoso\ann impacted=host:a.contoso.azure arrives=10:20
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #2 v2 alertRevised b2 active medium alerts=1
            #1 v2 mergedFrom b2 [sameTargetedAsset b1 via a.contoso.azure 0.59 gap 1m] (#2) active medium alerts=2
            #2 v3 redirected (#1) redirected medium alerts=0
        "#]],
    );
}

#[test]
fn a_tick_forgets_what_is_due_and_nothing_before() {
    let mut stage = Stage::new(Settings::default());
    stage.take(r#"10:00 mde/b1 "One" impacted=host:a.contoso.azure"#);
    let (tenant, due) = stage.partition.next_deadline().unwrap();
    assert_eq!((tenant.as_str(), due.to_string().as_str()), ("t", "2026-05-31T10:00:00Z"));
    stage.take("tick +89d10:00");
    assert_eq!(stage.partition.stats().alerts, 1);
    stage.take("tick +91d10:00");
    let stats = stage.partition.stats();
    assert_eq!((stats.alerts, stats.entities, stats.incidents_open, stats.state_bytes), (0, 0, 0, 0));
    assert_eq!(stage.partition.incident_ids(), []);
    assert_eq!(stage.partition.next_deadline(), None);
}

#[test]
fn at_the_byte_budget_the_longest_idle_incident_goes_and_says_so() {
    let settings = Settings { state_bytes_max: 9_000, ..Settings::default() };
    let mut stage = Stage::new(settings);
    for n in 0..6 {
        stage.take(&format!("1{n}:00 mde/b{n} \"Alert {n}\" impacted=host:h{n}.contoso.azure"));
    }
    assert!(stage.out.contains("#1 v2 evicted"), "{}", stage.out);
    assert!(stage.partition.stats().state_bytes <= 9_000);
}

#[test]
fn the_record_tells_the_whole_story() {
    let mut stage = Stage::new(Settings::default());
    for line in [
        r#"10:00 mdi/a1 "SAMR reconnaissance" phase=reconnaissance source=user:contoso\jeffl source=host:victimpc.contoso.azure target=host:contosodc.contoso.azure+%DomainController"#,
        r#"10:20 mde/b1 "Mimikatz" severity=high phase=credentialAccess impacted=host:victimpc.contoso.azure impacted=user:contoso\jeffl+S-1-5-21-1-2-3-1104"#,
        r#"10:40 mdi/a2 "Pass the ticket" severity=high phase=lateralMovement source=user:contoso\jeffl source=host:adminpc.contoso.azure"#,
    ] {
        stage.take(line);
    }
    let (tenant, id) = stage.partition.incident_ids().remove(0);
    assert_eq!(tenant, Tenant::new("t"));
    let incident = stage.partition.incident(&tenant, id).unwrap();
    let phases: Vec<_> = incident.phases.iter().map(|p| p.phase.as_str()).collect();
    let entities: Vec<_> = incident
        .entities
        .iter()
        .map(|e| {
            format!(
                "{} {} {:?} alerts={}",
                e.kind,
                e.name,
                e.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>(),
                e.alerts
            )
        })
        .collect();
    expect![[r#"
        Multi-stage incident: reconnaissance, compromised credentials and lateral movement on 2 hosts
        v3 high score 64.92 ["reconnaissance", "compromisedCredentials", "lateralMovement"]
        user contoso\jeffl ["source", "impacted"] alerts=3
        host victimpc.contoso.azure ["source", "impacted"] alerts=2
        host contosodc.contoso.azure ["target"] alerts=1
        host adminpc.contoso.azure ["source"] alerts=1"#]]
    .assert_eq(&format!(
        "{}\nv{} {} score {:.2} {phases:?}\n{}",
        incident.title,
        incident.version,
        incident.severity,
        incident.score.value,
        entities.join("\n")
    ));
}

#[test]
fn a_continuation_outlives_what_it_continues() {
    let caps = Caps { incident_alerts_max: 2, ..Caps::default() };
    let mut stage = Stage::new(Settings { caps, dedupe_retention: Span::days(3), ..Settings::default() });
    for line in [
        r#"10:00 mde/b1 "One" impacted=host:a.contoso.azure impacted=user:S-1-5-21-1-2-3-1104"#,
        r#"10:01 mde/b2 "Two" impacted=host:a.contoso.azure"#,
        r#"10:02 mde/b3 "Three" impacted=host:a.contoso.azure"#,
        r#"10:03 mde/b4 "Four" impacted=user:S-1-5-21-1-2-3-1104"#,
        r#"10:03 mde/b4 "Four" severity=high impacted=user:S-1-5-21-1-2-3-1104 arrives=+2d10:03"#,
        "tick +3d10:02",
    ] {
        stage.take(line);
    }
    // The fourth is linked to the first incident only: that is told when it joins, and no longer in the record.
    expect![[r#"
        #1 v1 opened b1 active medium alerts=1
        #1 v2 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.59 gap 1m] active medium alerts=2
        #2 v1 opened b3 (#1) active medium alerts=1
        #1 v3 continued (#2) active medium alerts=2
        #2 v2 alertJoined b4 [sameActor b1 via S-1-5-21-1-2-3-1104 0.58 gap 3m] active medium alerts=2
        #2 v3 alertRevised b4 active high alerts=2
    "#]]
    .assert_eq(&stage.out);
    let left = stage.partition.incident_ids();
    assert_eq!(left.len(), 1, "the first has been forgotten");
    let record = stage.partition.incident(&left[0].0, left[0].1).unwrap();
    assert_eq!((record.alerts.len(), record.links.len()), (2, 0));
}
