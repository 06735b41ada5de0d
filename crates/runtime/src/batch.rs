use std::collections::BTreeMap;

use braid_log::{Outgoing, Record, TopicPartition};

/// What one transaction writes, kept until it is committed: the same bytes are sent again after an abort.
///
/// It is in parts, one per input partition, because a partition that is taken away meanwhile takes its part with it and
/// leaves the others as they are. `N` is what a stage tells the world once the part is committed.
#[derive(Debug)]
pub struct Batch<N> {
    parts: BTreeMap<TopicPartition, Part<N>>,
}

/// What one input partition puts into a transaction.
#[derive(Debug)]
pub struct Part<N> {
    /// The offset to read next, once this is committed.
    pub next: i64,
    /// Whether `next` differs from what is committed before. If it does not (a tick was written), the committed offset
    /// cannot say whether this part was committed.
    pub consumed: bool,
    /// How many input records this is about.
    pub records: u64,
    /// Their keys, values and headers.
    pub bytes: u64,
    /// Kafka's timestamp of the last of them, in milliseconds since 1970 in UTC.
    pub last_millis: i64,
    /// What is written.
    pub outgoing: Vec<Outgoing>,
    /// Why the partition cannot go on beyond `next`.
    pub hold: Option<Box<str>>,
    /// What is told after the commit, and not before.
    pub news: N,
}

impl<N> Default for Batch<N> {
    fn default() -> Self {
        Self { parts: BTreeMap::new() }
    }
}

impl<N: Default> Batch<N> {
    /// The part of an input partition; a new one begins with this offset to read next.
    pub fn part(&mut self, input: &TopicPartition, next: i64) -> &mut Part<N> {
        self.parts.entry(input.clone()).or_insert_with(|| Part {
            next,
            consumed: false,
            records: 0,
            bytes: 0,
            last_millis: 0,
            outgoing: Vec::new(),
            hold: None,
            news: N::default(),
        })
    }
}

impl<N> Batch<N> {
    /// Whether there is nothing to commit: no transaction is begun then.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The parts.
    pub fn parts(&self) -> impl Iterator<Item = (&TopicPartition, &Part<N>)> {
        self.parts.iter()
    }

    /// The parts, to be completed.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = (&TopicPartition, &mut Part<N>)> {
        self.parts.iter_mut()
    }

    /// Takes a part out: its partition is no longer ours, or it turned out to be committed.
    pub fn remove(&mut self, input: &TopicPartition) -> Option<Part<N>> {
        self.parts.remove(input)
    }

    /// The partitions that have a part.
    pub fn inputs(&self) -> Vec<TopicPartition> {
        self.parts.keys().cloned().collect()
    }

    /// The offsets to commit. A part that consumed nothing commits its old offset again: it changes nothing, but the
    /// group refuses it from a worker that has lost the partition, and with it the whole transaction.
    pub fn offsets(&self) -> Vec<(TopicPartition, i64)> {
        self.parts.iter().map(|(input, part)| (input.clone(), part.next)).collect()
    }

    /// Everything, once committed.
    pub fn into_parts(self) -> impl Iterator<Item = (TopicPartition, Part<N>)> {
        self.parts.into_iter()
    }
}

impl<N> Part<N> {
    /// A record has been dealt with.
    pub fn consume(&mut self, record: &Record) {
        self.next = record.offset + 1;
        self.consumed = true;
        self.records += 1;
        self.bytes += record.bytes() as u64;
        self.last_millis = record.timestamp_millis;
    }
}
