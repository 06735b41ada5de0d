//! The further clusters, and the sources that are read from them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checks, hint, is_topic, not_a_topic};
use crate::config::{Config, Source};

impl Checks<'_> {
    pub(super) fn clusters(&mut self, config: &Config) {
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, cluster) in config.clusters.iter().enumerate() {
            let key = |name: &str| ["clusters".into(), at.into(), name.into()];
            let name = cluster.name.as_str();
            self.must(
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)),
                &key("name"),
                "a cluster needs a name of letters, digits, `_` and `-`: it becomes a part of topics' names",
            );
            if !name.is_empty() && names.insert(name, at).is_some() {
                self.fault(&key("name"), format!("another cluster is called `{name}` already"));
            }
            self.brokers(&cluster.brokers, &key("brokers"));
            let reads = |source: &Source| source.enabled && source.cluster.as_deref() == Some(name);
            self.settings(&cluster.settings, &key("settings"), config.sources.iter().any(reads));
        }
        let prefix = &config.topics.offsets;
        self.must(is_topic(prefix), &["topics".into(), "offsets".into()], not_a_topic(prefix));
    }

    /// No other topic may have the name of one that keeps offsets.
    pub(super) fn offsets_topics_stand_alone(&mut self, config: &Config) {
        let keeps: BTreeSet<String> = offsets_topics(config).collect();
        let message = |name: &str| format!("`{name}` keeps the offsets of another cluster's topic");
        for (role, name) in config.topics.names() {
            self.must(!keeps.contains(name), &["topics".into(), role.into()], message(name));
        }
        for (at, output) in config.outputs.iter().enumerate() {
            let path = ["outputs".into(), at.into(), "topic".into()];
            self.must(!keeps.contains(&output.topic), &path, message(&output.topic));
        }
    }

    /// A source's cluster is one of those that there are, and what keeps its offsets can be a topic.
    pub(super) fn cluster_of_source(&mut self, at: usize, source: &Source, config: &Config) {
        let Some(name) = &source.cluster else { return };
        let known = || config.clusters.iter().map(|cluster: &crate::config::Cluster| cluster.name.as_str());
        let path = ["sources".into(), at.into(), "cluster".into()];
        if config.clusters.is_empty() {
            self.fault(&path, "there are no further clusters; `[[clusters]]` describes one");
        } else if !known().any(|known| known == name) {
            self.fault(&path, format!("there is no cluster `{name}`{}", hint(name, known())));
        }
        for (nth, topic) in source.topics.iter().enumerate() {
            let kept_in = config.topics.offsets_of(name, topic);
            let path = ["sources".into(), at.into(), "topics".into(), nth.into()];
            let told =
                || format!("its offsets would be kept in `{kept_in}`, which is too long for a topic's name");
            let told_elsewhere = !is_topic(topic) || !is_topic(&config.topics.offsets);
            self.must(told_elsewhere || is_topic(&kept_in), &path, told());
        }
    }
}

/// The topics that keep the offsets of other clusters.
pub(super) fn offsets_topics(config: &Config) -> impl Iterator<Item = String> {
    config.sources.iter().flat_map(|source| {
        let kept_in = |cluster: &String| {
            let of = |topic: &String| config.topics.offsets_of(cluster, topic);
            source.topics.iter().map(of).collect::<Vec<_>>()
        };
        source.cluster.as_ref().map(kept_in).unwrap_or_default()
    })
}
