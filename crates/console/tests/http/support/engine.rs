//! Alerts and directory records through the engine into the hot index, as the correlate stage brings them there.

use std::sync::Arc;

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, DirectoryEntry, DirectoryRecord, EntityKind, EventTime, Evidence,
    Identifier, IdentifierKind, IncidentId, Origin, Provider, Role, Severity, SourceTime, Tenant,
};
use braid_engine::{Change, Effect, Input, Partition, Settings, StateKey, StateRecord};
use braid_runtime::hot_index::{EntityFacts, Projection};

use super::{Answer, Running, run};

const TENANT: &str = "contoso";

/// 2026-03-02T10:00:00Z; minutes count from here.
const TEN: i64 = 1_772_445_600_000_000;

/// A console, and the engine behind it.
pub(crate) struct World {
    console: Running,
    projection: Projection,
    partition: Partition,
    /// Everything that went to the changelog.
    changelog: Vec<Change>,
}

impl World {
    pub(crate) fn new() -> Self {
        let console = run();
        let projection = console.index.claim(1);
        let partition = Partition::new(Settings::default());
        Self { console, projection, partition, changelog: Vec::new() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.console.get(path)
    }

    /// The answer, which must be one.
    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// Applies an input and publishes what it led to, in the order of the correlate stage.
    pub(crate) fn take(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.partition.apply(input, &mut effects);
        let tenant = Tenant::new(TENANT);
        let incident = |id: IncidentId| self.partition.incident(&tenant, id).map(Arc::new);
        let changed: Vec<_> =
            effects.iter().filter_map(Effect::change).filter_map(|c| incident(c.incident)).collect();
        let changes = self.partition.drain_changes();
        self.changelog.extend(changes.iter().cloned());
        let (mut entities, mut incidents) = (Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Put(record) => self.publish_entity(*record),
                Change::Delete(StateKey::Entity(tenant, id)) => entities.push((tenant, id)),
                Change::Delete(StateKey::Incident(_, id)) => incidents.push(id),
                Change::Delete(_) => {}
            }
        }
        self.projection.publish(changed);
        self.projection.note_changes(effects.iter().filter_map(Effect::change));
        self.projection.withdraw(incidents);
        self.projection.withdraw_entities(entities);
        effects
    }

    fn publish_entity(&self, record: StateRecord) {
        if let StateRecord::Entity(entity) = record {
            let is_hub = self.partition.is_hub(&entity);
            self.projection.publish_entities([EntityFacts::of(entity, is_hub)]);
        }
    }

    /// Another process takes over: the state comes from the changelog, the index is made anew.
    pub(crate) fn restart(&mut self) {
        self.partition = Partition::restore(Settings::default(), self.changelog.iter().cloned());
        self.projection = self.console.index.claim(1);
        let records: Vec<_> = self.partition.entities().collect();
        records.into_iter().for_each(|record| self.publish_entity(StateRecord::Entity(record)));
        let ids = self.partition.incident_ids();
        let whole = ids.iter().filter_map(|(tenant, id)| self.partition.incident(tenant, *id));
        self.projection.publish(whole.map(Arc::new));
    }

    /// An alert at so many minutes past ten.
    pub(crate) fn alert(&mut self, provider: Provider, id: &str, minute: i64, evidence: Vec<Evidence>) {
        self.alert_as(provider, id, minute, evidence, |_| {});
    }

    /// An alert that differs from the others.
    pub(crate) fn alert_as(
        &mut self,
        provider: Provider,
        id: &str,
        minute: i64,
        evidence: Vec<Evidence>,
        but: impl FnOnce(&mut Alert),
    ) {
        let mut alert = alert(provider, id, minute, evidence);
        but(&mut alert);
        self.take(Input::Alert(Box::new(alert)));
    }

    /// What a directory says of an object.
    pub(crate) fn directory(&mut self, object: &str, minute: i64, entry: Option<DirectoryEntry>) {
        let tenant = Tenant::new(TENANT);
        let record = DirectoryRecord { tenant, object: object.into(), entry, origin: origin(minute) };
        self.take(Input::Directory(Box::new(record)));
    }
}

/// An instant at so many minutes past ten.
pub(crate) fn at(minute: i64) -> EventTime {
    EventTime::from_micros(TEN + minute * 60_000_000)
}

pub(crate) fn origin(minute: i64) -> Origin {
    Origin {
        source: "test".into(),
        topic: "test".into(),
        partition: 0,
        offset: minute,
        element: 0,
        source_time: SourceTime::from_micros(at(minute).as_micros()),
        source_time_capped: false,
    }
}

fn alert(provider: Provider, id: &str, minute: i64, evidence: Vec<Evidence>) -> Alert {
    Alert {
        tenant: Tenant::new(TENANT),
        portal_url: Some(format!("https://portal.example/{provider}/{id}").into()),
        indicators: Default::default(),
        provider,
        id: AlertId::new(id),
        source_alert_id: None,
        title: format!("Alert {id}").into(),
        description: None,
        severity: Severity::Medium,
        status: AlertStatus::New,
        classification: None,
        determination: None,
        assignee: None,
        detector: None,
        category: None,
        phase: None,
        techniques: Vec::new(),
        first_activity: at(minute),
        last_activity: at(minute),
        created: None,
        updated: at(minute),
        resolved: None,
        evidence,
        correlate: Correlate::Full,
        origin: origin(minute),
    }
}

/// Names of a user, by their form: a SID, `domain\name`, a mail address, a GUID, else an account name.
pub(crate) fn name(text: &str) -> Identifier {
    if let Some((domain, account)) = text.split_once('\\') {
        return Identifier::domain_account(domain, account).expect("a name");
    }
    let kind = match text {
        _ if text.starts_with("S-1-") => IdentifierKind::Sid,
        _ if text.contains('@') => IdentifierKind::Upn,
        _ if text.len() == 36 && text.matches('-').count() == 4 => IdentifierKind::ObjectId,
        _ => IdentifierKind::AccountName,
    };
    Identifier::new(kind, text).expect("a name")
}

/// A user under these names.
pub(crate) fn user(names: &[&str]) -> Evidence {
    let identifiers = names.iter().map(|text| name(text)).collect();
    Evidence { identifiers, ..Evidence::new(EntityKind::User, Role::Impacted) }
}

/// A host under these names.
pub(crate) fn host(names: &[(IdentifierKind, &str)]) -> Evidence {
    let read = |(kind, text): &(IdentifierKind, &str)| Identifier::new(kind.clone(), text).expect("a name");
    let identifiers = names.iter().map(read).collect();
    Evidence { identifiers, ..Evidence::new(EntityKind::Host, Role::Impacted) }
}

/// A directory's entry for a user, with nothing but names.
pub(crate) fn entry(names: &[&str]) -> DirectoryEntry {
    DirectoryEntry {
        kind: EntityKind::User,
        identifiers: names.iter().map(|text| name(text)).collect(),
        on_premises: true,
        display_name: None,
        title: None,
        office: None,
        mail: None,
        phone: None,
        domain: None,
        sam_name: None,
        os: None,
        os_build: None,
        created: None,
        first_seen: None,
        tags: Vec::new(),
        products: Vec::new(),
    }
}
