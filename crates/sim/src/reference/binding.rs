//! Which host an address stood for, and when.

use braid_alert::{EntityId, EntityKind, EventTime, Span};

use super::history::{Binding, History};

/// How many sightings an address remembers.
const BINDINGS_MAX: usize = 8;

/// How far apart two sightings of a host are between which others of it say nothing, if a binding lasts as long.
const SIGHTINGS_APART: Span = Span::hours(4);

impl History {
    /// The host that an address was sighted with last before a time, else next after it, if that was near enough.
    pub(super) fn host_at(&self, address: EntityId, at: EventTime) -> Option<EntityId> {
        let near = self.bindings.iter().filter(|binding| binding.address == address).filter_map(|binding| {
            let distance = Span::micros(at.since(binding.at).as_micros().saturating_abs());
            let is_known = self.entities.iter().any(|e| e.id == binding.host && e.kind == EntityKind::Host);
            let counts = is_known && distance <= self.settings.ip_binding;
            counts.then_some((binding.at > at, distance, binding.host))
        });
        near.min().map(|(_, _, host)| host)
    }

    /// Notes that an address was sighted with a host, unless that is between two such sightings close to each other, which
    /// say so already. Of an address the last eight are kept.
    pub(super) fn bind(&mut self, binding: Binding) {
        let address = binding.address;
        if self.bindings.contains(&binding) {
            return;
        }
        self.bindings.push(binding.clone());
        self.bindings.sort();
        let place =
            self.bindings.iter().position(|known| *known == binding).expect("it has just been put there");
        if self.says_nothing(place) {
            self.bindings.remove(place);
            return;
        }
        self.thin_sightings();
        let mut of_it = (0..self.bindings.len()).filter(|&place| self.bindings[place].address == address);
        if let (Some(oldest), true) = (of_it.next(), of_it.count() >= BINDINGS_MAX) {
            self.bindings.remove(oldest);
        }
    }

    /// Whether a sighting stands between two of the same address with the same host, close to each other.
    fn says_nothing(&self, place: usize) -> bool {
        let Some([before, here, after]) =
            place.checked_sub(1).and_then(|from| self.bindings.get(from..from + 3))
        else {
            return false;
        };
        let same = |other: &Binding| (other.address, other.host) == (here.address, here.host);
        same(before)
            && same(after)
            && after.at.since(before.at) <= self.settings.ip_binding.min(SIGHTINGS_APART)
    }

    fn thin_sightings(&mut self) {
        let mut place = 0;
        while place < self.bindings.len() {
            if self.says_nothing(place) {
                self.bindings.remove(place);
            } else {
                place += 1;
            }
        }
    }

    /// What was sighted with one host was sighted with the other, for the two are one: as far as an alert that mentions the
    /// host mentions the address too, which one that said so does unless the host has been divided since.
    pub(super) fn rebind(&mut self, gone: EntityId, keep: EntityId) {
        if self.entity(gone).kind != EntityKind::Host {
            return;
        }
        let alerts = self.mentioners(gone).into_iter().map(|(alert, _)| alert);
        let beside: Vec<EntityId> =
            alerts.flat_map(|alert| alert.sayings.iter().map(|saying| self.meant(&saying.who))).collect();
        let is_it = |binding: &&mut Binding| binding.host == gone && beside.contains(&binding.address);
        for binding in self.bindings.iter_mut().filter(is_it) {
            binding.host = keep;
        }
        self.bindings.sort();
        self.bindings.dedup();
        self.thin_sightings();
    }
}
