use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use braid_wire::{Observable, ObservableKind};

/// Values that no indicator of a source is met by: those that are listed, and the addresses of the networks that are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    values: BTreeSet<Observable>,
    /// The first addresses of the networks of each length of prefix.
    networks: BTreeMap<u8, BTreeSet<IpAddr>>,
}

impl Exclusions {
    /// Whether a value is among them.
    pub(super) fn meet(&self, value: &Observable) -> bool {
        self.values.contains(value) || self.have_network_of(value)
    }

    fn have_network_of(&self, value: &Observable) -> bool {
        if self.networks.is_empty() || value.kind != ObservableKind::Address {
            return false;
        }
        let Ok(address) = value.value.parse::<IpAddr>() else { return false };
        self.networks.iter().any(|(prefix, networks)| {
            Observable::first_address(address, *prefix).is_some_and(|first| networks.contains(&first))
        })
    }
}

impl FromIterator<Observable> for Exclusions {
    fn from_iter<I: IntoIterator<Item = Observable>>(values: I) -> Self {
        let mut exclusions = Self::default();
        for value in values {
            match value.network() {
                Some((first, prefix)) => {
                    exclusions.networks.entry(prefix).or_default().insert(first);
                }
                None => {
                    exclusions.values.insert(value);
                }
            }
        }
        exclusions
    }
}
