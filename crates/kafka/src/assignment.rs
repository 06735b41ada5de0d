use std::collections::BTreeMap;
use std::sync::Arc;

use braid_log::{AssignmentChange, TopicPartition};

/// What this member owns, and where each partition of it stands.
///
/// ```text
///   assigned ──▶ silent ──start──▶ giving ──revoked──▶ gone
///                  ▲                  │
///                  └───────hold───────┘
/// ```
#[derive(Debug, Default)]
pub(crate) struct Assignment {
    // By topic, then partition: a lookup for every record, without building a key.
    topics: BTreeMap<Arc<str>, BTreeMap<i32, Stand>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stand {
    /// The offset to read next; `None` while silent.
    next: Option<i64>,
    /// Whether a record has been given since it was started.
    has_given: bool,
    at_end: bool,
}

impl Assignment {
    pub(crate) fn apply(&mut self, change: &AssignmentChange) {
        match change {
            AssignmentChange::Assigned(partitions) => {
                partitions.iter().for_each(|p| self.put(p, Stand::default()));
            }
            AssignmentChange::Revoked { partitions, .. } => partitions.iter().for_each(|p| self.remove(p)),
        }
    }

    fn put(&mut self, partition: &TopicPartition, stand: Stand) {
        self.topics.entry(partition.topic.clone()).or_default().insert(partition.partition, stand);
    }

    pub(crate) fn remove(&mut self, partition: &TopicPartition) {
        if let Some(partitions) = self.topics.get_mut(&partition.topic) {
            partitions.remove(&partition.partition);
        }
    }

    fn stand(&self, partition: &TopicPartition) -> Option<&Stand> {
        self.topics.get(&partition.topic)?.get(&partition.partition)
    }

    pub(crate) fn owns(&self, partition: &TopicPartition) -> bool {
        self.stand(partition).is_some()
    }

    pub(crate) fn start(&mut self, partition: &TopicPartition, next: i64) {
        self.put(partition, Stand { next: Some(next), ..Stand::default() });
    }

    pub(crate) fn hold(&mut self, partition: &TopicPartition) {
        self.put(partition, Stand::default());
    }

    pub(crate) fn at_end(&self, partition: &TopicPartition) -> bool {
        self.stand(partition).is_some_and(|stand| stand.at_end)
    }

    /// librdkafka says that the end of "partition 3" is reached, and not of which topic. It says so once, so it can
    /// only be one that was not yet at its end; where several may be meant, `stands_at_end` is asked of each.
    pub(crate) fn ended(&mut self, number: i32, stands_at_end: impl Fn(&TopicPartition) -> bool) {
        let candidates = self.may_have_ended(number);
        let sure = candidates.len() == 1;
        for partition in candidates.iter().filter(|partition| sure || stands_at_end(partition)) {
            let stand = self.topics.get_mut(&partition.topic).and_then(|t| t.get_mut(&partition.partition));
            stand.expect("it was found a moment ago").at_end = true;
        }
    }

    /// The topic's shared name if a record at this place is to be given: the partition is ours, started, and the
    /// record has not been given before. A seek and a pause make librdkafka forget what it had fetched; this does not
    /// rely on it, for a record that slipped through would be counted twice or out of order.
    pub(crate) fn accept(&mut self, topic: &str, partition: i32, offset: i64) -> Option<Arc<str>> {
        let stand = self.topics.get_mut(topic)?.get_mut(&partition)?;
        if offset < stand.next? {
            return None;
        }
        *stand = Stand { next: Some(offset + 1), has_given: true, at_end: false };
        self.topics.get_key_value(topic).map(|(name, _)| name.clone())
    }

    /// The offset to read next, if the partition gives records and this one is before it.
    pub(crate) fn is_behind(&self, topic: &str, partition: i32, offset: i64) -> Option<i64> {
        let next = self.topics.get(topic)?.get(&partition)?.next?;
        (offset < next).then_some(next)
    }

    /// Whether the record before this offset is the last that was given since the partition was started.
    pub(crate) fn has_given_up_to(&self, partition: &TopicPartition, next: i64) -> bool {
        self.stand(partition).is_some_and(|stand| stand.has_given && stand.next == Some(next))
    }

    /// Whether any partition is started.
    pub(crate) fn is_giving(&self) -> bool {
        self.topics.values().any(|partitions| partitions.values().any(|stand| stand.next.is_some()))
    }

    fn may_have_ended(&self, number: i32) -> Vec<TopicPartition> {
        let behind = |stand: &Stand| stand.next.is_some() && !stand.at_end;
        self.topics
            .iter()
            .filter(|(_, partitions)| partitions.get(&number).is_some_and(behind))
            .map(|(topic, _)| TopicPartition { topic: topic.clone(), partition: number })
            .collect()
    }

    /// The started partitions, each with the offset to read next.
    pub(crate) fn giving(&self) -> Vec<(TopicPartition, i64)> {
        let of_topic = |(topic, partitions): (&Arc<str>, &BTreeMap<i32, Stand>)| {
            let of_partition = |(number, stand): (&i32, &Stand)| {
                Some((TopicPartition::new(topic.clone(), *number), stand.next?))
            };
            partitions.iter().filter_map(of_partition).collect::<Vec<_>>()
        };
        self.topics.iter().flat_map(of_topic).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(topic: &str, number: i32) -> TopicPartition {
        TopicPartition::new(topic, number)
    }

    fn assigned(partitions: &[TopicPartition]) -> Assignment {
        let mut assignment = Assignment::default();
        assignment.apply(&AssignmentChange::Assigned(partitions.to_vec()));
        assignment
    }

    #[test]
    fn a_record_is_given_only_between_start_and_revocation_and_only_once() {
        let p = partition("alerts", 0);
        let mut assignment = assigned(std::slice::from_ref(&p));
        assert_eq!(assignment.accept("alerts", 0, 7), None, "silent until started");
        assignment.start(&p, 7);
        assert_eq!(assignment.accept("alerts", 0, 6), None, "before the committed offset");
        assert!(!assignment.has_given_up_to(&p, 7), "nothing yet");
        assert_eq!(assignment.accept("alerts", 0, 7).as_deref(), Some("alerts"));
        assert!(assignment.has_given_up_to(&p, 8) && !assignment.has_given_up_to(&p, 7));
        assert_eq!(assignment.accept("alerts", 0, 7), None, "given already");
        assert_eq!(assignment.is_behind("alerts", 0, 7), Some(8));
        assert_eq!(assignment.is_behind("alerts", 0, 8), None);
        assignment.hold(&p);
        assert_eq!(assignment.accept("alerts", 0, 8), None, "held");
        assert_eq!(assignment.is_behind("alerts", 0, 7), None, "held");
        assignment.start(&p, 8);
        assignment.apply(&AssignmentChange::Revoked { partitions: vec![p.clone()], lost: false });
        assert_eq!(assignment.accept("alerts", 0, 8), None, "revoked");
        assert!(!assignment.owns(&p));
    }

    #[test]
    fn the_end_of_a_partition_number_is_that_of_the_topic_that_may_have_reached_it() {
        let (a, b, c) = (partition("a", 3), partition("b", 3), partition("c", 3));
        let mut assignment = assigned(&[a.clone(), b.clone(), c.clone()]);
        assignment.start(&a, 0);
        assignment.start(&b, 0);
        assignment.ended(4, |_| true);
        assert!(!assignment.at_end(&a) && !assignment.at_end(&b), "another number");
        assignment.ended(3, |asked| *asked == a);
        assert!(assignment.at_end(&a) && !assignment.at_end(&b), "two may be meant, one of them is there");
        assignment
            .ended(3, |_| unreachable!("only b can be meant: a is known to be at its end, c is silent"));
        assert!(assignment.at_end(&b) && !assignment.at_end(&c));
        assert!(assignment.accept("a", 3, 0).is_some());
        assert!(!assignment.at_end(&a) && assignment.at_end(&b), "a record of a has come since");
    }
}
