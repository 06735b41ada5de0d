//! The cluster that the tests run against.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use braid_kafka::{Connection, ConnectionSettings, Feed, TopicSpec, Topics, dump};
use braid_log::Record;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::standing::until;
use crate::worker::patiently;

/// How long a broker may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A real Apache Kafka: the one that `BRAID_TEST_BROKERS` names, else one that is started for this test binary and
/// ends with it.
pub struct Cluster {
    connection: Arc<Connection>,
    /// `None` if somebody else's. Stops when its standard input is closed, which the end of this process does whichever way it ends.
    broker: Option<Mutex<Broker>>,
}

impl Cluster {
    /// The cluster, one for all tests of a binary. Panics with what to do if there is none and none can be started.
    pub fn start() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(|| match std::env::var("BRAID_TEST_BROKERS") {
            Ok(brokers) if !brokers.is_empty() => Self::at(&brokers, None),
            _ => Self::own(),
        })
    }

    /// A further cluster, started for the caller alone.
    pub fn another() -> Self {
        Self::own()
    }

    fn own() -> Self {
        let (broker, said) = Broker::start(&[]);
        Self::at(&said, Some(broker))
    }

    /// Kills the broker and starts it again on what it had written; waits until it answers.
    pub fn restart(&self) {
        let broker = self.broker.as_ref().expect("it is one that was started here");
        broker.lock().expect("no other restart has failed").restart();
    }

    /// A cluster with rights, started for the caller alone, and its listener for the user `braid`, whose password is
    /// `right`. The cluster that is given is reached without a name, which may do everything.
    pub fn with_rights() -> (Self, String) {
        let (broker, said) = Broker::start(&["--sasl"]);
        let (open, guarded) = said.split_once(' ').expect("it prints both");
        (Self::at(open, Some(broker)), guarded.to_owned())
    }

    /// Grants or denies by Kafka's own command, such as `["--add", "--deny-principal", "User:braid", …]`.
    pub fn change_rights(&self, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("kafka/broker");
        let jars = Command::new(&script).arg("--jars").output().expect("the script runs").stdout;
        let jars = String::from_utf8(jars).expect("a path is text");
        let done = Command::new("java")
            .args(["-cp", jars.trim(), "org.apache.kafka.tools.AclCommand", "--bootstrap-server"])
            .arg(self.brokers())
            .args(arguments)
            .output()
            .expect("there is Java");
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn at(brokers: &str, broker: Option<Broker>) -> Self {
        let settings = ConnectionSettings { brokers: brokers.to_owned(), settings: quick() };
        Self {
            connection: Arc::new(Connection::new(settings).expect("nothing in it is ours")),
            broker: broker.map(Mutex::new),
        }
    }

    /// Where the brokers are: `host:port`, several separated by commas.
    pub fn brokers(&self) -> &str {
        self.connection.brokers()
    }

    /// How to reach them.
    pub fn connection(&self) -> Arc<Connection> {
        self.connection.clone()
    }

    /// How to reach them, with further librdkafka settings.
    pub fn connection_with(&self, settings: &[(&str, &str)]) -> Arc<Connection> {
        let mut all = quick();
        all.extend(settings.iter().map(|(name, value)| (name.to_string(), value.to_string())));
        let settings = ConnectionSettings { brokers: self.brokers().to_owned(), settings: all };
        Arc::new(Connection::new(settings).unwrap_or_else(|faults| panic!("{faults:?}")))
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        let client = ClientConfig::new().set("bootstrap.servers", self.brokers()).create();
        client.expect("the admin client is made")
    }

    /// The shortest session that the brokers grant a member of a group, in milliseconds.
    pub fn session_ms_min(&self) -> u32 {
        let admin = self.admin();
        let broker =
            admin.inner().fetch_metadata(None, ANSWER_MAX).expect("a broker answers").brokers()[0].id();
        let (broker, options) = ([ResourceSpecifier::Broker(broker)], AdminOptions::new());
        let told = futures_executor::block_on(admin.describe_configs(&broker, &options))
            .expect("the broker answers")
            .remove(0);
        let told = told.expect("its settings may be read");
        let entry = told.get("group.min.session.timeout.ms").and_then(|entry| entry.value.as_deref());
        // A broker that keeps it to itself has Kafka's own default, surely.
        entry.and_then(|value| value.parse().ok()).unwrap_or(6_000)
    }

    /// A name that no other test and no earlier run has used.
    pub fn name(&self, stem: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        format!("{stem}-{}-{started}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
    }

    /// Creates a topic of a name of its own, and gives the name.
    pub fn topic(&self, stem: &str, partitions: u32, settings: &[(&str, &str)]) -> String {
        let name = self.name(stem);
        self.create_topic(&name, partitions, settings);
        name
    }

    /// Creates a topic.
    pub fn create_topic(&self, name: &str, partitions: u32, settings: &[(&str, &str)]) {
        let settings: BTreeMap<_, _> = settings.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let purpose = "a test".to_owned();
        let spec = TopicSpec { name: name.to_owned(), partitions, replication: None, settings, purpose };
        let topics = Topics::connect(&self.connection).expect("the admin client is made");
        let ensured = topics.ensure(std::slice::from_ref(&spec)).expect("the controller answers");
        assert_eq!(ensured.differences, [], "{name} cannot be created");
    }

    /// Deletes a topic, and waits until it is gone.
    pub fn delete_topic(&self, name: &str) {
        let admin = self.admin();
        let told = futures_executor::block_on(admin.delete_topics(&[name], &AdminOptions::new()));
        let told = told.expect("the controller answers").remove(0);
        told.unwrap_or_else(|(topic, code)| panic!("{topic} is not deleted: {code}"));
        until(&format!("{name} is gone"), || {
            let told = admin.inner().fetch_metadata(Some(name), ANSWER_MAX).expect("a broker answers");
            told.topics().iter().all(|topic| topic.error().is_some())
        });
    }

    /// Deletes all records of a topic, as retention does.
    pub fn empty_topic(&self, name: &str, partitions: i32) {
        let mut ends = TopicPartitionList::new();
        for partition in 0..partitions {
            ends.add_partition_offset(name, partition, Offset::End).expect("the end is an offset");
        }
        let told = futures_executor::block_on(self.admin().delete_records(&ends, &AdminOptions::new()));
        told.expect("the leaders answer");
    }

    /// Deletes the records of a partition before an offset, as retention does.
    pub fn delete_before(&self, topic: &str, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("it is an offset");
        let deleted = futures_executor::block_on(self.admin().delete_records(&list, &AdminOptions::new()));
        for element in deleted.expect("the broker answers").elements() {
            element.error().expect("it deletes");
        }
    }

    /// Gives a topic further partitions, so that it has so many.
    pub fn add_partitions(&self, name: &str, partitions: usize) {
        let admin = self.admin();
        let more = [NewPartitions::new(name, partitions)];
        let told = futures_executor::block_on(admin.create_partitions(&more, &AdminOptions::new()));
        let told = told.expect("the controller answers").remove(0);
        told.unwrap_or_else(|(topic, code)| panic!("{topic} gets no further partitions: {code}"));
    }

    /// Deletes a group that has no members, and with it the offsets that it has committed.
    pub fn delete_group(&self, group: &str) {
        let admin = self.admin();
        let told = futures_executor::block_on(admin.delete_groups(&[group], &AdminOptions::new()));
        let told = told.expect("the coordinator answers").remove(0);
        told.unwrap_or_else(|(group, code)| panic!("{group} is not deleted: {code}"));
    }

    /// Writes records, a key and a value each, to a partition, or where their keys belong; waits until all are there.
    pub fn produce(&self, topic: &str, partition: Option<i32>, records: &[(&str, &str)]) {
        let feed = Feed::connect(&self.connection).expect("the producer is made");
        for (key, value) in records {
            feed.send(topic, partition, Some(key.as_bytes()), Some(value.as_bytes()), &[])
                .expect("it is queued");
        }
        feed.flush().expect("it is acknowledged");
    }

    /// Every committed record of a topic, partition by partition.
    pub fn read(&self, topic: &str) -> Vec<Record> {
        // A topic that is new has no leader for a moment.
        patiently("reading a topic", || {
            let mut records = Vec::new();
            dump(&self.connection, "nobody", topic, &mut |record| records.push(record)).map(|_| records)
        })
    }

    /// The values of [`Cluster::read`], as text.
    pub fn values(&self, topic: &str) -> Vec<String> {
        let text = |record: Record| String::from_utf8_lossy(&record.value.unwrap_or_default()).into_owned();
        self.read(topic).into_iter().map(text).collect()
    }
}

/// A broker that our script runs.
struct Broker {
    script: Child,
    says: BufReader<ChildStdout>,
}

impl Broker {
    /// Starts one; gives what it prints when it is ready.
    fn start(arguments: &[&str]) -> (Self, String) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("kafka/broker");
        let mut script = Command::new(&path)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let says = BufReader::new(script.stdout.take().expect("it is piped"));
        let mut broker = Self { script, says };
        let said = broker.wait_until_ready();
        (broker, said)
    }

    fn restart(&mut self) {
        let pid = self.script.id().to_string();
        let sent = Command::new("kill").args(["-s", "USR1", &pid]).status().expect("there is a kill");
        assert!(sent.success(), "the broker's script is there");
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) -> String {
        let mut line = String::new();
        self.says.read_line(&mut line).expect("the script prints text");
        let said = line.trim().strip_prefix("ready ").unwrap_or_else(|| {
            panic!("no Kafka could be started; `./test` says what is missing, or set BRAID_TEST_BROKERS")
        });
        said.to_owned()
    }
}

/// Groups that form and lapse as quickly as the test broker lets them; another cluster is asked to allow 6 s.
fn quick() -> BTreeMap<String, String> {
    [
        ("heartbeat.interval.ms", "200"),
        ("session.timeout.ms", "6000"),
        ("topic.metadata.refresh.fast.interval.ms", "50"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
