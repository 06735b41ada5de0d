use braid_alert::{Alert, AlertStatus, EntityKind, IdentifierKind, Severity};

use super::tree::{Node, object, text};
use super::{named, sentinel, time};

/// An alert as a record of the console's threat log; once it is resolved, of its mitigation log.
pub(super) fn record(alert: &Alert) -> Vec<u8> {
    let is_over = alert.status == AlertStatus::Resolved;
    let of = |kind: EntityKind, name: IdentifierKind| {
        let mut pieces = alert.evidence.iter().filter(|piece| piece.kind == kind);
        pieces.find_map(|piece| named(&piece.identifiers, name.clone())).map(text)
    };
    let name = alert.detector.as_deref().unwrap_or(&alert.title);
    let logged = object([
        ("account_id", Some(text(alert.tenant.as_str()))),
        ("threat_uuid", Some(text(alert.id.as_str()))),
        ("threat_name", Some(text(&name.to_uppercase().replace(' ', "_")))),
        ("threat_display_name", Some(text(&alert.title))),
        ("severity_name", Some(text(severity(&alert.severity)))),
        ("threat_status", Some(text(if is_over { "Resolved" } else { "Pending" }))),
        ("mitigation_reason", is_over.then(|| text(""))),
        ("device_time", Some(time(if is_over { alert.updated } else { alert.first_activity }))),
        ("device_id", of(EntityKind::MobileDevice, IdentifierKind::MobileDeviceId)),
        ("device_owner_email", of(EntityKind::User, IdentifierKind::Upn)),
        ("mitre_tactics", alert.phase.as_ref().map(|phase| Node::List(vec![text(sentinel::tactic(phase))]))),
    ]);
    braid_wire::json::to_json(&logged)
}

/// The console has four words.
const fn severity(severity: &Severity) -> &'static str {
    match severity {
        Severity::High | Severity::Critical => "CRITICAL",
        Severity::Medium => "ELEVATED",
        Severity::Low => "LOW",
        Severity::Informational | Severity::Other(_) => "NORMAL",
    }
}
