//! The older programming interfaces of Defender: flat entities of every type, and no roles.

use braid_alert::{Alert, EntityKind, Evidence, IdentifierKind, Role};

use super::tree::{Node, object, text};
use super::{account, named, techniques, time};

/// An alert of Defender for Endpoint. It has one device, the one that was hit.
pub(super) fn endpoint_alert(alert: &Alert) -> Vec<u8> {
    let hosts = || alert.evidence.iter().filter(|evidence| evidence.kind == EntityKind::Host);
    let device = hosts().find(|host| host.role == Role::Impacted).or_else(|| hosts().next());
    let name = |kind| device.and_then(|device| named(&device.identifiers, kind)).map(text);
    let resource = object([
        ("id", Some(text(alert.id.as_str()))),
        ("aadTenantId", Some(text(alert.tenant.as_str()))),
        ("machineId", name(IdentifierKind::DefenderDeviceId)),
        ("computerDnsName", name(IdentifierKind::Fqdn)),
        ("title", Some(text(&alert.title))),
        ("severity", Some(text(alert.severity.as_str()))),
        ("status", Some(text(alert.status.as_str()))),
        ("category", alert.phase.as_ref().map(|phase| text(phase.as_str()))),
        ("detectorId", alert.detector.as_deref().map(text)),
        ("mitreTechniques", Some(Node::List(techniques(alert).map(text).collect()))),
        ("alertCreationTime", alert.created.map(time)),
        ("firstEventTime", Some(time(alert.first_activity))),
        ("lastEventTime", Some(time(alert.last_activity))),
        ("lastUpdateTime", Some(time(alert.updated))),
        ("resolvedTime", alert.resolved.map(time)),
        ("evidence", Some(Node::List(entities(alert)))),
    ]);
    braid_wire::json::to_json(&resource)
}

/// An incident of Microsoft 365 Defender of this number with the alert in it.
pub(super) fn incident(alert: &Alert, number: usize) -> Vec<u8> {
    let incident = object([
        ("incidentId", Some(text(&number.to_string()))),
        ("incidentName", Some(text(&alert.title))),
        ("createdTime", alert.created.map(time)),
        ("lastUpdateTime", Some(time(alert.updated))),
        ("status", Some(text("Active"))),
        ("severity", Some(text(alert.severity.as_str()))),
        ("alerts", Some(Node::List(vec![alert_of_incident(alert)]))),
    ]);
    braid_wire::json::to_json(&incident)
}

fn alert_of_incident(alert: &Alert) -> Node {
    let devices = alert.evidence.iter().filter(|evidence| evidence.kind == EntityKind::Host).map(device);
    object([
        ("alertId", Some(text(alert.id.as_str()))),
        ("serviceSource", Some(text(alert.provider.as_str()))),
        ("title", Some(text(&alert.title))),
        ("severity", Some(text(alert.severity.as_str()))),
        ("status", Some(text(alert.status.as_str()))),
        ("category", alert.phase.as_ref().map(|phase| text(phase.as_str()))),
        ("detectorId", alert.detector.as_deref().map(text)),
        ("mitreTechniques", Some(Node::List(techniques(alert).map(text).collect()))),
        ("creationTime", alert.created.map(time)),
        ("firstActivity", Some(time(alert.first_activity))),
        ("lastActivity", Some(time(alert.last_activity))),
        ("lastUpdatedTime", Some(time(alert.updated))),
        ("resolvedTime", alert.resolved.map(time)),
        ("devices", Some(Node::List(devices.collect()))),
        ("entities", Some(Node::List(entities(alert)))),
    ])
}

fn device(host: &Evidence) -> Node {
    let name = |kind| named(&host.identifiers, kind);
    let address = |egress| host.addresses.iter().find(|address| address.egress == egress);
    let held = |egress| Some(text(&address(egress)?.address));
    object([
        ("mdatpDeviceId", name(IdentifierKind::DefenderDeviceId).map(text)),
        ("deviceDnsName", name(IdentifierKind::Fqdn).or_else(|| name(IdentifierKind::NetbiosName)).map(text)),
        ("lastIpAddress", held(false)),
        ("lastExternalIpAddress", held(true)),
    ])
}

/// What an alert is about beside its devices.
fn entities(alert: &Alert) -> Vec<Node> {
    alert.evidence.iter().filter(|evidence| evidence.kind != EntityKind::Host).map(entity).collect()
}

fn entity(evidence: &Evidence) -> Node {
    let names = &evidence.identifiers;
    let name = |kind| named(names, kind).map(text);
    let kind = |kind: &str| ("entityType", Some(text(kind)));
    match evidence.kind {
        EntityKind::User => {
            let (account, domain) = account(names);
            object([
                kind("User"),
                ("accountName", account.map(text)),
                ("domainName", domain.map(text)),
                ("userSid", name(IdentifierKind::Sid)),
                ("aadUserId", name(IdentifierKind::ObjectId)),
                ("userPrincipalName", name(IdentifierKind::Upn)),
            ])
        }
        EntityKind::Address => object([kind("Ip"), ("ipAddress", name(IdentifierKind::Address))]),
        EntityKind::Url => object([kind("Url"), ("url", name(IdentifierKind::Url))]),
        EntityKind::MailMessage => {
            object([kind("MailMessage"), ("networkMessageId", name(IdentifierKind::NetworkMessageId))])
        }
        EntityKind::File => object([kind("File"), ("sha256", name(IdentifierKind::Sha256))]),
        // These interfaces have no telephones: such an entity has a name and nothing to join by.
        _ => object([kind("MobileDevice"), ("fileName", name(IdentifierKind::MobileDeviceId))]),
    }
}
