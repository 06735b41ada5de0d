//! What makes two alerts one incident, and what does not: the rules one by one. What they add up to stands in
//! `small_worlds`.

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
            #1 v2 alertJoined b1 [sameActor a1 via contoso\jeffl 0.46 gap 20m] active high alerts=2
        "#]],
    );
}

#[test]
fn a_hub_is_demoted_by_its_partners_not_by_a_list() {
    let mut timeline = String::new();
    for n in 0..24 {
        timeline += &format!(
            "10:{n:02} mdi/a{n} \"Logon\" source=user:contoso\\user{n} impacted=host:jump.contoso.azure\n"
        );
    }
    let out = play(&timeline);
    assert!(out.contains("hub: jump.contoso.azure"), "{out}");
    assert!(out.lines().last().unwrap().contains("opened a23"), "the last user's alert stands alone:\n{out}");
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
            #2 v2 alertJoined b3 [sameActor b2 via contoso\ann 0.59 gap 1m] active high alerts=2
            #1 v2 mergedFrom b3 [sameTargetedAsset b1 via a.contoso.azure 0.59 gap 2m] (#2) active high alerts=3
            #2 v3 redirected (#1) redirected high alerts=0
            #1 v3 alertJoined b4 [sameActor b2 via contoso\ann 0.98 gap 2m] active high alerts=4
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
            #1 v2 alertJoined b4 [sameTargetedAsset b1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #2 v2 mergedFrom b4 [sameTargetedAsset b2 via b.contoso.azure 0.98 gap 2m] (#1) active medium alerts=3
            #1 v3 redirected (#2) redirected medium alerts=0
            #2 v3 alertJoined b5 [sameTargetedAsset b4 via b.contoso.azure 0.99 gap 1m] active medium alerts=4
            #3 v2 mergedFrom b5 [sameTargetedAsset b3 via c.contoso.azure 0.95 gap 4m] (#2) active medium alerts=5
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
            #2 v2 alertJoined n2 [sameActor b2 via contoso\ann 0.59 gap 2m] active medium alerts=2
        "#]],
    );
}

#[test]
fn the_next_step_of_the_kill_chain_tips_the_balance() {
    check(
        r#"
        10:00 mdi/a1 "Reconnaissance" phase=reconnaissance source=host:a.contoso.azure
        11:30 mdi/a2 "Overpass the hash" phase=lateralMovement source=host:a.contoso.azure
        13:00 mdi/a3 "Reconnaissance" phase=reconnaissance source=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [eventSequence a1 via a.contoso.azure 0.29 gap 1h 30m] active medium alerts=2
            #2 v1 opened a3 active medium alerts=1
        "#]],
    );
}

#[test]
fn links_on_which_user_and_host_do_not_agree_merge_no_two_incidents() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure impacted=user:contoso\ann
        10:01 mde/b2 "Two" impacted=host:a.contoso.azure impacted=user:contoso\ann
        10:02 mde/c1 "Three" impacted=host:b.contoso.azure impacted=user:contoso\bob
        10:03 mde/c2 "Four" impacted=host:b.contoso.azure impacted=user:contoso\bob
        10:04 mdi/a1 "Five" source=host:a.contoso.azure source=user:contoso\bob
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined b2 [sameTargetedAsset b1 via a.contoso.azure 0.99 gap 1m] [sameActor b1 via contoso\ann 0.99 gap 1m] active medium alerts=2
            #2 v1 opened c1 active medium alerts=1
            #2 v2 alertJoined c2 [sameTargetedAsset c1 via b.contoso.azure 0.99 gap 1m] [sameActor c1 via contoso\bob 0.99 gap 1m] active medium alerts=2
            #2 v3 alertJoined a1 [sameActor c2 via contoso\bob 0.49 gap 1m] active medium alerts=3
        "#]],
    );
}

#[test]
fn a_host_on_which_two_grown_incidents_meet_makes_no_one_of_them_if_an_alert_there_names_nobody() {
    check(
        r#"
        10:00 mde/a1 "Script" impacted=host:ws1.contoso.azure impacted=user:contoso\ann
        10:04 mde/a2 "Script" impacted=host:ws1.contoso.azure impacted=user:contoso\ann
        10:07 mde/a3 "Script" impacted=host:ws1.contoso.azure impacted=user:contoso\ann
        10:08 mde/a4 "Script" impacted=host:ws1.contoso.azure impacted=user:contoso\ann
        10:10 mde/a5 "Service" impacted=host:srv.contoso.azure impacted=user:contoso\ann
        10:40 mde/b1 "Script" impacted=host:ws2.contoso.azure impacted=user:contoso\bob
        10:41 mde/b2 "Script" impacted=host:ws2.contoso.azure impacted=user:contoso\bob
        10:42 mde/b3 "Script" impacted=host:ws2.contoso.azure impacted=user:contoso\bob
        10:50 mde/b4 "Service" impacted=host:srv.contoso.azure impacted=user:contoso\bob
        10:52 mde/c1 "Mimikatz" impacted=host:srv.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via ws1.contoso.azure 0.95 gap 4m] [sameActor a1 via contoso\ann 0.95 gap 4m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via ws1.contoso.azure 0.97 gap 3m] [sameActor a2 via contoso\ann 0.97 gap 3m] active medium alerts=3
            #1 v4 alertJoined a4 [sameTargetedAsset a3 via ws1.contoso.azure 0.99 gap 1m] [sameActor a3 via contoso\ann 0.99 gap 1m] active medium alerts=4
            #1 v5 alertJoined a5 [sameActor a4 via contoso\ann 0.49 gap 2m] active medium alerts=5
            #2 v1 opened b1 active medium alerts=1
            #2 v2 alertJoined b2 [sameTargetedAsset b1 via ws2.contoso.azure 0.99 gap 1m] [sameActor b1 via contoso\bob 0.99 gap 1m] active medium alerts=2
            #2 v3 alertJoined b3 [sameTargetedAsset b2 via ws2.contoso.azure 0.99 gap 1m] [sameActor b2 via contoso\bob 0.99 gap 1m] active medium alerts=3
            #2 v4 alertJoined b4 [sameActor b3 via contoso\bob 0.45 gap 8m] active medium alerts=4
            #2 v5 alertJoined c1 [sameTargetedAsset b4 via srv.contoso.azure 0.55 gap 2m] active medium alerts=5
        "#]],
    );
}

#[test]
fn a_part_that_meets_its_incident_on_a_host_becomes_one_with_it_though_an_alert_there_names_nobody() {
    check(
        r#"
        10:00 mde/a1 "Script" impacted=host:ws1.contoso.azure impacted=user:contoso\ann
        10:10 mde/a2 "Service" impacted=host:srv.contoso.azure impacted=user:contoso\ann
        10:40 mde/b1 "Script" impacted=host:ws2.contoso.azure impacted=user:contoso\bob
        10:50 mde/b2 "Service" impacted=host:srv.contoso.azure impacted=user:contoso\bob
        10:52 mde/c1 "Mimikatz" impacted=host:srv.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.44 gap 10m] active medium alerts=2
            #2 v1 opened b1 active medium alerts=1
            #2 v2 alertJoined b2 [sameActor b1 via contoso\bob 0.44 gap 10m] active medium alerts=2
            #2 v3 alertJoined c1 [sameTargetedAsset b2 via srv.contoso.azure 0.55 gap 2m] active medium alerts=3
            #1 v3 mergedFrom c1 [sameTargetedAsset a2 via srv.contoso.azure 0.32 gap 42m] (#2) active medium alerts=5
            #2 v4 redirected (#1) redirected medium alerts=0
        "#]],
    );
}

#[test]
fn an_account_that_an_attack_creates_leads_to_what_is_done_with_it() {
    check(
        r#"
        10:00 mde/a1 "Suspicious account creation" impacted=host:c1.contoso.azure source=user:contoso\ann related=user:mallory
        10:01 mdi/a2 "Suspected SID-History injection" target=user:contoso\mallory+mallory+S-1-5-21-1-2-3-2111
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via mallory 0.36 gap 1m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_account_s_bare_name_in_two_incidents_says_nothing_about_which() {
    check(
        r#"
        10:00 mde/a1 "Suspicious account creation" impacted=host:c1.contoso.azure source=user:contoso\ann related=user:mallory
        10:01 mde/b1 "Suspicious account creation" impacted=host:c2.contoso.azure source=user:contoso\bob related=user:mallory
        10:02 mdi/a2 "Suspected SID-History injection" target=user:contoso\mallory+mallory+S-1-5-21-1-2-3-2111
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #3 v1 opened a2 active medium alerts=1
        "#]],
    );
}

#[test]
fn an_account_s_bare_name_merges_no_two_incidents() {
    check(
        r#"
        10:00 mde/a1 "Suspicious account creation" impacted=host:c1.contoso.azure source=user:contoso\ann related=user:mallory
        10:01 mdi/a2 "Suspected SID-History injection" target=user:contoso\mallory+mallory+S-1-5-21-1-2-3-2111
        10:02 mde/b1 "Mimikatz" impacted=host:c2.contoso.azure source=user:contoso\bob
        10:03 mde/b2 "Suspicious account creation" impacted=host:c2.contoso.azure source=user:contoso\bob related=user:mallory
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via mallory 0.36 gap 1m] active medium alerts=2
            #2 v1 opened b1 active medium alerts=1
            #2 v2 alertJoined b2 [sameTargetedAsset b1 via c2.contoso.azure 0.99 gap 1m] [sameActor b1 via contoso\bob 0.99 gap 1m] active medium alerts=2
        "#]],
    );
}

#[test]
fn what_an_alert_names_alone_is_what_it_is_about() {
    check(
        r#"
        10:00 mde/a1 "Suspicious service" impacted=host:dc1.contoso.azure
        10:03 mdi/a2 "Suspected DCShadow attack" target=host:dc1.contoso.azure
        10:04 mdi/a3 "LDAP reconnaissance" source=host:c9.contoso.azure target=host:dc1.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via dc1.contoso.azure 0.97 gap 3m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via dc1.contoso.azure 0.53 gap 1m] active medium alerts=3
        "#]],
    );
}
