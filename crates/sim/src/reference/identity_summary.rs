//! Who an entity is, whatever incidents it stands in: what the engine's record and the reference must agree on.

use braid_alert::{DirectoryEntry, EntityId, EntityKind, Identifier, Tenant};
use braid_engine::{EntityRecord, NameSource};

use super::entity::EntityFacts;
use super::history::History;

/// The facts of an entity, incidents aside.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentitySummary {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its number.
    pub id: EntityId,
    /// What kind of thing it is.
    pub kind: EntityKind,
    /// Its names with how each was learned, in the order in which it got them.
    pub names: Vec<(Identifier, NameSource)>,
    /// Names that it bore until they turned out to stand for several, the oldest first.
    pub conflicts: Vec<Identifier>,
    /// Why it joins nothing: it is an egress, its name is ambiguous, somebody excluded it.
    pub bars: [bool; 3],
    /// What directories say of it, by their objects.
    pub listings: Vec<(Box<str>, DirectoryEntry)>,
    /// Tags that products put on it.
    pub tags: Vec<Box<str>>,
    /// Tags that people put on it.
    pub own_tags: Vec<Box<str>>,
    /// Names of those whom somebody said it is not.
    pub apart: Vec<Identifier>,
}

impl From<&EntityRecord> for IdentitySummary {
    fn from(record: &EntityRecord) -> Self {
        let names = record.identifiers.iter().cloned().zip(record.learned.iter().cloned());
        let listings = record.listings.iter().map(|listing| (listing.object.clone(), listing.entry.clone()));
        Self {
            tenant: record.tenant.clone(),
            id: record.id,
            kind: record.kind.clone(),
            names: names.collect(),
            conflicts: record.conflicts.clone(),
            bars: [record.egress, record.ambiguous, record.excluded],
            listings: listings.collect(),
            tags: record.tags.clone(),
            own_tags: record.own_tags.clone(),
            apart: record.apart.clone(),
        }
    }
}

impl History {
    pub(super) fn identities(&self) -> Vec<IdentitySummary> {
        let mut identities: Vec<_> = self.entities.iter().map(|entity| self.identity(entity)).collect();
        identities.sort_by_key(|identity| identity.id);
        identities
    }

    fn identity(&self, entity: &EntityFacts) -> IdentitySummary {
        let name = |name: &Identifier| (name.clone(), self.taught[name].clone());
        let listings = entity.listings.iter().map(|listing| (listing.object.clone(), listing.entry.clone()));
        IdentitySummary {
            tenant: self.tenant.clone(),
            id: entity.id,
            kind: entity.kind.clone(),
            names: entity.names.iter().map(name).collect(),
            conflicts: entity.conflicts.clone(),
            bars: [entity.egress, entity.ambiguous, entity.excluded],
            listings: listings.collect(),
            tags: entity.tags.clone(),
            own_tags: entity.own_tags.clone(),
            apart: entity.apart.clone(),
        }
    }
}
