//! State to records and back: what the changelog is told, and what a restore makes of it.

use std::collections::BTreeMap;

use braid_alert::{EntityId, EntityKind, Identifier, IncidentId, Provider, Tenant};
use smallvec::SmallVec;

use crate::alert_state::{AlertState, LinkState, Mention, Part, record_bytes};
use crate::arrival::GROUP_BYTES;
use crate::dossier::Dossier;
use crate::entity::{Entity, RareTraits};
use crate::flood::Signature;
use crate::group::Group;
use crate::identity::{ENTITY_BYTES, NAME_BYTES};
use crate::rules;
use crate::slots::{AlertRef, EntityRef, GroupRef};
use crate::state::{
    AlertRecord, Change, EntityRecord, IncidentRecord, LinkRecord, MentionRecord, NameSource, StateKey,
    StateRecord, TenantRecord,
};
use crate::tenant_state::{Dirty, Home, TenantState};
use crate::weighing::Weighing;

impl TenantState {
    /// What changed since the last call: removals first, for no key is given twice.
    pub(crate) fn drain_changes(&mut self, weighing: &Weighing, into: &mut Vec<Change>) {
        self.settle_freshness();
        let dirty = std::mem::take(&mut self.dirty);
        into.extend(dirty.deleted.into_iter().map(Change::Delete));
        for slot in dirty.entities {
            if self.entities.find_mut(slot).is_some_and(|e| std::mem::take(&mut e.dirty)) {
                into.push(put(StateRecord::Entity(self.entity_record(slot))));
            }
        }
        for slot in dirty.alerts {
            if self.alerts.find_mut(slot).is_some_and(|a| std::mem::take(&mut a.dirty)) {
                into.push(put(StateRecord::Alert(self.alert_record(slot, weighing))));
            }
        }
        for slot in dirty.groups {
            if self.groups.find_mut(slot).is_some_and(|g| std::mem::take(&mut g.dirty)) {
                into.push(put(StateRecord::Incident(self.incident_record(slot))));
            }
        }
        for id in dirty.redirected {
            if let Some(Home::Redirected(record)) = self.home(id) {
                into.push(put(StateRecord::Incident((**record).clone())));
            }
        }
        if dirty.tenant {
            into.push(put(StateRecord::Tenant(self.tenant_record())));
        }
    }

    /// The whole state as records in the order of their keys: what two partitions are compared by.
    pub(crate) fn records(&self, weighing: &Weighing) -> impl Iterator<Item = StateRecord> {
        let alerts =
            self.alerts.iter().map(|(slot, _)| StateRecord::Alert(self.alert_record(slot, weighing)));
        let entities = self.entities.iter().map(|(slot, _)| StateRecord::Entity(self.entity_record(slot)));
        let groups = self.groups.iter().map(|(slot, _)| StateRecord::Incident(self.incident_record(slot)));
        let redirected = self.redirected().map(|record| StateRecord::Incident(record.clone()));
        let tenant = std::iter::once(StateRecord::Tenant(self.tenant_record()));
        alerts.chain(entities).chain(groups).chain(redirected).chain(tenant)
    }

    pub(crate) fn entity_record(&self, slot: EntityRef) -> EntityRecord {
        let entity = &self.entities[slot];
        EntityRecord {
            id: entity.id,
            tenant: self.tenant.clone(),
            kind: entity.kind.clone(),
            identifiers: entity.names.iter().map(|&name| self.names.identifier(name).clone()).collect(),
            ties: entity.ties.iter().map(|&(a, b)| vec![i32::from(a), i32::from(b)]).collect(),
            label: entity.label.clone(),
            tags: entity.tags().to_vec(),
            partners: entity.partners.clone(),
            egress: entity.egress,
            ambiguous: entity.ambiguous,
            bindings: entity.bindings().to_vec(),
            learned: entity.names.iter().map(|&name| self.names.learned(name).clone()).collect(),
            listings: entity.listings().to_vec(),
            conflicts: entity.conflicts().to_vec(),
            excluded: entity.excluded,
            own_tags: entity.own_tags().to_vec(),
            apart: entity.apart().to_vec(),
        }
    }

    fn alert_record(&self, slot: AlertRef, weighing: &Weighing) -> AlertRecord {
        let state = &self.alerts[slot];
        let mention = |m: &Mention| MentionRecord {
            entity: self.entities[m.entity].id,
            role: m.part.into(),
            anchor: m.anchor.map(|name| self.names.identifier(name).clone()),
            bound: m.bound,
            context: m.context,
        };
        let link = |l: &LinkState| LinkRecord {
            peer: self.alerts[l.peer].arrival,
            entity: self.entities[l.entity].id,
            reason: l.reason.clone(),
            weight: l.weight,
            gap: l.gap,
        };
        let (rules, raised) = rules::to_record(state.rules.as_deref(), weighing);
        AlertRecord {
            arrival: state.arrival,
            alert: (*state.alert).clone(),
            group: self.groups[state.group].number,
            mentions: state.mentions.iter().map(mention).collect(),
            links: state.links.iter().map(link).collect(),
            seen: state.seen,
            near: state.near().to_vec(),
            apart: state.sides().to_vec(),
            signature: state.signature.0,
            folded: state.folded,
            rules,
            raised,
        }
    }

    fn incident_record(&self, slot: GroupRef) -> IncidentRecord {
        let group = &self.groups[slot];
        IncidentRecord { group: Some(group.number), ..group.incident.clone() }
    }

    fn tenant_record(&self) -> TenantRecord {
        TenantRecord {
            tenant: self.tenant.clone(),
            clock: self.clock,
            next_arrival: self.next_arrival,
            next_entity: self.next_entity,
            next_group: self.next_group,
        }
    }
}

fn put(record: StateRecord) -> Change {
    Change::Put(Box::new(record))
}

/// Where restored entities are.
type EntitiesById = BTreeMap<EntityId, EntityRef>;

/// What a changelog has come to for one tenant: the last record of each key.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    alerts: BTreeMap<i64, AlertRecord>,
    entities: BTreeMap<EntityId, EntityRecord>,
    incidents: BTreeMap<IncidentId, IncidentRecord>,
    tenant: Option<TenantRecord>,
}

impl Restored {
    /// Takes one change in, in the order of the changelog.
    pub(crate) fn take(&mut self, change: Change) {
        match change {
            Change::Put(record) => match *record {
                StateRecord::Alert(r) => drop(self.alerts.insert(r.arrival, r)),
                StateRecord::Entity(r) => drop(self.entities.insert(r.id, r)),
                StateRecord::Incident(r) => drop(self.incidents.insert(r.id, r)),
                StateRecord::Tenant(r) => self.tenant = Some(r),
            },
            Change::Delete(key) => match key {
                StateKey::Alert(_, arrival) => drop(self.alerts.remove(&arrival)),
                StateKey::Entity(_, id) => drop(self.entities.remove(&id)),
                StateKey::Incident(_, id) => drop(self.incidents.remove(&id)),
                StateKey::Tenant(_) => self.tenant = None,
            },
        }
    }

    /// Builds the tenant's state. References among records that lead nowhere cannot come out of a committed changelog;
    /// a mention or link of that kind is left out rather than trusted.
    pub(crate) fn build(self, tenant: Tenant, weighing: &Weighing) -> TenantState {
        let mut state = TenantState::new(tenant, weighing);
        if let Some(record) = self.tenant {
            state.clock = record.clock;
            state.next_arrival = record.next_arrival;
            state.next_entity = record.next_entity;
            state.next_group = record.next_group;
        }
        let mut entities = EntitiesById::new();
        for record in self.entities.into_values() {
            entities.insert(record.id, state.restore_entity(record));
        }
        state.restore_disputes();
        let groups = state.restore_incidents(self.incidents);
        let mut slots = BTreeMap::new();
        let mut links = Vec::new();
        for (arrival, mut record) in self.alerts {
            let Some(&group) = groups.get(&record.group) else { continue };
            links.push((arrival, std::mem::take(&mut record.links)));
            slots.insert(arrival, state.restore_alert(record, group, &entities, weighing));
        }
        state.restore_links(links, &slots, &entities);
        for &group in groups.values() {
            state.schedule(group, weighing);
        }
        state.dirty = Dirty::default();
        state
    }
}

impl TenantState {
    fn restore_entity(&mut self, record: EntityRecord) -> EntityRef {
        let mut entity = Entity::new(record.id, record.kind);
        (entity.ambiguous, entity.egress, entity.dirty) = (record.ambiguous, record.egress, false);
        entity.ties =
            record.ties.iter().filter_map(|tie| Some((*tie.first()? as u8, *tie.get(1)? as u8))).collect();
        entity.partners = record.partners;
        entity.excluded = record.excluded;
        entity.hub = entity.is_hub(self.hub_measure);
        entity.label = record.label;
        if !record.tags.is_empty() || !record.bindings.is_empty() {
            let (tags, bindings) = (record.tags, record.bindings.into());
            entity.rare = Some(Box::new(RareTraits { tags, bindings, dossier: None }));
        }
        let dossier = Dossier {
            listings: record.listings,
            conflicts: record.conflicts,
            own_tags: record.own_tags,
            apart: record.apart,
            disputed_by: 0,
        };
        let slot = self.entities.insert(entity);
        if self.entities[slot].kind == EntityKind::Host {
            self.hosts.insert(record.id, slot);
        }
        self.state_bytes += ENTITY_BYTES;
        let unknown = NameSource::Alert(Provider::from_text("unknown"));
        let mut learned = record.learned.iter();
        for identifier in record.identifiers {
            self.state_bytes += NAME_BYTES + identifier.value.len() as u64;
            let source = learned.next().unwrap_or(&unknown);
            let name = self.names.insert(identifier, slot, source.teacher());
            self.entities[slot].names.push(name);
        }
        self.restore_dossier(slot, dossier);
        slot
    }

    fn restore_dossier(&mut self, slot: EntityRef, dossier: Dossier) {
        if !dossier.is_empty() {
            self.reckon(slot, |empty| *empty = dossier);
            for place in 0..self.entities[slot].listings().len() {
                let object = self.entities[slot].listings()[place].object.clone();
                self.objects.insert(&object, slot);
            }
        }
        self.settle_ruling(slot);
    }

    /// Counts by how many entities each ambiguous name is remembered; to be done when all of them are there.
    fn restore_disputes(&mut self) {
        let conflicts: Vec<Identifier> =
            self.entities.iter().flat_map(|(_, entity)| entity.conflicts().iter().cloned()).collect();
        for name in &conflicts {
            self.dispute(name, 1);
        }
    }

    /// Puts incidents in their place and returns the groups by number.
    fn restore_incidents(
        &mut self,
        incidents: BTreeMap<IncidentId, IncidentRecord>,
    ) -> BTreeMap<i64, GroupRef> {
        let mut groups = BTreeMap::new();
        for (id, mut record) in incidents {
            let Some(number) = record.group.take() else {
                self.incidents.insert(id, Home::Redirected(Box::new(record)));
                continue;
            };
            self.open += u64::from(record.status == braid_alert::IncidentStatus::Active);
            self.state_bytes += GROUP_BYTES + record.said_bytes();
            let mut group = Group::new(number, record);
            group.dirty = false;
            let slot = self.groups.insert(group);
            self.incidents.insert(id, Home::Group(slot));
            groups.insert(number, slot);
        }
        groups
    }

    fn restore_alert(
        &mut self,
        record: AlertRecord,
        group: GroupRef,
        entities: &EntitiesById,
        weighing: &Weighing,
    ) -> AlertRef {
        let mention = |m: MentionRecord| {
            let entity = *entities.get(&m.entity)?;
            let anchor = m.anchor.and_then(|identifier| self.names.find(&identifier));
            Some(Mention { entity, part: Part::from(&m.role), anchor, bound: m.bound, context: m.context })
        };
        let mentions = record.mentions.into_iter().filter_map(mention).collect();
        let bytes = record_bytes(&record.alert);
        let mut state = AlertState {
            arrival: record.arrival,
            alert: Box::new(record.alert),
            group,
            mentions,
            links: SmallVec::new(),
            apart: None,
            seen: record.seen,
            bytes,
            signature: Signature(record.signature),
            folded: record.folded,
            near: (!record.near.is_empty()).then(|| Box::new(record.near.into())),
            dirty: false,
            rules: rules::from_record(&record.rules, record.raised, weighing),
        };
        state.set_sides(record.apart);
        let slot = self.insert_alert(state);
        self.groups[group].add(slot, &self.alerts[slot], |_| {});
        self.index(slot, weighing);
        self.list_by_rules(slot, weighing);
        slot
    }

    fn restore_links(
        &mut self,
        links: Vec<(i64, Vec<LinkRecord>)>,
        slots: &BTreeMap<i64, AlertRef>,
        entities: &EntitiesById,
    ) {
        for (arrival, records) in links {
            for record in records {
                let (Some(&slot), Some(&peer)) = (slots.get(&arrival), slots.get(&record.peer)) else {
                    continue;
                };
                let Some(&entity) = entities.get(&record.entity) else { continue };
                let LinkRecord { reason, weight, gap, .. } = record;
                self.alerts[slot].links.push(LinkState { peer, entity, reason, weight, gap });
            }
        }
    }
}
