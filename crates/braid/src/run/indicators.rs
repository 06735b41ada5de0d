//! The table of indicators: read whole before the first alert, and followed from then on.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use braid_kafka::{Connection, KafkaTable};
use braid_log::Failure;
use braid_runtime::indicators::{Followed, IndicatorSource, Indicators, follow};
use braid_runtime::{StageKind, Surroundings};

use crate::config::Config;
use crate::topology;

/// For how long nothing may be readable before the alerts are read without. Intelligence that is away must not keep alerts
/// waiting; what it knows of them is then missing, which the status of the source says.
const READABLE_MAX: Duration = Duration::from_secs(30);

/// How often it is looked how far the tables are.
const PACE: Duration = Duration::from_millis(50);

/// What `/readyz` calls the reading.
const NAME: &str = "indicators";

/// The table that these stages need, still empty.
pub(super) fn table(config: &Config, stages: &[StageKind]) -> Indicators {
    let sources = if stages.contains(&StageKind::Normalise) { sources(config) } else { Vec::new() };
    Indicators::new(sources, config.worker.indicators_bytes_max.count())
}

fn sources(config: &Config) -> Vec<IndicatorSource> {
    let source = |source: &crate::config::Source| IndicatorSource {
        name: source.name.as_str().into(),
        tenant: source.tenant_name().map(|name| config.tenants.named(name)),
        topics: source.topics.iter().map(|topic| topic.as_str().into()).collect(),
        exclusions: source.observables().collect(),
    };
    topology::indicator_sources(config).map(source).collect()
}

/// Begins to follow every topic, and returns when all are whole, or when one cannot be read. The group is one that braid's
/// user may describe.
///
/// # Errors
/// [`Failure::Fatal`] if a client or a thread cannot be made.
pub(super) fn read(
    connection: &Arc<Connection>,
    group_id: &str,
    around: &Surroundings,
    ordinal: u32,
) -> Result<(), Failure> {
    let mut followed = Vec::new();
    for source in around.indicators.sources() {
        for topic in &source.topics {
            let client = format!("braid-indicators-{ordinal}");
            let table = KafkaTable::open(connection, &client, group_id, topic.clone())?;
            followed.push(begin(table, source.clone(), topic.clone(), around.clone())?);
        }
    }
    wait(&followed, around);
    Ok(())
}

fn begin(
    table: KafkaTable,
    source: IndicatorSource,
    topic: Arc<str>,
    around: Surroundings,
) -> Result<Followed, Failure> {
    let followed = Followed::default();
    let shown = followed.clone();
    let run = move || {
        if let Err(failure) = follow(table, &source, &topic, &around, &shown) {
            tracing::error!(source = %source.name, %topic, %failure, "the indicators are followed no further");
            around.stop.request();
        }
    };
    let spawned = thread::Builder::new().name("indicators".into()).spawn(run);
    spawned.map_err(|error| Failure::Fatal(format!("no thread to read indicators on: {error}")))?;
    Ok(followed)
}

fn wait(followed: &[Followed], around: &Surroundings) {
    let mut readable_at = Instant::now();
    while !around.stop.requested() && !followed.iter().all(Followed::is_whole) {
        around
            .readiness
            .trouble(NAME, "the indicators are being read, and the alerts wait for them".to_owned());
        if !followed.iter().any(Followed::is_failing) {
            readable_at = Instant::now();
        }
        if readable_at.elapsed() >= READABLE_MAX {
            tracing::error!("indicators cannot be read: the alerts are read without what these would tell");
            break;
        }
        thread::sleep(PACE);
    }
    around.readiness.calm(NAME);
}
