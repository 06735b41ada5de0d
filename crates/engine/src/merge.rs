//! Two incidents that turn out to be one attack.
//!
//! The older incident survives as an identity, the larger group as a container: a merge moves the fewer alerts,
//! whichever side they are on. What was merged away stays as a record that says where it went.

use std::cmp::Reverse;

use braid_alert::{ChangeReason, CloseReason, IncidentId, IncidentStatus, NearMissReason, Weight};

use crate::alert_state::LinkState;
use crate::apart::Side;
use crate::join::{Candidate, Candidates};
use crate::near::NearMisses;
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::{Home, TenantState};
use crate::weighing::Weighing;
use crate::{Effect, MergeRefused};

impl TenantState {
    /// Merges into an alert's incident every other one that the alert is linked to strongly enough; by links on which user
    /// and host agree, unless one of the two is small. Returns those that a guard has kept apart.
    pub(crate) fn merge_others(
        &mut self,
        slot: AlertRef,
        candidates: Candidates,
        at: Weight,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> NearMisses {
        let mut near = NearMisses::new();
        for candidate in candidates.into_iter().filter(|c| c.total >= at) {
            let own = self.alerts[slot].group;
            // An earlier merge may have moved the candidate's alerts.
            let other = self.alerts[candidate.links[0].peer].group;
            if other == own || self.continues(own, other) || self.continues(other, own) {
                continue;
            }
            if self.counted_for_merge(&candidate, own, other, weighing) < at {
                near.push(self.miss(&candidate, other, NearMissReason::JoinedBetter));
                continue;
            }
            match self.merge_refused(own, other, &[], weighing) {
                Some(reason) => {
                    near.push(self.miss(&candidate, other, reason.into()));
                    let (into, other) = (self.groups[own].incident.id, self.groups[other].incident.id);
                    effects.push(Effect::MergeRefused { tenant: self.tenant.clone(), into, other, reason });
                }
                None => {
                    let link = candidate.links.into_iter().next().expect("a candidate has a link");
                    self.merge(slot, link, effects);
                }
            }
        }
        near
    }

    /// What counts of an alert's links for a merge of these two. An alert that is alone comes in as it would have, had it
    /// arrived now; of two that have grown, only links on which user and host agree make one.
    fn counted_for_merge(
        &self,
        candidate: &Candidate,
        own: GroupRef,
        other: GroupRef,
        weighing: &Weighing,
    ) -> Weight {
        match self.groups[own].size().min(self.groups[other].size()) {
            1 => candidate.total,
            part if part <= weighing.settings.part_alerts_max as usize => candidate.of_parts,
            _ => candidate.agreed,
        }
    }

    /// Whether one incident was opened because the other was full; that they are two is what was meant.
    fn continues(&self, later: GroupRef, earlier: GroupRef) -> bool {
        self.groups[later].incident.continuation_of == Some(self.groups[earlier].incident.id)
    }

    /// Why two incidents must stay two, if they must; separations that are `lifted` keep nothing apart any more.
    pub(crate) fn merge_refused(
        &self,
        a: GroupRef,
        b: GroupRef,
        lifted: &[Side],
        weighing: &Weighing,
    ) -> Option<MergeRefused> {
        let caps = &weighing.settings.caps;
        let (a, b) = (&self.groups[a], &self.groups[b]);
        let first = a.first_activity.min(b.first_activity);
        let last = a.last_activity.max(b.last_activity);
        let rules = [
            (a.is_resolved() || b.is_resolved(), MergeRefused::Closed),
            (a.is_apart_from(b, lifted), MergeRefused::CannotLink),
            (differ(&a.incident.assignee, &b.incident.assignee), MergeRefused::Assignee),
            (differ(&a.incident.assigned_group, &b.incident.assigned_group), MergeRefused::Assignee),
            (differ(&a.incident.classification, &b.incident.classification), MergeRefused::Classification),
            (differ(&a.incident.determination, &b.incident.determination), MergeRefused::Determination),
            (a.alerts.len() + b.alerts.len() > caps.incident_alerts_max as usize, MergeRefused::AlertsMax),
            (a.entities_with(b) > caps.incident_entities_max as usize, MergeRefused::EntitiesMax),
            ((a.incident.bytes + b.incident.bytes) as u64 > caps.incident_bytes_max, MergeRefused::BytesMax),
            (last.since(first) > caps.incident_span_max, MergeRefused::SpanMax),
        ];
        rules.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
    }

    /// Merges the alert's incident and the one of the link's peer.
    pub(crate) fn merge(&mut self, slot: AlertRef, link: LinkState, effects: &mut Vec<Effect>) {
        let (a, b) = (self.alerts[slot].group, self.alerts[link.peer].group);
        let (survivor, gone) = if self.survives(a, b) { (a, b) } else { (b, a) };
        self.merge_into(survivor, gone, Some((slot, link)), effects);
    }

    /// Merges `gone` into `survivor`; the link between alerts of theirs is what did it, if one did.
    pub(crate) fn merge_into(
        &mut self,
        survivor: GroupRef,
        gone: GroupRef,
        by: Option<(AlertRef, LinkState)>,
        effects: &mut Vec<Effect>,
    ) {
        let mut told = (None, Vec::new());
        if let Some((slot, link)) = by {
            let key = self.alerts[slot].key();
            told = (Some(key.clone()), self.links_of(&key, std::slice::from_ref(&link)));
            self.alerts[slot].links.push(link);
            self.touch_alert(slot);
        }
        let last_title = self.title_of(gone);
        let gone_id = self.groups[gone].incident.id;
        let group = self.unite_groups(survivor, gone, last_title);
        let mut merged = self.change(group, ChangeReason::MergedFrom);
        ((merged.alert, merged.links), merged.other) = (told, Some(gone_id));
        effects.push(Effect::Incident(merged));
        self.redirect_all(group, gone_id, effects);
    }

    /// Whether `a` stays and `b` goes: the older first activity, then more alerts, then the smaller id.
    pub(crate) fn survives(&self, a: GroupRef, b: GroupRef) -> bool {
        let rank = |group: GroupRef| {
            let group = &self.groups[group];
            (group.first_activity, Reverse(group.size()), group.incident.id)
        };
        rank(a) < rank(b)
    }

    /// Moves the fewer alerts to the more and gives the result the surviving incident's record. Returns the group.
    fn unite_groups(&mut self, survivor: GroupRef, gone: GroupRef, last_title: Box<str>) -> GroupRef {
        let larger = self.groups[survivor].size() >= self.groups[gone].size();
        let (keep, drop) = if larger { (survivor, gone) } else { (gone, survivor) };
        self.move_alerts(drop, keep);
        let mut dropped = self.remove_group(drop);
        let (severity, first, last) = (dropped.severity(), dropped.first_activity, dropped.last_activity);
        let kept = &mut self.groups[keep];
        let (kept_severity, kept_first, kept_last) =
            (kept.severity(), kept.first_activity, kept.last_activity);
        kept.absorb(&mut dropped);
        let bytes = kept.incident.bytes + dropped.incident.bytes;
        let said = kept.incident.said_bytes();
        if !larger {
            std::mem::swap(&mut kept.incident, &mut dropped.incident);
        }
        let mut left = dropped.incident;
        kept.incident.inherit(&mut left);
        self.state_bytes = self.state_bytes + kept.incident.said_bytes() - said;
        kept.incident.bytes = bytes;
        kept.incident.merged_from.push(left.id);
        kept.incident.merged_from.append(&mut left.merged_from);
        let id = kept.incident.id;
        let of_gone = if larger { (severity, first, last) } else { (kept_severity, kept_first, kept_last) };
        (left.last_severity, left.first_activity, left.last_activity) =
            (Some(of_gone.0), Some(of_gone.1), Some(of_gone.2));
        (left.last_title, left.redirect, left.bytes) = (Some(last_title), Some(id), 0);
        left.turn(IncidentStatus::Redirected, Some(CloseReason::Redirected));
        self.incidents.insert(left.id, Home::Redirected(Box::new(left)));
        self.incidents.insert(id, Home::Group(keep));
        self.open -= 1;
        self.touch_group(keep);
        keep
    }

    /// Makes a group's alerts another's.
    fn move_alerts(&mut self, from: GroupRef, to: GroupRef) {
        let moved: Vec<AlertRef> = self.groups[from].members().collect();
        for slot in moved {
            self.regroup(slot, to);
        }
    }

    /// One more version of what was merged away now and of everything that had been merged into it before: each says
    /// where its alerts are at the end of the chain.
    fn redirect_all(&mut self, group: GroupRef, gone: IncidentId, effects: &mut Vec<Effect>) {
        let survivor = self.groups[group].incident.id;
        let severity = self.groups[group].severity();
        let merged = &self.groups[group].incident.merged_from;
        let from = merged.iter().position(|&id| id == gone).expect("it has just been merged");
        let redirected: Vec<IncidentId> = merged[from..].to_vec();
        for id in redirected {
            let Some(Home::Redirected(record)) = self.incidents.get_mut(&id) else { continue };
            record.redirect = Some(survivor);
            record.version += 1;
            record.last_changed = self.clock;
            record.changed = ChangeReason::Redirected;
            self.dirty.redirected.push(id);
            effects.push(Effect::Incident(braid_alert::IncidentChange {
                incident: id,
                tenant: self.tenant.clone(),
                version: record.version,
                at: self.clock,
                reason: ChangeReason::Redirected,
                status: IncidentStatus::Redirected,
                severity: record.last_severity.clone().unwrap_or_else(|| severity.clone()),
                alerts: 0,
                alert: None,
                links: Vec::new(),
                other: Some(survivor),
                command: None,
            }));
        }
    }
}

/// Whether both say something, and not the same.
fn differ<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a != b)
}
