//! Alerts that have come to share an entity because two entities turned out to be one.

use braid_alert::{EntityId, IncidentId, Span};
use braid_engine::Effect;

use super::alert::{AlertFacts, Mention, gap_between, interval};
use super::history::History;

/// How many pairs are looked at again for one input.
const ENCOUNTERS_MAX: usize = 16;

/// How many mentions of the entity that stays are looked at on each side of one of the other.
const NEAREST: usize = 4;

/// Two alerts of different incidents.
#[derive(Debug)]
pub(super) struct Encounter {
    gap: Span,
    /// Of the entity that is gone, and of the one that stays.
    arrivals: (i64, i64),
    incidents: (IncidentId, IncidentId),
}

impl History {
    /// The pairs of alerts that two entities bring near each other.
    pub(super) fn note_encounters(&mut self, keep: EntityId, gone: EntityId) {
        let mut met = Vec::new();
        for (mine, _) in self.mentioners(gone).into_iter().filter(|(_, mention)| !mention.context) {
            let there = self.nearest_mentioners(keep, mine.alert.first_activity, NEAREST);
            let others = there.into_iter().filter(|(peer, m)| !m.context && peer.incident != mine.incident);
            met.extend(others.map(|(theirs, _)| self.encounter(mine, theirs)));
        }
        self.encounters.extend(met);
    }

    fn encounter(&self, mine: &AlertFacts, theirs: &AlertFacts) -> Encounter {
        let of = |facts: &AlertFacts| interval(&facts.alert, self.settings.activity_max);
        Encounter {
            gap: gap_between(of(mine), of(theirs)),
            arrivals: (mine.arrival, theirs.arrival),
            incidents: (mine.incident, theirs.incident),
        }
    }

    /// Weighs the nearest of them anew, of two incidents one pair: the incidents may turn out to be one.
    pub(super) fn relink_united(&mut self, effects: &mut Vec<Effect>) {
        let mut encounters = std::mem::take(&mut self.encounters);
        encounters.sort_by_key(|encounter| (encounter.gap, encounter.arrivals));
        let mut pairs: Vec<(IncidentId, IncidentId)> = Vec::new();
        encounters.retain(|encounter| {
            let is_new = !pairs.contains(&encounter.incidents);
            pairs.push(encounter.incidents);
            is_new
        });
        for Encounter { arrivals: (mine, theirs), .. } in encounters.into_iter().take(ENCOUNTERS_MAX) {
            let (own, other) = (self.alert(mine).incident, self.alert(theirs).incident);
            if own != other && self.takes_alerts(own) {
                self.relink(mine, effects);
            }
        }
    }

    /// The alerts nearest in time that mention an entity, up to so many that began until then, the latest first, and as
    /// many that began later.
    pub(super) fn nearest_mentioners(
        &self,
        entity: EntityId,
        at: braid_alert::EventTime,
        most: usize,
    ) -> Vec<(&AlertFacts, Mention)> {
        let mut mentioners = self.mentioners(entity);
        mentioners.sort_by_key(|(peer, _)| (peer.alert.first_activity, peer.arrival));
        let (before, after): (Vec<_>, Vec<_>) =
            mentioners.into_iter().partition(|(peer, _)| peer.alert.first_activity <= at);
        before.into_iter().rev().take(most).chain(after.into_iter().take(most)).collect()
    }
}
