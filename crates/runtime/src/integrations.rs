//! What is known of each integration: whether what it sends arrives, and if not, why.

mod figures;
mod status;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braid_wire::Format;

use crate::{Metrics, Readiness, SourceHealth};

pub use figures::{Figures, LastRecord, RefusedExample};
pub use status::{IntegrationReport, IntegrationState, OutputStatus, SourceStatus, Trouble};

/// What the configuration says of a source, read or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDescription {
    /// Its name.
    pub name: Box<str>,
    /// Whether it is to be read.
    pub enabled: bool,
    /// What its records are.
    pub format: Format,
    /// Where they are.
    pub topics: Vec<Arc<str>>,
}

/// What the configuration says of a topic that is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputDescription {
    /// Its name.
    pub topic: Arc<str>,
    /// What it holds, as the configuration calls it.
    pub holds: &'static str,
    /// How, as the configuration calls it.
    pub encoding: Box<str>,
}

/// A fault of something outside, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, in the words of who said so.
    pub what: Box<str>,
    /// What to do about it.
    pub advice: Box<str>,
}

/// The integrations of this process. Workers tell what they have committed, a watch tells what is wrong outside, the
/// console asks. As large as the configuration.
#[derive(Debug, Default)]
pub struct Integrations {
    sources: Vec<SourceDescription>,
    outputs: Vec<OutputDescription>,
    registry: Option<Box<str>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    figures: BTreeMap<Box<str>, Figures>,
    /// What keeps everything from being read and written.
    cluster: Option<Fault>,
    topics: BTreeMap<Box<str>, Fault>,
    /// By further cluster, then by topic.
    remote: BTreeMap<Box<str>, BTreeMap<Box<str>, Fault>>,
    registry: Option<Fault>,
}

impl State {
    /// What is wrong with a topic, on whichever cluster.
    fn fault_of(&self, topic: &str) -> Option<&Fault> {
        self.topics.get(topic).or_else(|| self.remote.values().find_map(|topics| topics.get(topic)))
    }
}

/// Logs what has become of topics since the last look.
fn tell_changes(known: &BTreeMap<Box<str>, Fault>, faults: &BTreeMap<Box<str>, Fault>) {
    for (topic, fault) in faults {
        if known.get(topic) != Some(fault) {
            tracing::error!(%topic, advice = %fault.advice, "a topic cannot be had: {}", fault.what);
        }
    }
    for topic in known.keys().filter(|topic| !faults.contains_key(*topic)) {
        tracing::info!(%topic, "the topic is well again");
    }
}

impl Integrations {
    /// Those that are configured. `registry` is the address of the schema registry.
    pub fn new(
        sources: Vec<SourceDescription>,
        outputs: Vec<OutputDescription>,
        registry: Option<Box<str>>,
    ) -> Self {
        Self { sources, outputs, registry, state: Mutex::default() }
    }

    /// Adds what has been committed of a source. It is one of the configured ones.
    pub(crate) fn add(&self, source: &str, figures: Figures) {
        let mut state = self.state();
        match state.figures.get_mut(source) {
            Some(known) => known.add(figures),
            None => drop(state.figures.insert(source.into(), figures)),
        }
    }

    /// Takes note of what a look at the cluster has shown: which topics cannot be had. What is not among them is well.
    pub fn show_topics(&self, faults: BTreeMap<Box<str>, Fault>, readiness: &Readiness, metrics: &Metrics) {
        let mut state = self.state();
        if state.cluster.take().is_some() {
            tracing::info!("the cluster answers");
        }
        tell_changes(&state.topics, &faults);
        state.topics = faults;
        self.show_broken(&state, readiness, metrics);
    }

    /// The same of a further cluster; its topics go by the names that they have in the descriptions of the sources.
    pub fn show_remote(
        &self,
        cluster: &str,
        faults: BTreeMap<Box<str>, Fault>,
        readiness: &Readiness,
        metrics: &Metrics,
    ) {
        let mut state = self.state();
        let known = state.remote.entry(cluster.into()).or_default();
        tell_changes(known, &faults);
        *known = faults;
        self.show_broken(&state, readiness, metrics);
    }

    /// Takes note that the cluster cannot be had at all.
    pub fn show_cluster(&self, fault: Fault, readiness: &Readiness, metrics: &Metrics) {
        let mut state = self.state();
        if state.cluster.as_ref() != Some(&fault) {
            tracing::error!(advice = %fault.advice, "the cluster cannot be had: {}", fault.what);
        }
        state.cluster = Some(fault);
        self.show_broken(&state, readiness, metrics);
    }

    /// Takes note of how the schema registry is; `None` if it is well.
    pub fn show_registry(&self, fault: Option<Fault>) {
        let mut state = self.state();
        match (&state.registry, &fault) {
            (None, Some(fault)) => {
                tracing::error!(advice = %fault.advice, "the schema registry cannot be had: {}", fault.what);
            }
            (Some(_), None) => tracing::info!("the schema registry answers"),
            _ => {}
        }
        state.registry = fault;
    }

    /// Which sources cannot be read, in sentences: what `/readyz` adds.
    pub fn unready(&self) -> Vec<String> {
        let state = self.state();
        let of_source = |source: &SourceDescription| {
            let faults = source.topics.iter().filter_map(|topic| state.fault_of(topic).map(|f| (topic, f)));
            faults.map(|(topic, fault)| format!("source {}: {topic}: {}", source.name, fault.what)).collect()
        };
        self.enabled().flat_map(|source| -> Vec<String> { of_source(source) }).collect()
    }

    /// How they all are, which the metrics then say, too.
    pub fn report(
        &self,
        readiness: &Readiness,
        health: &SourceHealth,
        metrics: &Metrics,
    ) -> IntegrationReport {
        let state = self.state();
        self.show_broken(&state, readiness, metrics);
        let sources = self.sources.iter().map(|source| SourceStatus::of(source, &state, readiness, health));
        let stuck = status::stuck(&self.sources, &state, readiness);
        let output = |output| OutputStatus::of(output, &state, readiness, &stuck);
        IntegrationReport {
            cluster: state.cluster.clone(),
            waits: readiness.waits(),
            sources: sources.collect(),
            outputs: self.outputs.iter().map(output).collect(),
            registry: self.registry.clone().map(|url| (url, state.registry.clone())),
        }
    }

    fn enabled(&self) -> impl Iterator<Item = &SourceDescription> {
        self.sources.iter().filter(|source| source.enabled)
    }

    fn show_broken(&self, state: &State, readiness: &Readiness, metrics: &Metrics) {
        let held = readiness.held_partitions();
        for source in self.enabled() {
            let broken = !status::troubles_of(source, state, &held).is_empty();
            metrics.source_broken.set(&metrics.source(&source.name), f64::from(u8::from(broken)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whatever a panicking thread left is still a set of figures.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
