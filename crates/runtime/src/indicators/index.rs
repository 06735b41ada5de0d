use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use braid_wire::{Observable, ObservableKind, StixSaid};

/// How many objects are looked at that ask for one value, or that lead on from one object. A feed that writes an indicator for
/// each time that it saw an address would else make every alert about that address a search through all of them.
pub(super) const IDS_MAX: usize = 256;

/// What the objects in force are found by.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The indicators that ask for a value.
    by_value: HashMap<Observable, Ids>,
    /// How many networks there are of each length of prefix, so that an address is asked about those only.
    prefixes: BTreeMap<u8, usize>,
    /// The relationships from an object.
    relationships: HashMap<Box<str>, Ids>,
}

/// Nearly always one id, which then takes no set.
#[derive(Debug)]
enum Ids {
    One(Arc<str>),
    Several(BTreeSet<Arc<str>>),
}

impl Index {
    /// Enters what is in force now. Returns what so many stand behind that not all of them are looked at.
    pub(super) fn enter(&mut self, id: &Arc<str>, said: &StixSaid) -> Option<String> {
        match said {
            StixSaid::Indicator(indicator) => {
                let mut crowded = None;
                for value in indicator.pattern.observables() {
                    if self.enter_value(id, value) > IDS_MAX {
                        crowded = Some(format!("ask for {}", value.value));
                    }
                }
                crowded
            }
            StixSaid::Relationship { source, .. } => {
                let leading = add(&mut self.relationships, source, id).1;
                (leading > IDS_MAX).then(|| format!("are relationships from {source}"))
            }
            StixSaid::Party(_) | StixSaid::Revoked => None,
        }
    }

    /// Enters one value, and returns how many ask for it now.
    fn enter_value(&mut self, id: &Arc<str>, value: &Observable) -> usize {
        let (is_new, asking) = add(&mut self.by_value, value, id);
        if let Some(prefix) = prefix_of(value).filter(|_| is_new) {
            *self.prefixes.entry(prefix).or_default() += 1;
        }
        asking
    }

    /// Forgets what is in force no longer.
    pub(super) fn forget(&mut self, id: &str, said: &StixSaid) {
        match said {
            StixSaid::Indicator(indicator) => {
                indicator.pattern.observables().into_iter().for_each(|value| self.forget_value(id, value));
            }
            StixSaid::Relationship { source, .. } => drop(remove(&mut self.relationships, source, id)),
            StixSaid::Party(_) | StixSaid::Revoked => {}
        }
    }

    fn forget_value(&mut self, id: &str, value: &Observable) {
        // A pattern may name one value twice.
        if !remove(&mut self.by_value, value, id) {
            return;
        }
        let Some(prefix) = prefix_of(value) else { return };
        match self.prefixes.get_mut(&prefix) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.prefixes.remove(&prefix)),
        }
    }

    /// The lengths of prefixes that networks in it have.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = u8> + '_ {
        self.prefixes.keys().copied()
    }

    /// The indicators that ask for a value, among others maybe: the first [`IDS_MAX`] by id.
    pub(super) fn asking(&self, value: &Observable) -> impl Iterator<Item = &Arc<str>> {
        self.by_value.get(value).into_iter().flat_map(Ids::looked_at)
    }

    /// The relationships from an object: the first [`IDS_MAX`] by id.
    pub(super) fn relationships<'t>(&'t self, source: &str) -> impl Iterator<Item = &'t Arc<str>> + use<'t> {
        self.relationships.get(source).into_iter().flat_map(Ids::looked_at)
    }
}

impl Ids {
    fn looked_at(&self) -> impl Iterator<Item = &Arc<str>> {
        let (one, several) = match self {
            Self::One(id) => (Some(id), None),
            Self::Several(ids) => (None, Some(ids)),
        };
        one.into_iter().chain(several.into_iter().flatten()).take(IDS_MAX)
    }

    /// Whether it was not there yet, and how many there are now.
    fn add(&mut self, id: &Arc<str>) -> (bool, usize) {
        match self {
            Self::One(known) if known == id => (false, 1),
            Self::One(known) => {
                *self = Self::Several([known.clone(), id.clone()].into());
                (true, 2)
            }
            Self::Several(ids) => (ids.insert(id.clone()), ids.len()),
        }
    }

    /// Whether it was there, and whether none is left.
    fn remove(&mut self, id: &str) -> (bool, bool) {
        match self {
            Self::One(known) => (**known == *id, **known == *id),
            Self::Several(ids) => (ids.remove(id), ids.is_empty()),
        }
    }
}

fn add<K: Clone + Eq + std::hash::Hash>(
    among: &mut HashMap<K, Ids>,
    key: &K,
    id: &Arc<str>,
) -> (bool, usize) {
    match among.get_mut(key) {
        Some(ids) => ids.add(id),
        None => {
            among.insert(key.clone(), Ids::One(id.clone()));
            (true, 1)
        }
    }
}

/// Whether it was there.
fn remove<K: Eq + std::hash::Hash>(among: &mut HashMap<K, Ids>, key: &K, id: &str) -> bool {
    let Some(ids) = among.get_mut(key) else { return false };
    let (was_there, is_empty) = ids.remove(id);
    if is_empty {
        among.remove(key);
    }
    was_there
}

fn prefix_of(value: &Observable) -> Option<u8> {
    if value.kind != ObservableKind::Network {
        return None;
    }
    value.value.rsplit_once('/')?.1.parse().ok()
}
