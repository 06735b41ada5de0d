//! Alerts that leave an incident by command, for a new one or for another that is there.
//!
//! What tells of a group's alerts in sum (severities, times, entities, bytes) is summed anew on both sides: somebody asked
//! for this, so it may cost what the two incidents weigh, and a sum that is made anew has no history to be wrong about.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use braid_alert::{
    ChangeReason, CloseReason, IncidentStatus, LinkReason, OpenReason, SourceTime, Span, Weight,
};
use smallvec::SmallVec;

use crate::Effect;
use crate::alert_state::LinkState;
use crate::arrival::entity_bytes;
use crate::group::Group;
use crate::slots::{AlertRef, GroupRef};
use crate::state::IncidentRecord;
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;

impl TenantState {
    /// Opens an incident for alerts of another one. `at` is the source time of the command. The change of the new
    /// incident comes first, then that of the old one, which has lost the alerts.
    pub(crate) fn split_out(
        &mut self,
        from: GroupRef,
        leaving: &[AlertRef],
        at: SourceTime,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        let founder = self.founder_of(leaving);
        let id = self.split_id(&self.alerts[founder].alert, at);
        let mut incident = IncidentRecord::new(id, self.tenant.clone(), self.clock, OpenReason::SplitOff);
        let old = self.groups[from].incident.id;
        if leaving.iter().all(|&alert| self.alerts[alert].is_resolved()) {
            incident.status = IncidentStatus::Resolved;
            incident.resolved_at = Some(self.clock);
            incident.closed = Some(CloseReason::AllAlertsResolved);
        } else {
            self.open += 1;
        }
        let to = self.new_group(incident);
        self.transfer(from, to, leaving, weighing);
        let mut opened = self.change(to, ChangeReason::Opened);
        (opened.alert, opened.other) = (Some(self.alerts[founder].key()), Some(old));
        effects.push(Effect::Incident(opened));
        let mut left = self.change(from, ChangeReason::AlertsLeft);
        (left.alert, left.other) = (self.only(leaving), Some(id));
        effects.push(Effect::Incident(left));
    }

    /// Moves alerts from one incident to another. What links none of them to what is there is linked by command.
    pub(crate) fn move_over(
        &mut self,
        from: GroupRef,
        to: GroupRef,
        leaving: &[AlertRef],
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        let anchor = self.founder_of(&self.groups[to].alerts);
        self.transfer(from, to, leaving, weighing);
        self.tie_to(anchor, to, leaving);
        for (group, other, reason) in
            [(to, from, ChangeReason::AlertsMovedIn), (from, to, ChangeReason::AlertsLeft)]
        {
            let mut change = self.change(group, reason);
            (change.alert, change.other) = (self.only(leaving), Some(self.groups[other].incident.id));
            effects.push(Effect::Incident(change));
        }
    }

    /// The alert whose activity began first.
    pub(crate) fn founder_of(&self, alerts: &[AlertRef]) -> AlertRef {
        let first = |&&slot: &&AlertRef| (self.alerts[slot].alert.first_activity, self.alerts[slot].arrival);
        *alerts.iter().min_by_key(first).expect("no incident is without alerts")
    }

    /// The key of an alert that goes alone; of several, a change names none.
    fn only(&self, leaving: &[AlertRef]) -> Option<braid_alert::AlertKey> {
        if let [alone] = leaving { Some(self.alerts[*alone].key()) } else { None }
    }

    /// Makes alerts of one group another's, and puts both in order. `leaving` is sorted.
    fn transfer(&mut self, from: GroupRef, to: GroupRef, leaving: &[AlertRef], weighing: &Weighing) {
        let had_open = self.groups[from].unresolved > 0;
        let mut left: Vec<AlertRef> = self.groups[from].members().collect();
        left.retain(|alert| leaving.binary_search(alert).is_err());
        let mut there: Vec<AlertRef> = self.groups[to].members().collect();
        there.extend(leaving);
        for &alert in leaving {
            self.regroup(alert, to);
        }
        for (group, alerts) in [(from, left), (to, there)] {
            self.list_enough(&alerts, &weighing.settings);
            let old = &self.groups[group];
            let (dirty, fresh) = (old.dirty, old.fresh);
            let mut sum = self.summed(group, &alerts);
            (sum.dirty, sum.fresh) = (dirty, fresh);
            self.groups[group] = sum;
            self.schedule(group, weighing);
            self.mend_links(group, leaving, weighing);
        }
        self.close_if_done(from, had_open);
    }

    /// Makes an alert another group's, in its own record and in the index.
    pub(crate) fn regroup(&mut self, slot: AlertRef, to: GroupRef) {
        self.touch_alert(slot);
        let state = &mut self.alerts[slot];
        state.group = to;
        if let Some(repeats) = &mut self.groups[to].repeats {
            repeats.add(state);
        }
        for mention in &state.mentions {
            let entity = &mut self.entities[mention.entity];
            if let Some(there) = entity.mentions.find_mut(state.alert.first_activity, state.arrival) {
                there.group = to;
            }
        }
    }

    /// What a group would be with these alerts and no others. Its bytes are reckoned anew.
    pub(crate) fn summed(&self, group: GroupRef, alerts: &[AlertRef]) -> Group {
        let group = &self.groups[group];
        let mut sum = Group::new(group.number, group.incident.clone());
        let mut bytes = group.incident.said_bytes();
        for &slot in alerts {
            let alert = &self.alerts[slot];
            bytes += alert.listed_bytes();
            sum.add(slot, alert, |entity| bytes += entity_bytes(&self.entities[entity], &self.names));
        }
        sum.incident.bytes = bytes as i64;
        sum
    }

    /// An incident whose last unresolved alert has left is done with.
    fn close_if_done(&mut self, group: GroupRef, had_open: bool) {
        let clock = self.clock;
        let group = &mut self.groups[group];
        if had_open && group.unresolved == 0 && group.incident.status == IncidentStatus::Active {
            group.incident.turn(IncidentStatus::Resolved, Some(CloseReason::AllAlertsResolved));
            group.incident.resolved_at = Some(clock);
            self.open -= 1;
        }
    }

    /// Drops the links that lead out of a group, and finds for what hung on them, and for what has come, the best link
    /// to a part of the group that nothing else ties it to; so its links are still a tree, or several.
    fn mend_links(&mut self, group: GroupRef, moved: &[AlertRef], weighing: &Weighing) {
        let alerts = self.by_arrival(group);
        let mut seekers = Vec::new();
        for &slot in &alerts {
            if self.drop_links_out_of(group, slot) || moved.binary_search(&slot).is_ok() {
                seekers.push(slot);
            }
        }
        let mut parts = self.parts_of(&alerts);
        for slot in seekers {
            if let Some(link) = self.best_link_to(slot, group, |peer| !parts.are_one(slot, peer), weighing) {
                self.tie(slot, link, &mut parts);
            }
        }
    }

    fn drop_links_out_of(&mut self, group: GroupRef, slot: AlertRef) -> bool {
        let mut links = std::mem::take(&mut self.alerts[slot].links);
        let before = links.len();
        links.retain(|link| self.alerts[link.peer].group == group);
        let dropped = links.len() < before;
        self.alerts[slot].links = links;
        if dropped {
            self.touch_alert(slot);
        }
        dropped
    }

    /// Ties those of the alerts to the anchor that nothing ties to it yet.
    fn tie_to(&mut self, anchor: AlertRef, group: GroupRef, alerts: &[AlertRef]) {
        let mut parts = self.parts_of(&self.by_arrival(group));
        let mut alerts: SmallVec<[AlertRef; 8]> = alerts.into();
        alerts.sort_by_key(|&slot| self.alerts[slot].arrival);
        for slot in alerts {
            if !parts.are_one(slot, anchor)
                && let Some(link) = self.commanded_link(slot, anchor)
            {
                self.tie(slot, link, &mut parts);
            }
        }
    }

    fn tie(&mut self, slot: AlertRef, link: LinkState, parts: &mut Parts) {
        parts.unite(slot, link.peer);
        self.alerts[slot].links.push(link);
        self.touch_alert(slot);
    }

    fn by_arrival(&self, group: GroupRef) -> Vec<AlertRef> {
        let mut alerts: Vec<AlertRef> = self.groups[group].members().collect();
        alerts.sort_by_key(|&slot| self.alerts[slot].arrival);
        alerts
    }

    fn parts_of(&self, alerts: &[AlertRef]) -> Parts {
        let mut parts = Parts::default();
        for &slot in alerts {
            for link in &self.alerts[slot].links {
                parts.unite(slot, link.peer);
            }
        }
        parts
    }

    /// The link that stands for a person's word. It goes by an entity that both mention, else by any that the first one
    /// mentions, so that it goes where that goes if names turn out to be one; an alert that mentions nothing has none.
    pub(crate) fn commanded_link(&self, slot: AlertRef, peer: AlertRef) -> Option<LinkState> {
        let (here, there) = (&self.alerts[slot], &self.alerts[peer]);
        let shared = |entity| there.mentions.iter().any(|m| m.entity == entity);
        let rank = |&entity: &_| (Reverse(shared(entity)), self.entities[entity].id);
        let entity = here.mentions.iter().map(|m| m.entity).min_by_key(rank)?;
        let (a, b) = (&here.alert, &there.alert);
        let gap = a.first_activity.since(b.last_activity).max(b.first_activity.since(a.last_activity));
        let (reason, weight) = (LinkReason::Commanded, Weight::ONE);
        Some(LinkState { peer, entity, reason, weight, gap: gap.max(Span::ZERO) })
    }
}

/// Which alerts of a group are tied together by links.
#[derive(Debug, Default)]
struct Parts(BTreeMap<AlertRef, AlertRef>);

impl Parts {
    fn root_of(&self, mut slot: AlertRef) -> AlertRef {
        while let Some(&above) = self.0.get(&slot) {
            slot = above;
        }
        slot
    }

    fn are_one(&self, a: AlertRef, b: AlertRef) -> bool {
        self.root_of(a) == self.root_of(b)
    }

    fn unite(&mut self, a: AlertRef, b: AlertRef) {
        let (a, b) = (self.root_of(a), self.root_of(b));
        if a != b {
            self.0.insert(a, b);
        }
    }
}
