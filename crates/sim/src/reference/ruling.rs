//! What people say of entities: who is who, who is not, who joins nothing, what to call them.

use braid_alert::{Action, ChangeReason, EntityId, EntityKind, Identifier, IncidentId, IncidentStatus, Pair};
use braid_engine::{CommandRefused, Effect, NameSource};

use super::command::Answer;
use super::entity::{EntityFacts, TAGS_MAX, has_tag};
use super::filter::{self, Meant};
use super::history::History;
use super::identity::NAMES_MAX;
use super::naming;
use super::triage::TAG_CHARACTERS_MAX;

impl History {
    /// Carries out what is said of entities, and tells the active incidents that show them: those that were not changed
    /// by a merge that follows from it.
    pub(super) fn rule_entities(&mut self, action: &Action, effects: &mut Vec<Effect>) -> Answer {
        let ruled = match action {
            Action::MustLink(Pair::Entities(a, b)) => vec![self.unite_by_command(a, b)?],
            Action::CannotLink(Pair::Entities(a, b)) => self.keep_apart(a, b, effects)?,
            Action::Exclude { entity, excluded } => vec![self.exclude(entity, *excluded)?],
            Action::TagEntity { entity, add, remove } => vec![self.tag_entity(entity, add, remove)?],
            _ => return Err(CommandRefused::NothingToDo),
        };
        self.relink_united(effects);
        let mut told: Vec<IncidentId> =
            effects.iter().filter_map(Effect::change).map(|change| change.incident).collect();
        for incident in ruled.into_iter().flat_map(|entity| self.active_showing(entity)).collect::<Vec<_>>() {
            if !told.contains(&incident) {
                told.push(incident);
                let change = self.change(incident, ChangeReason::EntityRuled);
                effects.push(Effect::Incident(change));
            }
        }
        Ok(())
    }

    /// The active incidents with alerts that mention an entity, that of the latest first.
    fn active_showing(&self, entity: EntityId) -> Vec<IncidentId> {
        let mut mentioners = self.mentioners(entity);
        mentioners.sort_by_key(|(alert, _)| std::cmp::Reverse((alert.alert.first_activity, alert.arrival)));
        let incidents = mentioners.into_iter().map(|(alert, _)| alert.incident);
        incidents.filter(|id| self.incidents[id].status == IncidentStatus::Active).collect()
    }

    fn exclude(&mut self, name: &Identifier, excluded: bool) -> Result<EntityId, CommandRefused> {
        let known = self.unambiguous(name)?;
        if known.is_some_and(|entity| self.entity(entity).excluded) == excluded {
            return Err(CommandRefused::NothingToDo);
        }
        let entity = self.known_or_made(name)?;
        self.entity_mut(entity).excluded = excluded;
        Ok(entity)
    }

    /// Takes tags off that people put on, then puts others on; a tag in another case is the same tag.
    fn tag_entity(
        &mut self,
        name: &Identifier,
        add: &[Box<str>],
        remove: &[Box<str>],
    ) -> Result<EntityId, CommandRefused> {
        let known = self.unambiguous(name)?;
        let before = known.map(|entity| self.entity(entity).own_tags.clone()).unwrap_or_default();
        let mut tags = before.clone();
        tags.retain(|tag| !has_tag(remove, tag));
        for tag in add.iter().filter(|tag| !tag.trim().is_empty()) {
            if !has_tag(&tags, tag) {
                tags.push(tag.clone());
            }
        }
        if tags == before {
            return Err(CommandRefused::NothingToDo);
        }
        if tags.len() > TAGS_MAX || add.iter().any(|tag| tag.chars().count() > TAG_CHARACTERS_MAX) {
            return Err(CommandRefused::TooLong);
        }
        let entity = self.known_or_made(name)?;
        self.entity_mut(entity).own_tags = tags;
        Ok(entity)
    }

    /// Two names are one entity's, whatever had kept the two apart.
    fn unite_by_command(&mut self, a: &Identifier, b: &Identifier) -> Result<EntityId, CommandRefused> {
        let known = (self.unambiguous(a)?, self.unambiguous(b)?);
        let (mine, theirs) = (self.as_one(known.0, a)?, self.as_one(known.1, b)?);
        may_be_one(&mine, &theirs)?;
        let united = match known {
            (Some(a), Some(b)) => {
                self.entity_mut(a).apart.retain(|name| !theirs.names.contains(name));
                self.entity_mut(b).apart.retain(|name| !mine.names.contains(name));
                self.unite(a, b)
            }
            (Some(entity), None) => self.teach(entity, b)?,
            (None, Some(entity)) => self.teach(entity, a)?,
            (None, None) => {
                let entity = self.known_or_made(a)?;
                self.teach(entity, b)?
            }
        };
        let (a, b) = (self.as_borne(a)?, self.as_borne(b)?);
        self.ties.push((a, b.clone()));
        self.taught.insert(b, NameSource::Command);
        Ok(united)
    }

    /// Two names are two entities', and neither evidence nor a directory makes one of them.
    fn keep_apart(
        &mut self,
        a: &Identifier,
        b: &Identifier,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<EntityId>, CommandRefused> {
        let known = (self.unambiguous(a)?, self.unambiguous(b)?);
        let is_one_name = matches!((self.as_borne(a), self.as_borne(b)), (Ok(a), Ok(b)) if a == b);
        // The SID of an account of the cloud is its object id in another spelling.
        let (mine, theirs) = (self.names_of(a)?.names, self.names_of(b)?.names);
        if is_one_name || mine.iter().any(|name| theirs.contains(name)) {
            return Err(CommandRefused::NamesNobody);
        }
        if matches!(known, (Some(a), Some(b)) if a != b && self.are_apart(a, b)) {
            return Err(CommandRefused::NothingToDo);
        }
        self.known_or_made(a)?;
        self.known_or_made(b)?;
        let (a, b) = (self.as_borne(a)?, self.as_borne(b)?);
        self.divide_between(&a, &b, effects);
        let bearer = |name| self.bearer(name).expect("both are borne by now");
        let (first, second) = (bearer(&a), bearer(&b));
        self.entity_mut(first).apart.push(b);
        self.entity_mut(second).apart.push(a);
        Ok(vec![first, second])
    }

    /// What a name means.
    fn names_of(&self, name: &Identifier) -> Result<Meant, CommandRefused> {
        let names = std::slice::from_ref(name);
        let (meant, _) = filter::meant(&naming::kind_of(&name.kind), names, self.is_managed(names));
        meant.ok_or(CommandRefused::NamesNobody)
    }

    /// The bearer of a name that a command gives, if there is one; a name that stands for several is nobody's.
    fn unambiguous(&self, name: &Identifier) -> Result<Option<EntityId>, CommandRefused> {
        let bearer = self.names_of(name)?.names.iter().find_map(|name| self.bearer(name));
        match bearer {
            Some(bearer) if self.entity(bearer).ambiguous => Err(CommandRefused::NamesNobody),
            bearer => Ok(bearer),
        }
    }

    /// A name in the form in which somebody bears it.
    fn as_borne(&self, name: &Identifier) -> Result<Identifier, CommandRefused> {
        let borne = self.names_of(name)?.names.into_iter().find(|name| self.bearer(name).is_some());
        borne.ok_or(CommandRefused::NamesNobody)
    }

    fn known_or_made(&mut self, name: &Identifier) -> Result<EntityId, CommandRefused> {
        match self.unambiguous(name)? {
            Some(entity) => Ok(entity),
            None => {
                let entity = self.new_entity(self.names_of(name)?.kind);
                self.teach(entity, name)
            }
        }
    }

    fn teach(&mut self, entity: EntityId, name: &Identifier) -> Result<EntityId, CommandRefused> {
        let Meant { kind, names } = self.names_of(name)?;
        self.give_names(entity, kind, &names, &NameSource::Command);
        Ok(entity)
    }

    /// An entity's kind and names; of one that is not known those that its name says.
    fn as_one(&self, known: Option<EntityId>, name: &Identifier) -> Result<Meant, CommandRefused> {
        let Some(known) = known.map(|entity| self.entity(entity)) else { return self.names_of(name) };
        Ok(Meant { kind: known.kind.clone(), names: known.names.clone() })
    }

    /// Whether somebody said that the two are two.
    pub(super) fn are_apart(&self, a: EntityId, b: EntityId) -> bool {
        let shuns = |one: EntityId, other: EntityId| {
            self.entity(one).apart.iter().any(|name| self.entity(other).names.contains(name))
        };
        shuns(a, b) || shuns(b, a)
    }

    /// Whether something that somebody said of an entity holds.
    pub(super) fn is_ruled(&self, entity: &EntityFacts) -> bool {
        let united = entity.names.len() > 1
            && entity.names.iter().any(|name| self.taught[name] == NameSource::Command);
        entity.excluded || !entity.own_tags.is_empty() || !entity.apart.is_empty() || united
    }
}

/// Whether two can be one: of one kind, or a user and the user's mailbox; two that are not one already; and without names
/// of which nobody has two.
fn may_be_one(mine: &Meant, theirs: &Meant) -> Answer {
    let is_mailbox_of = |a: &EntityKind, b: &EntityKind| (a, b) == (&EntityKind::Mailbox, &EntityKind::User);
    let fits = mine.kind == theirs.kind
        || is_mailbox_of(&mine.kind, &theirs.kind)
        || is_mailbox_of(&theirs.kind, &mine.kind);
    let is_in = |name: &Identifier| theirs.names.contains(name);
    let contradicts = |mine: &Identifier| {
        let is_rival = |other: &&Identifier| naming::same_sort(mine, other);
        naming::is_final(mine) && !is_in(mine) && theirs.names.iter().any(|other| is_rival(&other))
    };
    if !fits {
        Err(CommandRefused::KindMismatch)
    } else if mine.names.iter().any(is_in) {
        Err(CommandRefused::NothingToDo)
    } else if mine.names.iter().any(contradicts) {
        Err(CommandRefused::NamesContradict)
    } else if mine.names.len() + theirs.names.len() > NAMES_MAX {
        Err(CommandRefused::TooLong)
    } else {
        Ok(())
    }
}
