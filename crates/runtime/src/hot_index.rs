//! What HTTP reads: the committed incidents of the partitions that this process owns, and the entities in them.
//!
//! Workers write it after a commit, handlers read it at any time, and no decision ever asks it. A worker holds a
//! [`Projection`] per partition; dropping that takes back all it has published, so a revoked partition leaves nothing
//! behind, whatever order its old and its new owner are scheduled in.
//!
//! ```text
//!   worker ──publish──▶ Projection ──▶ incidents   id → partition's newest committed record
//!            withdraw        │    ├──▶ by_change   newest change first, for lists
//!            drop            │    └──▶ changes     id → its last changes, in short
//!                            └───────▶ entities    what is known of each, its names, its incidents
//! ```
//!
//! One rule keeps this free of deadlocks: no reference into a map is held across a call of another one. What is read
//! is therefore an `Arc` that stays as it was, while the index moves on.

mod projection;
mod entities;
mod facts;
mod names;
mod changes;
mod profile;
mod timeline;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use braid_alert::{EntityId, Flood, Incident, IncidentAlert, IncidentId, SourceTime};
use dashmap::DashMap;

pub use changes::ChangeHead;
pub use facts::{EntityFacts, KnownName};
pub use profile::{EntityProfile, LoggedOnUser, NewestAlert, ProductView, TagSource};
pub use projection::Projection;
pub use timeline::{Moment, NotAMoment, Order, Telling, Timeline, TimelineEntry, TimelinePage};

use changes::Changes;
use entities::{Entities, Mentions};
use projection::Slot;

/// A map that several threads write. With the standard hasher publishing entities takes a quarter longer.
type Map<K, V> = DashMap<K, V, foldhash::quality::RandomState>;

/// How many records one hold of the ordered map's lock copies: some microseconds, so that a list never makes a worker
/// wait longer than that.
const STRIDE: usize = 256;

/// How many redirects are followed. The engine compresses chains to one; two more cover the moment between the commits
/// of two merges.
const REDIRECTS_MAX: usize = 3;

/// Committed projections. It holds what workers have published and not withdrawn, so what bounds the engine's state
/// bounds this too.
#[derive(Debug, Default)]
pub struct HotIndex {
    incidents: Map<IncidentId, Arc<Incident>>,
    by_change: RwLock<BTreeMap<Place, Arc<Incident>>>,
    entities: Entities,
    changes: Changes,
    slots: Mutex<BTreeMap<i32, Arc<Slot>>>,
}

/// Where an incident stands in the order of lists: newest change first, then by id. Also the cursor of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The tenant's clock when it last changed.
    changed: std::cmp::Reverse<SourceTime>,
    /// Its id.
    id: IncidentId,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    /// What matched, in the order of the list.
    pub incidents: Vec<Arc<Incident>>,
    /// After which place the next page begins; `None` at the end of the list.
    pub next: Option<Place>,
}

/// What stands behind an incident's id.
#[derive(Debug, Clone)]
pub enum Resolved {
    /// The incident itself.
    Incident(Arc<Incident>),
    /// It was merged into another one.
    Redirected {
        /// The record that stood under the id.
        from: Arc<Incident>,
        /// The one that it went into.
        survivor: Arc<Incident>,
    },
}

/// The incidents that are about an entity.
#[derive(Debug)]
struct About {
    /// Newest change first.
    incidents: Vec<Arc<Incident>>,
    /// The numbers that they give it.
    numbers: BTreeSet<EntityId>,
    /// How many there are.
    total: usize,
}

impl About {
    /// The alerts that mention the entity, each with its incident.
    fn alerts(&self) -> impl Iterator<Item = (&Incident, &IncidentAlert)> {
        let all = self.incidents.iter().flat_map(|incident| {
            let incident = &**incident;
            incident.alerts.iter().map(move |alert| (incident, alert))
        });
        all.filter(|(_, alert)| alert.entities.iter().any(|id| self.numbers.contains(id)))
    }

    /// The floods on the entity, each with its incident: all alerts of a flood are on the same entities, and some of
    /// them are listed.
    fn floods(&self) -> impl Iterator<Item = (&Incident, &Flood)> {
        let is_on = |incident: &Incident, flood: &Flood| {
            let shown = |alert: &&IncidentAlert| {
                flood.representatives.iter().any(|key| key.provider == alert.provider && key.id == alert.id)
            };
            let mut shown = incident.alerts.iter().filter(shown);
            shown.any(|alert| alert.entities.iter().any(|id| self.numbers.contains(id)))
        };
        let all = self.incidents.iter().flat_map(|incident| {
            let incident = &**incident;
            incident.floods.iter().map(move |flood| (incident, flood))
        });
        all.filter(move |(incident, flood)| is_on(incident, flood))
    }
}

impl HotIndex {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for a partition's incidents and gives the right to publish them.
    ///
    /// What an earlier holder of the same partition had published is taken back, and nothing it still publishes will
    /// be seen: a worker that lost the partition by a time-out may learn of it after the next one has begun.
    pub fn claim(self: &Arc<Self>, partition: i32) -> Projection {
        let slot = Arc::new(Slot::default());
        let before = self.slots().insert(partition, slot.clone());
        if let Some(before) = before {
            self.retire(partition, &before);
        }
        Projection::new(self.clone(), partition, slot)
    }

    /// The committed record of an incident, a redirected one's included.
    pub fn incident(&self, id: IncidentId) -> Option<Arc<Incident>> {
        self.incidents.get(&id).map(|entry| entry.value().clone())
    }

    /// What an id stands for now. A redirected incident whose survivor is not here (it has been forgotten) stands for
    /// itself.
    pub fn resolve(&self, id: IncidentId) -> Option<Resolved> {
        let from = self.incident(id)?;
        let mut survivor = None;
        let mut next = from.redirect_incident_id;
        for _ in 0..REDIRECTS_MAX {
            let Some(incident) = next.and_then(|id| self.incident(id)) else { break };
            next = incident.redirect_incident_id;
            survivor = Some(incident);
        }
        Some(match survivor {
            Some(survivor) if survivor.id != from.id => Resolved::Redirected { from, survivor },
            _ => Resolved::Incident(from),
        })
    }

    /// Up to `limit` incidents that match, newest change first, from behind `after` on.
    ///
    /// At most `looked_at_max` incidents are looked at, so a rare match costs several pages instead of one long wait:
    /// such a page may be short or empty and still have a `next`. An incident that changes between two pages moves to
    /// the front of the list, and so is not seen twice.
    pub fn page(
        &self,
        after: Option<Place>,
        limit: usize,
        looked_at_max: usize,
        matches: impl Fn(&Incident) -> bool,
    ) -> Page {
        let mut page = Page { incidents: Vec::new(), next: after };
        let mut looked_at = 0;
        loop {
            let stride = self.stride(page.next);
            let last = stride.len() < STRIDE;
            for (place, incident) in stride {
                if page.incidents.len() == limit || looked_at == looked_at_max {
                    return page;
                }
                page.next = Some(place);
                looked_at += 1;
                if matches(&incident) {
                    page.incidents.push(incident);
                }
            }
            if last {
                page.next = None;
                return page;
            }
        }
    }

    /// What is known of the entities that a text stands for, in all tenants or in one: a number (`7`), a name with its
    /// kind (`upn:jeffl@contoso.azure`), or the bare name, which is tried as every kind. In order of tenant and number.
    pub fn entities(&self, tenant: Option<&str>, text: &str) -> Vec<Arc<EntityFacts>> {
        self.entities.asked(tenant, text)
    }

    /// The incidents that mention an entity, newest change first and at most 500, under which numbers they do, and how
    /// many there are.
    fn incidents_about(&self, facts: &EntityFacts) -> About {
        let mentions = self.entities.mentions(&(facts.tenant.clone(), facts.id));
        let incidents: Vec<_> = mentions.newest.iter().filter_map(|id| self.incident(*id)).collect();
        let Mentions { total, numbers, .. } = mentions;
        let is_about = |incident: &Arc<Incident>| incident.entities.iter().any(|e| numbers.contains(&e.id));
        // They were read one after another while workers went on.
        let incidents: Vec<_> = incidents.into_iter().filter(is_about).collect();
        About { total: total.max(incidents.len()), incidents, numbers }
    }

    /// How many incidents are here, redirected ones included.
    pub fn len(&self) -> usize {
        self.incidents.len()
    }

    /// Whether nothing is here.
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty()
    }

    fn stride(&self, after: Option<Place>) -> Vec<(Place, Arc<Incident>)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let by_change = self.by_change.read().unwrap_or_else(PoisonError::into_inner);
        by_change
            .range((from, Bound::Unbounded))
            .take(STRIDE)
            .map(|(place, incident)| (*place, incident.clone()))
            .collect()
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, BTreeMap<i32, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The place of an incident.
    pub fn of(incident: &Incident) -> Self {
        Self { changed: std::cmp::Reverse(incident.last_changed), id: incident.id }
    }
}

/// `<microseconds>.<id>`: what a list gives as its cursor.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.changed.0.as_micros(), self.id)
    }
}

/// A cursor that no list has given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list: take `next` of the page before, as it is")]
pub struct NotAPlace;

impl std::str::FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (micros, id) = text.split_once('.').ok_or(NotAPlace)?;
        let changed = SourceTime::from_micros(micros.parse().map_err(|_| NotAPlace)?);
        Ok(Self { changed: std::cmp::Reverse(changed), id: IncidentId::parse(id).ok_or(NotAPlace)? })
    }
}
