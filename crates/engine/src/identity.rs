//! Whose alert is it: from the names that a piece of evidence gives to the entity that bears them.
//!
//! First filter, then learn. What names nobody in particular (built-in accounts, loopback and the like) is left out
//! before anything is looked up, for one alias learned from `NT AUTHORITY\SYSTEM` would unite every host there is.
//!
//! Names that stand in one piece of evidence are names of one entity. What must never happen is that a name unites two
//! entities which stronger names hold apart, so names have a rank within their kind of entity, and a name may unite only
//! what no stronger name contradicts. When one does, it is the weaker name that is at fault: it becomes *ambiguous*, joins
//! nothing from then on, and what it had united is divided again along the other names that were seen together.

mod division;
mod encounter;
mod filter;
mod premises;
mod rank;
mod ruling;
mod union;

use braid_alert::{
    EntityId, EntityKind, EventTime, Evidence, HostAddress, Identifier, IdentifierKind, Provider,
};
use smallvec::SmallVec;

use crate::Effect;
use crate::alert_state::{Mention, Part};
use crate::entity::{Entity, NAMES_MAX};
use crate::names::Teacher;
use crate::slots::{EntityRef, NameRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;

pub(crate) use encounter::Encounter;

/// The mentions of one alert.
pub(crate) type Mentions = SmallVec<[Mention; 8]>;

/// Names of one piece of evidence, strongest first.
type Names = Vec<Identifier>;

/// Where each of them is, if it is known.
pub(crate) struct Known {
    found: SmallVec<[Option<NameRef>; 6]>,
    /// How many names had been learned when they were looked for; `None` if nobody has looked yet.
    as_of: Option<u64>,
}

impl Known {
    /// Of names that nobody has looked for yet.
    pub(crate) fn unlooked(names: usize) -> Self {
        Self { found: SmallVec::from_elem(None, names), as_of: None }
    }
}

/// The tag by which a product says that an account is a service's, in any case. Windows' group managed service accounts
/// have names that end in `$`, as machines' accounts do, and SIDs of the same form: nothing but a directory's class, or
/// a tag, tells them apart.
const SERVICE_ACCOUNT: &str = "serviceAccount";

/// The kind of a host's own address, as a name.
static ADDRESS: IdentifierKind = IdentifierKind::Address;

/// Every name that a piece of evidence gives anybody: its entity first, then the addresses.
fn every_name(piece: &Evidence) -> impl Iterator<Item = (&IdentifierKind, &str)> {
    let names = piece.identifiers.iter().map(|name| (&name.kind, &*name.value));
    names.chain(piece.addresses.iter().map(|host| (&ADDRESS, &*host.address)))
}

impl TenantState {
    /// Finds or makes the entities that an alert's evidence is about.
    pub(crate) fn resolve(
        &mut self,
        mut evidence: Vec<Evidence>,
        provider: &Provider,
        at: EventTime,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Mentions {
        let mut mentions = Mentions::new();
        let mut rivals = Vec::new();
        evidence.retain_mut(|Evidence { kind, identifiers, tags, .. }| {
            let is_managed = |kind: &EntityKind, names: &[Identifier]| {
                self.is_managed(kind, names)
                    || tags.iter().any(|tag| tag.eq_ignore_ascii_case(SERVICE_ACCOUNT))
            };
            filter::keep_names(kind, identifiers, is_managed, &mut rivals) && {
                filter::leave_out_mere_names(kind, identifiers);
                true
            }
        });
        self.tell_conflicts(rivals, effects);
        let teacher = Teacher::Alert(provider);
        let mut bound: SmallVec<[(NameRef, NameRef); 4]> = SmallVec::new();
        let as_of = Some(self.names.learned_so_far());
        let found = self.names.find_all(evidence.iter().flat_map(every_name));
        let mut left = &*found;
        let mut known_of = |names: usize| {
            let (found, others) = left.split_at(names);
            left = others;
            Known { found: SmallVec::from_slice(found), as_of }
        };
        for Evidence { kind, role, identifiers, label, tags, addresses, .. } in evidence {
            let known = known_of(identifiers.len());
            // A telephone is in whichever network its owner is, and has an address that half the world's networks have.
            let context = kind == EntityKind::Address && *provider == Provider::Zimperium;
            let (entity, anchor) = self.bearer_of(kind, identifiers, known, teacher, effects);
            self.follow_anchors(&mut mentions);
            self.describe(entity, label, tags);
            let part = Part::from(&role);
            self.note(&mut mentions, Mention { entity, part, anchor, bound: false, context });
            for host_address in addresses {
                let known = known_of(1);
                let address =
                    self.note_address(host_address, known, teacher, weighing, &mut mentions, effects);
                bound.extend(address.zip(anchor));
            }
        }
        for (address, host) in bound {
            self.bind(address, host, at);
        }
        for place in 0..mentions.len() {
            self.follow_binding(place, at, weighing, &mut mentions);
        }
        note_subject(&mut mentions);
        mentions
    }

    /// What has been learned from one piece of evidence may have united or divided the entities of the pieces before
    /// it; the names that the mentions hang on know where they went.
    fn follow_anchors(&mut self, mentions: &mut Mentions) {
        if !std::mem::take(&mut self.names_moved) {
            return;
        }
        for mut mention in std::mem::take(mentions) {
            mention.entity = mention.anchor.map_or(mention.entity, |anchor| self.names.bearer(anchor));
            self.note(mentions, mention);
        }
    }

    /// Whether a name that looks like a machine's account is known to be an account's: a directory, or a product, has said so.
    /// Nobody else makes a user of such a name.
    pub(crate) fn is_managed(&self, kind: &EntityKind, identifiers: &[Identifier]) -> bool {
        let is_users = |name: &Identifier| {
            let known = self.names.find(name).map(|name| self.names.bearer(name));
            known.is_some_and(|bearer| self.entities[bearer].kind == EntityKind::User)
        };
        filter::like_machines(kind, identifiers).any(is_users)
    }

    /// The kind of entity and the names that count, as a directory says them: whom it lists as a user is one, though its
    /// name ends as a machine's does. Names that contradict each other are counted as a conflict, and teach nothing.
    pub(crate) fn names_of(
        &self,
        mut kind: EntityKind,
        mut names: Names,
        effects: &mut Vec<Effect>,
    ) -> Option<(EntityKind, Names)> {
        let mut rivals = Vec::new();
        let names_somebody = filter::keep_names(&mut kind, &mut names, |_, _| true, &mut rivals);
        self.tell_conflicts(rivals, effects);
        names_somebody.then_some((kind, names))
    }

    fn tell_conflicts(&self, names: Vec<Identifier>, effects: &mut Vec<Effect>) {
        let tell = |identifier| Effect::IdentityConflict { tenant: self.tenant.clone(), identifier };
        effects.extend(names.into_iter().map(tell));
    }

    /// A host's own address: an egress stands for many hosts and so for none, an internal one for this host. Returns the
    /// address's name if it does.
    fn note_address(
        &mut self,
        HostAddress { address, egress }: HostAddress,
        known: Known,
        teacher: Teacher<'_>,
        weighing: &Weighing,
        mentions: &mut Mentions,
        effects: &mut Vec<Effect>,
    ) -> Option<NameRef> {
        let binds = !egress && !weighing.settings.is_handed_around(&address);
        let name = Identifier { kind: IdentifierKind::Address, value: address };
        let (kind, names) = self.names_of(EntityKind::Address, vec![name], effects)?;
        let (entity, anchor) = self.bearer_of(kind, names, known, teacher, effects);
        if egress && !self.entities[entity].egress {
            self.before_change_of(entity);
            self.entities[entity].egress = true;
            self.touch_entity(entity);
        }
        let part = Part::Related;
        self.note(mentions, Mention { entity, part, anchor, bound: false, context: true });
        anchor.filter(|_| binds)
    }

    /// From this alert on an address is a host's. That is noted when all of its evidence has been heard, for which host it
    /// is may be learned from the pieces after the one that says so.
    fn bind(&mut self, address: NameRef, host: NameRef, at: EventTime) {
        let (address, host) = (self.names.bearer(address), self.entities[self.names.bearer(host)].id);
        if self.entities[address].bind(host, at, self.sightings_apart) {
            self.touch_entity(address);
        }
    }

    /// An address that is a host's at the time stands for that host.
    fn follow_binding(&mut self, place: usize, at: EventTime, weighing: &Weighing, mentions: &mut Mentions) {
        let address = &self.entities[mentions[place].entity];
        if address.kind != EntityKind::Address || mentions[place].context || !address.joins() {
            return;
        }
        let host = address.bound_to(at, weighing.settings.ip_binding, |host| self.hosts.contains_key(&host));
        let Some(host) = host.and_then(|id| self.hosts.get(&id).copied()) else { return };
        mentions[place].context = true;
        let (part, anchor) = (mentions[place].part, None);
        self.note(mentions, Mention { entity: host, part, anchor, bound: true, context: false });
    }

    /// The entity that bears these names: one that is known, several that turn out to be one, or a new one; with the
    /// strongest of the names, which the mention hangs on.
    pub(crate) fn bearer_of(
        &mut self,
        kind: EntityKind,
        names: Names,
        mut known: Known,
        teacher: Teacher<'_>,
        effects: &mut Vec<Effect>,
    ) -> (EntityRef, Option<NameRef>) {
        // What was not there when the alert came may have been learned from the pieces of evidence before this one.
        if known.as_of != Some(self.names.learned_so_far()) {
            for (name, known) in names.iter().zip(&mut known.found).filter(|(_, known)| known.is_none()) {
                *known = self.names.find(name);
            }
        }
        let known = known.found;
        if let Some((bearer, anchor)) = self.known_bearer(&kind, &known) {
            return (bearer, Some(anchor));
        }
        let mut bearer: Option<EntityRef> = None;
        for (place, name) in known.iter().enumerate() {
            let Some(name) = *name else { continue };
            let owner = self.names.bearer(name);
            if bearer == Some(owner) || self.entities[owner].ambiguous {
                continue;
            }
            // Somebody said that the two are two: neither name is at fault, they only do not belong together.
            if bearer.is_some_and(|known| self.are_apart(known, owner)) {
                continue;
            }
            if self.contradicts(&names, place, owner, bearer) {
                self.make_ambiguous(name, effects);
            } else {
                bearer = Some(bearer.map_or(owner, |known| self.unite(known, owner)));
            }
        }
        let bearer = match (bearer, known.iter().all(Option::is_some)) {
            (Some(bearer), _) => bearer,
            // All names are ambiguous: the mention goes to the strongest of them, as context.
            (None, true) => return (self.names.bearer(known[0].expect("all are known")), known[0]),
            (None, false) => self.new_entity(kind.clone()),
        };
        (bearer, self.learn(bearer, kind, names, &known, teacher))
    }

    /// The bearer of names that are all known, and known to be names of one entity: nothing can be learned from them, nor
    /// can they contradict each other. Nearly every piece of evidence is of that sort.
    fn known_bearer(&self, kind: &EntityKind, names: &[Option<NameRef>]) -> Option<(EntityRef, NameRef)> {
        let first = (*names.first()?)?;
        let bearer = self.names.bearer(first);
        let entity = &self.entities[bearer];
        let is_tied = |name: &Option<NameRef>| {
            name.is_some_and(|name| self.names.bearer(name) == bearer && entity.are_tied(first, name))
        };
        let is_known =
            !entity.ambiguous && !rank::is_more_telling(kind, &entity.kind) && names[1..].iter().all(is_tied);
        is_known.then_some((bearer, first))
    }

    /// Gives an entity names that nobody bears yet, and ties all of this evidence's names to the strongest, which is
    /// returned.
    fn learn(
        &mut self,
        bearer: EntityRef,
        kind: EntityKind,
        names: Names,
        known: &[Option<NameRef>],
        teacher: Teacher<'_>,
    ) -> Option<NameRef> {
        if known.iter().any(Option::is_none) || rank::is_more_telling(&kind, &self.entities[bearer].kind) {
            self.before_change_of(bearer);
        }
        let mut news = false;
        let mut tied: SmallVec<[NameRef; 6]> = SmallVec::new();
        for (identifier, known) in names.into_iter().zip(known) {
            let name = match known {
                Some(name) => *name,
                None if self.entities[bearer].names.len() >= NAMES_MAX => continue,
                None => {
                    news = true;
                    self.state_bytes += identifier.value.len() as u64 + NAME_BYTES;
                    let name = self.names.insert(identifier, bearer, teacher);
                    self.entities[bearer].names.push(name);
                    name
                }
            };
            if self.names.bearer(name) == bearer {
                tied.push(name);
            }
        }
        let entity = &mut self.entities[bearer];
        for &name in tied.iter().skip(1) {
            news |= entity.tie(tied[0], name);
        }
        if rank::is_more_telling(&kind, &entity.kind) {
            entity.kind = kind;
            news = true;
        }
        if news {
            self.touch_entity(bearer);
            self.settle_ruling(bearer);
        }
        tied.first().copied()
    }

    fn describe(&mut self, entity: EntityRef, label: Option<Box<str>>, tags: Vec<Box<str>>) {
        if !self.would_describe(entity, &label, &tags) {
            return;
        }
        self.before_change_of(entity);
        let known = &mut self.entities[entity];
        known.label = known.label.take().or(label);
        for tag in tags {
            if known.tags().len() < TAGS_MAX && !known.tags().contains(&tag) {
                known.rare().tags.push(tag);
            }
        }
        self.touch_entity(entity);
    }

    fn would_describe(&self, entity: EntityRef, label: &Option<Box<str>>, tags: &[Box<str>]) -> bool {
        let known = &self.entities[entity];
        (label.is_some() && known.label.is_none())
            || tags.iter().any(|tag| known.tags().len() < TAGS_MAX && !known.tags().contains(tag))
    }

    pub(crate) fn new_entity(&mut self, kind: EntityKind) -> EntityRef {
        let id = EntityId(self.next_entity);
        self.next_entity += 1;
        self.dirty.tenant = true;
        self.state_bytes += ENTITY_BYTES;
        let is_host = kind == EntityKind::Host;
        let entity = self.entities.insert(Entity::new(id, kind));
        if is_host {
            self.hosts.insert(id, entity);
        }
        self.dirty.entities.push(entity);
        entity
    }
}

/// How many tags of products an entity keeps.
const TAGS_MAX: usize = 32;

/// What an entity and a name are reckoned to cost beside their text, for the byte budget.
pub(crate) const ENTITY_BYTES: u64 = 160;
/// See [`ENTITY_BYTES`].
pub(crate) const NAME_BYTES: u64 = 64;

impl TenantState {
    /// Adds a mention; of two of the same entity all that they say stays.
    fn note(&self, mentions: &mut Mentions, mention: Mention) {
        match mentions.iter_mut().find(|m| m.entity == mention.entity) {
            Some(known) => {
                known.strengthen(mention, &self.names);
            }
            None => mentions.push(mention),
        }
    }
}

/// An alert that names one thing alone is about that thing, and does not merely aim at it.
fn note_subject(mentions: &mut Mentions) {
    let mut named = mentions.iter_mut().filter(|m| !m.context);
    if let (Some(subject), None) = (named.next(), named.next())
        && subject.part == Part::Target
    {
        subject.part = Part::Impacted;
    }
}

impl Mention {
    /// Takes over what another mention of the same entity says beyond this one; it hangs on the stronger of their names,
    /// whichever came first. Returns whether that was anything.
    pub(crate) fn strengthen(&mut self, other: Self, names: &crate::names::Names) -> bool {
        let before = (self.part, self.bound, self.context, self.anchor);
        self.part = self.part.max(other.part);
        self.bound &= other.bound;
        self.context &= other.context;
        if self.anchor != other.anchor {
            let strength = |&name: &NameRef| (rank::of(names.identifier(name)), names.identifier(name));
            self.anchor = self.anchor.into_iter().chain(other.anchor).min_by_key(strength);
        }
        before != (self.part, self.bound, self.context, self.anchor)
    }
}

/// Whether a name of this kind ties a mention for certain, or only within its scope.
pub(crate) fn is_certain(kind: &IdentifierKind) -> bool {
    kind.is_strong()
        || matches!(kind, IdentifierKind::DomainAccount | IdentifierKind::Url | IdentifierKind::Address)
}
