//! Attacks beside each other, addresses that change hands, and alerts that come again.

use expect_test::expect;

use crate::check;

/// What everybody's attack uses.
const TOOLS: &str = "related=file:mimikatz related=file:psexec related=file:rubeus related=process:powershell related=registry:run-key";

#[test]
fn two_attacks_with_the_same_tools_on_different_hosts_stay_two() {
    check(
        &format!(
            r#"
            10:00 mde/da01 "Mimikatz credential theft tool" phase=compromisedCredentials impacted=host:a.contoso.azure impacted=user:contoso\ann {TOOLS}
            10:01 mde/da02 "Mimikatz credential theft tool" phase=compromisedCredentials impacted=host:b.contoso.azure impacted=user:contoso\bob {TOOLS}
            10:04 mde/da03 "PsExec used remotely" phase=lateralMovement impacted=host:a.contoso.azure impacted=user:contoso\ann {TOOLS}
            10:05 mde/da04 "PsExec used remotely" phase=lateralMovement impacted=host:b.contoso.azure impacted=user:contoso\bob {TOOLS}
            "#
        ),
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #1 v2 alertJoined da03 [sameTargetedAsset da01 via a.contoso.azure 0.95 gap 4m] [sameActor da01 via contoso\ann 0.95 gap 4m] [similarArtifacts da01 via mimikatz 0.09 gap 4m] [similarArtifacts da01 via psexec 0.09 gap 4m] active medium alerts=2
            #2 v2 alertJoined da04 [sameTargetedAsset da02 via b.contoso.azure 0.95 gap 4m] [sameActor da02 via contoso\bob 0.95 gap 4m] [similarArtifacts da02 via mimikatz 0.09 gap 4m] [similarArtifacts da02 via psexec 0.09 gap 4m] active medium alerts=2
        "#]],
    );
}

#[test]
fn the_same_tools_on_the_same_host_are_one_attack() {
    check(
        &format!(
            r#"
            10:00 mde/da01 "Mimikatz credential theft tool" impacted=host:a.contoso.azure {TOOLS}
            10:50 mde/da02 "Rubeus" impacted=host:a.contoso.azure {TOOLS}
            "#
        ),
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #1 v2 alertJoined da02 [sameTargetedAsset da01 via a.contoso.azure 0.50 gap 50m] [similarArtifacts da01 via mimikatz 0.05 gap 50m] [similarArtifacts da01 via psexec 0.05 gap 50m] [similarArtifacts da01 via rubeus 0.05 gap 50m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_address_that_dhcp_hands_on_joins_only_its_holder_of_the_hour() {
    // The sensor knows addresses only; the endpoint product says whose they were. News of the first hour comes last.
    check(
        r#"
        08:00 mde/da01 "Suspicious PowerShell command line" impacted=host:a.contoso.azure+at@10.0.24.5
        11:00 mde/da02 "Suspicious PowerShell command line" impacted=host:b.contoso.azure+at@10.0.24.5
        11:10 mdi/aa01 "Network-mapping reconnaissance (DNS)" source=ip:10.0.24.5 target=host:dc1.contoso.azure
        08:10 mdi/aa02 "Network-mapping reconnaissance (DNS)" arrives=11:30 source=ip:10.0.24.5 target=host:dc1.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #2 v2 alertJoined aa01 [sameNetworkSegment da02 via b.contoso.azure 0.53 gap 10m] active medium alerts=2
            #1 v2 alertJoined aa02 [sameNetworkSegment da01 via a.contoso.azure 0.53 gap 10m] active medium alerts=2
        "#]],
    );
}

#[test]
fn between_two_holders_an_address_is_still_the_first_one_s() {
    // Whoever was seen with it holds it until another is, however near that is.
    check(
        r#"
        08:00 mde/da01 "Suspicious PowerShell command line" impacted=host:a.contoso.azure+at@10.0.24.5
        10:35 mde/da02 "Suspicious PowerShell command line" impacted=host:a.contoso.azure
        11:00 mde/da03 "Suspicious PowerShell command line" impacted=host:b.contoso.azure+at@10.0.24.5
        10:45 mdi/aa01 "Network-mapping reconnaissance (DNS)" arrives=11:30 source=ip:10.0.24.5 target=host:dc1.contoso.azure
        07:45 mdi/aa02 "Network-mapping reconnaissance (DNS)" arrives=11:31 source=ip:10.0.24.5 target=host:dc1.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened da03 active medium alerts=1
            #2 v2 alertJoined aa01 [sameNetworkSegment da02 via a.contoso.azure 0.50 gap 10m] active medium alerts=2
            #1 v2 alertJoined aa02 [sameNetworkSegment da01 via a.contoso.azure 0.46 gap 15m] active medium alerts=2
        "#]],
    );
}

#[test]
fn an_address_that_outlives_its_binding_joins_nobody() {
    check(
        r#"
        08:00 mde/da01 "Suspicious PowerShell command line" impacted=host:a.contoso.azure+at@10.0.24.5
        16:10 mde/da02 "Suspicious PowerShell command line" impacted=host:a.contoso.azure
        16:15 mdi/aa01 "Network-mapping reconnaissance (DNS)" source=ip:10.0.24.5 target=host:dc1.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
            #3 v1 opened aa01 active medium alerts=1
        "#]],
    );
}

#[test]
fn what_the_vendor_sends_again_resolves_and_reopens_days_later_is_the_same_incident() {
    // The last two come when the incident takes no further alerts for long.
    check(
        r#"
        10:00 mde/da01 "Suspicious PowerShell command line" impacted=host:a.contoso.azure
        10:00 mde/da01 "Suspicious PowerShell command line" impacted=host:a.contoso.azure arrives=10:12
        10:00 mde/da01 "Suspicious PowerShell command line" impacted=host:a.contoso.azure related=file:f1 arrives=+3d10:00
        10:00 mde/da01 "Suspicious PowerShell command line" status=resolved impacted=host:a.contoso.azure arrives=+5d10:00
        10:00 mde/da01 "Suspicious PowerShell command line" status=inProgress impacted=host:a.contoso.azure arrives=+24d10:00
        10:00 mde/da01 "Suspicious PowerShell command line" status=resolved impacted=host:a.contoso.azure arrives=+60d10:00
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            unchanged: immaterial
            #1 v2 alertRevised da01 active medium alerts=1
            #1 v3 alertRevised da01 active medium alerts=1
            #1 v4 resolved resolved medium alerts=1
            #1 v5 alertRevised da01 resolved medium alerts=1
            #1 v6 reopened active medium alerts=1
            #1 v7 alertRevised da01 active medium alerts=1
            #1 v8 resolved resolved medium alerts=1
        "#]],
    );
}

#[test]
fn an_alert_of_its_own_days_later_is_another_incident() {
    check(
        r#"
        10:00 mde/da01 "Suspicious PowerShell command line" impacted=host:a.contoso.azure
        +3d10:00 mde/da02 "Suspicious PowerShell command line" impacted=host:a.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened da01 active medium alerts=1
            #2 v1 opened da02 active medium alerts=1
        "#]],
    );
}

#[test]
fn what_holds_resources_joins_nothing_and_a_resource_does() {
    check(
        r#"
        10:00 mdc/c1 "Unusual deletion" impacted=cloudResource:/subscriptions/s
        10:01 mdc/c2 "Suspicious access" impacted=cloudResource:/subscriptions/s related=cloudResource:/subscriptions/s/resourcegroups/g
        10:02 mdc/c3 "Mass download" impacted=cloudResource:/subscriptions/s/resourcegroups/g
        10:03 mdc/c4 "Malware uploaded" impacted=cloudResource:/subscriptions/s/resourcegroups/g/providers/microsoft.storage/storageaccounts/a
        10:04 mdc/c5 "Anonymous access" impacted=cloudResource:/subscriptions/s/resourcegroups/g/providers/microsoft.storage/storageaccounts/a
        "#,
        expect![[r#"
            #1 v1 opened c1 active medium alerts=1
            #2 v1 opened c2 active medium alerts=1
            #3 v1 opened c3 active medium alerts=1
            #4 v1 opened c4 active medium alerts=1
            #4 v2 alertJoined c5 [sameTargetedAsset c4 via /subscriptions/s/resourcegroups/g/providers/microsoft.storage/storageaccounts/a 0.49 gap 1m] active medium alerts=2
        "#]],
    );
}
