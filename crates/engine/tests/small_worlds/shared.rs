//! What many use: jump hosts, shared workstations, service accounts. Behaviour shows them as soon as they are seen with
//! several users or hosts; a tag in the directory shows them from the first alert on.

use std::fmt::Write;

use expect_test::expect;

use crate::check;
use crate::timeline::play;

/// A morning on a jump host: two users, hours apart, with nothing in common.
const MORNING: &str = r#"
        06:00 mde/da01 "Suspicious PowerShell command line" impacted=host:jump01.contoso.azure impacted=user:contoso\ann
        08:00 mde/da02 "Suspicious scheduled task" impacted=host:jump01.contoso.azure impacted=user:contoso\bob
"#;

#[test]
fn a_jump_host_joins_only_if_the_user_agrees() {
    check(
        &format!(
            r#"{MORNING}
            10:00 mde/da03 "Password stealing from files" impacted=host:jump01.contoso.azure impacted=user:contoso\carl
            10:04 mde/da04 "Suspicious scheduled task" impacted=host:jump01.contoso.azure impacted=user:contoso\dora
            10:06 mde/da05 "Mimikatz" impacted=host:jump01.contoso.azure impacted=user:contoso\carl
            "#
        ),
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened da03 active medium alerts=1
            #4 v1 opened da04 active medium alerts=1
            #3 v2 alertJoined da05 [sameActor da03 via contoso\carl 0.93 gap 6m] [sameTargetedAsset da03 via jump01.contoso.azure 0.59 gap 6m] active medium alerts=2
        "#]],
    );
}

#[test]
fn a_jump_host_joins_if_the_session_agrees() {
    // The attacker runs something as another account, in the logon session that is known.
    check(
        &format!(
            r#"{MORNING}
            10:00 mde/da03 "Password stealing from files" impacted=host:jump01.contoso.azure impacted=user:contoso\carl related=cloudLogon:s-7
            10:04 mde/da04 "Suspicious scheduled task" impacted=host:jump01.contoso.azure impacted=user:contoso\dora related=cloudLogon:s-7
            10:06 mde/da05 "Suspicious scheduled task" impacted=host:jump01.contoso.azure impacted=user:contoso\eve related=cloudLogon:s-8
            "#
        ),
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened da03 active medium alerts=1
            #3 v2 alertJoined da04 [sameActor da03 via s-7 0.47 gap 4m] [sameTargetedAsset da03 via jump01.contoso.azure 0.02 gap 4m] active medium alerts=2
            #4 v1 opened da05 active medium alerts=1
        "#]],
    );
}

#[test]
fn an_ordinary_host_joins_its_second_user_too() {
    // Until it is seen with more, an account that turns up where another one was is how attacks go on.
    check(
        r#"
        10:00 mde/da01 "Password stealing from files" impacted=host:victimpc.contoso.azure impacted=user:contoso\jeffl
        10:04 mde/da02 "Mimikatz" impacted=host:victimpc.contoso.azure impacted=user:contoso\ronhd
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #1 v2 alertJoined da02 [sameTargetedAsset da01 via victimpc.contoso.azure 0.47 gap 4m] active medium alerts=2
        "#]],
    );
}

#[test]
fn a_workstation_that_the_directory_calls_shared_joins_only_if_the_user_agrees() {
    // From the first alert on, and even if an alert names no user at all.
    check(
        r#"
        09:00 directory host:adminws.contoso.azure object=ws1 tag=Shared
        10:00 mde/da01 "Password stealing from files" impacted=host:adminws.contoso.azure impacted=user:contoso\jeffl
        10:04 mde/da02 "Mimikatz" impacted=host:adminws.contoso.azure impacted=user:contoso\ronhd
        10:05 mde/da03 "Malware was prevented" impacted=host:adminws.contoso.azure
        10:06 mde/da04 "Suspicious service launched" impacted=host:adminws.contoso.azure impacted=user:contoso\jeffl
        "#,
        expect![[r#"
            ws1: listed
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened da03 active medium alerts=1
            #1 v2 alertJoined da04 [sameActor da01 via contoso\jeffl 0.93 gap 6m] [sameTargetedAsset da01 via adminws.contoso.azure 0.74 gap 6m] active medium alerts=2
        "#]],
    );
}

#[test]
fn across_an_explicit_hop_whoever_acts_on_the_jump_host_next_joins() {
    check(
        &format!(
            r#"{MORNING}
            12:00 mdi/aa01 "Suspected pass-the-ticket" phase=lateralMovement source=user:contoso\eve source=host:victimpc.contoso.azure target=host:jump01.contoso.azure
            12:02 mde/da03 "Mimikatz" impacted=host:jump01.contoso.azure impacted=user:contoso\localadmin
            12:09 mde/da04 "Malware was prevented" impacted=host:jump01.contoso.azure
            "#
        ),
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened aa01 active medium alerts=1
            #3 v2 alertJoined da03 [sameTargetedAsset aa01 via jump01.contoso.azure 0.42 gap 2m] active medium alerts=2
            #3 v3 alertJoined da04 [sameTargetedAsset da03 via jump01.contoso.azure 0.44 gap 7m] active medium alerts=3
        "#]],
    );
}

#[test]
fn across_an_explicit_hop_a_tagged_jump_host_joins_too() {
    check(
        r#"
        09:00 directory host:jump01.contoso.azure object=j1 tag=jumpHost
        12:00 mdi/aa01 "Suspected pass-the-ticket" phase=lateralMovement source=user:contoso\eve source=host:victimpc.contoso.azure target=host:jump01.contoso.azure
        12:02 mde/da01 "Mimikatz" impacted=host:jump01.contoso.azure impacted=user:contoso\localadmin
        "#,
        expect![[r#"
            j1: listed
            #1 v1 opened aa01 active medium alerts=1
            #1 v2 alertJoined da01 [sameTargetedAsset aa01 via jump01.contoso.azure 0.53 gap 2m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_alert_beside_the_hop_does_not_open_the_jump_host() {
    // The same as above, but that nobody says where eve came from.
    check(
        &format!(
            r#"{MORNING}
            12:00 mdi/aa01 "Suspicious logon" phase=lateralMovement source=user:contoso\eve target=host:jump01.contoso.azure
            12:02 mde/da03 "Mimikatz" impacted=host:jump01.contoso.azure impacted=user:contoso\localadmin
            "#
        ),
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened aa01 active medium alerts=1
            #4 v1 opened da03 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_service_account_that_is_seen_on_several_servers_joins_only_with_its_server() {
    check(
        r#"
        06:00 mde/da01 "Suspicious PowerShell command line" impacted=host:srv1.contoso.azure impacted=user:contoso\svcbackup
        08:00 mde/da02 "Suspicious PowerShell command line" impacted=host:srv2.contoso.azure impacted=user:contoso\svcbackup
        10:00 mde/da03 "Password stealing from files" impacted=host:srv3.contoso.azure impacted=user:contoso\svcbackup
        10:03 mde/da04 "Suspicious scheduled task" impacted=host:srv4.contoso.azure impacted=user:contoso\svcbackup
        10:05 mde/da05 "Mimikatz" impacted=host:srv3.contoso.azure impacted=user:contoso\svcbackup
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened da03 active medium alerts=1
            #4 v1 opened da04 active medium alerts=1
            #3 v2 alertJoined da05 [sameTargetedAsset da03 via srv3.contoso.azure 0.94 gap 5m] [sameActor da03 via contoso\svcbackup 0.60 gap 5m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_account_on_its_second_host_joins_while_nothing_says_that_it_is_a_service() {
    check(
        r#"
        10:00 mde/da01 "Password stealing from files" impacted=host:srv1.contoso.azure impacted=user:contoso\svcbackup
        10:03 mde/da02 "Suspicious scheduled task" impacted=host:srv2.contoso.azure impacted=user:contoso\svcbackup
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #1 v2 alertJoined da02 [sameActor da01 via contoso\svcbackup 0.48 gap 3m] active medium alerts=2
        "#]],
    );
}

#[test]
fn a_service_account_that_a_directory_marks_never_joins_alone() {
    // On another server, beside a server that the other alert does not name, and where neither names one.
    check(
        r#"
        09:00 directory user:contoso\svcbackup object=s1 tag=serviceAccount
        10:00 mde/da01 "Password stealing from files" impacted=host:srv1.contoso.azure impacted=user:contoso\svcbackup
        10:03 mde/da02 "Suspicious scheduled task" impacted=host:srv2.contoso.azure impacted=user:contoso\svcbackup
        10:04 mdi/aa01 "Honeytoken activity" source=user:contoso\svcbackup
        10:05 mdi/aa02 "Suspected brute-force attack (Kerberos, NTLM)" source=user:contoso\svcbackup
        10:06 mde/da03 "Mimikatz" impacted=host:srv1.contoso.azure impacted=user:contoso\svcbackup
        "#,
        expect![[r#"
            s1: listed
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened aa01 active medium alerts=1
            #4 v1 opened aa02 active medium alerts=1
            #1 v2 alertJoined da03 [sameTargetedAsset da01 via srv1.contoso.azure 0.93 gap 6m] [sameActor da01 via contoso\svcbackup 0.59 gap 6m] active medium alerts=2
        "#]],
    );
}

/// A service account on a hundred servers, a new one every quarter of an hour, and two alerts that name no server.
fn hundred_servers(directory: &str) -> String {
    let mut timeline = directory.to_owned();
    for n in 0..100 {
        let (hours, minutes) = (n / 4, n % 4 * 15);
        let day = if hours < 24 { String::new() } else { "+1d".to_owned() };
        let hours = hours % 24;
        writeln!(
            timeline,
            r#"{day}{hours:02}:{minutes:02} mde/da{n:02} "Suspicious PowerShell command line" impacted=host:srv{n}.contoso.azure impacted=user:contoso\svcbackup"#
        )
        .unwrap();
    }
    timeline += "+1d01:00 mdi/aa01 \"Honeytoken activity\" source=user:contoso\\svcbackup\n";
    timeline +=
        "+1d01:01 mdi/aa02 \"Suspected brute-force attack (Kerberos)\" source=user:contoso\\svcbackup\n";
    play(&timeline)
}

#[test]
fn a_marked_service_account_of_a_hundred_servers_leaves_a_hundred_incidents() {
    let out = hundred_servers("00:00 directory user:contoso\\svcbackup object=s1 tag=serviceAccount\n");
    assert_eq!(out.lines().filter(|line| line.contains(" v1 opened ")).count(), 102, "{out}");
}

#[test]
fn an_unmarked_one_looks_like_an_attacker_until_it_has_met_too_many() {
    // One account on one host after the other, minutes apart, is what attacks look like: thirteen are one incident. Then
    // it has met too many, and joins nothing for as long as it does, with a server or without.
    let out = hundred_servers("");
    let joined: Vec<&str> = out.lines().filter(|line| line.contains("alertJoined")).collect();
    assert_eq!(joined.len(), 12, "{out}");
    assert!(joined.iter().all(|line| line.starts_with("#1 ")), "{out}");
    assert!(out.contains("hub: contoso\\svcbackup"), "{out}");
}
