//! What people say about entities, by command: who is who, who is not, who joins nothing, what to call them.
//!
//! A ruling outlives the alerts that it was made about: the entity is kept while it holds, mentioned or not, and no
//! evidence and no directory overrules it. Each operation is carried out whole or refused; the caller answers for the
//! incidents that show the entity ([`TenantState::active_groups_mentioning`]), and has the alerts that a union brought near each
//! other weighed anew ([`TenantState::relink_united`]).

use std::collections::VecDeque;

use braid_alert::{EntityKind, Identifier, IncidentStatus};
use smallvec::SmallVec;

use super::{filter, rank};
use crate::dossier::{APART_MAX, OWN_TAGS_MAX};
use crate::entity::{Entity, NAMES_MAX};
use crate::identity::division::parts_of;
use crate::names::Teacher;
use crate::slots::{EntityRef, GroupRef, NameRef};
use crate::state::NameSource;
use crate::tenant_state::TenantState;
use crate::{CommandRefused, Effect};

/// How many entities of a tenant are kept because of what people said of them.
const RULED_MAX: u32 = 10_000;

/// How many mentions of an entity are looked at to find the incidents that show it: a hub has a million.
const MENTIONS_LOOKED_AT_MAX: usize = 4_096;

/// Characters of a tag.
const TAG_CHARACTERS_MAX: usize = 128;

impl TenantState {
    /// The entity that a name means, in whatever form a product writes it: `CLIENT1$` is the host CLIENT1. `None` if it
    /// means nobody in particular, or nobody who is known.
    pub(crate) fn find_entity(&self, name: &Identifier) -> Option<EntityRef> {
        let (_, names) = self.meant_by(name).ok()?;
        names.iter().find_map(|name| self.names.find(name)).map(|name| self.names.bearer(name))
    }

    /// Keeps an entity from joining anything, or lets it join again. One that is not known is made, so that it joins
    /// nothing from the first alert on.
    ///
    /// Refused: `names_nobody`, `nothing_to_do`, `rulings_max`.
    pub(crate) fn exclude(&mut self, name: &Identifier, excluded: bool) -> Result<EntityRef, CommandRefused> {
        let known = self.unambiguous(name)?;
        if known.is_some_and(|slot| self.entities[slot].excluded) == excluded {
            return Err(CommandRefused::NothingToDo);
        }
        let slot = self.known_or_made(known, name, excluded)?;
        self.before_change_of(slot);
        self.entities[slot].excluded = excluded;
        self.rule(slot);
        Ok(slot)
    }

    /// Puts tags on an entity and takes tags off that people put on it; those of products and directories are theirs. One
    /// that is not known is made.
    ///
    /// Refused: `names_nobody`, `nothing_to_do`, `too_long` (32 tags of 128 characters), `rulings_max`.
    pub(crate) fn tag_entity(
        &mut self,
        name: &Identifier,
        add: &[Box<str>],
        remove: &[Box<str>],
    ) -> Result<EntityRef, CommandRefused> {
        let known = self.unambiguous(name)?;
        let before = known.map_or(&[][..], |slot| self.entities[slot].own_tags());
        let tags = tags_after(before, add, remove);
        if tags == before {
            return Err(CommandRefused::NothingToDo);
        }
        if tags.len() > OWN_TAGS_MAX || add.iter().any(|tag| tag.chars().count() > TAG_CHARACTERS_MAX) {
            return Err(CommandRefused::TooLong);
        }
        let slot = self.known_or_made(known, name, !tags.is_empty())?;
        self.before_change_of(slot);
        self.amend(slot, |dossier| dossier.own_tags = tags);
        self.rule(slot);
        Ok(slot)
    }

    /// Makes the bearers of two names one entity; a name that nobody bears becomes the other's. It takes back what kept
    /// the two apart.
    ///
    /// Refused: `names_nobody`, `kind_mismatch`, `names_contradict`, `nothing_to_do`, `too_long` (64 names), `rulings_max`.
    pub(crate) fn unite_by_command(
        &mut self,
        a: &Identifier,
        b: &Identifier,
    ) -> Result<EntityRef, CommandRefused> {
        let known = (self.unambiguous(a)?, self.unambiguous(b)?);
        self.may_unite(a, b, known)?;
        let united = match known {
            (Some(a), Some(b)) => self.unite_ruled(a, b),
            (Some(slot), None) => self.teach(slot, b),
            (None, Some(slot)) => self.teach(slot, a),
            (None, None) => {
                let slot = self.known_or_made(None, a, true)?;
                self.teach(slot, b)
            }
        };
        let names = [a, b].map(|name| self.name_of_command(name).expect("both are known by now"));
        self.before_change_of(united);
        self.names.relearn(names[1], Teacher::Command);
        self.entities[united].tie(names[0], names[1]);
        self.rule(united);
        Ok(united)
    }

    fn may_unite(
        &self,
        a: &Identifier,
        b: &Identifier,
        known: (Option<EntityRef>, Option<EntityRef>),
    ) -> Result<(), CommandRefused> {
        let kind = |slot: Option<EntityRef>, name: &Identifier| match slot {
            Some(slot) => self.entities[slot].kind.clone(),
            None => self.meant_by(name).map_or_else(|_| filter::kind_of(&name.kind), |(kind, _)| kind),
        };
        if !rank::may_be_one(&kind(known.0, a), &kind(known.1, b)) {
            return Err(CommandRefused::KindMismatch);
        }
        let names = |slot: Option<EntityRef>, name: &Identifier| match slot {
            Some(slot) => self.identifiers_of(slot),
            None => self.meant_by(name).map(|(_, names)| names).unwrap_or_default(),
        };
        let (mine, theirs) = (names(known.0, a), names(known.1, b));
        // So it is if both are one's already, and if nobody is known whom one name means in two spellings.
        if mine.iter().any(|name| theirs.contains(name)) {
            return Err(CommandRefused::NothingToDo);
        }
        let contradict = |mine: &Identifier| {
            let mut same_sort = theirs.iter().filter(|other| rank::same_sort(mine, other)).peekable();
            rank::is_final(mine) && same_sort.peek().is_some() && same_sort.all(|other| other != mine)
        };
        if mine.iter().any(contradict) {
            return Err(CommandRefused::NamesContradict);
        }
        if mine.len() + theirs.len() > NAMES_MAX {
            return Err(CommandRefused::TooLong);
        }
        self.room_to_rule(known.0.or(known.1))
    }

    fn identifiers_of(&self, slot: EntityRef) -> Vec<Identifier> {
        self.entities[slot].names.iter().map(|&name| self.names.identifier(name).clone()).collect()
    }

    /// Makes two entities one, whatever kept them apart.
    fn unite_ruled(&mut self, a: EntityRef, b: EntityRef) -> EntityRef {
        for (slot, other) in [(a, b), (b, a)] {
            let theirs = self.identifiers_of(other);
            if self.entities[slot].apart().iter().any(|name| theirs.contains(name)) {
                self.amend(slot, |dossier| dossier.apart.retain(|name| !theirs.contains(name)));
            }
        }
        self.unite(a, b)
    }

    /// Gives an entity a name that nobody bears.
    fn teach(&mut self, slot: EntityRef, name: &Identifier) -> EntityRef {
        let (kind, names) = self.meant_by(name).expect("the name has been looked up");
        self.before_change_of(slot);
        let known: SmallVec<[Option<NameRef>; 6]> = names.iter().map(|name| self.names.find(name)).collect();
        self.learn(slot, kind, names, &known, Teacher::Command);
        slot
    }

    /// Keeps the bearers of two names apart: what had united them is divided, and neither evidence nor a directory
    /// unites them again. Names that are not known are made. Returns the two entities.
    ///
    /// Refused: `names_nobody`, `nothing_to_do`, `too_long` (64 others that one is kept apart from), `rulings_max`.
    pub(crate) fn keep_apart(
        &mut self,
        a: &Identifier,
        b: &Identifier,
        effects: &mut Vec<Effect>,
    ) -> Result<(EntityRef, EntityRef), CommandRefused> {
        let known = (self.unambiguous(a)?, self.unambiguous(b)?);
        self.may_part(a, b, known)?;
        let first = self.known_or_made(known.0, a, true)?;
        let second = match known.1 {
            Some(second) => second,
            None => self.known_or_made(None, b, true)?,
        };
        let names = [a, b].map(|name| self.name_of_command(name).expect("both are known by now"));
        if first == second {
            self.divide_between(names[0], names[1], effects);
        }
        let slots = names.map(|name| self.names.bearer(name));
        let spelled = names.map(|name| self.names.identifier(name).clone());
        for (slot, other) in [(slots[0], &spelled[1]), (slots[1], &spelled[0])] {
            self.amend(slot, |dossier| dossier.apart.push(other.clone()));
            self.rule(slot);
        }
        Ok((slots[0], slots[1]))
    }

    fn may_part(
        &self,
        a: &Identifier,
        b: &Identifier,
        known: (Option<EntityRef>, Option<EntityRef>),
    ) -> Result<(), CommandRefused> {
        let named = (self.name_of_command(a), self.name_of_command(b));
        // One name in two spellings is one: the SID of an account of the cloud says its object id.
        let (mine, theirs) = (self.meant_by(a)?.1, self.meant_by(b)?.1);
        if named.0.is_some() && named.0 == named.1 || mine.iter().any(|name| theirs.contains(name)) {
            return Err(CommandRefused::NamesNobody);
        }
        if let (Some(a), Some(b)) = known
            && a != b
            && self.are_apart(a, b)
        {
            return Err(CommandRefused::NothingToDo);
        }
        let is_full =
            |slot: Option<EntityRef>| slot.is_some_and(|s| self.entities[s].apart().len() >= APART_MAX);
        if is_full(known.0) || is_full(known.1) {
            return Err(CommandRefused::TooLong);
        }
        // Both will be ruled: that there is room for one of them is not enough.
        let is_ruled = |slot: &&Option<EntityRef>| slot.is_some_and(|slot| self.entities[slot].ruled);
        let news = 2 - [known.0, known.1].iter().filter(is_ruled).count() as u32;
        if self.ruled + news <= RULED_MAX { Ok(()) } else { Err(CommandRefused::RulingsMax) }
    }

    /// Divides an entity between two of its names. On the shortest way from one to the other the weakest name between
    /// them is what had united them: it stands for both, so it becomes ambiguous. Where the two were named together with
    /// nothing between them, that tie was wrong.
    fn divide_between(&mut self, a: NameRef, b: NameRef, effects: &mut Vec<Effect>) {
        while self.names.bearer(a) == self.names.bearer(b) {
            let owner = self.names.bearer(a);
            self.before_change_of(owner);
            let way = shortest_way(&self.entities[owner], a, b);
            let between = way.get(1..way.len().saturating_sub(1)).unwrap_or_default();
            let weakest = between.iter().copied().max_by_key(|&name| {
                let name = self.names.identifier(name);
                (rank::of(name), name)
            });
            match weakest {
                Some(name) => self.make_ambiguous(name, effects),
                None if way.len() == 2 => self.entities[owner].untie(a, b),
                None => {
                    let parts = parts_of(&self.entities[owner], None);
                    let part = parts.iter().find(|part| part.contains(&b)).expect("each name is in a part");
                    self.part_from(owner, part);
                }
            }
        }
    }

    /// The bearer of a name that a command gives, if there is one.
    fn unambiguous(&self, name: &Identifier) -> Result<Option<EntityRef>, CommandRefused> {
        self.meant_by(name)?;
        match self.find_entity(name) {
            Some(slot) if self.entities[slot].ambiguous => Err(CommandRefused::NamesNobody),
            known => Ok(known),
        }
    }

    fn name_of_command(&self, name: &Identifier) -> Option<NameRef> {
        let (_, names) = self.meant_by(name).ok()?;
        names.iter().find_map(|name| self.names.find(name))
    }

    /// The entity, or a new one of that name; refused if that would be one more to keep than may be.
    fn known_or_made(
        &mut self,
        known: Option<EntityRef>,
        name: &Identifier,
        keeps: bool,
    ) -> Result<EntityRef, CommandRefused> {
        if keeps {
            self.room_to_rule(known)?;
        }
        if let Some(slot) = known {
            return Ok(slot);
        }
        let (kind, _) = self.meant_by(name)?;
        let slot = self.new_entity(kind);
        Ok(self.teach(slot, name))
    }

    fn room_to_rule(&self, known: Option<EntityRef>) -> Result<(), CommandRefused> {
        let is_ruled = known.is_some_and(|slot| self.entities[slot].ruled);
        if is_ruled || self.ruled < RULED_MAX { Ok(()) } else { Err(CommandRefused::RulingsMax) }
    }

    /// The kind of entity that a name means, and the forms in which it is kept.
    fn meant_by(&self, name: &Identifier) -> Result<(EntityKind, Vec<Identifier>), CommandRefused> {
        let (mut kind, mut names) = (filter::kind_of(&name.kind), vec![name.clone()]);
        let is_managed = |kind: &EntityKind, names: &[Identifier]| self.is_managed(kind, names);
        let names_somebody = filter::keep_names(&mut kind, &mut names, is_managed, &mut Vec::new());
        names_somebody.then_some((kind, names)).ok_or(CommandRefused::NamesNobody)
    }

    /// What people said of an entity has changed.
    fn rule(&mut self, slot: EntityRef) {
        self.touch_entity(slot);
        self.settle_ruling(slot);
        self.orphans.push((slot, self.entities[slot].id));
    }

    /// Notes whether what people said of an entity keeps it. It follows from the record, so that a restore finds the same.
    pub(crate) fn settle_ruling(&mut self, slot: EntityRef) {
        let entity = &self.entities[slot];
        let by_command = |&name: &NameRef| *self.names.learned(name) == NameSource::Command;
        let ruled = entity.excluded
            || !entity.own_tags().is_empty()
            || !entity.apart().is_empty()
            || (entity.names.len() > 1 && entity.names.iter().any(by_command));
        let was = std::mem::replace(&mut self.entities[slot].ruled, ruled);
        self.ruled = self.ruled + u32::from(ruled) - u32::from(was);
    }

    /// The groups of active incidents whose alerts mention an entity, the one with the latest mention first; at most
    /// `most`, of the latest mentions.
    pub(crate) fn active_groups_mentioning(&self, slot: EntityRef, most: usize) -> Vec<GroupRef> {
        let mut groups: Vec<GroupRef> = Vec::new();
        for mention in self.entities[slot].mentions.iter().rev().take(MENTIONS_LOOKED_AT_MAX) {
            let group = mention.group;
            let is_active = self.groups[group].incident.status == IncidentStatus::Active;
            if groups.len() < most && is_active && !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }
}

fn tags_after(before: &[Box<str>], add: &[Box<str>], remove: &[Box<str>]) -> Vec<Box<str>> {
    let is_in = |tags: &[Box<str>], tag: &str| tags.iter().any(|known| known.eq_ignore_ascii_case(tag));
    let mut tags: Vec<Box<str>> = before.iter().filter(|tag| !is_in(remove, tag)).cloned().collect();
    for tag in add.iter().filter(|tag| !tag.trim().is_empty()) {
        if !is_in(&tags, tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// The shortest way between two names of an entity along ties, ends included; of equally short ones the one over the
/// names that were learned first. Empty if there is none.
fn shortest_way(entity: &Entity, from: NameRef, to: NameRef) -> Vec<NameRef> {
    let place = |name| entity.names.iter().position(|&n| n == name);
    let (Some(from), Some(to)) = (place(from), place(to)) else { return Vec::new() };
    let mut before: Vec<Option<usize>> = vec![None; entity.names.len()];
    before[from] = Some(from);
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        let tied = |&(a, b): &(u8, u8)| match (usize::from(a), usize::from(b)) {
            (a, b) if a == at => Some(b),
            (a, b) if b == at => Some(a),
            _ => None,
        };
        let mut next: SmallVec<[usize; 8]> = entity.ties.iter().filter_map(tied).collect();
        next.sort_unstable();
        for name in next {
            if before[name].is_none() {
                before[name] = Some(at);
                queue.push_back(name);
            }
        }
    }
    let mut way = vec![to];
    while let Some(at) = before[way[way.len() - 1]] {
        if at == way[way.len() - 1] {
            return way.into_iter().rev().map(|place| entity.names[place]).collect();
        }
        way.push(at);
    }
    Vec::new()
}
