use braid_alert::{Alert, EntityKind, Evidence, IdentifierKind, Role};

use super::tree::{Node, object, text};
use super::{account, named, techniques, time};

/// A Microsoft Graph `alerts_v2` resource.
pub(super) fn alert(alert: &Alert) -> Vec<u8> {
    braid_wire::json::to_json(&resource(alert))
}

/// A Graph incident of this number with the alert in it. Each has its own: what belongs together is in the labels.
pub(super) fn incident(alert: &Alert, number: usize) -> Vec<u8> {
    let incident = object([
        ("@odata.type", Some(text("#microsoft.graph.security.incident"))),
        ("id", Some(text(&number.to_string()))),
        ("tenantId", Some(text(alert.tenant.as_str()))),
        ("displayName", Some(text(&alert.title))),
        ("severity", Some(text(alert.severity.as_str()))),
        ("status", Some(text("active"))),
        ("createdDateTime", alert.created.map(time)),
        ("lastUpdateDateTime", Some(time(alert.updated))),
        ("alerts", Some(Node::List(vec![resource(alert)]))),
    ]);
    braid_wire::json::to_json(&incident)
}

fn resource(alert: &Alert) -> Node {
    object([
        ("@odata.type", Some(text("#microsoft.graph.security.alert"))),
        ("id", Some(text(alert.id.as_str()))),
        ("providerAlertId", Some(text(alert.id.as_str()))),
        ("tenantId", Some(text(alert.tenant.as_str()))),
        ("title", Some(text(&alert.title))),
        ("severity", Some(text(alert.severity.as_str()))),
        ("status", Some(text(alert.status.as_str()))),
        ("serviceSource", Some(text(alert.provider.as_str()))),
        ("detectorId", alert.detector.as_deref().map(text)),
        ("category", alert.phase.as_ref().map(|phase| text(phase.as_str()))),
        ("mitreTechniques", Some(Node::List(techniques(alert).map(text).collect()))),
        ("alertWebUrl", alert.portal_url.as_deref().map(text)),
        ("createdDateTime", alert.created.map(time)),
        ("lastUpdateDateTime", Some(time(alert.updated))),
        ("firstActivityDateTime", Some(time(alert.first_activity))),
        ("lastActivityDateTime", Some(time(alert.last_activity))),
        ("resolvedDateTime", alert.resolved.map(time)),
        ("evidence", Some(Node::List(alert.evidence.iter().map(evidence).collect()))),
    ])
}

fn evidence(evidence: &Evidence) -> Node {
    let names = &evidence.identifiers;
    let name = |kind| named(names, kind).map(text);
    let kind = |kind: &str| ("@odata.type", Some(text(&format!("#microsoft.graph.security.{kind}Evidence"))));
    let mut fields = match evidence.kind {
        EntityKind::Host => {
            let address = |egress| evidence.addresses.iter().find(|a| a.egress == egress);
            let held = |egress| Some(text(&address(egress)?.address));
            vec![
                kind("device"),
                ("mdeDeviceId", name(IdentifierKind::DefenderDeviceId)),
                ("deviceDnsName", name(IdentifierKind::Fqdn)),
                ("hostName", name(IdentifierKind::NetbiosName)),
                ("lastIpAddress", held(false)),
                ("lastExternalIpAddress", held(true)),
            ]
        }
        EntityKind::User => {
            let (account, domain) = account(names);
            let account = object([
                ("accountName", account.map(text)),
                ("domainName", domain.map(text)),
                ("userSid", name(IdentifierKind::Sid)),
                ("azureAdUserId", name(IdentifierKind::ObjectId)),
                ("userPrincipalName", name(IdentifierKind::Upn)),
            ]);
            vec![kind("user"), ("userAccount", Some(account))]
        }
        EntityKind::Address => vec![kind("ip"), ("ipAddress", name(IdentifierKind::Address))],
        EntityKind::Url => vec![kind("url"), ("url", name(IdentifierKind::Url))],
        EntityKind::MailMessage => {
            vec![kind("analyzedMessage"), ("networkMessageId", name(IdentifierKind::NetworkMessageId))]
        }
        EntityKind::File => {
            let details = object([("sha256", name(IdentifierKind::Sha256))]);
            vec![kind("file"), ("fileDetails", Some(details))]
        }
        // Graph has no telephones: such evidence has a name and nothing to join by.
        _ => vec![kind("mobileDevice"), ("displayName", name(IdentifierKind::MobileDeviceId))],
    };
    fields.extend(role(&evidence.role).map(|role| ("roles", Some(Node::List(vec![text(role)])))));
    object(fields)
}

const fn role(role: &Role) -> Option<&'static str> {
    match role {
        Role::Source => Some("source"),
        Role::Target => Some("destination"),
        Role::Impacted => Some("compromised"),
        _ => None,
    }
}
