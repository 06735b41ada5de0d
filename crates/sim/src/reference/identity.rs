//! Who bears a name: entities are what hangs together by names that were named together, but for names that turned out to
//! stand for several.

use braid_alert::{
    EntityId, EntityKind, EventTime, Evidence, HostAddress, Identifier, IdentifierKind, Provider,
};
use braid_engine::{Effect, NameSource};

use super::alert::{Part, Saying, Who};
use super::entity::EntityFacts;
use super::filter::{Meant, is_like_a_machine, meant, meant_by_evidence};
use super::history::{Binding, History};
use super::naming;

/// How many names an entity may bear.
pub(super) const NAMES_MAX: usize = 64;

impl History {
    /// The entity that bears a name.
    pub(super) fn bearer(&self, name: &Identifier) -> Option<EntityId> {
        self.entities.iter().find(|entity| entity.names.contains(name)).map(|entity| entity.id)
    }

    /// Whether one of these names is written as a machine's account is, and known to be a user's all the same.
    pub(super) fn is_managed(&self, names: &[Identifier]) -> bool {
        let is_users = |name: &Identifier| {
            self.bearer(name).is_some_and(|bearer| self.entity(bearer).kind == EntityKind::User)
        };
        names.iter().any(|name| is_like_a_machine(name) && is_users(name))
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
        let known = |piece: &Evidence| self.is_managed(&piece.identifiers);
        let pieces: Vec<_> =
            evidence.iter().map(|piece| (piece, meant_by_evidence(piece, known(piece)))).collect();
        for name in pieces.iter().flat_map(|(_, (_, rivals))| rivals) {
            effects.push(self.conflict(name));
        }
        let teacher = NameSource::Alert(provider.clone());
        for (piece, (meant, _)) in pieces {
            let Some(meant) = meant else { continue };
            let who = self.learn(&meant, &teacher, effects);
            let entity = self.meant(&who);
            self.entity_mut(entity).take_tags(&piece.tags);
            sayings.push(Saying {
                who: who.clone(),
                part: Part::of(&piece.role),
                bound: false,
                // In whichever network a telephone is, its address there says nothing.
                context: piece.kind == EntityKind::Address && *provider == Provider::Zimperium,
            });
            for address in &piece.addresses {
                let Some((saying, binds)) = self.hear_address(address, &teacher, effects) else { continue };
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
        let mut sayings = self.condense(&sayings);
        // What is named alone is what the alert is about.
        let mut drawing = sayings.iter_mut().filter(|saying| !saying.context);
        if let (Some(only), None) = (drawing.next(), drawing.next())
            && only.part == Part::Target
        {
            only.part = Part::Impacted;
        }
        sayings
    }

    /// A host's own address is context. What the outside sees is nobody's; other addresses are this host's at the time, but
    /// for those that are handed around too fast. Which host that is may be learned from later pieces of evidence.
    fn hear_address(
        &mut self,
        HostAddress { address, egress }: &HostAddress,
        teacher: &NameSource,
        effects: &mut Vec<Effect>,
    ) -> Option<(Saying, bool)> {
        let name = Identifier { kind: IdentifierKind::Address, value: address.clone() };
        let (meant, _) = meant(&EntityKind::Address, &[name], false);
        let who = self.learn(&meant?, teacher, effects);
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

    /// Learns that these names are one entity's, unless a stronger name says otherwise. Returns the strongest of them
    /// that names it.
    pub(super) fn learn(
        &mut self,
        Meant { kind, names }: &Meant,
        teacher: &NameSource,
        effects: &mut Vec<Effect>,
    ) -> Who {
        let known: Vec<&Identifier> = names.iter().filter(|name| self.bearer(name).is_some()).collect();
        let all_known = known.len() == names.len();
        let mut found: Option<EntityId> = None;
        for name in known {
            let bearer = self.bearer(name).expect("it is known");
            if found == Some(bearer) || self.entity(bearer).ambiguous {
                continue;
            }
            // Somebody said that the two are two. That puts no name at fault.
            if found.is_some_and(|found| self.are_apart(found, bearer)) {
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
        self.give_names(entity, kind.clone(), names, teacher)
    }

    /// Names that nobody bears become this entity's, and all of them are tied to the strongest.
    pub(super) fn give_names(
        &mut self,
        entity: EntityId,
        kind: EntityKind,
        names: &[Identifier],
        teacher: &NameSource,
    ) -> Who {
        for name in names {
            if self.bearer(name).is_none() && self.entity(entity).names.len() < NAMES_MAX {
                self.entity_mut(entity).names.push(name.clone());
                self.taught.insert(name.clone(), teacher.clone());
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
    pub(super) fn tell_kind(&mut self, entity: EntityId, kind: EntityKind) {
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

    pub(super) fn conflict(&self, name: &Identifier) -> Effect {
        Effect::IdentityConflict { tenant: self.tenant.clone(), identifier: name.clone() }
    }

    pub(super) fn new_entity(&mut self, kind: EntityKind) -> EntityId {
        let id = EntityId(self.next_entity);
        self.next_entity += 1;
        self.entities.push(EntityFacts::new(id, kind));
        id
    }
}
