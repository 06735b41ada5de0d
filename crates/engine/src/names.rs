//! The names of a tenant, each kept once: a name leads to the entity that bears it.

use std::hash::BuildHasher;

use braid_alert::Identifier;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use crate::slots::{EntityRef, NameRef, Slots};

/// A fixed seed: the order of the table is never looked at, and tests are the same on every run.
const HASHER: FixedState = FixedState::with_seed(0x6272_6169_6421);

/// A name and who bears it.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) identifier: Identifier,
    pub(crate) entity: EntityRef,
    hash: u64,
}

/// Where names are, in the order in which they were asked for.
pub(crate) type Found = SmallVec<[Option<NameRef>; 16]>;

#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Slots<NameRef, Name>,
    // The hash stands beside the reference so that a probe that misses does not touch the name itself.
    table: HashTable<(u64, NameRef)>,
}

impl Names {
    pub(crate) fn find(&self, identifier: &Identifier) -> Option<NameRef> {
        let hash = HASHER.hash_one(identifier);
        self.table
            .find(hash, |&(h, name)| h == hash && self.names[name].identifier == *identifier)
            .map(|&(_, n)| n)
    }

    /// Finds several names at once. One after the other each costs three loads from memory that wait for each other, and
    /// nothing else to do meanwhile; in steps, the loads of all of them are under way together.
    pub(crate) fn find_all<'a>(&self, identifiers: impl Iterator<Item = &'a Identifier>) -> Found {
        let hashes: SmallVec<[(u64, &Identifier); 16]> =
            identifiers.map(|identifier| (HASHER.hash_one(identifier), identifier)).collect();
        let places: SmallVec<[Option<NameRef>; 16]> = hashes
            .iter()
            .map(|&(hash, _)| self.table.find(hash, |&(h, _)| h == hash).map(|&(_, name)| name))
            .collect();
        let there: SmallVec<[Option<&Identifier>; 16]> =
            places.iter().map(|place| place.map(|name| &self.names[name].identifier)).collect();
        let steps = places.iter().zip(&there).zip(&hashes);
        let found = steps.map(|((place, there), (_, identifier))| match there {
            None => None,
            Some(there) if there == identifier => *place,
            // Another name of the same hash stands before it.
            Some(_) => self.find(identifier),
        });
        found.collect()
    }

    /// Adds a name that is not there yet.
    pub(crate) fn insert(&mut self, identifier: Identifier, entity: EntityRef) -> NameRef {
        debug_assert!(self.find(&identifier).is_none(), "{identifier} is there already");
        let hash = HASHER.hash_one(&identifier);
        let name = self.names.insert(Name { identifier, entity, hash });
        self.table.insert_unique(hash, (hash, name), |&(h, _)| h);
        name
    }

    pub(crate) fn remove(&mut self, name: NameRef) {
        let hash = self.names.remove(name).hash;
        if let Ok(entry) = self.table.find_entry(hash, |&(_, n)| n == name) {
            entry.remove();
        }
    }

    pub(crate) fn bearer(&self, name: NameRef) -> EntityRef {
        self.names[name].entity
    }

    pub(crate) fn give_to(&mut self, name: NameRef, entity: EntityRef) {
        self.names[name].entity = entity;
    }

    pub(crate) fn identifier(&self, name: NameRef) -> &Identifier {
        &self.names[name].identifier
    }
}
