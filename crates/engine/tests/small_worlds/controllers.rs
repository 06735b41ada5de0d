//! Domain controllers: every attack passes them, and now and then one is what an attack is about.

use std::fmt::Write;

use expect_test::expect;

use crate::check;
use crate::timeline::play;

#[test]
fn two_users_who_aim_at_one_controller_are_two_incidents() {
    check(
        r#"
        09:12 mdi/aa01 "User and group membership reconnaissance (SAMR)" phase=reconnaissance source=user:contoso\jeffl source=host:victimpc.contoso.azure target=host:contosodc.contoso.azure+%DomainController
        09:15 mdi/aa02 "Suspected overpass-the-hash attack (Kerberos)" phase=lateralMovement source=user:contoso\ronhd source=host:adminpc.contoso.azure target=host:contosodc.contoso.azure+%DomainController
        "#,
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #2 v1 opened aa02 active medium alerts=1
        "#]],
    );
}

#[test]
fn one_user_who_goes_on_against_the_controller_is_one_incident() {
    check(
        r#"
        09:12 mdi/aa01 "User and group membership reconnaissance (SAMR)" phase=reconnaissance source=user:contoso\jeffl source=host:victimpc.contoso.azure target=host:contosodc.contoso.azure+%DomainController
        09:40 mdi/aa02 "Suspected overpass-the-hash attack (Kerberos)" phase=lateralMovement source=user:contoso\jeffl source=host:victimpc.contoso.azure target=host:contosodc.contoso.azure+%DomainController
        "#,
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #1 v2 alertJoined aa02 [sameActor aa01 via contoso\jeffl 0.68 gap 28m] [sameTargetedAsset aa01 via victimpc.contoso.azure 0.68 gap 28m] [sameTargetedAsset aa01 via contosodc.contoso.azure 0.20 gap 28m] active medium alerts=2
        "#]],
    );
}

#[test]
fn several_controllers_at_once_say_no_more_than_one() {
    // A sensor names every controller that was asked: four of them would weigh more than a user.
    let controllers: String =
        (1..=4).fold(String::new(), |all, n| all + &format!(" target=host:dc{n}.contoso.azure"));
    check(
        &format!(
            r#"
            09:12 mdi/aa01 "Active Directory attributes reconnaissance (LDAP)" phase=reconnaissance source=user:contoso\jeffl source=host:victimpc.contoso.azure{controllers}
            09:13 mdi/aa02 "Active Directory attributes reconnaissance (LDAP)" phase=reconnaissance source=user:contoso\ronhd source=host:adminpc.contoso.azure{controllers}
            09:14 mdi/aa03 "Network-mapping reconnaissance (DNS)" phase=reconnaissance source=host:salespc.contoso.azure{controllers}
            "#
        ),
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #2 v1 opened aa02 active medium alerts=1
            #3 v1 opened aa03 active medium alerts=1
        "#]],
    );
}

#[test]
fn two_clients_at_successive_steps_against_a_controller_are_two_incidents() {
    // Neither alert names a user, so nothing disagrees; the order of the steps alone must not do it.
    check(
        r#"
        09:12 mdi/aa01 "Network-mapping reconnaissance (DNS)" phase=reconnaissance source=host:victimpc.contoso.azure target=host:contosodc.contoso.azure
        09:15 mdi/aa02 "Suspected brute-force attack (LDAP)" phase=compromisedCredentials source=host:adminpc.contoso.azure target=host:contosodc.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #2 v1 opened aa02 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_controller_that_acts_itself_joins() {
    check(
        r#"
        09:12 mdi/aa01 "Remote code execution attempt" phase=lateralMovement source=user:contoso\samiraa source=host:adminpc.contoso.azure target=host:contosodc.contoso.azure
        09:40 mdi/aa02 "Suspected DCSync attack (replication of directory services)" phase=domainDominance source=host:contosodc.contoso.azure target=host:dc2.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #1 v2 alertJoined aa02 [sameTargetedAsset aa01 via contosodc.contoso.azure 0.37 gap 28m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_endpoint_alert_on_the_controller_joins_whether_or_not_it_names_a_user() {
    let hit = |by: &str| {
        play(&format!(
            r#"
            09:12 mdi/aa01 "Remote code execution attempt" phase=lateralMovement source=user:contoso\samiraa source=host:adminpc.contoso.azure target=host:contosodc.contoso.azure
            09:42 mde/da01 "Suspicious service launched" impacted=host:contosodc.contoso.azure+dev-dc1{by}
            "#
        ))
    };
    let joined = expect![[r#"
        #1 v1 opened aa01 active medium alerts=1
        #1 v2 alertJoined da01 [sameTargetedAsset aa01 via contosodc.contoso.azure 0.36 gap 30m] active medium alerts=2
    "#]];
    joined.assert_eq(&hit(""));
    assert_eq!(hit(""), hit(r" impacted=user:contoso\inserteduser"), "whoever acts there next is expected");
}

#[test]
fn hours_later_or_among_many_visitors_the_controller_joins_no_more() {
    check(
        r#"
        09:12 mdi/aa01 "Remote code execution attempt" phase=lateralMovement source=user:contoso\samiraa source=host:adminpc.contoso.azure target=host:contosodc.contoso.azure
        11:30 mde/da01 "Suspicious service launched" impacted=host:contosodc.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #2 v1 opened da01 active medium alerts=1
        "#]],
    );
    let mut busy = String::new();
    for n in 0..24 {
        writeln!(
            busy,
            r#"09:{n:02} mdi/aa{n:02} "Reconnaissance" source=user:contoso\u{n} source=host:pc{n}.contoso.azure target=host:contosodc.contoso.azure"#
        )
        .unwrap();
    }
    busy += r#"09:25 mde/da01 "Suspicious service launched" impacted=host:contosodc.contoso.azure"#;
    let out = play(&busy);
    assert!(out.contains("hub: contosodc.contoso.azure"), "{out}");
    assert!(out.lines().last().unwrap().contains(" v1 opened da01 "), "it is nobody's in particular:\n{out}");
}
