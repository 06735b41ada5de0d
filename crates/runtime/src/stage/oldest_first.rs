use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use braid_log::{Record, TopicPartition};

/// Orders what was polled from several partitions by the records' own time, each partition's order kept: a backlog in
/// one source does not run ahead of a backlog in another, so that the alerts topic is close to the order in which
/// things arrived.
pub(super) fn oldest_first(records: &mut VecDeque<Record>) {
    let mut lines: BTreeMap<TopicPartition, VecDeque<Record>> = BTreeMap::new();
    for record in records.drain(..) {
        lines.entry(record.topic_partition()).or_default().push_back(record);
    }
    let mut lines: Vec<_> = lines.into_values().collect();
    let head = |line: &VecDeque<Record>| line.front().map(|record| record.timestamp_millis);
    let mut heads: BinaryHeap<_> =
        lines.iter().enumerate().filter_map(|(place, line)| Some(Reverse((head(line)?, place)))).collect();
    while let Some(Reverse((_, place))) = heads.pop() {
        let line = &mut lines[place];
        records.extend(line.pop_front());
        heads.extend(head(line).map(|millis| Reverse((millis, place))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_head_goes_first_and_a_partition_keeps_its_order() {
        let record = |(topic, offset, timestamp_millis): (&str, i64, i64)| Record {
            topic: topic.into(),
            partition: 0,
            offset,
            timestamp_millis,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        // The clock of b's second record is behind; it must not overtake its first.
        let polled = [("a", 0, 10), ("a", 1, 30), ("b", 0, 20), ("b", 1, 5), ("b", 2, 40)];
        let mut records: VecDeque<_> = polled.into_iter().map(record).collect();
        oldest_first(&mut records);
        let order: Vec<_> = records.iter().map(|r| format!("{}{}", r.topic, r.offset)).collect();
        assert_eq!(order, ["a0", "b0", "b1", "a1", "b2"]);
    }
}
