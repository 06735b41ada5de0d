//! Time passes, and what was not heard of for long is forgotten.

use braid_alert::{IncidentId, SourceTime};

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
}
