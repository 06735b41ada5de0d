use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

/// How to reach a cluster.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConnectionSettings {
    /// Where to begin: `host:port`, several separated by commas.
    pub brokers: String,
    /// Settings of librdkafka that are passed through to every client (its `CONFIGURATION.md` lists them): TLS, SASL,
    /// time-outs, sizes. Those that would break the promise of exactly once are refused; see
    /// [`ConnectionSettings::faults`].
    pub settings: BTreeMap<String, String>,
}

/// A setting that cannot be passed through, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct SettingRefused {
    /// The name of the librdkafka setting; `brokers` for [`ConnectionSettings::brokers`].
    pub name: String,
    /// Why, in a sentence that tells what to do instead where there is something.
    pub reason: String,
}

/// Settings that have been checked: what every client of this crate is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    settings: ConnectionSettings,
}

impl Connection {
    /// Checks the settings.
    ///
    /// # Errors
    /// All faults at once.
    pub fn new(settings: ConnectionSettings) -> Result<Self, Vec<SettingRefused>> {
        let faults = settings.faults();
        if faults.is_empty() { Ok(Self { settings }) } else { Err(faults) }
    }

    /// The brokers, for messages.
    pub fn brokers(&self) -> &str {
        &self.settings.brokers
    }

    /// A client's configuration: `ours` give way to what is passed through, `fixed` do not.
    pub(crate) fn client(&self, ours: &[(&str, &str)], fixed: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        // Else the level would be that of the `log` crate, which nobody here sets up.
        config.set_log_level(RDKafkaLogLevel::Info);
        let passed = self.settings.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let brokers = [("bootstrap.servers", self.settings.brokers.as_str())];
        for (name, value) in ours.iter().copied().chain(passed).chain(brokers).chain(fixed.iter().copied()) {
            config.set(name, value);
        }
        config
    }
}

impl ConnectionSettings {
    /// What is wrong with the settings: no brokers, settings that are ours to make, names and values that librdkafka
    /// does not take. Values of secrets do not appear in it.
    pub fn faults(&self) -> Vec<SettingRefused> {
        let brokers = self.brokers.trim().is_empty().then(|| SettingRefused {
            name: "brokers".into(),
            reason: "name at least one broker as host:port".into(),
        });
        brokers
            .into_iter()
            .chain(self.settings.iter().filter_map(|(name, value)| fault(name, value)))
            .collect()
    }
}

fn fault(name: &str, value: &str) -> Option<SettingRefused> {
    let reason = match ours(name) {
        Some(reason) => format!("cannot be set here: {reason}"),
        None => invalid(name, value)?,
    };
    Some(SettingRefused { name: name.to_owned(), reason })
}

/// Asks librdkafka, one setting at a time so that the message names the right one.
fn invalid(name: &str, value: &str) -> Option<String> {
    // librdkafka tells a missing topic setting and a missing global one apart by these characters only when used.
    if name.contains('\0') || value.contains('\0') {
        return Some("contains a NUL character".into());
    }
    let error = ClientConfig::new().set(name, value).create_native_config().err()?;
    Some(match error {
        rdkafka::error::KafkaError::ClientConfig(_, said, ..) if !is_secret(name) => said,
        _ => "librdkafka refuses this value".into(),
    })
}

/// Why a setting is ours, if it is. The promise rests on these.
fn ours(name: &str) -> Option<&'static str> {
    Some(match name {
        "bootstrap.servers" | "metadata.broker.list" => "the brokers have a setting of their own",
        "isolation.level" => {
            "only read_committed keeps records of aborted transactions out; outputs would count them twice"
        }
        "enable.auto.commit"
        | "auto.commit.enable"
        | "auto.commit.interval.ms"
        | "enable.auto.offset.store" => {
            "offsets are committed inside the transaction that holds what was made of the records, and nowhere else"
        }
        "auto.offset.reset" => {
            "where no offset is committed reading begins at the first record, and where retention has overtaken the \
             committed one it must stop and say so, not jump"
        }
        "enable.partition.eof" => "it is how a worker knows that it has caught up",
        "transactional.id" => {
            "it is derived from prefix, stage, ordinal and thread, so that a restart fences its past"
        }
        "enable.idempotence"
        | "enable.gapless.guarantee"
        | "acks"
        | "request.required.acks"
        | "retries"
        | "message.send.max.retries" => {
            "transactions need an idempotent producer that waits for every replica"
        }
        "transaction.timeout.ms" | "message.timeout.ms" | "delivery.timeout.ms" => {
            "both follow from the worker's transaction time-out: a record must not be retried past its transaction"
        }
        "partition.assignment.strategy" => {
            "all members of a group must use cooperative-sticky: mixed with an eager assignor the group never settles"
        }
        "partitioner" | "partitioner_cb" => {
            "records are keyed by murmur2, as Java clients do, so that everybody agrees on the partition"
        }
        "statistics.interval.ms" => "clients that nobody polls would pile the statistics up",
        "allow.auto.create.topics" => "a topic that a broker makes up has the wrong partitions and retention",
        "enable.random.seed" | "queuing.strategy" => "the order and the spread of records depend on it",
        "log.queue" | "enabled_events" => "the logs of librdkafka are routed to ours",
        _ if name.starts_with("group.") => {
            "the group is the worker's own, and its protocol is what the tests have seen"
        }
        _ if name.starts_with("test.mock.") => "it would replace the cluster by one in this process",
        _ => return None,
    })
}

/// Whether the value of a setting must not be shown: passwords, secrets, private keys, and what may contain them.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "pem", "token", "sasl.oauthbearer.config", "sasl.jaas.config"]
        .iter()
        .any(|part| name.contains(part))
        || name.ends_with(".key")
        || name == "ssl_key"
}

impl fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSettings")
            .field("brokers", &self.brokers)
            .field("settings", &Shown(&self.settings))
            .finish()
    }
}

/// `name = value`, a line each; secrets as `(not shown)`.
impl fmt::Display for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "brokers = {}", self.brokers)?;
        self.settings.iter().try_for_each(|(name, value)| write!(f, "\n{name} = {}", shown(name, value)))
    }
}

struct Shown<'a>(&'a BTreeMap<String, String>);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, value)| (name, shown(name, value)))).finish()
    }
}

fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    if is_secret(name) { "(not shown)" } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> ConnectionSettings {
        ConnectionSettings {
            brokers: "127.0.0.1:9092".into(),
            settings: pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect(),
        }
    }

    #[test]
    fn every_setting_that_would_break_the_promise_is_refused_by_name() {
        let names = [
            "acks",
            "auto.offset.reset",
            "bootstrap.servers",
            "enable.auto.commit",
            "enable.auto.offset.store",
            "enable.idempotence",
            "enable.partition.eof",
            "group.id",
            "group.instance.id",
            "group.protocol",
            "isolation.level",
            "message.timeout.ms",
            "metadata.broker.list",
            "partition.assignment.strategy",
            "partitioner",
            "statistics.interval.ms",
            "test.mock.num.brokers",
            "transaction.timeout.ms",
            "transactional.id",
        ];
        let pairs: Vec<_> = names.iter().map(|name| (*name, "x")).collect();
        let refused = Connection::new(settings(&pairs)).expect_err("all are ours");
        assert_eq!(refused.iter().map(|fault| fault.name.as_str()).collect::<Vec<_>>(), names);
        assert!(refused.iter().all(|fault| fault.reason.starts_with("cannot be set here: ")), "{refused:?}");
    }

    #[test]
    fn tls_and_sasl_pass() {
        let connection = Connection::new(settings(&[
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.username", "braid"),
            ("sasl.password", "hunter2"),
            ("session.timeout.ms", "20000"),
        ]))
        .expect("none of these is ours");
        let config = connection.client(&[("session.timeout.ms", "10000")], &[("group.id", "g")]);
        assert_eq!(
            config.get("session.timeout.ms"),
            Some("20000"),
            "what is passed through wins over a default"
        );
        assert_eq!(config.get("sasl.password"), Some("hunter2"));
    }

    #[test]
    fn unknown_names_and_bad_values_are_told_together_with_missing_brokers() {
        let mut settings = settings(&[("fetch.wait.max.ms", "soon"), ("sesion.timeout.ms", "1")]);
        settings.brokers.clear();
        let names: Vec<_> = settings.faults().into_iter().map(|fault| fault.name).collect();
        assert_eq!(names, ["brokers", "fetch.wait.max.ms", "sesion.timeout.ms"]);
    }

    #[test]
    fn secrets_are_never_printed_not_even_when_they_are_refused() {
        let names = [
            "sasl.password",
            "ssl.key.password",
            "ssl.keystore.password",
            "ssl.key.pem",
            "ssl.certificate.pem",
            "ssl.ca.pem",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
            "sasl.pasword",
        ];
        let pairs: Vec<_> = names.iter().map(|name| (*name, "hunter2")).collect();
        let settings = settings(&pairs[..8]);
        let misspelt = fault("ssl.key.passwords", "hunter2").expect("there is no such setting");
        for printed in
            [format!("{settings:?}"), format!("{settings:#?}"), settings.to_string(), misspelt.to_string()]
        {
            assert!(!printed.contains("hunter2"), "{printed}");
        }
        assert!(settings.to_string().contains("sasl.password = (not shown)"));
    }
}
