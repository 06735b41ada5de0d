//! `braid run`: the stages on Kafka, the console beside them, until told to stop.
//!
//! ```text
//!   configuration ──▶ log ──▶ console (health answers from here on) ──▶ cluster and registry, for as long as it takes
//!                                                                   └──▶ workers ──▶ SIGTERM ──▶ workers, console end
//! ```

mod http;
mod indicators;
mod patience;
mod remote_watch;
mod settings;
mod side_by_side;
mod signals;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use braid_engine::Rules;
use braid_kafka::{Connection, Difference, KafkaLog, RemoteCluster, TopicSpec, Topics};
use braid_log::Failure;
use braid_runtime::{HotIndex, Metrics, Readiness, RunFailure, Schemas, StageKind, Stop, Surroundings};

use crate::cli::{Run, Stage};
use crate::config::{self, Config, Source};
use crate::schema_registry::SchemaMemory;
use crate::{Outcome, logging, remote, rules, topology, wording};

use http::Http;
use patience::{Patience, Wanted, rest};
use remote_watch::RemoteWatch;
use signals::Signals;
use watch::Watch;

/// Works until a signal comes or something fails for good.
pub(crate) fn run(arguments: &Run) -> anyhow::Result<Outcome> {
    let file = arguments.config.path();
    let config = Config::read(&file, config::variables())?;
    let rules = rules::named_by(&config, &file)?;
    logging::start(&config.log).context("log.level, or RUST_LOG")?;
    let stop = Stop::new();
    let signals = Signals::listen(stop.clone())?;
    let instance = Instance::new(config, rules, stages(arguments.stage), stop)?;
    instance.announce(&file);
    let http = instance.open_http()?;
    let topics_are_there = instance.begin_watches()?;
    let worked = instance.work(&topics_are_there);
    // Whatever ended the work: from now on the console says that we are stopping.
    instance.around.stop.request();
    let served = http.map_or(Ok(()), Http::close);
    match worked {
        // What was being tried again when the signal came is no failure.
        Err(failure) if !(signals.heard() && failure.is_passing()) => Err(failure.into()),
        _ => served.map(|()| {
            tracing::info!("stopped");
            Outcome::Done
        }),
    }
}

/// Why the work has ended.
#[derive(Debug, thiserror::Error)]
enum WorkFailure {
    /// Before the workers were there.
    #[error("{}", told(.0))]
    Start(Failure),
    /// One of the workers.
    #[error("{} (group {group}): {}", .failed.worker, told(&.failed.failure))]
    Worker {
        /// Which, and why.
        failed: RunFailure,
        /// The group that it is a member of.
        group: String,
    },
}

impl WorkFailure {
    const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Start(Failure::Retry(_))
                | Self::Worker { failed: RunFailure { failure: Failure::Retry(_), .. }, .. }
        )
    }
}

/// What went wrong, without the promise to try again: nobody does any more.
pub(crate) fn told(failure: &Failure) -> &str {
    match failure {
        Failure::Retry(why) | Failure::Fatal(why) => why,
        Failure::Abort(why) | Failure::Indefinite(why) | Failure::Fenced(why) => why,
    }
}

/// This process among those that share the work.
struct Instance {
    config: Config,
    rules: Rules,
    stages: Vec<StageKind>,
    ordinal: u32,
    connection: Arc<Connection>,
    remotes: Vec<RemoteCluster>,
    index: Arc<HotIndex>,
    around: Surroundings,
    patience: Patience,
    /// Where the schemas are had of records that sources send in a registry's framing.
    schemas: Option<Arc<dyn Schemas>>,
}

impl Instance {
    fn new(config: Config, rules: Rules, stages: Vec<StageKind>, stop: Stop) -> anyhow::Result<Self> {
        let sources = config.sources.iter().map(|source| source.name.as_str());
        let remotes =
            if stages.contains(&StageKind::Normalise) { remote::remotes(&config)? } else { Vec::new() };
        let remote_topics = remotes.iter().flat_map(|cluster| &cluster.topics).map(|topic| &*topic.name);
        let read = topology::source_topics(&config).into_iter().chain(remote_topics);
        let metrics = Arc::new(Metrics::new(sources, read.chain([config.topics.alerts.as_str()])));
        let readiness = Arc::new(Readiness::new(stop.clone()));
        let integrations = Arc::new(watch::integrations(&config, &stages));
        let indicators = Arc::new(indicators::table(&config, &stages));
        let ordinal = config.kafka.ordinal(std::env::var("HOSTNAME").ok().as_deref());
        let patience = Patience::new(stop.clone(), readiness.clone());
        for (stage, name) in workers(&config.worker, &stages) {
            patience.announce(Wanted::by(stage, &name));
        }
        Ok(Self {
            schemas: schemas(&config, &stages, &stop)?,
            connection: Arc::new(settings::connection(&config)?),
            remotes,
            index: Arc::new(HotIndex::new()),
            patience,
            around: Surroundings {
                stop,
                readiness,
                metrics,
                source_health: Arc::default(),
                integrations,
                indicators,
            },
            config,
            rules,
            stages,
            ordinal,
        })
    }

    /// Says what an operator would ask first: which configuration, what is read, what is written, as whom.
    fn announce(&self, file: &Path) {
        let (config, topics) = (&self.config, &self.config.topics);
        let stages: Vec<&str> = self.stages.iter().map(|stage| stage.as_str()).collect();
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            config = %file.display(),
            brokers = config.kafka.brokers.join(","),
            stages = stages.join(","),
            instance = self.ordinal,
            "braid starts"
        );
        if self.has(StageKind::Normalise) {
            for source in config.sources.iter().filter(|source| source.enabled) {
                let Some(format) = source.format.map(|format| format.0) else { continue };
                let topics = source.topic_names().collect::<Vec<_>>().join(",");
                let resolution = wording::resolution(format);
                tracing::info!(source = source.name, topics, %format, resolution, "reads a source");
            }
        }
        if self.has(StageKind::Correlate) {
            tracing::info!(
                alerts = topics.alerts,
                incidents = topics.incidents,
                incident_events = topics.incident_events,
                changelog = topics.changelog,
                partitions = topics.partitions,
                rules = self.rules.iter().count(),
                "correlates alerts into incidents"
            );
            for output in &config.outputs {
                let (holds, encoding) = (output.holds.as_str(), output.encoding.as_str());
                tracing::info!(topic = output.topic, holds, encoding, "writes a further output");
            }
        }
        tracing::info!(dead_letters = topics.dead_letters, "what cannot be read goes to the dead letters");
    }

    fn has(&self, stage: StageKind) -> bool {
        self.stages.contains(&stage)
    }

    fn open_http(&self) -> anyhow::Result<Option<Http>> {
        if !self.config.http.enabled {
            tracing::info!("no HTTP: http.enabled is false");
            return Ok(None);
        }
        let settings = self.config.http.console().context("http.token")?;
        let readiness = self.around.readiness.clone();
        let integrations = self.around.integrations.clone();
        let unready = move || {
            let mut reasons = readiness.report().err().unwrap_or_default();
            reasons.extend(integrations.unready());
            reasons
        };
        Http::open(settings, &self.index, &self.around, unready).map(Some)
    }

    /// Looks after what is outside, from now on. Gives what is to be set when braid's own topics are there.
    fn begin_watches(&self) -> anyhow::Result<Arc<AtomicBool>> {
        let watch = Watch::new(&self.config, &self.stages, self.connection.clone(), self.around.clone());
        let topics_are_there = watch.topics_are_there.clone();
        watch.begin()?;
        watch::watch_registry(&self.config, &self.stages, self.around.clone())?;
        Ok(topics_are_there)
    }

    /// Waits for the cluster, sees that the topics are as needed, and works: each stage by itself, so that neither waits for
    /// what only the other needs.
    fn work(&self, topics_are_there: &AtomicBool) -> Result<(), WorkFailure> {
        self.patience.until(TOPICS, || self.look_at_topics()).map_err(WorkFailure::Start)?;
        topics_are_there.store(true, Ordering::Relaxed);
        self.begin_remote_watches().map_err(WorkFailure::Start)?;
        side_by_side::run(&self.stages, &self.around.stop, |stage| self.work_on(stage))
    }

    fn work_on(&self, stage: StageKind) -> Result<(), WorkFailure> {
        let correlates = stage == StageKind::Correlate;
        let settings = self.patience.until(SCHEMA_REGISTRY, || settings::runtime(&self.config, correlates));
        let mut settings = settings.map_err(WorkFailure::Start)?;
        settings.correlation.rules = self.rules.clone();
        settings.schemas = self.schemas.clone();
        let settings = Arc::new(settings);
        if stage == StageKind::Normalise {
            let group = topology::normalise_group(&self.config);
            indicators::read(&self.connection, &group, &self.around, self.ordinal)
                .map_err(WorkFailure::Start)?;
        }
        let open = |stage: StageKind, number: usize| {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let mut worker = topology::worker(&self.config, stage_named(stage), self.ordinal, number);
            if stage == StageKind::Normalise {
                worker.remotes.clone_from(&self.remotes);
            }
            let name = worker_named(stage, number);
            let log = self.patience.until(Wanted::by(stage, &name), || {
                KafkaLog::connect(self.connection.clone(), worker.clone())
            })?;
            tracing::info!(worker = %format!("{stage}-{number}"), group = worker.group_id, transactional_id = worker.transactional_id(), "joined its group");
            Ok(log)
        };
        braid_runtime::run(&settings, &[stage], open, &self.index, &self.around)
            .map_err(|failed| self.failed(failed))
    }

    fn failed(&self, failed: RunFailure) -> WorkFailure {
        let normalises = failed.worker.starts_with(StageKind::Normalise.as_str());
        let stage = if normalises { Stage::Normalise } else { Stage::Correlate };
        let group = topology::worker(&self.config, stage, self.ordinal, 0).group_id;
        WorkFailure::Worker { failed, group }
    }

    /// Looks once at each further cluster, so that a first start finds the topics that keep its offsets, and from then on
    /// beside the workers. One that is away is its sources' trouble.
    fn begin_remote_watches(&self) -> Result<(), Failure> {
        for cluster in &self.remotes {
            RemoteWatch::new(&self.config, cluster, &self.connection, &self.around)?.begin()?;
        }
        Ok(())
    }

    /// Creates what is missing of braid's own, if it may, and refuses to go on with topics on which nothing would be exactly
    /// once. A source's topic that is missing is that source's trouble: the watch tells of it, and the others are read.
    fn look_at_topics(&self) -> Result<(), Failure> {
        let cluster = Topics::connect(&self.connection)?;
        let specs = settings::topics(&self.config, &self.stages);
        let mut wrong: Vec<String> = if self.config.topics.create {
            let ensured = cluster.ensure(&specs)?;
            for topic in &ensured.created {
                tracing::info!(topic, "created");
            }
            ensured.differences.iter().map(ToString::to_string).collect()
        } else {
            cluster.differences(&specs)?.iter().map(ToString::to_string).collect()
        };
        wrong.extend(self.offsets_topics_wrong(&cluster)?);
        if wrong.is_empty() { Ok(()) } else { Err(Failure::Fatal(wrong.join("; "))) }
    }

    /// What is wrong with the topics that keep the offsets of other clusters, as far as they are there: one that forgets
    /// would have everything read again. How many partitions they need, and whether they may be missing, depends on
    /// clusters that may be away: the watch of each sees to that.
    fn offsets_topics_wrong(&self, cluster: &Topics) -> Result<Vec<String>, Failure> {
        let topics = self.remotes.iter().flat_map(|remote| &remote.topics);
        let specs: Vec<TopicSpec> =
            topics.map(|topic| remote::offsets_topic(&self.config, topic, 1)).collect();
        let found = cluster.differences(&specs)?.into_iter();
        let lasting = found.filter(|found| matches!(found.difference, Difference::Setting { .. }));
        Ok(lasting.map(|found| found.to_string()).collect())
    }
}

fn schemas(config: &Config, stages: &[StageKind], stop: &Stop) -> anyhow::Result<Option<Arc<dyn Schemas>>> {
    let reads = stages.contains(&StageKind::Normalise) && config.sources.iter().any(Source::is_read_as_avro);
    let Some(settings) = config.schema_registry.as_ref().filter(|_| reads) else { return Ok(None) };
    let memory = SchemaMemory::begin(settings, stop.clone())?;
    Ok(Some(memory))
}

fn stages(only: Option<Stage>) -> Vec<StageKind> {
    match only {
        None => vec![StageKind::Normalise, StageKind::Correlate],
        Some(Stage::Normalise) => vec![StageKind::Normalise],
        Some(Stage::Correlate) => vec![StageKind::Correlate],
    }
}

/// What every stage waits for.
const TOPICS: Wanted<'static> = Wanted::by_all("the topics");
/// Where the schemas of what is written are registered.
const SCHEMA_REGISTRY: Wanted<'static> = Wanted::by(StageKind::Correlate, "the schema registry");

/// The workers that this process will have: it is not ready before each has joined its group.
fn workers(settings: &config::Worker, stages: &[StageKind]) -> Vec<(StageKind, String)> {
    let threads = |stage| match stage {
        StageKind::Normalise => settings.normalise_threads,
        StageKind::Correlate => settings.correlate_threads,
    };
    let of = |stage: &StageKind| {
        let numbers = 0..u32::from(threads(*stage).get());
        numbers.map(|number| (*stage, worker_named(*stage, number))).collect::<Vec<_>>()
    };
    stages.iter().flat_map(of).collect()
}

fn worker_named(stage: StageKind, number: u32) -> String {
    format!("worker {stage}-{number}")
}

const fn stage_named(stage: StageKind) -> Stage {
    match stage {
        StageKind::Normalise => Stage::Normalise,
        StageKind::Correlate => Stage::Correlate,
    }
}
