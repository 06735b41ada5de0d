//! What is done to one incident by itself.

use super::*;

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
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
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
            #1 v6 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.57 gap 41m] active high alerts=2
            #1 v7 alertRevised a2 active high alerts=2
            #1 v8 resolved resolved high alerts=2
        "#]],
    );
}
