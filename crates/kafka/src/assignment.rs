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

    fn remove(&mut self, partition: &TopicPartition) {
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
        self.put(partition, Stand { next: Some(next), at_end: false });
    }

    pub(crate) fn hold(&mut self, partition: &TopicPartition) {
        self.put(partition, Stand::default());
    }

    pub(crate) fn at_end(&self, partition: &TopicPartition) -> bool {
        self.stand(partition).is_some_and(|stand| stand.at_end)
    }

    pub(crate) fn mark_at_end(&mut self, partition: &TopicPartition) {
        let stand = self.topics.get_mut(&partition.topic).and_then(|t| t.get_mut(&partition.partition));
        if let Some(stand) = stand {
            stand.at_end = stand.next.is_some();
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
        *stand = Stand { next: Some(offset + 1), at_end: false };
        self.topics.get_key_value(topic).map(|(name, _)| name.clone())
    }

    /// The started partitions of this number that are not known to be at their end: those of which librdkafka may have
    /// meant one when it said that "partition 3" has ended.
    pub(crate) fn may_have_ended(&self, number: i32) -> Vec<TopicPartition> {
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
        assert_eq!(assignment.accept("alerts", 0, 7).as_deref(), Some("alerts"));
        assert_eq!(assignment.accept("alerts", 0, 7), None, "given already");
        assignment.hold(&p);
        assert_eq!(assignment.accept("alerts", 0, 8), None, "held");
        assignment.start(&p, 8);
        assignment.apply(&AssignmentChange::Revoked { partitions: vec![p.clone()], lost: false });
        assert_eq!(assignment.accept("alerts", 0, 8), None, "revoked");
        assert!(!assignment.owns(&p));
    }

    #[test]
    fn the_end_of_a_partition_number_is_asked_only_of_those_that_may_have_reached_it() {
        let (a, b, c) = (partition("a", 3), partition("b", 3), partition("c", 3));
        let mut assignment = assigned(&[a.clone(), b.clone(), c]);
        assignment.start(&a, 0);
        assignment.start(&b, 0);
        assert_eq!(assignment.may_have_ended(3), [a.clone(), b.clone()]);
        assignment.mark_at_end(&a);
        assert!(assignment.at_end(&a));
        assert_eq!(assignment.may_have_ended(3), std::slice::from_ref(&b));
        assert!(assignment.accept("a", 3, 0).is_some());
        assert!(!assignment.at_end(&a), "a record has come since");
    }
}
