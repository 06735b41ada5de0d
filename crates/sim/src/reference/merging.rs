//! Incidents that turn out to be one.

use std::cmp::Reverse;

use braid_alert::{ChangeReason, CloseReason, IncidentId, IncidentStatus, Weight};
use braid_engine::{Effect, MergeRefused};

use super::alert::LinkFacts;
use super::history::History;
use super::linking::Candidate;

impl History {
    /// Merges into an alert's incident each other one that the alert is linked to strongly enough.
    pub(super) fn merge_others(
        &mut self,
        arrival: i64,
        candidates: Vec<Candidate>,
        at: Weight,
        effects: &mut Vec<Effect>,
    ) {
        for candidate in candidates.into_iter().filter(|candidate| candidate.total >= at) {
            let link = candidate.links.into_iter().next().expect("a candidate has a link");
            let (own, other) = (self.alert(arrival).incident, self.alert(link.peer).incident);
            let continues = |a: IncidentId, b: IncidentId| self.incidents[&a].continuation_of == Some(b);
            if own == other || continues(own, other) || continues(other, own) {
                continue;
            }
            let is_alone = |incident| self.alerts_of(incident).count() == 1;
            if candidate.agreed < at && !is_alone(own) && !is_alone(other) {
                continue;
            }
            match self.merge_refused(own, other) {
                Some(reason) => {
                    let tenant = self.tenant.clone();
                    effects.push(Effect::MergeRefused { tenant, into: own, other, reason });
                }
                None => self.merge(arrival, own, other, link, effects),
            }
        }
    }

    fn merge_refused(&self, a: IncidentId, b: IncidentId) -> Option<MergeRefused> {
        let caps = &self.settings.caps;
        let alerts = self.alerts_of(a).count() + self.alerts_of(b).count();
        let entities = self.entities_of(a).union(&self.entities_of(b)).count();
        let first = self.first_activity(a).min(self.first_activity(b));
        let last = self.last_activity(a).max(self.last_activity(b));
        if self.is_resolved(a) || self.is_resolved(b) {
            Some(MergeRefused::Closed)
        } else if alerts > caps.incident_alerts_max as usize {
            Some(MergeRefused::AlertsMax)
        } else if entities > caps.incident_entities_max as usize {
            Some(MergeRefused::EntitiesMax)
        } else if last.since(first) > caps.incident_span_max {
            Some(MergeRefused::SpanMax)
        } else {
            None
        }
    }

    /// The one with the older first activity stays, then the one with more alerts, then the smaller id. The alerts of the
    /// other are its own from now on, and whatever led to the other leads to it.
    fn merge(
        &mut self,
        arrival: i64,
        a: IncidentId,
        b: IncidentId,
        link: LinkFacts,
        effects: &mut Vec<Effect>,
    ) {
        let key = self.alert(arrival).key();
        let told = self.told(&key, &link);
        self.alert_mut(arrival).links.push(link);
        let claim = |id| (self.first_activity(id), Reverse(self.alerts_of(id).count()), id);
        let (survivor, gone) = if claim(a) < claim(b) { (a, b) } else { (b, a) };
        let last = (self.severity(gone), self.first_activity(gone), self.last_activity(gone));
        for alert in self.alerts.iter_mut().filter(|alert| alert.incident == gone) {
            alert.incident = survivor;
        }
        let left = self.incident_mut(gone);
        left.status = IncidentStatus::Redirected;
        left.closed = Some(CloseReason::Redirected);
        left.last = Some(last);
        let mut redirected = vec![gone];
        redirected.append(&mut left.merged_from);
        self.incident_mut(survivor).merged_from.extend(&redirected);
        let mut change = self.change(survivor, ChangeReason::MergedFrom);
        (change.alert, change.links, change.other) = (Some(key), vec![told], Some(gone));
        effects.push(Effect::Incident(change));
        for id in redirected {
            self.incident_mut(id).redirect = Some(survivor);
            let mut change = self.change(id, ChangeReason::Redirected);
            change.other = Some(survivor);
            effects.push(Effect::Incident(change));
        }
    }
}
