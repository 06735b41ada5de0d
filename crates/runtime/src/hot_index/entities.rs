use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use braid_alert::{
    EntityId, EntityKind, Identifier, IdentifierKind, Incident, IncidentEntity, IncidentId, IncidentStatus,
    Provider, Role, Tenant,
};
use dashmap::DashMap;

use super::Place;

/// How many of an entity's incidents a profile is made of. A hub may stand in a hundred thousand.
const PROFILE_INCIDENTS_MAX: usize = 500;

/// How many entities one name is answered with. A display name may be shared by many, in each of many tenants.
const NAMESAKES_MAX: usize = 100;

type EntityKey = (Tenant, EntityId);

/// Where each entity is mentioned, and which entities a name stands for.
///
/// Names are counted by the incidents that give them, so that a name which the newer version of the last such incident
/// no longer gives (its entity was divided, or merged into another one) leads nowhere. A tenant belongs to one
/// partition, so one worker at a time counts for an entity.
#[derive(Debug, Default)]
pub(super) struct Entities {
    pub(super) mentions: DashMap<EntityKey, BTreeSet<Place>>,
    pub(super) names: DashMap<Identifier, BTreeMap<EntityKey, u32>>,
}

/// The incidents that mention an entity.
pub(super) struct Mentions {
    /// Newest change first, at most `PROFILE_INCIDENTS_MAX`.
    pub(super) newest: Vec<IncidentId>,
    /// How many there are.
    pub(super) total: usize,
}

impl Entities {
    /// Moves from one version of an incident to the next. A redirected incident is no longer about anything: its alerts
    /// stand in the survivor.
    pub(super) fn replace(&self, before: Option<&Incident>, after: Option<&Incident>) {
        let live = |incident: &&Incident| incident.status != IncidentStatus::Redirected;
        let (before, after) = (before.filter(live), after.filter(live));
        // First what is new, then what is old: what stands in both is never gone in between.
        after.iter().for_each(|incident| self.add(incident));
        before.iter().for_each(|incident| self.remove(incident, after));
    }

    fn add(&self, incident: &Incident) {
        for entity in &incident.entities {
            let key = (incident.tenant.clone(), entity.id);
            for identifier in distinct_names(entity) {
                *self.names.entry(identifier.clone()).or_default().entry(key.clone()).or_default() += 1;
            }
            self.mentions.entry(key).or_default().insert(Place::of(incident));
        }
    }

    fn remove(&self, incident: &Incident, after: Option<&Incident>) {
        let place = Place::of(incident);
        for entity in &incident.entities {
            let key = (incident.tenant.clone(), entity.id);
            for identifier in distinct_names(entity) {
                self.release(identifier, &key);
            }
            let again = after.is_some_and(|after| {
                Place::of(after) == place && after.entities.iter().any(|e| e.id == entity.id)
            });
            if !again {
                self.forget(&key, &place);
            }
        }
    }

    fn release(&self, identifier: &Identifier, key: &EntityKey) {
        self.names.remove_if_mut(identifier, |_, entities| {
            if let Some(count) = entities.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    entities.remove(key);
                }
            }
            entities.is_empty()
        });
    }

    fn forget(&self, key: &EntityKey, place: &Place) {
        self.mentions.remove_if_mut(key, |_, places| {
            places.remove(place);
            places.is_empty()
        });
    }

    /// The entities that a name stands for, in order.
    pub(super) fn named(&self, tenant: Option<&str>, name: &str) -> Vec<EntityKey> {
        let mut found = BTreeSet::new();
        for identifier in readings(name) {
            if let Some(entities) = self.names.get(&identifier) {
                let asked = |key: &&EntityKey| tenant.is_none_or(|tenant| key.0.as_str() == tenant);
                found.extend(entities.keys().filter(asked).take(NAMESAKES_MAX).cloned());
            }
        }
        found.into_iter().take(NAMESAKES_MAX).collect()
    }

    pub(super) fn mentions(&self, tenant: &Tenant, id: EntityId) -> Option<Mentions> {
        let places = self.mentions.get(&(tenant.clone(), id))?;
        let newest = places.iter().take(PROFILE_INCIDENTS_MAX).map(|place| place.id).collect();
        Some(Mentions { newest, total: places.len() })
    }
}

/// An entity's names, each once: a record should not give one twice, and counting must not depend on it.
fn distinct_names(entity: &IncidentEntity) -> BTreeSet<&Identifier> {
    entity.identifiers.iter().collect()
}

/// What a text may be the name of: the kind it begins with, or else every kind that can read it.
fn readings(text: &str) -> BTreeSet<Identifier> {
    if let Some((kind, value)) = text.split_once(':') {
        let kind = IdentifierKind::from_text(kind);
        if !matches!(kind, IdentifierKind::Other(_)) {
            return reading(kind, value).into_iter().collect();
        }
    }
    // A kind of a newer release cannot be told from a text with a colon in it, so it is tried beside the others.
    let unknown = text.split_once(':').map(|(kind, value)| (IdentifierKind::from_text(kind), value));
    let known = IdentifierKind::KNOWN.iter().map(|kind| (kind.clone(), text));
    known.chain(unknown).filter_map(|(kind, value)| reading(kind, value)).collect()
}

fn reading(kind: IdentifierKind, value: &str) -> Option<Identifier> {
    match (kind, value.split_once('\\')) {
        (IdentifierKind::DomainAccount, Some((domain, account))) => {
            Identifier::domain_account(domain, account)
        }
        (kind, _) => Identifier::new(kind, value),
    }
}

/// What is known of an entity from the incidents that mention it.
#[derive(Debug, Clone)]
pub struct EntityProfile {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its number in the tenant.
    pub id: EntityId,
    /// What kind of thing it is, by the incident that changed last; so for the next ones.
    pub kind: EntityKind,
    /// What a person would call it.
    pub name: Box<str>,
    /// It is shown as context and joins nothing.
    pub context: bool,
    /// Every name that one of the incidents gives it, sorted.
    pub identifiers: Vec<Identifier>,
    /// The parts that it plays, sorted.
    pub roles: Vec<Role>,
    /// Tags that products put on it, sorted.
    pub tags: Vec<Box<str>>,
    /// How many alerts of each product mention it.
    pub alerts: BTreeMap<Provider, u64>,
    /// Its incidents, newest change first, at most 500; the figures above are of these.
    pub incidents: Vec<Arc<Incident>>,
    /// How many incidents mention it.
    pub incidents_total: usize,
}

impl EntityProfile {
    /// Makes a profile of the incidents that mention an entity, newest change first. `None` if none of them does any
    /// more: they were read one after another while workers went on.
    pub(super) fn gather(
        tenant: Tenant,
        id: EntityId,
        total: usize,
        incidents: Vec<Arc<Incident>>,
    ) -> Option<Self> {
        let about = |incident: &Arc<Incident>| incident.entities.iter().any(|entity| entity.id == id);
        let incidents: Vec<_> = incidents.into_iter().filter(about).collect();
        let sightings: Vec<&IncidentEntity> =
            incidents.iter().flat_map(|incident| &incident.entities).filter(|e| e.id == id).collect();
        let newest = *sightings.first()?;
        Some(Self {
            tenant,
            id,
            kind: newest.kind.clone(),
            name: newest.name.clone(),
            context: newest.context,
            identifiers: union(&sightings, |entity| &entity.identifiers),
            roles: union(&sightings, |entity| &entity.roles),
            tags: union(&sightings, |entity| &entity.tags),
            alerts: alerts_by_provider(id, &incidents),
            incidents_total: total.max(incidents.len()),
            incidents,
        })
    }
}

fn union<T: Ord + Clone>(sightings: &[&IncidentEntity], part: impl Fn(&IncidentEntity) -> &Vec<T>) -> Vec<T> {
    let all: BTreeSet<&T> = sightings.iter().flat_map(|entity| part(entity)).collect();
    all.into_iter().cloned().collect()
}

fn alerts_by_provider(id: EntityId, incidents: &[Arc<Incident>]) -> BTreeMap<Provider, u64> {
    let mut alerts = BTreeMap::new();
    for alert in incidents.iter().flat_map(|incident| &incident.alerts) {
        if alert.entities.contains(&id) {
            *alerts.entry(alert.provider.clone()).or_default() += 1;
        }
    }
    alerts
}
