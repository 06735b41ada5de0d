//! Looks, beside the workers, whether what they read and write can be had: a worker hears late, or never, why not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use braid_kafka::{Connection, FaultKind, TopicFault, TopicWatch};
use braid_runtime::integrations::{Fault, OutputDescription, SourceDescription};
use braid_runtime::{Integrations, StageKind, Surroundings};

use super::rest;
use crate::cli::Stage;
use crate::config::{self, Config, Holds};
use crate::schema_registry::{RegistryError, SchemaRegistry};
use crate::topology;

/// How long after a look the next one begins. What is broken is to be seen within ten seconds.
pub(super) const EVERY: Duration = Duration::from_secs(3);

/// The integrations that a configuration describes, as far as these stages touch them.
pub(super) fn integrations(config: &Config, stages: &[StageKind]) -> Integrations {
    let described = |source: &config::Source| {
        Some(SourceDescription {
            name: source.name.as_str().into(),
            enabled: source.enabled,
            format: source.format?.0,
            topics: source.topic_names().map(Into::into).collect(),
        })
    };
    let normalises = stages.contains(&StageKind::Normalise);
    let sources = config.sources.iter().filter(|_| normalises).filter_map(described).collect();
    let correlates = stages.contains(&StageKind::Correlate);
    let outputs = if correlates { outputs(config) } else { Vec::new() };
    let registry = registry_used(config, stages);
    Integrations::new(sources, outputs, registry.map(|registry| registry.url.as_str().into()))
}

/// The schema registry, if these stages have to do with one: what is written may be registered there, and a source's
/// records may come from there.
pub(super) fn registry_used<'c>(
    config: &'c Config,
    stages: &[StageKind],
) -> Option<&'c config::SchemaRegistry> {
    let used = |stage: &StageKind| match stage {
        StageKind::Correlate => true,
        StageKind::Normalise => config.sources.iter().any(config::Source::is_read_as_avro),
    };
    config.schema_registry.as_ref().filter(|_| stages.iter().any(used))
}

fn outputs(config: &Config) -> Vec<OutputDescription> {
    let (topics, output) = (&config.topics, &config.output);
    let described = |topic: &str, holds: Holds, encoding: config::Form| OutputDescription {
        topic: topic.into(),
        holds: holds.as_str(),
        encoding: encoding.as_str().into(),
    };
    let ours = [
        described(&topics.incidents, Holds::Incidents, output.incidents.into()),
        described(&topics.incident_events, Holds::IncidentEvents, output.incident_events.into()),
    ];
    let further = config.outputs.iter().map(|o| described(&o.topic, o.holds, o.encoding));
    ours.into_iter().chain(further).collect()
}

/// What is looked at, and where it is told.
pub(super) struct Watch {
    pub(super) connection: Arc<Connection>,
    pub(super) around: Surroundings,
    pub(super) read: Vec<String>,
    pub(super) written: Vec<String>,
    /// Whether braid's own topics have been seen to: before that they may be missing.
    pub(super) topics_are_there: Arc<AtomicBool>,
    pub(super) group_id: String,
}

impl Watch {
    /// What these stages of a configuration read and write.
    pub(super) fn new(
        config: &Config,
        stages: &[StageKind],
        connection: Arc<Connection>,
        around: Surroundings,
    ) -> Self {
        let names = |topics: Vec<&str>| topics.into_iter().map(str::to_owned).collect();
        let normalises = stages.contains(&StageKind::Normalise);
        let correlates = stages.contains(&StageKind::Correlate);
        Self {
            connection,
            around,
            read: if normalises { names(topology::source_topics(config)) } else { Vec::new() },
            written: if correlates {
                outputs(config).iter().map(|o| o.topic.to_string()).collect()
            } else {
                Vec::new()
            },
            topics_are_there: Arc::default(),
            group_id: topology::worker(config, Stage::Normalise, 0, 0).group_id,
        }
    }

    /// Looks until somebody asks to stop. Nobody waits for its end: it holds nothing.
    pub(super) fn begin(self) -> anyhow::Result<()> {
        let spawned = thread::Builder::new().name("watch".into()).spawn(move || self.run());
        spawned.map(drop).context("a thread for the watch")
    }

    fn run(self) {
        let mut watch = match TopicWatch::connect(&self.connection, &self.group_id) {
            Ok(watch) => watch,
            Err(error) => return tracing::error!(%error, "nobody looks after the topics"),
        };
        while !self.around.stop.requested() {
            self.look(&mut watch);
            rest(&self.around.stop, EVERY);
        }
    }

    fn look(&self, watch: &mut TopicWatch) {
        let read: Vec<&str> = self.read.iter().map(String::as_str).collect();
        let there = self.topics_are_there.load(Ordering::Relaxed);
        let written: Vec<&str> = self.written.iter().filter(|_| there).map(String::as_str).collect();
        let around = &self.around;
        let (integrations, readiness, metrics) = (&around.integrations, &around.readiness, &around.metrics);
        match watch.look(&read, &written) {
            Ok(found) => {
                let told = |(topic, fault): (String, TopicFault)| (topic.into(), advised(fault, "kafka"));
                let faults: BTreeMap<_, _> = found.into_iter().map(told).collect();
                integrations.show_topics(faults, readiness, metrics);
            }
            Err(fault) => integrations.show_cluster(advised(fault, "kafka"), readiness, metrics),
        }
    }
}

/// What Kafka says, with what helps; `section` is where the configuration describes the cluster.
pub(super) fn advised(fault: TopicFault, section: &str) -> Fault {
    let advice = match fault.kind {
        FaultKind::Authentication => format!(
            "the cluster does not accept who braid says it is: see {section}.settings (security.protocol, sasl.*, ssl.*). \
             All that is on the cluster shares them; they are read at the start"
        ),
        FaultKind::Authorization => {
            "grant braid's user Describe and Read on a topic that it reads, Describe and Write on one that it writes: \
             `braid topics --acls` prints the commands"
                .to_owned()
        }
        FaultKind::Missing => {
            "create the topic, or correct its name in the configuration; a topic that one may not describe is missing, too"
                .to_owned()
        }
        FaultKind::Unreachable => {
            format!("see whether the brokers are up, and whether {section}.brokers names them")
        }
        FaultKind::Other => "see whether the name of the topic in the configuration is right".to_owned(),
    };
    Fault { what: fault.said.into(), advice: advice.into() }
}

/// Looks after the schema registry until somebody asks to stop; nothing, if there is none to be asked.
pub(super) fn watch_registry(
    config: &Config,
    stages: &[StageKind],
    around: Surroundings,
) -> anyhow::Result<()> {
    let Some(settings) = registry_used(config, stages).cloned() else { return Ok(()) };
    let run = move || {
        while !around.stop.requested() {
            let fault = SchemaRegistry::new(&settings).and_then(|registry| registry.probe()).err();
            around.integrations.show_registry(fault.as_ref().map(told));
            rest(&around.stop, EVERY);
        }
    };
    let spawned = thread::Builder::new().name("watch-registry".into()).spawn(run);
    spawned.map(drop).context("a thread for the watch of the schema registry")
}

fn told(error: &RegistryError) -> Fault {
    let advice = "records that are read and written go on: ids that are known stay right. A source's partition whose next \
                  record has another one waits for it, and so does a start that registers what is written";
    Fault { what: error.to_string().into(), advice: advice.into() }
}
