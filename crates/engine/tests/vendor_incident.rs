//! A vendor's incident as a hint: where a source takes it, alerts carry it as evidence.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use braid_alert::Weight;
use braid_engine::{KindWeights, Settings};
use expect_test::{Expect, expect};
use timeline::{Stage, play, play_with};

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

#[test]
fn what_the_vendor_has_grouped_is_one_attack_though_nothing_else_is_shared() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure related=vendorIncident:defender/7
        14:00 mdi/c1 "Two" source=user:jeffl@contoso.azure related=vendorIncident:defender/7
        14:10 mde/b2 "Other" impacted=host:b.contoso.azure related=vendorIncident:defender/8
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #1 v2 alertJoined c1 [sameVendorIncident b1 via defender/7 0.48 gap 4h] active medium alerts=2
            #2 v1 opened b2 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_hint_fades_in_days() {
    check(
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure related=vendorIncident:defender/7
        +3d10:00 mdi/c1 "Two" source=user:jeffl@contoso.azure related=vendorIncident:defender/7
        "#,
        expect![[r#"
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened c1 active medium alerts=1
        "#]],
    );
}

#[test]
fn an_incident_that_the_vendor_has_of_many_hosts_is_no_hub() {
    let alerts: String = (10..50)
        .map(|n| format!("10:{n} mde/b{n} \"Many\" impacted=host:h{n}.contoso.azure related=vendorIncident:defender/7\n"))
        .collect();
    let told = play(&alerts);
    assert_eq!(told.lines().filter(|line| line.contains("opened")).count(), 1, "{told}");
}

#[test]
fn a_composite_threat_brings_its_children_together_whichever_comes_first() {
    // A mobile console's: each child is a group of its own, and the composite one names theirs. Nothing else is shared.
    check(
        r#"
        10:00 zimperium/c1 "Phishing" impacted=mobileDevice:phone-1 related=vendorIncident:zimperium/c1
        14:00 zimperium/p "Compromised" severity=high related=vendorIncident:zimperium/c1 related=vendorIncident:zimperium/c2
        16:00 zimperium/c2 "Profile installed" impacted=mobileDevice:phone-2 related=vendorIncident:zimperium/c2
        "#,
        expect![[r#"
            #1 v1 opened c1 active medium alerts=1
            #1 v2 alertJoined p [sameVendorIncident c1 via zimperium/c1 0.48 gap 4h] active high alerts=2
            #1 v3 alertJoined c2 [sameVendorIncident p via zimperium/c2 0.49 gap 2h] active high alerts=3
        "#]],
    );
}

#[test]
fn a_flood_folds_though_each_alert_belongs_to_something_else() {
    let settings = Settings { flood_listed: 2, ..Settings::default() };
    let alert = |n: usize| {
        format!(
            "10:00 zimperium/z{n} \"USB debugging\" impacted=mobileDevice:p related=vendorIncident:zimperium/z{n}\n"
        )
    };
    let mut stage = Stage::new(settings);
    (0..5).for_each(|n| stage.take(&alert(n)));
    let [(tenant, id)] = &stage.partition.incident_ids()[..] else { panic!("not one incident") };
    let incident = stage.partition.incident(tenant, *id).unwrap();
    assert_eq!((incident.alerts.len(), incident.floods[0].folded), (2, 3));
}

#[test]
fn without_weight_a_hint_joins_nothing() {
    let weights = KindWeights { vendor_incident: Weight::ZERO, ..KindWeights::default() };
    let told = play_with(
        Settings { weights, ..Settings::default() },
        r#"
        10:00 mde/b1 "One" impacted=host:a.contoso.azure related=vendorIncident:defender/7
        10:01 mdi/c1 "Two" source=user:jeffl@contoso.azure related=vendorIncident:defender/7
        "#,
    );
    assert!(!told.contains("alertJoined"), "{told}");
}
