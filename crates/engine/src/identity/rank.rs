//! How strong a name is among the names of its kind of entity.

use braid_alert::{EntityKind, IdentifierKind};

/// The rank of a name: 0 is the strongest. Names of different kinds of entities are not compared.
pub(super) const fn of(kind: &IdentifierKind) -> u8 {
    match kind {
        IdentifierKind::Sid
        | IdentifierKind::DefenderDeviceId
        | IdentifierKind::MobileDeviceId
        | IdentifierKind::Sha256
        | IdentifierKind::NetworkMessageId
        | IdentifierKind::ResourceId => 0,
        IdentifierKind::ObjectId | IdentifierKind::EntraDeviceId | IdentifierKind::Sha1 => 1,
        IdentifierKind::Upn | IdentifierKind::Fqdn | IdentifierKind::Md5 => 2,
        IdentifierKind::DomainAccount => 3,
        IdentifierKind::NetbiosName | IdentifierKind::AccountName => 4,
        IdentifierKind::DisplayName => 5,
        _ => 6,
    }
}

/// Whether an entity has at most one name of this kind, so that two different ones tell two entities apart.
///
/// A user may have several addresses and a file several paths; a name that may be one of several contradicts nothing.
pub(super) const fn is_exclusive(kind: &IdentifierKind) -> bool {
    matches!(
        kind,
        IdentifierKind::Sid
            | IdentifierKind::ObjectId
            | IdentifierKind::Upn
            | IdentifierKind::DomainAccount
            | IdentifierKind::DefenderDeviceId
            | IdentifierKind::EntraDeviceId
            | IdentifierKind::MobileDeviceId
            | IdentifierKind::Fqdn
            | IdentifierKind::Sha256
            | IdentifierKind::Sha1
    )
}

/// Whether `kind` says more about an entity than `known` does: a mailbox turns out to be a user's.
pub(super) fn is_more_telling(kind: &EntityKind, known: &EntityKind) -> bool {
    matches!((kind, known), (EntityKind::User, EntityKind::Mailbox))
}
