//! What people say of entities, beside directories and after their alerts.

use expect_test::expect;

use crate::{check, who};

#[test]
fn what_a_command_keeps_apart_no_directory_unites_again() {
    let timeline = r#"
        10:00 mdi/a1 "One" source=user:contoso\ann
        10:01 mcas/c1 "Two" source=user:oid-ann
        10:30 ann part user:contoso\ann user:oid-ann
        11:00 directory user:oid-ann+contoso\ann object=o1 called=Ann_Lee
        12:30 mde/b1 "Both names" impacted=user:contoso\ann+oid-ann
        13:00 ann unite user:contoso\ann user:oid-ann
        "#;
    check(
        timeline,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened c1 active medium alerts=1
            #1 v2 entityRuled by ann active medium alerts=1
            #2 v2 entityRuled by ann active medium alerts=1
            cannotLink c1: done
            o1: listed
            #3 v1 opened b1 active medium alerts=1
            #1 v3 mergedFrom by ann a1 [sameActor c1 via oid-ann 0.93 gap 1m] (#2) active medium alerts=2
            #2 v3 redirected by ann (#1) redirected medium alerts=0
            #3 v2 entityRuled by ann active medium alerts=1
            mustLink c2: done
        "#]],
    );
    expect![[r#"
        user
          objectId:oid-ann by command
          displayName:Ann Lee by directory
          domainAccount:contoso\ann by microsoftDefenderForIdentity
          listed as o1
          alerts {"microsoftDefenderForCloudApps": 1, "microsoftDefenderForEndpoint": 1, "microsoftDefenderForIdentity": 1}
    "#]]
    .assert_eq(&who(timeline, "oid-ann"));
}

#[test]
fn what_had_united_two_names_that_a_command_parts_is_the_weakest_name_between_them() {
    let timeline = r#"
        10:00 mdi/a1 "One" source=user:contoso\ann+lee
        10:01 mdi/a2 "Two" source=user:S-1-5-21-1-2-3-1104+lee
        10:02 mdi/a3 "By the name that both bear" source=user:lee
        10:30 ann part user:contoso\ann user:S-1-5-21-1-2-3-1104
        10:31 mdi/a4 "One" source=user:contoso\ann
        10:32 mdi/a5 "Two" source=user:S-1-5-21-1-2-3-1104
        10:33 mdi/a6 "Nobody's" source=user:lee
        "#;
    check(
        timeline,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameActor a2 via contoso\ann 0.59 gap 1m] active medium alerts=3
            ambiguous: accountName:lee
            #1 v4 entityRuled by ann active medium alerts=3
            cannotLink c1: done
            #1 v5 alertJoined a4 [sameActor a1 via contoso\ann 0.66 gap 31m] active medium alerts=4
            #1 v6 alertJoined a5 [sameActor a2 via S-1-5-21-1-2-3-1104 0.66 gap 31m] active medium alerts=5
            #2 v1 opened a6 active medium alerts=1
        "#]],
    );
    expect![[r#"
        user
          sid:S-1-5-21-1-2-3-1104 by microsoftDefenderForIdentity
          was accountName:lee
          alerts {"microsoftDefenderForIdentity": 2}
    "#]]
    .assert_eq(&who(timeline, "S-1-5-21-1-2-3-1104"));
}

#[test]
fn what_people_said_of_entities_outlives_their_alerts() {
    let timeline = r#"
        10:00 mdi/a1 "One" source=user:contoso\ann
        10:01 mcas/c1 "Two" source=user:oid-ann
        10:02 mde/b1 "Three" impacted=host:scanner.contoso.azure
        10:30 ann unite user:contoso\ann user:oid-ann
        10:31 ann exclude host:scanner.contoso.azure
        tick +120d09:00
        "#;
    expect![[r#"
        user
          domainAccount:contoso\ann by microsoftDefenderForIdentity
          objectId:oid-ann by command
          alerts {}
    "#]]
    .assert_eq(&who(timeline, "oid-ann"));
    check(
        &format!(
            "{timeline}
            +120d10:00 mdi/a2 \"By the one name\" source=user:contoso\\ann
            +120d10:01 mcas/c2 \"By the other\" source=user:oid-ann
            +120d10:02 mde/b2 \"One\" impacted=host:scanner.contoso.azure
            +120d10:03 mde/b3 \"Two\" impacted=host:scanner.contoso.azure
            +120d10:04 ann include host:scanner.contoso.azure"
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened c1 active medium alerts=1
            #3 v1 opened b1 active medium alerts=1
            #1 v2 mergedFrom by ann c1 [sameActor a1 via contoso\ann 0.99 gap 1m] (#2) active medium alerts=2
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c1: done
            #3 v2 entityRuled by ann active medium alerts=1
            excludeEntity c2: done
            #4 v1 opened a2 active medium alerts=1
            #4 v2 alertJoined c2 [sameActor a2 via contoso\ann 0.99 gap 1m] active medium alerts=2
            #5 v1 opened b2 active medium alerts=1
            #6 v1 opened b3 active medium alerts=1
            #6 v2 entityRuled by ann active medium alerts=1
            #5 v2 entityRuled by ann active medium alerts=1
            excludeEntity c3: done
        "#]],
    );
}

#[test]
fn the_parts_of_an_excluded_entity_stay_excluded() {
    check(
        r#"
        10:00 mdi/a1 "One" source=user:smith+contoso\ann
        10:01 mdi/a2 "Two" source=user:smith+S-1-5-21-1-2-3-1104
        10:02 ann exclude user:smith
        10:03 mdi/a3 "Three" source=user:smith+S-1-5-21-1-2-3-1105
        10:04 mdi/a4 "Four" source=user:contoso\ann
        10:05 mdi/a5 "Five" source=user:S-1-5-21-1-2-3-1104
        10:06 mdi/a6 "Not excluded" source=user:S-1-5-21-1-2-3-1105
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.99 gap 1m] active medium alerts=2
            #1 v3 entityRuled by ann active medium alerts=2
            excludeEntity c1: done
            ambiguous: accountName:smith
            #2 v1 opened a3 active medium alerts=1
            #3 v1 opened a4 active medium alerts=1
            #4 v1 opened a5 active medium alerts=1
            #2 v2 alertJoined a6 [sameActor a3 via S-1-5-21-1-2-3-1105 0.97 gap 3m] active medium alerts=2
        "#]],
    );
}
