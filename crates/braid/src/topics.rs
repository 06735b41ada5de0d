use std::collections::BTreeMap;
use std::fmt::Write;

use braid_kafka::{AclNeed, RemoteCluster, TopicSpec};

use crate::Outcome;
use crate::cli::Topics;
use crate::config::{self, Config};
use crate::run::told;
use crate::{remote, stdout, topology, validate};

/// What stands before the rights that no worker needs.
const PEOPLE: &str =
    "# Only for the commands `braid dlq` and `braid explain -c`; `braid dump` needs Read on what it dumps\n";

/// Prints the commands that create the topics and grant the rights, or creates the topics.
pub(crate) fn run(arguments: &Topics) -> anyhow::Result<Outcome> {
    let file = arguments.config.path();
    let config = if arguments.create {
        Config::read(&file, config::variables())?
    } else {
        // The further clusters are asked how many partitions there are; one whose secret is elsewhere is not.
        Config::read_for_plan(&file, config::variables())?
    };
    let specs = topology::topics(&config);
    let brokers = config.kafka.brokers.join(",");
    if !arguments.create {
        stdout::print(&commands(&brokers, &specs))?;
        stdout::print(&commands(&brokers, &topology::input_topics(&config)))?;
        stdout::print(&offsets_commands(&config, &brokers))?;
    }
    if arguments.acls {
        stdout::print(&grants(&brokers, &arguments.principal, &topology::rights(&config)))?;
        stdout::print(PEOPLE)?;
        stdout::print(&grants(&brokers, &arguments.principal, &topology::rights_of_people(&config)))?;
        for cluster in remote::clusters(&config) {
            let (brokers, needs) = (cluster.brokers.join(","), remote::rights_there(&config, cluster));
            stdout::print(&format!(
                "# On {}; Azure Event Hubs has no such commands: the claim Listen grants all of this\n",
                cluster.name
            ))?;
            stdout::print(&grants(&brokers, &arguments.principal, &needs))?;
        }
    }
    if arguments.create { create(&config, &specs) } else { Ok(Outcome::Done) }
}

fn create(config: &Config, specs: &[TopicSpec]) -> anyhow::Result<Outcome> {
    let cluster = braid_kafka::Topics::connect(&validate::connection(config)?)?;
    let mut specs = specs.to_vec();
    specs.extend(missing(&cluster, topology::input_topics(config))?);
    let remotes = remote::remotes(config)?;
    let (offsets, unknown) = offsets_topics(config);
    specs.extend(offsets);
    let ensured = cluster.ensure(&specs)?;
    for spec in &specs {
        if ensured.created.contains(&spec.name) {
            stdout::print(&format!("created {}: {}\n", spec.name, spec.purpose))?;
        } else if !ensured.differences.iter().any(|difference| difference.topic == spec.name) {
            stdout::print(&format!("{} is as needed: {}\n", spec.name, spec.purpose))?;
        }
    }
    for difference in &ensured.differences {
        tell!("{}", remote::told(difference, &remotes));
    }
    for why in &unknown {
        tell!("{why}");
    }
    let all = ensured.differences.is_empty() && unknown.is_empty();
    Ok(if all { Outcome::Done } else { Outcome::Refused })
}

/// Those that are not there yet: a directory's topic is often somebody else's, who has chosen its settings.
fn missing(cluster: &braid_kafka::Topics, specs: Vec<TopicSpec>) -> anyhow::Result<Vec<TopicSpec>> {
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    let found = cluster.describe(&names)?;
    Ok(specs.into_iter().filter(|spec| !found.iter().any(|topic| topic.name == spec.name)).collect())
}

/// The topics that keep the offsets of other clusters, and why the others of them cannot be described: how many partitions
/// they need, those clusters know.
fn offsets_topics(config: &Config) -> (Vec<TopicSpec>, Vec<String>) {
    let (mut specs, mut unknown) = (Vec::new(), Vec::new());
    for cluster in remote::clusters(config) {
        let counted = remote::remote(config, cluster)
            .map_err(|error| format!("{error:#}"))
            .and_then(|cluster| partition_counts(&cluster));
        for topic in &remote::topics(config, cluster) {
            let count = counted.as_ref().map(|counts| counts.get(&*topic.topic));
            let why = match count {
                Ok(Some(count)) => {
                    specs.push(remote::offsets_topic(config, topic, *count));
                    continue;
                }
                Ok(None) => "it is missing, or may not be described",
                Err(why) => why,
            };
            let (kept_in, name) = (&topic.offsets_topic, &topic.name);
            unknown.push(format!(
                "topic {kept_in} needs as many partitions as {name}, which is not known: {why}"
            ));
        }
    }
    (specs, unknown)
}

fn partition_counts(cluster: &RemoteCluster) -> Result<BTreeMap<String, u32>, String> {
    let names: Vec<&str> = cluster.topics.iter().map(|topic| &*topic.topic).collect();
    let there = braid_kafka::Topics::connect(&cluster.connection);
    let counted = there.and_then(|there| there.partition_counts(&names));
    counted.map_err(|failure| told(&failure).to_owned())
}

/// The commands that create them; a comment in place of one that cannot be given.
fn offsets_commands(config: &Config, brokers: &str) -> String {
    let (specs, unknown) = offsets_topics(config);
    let comments: String = unknown.iter().map(|why| format!("# {}\n\n", why.replace('\n', " "))).collect();
    commands(brokers, &specs) + &comments
}

/// The commands of Apache Kafka's own tools that create the topics.
fn commands(brokers: &str, specs: &[TopicSpec]) -> String {
    let mut text = String::new();
    for spec in specs {
        let replication =
            spec.replication.map(|factor| format!(" --replication-factor {factor}")).unwrap_or_default();
        let _ = write!(
            text,
            "# {}\nkafka-topics.sh --bootstrap-server {brokers} --create --if-not-exists --topic {} --partitions {}{replication}",
            spec.purpose, spec.name, spec.partitions
        );
        for (name, value) in &spec.settings {
            let _ = write!(text, " \\\n  --config {name}={value}");
        }
        text.push_str("\n\n");
    }
    text
}

/// The commands that grant the rights to `principal`.
fn grants(brokers: &str, principal: &str, needs: &[AclNeed]) -> String {
    needs
        .iter()
        .map(|need| {
            let why = need.why;
            format!("# {why}\nkafka-acls.sh --bootstrap-server {brokers} --add --allow-principal {principal} {need}\n")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_commands_can_be_pasted_into_a_shell() {
        let config = Config::default();
        let specs = topology::topics(&config);
        expect![[r"
            # what could not be read, and why
            kafka-topics.sh --bootstrap-server k:9092 --create --if-not-exists --topic dead-letters --partitions 3 --replication-factor 3 \
              --config cleanup.policy=delete \
              --config max.message.bytes=1048588 \
              --config message.timestamp.type=LogAppendTime \
              --config min.insync.replicas=2 \
              --config retention.ms=1209600000

        "]]
        .assert_eq(&commands("k:9092", &specs[4..]));
        let grants = grants("k:9092", "User:braid", &topology::rights(&config));
        assert!(grants.contains(
            "kafka-acls.sh --bootstrap-server k:9092 --add --allow-principal User:braid --operation Write \
             --transactional-id braid- --resource-pattern-type prefixed\n"
        ));
    }
}
