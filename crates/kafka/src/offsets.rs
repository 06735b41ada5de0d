use std::time::Duration;

use braid_log::{Failure, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::failure;

/// How long to wait for an answer that takes a healthy broker milliseconds.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The committed offset of the consumer's group. The consumer must read `read_committed`: then the broker holds back
/// an offset that an open transaction may still change, and this waits for it until `timeout`.
pub(crate) fn stable_committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
    timeout: Duration,
) -> Result<Option<i64>, Failure> {
    let doing = || format!("asking for the committed offset of {partition}");
    let asked = one(partition, Offset::Invalid);
    let told = consumer.committed_offsets(asked, timeout).map_err(|e| failure::reading(&doing(), &e))?;
    let elements = told.elements();
    let element = elements.first().expect("the list that was asked for is the list that is told");
    element.error().map_err(|e| failure::reading(&doing(), &e))?;
    Ok(match element.offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    })
}

/// First offset still there, and the end: the high watermark if the consumer reads `read_uncommitted`, else the last
/// stable offset.
pub(crate) fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
) -> Result<(i64, i64), Failure> {
    let doing = || format!("asking for the first and last offset of {partition}");
    consumer.fetch_watermarks(&partition.topic, partition.partition, ANSWER_MAX).map_err(|error| {
        // What librdkafka says at once of a partition that has no leader at the moment.
        let has_no_leader = error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownPartition);
        let told = failure::reading(&doing(), &error);
        if has_no_leader { Failure::Retry(format!("{}: it has no leader", doing())) } else { told }
    })
}

/// A list of partitions, each at an offset.
pub(crate) fn all(partitions: &[(TopicPartition, i64)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for (partition, offset) in partitions {
        list.add_partition_offset(&partition.topic, partition.partition, Offset::Offset(*offset))
            .expect("every offset of a record can be represented");
    }
    list
}

/// A list of one partition at an offset.
pub(crate) fn one(partition: &TopicPartition, offset: Offset) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition_offset(&partition.topic, partition.partition, offset)
        .expect("every offset that is passed here can be represented");
    list
}

/// Where the consumer is in a partition that it is assigned: past the last record or control record that it was
/// given, `None` before the first.
pub(crate) fn position<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &TopicPartition,
) -> Result<Option<i64>, Failure> {
    let doing = || format!("asking for the position in {partition}");
    let positions = consumer.position().map_err(|e| failure::reading(&doing(), &e))?;
    Ok(positions.find_partition(&partition.topic, partition.partition).and_then(|found| {
        match found.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }
    }))
}
