use std::collections::BTreeSet;
use std::sync::Arc;

use braid_alert::{EntityId, Identifier, Incident, IncidentId, IncidentStatus, Provider, Tenant};
use smallvec::SmallVec;

use super::facts::{EntityFacts, KnownName};
use super::names::{number, readings};
use super::{Map, Place};

/// How many of an entity's incidents are looked at. A hub may stand in a hundred thousand.
const INCIDENTS_MAX: usize = 500;

/// How many entities one name is answered with. A display name may be shared by many, in each of many tenants.
const NAMESAKES_MAX: usize = 100;

/// How many products of a tenant are remembered; there are some dozens in the world.
const PRODUCTS_MAX: usize = 256;

/// An entity: its number counts within its tenant.
pub(super) type EntityKey = (Tenant, EntityId);

/// What is known of each entity, what it is called, and which incidents mention it.
///
/// A record of an incident is as of its last version and may give the number of an entity that has been united with
/// another one since. Until the last such record has gone, `heirs` says which entity that number stands for, and
/// `former` the same from the other side. A tenant belongs to one partition, so one worker at a time writes about an
/// entity.
#[derive(Debug, Default)]
pub(super) struct Entities {
    known: Map<EntityKey, Known>,
    names: Map<Arc<Identifier>, SmallVec<[EntityKey; 1]>>,
    mentions: Map<EntityKey, BTreeSet<Place>>,
    heirs: Map<EntityKey, EntityId>,
    former: Map<EntityKey, BTreeSet<EntityId>>,
    tenants: Map<Tenant, Reporting>,
}

/// The products that have alerts in a tenant.
#[derive(Debug)]
struct Reporting {
    partition: i32,
    products: BTreeSet<Provider>,
}

#[derive(Debug)]
struct Known {
    /// Whose worker said so.
    partition: i32,
    facts: Arc<EntityFacts>,
}

/// The incidents that mention an entity.
pub(super) struct Mentions {
    /// Newest change first, at most `INCIDENTS_MAX`.
    pub(super) newest: Vec<IncidentId>,
    /// How many there are.
    pub(super) total: usize,
    /// The numbers that incidents give it: its own, and those of entities that were united with it.
    pub(super) numbers: BTreeSet<EntityId>,
}

impl Entities {
    /// Takes in what is now known of an entity. What other names it bore before lead to it no longer.
    pub(super) fn put(&self, partition: i32, mut facts: EntityFacts) {
        let key = (facts.tenant.clone(), facts.id);
        let before = self.facts(&key);
        if before.as_deref() == Some(&facts) {
            return;
        }
        self.tenant(partition, &facts.tenant);
        facts.names.iter_mut().for_each(|name| self.give(name, &key));
        let facts = Arc::new(facts);
        self.known.insert(key.clone(), Known { partition, facts: facts.clone() });
        for name in before.iter().flat_map(|before| &before.names) {
            if facts.names.iter().all(|now| now.identifier != name.identifier) {
                self.take_name(&name.identifier, &key);
            }
        }
    }

    /// Makes a name lead to an entity, and the name itself the one that the index has already.
    fn give(&self, name: &mut KnownName, key: &EntityKey) {
        let mut bearers = self.names.entry(name.identifier.clone()).or_default();
        name.identifier = bearers.key().clone();
        if !bearers.contains(key) {
            bearers.push(key.clone());
        }
    }

    fn take_name(&self, identifier: &Identifier, key: &EntityKey) {
        self.names.remove_if_mut(identifier, |_, bearers| {
            bearers.retain(|bearer| bearer != key);
            bearers.is_empty()
        });
    }

    /// The engine has forgotten the entity, or united it with another one, which then bears its names.
    pub(super) fn remove(&self, key: &EntityKey) {
        let Some((_, Known { facts, .. })) = self.known.remove(key) else { return };
        let heir = facts.names.iter().find_map(|name| self.other_bearer(&name.identifier, key));
        facts.names.iter().for_each(|name| self.take_name(&name.identifier, key));
        match heir {
            Some(heir) => self.bequeath(key, heir),
            None => self.disinherit(key),
        }
    }

    /// The numbers that an entity has inherited stand for nobody.
    fn disinherit(&self, key: &EntityKey) {
        if let Some((_, numbers)) = self.former.remove(key) {
            numbers.into_iter().for_each(|number| drop(self.heirs.remove(&(key.0.clone(), number))));
        }
    }

    fn other_bearer(&self, identifier: &Identifier, key: &EntityKey) -> Option<EntityId> {
        let bearers = self.names.get(identifier)?;
        bearers.iter().find(|(tenant, id)| *tenant == key.0 && *id != key.1).map(|(_, id)| *id)
    }

    /// What incidents say of a number is from now on said of its heir; of the numbers that it had inherited too.
    fn bequeath(&self, key: &EntityKey, heir: EntityId) {
        let mut numbers = self.former.remove(key).map(|(_, numbers)| numbers).unwrap_or_default();
        numbers.insert(key.1);
        numbers.retain(|&number| self.mentions.contains_key(&(key.0.clone(), number)));
        for &number in &numbers {
            self.heirs.insert((key.0.clone(), number), heir);
        }
        if !numbers.is_empty() {
            self.former.entry((key.0.clone(), heir)).or_default().extend(numbers);
        }
    }

    /// Forgets all that a partition's worker has said.
    pub(super) fn clear(&self, partition: i32) {
        let keys: Vec<EntityKey> = self
            .known
            .iter()
            .filter(|known| known.partition == partition)
            .map(|known| known.key().clone())
            .collect();
        for key in keys {
            if let Some((_, Known { facts, .. })) = self.known.remove(&key) {
                facts.names.iter().for_each(|name| self.take_name(&name.identifier, &key));
            }
            self.disinherit(&key);
        }
        self.tenants.retain(|_, reporting| reporting.partition != partition);
    }

    fn tenant(&self, partition: i32, tenant: &Tenant) {
        if !self.tenants.contains_key(tenant) {
            let products = BTreeSet::new();
            self.tenants.insert(tenant.clone(), Reporting { partition, products });
        }
    }

    /// Notes which products an incident has alerts of.
    pub(super) fn note_products(&self, partition: i32, incident: &Incident) {
        self.tenant(partition, &incident.tenant);
        if let Some(mut reporting) = self.tenants.get_mut(&incident.tenant) {
            let products = &mut reporting.products;
            for alert in &incident.alerts {
                if products.len() < PRODUCTS_MAX && !products.contains(&alert.provider) {
                    products.insert(alert.provider.clone());
                }
            }
        }
    }

    /// The products that have had alerts in a tenant since this process has it.
    pub(super) fn products(&self, tenant: &Tenant) -> BTreeSet<Provider> {
        self.tenants.get(tenant).map(|reporting| reporting.products.clone()).unwrap_or_default()
    }

    /// Moves from one version of an incident to the next. A redirected incident is no longer about anything: its alerts
    /// stand in the survivor.
    pub(super) fn replace(&self, before: Option<&Incident>, after: Option<&Incident>) {
        let live = |incident: &&Incident| incident.status != IncidentStatus::Redirected;
        let (before, after) = (before.filter(live), after.filter(live));
        // First what is new, then what is old: what stands in both is never gone in between.
        for incident in after.iter() {
            for entity in &incident.entities {
                let key = (incident.tenant.clone(), entity.id);
                self.mentions.entry(key).or_default().insert(Place::of(incident));
            }
        }
        before.iter().for_each(|incident| self.forget(incident, after));
    }

    fn forget(&self, incident: &Incident, after: Option<&Incident>) {
        let place = Place::of(incident);
        let same_place = after.filter(|after| Place::of(after) == place);
        for entity in &incident.entities {
            let again = same_place.is_some_and(|after| after.entities.iter().any(|e| e.id == entity.id));
            if !again {
                self.forget_mention((incident.tenant.clone(), entity.id), &place);
            }
        }
    }

    fn forget_mention(&self, key: EntityKey, place: &Place) {
        let last = self.mentions.remove_if_mut(&key, |_, places| {
            places.remove(place);
            places.is_empty()
        });
        if last.is_none() {
            return;
        }
        if let Some((key, heir)) = self.heirs.remove(&key) {
            self.former.remove_if_mut(&(key.0, heir), |_, numbers| {
                numbers.remove(&key.1);
                numbers.is_empty()
            });
        }
    }

    /// What is known of an entity.
    pub(super) fn facts(&self, key: &EntityKey) -> Option<Arc<EntityFacts>> {
        self.known.get(key).map(|known| known.facts.clone())
    }

    /// What is known of the entities that a text stands for, in all tenants or in one: a number, or a name. In order of
    /// tenant and number.
    pub(super) fn asked(&self, tenant: Option<&str>, text: &str) -> Vec<Arc<EntityFacts>> {
        let mut keys = self.named(tenant, text);
        if let Some(number) = number(text) {
            keys.extend(self.numbered(tenant, number));
        }
        keys.iter().take(NAMESAKES_MAX).filter_map(|key| self.facts(key)).collect()
    }

    fn named(&self, tenant: Option<&str>, text: &str) -> BTreeSet<EntityKey> {
        let mut found = BTreeSet::new();
        for identifier in readings(text) {
            if let Some(bearers) = self.names.get(&identifier) {
                let asked = |key: &&EntityKey| tenant.is_none_or(|tenant| key.0.as_str() == tenant);
                found.extend(bearers.iter().filter(asked).take(NAMESAKES_MAX).cloned());
            }
        }
        found
    }

    /// The entity of this number, or the one that has inherited it.
    fn numbered(&self, tenant: Option<&str>, number: EntityId) -> Vec<EntityKey> {
        let tenants: BTreeSet<Tenant> = match tenant {
            Some(tenant) => BTreeSet::from([Tenant::new(tenant)]),
            None => self.tenants.iter().map(|tenant| tenant.key().clone()).collect(),
        };
        let heir = |tenant: Tenant| {
            let key = (tenant, number);
            let heir = self.heirs.get(&key).map(|heir| *heir);
            (key.0, heir.unwrap_or(number))
        };
        tenants.into_iter().map(heir).collect()
    }

    /// How much is held: entities, names, mentioned numbers, and the two sides of inherited ones.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> [usize; 5] {
        [self.known.len(), self.names.len(), self.mentions.len(), self.heirs.len(), self.former.len()]
    }

    /// The incidents that mention an entity.
    pub(super) fn mentions(&self, key: &EntityKey) -> Mentions {
        let mut numbers = self.former.get(key).map(|numbers| numbers.clone()).unwrap_or_default();
        numbers.insert(key.1);
        // An entity that was united with another one may stand in an incident under both numbers.
        let mut all = BTreeSet::new();
        for &number in &numbers {
            let Some(places) = self.mentions.get(&(key.0.clone(), number)) else { continue };
            if numbers.len() == 1 {
                let newest = places.iter().take(INCIDENTS_MAX).map(|place| place.id).collect();
                return Mentions { newest, total: places.len(), numbers };
            }
            all.extend(places.iter().copied());
        }
        let newest = all.iter().take(INCIDENTS_MAX).map(|place| place.id).collect();
        Mentions { newest, total: all.len(), numbers }
    }
}
