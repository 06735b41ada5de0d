use std::sync::Arc;

use braid_wire::{Format, HealthReport, Holds};

use super::{Fault, Figures, OutputDescription, SourceDescription, State};
use crate::{Readiness, SourceHealth};

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
    /// It cannot be read, in whole or in part.
    Broken,
}

impl IntegrationState {
    /// Every one there is.
    pub const ALL: [Self; 5] = [Self::Off, Self::Ok, Self::NothingYet, Self::Waiting, Self::Broken];

    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Ok => "ok",
            Self::NothingYet => "no alerts yet",
            Self::Waiting => "waiting",
            Self::Broken => "broken",
        }
    }
}

/// What is wrong with an integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which topic, or partition of one as `topic/3`; `None` if it is the cluster.
    pub place: Option<Box<str>>,
    /// What it is, and what helps.
    pub fault: Fault,
}

/// How all integrations are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationReport {
    /// Why nothing can be read or written, if so.
    pub cluster: Option<Fault>,
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
        let mut troubles = if source.enabled { troubles(&source.topics, state) } else { Vec::new() };
        for (partition, reason) in readiness.held_partitions() {
            if source.topics.contains(&partition.topic) {
                let fault = Fault { what: reason, advice: HELD_ADVICE.into() };
                troubles.push(Trouble { place: Some(partition.to_string().into()), fault });
            }
        }
        let found = match () {
            () if !source.enabled => IntegrationState::Off,
            () if !troubles.is_empty() => IntegrationState::Broken,
            () if readiness.is_joining() => IntegrationState::Waiting,
            () if figures.records == 0 => IntegrationState::NothingYet,
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

impl OutputStatus {
    pub(super) fn of(output: &OutputDescription, state: &State, readiness: &Readiness) -> Self {
        let troubles = troubles(std::slice::from_ref(&output.topic), state);
        let found = match () {
            () if !troubles.is_empty() => IntegrationState::Broken,
            () if readiness.is_joining() => IntegrationState::Waiting,
            () => IntegrationState::Ok,
        };
        Self { output: output.clone(), state: found, troubles }
    }
}

fn troubles(topics: &[Arc<str>], state: &State) -> Vec<Trouble> {
    let of_cluster = state.cluster.iter().map(|fault| Trouble { place: None, fault: fault.clone() });
    let of_topics = topics.iter().filter_map(|topic| {
        let fault = state.fault_of(topic)?.clone();
        Some(Trouble { place: Some((&**topic).into()), fault })
    });
    of_cluster.chain(of_topics).collect()
}
