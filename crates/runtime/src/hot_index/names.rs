//! What a text that somebody asks for may mean.

use std::collections::BTreeSet;

use braid_alert::{EntityId, Identifier, IdentifierKind};

/// An entity's number: `7`, or `e7` as logs write it.
pub(super) fn number(text: &str) -> Option<EntityId> {
    let digits = text.strip_prefix('e').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok().map(EntityId)).flatten()
}

/// What a text may be the name of: the kind it begins with, or else every kind that can read it.
pub(super) fn readings(text: &str) -> BTreeSet<Identifier> {
    if let Some((kind, value)) = text.split_once(':') {
        let kind = IdentifierKind::from_text(kind);
        if !matches!(kind, IdentifierKind::Other(_)) {
            return reading(kind, value).into_iter().collect();
        }
    }
    // A kind of a newer release cannot be told from a text with a colon in it, so it is tried beside the others.
    let unknown = text.split_once(':').map(|(kind, value)| (IdentifierKind::from_text(kind), value));
    let known = IdentifierKind::KNOWN.iter().map(|kind| (kind.clone(), text));
    known.chain(unknown).filter_map(|(kind, value)| reading(kind, value)).collect()
}

fn reading(kind: IdentifierKind, value: &str) -> Option<Identifier> {
    match (kind, value.split_once('\\')) {
        (IdentifierKind::DomainAccount, Some((domain, account))) => {
            Identifier::domain_account(domain, account)
        }
        (kind, _) => Identifier::new(kind, value),
    }
}
