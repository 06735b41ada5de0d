//! What directories say: which names are one user's or one host's, and what is to be known of them.
//!
//! A record resolves to an entity as evidence does, by the same rules: strong names before weak ones, and a name that two
//! accounts bear becomes ambiguous. It teaches its names and leaves its entry on the entity, until the directory says
//! something else of the object or deletes it. An entity that is listed is kept whether alerts mention it or not; one that
//! is not listed any more is forgotten when its alerts are.
//!
//! No incident gets a version by it, for nothing was decided; what its next version shows of the entity is what is known
//! then. Only where a record shows two entities to be one are their alerts weighed anew.

use std::hash::BuildHasher;

use braid_alert::{DirectoryEntry, DirectoryRecord, EntityKind, Identifier, IdentifierKind};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::dossier::{LISTINGS_MAX, listing_bytes};
use crate::identity::Known;
use crate::names::Teacher;
use crate::slots::EntityRef;
use crate::state::ListingRecord;
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{DirectoryOutcome, DirectoryRejected, Effect};

const HASHER: FixedState = FixedState::with_seed(0x6272_6169_6424);

/// Which entity each object of a directory is. The entity's listing has the key; here is only where to look.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    table: HashTable<(u64, EntityRef)>,
}

impl Objects {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn insert(&mut self, object: &str, entity: EntityRef) {
        let hash = HASHER.hash_one(object);
        self.table.insert_unique(hash, (hash, entity), |&(hash, _)| hash);
    }

    fn remove(&mut self, object: &str, entity: EntityRef) {
        let hash = HASHER.hash_one(object);
        if let Ok(entry) = self.table.find_entry(hash, |&known| known == (hash, entity)) {
            entry.remove();
        }
    }

    /// The object's listing has moved from one entity to another.
    pub(crate) fn give(&mut self, object: &str, from: EntityRef, to: EntityRef) {
        let hash = HASHER.hash_one(object);
        if let Some(known) = self.table.find_mut(hash, |&known| known == (hash, from)) {
            known.1 = to;
        }
    }
}

impl TenantState {
    /// Takes a directory record in. `room` is how many bytes dossiers may still take.
    pub(crate) fn list(
        &mut self,
        record: DirectoryRecord,
        room: u64,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        let DirectoryRecord { tenant, object, entry, .. } = record;
        let outcome = match entry {
            Some(entry) => self.list_entry(&object, entry, room, weighing, effects),
            None => Ok(match self.delist(&object) {
                Some(_) => DirectoryOutcome::Removed,
                None => DirectoryOutcome::Unknown,
            }),
        };
        effects.push(match outcome {
            Ok(outcome) => Effect::Directory { tenant, object, outcome },
            Err(reason) => Effect::DirectoryRejected { tenant, object, reason },
        });
    }

    fn list_entry(
        &mut self,
        object: &str,
        entry: DirectoryEntry,
        room: u64,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Result<DirectoryOutcome, DirectoryRejected> {
        let before = self.listing(object);
        if before.is_some_and(|(_, listing)| listing.entry == entry) {
            return Ok(DirectoryOutcome::Unchanged);
        }
        // It says something else of the object now, so what it said before goes, whatever becomes of the new.
        let freed = before.map_or(0, |(_, listing)| listing_bytes(object, &listing.entry));
        let known = self.delist(object);
        if self.objects.len() >= weighing.settings.directory_entries_max as usize {
            return Err(DirectoryRejected::EntriesMax);
        }
        if listing_bytes(object, &entry) > room + freed {
            return Err(DirectoryRejected::BytesMax);
        }
        let named = self.names_of(entry.kind.clone(), names_in(&entry), effects);
        let (kind, names) = named.ok_or(DirectoryRejected::NamesNobody)?;
        let unlooked = Known::unlooked(names.len());
        let (slot, _) = self.bearer_of(kind, names, unlooked, Teacher::Directory, effects);
        // Whatever becomes of the record, the bearer may have been made for it.
        self.orphans.push((slot, self.entities[slot].id));
        if self.entities[slot].ambiguous {
            return Err(DirectoryRejected::NamesNobody);
        }
        if self.entities[slot].listings().len() >= LISTINGS_MAX {
            return Err(DirectoryRejected::ListingsMax);
        }
        self.before_change_of(slot);
        self.objects.insert(object, slot);
        self.amend(slot, |dossier| dossier.listings.push(ListingRecord { object: object.into(), entry }));
        Ok(if known.is_some() { DirectoryOutcome::Changed } else { DirectoryOutcome::Listed })
    }

    /// Takes an object's listing off its entity. `None` if it was not listed.
    fn delist(&mut self, object: &str) -> Option<EntityRef> {
        let (slot, _) = self.listing(object)?;
        self.before_change_of(slot);
        self.objects.remove(object, slot);
        self.amend(slot, |dossier| dossier.listings.retain(|listing| *listing.object != *object));
        self.orphans.push((slot, self.entities[slot].id));
        Some(slot)
    }

    /// An object's listing, and the entity that it is on.
    fn listing(&self, object: &str) -> Option<(EntityRef, &ListingRecord)> {
        let hash = HASHER.hash_one(object);
        let on = |slot: EntityRef| self.entities[slot].listings().iter().find(|l| *l.object == *object);
        let &(_, slot) = self.objects.table.find(hash, |&(h, slot)| h == hash && on(slot).is_some())?;
        Some((slot, on(slot)?))
    }

    /// Who bears the strongest of a listing's names that anybody in particular bears.
    pub(crate) fn listed_bearer(&self, entry: &DirectoryEntry) -> Option<EntityRef> {
        let (_, names) = self.names_of(entry.kind.clone(), names_in(entry), &mut Vec::new())?;
        let bearers = names.iter().filter_map(|name| self.names.find(name)).map(|n| self.names.bearer(n));
        bearers.into_iter().find(|&slot| !self.entities[slot].ambiguous)
    }
}

/// Every name that an entry gives: a product may know a user by the sAMAccountName or the display name alone, and here is
/// who that is. What a directory of the cloud says has no bare names: they are another directory's to give.
fn names_in(entry: &DirectoryEntry) -> Vec<Identifier> {
    let mut names = entry.identifiers.clone();
    let is_user = entry.kind == EntityKind::User;
    let bare =
        [(IdentifierKind::AccountName, &entry.sam_name), (IdentifierKind::DisplayName, &entry.display_name)];
    if entry.on_premises {
        let usable = bare.into_iter().filter(|(kind, _)| is_user || *kind == IdentifierKind::AccountName);
        names.extend(usable.filter_map(|(kind, text)| Identifier::new(kind, text.as_deref()?)));
    } else {
        let is_bare = |name: &Identifier| {
            matches!(name.kind, IdentifierKind::AccountName | IdentifierKind::DisplayName)
        };
        names.retain(|name| !(is_user && is_bare(name)));
    }
    names
}
