//! All that is known of one tenant. What is done with it stands in a file each: [`crate::arrival`], [`crate::revision`],
//! [`crate::identity`], [`crate::join`], [`crate::merge`], [`crate::expiry`], [`crate::snapshot`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasher;

use braid_alert::{
    AlertId, AlertKey, ChangeReason, EntityId, EntityKind, EventTime, IncidentChange, IncidentId, Link,
    Provider, SourceTime, Span, Tenant,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use smallvec::SmallVec;

use crate::alert_state::{AlertState, LinkState, Mention};
use crate::apart::SideCounts;
use crate::directory::Objects;
use crate::entity::{Entity, SIGHTINGS_APART};
use crate::freshness::Freshness;
use crate::group::Group;
use crate::identity::{ENTITY_BYTES, Encounter, NAME_BYTES};
use crate::index::Index;
use crate::names::Names;
use crate::rules::RuleLists;
use crate::slots::{AlertRef, EntityRef, GroupRef, Slots};
use crate::state::{IncidentRecord, StateKey};
use crate::timeline::MentionAt;
use crate::weighing::{HubMeasure, Weighing};

const HASHER: FixedState = FixedState::with_seed(0x6272_6169_6422);

#[derive(Debug)]
pub(crate) struct TenantState {
    pub(crate) tenant: Tenant,
    pub(crate) hub_measure: HubMeasure,
    /// How far apart two sightings of a host with an address may be for those between them to say nothing more.
    pub(crate) sightings_apart: Span,
    /// The highest source time consumed.
    pub(crate) clock: SourceTime,
    pub(crate) next_arrival: i64,
    pub(crate) next_entity: i64,
    pub(crate) next_group: i64,
    pub(crate) names: Names,
    pub(crate) entities: Slots<EntityRef, Entity>,
    /// Hosts by their number: what an address is bound to.
    pub(crate) hosts: HashMap<EntityId, EntityRef, FixedState>,
    pub(crate) alerts: Slots<AlertRef, AlertState>,
    alert_by_key: Index<AlertRef>,
    /// Which sides of separations its alerts bear.
    pub(crate) sides: SideCounts,
    pub(crate) groups: Slots<GroupRef, Group>,
    pub(crate) incidents: HashMap<IncidentId, Home, FixedState>,
    /// When each group may be forgotten at the earliest. An entry may be out of date: it is looked at when it is due,
    /// and put back if the group has been heard of since.
    pub(crate) forgettable: BinaryHeap<Reverse<(SourceTime, i64, GroupRef)>>,
    pub(crate) dirty: Dirty,
    /// Logical bytes: what the things would take if nothing were shared or padded. The same on every machine and after
    /// every restore, which an allocator's figure is not.
    pub(crate) state_bytes: u64,
    /// What of them is in dossiers, which the byte budget cannot evict.
    pub(crate) dossier_bytes: u64,
    /// Entities that are kept because of what people said of them.
    pub(crate) ruled: u32,
    /// Which entity each object of a directory is.
    pub(crate) objects: Objects,
    /// Pairs of alerts that have come to share an entity by a union, to be looked at again (see `identity::encounter`).
    pub(crate) encounters: Vec<Encounter>,
    pub(crate) open: u64,
    pub(crate) freshness: Freshness,
    /// Identity has moved names since mentions were noted (see `identity`).
    pub(crate) names_moved: bool,
    /// Entities that may have lost what kept them.
    pub(crate) orphans: Vec<(EntityRef, EntityId)>,
    pub(crate) rule_lists: RuleLists,
}

/// Where an incident's record is.
#[derive(Debug)]
pub(crate) enum Home {
    /// With its group.
    Group(GroupRef),
    /// It was merged into another one; this is what is left of it.
    Redirected(Box<IncidentRecord>),
}

/// What changed since the last drain.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) alerts: Vec<AlertRef>,
    pub(crate) entities: Vec<EntityRef>,
    pub(crate) groups: Vec<GroupRef>,
    pub(crate) redirected: Vec<IncidentId>,
    pub(crate) deleted: Vec<StateKey>,
    pub(crate) tenant: bool,
}

impl TenantState {
    pub(crate) fn new(tenant: Tenant, weighing: &Weighing) -> Self {
        Self {
            tenant,
            hub_measure: weighing.hub_measure(),
            sightings_apart: weighing.settings.ip_binding.min(SIGHTINGS_APART),
            clock: SourceTime::MIN,
            next_arrival: 0,
            next_entity: 0,
            next_group: 0,
            names: Names::default(),
            entities: Slots::default(),
            hosts: HashMap::with_hasher(HASHER),
            alerts: Slots::default(),
            alert_by_key: Index::default(),
            sides: SideCounts::default(),
            groups: Slots::default(),
            incidents: HashMap::with_hasher(HASHER),
            forgettable: BinaryHeap::new(),
            dirty: Dirty::default(),
            state_bytes: 0,
            dossier_bytes: 0,
            ruled: 0,
            objects: Objects::default(),
            encounters: Vec::new(),
            open: 0,
            freshness: Freshness::default(),
            names_moved: false,
            orphans: Vec::new(),
            rule_lists: RuleLists::default(),
        }
    }

    pub(crate) fn find_alert(&self, provider: &Provider, id: &AlertId) -> Option<AlertRef> {
        let hash = HASHER.hash_one((provider, id));
        self.alert_by_key.find(hash, |slot| {
            let alert = &self.alerts[slot].alert;
            alert.id == *id && alert.provider == *provider
        })
    }

    /// The bytes of the table that finds alerts.
    pub(crate) fn alert_table_bytes(&self) -> usize {
        self.alert_by_key.allocated_bytes()
    }

    pub(crate) fn insert_alert(&mut self, state: AlertState) -> AlertRef {
        let hash = HASHER.hash_one((&state.alert.provider, &state.alert.id));
        self.state_bytes += ALERT_BYTES + state.bytes + state.near_bytes();
        let slot = self.alerts.insert(state);
        self.note_sides(slot);
        self.alert_by_key.insert(hash, slot);
        slot
    }

    pub(crate) fn remove_alert(&mut self, slot: AlertRef) -> AlertState {
        self.discount_sides(slot);
        let state = self.alerts.remove(slot);
        let hash = HASHER.hash_one((&state.alert.provider, &state.alert.id));
        self.alert_by_key.remove(hash, slot);
        if let Some(trace) = &state.rules {
            self.rule_lists.remove(trace, state.arrival);
        }
        self.state_bytes -= ALERT_BYTES + state.bytes + state.near_bytes();
        self.dirty.deleted.push(StateKey::Alert(self.tenant.clone(), state.arrival));
        state
    }

    pub(crate) fn remove_entity(&mut self, slot: EntityRef) -> Entity {
        let entity = self.entities.remove(slot);
        if entity.kind == EntityKind::Host {
            self.hosts.remove(&entity.id);
        }
        self.state_bytes -= ENTITY_BYTES;
        self.ruled -= u32::from(entity.ruled);
        self.dirty.deleted.push(StateKey::Entity(self.tenant.clone(), entity.id));
        entity
    }

    /// Removes an entity that nothing keeps any more, names and all.
    pub(crate) fn forget_entity(&mut self, slot: EntityRef) {
        for name in self.take_dossier(slot).conflicts {
            self.dispute(&name, -1);
        }
        for name in self.remove_entity(slot).names {
            self.state_bytes -= NAME_BYTES + self.names.identifier(name).value.len() as u64;
            self.names.remove(name);
        }
    }

    /// Forgets entities that have lost what kept them.
    pub(crate) fn sweep_orphans(&mut self) {
        // Forgetting one may let go of another, so the list may grow meanwhile.
        while let Some((slot, id)) = self.orphans.pop() {
            if self.entities.find(slot).is_some_and(|e| e.id == id && !e.is_kept()) {
                self.forget_entity(slot);
            }
        }
    }

    /// How the index sees the mention of this entity by this alert.
    pub(crate) fn mention_at(&self, slot: AlertRef, entity: EntityRef, activity_max: Span) -> MentionAt {
        let state = &self.alerts[slot];
        let mention =
            state.mentions.iter().find(|m| m.entity == entity).expect("the alert mentions the entity");
        self.indexed(slot, state, mention, state.interval(activity_max))
    }

    /// The same, for a mention at hand.
    pub(crate) fn indexed(
        &self,
        slot: AlertRef,
        state: &AlertState,
        mention: &Mention,
        (start, end): (EventTime, EventTime),
    ) -> MentionAt {
        MentionAt {
            start,
            end,
            arrival: state.arrival,
            alert: slot,
            group: state.group,
            part: mention.part,
            certain: self.is_certain(mention, &state.alert.provider),
            bound: mention.bound,
            context: mention.context,
        }
    }

    pub(crate) fn touch_alert(&mut self, slot: AlertRef) {
        if !std::mem::replace(&mut self.alerts[slot].dirty, true) {
            self.dirty.alerts.push(slot);
        }
    }

    pub(crate) fn touch_entity(&mut self, slot: EntityRef) {
        if !std::mem::replace(&mut self.entities[slot].dirty, true) {
            self.dirty.entities.push(slot);
        }
    }

    pub(crate) fn touch_group(&mut self, slot: GroupRef) {
        if !std::mem::replace(&mut self.groups[slot].dirty, true) {
            self.dirty.groups.push(slot);
        }
    }

    /// Makes one more version of a group's incident, and the change that says so.
    pub(crate) fn change(&mut self, slot: GroupRef, reason: ChangeReason) -> IncidentChange {
        self.touch_group(slot);
        self.freshen(slot);
        let clock = self.clock;
        let group = &mut self.groups[slot];
        let incident = &mut group.incident;
        incident.version += 1;
        incident.last_changed = clock;
        incident.changed = reason.clone();
        IncidentChange {
            incident: incident.id,
            tenant: self.tenant.clone(),
            version: incident.version,
            at: clock,
            reason,
            status: incident.status.clone(),
            alerts: group.size() as i32,
            severity: group.severity(),
            alert: None,
            links: Vec::new(),
            other: None,
            command: None,
        }
    }

    /// Links as records show them.
    pub(crate) fn links_of(&self, alert: &AlertKey, links: &[LinkState]) -> Vec<Link> {
        links.iter().map(|link| self.link_of(alert, link)).collect()
    }

    pub(crate) fn link_of(&self, alert: &AlertKey, link: &LinkState) -> Link {
        Link {
            alert: alert.clone(),
            peer: self.alerts[link.peer].key(),
            entity: self.entities[link.entity].id,
            reason: link.reason.clone(),
            weight: link.weight,
            gap: link.gap,
        }
    }

    /// The group that an incident's alerts are in now, redirects followed.
    pub(crate) fn group_of(&self, id: IncidentId) -> Option<GroupRef> {
        match self.incidents.get(&id)? {
            Home::Group(slot) => Some(*slot),
            Home::Redirected(record) => self.group_of(record.redirect?),
        }
    }

    /// In no order.
    #[expect(clippy::disallowed_methods, reason = "the caller sorts")]
    pub(crate) fn incident_ids(&self) -> impl Iterator<Item = IncidentId> {
        self.incidents.keys().copied()
    }

    /// What is left of incidents that were merged into others, in no order.
    #[expect(clippy::disallowed_methods, reason = "the caller puts them into a sorted map")]
    pub(crate) fn redirected(&self) -> impl Iterator<Item = &IncidentRecord> {
        self.incidents.values().filter_map(|home| match home {
            Home::Redirected(record) => Some(&**record),
            Home::Group(_) => None,
        })
    }

    /// How many active incidents have been without news for this long, and how many alerts the largest has.
    pub(crate) fn dormant_and_largest(&self, dormant_after: Span) -> (u64, u64) {
        self.groups.iter().fold((0, 0), |(dormant, largest), (_, group)| {
            let active = group.incident.status == braid_alert::IncidentStatus::Active;
            let idle = active && self.clock.since(group.incident.last_changed) >= dormant_after;
            (dormant + u64::from(idle), largest.max(group.size() as u64))
        })
    }

    /// The alerts that a group's record lists, in the order of the story.
    pub(crate) fn story(&self, slot: GroupRef) -> SmallVec<[AlertRef; 16]> {
        let mut alerts: SmallVec<[AlertRef; 16]> = self.groups[slot].alerts.iter().copied().collect();
        alerts.sort_by_key(|&alert| self.place_in_story(alert));
        alerts
    }

    /// What the order of the story goes by.
    pub(crate) fn place_in_story(&self, alert: AlertRef) -> (EventTime, i64) {
        let state = &self.alerts[alert];
        (state.alert.first_activity, state.arrival)
    }
}

/// What a remembered alert is reckoned to cost beside its texts, for the byte budget.
pub(crate) const ALERT_BYTES: u64 = 512;
