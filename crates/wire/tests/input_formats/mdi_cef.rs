use braid_alert::{EntityKind, Role, Severity};
use braid_wire::{Format, RefusalReason};
use expect_test::{Expect, expect};

use crate::fixture::{decode_all, decode_one, render, render_evidence};

const ID: &str = "7d0e1c2b-1111-4222-8333-0123456789ab";

/// A line as a sensor sends it, with a signature, an external id and the rest of its extension.
fn line(signature: &str, external_id: u16, rest: &str) -> String {
    format!(
        "<36>1 2026-02-03T10:04:30.5+00:00 ContosoDC CEF 4242 {signature} CEF:0|Microsoft|Azure ATP|2.230.0.1|\
         {signature}|A detection|5|start=2026-02-03T10:01:02.1234567Z {rest} externalId={external_id} \
         cs1Label=url cs1=https\\://security.microsoft.com/alerts/aa{ID} cs2Label=trigger cs2=new"
    )
}

fn check_evidence(line: &str, expected: &Expect) {
    let alert = decode_one(Format::MdiCef, line);
    expected.assert_eq(&render_evidence(&alert.evidence));
}

#[test]
fn a_line_becomes_an_alert() {
    let record = line(
        "DirectoryServicesReplicationSecurityAlert",
        2006,
        r"app=Drsr shost=VICTIMPC msg=Malicious replication requests were successfully performed by RonHD, from VICTIMPC against ContosoDC.\r\nSecond line. outcome=Success cs3Label=shostfqdn cs3=victimpc.contoso.azure",
    );
    expect![[r#"
        contoso microsoftDefenderForIdentity/7d0e1c2b-1111-4222-8333-0123456789ab "A detection"
          medium unknown detector=2006 category=- phase=domainDominance techniques=T1003,T1003.006
          first=2026-02-03T10:01:02.123456Z last=2026-02-03T10:01:02.123456Z created=2026-02-03T10:04:30.5Z updated=2026-02-03T10:04:30.5Z resolved=-
          classification=- determination=- assignee=-
          source id=aa7d0e1c2b-1111-4222-8333-0123456789ab portal=https://security.microsoft.com/alerts/aa7d0e1c2b-1111-4222-8333-0123456789ab
          description="Malicious replication requests were successfully performed by RonHD, from VICTIMPC against ContosoDC.\nSecond line."
          - source user: domainAccount:contoso\ronhd accountName:ronhd
          - source host: fqdn:victimpc.contoso.azure netbiosName:victimpc
          - target host: netbiosName:contosodc
    "#]].assert_eq(&render(&decode_one(Format::MdiCef, &record)));
}

#[test]
fn an_update_keeps_its_id_and_was_not_created_then() {
    let record = line("SamrReconnaissanceSecurityAlert", 2021, "suser=JeffL");
    let first = decode_one(Format::MdiCef, &record);
    let update = decode_one(
        Format::MdiCef,
        &record.replace("cs2=new", "cs2=update").replace("T10:04:30", "T10:09:00"),
    );
    assert_eq!(first.key(), update.key());
    assert!(first.created.is_some() && update.created.is_none());
    assert!(update.updated > first.updated);
}

#[test]
fn a_bare_account_name_is_an_account_of_the_domain_that_the_sensor_watches() {
    check_evidence(
        &line(
            "SamrReconnaissanceSecurityAlert",
            2021,
            "suser=JeffL shost=VICTIMPC cs3Label=shostfqdn cs3=victimpc.contoso.azure",
        ),
        &expect![[r#"
              - source user: domainAccount:contoso\jeffl accountName:jeffl
              - source host: fqdn:victimpc.contoso.azure netbiosName:victimpc
        "#]],
    );
}

#[test]
fn suser_may_be_a_display_name_a_qualified_name_or_a_upn() {
    check_evidence(
        &line("GoldenTicketSecurityAlert", 2022, "suser=Samira Abbasi"),
        &expect![[r#"
          - source user: displayName:Samira Abbasi
    "#]],
    );
    check_evidence(
        &line("GoldenTicketSecurityAlert", 2022, r"suser=contoso\ronhd"),
        &expect![[r#"
          - source user: domainAccount:contoso\ronhd accountName:ronhd
    "#]],
    );
    check_evidence(
        &line("GoldenTicketSecurityAlert", 2022, "suser=ronhd@contoso.azure"),
        &expect![[r#"
          - source user: upn:ronhd@contoso.azure
    "#]],
    );
}

#[test]
fn a_full_name_of_another_host_is_another_host() {
    check_evidence(
        &line(
            "GoldenTicketSizeAnomalySecurityAlert",
            2032,
            "shost=CLIENT2 cs3=client1.contoso.azure cs3Label=shostfqdn",
        ),
        &expect![[r#"
              - source host: netbiosName:client2
              - related host: fqdn:client1.contoso.azure netbiosName:client1
        "#]],
    );
}

#[test]
fn the_message_s_source_counts_only_where_the_line_names_none() {
    let message = "msg=Malicious replication requests were successfully performed by 2 accounts, from PC9 against ContosoDC.";
    let record =
        line("DirectoryServicesReplicationSecurityAlert", 2006, &format!("shost=VICTIMPC {message}"));
    check_evidence(
        &record,
        &expect![[r#"
        - source host: netbiosName:victimpc
        - target host: netbiosName:contosodc
    "#]],
    );
    check_evidence(
        &record.replace("shost=VICTIMPC ", ""),
        &expect![[r#"
        - source host: netbiosName:pc9
        - target host: netbiosName:contosodc
    "#]],
    );
}

#[test]
fn a_domain_controller_that_is_merely_the_target_is_no_source() {
    let record = line(
        "DnsReconnaissanceSecurityAlert",
        2007,
        "msg=Suspicious DNS activity was observed, originating from an unknown computer against ContosoDC. \
         cs3Label=shostfqdn cs3=contosodc.contoso.azure",
    );
    let alert = decode_one(Format::MdiCef, &record);
    let [host] = &alert.evidence[..] else { panic!("{:?}", alert.evidence) };
    assert_eq!((&host.kind, &host.role), (&EntityKind::Host, &Role::Target));
    assert_eq!(host.identifiers.len(), 2, "the full name is the target's: {host:?}");
}

#[test]
fn whom_the_message_is_about_is_not_always_who_did_it() {
    let role = |signature, external_id| {
        let alert = decode_one(Format::MdiCef, &line(signature, external_id, "suser=SamiraA"));
        alert.evidence[0].role.clone()
    };
    assert_eq!(role("LdapBruteForceSecurityAlert", 2004), Role::Target);
    assert_eq!(role("HoneytokenActivitySecurityAlert", 2014), Role::Impacted);
    assert_eq!(role("PassTheTicketSecurityAlert", 2018), Role::Impacted);
    assert_eq!(role("SamrReconnaissanceSecurityAlert", 2021), Role::Source);
}

#[test]
fn a_dns_tunnel_s_destination_is_a_domain_name_and_another_s_a_host() {
    check_evidence(
        &line("DnsSuspiciousCommunicationSecurityAlert", 2031, "dhost= evil.example src=10.0.24.5"),
        &expect![[r#"
          - target url: url:evil.example
          - source ip: address:10.0.24.5
    "#]],
    );
    check_evidence(
        &line("RemoteExecutionSecurityAlert", 2019, "dhost=ContosoDC dst=10.0.24.4 duser=SamiraA"),
        &expect![[r#"
          - target host: netbiosName:contosodc
          - target user: accountName:samiraa
          - target ip: address:10.0.24.4
    "#]],
    );
}

#[test]
fn an_unknown_type_is_an_alert_without_phase() {
    let alert =
        decode_one(Format::MdiCef, &line("SomethingNewSecurityAlert", 2999, "suser=JeffL shost=VICTIMPC"));
    assert_eq!((alert.phase, alert.detector.as_deref()), (None, Some("2999")));
    assert_eq!(alert.evidence.len(), 2);
}

#[test]
fn a_severity_that_is_no_number_is_the_catalogue_s() {
    let record = line("DirectoryServicesReplicationSecurityAlert", 2006, "suser=JeffL");
    let severity = |text: &str| {
        let record = record.replace("|A detection|5|", &format!("|A detection|{text}|"));
        decode_one(Format::MdiCef, &record).severity
    };
    let read = ["3", "5", "10", "8", "Low", "", "x"].map(severity);
    use Severity::{High, Low, Medium};
    assert_eq!(read, [Low, Medium, High, High, Low, High, High]);
}

#[test]
fn an_old_syslog_header_s_year_is_that_of_the_event() {
    let record = line("SamrReconnaissanceSecurityAlert", 2021, "suser=JeffL");
    let (_, cef) = record.split_once("CEF:").expect("the line has the mark");
    let updated = |header: &str, cef: &str| {
        decode_one(Format::MdiCef, &format!("{header} CENTER ATA:CEF:{cef}")).updated.to_string()
    };
    assert_eq!(updated("<36>Feb 3 10:04:30", cef), "2026-02-03T10:04:30Z");
    let old = cef.replace("start=2026-02-03T", "start=2025-12-31T");
    assert_eq!(updated("<36>Jan 1 00:00:07", &old), "2026-01-01T00:00:07Z");
    assert_eq!(updated("no time", cef), "2026-02-03T10:01:02.123456Z");
}

#[test]
fn several_lines_are_several_alerts_and_a_broken_message_is_not() {
    let good = line("SamrReconnaissanceSecurityAlert", 2021, "msg=first\nsecond suser=JeffL");
    let bad = good.replace("cs1Label=url", "cs1Label=other");
    let results = decode_all(Format::MdiCef, &format!("{good}\r\n{bad}\n{good}\n"));
    let reasons: Vec<_> = results
        .iter()
        .map(|r| r.as_ref().map(|a| a.origin.element).map_err(|r| (r.reason, r.element)))
        .collect();
    assert_eq!(reasons, [Ok(0), Err((RefusalReason::MissingId, 1)), Ok(2)]);
    let alert = results[0].as_ref().expect("it is good");
    assert_eq!(alert.description.as_deref(), Some("first\nsecond"));
}

#[test]
fn what_the_product_says_of_itself_is_no_alert_and_is_told_apart() {
    let health = |record: &str| {
        let mut results = decode_all(Format::MdiCef, record);
        let refusal = results.remove(0).expect_err("it is no alert");
        assert!(refusal.is_drop() && refusal.reason == RefusalReason::HealthAlert && results.is_empty());
        let report = refusal.health.expect("that is what it is");
        format!("{} {} {} {:?}", report.kind, report.severity, report.at, report.text)
    };
    // As ATA writes them: without a beginning, and without the id of an alert.
    let cef = r"ATA|1.9.0.0|GatewayDisconnectedMonitoringAlert|GatewayDisconnectedMonitoringAlert|5|externalId=1011 cs1Label=url cs1=https\://center/monitoring msg=No word from the Gateway DC1 for 5 minutes.";
    expect![[r#"GatewayDisconnectedMonitoringAlert medium 2026-02-03T10:04:30Z "No word from the Gateway DC1 for 5 minutes.""#]]
        .assert_eq(&health(&format!("1 2026-02-03T10:04:30Z CENTER ATA 4688 X CEF:0|Microsoft|{cef}")));
    // An old header's year is the one that ends with the record.
    expect![[r#"GatewayDisconnectedMonitoringAlert medium 2025-12-31T23:59:58Z "No word from the Gateway DC1 for 5 minutes.""#]].assert_eq(&health(&format!("<36>Dec 31 23:59:58 CENTER ATA:CEF:0|Microsoft|{cef}")));
    // Without any time it is as old as its record.
    expect![[r#"SensorStoppedMonitoringAlert medium 2026-02-03T12:00:00Z "A detection""#]].assert_eq(
        &health(&line("SensorStoppedMonitoringAlert", 1012, "x=y").replace("2026-02-03T10:0", "?")),
    );
}

#[test]
fn ata_s_numbers_of_encryption_downgrades_are_one_further() {
    let detector = |product: &str, external_id| {
        let record = line("EncryptionDowngradeSuspiciousActivity", external_id, "shost=PC1");
        let record = record.replace("Azure ATP", product).replace("/alerts/aa", "/suspiciousActivity/");
        decode_one(Format::MdiCef, &record).detector.map(String::from)
    };
    assert_eq!(detector("ATA", 2010).as_deref(), Some("2008"), "overpass-the-hash");
    assert_eq!(detector("ATA", 2011).as_deref(), Some("2010"), "skeleton key");
    assert_eq!(detector("ATA", 2009).as_deref(), Some("2009"), "golden ticket");
    assert_eq!(detector("Azure ATP", 2010).as_deref(), Some("2010"));
}

#[test]
fn ata_s_own_wordings_name_the_target() {
    let wording = |external_id, signature, message| {
        let record =
            line(signature, external_id, &format!("shost=PC1 msg={message}")).replace("Azure ATP", "ATA");
        render_evidence(&decode_one(Format::MdiCef, &record).evidence)
    };
    let used =
        "svc1 successfully authenticated from PC1 against DC1 using an unusual protocol implementation.";
    expect![[r#"
        - source user: accountName:svc1
        - source host: netbiosName:pc1
        - target host: netbiosName:dc1
    "#]]
    .assert_eq(&wording(2002, "AbnormalProtocolSuspiciousActivity", used));
    let forged =
        "svc1 attempted to escalate privileges against DC1 from PC1 by using forged authorization data.";
    expect![[r#"
        - source user: accountName:svc1
        - source host: netbiosName:pc1
        - target host: netbiosName:dc1
    "#]]
    .assert_eq(&wording(2013, "ForgedPacSuspiciousActivity", forged));
}

#[test]
fn a_name_s_escapes_are_taken_back() {
    let record = line("SamrReconnaissanceSecurityAlert", 2021, "suser=JeffL")
        .replace("|A detection|", r"|A \| b \\ c|");
    assert_eq!(&*decode_one(Format::MdiCef, &record).title, r"A | b \ c");
}

#[test]
fn every_envelope_carries_the_same_alert() {
    let cef = line("SamrReconnaissanceSecurityAlert", 2021, "suser=JeffL shost=VICTIMPC");
    let (_, body) = cef.split_once("CEF:0|").expect("the line has the mark");
    let whole = decode_one(Format::MdiCef, &cef);
    for header in [
        "<36>1 2026-02-03T10:04:30.5+00:00 ContosoDC CEF 4242 X \u{feff}CEF:0|",
        "<36>1 2026-02-03T10:04:30.5+00:00 ContosoDC CEF 4242 X [a b=\"c\"] \u{feff}0|",
        "2026-02-03T10:04:30.5+00:00 ContosoDC CEF 4242 X 0|",
        "02-03-2026 12:04:36 Auth.Warning 10.0.0.1 1 2026-02-03T10:04:30.5+00:00 ContosoDC CEF 4242 X |",
        "1 2026-02-03T10:04:30.500000+00:00 CENTER ATA 4688 X \u{ef}\u{bb}\u{bf}CEF:0|",
        "2026-02-03T12:04:30.5+02:00 CENTER ATA 4688 X ‹¯¨CEF:0|",
    ] {
        assert_eq!(decode_one(Format::MdiCef, &format!("{header}{body}")), whole, "{header}");
    }
    let versionless = body.replace("|2.230.0.1|", "||").replace("Azure ATP", "ATP");
    assert_eq!(
        decode_one(Format::MdiCef, &format!("<36>1 2026-02-03T10:04:30.5Z x CEF 1 X |{versionless}")),
        whole
    );
    for old in ["<36>Feb  3 10:04:30 ContosoDC ", "Feb 3 10:04:30 ContosoDC CEF: "] {
        let alert = decode_one(Format::MdiCef, &format!("{old}CEF:0|{body}"));
        assert_eq!(alert.updated.to_string(), "2026-02-03T10:04:30Z", "{old}");
        assert_eq!((&alert.key(), &alert.evidence), (&whole.key(), &whole.evidence));
    }
}
