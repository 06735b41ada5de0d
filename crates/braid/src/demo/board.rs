//! What a consumer knows that has read the output topics so far.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Context;
use braid_alert::{
    AlertKey, AlertStatus, ChangeReason, EntityId, Incident, IncidentAlert, IncidentChange, IncidentEntity,
    IncidentId, IncidentStatus,
};
use braid_log::Record;
use braid_runtime::Topics;
use braid_wire::incident::{decode_change, decode_incident};

use super::expectation::Expectation;

/// The incidents, and the changes that have not been shown.
#[derive(Debug, Default)]
pub(super) struct Board {
    incidents: BTreeMap<IncidentId, Incident>,
    /// The last version of each incident that a change has told of.
    versions: BTreeMap<IncidentId, i64>,
    /// The order in which they opened, which gives them their numbers.
    opened: Vec<IncidentId>,
    /// Which incident an alert has opened, if it has.
    founded: BTreeMap<AlertKey, IncidentId>,
    waiting: VecDeque<IncidentChange>,
    /// Also those of incidents that have since been merged away.
    alerts: BTreeMap<AlertKey, IncidentAlert>,
    entities: BTreeMap<EntityId, IncidentEntity>,
    letters: Vec<DeadLetter>,
    letters_shown: usize,
}

/// A record that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeadLetter {
    /// Where it had come from.
    pub(super) topic: String,
    /// Why it was refused, as metrics have it.
    pub(super) reason: String,
    /// Why, in a sentence.
    pub(super) detail: String,
}

/// What can be shown now.
#[derive(Debug)]
pub(super) enum News {
    Change(IncidentChange),
    DeadLetter(DeadLetter),
}

impl Board {
    /// Takes a record of one of the output topics.
    ///
    /// # Errors
    /// If it is not what braid writes there.
    pub(super) fn take(&mut self, record: &Record, topics: &Topics) -> anyhow::Result<()> {
        let value = record.value.as_deref().unwrap_or_default();
        if record.topic == topics.incidents {
            if record.value.is_none() {
                return Ok(()); // it is forgotten, but a story that is told keeps it
            }
            self.take_incident(decode_incident(value).context("a record of the incidents topic")?);
        } else if record.topic == topics.incident_events {
            self.take_change(decode_change(value).context("a record of the incident-events topic")?);
        } else {
            self.letters.push(DeadLetter::of(record));
        }
        Ok(())
    }

    fn take_incident(&mut self, incident: Incident) {
        for alert in &incident.alerts {
            self.alerts.insert(key(alert), alert.clone());
        }
        for entity in &incident.entities {
            self.entities.insert(entity.id, entity.clone());
        }
        self.incidents.insert(incident.id, incident);
    }

    fn take_change(&mut self, change: IncidentChange) {
        let told = self.versions.entry(change.incident).or_default();
        // A consumer may be given a record again; versions tell.
        if change.version <= *told {
            return;
        }
        *told = change.version;
        if !self.opened.contains(&change.incident) {
            self.opened.push(change.incident);
        }
        if let (ChangeReason::Opened, Some(founder)) = (&change.reason, &change.alert) {
            self.founded.insert(founder.clone(), change.incident);
        }
        self.waiting.push_back(change);
    }

    /// What can be shown now: a change waits for the snapshot that holds the names it speaks of, for the two topics are
    /// read independently.
    pub(super) fn news(&mut self) -> Vec<News> {
        let mut news: Vec<News> =
            self.letters[self.letters_shown..].iter().cloned().map(News::DeadLetter).collect();
        self.letters_shown = self.letters.len();
        while let Some(change) = self.waiting.pop_front_if(|change| {
            self.incidents.get(&change.incident).is_some_and(|incident| incident.version >= change.version)
        }) {
            news.push(News::Change(change));
        }
        news
    }

    /// Whether everything has come through: each alert in an incident with its last status, each refused record among
    /// the dead letters, each change with its snapshot.
    pub(super) fn is_complete(&self, expected: &Expectation) -> bool {
        self.waiting.is_empty()
            && self.letters.len() >= expected.refused
            && self.statuses() == expected.alerts
            && self.versions.iter().all(|(id, version)| {
                self.incidents.get(id).is_some_and(|incident| incident.version == *version)
            })
    }

    /// How many alerts are in an incident.
    pub(super) fn correlated(&self) -> usize {
        self.standing().map(|incident| incident.alerts.len()).sum()
    }

    fn statuses(&self) -> BTreeMap<AlertKey, AlertStatus> {
        let alerts = self.standing().flat_map(|incident| &incident.alerts);
        alerts.map(|alert| (key(alert), alert.status.clone())).collect()
    }

    /// The incidents that have not been merged into another one.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| incident.status != IncidentStatus::Redirected)
    }

    /// The number by which the terminal calls an incident.
    pub(super) fn number(&self, id: IncidentId) -> usize {
        self.opened.iter().position(|known| *known == id).map_or(0, |place| place + 1)
    }

    /// The incident that an alert has opened, whatever became of it.
    pub(super) fn founded_by(&self, alert: &AlertKey) -> Option<IncidentId> {
        self.founded.get(alert).copied()
    }

    pub(super) fn alert(&self, key: &AlertKey) -> Option<&IncidentAlert> {
        self.alerts.get(key)
    }

    pub(super) fn entity(&self, id: EntityId) -> Option<&IncidentEntity> {
        self.entities.get(&id)
    }

    pub(super) fn dead_letters(&self) -> &[DeadLetter] {
        &self.letters
    }

    /// The incident that holds these alerts and no others, if there is one.
    pub(super) fn incident_of(&self, alerts: &BTreeSet<AlertKey>) -> Option<&Incident> {
        self.standing().find(|incident| incident.alerts.iter().map(key).collect::<BTreeSet<_>>() == *alerts)
    }
}

impl DeadLetter {
    fn of(record: &Record) -> Self {
        let header = |name: &str| {
            let found = record.headers.iter().find(|(known, _)| &**known == name);
            let value = found.and_then(|(_, value)| value.as_deref()).unwrap_or_default();
            String::from_utf8_lossy(value).into_owned()
        };
        Self {
            topic: header("braid.error.topic"),
            reason: header("braid.error.reason"),
            detail: header("braid.error.detail"),
        }
    }
}

/// What makes an alert of an incident the same alert elsewhere.
pub(super) fn key(alert: &IncidentAlert) -> AlertKey {
    AlertKey { provider: alert.provider.clone(), id: alert.id.clone() }
}
