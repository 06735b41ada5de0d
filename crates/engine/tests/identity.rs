//! Whose alert is it: which names are one entity, which are two, and which are nobody's.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use std::collections::BTreeMap;
use std::fmt::Write;

use braid_alert::IncidentEntity;
use braid_engine::{NameSource, Partition, Settings, StateRecord};
use expect_test::{Expect, expect};
use timeline::{Stage, play, play_with};

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

/// Plays a timeline and tells whom it leaves behind under one of the names.
fn who(timeline: &str, name: &str) -> String {
    let mut stage = Stage::new(Settings::default());
    play_on(&mut stage, timeline);
    profile(&stage.partition, name)
}

fn play_on(stage: &mut Stage, timeline: &str) {
    for line in timeline.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.take(line);
    }
}

/// What is known of the entity of a name: each of its names with who taught it, what is said of it, and how many alerts
/// of which product mention it.
fn profile(partition: &Partition, name: &str) -> String {
    let records = partition.records();
    let entities = records.values().filter_map(|record| match record {
        StateRecord::Entity(entity) => Some(entity),
        _ => None,
    });
    let mut bearers = entities.filter(|e| e.identifiers.iter().any(|i| *i.value == *name));
    let Some(entity) = bearers.next() else { return "nobody\n".into() };
    assert_eq!(bearers.next(), None, "two entities bear {name}");
    let mut out = format!("{}{}\n", entity.kind, if entity.ambiguous { " ambiguous" } else { "" });
    for (identifier, source) in entity.identifiers.iter().zip(&entity.learned) {
        let source = match source {
            NameSource::Alert(product) => product.to_string(),
            NameSource::Directory => "directory".into(),
            NameSource::Command => "command".into(),
        };
        writeln!(out, "  {identifier} by {source}").unwrap();
    }
    for listing in &entity.listings {
        writeln!(out, "  listed as {}", listing.object).unwrap();
    }
    for conflict in &entity.conflicts {
        writeln!(out, "  was {conflict}").unwrap();
    }
    let mut alerts: BTreeMap<String, usize> = BTreeMap::new();
    for record in records.values() {
        let StateRecord::Alert(alert) = record else { continue };
        if alert.mentions.iter().any(|mention| mention.entity == entity.id) {
            *alerts.entry(alert.alert.provider.to_string()).or_default() += 1;
        }
    }
    writeln!(out, "  alerts {alerts:?}").unwrap();
    out
}

/// The entity as the last record of an incident that mentions it shows it.
fn shown(timeline: &str, name: &str) -> (IncidentEntity, f64) {
    let mut stage = Stage::new(Settings::default());
    play_on(&mut stage, timeline);
    let incidents = stage.partition.incident_ids();
    let mut incidents = incidents.iter().filter_map(|(tenant, id)| stage.partition.incident(tenant, *id));
    let bears = |e: &&IncidentEntity| e.identifiers.iter().any(|i| *i.value == *name);
    incidents.find_map(|i| Some((i.entities.iter().find(bears)?.clone(), i.score.value))).unwrap()
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
            #2 v2 alertJoined b3 [sameActor b2 via S-1-5-21-9-9-9-1105 0.98 gap 1m] active medium alerts=2
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
            #1 v2 alertJoined b4 [sameActor b1 via S-1-5-21-1-2-3-1104 0.94 gap 3m] active medium alerts=2
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
            #1 v2 alertJoined c1 [sameActor b1 via S-1-12-1-287454020-2005423462-3434850969-16772829 0.90 gap 5m] active medium alerts=2
        "#]],
    );
}

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
            #4 v2 alertJoined c2 [sameActor b1 via contoso\ann 0.90 gap 5m] active medium alerts=2
            o1: listed
            #1 v2 mergedFrom c1 [sameActor a1 via contoso\ann 0.98 gap 1m] (#2) active medium alerts=2
            #2 v2 redirected (#1) redirected medium alerts=0
            #5 v1 opened a3 active medium alerts=1
            #5 v2 alertJoined c3 [sameActor a3 via contoso\ann 0.69 gap 1m] active medium alerts=2
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
            #1 v2 alertJoined b1 [sameActor a1 via S-1-5-21-1-2-3-1104 0.56 gap 10m] active medium alerts=2
            #1 v3 alertJoined c1 [sameActor b1 via S-1-5-21-1-2-3-1104 0.80 gap 10m] active medium alerts=3
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
            #1 v2 alertJoined b2 [sameActor b1 via S-1-5-21-1-2-3-1104 0.80 gap 10m] active medium alerts=2
            #1 v3 alertJoined m1 [sameActor b2 via S-1-5-21-1-2-3-1104 0.90 gap 5m] active medium alerts=3
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
            #1 v2 mergedFrom a1 [sameActor b1 via S-1-5-21-1-2-3-1104 0.56 gap 10m] (#2) active high alerts=2
            #2 v2 redirected (#1) redirected high alerts=0
            #1 v3 mergedFrom a1 [sameActor c1 via S-1-5-21-1-2-3-1104 0.44 gap 20m] (#3) active high alerts=3
            #3 v2 redirected (#1) redirected medium alerts=0
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
            #1 v2 mergedFrom c1 [sameActor a1 via contoso\jeffl 0.80 gap 10m] (#2) active medium alerts=2
            #2 v2 redirected (#1) redirected medium alerts=0
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
            #2 v2 alertJoined a1 [sameNetworkSegment b2 via a.contoso.azure 0.70 gap 0s] active medium alerts=2
            #3 v1 opened a2 active medium alerts=1
        "#]],
    );
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
            #1 v2 alertJoined a1 [sameNetworkSegment b1 via a.contoso.azure 0.56 gap 10m] active medium alerts=2
            #2 v2 alertJoined a2 [sameNetworkSegment b2 via b.contoso.azure 0.56 gap 10m] active medium alerts=2
            #3 v2 alertJoined a3 [sameNetworkSegment b3 via a.contoso.azure 0.56 gap 10m] active medium alerts=2
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
        #2 v2 alertJoined a2 [sameNetworkSegment b2 via b.contoso.azure 0.63 gap 5m] active medium alerts=2
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
            #1 v2 alertJoined b2 [sameTargetedAsset b1 via dev-7 0.98 gap 1m] active medium alerts=2
            #2 v1 opened a1 active medium alerts=1
            #1 v3 alertJoined b3 [sameTargetedAsset b2 via dev-7 0.96 gap 2m] active medium alerts=3
            #1 v4 mergedFrom b3 [sameTargetedAsset a1 via dev-7 0.69 gap 1m] (#2) active medium alerts=4
            #2 v2 redirected (#1) redirected medium alerts=0
            #1 v5 alertJoined a2 [sameNetworkSegment b3 via dev-7 0.69 gap 1m] active medium alerts=5
        "#]],
    );
}

#[test]
fn what_a_command_keeps_apart_no_directory_unites_again() {
    let timeline = r#"
        10:00 mdi/a1 "One" source=user:contoso\ann
        10:01 mcas/c1 "Two" source=user:oid-ann
        10:30 ann part user:contoso\ann user:oid-ann
        11:00 directory user:oid-ann+contoso\ann object=o1 called=Ann_Lee
        11:05 mde/b1 "Both names" impacted=user:contoso\ann+oid-ann
        12:00 ann unite user:contoso\ann user:oid-ann
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
            #1 v3 mergedFrom by ann a1 [sameActor c1 via oid-ann 0.98 gap 1m] (#2) active medium alerts=2
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
            #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.98 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameActor a2 via contoso\ann 0.69 gap 1m] active medium alerts=3
            ambiguous: accountName:lee
            #1 v4 entityRuled by ann active medium alerts=3
            cannotLink c1: done
            #1 v5 alertJoined a4 [sameActor a1 via contoso\ann 0.49 gap 31m] active medium alerts=4
            #1 v6 alertJoined a5 [sameActor a2 via S-1-5-21-1-2-3-1104 0.49 gap 31m] active medium alerts=5
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
            #1 v2 mergedFrom by ann c1 [sameActor a1 via contoso\ann 0.98 gap 1m] (#2) active medium alerts=2
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c1: done
            #3 v2 entityRuled by ann active medium alerts=1
            excludeEntity c2: done
            #4 v1 opened a2 active medium alerts=1
            #4 v2 alertJoined c2 [sameActor a2 via contoso\ann 0.98 gap 1m] active medium alerts=2
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
            #1 v2 alertJoined a2 [sameActor a1 via contoso\ann 0.98 gap 1m] active medium alerts=2
            #1 v3 entityRuled by ann active medium alerts=2
            excludeEntity c1: done
            ambiguous: accountName:smith
            #2 v1 opened a3 active medium alerts=1
            #3 v1 opened a4 active medium alerts=1
            #4 v1 opened a5 active medium alerts=1
            #2 v2 alertJoined a6 [sameActor a3 via S-1-5-21-1-2-3-1105 0.94 gap 3m] active medium alerts=2
        "#]],
    );
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
