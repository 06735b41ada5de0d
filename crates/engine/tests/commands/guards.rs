//! What keeps two incidents two, by themselves and by command, and which of two survives.

use super::*;

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
            #1 v2 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.98 gap 2m] active medium alerts=2
            #2 v2 mergedFrom c1 [sameTargetedAsset a1 via a.contoso.azure 0.92 gap 7m] (#1) active medium alerts=3
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
            #2 v3 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.92 gap 7m] active medium alerts=3
            #2 v4 mergedFrom c1 [sameTargetedAsset a1 via a.contoso.azure 0.92 gap 7m] (#1) active medium alerts=4
            #1 v2 redirected (#2) redirected medium alerts=0
        "#]],
    );
}

#[test]
fn of_two_that_began_at_once_the_larger_one_survives_whichever_has_the_smaller_id() {
    // Ids follow from the founding alerts, so that one of the two has the smaller.
    for (small, large) in [("x", "y"), ("y", "x")] {
        let out = play(&format!(
            r#"
            10:00 mde/{small}1 "Small" impacted=host:{small}.contoso.azure
            10:00 mde/{large}1 "Large" impacted=host:{large}.contoso.azure
            10:00 mde/{large}2 "Large" impacted=host:{large}.contoso.azure
            10:00 mde/{large}3 "Larger, whichever the bridge joins first" impacted=host:{large}.contoso.azure
            10:07 mde/c1 "Bridge" impacted=host:x.contoso.azure impacted=host:y.contoso.azure
            "#
        ));
        assert!(out.contains(" redirected (#2) ") && out.contains("(#1) active medium alerts=5"), "{out}");
    }
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
        #2 v2 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.95 gap 4m] active medium alerts=2
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
