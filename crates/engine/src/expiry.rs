//! What is forgotten, and when.
//!
//! An incident stops taking alerts after `late_join` without news; nothing has to happen for that, the clock is
//! compared when an alert would join. What has to happen is forgetting: `dedupe_retention` after any of its alerts was
//! last heard of, an incident goes with all that is known of it. Until then a revision finds its alert and the record
//! can be written whole.

use std::cmp::Reverse;

use braid_alert::{ChangeReason, CloseReason, IncidentStatus, SourceTime};

use crate::Effect;
use crate::arrival::GROUP_BYTES;
use crate::group::Group;
use crate::slots::GroupRef;
use crate::state::StateKey;
use crate::tenant_state::{Home, TenantState};
use crate::weighing::Weighing;

impl TenantState {
    /// Moves the clock, if `at` is beyond it, and forgets what is due.
    pub(crate) fn advance(&mut self, at: SourceTime, weighing: &Weighing) {
        if at <= self.clock {
            return;
        }
        self.clock = at;
        self.dirty.tenant = true;
        while let Some(&Reverse((due, number, group))) = self.forgettable.peek() {
            if due > at {
                break;
            }
            self.forgettable.pop();
            match self
                .groups
                .find(group)
                .filter(|g| g.number == number)
                .map(|g| g.seen + weighing.settings.dedupe_retention)
            {
                Some(now_due) if now_due > at => self.forgettable.push(Reverse((now_due, number, group))),
                Some(_) => self.forget(group),
                None => {}
            }
        }
        // What they alone had kept goes with them, before the input is looked at: with a tick in between it would be no
        // different.
        self.sweep_orphans();
    }

    /// Notes when a new group may be forgotten.
    pub(crate) fn schedule(&mut self, group: GroupRef, weighing: &Weighing) {
        let due = self.groups[group].seen + weighing.settings.dedupe_retention;
        self.forgettable.push(Reverse((due, self.groups[group].number, group)));
    }

    /// The group that was heard of least recently goes, and says so if it was open: the byte budget is reached.
    pub(crate) fn evict(&mut self, weighing: &Weighing, effects: &mut Vec<Effect>) {
        while let Some(Reverse((due, number, group))) = self.forgettable.pop() {
            let Some(known) = self.groups.find(group).filter(|g| g.number == number) else { continue };
            let now_due = known.seen + weighing.settings.dedupe_retention;
            if now_due > due {
                self.forgettable.push(Reverse((now_due, number, group)));
                continue;
            }
            if self.groups[group].incident.status == IncidentStatus::Active {
                self.open -= 1;
                self.groups[group].incident.turn(IncidentStatus::Resolved, Some(CloseReason::StateBudget));
                let change = self.change(group, ChangeReason::Evicted);
                effects.push(Effect::Incident(change));
            }
            self.forget(group);
            return;
        }
    }

    /// Removes a group with its alerts, its incident's record and all redirects to it.
    fn forget(&mut self, slot: GroupRef) {
        self.before_forgetting(slot);
        let group = self.remove_group(slot);
        self.open -= u64::from(group.incident.status == IncidentStatus::Active);
        for alert in group.members() {
            let state = self.remove_alert(alert);
            for mention in &state.mentions {
                let entity = &mut self.entities[mention.entity];
                entity.mentions.remove(state.alert.first_activity, state.arrival);
                if !entity.is_kept() {
                    self.forget_entity(mention.entity);
                }
            }
        }
        for id in group.incident.merged_from.iter().chain([&group.incident.id]) {
            self.incidents.remove(id);
            self.dirty.deleted.push(StateKey::Incident(self.tenant.clone(), *id));
        }
    }

    /// Takes a group out of its slot; its alerts and its incident's record are the caller's.
    pub(crate) fn remove_group(&mut self, slot: GroupRef) -> Group {
        let group = self.groups.remove(slot);
        self.state_bytes -= GROUP_BYTES + group.incident.said_bytes();
        group
    }

    /// Where an incident's record is, if it is still remembered.
    pub(crate) fn home(&self, id: braid_alert::IncidentId) -> Option<&Home> {
        self.incidents.get(&id)
    }
}
