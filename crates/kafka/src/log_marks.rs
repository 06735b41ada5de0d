use std::collections::BTreeMap;
use std::sync::Arc;

use braid_log::{Failure, Record};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::{Offset, TopicPartitionList};

use crate::failure;
use crate::offsets::ANSWER_MAX;

/// By what the partitions of a topic are recognised: whether they are still the logs that were read, from their beginning on.
///
/// A reader at the end of a partition is not told that what it has read was deleted, nor that the topic was deleted and made
/// anew, as long as its place is one that the log has: librdkafka (2.12) sees the new topic id and goes on. So two things are
/// asked for. The *first offset* of a partition rises when records are deleted. And the *first offset after a time* never
/// falls, for a log only grows: of the newest time that was read, plus one, there can be none below the place where the reader is.
#[derive(Debug, Default)]
pub(crate) struct LogMarks {
    /// The first offset of each partition when its reading began.
    begins: BTreeMap<i32, i64>,
    /// The newest timestamp that was read of each partition, and the offset after the last record.
    read: BTreeMap<i32, Mark>,
    /// For how new a timestamp it was asked, and where the first record lies that is newer; where none is, it will not lie
    /// before that.
    newer: BTreeMap<i32, Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    timestamp_millis: i64,
    offset: i64,
}

impl LogMarks {
    /// Takes note of a record that is read.
    pub(crate) fn read(&mut self, record: &Record) {
        let (timestamp_millis, offset) = (record.timestamp_millis, record.offset + 1);
        let newest = self.read.get(&record.partition).map_or(timestamp_millis, |mark| mark.timestamp_millis);
        let mark = Mark { timestamp_millis: newest.max(timestamp_millis), offset };
        self.read.insert(record.partition, mark);
    }

    /// Takes note that the reading of partitions begins. Asked before it does: what is deleted from then on is seen.
    pub(crate) fn begin<C: ConsumerContext>(
        &mut self,
        partitions: &[i32],
        consumer: &BaseConsumer<C>,
        topic: &Arc<str>,
    ) -> Result<(), Failure> {
        self.begins.extend(begins(consumer, topic, partitions)?);
        Ok(())
    }

    /// Whether these partitions are no longer what was read of them.
    pub(crate) fn are_stale<C: ConsumerContext>(
        &mut self,
        consumer: &BaseConsumer<C>,
        topic: &Arc<str>,
    ) -> Result<bool, Failure> {
        let known: Vec<i32> = self.begins.keys().copied().collect();
        let begins = begins(consumer, topic, &known)?;
        let asked = self.newer.iter().map(|(partition, mark)| (*partition, mark.timestamp_millis + 1));
        let newer = first_after(consumer, topic, asked)?;
        if self.have_lost_records(&begins) || self.have_another_past(&newer) {
            return Ok(true);
        }
        let asked: Vec<(i32, i64)> =
            self.to_ask().map(|(partition, mark)| (partition, mark.timestamp_millis + 1)).collect();
        let newer = first_after(consumer, topic, asked.into_iter())?;
        self.keep(&newer);
        Ok(false)
    }

    fn have_lost_records(&self, begins: &BTreeMap<i32, i64>) -> bool {
        begins.iter().any(|(partition, begin)| self.begins.get(partition).is_some_and(|known| known < begin))
    }

    fn have_another_past(&self, newer: &BTreeMap<i32, i64>) -> bool {
        newer
            .iter()
            .any(|(partition, first)| self.newer.get(partition).is_some_and(|mark| *first < mark.offset))
    }

    /// Those of which something newer was read than was asked for.
    fn to_ask(&self) -> impl Iterator<Item = (i32, Mark)> + '_ {
        let is_newer = |(partition, mark): &(&i32, &Mark)| {
            self.newer.get(partition).is_none_or(|asked| asked.timestamp_millis < mark.timestamp_millis)
        };
        self.read.iter().filter(is_newer).map(|(partition, mark)| (*partition, *mark))
    }

    /// Keeps what was answered of those that were asked for. Where a transaction was given up its records are there, and may
    /// be newer: so it is the answer that counts, and only where there is none the place of the reader.
    fn keep(&mut self, newer: &BTreeMap<i32, i64>) {
        let asked: Vec<_> = self.to_ask().collect();
        self.newer.extend(asked.into_iter().map(|(partition, mark)| {
            let offset = newer.get(&partition).copied().unwrap_or(mark.offset);
            (partition, Mark { offset, ..mark })
        }));
    }
}

/// The first offset that each partition still has.
fn begins<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &Arc<str>,
    partitions: &[i32],
) -> Result<BTreeMap<i32, i64>, Failure> {
    let asked = partitions.iter().map(|partition| (*partition, Offset::Beginning));
    first_offsets(consumer, topic, asked)
}

/// The first offset in each partition from a time on, in milliseconds since 1970; those that have none are left out.
fn first_after<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &Arc<str>,
    asked: impl Iterator<Item = (i32, i64)>,
) -> Result<BTreeMap<i32, i64>, Failure> {
    first_offsets(
        consumer,
        topic,
        asked.map(|(partition, millis)| (partition, Offset::Offset(millis.max(0)))),
    )
}

/// Kafka's ListOffsets: what stands for a time is an offset, or a word for one of the ends.
fn first_offsets<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &Arc<str>,
    asked: impl Iterator<Item = (i32, Offset)>,
) -> Result<BTreeMap<i32, i64>, Failure> {
    let failed = |error| failure::reading(&format!("asking where {topic} begins"), &error);
    let mut list = TopicPartitionList::new();
    for (partition, at) in asked {
        list.add_partition_offset(topic, partition, at).map_err(failed)?;
    }
    if list.count() == 0 {
        return Ok(BTreeMap::new());
    }
    let told = consumer.offsets_for_times(list, ANSWER_MAX).map_err(failed)?;
    let mut offsets = BTreeMap::new();
    for element in told.elements() {
        element.error().map_err(failed)?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert(element.partition(), offset);
        }
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(partition: i32, offset: i64, timestamp_millis: i64) -> Record {
        let (key, value, headers) = (None, None, Vec::new());
        Record { topic: "t".into(), partition, offset, timestamp_millis, key, value, headers }
    }

    fn read(records: &[(i64, i64)]) -> LogMarks {
        let mut marks = LogMarks::default();
        records.iter().for_each(|(offset, millis)| marks.read(&record(0, *offset, *millis)));
        marks
    }

    fn is_another(marks: &LogMarks, first_after: Option<i64>) -> bool {
        marks.have_another_past(&first_after.map(|offset| (0, offset)).into_iter().collect())
    }

    #[test]
    fn a_log_that_grows_is_the_same_and_one_that_has_newer_records_in_front_is_not() {
        let mut marks = read(&[(0, 100), (1, 140), (2, 120)]);
        assert_eq!(marks.to_ask().map(|(_, mark)| mark.timestamp_millis).collect::<Vec<_>>(), [140]);
        marks.keep(&BTreeMap::new());
        assert_eq!(marks.to_ask().count(), 0);
        assert!(!is_another(&marks, None) && !is_another(&marks, Some(3)) && !is_another(&marks, Some(9)));
        assert!(is_another(&marks, Some(0)) && is_another(&marks, Some(2)));
    }

    #[test]
    fn what_was_given_up_and_is_newer_than_what_was_read_makes_no_other_log() {
        let mut marks = read(&[(7, 100)]);
        marks.keep(&BTreeMap::from([(0, 5)]));
        assert!(!is_another(&marks, Some(5)) && !is_another(&marks, Some(8)));
        assert!(is_another(&marks, Some(4)));
    }

    #[test]
    fn a_log_that_begins_later_has_lost_records() {
        let marks = LogMarks { begins: BTreeMap::from([(0, 4), (1, 0)]), ..LogMarks::default() };
        assert!(!marks.have_lost_records(&BTreeMap::from([(0, 4), (1, 0)])));
        assert!(marks.have_lost_records(&BTreeMap::from([(0, 4), (1, 1)])));
    }
}
