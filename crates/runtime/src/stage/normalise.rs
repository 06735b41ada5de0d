use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use braid_alert::{Origin, SourceTime};
use braid_engine::Input;
use braid_log::{Failure, Header, Outgoing, Record, TopicPartition};
use braid_wire::dead_letter::{Cause, Reader};
use braid_wire::incident::TRACE_PARENT;
use braid_wire::{
    HealthReport, Holds, Refusal, SchemaId, SourceRecord, VALUE_SCHEMA_HEADER, WriterSchema, own, read,
};

use super::Stage;
use super::awaiting::Awaiting;
use super::dead_letter::DeadLetters;
use super::oldest_first::oldest_first;
use crate::batch::Part;
use crate::indicators::Indicators;
use crate::integrations::{Figures, LastRecord, RefusedExample};
use crate::metrics::{Label, Metrics, Rejection, SourceName, StageKind, StatedDrop};
use crate::restore::{RestorePlan, Restored};
use crate::{Batch, Integrations, SchemaFault, Schemas, Settings, Source, SourceHealth, Surroundings};

/// Any source topic → the alerts topic, keyed by tenant. It keeps nothing between records, so any number of it may run.
#[derive(Debug)]
pub struct Normalise {
    sources: BTreeMap<Arc<str>, Labelled>,
    alerts_topic: Arc<str>,
    dead_letters: DeadLetters,
    schemas: Option<Arc<dyn Schemas>>,
    awaiting: Awaiting,
    output_bytes_max: usize,
    metrics: Arc<Metrics>,
    health: Arc<SourceHealth>,
    integrations: Arc<Integrations>,
    indicators: Arc<Indicators>,
}

#[derive(Debug)]
struct Labelled {
    source: Source,
    label: SourceName,
}

/// So many elements of one record are dead letters of their own. A record of a megabyte may hold thousands of bad ones.
const LETTERS_MAX: usize = 16;

/// What became of what stood in an input partition's records.
#[derive(Debug, Default)]
pub struct NormaliseNews {
    found: u64,
    written: u64,
    rejects: Vec<Rejection>,
    drops: Vec<StatedDrop>,
    /// The newest report of the product on itself, if there was one.
    health: Option<Box<HealthReport>>,
    records: u64,
    /// The newest of what was written.
    last: Option<LastRecord>,
    /// The newest of what was refused.
    example: Option<Box<RefusedExample>>,
}

impl NormaliseNews {
    fn note_dropped(&mut self, refusal: Refusal) {
        self.drops.push(StatedDrop(refusal.reason));
        let Some(report) = refusal.health else { return };
        if self.health.as_ref().is_none_or(|known| known.at <= report.at) {
            self.health = Some(report);
        }
    }

    fn note_written(&mut self, input: &Input, origin: &Origin) {
        self.written += 1;
        let event_time = if let Input::Alert(alert) = input { Some(alert.last_activity) } else { None };
        self.last = self.last.max(Some(LastRecord { source_time: origin.source_time, event_time }));
    }

    /// Counts a refusal, and keeps it as an example of what is wrong at the source.
    fn note_refused(&mut self, record: &Record, rejection: Rejection, reason: &str, detail: &str) {
        self.rejects.push(rejection);
        self.example = Some(Box::new(RefusedExample {
            reason: reason.into(),
            detail: detail.into(),
            topic: (&*record.topic).into(),
            partition: record.partition,
            offset: record.offset,
        }));
    }

    /// What is shown of the source.
    fn figures(&mut self) -> Figures {
        let mut dropped = BTreeMap::new();
        self.drops.iter().for_each(|StatedDrop(reason)| *dropped.entry(*reason).or_default() += 1);
        Figures {
            records: self.records,
            taken: self.written,
            refused: self.rejects.len() as u64,
            example: self.example.take(),
            dropped,
            last: self.last,
        }
    }
}

impl Normalise {
    /// A stage that reads these sources, and tells what it reads of them.
    pub fn new(settings: &Settings, around: &Surroundings) -> Self {
        let metrics = &around.metrics;
        let labelled =
            |source: &Source| Labelled { label: metrics.source(&source.name), source: source.clone() };
        let sources =
            settings.sources.iter().map(|(topic, source)| (topic.clone(), labelled(source))).collect();
        Self {
            sources,
            alerts_topic: settings.topics.alerts.clone(),
            dead_letters: DeadLetters {
                topic: settings.topics.dead_letters.clone(),
                message_bytes_max: settings.message_bytes_max,
            },
            schemas: settings.schemas.clone(),
            awaiting: Awaiting::new(metrics.clone()),
            output_bytes_max: settings.batch.output_bytes_max,
            metrics: metrics.clone(),
            health: around.source_health.clone(),
            integrations: around.integrations.clone(),
            indicators: around.indicators.clone(),
        }
    }

    fn take(
        &mut self,
        record: &Record,
        now_millis: i64,
        part: &mut Part<NormaliseNews>,
    ) -> Result<usize, Failure> {
        let source = self.sources.get(&record.topic).ok_or_else(|| {
            Failure::Fatal(format!("records of {} arrive, which is no configured source", record.topic))
        })?;
        let before = part.outgoing.len();
        let origin = origin(record, &source.source, now_millis);
        let taken = SourceRecord {
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            schema_header: record.header(VALUE_SCHEMA_HEADER),
            schema: None,
        };
        match self.written_with(&taken, &source.source) {
            Ok(schema) => {
                let taken = SourceRecord { schema: schema.as_deref(), ..taken };
                let mut refused = Vec::new();
                for found in read(taken, &origin, &source.source.rules) {
                    part.news.found += 1;
                    match found {
                        Ok(mut input) => {
                            if let Input::Alert(alert) = &mut input {
                                self.indicators.annotate(alert);
                            }
                            self.write(record, &source.source, (&input, &origin), part);
                        }
                        Err(refusal) if refusal.is_drop() => part.news.note_dropped(refusal),
                        Err(refusal) => refused.push(refusal),
                    }
                }
                self.refuse(record, &source.source, &refused, part);
            }
            Err((_, SchemaFault::Unusable(refusal))) => {
                part.news.found += 1;
                self.refuse(record, &source.source, &[refusal], part);
            }
            Err((id, SchemaFault::Awaited(why))) => {
                part.hold = Some(self.awaiting.begin(record, id, now_millis).told(&why));
                return Ok(0);
            }
        }
        part.news.records += 1;
        part.consume(record);
        Ok(part.outgoing[before..].iter().map(Outgoing::bytes).sum())
    }

    /// The schema of a registry that a record was written with, if it was.
    fn written_with(
        &self,
        record: &SourceRecord<'_>,
        source: &Source,
    ) -> Result<Option<Arc<WriterSchema>>, (SchemaId, SchemaFault)> {
        match (record.schema_id(source.rules.format), &self.schemas) {
            (Some(id), Some(schemas)) => schemas.find(id).map(Some).map_err(|fault| (id, fault)),
            _ => Ok(None),
        }
    }

    fn write(
        &self,
        record: &Record,
        source: &Source,
        (input, origin): (&Input, &Origin),
        part: &mut Part<NormaliseNews>,
    ) {
        let outgoing = Outgoing {
            topic: self.alerts_topic.clone(),
            partition: None,
            key: Some(input.tenant().as_str().as_bytes().into()),
            value: Some(own::input_to_avro(input).into()),
            headers: traced(record),
            origin: record.topic_partition(),
        };
        if self.dead_letters.fits(&outgoing) {
            part.news.note_written(input, origin);
            part.outgoing.push(outgoing);
        } else {
            let over = Rejection::OverBrokerLimit;
            let detail = format!("a record of {} bytes came of it", outgoing.bytes());
            part.news.note_refused(record, over, &over.text(), &detail);
            part.outgoing.push(self.dead_letters.oversize(record, &outgoing, &reader(source)));
        }
    }

    /// Counts each of a record's refusals. Each letter holds the whole record, so beyond some of them one speaks for the rest.
    fn refuse(&self, record: &Record, source: &Source, refused: &[Refusal], part: &mut Part<NormaliseNews>) {
        for refusal in refused {
            let rejection = Rejection::Refused(refusal.reason);
            part.news.note_refused(record, rejection, refusal.reason.as_str(), &refusal.detail);
        }
        let (told, rest) = refused.split_at(refused.len().min(LETTERS_MAX));
        let causes = told.iter().map(Cause::from).chain(cause_of_rest(rest));
        part.outgoing.extend(causes.map(|cause| self.dead_letters.letter(record, &reader(source), &cause)));
    }
}

/// Why the elements that have no letter of their own are refused: the first of them, and how many there are by reason.
fn cause_of_rest(refused: &[Refusal]) -> Option<Cause> {
    let (first, others) = refused.split_first()?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    others.iter().for_each(|refusal| *counts.entry(refusal.reason.as_str()).or_default() += 1);
    let mut cause = Cause::from(first);
    if !others.is_empty() {
        let counts: Vec<_> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let (detail, rest, counts) = (&first.detail, others.len(), counts.join(", "));
        cause.detail =
            format!("{detail}; {rest} further elements of this record are refused: {counts}").into();
    }
    Some(cause)
}

impl Stage for Normalise {
    type News = NormaliseNews;

    fn kind(&self) -> StageKind {
        StageKind::Normalise
    }

    fn prefers_oldest(&self) -> bool {
        true
    }

    fn restore_plan(&self, _: &TopicPartition) -> Option<RestorePlan> {
        None
    }

    fn adopt(&mut self, _: &TopicPartition, _: Restored) {}

    fn awaits(&self, input: &TopicPartition) -> Option<Box<str>> {
        let (awaited, schemas) = (self.awaiting.of(input)?, self.schemas.as_ref()?);
        match schemas.find(awaited.schema) {
            Err(SchemaFault::Awaited(why)) => Some(awaited.told(&why)),
            Ok(_) | Err(SchemaFault::Unusable(_)) => None,
        }
    }

    fn release(&mut self, input: &TopicPartition) {
        self.awaiting.end(input);
    }

    fn process(
        &mut self,
        records: &mut VecDeque<Record>,
        now_millis: i64,
    ) -> Result<Batch<NormaliseNews>, Failure> {
        oldest_first(records);
        let (mut batch, mut bytes) = (Batch::default(), 0);
        while bytes < self.output_bytes_max
            && let Some(record) = records.pop_front()
        {
            let input = record.topic_partition();
            let part = batch.part(&input, record.offset);
            if part.hold.is_none() {
                bytes += self.take(&record, now_millis, part)?;
            }
            if part.hold.is_none() {
                self.awaiting.end(&input);
            }
        }
        Ok(batch)
    }

    fn tick(&mut self, _: &dyn Fn(&TopicPartition) -> bool, _: i64) -> Batch<NormaliseNews> {
        Batch::default()
    }

    fn publish(&mut self, input: &TopicPartition, mut news: NormaliseNews, _: i64) {
        let Some(Labelled { source, label }) = self.sources.get(&input.topic) else { return };
        self.integrations.add(&source.name, news.figures());
        let format = &source.rules.format;
        // Directory records and commands are counted where they are answered.
        if format.holds() == Holds::Alerts {
            self.metrics.alerts_in.add((label, format), news.found);
            self.metrics.alerts_out.add((label, format), news.written);
        }
        for reason in &news.rejects {
            self.metrics.rejects.add((&StageKind::Normalise, reason), 1);
        }
        if let Some(report) = news.health {
            tracing::warn!(source = %source.name, kind = %report.kind, "the product reports on itself: {}", report.text);
            self.health.note(&source.name, *report);
        }
        for reason in &news.drops {
            self.metrics.drops.add((label, reason), 1);
        }
    }
}

/// Who traces the source's records follows them to the changes that they bring about.
fn traced(record: &Record) -> Vec<Header> {
    record.headers.iter().filter(|(name, _)| &**name == TRACE_PARENT).cloned().collect()
}

fn reader(source: &Source) -> Reader<'_> {
    Reader {
        stage: StageKind::Normalise.as_str(),
        source: &source.name,
        format: source.rules.format.as_str(),
    }
}

/// Where an alert, a directory record or a command comes from. Its source time is the record's own, or this clock where the record has none; a time
/// ahead of this clock is capped, and the cap is marked: it would drag the tenant's clock along.
fn origin(record: &Record, source: &Source, now_millis: i64) -> Origin {
    let stamped = if record.timestamp_millis < 0 { now_millis } else { record.timestamp_millis };
    Origin {
        source: source.name.clone(),
        topic: (&*record.topic).into(),
        partition: record.partition,
        offset: record.offset,
        element: 0,
        source_time: SourceTime::from_millis(stamped.min(now_millis)),
        source_time_capped: stamped > now_millis,
    }
}
