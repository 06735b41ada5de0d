//! What braid needs of a cluster: its topics with their settings, and its rights, as data made of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::sync::Arc;

use braid_kafka::{AclNeed, AclResource, TopicSpec, WorkerSettings, topic_rights, worker_rights};
use braid_wire::Holds;

use crate::cli::Stage;
use crate::config::{self, Config, FurtherOutput, Period, Source};
use crate::remote;

/// What a record's frame, headers and batch may take beyond its content. Chosen so that the default for the largest
/// record (1 MB) fits a topic with Kafka's own default for `max.message.bytes`, 1,048,588.
const RECORD_OVERHEAD_BYTES: u64 = 48_588;

/// The topics that braid owns, as they are created.
///
/// All carry `LogAppendTime`: an alert of two months ago that arrives today would else be deleted by retention within
/// minutes. The changelog has the partitions of the alerts topic, for a partition's state follows the partition.
pub fn topics(config: &Config) -> Vec<TopicSpec> {
    let topics = &config.topics;
    let deleted = |retention: Period| ("delete", Some(retention));
    let compacted = ("compact", None);
    let spec = |name: &str, partitions: NonZeroU16, cleanup, purpose| {
        topic(config, name, partitions, cleanup, purpose)
    };
    let mut specs = vec![
        spec(&topics.alerts, topics.partitions, deleted(topics.alerts_retention), "every alert, by tenant"),
        spec(&topics.changelog, topics.partitions, compacted, "what correlation knows, for restore"),
        spec(
            &topics.incidents,
            topics.incidents_partitions,
            compacted,
            "the current state of every incident",
        ),
        spec(
            &topics.incident_events,
            topics.incident_events_partitions,
            deleted(topics.incident_events_retention),
            "every change of every incident",
        ),
        spec(
            &topics.dead_letters,
            topics.dead_letters_partitions,
            deleted(topics.dead_letters_retention),
            "what could not be read, and why",
        ),
    ];
    specs.extend(config.outputs.iter().map(|output| further_output(config, output)));
    specs
}

/// A further output is made like the topic that holds the same.
fn further_output(config: &Config, output: &FurtherOutput) -> TopicSpec {
    let topics = &config.topics;
    let (partitions, cleanup, purpose) = match output.holds {
        config::Holds::Incidents => (
            topics.incidents_partitions,
            ("compact", None),
            "the current state of every incident, in another form",
        ),
        config::Holds::IncidentEvents => (
            topics.incident_events_partitions,
            ("delete", Some(topics.incident_events_retention)),
            "every change of every incident, in another form",
        ),
    };
    topic(config, &output.topic, output.partitions.unwrap_or(partitions), cleanup, purpose)
}

/// How many partitions the topics of directories and commands get. Any number will do: normalise keys their records
/// anew, and few people send commands.
const INPUT_PARTITIONS: NonZeroU16 = NonZeroU16::new(3).expect("it is not zero");

/// The topics of directories and commands that are configured. Nobody's product makes them, so braid can: a directory
/// is compacted, for what it says of an object holds until it says otherwise. Those that are there are taken as they
/// are.
pub fn input_topics(config: &Config) -> Vec<TopicSpec> {
    let topics = |source: &Source| -> Vec<TopicSpec> {
        let (cleanup, purpose) = match source.format.map(|format| format.0.holds()) {
            Some(Holds::Directory) => (("compact", None), "who is who: users and computers"),
            Some(Holds::Commands) => {
                (("delete", Some(config.topics.alerts_retention)), "what people want changed")
            }
            Some(Holds::Indicators) => (("compact", None), "what threat intelligence knows"),
            Some(Holds::Alerts) | None => return Vec::new(),
        };
        source.topics.iter().map(|name| topic(config, name, INPUT_PARTITIONS, cleanup, purpose)).collect()
    };
    // What stands on another cluster is that cluster's to make.
    config
        .sources
        .iter()
        .filter(|source| source.enabled && source.cluster.is_none())
        .flat_map(topics)
        .collect()
}

fn topic(
    config: &Config,
    name: &str,
    partitions: NonZeroU16,
    (policy, retention): (&str, Option<Period>),
    purpose: &str,
) -> TopicSpec {
    let topics = &config.topics;
    let mut settings = BTreeMap::from([
        ("cleanup.policy", policy.to_owned()),
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("max.message.bytes", (topics.record_bytes_max.count() + RECORD_OVERHEAD_BYTES).to_string()),
        ("min.insync.replicas", topics.min_insync_replicas.to_string()),
    ]);
    if let Some(retention) = retention {
        settings.insert("retention.ms", retention.duration().as_millis().to_string());
    }
    TopicSpec {
        name: name.to_owned(),
        partitions: partitions.get().into(),
        replication: Some(topics.replication_factor.get()),
        settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        purpose: purpose.to_owned(),
    }
}

/// A compacted topic of one partition.
pub(crate) fn compacted(config: &Config, name: &str, purpose: &str) -> TopicSpec {
    topic(config, name, NonZeroU16::MIN, ("compact", None), purpose)
}

/// The topics of the sources that are enabled, in the order of the configuration. Those on other clusters are not among
/// them: [`crate::remote`] has them.
pub fn source_topics(config: &Config) -> Vec<&str> {
    let enabled = config.sources.iter().filter(|source| source.enabled && source.cluster.is_none());
    enabled.flat_map(|source: &Source| source.topics.iter().map(String::as_str)).collect()
}

/// The group of normalise.
pub(crate) fn normalise_group(config: &Config) -> String {
    format!("{}-normalise", config.kafka.group_prefix)
}

/// Those of them that hold inputs, which the workers of normalise share. The others are read whole by each instance.
fn input_source_topics(config: &Config) -> Vec<&str> {
    let indicators: Vec<&str> =
        indicator_sources(config).flat_map(|source| &source.topics).map(String::as_str).collect();
    source_topics(config).into_iter().filter(|topic| !indicators.contains(topic)).collect()
}

/// The sources of threat intelligence that are enabled.
pub(crate) fn indicator_sources(config: &Config) -> impl Iterator<Item = &Source> {
    config.sources.iter().filter(|source| source.enabled && source.holds_indicators())
}

/// What one thread of a stage reads, as whom, and under which name it writes.
pub fn worker(config: &Config, stage: Stage, ordinal: u32, thread: u32) -> WorkerSettings {
    let (name, read) = match stage {
        Stage::Normalise => ("normalise", input_source_topics(config)),
        Stage::Correlate => ("correlate", vec![config.topics.alerts.as_str()]),
    };
    let group = format!("{}-{name}", config.kafka.group_prefix);
    WorkerSettings {
        transactional_id_prefix: config.kafka.transactional_id_prefix.clone(),
        ordinal,
        thread,
        topics_stand_alone: stage == Stage::Normalise,
        ..WorkerSettings::new(name, &group, read.into_iter().map(Arc::from).collect())
    }
}

/// The rights that braid's user needs for a run of both stages, and for `topics --create`.
pub fn rights(config: &Config) -> Vec<AclNeed> {
    let topics = &config.topics;
    let normalised = [topics.alerts.as_str(), &topics.dead_letters];
    // Correlation writes to the alerts topic as well: the ticks of the clock.
    let mut correlated = vec![
        topics.incidents.as_str(),
        &topics.incident_events,
        &topics.dead_letters,
        &topics.changelog,
        &topics.alerts,
    ];
    correlated.extend(config.outputs.iter().map(|output| output.topic.as_str()));
    let mut needs = worker_rights(&worker(config, Stage::Normalise, 0, 0), &normalised, None);
    needs.extend(worker_rights(
        &worker(config, Stage::Correlate, 0, 0),
        &correlated,
        Some(&topics.changelog),
    ));
    needs.extend(topic_rights(&self::topics(config)));
    needs.extend(indicator_sources(config).flat_map(|source| &source.topics).map(|topic| AclNeed {
        resource: AclResource::Topic(topic.clone()),
        operation: "Read",
        why: "read the indicators",
    }));
    needs.extend(remote::rights(config));
    let mut seen = BTreeSet::new();
    needs.retain(|need| seen.insert(need.to_string()));
    needs
}

/// What `braid dlq` and `braid explain -c` need beyond [`rights`]: no worker reads what it has written, nor writes what it
/// reads.
pub fn rights_of_people(config: &Config) -> Vec<AclNeed> {
    let topics = &config.topics;
    let need = |topic: &str, operation, why| AclNeed {
        resource: AclResource::Topic(topic.to_owned()),
        operation,
        why,
    };
    let mut needs = vec![
        need(&topics.dead_letters, "Read", "braid dlq: what could not be read"),
        need(&topics.incidents, "Read", "braid explain -c: what became of an incident"),
        need(&topics.incident_events, "Read", "braid explain -c: why"),
    ];
    needs.extend(
        input_source_topics(config)
            .into_iter()
            .map(|topic| need(topic, "Write", "braid dlq replay: a record goes back to where it came from")),
    );
    let already: BTreeSet<String> = rights(config).iter().map(ToString::to_string).collect();
    needs.retain(|need| !already.contains(&need.to_string()));
    needs
}

#[cfg(test)]
mod tests {
    use braid_wire::Format;
    use expect_test::expect;

    use super::*;
    use crate::config::{Holds, Word};

    fn config() -> Config {
        let mut config = Config::default();
        let source = |name: &str, enabled| Source {
            name: name.to_owned(),
            topics: vec![format!("security.{name}")],
            enabled,
            ..Source::default()
        };
        config.sources = vec![source("mdi", true), source("graph", false)];
        config
    }

    #[test]
    fn the_topics_keep_the_contracts_that_exactly_once_rests_on() {
        let lines: Vec<String> = topics(&config())
            .iter()
            .map(|spec| {
                format!("{} {} {:?} {:?}", spec.name, spec.partitions, spec.replication, spec.settings)
            })
            .collect();
        expect![[r#"
            braid.alerts 12 Some(3) {"cleanup.policy": "delete", "max.message.bytes": "1048588", "message.timestamp.type": "LogAppendTime", "min.insync.replicas": "2", "retention.ms": "604800000"}
            braid.changelog 12 Some(3) {"cleanup.policy": "compact", "max.message.bytes": "1048588", "message.timestamp.type": "LogAppendTime", "min.insync.replicas": "2"}
            incidents 12 Some(3) {"cleanup.policy": "compact", "max.message.bytes": "1048588", "message.timestamp.type": "LogAppendTime", "min.insync.replicas": "2"}
            incident-events 12 Some(3) {"cleanup.policy": "delete", "max.message.bytes": "1048588", "message.timestamp.type": "LogAppendTime", "min.insync.replicas": "2", "retention.ms": "2592000000"}
            dead-letters 3 Some(3) {"cleanup.policy": "delete", "max.message.bytes": "1048588", "message.timestamp.type": "LogAppendTime", "min.insync.replicas": "2", "retention.ms": "1209600000"}"#]]
        .assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_further_output_is_made_like_the_topic_that_holds_the_same() {
        let mut config = config();
        let output = |topic: &str, holds, partitions| FurtherOutput {
            topic: topic.to_owned(),
            holds,
            partitions: NonZeroU16::new(partitions),
            ..FurtherOutput::default()
        };
        config.outputs =
            vec![output("i.ocsf", Holds::Incidents, 0), output("e.ocsf", Holds::IncidentEvents, 3)];
        let specs = topics(&config);
        let [.., incidents, events] = &specs[..] else { panic!("{specs:?}") };
        assert_eq!((incidents.name.as_str(), incidents.partitions), ("i.ocsf", 12));
        assert_eq!(incidents.settings, specs[2].settings);
        assert_eq!((events.partitions, &events.settings), (3, &specs[3].settings));
        let rights: Vec<String> = rights(&config).iter().map(ToString::to_string).collect();
        assert!(rights.contains(&"--operation Write --topic i.ocsf".to_owned()), "{rights:?}");
    }

    #[test]
    fn a_directory_gets_a_compacted_topic_and_commands_one_that_forgets() {
        let mut config = config();
        let source = |name: &str, format, enabled| Source {
            name: name.to_owned(),
            topics: vec![format!("braid.{name}")],
            format: Some(Word(format)),
            enabled,
            ..Source::default()
        };
        config.sources.push(source("directory", Format::BraidDirectoryJson, true));
        config.sources.push(source("commands", Format::BraidCommandAvro, true));
        config.sources.push(source("off", Format::BraidCommandJson, false));
        let specs = input_topics(&config);
        let told: Vec<_> =
            specs.iter().map(|spec| (&*spec.name, &*spec.settings["cleanup.policy"])).collect();
        assert_eq!(told, [("braid.directory", "compact"), ("braid.commands", "delete")]);
        assert!(
            !specs[0].settings.contains_key("retention.ms") && specs[1].settings.contains_key("retention.ms")
        );
        let rights: Vec<String> = rights(&config).iter().map(ToString::to_string).collect();
        assert!(rights.contains(&"--operation Read --topic braid.directory".to_owned()), "{rights:?}");
    }

    #[test]
    fn only_enabled_sources_are_read_and_each_right_is_asked_for_once() {
        let needs: Vec<String> = rights(&config()).iter().map(ToString::to_string).collect();
        assert!(needs.contains(&"--operation Read --topic security.mdi".to_owned()));
        assert!(!needs.iter().any(|need| need.contains("security.graph")));
        assert!(needs.contains(&"--operation Write --topic braid.alerts".to_owned()));
        let distinct: BTreeSet<&String> = needs.iter().collect();
        assert_eq!(distinct.len(), needs.len());
        let people: Vec<String> = rights_of_people(&config()).iter().map(ToString::to_string).collect();
        assert_eq!(
            people,
            [
                "--operation Read --topic dead-letters",
                "--operation Read --topic incidents",
                "--operation Read --topic incident-events",
                "--operation Write --topic security.mdi"
            ]
        );
    }

    #[test]
    fn a_thread_has_a_transactional_id_of_its_own_that_a_restart_finds_again() {
        let settings = worker(&config(), Stage::Correlate, 2, 1);
        assert_eq!(settings.transactional_id(), "braid-correlate-2-1");
        assert_eq!(settings.group_id, "braid-correlate");
    }
}
