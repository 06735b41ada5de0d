//! The names of a tenant, each kept once: a name leads to the entity that bears it.

use std::hash::BuildHasher;

use braid_alert::{Identifier, IdentifierKind, Provider};
use foldhash::fast::FixedState;
use smallvec::SmallVec;

use crate::index::Index;
use crate::slots::{EntityRef, NameRef, Slots};
use crate::state::NameSource;

/// A fixed seed: the order of the table is never looked at, and tests are the same on every run.
const HASHER: FixedState = FixedState::with_seed(0x6272_6169_6421);

/// A name and who bears it.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) identifier: Identifier,
    pub(crate) entity: EntityRef,
    /// How it was first learned: a place in [`Sources`]. It fits where the name would be padded.
    source: u8,
}

/// Where names are, in the order in which they were asked for.
pub(crate) type Found = SmallVec<[Option<NameRef>; 16]>;

/// A name that is looked for.
struct Sought<'a> {
    kind: &'a IdentifierKind,
    value: &'a str,
    hash: u64,
    place: Option<NameRef>,
    there: Option<&'a Identifier>,
}

/// Who teaches a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Teacher<'a> {
    /// An alert of this product.
    Alert(&'a Provider),
    Directory,
    Command,
}

#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Slots<NameRef, Name>,
    index: Index<NameRef>,
    sources: Sources,
    learned: u64,
}

/// Of the text alone: names of two kinds are seldom spelt alike, and are told apart when they are compared.
fn hash_of(value: &str) -> u64 {
    HASHER.hash_one(value)
}

impl Names {
    pub(crate) fn find(&self, identifier: &Identifier) -> Option<NameRef> {
        let hash = hash_of(&identifier.value);
        self.index.find(hash, |name| self.names[name].identifier == *identifier)
    }

    /// Finds several names at once. One after the other each costs three loads from memory that wait for each other, and
    /// nothing else to do meanwhile; in steps, the loads of all of them are under way together.
    pub(crate) fn find_all<'a>(
        &'a self,
        names: impl Iterator<Item = (&'a IdentifierKind, &'a str)>,
    ) -> Found {
        let mut sought: SmallVec<[Sought<'a>; 16]> = SmallVec::new();
        names.for_each(|(kind, value)| {
            sought.push(Sought { kind, value, hash: hash_of(value), place: None, there: None });
        });
        for name in &mut sought {
            name.place = self.index.find(name.hash, |_| true);
        }
        for name in &mut sought {
            name.there = name.place.map(|place| &self.names[place].identifier);
        }
        let mut found = Found::new();
        for &Sought { kind, value, hash, place, there } in &sought {
            let is_it = |there: &Identifier| there.kind == *kind && *there.value == *value;
            found.push(match there {
                // Another name of that hash stands before it.
                Some(there) if !is_it(there) => {
                    self.index.find(hash, |name| is_it(&self.names[name].identifier))
                }
                _ => place,
            });
        }
        found
    }

    /// How many names have been learned: as long as that is the same, what was not there is not there.
    pub(crate) const fn learned_so_far(&self) -> u64 {
        self.learned
    }

    /// Adds a name that is not there yet.
    pub(crate) fn insert(
        &mut self,
        identifier: Identifier,
        entity: EntityRef,
        teacher: Teacher<'_>,
    ) -> NameRef {
        debug_assert!(self.find(&identifier).is_none(), "{identifier} is there already");
        let hash = hash_of(&identifier.value);
        let source = self.sources.take(teacher);
        self.learned += 1;
        let name = self.names.insert(Name { identifier, entity, source });
        self.index.insert(hash, name);
        name
    }

    pub(crate) fn remove(&mut self, name: NameRef) {
        let Name { identifier, source, .. } = self.names.remove(name);
        self.sources.release(source);
        self.index.remove(hash_of(&identifier.value), name);
    }

    /// The bytes of the names, of their texts, and of the table that finds them.
    pub(crate) fn allocated_bytes(&self) -> usize {
        let texts: usize = self.names.iter().map(|(_, name)| name.identifier.value.len()).sum();
        self.names.allocated_bytes() + texts + self.index.allocated_bytes()
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

    /// How a name was first learned.
    pub(crate) fn learned(&self, name: NameRef) -> &NameSource {
        self.sources.at(self.names[name].source)
    }

    /// From now on a name counts as learned so: its bearer has come by it anew.
    pub(crate) fn relearn(&mut self, name: NameRef, teacher: Teacher<'_>) {
        let source = self.sources.take(teacher);
        let before = std::mem::replace(&mut self.names[name].source, source);
        self.sources.release(before);
    }
}

const DIRECTORY: u8 = 0;
const COMMAND: u8 = 1;
/// For products beyond those that there are places for.
const OTHER: u8 = 2;

/// What has taught names, each kept once with the number of names that it has taught. Which place it has differs after a
/// restore; what stands there does not, for a place is free again when the last of its names is forgotten.
#[derive(Debug)]
struct Sources {
    taught: Vec<(NameSource, u64)>,
}

impl Default for Sources {
    fn default() -> Self {
        let other = NameSource::Alert(Provider::from_text("other"));
        Self { taught: [NameSource::Directory, NameSource::Command, other].map(|s| (s, 0)).into() }
    }
}

impl Sources {
    fn take(&mut self, teacher: Teacher<'_>) -> u8 {
        let place = match teacher {
            Teacher::Directory => DIRECTORY,
            Teacher::Command => COMMAND,
            Teacher::Alert(product) => self.place_of(product),
        };
        self.taught[usize::from(place)].1 += 1;
        place
    }

    fn place_of(&mut self, product: &Provider) -> u8 {
        let is_it = |(source, _): &(NameSource, u64)| matches!(source, NameSource::Alert(p) if p == product);
        let place = self.taught.iter().position(is_it);
        let free = || (1 + usize::from(OTHER)..self.taught.len()).find(|&place| self.taught[place].1 == 0);
        if let Some(place) = place {
            return place as u8;
        }
        let source = (NameSource::Alert(product.clone()), 0);
        match free() {
            Some(place) => {
                self.taught[place] = source;
                place as u8
            }
            None if self.taught.len() <= usize::from(u8::MAX) => {
                self.taught.push(source);
                (self.taught.len() - 1) as u8
            }
            None => OTHER,
        }
    }

    fn release(&mut self, place: u8) {
        self.taught[usize::from(place)].1 -= 1;
    }

    fn at(&self, place: u8) -> &NameSource {
        &self.taught[usize::from(place)].0
    }
}

impl NameSource {
    /// As whoever teaches it.
    pub(crate) fn teacher(&self) -> Teacher<'_> {
        match self {
            Self::Alert(product) => Teacher::Alert(product),
            Self::Directory => Teacher::Directory,
            Self::Command => Teacher::Command,
        }
    }
}

#[cfg(test)]
mod tests {
    use braid_alert::EntityKind;

    use super::*;
    use crate::entity::Entity;

    #[test]
    fn of_more_products_than_there_are_places_for_the_last_are_others_until_one_is_forgotten() {
        let mut entities: Slots<EntityRef, Entity> = Slots::default();
        let entity = entities.insert(Entity::new(braid_alert::EntityId(0), EntityKind::User));
        let mut names = Names::default();
        let learn = |names: &mut Names, n: usize| {
            let product = Provider::from_text(&format!("product-{n}"));
            let identifier = Identifier::new(IdentifierKind::AccountName, &format!("user{n}"));
            names.insert(identifier.expect("there is a value"), entity, Teacher::Alert(&product))
        };
        let all: Vec<NameRef> = (0..254).map(|n| learn(&mut names, n)).collect();
        let said = |names: &Names, name| match names.learned(name) {
            NameSource::Alert(product) => product.to_string(),
            _ => "no product".into(),
        };
        assert_eq!([said(&names, all[252]), said(&names, all[253])], ["product-252", "other"]);
        names.remove(all[7]);
        let next = learn(&mut names, 254);
        assert_eq!([said(&names, next), said(&names, all[252])], ["product-254", "product-252"]);
    }
}
