//! How strong a name is among the names of its kind of entity.

use braid_alert::{EntityKind, Identifier, IdentifierKind};

/// How the SID of an account of Entra ID begins. It is that account's object id in another spelling, and no domain's.
pub(super) const CLOUD_SID: &str = "S-1-12-1-";

/// The rank of a name: 0 is the strongest. Names of different kinds of entities are not compared.
pub(super) fn of(name: &Identifier) -> u8 {
    match name.kind {
        IdentifierKind::Sid if is_cloud_sid(name) => 1,
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

/// Whether a name of this one's sort is the only one of its sort that its bearer can ever have, with nothing above it
/// that could say otherwise: two accounts with a SID each are never one, whatever else they share.
pub(super) fn is_final(name: &Identifier) -> bool {
    of(name) == 0 && is_exclusive(&name.kind)
}

/// Whether two names are of one sort, so that they can contradict each other. A user of two directories has a SID of
/// the domain and one of the cloud.
pub(super) fn same_sort(a: &Identifier, b: &Identifier) -> bool {
    a.kind == b.kind && (a.kind != IdentifierKind::Sid || is_cloud_sid(a) == is_cloud_sid(b))
}

fn is_cloud_sid(name: &Identifier) -> bool {
    name.value.starts_with(CLOUD_SID)
}

/// Whether `kind` says more about an entity than `known` does: a mailbox turns out to be a user's.
pub(super) fn is_more_telling(kind: &EntityKind, known: &EntityKind) -> bool {
    matches!((kind, known), (EntityKind::User, EntityKind::Mailbox))
}

/// Whether entities of these kinds can be one.
pub(super) fn may_be_one(a: &EntityKind, b: &EntityKind) -> bool {
    a == b || is_more_telling(a, b) || is_more_telling(b, a)
}
