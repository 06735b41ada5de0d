use braid_alert::{Alert, Provider};

use super::tree::{Node, object, text};
use super::{sentinel, techniques, time};

/// Whether Defender for Cloud would raise it: it watches what runs on servers and who signs in to the cloud.
pub(super) const fn raises(alert: &Alert) -> bool {
    matches!(alert.provider, Provider::DefenderForEndpoint | Provider::DefenderForCloudApps)
}

/// An alert of Defender for Cloud as its continuous export writes it.
pub(super) fn alert(alert: &Alert) -> Vec<u8> {
    let directory = object([("Type", Some(text("AAD"))), ("AadTenantId", Some(text(alert.tenant.as_str())))]);
    let exported = object([
        ("VendorName", Some(text("Microsoft"))),
        ("ProductName", Some(text("Azure Security Center"))),
        ("SystemAlertId", Some(text(alert.id.as_str()))),
        ("AlertType", alert.detector.as_deref().map(text)),
        ("AlertDisplayName", Some(text(&alert.title))),
        ("Severity", Some(text(alert.severity.as_str()))),
        ("Status", Some(text(alert.status.as_str()))),
        ("Intent", alert.phase.as_ref().map(|phase| text(sentinel::tactic(phase)))),
        ("Techniques", Some(Node::List(techniques(alert).map(text).collect()))),
        ("StartTimeUtc", Some(time(alert.first_activity))),
        ("EndTimeUtc", Some(time(alert.last_activity))),
        ("TimeGenerated", Some(time(alert.updated))),
        ("AlertUri", alert.portal_url.as_deref().map(text)),
        ("ResourceIdentifiers", Some(Node::List(vec![directory]))),
        ("Entities", Some(Node::List(alert.evidence.iter().map(sentinel::entity).collect()))),
    ]);
    braid_wire::json::to_json(&exported)
}
