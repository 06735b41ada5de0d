use braid_alert::{Alert, EntityKind, Evidence, IdentifierKind, Phase, Provider, Role};

use super::tree::{Node, object, text};
use super::{account, named, techniques, time};

/// A row of Sentinel's `SecurityAlert` table. Its texts hold JSON, as the table's do.
pub(super) fn row(alert: &Alert) -> Vec<u8> {
    let entities = Node::List(alert.evidence.iter().map(entity).collect());
    let listed = Node::List(techniques(alert).map(text).collect());
    let as_text = |node: &Node| text(&String::from_utf8_lossy(&braid_wire::json::to_json(node)));
    let row = object([
        ("TenantId", Some(text(alert.tenant.as_str()))),
        ("TimeGenerated", Some(time(alert.updated))),
        ("DisplayName", Some(text(&alert.title))),
        ("AlertName", Some(text(&alert.title))),
        ("AlertSeverity", Some(text(alert.severity.as_str()))),
        ("ProviderName", Some(text(provider(&alert.provider)))),
        ("VendorOriginalId", Some(text(alert.id.as_str()))),
        ("SystemAlertId", Some(text(alert.id.as_str()))),
        ("AlertType", alert.detector.as_deref().map(text)),
        ("StartTime", Some(time(alert.first_activity))),
        ("EndTime", Some(time(alert.last_activity))),
        ("Status", Some(text(alert.status.as_str()))),
        ("AlertLink", alert.portal_url.as_deref().map(text)),
        ("Tactics", alert.phase.as_ref().map(|phase| text(tactic(phase)))),
        ("Techniques", Some(as_text(&listed))),
        ("Entities", Some(as_text(&entities))),
        ("Type", Some(text("SecurityAlert"))),
    ]);
    braid_wire::json::to_json(&row)
}

/// As the column has it.
fn provider(provider: &Provider) -> &str {
    match provider {
        Provider::DefenderForIdentity => "Azure Advanced Threat Protection",
        Provider::DefenderForEndpoint => "MDATP",
        Provider::DefenderForOffice365 => "OATP",
        Provider::DefenderForCloudApps => "MCAS",
        Provider::DefenderXdr => "MicrosoftThreatProtection",
        other => other.as_str(),
    }
}

/// Tactics by ATT&CK's names, run together.
pub(super) fn tactic(phase: &Phase) -> &str {
    match phase {
        Phase::Reconnaissance => "Discovery",
        Phase::CompromisedCredentials => "CredentialAccess",
        Phase::LateralMovement => "LateralMovement",
        other => other.as_str(),
    }
}

/// An entity of the list.
pub(super) fn entity(evidence: &Evidence) -> Node {
    let names = &evidence.identifiers;
    let name = |kind| named(names, kind).map(text);
    let kind = |kind: &str| ("Type", Some(text(kind)));
    let mut fields = match evidence.kind {
        EntityKind::Host => {
            let address = |egress| evidence.addresses.iter().find(|a| a.egress == egress);
            let held = |egress| {
                let address = address(egress)?;
                Some(object([("Type", Some(text("ip"))), ("Address", Some(text(&address.address)))]))
            };
            vec![
                kind("host"),
                ("HostName", name(IdentifierKind::NetbiosName)),
                ("FQDN", name(IdentifierKind::Fqdn)),
                ("MdatpDeviceId", name(IdentifierKind::DefenderDeviceId)),
                ("LastIpAddress", held(false)),
                ("LastExternalIpAddress", held(true)),
            ]
        }
        EntityKind::User => {
            let (account, domain) = account(names);
            vec![
                kind("account"),
                ("Name", account.map(text)),
                ("NTDomain", domain.map(text)),
                ("Sid", name(IdentifierKind::Sid)),
                ("AadUserId", name(IdentifierKind::ObjectId)),
                ("UserPrincipalName", name(IdentifierKind::Upn)),
            ]
        }
        EntityKind::Address => vec![kind("ip"), ("Address", name(IdentifierKind::Address))],
        EntityKind::Url => vec![kind("url"), ("Url", name(IdentifierKind::Url))],
        EntityKind::MailMessage => {
            vec![kind("mailMessage"), ("NetworkMessageId", name(IdentifierKind::NetworkMessageId))]
        }
        EntityKind::File => {
            let hash = object([
                ("Type", Some(text("filehash"))),
                ("Algorithm", Some(text("SHA256"))),
                ("Value", name(IdentifierKind::Sha256)),
            ]);
            vec![kind("file"), ("FileHashes", Some(Node::List(vec![hash])))]
        }
        // The table has no telephones: such an entity has a name and nothing to join by.
        _ => vec![kind("mobile-device"), ("Name", name(IdentifierKind::MobileDeviceId))],
    };
    fields.extend(role(evidence));
    object(fields)
}

/// Most rows give no role; what was hit is marked as an asset.
fn role(evidence: &Evidence) -> Option<(&'static str, Option<Node>)> {
    let roles = |role: &str| Some(Node::List(vec![text(role)]));
    match evidence.role {
        Role::Source => Some(("Roles", roles("Source"))),
        Role::Target => Some(("Roles", roles("Destination"))),
        Role::Impacted => Some(("Asset", Some(text("true")))),
        _ => None,
    }
}
