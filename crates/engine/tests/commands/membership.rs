//! Merge, split, move.

use super::*;

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
fn a_split_opens_an_incident_and_both_name_the_other() {
    check(
        &format!("{THREE} 10:30 ann split #1 mde/a2"),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.59 gap 1m] active medium alerts=3
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
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.59 gap 1m] active medium alerts=3
            #2 v1 opened by ann a2 (#1) active medium alerts=1
            #1 v4 alertsLeft by ann a2 (#2) active medium alerts=2
            split c1: done
            #2 v2 alertRevised a2 active medium alerts=1
            #2 and #1 stay two: cannot_link
            #1 v5 alertJoined a4 [sameTargetedAsset a1 via a.contoso.azure 0.91 gap 3m] active medium alerts=3
            #1 and #2 stay two: cannot_link
            #1 v6 alertJoined a5 [sameActor a3 via contoso\ann 0.37 gap 31m] active medium alerts=4
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
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.59 gap 1m] active high alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.99 gap 1m] active high alerts=3
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
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.59 gap 1m] active medium alerts=3
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
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.59 gap 1m] active medium alerts=3
            #2 v1 opened b1 active medium alerts=1
            #2 v2 alertsMovedIn by ann a3 (#1) active medium alerts=2
            #1 v4 alertsLeft by ann a3 (#2) active medium alerts=2
            move c1: done
            #2 v3 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.70 gap 26m] [sameTargetedAsset a3 via a.contoso.azure 0.38 gap 29m] active medium alerts=3
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
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.59 gap 1m] active medium alerts=3
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

/// Which sides of separations each alert bears, by its id.
fn sides(stage: &Stage) -> String {
    let records = stage.partition.records().into_values();
    let sides = records.filter_map(|record| match record {
        StateRecord::Alert(r) if !r.apart.is_empty() => Some(format!("{} {:?}", r.alert.id, r.apart)),
        _ => None,
    });
    sides.collect::<Vec<_>>().join(", ")
}

#[test]
fn moved_to_and_fro_alerts_come_by_no_more_sides_and_linked_they_lose_them() {
    let mut stage = Stage::new(Settings::default());
    let lines = format!(
        "{THREE} 10:05 mde/b1 \"Other\" impacted=host:b.contoso.azure\n10:06 mde/b2 \"Other\" impacted=host:b.contoso.azure"
    );
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.take(line);
    }
    let mut told = Vec::new();
    for line in [
        "10:30 ann move #1 mde/a3 to #2",
        "10:31 ann move #2 mde/a3 to #1",
        "10:32 ann move #1 mde/a3 to #2",
        "10:33 ann move #2 mde/a3 to #1",
        "10:35 ann link mde/a3 mde/b1",
    ] {
        stage.take(line);
        told.push(sides(&stage));
    }
    expect![[r#"
        a1 [2], a2 [2], a3 [-2]
        a1 [2], a2 [2], a3 [-3], b1 [3], b2 [3]
        a1 [4], a2 [4], a3 [-4], b1 [3], b2 [3]
        a1 [4], a2 [4], a3 [-5], b1 [5], b2 [5]
        a1 [4], a2 [4]"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn an_alert_that_is_split_out_twice_in_one_instant_founds_two_incidents() {
    check(
        &format!(
            r#"{THREE}
            10:30 ann split #1 mde/a2
            10:30 ann link mde/a1 mde/a2
            10:30 ann split #1 mde/a2
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.59 gap 1m] active medium alerts=3
            #2 v1 opened by ann a2 (#1) active medium alerts=1
            #1 v4 alertsLeft by ann a2 (#2) active medium alerts=2
            split c1: done
            #1 v5 mergedFrom by ann a1 [commanded a2 via a.contoso.azure 1.00 gap 1m] (#2) active medium alerts=3
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c2: done
            #3 v1 opened by ann a2 (#1) active medium alerts=1
            #1 v6 alertsLeft by ann a2 (#3) active medium alerts=2
            split c3: done
        "#]],
    );
}
