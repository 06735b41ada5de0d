//! Alerts that a union has brought near each other.
//!
//! When two entities turn out to be one, alerts of the one may now be linked to alerts of the other. The alert that
//! showed it is weighed against both sides as every alert is; what lies further back, and what a directory record or a
//! command unites without any alert, is looked at here: the pairs that are nearest in time, a bounded number of them.

use braid_alert::Span;

use crate::Effect;
use crate::slots::{AlertRef, EntityRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::timeline::MentionAt;
use crate::weighing::Weighing;

/// How many pairs are looked at again for one input. A bound on what one input may cost (two hubs that turn out to be one),
/// as is the next: what lies further apart in time than these is weaker than they are.
const ENCOUNTERS_MAX: usize = 16;

/// How many mentions of the other entity are looked at on each side of a mention that moves.
const NEAREST: usize = 4;

/// Two alerts of different incidents that have come to share an entity.
#[derive(Debug)]
pub(crate) struct Encounter {
    gap: Span,
    /// Of the alert of the entity that was moved, and of the other: what ties go by.
    arrivals: (i64, i64),
    alerts: (AlertRef, AlertRef),
    groups: (GroupRef, GroupRef),
}

impl TenantState {
    /// To be called before the mentions move.
    pub(super) fn note_encounters(&mut self, keep: EntityRef, gone: EntityRef) {
        let mut encounters = std::mem::take(&mut self.encounters);
        for mine in self.entities[gone].mentions.iter().filter(|m| !m.context) {
            let there = self.entities[keep].mentions.nearest(mine.start, NEAREST);
            for theirs in there.filter(|m| !m.context && m.group != mine.group) {
                keep_nearest(&mut encounters, mine, theirs);
            }
        }
        self.encounters = encounters;
    }

    /// Weighs alerts anew that unions have brought near each other, nearest first: their incidents may turn out to be
    /// one, by the rules that hold for any two. An incident that takes no more alerts is left as it is.
    pub(crate) fn relink_united(&mut self, weighing: &Weighing, effects: &mut Vec<Effect>) {
        for Encounter { arrivals, alerts, .. } in std::mem::take(&mut self.encounters) {
            let is_there = |slot, arrival| self.alerts.find(slot).is_some_and(|a| a.arrival == arrival);
            if !is_there(alerts.0, arrivals.0) || !is_there(alerts.1, arrivals.1) {
                continue;
            }
            let (own, other) = (self.alerts[alerts.0].group, self.alerts[alerts.1].group);
            if own != other && self.groups[own].takes_alerts(self.clock, weighing.settings.late_join) {
                // No version of its own, so its near misses stay what they were.
                drop(self.relink(alerts.0, weighing, effects));
            }
        }
    }
}

/// Keeps a pair if it is among the nearest; of two incidents only their nearest pair.
fn keep_nearest(encounters: &mut Vec<Encounter>, mine: &MentionAt, theirs: &MentionAt) {
    let encounter = Encounter {
        gap: mine.gap_to(theirs),
        arrivals: (mine.arrival, theirs.arrival),
        alerts: (mine.alert, theirs.alert),
        groups: (mine.group, theirs.group),
    };
    let rank = |e: &Encounter| (e.gap, e.arrivals);
    if let Some(known) = encounters.iter().position(|e| e.groups == encounter.groups) {
        if rank(&encounters[known]) <= rank(&encounter) {
            return;
        }
        encounters.remove(known);
    }
    let place = encounters.partition_point(|e| rank(e) < rank(&encounter));
    encounters.insert(place, encounter);
    encounters.truncate(ENCOUNTERS_MAX);
}
