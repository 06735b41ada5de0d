//! Threat intelligence: a table of indicators that this process has whole, and what of it an alert matches.
//!
//! Indicators are no input of the engine. What an alert matches when *normalise* reads it is written on it, so a replay of
//! the alerts topic gives what the first run gave, whatever the feeds say by then.

mod following;
mod matching;
mod table;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use braid_alert::{Alert, SourceTime, Tenant};
use braid_log::Record;
use braid_wire::{Refusal, RefusalReason, StixObject, stix_objects};

use crate::Integrations;
use crate::integrations::{Figures, LastRecord, RefusedExample};

pub use following::{Followed, follow};
use table::SourceTable;

/// A source of threat intelligence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndicatorSource {
    /// Its configured name.
    pub name: Box<str>,
    /// Whose alerts it is for; everybody's if nobody is named.
    pub tenant: Option<Tenant>,
    /// Its topics.
    pub topics: Vec<Arc<str>>,
}

/// All indicators that this process knows. One thread for each topic writes it, those of normalise read it.
#[derive(Debug, Default)]
pub struct Indicators {
    sources: Vec<IndicatorSource>,
    objects_max: usize,
    /// How many objects there are, so that an alert asks for no lock where there are none.
    objects: AtomicUsize,
    tables: RwLock<BTreeMap<Box<str>, SourceTable>>,
}

impl Indicators {
    /// An empty table of these sources, for so many objects at most.
    pub fn new(sources: Vec<IndicatorSource>, objects_max: usize) -> Self {
        Self { sources, objects_max, ..Self::default() }
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

    /// Writes on an alert what it matches: as indicators, and as evidence of who is behind it.
    pub(crate) fn annotate(&self, alert: &mut Alert) {
        if self.is_empty() {
            return;
        }
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let is_for = |source: &&IndicatorSource| source.tenant.as_ref().is_none_or(|t| *t == alert.tenant);
        let sources = self.sources.iter().filter(is_for);
        let asked: Vec<(&str, &SourceTable)> =
            sources.filter_map(|source| Some((&*source.name, tables.get(&source.name)?))).collect();
        matching::annotate(alert, &asked);
    }

    /// Takes records of a topic, and tells what became of them. `reading` is how often that topic has been read from its
    /// beginning.
    fn take(&self, source: &IndicatorSource, records: &[Record], reading: u32, integrations: &Integrations) {
        let mut figures = Figures::default();
        {
            let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
            let mut others: usize =
                tables.iter().filter(|(name, _)| **name != source.name).map(|(_, table)| table.len()).sum();
            let table = tables.entry(source.name.clone()).or_default();
            for record in records {
                let room = self.objects_max.saturating_sub(others);
                take_record(table, record, reading, room, &mut figures);
            }
            others += table.len();
            self.objects.store(others, Ordering::Release);
        }
        if let Some(example) = &figures.example {
            tracing::warn!(source = %source.name, reason = %example.reason, refused = figures.refused, "an indicator is not looked for: {}", example.detail);
        }
        integrations.add(&source.name, figures);
    }

    /// Forgets what a topic has not said again since it was last read from its beginning.
    fn sweep(&self, source: &IndicatorSource, topic: &str, reading: u32) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get_mut(&source.name) {
            table.sweep(topic, reading);
        }
        self.objects.store(tables.values().map(SourceTable::len).sum(), Ordering::Release);
    }
}

/// One record: what its key said before holds no longer.
fn take_record(table: &mut SourceTable, record: &Record, reading: u32, room: usize, figures: &mut Figures) {
    figures.records += 1;
    let source_time = SourceTime::from_millis(record.timestamp_millis.max(0));
    figures.last = figures.last.max(Some(LastRecord { source_time, event_time: None }));
    let Some(key) = record.key.as_deref().filter(|key| !key.is_empty()) else {
        let detail = "the record has no key, by which it could be taken back";
        return note(figures, record, &Refusal::new(RefusalReason::MissingId, detail));
    };
    let read = record.value.as_deref().map(stix_objects).unwrap_or_default();
    let mut objects: Vec<StixObject> = Vec::new();
    for result in read {
        match result {
            Ok(object) => objects.push(object),
            Err(refusal) if refusal.is_drop() => *figures.dropped.entry(refusal.reason).or_default() += 1,
            Err(refusal) => note(figures, record, &refusal),
        }
    }
    let found = objects.len();
    let kept = table.put((&record.topic, key), objects, reading, room);
    figures.taken += kept as u64;
    if kept < found {
        let detail = format!(
            "{} objects of it are left out: there is no room for more (worker.indicators_max)",
            found - kept
        );
        note(figures, record, &Refusal::new(RefusalReason::TooLarge, detail));
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
