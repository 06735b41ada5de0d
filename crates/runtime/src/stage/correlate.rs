mod incident_topics;
mod output;
mod owned;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use braid_alert::{Alert, EntityId, Incident, IncidentId, OpenReason, SourceTime, Tenant};
use braid_engine::{Effect, Input, Partition};
use braid_log::{Failure, Outgoing, Record, TopicPartition};
use braid_wire::dead_letter::{Cause, Reader};
use braid_wire::{Refusal, RefusalReason, own};

use super::Stage;
use crate::batch::Part;
use crate::hot_index::{EntityFacts, HotIndex};
use crate::metrics::{Metrics, Rejection, StageKind};
use crate::restore::{RestorePlan, Restored};
use crate::{Batch, Settings};

use output::Output;
use owned::Owned;

/// The alerts topic → incidents. It owns the state of its partitions; nobody else writes to their changelog.
#[derive(Debug)]
pub struct Correlate {
    settings: Arc<Settings>,
    output: Output,
    index: Arc<HotIndex>,
    metrics: Arc<Metrics>,
    partitions: BTreeMap<TopicPartition, Owned>,
}

/// What correlation made of an input partition's records, told once it is committed.
#[derive(Debug, Default)]
pub struct CorrelateNews {
    pub(super) effects: Vec<Effect>,
    pub(super) rejects: Vec<Rejection>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) incidents: Vec<Arc<Incident>>,
    pub(super) opened: Vec<OpenReason>,
    pub(super) forgotten: Vec<IncidentId>,
    pub(super) entities: Vec<EntityFacts>,
    pub(super) forgotten_entities: Vec<(Tenant, EntityId)>,
}

/// When an alert happened, and when it reached us.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    source_time: SourceTime,
    lag_seconds: f64,
}

impl Arrival {
    fn of(alert: &Alert) -> Self {
        let (source, event) = (alert.origin.source_time, alert.first_activity);
        let lag = source.as_micros().saturating_sub(event.as_micros());
        Self { source_time: source, lag_seconds: lag as f64 / 1e6 }
    }
}

impl Correlate {
    /// A stage that owns no partition yet.
    pub fn new(settings: Arc<Settings>, index: Arc<HotIndex>, metrics: Arc<Metrics>) -> Self {
        let output = Output::new(&settings);
        Self { settings, output, index, metrics, partitions: BTreeMap::new() }
    }

    /// The state of a partition, for tests that compare it with another one's.
    pub fn partition(&self, input: &TopicPartition) -> Option<&Partition> {
        self.partitions.get(input).map(|owned| &owned.state)
    }

    fn take(&mut self, record: &Record, part: &mut Part<CorrelateNews>) -> Result<usize, Failure> {
        let input = record.topic_partition();
        let owned = self.partitions.get_mut(&input).ok_or_else(|| unowned(&input))?;
        owned.expects(record)?;
        match own::input_from_avro(record.value.as_deref().unwrap_or_default()) {
            Ok(taken) => {
                owned.read(record);
                part.consume(record);
                Ok(self.apply(record, taken, part))
            }
            Err(refusal) if refusal.reason == RefusalReason::UnknownSchema => {
                part.hold = Some(hold_reason(record, &refusal));
                Ok(0)
            }
            Err(refusal) => {
                owned.read(record);
                part.consume(record);
                part.news.rejects.push(Rejection::Refused(refusal.reason));
                part.outgoing.push(self.output.dead_letters.letter(
                    record,
                    &self.reader(),
                    &Cause::from(&refusal),
                ));
                Ok(part.outgoing.last().map_or(0, Outgoing::bytes))
            }
        }
    }

    /// Applies an input and writes down what it led to. Returns how many bytes that will take, about.
    fn apply(&mut self, record: &Record, taken: Input, part: &mut Part<CorrelateNews>) -> usize {
        if let Input::Alert(alert) = &taken {
            part.news.arrivals.push(Arrival::of(alert));
        }
        let Some(owned) = self.partitions.get_mut(&record.topic_partition()) else { return 0 };
        let mut effects = Vec::new();
        owned.state.apply(taken, &mut effects);
        let bytes = effects.iter().map(|effect| self.output.write_effect(record, effect, owned, part)).sum();
        part.news.effects.append(&mut effects);
        bytes
    }

    fn reader(&self) -> Reader<'_> {
        output::reader(&self.settings.topics.alerts)
    }
}

impl Stage for Correlate {
    type News = CorrelateNews;

    fn kind(&self) -> StageKind {
        StageKind::Correlate
    }

    // Each partition has an order of its own, and tenants do not wait for one another.
    fn prefers_oldest(&self) -> bool {
        false
    }

    fn restore_plan(&self, input: &TopicPartition) -> Option<RestorePlan> {
        Some(RestorePlan {
            changelog: TopicPartition::new(self.settings.topics.changelog.clone(), input.partition),
            partitions: self.settings.alerts_partitions,
            correlation: self.settings.correlation.clone(),
        })
    }

    fn adopt(&mut self, input: &TopicPartition, mut restored: Restored) {
        let projection = self.index.claim(input.partition);
        projection.publish_entities(std::mem::take(&mut restored.entities));
        let incidents = std::mem::take(&mut restored.incidents).into_iter();
        projection.publish(incidents.map(|incident| Arc::new(self.output.located(incident))));
        self.metrics.show_stats(input.partition, &restored.partition.stats());
        self.partitions.insert(input.clone(), Owned::new(restored, projection));
    }

    fn release(&mut self, input: &TopicPartition) {
        if self.partitions.remove(input).is_some() {
            self.metrics.hide_stats(input.partition);
        }
    }

    fn process(&mut self, records: &mut VecDeque<Record>, _: i64) -> Result<Batch<CorrelateNews>, Failure> {
        let (mut batch, mut bytes) = (Batch::default(), 0);
        let mut last: BTreeMap<TopicPartition, Record> = BTreeMap::new();
        while bytes < self.settings.batch.output_bytes_max
            && let Some(record) = records.pop_front()
        {
            let input = record.topic_partition();
            let part = batch.part(&input, record.offset);
            if part.hold.is_none() {
                bytes += self.take(&record, part)?;
                last.insert(input, record);
            }
        }
        for (input, part) in batch.parts_mut().filter(|(_, part)| part.consumed) {
            if let (Some(owned), Some(record)) = (self.partitions.get_mut(input), last.get(input)) {
                self.output.finish(record, owned, part)?;
            }
        }
        Ok(batch)
    }

    fn tick(&mut self, at_end: &dyn Fn(&TopicPartition) -> bool, now_millis: i64) -> Batch<CorrelateNews> {
        let mut batch = Batch::default();
        for (input, owned) in self.partitions.iter_mut().filter(|(input, _)| at_end(input)) {
            if let (Some(next), Some(tick)) = (owned.next, owned.due(now_millis)) {
                batch.part(input, next).outgoing.push(Output::tick(input, &tick));
            }
        }
        batch
    }

    fn publish(&mut self, input: &TopicPartition, news: CorrelateNews, now_millis: i64) {
        for reason in &news.opened {
            self.metrics.count_opened(reason);
        }
        if let Some(owned) = self.partitions.get(input) {
            let projection = &owned.projection;
            projection.publish_entities(news.entities);
            projection.publish(news.incidents);
            projection.note_changes(news.effects.iter().filter_map(Effect::change));
            projection.withdraw(news.forgotten);
            projection.withdraw_entities(news.forgotten_entities);
            self.metrics.show_stats(input.partition, &owned.state.stats());
        }
        for effect in &news.effects {
            self.metrics.count_effect(effect);
            tell(effect);
        }
        for reason in &news.rejects {
            self.metrics.rejects.add((&StageKind::Correlate, reason), 1);
        }
        for arrival in &news.arrivals {
            let latency = now_millis.saturating_sub(arrival.source_time.as_millis());
            self.metrics.end_to_end.observe((), latency as f64 / 1e3);
            self.metrics.event_time_lag.observe((), arrival.lag_seconds);
        }
    }
}

/// Logs what somebody waits to hear of.
fn tell(effect: &Effect) {
    match effect {
        Effect::Commanded { tenant, command, action } => {
            tracing::info!(%tenant, command = %command, action, "command carried out");
        }
        Effect::CommandRefused { tenant, command, action, reason } => {
            let why = reason.explain();
            tracing::warn!(%tenant, command = %command, action, reason = reason.as_str(), why, "command refused; see the dead letters");
        }
        _ => {}
    }
}

fn unowned(input: &TopicPartition) -> Failure {
    Failure::Fatal(format!("records of {input} arrive, whose state was never restored"))
}

fn hold_reason(record: &Record, refusal: &Refusal) -> Box<str> {
    format!(
        "offset {} cannot be read by this release ({}); start the newer one",
        record.offset, refusal.detail
    )
    .into()
}
