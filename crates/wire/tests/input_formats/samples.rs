//! Every record that lies in `samples` beside the repository decodes. Skipped, and said so, where it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use braid_alert::{Alert, EntityKind, IdentifierKind, Origin, Phase, Provider, Role, Severity, SourceTime};
use braid_wire::{Format, Refusal, RefusalReason, SourceRules, decode};
use expect_test::expect;

use crate::fixture::{decode_all, decode_one, origin, render_evidence, rules};

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
        target host 17
        target url 1
        target user 2
    "#]]
    .assert_eq(&tally(
        alerts.iter().flat_map(|alert| &alert.evidence).map(|e| format!("{} {}", e.role, e.kind)),
    ));
    // The one line whose number is another type's, which its signature puts right.
    assert_eq!(alerts[5].detector.as_deref(), Some("2021"));
}

/// An alert in a line that a reader of the record can check: what it is, and who did what to whom.
fn in_a_line(alert: &Alert) -> String {
    let name = |piece: &braid_alert::Evidence| {
        let label = || piece.label.as_deref().map(|label| label.chars().take(24).collect::<String>());
        let first = piece.identifiers.first().map(|identifier| identifier.value.chars().take(20).collect());
        format!("{}:{}={}", piece.role, piece.kind, first.or_else(label).unwrap_or_default())
    };
    let detector = alert.detector.as_deref().unwrap_or("-");
    let phase = alert.phase.as_ref().map_or("-", |phase| phase.as_str());
    let evidence: Vec<_> = alert.evidence.iter().map(name).collect();
    format!("{detector} {} {phase} {} {}\n", alert.severity, alert.first_activity, evidence.join(" "))
}

#[test]
fn each_line_of_the_manual_says_who_did_what_to_whom() {
    let Some(text) = sample("mdi/cef.txt") else { return };
    let told: String = decode_lines(Format::MdiCef, &text).iter().map(in_a_line).collect();
    expect![[r#"
        2003 medium reconnaissance 2018-02-21T14:19:02.604541Z target:user=contoso\lmaldonado source:host=client1.contoso.com
        2030 high exfiltration 2018-12-19T12:14:12.493282Z source:user=Eugene Jenkins source:host=client1.contoso.com target:host=dc2
        2014 medium compromisedCredentials 2018-02-21T14:20:26.670561Z impacted:user=contoso\honey target:host=client2 related:host=dc1 source:host=client1.contoso.com
        2020 high domainDominance 2018-10-29T09:19:45.630799Z source:user=contoso\user1 source:host=client1.contoso.com target:host=dc1
        2007 medium reconnaissance 2018-10-29T09:19:43.503376Z source:host=client1.contoso.com target:host=dc1
        2021 medium reconnaissance 2018-02-21T14:19:41.991277Z source:user=contoso\user1 source:host=client1.contoso.com target:host=dc1
        2019 medium domainDominance 2018-10-29T09:19:45.055236Z source:user=contoso\user1 source:host=client1.contoso.com target:host=dc1
        2036 medium lateralMovement 2019-01-17T08:24:54.52938Z source:host=client1.contoso.com target:host=dc1
        2038 medium reconnaissance 2019-02-18T14:46:29.464427Z source:host=client1.contoso.com target:host=dc1
        2004 medium compromisedCredentials 2018-02-21T14:19:41.742281Z target:user=Wofford Thurston source:host=client1.contoso.com
        2023 medium compromisedCredentials 2018-10-29T09:19:44.951228Z source:host=client1.contoso.com
        2026 medium domainDominance 2018-02-21T14:19:41.78978Z source:user=contoso\user1 impacted:host=client1.contoso.com
        2009 medium domainDominance 2018-10-29T09:37:49.084913Z source:host=w10-000007-lap related:host=client1.contoso.com
        2027 high domainDominance 2018-07-01T09:48:31.256798Z source:user=domain1\fake source:host=client1.contoso.com
        2032 high domainDominance 2018-11-18T10:44:12.931779Z source:user=contoso\rfosdyke source:host=client2 related:host=client1.contoso.com
        2022 high domainDominance 2018-02-21T14:19:03.241615Z source:user=Lanell Campos source:host=client1.contoso.com
        2013 high domainDominance 2018-10-29T09:19:43.640335Z source:user=contoso\user1 target:host=dc1 source:host=client1.contoso.com
        2017 high lateralMovement 2018-02-21T15:02:22.257746Z impacted:user=Eugene Jenkins source:host=client1.contoso.com
        2018 high lateralMovement 2018-02-21T15:02:22.257746Z impacted:user=Eugene Jenkins impacted:host=admin-pc source:host=victim-pc related:host=client1.contoso.com
        2039 medium lateralMovement 2019-07-09T15:14:57.528072Z source:host=client1.contoso.com
        2008 medium lateralMovement 2018-02-21T14:19:41.873787Z source:host=client1.contoso.com
        2010 medium domainDominance 2018-02-21T14:19:41.873787Z source:host=client1.contoso.com impacted:host=dc1
        2023 medium compromisedCredentials 2018-02-21T14:19:03.383112Z source:host=client1.contoso.com
        2031 medium exfiltration 2018-10-04T11:49:11.082207Z source:host=client1.contoso.com target:url=suspiciousdomainname
        2028 high domainDominance 2018-07-12T08:17:55.406709Z source:host=client1.contoso.com target:host=dc1
        2024 medium domainDominance 2018-10-29T09:19:43.301372Z source:user=contoso\user1 source:host=client1.contoso.com
        2006 high domainDominance 2018-02-21T14:19:03.997565Z source:user=contoso\user1 source:host=client1.contoso.com target:host=dc1
        2029 high domainDominance 2018-07-12T08:17:55.38161Z source:host=client1.contoso.com target:host=dc1
        2026 medium domainDominance 2018-10-29T09:19:44.947196Z source:user=contoso\user1 impacted:host=client1.contoso.com
        2025 medium lateralMovement 2018-06-30T15:34:05.388733Z source:user=contoso\user1 source:host=client1.contoso.com
        2035 medium lateralMovement 2018-02-21T14:19:03.198115Z source:host=client2 target:host=dc1 related:host=client1.contoso.com
        2033 medium lateralMovement 2018-02-21T14:19:03.198115Z source:host=client2 target:host=dc1 related:host=client1.contoso.com
        2034 medium lateralMovement 2018-02-21T14:19:03.198115Z source:host=client2 target:host=dc1 related:host=client1.contoso.com
        2002 medium lateralMovement 2018-02-21T14:19:03.198115Z source:host=client2 target:host=dc1 related:host=client1.contoso.com
        2034 medium lateralMovement 2018-02-21T14:19:03.198115Z source:host=client2 target:host=dc1 related:host=client1.contoso.com
    "#]].assert_eq(&told);
}

/// Alerts and refusals of the mobile console's samples, which are younger than the records of other tests.
fn mobile(text: &str, severity_min: Option<Severity>) -> Vec<Result<Alert, Refusal>> {
    let rules = SourceRules { severity_min, ..rules(Format::ZimperiumMtd) };
    let origin = Origin { source_time: SourceTime::MIN, ..origin() };
    text.lines().flat_map(|line| decode(line.as_bytes(), &origin, &rules)).collect()
}

fn in_lines(text: &str) -> String {
    let told = |found: Result<Alert, Refusal>| match found {
        Ok(alert) => format!("{} {}", alert.status, in_a_line(&alert)),
        Err(refusal) => format!("{}\n", refusal.reason),
    };
    mobile(text, None).into_iter().map(told).collect()
}

#[test]
fn each_record_of_the_mobile_console_says_which_phone_and_whose() {
    let told = |file: &str| sample(&format!("zimperium/{file}.jsonl")).map(|text| in_lines(&text));
    let files = ["threats", "mitigations", "incidents", "incident-mitigations"];
    let [Some(threats), Some(mitigations), Some(incidents), Some(closed)] = files.map(told) else { return };
    expect![[r#"
        new USB_DEBUGGING_ON medium initialAccess 2026-04-14T19:30:47Z impacted:mobileDevice=23734632-8adf-4baa-a impacted:user=test-de0a9144-e270-4 related:vendorIncident=zimperium/6d5b8f9f-8
        new DEVELOPER_OPTIONS_ON low impact 2026-04-14T19:30:57Z impacted:mobileDevice=23734632-8adf-4baa-a impacted:user=test-de0a9144-e270-4 related:vendorIncident=zimperium/034d5675-7
        new USB_DEBUGGING_ON medium initialAccess 2026-04-14T21:52:06Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4 related:vendorIncident=zimperium/5e366c69-8
        new DEVELOPER_OPTIONS_ON low impact 2026-04-14T21:52:16Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4 related:vendorIncident=zimperium/1237fd9e-3
        new APK_SUSPECTED critical initialAccess 2026-04-14T21:52:18Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4 related:file=4475064c5f6a5474e31f related:process=Magisk related:vendorIncident=zimperium/9132b573-1
        new APP_TAMPERING critical persistence 2026-04-14T21:52:20Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4 related:vendorIncident=zimperium/a0f3ad33-c
        new VULNERABLE_NON_UPGRADEABLE_ANDROID_VERSION low impact 2026-04-14T21:52:22Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4 related:vendorIncident=zimperium/04d85366-6
        new PASSCODE_NOT_ENABLED medium impact 2026-04-14T21:52:24Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4 related:vendorIncident=zimperium/33ac7f75-e
        new USB_DEBUGGING_ON medium initialAccess 2026-04-14T21:56:45Z impacted:mobileDevice=e80b9763-41d3-460e-9 impacted:user=test-bcc67cc0-4418-4 related:vendorIncident=zimperium/8a8aadfa-a
    "#]].assert_eq(&threats);
    expect![[r#"
        resolved USB_DEBUGGING_ON medium - 2026-04-14T21:52:16Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4
        resolved DEVELOPER_OPTIONS_ON low - 2026-04-14T21:52:18Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4
        resolved APK_SUSPECTED critical - 2026-04-14T21:52:20Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4
        resolved APP_TAMPERING critical - 2026-04-14T21:52:22Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4
        resolved VULNERABLE_NON_UPGRADEABLE_ANDROID_VERSION low - 2026-04-14T21:52:24Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4
        resolved PASSCODE_NOT_ENABLED medium - 2026-04-14T21:52:26Z impacted:mobileDevice=96930066-242b-4499-9 impacted:user=test-c9dca281-178b-4
        resolved USB_DEBUGGING_ON medium - 2026-04-14T21:56:55Z impacted:mobileDevice=e80b9763-41d3-460e-9 impacted:user=test-bcc67cc0-4418-4
    "#]].assert_eq(&mitigations);
    expect![[r#"
        new - medium - 2026-05-06T14:04:22Z impacted:mobileDevice=e3852ddd-3ed2-4aca-a related:vendorIncident=zimperium/84c588e7-b
        resolved - critical - 2026-05-06T14:04:22Z impacted:mobileDevice=e3852ddd-3ed2-4aca-a related:vendorIncident=zimperium/6a32de11-a
        new - critical - 2026-05-06T14:04:22Z impacted:mobileDevice=e3852ddd-3ed2-4aca-a related:vendorIncident=zimperium/a2b18e8f-a
        new - medium - 2026-05-06T14:04:22Z impacted:mobileDevice=e3852ddd-3ed2-4aca-a related:vendorIncident=zimperium/80ec9d52-7
    "#]].assert_eq(&incidents);
    assert_eq!(closed, "beside_alerts\n", "each threat says for itself that it is over");
}

/// Every threat that is mitigated is one that was found before, and what a source takes of the one it takes of the other.
#[test]
fn each_mitigation_of_the_samples_is_of_a_threat_of_the_samples() {
    let files = ["zimperium/threats.jsonl", "zimperium/mitigations.jsonl"];
    let [Some(threats), Some(mitigations)] = files.map(sample) else { return };
    let taken = |text: &str, least| -> BTreeSet<_> {
        mobile(text, least).iter().flatten().map(|alert| alert.key().to_string()).collect()
    };
    assert!(taken(&mitigations, None).is_subset(&taken(&threats, None)));
    let critical = |text: &str| taken(text, Some(Severity::Critical));
    assert_eq!((critical(&threats).len(), critical(&threats)), (2, critical(&mitigations)));
    let refused = mobile(&mitigations, Some(Severity::Critical)).into_iter().filter_map(Result::err);
    assert!(refused.map(|refusal| refusal.reason).all(|reason| reason == RefusalReason::FilteredMitigation));
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
        user related 79
        user source 16
        user target 4
    "#]]
    .assert_eq(&tally(
        alerts.iter().flat_map(|alert| &alert.evidence).map(|e| format!("{} {}", e.kind, e.role)),
    ));
    expect![[r#"
        accountName 578
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

#[test]
fn all_622_rows_of_the_streaming_tables_decode() {
    let (Some(infos), Some(pieces)) =
        (sample("defender-stream/AlertInfo.jsonl"), sample("defender-stream/AlertEvidence.jsonl"))
    else {
        return;
    };
    let infos = decode_lines(Format::DefenderXdrStreaming, &infos);
    let pieces = decode_lines(Format::DefenderXdrStreaming, &pieces);
    assert_eq!((infos.len(), pieces.len()), (156, 466));
    assert!(infos.iter().all(|alert| alert.severity.is_said() && alert.evidence.is_empty()));
    assert!(pieces.iter().all(|piece| !piece.severity.is_said()));
    // Two processes without image, id and time, and an address without address.
    let nameless = pieces.iter().filter(|piece| piece.evidence.iter().all(|e| e.identifiers.is_empty()));
    assert_eq!(nameless.count(), 3);
    let keys = |alerts: &[Alert]| alerts.iter().map(Alert::key).collect::<BTreeSet<_>>();
    assert_eq!(keys(&infos).len(), 156, "one key an alert");
    assert!(keys(&pieces).is_subset(&keys(&infos)));
    expect![[r#"
        microsoft365Defender 4
        microsoftDefenderForCloudApps 1
        microsoftDefenderForEndpoint 139
        microsoftDefenderForIdentity 7
        microsoftDefenderForOffice365 4
        microsoftSentinel 1
    "#]]
    .assert_eq(&tally(infos.iter().map(|alert| &alert.provider)));
    expect![[r#"
        - 40
        commandAndControl 4
        compromisedCredentials 24
        defenseEvasion 6
        domainDominance 2
        execution 25
        impact 1
        initialAccess 6
        lateralMovement 29
        persistence 10
        privilegeEscalation 2
        reconnaissance 7
    "#]]
    .assert_eq(&tally(infos.iter().map(|alert| alert.phase.as_ref().map_or("-", Phase::as_str))));
}

#[test]
fn the_evidence_of_the_streaming_tables_names_whom_it_means() {
    let Some(pieces) = sample("defender-stream/AlertEvidence.jsonl") else { return };
    let pieces = decode_lines(Format::DefenderXdrStreaming, &pieces);
    expect![[r#"
        cloudApplication impacted 1
        file related 144
        host impacted 337
        host related 3
        host source 4
        host target 4
        ip related 77
        ip source 1
        mailCluster related 1
        mailMessage related 3
        mailbox impacted 2
        mailbox related 2
        mailbox target 2
        process related 127
        registry related 3
        url related 17
        user impacted 189
        user related 42
        user source 5
        user target 1
    "#]]
    .assert_eq(&tally(
        pieces.iter().flat_map(|piece| &piece.evidence).map(|e| format!("{} {}", e.kind, e.role)),
    ));
    expect![[r#"
        accountName 230
        address 78
        applicationId 1
        defenderDeviceId 338
        displayName 116
        domainAccount 223
        filePath 144
        fqdn 348
        mailCluster 1
        md5 154
        netbiosName 348
        networkMessageId 3
        objectId 181
        processKey 127
        registryPath 3
        sha1 156
        sha256 151
        sid 232
        upn 183
        url 17
    "#]]
    .assert_eq(&tally(pieces.iter().flat_map(|a| &a.evidence).flat_map(|e| &e.identifiers).map(|i| &i.kind)));
}

/// The same weeks come as rows of `SecurityAlert` and of the streaming tables.
#[test]
fn an_alert_is_one_as_row_and_in_the_stream_and_names_the_same_hosts_and_users() {
    let (Some(rows), Some(infos), Some(pieces)) = (
        sample("defender-xdr/alerts.jsonl"),
        sample("defender-stream/AlertInfo.jsonl"),
        sample("defender-stream/AlertEvidence.jsonl"),
    ) else {
        return;
    };
    let rows = decode_lines(Format::SentinelSecurityAlert, &rows);
    let known: BTreeSet<_> = rows.iter().map(Alert::key).collect();
    assert_eq!(known.len(), 163);
    let infos = decode_lines(Format::DefenderXdrStreaming, &infos);
    let only_streamed: Vec<_> = infos.iter().map(Alert::key).filter(|key| !known.contains(key)).collect();
    expect![[r#"
        [
            "microsoftSentinel/233543cb-be7d-44bb-953e-9117e78f461c",
            "microsoftDefenderForOffice365/bc16e103-9f05-d0e4-8d84-08dc910e50c5",
        ]
    "#]]
    .assert_debug_eq(&only_streamed.iter().map(ToString::to_string).collect::<Vec<_>>());
    let strong = |alerts: &[Alert]| {
        let mut names = BTreeMap::<_, BTreeSet<_>>::new();
        for alert in alerts {
            let asset = |e: &&braid_alert::Evidence| matches!(e.kind, EntityKind::User | EntityKind::Host);
            let named = alert.evidence.iter().filter(asset).flat_map(|e| &e.identifiers);
            let named = named.filter(|i| i.kind.is_strong() && i.kind != IdentifierKind::EntraDeviceId);
            names.entry(alert.key()).or_default().extend(named.map(ToString::to_string));
        }
        names
    };
    let (by_row, streamed) = (strong(&rows), strong(&decode_lines(Format::DefenderXdrStreaming, &pieces)));
    // Built-in accounts' SIDs were mangled upstream, in each file in another way.
    let is_built_in = |name: &str| name.starts_with("sid:") && name.split('-').count() < 6;
    let more: Vec<_> = streamed
        .iter()
        .filter_map(|(key, names)| Some(names.difference(by_row.get(key)?).map(move |name| (key, name))))
        .flatten()
        .filter(|(_, name)| !is_built_in(name))
        .collect();
    assert!(more.is_empty(), "{more:?}");
}

#[test]
fn the_two_alerts_that_the_endpoint_reference_prints_decode() {
    let Some(text) = sample("endpoint/alerts.json") else { return };
    let alerts: Vec<_> = decode_all(Format::DefenderEndpointAlert, &text)
        .into_iter()
        .map(|r| r.expect("it is good"))
        .collect();
    let told: Vec<_> =
        alerts.iter().map(|alert| format!("{}\n{}", alert.key(), render_evidence(&alert.evidence))).collect();
    expect![[r#"
        microsoftDefenderForEndpoint/da637308392288907382_-880718168
        - impacted host: defenderDeviceId:12ee6dd8c833c8a052ea231ec1b19adaf497b625 fqdn:temp123.middleeast.corp.microsoft.com netbiosName:temp123
        - related user: domainAccount:domain\temp123 accountName:temp123
        microsoftDefenderForEndpoint/da637472900382838869_1364969609
        - impacted host: defenderDeviceId:111e6dd8c833c8a052ea231ec1b19adaf497b625 fqdn:temp123.middleeast.corp.microsoft.com netbiosName:temp123
        - related user: domainAccount:domain\temp123 accountName:temp123
        - related user: sid:S-1-5-21-11111607-1111760036-109187956-75141 objectId:11118379-2a59-1111-ac3c-a51eb4a3c627 upn:temp123@microsoft.com domainAccount:domain\name accountName:name
        - related process: processKey:rundll32.exe:3276:2021-01-26t20:31:32.958159z label="rundll32.exe  c:\\temp\\suspicious.dll,RepeatAfterMe"
        - related file: sha256:a4752c71d81afd3d5865d24ddb11a6b0c615062fcc448d24050c2172d2cbccd6 sha1:ff836cfb1af40252bd2a2ea843032e99a5b262ed filePath:c:\windows\syswow64\rundll32.exe label="rundll32.exe"
        - related file: sha256:dc0ade0c95d6db98882bc8fa6707e64353cd6f7767ff48d6a81a6c2aef21c608 sha1:8563f95b2f8a284fc99da44500cd51a77c1ff36c filePath:c:\temp\suspicious.dll label="suspicious.dll"
    "#]].assert_eq(&told.join(""));
}
