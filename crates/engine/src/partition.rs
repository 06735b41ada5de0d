use std::collections::BTreeMap;

use braid_alert::{EntityId, Incident, IncidentId, SourceTime, Tenant};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::changes::Restored;
use crate::entity::partners_since;
use crate::state::{Change, EntityRecord, StateKey, StateRecord};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{Effect, Input, Settings};

/// All correlation state of one Kafka partition. One worker owns it, so there is nothing to lock; the price is that one
/// tenant's joins cannot use a second core.
///
/// ```text
///  Input ──▶ apply ──▶ Effect…          what follows from it, at once
///              │
///              ├─────▶ drain_changes    what changed in the state since last asked, for the changelog
///              └─────▶ incident(id)     the whole record of an incident as it now stands
/// ```
#[derive(Debug)]
pub struct Partition {
    weighing: Weighing,
    pub(crate) tenants: Vec<TenantState>,
    place_of: HashMap<Tenant, usize, FixedState>,
    state_bytes: u64,
    /// What of them is in dossiers.
    dossier_bytes: u64,
}

/// Figures of a partition, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Alerts remembered.
    pub alerts: u64,
    /// Entities known.
    pub entities: u64,
    /// Incidents that are active, dormant ones included.
    pub incidents_open: u64,
    /// Of these, the ones without news for `dormant_after`.
    pub incidents_dormant: u64,
    /// Alerts of the largest incident.
    pub incident_alerts_largest: u64,
    /// Logical bytes held.
    pub state_bytes: u64,
}

impl Partition {
    /// An empty partition.
    pub fn new(settings: Settings) -> Self {
        let place_of = HashMap::with_hasher(FixedState::with_seed(0x6272_6169_6423));
        Self {
            weighing: Weighing::new(settings),
            tenants: Vec::new(),
            place_of,
            state_bytes: 0,
            dossier_bytes: 0,
        }
    }

    /// Rebuilds a partition from its changelog, oldest change first.
    pub fn restore(settings: Settings, changes: impl Iterator<Item = Change>) -> Self {
        let mut restored: BTreeMap<Tenant, Restored> = BTreeMap::new();
        for change in changes {
            restored.entry(tenant_of(&change).clone()).or_default().take(change);
        }
        let mut partition = Self::new(settings);
        for (tenant, records) in restored {
            let state = records.build(tenant.clone(), &partition.weighing);
            partition.state_bytes += state.state_bytes;
            partition.dossier_bytes += state.dossier_bytes;
            partition.place_of.insert(tenant, partition.tenants.len());
            partition.tenants.push(state);
        }
        partition
    }

    /// Takes one input and appends what follows from it. Total: there is no input that it cannot answer.
    pub fn apply(&mut self, input: Input, effects: &mut Vec<Effect>) {
        let (tenant, at) = match &input {
            Input::Alert(alert) => (&alert.tenant, alert.origin.source_time),
            Input::Directory(record) => (&record.tenant, record.origin.source_time),
            Input::Command(command) => (&command.tenant, command.origin.source_time),
            Input::Tick { tenant, at } => (tenant, *at),
        };
        let place = self.place_of(tenant);
        // What directories and people say cannot be evicted, so it gets half of the budget and incidents the other half.
        let room = (self.weighing.settings.state_bytes_max / 2).saturating_sub(self.dossier_bytes);
        let state = &mut self.tenants[place];
        let before = (state.state_bytes, state.dossier_bytes);
        state.advance(at, &self.weighing);
        match input {
            Input::Alert(alert) => {
                let key = (!self.weighing.settings.rules.is_empty()).then(|| alert.key());
                match state.find_alert(&alert.provider, &alert.id) {
                    Some(slot) => state.revise(slot, alert, &self.weighing, effects),
                    None => state.arrive(alert, &self.weighing, effects),
                }
                if let Some(key) = key {
                    state.follow_rules(&key, &self.weighing, effects);
                }
            }
            Input::Command(command) => state.obey(*command, &self.weighing, effects),
            Input::Directory(record) => state.list(*record, room, &self.weighing, effects),
            Input::Tick { .. } => {}
        }
        state.relink_united(&self.weighing, effects);
        state.sweep_orphans();
        self.account(place, before);
        self.keep_to_budget(effects);
    }

    /// A tenant's bytes, state and dossiers, are no longer what they were.
    fn account(&mut self, place: usize, (state, dossiers): (u64, u64)) {
        let tenant = &self.tenants[place];
        self.state_bytes = self.state_bytes + tenant.state_bytes - state;
        self.dossier_bytes = self.dossier_bytes + tenant.dossier_bytes - dossiers;
    }

    fn place_of(&mut self, tenant: &Tenant) -> usize {
        if let Some(&place) = self.place_of.get(tenant) {
            return place;
        }
        let place = self.tenants.len();
        self.place_of.insert(tenant.clone(), place);
        self.tenants.push(TenantState::new(tenant.clone(), &self.weighing));
        place
    }

    /// At the byte budget, the tenant that holds most of those that have an incident gives up the one that it has not
    /// heard of for longest. What directories and people say stays.
    fn keep_to_budget(&mut self, effects: &mut Vec<Effect>) {
        while self.state_bytes > self.weighing.settings.state_bytes_max {
            let holding = self.tenants.iter().enumerate().filter(|(_, state)| state.groups.len() > 0);
            let largest = holding.max_by_key(|(_, state)| (state.state_bytes, &state.tenant));
            let Some((place, state)) = largest else { return };
            let before = (state.state_bytes, state.dossier_bytes);
            self.tenants[place].evict(&self.weighing, effects);
            self.tenants[place].sweep_orphans();
            if self.tenants[place].state_bytes == before.0 {
                return;
            }
            self.account(place, before);
        }
    }

    /// The earliest instant at which a tenant's clock must move for a time-out to take effect. It may turn out, when
    /// that clock has moved there, that the time-out has been put off meanwhile; then a later one is given.
    pub fn next_deadline(&self) -> Option<(Tenant, SourceTime)> {
        let due =
            |state: &TenantState| state.forgettable.peek().map(|entry| (entry.0.0, state.tenant.clone()));
        self.tenants.iter().filter_map(due).min().map(|(due, tenant)| (tenant, due))
    }

    /// What changed in the state since the last call, for the changelog.
    pub fn drain_changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for state in &mut self.tenants {
            state.drain_changes(&self.weighing, &mut changes);
        }
        changes
    }

    /// The whole state, sorted by key: what a test compares after a restore. Expensive.
    pub fn records(&self) -> BTreeMap<StateKey, StateRecord> {
        let all = self.tenants.iter().flat_map(|state| state.records(&self.weighing));
        all.map(|record| (record.key(), record)).collect()
    }

    /// The whole record of an incident, redirected ones included.
    pub fn incident(&self, tenant: &Tenant, id: IncidentId) -> Option<Incident> {
        self.tenant(tenant)?.incident(id)
    }

    /// Ids of all incidents that are remembered, redirected ones included, in order.
    pub fn incident_ids(&self) -> Vec<(Tenant, IncidentId)> {
        let of = |state: &TenantState| {
            state.incident_ids().map(|id| (state.tenant.clone(), id)).collect::<Vec<_>>()
        };
        let mut ids: Vec<_> = self.tenants.iter().flat_map(of).collect();
        ids.sort();
        ids
    }

    /// What is known of an entity. Looks at all of them: for tests and tools.
    pub fn entity(&self, tenant: &Tenant, id: EntityId) -> Option<EntityRecord> {
        let state = self.tenant(tenant)?;
        state.entities.iter().find(|(_, entity)| entity.id == id).map(|(slot, _)| state.entity_record(slot))
    }

    /// What is known of every entity, tenant by tenant: for whoever shows them, after a restore.
    pub fn entities(&self) -> impl Iterator<Item = EntityRecord> {
        self.tenants.iter().flat_map(|state| state.entities.iter().map(|(slot, _)| state.entity_record(slot)))
    }

    /// Whether an entity that this partition has given has met so many partners by now that it is a hub.
    pub fn is_hub(&self, entity: &EntityRecord) -> bool {
        let Some(state) = self.tenant(&entity.tenant) else { return false };
        let window = self.weighing.settings.partner_window;
        self.weighing.is_hub(partners_since(&entity.partners, state.clock, window))
    }

    fn tenant(&self, tenant: &Tenant) -> Option<&TenantState> {
        self.place_of.get(tenant).map(|&place| &self.tenants[place])
    }

    /// How many alerts are remembered; cheap.
    pub fn alerts(&self) -> u64 {
        self.tenants.iter().map(|state| state.alerts.len() as u64).sum()
    }

    /// Figures for metrics. Looks at every group: for once a commit interval, not for once an alert.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats { alerts: self.alerts(), state_bytes: self.state_bytes, ..Stats::default() };
        for state in &self.tenants {
            stats.entities += state.entities.len() as u64;
            stats.incidents_open += state.open;
            let (dormant, largest) = state.dormant_and_largest(self.weighing.settings.dormant_after);
            stats.incidents_dormant += dormant;
            stats.incident_alerts_largest = stats.incident_alerts_largest.max(largest);
        }
        stats
    }
}

fn tenant_of(change: &Change) -> &Tenant {
    match change {
        Change::Put(record) => match &**record {
            StateRecord::Alert(r) => &r.alert.tenant,
            StateRecord::Incident(r) => &r.tenant,
            StateRecord::Entity(r) => &r.tenant,
            StateRecord::Tenant(r) => &r.tenant,
        },
        Change::Delete(key) => match key {
            StateKey::Alert(tenant, _)
            | StateKey::Incident(tenant, _)
            | StateKey::Entity(tenant, _)
            | StateKey::Tenant(tenant) => tenant,
        },
    }
}
