//! Time passes, and what was not heard of for long is forgotten.

use braid_alert::{EntityId, Identifier, IncidentId, SourceTime};

use super::entity::EntityFacts;
use super::history::History;

impl History {
    /// Moves the clock, if this is beyond it. An incident of which no alert was heard of for `dedupe_retention` is
    /// forgotten, with its alerts and all that leads to it.
    pub(super) fn advance(&mut self, at: SourceTime) {
        if at <= self.clock {
            return;
        }
        self.clock = at;
        let retention = self.settings.dedupe_retention;
        let heard_of = |id: &IncidentId| self.alerts_of(*id).any(|alert| alert.seen + retention > at);
        let gone: Vec<IncidentId> = self
            .incidents
            .keys()
            .copied()
            .filter(|id| self.end_of(*id).is_none_or(|end| !heard_of(&end)))
            .collect();
        self.alerts.retain(|alert| !gone.contains(&alert.incident));
        self.incidents.retain(|id, _| !gone.contains(id));
        self.forget_unmentioned();
    }

    /// Entities that no alert mentions, no directory lists and no ruling is about are forgotten, with their names; but an
    /// ambiguous name stays as long as an entity that is not forgotten remembers it.
    pub(super) fn forget_unmentioned(&mut self) {
        let mentioned: Vec<EntityId> =
            self.alerts.iter().flat_map(|alert| alert.sayings.iter().map(|s| self.meant(&s.who))).collect();
        loop {
            let remembered: Vec<Identifier> =
                self.entities.iter().flat_map(|entity| entity.conflicts.clone()).collect();
            let is_kept = |entity: &EntityFacts| {
                mentioned.contains(&entity.id)
                    || !entity.listings.is_empty()
                    || self.is_ruled(entity)
                    || entity.names.iter().any(|name| remembered.contains(name))
            };
            let gone: Vec<EntityId> =
                self.entities.iter().filter(|entity| !is_kept(entity)).map(|entity| entity.id).collect();
            let (gone, kept): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.entities).into_iter().partition(|e| gone.contains(&e.id));
            self.entities = kept;
            let is_gone = |name: &Identifier| gone.iter().any(|entity| entity.names.contains(name));
            self.ties.retain(|(a, b)| !is_gone(a) && !is_gone(b));
            self.taught.retain(|name, _| !is_gone(name));
            if gone.is_empty() {
                return;
            }
        }
    }
}
