use braid_alert::{Alert, EntityKind, Evidence, IdentifierKind, Role};

use super::tree::{Node, object, text};
use super::{account, named, sentinel, techniques, time};

/// What Defender XDR streams of an alert: its own row, and a row for each piece of its evidence.
pub(super) fn record(alert: &Alert) -> Vec<u8> {
    let info = enveloped("AlertInfo", alert, info(alert));
    let evidence = alert.evidence.iter().map(|piece| enveloped("AlertEvidence", alert, row(alert, piece)));
    let rows = std::iter::once(info).chain(evidence).collect();
    braid_wire::json::to_json(&object([("records", Some(Node::List(rows)))]))
}

fn enveloped(table: &str, alert: &Alert, row: Node) -> Node {
    object([
        ("time", Some(time(alert.updated))),
        ("tenantId", Some(text(alert.tenant.as_str()))),
        ("operationName", Some(text("Publish"))),
        ("category", Some(text(&format!("AdvancedHunting-{table}")))),
        ("Tenant", Some(text("DefaultTenant"))),
        ("properties", Some(row)),
    ])
}

fn info(alert: &Alert) -> Node {
    object([
        ("Timestamp", Some(time(alert.first_activity))),
        ("AlertId", Some(text(alert.id.as_str()))),
        ("Title", Some(text(&alert.title))),
        ("Category", alert.phase.as_ref().map(|phase| text(sentinel::tactic(phase)))),
        ("Severity", Some(text(alert.severity.as_str()))),
        ("ServiceSource", Some(text(alert.provider.display_name()))),
        ("AttackTechniques", Some(listed(techniques(alert)))),
    ])
}

/// A list as the text that columns hold.
fn listed<'a>(words: impl Iterator<Item = &'a str>) -> Node {
    as_text(&Node::List(words.map(text).collect()))
}

fn as_text(node: &Node) -> Node {
    text(&String::from_utf8_lossy(&braid_wire::json::to_json(node)))
}

/// A row of evidence, seen last when the alert's activity ended.
fn row(alert: &Alert, evidence: &Evidence) -> Node {
    let names = &evidence.identifiers;
    let name = |kind| named(names, kind).map(text);
    let (account, domain) = account(names);
    let host = evidence.kind == EntityKind::Host;
    let device = named(names, IdentifierKind::Fqdn).or_else(|| named(names, IdentifierKind::NetbiosName));
    let local = evidence.addresses.iter().find(|address| !address.egress);
    object([
        // A sensor's clock may run ahead, so that the end seems to lie before the beginning.
        ("Timestamp", Some(time(alert.last_activity.max(alert.first_activity)))),
        ("AlertId", Some(text(alert.id.as_str()))),
        ("Title", Some(text(&alert.title))),
        ("ServiceSource", Some(text(alert.provider.display_name()))),
        ("EntityType", Some(text(entity_type(&evidence.kind)))),
        ("EvidenceRole", Some(text(if evidence.role == Role::Impacted { "Impacted" } else { "Related" }))),
        ("EvidenceDirection", direction(&evidence.role).map(text)),
        ("AccountName", account.map(text)),
        ("AccountDomain", domain.map(text)),
        ("AccountSid", name(IdentifierKind::Sid)),
        ("AccountObjectId", name(IdentifierKind::ObjectId)),
        ("AccountUpn", name(IdentifierKind::Upn)),
        ("DeviceId", name(IdentifierKind::DefenderDeviceId)),
        ("DeviceName", device.filter(|_| host).map(text)),
        ("LocalIP", local.map(|local| text(&local.address))),
        ("RemoteIP", name(IdentifierKind::Address)),
        ("RemoteUrl", name(IdentifierKind::Url)),
        ("SHA256", name(IdentifierKind::Sha256)),
        ("NetworkMessageId", name(IdentifierKind::NetworkMessageId)),
        ("AdditionalFields", Some(as_text(&sentinel::entity(evidence)))),
    ])
}

const fn entity_type(kind: &EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "User",
        EntityKind::Host => "Machine",
        EntityKind::Address => "Ip",
        EntityKind::Url => "Url",
        EntityKind::File => "File",
        EntityKind::MailMessage => "MailMessage",
        // The table has no telephones: such an entity has a name and nothing to join by.
        _ => "GenericEntity",
    }
}

const fn direction(role: &Role) -> Option<&'static str> {
    match role {
        Role::Source => Some("Source"),
        Role::Target => Some("Destination"),
        _ => None,
    }
}
