//! What an incident's record tells beside its alerts: what came near, how the attacker moved, what repeats, and why an
//! entity joins nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use std::fmt::Write;

use braid_alert::{EntityId, Incident, IncidentStatus};
use braid_engine::{Caps, Settings};
use expect_test::{Expect, expect};
use timeline::{Stage, play};

/// The incidents that stand after a timeline, in the order in which they opened.
fn incidents(settings: Settings, timeline: &str) -> Vec<Incident> {
    let mut stage = Stage::new(settings);
    timeline.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| stage.take(line));
    standing(&stage)
}

/// The incidents that are not redirected, in the order in which they opened.
fn standing(stage: &Stage) -> Vec<Incident> {
    let ids = stage.partition.incident_ids();
    let all = ids.iter().map(|(tenant, id)| stage.partition.incident(tenant, *id).unwrap());
    let mut standing: Vec<Incident> = all.filter(|i| i.status != IncidentStatus::Redirected).collect();
    standing.sort_by_key(|i| (i.first_emitted, i.id));
    standing
}

fn name(incident: &Incident, id: EntityId) -> &str {
    incident.entities.iter().find(|e| e.id == id).map_or("?", |e| &*e.name)
}

/// What the records say, a line each.
fn told(incidents: &[Incident]) -> String {
    let mut out = String::new();
    let number = |id| incidents.iter().position(|i| i.id == id).map_or("?".into(), |n| format!("#{}", n + 1));
    for incident in incidents {
        writeln!(out, "{} {}", number(incident.id), incident.title).unwrap();
        for near in &incident.near_misses {
            let (alert, peer, total) = (&near.alert.id, &near.peer.id, near.total);
            let (entity, other) = (name(incident, near.entity), number(near.incident));
            writeln!(out, "  {alert} not with {peer} of {other}: {} by {entity} {total}", near.reason)
                .unwrap();
        }
        for hop in &incident.lateral_movement {
            let user = hop.user.map_or("somebody", |user| name(incident, user));
            let (from, to) = (name(incident, hop.from), name(incident, hop.to));
            let how = if hop.explicit { "shown" } else { "followed" };
            writeln!(out, "  {user}: {from} -> {to} ({how} by {})", hop.alert.id).unwrap();
        }
        for flood in &incident.floods {
            let named: Vec<&str> = flood.representatives.iter().map(|key| key.id.as_str()).collect();
            let (folded, open) = (flood.folded, flood.unresolved);
            let times = format!(
                "{} to {}",
                &flood.first_activity.to_string()[11..16],
                &flood.last_activity.to_string()[11..16]
            );
            writeln!(out, "  {} more of {:?}, {open} open, {times}, such as {named:?}", folded, flood.title)
                .unwrap();
        }
        for entity in incident.entities.iter().filter(|e| e.context) {
            let met = entity.partners.map_or(String::new(), |partners| format!(" of {partners}"));
            writeln!(out, "  {} is context: {}{met}", entity.name, entity.context_reason.as_ref().unwrap())
                .unwrap();
        }
    }
    out
}

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&told(&incidents(Settings::default(), timeline)));
}

/// Twenty users who have asked the domain controller before, which makes it a hub.
fn busy_controller() -> String {
    let ask = |n: i64| {
        format!(
            "0{}:{:02} mdi/u{n} \"Logon\" source=user:contoso\\u{n} target=host:dc1\n",
            n / 10,
            n % 10 * 6
        )
    };
    (0..20).map(ask).collect()
}

#[test]
fn what_was_linked_too_weakly_is_told() {
    check(
        r#"
        10:00 mde/a1 "Mimikatz" impacted=host:pc1.contoso.com
        11:45 mde/b1 "Task created" impacted=host:pc1.contoso.com
        14:00 mde/c1 "Service created" impacted=host:pc1.contoso.com
        "#,
        expect![[r#"
            #1 Mimikatz on pc1.contoso.com
            #2 Task created on pc1.contoso.com
              b1 not with a1 of #1: tooWeak by pc1.contoso.com 0.23
            #3 Service created on pc1.contoso.com
              c1 not with b1 of #2: tooWeak by pc1.contoso.com 0.15
        "#]],
    );
}

#[test]
fn a_hub_that_would_have_sufficed_is_named() {
    let mut timeline = busy_controller();
    timeline.push_str(
        r#"
        10:00 mde/a1 "Mimikatz" impacted=host:dc1 impacted=user:contoso\ann
        10:05 mde/b1 "Task created" impacted=host:dc1 impacted=user:contoso\bob
        "#,
    );
    let incidents = incidents(Settings::default(), &timeline);
    expect![[r#"
        #1 Mimikatz on dc1
        #2 Task created on dc1
          dc1 is context: hub of 22
    "#]]
    .assert_eq(&told(&incidents[20..]));
}

#[test]
fn what_a_guard_kept_apart_is_told_with_the_guard() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:pc1.contoso.com
        10:00 mde/b1 "Two" impacted=host:pc2.contoso.com
        10:01 ann assign #1 to ann
        10:01 bob assign #2 to bob
        10:05 mde/c1 "Both" impacted=host:pc1.contoso.com impacted=host:pc2.contoso.com
        "#,
        expect![[r#"
            #1 Two and 1 more alert on 2 hosts
              c1 not with a1 of #2: assignee by pc1.contoso.com 0.94
            #2 One on pc1.contoso.com
        "#]],
    );
}

#[test]
fn what_was_resolved_before_and_what_is_full_is_told() {
    let settings =
        Settings { caps: Caps { incident_alerts_max: 1, ..Caps::default() }, ..Settings::default() };
    let timeline = r#"
        10:00 mde/a1 "One" impacted=host:pc1.contoso.com
        10:05 mde/a2 "Two" impacted=host:pc1.contoso.com
        10:00 mde/b1 "Three" status=resolved impacted=host:pc2.contoso.com
        10:20 mde/b2 "Four" impacted=host:pc2.contoso.com
        "#;
    expect![[r#"
        #1 One on pc1.contoso.com
        #2 Two on pc1.contoso.com
          a2 not with a1 of #1: full by pc1.contoso.com 0.94
        #3 Three on pc2.contoso.com
        #4 Four on pc2.contoso.com
          b2 not with b1 of #3: closed by pc2.contoso.com 0.76
    "#]]
    .assert_eq(&told(&incidents(settings, timeline)));
}

#[test]
fn a_near_miss_that_became_the_same_incident_is_told_no_more() {
    check(
        r#"
        10:00 mde/a1 "Mimikatz" impacted=host:pc1.contoso.com
        11:15 mde/b1 "Task created" impacted=host:pc1.contoso.com
        10:38 mde/c1 "Late" impacted=host:pc1.contoso.com arrives=12:00
        "#,
        expect![[r#"
            #1 Mimikatz and 2 more alerts on pc1.contoso.com
        "#]],
    );
}

#[test]
fn the_lab_s_attacker_goes_over_the_admin_s_computer_to_the_controller() {
    check(
        r#"
        10:00 mdi/a1 "DNS reconnaissance" phase=reconnaissance source=host:victimpc source=user:contoso\jeffl target=host:dc1
        10:10 mde/a2 "Credential theft" phase=credentialAccess impacted=host:victimpc impacted=user:contoso\jeffl
        10:12 mdi/a3 "Overpass-the-hash" phase=lateralMovement source=host:victimpc source=user:contoso\jeffl target=host:dc1
        10:20 mde/a4 "Remote activity" phase=lateralMovement source=host:victimpc impacted=host:adminpc impacted=user:contoso\ronhd source=user:contoso\jeffl
        10:40 mdi/a5 "Remote code execution" phase=domainDominance source=host:adminpc source=user:contoso\samiraa target=host:dc1
        "#,
        expect![[r#"
            #1 Multi-stage incident: reconnaissance, compromised credentials, lateral movement and domain dominance on 3 hosts
              contoso\jeffl: victimpc -> adminpc (shown by a4)
              contoso\samiraa: adminpc -> dc1 (shown by a5)
        "#]],
    );
}

#[test]
fn an_account_that_turns_up_on_further_hosts_is_followed_and_the_path_branches() {
    check(
        r#"
        10:00 mde/a1 "Logon" phase=credentialAccess impacted=host:pc1.contoso.com impacted=user:contoso\ann
        10:05 mde/a2 "Discovery" phase=reconnaissance impacted=host:pc9.contoso.com impacted=user:contoso\ann
        10:06 mde/a3 "Back" phase=credentialAccess impacted=host:pc1.contoso.com impacted=user:contoso\ann
        10:10 mde/a4 "Service" phase=lateralMovement impacted=host:pc2.contoso.com impacted=user:contoso\ann
        10:12 mde/a5 "Back again" phase=lateralMovement impacted=host:pc1.contoso.com impacted=user:contoso\ann
        10:14 mde/a6 "Upload" phase=exfiltration impacted=host:pc3.contoso.com impacted=user:contoso\ann
        10:15 mde/a7 "Upload again" phase=exfiltration impacted=host:pc3.contoso.com impacted=user:contoso\ann
        "#,
        expect![[r#"
            #1 Multi-stage incident: reconnaissance, compromised credentials, lateral movement and exfiltration on 4 hosts
              contoso\ann: pc1.contoso.com -> pc2.contoso.com (followed by a4)
              contoso\ann: pc1.contoso.com -> pc3.contoso.com (followed by a6)
        "#]],
    );
}

#[test]
fn what_an_account_starts_on_several_hosts_at_once_it_starts_from_where_it_was() {
    check(
        r#"
        10:00 mde/a1 "Logon" phase=credentialAccess impacted=host:pc1.contoso.com impacted=user:contoso\ann
        10:10 mde/a2 "Ransomware" phase=lateralMovement impacted=host:pc2.contoso.com impacted=user:contoso\ann
        10:10 mde/a3 "Ransomware" phase=lateralMovement impacted=host:pc3.contoso.com impacted=user:contoso\ann
        10:10 mde/a4 "Ransomware" phase=lateralMovement impacted=host:pc4.contoso.com impacted=user:contoso\ann
        "#,
        expect![[r#"
            #1 Multi-stage incident: compromised credentials and lateral movement on 4 hosts
              contoso\ann: pc1.contoso.com -> pc2.contoso.com (followed by a2)
              contoso\ann: pc1.contoso.com -> pc3.contoso.com (followed by a3)
              contoso\ann: pc1.contoso.com -> pc4.contoso.com (followed by a4)
        "#]],
    );
}

#[test]
fn an_account_taken_on_the_way_comes_to_untouched_hosts_from_where_the_attack_was_last() {
    check(
        r#"
        10:00 mde/a1 "Credential theft" phase=credentialAccess impacted=host:pc1.contoso.com impacted=user:contoso\ann
        10:01 mde/a2 "Logon" phase=credentialAccess impacted=host:pc2.contoso.com impacted=user:contoso\ann related=mailMessage:m1
        10:05 mde/a3 "Ransomware" phase=impact impacted=host:pc3.contoso.com impacted=user:contoso\adm related=mailMessage:m1
        10:05 mde/a4 "Ransomware" phase=lateralMovement impacted=host:pc4.contoso.com impacted=user:contoso\adm
        10:05 mde/a5 "Ransomware" phase=lateralMovement impacted=host:pc1.contoso.com impacted=user:contoso\bob
        "#,
        expect![[r#"
            #1 Multi-stage incident: compromised credentials, lateral movement and impact on 4 hosts
              contoso\adm: pc2.contoso.com -> pc3.contoso.com (followed by a3)
              contoso\adm: pc2.contoso.com -> pc4.contoso.com (followed by a4)
        "#]],
    );
}

#[test]
fn nobody_is_followed_through_a_hub_and_an_account_that_is_one_is_no_trace() {
    let visitors = (0..24).map(|n| {
        let (hour, minute) = (n / 12, n % 12 * 5);
        format!("0{hour}:{minute:02} mdi/u{n} \"Logon\" source=user:contoso\\u{n} target=host:dc1\n")
    });
    let timeline = visitors.collect::<String>()
        + r#"
        10:00 mde/a1 "Logon" phase=credentialAccess impacted=host:pc1.contoso.com impacted=user:contoso\ann
        10:10 mde/a2 "Remote service" phase=lateralMovement impacted=host:dc1 impacted=user:contoso\ann
        10:20 mde/a3 "Upload" phase=exfiltration impacted=host:pc2.contoso.com impacted=user:contoso\ann
        "#;
    let busy_account = (0..24).map(|n| {
        format!(
            "1{}:{:02} mde/v{n} \"Logon\" impacted=host:srv{n} impacted=user:contoso\\svc\n",
            2 + n / 12,
            n % 12 * 5
        )
    });
    let timeline = timeline
        + &busy_account.collect::<String>()
        + r#"
        14:00 mde/b1 "Service" phase=lateralMovement impacted=host:pc7.contoso.com impacted=user:contoso\svc impacted=user:contoso\eve
        14:10 mde/b2 "Service" phase=lateralMovement impacted=host:pc8.contoso.com impacted=user:contoso\svc impacted=user:contoso\eve
        "#;
    let all = incidents(Settings::default(), &timeline);
    let moved: Vec<Incident> = all.into_iter().filter(|i| !i.lateral_movement.is_empty()).collect();
    expect![[r#"
        #1 Multi-stage incident: compromised credentials, lateral movement and exfiltration on 3 hosts
          contoso\ann: pc1.contoso.com -> dc1 (followed by a2)
          contoso\ann: pc1.contoso.com -> pc2.contoso.com (followed by a3)
          dc1 is context: hub of 25
        #2 Service and 1 more alert on 2 hosts
          b1 not with v23 of ?: hub by contoso\svc 0.94
          b1 not with v22 of ?: hub by contoso\svc 0.88
          b2 not with v23 of ?: hub by contoso\svc 0.81
          contoso\eve: pc7.contoso.com -> pc8.contoso.com (followed by b2)
          contoso\svc is context: hub of 27
    "#]]
    .assert_eq(&told(&moved));
}

/// A sprayer's alerts, seconds apart in the minutes that follow.
fn sprayed(count: usize) -> String {
    let alert = |n: usize| {
        format!("10:{:02} mdi/s{n} \"Spray\" source=host:pc1.contoso.com target=user:contoso\\ann\n", n / 60)
    };
    (0..count).map(alert).collect()
}

#[test]
fn ten_thousand_alerts_of_one_detector_are_one_small_incident() {
    let mut stage = Stage::new(Settings::default());
    for n in 0..10_000 {
        stage.take(&format!(
            "{:02}:{:02} mdi/s{n} \"Spray\" source=host:pc1.contoso.com",
            10 + n / 3000,
            n / 50 % 60
        ));
    }
    let [(tenant, id)] = &stage.partition.incident_ids()[..] else { panic!("not one incident") };
    let incident = stage.partition.incident(tenant, *id).unwrap();
    assert_eq!((incident.alerts.len(), incident.floods[0].folded), (20, 9_980));
    assert_eq!((incident.version, stage.partition.stats().alerts), (10_000, 10_000));
    assert_eq!(&*incident.title, "Spray and 9999 more alerts on pc1.contoso.com");
    assert!(stage.out.lines().last().unwrap().contains("alertJoined s9999"), "each has its change");
}

#[test]
fn each_alert_of_a_flood_has_its_change_and_its_link() {
    let told = play(&sprayed(22));
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("#1 v22 alertJoined s21 [sameTargetedAsset s"), "{last}");
    assert!(last.ends_with("active medium alerts=22"), "{last}");
}

#[test]
fn what_repeats_is_listed_again_after_a_pause_and_what_differs_always() {
    let mut timeline = sprayed(23);
    timeline.push_str(
        r#"
        10:01 mdi/other "Brute force" source=host:pc1.contoso.com target=user:contoso\ann
        10:02 mdi/whom "Spray" source=host:pc1.contoso.com target=user:contoso\bob
        10:30 mdi/later "Spray" source=host:pc1.contoso.com target=user:contoso\ann
        "#,
    );
    let incidents = incidents(Settings::default(), &timeline);
    expect![[r##"
        #1 Spray and 25 more alerts on pc1.contoso.com
          3 more of "Spray", 3 open, 10:00 to 10:00, such as ["s0", "s1", "s2", "s3", "s4"]
    "##]]
    .assert_eq(&told(&incidents));
    let listed = |id: &str| incidents[0].alerts.iter().any(|alert| alert.id.as_str() == id);
    assert!(listed("other") && listed("whom") && listed("later") && listed("s19") && !listed("s20"));
}

#[test]
fn a_folded_alert_is_resolved_and_revised_like_any_other() {
    let mut timeline = sprayed(22);
    timeline.push_str("10:40 mdi/s21 \"Spray\" status=resolved severity=high\n");
    let incidents = incidents(Settings::default(), &timeline);
    expect![[r##"
        #1 Spray and 21 more alerts on pc1.contoso.com
          2 more of "Spray", 1 open, 10:00 to 10:40, such as ["s0", "s1", "s2", "s3", "s4"]
    "##]]
    .assert_eq(&told(&incidents));
    assert_eq!(incidents[0].severity.as_str(), "high");
}

#[test]
fn an_incident_of_two_alerts_of_which_one_is_counted_only_is_not_an_alert_that_is_alone() {
    let timeline = r#"
        10:00 mdi/a1 "Spray" source=host:pc1.contoso.com source=user:contoso\ann
        10:00 mdi/a2 "Spray" source=host:pc1.contoso.com source=user:contoso\ann
        10:05 mde/b1 "Logon" impacted=host:pc2.contoso.com impacted=user:contoso\bob
        10:05 mde/b2 "Discovery" impacted=host:pc2.contoso.com impacted=user:contoso\bob
        10:06 mde/b3 "Service" impacted=host:pc1.contoso.com impacted=user:contoso\bob
        "#;
    expect![[r##"
        #1 Spray and 1 more alert on pc1.contoso.com
          1 more of "Spray", 1 open, 10:00 to 10:00, such as ["a1"]
        #2 Logon and 2 more alerts on 2 hosts
          b3 not with a1 of #1: joinedBetter by pc1.contoso.com 0.46
    "##]]
    .assert_eq(&told(&incidents(Settings { flood_listed: 1, ..Settings::default() }, timeline)));
}

#[test]
fn a_flood_that_is_split_lists_enough_on_both_sides() {
    let mut timeline = sprayed(24);
    timeline.push_str("10:41 ann split #1 mdi/s0 mdi/s23\n");
    expect![[r##"
        #1 Spray and 21 more alerts on pc1.contoso.com
          2 more of "Spray", 2 open, 10:00 to 10:00, such as ["s1", "s2", "s3", "s4", "s5"]
        #2 Spray and 1 more alert on pc1.contoso.com
    "##]]
    .assert_eq(&told(&incidents(Settings::default(), &timeline)));
}

#[test]
fn a_title_names_the_hosts_that_acted_or_were_hit() {
    check(
        r#"
        10:00 mdi/a1 "LDAP reconnaissance" phase=reconnaissance source=host:pc1 target=host:dc1
        12:00 mdi/b1 "Remote code execution" phase=domainDominance source=host:pc2 target=host:dc1
        14:00 mdi/c1 "Account enumeration" phase=reconnaissance target=host:dc1
        "#,
        expect![[r#"
            #1 LDAP reconnaissance on pc1
            #2 Remote code execution on 2 hosts
              somebody: pc2 -> dc1 (shown by b1)
            #3 Account enumeration on dc1
        "#]],
    );
}

#[test]
fn what_is_sent_again_without_news_leaves_the_score_that_the_last_version_had() {
    let mut stage = Stage::new(Settings::default());
    for n in 0..24 {
        stage.take(&format!(
            "10:{n:02} mdi/u{n} \"Logon\" severity=high source=user:contoso\\u{n} target=host:dc1"
        ));
    }
    let record = |stage: &Stage| {
        standing(stage).into_iter().find(|i| i.alerts.iter().any(|a| a.id.as_str() == "u23")).unwrap()
    };
    let before = record(&stage);
    // The controller is a hub, and meets its visitor again in another hour: the record is kept as it was.
    stage
        .take("10:23 mdi/u23 \"Logon\" severity=high source=user:contoso\\u23 target=host:dc1 arrives=14:00");
    assert!(stage.out.ends_with("unchanged: immaterial\n"), "{}", stage.out);
    assert_eq!(record(&stage), before);
}
