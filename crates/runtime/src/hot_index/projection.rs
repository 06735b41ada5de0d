use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braid_alert::{EntityId, Incident, IncidentChange, IncidentId, Tenant};

use super::{EntityFacts, HotIndex, Place};

/// The right to publish the incidents of one partition; see [`HotIndex::claim`]. Dropping it takes back what it has
/// published.
#[derive(Debug)]
pub struct Projection {
    index: Arc<HotIndex>,
    partition: i32,
    slot: Arc<Slot>,
}

/// What one claim has published. Its lock is held while publishing, so that a claim is retired either before or after,
/// never in the middle; it is contended only when a partition changes hands.
#[derive(Debug)]
pub(super) struct Slot(Mutex<Standing>);

#[derive(Debug)]
enum Standing {
    Current(BTreeSet<IncidentId>),
    Retired,
}

impl Default for Slot {
    fn default() -> Self {
        Self(Mutex::new(Standing::Current(BTreeSet::new())))
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Projection {
    pub(super) fn new(index: Arc<HotIndex>, partition: i32, slot: Arc<Slot>) -> Self {
        Self { index, partition, slot }
    }

    /// Whose incidents these are.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Shows incidents as they are now committed, redirected ones included; each takes the place of its older version.
    /// To be called after the commit, in the order of commits. Does nothing once another holder has claimed the
    /// partition.
    pub fn publish(&self, incidents: impl IntoIterator<Item = Arc<Incident>>) {
        if let Standing::Current(published) = &mut *self.slot.lock() {
            for incident in incidents {
                published.insert(incident.id);
                self.index.entities.note_products(self.partition, &incident);
                self.index.put(incident);
            }
        }
    }

    /// Shows entities as they are now known. To be called before [`Projection::publish`] of the same commit, so that
    /// an incident's entities are known when it is seen.
    pub fn publish_entities(&self, entities: impl IntoIterator<Item = EntityFacts>) {
        if let Standing::Current(_) = &*self.slot.lock() {
            entities.into_iter().for_each(|facts| self.index.entities.put(self.partition, facts));
        }
    }

    /// Takes note of committed changes, in their order; those of an incident that is not shown are passed over. To be
    /// called after [`Projection::publish`] of the same commit.
    pub fn note_changes<'c>(&self, changes: impl IntoIterator<Item = &'c IncidentChange>) {
        if let Standing::Current(published) = &*self.slot.lock() {
            let shown = changes.into_iter().filter(|change| published.contains(&change.incident));
            shown.for_each(|change| self.index.changes.note(change));
        }
    }

    /// Takes back entities that the engine has forgotten or united with others. To be called last.
    pub fn withdraw_entities(&self, keys: impl IntoIterator<Item = (Tenant, EntityId)>) {
        if let Standing::Current(_) = &*self.slot.lock() {
            keys.into_iter().for_each(|key| self.index.entities.remove(&key));
        }
    }

    /// Takes back incidents that the engine has forgotten. Those that another partition has published stay.
    pub fn withdraw(&self, ids: impl IntoIterator<Item = IncidentId>) {
        if let Standing::Current(published) = &mut *self.slot.lock() {
            for id in ids {
                if published.remove(&id) {
                    self.index.take(id);
                }
            }
        }
    }
}

impl Drop for Projection {
    fn drop(&mut self) {
        self.index.retire(self.partition, &self.slot);
        let mut slots = self.index.slots();
        if slots.get(&self.partition).is_some_and(|slot| Arc::ptr_eq(slot, &self.slot)) {
            slots.remove(&self.partition);
        }
    }
}

impl HotIndex {
    /// Ends a claim: takes back what it has published and leaves later calls without effect.
    pub(super) fn retire(&self, partition: i32, slot: &Slot) {
        let mut standing = slot.lock();
        if let Standing::Current(published) = std::mem::replace(&mut *standing, Standing::Retired) {
            published.into_iter().for_each(|id| self.take(id));
            self.entities.clear(partition);
        }
    }

    /// The order of the steps keeps a reader right in between: an incident can be found before it is listed and as
    /// long as it is.
    fn put(&self, incident: Arc<Incident>) {
        let before = self.incidents.insert(incident.id, incident.clone());
        self.relist(before.as_deref(), Some(&incident));
        self.entities.replace(before.as_deref(), Some(&incident));
    }

    fn take(&self, id: IncidentId) {
        let Some(before) = self.incident(id) else { return };
        self.changes.forget(id);
        self.entities.replace(Some(&before), None);
        self.relist(Some(&before), None);
        self.incidents.remove(&id);
    }

    fn relist(&self, before: Option<&Incident>, after: Option<&Arc<Incident>>) {
        let mut by_change = self.by_change.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = before {
            by_change.remove(&Place::of(before));
        }
        if let Some(after) = after {
            by_change.insert(Place::of(after), after.clone());
        }
    }
}
