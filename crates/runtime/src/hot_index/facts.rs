use std::sync::Arc;

use braid_alert::{EntityId, EntityKind, Identifier, Tenant};
use braid_engine::{BindingRecord, EntityRecord, ListingRecord, NameSource};

/// What the engine knows of an entity, as the index keeps it: its record of state without what only decisions need.
///
/// There is one for each entity in memory, so what few entities have stands aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityFacts {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its number in the tenant.
    pub id: EntityId,
    /// What kind of thing it is.
    pub kind: EntityKind,
    /// An address that the outside sees: it joins nothing.
    pub egress: bool,
    /// Its name stands for several entities: it joins nothing.
    pub ambiguous: bool,
    /// It joins nothing, by command.
    pub excluded: bool,
    /// It had met so many others, when it last met one, that it hardly joins by itself.
    pub hub: bool,
    /// Its names, in the order in which they were learned.
    pub names: Box<[KnownName]>,
    pub(super) rare: Option<Box<RareFacts>>,
}

/// A name, and how it was learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownName {
    /// The name; shared with the index of names.
    pub identifier: Arc<Identifier>,
    /// How it was learned first; `None` if that was before the state said so.
    pub learned: Option<NameSource>,
}

impl KnownName {
    /// Where it was learned: `directory`, `command`, or the product whose alert gave it.
    pub fn learned_from(&self) -> Option<&str> {
        self.learned.as_ref().map(|source| match source {
            NameSource::Alert(provider) => provider.as_str(),
            NameSource::Directory => "directory",
            NameSource::Command => "command",
        })
    }
}

/// What few entities have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RareFacts {
    label: Option<Box<str>>,
    tags: Vec<Box<str>>,
    own_tags: Vec<Box<str>>,
    listings: Vec<ListingRecord>,
    conflicts: Vec<Identifier>,
    bindings: Vec<BindingRecord>,
}

impl EntityFacts {
    /// From the record of state; whether it is a hub depends on the settings, which the record does not know.
    pub fn of(record: EntityRecord, hub: bool) -> Self {
        let EntityRecord { id, tenant, kind, egress, ambiguous, excluded, .. } = record;
        let rare = RareFacts {
            label: record.label,
            tags: record.tags,
            own_tags: record.own_tags,
            listings: record.listings,
            conflicts: record.conflicts,
            bindings: record.bindings,
        };
        let rare = (rare != RareFacts::default()).then(|| Box::new(rare));
        let sources = record.learned.into_iter().map(Some).chain(std::iter::repeat(None));
        let name = |(identifier, learned)| KnownName { identifier: Arc::new(identifier), learned };
        let names = record.identifiers.into_iter().zip(sources).map(name).collect();
        Self { tenant, id, kind, egress, ambiguous, excluded, hub, names, rare }
    }

    /// What a person would call it, where the names do not say.
    pub fn label(&self) -> Option<&str> {
        self.rare.as_ref().and_then(|rare| rare.label.as_deref())
    }

    /// Tags that products put on it.
    pub fn tags(&self) -> &[Box<str>] {
        self.rare.as_ref().map_or(&[], |rare| &rare.tags)
    }

    /// Tags that people put on it.
    pub fn own_tags(&self) -> &[Box<str>] {
        self.rare.as_ref().map_or(&[], |rare| &rare.own_tags)
    }

    /// What directories say of it.
    pub fn listings(&self) -> &[ListingRecord] {
        self.rare.as_ref().map_or(&[], |rare| &rare.listings)
    }

    /// Names that it bore until they turned out to stand for several entities.
    pub fn conflicts(&self) -> &[Identifier] {
        self.rare.as_ref().map_or(&[], |rare| &rare.conflicts)
    }

    /// Of an address: the hosts that it named, and when.
    pub fn bindings(&self) -> &[BindingRecord] {
        self.rare.as_ref().map_or(&[], |rare| &rare.bindings)
    }

    /// The first name of this kind.
    pub fn name(&self, kind: &braid_alert::IdentifierKind) -> Option<&str> {
        self.names
            .iter()
            .map(|name| &*name.identifier)
            .find(|name| name.kind == *kind)
            .map(|name| &*name.value)
    }
}
