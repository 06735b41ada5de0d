//! Whose alert is it: which names are one entity, which are two, and which are nobody's.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use expect_test::{Expect, expect};
use timeline::play;

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

#[test]
fn a_host_is_the_same_in_any_case_and_by_any_of_its_names() {
    check(
        r#"
        10:00 mdi/a1 "DNS reconnaissance" source=host:VICTIMPC+VictimPC.contoso.azure
        10:05 mde/b1 "Suspicious process" impacted=host:dev-73e7+victimpc.contoso.azure
        10:10 mde/b2 "Mimikatz" impacted=host:dev-73e7
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined b1 [sameTargetedAsset a1 via victimpc.contoso.azure 0.90 gap 5m] active medium alerts=2
            #1 v3 alertJoined b2 [sameTargetedAsset b1 via victimpc.contoso.azure 0.90 gap 5m] active medium alerts=3
        "#]],
    );
}

#[test]
fn a_machine_account_is_its_host_and_a_shared_sid_does_not_unite_five_of_them() {
    check(
        r#"
        10:00 mde/b1 "Service created" impacted=user:contoso\client1$+S-2-2-78
        10:01 mde/b2 "Service created" impacted=user:contoso\client2$+S-2-2-78
        10:02 mde/b3 "Task created" impacted=host:client1
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #1 v2 alertJoined b3 [sameTargetedAsset b1 via client1 0.47 gap 2m] active medium alerts=2
        "#]],
    );
}

#[test]
fn built_in_accounts_never_join() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=user:administrator impacted=host:a.contoso.azure
        10:01 mde/b2 "Two" impacted=user:administrator impacted=host:b.contoso.azure
        10:02 mde/b3 "Three" impacted=user:S-1-5-18 related=ip:127.0.0.1
        10:03 mde/b4 "Four" impacted=user:S-1-5-18 related=ip:127.0.0.1
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #3 v1 opened b3 active medium alerts=1
            #4 v1 opened b4 active medium alerts=1
        "#]],
    );
}

#[test]
fn an_egress_address_never_joins() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure+egress@203.0.113.9
        10:01 mcas/c1 "Impossible travel" source=user:ann@contoso.com source=ip:203.0.113.9
        10:02 mcas/c2 "Mass download" source=user:bob@contoso.com source=ip:203.0.113.9
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened c1 active medium alerts=1
            #3 v1 opened c2 active medium alerts=1
        "#]],
    );
}

#[test]
fn an_address_stands_for_the_host_that_held_it_at_the_time() {
    check(
        r#"
        10:00 mde/b1 "PsExec" impacted=host:a.contoso.azure+at@10.0.24.5
        10:05 mdi/a1 "Remote execution" source=ip:10.0.24.5 target=host:dc1.contoso.azure
        23:00 mde/b2 "Other host" impacted=host:b.contoso.azure+at@10.0.24.5
        23:05 mdi/a2 "Remote execution" source=ip:10.0.24.5 target=host:dc1.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined a1 [sameNetworkSegment b1 via a.contoso.azure 0.63 gap 5m] active medium alerts=2
            #2 v1 opened b2 active medium alerts=1
            #2 v2 alertJoined a2 [sameNetworkSegment b2 via b.contoso.azure 0.63 gap 5m] active medium alerts=2
        "#]],
    );
}

#[test]
fn a_name_that_two_sids_bear_is_ambiguous_and_joins_nothing() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=user:S-1-5-21-1-2-3-1104+contoso\smith
        10:01 mde/b2 "Two" impacted=user:S-1-5-21-9-9-9-1105+contoso\smith
        10:02 mdi/a1 "Three" source=user:contoso\smith
        10:03 mde/b3 "Four" impacted=user:S-1-5-21-1-2-3-1104
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            ambiguous: domainAccount:contoso\smith
            #2 v1 opened b2 active medium alerts=1
            #3 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined b3 [sameActor b1 via S-1-5-21-1-2-3-1104 0.94 gap 3m] active medium alerts=2
        "#]],
    );
}

#[test]
fn what_an_ambiguous_name_had_united_is_divided_again() {
    check(
        r#"
        10:00 mdi/a1 "One" source=user:smith+contoso\ann
        10:01 mdi/a2 "Two" source=user:smith+S-1-5-21-1-2-3-1104
        10:02 mdi/a3 "Three" source=user:smith+S-1-5-21-1-2-3-1105
        18:00 mdi/a4 "Four" source=user:contoso\ann
        18:01 mdi/a5 "Five" source=user:S-1-5-21-1-2-3-1104
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.98 gap 1m] active medium alerts=2
            ambiguous: accountName:smith
            #2 v1 opened a3 active medium alerts=1
            #3 v1 opened a4 active medium alerts=1
            #4 v1 opened a5 active medium alerts=1
        "#]],
    );
}
