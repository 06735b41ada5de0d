//! Threat intelligence: a table of indicators that this process has whole, and what of it an alert matches.
//!
//! Indicators are no input of the engine. What an alert matches when *normalise* reads it is written on it, so a replay of
//! the alerts topic gives what the first run gave, whatever the feeds say by then.

mod attribution;
mod exclusions;
mod following;
mod index;
mod matching;
mod statements;
mod table;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use braid_alert::{Alert, SourceTime, Tenant};
use braid_log::Record;
use braid_wire::{Refusal, RefusalReason, StixObject, stix_objects};

use crate::integrations::{Figures, LastRecord, RefusedExample};
use crate::{Integrations, Metrics};

pub use exclusions::Exclusions;
pub use following::{Followed, follow};
use index::IDS_MAX;
use statements::RecordName;
use table::{Outcome, Put, SourceTable};

/// A source of threat intelligence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndicatorSource {
    /// Its configured name.
    pub name: Box<str>,
    /// Whose alerts it is for; everybody's if nobody is named.
    pub tenant: Option<Tenant>,
    /// Its topics.
    pub topics: Vec<Arc<str>>,
    /// What none of its indicators is met by, whatever they ask for.
    pub exclusions: Exclusions,
}

/// Which part of the bound must be free before a topic is read again for what was left out, if that does not all find room.
const WORTH_READING: u64 = 10;

/// What each source says, by its name.
type Tables = BTreeMap<Box<str>, SourceTable>;

/// All indicators that this process knows. One thread for each topic writes it, those of normalise read it.
#[derive(Debug, Default)]
pub struct Indicators {
    sources: Vec<IndicatorSource>,
    bytes_max: u64,
    /// How many objects there are, so that an alert asks for no lock where there are none.
    objects: AtomicUsize,
    tables: RwLock<Tables>,
}

impl Indicators {
    /// An empty table of these sources, that takes no more than about so many bytes in memory.
    pub fn new(sources: Vec<IndicatorSource>, bytes_max: u64) -> Self {
        Self { sources, bytes_max, ..Self::default() }
    }

    /// The sources.
    pub fn sources(&self) -> &[IndicatorSource] {
        &self.sources
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.load(Ordering::Acquire)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows how much a source says.
    fn show(&self, source: &IndicatorSource, metrics: &Metrics) {
        let (objects, bytes) =
            self.tables().get(&source.name).map_or((0, 0), |table| (table.len(), table.bytes()));
        let label = metrics.source(&source.name);
        metrics.indicator_objects.set(&label, objects as f64);
        metrics.indicator_bytes.set(&label, bytes as f64);
    }

    /// Writes on an alert what it matches: as indicators, and as evidence of who is behind it.
    pub fn annotate(&self, alert: &mut Alert) {
        if self.is_empty() {
            return;
        }
        let tables = self.tables();
        let is_for = |source: &&IndicatorSource| source.tenant.as_ref().is_none_or(|t| *t == alert.tenant);
        let sources = self.sources.iter().filter(is_for);
        let asked: Vec<(&IndicatorSource, &SourceTable)> =
            sources.filter_map(|source| Some((source, tables.get(&source.name)?))).collect();
        matching::annotate(alert, &asked);
    }

    /// Takes records of a topic, each with how often that topic had been begun when it came, and tells what became of them.
    fn take(&self, source: &IndicatorSource, records: &[(u32, Record)], integrations: &Integrations) {
        let mut figures = Figures::default();
        // Read before the table is locked: alerts wait for the lock.
        let read: Vec<_> = records
            .iter()
            .filter_map(|(reading, record)| Some((record, read_record(record, *reading, &mut figures)?)))
            .collect();
        let mut tables = self.write();
        let others: u64 =
            tables.iter().filter(|(name, _)| **name != source.name).map(|(_, table)| table.bytes()).sum();
        let table = tables.entry(source.name.clone()).or_default();
        for (record, put) in read {
            let outcome = table.put(put, self.bytes_max.saturating_sub(others));
            tell(&mut figures, record, &outcome);
        }
        self.count(&tables);
        drop(tables);
        if let Some(example) = &figures.example {
            tracing::warn!(source = %source.name, reason = %example.reason, refused = figures.refused, "of what a feed says something is not taken: {}", example.detail);
        }
        integrations.add(&source.name, figures);
    }

    /// Forgets what a topic has not said again since it was last read from its beginning.
    fn sweep(&self, source: &IndicatorSource, topic: &Arc<str>, reading: u32) {
        let mut tables = self.write();
        if let Some(table) = tables.get_mut(&source.name) {
            table.sweep(topic, reading);
        }
        self.count(&tables);
    }

    /// Whether there is room now for what a topic said when there was none: for all of it, or for enough to be worth the
    /// reading of the topic.
    fn has_room_again(&self, source: &IndicatorSource, topic: &str) -> bool {
        let tables = self.tables();
        let taken: u64 = tables.values().map(SourceTable::bytes).sum();
        let room = self.bytes_max.saturating_sub(taken);
        let would_fill = |table: &SourceTable| table.would_fill(topic, room, self.bytes_max / WORTH_READING);
        tables.get(&source.name).is_some_and(would_fill)
    }

    fn tables(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, tables: &Tables) {
        self.objects.store(tables.values().map(SourceTable::len).sum(), Ordering::Release);
    }
}

/// What a record says; `None` if it can say nothing, because it has no key.
fn read_record(record: &Record, reading: u32, figures: &mut Figures) -> Option<Put> {
    figures.records += 1;
    let source_time = SourceTime::from_millis(record.timestamp_millis.max(0));
    figures.last = figures.last.max(Some(LastRecord { source_time, event_time: None }));
    let Some(key) = record.key.as_deref().filter(|key| !key.is_empty()) else {
        let detail = "the record has no key, by which it could be taken back";
        note(figures, record, &Refusal::new(RefusalReason::MissingId, detail));
        return None;
    };
    let mut objects: Vec<StixObject> = Vec::new();
    for result in record.value.as_deref().map(stix_objects).unwrap_or_default() {
        match result {
            Ok(object) => objects.push(object),
            Err(refusal) if refusal.is_drop() => *figures.dropped.entry(refusal.reason).or_default() += 1,
            Err(refusal) => note(figures, record, &refusal),
        }
    }
    let record_name = RecordName::new(record, key);
    Some(Put { record: record_name, written_millis: record.timestamp_millis, objects, reading })
}

fn tell(figures: &mut Figures, record: &Record, outcome: &Outcome) {
    figures.taken += outcome.taken as u64;
    let mut tell = |detail: String| note(figures, record, &Refusal::new(RefusalReason::TooLarge, detail));
    if let Some(what) = &outcome.crowded {
        tell(format!("more than {IDS_MAX} objects {what}: of those the first by id are looked at"));
    }
    if outcome.left_out > 0 {
        let left_out = outcome.left_out;
        tell(format!(
            "{left_out} objects of it are left out: there is no room for more (worker.indicators_bytes_max)"
        ));
    }
}

fn note(figures: &mut Figures, record: &Record, refusal: &Refusal) {
    figures.refused += 1;
    figures.example = Some(Box::new(RefusedExample {
        reason: refusal.reason.as_str().into(),
        detail: refusal.detail.clone(),
        topic: (&*record.topic).into(),
        partition: record.partition,
        offset: record.offset,
    }));
}

#[cfg(test)]
mod tests;
