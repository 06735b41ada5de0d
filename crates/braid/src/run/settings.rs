use std::collections::BTreeMap;
use std::sync::Arc;

use braid_kafka::{Connection, TopicSpec};
use braid_log::Failure;
use braid_runtime::{BatchLimits, OutputKind, OutputTopic, Settings, Source, StageKind, Topics};
use braid_wire::AvroRecord;
use braid_wire::incident::Encoding;

use crate::config::{self, Config};
use crate::schema_registry::{RegistryError, SchemaRegistry};
use crate::{topology, validate};

/// The client's own bound on a record.
const RECORD_BYTES_SETTING: &str = "message.max.bytes";
/// What the client reckons for a record's frame, besides its content; generous.
const FRAME_BYTES: u64 = 4 << 10;

/// The connection that a configuration describes. The client is told how large a record may be, unless somebody has
/// said so: it would refuse what the topics take.
pub(super) fn connection(config: &Config) -> anyhow::Result<Connection> {
    let mut config = config.clone();
    let bytes = config.topics.record_bytes_max.count() + FRAME_BYTES;
    let settings = &mut config.kafka.settings;
    settings.entry(RECORD_BYTES_SETTING.to_owned()).or_insert(config::Secret::Literal(bytes.to_string()));
    validate::connection(&config)
}

/// The topics that these stages touch: who runs one stage need not have rights on the other's.
pub(super) fn topics(config: &Config, stages: &[StageKind]) -> Vec<TopicSpec> {
    let ours = &config.topics;
    let correlates = stages.contains(&StageKind::Correlate);
    let of_both = [&ours.alerts, &ours.dead_letters];
    let all = topology::topics(config).into_iter();
    all.filter(|spec| correlates || of_both.contains(&&spec.name)).collect()
}

/// What the workers are told.
///
/// # Errors
/// [`Failure::Retry`] if the schema registry does not answer yet, [`Failure::Fatal`] if it refuses.
pub(super) fn runtime(config: &Config, correlates: bool) -> Result<Settings, Failure> {
    let registry = Registry::of(config, correlates)?;
    let (topics, output, worker) = (&config.topics, &config.output, &config.worker);
    let incidents = registry.encoding(output.incidents.into(), &topics.incidents, AvroRecord::Incident)?;
    let events = registry.encoding(
        output.incident_events.into(),
        &topics.incident_events,
        AvroRecord::IncidentEvent,
    )?;
    Ok(Settings {
        topics: names(topics),
        alerts_partitions: topics.partitions.get().into(),
        sources: sources(config),
        incidents_encoding: incidents,
        incident_events_encoding: events,
        further_outputs: config.outputs.iter().map(|o| registry.output(o)).collect::<Result<_, _>>()?,
        incident_url_prefix: output.incident_url.as_deref().map(Into::into),
        correlation: config.correlation.settings(),
        message_bytes_max: usize::try_from(topics.record_bytes_max.count()).unwrap_or(usize::MAX),
        batch: BatchLimits {
            records_max: usize::try_from(worker.batch_records_max.get()).unwrap_or(usize::MAX),
            bytes_max: usize::try_from(worker.batch_bytes_max.count()).unwrap_or(usize::MAX),
            commit_interval: worker.commit_interval.duration(),
            ..BatchLimits::default()
        },
        normalise_threads: worker.normalise_threads.get().into(),
        correlate_threads: worker.correlate_threads.get().into(),
        ..Settings::default()
    })
}

fn names(topics: &config::Topics) -> Topics {
    Topics {
        alerts: topics.alerts.as_str().into(),
        incidents: topics.incidents.as_str().into(),
        incident_events: topics.incident_events.as_str().into(),
        dead_letters: topics.dead_letters.as_str().into(),
        changelog: topics.changelog.as_str().into(),
    }
}

fn sources(config: &Config) -> BTreeMap<Arc<str>, Source> {
    let enabled = config.sources.iter().filter(|source| source.enabled && !source.holds_indicators());
    let read = enabled.filter_map(|source| Some((source, source.rules(&config.tenants)?)));
    read.flat_map(|(source, rules)| {
        let read = Source { name: source.name.as_str().into(), rules };
        source.topic_names().map(move |topic| (topic.into(), read.clone()))
    })
    .collect()
}

/// The schema registry, where there is one and something to register.
struct Registry(Option<SchemaRegistry>);

impl Registry {
    fn of(config: &Config, correlates: bool) -> Result<Self, Failure> {
        let settings = config.schema_registry.as_ref().filter(|_| correlates);
        settings.map(SchemaRegistry::new).transpose().map(Self).map_err(|error| sorted(&error))
    }

    /// A further output; registers the schema of its topic.
    fn output(&self, output: &config::FurtherOutput) -> Result<OutputTopic, Failure> {
        let (holds, record) = match output.holds {
            config::Holds::Incidents => (OutputKind::Incidents, AvroRecord::Incident),
            config::Holds::IncidentEvents => (OutputKind::IncidentEvents, AvroRecord::IncidentEvent),
        };
        let encoding = self.encoding(output.encoding, &output.topic, record)?;
        Ok(OutputTopic { topic: output.topic.as_str().into(), holds, encoding })
    }

    /// How the values of a topic are written; registers their schema.
    fn encoding(&self, form: config::Form, topic: &str, record: AvroRecord) -> Result<Encoding, Failure> {
        match form {
            config::Form::Json => return Ok(Encoding::Json),
            config::Form::Ocsf => return Ok(Encoding::Ocsf),
            config::Form::Ecs => return Ok(Encoding::Ecs),
            config::Form::Cef => return Ok(Encoding::Cef),
            config::Form::Avro => {}
        }
        let Some(registry) = &self.0 else { return Ok(Encoding::Avro { registry_id: None }) };
        let id = registry.register(topic, record).map_err(|error| sorted(&error))?;
        tracing::info!(topic, schema = record.as_str(), id, "schema registered");
        Ok(Encoding::Avro { registry_id: Some(id) })
    }
}

fn sorted(error: &RegistryError) -> Failure {
    if error.is_passing() { Failure::Retry(error.to_string()) } else { Failure::Fatal(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(more: &str) -> Config {
        let text = format!(
            "kafka.brokers = [\"k:9092\"]\n{more}\n[[sources]]\nname = \"mdi\"\ntopics = [\"a\", \"b\"]\nformat = \
             \"mdi-cef\"\nenabled = true\ntenant = \"contoso\"\n[[sources]]\nname = \"off\"\ntopics = [\"c\"]\nformat = \
             \"mdi-cef\"\ntenant = \"contoso\"\n"
        );
        Config::parse(Path::new("braid.toml"), &text, []).unwrap_or_else(|faults| panic!("{faults}"))
    }

    #[test]
    fn what_is_configured_reaches_the_workers() {
        let more = "topics.partitions = 6\nworker.correlate_threads = 3\nworker.commit_interval = \"20ms\"\n\
                    topics.record_bytes_max = \"2MB\"\noutput.incident_url = \"https://b.example/i/\"\n\
                    output.incidents = \"avro\"\ncorrelation.hub_partners = 14\n[[outputs]]\ntopic = \"o\"\nholds = \"incident-events\"\n\
                    encoding = \"ocsf\"\n";
        let settings = runtime(&config(more), true).unwrap();
        assert_eq!(settings.sources.keys().map(|topic| &**topic).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((settings.alerts_partitions, settings.correlate_threads), (6, 3));
        assert_eq!(settings.batch.commit_interval.as_millis(), 20);
        assert_eq!(settings.message_bytes_max, 2_000_000);
        assert_eq!(settings.incident_url_prefix.as_deref(), Some("https://b.example/i/"));
        assert_eq!(settings.incidents_encoding, Encoding::Avro { registry_id: None });
        assert_eq!(settings.incident_events_encoding, Encoding::Json);
        assert_eq!(settings.correlation.hub_partners, 14);
        let further =
            OutputTopic { topic: "o".into(), holds: OutputKind::IncidentEvents, encoding: Encoding::Ocsf };
        assert_eq!(settings.further_outputs, [further]);
    }

    #[test]
    fn a_stage_asks_for_the_topics_that_it_touches_and_no_other() {
        let names = |stages: &[StageKind]| {
            let topics = topics(&config(""), stages).into_iter().map(|spec| spec.name);
            topics.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&[StageKind::Normalise]), "braid.alerts dead-letters");
        let all = "braid.alerts braid.changelog incidents incident-events dead-letters";
        assert_eq!(names(&[StageKind::Correlate]), all);
    }
}
