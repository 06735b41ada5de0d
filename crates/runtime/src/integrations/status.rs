use std::sync::Arc;

use braid_log::TopicPartition;
use braid_wire::{Format, HealthReport, Holds};

use super::{Fault, Figures, OutputDescription, SourceDescription, State};
use crate::{Readiness, SourceHealth, StageKind};

/// How an integration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrationState {
    /// It is not switched on.
    Off,
    /// What it sends arrives.
    Ok,
    /// Nothing is wrong, and this process has had nothing of it yet.
    NothingYet,
    /// It will be read: this process is starting, or has no share of the work yet.
    Waiting,
    /// It is read, and nothing of it can be taken: every record was refused.
    Refusing,
    /// It cannot be read, in whole or in part; of an output: incidents do not reach it.
    Broken,
}

impl IntegrationState {
    /// Every one there is.
    pub const ALL: [Self; 6] =
        [Self::Off, Self::Ok, Self::NothingYet, Self::Waiting, Self::Refusing, Self::Broken];

    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Ok => "ok",
            Self::NothingYet => "no alerts yet",
            Self::Waiting => "waiting",
            Self::Refusing => "refusing",
            Self::Broken => "broken",
        }
    }
}

/// What is wrong with an integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which topic, or partition of one as `topic/3`, or worker as `correlate-0`; `None` if it is the cluster.
    pub place: Option<Box<str>>,
    /// What it is, and what helps.
    pub fault: Fault,
}

/// How all integrations are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationReport {
    /// Why nothing can be read or written, if so.
    pub cluster: Option<Fault>,
    /// What is waited for, in sentences, where this process is starting or restores a partition.
    pub waits: Vec<Box<str>>,
    /// Each source, in the order of the configuration.
    pub sources: Vec<SourceStatus>,
    /// Each topic that is written to.
    pub outputs: Vec<OutputStatus>,
    /// The schema registry's address, and what is wrong with it.
    pub registry: Option<(Box<str>, Option<Fault>)>,
}

/// How a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// What it is.
    pub source: SourceDescription,
    /// How it is.
    pub state: IntegrationState,
    /// Why it is broken.
    pub troubles: Vec<Trouble>,
    /// What came of it.
    pub figures: Figures,
    /// What the product last said of itself.
    pub health: Option<HealthReport>,
}

/// How a topic is that is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputStatus {
    /// What it is.
    pub output: OutputDescription,
    /// How it is.
    pub state: IntegrationState,
    /// Why it is broken.
    pub troubles: Vec<Trouble>,
}

impl SourceStatus {
    pub(super) fn of(
        source: &SourceDescription,
        state: &State,
        readiness: &Readiness,
        health: &SourceHealth,
    ) -> Self {
        let figures = state.figures.get(&source.name).cloned().unwrap_or_default();
        let troubles = troubles_of(source, state, &readiness.held_partitions());
        let found = match () {
            () if !source.enabled => IntegrationState::Off,
            () if !troubles.is_empty() => IntegrationState::Broken,
            () if readiness.is_joining() || readiness.is_waiting(StageKind::Normalise) => {
                IntegrationState::Waiting
            }
            () if figures.records == 0 => IntegrationState::NothingYet,
            () if figures.refused > 0 && figures.taken == 0 => IntegrationState::Refusing,
            () => IntegrationState::Ok,
        };
        Self { source: source.clone(), state: found, troubles, figures, health: health.last(&source.name) }
    }

    /// Whether it tells that an alert is done with; `None` if it tells of no alerts.
    pub fn reports_resolution(&self) -> Option<bool> {
        let format: Format = self.source.format;
        (format.holds() == Holds::Alerts).then(|| format.reports_resolution())
    }
}

/// What helps where a partition stands still; what it waits for is in the reason.
const HELD_ADVICE: &str =
    "the others go on; the partition is looked at again by itself, or when a newer instance takes it";

/// What helps where a worker tries the same again and again.
const WORKER_ADVICE: &str =
    "it tries again by itself, and nothing is lost meanwhile; the log says since when, and how often";

impl OutputStatus {
    /// `stuck` is what keeps incidents from being made at all.
    pub(super) fn of(
        output: &OutputDescription,
        state: &State,
        readiness: &Readiness,
        stuck: &[Trouble],
    ) -> Self {
        let mut troubles = troubles(std::slice::from_ref(&output.topic), state);
        troubles.extend_from_slice(stuck);
        let is_waiting =
            readiness.is_joining() || readiness.is_waiting(StageKind::Correlate) || readiness.restoring() > 0;
        let found = match () {
            () if !troubles.is_empty() => IntegrationState::Broken,
            () if is_waiting => IntegrationState::Waiting,
            () => IntegrationState::Ok,
        };
        Self { output: output.clone(), state: found, troubles }
    }
}

/// What keeps incidents from being made, in whole or in part: partitions that are held and are no source's, and workers with
/// whom nothing succeeds. Of a cluster that is away that is no news.
pub(super) fn stuck(sources: &[SourceDescription], state: &State, readiness: &Readiness) -> Vec<Trouble> {
    let is_ours = |topic: &Arc<str>| !sources.iter().any(|source| source.topics.contains(topic));
    let held = readiness.held_partitions().into_iter().filter(|(partition, _)| is_ours(&partition.topic));
    let trouble = |place: Box<str>, what, advice: &str| Trouble {
        place: Some(place),
        fault: Fault { what, advice: advice.into() },
    };
    let mut stuck: Vec<Trouble> =
        held.map(|(partition, reason)| trouble(partition.to_string().into(), reason, HELD_ADVICE)).collect();
    if state.cluster.is_none() {
        let workers = readiness.workers_in_trouble(StageKind::Correlate).into_iter();
        stuck.extend(workers.map(|(worker, reason)| trouble(worker, reason, WORKER_ADVICE)));
    }
    stuck
}

/// What is wrong with a source, partitions of it that are held included.
pub(super) fn troubles_of(
    source: &SourceDescription,
    state: &State,
    held: &[(TopicPartition, Box<str>)],
) -> Vec<Trouble> {
    let mut found = if source.enabled { troubles(&source.topics, state) } else { Vec::new() };
    for (partition, reason) in held.iter().filter(|(partition, _)| source.topics.contains(&partition.topic)) {
        let fault = Fault { what: reason.clone(), advice: HELD_ADVICE.into() };
        found.push(Trouble { place: Some(partition.to_string().into()), fault });
    }
    found
}

fn troubles(topics: &[Arc<str>], state: &State) -> Vec<Trouble> {
    let of_cluster = state.cluster.iter().map(|fault| Trouble { place: None, fault: fault.clone() });
    let of_topics = topics.iter().filter_map(|topic| {
        let fault = state.fault_of(topic)?.clone();
        Some(Trouble { place: Some((&**topic).into()), fault })
    });
    of_cluster.chain(of_topics).collect()
}
