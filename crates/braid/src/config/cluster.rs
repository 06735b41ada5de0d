use std::collections::BTreeMap;

use braid_kafka::ConnectionSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;
use super::kafka::connection_settings;
use super::reference::Plain;
use super::secret::SecretError;

/// A further cluster, for sources to be read from (`sources.cluster`). It needs no transactions, so that Azure Event Hubs'
/// Kafka endpoint is one, of any tier that has the endpoint. braid writes nothing to it and commits nothing there: how far a
/// topic has been read stands in a topic of the cluster of `[kafka]` (`topics.offsets`), written in the same transaction as
/// what was made of the records.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// What it is called: by the sources that are read from it, before the names of its topics (`event-hubs:alerts`) in
    /// metrics, dead letters, logs and on alerts, and in the names of the topics that keep its offsets. Required. Another
    /// name is another cluster, whose topics are read from the first record.
    #[schemars(example = &"event-hubs")]
    pub name: String,
    /// Where to begin, as `host:port`. Required.
    #[schemars(example = ["contoso.servicebus.windows.net:9093"])]
    pub brokers: Vec<String>,
    /// Settings of librdkafka, as `kafka.settings` are; nothing is taken over from there.
    #[schemars(example = settings_example())]
    pub settings: BTreeMap<String, Secret>,
}

fn settings_example() -> Plain {
    Plain::table([
        ("security.protocol", "SASL_SSL".into()),
        ("sasl.mechanism", "PLAIN".into()),
        ("sasl.username", "$ConnectionString".into()),
        ("sasl.password", Plain::table([("file", "/run/secrets/event-hubs".into())])),
    ])
}

impl Cluster {
    /// How to reach it, secrets read now.
    ///
    /// # Errors
    /// If a secret cannot be had; the name says which setting's.
    pub fn connection(&self) -> Result<ConnectionSettings, (String, SecretError)> {
        connection_settings(&self.brokers, &self.settings)
    }

    /// What braid calls one of its topics. No topic's name may have a colon, so that it is nobody else's.
    pub fn topic_name(&self, topic: &str) -> String {
        topic_name(Some(&self.name), topic)
    }
}

/// What braid calls a topic: its name, behind that of its cluster if it is a further one.
pub(super) fn topic_name(cluster: Option<&str>, topic: &str) -> String {
    cluster.map_or_else(|| topic.to_owned(), |cluster| format!("{cluster}:{topic}"))
}
