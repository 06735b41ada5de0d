//! How far things have come: the ends of topics, the offsets of groups, and waiting for them.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::broker::Cluster;

/// How long a test waits for what must come before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks. Nothing is hoped to happen in it.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long a broker may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Waits until something holds.
///
/// # Panics
/// If it does not for a minute.
pub fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(PATIENCE, what, holds);
}

/// Waits until something holds.
///
/// # Panics
/// If it does not within `patience`.
pub fn until_within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < end, "not within {patience:?}: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Looks at topics without isolation, and at the offsets of a group, without being a member of it.
pub struct Observer {
    consumer: BaseConsumer,
}

impl Observer {
    /// An observer of a group.
    pub fn of(cluster: &Cluster, group: &str) -> Self {
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", cluster.brokers())
            .set("group.id", group)
            .set("isolation.level", "read_uncommitted")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .create()
            .expect("the client is made");
        Self { consumer }
    }

    /// The ends of a topic's partitions: what is not committed, and the marks of transactions, count.
    pub fn ends(&self, topic: &str) -> Vec<i64> {
        let end = |partition| {
            let mut end = Err("never asked".to_owned());
            // A topic that is new has no leader for a moment.
            until(&format!("the end of {topic}/{partition}"), || {
                let marks = self.consumer.fetch_watermarks(topic, partition, ANSWER_MAX);
                end = marks.map(|(_, end)| end).map_err(|error| error.to_string());
                end.is_ok()
            });
            end.expect("it was waited for")
        };
        self.partitions(topic).into_iter().map(end).collect()
    }

    /// The offsets that the group has committed in a topic, by partition; 0 where none.
    pub fn committed(&self, topic: &str) -> Vec<i64> {
        let mut asked = TopicPartitionList::new();
        for partition in self.partitions(topic) {
            asked.add_partition(topic, partition);
        }
        let told = self.consumer.committed_offsets(asked, ANSWER_MAX).expect("the coordinator answers");
        let offset = |offset: Offset| offset.to_raw().filter(|offset| *offset >= 0).unwrap_or(0);
        told.elements().iter().map(|element| offset(element.offset())).collect()
    }

    /// How many records there are in a topic, those of aborted and of open transactions included.
    pub fn records_with_aborted(&self, topic: &str) -> usize {
        let ends = self.ends(topic);
        let mut list = TopicPartitionList::new();
        for (partition, _) in (0..).zip(&ends) {
            list.add_partition_offset(topic, partition, Offset::Beginning).expect("it is an offset");
        }
        self.consumer.assign(&list).expect("there are such partitions");
        let mut records = 0;
        until("the end of the topic", || {
            while let Some(record) = self.consumer.poll(LOOK_EVERY) {
                record.expect("the record is read");
                records += 1;
            }
            let at = self.consumer.position().expect("it is asked in the right state");
            (0..).zip(&ends).all(|(partition, end)| {
                let place = at.find_partition(topic, partition).and_then(|found| found.offset().to_raw());
                place.unwrap_or(-1) >= *end || *end == 0
            })
        });
        self.consumer.unassign().expect("it is assigned");
        records
    }

    fn partitions(&self, topic: &str) -> Vec<i32> {
        let metadata = self.consumer.fetch_metadata(Some(topic), ANSWER_MAX).expect("the broker answers");
        let found = metadata.topics().iter().find(|found| found.name() == topic).expect("it was asked for");
        let mut partitions: Vec<i32> = found.partitions().iter().map(|partition| partition.id()).collect();
        partitions.sort_unstable();
        partitions
    }
}
