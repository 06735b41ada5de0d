//! What directories say.

use braid_engine::{Settings, StateRecord};
use expect_test::expect;

use crate::timeline::{Stage, play_with};
use crate::{check, play_on, shown, who};

#[test]
fn a_cloud_user_joins_its_on_premises_self_by_object_id_or_directory_never_by_name() {
    check(
        r#"
        10:00 mdi/a1 "On premises" source=user:contoso\ann+ann
        10:01 mcas/c1 "In the cloud" source=user:ann@contoso.com+ann+Ann_Lee
        10:02 mdi/a2 "Only the name" source=user:Ann_Lee
        13:00 mde/b1 "The sensor knows both" impacted=user:contoso\ann+oid-ann
        13:05 mcas/c2 "By object id" source=user:oid-ann
        16:00 directory user:S-1-5-21-1-2-3-1104+contoso\ann+ann@contoso.com object=o1
        16:05 mdi/a3 "On premises" source=user:ann
        16:06 mcas/c3 "In the cloud" source=user:ann@contoso.com
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened c1 active medium alerts=1
            #3 v1 opened a2 active medium alerts=1
            #4 v1 opened b1 active medium alerts=1
            #4 v2 alertJoined c2 [sameActor b1 via contoso\ann 0.88 gap 5m] active medium alerts=2
            o1: listed
            #1 v2 mergedFrom c1 [sameActor a1 via contoso\ann 0.93 gap 1m] (#2) active medium alerts=2
            #2 v2 redirected (#1) redirected medium alerts=0
            #5 v1 opened a3 active medium alerts=1
            #5 v2 alertJoined c3 [sameActor a3 via contoso\ann 0.59 gap 1m] active medium alerts=2
        "#]],
    );
}

#[test]
fn a_user_whom_three_products_know_by_different_names_is_one_by_the_directory() {
    let timeline = r#"
        09:00 directory user:S-1-5-21-1-2-3-1104+oid-jeff+jeffl@contoso.azure+contoso\jeffl object=o1 sam=jeffl
        10:00 mdi/a1 "SAMR reconnaissance" source=user:jeffl
        10:10 mde/b1 "Mimikatz" impacted=user:S-1-5-21-1-2-3-1104+jeffl@contoso.azure
        10:20 mcas/c1 "Mass download" source=user:oid-jeff
        "#;
    check(
        timeline,
        expect![[r#"
            o1: listed
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined b1 [sameActor a1 via S-1-5-21-1-2-3-1104 0.53 gap 10m] active medium alerts=2
            #1 v3 alertJoined c1 [sameActor b1 via S-1-5-21-1-2-3-1104 0.88 gap 10m] active medium alerts=3
        "#]],
    );
    expect![[r#"
        user
          sid:S-1-5-21-1-2-3-1104 by directory
          objectId:oid-jeff by directory
          upn:jeffl@contoso.azure by directory
          domainAccount:contoso\jeffl by directory
          accountName:jeffl by directory
          listed as o1
          alerts {"microsoftDefenderForCloudApps": 1, "microsoftDefenderForEndpoint": 1, "microsoftDefenderForIdentity": 1}
    "#]]
    .assert_eq(&who(timeline, "oid-jeff"));
}

#[test]
fn two_directories_that_list_one_user_leave_two_entries_on_it() {
    let timeline = r#"
        09:00 directory user:S-1-5-21-1-2-3-1104+contoso\jeffl+jeffl@contoso.azure object=ad-1
        09:01 directory user:oid-jeff+jeffl@contoso.azure object=entra-1 cloud=true
        10:00 mde/b1 "Mimikatz" impacted=user:contoso\jeffl
        10:01 mcas/c1 "Mass download" source=user:oid-jeff
        "#;
    expect![[r#"
        user
          sid:S-1-5-21-1-2-3-1104 by directory
          upn:jeffl@contoso.azure by directory
          domainAccount:contoso\jeffl by directory
          objectId:oid-jeff by directory
          listed as ad-1
          listed as entra-1
          alerts {"microsoftDefenderForCloudApps": 1, "microsoftDefenderForEndpoint": 1}
    "#]]
    .assert_eq(&who(timeline, "oid-jeff"));
    assert_eq!(shown(timeline, "oid-jeff").0.on_premises, Some(true));
}

#[test]
fn a_renamed_user_keeps_the_old_name() {
    let timeline = r#"
        09:00 directory user:S-1-5-21-1-2-3-1104+jeffl@contoso.azure object=o1 called=Jeff_Leatherman
        10:00 mde/b1 "Before" impacted=user:jeffl@contoso.azure
        10:05 directory user:S-1-5-21-1-2-3-1104+jeffm@contoso.azure object=o1 called=Jeff_Married
        10:06 directory user:S-1-5-21-1-2-3-1104+jeffm@contoso.azure object=o1 called=Jeff_Married
        10:10 mde/b2 "After" impacted=user:jeffm@contoso.azure
        10:15 mdo/m1 "By the old name" impacted=user:jeffl@contoso.azure
        "#;
    check(
        timeline,
        expect![[r#"
            o1: listed
            #1 v1 opened b1 active medium alerts=1
            o1: changed
            o1: unchanged
            #1 v2 alertJoined b2 [sameActor b1 via S-1-5-21-1-2-3-1104 0.88 gap 10m] active medium alerts=2
            #1 v3 alertJoined m1 [sameActor b2 via S-1-5-21-1-2-3-1104 0.94 gap 5m] active medium alerts=3
        "#]],
    );
    expect![[r#"
        user
          sid:S-1-5-21-1-2-3-1104 by directory
          upn:jeffl@contoso.azure by directory
          displayName:Jeff Leatherman by directory
          upn:jeffm@contoso.azure by directory
          displayName:Jeff Married by directory
          listed as o1
          alerts {"microsoftDefenderForEndpoint": 2, "microsoftDefenderForOffice365": 1}
    "#]]
    .assert_eq(&who(timeline, "jeffm@contoso.azure"));
}

#[test]
fn what_a_directory_no_longer_lists_stays_while_alerts_mention_it() {
    let timeline = r#"
        09:00 directory user:S-1-5-21-1-2-3-1104+contoso\jeffl object=o1
        09:00 directory user:S-1-5-21-1-2-3-1105+contoso\ann object=o2
        10:00 mde/b1 "One" impacted=user:contoso\jeffl
        11:00 directory gone o1
        11:00 directory gone o2
        11:01 directory gone o2
        "#;
    check(
        timeline,
        expect![[r#"
            o1: listed
            o2: listed
            #1 v1 opened b1 active medium alerts=1
            o1: removed
            o2: removed
            o2: unknown
        "#]],
    );
    assert_eq!(who(timeline, "contoso\\ann"), "nobody\n");
    expect![[r#"
        user
          sid:S-1-5-21-1-2-3-1104 by directory
          domainAccount:contoso\jeffl by directory
          alerts {"microsoftDefenderForEndpoint": 1}
    "#]]
    .assert_eq(&who(timeline, "contoso\\jeffl"));
    assert_eq!(who(&format!("{timeline}\ntick +120d10:00"), "contoso\\jeffl"), "nobody\n");
}

#[test]
fn whom_a_directory_lists_is_kept_when_the_alerts_are_forgotten() {
    expect![[r#"
        user
          sid:S-1-5-21-1-2-3-1104 by directory
          domainAccount:contoso\jeffl by directory
          upn:jeffl@contoso.azure by microsoftDefenderForEndpoint
          listed as o1
          alerts {}
    "#]]
    .assert_eq(&who(
        r#"
        09:00 directory user:S-1-5-21-1-2-3-1104+contoso\jeffl object=o1
        10:00 mde/b1 "One" impacted=user:contoso\jeffl+jeffl@contoso.azure
        tick +120d10:00
        "#,
        "jeffl@contoso.azure",
    ));
}

#[test]
fn a_late_directory_record_makes_one_incident_of_two() {
    check(
        r#"
        10:00 mdi/a1 "SAMR reconnaissance" source=user:jeffl
        10:10 mde/b1 "Mimikatz" severity=high impacted=user:S-1-5-21-1-2-3-1104+jeffl@contoso.azure
        10:20 mcas/c1 "Mass download" source=user:oid-jeff
        11:00 directory user:S-1-5-21-1-2-3-1104+oid-jeff+contoso\jeffl object=o1 sam=jeffl
        11:01 directory user:S-1-5-21-1-2-3-1104+oid-jeff+contoso\jeffl object=o1 sam=jeffl
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active high alerts=1
            #3 v1 opened c1 active medium alerts=1
            o1: listed
            #2 v2 mergedFrom c1 [sameActor b1 via S-1-5-21-1-2-3-1104 0.83 gap 10m] (#3) active high alerts=2
            #3 v2 redirected (#2) redirected medium alerts=0
            #1 v2 mergedFrom a1 [sameActor b1 via S-1-5-21-1-2-3-1104 0.53 gap 10m] (#2) active high alerts=3
            #2 v3 redirected (#1) redirected high alerts=0
            #3 v3 redirected (#1) redirected medium alerts=0
            o1: unchanged
        "#]],
    );
}

#[test]
fn a_late_directory_record_merges_nothing_that_the_rules_keep_apart() {
    check(
        r#"
        10:00 mdi/a1 "One" source=user:jeffl
        14:00 mde/b1 "Too far in time" impacted=user:S-1-5-21-1-2-3-1104
        14:10 mde/b2 "Somebody else's" impacted=user:S-1-5-21-1-2-3-1105
        14:11 mdi/a2 "The same user's" source=user:ann
        14:12 ann assign #3 to bob
        14:12 ann assign #4 to eve
        15:00 directory user:S-1-5-21-1-2-3-1104+contoso\jeffl object=o1 sam=jeffl
        15:00 directory user:S-1-5-21-1-2-3-1105+contoso\ann object=o2 sam=ann
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #3 v1 opened b2 active medium alerts=1
            #4 v1 opened a2 active medium alerts=1
            #3 v2 assigned by ann active medium alerts=1
            assign c1: done
            #4 v2 assigned by ann active medium alerts=1
            assign c2: done
            o1: listed
            o2: listed
            #4 and #3 stay two: assignee
        "#]],
    );
}

#[test]
fn a_directory_record_alone_makes_no_version() {
    let timeline = r#"
        10:00 mdi/a1 "One" source=user:contoso\jeffl
        11:00 directory user:S-1-5-21-1-2-3-1104+contoso\jeffl object=o1 tag=Sensitive
        "#;
    check(
        timeline,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            o1: listed
        "#]],
    );
}

#[test]
fn a_name_that_a_directory_gives_to_two_accounts_is_ambiguous() {
    check(
        r#"
        09:00 directory user:S-1-5-21-1-2-3-1104+contoso\jsmith object=o1 called=John_Smith
        09:00 directory user:S-1-5-21-1-2-3-1105+contoso\jsmith2 object=o2 called=John_Smith
        10:00 mdi/a1 "One" source=user:John_Smith
        10:01 mde/b1 "Two" impacted=user:contoso\jsmith
        10:02 mde/b2 "Three" impacted=user:contoso\jsmith2
        10:03 mdi/a2 "Four" source=user:John_Smith
        "#,
        expect![[r#"
            o1: listed
            ambiguous: displayName:John Smith
            o2: listed
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #3 v1 opened b2 active medium alerts=1
            #4 v1 opened a2 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_directory_record_that_names_nobody_in_particular_is_rejected() {
    check(
        r#"
        09:00 directory user:S-1-5-21-1-2-3-502+contoso\krbtgt object=o1
        09:00 directory user:guest object=o2
        09:00 directory user:S-1-5-21-1-2-3-500+contoso\administrator object=o3 sam=administrator
        09:01 directory user:administrator object=o3
        09:02 directory gone o3
        "#,
        expect![[r#"
            o1: rejected, names_nobody
            o2: rejected, names_nobody
            o3: listed
            o3: rejected, names_nobody
            o3: unknown
        "#]],
    );
}

#[test]
fn a_directory_has_as_many_entries_as_may_be_and_a_changed_one_is_no_more() {
    let settings = Settings { directory_entries_max: 1, ..Settings::default() };
    expect![[r#"
        o1: listed
        o2: rejected, entries_max
        o1: changed
        o1: removed
        o2: listed
    "#]]
    .assert_eq(&play_with(
        settings,
        r#"
        09:00 directory user:S-1-5-21-1-2-3-1104 object=o1
        09:01 directory user:S-1-5-21-1-2-3-1105 object=o2
        09:02 directory user:S-1-5-21-1-2-3-1104 object=o1 tag=sensitive
        09:03 directory gone o1
        09:04 directory user:S-1-5-21-1-2-3-1105 object=o2
        "#,
    ));
}

#[test]
fn what_directories_say_takes_at_most_half_of_the_memory() {
    let settings = Settings { state_bytes_max: 4_000, ..Settings::default() };
    let mut stage = Stage::new(settings);
    for n in 0..10 {
        stage.take(&format!("10:01 directory user:S-1-5-21-1-2-3-{n} object=o{n}"));
    }
    assert_eq!(stage.out.matches(": listed").count(), 4, "{}", stage.out);
    assert_eq!(stage.out.matches(": rejected, bytes_max").count(), 6, "{}", stage.out);
    stage.take("10:02 directory gone o1");
    stage.take("10:03 directory user:S-1-5-21-1-2-3-9 object=o9");
    assert!(stage.out.ends_with("o1: removed\no9: listed\n"), "{}", stage.out);
}

#[test]
fn a_sensitive_user_raises_the_score_whoever_says_so_and_in_whatever_case() {
    let alert = r#"10:00 mde/b1 "One" severity=high impacted=user:contoso\jeffl"#;
    let (_, plain) = shown(alert, "contoso\\jeffl");
    let listed = |tag: &str| {
        format!("09:00 directory user:S-1-5-21-1-2-3-1104+contoso\\jeffl object=o1 tag={tag}\n{alert}")
    };
    for tag in ["sensitive", "Sensitive", "HONEYTOKEN"] {
        let (entity, score) = shown(&listed(tag), "contoso\\jeffl");
        assert!(score > plain, "{tag}: {score} after {plain}");
        assert_eq!(entity.tags, [tag.into()]);
    }
    let (_, score) = shown(&listed("vip"), "contoso\\jeffl");
    assert_eq!(score, plain);
}

#[test]
fn a_user_known_by_numbers_alone_is_called_what_the_directory_calls_it() {
    let directory =
        "09:00 directory user:S-1-5-21-1-2-3-1104+oid-jeff object=o1 cloud=true called=Jeff_Leatherman";
    let name = |alert: &str| shown(&format!("{directory}\n{alert}"), "oid-jeff").0.name;
    assert_eq!(&*name(r#"10:00 mcas/c1 "One" source=user:oid-jeff"#), "Jeff Leatherman");
    assert_eq!(
        &*name(r#"10:00 mcas/c1 "One" source=user:oid-jeff+jeffl@contoso.azure"#),
        "jeffl@contoso.azure"
    );
}

#[test]
fn a_cloud_only_user_and_a_machine_that_azure_runs_are_not_on_premises() {
    let is = |timeline: &str, name: &str| shown(timeline, name).0.on_premises;
    let mail = "ann@contoso.com";
    assert_eq!(is(r#"10:00 mcas/c1 "One" source=user:ann@contoso.com"#, mail), None);
    let listed = |cloud: bool| {
        format!(
            "09:00 directory user:oid-ann+ann@contoso.com object=o1 cloud={cloud}\n\
             10:00 mcas/c1 \"One\" source=user:ann@contoso.com"
        )
    };
    assert_eq!((is(&listed(true), mail), is(&listed(false), mail)), (Some(false), Some(true)));
    let sid = "S-1-12-1-1-2-3-4";
    assert_eq!(is(&format!("10:00 mde/b1 \"One\" impacted=user:{sid}"), sid), Some(false));
    let both = format!("10:00 mde/b1 \"One\" impacted=user:{sid}+S-1-5-21-1-2-3-1104");
    assert_eq!(is(&both, sid), Some(true));
    let account = "contoso\\ann";
    assert_eq!(is(r#"10:00 mdi/a1 "One" source=user:contoso\ann"#, account), Some(true));
    assert_eq!(is(r#"10:00 mde/b1 "One" source=user:contoso\ann"#, account), None);
    assert_eq!(is(r#"10:00 mdi/a1 "One" source=user:azuread\ann"#, "azuread\\ann"), None);
    let machine = "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/vm1";
    let arc = "/subscriptions/s/resourcegroups/g/providers/microsoft.hybridcompute/machines/vm1";
    let host = |id: &str| is(&format!("10:00 mdc/d1 \"One\" impacted=host:{id}+vm1"), "vm1");
    assert_eq!((host(machine), host(arc)), (Some(false), None));
    let listed = format!(
        "09:00 directory host:vm1.contoso.azure+vm1 object=o1\n10:00 mdc/d1 \"One\" impacted=host:{machine}+vm1"
    );
    assert_eq!(is(&listed, "vm1"), Some(true));
}

#[test]
fn a_hub_is_one_still_when_it_turns_out_to_be_another_entity_too() {
    let mut timeline = String::new();
    for n in 0..30 {
        let name = if n < 15 { "jump.contoso.azure" } else { "dev-9" };
        timeline += &format!("10:{n:02} mdi/a{n} \"Logon\" source=user:contoso\\u{n} impacted=host:{name}\n");
    }
    timeline += "10:40 directory host:jump.contoso.azure+dev-9 object=o1\n";
    timeline += "10:41 mdi/b1 \"Logon\" source=user:contoso\\other impacted=host:dev-9\n";
    let mut stage = Stage::new(Settings::default());
    play_on(&mut stage, &timeline);
    let records = stage.partition.records();
    let met = records.values().find_map(|record| match record {
        StateRecord::Entity(e) if e.identifiers.iter().any(|i| &*i.value == "dev-9") => {
            Some(e.partners.len())
        }
        _ => None,
    });
    assert_eq!(met, Some(31));
    assert!(stage.out.trim_end().ends_with("opened b1 active medium alerts=1"), "{}", stage.out);
}

#[test]
fn an_account_that_windows_manages_is_no_host_though_its_name_ends_like_one() {
    // Only a directory can tell: sensors write the account of the host SVC just so, with a SID of the same form.
    let timeline = r#"
        09:00 directory user:S-1-5-21-1-2-3-1200+contoso\svc$+svc$ object=o1
        10:00 mdi/a1 "Ticket asked for" source=user:contoso\svc$
        10:05 mde/b1 "By its SID" impacted=user:S-1-5-21-1-2-3-1200
        10:10 mde/b2 "The host of that name" impacted=host:svc
        10:15 mdi/a2 "A host's own account" source=user:contoso\client1$
        10:20 mde/b3 "And that host" impacted=host:client1
        "#;
    check(
        timeline,
        expect![[r#"
        o1: listed
        #1 v1 opened a1 active medium alerts=1
        #1 v2 alertJoined b1 [sameActor a1 via S-1-5-21-1-2-3-1200 0.94 gap 5m] active medium alerts=2
        #2 v1 opened b2 active medium alerts=1
        #3 v1 opened a2 active medium alerts=1
        #3 v2 alertJoined b3 [sameTargetedAsset a2 via client1 0.34 gap 5m] active medium alerts=2
    "#]],
    );
}

#[test]
fn a_managed_account_may_be_tagged_and_then_joins_nothing_alone() {
    check(
        r#"
        09:00 directory user:S-1-5-21-1-2-3-1200+contoso\svc$+svc$ object=o1
        09:30 ann mark user:contoso\svc$ +serviceAccount
        10:00 mde/b1 "One" impacted=host:a.contoso.azure impacted=user:contoso\svc$
        10:05 mde/b2 "Two" impacted=host:b.contoso.azure impacted=user:contoso\svc$
        "#,
        expect![[r#"
            o1: listed
            tagEntity c1: done
            #1 v1 opened b1 active medium alerts=1
            #2 v1 opened b2 active medium alerts=1
        "#]],
    );
}
