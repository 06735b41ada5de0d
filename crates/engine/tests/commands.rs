//! What people want changed: each command, each refusal, each guard.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use braid_alert::{Incident, OpenReason, Span, Tenant};
use braid_engine::{Caps, Settings};
use expect_test::{Expect, expect};
use timeline::{Stage, play, play_with};

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

/// Plays a timeline and gives the record of the incident that opened first, of those that are not split off.
fn record(timeline: &str) -> Incident {
    let mut stage = Stage::new(Settings::default());
    for line in timeline.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.take(line);
    }
    let tenant = Tenant::new("t");
    let ids = stage.partition.incident_ids();
    let all = ids.iter().map(|(_, id)| stage.partition.incident(&tenant, *id).unwrap());
    let all = all.filter(|incident| incident.opened != OpenReason::SplitOff);
    all.min_by_key(|incident| (incident.first_emitted, incident.first_activity)).unwrap()
}

/// Two alerts on two hosts, each an incident.
const TWO: &str = r#"
    10:00 mde/a1 "One" impacted=host:a.contoso.azure
    10:01 mde/b1 "Two" impacted=host:b.contoso.azure
"#;

/// An alert on both hosts, which makes one incident of the two unless something forbids it.
const BRIDGE: &str = r#"
    10:20 mde/c1 "Bridge" impacted=host:a.contoso.azure impacted=host:b.contoso.azure
"#;

/// Three alerts on one host.
const THREE: &str = r#"
    10:00 mde/a1 "One" impacted=host:a.contoso.azure
    10:01 mde/a2 "Two" impacted=host:a.contoso.azure
    10:02 mde/a3 "Three" impacted=host:a.contoso.azure impacted=user:contoso\ann
"#;

#[test]
fn assigning_says_who_works_on_it_and_repeating_it_says_nothing() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:30 ann assign #1 to bob in soc
        10:31 ann assign #1 to bob in soc
        10:32 ann assign #1 to bob
        10:33 ann assign #1
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 assigned by ann active medium alerts=1
            assign c1: done
            assign c2: refused, nothing_to_do
            #1 v3 assigned by ann active medium alerts=1
            assign c3: done
            #1 v4 assigned by ann active medium alerts=1
            assign c4: done
        "#]],
    );
    let incident = record(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:30 ann assign #1 to bob in soc
        "#,
    );
    assert_eq!(
        (incident.assignee.as_deref(), incident.assigned_group.as_deref()),
        (Some("bob"), Some("soc"))
    );
}

#[test]
fn a_verdict_is_given_and_taken_back() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:30 ann classify #1 truePositive malware
        10:31 ann classify #1 truePositive malware
        10:32 ann classify #1
        10:33 ann classify #1 unknown unknown
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 classified by ann active medium alerts=1
            classify c1: done
            classify c2: refused, nothing_to_do
            #1 v3 classified by ann active medium alerts=1
            classify c3: done
            classify c4: refused, nothing_to_do
        "#]],
    );
}

#[test]
fn a_comment_that_is_sent_twice_stands_there_once() {
    let timeline = r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:30 ann comment #1 as k7 "Looks bad"
        10:30 ann comment #1 as k7 "Looks bad"
        10:31 bob comment #1 as k8 "Looks bad"
        10:32 bob comment #1 "  "
    "#;
    check(
        timeline,
        expect![[r#"
        #1 v1 opened a1 active medium alerts=1
        #1 v2 commented by ann active medium alerts=1
        comment k7: done
        comment k7: refused, nothing_to_do
        #1 v3 commented by bob active medium alerts=1
        comment k8: done
        comment c4: refused, nothing_to_do
    "#]],
    );
    let comments: Vec<_> = record(timeline)
        .comments
        .iter()
        .map(|c| format!("{} {} {} {}", c.at, c.author, c.text, c.command))
        .collect();
    expect![[r#"
        2026-03-02T10:30:00Z ann Looks bad k7
        2026-03-02T10:31:00Z bob Looks bad k8"#]]
    .assert_eq(&comments.join("\n"));
}

#[test]
fn comments_have_a_bound_in_number_and_length() {
    let mut stage = Stage::new(Settings::default());
    stage.take(r#"10:00 mde/a1 "One" impacted=host:a.contoso.azure"#);
    stage.take(&format!("10:01 ann comment #1 \"{}\"", "é".repeat(4_097)));
    stage.take(&format!("10:01 ann comment #1 \"{}\"", "é".repeat(4_096)));
    for n in 0..100 {
        stage.take(&format!("10:02 ann comment #1 \"Comment {n}\""));
    }
    let lines: Vec<_> = stage.out.lines().collect();
    assert_eq!(lines[1], "comment c1: refused, too_long");
    assert_eq!(lines.iter().filter(|line| line.ends_with(": done")).count(), 100);
    assert_eq!(*lines.last().unwrap(), "comment c102: refused, too_long");
}

#[test]
fn comments_never_make_an_incident_larger_than_it_may_be() {
    let caps = Caps { incident_bytes_max: 8_000, ..Caps::default() };
    let mut stage = Stage::new(Settings { caps, ..Settings::default() });
    stage.take(r#"10:00 mde/a1 "One" impacted=host:a.contoso.azure"#);
    for _ in 0..2 {
        stage.take(&format!("10:01 ann comment #1 \"{}\"", "x".repeat(4_000)));
    }
    assert!(stage.out.contains("comment c1: done\ncomment c2: refused, too_large"), "{}", stage.out);
}

#[test]
fn tags_are_put_on_and_taken_off_and_have_a_bound() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:30 ann tag #1 +urgent +vip
        10:31 ann tag #1 +urgent
        10:32 ann tag #1 -vip +new
        10:33 ann tag #1 -gone
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 tagged by ann active medium alerts=1
            tag c1: done
            tag c2: refused, nothing_to_do
            #1 v3 tagged by ann active medium alerts=1
            tag c3: done
            tag c4: refused, nothing_to_do
        "#]],
    );
    let mut stage = Stage::new(Settings::default());
    stage.take(r#"10:00 mde/a1 "One" impacted=host:a.contoso.azure"#);
    let tags = |n: usize| (0..n).map(|n| format!(" +tag{n}")).collect::<String>();
    stage.take(&format!("10:01 ann tag #1{}", tags(65)));
    stage.take(&format!("10:01 ann tag #1 +{}", "x".repeat(129)));
    stage.take(&format!("10:01 ann tag #1{}", tags(64)));
    let lines: Vec<_> = stage.out.lines().skip(1).collect();
    expect![[r#"
        tag c1: refused, too_long
        tag c2: refused, too_long
        #1 v2 tagged by ann active medium alerts=1
        tag c3: done"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_resolution_by_command_holds_until_the_source_reopens_an_alert() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:01 mde/a2 "Two" status=resolved impacted=host:a.contoso.azure
        10:30 ann resolve #1
        10:31 ann resolve #1
        10:00 mde/a1 "One" severity=high impacted=host:a.contoso.azure arrives=10:40
        10:01 mde/a2 "Two" status=new impacted=host:a.contoso.azure arrives=10:50
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
            #1 v3 resolved by ann resolved medium alerts=2
            resolve c1: done
            resolve c2: refused, nothing_to_do
            #1 v4 alertRevised a1 resolved high alerts=2
            #1 v5 alertRevised a2 resolved high alerts=2
            #1 v6 reopened active high alerts=2
        "#]],
    );
}

#[test]
fn an_alert_after_a_resolution_by_command_recurs() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:05 ann resolve #1
        10:10 mde/a2 "Two" impacted=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 resolved by ann resolved medium alerts=1
            resolve c1: done
            #2 v1 opened a2 (#1) active medium alerts=1
        "#]],
    );
}

#[test]
fn what_was_reopened_by_command_is_not_resolved_by_news_of_an_alert_that_was_resolved_before() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:00 mde/a1 "One" status=resolved impacted=host:a.contoso.azure arrives=10:20
        10:30 ann reopen #1
        10:31 ann reopen #1
        10:00 mde/a1 "One" status=resolved severity=high impacted=host:a.contoso.azure arrives=10:40
        10:41 mde/a2 "Two" impacted=host:a.contoso.azure
        10:41 mde/a2 "Two" status=resolved impacted=host:a.contoso.azure arrives=10:50
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertRevised a1 active medium alerts=1
            #1 v3 resolved resolved medium alerts=1
            #1 v4 reopened by ann active medium alerts=1
            reopen c1: done
            reopen c2: refused, nothing_to_do
            #1 v5 alertRevised a1 active high alerts=1
            #1 v6 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.39 gap 41m] active high alerts=2
            #1 v7 alertRevised a2 active high alerts=2
            #1 v8 resolved resolved high alerts=2
        "#]],
    );
}

#[test]
fn merging_keeps_the_incident_that_is_named_and_what_people_did_with_the_other() {
    let timeline = format!(
        r#"{TWO}
        10:10 ann assign #1 to bob
        10:11 ann comment #1 "From the first"
        10:12 ann tag #1 +urgent
        10:30 ann merge #1 into #2
        10:31 ann merge #1 into #2
        10:32 ann assign #1 to eve
        "#
    );
    check(
        &timeline,
        expect![[r#"
        #1 v1 opened a1 active medium alerts=1
        #2 v1 opened b1 active medium alerts=1
        #1 v2 assigned by ann active medium alerts=1
        assign c1: done
        #1 v3 commented by ann active medium alerts=1
        comment c2: done
        #1 v4 tagged by ann active medium alerts=1
        tag c3: done
        #2 v2 mergedFrom by ann a1 [commanded b1 via a.contoso.azure 1.00 gap 1m] (#1) active medium alerts=2
        #1 v5 redirected by ann (#2) redirected medium alerts=0
        merge c4: done
        merge c5: refused, same_incident
        #2 v3 assigned by ann active medium alerts=2
        assign c6: done
    "#]],
    );
}

#[test]
fn chains_of_redirects_are_compressed() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:01 mde/b1 "Two" impacted=host:b.contoso.azure
        10:02 mde/c1 "Three" impacted=host:c.contoso.azure
        10:30 ann merge #1 into #2
        10:31 ann merge #2 into #3
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #3 v1 opened c1 active medium alerts=1
            #2 v2 mergedFrom by ann a1 [commanded b1 via a.contoso.azure 1.00 gap 1m] (#1) active medium alerts=2
            #1 v2 redirected by ann (#2) redirected medium alerts=0
            merge c1: done
            #3 v2 mergedFrom by ann a1 [commanded c1 via a.contoso.azure 1.00 gap 2m] (#2) active medium alerts=3
            #2 v3 redirected by ann (#3) redirected medium alerts=0
            #1 v3 redirected by ann (#3) redirected medium alerts=0
            merge c2: done
        "#]],
    );
}

#[test]
fn the_incident_whose_activity_began_first_survives_then_the_larger_one() {
    check(
        r#"
        10:05 mde/b1 "Seen first" impacted=host:b.contoso.azure
        10:00 mde/a1 "Began first" impacted=host:a.contoso.azure arrives=10:06
        10:07 mde/c1 "Bridge" impacted=host:a.contoso.azure impacted=host:b.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.96 gap 2m] active medium alerts=2
            #2 v2 mergedFrom c1 [sameTargetedAsset a1 via a.contoso.azure 0.86 gap 7m] (#1) active medium alerts=3
            #1 v3 redirected (#2) redirected medium alerts=0
        "#]],
    );
    check(
        r#"
        10:00 mde/a1 "Small" impacted=host:a.contoso.azure
        10:00 mde/b1 "Large" impacted=host:b.contoso.azure
        10:00 mde/b2 "Large" impacted=host:b.contoso.azure
        10:07 mde/c1 "Bridge" impacted=host:a.contoso.azure impacted=host:b.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #2 v2 alertJoined b2 [sameTargetedAsset b1 via b.contoso.azure 1.00 gap 0s] active medium alerts=2
            #2 v3 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.86 gap 7m] active medium alerts=3
            #2 v4 mergedFrom c1 [sameTargetedAsset a1 via a.contoso.azure 0.86 gap 7m] (#1) active medium alerts=4
            #1 v2 redirected (#2) redirected medium alerts=0
        "#]],
    );
}

#[test]
fn a_split_opens_an_incident_and_both_name_the_other() {
    check(
        &format!("{THREE} 10:30 ann split #1 mde/a2"),
        expect![[r#"
        #1 v1 opened a1 active medium alerts=1
        #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
        #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.98 gap 1m] active medium alerts=3
        #2 v1 opened by ann a2 (#1) active medium alerts=1
        #1 v4 alertsLeft by ann a2 (#2) active medium alerts=2
        split c1: done
    "#]],
    );
}

#[test]
fn what_was_split_out_does_not_creep_back() {
    check(
        &format!(
            r#"{THREE}
            10:30 ann split #1 mde/a2
            10:01 mde/a2 "Two" impacted=host:a.contoso.azure impacted=user:contoso\ann arrives=10:35
            10:03 mde/a4 "Nearest to the one split out" impacted=host:a.contoso.azure
            10:33 mde/a5 "Later" impacted=user:contoso\ann
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.98 gap 1m] active medium alerts=3
            #2 v1 opened by ann a2 (#1) active medium alerts=1
            #1 v4 alertsLeft by ann a2 (#2) active medium alerts=2
            split c1: done
            #2 v2 alertRevised a2 active medium alerts=1
            #2 and #1 stay two: cannot_link
            #1 v5 alertJoined a4 [sameTargetedAsset a3 via a.contoso.azure 0.98 gap 1m] active medium alerts=3
            #1 and #2 stay two: cannot_link
            #1 v6 alertJoined a5 [sameActor a3 via contoso\ann 0.49 gap 31m] active medium alerts=4
            #1 and #2 stay two: cannot_link
        "#]],
    );
}

#[test]
fn what_hung_on_the_alert_that_left_hangs_on_the_best_of_those_that_stayed() {
    let mut stage = Stage::new(Settings::default());
    for line in [
        r#"10:00 mde/a1 "One" impacted=host:a.contoso.azure"#,
        r#"10:01 mde/a2 "Two" impacted=host:a.contoso.azure"#,
        r#"10:02 mde/a3 "Three" impacted=host:a.contoso.azure"#,
        r#"10:02 mde/a4 "Four" impacted=host:a.contoso.azure"#,
        "10:30 ann split #1 mde/a3 mde/a1",
    ] {
        stage.take(line);
    }
    let tenant = Tenant::new("t");
    let mut links: Vec<String> = Vec::new();
    for (_, id) in stage.partition.incident_ids() {
        let incident = stage.partition.incident(&tenant, id).unwrap();
        links.extend(incident.links.iter().map(|l| format!("{} to {} gap {}", l.alert.id, l.peer.id, l.gap)));
    }
    links.sort();
    expect![[r#"
        a1 to a3 gap 2m
        a2 to a4 gap 1m"#]]
    .assert_eq(&links.join("\n"));
}

#[test]
fn the_sums_of_an_incident_are_those_of_the_alerts_that_stayed() {
    let timeline = r#"
        09:00 mde/a1 "Early and grave" severity=high impacted=host:a.contoso.azure impacted=user:contoso\eve
        09:01 mde/a2 "Two" severity=low impacted=host:a.contoso.azure
        09:02 mde/a3 "Three" status=resolved severity=medium impacted=host:a.contoso.azure
        10:30 ann split #1 mde/a1 mde/a2
    "#;
    check(
        timeline,
        expect![[r#"
            #1 v1 opened a1 active high alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active high alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.98 gap 1m] active high alerts=3
            #2 v1 opened by ann a1 (#1) active high alerts=2
            #1 v4 alertsLeft by ann (#2) resolved medium alerts=1
            split c1: done
        "#]],
    );
    let incident = record(timeline);
    let entities: Vec<_> = incident.entities.iter().map(|e| format!("{} {}", e.name, e.alerts)).collect();
    assert_eq!(entities, ["a.contoso.azure 1"]);
    assert_eq!(incident.first_activity.to_string(), "2026-03-02T09:02:00Z");
}

#[test]
fn a_split_is_refused_whole_if_any_alert_is_not_there() {
    check(
        &format!(
            r#"{THREE}
            10:05 mde/b1 "Other" impacted=host:b.contoso.azure
            10:30 ann split #1 mde/a2 mde/b1
            10:30 ann split #1 mde/a2 mde/zz
            10:30 ann split #1 mde/a1 mde/a2 mde/a3
            10:30 ann split #1
            10:30 ann split #9 mde/a1
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.98 gap 1m] active medium alerts=3
            #2 v1 opened b1 active medium alerts=1
            split c1: refused, not_in_incident
            split c2: refused, unknown_alert
            split c3: refused, all_alerts
            split c4: refused, nothing_to_do
            split c5: refused, unknown_incident
        "#]],
    );
}

#[test]
fn moved_alerts_change_sides_and_neither_they_nor_what_stayed_creeps_after() {
    check(
        &format!(
            r#"{THREE}
            10:05 mde/b1 "Other" impacted=host:b.contoso.azure
            10:30 ann move #1 mde/a3 to #2
            10:31 mde/c1 "Bridge" impacted=host:a.contoso.azure impacted=host:b.contoso.azure
            10:32 ann merge #2 into #1
            10:33 ann move #2 mde/a3 to #1
            10:34 ann move #1 mde/a3 to #2
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.98 gap 1m] active medium alerts=3
            #2 v1 opened b1 active medium alerts=1
            #2 v2 alertsMovedIn by ann a3 (#1) active medium alerts=2
            #1 v4 alertsLeft by ann a3 (#2) active medium alerts=2
            move c1: done
            #2 v3 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.55 gap 26m] [sameTargetedAsset a3 via a.contoso.azure 0.52 gap 29m] active medium alerts=3
            #2 and #1 stay two: cannot_link
            merge c2: refused, cannot_link
            #1 v5 alertsMovedIn by ann a3 (#2) active medium alerts=3
            #2 v4 alertsLeft by ann a3 (#1) active medium alerts=2
            move c3: done
            #2 v5 alertsMovedIn by ann a3 (#1) active medium alerts=3
            #1 v6 alertsLeft by ann a3 (#2) active medium alerts=2
            move c4: done
        "#]],
    );
}

#[test]
fn a_move_is_refused_to_itself_to_a_closed_one_or_if_nothing_would_be_left() {
    check(
        &format!(
            r#"{THREE}
            10:05 mde/b1 "Other" impacted=host:b.contoso.azure
            10:30 ann move #1 mde/a3 to #1
            10:30 ann move #2 mde/b1 to #1
            10:30 ann move #2 mde/a1 to #1
            10:31 ann resolve #2
            10:32 ann move #1 mde/a3 to #2
            10:32 ann move #1 mde/a3 to #7
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.98 gap 1m] active medium alerts=3
            #2 v1 opened b1 active medium alerts=1
            move c1: refused, same_incident
            move c2: refused, all_alerts
            move c3: refused, not_in_incident
            #2 v2 resolved by ann resolved medium alerts=1
            resolve c4: done
            move c5: refused, closed
            move c6: refused, unknown_incident
        "#]],
    );
    let caps = Caps { incident_alerts_max: 3, ..Caps::default() };
    let out = play_with(
        Settings { caps, ..Settings::default() },
        &format!(
            "{THREE} 10:05 mde/b1 \"Other\" impacted=host:b.contoso.azure\n10:06 mde/b2 \"Other\" impacted=host:b.contoso.azure\n10:30 ann move #2 mde/b1 to #1"
        ),
    );
    assert!(out.ends_with("move c1: refused, too_large\n"), "{out}");
}

#[test]
fn two_alerts_that_must_be_linked_make_their_incidents_one() {
    check(
        &format!(
            r#"{TWO}
            10:30 ann link mde/b1 mde/a1
            10:31 ann link mde/b1 mde/a1
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 mergedFrom by ann b1 [commanded a1 via b.contoso.azure 1.00 gap 1m] (#2) active medium alerts=2
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c1: done
            mustLink c2: refused, nothing_to_do
        "#]],
    );
}

#[test]
fn linking_takes_back_what_kept_the_two_apart() {
    check(
        &format!(
            r#"{THREE}
            10:30 ann split #1 mde/a2
            10:31 ann merge #2 into #1
            10:32 ann link mde/a2 mde/a3
            10:33 ann unlink mde/a2 mde/a3
            10:34 ann unlink mde/a3 mde/a2
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.98 gap 1m] active medium alerts=3
            #2 v1 opened by ann a2 (#1) active medium alerts=1
            #1 v4 alertsLeft by ann a2 (#2) active medium alerts=2
            split c1: done
            merge c2: refused, cannot_link
            #1 v5 mergedFrom by ann a2 [commanded a3 via a.contoso.azure 1.00 gap 1m] (#2) active medium alerts=3
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c3: done
            #3 v1 opened by ann a3 (#1) active medium alerts=1
            #1 v6 alertsLeft by ann a3 (#3) active medium alerts=2
            cannotLink c4: done
            cannotLink c5: refused, nothing_to_do
        "#]],
    );
}

#[test]
fn alerts_in_two_incidents_that_do_not_belong_together_keep_these_two() {
    check(
        &format!(
            r#"{TWO}
            10:10 ann unlink mde/a1 mde/b1
            {BRIDGE}
            10:30 ann merge #2 into #1
            10:31 ann link mde/a1 mde/b1
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 linkRuled by ann a1 (#2) active medium alerts=1
            #2 v2 linkRuled by ann b1 (#1) active medium alerts=1
            cannotLink c1: done
            #2 v3 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.65 gap 19m] active medium alerts=2
            #2 and #1 stay two: cannot_link
            merge c2: refused, cannot_link
            #1 v3 mergedFrom by ann a1 [commanded b1 via a.contoso.azure 1.00 gap 1m] (#2) active medium alerts=3
            #2 v4 redirected by ann (#1) redirected medium alerts=0
            mustLink c3: done
        "#]],
    );
}

#[test]
fn a_separation_goes_with_its_alerts_and_not_with_those_that_came_later() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:01 mde/b1 "Two" impacted=host:b.contoso.azure
        10:02 ann unlink mde/a1 mde/b1
        10:03 mde/a2 "Later" impacted=host:a.contoso.azure
        10:04 ann split #1 mde/a1
        10:05 ann merge #1 into #2
        10:06 ann merge #3 into #2
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 linkRuled by ann a1 (#2) active medium alerts=1
            #2 v2 linkRuled by ann b1 (#1) active medium alerts=1
            cannotLink c1: done
            #1 v3 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.94 gap 3m] active medium alerts=2
            #3 v1 opened by ann a1 (#1) active medium alerts=1
            #1 v4 alertsLeft by ann a1 (#3) active medium alerts=1
            split c2: done
            #2 v3 mergedFrom by ann a2 [commanded b1 via a.contoso.azure 1.00 gap 2m] (#1) active medium alerts=2
            #1 v5 redirected by ann (#2) redirected medium alerts=0
            merge c3: done
            merge c4: refused, cannot_link
        "#]],
    );
}

#[test]
fn a_command_is_refused_if_somebody_was_faster() {
    check(
        &format!(
            r#"{TWO}
            10:10 ann assign #1 to bob expects v1
            10:11 eve assign #1 to eve expects v1
            10:12 eve assign #1 to eve expects v2
            10:13 ann merge #1 into #2 expects v1
            10:14 eve resolve #1 expects v3
            10:15 eve resolve #1 expects v2
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 assigned by ann active medium alerts=1
            assign c1: done
            assign c2: refused, version_mismatch
            #1 v3 assigned by eve active medium alerts=1
            assign c3: done
            #2 v2 mergedFrom by ann a1 [commanded b1 via a.contoso.azure 1.00 gap 1m] (#1) active medium alerts=2
            #1 v4 redirected by ann (#2) redirected medium alerts=0
            merge c4: done
            resolve c5: refused, version_mismatch
            #2 v3 resolved by eve resolved medium alerts=2
            resolve c6: done
        "#]],
    );
}

#[test]
fn an_incident_of_another_tenant_is_not_known() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:30 ann resolve #1 of other
        10:30 ann split #1 mde/a1 of other
        10:30 ann link mde/a1 mde/a1 of other
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            resolve c1: refused, unknown_incident
            split c2: refused, unknown_incident
            mustLink c3: refused, unknown_alert
        "#]],
    );
}

/// What a bridge between two incidents is answered, and what the command that wants them merged.
#[track_caller]
fn check_guard(before: &str, settings: Settings, reason: &str, refused: &str) {
    let out = play_with(settings, &format!("{TWO} {before} {BRIDGE} 10:30 ann merge #2 into #1 as m"));
    assert!(out.contains(&format!("stay two: {reason}\n")), "by itself: {out}");
    assert!(out.ends_with(&format!("merge m: refused, {refused}\n")), "by command: {out}");
}

#[test]
fn nothing_is_merged_with_what_is_closed() {
    let out = play(&format!(
        r#"{TWO}
        10:10 ann resolve #1
        10:05 mde/c1 "Bridge" impacted=host:a.contoso.azure impacted=host:b.contoso.azure arrives=10:20
        10:30 ann merge #1 into #2
        10:31 ann link mde/a1 mde/b1
        "#
    ));
    expect![[r#"
        #1 v1 opened a1 active medium alerts=1
        #2 v1 opened b1 active medium alerts=1
        #1 v2 resolved by ann resolved medium alerts=1
        resolve c1: done
        #2 v2 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.92 gap 4m] active medium alerts=2
        #2 and #1 stay two: closed
        merge c2: refused, closed
        mustLink c3: refused, closed
    "#]]
    .assert_eq(&out);
}

#[test]
fn incidents_that_different_people_work_on_stay_two() {
    check_guard(
        "10:10 ann assign #1 to ann\n10:10 ann assign #2 to bob\n",
        Settings::default(),
        "assignee",
        "assignee",
    );
    check_guard(
        "10:10 ann assign #1 in soc\n10:10 ann assign #2 in it\n",
        Settings::default(),
        "assignee",
        "assignee",
    );
}

#[test]
fn incidents_with_different_verdicts_stay_two() {
    let before = "10:10 ann classify #1 truePositive\n10:10 ann classify #2 falsePositive\n";
    check_guard(before, Settings::default(), "classification", "verdict");
    let before = "10:10 ann classify #1 truePositive malware\n10:10 ann classify #2 truePositive phishing\n";
    check_guard(before, Settings::default(), "determination", "verdict");
}

#[test]
fn incidents_that_together_pass_a_cap_stay_two() {
    let with = |caps: Caps| Settings { caps, ..Settings::default() };
    let more = "10:00 mde/a2 \"More\" impacted=host:a.contoso.azure impacted=user:contoso\\ann impacted=user:contoso\\bob\n";
    let alerts = Caps { incident_alerts_max: 3, ..Caps::default() };
    check_guard(more, with(alerts), "alerts_max", "too_large");
    let entities = Caps { incident_entities_max: 3, ..Caps::default() };
    check_guard(more, with(entities), "entities_max", "too_large");
    let bytes = Caps { incident_bytes_max: 5_000, ..Caps::default() };
    check_guard(more, with(bytes), "bytes_max", "too_large");
    let span = Caps { incident_span_max: Span::minutes(19), ..Caps::default() };
    check_guard("", with(span), "span_max", "too_large");
}

#[test]
fn what_was_said_not_to_belong_together_stays_two() {
    check_guard("10:10 ann unlink mde/a1 mde/b1\n", Settings::default(), "cannot_link", "cannot_link");
}
