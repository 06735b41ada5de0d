use braid_alert::{Alert, AlertStatus, EntityKind, Evidence, IdentifierKind, Role, Severity};

use super::tree::{Node, object, text};
use super::{account, named, sentinel, techniques, time};

/// An alert as a document in the Elastic Common Schema. It has room for one host and one user: those that acted or were
/// hit, before what was merely asked.
pub(super) fn document(alert: &Alert) -> Vec<u8> {
    let event = object([
        ("kind", Some(text("alert"))),
        ("id", Some(text(alert.id.as_str()))),
        ("module", Some(text(alert.provider.as_str()))),
        ("start", Some(time(alert.first_activity))),
        ("end", Some(time(alert.last_activity))),
        ("severity", Some(Node::Number(severity(&alert.severity)))),
        ("url", alert.portal_url.as_deref().map(text)),
    ]);
    let rule = object([("name", Some(text(&alert.title))), ("id", alert.detector.as_deref().map(text))]);
    let tactic = |phase| object([("name", Some(Node::List(vec![text(sentinel::tactic(phase))])))]);
    let technique = object([("id", Some(Node::List(techniques(alert).map(text).collect())))]);
    let threat = object([("tactic", alert.phase.as_ref().map(tactic)), ("technique", Some(technique))]);
    let is_over = alert.status == AlertStatus::Resolved;
    let of = |kind: EntityKind, make: fn(&Evidence) -> Node| chief(alert, &kind).map(make);
    let document = object([
        ("@timestamp", Some(time(alert.updated))),
        ("ecs", Some(object([("version", Some(text("8.17.0")))]))),
        ("organization", Some(object([("id", Some(text(alert.tenant.as_str())))]))),
        ("event", Some(event)),
        ("rule", Some(rule)),
        ("threat", Some(threat)),
        ("kibana.alert.workflow_status", Some(text(if is_over { "closed" } else { "open" }))),
        ("host", of(EntityKind::Host, host)),
        ("user", of(EntityKind::User, user)),
        ("source", of(EntityKind::Address, |piece| object([("ip", name(piece, IdentifierKind::Address))]))),
        ("url", of(EntityKind::Url, |piece| object([("full", name(piece, IdentifierKind::Url))]))),
        ("file", of(EntityKind::File, file)),
    ]);
    braid_wire::json::to_json(&document)
}

fn chief<'a>(alert: &'a Alert, kind: &EntityKind) -> Option<&'a Evidence> {
    let of_kind = || alert.evidence.iter().filter(|piece| piece.kind == *kind);
    of_kind().find(|piece| matches!(piece.role, Role::Source | Role::Impacted)).or_else(|| of_kind().next())
}

fn name(piece: &Evidence, kind: IdentifierKind) -> Option<Node> {
    named(&piece.identifiers, kind).map(text)
}

fn host(piece: &Evidence) -> Node {
    let addresses = piece.addresses.iter().filter(|held| !held.egress).map(|held| text(&held.address));
    let netbios = name(piece, IdentifierKind::NetbiosName);
    object([
        ("name", name(piece, IdentifierKind::Fqdn).or_else(|| netbios.clone())),
        ("hostname", netbios),
        ("ip", Some(Node::List(addresses.collect()))),
    ])
}

fn user(piece: &Evidence) -> Node {
    let (account, domain) = account(&piece.identifiers);
    object([
        ("name", account.map(text)),
        ("domain", domain.map(text)),
        ("id", name(piece, IdentifierKind::Sid)),
        ("email", name(piece, IdentifierKind::Upn)),
    ])
}

fn file(piece: &Evidence) -> Node {
    object([("hash", Some(object([("sha256", name(piece, IdentifierKind::Sha256))])))])
}

/// As Elastic Security weighs them.
const fn severity(severity: &Severity) -> i64 {
    match severity {
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
        Severity::Critical => 99,
        Severity::Informational | Severity::Other(_) => 1,
    }
}
