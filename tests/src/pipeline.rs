//! The whole program on topics of its own, and what it owes: that its output is what `replay` makes of its log.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use braid_kafka::Feed;
use braid_log::Record;
use serde_json::Value;
use tempfile::TempDir;

use crate::broker::Cluster;
use crate::program::{self, Ended, Program};
use crate::standing::{Observer, until};

/// A source of a pipeline.
#[derive(Debug, Clone, Copy)]
pub struct SourceSpec {
    /// Its name, and the end of its topic's.
    pub name: &'static str,
    /// What its records are.
    pub format: &'static str,
    /// Whose they are, as the configuration says it.
    pub tenant: &'static str,
    /// Partitions of its topic.
    pub partitions: u32,
}

/// Overrides with which braid forgets at once whatever is at rest.
pub const FORGETFUL: [(&str, &str); 3] = [
    ("BRAID__CORRELATION__DORMANT_AFTER", "1s"),
    ("BRAID__CORRELATION__LATE_JOIN", "1s"),
    ("BRAID__CORRELATION__DEDUPE_RETENTION", "1s"),
];

/// Topics, a configuration, and a directory for what comes of it.
pub struct Pipeline {
    cluster: &'static Cluster,
    name: String,
    sources: Vec<SourceSpec>,
    directory: TempDir,
    started: std::cell::Cell<u32>,
}

impl Pipeline {
    /// A pipeline with these sources; their topics are created here, braid's by itself. `more` is configuration beyond
    /// what all pipelines have: whole tables, in TOML; `{name}` in it is what its topics' names begin with.
    pub fn new(stem: &str, sources: &[SourceSpec], more: &str) -> Self {
        Self::on(Cluster::start(), stem, sources, more)
    }

    /// As [`Pipeline::new`], on a cluster of the caller's.
    pub fn on(cluster: &'static Cluster, stem: &str, sources: &[SourceSpec], more: &str) -> Self {
        let (name, sources) = (cluster.name(stem), sources.to_vec());
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let pipeline = Self { cluster, name, sources, directory, started: 0.into() };
        for source in &pipeline.sources {
            // Room for what is larger than braid's own topics take.
            let settings = [("max.message.bytes", "8000000")];
            cluster.create_topic(&pipeline.topic(source.name), source.partitions, &settings);
        }
        std::fs::write(pipeline.path("braid.toml"), pipeline.configuration(more)).expect("there is room");
        pipeline
    }

    /// Small batches, so that much is under way at any moment; short sessions, so that a takeover is quick.
    fn configuration(&self, more: &str) -> String {
        let Self { cluster, name, .. } = self;
        let session_ms = cluster.session_ms_min().max(1_500);
        let mut text = format!(
            "[kafka]\nbrokers = [{brokers:?}]\ngroup_prefix = {name:?}\ntransactional_id_prefix = {name:?}\n\
             [kafka.settings]\n\"session.timeout.ms\" = {session_ms}\n\"heartbeat.interval.ms\" = 300\n\
             [topics]\nalerts = \"{name}.alerts\"\nchangelog = \"{name}.changelog\"\nincidents = \"{name}.incidents\"\n\
             incident_events = \"{name}.incident-events\"\ndead_letters = \"{name}.dead-letters\"\npartitions = 4\n\
             incidents_partitions = 3\nincident_events_partitions = 5\ndead_letters_partitions = 2\n\
             replication_factor = 1\nmin_insync_replicas = 1\n\
             [worker]\ncommit_interval = \"20ms\"\nbatch_records_max = 12\n\
             [http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n{more}\n",
            brokers = cluster.brokers(),
        );
        text = text.replace("{name}", name);
        for SourceSpec { name: source, format, tenant, .. } in &self.sources {
            let _ = write!(
                text,
                "[[sources]]\nname = {source:?}\ntopics = [\"{name}.{source}\"]\nformat = {format:?}\nenabled = true\n\
                 tenant = {tenant}\n"
            );
        }
        text
    }

    /// The full name of a topic: of a source, or `alerts`, `changelog`, `incidents`, `incident-events`, `dead-letters`.
    pub fn topic(&self, end: &str) -> String {
        format!("{}.{end}", self.name)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory().join(file)
    }

    /// Where its configuration and its logs are, and room for more.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts the process that is this one of those that share the work.
    pub fn start(&self, instance: u32) -> Program {
        self.start_with(instance, &[])
    }

    /// As [`Pipeline::start`], with environment variables that override the configuration.
    pub fn start_with(&self, instance: u32, overrides: &[(&str, &str)]) -> Program {
        self.started.set(self.started.get() + 1);
        let log = self.path(&format!("instance-{instance}.{}.log", self.started.get()));
        let mut command = program::command(self.directory.path());
        command.args(["run", "-c", "braid.toml"]).env("BRAID__KAFKA__INSTANCE", instance.to_string());
        Program::start(command.envs(overrides.iter().copied()), log)
    }

    /// Writes records, a key and a value each, into a source's topic, or into one of braid's.
    pub fn feed<'r>(&self, end: &str, records: impl IntoIterator<Item = (&'r str, Option<&'r [u8]>)>) {
        let connection = self.cluster.connection_with(&[("message.max.bytes", "8000000")]);
        let feed = Feed::connect(&connection).expect("the producer is made");
        for (key, value) in records {
            feed.send(&self.topic(end), None, Some(key.as_bytes()), value, &[]).expect("it is queued");
        }
        feed.flush().expect("it is acknowledged");
    }

    /// Writes records without keys into several sources' topics, in this order: the source, the value.
    pub fn feed_each<'r>(&self, records: impl IntoIterator<Item = (&'r str, &'r str)>) {
        let feed = Feed::connect(&self.cluster.connection()).expect("the producer is made");
        for (source, value) in records {
            feed.send(&self.topic(source), None, None, Some(value.as_bytes()), &[]).expect("it is queued");
        }
        feed.flush().expect("it is acknowledged");
    }

    /// What can be seen of a stage from outside.
    pub fn observer(&self, stage: &str) -> Observer {
        Observer::of(self.cluster, &format!("{}-{stage}", self.name))
    }

    /// Has Kafka forget how far a stage has read, as after `offsets.retention.minutes`. Nothing of it may run.
    pub fn forget_places(&self, stage: &str) {
        self.cluster.delete_group(&format!("{}-{stage}", self.name));
    }

    /// The committed records of a topic.
    pub fn read(&self, end: &str) -> Vec<Record> {
        self.cluster.read(&self.topic(end))
    }

    /// Waits until everything that is in the source topics has gone through both stages.
    pub fn drain(&self) {
        self.drain_of(self.sources.iter().map(|source| source.name));
    }

    /// As [`Pipeline::drain`], where only these sources had anything new.
    pub fn drain_of<'s>(&self, sources: impl IntoIterator<Item = &'s str>) {
        sources.into_iter().for_each(|source| self.wait_until_read("normalise", source));
        self.wait_until_read("correlate", "alerts");
    }

    /// Waits until a stage has gone past the last record of each partition: behind that there may be the mark of a
    /// transaction, past which no offset is committed.
    fn wait_until_read(&self, stage: &str, end: &str) {
        let mut ends = BTreeMap::new();
        for record in self.read(end) {
            ends.insert(record.partition, record.offset + 1);
        }
        let (observer, topic) = (self.observer(stage), self.topic(end));
        until(&format!("{topic} is read up to {ends:?}"), || {
            let committed = observer.committed(&topic);
            (0..).zip(&committed).all(|(partition, at)| ends.get(&partition).is_none_or(|end| at >= end))
        });
    }

    /// What a command prints; `arguments` are separated by blanks.
    pub fn braid(&self, arguments: &str) -> Vec<u8> {
        self.braid_with(arguments, &[])
    }

    /// As [`Pipeline::braid`], with environment variables that override the configuration.
    pub fn braid_with(&self, arguments: &str, overrides: &[(&str, &str)]) -> Vec<u8> {
        let mut command = program::command(self.directory.path());
        command.args(arguments.split(' ')).env("BRAID_CONFIG", "braid.toml");
        program::printed(command.envs(overrides.iter().copied()))
    }

    /// How a command goes that may refuse something; `arguments` are separated by blanks.
    pub fn tried(&self, arguments: &str) -> Ended {
        let mut command = program::command(self.directory.path());
        Ended::of(command.args(arguments.split(' ')).env("BRAID_CONFIG", "braid.toml"))
    }

    /// Writes something else in place of a part of the configuration, for whatever starts from now on.
    pub fn reconfigure(&self, from: &str, to: &str) {
        let file = self.path("braid.toml");
        let text = std::fs::read_to_string(&file).expect("it was written");
        assert!(text.contains(from), "{from} is not in the configuration");
        std::fs::write(&file, text.replace(from, to)).expect("there is room");
    }

    /// Dumps the committed alerts topic into a file for [`Pipeline::braid`], and gives its name.
    pub fn dump_alerts(&self) -> &'static str {
        let dumped = self.braid(&format!("dump {}", self.topic("alerts")));
        std::fs::write(self.path("alerts.dump"), dumped).expect("there is room for the dump");
        "alerts.dump"
    }

    /// What a reader has who keeps the last record of each key of a topic, and nothing of one whose last record has no
    /// value.
    pub fn table(&self, end: &str) -> BTreeMap<String, Record> {
        let mut table = BTreeMap::new();
        for record in self.read(end) {
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            table.insert(key, record);
        }
        table.retain(|_, record| record.value.is_some());
        table
    }

    /// The cluster that it is on.
    pub fn cluster(&self) -> &'static Cluster {
        self.cluster
    }

    /// Asserts what the program owes: every version of every incident once and in order, the incidents as of their last
    /// version, all of it byte for byte what `replay` makes of the committed alerts topic. Gives the incidents' last
    /// records.
    pub fn assert_as_replayed(&self) -> BTreeMap<String, Value> {
        let dump = self.dump_alerts();
        let replay = |output: &str| {
            self.braid(&format!("replay --format braid-dump {dump} --config braid.toml --output {output}"))
        };
        let events = by_key(self.read("incident-events"));
        events.iter().for_each(|(incident, events)| assert_without_gap(incident, events));
        assert_same("incident-events", &events, &by_id(&replay("events"), "incident"));

        let snapshots = self.read("incidents").into_iter();
        // What is forgotten says so with a record without a value, which is no version.
        let snapshots = by_key(snapshots.filter(|record| record.value.is_some()).collect());
        snapshots.iter().for_each(|(incident, versions)| assert_rising(incident, versions));
        let last = |mut versions: Vec<String>| versions.split_off(versions.len().saturating_sub(1));
        let last: BTreeMap<_, _> = snapshots.into_iter().map(|(id, versions)| (id, last(versions))).collect();
        assert_same("incidents", &last, &by_id(&replay("incidents"), "id"));
        last.into_iter().map(|(id, text)| (id, parsed(&text[0]))).collect()
    }
}

/// Values by key, in the order of their offsets: a key has one partition.
fn by_key(records: Vec<Record>) -> BTreeMap<String, Vec<String>> {
    let text =
        |bytes: Option<Box<[u8]>>| String::from_utf8(bytes.unwrap_or_default().into()).expect("it is text");
    let mut values: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for record in records {
        values.entry(text(record.key)).or_default().push(text(record.value));
    }
    values
}

/// Lines by what one of their fields says, in order.
fn by_id(lines: &[u8], field: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in std::str::from_utf8(lines).expect("it is text").lines() {
        let id = parsed(line)[field].as_str().expect("it has an id").to_owned();
        values.entry(id).or_default().push(line.to_owned());
    }
    values
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("what braid writes is JSON")
}

fn versions(values: &[String]) -> Vec<i64> {
    values.iter().map(|value| parsed(value)["version"].as_i64().expect("it has a version")).collect()
}

fn assert_without_gap(incident: &str, events: &[String]) {
    let expected: Vec<i64> = (1..).take(events.len()).collect();
    assert_eq!(versions(events), expected, "the versions of {incident} in incident-events");
}

fn assert_rising(incident: &str, snapshots: &[String]) {
    let versions = versions(snapshots);
    assert!(versions.is_sorted_by(|a, b| a < b), "the versions of {incident} in incidents: {versions:?}");
}

/// Says the first difference only: all of a record would hide it.
fn assert_same(
    what: &str,
    written: &BTreeMap<String, Vec<String>>,
    replayed: &BTreeMap<String, Vec<String>>,
) {
    let none = Vec::new();
    for id in written.keys().chain(replayed.keys()) {
        let (kafka, replay) = (written.get(id).unwrap_or(&none), replayed.get(id).unwrap_or(&none));
        assert_eq!(
            kafka.len(),
            replay.len(),
            "how many records of {id} Kafka has in {what}, and replay gives"
        );
        if let Some((kafka, replay)) = kafka.iter().zip(replay).find(|(kafka, replay)| kafka != replay) {
            let place = kafka.bytes().zip(replay.bytes()).take_while(|(a, b)| a == b).count();
            let (kafka, replay) = (excerpt(kafka, place), excerpt(replay, place));
            panic!("{what} of {id}, around byte {place}: Kafka has\n  {kafka}\nand replay gives\n  {replay}");
        }
    }
}

/// The text about a place.
fn excerpt(text: &str, place: usize) -> &str {
    const AROUND_BYTES: usize = 150;
    let from = text.floor_char_boundary(place.saturating_sub(AROUND_BYTES));
    &text[from..text.floor_char_boundary(place + AROUND_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(value: &str) -> BTreeMap<String, Vec<String>> {
        BTreeMap::from([("a".to_owned(), vec![value.to_owned()])])
    }

    #[test]
    #[should_panic(expected = "incidents of a, around byte 1: Kafka has\n  xyz\nand replay gives\n  xaz")]
    fn a_difference_is_shown_with_its_place() {
        assert_same("incidents", &values("xyz"), &values("xaz"));
    }

    #[test]
    #[should_panic(expected = "how many records of a")]
    fn a_record_too_many_is_a_difference() {
        assert_same("incidents", &values("x"), &BTreeMap::new());
    }
}
