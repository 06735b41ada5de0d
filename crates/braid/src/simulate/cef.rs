use std::fmt::Write;

use braid_alert::{Alert, EntityKind, Evidence, IdentifierKind, Role, Severity};

use super::{account, named};

/// A line of Defender for Identity's syslog. It names one source, one user and one destination, and no more.
pub(super) fn line(alert: &Alert, is_update: bool) -> Vec<u8> {
    let detector = alert.detector.as_deref().unwrap_or("0");
    let mut line = format!(
        "{} SENSOR CEF 1 Detector{detector} |Microsoft|Azure ATP|2.0|Detector{detector}|{}|{}|start={} app=Ldap ",
        alert.updated,
        alert.title,
        severity(&alert.severity),
        alert.first_activity
    );
    let source = find(alert, EntityKind::Host, Role::Source);
    if let Some(name) = source.and_then(host_name) {
        let _ = write!(line, "shost={name} ");
    }
    if let Some(name) = find(alert, EntityKind::User, Role::Source).and_then(|e| account(&e.identifiers).0) {
        let _ = write!(line, "suser={name} ");
    }
    let address = |e: &'_ Evidence| named(&e.identifiers, IdentifierKind::Address).map(str::to_owned);
    if let Some(address) = find(alert, EntityKind::Address, Role::Source).and_then(address) {
        let _ = write!(line, "src={address} ");
    }
    if let Some(name) = find(alert, EntityKind::Host, Role::Target).and_then(host_name) {
        let _ = write!(line, "dhost={name} ");
    }
    let _ = write!(
        line,
        "msg=Something odd was seen. externalId={detector} cs1Label=url cs1=https\\://security.example/alerts/aa{} \
         cs2Label=trigger cs2={}",
        alert.id,
        if is_update { "update" } else { "new" }
    );
    if let Some(name) = source.and_then(|e| named(&e.identifiers, IdentifierKind::Fqdn)) {
        let _ = write!(line, " cs3Label=shostfqdn cs3={name}");
    }
    line.into_bytes()
}

fn find(alert: &Alert, kind: EntityKind, role: Role) -> Option<&Evidence> {
    alert.evidence.iter().find(|evidence| evidence.kind == kind && evidence.role == role)
}

fn host_name(evidence: &Evidence) -> Option<&str> {
    let full = || named(&evidence.identifiers, IdentifierKind::Fqdn);
    named(&evidence.identifiers, IdentifierKind::NetbiosName).or_else(full)
}

const fn severity(severity: &Severity) -> u8 {
    match severity {
        Severity::Low | Severity::Informational => 3,
        Severity::High | Severity::Critical => 10,
        _ => 5,
    }
}
