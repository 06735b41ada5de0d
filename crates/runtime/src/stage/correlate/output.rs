use std::collections::BTreeMap;
use std::sync::Arc;

use braid_alert::{ChangeReason, Incident, IncidentChange, IncidentId};
use braid_engine::{Change, Effect, Input, Partition, StateKey, StateRecord};
use braid_log::{Failure, Outgoing, Record, TopicPartition};
use braid_wire::changelog::{Progress, encode_change, encode_progress};
use braid_wire::dead_letter::{Cause, Reader};
use braid_wire::{Format, Refusal, own};

use super::CorrelateNews;
use super::incident_topics::{event, outputs, snapshot, tombstone};
use super::owned::{Owned, Tick};
use crate::batch::Part;
use crate::hot_index::EntityFacts;
use crate::metrics::{Rejection, StageKind};
use crate::restore::STATE_FORMAT;
use crate::stage::dead_letter::DeadLetters;
use crate::{OutputKind, OutputTopic, Settings, Topics};

/// What the correlate stage writes, as records.
#[derive(Debug)]
pub(super) struct Output {
    topics: Topics,
    /// Topics with the last version of each incident.
    incidents: Vec<OutputTopic>,
    /// Topics with every change.
    incident_events: Vec<OutputTopic>,
    incident_url_prefix: Option<Box<str>>,
    partitions: i32,
    pub(super) dead_letters: DeadLetters,
}

impl Output {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            topics: settings.topics.clone(),
            incidents: outputs(settings, OutputKind::Incidents),
            incident_events: outputs(settings, OutputKind::IncidentEvents),
            incident_url_prefix: settings.incident_url_prefix.clone(),
            partitions: settings.alerts_partitions,
            dead_letters: DeadLetters {
                topic: settings.topics.dead_letters.clone(),
                message_bytes_max: settings.message_bytes_max,
            },
        }
    }

    /// An incident with its address in the console, which the engine does not know.
    pub(super) fn located(&self, mut incident: Incident) -> Incident {
        let id = incident.id;
        incident.incident_url =
            self.incident_url_prefix.as_ref().map(|prefix| format!("{prefix}{id}").into());
        incident
    }

    /// Writes down what an input led to. Returns how many bytes that will take, snapshots included, about.
    pub(super) fn write_effect(
        &self,
        record: &Record,
        effect: &Effect,
        owned: &mut Owned,
        part: &mut Part<CorrelateNews>,
    ) -> usize {
        match effect {
            Effect::Incident(change) => self.write_change(record, change, owned, part),
            Effect::Reject { alert, reason } => {
                let detail = format!("{alert}{}: {}", came_from(record), reason.explain()).into();
                let cause = Cause { detail, ..Cause::from(*reason) };
                self.bury(record, &reader(&self.topics.alerts), &cause, part)
            }
            Effect::CommandRefused { reason, .. } => {
                // Read again rather than kept: commands are few, and those that are refused fewer.
                let Ok(Input::Command(command)) = taken(record) else { return 0 };
                let cause = Cause::from((&*command, *reason));
                let detail = format!("{}{}: {}", command.action, came_from(record), cause.detail).into();
                let reader = Reader { format: COMMAND_FORMAT, ..reader(&self.topics.alerts) };
                self.bury(record, &reader, &Cause { detail, ..cause }, part)
            }
            Effect::DirectoryRejected { object, reason, .. } => {
                let detail = format!("{object}{}: {}", came_from(record), reason.explain()).into();
                let cause = Cause { detail, ..Cause::from(*reason) };
                let reader = Reader { format: DIRECTORY_FORMAT, ..reader(&self.topics.alerts) };
                self.bury(record, &reader, &cause, part)
            }
            Effect::Directory { .. }
            | Effect::Commanded { .. }
            | Effect::Unchanged(_)
            | Effect::MergeRefused { .. }
            | Effect::HubDemoted { .. }
            | Effect::RuleFired { .. }
            | Effect::RuleLimited { .. }
            | Effect::IdentityConflict { .. } => 0,
        }
    }

    /// Writes a dead letter. Returns how many bytes it takes.
    fn bury(
        &self,
        record: &Record,
        reader: &Reader<'_>,
        cause: &Cause,
        part: &mut Part<CorrelateNews>,
    ) -> usize {
        let letter = self.dead_letters.letter(record, reader, cause);
        let bytes = letter.bytes();
        part.outgoing.push(letter);
        bytes
    }

    fn write_change(
        &self,
        record: &Record,
        change: &IncidentChange,
        owned: &mut Owned,
        part: &mut Part<CorrelateNews>,
    ) -> usize {
        let mut bytes = owned.touch(change) * self.incidents.len();
        for output in &self.incident_events {
            let event = event(record, change, output);
            bytes += event.bytes();
            self.push(record, event, part);
        }
        bytes
    }

    /// Puts a record into the transaction; as a dead letter, if the brokers would not take it as it is.
    fn push(&self, record: &Record, outgoing: Outgoing, part: &mut Part<CorrelateNews>) {
        if self.dead_letters.fits(&outgoing) {
            part.outgoing.push(outgoing);
            return;
        }
        tracing::error!(
            topic = %outgoing.topic,
            bytes = outgoing.bytes(),
            partition = %record.topic_partition(),
            offset = record.offset,
            "a record is over the brokers' limit and goes to the dead letters; lower incident_bytes_max or raise the limit"
        );
        part.news.rejects.push(Rejection::OverBrokerLimit);
        part.outgoing.push(self.dead_letters.oversize(record, &outgoing, &reader(&self.topics.alerts)));
    }

    /// Completes a part: the last snapshot of each incident that changed, what changed in the state, and up to where.
    pub(super) fn finish(
        &self,
        record: &Record,
        owned: &mut Owned,
        part: &mut Part<CorrelateNews>,
    ) -> Result<(), Failure> {
        self.write_snapshots(record, owned, part);
        self.write_changes(record, owned, part)?;
        let progress = Progress { offset: part.next, format: STATE_FORMAT, partitions: self.partitions };
        let (key, value) = encode_progress(&progress);
        part.outgoing.push(self.changelog(record, key, Some(value))?);
        Ok(())
    }

    fn write_snapshots(&self, record: &Record, owned: &mut Owned, part: &mut Part<CorrelateNews>) {
        let mut snapshots = BTreeMap::new();
        for incident in owned.take_changed() {
            let incident = Arc::new(self.located(incident));
            for output in &self.incidents {
                self.push(record, snapshot(record, &incident, output), part);
            }
            snapshots.insert(incident.id, incident);
        }
        let opened = part.news.effects.iter().filter_map(opened);
        part.news.opened.extend(opened.filter_map(|id| snapshots.get(&id)).map(|i| i.opened.clone()));
        part.news.incidents.extend(snapshots.into_values());
    }

    fn write_changes(
        &self,
        record: &Record,
        owned: &mut Owned,
        part: &mut Part<CorrelateNews>,
    ) -> Result<(), Failure> {
        for change in owned.state.drain_changes() {
            let (key, value) = encode_change(&change);
            part.outgoing.push(self.changelog(record, key, value)?);
            if let Change::Delete(StateKey::Incident(tenant, id)) = &change {
                part.outgoing
                    .extend(self.incidents.iter().map(|output| tombstone(record, tenant, *id, output)));
            }
            show(change, &owned.state, &mut part.news);
        }
        Ok(())
    }

    /// A record of the changelog, in the partition of the same number as its input. State that cannot be written is
    /// state that would be lost, so there is no way around it.
    fn changelog(&self, record: &Record, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<Outgoing, Failure> {
        let outgoing = Outgoing {
            topic: self.topics.changelog.clone(),
            partition: Some(record.partition),
            key: Some(key.into()),
            value: value.map(Into::into),
            headers: Vec::new(),
            origin: record.topic_partition(),
        };
        if self.dead_letters.fits(&outgoing) {
            return Ok(outgoing);
        }
        Err(Failure::Fatal(format!(
            "{}: a record of state takes {} bytes, over the brokers' limit of {}: raise max.message.bytes of the topic {}",
            record.topic_partition(),
            outgoing.bytes(),
            self.dead_letters.message_bytes_max,
            self.topics.changelog
        )))
    }

    /// A tick, in the very partition that it is about.
    pub(super) fn tick(input: &TopicPartition, tick: &Tick) -> Outgoing {
        Outgoing {
            topic: input.topic.clone(),
            partition: Some(input.partition),
            key: Some(tick.tenant.as_str().as_bytes().into()),
            value: Some(own::tick_to_avro(&tick.tenant, tick.at).into()),
            headers: Vec::new(),
            origin: input.clone(),
        }
    }
}

/// Keeps of a change of the state what the hot index is told once it is committed.
fn show(change: Change, state: &Partition, news: &mut CorrelateNews) {
    match change {
        Change::Put(record) => {
            if let StateRecord::Entity(entity) = *record {
                let is_hub = state.is_hub(&entity);
                news.entities.push(EntityFacts::of(entity, is_hub));
            }
        }
        Change::Delete(StateKey::Entity(tenant, id)) => news.forgotten_entities.push((tenant, id)),
        Change::Delete(StateKey::Incident(_, id)) => news.forgotten.push(id),
        Change::Delete(StateKey::Alert(..) | StateKey::Tenant(_)) => {}
    }
}

/// How dead letters name this stage.
pub(super) fn reader(alerts_topic: &str) -> Reader<'_> {
    Reader { stage: StageKind::Correlate.as_str(), source: alerts_topic, format: Format::BraidAvro.as_str() }
}

fn opened(effect: &Effect) -> Option<IncidentId> {
    match effect {
        Effect::Incident(change) if change.reason == ChangeReason::Opened => Some(change.incident),
        _ => None,
    }
}

/// What a dead letter of a directory record can be sent again as.
const DIRECTORY_FORMAT: &str = Format::BraidDirectoryAvro.as_str();

/// What a dead letter of a command can be sent again as.
const COMMAND_FORMAT: &str = Format::BraidCommandAvro.as_str();

fn taken(record: &Record) -> Result<Input, Refusal> {
    own::input_from_avro(record.value.as_deref().unwrap_or_default())
}

/// Where an input of ours first came in: what an operator looks for is the source's record, not our copy of it.
fn came_from(record: &Record) -> String {
    let taken = taken(record);
    let Some(origin) = taken.as_ref().ok().and_then(Input::origin) else { return String::new() };
    format!(
        " (from {}/{}, offset {}, source {})",
        origin.topic, origin.partition, origin.offset, origin.source
    )
}
