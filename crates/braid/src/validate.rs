use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use braid_kafka::{
    Connection, FaultKind, SettingRefused, TopicFault, TopicWatch, Topics, WorkerSettings, probe_group,
    probe_transactions,
};
use braid_wire::Format;

use crate::Outcome;
use crate::cli::{Stage, Validate};
use crate::config::{self, Config, Source};
use crate::run::told;
use crate::schema_registry::SchemaRegistry;
use crate::wording::resolution;
use crate::{remote, rules, stdout, topology};

/// How often a topic is asked for that does not answer at once.
const LOOKS_MAX: u32 = 4;

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
        stdout::print(&format!(
            "{} is in order, and so are the topics, the groups and the transactions\n",
            file.display()
        ))?;
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
    let here = connection(config)?;
    wrong.extend(unreadable(&here, config, &sources)?.into_values());
    wrong.extend(remote_faults(config, &topics)?);
    let groups =
        [Stage::Normalise, Stage::Correlate].map(|stage| topology::worker(config, stage, 0, 0).group_id);
    wrong.extend(groups.iter().filter_map(|group| group_fault(&here, group)));
    wrong.extend(transactions_fault(config)?);
    wrong.extend(registry_fault(config));
    Ok(wrong)
}

/// Which of these topics of sources cannot be read, a sentence each: one record, or the end, is asked of each.
fn unreadable(
    connection: &Connection,
    config: &Config,
    topics: &[&str],
) -> anyhow::Result<BTreeMap<String, String>> {
    let watch = TopicWatch::connect(connection, &topology::normalise_group(config));
    let mut watch = watch.map_err(|failure| anyhow::anyhow!("{}", told(&failure)))?;
    let mut looks = 1;
    loop {
        let found = watch.look(topics, &[]);
        let passes = |fault: &TopicFault| fault.kind == FaultKind::Unreachable;
        match found {
            Err(fault) if !passes(&fault) || looks >= LOOKS_MAX => anyhow::bail!(fault.said),
            Ok(faults) if !faults.values().any(passes) || looks >= LOOKS_MAX => {
                let told = |(name, fault): (String, TopicFault)| (name.clone(), fault_told(&name, &fault));
                return Ok(faults.into_iter().map(told).collect());
            }
            _ => looks += 1,
        }
    }
}

fn fault_told(topic: &str, fault: &TopicFault) -> String {
    match fault.kind {
        FaultKind::Missing => format!("topic {topic} of a source is missing, or may not be described"),
        FaultKind::Authorization => {
            format!("topic {topic} of a source: {}; it needs Read (`braid topics --acls`)", fault.said)
        }
        _ => format!("topic {topic} of a source: {}", fault.said),
    }
}

/// Why nobody could work as a member of a group, if so.
fn group_fault(connection: &Connection, group_id: &str) -> Option<String> {
    let failure = probe_group(connection, group_id).err()?;
    let why = told(&failure);
    Some(format!("group {group_id}: {why}; it needs Read (`braid topics --acls`)"))
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
        let unread = unreadable(&cluster.connection, config, &names)?;
        for topic in &cluster.topics {
            if let Some(why) = unread.get(&*topic.topic) {
                wrong.push(format!("cluster {}: {why}", cluster.name));
                continue;
            }
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
