use std::collections::BTreeMap;

use braid_kafka::ConnectionSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;
use super::reference::Plain;
use super::secret::SecretError;

/// The cluster that braid reads from and writes to.
///
/// It needs transactions (Apache Kafka 2.5 or later; of Azure Event Hubs only the tiers that have them): without them
/// nothing is exactly once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kafka {
    /// Where to begin, as `host:port`; the rest of the cluster is learned from whichever answers. Required; two or three
    /// are enough.
    pub brokers: Vec<String>,
    /// What the names of the consumer groups begin with: `<prefix>-normalise` and `<prefix>-correlate`. Another prefix
    /// is another reader, which begins at the first record.
    pub group_prefix: String,
    /// What transactional ids begin with: `<prefix>-<stage>-<instance>-<thread>`. Two deployments on one cluster need
    /// different ones, for each fences the other out of equal ids.
    pub transactional_id_prefix: String,
    /// The number of this process among those that share the work, from 0. It must be its own and stay the same across
    /// restarts: that is how a restart settles the transaction that a crash left open. Without it, the number at the
    /// end of `HOSTNAME` is taken (`braid-2` is 2, as a StatefulSet names its pods), and 0 if there is none.
    #[schemars(example = 0)]
    pub instance: Option<u32>,
    /// Settings of librdkafka, by their own names: TLS, SASL, time-outs, sizes. A value may be text, a number, a truth
    /// value, `{ file = "…" }` or `{ env = "…" }`; the last two keep secrets out of this file. Those on which exactly
    /// once rests are refused.
    #[schemars(example = settings_example())]
    pub settings: BTreeMap<String, Secret>,
}

fn settings_example() -> Plain {
    Plain::table([
        ("security.protocol", "SASL_SSL".into()),
        ("sasl.mechanism", "SCRAM-SHA-512".into()),
        ("sasl.username", "braid".into()),
        ("sasl.password", Plain::table([("file", "/run/secrets/kafka-password".into())])),
    ])
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            brokers: Vec::new(),
            group_prefix: "braid".to_owned(),
            transactional_id_prefix: "braid".to_owned(),
            instance: None,
            settings: BTreeMap::new(),
        }
    }
}

impl Kafka {
    /// How to reach the cluster, secrets read now.
    ///
    /// # Errors
    /// If a secret cannot be had; the name says which setting's.
    pub fn connection(&self) -> Result<ConnectionSettings, (String, SecretError)> {
        connection_settings(&self.brokers, &self.settings)
    }

    /// The number of this process: `instance`, else the one at the end of `hostname`, else 0.
    pub fn ordinal(&self, hostname: Option<&str>) -> u32 {
        let numbered =
            hostname.and_then(|name| name.rsplit_once('-')).and_then(|(_, number)| number.parse().ok());
        self.instance.or(numbered).unwrap_or(0)
    }
}

/// How to reach a cluster, secrets read now.
pub(super) fn connection_settings(
    brokers: &[String],
    settings: &BTreeMap<String, Secret>,
) -> Result<ConnectionSettings, (String, SecretError)> {
    let revealed = settings.iter().map(|(name, value)| {
        value.reveal().map(|value| (name.clone(), value)).map_err(|error| (name.clone(), error))
    });
    Ok(ConnectionSettings { brokers: brokers.join(","), settings: revealed.collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_instance_is_set_or_that_of_its_pod() {
        let kafka = Kafka::default();
        assert_eq!(kafka.ordinal(Some("braid-12")), 12);
        assert_eq!(kafka.ordinal(Some("3f9a2c")), 0);
        assert_eq!(kafka.ordinal(None), 0);
        assert_eq!(Kafka { instance: Some(7), ..kafka }.ordinal(Some("braid-12")), 7);
    }
}
