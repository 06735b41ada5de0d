//! Everything that one tenant's inputs have said.

use std::collections::BTreeMap;

use braid_alert::{AlertKey, EntityId, EventTime, Identifier, IncidentId, SourceTime, Tenant};
use braid_engine::{NameSource, Settings};

use super::alert::AlertFacts;
use super::encounter::Encounter;
use super::entity::EntityFacts;
use super::incident::IncidentFacts;
use super::partners::Meeting;
use super::separation::Separation;

/// All that one tenant's inputs have said, and what was decided. Everything else is looked for in it.
#[derive(Debug)]
pub(super) struct History {
    pub(super) tenant: Tenant,
    pub(super) settings: Settings,
    /// The highest source time so far.
    pub(super) clock: SourceTime,
    /// In the order of first arrivals.
    pub(super) alerts: Vec<AlertFacts>,
    pub(super) next_arrival: i64,
    pub(super) entities: Vec<EntityFacts>,
    pub(super) next_entity: i64,
    /// What an entity became when it turned out to be one with another.
    pub(super) became: BTreeMap<EntityId, EntityId>,
    /// Names that were named together.
    pub(super) ties: Vec<(Identifier, Identifier)>,
    /// Who taught each name that somebody bears.
    pub(super) taught: BTreeMap<Identifier, NameSource>,
    pub(super) meetings: Vec<Meeting>,
    pub(super) bindings: Vec<Binding>,
    /// Alerts that have come to share an entity by this input.
    pub(super) encounters: Vec<Encounter>,
    pub(super) incidents: BTreeMap<IncidentId, IncidentFacts>,
    /// What people have said does not belong together.
    pub(super) separations: Vec<Separation>,
}

/// An alert said that an address is this host's at that time. Sorted by address, then by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Binding {
    pub(super) address: EntityId,
    pub(super) at: EventTime,
    pub(super) host: EntityId,
}

impl History {
    pub(super) fn new(tenant: Tenant, settings: Settings) -> Self {
        Self {
            tenant,
            settings,
            clock: SourceTime::MIN,
            alerts: Vec::new(),
            next_arrival: 0,
            entities: Vec::new(),
            next_entity: 0,
            became: BTreeMap::new(),
            ties: Vec::new(),
            taught: BTreeMap::new(),
            meetings: Vec::new(),
            bindings: Vec::new(),
            encounters: Vec::new(),
            incidents: BTreeMap::new(),
            separations: Vec::new(),
        }
    }

    /// The arrival number of the alert with this key.
    pub(super) fn find(&self, key: &AlertKey) -> Option<i64> {
        self.alerts.iter().find(|alert| alert.alert.key() == *key).map(|alert| alert.arrival)
    }

    pub(super) fn alert(&self, arrival: i64) -> &AlertFacts {
        self.alerts
            .iter()
            .find(|alert| alert.arrival == arrival)
            .expect("only remembered alerts are asked for")
    }

    pub(super) fn alert_mut(&mut self, arrival: i64) -> &mut AlertFacts {
        self.alerts
            .iter_mut()
            .find(|alert| alert.arrival == arrival)
            .expect("only remembered alerts are asked for")
    }

    pub(super) fn entity(&self, id: EntityId) -> &EntityFacts {
        self.entities.iter().find(|entity| entity.id == id).expect("only remembered entities are asked for")
    }

    pub(super) fn entity_mut(&mut self, id: EntityId) -> &mut EntityFacts {
        self.entities
            .iter_mut()
            .find(|entity| entity.id == id)
            .expect("only remembered entities are asked for")
    }
}
