use braid_alert::{Alert, AlertStatus, EntityKind, Evidence, IdentifierKind, Role, Severity};

use super::tree::{Node, object, text};
use super::{account, named, sentinel, techniques, time};

/// An alert as an OCSF Detection Finding (class 2004).
pub(super) fn finding(alert: &Alert) -> Vec<u8> {
    let product =
        object([("name", Some(text(alert.provider.as_str()))), ("vendor_name", Some(text("braid")))]);
    let metadata = object([
        ("version", Some(text("1.5.0"))),
        ("tenant_uid", Some(text(alert.tenant.as_str()))),
        ("product", Some(product)),
    ]);
    let analytic = |name: &str| object([("uid", Some(text(name))), ("type_id", Some(Node::Number(1)))]);
    let info = object([
        ("uid", Some(text(alert.id.as_str()))),
        ("title", Some(text(&alert.title))),
        ("analytic", alert.detector.as_deref().map(analytic)),
        ("first_seen_time_dt", Some(time(alert.first_activity))),
        ("last_seen_time_dt", Some(time(alert.last_activity))),
        ("created_time_dt", alert.created.map(time)),
        ("modified_time_dt", Some(time(alert.updated))),
        ("src_url", alert.portal_url.as_deref().map(text)),
        ("attacks", Some(Node::List(attacks(alert)))),
    ]);
    let number = |number| Some(Node::Number(number));
    let finding = object([
        ("class_uid", number(2004)),
        ("category_uid", number(2)),
        ("activity_id", number(1)),
        ("type_uid", number(200_401)),
        ("time_dt", Some(time(alert.updated))),
        ("severity_id", number(severity(&alert.severity))),
        ("status_id", number(if alert.status == AlertStatus::Resolved { 4 } else { 1 })),
        ("metadata", Some(metadata)),
        ("finding_info", Some(info)),
        ("evidences", Some(Node::List(alert.evidence.iter().filter_map(evidence).collect()))),
    ]);
    braid_wire::json::to_json(&finding)
}

fn attacks(alert: &Alert) -> Vec<Node> {
    let tactic = alert.phase.as_ref().map(|phase| object([("name", Some(text(sentinel::tactic(phase))))]));
    let of = |technique: &str| {
        let technique = object([("uid", Some(text(technique)))]);
        object([("tactic", tactic.clone()), ("technique", Some(technique))])
    };
    let attacks: Vec<Node> = techniques(alert).map(of).collect();
    if attacks.is_empty() {
        tactic.iter().map(|tactic| object([("tactic", Some(tactic.clone()))])).collect()
    } else {
        attacks
    }
}

/// A piece of evidence as OCSF places it: what acted, what was acted upon, where it came from and went to.
fn evidence(piece: &Evidence) -> Option<Node> {
    let name = |kind| named(&piece.identifiers, kind).map(text);
    let (place, what) = match piece.kind {
        EntityKind::User => {
            let (account, domain) = account(&piece.identifiers);
            let user = object([
                ("name", account.map(text)),
                ("domain", domain.map(text)),
                ("uid", name(IdentifierKind::Sid)),
                ("uid_alt", name(IdentifierKind::ObjectId)),
                ("email_addr", name(IdentifierKind::Upn)),
            ]);
            let acts = piece.role == Role::Source;
            if acts { ("actor", object([("user", Some(user))])) } else { ("user", user) }
        }
        EntityKind::Host => {
            let host = object([
                ("type_id", Some(Node::Number(0))),
                ("uid", name(IdentifierKind::DefenderDeviceId)),
                ("hostname", name(IdentifierKind::Fqdn).or_else(|| name(IdentifierKind::NetbiosName))),
                ("ip", piece.addresses.iter().find(|held| !held.egress).map(|held| text(&held.address))),
            ]);
            let place = match piece.role {
                Role::Source => "src_endpoint",
                Role::Target => "dst_endpoint",
                _ => "device",
            };
            (place, host)
        }
        EntityKind::Address => ("src_endpoint", object([("ip", name(IdentifierKind::Address))])),
        EntityKind::Url => ("url", object([("url_string", name(IdentifierKind::Url))])),
        EntityKind::MailMessage => ("email", object([("uid", name(IdentifierKind::NetworkMessageId))])),
        EntityKind::File => {
            let hash =
                object([("algorithm_id", Some(Node::Number(3))), ("value", name(IdentifierKind::Sha256))]);
            ("file", object([("type_id", Some(Node::Number(1))), ("hashes", Some(Node::List(vec![hash])))]))
        }
        _ => return None,
    };
    Some(object([(place, Some(what))]))
}

const fn severity(severity: &Severity) -> i64 {
    match severity {
        Severity::Informational => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
        Severity::Other(_) => 0,
    }
}
