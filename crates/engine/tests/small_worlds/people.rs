//! People: in the domain, in the cloud, and with their telephones.

use expect_test::expect;

use crate::check;

#[test]
fn a_cloud_user_is_its_on_premises_self_by_object_id() {
    check(
        r#"
        10:00 mdi/aa01 "Suspected overpass-the-hash attack (Kerberos)" source=user:S-1-5-21-551436448-11-12-1903+oid-2de70991+contoso\pwilson source=host:mbclient.contoso.azure
        10:20 aadip/ad01 "Unfamiliar sign-in properties" source=user:oid-2de70991+pwilson@contoso.com
        10:30 mcas/ca01 "Mass download" source=user:pwilson@contoso.com
        "#,
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #1 v2 alertJoined ad01 [sameActor aa01 via S-1-5-21-551436448-11-12-1903 0.46 gap 20m] active medium alerts=2
            #1 v3 alertJoined ca01 [sameActor ad01 via S-1-5-21-551436448-11-12-1903 0.88 gap 10m] active medium alerts=3
        "#]],
    );
}

#[test]
fn a_cloud_user_is_its_on_premises_self_by_the_directory() {
    // The sensor's CEF knows a bare name, the cloud an object id. A bare name is a weak tie, so minutes count.
    check(
        r#"
        09:00 directory user:S-1-5-21-551436448-11-12-1903+contoso\pwilson+oid-2de70991 sam=pwilson called=Pete_Wilson
        10:00 mdi/aa01 "Suspected overpass-the-hash attack (Kerberos)" source=user:pwilson source=host:mbclient.contoso.azure
        10:08 aadip/ad01 "Unfamiliar sign-in properties" source=user:oid-2de70991
        "#,
        expect![[r#"
            S-1-5-21-551436448-11-12-1903: listed
            #1 v1 opened aa01 active medium alerts=1
            #1 v2 alertJoined ad01 [sameActor aa01 via S-1-5-21-551436448-11-12-1903 0.32 gap 8m] active medium alerts=2
        "#]],
    );
}

#[test]
fn a_cloud_user_of_the_same_name_is_somebody_else() {
    check(
        r#"
        10:00 mdi/aa01 "Suspected overpass-the-hash attack (Kerberos)" source=user:S-1-5-21-551436448-11-12-1903+pwilson+Pete_Wilson
        10:05 aadip/ad01 "Unfamiliar sign-in properties" source=user:oid-77aa+pwilson+Pete_Wilson
        10:10 mcas/ca01 "Mass download" source=user:pwilson@partner.example+Pete_Wilson
        "#,
        expect![[r#"
            #1 v1 opened aa01 active medium alerts=1
            #2 v1 opened ad01 active medium alerts=1
            #3 v1 opened ca01 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_phone_joins_by_its_owner() {
    check(
        r#"
        10:00 zimperium/z1 "Device compromised via phishing attack" severity=high impacted=mobileDevice:phone-1 impacted=user:ann@contoso.com
        10:05 mcas/c1 "Mass download" source=user:ann@contoso.com
        10:12 mde/da01 "Suspicious sign-in" impacted=host:annpc.contoso.azure impacted=user:ann@contoso.com+S-1-5-21-1-2-3-1104
        "#,
        expect![[r#"
            #1 v1 opened z1 active high alerts=1
            #1 v2 alertJoined c1 [sameActor z1 via ann@contoso.com 0.94 gap 5m] active high alerts=2
            #1 v3 alertJoined da01 [sameActor c1 via ann@contoso.com 0.55 gap 7m] active high alerts=3
        "#]],
    );
}

#[test]
fn phones_do_not_join_by_their_network_or_their_posture() {
    // Two telephones and a laptop in one Wi-Fi: its gateway, its outside and the rogue access point are the same.
    check(
        r#"
        10:00 zimperium/z1 "USB debugging on" impacted=mobileDevice:phone-1 impacted=user:ann@contoso.com related=ip:192.168.1.7 related=ip:192.168.1.1 related=ip:203.0.113.9
        10:02 zimperium/z2 "USB debugging on" impacted=mobileDevice:phone-2 impacted=user:bob@contoso.com related=ip:192.168.1.7 related=ip:192.168.1.1 related=ip:203.0.113.9
        10:03 mde/da01 "Suspicious connection" impacted=host:carlpc.contoso.azure source=ip:192.168.1.7 related=ip:192.168.1.1 related=ip:203.0.113.9
        "#,
        expect![[r#"
            #1 v1 opened z1 active medium alerts=1
            #2 v1 opened z2 active medium alerts=1
            #3 v1 opened da01 active medium alerts=1
        "#]],
    );
}
