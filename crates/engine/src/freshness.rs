//! What an incident's record looked like when its last version was made.
//!
//! Whoever writes the records asks for them at the end of a batch, and how long a batch is depends on the load. A record
//! also shows what is known of its entities, and that may be learned from an alert of another incident, which raises no
//! version of this one. If that happened later in the same batch, the record would depend on where batches end, and a
//! replay would differ. So before an entity changes, the records of incidents that have a new version and mention it are
//! made, as they are at that moment, and kept until the batch has been drained. So are those of incidents that are
//! forgotten in the batch that changed them.

use braid_alert::{Incident, IncidentId};

use crate::slots::{EntityRef, GroupRef};
use crate::snapshot::stub;
use crate::tenant_state::{Home, TenantState};

/// Incidents with a version that has not been drained yet.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    /// Groups that were changed; those that are still [`crate::group::Group::fresh`] have no record made early. May hold
    /// slots that have been emptied since.
    changed: Vec<GroupRef>,
    /// Records that had to be made early.
    kept: Vec<Incident>,
}

impl TenantState {
    /// A group's incident has one more version.
    pub(crate) fn freshen(&mut self, slot: GroupRef) {
        let group = &mut self.groups[slot];
        let id = group.incident.id;
        if !std::mem::replace(&mut group.fresh, true) {
            self.freshness.changed.push(slot);
        }
        // Even if the group was fresh: a merge may just have given it the incident of another one.
        self.freshness.kept.retain(|incident| incident.id != id);
    }

    /// The record of a group's incident as of its last version.
    pub(crate) fn record(&self, slot: GroupRef) -> Incident {
        let id = self.groups[slot].incident.id;
        let kept = self.freshness.kept.iter().find(|incident| incident.id == id);
        kept.cloned().unwrap_or_else(|| self.snapshot(slot))
    }

    /// To be called before a group is forgotten: what changed since the last drain has still to be written.
    pub(crate) fn before_forgetting(&mut self, slot: GroupRef) {
        let redirected = |id: &IncidentId| match self.home(*id) {
            Some(Home::Redirected(record)) if self.dirty.redirected.contains(id) => Some(stub(record)),
            _ => None,
        };
        let mut last: Vec<Incident> =
            self.groups[slot].incident.merged_from.iter().filter_map(redirected).collect();
        if self.groups[slot].fresh {
            last.push(self.snapshot(slot));
        }
        self.freshness.kept.extend(last);
    }

    /// The last record of an incident that has been forgotten since the last drain.
    pub(crate) fn forgotten(&self, id: IncidentId) -> Option<Incident> {
        self.freshness.kept.iter().find(|incident| incident.id == id).cloned()
    }

    /// To be called before anything about an entity changes that a record shows.
    pub(crate) fn before_change_of(&mut self, entity: EntityRef) {
        if self.entities[entity].mentions.is_empty() {
            return;
        }
        let mut place = 0;
        while let Some(&slot) = self.freshness.changed.get(place) {
            let fresh = self.groups.find(slot).filter(|group| group.fresh);
            match fresh.map(|group| group.mentions(entity)) {
                Some(false) => place += 1,
                Some(true) => {
                    let record = self.snapshot(slot);
                    self.groups[slot].fresh = false;
                    self.freshness.kept.push(record);
                    self.freshness.changed.swap_remove(place);
                }
                None => drop(self.freshness.changed.swap_remove(place)),
            }
        }
    }

    /// Everything has been drained.
    pub(crate) fn settle_freshness(&mut self) {
        for slot in std::mem::take(&mut self.freshness).changed {
            if let Some(group) = self.groups.find_mut(slot) {
                group.fresh = false;
            }
        }
    }
}
