use std::time::Duration;

use anyhow::Context;
use braid_kafka::{Connection, SettingRefused, Topics, WorkerSettings, probe_transactions};
use braid_wire::Format;

use crate::Outcome;
use crate::cli::Validate;
use crate::config::{self, Config, Source};
use crate::run::told;
use crate::schema_registry::SchemaRegistry;
use crate::wording::resolution;
use crate::{remote, rules, stdout, topology};

/// Says everything that is wrong with a configuration and, if asked to, with the cluster's topics.
pub(crate) fn run(arguments: &Validate) -> anyhow::Result<Outcome> {
    let file = arguments.config.path();
    let config = Config::read(&file, config::variables())?;
    rules::named_by(&config, &file)?;
    let sources: String = config.sources.iter().map(|source| told_of(source) + "\n").collect();
    stdout::print(&sources)?;
    if !arguments.connect {
        stdout::print(&format!("{} is in order\n", file.display()))?;
        return Ok(Outcome::Done);
    }
    let wrong = cluster_faults(&config)?;
    for fault in &wrong {
        tell!("{fault}");
    }
    if wrong.is_empty() {
        stdout::print(&format!("{} is in order, and so are the topics and transactions\n", file.display()))?;
        return Ok(Outcome::Done);
    }
    Ok(Outcome::Refused)
}

/// A source in a line: whether it is on, what it reads, and whether its products say that an alert is done with.
fn told_of(source: &Source) -> String {
    let state = if source.enabled { "On" } else { "Off" };
    let format = source.format.map(|format| format.0);
    let name = format.map_or("", Format::as_str);
    let resolution =
        format.and_then(resolution).map_or(String::new(), |told| format!(", resolution: {told}"));
    let topics: Vec<String> = source.topic_names().collect();
    format!("{}: {state}, {name} from {}{resolution}", source.name, topics.join(", "))
}

/// What is not as needed on the cluster, a sentence each.
fn cluster_faults(config: &Config) -> anyhow::Result<Vec<String>> {
    let topics = Topics::connect(&connection(config)?)?;
    let differences = topics.differences(&topology::topics(config))?;
    let mut wrong: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let sources = topology::source_topics(config);
    let found = topics.describe(&sources)?;
    let missing = sources.iter().filter(|name| !found.iter().any(|topic| topic.name == **name));
    wrong.extend(missing.map(|name| format!("topic {name} of a source is missing, or may not be described")));
    wrong.extend(remote_faults(config, &topics)?);
    wrong.extend(transactions_fault(config)?);
    wrong.extend(registry_fault(config));
    Ok(wrong)
}

/// Why schemas could neither be registered nor looked up, if so. Nothing is registered here.
fn registry_fault(config: &Config) -> Option<String> {
    let registry = SchemaRegistry::new(config.schema_registry.as_ref()?);
    registry.and_then(|registry| registry.probe()).err().map(|error| error.to_string())
}

/// What is not as needed for the sources on other clusters: they must answer, have the topics, and each topic must have as
/// many partitions as the one here that keeps its offsets.
fn remote_faults(config: &Config, here: &Topics) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    let remotes = remote::remotes(config)?;
    for cluster in &remotes {
        let names: Vec<&str> = cluster.topics.iter().map(|topic| &*topic.topic).collect();
        let counted = Topics::connect(&cluster.connection).and_then(|there| there.partition_counts(&names));
        let counted = match counted {
            Ok(counted) => counted,
            Err(failure) => {
                wrong.push(format!("cluster {}: {}", cluster.name, told(&failure)));
                continue;
            }
        };
        for topic in &cluster.topics {
            match counted.get(&*topic.topic) {
                Some(count) => {
                    let differences = here.differences(&[remote::offsets_topic(config, topic, *count)])?;
                    wrong.extend(differences.iter().map(|difference| remote::told(difference, &remotes)));
                }
                None => wrong
                    .push(format!("topic {} of a source is missing, or may not be described", topic.name)),
            }
        }
    }
    Ok(wrong)
}

/// How long the cluster may take to give out a transactional id that nobody else uses.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// Why nothing could be written exactly once, if so. The probe has an id of its own, so that it fences no worker; what
/// is granted is the beginning of all of them.
fn transactions_fault(config: &Config) -> anyhow::Result<Option<String>> {
    let prefix = &config.kafka.transactional_id_prefix;
    let settings = WorkerSettings {
        transactional_id_prefix: prefix.clone(),
        settle_timeout: PROBE_MAX,
        ..WorkerSettings::new("probe", "", Vec::new())
    };
    let probed = probe_transactions(&connection(config)?, &settings);
    Ok(probed.err().map(|failure| {
        format!(
            "no transactions under ids that begin with {prefix}-: {}; they need Write and Describe on that beginning \
             (`braid topics --acls`), and a cluster that has transactions",
            told(&failure)
        )
    }))
}

/// The connection that a configuration describes, secrets read now.
pub(crate) fn connection(config: &Config) -> anyhow::Result<Connection> {
    let settings = config
        .kafka
        .connection()
        .map_err(|(name, error)| anyhow::Error::new(error).context(format!("kafka.settings.{name}")))?;
    Connection::new(settings)
        .map_err(|refused| {
            let reasons: Vec<String> = refused.iter().map(SettingRefused::to_string).collect();
            anyhow::anyhow!(reasons.join("; "))
        })
        .context("kafka.settings")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Word;

    #[test]
    fn a_source_is_told_in_a_line_with_what_it_does_not_report() {
        let source = |name: &str, format, enabled| {
            let topics = vec![format!("security.{name}"), "more".to_owned()];
            told_of(&Source {
                name: name.to_owned(),
                topics,
                format: Some(Word(format)),
                enabled,
                ..Source::default()
            })
        };
        assert_eq!(
            source("mdi", Format::MdiCef, true),
            "mdi: On, mdi-cef from security.mdi, more, resolution: not reported"
        );
        assert_eq!(
            source("mobile", Format::ZimperiumMtd, false),
            "mobile: Off, zimperium-mtd from security.mobile, more, resolution: reported"
        );
        assert_eq!(
            source("who", Format::BraidDirectoryAvro, true),
            "who: On, braid-directory-avro from security.who, more"
        );
    }
}
