//! Which host an address is, and when.

use braid_engine::Settings;
use expect_test::expect;

use crate::check;
use crate::timeline::{play, play_with};

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
            #1 v2 alertJoined a1 [sameNetworkSegment b1 via a.contoso.azure 0.56 gap 5m] active medium alerts=2
            #2 v1 opened b2 active medium alerts=1
            #2 v2 alertJoined a2 [sameNetworkSegment b2 via b.contoso.azure 0.56 gap 5m] active medium alerts=2
        "#]],
    );
}

#[test]
fn addresses_that_mean_no_host_in_particular_never_join() {
    let mut timeline = String::new();
    let addresses =
        ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "::1", "fe80::1", "169.254.7.7"];
    for (n, address) in addresses.iter().enumerate() {
        timeline += &format!("10:0{n} mdi/a{n} \"One\" source=ip:{address} target=host:h{n}.contoso.azure\n");
        timeline += &format!("10:0{n} mdi/b{n} \"Two\" source=ip:{address} target=host:g{n}.contoso.azure\n");
    }
    let out = play(&timeline);
    assert_eq!(out.lines().filter(|line| line.contains(" v1 opened ")).count(), 14, "{out}");
}

#[test]
fn an_address_names_a_host_for_as_long_as_the_binding_holds() {
    check(
        r#"
        10:00 mde/b1 "PsExec" impacted=host:a.contoso.azure+at@10.0.24.5
        17:59 mde/b2 "PsExec" impacted=host:a.contoso.azure
        17:59 mdi/a1 "In the hour" source=ip:10.0.24.5 target=host:dc1.contoso.azure
        18:01 mdi/a2 "After it" source=ip:10.0.24.5 target=host:dc2.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #2 v2 alertJoined a1 [sameNetworkSegment b2 via a.contoso.azure 0.56 gap 0s] active medium alerts=2
            #3 v1 opened a2 active medium alerts=1
        "#]],
    );
}

#[test]
fn what_lies_between_two_sightings_of_a_host_is_known_however_short_a_binding_lasts() {
    let settings = Settings { ip_binding: braid_alert::Span::minutes(30), ..Settings::default() };
    let out = play_with(
        settings,
        r#"
        09:00 mde/b1 "One" impacted=host:a.contoso.azure+at@10.0.24.5
        10:30 mde/b2 "Two" impacted=host:a.contoso.azure+at@10.0.24.5
        12:00 mde/b3 "Three" impacted=host:a.contoso.azure+at@10.0.24.5
        10:35 mdi/a1 "Late news" source=ip:10.0.24.5 arrives=12:05
        "#,
    );
    assert!(out.contains("alertJoined a1 [sameNetworkSegment b2 via a.contoso.azure"), "{out}");
}

#[test]
fn an_address_that_dhcp_hands_on_and_back_names_its_holder_of_the_hour() {
    check(
        r#"
        08:00 mde/b1 "A holds it" impacted=host:a.contoso.azure+at@10.0.24.5
        10:00 mde/b2 "B holds it" impacted=host:b.contoso.azure+at@10.0.24.5
        12:00 mde/b3 "A holds it again" impacted=host:a.contoso.azure+at@10.0.24.5
        08:10 mdi/a1 "Late news of the first hour" arrives=12:30 source=ip:10.0.24.5
        10:10 mdi/a2 "Late news of the second" arrives=12:31 source=ip:10.0.24.5
        12:10 mdi/a3 "News of the third" arrives=12:32 source=ip:10.0.24.5
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #3 v1 opened b3 active medium alerts=1
            #1 v2 alertJoined a1 [sameNetworkSegment b1 via a.contoso.azure 0.50 gap 10m] active medium alerts=2
            #2 v2 alertJoined a2 [sameNetworkSegment b2 via b.contoso.azure 0.53 gap 10m] active medium alerts=2
            #3 v2 alertJoined a3 [sameNetworkSegment b3 via a.contoso.azure 0.50 gap 10m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_address_of_a_pool_that_is_handed_around_names_no_host() {
    let settings =
        Settings { ip_binding_excluded: vec!["10.8.0.0/16".parse().unwrap()], ..Settings::default() };
    expect![[r#"
        #1 v1 opened b1 active medium alerts=1
        #2 v1 opened b2 active medium alerts=1
        #3 v1 opened a1 active medium alerts=1
        #2 v2 alertJoined a2 [sameNetworkSegment b2 via b.contoso.azure 0.56 gap 5m] active medium alerts=2
    "#]]
    .assert_eq(&play_with(
        settings,
        r#"
        10:00 mde/b1 "By VPN" impacted=host:a.contoso.azure+at@10.8.3.5
        10:01 mde/b2 "In the office" impacted=host:b.contoso.azure+at@10.0.3.5
        10:05 mdi/a1 "Remote execution" source=ip:10.8.3.5
        10:06 mdi/a2 "Remote execution" source=ip:10.0.3.5
        "#,
    ));
}

#[test]
fn an_address_that_turns_out_to_be_an_egress_names_no_host_any_more() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure+at@10.0.24.5
        10:01 mde/b2 "Two" impacted=host:b.contoso.azure+egress@10.0.24.5
        10:02 mdi/a1 "Remote execution" source=ip:10.0.24.5
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
            #3 v1 opened a1 active medium alerts=1
        "#]],
    );
}

#[test]
fn an_address_names_its_host_also_when_the_host_turns_out_to_be_one_that_is_known() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:dev-7
        10:01 mde/b2 "Two" impacted=host:dev-7
        10:02 mdi/a1 "Three" source=host:clienta+at@10.0.24.5
        10:03 mde/b3 "Both names" impacted=host:dev-7+clienta
        10:04 mdi/a2 "Remote execution" source=ip:10.0.24.5
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined b2 [sameTargetedAsset b1 via dev-7 0.99 gap 1m] active medium alerts=2
            #2 v1 opened a1 active medium alerts=1
            #1 v3 alertJoined b3 [sameTargetedAsset b2 via dev-7 0.92 gap 2m] active medium alerts=3
            #1 v4 mergedFrom b3 [sameTargetedAsset a1 via dev-7 0.56 gap 1m] (#2) active medium alerts=4
            #2 v2 redirected (#1) redirected medium alerts=0
            #1 v5 alertJoined a2 [sameNetworkSegment b3 via dev-7 0.59 gap 1m] active medium alerts=5
        "#]],
    );
}
