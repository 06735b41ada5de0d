use std::collections::{BTreeMap, BTreeSet};
use std::io;

use braid_alert::{Alert, AlertKey, ChangeReason, Incident, IncidentChange, IncidentId, Tenant};
use braid_engine::{DirectoryRejected, Effect, Input, Partition, RejectReason, Settings};
use braid_wire::incident::{Encoding, encode_change};

use super::EachEvent;

/// After how many inputs the engine is asked what changed in its state: nobody wants to know it here, but until it is
/// asked it takes notes.
const INPUTS_PER_DRAIN: u64 = 1_000;

/// Why the engine does not hold what it was given: in a running braid it would be a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejected {
    Alert(RejectReason),
    Directory(DirectoryRejected),
}

impl Rejected {
    fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Reject { reason, .. } => Some(Self::Alert(*reason)),
            Effect::DirectoryRejected { reason, .. } => Some(Self::Directory(*reason)),
            _ => None,
        }
    }

    /// The reason's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Alert(reason) => reason.as_str(),
            Self::Directory(reason) => reason.as_str(),
        }
    }

    /// What it means and what to do, in a sentence.
    pub(crate) const fn explain(self) -> &'static str {
        match self {
            Self::Alert(reason) => reason.explain(),
            Self::Directory(reason) => reason.explain(),
        }
    }
}

/// What replay is told of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// The numbers that decide what is one incident.
    pub correlation: Settings,
    /// What stands before the id in an incident's URL.
    pub incident_url_prefix: Option<Box<str>>,
}

/// The correlate stage without a log: the engine of each partition, and the last record of each incident.
#[derive(Debug)]
pub(crate) struct Player {
    rules: Rules,
    partitions: BTreeMap<i32, Partition>,
    keep: bool,
    /// The record of each incident as of its last change. An incident may leave the engine's memory before the end.
    incidents: BTreeMap<(Tenant, IncidentId), Incident>,
    untold: Untold,
    inputs: u64,
}

/// What the records of incidents do not say of the alerts that were played.
#[derive(Debug, Default)]
pub(crate) struct Untold {
    /// Alerts that a flood only counts, each with the incident that it joined under the id that it had then.
    pub folded: BTreeMap<(Tenant, AlertKey), IncidentId>,
    /// What the sources of an alert call it: a feed each, of which the record says the last.
    pub source_ids: BTreeMap<(Tenant, AlertKey), BTreeSet<Box<str>>>,
}

impl Untold {
    fn note_source_id(&mut self, alert: &Alert) {
        if let Some(id) = &alert.source_alert_id {
            let ids = self.source_ids.entry((alert.tenant.clone(), alert.key())).or_default();
            ids.insert(id.clone());
        }
    }
}

impl Player {
    /// Nothing played yet. Incidents are only kept if they are wanted in the end: they are what takes memory.
    pub(crate) fn new(rules: Rules, keep: bool) -> Self {
        Self {
            rules,
            partitions: BTreeMap::new(),
            keep,
            incidents: BTreeMap::new(),
            untold: Untold::default(),
            inputs: 0,
        }
    }

    /// Plays an input of a partition and gives the events that follow from it. Returns why it was rejected, if it was.
    ///
    /// # Errors
    /// What `each_event` says.
    pub(crate) fn apply(
        &mut self,
        partition: i32,
        input: Input,
        each_event: &mut EachEvent<'_>,
    ) -> io::Result<Option<Rejected>> {
        let settings = &self.rules.correlation;
        let state = self.partitions.entry(partition).or_insert_with(|| Partition::new(settings.clone()));
        let mut effects = Vec::new();
        if let Input::Alert(alert) = &input
            && self.keep
        {
            self.untold.note_source_id(alert);
        }
        state.apply(input, &mut effects);
        self.inputs += 1;
        changes(&effects).try_for_each(|change| each_event(&encode_change(change, Encoding::Json)))?;
        if self.keep {
            self.keep(partition, &effects);
            changes(&effects).for_each(|change| self.note_folded(change));
        }
        if let Some(state) =
            self.partitions.get_mut(&partition).filter(|_| self.inputs.is_multiple_of(INPUTS_PER_DRAIN))
        {
            state.drain_changes();
        }
        Ok(effects.iter().find_map(Rejected::of))
    }

    /// Keeps the records of the incidents that changed, as they stand after the input that changed them.
    fn keep(&mut self, partition: i32, effects: &[Effect]) {
        let Some(state) = self.partitions.get(&partition) else { return };
        let changed: BTreeSet<_> =
            changes(effects).map(|change| (change.tenant.clone(), change.incident)).collect();
        for (tenant, id) in changed {
            if let Some(mut incident) = state.incident(&tenant, id) {
                let prefix = self.rules.incident_url_prefix.as_ref();
                incident.incident_url = prefix.map(|prefix| format!("{prefix}{id}").into());
                self.incidents.insert((tenant, id), incident);
            }
        }
    }

    /// Notes an alert that has joined an incident and is not listed there.
    fn note_folded(&mut self, change: &IncidentChange) {
        let Some(key) = change.alert.as_ref().filter(|_| change.reason == ChangeReason::AlertJoined) else {
            return;
        };
        let record = self.incidents.get(&(change.tenant.clone(), change.incident));
        let lists = |i: &Incident| i.alerts.iter().any(|a| a.id == key.id && a.provider == key.provider);
        if record.is_some_and(|record| !record.floods.is_empty() && !lists(record)) {
            self.untold.folded.insert((change.tenant.clone(), key.clone()), change.incident);
        }
    }

    /// What the records do not say.
    pub(crate) fn take_untold(&mut self) -> Untold {
        std::mem::take(&mut self.untold)
    }

    /// Every incident that there was, as it was last; each tenant's in the order in which they opened.
    pub(crate) fn finish(self) -> Vec<Incident> {
        let mut incidents: Vec<Incident> = self.incidents.into_values().collect();
        incidents.sort_by(|a, b| (&a.tenant, a.first_emitted, a.id).cmp(&(&b.tenant, b.first_emitted, b.id)));
        incidents
    }
}

/// The changes of incidents among effects, in order.
fn changes(effects: &[Effect]) -> impl Iterator<Item = &IncidentChange> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Incident(change) => Some(change),
        _ => None,
    })
}
