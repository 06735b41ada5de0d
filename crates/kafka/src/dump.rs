use std::collections::BTreeMap;
use std::ops::ControlFlow;

use braid_log::{Failure, Record, TopicPartition};
use rdkafka::consumer::Consumer;

use crate::client_log::cause;
use crate::offsets::ANSWER_MAX;
use crate::tail::{STALL_MAX, Tail};
use crate::{Connection, failure};

/// As what it is known in the brokers' logs.
const CLIENT: &str = "braid-dump";

/// Gives every committed record that a topic has when reading begins: partition by partition, each oldest first.
/// Returns how many there were.
///
/// The group is never joined and keeps its offsets; but a client that assigns partitions by itself names one, and asks
/// the cluster for it. So where rights are checked it is one that the user may describe.
///
/// # Errors
/// [`Failure::Fatal`] if the topic is missing or may not be read, else [`Failure::Retry`]; records that were given
/// before are then given again by the next call.
pub fn dump(
    connection: &Connection,
    group_id: &str,
    topic: &str,
    each: &mut dyn FnMut(Record),
) -> Result<u64, Failure> {
    let tail = Tail::open(connection, CLIENT, group_id, STALL_MAX)?;
    let mut records = 0;
    for partition in partitions(&tail, topic)? {
        tail.read(&partition, &mut |record| {
            records += 1;
            each(record);
            ControlFlow::Continue(())
        })?;
    }
    Ok(records)
}

/// As [`dump`], of these partitions only, each from an offset on, and no further than `each` wants of it.
///
/// # Errors
/// As [`dump`]; [`Failure::Fatal`] too if there is no such partition.
pub fn dump_from(
    connection: &Connection,
    group_id: &str,
    topic: &str,
    starts: &BTreeMap<i32, i64>,
    each: &mut dyn FnMut(Record) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let tail = Tail::open(connection, CLIENT, group_id, STALL_MAX)?;
    let there = partitions(&tail, topic)?;
    for (&number, &offset) in starts {
        let Some(partition) = there.iter().find(|partition| partition.partition == number) else {
            return Err(Failure::Fatal(format!("topic {topic} has no partition {number}")));
        };
        tail.read_from(partition, offset, each)?;
    }
    Ok(())
}

fn partitions(tail: &Tail, topic: &str) -> Result<Vec<TopicPartition>, Failure> {
    let doing = || format!("looking for topic {topic}{}", cause(tail.committed()));
    let told = tail.committed().fetch_metadata(Some(topic), ANSWER_MAX);
    let metadata = told.map_err(|e| failure::reading(&doing(), &e))?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let found = found.ok_or_else(|| Failure::Fatal(format!("{}: not there", doing())))?;
    if let Some(error) = found.error() {
        return Err(failure::reading(&doing(), &rdkafka::error::KafkaError::MetadataFetch(error.into())));
    }
    let mut numbers: Vec<i32> = found.partitions().iter().map(|partition| partition.id()).collect();
    numbers.sort_unstable();
    Ok(numbers.into_iter().map(|number| TopicPartition::new(topic, number)).collect())
}
