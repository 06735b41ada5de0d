//! Which names are one entity, which are two, and which are nobody's.

use braid_engine::Settings;
use expect_test::expect;

use crate::timeline::{Stage, play};
use crate::{check, who};

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
            #1 v2 alertJoined b1 [sameTargetedAsset a1 via victimpc.contoso.azure 0.94 gap 5m] active medium alerts=2
            #1 v3 alertJoined b2 [sameTargetedAsset b1 via victimpc.contoso.azure 0.94 gap 5m] active medium alerts=3
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
            #1 v2 alertJoined b3 [sameTargetedAsset b1 via client1 0.35 gap 2m] active medium alerts=2
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
            #1 v2 alertJoined b3 [sameActor b1 via S-1-5-21-1-2-3-1104 0.97 gap 3m] active medium alerts=2
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
            #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.99 gap 1m] active medium alerts=2
            ambiguous: accountName:smith
            #2 v1 opened a3 active medium alerts=1
            #3 v1 opened a4 active medium alerts=1
            #4 v1 opened a5 active medium alerts=1
        "#]],
    );
}

#[test]
fn five_machine_accounts_that_share_one_well_known_sid_stay_five_hosts() {
    let mut timeline = String::new();
    for n in 1..=5 {
        timeline +=
            &format!("10:0{n} mde/b{n} \"Service created\" impacted=user:contoso\\client{n}$+S-1-5-18\n");
    }
    let out = play(&timeline);
    assert_eq!(out.lines().filter(|line| line.contains(" v1 opened ")).count(), 5, "{out}");
    for n in 1..=5 {
        let host = who(&timeline, &format!("client{n}"));
        assert!(host.starts_with(&format!("host\n  netbiosName:client{n} by")), "{host}");
        assert!(host.ends_with("alerts {\"microsoftDefenderForEndpoint\": 1}\n"), "{host}");
    }
}

#[test]
fn an_ambiguous_name_joins_nothing_as_long_as_those_whom_it_stood_for_are_known() {
    let timeline = r#"
        10:00 mde/b1 "One" impacted=user:S-1-5-21-1-2-3-1104+contoso\smith
        10:01 mde/b2 "Two" impacted=user:S-1-5-21-9-9-9-1105+contoso\smith
        10:02 mde/b3 "Three" impacted=user:S-1-5-21-9-9-9-1105+contoso\smith
        10:03 mdi/a1 "Four" source=user:contoso\smith
        10:04 mdi/a2 "Five" source=user:contoso\smith
        "#;
    check(
        timeline,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            ambiguous: domainAccount:contoso\smith
            #2 v1 opened b2 active medium alerts=1
            #2 v2 alertJoined b3 [sameActor b2 via S-1-5-21-9-9-9-1105 0.99 gap 1m] active medium alerts=2
            #3 v1 opened a1 active medium alerts=1
            #4 v1 opened a2 active medium alerts=1
        "#]],
    );
    expect![[r#"
        user
          sid:S-1-5-21-1-2-3-1104 by microsoftDefenderForEndpoint
          was domainAccount:contoso\smith
          alerts {"microsoftDefenderForEndpoint": 1}
    "#]]
    .assert_eq(&who(timeline, "S-1-5-21-1-2-3-1104"));
    assert_eq!(
        who(&format!("{timeline}\ntick +120d10:00"), "contoso\\smith"),
        "nobody\n",
        "with the last of them the name is free again"
    );
}

#[test]
fn two_accounts_with_a_sid_each_are_never_one_though_one_piece_of_evidence_names_both() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=user:S-1-5-21-1-2-3-1104
        10:01 mde/b2 "Two" impacted=user:S-1-5-21-1-2-3-1105
        10:02 mde/b3 "Both" impacted=user:S-1-5-21-1-2-3-1104+S-1-5-21-1-2-3-1105+contoso\smith
        10:03 mde/b4 "One" impacted=user:S-1-5-21-1-2-3-1104
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            ambiguous: sid:S-1-5-21-1-2-3-1104
            ambiguous: sid:S-1-5-21-1-2-3-1105
            #3 v1 opened b3 active medium alerts=1
            #1 v2 alertJoined b4 [sameActor b1 via S-1-5-21-1-2-3-1104 0.97 gap 3m] active medium alerts=2
        "#]],
    );
}

#[test]
fn a_cloud_sid_is_the_object_id_in_another_spelling() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=user:S-1-12-1-287454020-2005423462-3434850969-16772829
        10:05 mcas/c1 "Two" source=user:11223344-5566-7788-99aa-bbccddeeff00
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined c1 [sameActor b1 via S-1-12-1-287454020-2005423462-3434850969-16772829 0.94 gap 5m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_alert_that_shows_two_names_to_be_one_user_brings_their_earlier_alerts_together() {
    check(
        r#"
        10:00 mdi/a1 "One" source=user:contoso\jeffl
        10:10 mcas/c1 "Two" source=user:oid-jeff
        20:00 mde/b1 "Both names" impacted=user:contoso\jeffl+oid-jeff
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened c1 active medium alerts=1
            #3 v1 opened b1 active medium alerts=1
            #1 v2 mergedFrom c1 [sameActor a1 via contoso\jeffl 0.83 gap 10m] (#2) active medium alerts=2
            #2 v2 redirected (#1) redirected medium alerts=0
        "#]],
    );
}

#[test]
fn a_name_that_would_unite_more_names_than_anybody_has_is_ambiguous() {
    let mut stage = Stage::new(Settings::default());
    for (entity, first) in [("a", 0), ("b", 40)] {
        for n in first..first + 40 {
            stage.take(&format!("10:00 mde/{entity}{n} \"One\" impacted=user:oid-{entity}+u{n}@contoso.com"));
        }
    }
    stage.take(r#"10:30 mde/c1 "Poison" impacted=user:u1@contoso.com+u41@contoso.com"#);
    assert!(stage.out.contains("ambiguous: upn:u41@contoso.com"), "{}", stage.out);
}
