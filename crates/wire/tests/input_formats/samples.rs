//! Every record that lies in `samples` beside the repository decodes. Skipped, and said so, where it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use braid_alert::{Alert, EntityKind, IdentifierKind, Phase, Provider, Role};
use braid_wire::Format;
use expect_test::expect;

use crate::fixture::{decode_all, decode_one, render_evidence};

fn sample(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: {} is not here", path.display());
    }
    text
}

fn decode_lines(format: Format, text: &str) -> Vec<Alert> {
    text.lines().map(|line| decode_one(format, line)).collect()
}

/// How often each value occurs, in the order of the values.
fn tally<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    values.into_iter().for_each(|value| *counts.entry(value.to_string()).or_default() += 1);
    counts.iter().map(|(value, count)| format!("{value} {count}\n")).collect()
}

#[test]
fn all_35_lines_of_the_manual_decode() {
    let Some(text) = sample("mdi/cef.txt") else { return };
    let alerts = decode_lines(Format::MdiCef, &text);
    assert_eq!(alerts.len(), 35);
    assert!(alerts.iter().all(|alert| alert.provider == Provider::DefenderForIdentity));
    assert!(alerts.iter().all(|alert| !alert.evidence.is_empty() && alert.description.is_some()));
    assert!(alerts.iter().all(|alert| alert.updated.as_millis() % 1_000 != 0), "each has its syslog time");
    expect![[r#"
        compromisedCredentials 4
        domainDominance 14
        exfiltration 2
        lateralMovement 11
        reconnaissance 4
    "#]]
    .assert_eq(&tally(alerts.iter().map(|alert| alert.phase.clone().expect("all are known"))));
    expect![[r#"
        impacted host 4
        impacted user 3
        related host 9
        source host 33
        source user 13
        target host 16
        target url 1
        target user 2
    "#]]
    .assert_eq(&tally(
        alerts.iter().flat_map(|alert| &alert.evidence).map(|e| format!("{} {}", e.role, e.kind)),
    ));
    // The one line whose number is another type's, which its signature puts right.
    assert_eq!(alerts[5].detector.as_deref(), Some("2021"));
}

#[test]
fn in_the_manual_s_lines_no_domain_controller_is_a_source() {
    let Some(text) = sample("mdi/cef.txt") else { return };
    let sources: BTreeSet<_> = decode_lines(Format::MdiCef, &text)
        .into_iter()
        .flat_map(|alert| alert.evidence)
        .filter(|piece| piece.kind == EntityKind::Host && piece.role == Role::Source)
        .flat_map(|piece| piece.identifiers)
        .map(|identifier| identifier.value)
        .collect();
    assert!(sources.iter().all(|name| !name.starts_with("dc")), "{sources:?}");
}

#[test]
fn several_lines_of_one_record_decode_as_they_do_alone() {
    let Some(text) = sample("mdi/cef.txt") else { return };
    let together = decode_all(Format::MdiCef, &text);
    assert_eq!(together.len(), 35);
    assert!(together.iter().all(Result::is_ok));
}

#[test]
fn all_595_rows_decode() {
    let Some(text) = sample("defender-xdr/alerts.jsonl") else { return };
    let alerts = decode_lines(Format::SentinelSecurityAlert, &text);
    assert_eq!(alerts.len(), 595);
    let keys: BTreeSet<_> = alerts.iter().map(Alert::key).collect();
    assert_eq!(keys.len(), 163, "one key an alert");
    expect![[r#"
        microsoft365Defender 19
        microsoftDefenderForCloudApps 2
        microsoftDefenderForEndpoint 537
        microsoftDefenderForIdentity 24
        microsoftDefenderForOffice365 13
    "#]]
    .assert_eq(&tally(alerts.iter().map(|alert| &alert.provider)));
    expect![[r#"
        - 64
        commandAndControl 12
        compromisedCredentials 96
        defenseEvasion 27
        domainDominance 8
        execution 95
        impact 57
        initialAccess 20
        lateralMovement 133
        persistence 32
        privilegeEscalation 8
        reconnaissance 43
    "#]]
    .assert_eq(&tally(alerts.iter().map(|alert| alert.phase.as_ref().map_or("-", Phase::as_str))));
    expect![[r#"
        cloudApplication related 4
        file related 1610
        host impacted 537
        host related 15
        host source 20
        host target 20
        ip related 259
        ip source 3
        mailCluster related 59
        mailMessage related 16
        mailMessage source 1
        mailbox related 24
        mailbox target 13
        process related 1701
        registry related 22
        url related 63
        url source 1
        user impacted 553
        user related 68
        user source 16
        user target 4
    "#]]
    .assert_eq(&tally(
        alerts.iter().flat_map(|alert| &alert.evidence).map(|e| format!("{} {}", e.kind, e.role)),
    ));
    expect![[r#"
        accountName 567
        address 262
        applicationId 4
        defenderDeviceId 548
        displayName 306
        domainAccount 556
        entraDeviceId 515
        filePath 1574
        fqdn 592
        mailCluster 59
        md5 1409
        netbiosName 592
        networkMessageId 17
        objectId 517
        processKey 1689
        registryPath 22
        sha1 1434
        sha256 1419
        sid 629
        upn 531
        url 64
    "#]]
    .assert_eq(&tally(alerts.iter().flat_map(|a| &a.evidence).flat_map(|e| &e.identifiers).map(|i| &i.kind)));
}

#[test]
fn one_full_name_is_one_device_in_the_rows() {
    let Some(text) = sample("defender-xdr/alerts.jsonl") else { return };
    let mut devices = BTreeMap::<Box<str>, BTreeSet<Box<str>>>::new();
    for piece in
        decode_lines(Format::SentinelSecurityAlert, &text).into_iter().flat_map(|alert| alert.evidence)
    {
        let find = |kind| piece.identifiers.iter().find(|i| i.kind == kind).map(|i| i.value.clone());
        if let (Some(fqdn), Some(device)) =
            (find(IdentifierKind::Fqdn), find(IdentifierKind::DefenderDeviceId))
        {
            devices.entry(fqdn).or_default().insert(device);
        }
    }
    assert!(devices.len() >= 10 && devices.values().all(|ids| ids.len() == 1), "{devices:?}");
}

#[test]
fn the_alert_that_the_graph_reference_prints_decodes() {
    let Some(text) = sample("graph/alert.json") else { return };
    let mut results = decode_all(Format::GraphAlert, &text);
    let alert = results.remove(0).expect("it is good");
    assert_eq!(alert.phase, Some(Phase::DefenseEvasion));
    expect![[r#"
          - impacted host: defenderDeviceId:73e7e2de709dff64ef64b1d0c30e67fab63279db resourceId:/subscriptions/8700d3a3-3bb7-4fbe-a090-488a1ad04161/resourcegroups/wdatpapi-eus-stg/providers/microsoft.compute/virtualmachines/nirlavitests netbiosName:tempdns verdict=unknown tags=Test Machine address=1.1.1.1
          - related file: sha256:8963a19fb992ad9a76576c5638fd68292cffb9aaac29eb8285f9abf6196a7dec sha1:5f1e8acedc065031aad553b710838eb366cfee9a filePath:c:\program files\temp\mssense.exe label="MsSense.exe" verdict=unknown
          - related process: processKey:mssense.exe:4780:2021-08-12t12:43:19.077257z label="\"MsSense.exe\"" verdict=unknown
          - related file: sha256:8963a19fb992ad9a76576c5638fd68292cffb9aaac29eb8285f9abf6196a7dec sha1:5f1e8acedc065031aad553b710838eb366cfee9a filePath:c:\program files\temp\mssense.exe label="MsSense.exe"
          - related user: sid:S-1-5-18 domainAccount:nt authority\system accountName:system displayName:System
          - related registry: registryPath:hkey_local_machine\system\controlset001\control\wmi\autologger\senseauditlogger verdict=unknown
    "#]].assert_eq(&render_evidence(&alert.evidence));
}
