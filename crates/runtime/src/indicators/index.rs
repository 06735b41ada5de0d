use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use braid_wire::{Observable, StixSaid};

/// How many objects are looked at that ask for one value, or that lead on from one object. A feed that writes an indicator for
/// each time that it saw an address would else make every alert about that address a search through all of them.
pub(super) const IDS_MAX: usize = 256;

/// What the objects in force are found by.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The indicators that ask for a value.
    by_value: HashMap<Observable, Ids>,
    /// The first addresses of the networks of each length of prefix, so that nothing is written out for an address that is in
    /// none.
    networks: BTreeMap<u8, HashSet<IpAddr>>,
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
                let leading = add(&mut self.relationships, source, id);
                (leading > IDS_MAX).then(|| format!("are relationships from {source}"))
            }
            StixSaid::Party(_) | StixSaid::Revoked => None,
        }
    }

    /// Enters one value, and returns how many ask for it now.
    fn enter_value(&mut self, id: &Arc<str>, value: &Observable) -> usize {
        if let Some((first, prefix)) = value.network() {
            self.networks.entry(prefix).or_default().insert(first);
        }
        add(&mut self.by_value, value, id)
    }

    /// Forgets what is in force no longer.
    pub(super) fn forget(&mut self, id: &str, said: &StixSaid) {
        match said {
            StixSaid::Indicator(indicator) => {
                indicator.pattern.observables().into_iter().for_each(|value| self.forget_value(id, value));
            }
            StixSaid::Relationship { source, .. } => {
                remove(&mut self.relationships, source, id);
            }
            StixSaid::Party(_) | StixSaid::Revoked => {}
        }
    }

    fn forget_value(&mut self, id: &str, value: &Observable) {
        let is_last = remove(&mut self.by_value, value, id);
        let Some((first, prefix)) = value.network().filter(|_| is_last) else { return };
        if let Some(networks) = self.networks.get_mut(&prefix) {
            networks.remove(&first);
            if networks.is_empty() {
                self.networks.remove(&prefix);
            }
        }
    }

    /// The networks that are asked for and that an address stands in.
    pub(super) fn networks_of(&self, address: IpAddr) -> impl Iterator<Item = Observable> {
        let is_asked = move |(prefix, networks): &(&u8, &HashSet<IpAddr>)| {
            Observable::first_address(address, **prefix).is_some_and(|first| networks.contains(&first))
        };
        self.networks
            .iter()
            .filter(is_asked)
            .filter_map(move |(prefix, _)| Observable::network_of(address, *prefix))
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

    /// How many there are now.
    fn add(&mut self, id: &Arc<str>) -> usize {
        match self {
            Self::One(known) if known == id => 1,
            Self::One(known) => {
                *self = Self::Several([known.clone(), id.clone()].into());
                2
            }
            Self::Several(ids) => {
                ids.insert(id.clone());
                ids.len()
            }
        }
    }

    /// Whether none is left.
    fn remove(&mut self, id: &str) -> bool {
        match self {
            Self::One(known) => **known == *id,
            Self::Several(ids) => {
                ids.remove(id);
                ids.is_empty()
            }
        }
    }
}

fn add<K: Clone + Eq + Hash>(among: &mut HashMap<K, Ids>, key: &K, id: &Arc<str>) -> usize {
    match among.get_mut(key) {
        Some(ids) => ids.add(id),
        None => {
            among.insert(key.clone(), Ids::One(id.clone()));
            1
        }
    }
}

/// Whether it was the last.
fn remove<K: Eq + Hash>(among: &mut HashMap<K, Ids>, key: &K, id: &str) -> bool {
    let is_last = among.get_mut(key).is_some_and(|ids| ids.remove(id));
    if is_last {
        among.remove(key);
    }
    is_last
}
