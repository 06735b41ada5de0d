//! Whom an entity is seen with: other incidents, and whether user and host agree.

use std::collections::BTreeSet;

use braid_alert::{EntityId, EntityKind, IncidentId, Span, Weight};

use super::alert::{AlertFacts, Mention, Part, gap_between, interval};
use super::history::History;
use super::linking::Seeker;
use super::weighing;

/// Of which two incidents a link may make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Merges {
    /// Of a single alert and another.
    Alone,
    /// Of a part of few alerts and another.
    Parts,
    Any,
}

impl History {
    /// The alerts that are looked at for an entity: nearest to the seeker, no further away than `within`, in other
    /// incidents than its own, and drawing.
    fn near(&self, seeker: &Seeker<'_>, entity: EntityId, within: Span) -> Vec<&AlertFacts> {
        let of = |alert| interval(alert, self.settings.activity_max);
        let nearest = self.nearest_mentioners(entity, seeker.alert.first_activity, self.nearest_most());
        let near = nearest.into_iter().filter(|(peer, there)| {
            !there.context
                && Some(peer.incident) != seeker.own
                && gap_between(of(seeker.alert), of(&peer.alert)) <= within
        });
        near.map(|(peer, _)| peer).collect()
    }

    /// In how many other incidents than this one an entity stands at the time.
    pub(super) fn others(
        &self,
        seeker: &Seeker<'_>,
        entity: EntityId,
        incident: IncidentId,
        within: Span,
    ) -> usize {
        let incidents: BTreeSet<_> =
            self.near(seeker, entity, within).into_iter().map(|peer| peer.incident).collect();
        incidents.into_iter().filter(|&other| other != incident).count()
    }

    /// What is left of a link, and whether it may make one of two incidents. A user and a host agree if the incident knows
    /// the counterpart that the alert names; they do not if both alerts name one, and it does not; else one says nothing.
    pub(super) fn agreement(
        &self,
        seeker: &Seeker<'_>,
        here: &Mention,
        peer: &AlertFacts,
        there: &Mention,
        others: usize,
    ) -> (Weight, Merges) {
        let counterpart = match self.entity(here.entity).kind {
            EntityKind::User | EntityKind::Mailbox => EntityKind::Host,
            EntityKind::Host => EntityKind::User,
            _ => return (Weight::ONE, Merges::Any),
        };
        let theirs = self.mentions(&peer.sayings);
        let named_here = self.acting(seeker.mentions, &counterpart);
        let named_there = self.acting(&theirs, &counterpart);
        let known = self.entities_of(peer.incident);
        if !named_here.is_disjoint(&known) {
            return (Weight::ONE, Merges::Any);
        }
        let off = self.settings.disagreement == Weight::ONE;
        let is_host = counterpart == EntityKind::User;
        let hops = || self.moves_to(seeker.mentions, here.entity) != self.moves_to(&theirs, there.entity);
        let few = others <= self.settings.crowd_merge_max as usize;
        let may_merge = if off || others == 0 {
            Merges::Any
        } else if few {
            Merges::Parts
        } else {
            Merges::Alone
        };
        let any_or_alone = |any| if any { Merges::Any } else { Merges::Alone };
        let named = (!named_here.is_empty(), !named_there.is_empty());
        match named {
            (true, true) if is_host && hops() => return (Weight::ONE, any_or_alone(off)),
            (true, false) | (false, true) if is_host && hops() => return (Weight::ONE, may_merge),
            _ if self.is_shared(here.entity) => return (Weight::ZERO, Merges::Alone),
            (true, true) => {}
            (false, false) => return (Weight::ONE, may_merge),
            _ => return (self.settings.silence, may_merge),
        }
        let mut seen = BTreeSet::new();
        for near in self.near(seeker, here.entity, self.settings.partner_window) {
            seen.extend(self.acting(&self.mentions(&near.sayings), &counterpart));
        }
        if !is_host {
            seen.retain(|host| !known.contains(host));
        }
        let merges = any_or_alone(off || (others == 0 && !is_host));
        (weighing::disagreement(others + seen.len().max(1), &self.settings), merges)
    }

    /// Whether it bears a tag that says that many use it.
    fn is_shared(&self, entity: EntityId) -> bool {
        let tags = self.entity(entity).all_tags();
        tags.iter().any(|tag| self.settings.shared_tags.iter().any(|shared| shared.eq_ignore_ascii_case(tag)))
    }

    /// Whom of this kind an alert names that was not merely aimed at.
    fn acting(&self, mentions: &[Mention], kind: &EntityKind) -> BTreeSet<EntityId> {
        let acting = mentions.iter().filter(|mention| {
            let entity = self.entity(mention.entity);
            !mention.context && mention.part != Part::Target && entity.kind == *kind && entity.joins()
        });
        acting.map(|mention| mention.entity).collect()
    }

    /// Whether these are the mentions of a move from another host to this one.
    fn moves_to(&self, mentions: &[Mention], host: EntityId) -> bool {
        let arrives = |m: &Mention| m.entity == host && matches!(m.part, Part::Target | Part::Impacted);
        let leaves = |m: &Mention| {
            let is_host = self.entity(m.entity).kind == EntityKind::Host;
            m.entity != host && !m.context && is_host && m.part == Part::Source
        };
        mentions.iter().any(arrives) && mentions.iter().any(leaves)
    }
}
