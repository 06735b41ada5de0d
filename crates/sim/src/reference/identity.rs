//! Who bears a name: entities are what hangs together by names that were named together, but for names that turned out to
//! stand for several.

use braid_alert::{
    EntityId, EntityKind, EventTime, Evidence, HostAddress, Identifier, IdentifierKind, Provider, Span,
};
use braid_engine::Effect;

use super::alert::{Part, Saying, Who};
use super::filter::{Meant, meant, meant_by_evidence};
use super::history::{Binding, EntityFacts, History};
use super::naming;

/// How many names an entity may bear.
const NAMES_MAX: usize = 64;

/// How many names that stand for several an entity remembers.
const CONFLICTS_MAX: usize = 16;

/// How many sightings an address remembers.
const BINDINGS_MAX: usize = 8;

/// How far apart two sightings of a host are between which others of it say nothing.
const SIGHTINGS_APART: Span = Span::hours(4);

impl History {
    /// The entity that bears a name.
    pub(super) fn bearer(&self, name: &Identifier) -> Option<EntityId> {
        self.entities.iter().find(|entity| entity.names.contains(name)).map(|entity| entity.id)
    }

    /// What an entity is called by number now, if it has turned out to be another one.
    pub(super) fn now(&self, id: EntityId) -> EntityId {
        self.became.get(&id).map_or(id, |&next| self.now(next))
    }

    /// What the evidence of an alert says, after everything has been learned from it that it teaches.
    pub(super) fn hear(
        &mut self,
        evidence: &[Evidence],
        provider: &Provider,
        at: EventTime,
        effects: &mut Vec<Effect>,
    ) -> Vec<Saying> {
        let (mut sayings, mut bound) = (Vec::new(), Vec::new());
        let pieces: Vec<_> = evidence.iter().map(|piece| (piece, meant_by_evidence(piece))).collect();
        for name in pieces.iter().flat_map(|(_, (_, rivals))| rivals) {
            effects.push(self.conflict(name));
        }
        for (piece, (meant, _)) in pieces {
            let Some(meant) = meant else { continue };
            let who = self.learn(&meant, effects);
            sayings.push(Saying {
                who: who.clone(),
                part: Part::of(&piece.role),
                bound: false,
                // In whichever network a telephone is, its address there says nothing.
                context: piece.kind == EntityKind::Address && *provider == Provider::Zimperium,
            });
            for address in &piece.addresses {
                let Some((saying, binds)) = self.hear_address(address, effects) else { continue };
                bound.extend(binds.then(|| (saying.who.clone(), who.clone())));
                sayings.push(saying);
            }
            sayings = self.condense(&sayings);
        }
        for (address, host) in bound {
            let (address, host) = (self.meant(&address), self.meant(&host));
            self.bind(Binding { address, host, at });
        }
        self.conclude_hosts(&mut sayings, at);
        self.condense(&sayings)
    }

    /// A host's own address is context. What the outside sees is nobody's; other addresses are this host's at the time, but
    /// for those that are handed around too fast. Which host that is may be learned from later pieces of evidence.
    fn hear_address(
        &mut self,
        HostAddress { address, egress }: &HostAddress,
        effects: &mut Vec<Effect>,
    ) -> Option<(Saying, bool)> {
        let name = Identifier { kind: IdentifierKind::Address, value: address.clone() };
        let (meant, _) = meant(&EntityKind::Address, &[name]);
        let who = self.learn(&meant?, effects);
        let entity = self.meant(&who);
        self.entity_mut(entity).egress |= egress;
        let mut pools = self.settings.ip_binding_excluded.iter();
        let handed_around = address.parse().is_ok_and(|address| pools.any(|pool| pool.contains(address)));
        Some((Saying { who, part: Part::Related, bound: false, context: true }, !egress && !handed_around))
    }

    /// An address that is some host's at the time stands for that host, and is context itself.
    fn conclude_hosts(&self, sayings: &mut Vec<Saying>, at: EventTime) {
        for mention in self.mentions(sayings) {
            let entity = self.entity(mention.entity);
            if entity.kind != EntityKind::Address || mention.context || !entity.joins() {
                continue;
            }
            let Some(host) = self.host_at(entity.id, at) else { continue };
            for saying in sayings.iter_mut().filter(|saying| self.meant(&saying.who) == entity.id) {
                saying.context = true;
            }
            sayings.push(Saying {
                who: Who::Numbered(host),
                part: mention.part,
                bound: true,
                context: false,
            });
        }
    }

    /// The host that an address was sighted with nearest to a time, if that was near enough.
    fn host_at(&self, address: EntityId, at: EventTime) -> Option<EntityId> {
        let near = self.bindings.iter().filter(|binding| binding.address == address).filter_map(|binding| {
            let distance = Span::micros(at.since(binding.at).as_micros().saturating_abs());
            let is_known = self.entities.iter().any(|e| e.id == binding.host && e.kind == EntityKind::Host);
            (is_known && distance <= self.settings.ip_binding).then_some((distance, binding.host))
        });
        near.min().map(|(_, host)| host)
    }

    /// Notes that an address was sighted with a host, unless that is between two such sightings close to each other, which
    /// say so already. Of an address the last eight are kept.
    fn bind(&mut self, binding: Binding) {
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
        same(before) && same(after) && after.at.since(before.at) <= SIGHTINGS_APART
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
    fn rebind(&mut self, gone: EntityId, keep: EntityId) {
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

    /// Learns that these names are one entity's, unless a stronger name says otherwise. Returns the strongest of them
    /// that names it.
    fn learn(&mut self, Meant { kind, names }: &Meant, effects: &mut Vec<Effect>) -> Who {
        let known: Vec<&Identifier> = names.iter().filter(|name| self.bearer(name).is_some()).collect();
        let all_known = known.len() == names.len();
        let mut found: Option<EntityId> = None;
        for name in known {
            let bearer = self.bearer(name).expect("it is known");
            if found == Some(bearer) || self.entity(bearer).ambiguous {
                continue;
            }
            if self.contradicts(names, name, bearer, found) {
                self.make_ambiguous(name, effects);
            } else {
                found = Some(found.map_or(bearer, |found| self.unite(found, bearer)));
            }
        }
        if found.is_none() && all_known {
            return Who::Named(names[0].clone());
        }
        let entity = found.unwrap_or_else(|| self.new_entity(kind.clone()));
        self.give_names(entity, kind.clone(), names)
    }

    /// Names that nobody bears become this entity's, and all of them are tied to the strongest.
    fn give_names(&mut self, entity: EntityId, kind: EntityKind, names: &[Identifier]) -> Who {
        for name in names {
            if self.bearer(name).is_none() && self.entity(entity).names.len() < NAMES_MAX {
                self.entity_mut(entity).names.push(name.clone());
            }
        }
        let theirs: Vec<Identifier> =
            names.iter().filter(|name| self.bearer(name) == Some(entity)).cloned().collect();
        for other in &theirs[1..] {
            self.ties.push((theirs[0].clone(), other.clone()));
        }
        self.tell_kind(entity, kind);
        Who::Named(theirs[0].clone())
    }

    /// A mailbox turns out to be a user's.
    fn tell_kind(&mut self, entity: EntityId, kind: EntityKind) {
        let known = &mut self.entity_mut(entity).kind;
        if *known == EntityKind::Mailbox && kind == EntityKind::User {
            *known = kind;
        }
    }

    /// Whether a stronger name of the evidence, or of the entity that it has led to so far, says that the bearer of
    /// `name` is somebody else: it has another name of a sort of which there is only one. Of the strongest names no two
    /// are ever one's, by whatever name they would meet; nor has anybody more than 64 names.
    fn contradicts(
        &self,
        names: &[Identifier],
        name: &Identifier,
        bearer: EntityId,
        found: Option<EntityId>,
    ) -> bool {
        let theirs = &self.entity(bearer).names;
        let says_otherwise = |mine: &Identifier| {
            let is_stronger = naming::rank(mine) < naming::rank(name) && naming::is_exclusive(&mine.kind);
            (is_stronger || naming::is_final(mine))
                && theirs.iter().any(|their| naming::same_sort(their, mine))
                && !theirs.contains(mine)
        };
        let of_found = found.map(|found| &self.entity(found).names);
        of_found.is_some_and(|mine| mine.len() + theirs.len() > NAMES_MAX)
            || names.iter().chain(of_found.into_iter().flatten()).any(says_otherwise)
    }

    fn conflict(&self, name: &Identifier) -> Effect {
        Effect::IdentityConflict { tenant: self.tenant.clone(), identifier: name.clone() }
    }

    /// Two entities are one. The one that more alerts mention keeps its number, else the older one.
    fn unite(&mut self, a: EntityId, b: EntityId) -> EntityId {
        let claim = |id: EntityId| (self.mentioners(id).len(), std::cmp::Reverse(id));
        let (keep, gone) = if claim(a) > claim(b) { (a, b) } else { (b, a) };
        self.note_encounters(keep, gone);
        self.introduce(keep, gone);
        self.rebind(gone, keep);
        let place = self.entities.iter().position(|entity| entity.id == gone).expect("it is there");
        let gone = self.entities.remove(place);
        self.became.insert(gone.id, keep);
        let kept = self.entity_mut(keep);
        kept.names.extend(gone.names);
        kept.egress |= gone.egress;
        for name in gone.conflicts {
            kept.note_conflict(&name);
        }
        self.tell_kind(keep, gone.kind);
        self.settle_sayings();
        keep
    }

    /// A name stands for several entities. It becomes one of its own, which joins nothing, and what is left of the entity
    fn make_ambiguous(&mut self, name: &Identifier, effects: &mut Vec<Effect>) {
        effects.push(self.conflict(name));
        let bearer = self.bearer(name).expect("it is known");
        self.ties.retain(|(a, b)| a != name && b != name);
        if self.entity(bearer).names.len() == 1 {
            self.entity_mut(bearer).ambiguous = true;
            return;
        }
        let kind = self.entity(bearer).kind.clone();
        let outcast = self.new_entity(kind.clone());
        let names = std::mem::take(&mut self.entity_mut(bearer).names);
        self.entity_mut(outcast).names.push(name.clone());
        self.entity_mut(outcast).ambiguous = true;
        let mut left: Vec<Identifier> = names.into_iter().filter(|n| n != name).collect();
        let mut part_of = bearer;
        while !left.is_empty() {
            let (part, others) = self.hang_together(left);
            self.entity_mut(part_of).names = part;
            self.entity_mut(part_of).note_conflict(name);
            left = others;
            if !left.is_empty() {
                part_of = self.new_entity(kind.clone());
            }
        }
    }

    /// Of these names those that hang together with the first, and the others.
    fn hang_together(&self, names: Vec<Identifier>) -> (Vec<Identifier>, Vec<Identifier>) {
        let mut reached = vec![names[0].clone()];
        let mut looked_at = 0;
        while looked_at < reached.len() {
            let from = reached[looked_at].clone();
            looked_at += 1;
            for (a, b) in &self.ties {
                for (here, there) in [(a, b), (b, a)] {
                    if *here == from && !reached.contains(there) {
                        reached.push(there.clone());
                    }
                }
            }
        }
        names.into_iter().partition(|name| reached.contains(name))
    }

    fn new_entity(&mut self, kind: EntityKind) -> EntityId {
        let id = EntityId(self.next_entity);
        self.next_entity += 1;
        self.entities.push(EntityFacts {
            id,
            kind,
            names: Vec::new(),
            ambiguous: false,
            egress: false,
            conflicts: Vec::new(),
        });
        id
    }

    /// Entities that no alert mentions are forgotten, with their names; but an ambiguous name stays as long as an entity
    /// that is not forgotten remembers it.
    pub(super) fn forget_unmentioned(&mut self) {
        let mentioned: Vec<EntityId> =
            self.alerts.iter().flat_map(|alert| alert.sayings.iter().map(|s| self.meant(&s.who))).collect();
        loop {
            let remembered: Vec<Identifier> =
                self.entities.iter().flat_map(|entity| entity.conflicts.clone()).collect();
            let is_kept = |entity: &EntityFacts| {
                mentioned.contains(&entity.id) || entity.names.iter().any(|name| remembered.contains(name))
            };
            let (kept, gone): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.entities).into_iter().partition(is_kept);
            self.entities = kept;
            let is_gone = |name: &Identifier| gone.iter().any(|entity| entity.names.contains(name));
            self.ties.retain(|(a, b)| !is_gone(a) && !is_gone(b));
            if gone.is_empty() {
                return;
            }
        }
    }
}

impl EntityFacts {
    /// Remembers a name that it bore, or could have borne, and that stands for several.
    fn note_conflict(&mut self, name: &Identifier) {
        if !self.conflicts.contains(name) {
            self.conflicts.push(name.clone());
        }
        if self.conflicts.len() > CONFLICTS_MAX {
            self.conflicts.remove(0);
        }
    }
}
