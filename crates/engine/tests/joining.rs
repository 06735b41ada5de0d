//! What makes two alerts one incident, and what does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use expect_test::{Expect, expect};
use timeline::play;

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

#[test]
fn the_same_user_within_minutes_is_the_same_attack() {
    check(
        r#"
        10:00 mdi/a1 "SAMR reconnaissance" phase=reconnaissance source=user:contoso\jeffl source=host:victimpc.contoso.azure
        10:20 mde/b1 "Mimikatz" severity=high phase=credentialAccess impacted=user:contoso\jeffl+S-1-5-21-1-2-3-1104
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined b1 [sameActor a1 via contoso\jeffl 0.63 gap 20m] active high alerts=2
        "#]],
    );
}

#[test]
fn a_domain_controller_that_two_users_aim_at_makes_two_incidents() {
    check(
        r#"
        10:00 mdi/a1 "SAMR reconnaissance" source=user:contoso\ann target=host:dc1.contoso.azure
        10:03 mdi/a2 "LDAP reconnaissance" source=user:contoso\bob target=host:dc1.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened a2 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_domain_controller_that_is_itself_hit_joins() {
    check(
        r#"
        10:00 mdi/a1 "Remote code execution attempt" source=user:contoso\ann target=host:dc1.contoso.azure
        10:03 mde/b1 "Skeleton key" impacted=host:dc1.contoso.azure
        10:05 mde/b2 "Suspicious service" impacted=host:dc1.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined b1 [sameTargetedAsset a1 via dc1.contoso.azure 0.28 gap 3m] active medium alerts=2
            #1 v3 alertJoined b2 [sameTargetedAsset b1 via dc1.contoso.azure 0.96 gap 2m] active medium alerts=3
        "#]],
    );
}

#[test]
fn the_same_tools_on_other_hosts_are_another_attack() {
    check(
        r#"
        10:00 mde/b1 "Mimikatz" impacted=host:a.contoso.azure related=file:f1 related=file:f2 related=file:f3
        10:01 mde/b2 "Mimikatz" impacted=host:b.contoso.azure related=file:f1 related=file:f2 related=file:f3
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_hub_is_demoted_by_its_partners_not_by_a_list() {
    let mut timeline = String::new();
    for n in 0..16 {
        timeline += &format!(
            "10:{n:02} mdi/a{n} \"Logon\" source=user:contoso\\user{n} impacted=host:jump.contoso.azure\n"
        );
    }
    let out = play(&timeline);
    assert!(out.contains("hub: jump.contoso.azure"), "{out}");
    assert!(
        out.lines().last().unwrap().contains("opened a15"),
        "the sixteenth user's alert stands alone:\n{out}"
    );
}

#[test]
fn tenants_share_nothing() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b1 "One" tenant=other impacted=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_mail_links_for_days_and_a_host_for_hours() {
    check(
        r#"
        10:00 mdo/m1 "Phish delivered" related=mailMessage:m-1 impacted=host:a.contoso.azure
        +2d10:00 mdo/m2 "Phish clicked" related=mailMessage:m-1
        +2d11:00 mde/b1 "Something" impacted=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened m1 active medium alerts=1
            #1 v2 alertJoined m2 [similarArtifacts m1 via m-1 0.63 gap 2d] active medium alerts=2
            #2 v1 opened b1 active medium alerts=1
        "#]],
    );
}

#[test]
fn an_alert_that_belongs_to_two_incidents_makes_them_one() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b2 "Two" impacted=user:contoso\ann
        10:02 mde/b3 "Three" severity=high impacted=host:a.contoso.azure impacted=user:contoso\ann
        10:03 mde/b4 "Four" impacted=user:contoso\ann
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #2 v2 alertJoined b3 [sameActor b2 via contoso\ann 0.98 gap 1m] active high alerts=2
            #1 v2 mergedFrom b3 [sameTargetedAsset b1 via a.contoso.azure 0.96 gap 2m] (#2) active high alerts=3
            #2 v3 redirected (#1) redirected high alerts=0
            #1 v3 alertJoined b4 [sameActor b3 via contoso\ann 0.98 gap 1m] active high alerts=4
        "#]],
    );
}

#[test]
fn redirects_lead_to_the_end_of_the_chain() {
    check(
        r#"
        10:02 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b2 "Two" impacted=host:b.contoso.azure
        10:00 mde/b3 "Three" impacted=host:c.contoso.azure
        10:03 mde/b4 "Bridge a-b" impacted=host:a.contoso.azure impacted=host:b.contoso.azure
        10:04 mde/b5 "Bridge b-c" impacted=host:b.contoso.azure impacted=host:c.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #3 v1 opened b3 active medium alerts=1
            #1 v2 alertJoined b4 [sameTargetedAsset b1 via a.contoso.azure 0.98 gap 1m] active medium alerts=2
            #2 v2 mergedFrom b4 [sameTargetedAsset b2 via b.contoso.azure 0.96 gap 2m] (#1) active medium alerts=3
            #1 v3 redirected (#2) redirected medium alerts=0
            #2 v3 alertJoined b5 [sameTargetedAsset b4 via b.contoso.azure 0.98 gap 1m] active medium alerts=4
            #3 v2 mergedFrom b5 [sameTargetedAsset b3 via c.contoso.azure 0.92 gap 4m] (#2) active medium alerts=5
            #2 v4 redirected (#3) redirected medium alerts=0
            #1 v4 redirected (#3) redirected medium alerts=0
        "#]],
    );
}

#[test]
fn correlate_off_stands_alone_and_correlate_join_never_merges() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure
        10:01 mde/b2 "Two" impacted=user:contoso\ann
        10:02 noisy/n1 "Off" correlate=off impacted=host:a.contoso.azure
        10:03 noisy/n2 "Join" correlate=join impacted=host:a.contoso.azure impacted=user:contoso\ann
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #3 v1 opened n1 active medium alerts=1
            #2 v2 alertJoined n2 [sameActor b2 via contoso\ann 0.96 gap 2m] active medium alerts=2
        "#]],
    );
}

#[test]
fn the_next_step_of_the_kill_chain_tips_the_balance() {
    check(
        r#"
        10:00 mdi/a1 "Reconnaissance" phase=reconnaissance source=host:a.contoso.azure
        11:10 mdi/a2 "Overpass the hash" phase=lateralMovement source=host:a.contoso.azure
        12:20 mdi/a3 "Reconnaissance" phase=reconnaissance source=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [eventSequence a1 via a.contoso.azure 0.20 gap 1h 10m] active medium alerts=2
            #2 v1 opened a3 active medium alerts=1
        "#]],
    );
}
