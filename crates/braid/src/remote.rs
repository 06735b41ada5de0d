//! What is read of further clusters, as the workers and the topics that keep its offsets need it.

use anyhow::Context;
use braid_kafka::{
    AclNeed, AclResource, Connection, Difference, RemoteCluster, RemoteTopic, SettingRefused,
    TopicDifference, TopicSpec,
};

use crate::config::{Cluster, Config};
use crate::topology;

/// The clusters that enabled sources are read from.
pub(crate) fn clusters(config: &Config) -> Vec<&Cluster> {
    let is_read = |cluster: &&Cluster| !topics(config, cluster).is_empty();
    config.clusters.iter().filter(is_read).collect()
}

/// The topics of a cluster that enabled sources are read from.
pub(crate) fn topics(config: &Config, cluster: &Cluster) -> Vec<RemoteTopic> {
    let sources = config.sources.iter().filter(|source| source.enabled);
    let of_cluster = sources.filter(|source| source.cluster.as_ref() == Some(&cluster.name));
    let topic = |topic: &String| RemoteTopic {
        name: cluster.topic_name(topic).into(),
        topic: topic.as_str().into(),
        offsets_topic: config.topics.offsets_of(&cluster.name, topic).into(),
    };
    of_cluster.flat_map(|source| source.topics.iter().map(topic)).collect()
}

/// The same, and how to reach it, secrets read now.
pub(crate) fn remote(config: &Config, cluster: &Cluster) -> anyhow::Result<RemoteCluster> {
    let place = || format!("clusters ({})", cluster.name);
    let settings = cluster
        .connection()
        .map_err(|(name, error)| anyhow::Error::new(error).context(format!("settings.{name}")))
        .with_context(place)?;
    let connection = Connection::new(settings).map_err(|refused| {
        let reasons: Vec<String> = refused.iter().map(SettingRefused::to_string).collect();
        anyhow::anyhow!(reasons.join("; "))
    });
    Ok(RemoteCluster {
        name: cluster.name.as_str().into(),
        connection: connection.with_context(place)?,
        topics: topics(config, cluster),
    })
}

/// All of them.
pub(crate) fn remotes(config: &Config) -> anyhow::Result<Vec<RemoteCluster>> {
    clusters(config).into_iter().map(|cluster| remote(config, cluster)).collect()
}

/// The topic that keeps the offsets of a topic with so many partitions.
pub(crate) fn offsets_topic(config: &Config, topic: &RemoteTopic, partitions: u32) -> TopicSpec {
    let purpose = format!("how far {} has been read", topic.name);
    let mut spec = topology::compacted(config, &topic.offsets_topic, &purpose);
    spec.partitions = partitions;
    // Every transaction leaves a record, and only what is no longer written to is compacted.
    spec.settings.insert("segment.bytes".to_owned(), (16 << 20).to_string());
    spec
}

/// How a topic differs from what is needed; of one that keeps the offsets of one of `remotes` it says what to do.
pub(crate) fn told(difference: &TopicDifference, remotes: &[RemoteCluster]) -> String {
    let mut topics = remotes.iter().flat_map(|cluster| &cluster.topics);
    let keeps = topics.find(|topic| *topic.offsets_topic == difference.topic);
    let fault = match (&difference.difference, keeps) {
        (Difference::Partitions { needed, found }, Some(topic)) => count_fault(topic, *needed, *found),
        _ => None,
    };
    fault.map_or_else(|| difference.to_string(), |(what, advice)| format!("{what}; {advice}"))
}

/// How a topic that keeps offsets differs from what the topic needs whose offsets it keeps: a sentence that says what to do.
pub(crate) fn count_fault(topic: &RemoteTopic, there: u32, kept: u32) -> Option<(String, String)> {
    let RemoteTopic { name, offsets_topic, .. } = topic;
    if kept < there {
        let what = format!(
            "{name} has {there} partitions and {offsets_topic}, which keeps its offsets, {kept}: the partitions from {kept} \
             on are not read"
        );
        let advice = format!(
            "kafka-topics.sh --bootstrap-server … --alter --topic {offsets_topic} --partitions {there} (on the cluster \
             of [kafka]; nothing in it need be moved); they are then read from their first record"
        );
        return Some((what, advice));
    }
    (kept > there).then(|| {
        let what = format!(
            "{name} has {there} partitions and {offsets_topic}, which keeps its offsets, {kept}: it has been made anew, \
             or is another topic"
        );
        let advice = format!(
            "stop braid, delete {offsets_topic} and have it made anew (`braid topics --create`): {name} is then read \
             from its first record"
        );
        (what, advice)
    })
}

/// The rights on the topics that keep the offsets, on the cluster of `[kafka]`.
pub(crate) fn rights(config: &Config) -> Vec<AclNeed> {
    let topics = clusters(config).into_iter().flat_map(|cluster| topics(config, cluster));
    let needs = |topic: RemoteTopic| {
        let need = |operation, why| AclNeed {
            resource: AclResource::Topic(topic.offsets_topic.to_string()),
            operation,
            why,
        };
        [
            need("Read", "where another cluster is to be read next"),
            need("Write", "how far another cluster has been read"),
            need("DescribeConfigs", "compare its settings"),
            need("Create", "create it if it is missing"),
        ]
    };
    topics.flat_map(needs).collect()
}

/// The rights on the topics of the cluster itself.
pub(crate) fn rights_there(config: &Config, cluster: &Cluster) -> Vec<AclNeed> {
    let topics = topics(config, cluster).into_iter().map(|topic| AclNeed {
        resource: AclResource::Topic(topic.topic.to_string()),
        operation: "Read",
        why: "what the worker works on",
    });
    let group = AclNeed {
        resource: AclResource::Group(topology::normalise_group(config)),
        operation: "Describe",
        why: "the client asks for the group that it names, and joins none",
    };
    topics.chain([group]).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config() -> Config {
        let text = "kafka.brokers = [\"k:9092\"]\n[[clusters]]\nname = \"hub\"\nbrokers = [\"h:9093\"]\n\
             [[clusters]]\nname = \"idle\"\nbrokers = [\"i:9093\"]\n\
             [[sources]]\nname = \"mdi\"\ntopics = [\"alerts\"]\nformat = \"mdi-cef\"\nenabled = true\ntenant = \"c\"\n\
             [[sources]]\nname = \"xdr\"\ncluster = \"hub\"\ntopics = [\"alerts\", \"more\"]\nformat = \
             \"defender-xdr-streaming\"\nenabled = true\ntenant = \"c\"\n\
             [[sources]]\nname = \"off\"\ncluster = \"idle\"\ntopics = [\"alerts\"]\nformat = \"mdi-cef\"\ntenant = \"c\"\n";
        Config::parse(Path::new("braid.toml"), text, []).unwrap_or_else(|faults| panic!("{faults}"))
    }

    #[test]
    fn one_topic_of_two_clusters_has_two_names_and_what_is_off_is_not_read() {
        let config = config();
        let remotes = remotes(&config).unwrap();
        assert_eq!(remotes.len(), 1, "{remotes:?}");
        let told: Vec<String> = remotes[0]
            .topics
            .iter()
            .map(|topic| format!("{} {} {}", topic.name, topic.topic, topic.offsets_topic))
            .collect();
        assert_eq!(
            told,
            ["hub:alerts alerts braid.offsets.hub.alerts", "hub:more more braid.offsets.hub.more"]
        );
        assert_eq!(topology::source_topics(&config), ["alerts"]);
        assert_eq!(config.sources[0].topic_names().collect::<Vec<_>>(), ["alerts"]);
    }

    #[test]
    fn what_keeps_offsets_is_compacted_and_has_the_partitions_of_what_is_read() {
        let config = config();
        let topic = &topics(&config, &config.clusters[0])[0];
        let spec = offsets_topic(&config, topic, 7);
        assert_eq!((spec.name.as_str(), spec.partitions), ("braid.offsets.hub.alerts", 7));
        assert_eq!(spec.settings["cleanup.policy"], "compact");
        assert_eq!(spec.purpose, "how far hub:alerts has been read");
        assert_eq!(count_fault(topic, 7, 7), None);
        let (grown, advice) = count_fault(topic, 8, 7).unwrap();
        assert!(grown.contains("the partitions from 7 on are not read"), "{grown}");
        assert!(advice.contains("--alter --topic braid.offsets.hub.alerts --partitions 8"), "{advice}");
        assert!(count_fault(topic, 2, 7).unwrap().0.contains("made anew"));
    }

    #[test]
    fn rights_are_asked_for_on_the_cluster_where_they_are_needed() {
        let config = config();
        let here: Vec<String> = rights(&config).iter().map(ToString::to_string).collect();
        assert!(here.contains(&"--operation Write --topic braid.offsets.hub.more".to_owned()), "{here:?}");
        let there: Vec<String> =
            rights_there(&config, &config.clusters[0]).iter().map(ToString::to_string).collect();
        assert_eq!(
            there,
            [
                "--operation Read --topic alerts",
                "--operation Read --topic more",
                "--operation Describe --group braid-normalise"
            ]
        );
    }
}
