//! Incidents that turn out to be one.

use std::cmp::Reverse;

use braid_alert::{ChangeReason, CloseReason, IncidentId, IncidentStatus, Weight};
use braid_engine::{Effect, MergeRefused};

use super::alert::LinkFacts;
use super::history::History;
use super::linking::Candidate;
use super::triage::Said;

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
            let smaller = [own, other].map(|incident| self.alerts_of(incident).count()).into_iter().min();
            let counted = match smaller {
                Some(1) => candidate.total,
                Some(part) if part <= self.settings.part_alerts_max as usize => candidate.of_parts,
                _ => candidate.agreed,
            };
            if counted < at {
                continue;
            }
            match self.merge_refused(own, other, &[]) {
                Some(reason) => {
                    let tenant = self.tenant.clone();
                    effects.push(Effect::MergeRefused { tenant, into: own, other, reason });
                }
                None => {
                    let (survivor, gone) = self.older_first(own, other);
                    self.merge_into(survivor, gone, Some((arrival, link)), effects);
                }
            }
        }
    }

    /// Why two incidents must stay two; decisions that are lifted keep nothing apart.
    pub(super) fn merge_refused(
        &self,
        a: IncidentId,
        b: IncidentId,
        lifted: &[usize],
    ) -> Option<MergeRefused> {
        let caps = &self.settings.caps;
        let alerts = self.listed_of(a).count() + self.listed_of(b).count();
        let entities = self.entities_of(a).union(&self.entities_of(b)).count();
        let first = self.first_activity(a).min(self.first_activity(b));
        let last = self.last_activity(a).max(self.last_activity(b));
        if self.is_resolved(a) || self.is_resolved(b) {
            Some(MergeRefused::Closed)
        } else if self.are_kept_apart(a, b, lifted) {
            Some(MergeRefused::CannotLink)
        } else if let Some(reason) = differ(&self.incidents[&a].said, &self.incidents[&b].said) {
            Some(reason)
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

    /// The one with the older first activity stays, then the one with more alerts, then the smaller id.
    pub(super) fn older_first(&self, a: IncidentId, b: IncidentId) -> (IncidentId, IncidentId) {
        let claim = |id| (self.first_activity(id), Reverse(self.alerts_of(id).count()), id);
        if claim(a) < claim(b) { (a, b) } else { (b, a) }
    }

    /// The alerts of the one that is gone are the survivor's from now on, and whatever led to it leads to the survivor. A
    /// link between alerts of theirs did it, if one did.
    pub(super) fn merge_into(
        &mut self,
        survivor: IncidentId,
        gone: IncidentId,
        by: Option<(i64, LinkFacts)>,
        effects: &mut Vec<Effect>,
    ) {
        let mut told = (None, Vec::new());
        if let Some((arrival, link)) = by {
            let key = self.alert(arrival).key();
            told = (Some(key.clone()), vec![self.told(&key, &link)]);
            self.alert_mut(arrival).links.push(link);
        }
        let last = (self.severity(gone), self.first_activity(gone), self.last_activity(gone));
        for alert in self.alerts.iter_mut().filter(|alert| alert.incident == gone) {
            alert.incident = survivor;
        }
        let left = self.incident_mut(gone);
        left.turn(IncidentStatus::Redirected, Some(CloseReason::Redirected));
        left.last = Some(last);
        let mut redirected = vec![gone];
        redirected.append(&mut left.merged_from);
        let mut said = left.said.clone();
        let kept = self.incident_mut(survivor);
        kept.merged_from.extend(&redirected);
        kept.said.inherit(&mut said);
        self.incident_mut(gone).said = said;
        let mut change = self.change(survivor, ChangeReason::MergedFrom);
        ((change.alert, change.links), change.other) = (told, Some(gone));
        effects.push(Effect::Incident(change));
        for id in redirected {
            self.incident_mut(id).redirect = Some(survivor);
            let mut change = self.change(id, ChangeReason::Redirected);
            change.other = Some(survivor);
            effects.push(Effect::Incident(change));
        }
    }
}

/// What people have said of the two that cannot hold of one.
fn differ(a: &Said, b: &Said) -> Option<MergeRefused> {
    fn both_say<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        a.is_some() && b.is_some() && a != b
    }
    if both_say(&a.assignee, &b.assignee) || both_say(&a.assigned_group, &b.assigned_group) {
        Some(MergeRefused::Assignee)
    } else if both_say(&a.classification, &b.classification) {
        Some(MergeRefused::Classification)
    } else if both_say(&a.determination, &b.determination) {
        Some(MergeRefused::Determination)
    } else {
        None
    }
}
