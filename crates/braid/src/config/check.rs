//! What no single value can tell: whether they fit together.

mod clusters;

use std::collections::BTreeMap;

use braid_console::SettingsFault;
use braid_wire::incident::FORM_TENTHS_MAX;
use braid_wire::{Format, Holds, Observable};
use tracing_subscriber::EnvFilter;

use clusters::offsets_topics;

use super::fault::{Fault, Place};
use super::quantity::{Bytes, Period};
use super::reading::{Purpose, is_struck, place_of};
use super::tree::{Node, Step, Value};
use super::{
    Config, Correlation, Exclusion, Form, Holds as OutputHolds, Http, Kafka, Log, Output, SchemaRegistry,
    Secret, Source, TenantRule, Tenants, Topics, Worker,
};

/// The least that a partition's state can work in.
const STATE_BYTES_MIN: u64 = 16 << 20;
/// Room for about a thousand indicators.
const INDICATORS_BYTES_MIN: u64 = 1 << 20;
/// No entity's partners are counted further (see the engine's `PARTNERS_MAX`).
const PARTNERS_MAX: u32 = 64;
/// Beyond this a busy entity would cost more than its alerts.
const MENTIONS_MAX: u32 = 1_024;
/// A batch is held in memory twice by each thread.
const BATCH_BYTES_MAX: u64 = 256 << 20;
/// A transaction is given up by the broker after ten seconds or more; gathering must leave time to write it.
const COMMIT_INTERVAL_MAX: Period = Period::seconds(5);

/// Everything that is wrong with the values taken together. Keys that are `struck` are not called missing.
pub(super) fn faults(config: &Config, purpose: Purpose, tree: &Node, struck: &[String]) -> Vec<Fault> {
    let mut checks = Checks { tree, struck, purpose, faults: Vec::new() };
    match purpose {
        Purpose::Service | Purpose::Plan | Purpose::Audit => checks.service(config),
        Purpose::Files => {
            config.sources.iter().enumerate().for_each(|(at, source)| checks.reading(at, source))
        }
    }
    checks.tenants(&config.tenants);
    checks.tenants_of_sources(&config.sources, &config.tenants);
    checks.incident_url(&config.output);
    checks.correlation(&config.correlation, &config.topics);
    checks.faults
}

/// What was probably meant, else what there is.
fn hint<'a>(found: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match super::fault::near_miss(found, known.clone()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; there are {}", super::fault::one_of(known)),
    }
}

/// What is wrong with settings of correlation that stand in no file.
pub(crate) fn faults_of_correlation(correlation: &Correlation, topics: &Topics) -> Vec<Fault> {
    let tree = Node::new(Place::Nowhere, Value::Table(Vec::new()));
    let mut checks = Checks { tree: &tree, struck: &[], purpose: Purpose::Files, faults: Vec::new() };
    checks.correlation(correlation, topics);
    checks.faults
}

struct Checks<'c> {
    tree: &'c Node,
    struck: &'c [String],
    purpose: Purpose,
    faults: Vec<Fault>,
}

impl Checks<'_> {
    fn fault(&mut self, path: &[Step], message: impl Into<String>) {
        let (key, place) = place_of(self.tree, path);
        if !is_struck(&key, self.struck) {
            self.faults.push(Fault { place, key, message: message.into() });
        }
    }

    /// Notes a fault unless `holds`.
    fn must(&mut self, holds: bool, path: &[Step], message: impl Into<String>) {
        if !holds {
            self.fault(path, message);
        }
    }

    /// What only who runs it needs.
    fn service(&mut self, config: &Config) {
        self.kafka(&config.kafka);
        self.clusters(config);
        self.offsets_topics_stand_alone(config);
        self.topics(&config.topics);
        self.sources(config);
        self.outputs(config);
        self.registry(config.schema_registry.as_ref());
        self.http(&config.http);
        self.worker(&config.worker, &config.topics);
        self.log(&config.log);
        self.audit(config);
    }

    /// A name that nothing has would be asked for in vain.
    fn audit(&mut self, config: &Config) {
        let sources = || config.sources.iter().map(|source| source.name.as_str());
        for (integration, named) in &config.audit.integrations {
            for (nth, name) in named.iter().enumerate() {
                let path = ["audit".into(), "integrations".into(), integration.as_str().into(), nth.into()];
                let message = || format!("there is no source `{name}`{}", hint(name, sources()));
                if !sources().any(|source| source == name) {
                    self.fault(&path, message());
                }
            }
        }
        let known = config.known_integrations();
        for (nth, name) in config.audit.require.iter().enumerate() {
            let path = ["audit".into(), "require".into(), nth.into()];
            let message = || format!("there is no integration `{name}`{}", hint(name, known.iter().copied()));
            if !known.contains(name.as_str()) {
                self.fault(&path, message());
            }
        }
    }

    fn kafka(&mut self, kafka: &Kafka) {
        let key = |name: &str| ["kafka".into(), name.into()];
        self.brokers(&kafka.brokers, &key("brokers"));
        for (name, prefix) in [
            ("group_prefix", &kafka.group_prefix),
            ("transactional_id_prefix", &kafka.transactional_id_prefix),
        ] {
            self.must(!prefix.trim().is_empty(), &key(name), "this cannot be empty");
        }
        self.settings(&kafka.settings, &key("settings"), true);
    }

    fn brokers(&mut self, brokers: &[String], path: &[Step]) {
        self.must(!brokers.is_empty(), path, "name at least one broker as \"host:port\"");
        for (at, broker) in brokers.iter().enumerate() {
            let told = || format!("\"{broker}\" is not \"host:port\"");
            self.must(is_host_and_port(broker), &within(path, at), told());
        }
    }

    /// Every setting is shown to the client, which knows its names and values; secrets are read if these are used.
    fn settings(&mut self, of: &BTreeMap<String, Secret>, path: &[Step], used: bool) {
        let mut settings = BTreeMap::new();
        let reads_secrets = used && self.purpose.reads_secrets();
        for (name, value) in of {
            if !reads_secrets && !matches!(value, Secret::Literal(_)) {
                continue;
            }
            match value.reveal() {
                Ok(value) => drop(settings.insert(name.clone(), value)),
                Err(error) => self.fault(&within(path, name.as_str()), error.to_string()),
            }
        }
        // The brokers are checked above, with the place of each.
        let connection = braid_kafka::ConnectionSettings { brokers: "checked:1".to_owned(), settings };
        for refused in connection.faults() {
            self.fault(&within(path, refused.name.as_str()), refused.reason);
        }
    }

    fn topics(&mut self, topics: &Topics) {
        let key = |name: &str| ["topics".into(), name.into()];
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (role, name) in topics.names() {
            self.must(is_topic(name), &key(role), not_a_topic(name));
            if let Some(other) = seen.insert(name, role) {
                self.fault(&key(role), format!("`{name}` is already the name of `topics.{other}`"));
            }
        }
        let (replicas, insync) = (topics.replication_factor, topics.min_insync_replicas);
        self.must(
            insync <= replicas,
            &key("min_insync_replicas"),
            format!(
                "{insync} replicas cannot be in sync where there are {replicas} (topics.replication_factor)"
            ),
        );
        for (name, retention) in [
            ("alerts_retention", topics.alerts_retention),
            ("incident_events_retention", topics.incident_events_retention),
            ("dead_letters_retention", topics.dead_letters_retention),
        ] {
            self.must(
                retention >= Period::seconds(3_600),
                &key(name),
                "records must be kept for an hour at least",
            );
        }
        let smallest = Bytes::new(64 << 10);
        let record = topics.record_bytes_max;
        self.must(record >= smallest, &key("record_bytes_max"), format!("{record} is less than {smallest}"));
        let largest = Bytes::new(64 << 20);
        self.must(record <= largest, &key("record_bytes_max"), format!("{record} is more than {largest}"));
    }

    fn sources(&mut self, config: &Config) {
        let sources = &config.sources;
        let enabled = sources.iter().any(|source| source.enabled);
        // A source with any other fault may well be the one that was meant.
        let hidden = self.struck.iter().any(|key| key.starts_with("sources"));
        if self.purpose.wants_a_source() && !enabled && !hidden {
            self.fault(&["sources".into()], "no source is enabled: there would be nothing to read");
        }
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        let ours = config.topics.names().map(|(_, name)| (name.to_owned(), "braid itself"));
        let mut readers: BTreeMap<String, &str> = ours.into();
        readers.extend(config.outputs.iter().map(|output| (output.topic.clone(), "an output")));
        readers.extend(offsets_topics(config).map(|topic| (topic, "braid itself")));
        for (at, source) in sources.iter().enumerate() {
            self.source(at, source);
            self.cluster_of_source(at, source, config);
            if !source.name.is_empty() && names.insert(&source.name, at).is_some() {
                let path = ["sources".into(), at.into(), "name".into()];
                self.fault(&path, format!("another source is called `{}` already", source.name));
            }
            for (nth, (topic, name)) in source.topics.iter().zip(source.topic_names()).enumerate() {
                let path = ["sources".into(), at.into(), "topics".into(), nth.into()];
                self.must(is_topic(topic), &path, not_a_topic(topic));
                if let Some(reader) = readers.insert(name.clone(), &source.name) {
                    self.fault(&path, format!("the topic `{name}` belongs to {reader} already"));
                }
            }
        }
    }

    fn source(&mut self, at: usize, source: &Source) {
        let key = |name: &str| ["sources".into(), at.into(), name.into()];
        self.must(!source.name.is_empty(), &key("name"), "a source needs a name");
        self.must(
            source.name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            &key("name"),
            "a source's name has letters, digits, `.`, `_` and `-` only: it is a label of metrics",
        );
        self.must(!source.topics.is_empty(), &key("topics"), "a source needs a topic to read");
        self.reading(at, source);
        self.told_apart(&key("detectors"), source.detectors.keys());
        if let Some(TenantRule::Field(field)) = &source.tenant {
            self.told_apart(&key("tenant"), field.aliases.keys());
        }
        self.must(
            source.tenant.is_some() || source.holds_indicators(),
            &key("tenant"),
            "a source needs a tenant: a name or a rule to find it",
        );
    }

    /// Names are compared without regard to case: of two that differ in nothing else one would be passed over.
    fn told_apart<'n>(&mut self, path: &[Step], names: impl Iterator<Item = &'n String>) {
        let mut seen = BTreeMap::new();
        for name in names {
            self.must(!name.trim().is_empty(), path, "a name is empty");
            if let Some(other) = seen.insert(name.trim().to_lowercase(), name) {
                self.fault(path, format!("`{other}` and `{name}` are one name: case does not count"));
            }
        }
    }

    /// What is said of how its records are read.
    fn reading(&mut self, at: usize, source: &Source) {
        let key = |name: &str| ["sources".into(), at.into(), name.into()];
        let formats = Format::ALL.map(Format::as_str);
        self.must(
            source.format.is_some(),
            &key("format"),
            format!("a source needs a format: {}", super::fault::one_of(formats)),
        );
        let alerts = source.format.is_none_or(|format| format.0.holds() == Holds::Alerts);
        self.must(
            alerts || source.detectors.is_empty(),
            &key("detectors"),
            "only alerts have detectors: this source reads none",
        );
        self.must(
            alerts || source.severity_min.is_none(),
            &key("severity_min"),
            "only alerts are more or less grave: this source reads none",
        );
        self.must(
            alerts || source.holds_indicators() || source.exclusions.is_empty(),
            &key("exclusions"),
            "only alerts are left out: this source reads none",
        );
        for (nth, exclusion) in source.exclusions.iter().enumerate() {
            let path = ["sources".into(), at.into(), "exclusions".into(), nth.into()];
            self.exclusion(&path, source, exclusion);
        }
        let named = source.format.is_none_or(|format| format.0.names_vendor_incidents());
        self.must(
            named || !source.vendor_incidents,
            &key("vendor_incidents"),
            "this format does not say which incident the vendor has an alert in",
        );
        self.must(
            !(source.holds_indicators() && source.cluster.is_some()),
            &key("cluster"),
            "threat intelligence is read from braid's own cluster only: mirror the topic to it",
        );
        let nameless = source.format.is_some_and(|format| format.0.tenant_field().is_none());
        let by_field = matches!(source.tenant, Some(TenantRule::Field(_)));
        self.must(
            !(nameless && by_field),
            &key("tenant"),
            "records of this format name no tenant: give its name here",
        );
    }

    fn exclusion(&mut self, path: &[Step], source: &Source, exclusion: &Exclusion) {
        self.must(
            exclusion.rule().is_some(),
            path,
            "an exclusion names a `detector`, an `entity` or both: this would leave out everything",
        );
        let is_value = exclusion.entity.as_deref().is_some_and(|text| Observable::told(text).is_some());
        self.must(
            !source.holds_indicators() || (is_value && exclusion.detector.is_none()),
            path,
            "threat intelligence is left out by an `entity` that is an address, a network, a domain, a URL or a hash, and nothing else",
        );
    }

    /// A name that two tenants have would give one's alerts to the other.
    fn tenants(&mut self, tenants: &Tenants) {
        let folded = |name: &str| name.trim().to_lowercase();
        let mut owners: BTreeMap<String, &str> =
            tenants.aliases.keys().map(|tenant| (folded(tenant), tenant.as_str())).collect();
        for (tenant, aliases) in &tenants.aliases {
            for (nth, alias) in aliases.iter().enumerate() {
                let path = ["tenants".into(), "aliases".into(), tenant.as_str().into(), nth.into()];
                self.must(!alias.trim().is_empty(), &path, "an alias is a name: this one is empty");
                let owner = owners.insert(folded(alias), tenant).filter(|owner| owner != tenant);
                if let Some(owner) = owner {
                    self.fault(&path, format!("`{alias}` is {owner} already"));
                }
            }
        }
    }

    /// Where the tenants are listed, a name that is none of theirs is a slip.
    fn tenants_of_sources(&mut self, sources: &[Source], tenants: &Tenants) {
        let names = tenants.names();
        for (at, source) in sources.iter().enumerate().filter(|_| !names.is_empty()) {
            let named = source.tenant.as_ref().map(TenantRule::tenants).unwrap_or_default();
            for name in
                named.into_iter().filter(|name| !names.contains_key(name.trim().to_lowercase().as_str()))
            {
                let known = || tenants.aliases.keys().map(String::as_str);
                let hint = match super::fault::near_miss(name, known()) {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None => format!("; those are {}", super::fault::one_of(known())),
                };
                let path = ["sources".into(), at.into(), "tenant".into()];
                self.fault(&path, format!("`{name}` is not among the tenants of tenants.aliases{hint}"));
            }
        }
    }

    fn incident_url(&mut self, output: &Output) {
        if let Some(url) = &output.incident_url {
            let path = ["output".into(), "incident_url".into()];
            self.must(is_url(url), &path, "a URL begins with https:// or http://");
        }
    }

    fn registry(&mut self, registry: Option<&SchemaRegistry>) {
        let Some(registry) = registry else { return };
        let key = |name: &str| ["schema_registry".into(), name.into()];
        self.must(is_url(&registry.url), &key("url"), "a URL begins with https:// or http://");
        self.must(
            !names_a_user(&registry.url),
            &key("url"),
            "this names a user: say it with user and password, which are never printed, and not in the address, which is",
        );
        self.must(
            registry.user.is_some() == registry.password.is_some(),
            &key(if registry.user.is_some() { "password" } else { "user" }),
            "user and password come together",
        );
        self.secret(registry.password.as_ref(), &key("password"));
        self.must(registry.timeout > Period::seconds(0), &key("timeout"), "no request is done in no time");
        if let Some(ca) = &registry.ca {
            self.file(ca, &key("ca"));
        }
    }

    fn outputs(&mut self, config: &Config) {
        let mut seen: BTreeMap<&str, String> =
            config.topics.names().map(|(role, name)| (name, format!("topics.{role}"))).into();
        for (at, output) in config.outputs.iter().enumerate() {
            let key = |name: &str| ["outputs".into(), at.into(), name.into()];
            let topic = output.topic.as_str();
            self.must(is_topic(topic), &key("topic"), not_a_topic(topic));
            if let Some(other) = seen.insert(topic, format!("outputs[{at}].topic")) {
                self.fault(&key("topic"), format!("`{topic}` is already the name of `{other}`"));
            }
            let (incident, record) =
                (config.correlation.caps.incident_bytes_max, config.topics.record_bytes_max);
            let grows =
                matches!(output.encoding, Form::Ocsf | Form::Ecs) && output.holds == OutputHolds::Incidents;
            self.must(
                !grows || incident.count() * FORM_TENTHS_MAX <= record.count() * 10,
                &key("encoding"),
                format!(
                    "an incident takes nine tenths more in this form: topics.record_bytes_max ({record}) has no room \
                     for correlation.caps.incident_bytes_max ({incident})"
                ),
            );
        }
    }

    fn http(&mut self, http: &Http) {
        if !http.enabled || !self.purpose.reads_secrets() {
            return;
        }
        match http.console() {
            Ok(console) => console.check().iter().for_each(|fault| self.console(fault)),
            Err(error) => self.fault(&["http".into(), "token".into()], error.to_string()),
        }
        if let Some(tls) = &http.tls {
            self.file(&tls.cert, &["http".into(), "tls".into(), "cert".into()]);
            self.file(&tls.key, &["http".into(), "tls".into(), "key".into()]);
        }
    }

    fn console(&mut self, fault: &SettingsFault) {
        let key = match fault {
            SettingsFault::Unprotected(_) => "listen",
            SettingsFault::TokenTooShort(_) | SettingsFault::TokenUnsendable => "token",
            SettingsFault::Zero(name) => name,
        };
        self.fault(&["http".into(), key.into()], fault.to_string());
    }

    /// A secret must be there, and something.
    fn secret(&mut self, secret: Option<&Secret>, path: &[Step]) {
        let is_read = |secret: &&Secret| self.purpose.reads_secrets() || matches!(secret, Secret::Literal(_));
        match secret.filter(is_read).map(Secret::reveal) {
            Some(Err(error)) => self.fault(path, error.to_string()),
            Some(Ok(text)) if text.is_empty() => self.fault(path, "this is empty"),
            _ => {}
        }
    }

    fn file(&mut self, file: &std::path::Path, path: &[Step]) {
        if file.as_os_str().is_empty() {
            self.fault(path, "a file is wanted here");
        } else if !self.purpose.reads_secrets() {
            // It is looked at where it is needed.
        } else if let Err(error) = std::fs::File::open(file) {
            self.fault(path, format!("the file {} cannot be read: {error}", file.display()));
        }
    }

    fn worker(&mut self, worker: &Worker, topics: &Topics) {
        let key = |name: &str| ["worker".into(), name.into()];
        let interval = worker.commit_interval;
        self.must(
            (Period::millis(1)..=COMMIT_INTERVAL_MAX).contains(&interval),
            &key("commit_interval"),
            format!("{interval} is not between 1ms and {COMMIT_INTERVAL_MAX}"),
        );
        let (bytes, largest) = (worker.batch_bytes_max, Bytes::new(BATCH_BYTES_MAX));
        self.must(
            bytes >= topics.record_bytes_max && bytes <= largest,
            &key("batch_bytes_max"),
            format!(
                "{bytes} is not between topics.record_bytes_max ({}) and {largest}",
                topics.record_bytes_max
            ),
        );
        let (bytes, least) = (worker.indicators_bytes_max, Bytes::new(INDICATORS_BYTES_MIN));
        self.must(bytes >= least, &key("indicators_bytes_max"), format!("{bytes} is less than {least}"));
    }

    fn log(&mut self, log: &Log) {
        if let Err(error) = EnvFilter::try_new(&log.level) {
            self.fault(&["log".into(), "level".into()], error.to_string());
        }
    }

    fn correlation(&mut self, correlation: &Correlation, topics: &Topics) {
        let key = |name: &str| ["correlation".into(), name.into()];
        let (join, merge) = (correlation.join_at.weight(), correlation.merge_at.weight());
        self.must(join > braid_alert::Weight::ZERO, &key("join_at"), "at 0 everything would be one incident");
        self.must(
            merge >= join,
            &key("merge_at"),
            "merging cannot ask for less than joining (correlation.join_at)",
        );
        let (dormant, late) = (correlation.dormant_after, correlation.late_join);
        self.must(
            late >= dormant,
            &key("late_join"),
            format!("{late} is less than dormant_after ({dormant})"),
        );
        let dedupe = correlation.dedupe_retention;
        self.must(
            dedupe >= late,
            &key("dedupe_retention"),
            format!("{dedupe} is less than late_join ({late})"),
        );
        self.must(dormant > Period::seconds(0), &key("dormant_after"), "this must be longer than nothing");
        let window = correlation.partner_window;
        self.must(
            window >= Period::seconds(3_600),
            &key("partner_window"),
            format!("{window} is less than 1h, and partners are counted by the hour"),
        );
        self.shares(correlation);
        let lives = &correlation.half_lives;
        for (name, period) in [("mail", lives.mail), ("url", lives.url), ("other", lives.other)] {
            let path = ["correlation".into(), "half_lives".into(), name.into()];
            self.must(period > Period::seconds(0), &path, "this must be longer than nothing");
        }
        let (state, least) = (correlation.state_bytes_max, Bytes::new(STATE_BYTES_MIN));
        self.must(state >= least, &key("state_bytes_max"), format!("{state} is less than {least}"));
        self.caps(correlation, topics);
    }

    /// What is left of something is no more than it was; and what the engine counts no further than.
    fn shares(&mut self, correlation: &Correlation) {
        let key = |name: &str| ["correlation".into(), name.into()];
        for (name, share) in [
            ("disagreement", correlation.disagreement),
            ("silence", correlation.silence),
            ("target", correlation.target),
            ("uncertain", correlation.uncertain),
            ("hub_below", correlation.hub_below),
        ] {
            let holds = share.weight() <= braid_alert::Weight::ONE;
            self.must(holds, &key(name), "this is what is left of a weight: from 0 to 1");
        }
        self.must(
            correlation.link_min <= correlation.join_at,
            &key("link_min"),
            "a link that suffices alone would not be looked at (correlation.join_at)",
        );
        let counted = [
            ("hub_partners", correlation.hub_partners, PARTNERS_MAX, "partners are counted"),
            ("nearest_mentions", correlation.nearest_mentions, MENTIONS_MAX, "alerts are looked at"),
        ];
        for (name, number, most, what) in counted {
            self.must(
                number.get() <= most,
                &key(name),
                format!("{number} is more than {most}: no more {what}"),
            );
        }
        let blank = |tag: &String| tag.trim().is_empty();
        for (at, _) in correlation.shared_tags.iter().enumerate().filter(|(_, tag)| blank(tag)) {
            let path = ["correlation".into(), "shared_tags".into(), at.into()];
            self.fault(&path, "a tag is a word");
        }
    }

    fn caps(&mut self, correlation: &Correlation, topics: &Topics) {
        let caps = &correlation.caps;
        let key = |name: &str| ["correlation".into(), "caps".into(), name.into()];
        let (incident, record) = (caps.incident_bytes_max, topics.record_bytes_max);
        let fits = incident < record && incident >= Bytes::new(16 << 10);
        self.must(
            fits,
            &key("incident_bytes_max"),
            format!("{incident} is not between 16KiB and topics.record_bytes_max ({record})"),
        );
        let (span, window) = (caps.incident_span_max, correlation.dormant_after);
        self.must(
            span >= window,
            &key("incident_span_max"),
            format!("{span} is less than dormant_after ({window})"),
        );
    }
}

/// The place of something within what stands at `path`.
fn within(path: &[Step], step: impl Into<Step>) -> Vec<Step> {
    path.iter().cloned().chain([step.into()]).collect()
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Whether an address carries a user (and so, perhaps, a password) before its host.
fn names_a_user(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

fn is_host_and_port(broker: &str) -> bool {
    broker.rsplit_once(':').is_some_and(|(host, port)| {
        let host = host.rsplit_once("://").map_or(host, |(_, host)| host);
        !host.is_empty() && !host.contains('@') && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// What Kafka takes for a topic's name.
fn is_topic(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !name.is_empty() && name.len() <= 249 && name != "." && name != ".." && name.chars().all(legal)
}

fn not_a_topic(name: &str) -> String {
    format!("\"{name}\" is no topic: up to 249 letters, digits, `.`, `_` and `-`")
}
