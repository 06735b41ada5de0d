//! How strong a name is, and what it can contradict.

use braid_alert::{EntityKind, Identifier, IdentifierKind};

use super::alert::Who;

/// The kinds of names, strongest first; those of a row are equally strong. What stands in no row is weaker than all.
const RANKS: [&[IdentifierKind]; 6] = [
    &[
        IdentifierKind::Sid,
        IdentifierKind::DefenderDeviceId,
        IdentifierKind::MobileDeviceId,
        IdentifierKind::Sha256,
        IdentifierKind::NetworkMessageId,
        IdentifierKind::ResourceId,
    ],
    &[IdentifierKind::ObjectId, IdentifierKind::EntraDeviceId, IdentifierKind::Sha1],
    &[IdentifierKind::Upn, IdentifierKind::Fqdn, IdentifierKind::Md5],
    &[IdentifierKind::DomainAccount],
    &[IdentifierKind::NetbiosName, IdentifierKind::AccountName],
    &[IdentifierKind::DisplayName],
];

/// Kinds of which an entity has at most one name, so that two different ones are two entities.
const EXCLUSIVE: [IdentifierKind; 10] = [
    IdentifierKind::Sid,
    IdentifierKind::ObjectId,
    IdentifierKind::Upn,
    IdentifierKind::DomainAccount,
    IdentifierKind::DefenderDeviceId,
    IdentifierKind::EntraDeviceId,
    IdentifierKind::MobileDeviceId,
    IdentifierKind::Fqdn,
    IdentifierKind::Sha256,
    IdentifierKind::Sha1,
];

/// 0 for the strongest. The SID of a cloud account is its object id in another spelling, and as strong as that.
pub(super) fn rank(name: &Identifier) -> usize {
    let kind = if is_cloud_sid(name) { &IdentifierKind::ObjectId } else { &name.kind };
    RANKS.iter().position(|row| row.contains(kind)).unwrap_or(RANKS.len())
}

pub(super) fn is_exclusive(kind: &IdentifierKind) -> bool {
    EXCLUSIVE.contains(kind)
}

/// Whether two different names of this one's sort are two entities, whatever else they share.
pub(super) fn is_final(name: &Identifier) -> bool {
    rank(name) == 0 && is_exclusive(&name.kind)
}

/// Whether an entity can have only one of the two. A user of two directories has a SID of the domain and one of the cloud.
pub(super) fn same_sort(a: &Identifier, b: &Identifier) -> bool {
    a.kind == b.kind && is_cloud_sid(a) == is_cloud_sid(b)
}

pub(super) fn is_cloud_sid(name: &Identifier) -> bool {
    name.kind == IdentifierKind::Sid && name.value.starts_with("S-1-12-1-")
}

/// Whether a name of this kind says for certain who is meant.
pub(super) fn is_certain(kind: &IdentifierKind) -> bool {
    let in_its_scope = [IdentifierKind::DomainAccount, IdentifierKind::Url, IdentifierKind::Address];
    kind.is_strong() || in_its_scope.contains(kind)
}

/// The stronger of two ways in which one entity is meant: a name before a number, a stronger name before a weaker one.
pub(super) fn stronger(a: &Who, b: &Who) -> Who {
    let strength = |who: &Who| match who {
        Who::Named(name) => Some((rank(name), name.clone())),
        Who::Numbered(_) => None,
    };
    match (strength(a), strength(b)) {
        (Some(mine), Some(theirs)) if theirs < mine => b.clone(),
        (None, Some(_)) => b.clone(),
        _ => a.clone(),
    }
}

/// What kind of entity bears names of this kind, where nothing else says so.
pub(super) fn kind_of(name: &IdentifierKind) -> EntityKind {
    use IdentifierKind as Name;
    match name {
        Name::Sid | Name::ObjectId | Name::Upn => EntityKind::User,
        Name::DomainAccount | Name::AccountName | Name::DisplayName => EntityKind::User,
        Name::DefenderDeviceId | Name::EntraDeviceId | Name::Fqdn | Name::NetbiosName => EntityKind::Host,
        Name::MobileDeviceId => EntityKind::MobileDevice,
        Name::Address => EntityKind::Address,
        Name::Url => EntityKind::Url,
        Name::Sha256 | Name::Sha1 | Name::Md5 | Name::FilePath => EntityKind::File,
        Name::NetworkMessageId => EntityKind::MailMessage,
        Name::MailCluster => EntityKind::MailCluster,
        Name::ResourceId => EntityKind::CloudResource,
        Name::ApplicationId => EntityKind::CloudApplication,
        Name::SessionId => EntityKind::CloudLogon,
        Name::GroupId => EntityKind::SecurityGroup,
        Name::ProcessKey => EntityKind::Process,
        Name::RegistryPath => EntityKind::Registry,
        Name::VendorIncidentId => EntityKind::VendorIncident,
        Name::ThreatName | Name::SuspectedThreatName => EntityKind::Threat,
        Name::Other(text) => EntityKind::Other(text.clone()),
    }
}
