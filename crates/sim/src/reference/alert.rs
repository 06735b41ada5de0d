//! Alerts, and what each has ever said about an entity.

use braid_alert::{
    Alert, AlertKey, EntityId, EventTime, Identifier, IncidentId, Link, LinkReason, Role, SourceTime, Span,
    Weight,
};

use super::flood::Signature;
use super::history::History;
use super::naming;

/// A remembered alert.
#[derive(Debug)]
pub(super) struct AlertFacts {
    /// Its place in the order of first arrivals.
    pub(super) arrival: i64,
    /// As folded so far; its evidence is in `sayings`.
    pub(super) alert: Alert,
    pub(super) incident: IncidentId,
    /// What its evidence and its revisions' says, one saying about each entity.
    pub(super) sayings: Vec<Saying>,
    pub(super) links: Vec<LinkFacts>,
    /// When it was last heard of, to the day.
    pub(super) seen: SourceTime,
    pub(super) signature: Signature,
    /// It repeats others in its incident, and is counted there rather than listed.
    pub(super) folded: bool,
}

/// What one piece of evidence says: this alert is about that entity.
#[derive(Debug, Clone)]
pub(super) struct Saying {
    pub(super) who: Who,
    pub(super) part: Part,
    /// Concluded from a host's address at the time.
    pub(super) bound: bool,
    /// Shown, and draws nothing in.
    pub(super) context: bool,
}

/// Which entity is meant: whoever bears this name now, or what has become of the entity with this number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Who {
    Named(Identifier),
    Numbered(EntityId),
}

/// The part that an entity plays, the one that says most last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Related,
    Target,
    Source,
    Impacted,
}

/// All that an alert says about one entity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    pub(super) entity: EntityId,
    pub(super) who: Who,
    pub(super) part: Part,
    pub(super) bound: bool,
    pub(super) context: bool,
}

/// A link that brought an alert in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LinkFacts {
    pub(super) peer: i64,
    pub(super) who: Who,
    pub(super) reason: LinkReason,
    pub(super) weight: Weight,
    pub(super) gap: Span,
}

impl Part {
    pub(super) fn of(role: &Role) -> Self {
        match role {
            Role::Impacted => Self::Impacted,
            Role::Source => Self::Source,
            Role::Target => Self::Target,
            _ => Self::Related,
        }
    }

    pub(super) fn role(self) -> Role {
        match self {
            Self::Impacted => Role::Impacted,
            Self::Source => Role::Source,
            Self::Target => Role::Target,
            Self::Related => Role::Related,
        }
    }
}

impl AlertFacts {
    pub(super) fn key(&self) -> AlertKey {
        self.alert.key()
    }
}

/// The time that an activity counts for nearness: all of a short one, only the beginning of a long one.
pub(super) fn interval(alert: &Alert, activity_max: Span) -> (EventTime, EventTime) {
    let (first, last) = (alert.first_activity, alert.last_activity);
    if last < first || last.since(first) >= activity_max { (first, first) } else { (first, last) }
}

/// Time between two activities, zero if they overlap.
pub(super) fn gap_between(a: (EventTime, EventTime), b: (EventTime, EventTime)) -> Span {
    if a.0 > b.1 {
        a.0.since(b.1)
    } else if b.0 > a.1 {
        b.0.since(a.1)
    } else {
        Span::ZERO
    }
}

impl History {
    /// The entity that is meant.
    pub(super) fn meant(&self, who: &Who) -> EntityId {
        match who {
            Who::Named(name) => self.bearer(name).expect("a name that an alert hangs on is borne"),
            Who::Numbered(id) => self.now(*id),
        }
    }

    /// Sayings, one about each entity, with the entities that they mean now.
    pub(super) fn mentions(&self, sayings: &[Saying]) -> Vec<Mention> {
        sayings.iter().map(|saying| self.mention(saying)).collect()
    }

    fn mention(&self, saying: &Saying) -> Mention {
        let Saying { who, part, bound, context } = saying.clone();
        Mention { entity: self.meant(&who), who, part, bound, context }
    }

    /// Two sayings about one entity are one: the greater part counts, only what is bound, or context, by both is so, and it
    /// hangs on the stronger of their names.
    pub(super) fn condense(&self, sayings: &[Saying]) -> Vec<Saying> {
        let mut condensed: Vec<Saying> = Vec::new();
        for saying in sayings {
            let entity = self.meant(&saying.who);
            match condensed.iter_mut().find(|known| self.meant(&known.who) == entity) {
                Some(known) => {
                    known.part = known.part.max(saying.part);
                    known.bound &= saying.bound;
                    known.context &= saying.context;
                    known.who = naming::stronger(&known.who, &saying.who);
                }
                None => condensed.push(saying.clone()),
            }
        }
        condensed
    }

    /// What an alert says of one entity is one saying for good, and hangs on one name: should the entity be divided later,
    /// it goes where that name goes, and the alert's links by that entity with it.
    pub(super) fn settle_sayings(&mut self) {
        for place in 0..self.alerts.len() {
            let alert = &self.alerts[place];
            let condensed = self.condense(&alert.sayings);
            let who_of = |link: &LinkFacts| {
                let entity = self.meant(&link.who);
                let of_alert = condensed.iter().find(|saying| self.meant(&saying.who) == entity);
                of_alert.map_or(link.who.clone(), |saying| saying.who.clone())
            };
            let whos: Vec<Who> = alert.links.iter().map(who_of).collect();
            let alert = &mut self.alerts[place];
            alert.sayings = condensed;
            for (link, who) in alert.links.iter_mut().zip(whos) {
                link.who = who;
            }
        }
    }

    /// The alerts that mention an entity, each with what it says about it.
    pub(super) fn mentioners(&self, entity: EntityId) -> Vec<(&AlertFacts, Mention)> {
        let of = |alert: &AlertFacts| {
            let saying = alert.sayings.iter().find(|saying| self.meant(&saying.who) == entity)?;
            Some(self.mention(saying))
        };
        self.alerts.iter().filter_map(|alert| Some((alert, of(alert)?))).collect()
    }

    /// A link as changes and records tell it.
    pub(super) fn told(&self, alert: &AlertKey, link: &LinkFacts) -> Link {
        Link {
            alert: alert.clone(),
            peer: self.alert(link.peer).key(),
            entity: self.meant(&link.who),
            reason: link.reason.clone(),
            weight: link.weight,
            gap: link.gap,
        }
    }
}
