//! braid as it runs in production, with a broker in the same process.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context, anyhow};
use braid_kafka::{Connection, ConnectionSettings, EmbeddedBroker, KafkaLog, WorkerSettings};
use braid_runtime::{HotIndex, Metrics, Readiness, RunFailure, Settings, StageKind, Stop, Surroundings, run};

use super::story::sources;

/// How many partitions the alerts topic and the changelog have; the demo's only tenant lives in one of them.
const ALERTS_PARTITIONS: u32 = 3;

/// The broker, and both stages on threads of their own.
pub(super) struct Instance {
    settings: Arc<Settings>,
    connection: Arc<Connection>,
    stop: Stop,
    running: Option<JoinHandle<Result<(), RunFailure>>>,
    // Last, so that it outlives its clients.
    _broker: EmbeddedBroker,
}

impl Instance {
    /// Starts the broker, creates the topics and starts both stages.
    ///
    /// # Errors
    /// If the broker cannot listen on loopback, or there is no thread.
    pub(super) fn start() -> anyhow::Result<Self> {
        let settings = Arc::new(Settings {
            alerts_partitions: i32::try_from(ALERTS_PARTITIONS).expect("it is a small number"),
            sources: sources().into_iter().collect(),
            ..Settings::default()
        });
        let broker = EmbeddedBroker::start()?;
        create_topics(&broker, &settings)?;
        let connection = ConnectionSettings { brokers: broker.brokers(), settings: broker.settings() };
        let connection = Connection::new(connection)
            .map_err(|faults| anyhow!("settings of the broker in process: {faults:?}"))?;
        let (connection, stop) = (Arc::new(connection), Stop::new());
        let running = start_stages(settings.clone(), connection.clone(), stop.clone())?;
        Ok(Self { settings, connection, stop, running: Some(running), _broker: broker })
    }

    pub(super) const fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    pub(super) const fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Whether both stages still run.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        if self.running.as_ref().is_some_and(|running| !running.is_finished()) {
            return Ok(());
        }
        self.join()?;
        Err(anyhow!("the stages have stopped although nobody asked them to"))
    }

    /// Stops both stages the way SIGTERM does, and waits for them.
    ///
    /// # Errors
    /// If one of them had failed.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        self.join()
    }

    fn join(&mut self) -> anyhow::Result<()> {
        self.stop.request();
        let Some(running) = self.running.take() else { return Ok(()) };
        let ended = running.join().map_err(|_| anyhow!("a stage has panicked; its message says why"))?;
        ended.context("a stage has failed")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // What went wrong, if anything, has been told by whoever is leaving early.
        let _ = self.join();
    }
}

fn create_topics(broker: &EmbeddedBroker, settings: &Settings) -> anyhow::Result<()> {
    let topics = &settings.topics;
    for topic in settings.sources.keys() {
        broker.create_topic(topic, 1)?;
    }
    for topic in [&topics.alerts, &topics.changelog] {
        broker.create_topic(topic, ALERTS_PARTITIONS)?;
    }
    for topic in [&topics.incidents, &topics.incident_events, &topics.dead_letters] {
        broker.create_topic(topic, 1)?;
    }
    Ok(())
}

fn start_stages(
    settings: Arc<Settings>,
    connection: Arc<Connection>,
    stop: Stop,
) -> anyhow::Result<JoinHandle<Result<(), RunFailure>>> {
    let topics = &settings.topics;
    let own = [&topics.alerts, &topics.changelog, &topics.incidents, &topics.incident_events];
    let names = settings.sources.values().map(|source| &*source.name);
    let metrics = Metrics::new(names, own.map(|topic| &**topic).into_iter().chain([&*topics.dead_letters]));
    let readiness = Arc::new(Readiness::new(stop.clone()));
    let around = Surroundings {
        stop,
        readiness,
        metrics: Arc::new(metrics),
        source_health: Arc::default(),
        integrations: Arc::default(),
        indicators: Arc::default(),
    };
    let work = move || {
        let open = |stage: StageKind, _| KafkaLog::connect(connection.clone(), worker(stage, &settings));
        let stages = [StageKind::Normalise, StageKind::Correlate];
        run(&settings, &stages, open, &Arc::new(HotIndex::new()), &around)
    };
    thread::Builder::new().name("stages".into()).spawn(work).context("no thread for the stages")
}

fn worker(stage: StageKind, settings: &Settings) -> WorkerSettings {
    let topics = match stage {
        StageKind::Normalise => settings.sources.keys().cloned().collect(),
        StageKind::Correlate => vec![settings.topics.alerts.clone()],
    };
    WorkerSettings::new(stage.as_str(), &format!("braid-{stage}"), topics)
}
