use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use braid_log::{Outgoing, Record, TopicPartition};

use super::Timestamps;
use super::fault::Faults;
use super::group::Group;
use super::partition::{Fate, PartitionLog};
use super::transaction::{LateEnd, Producer, Refused, TRANSACTION_MILLIS, Transaction};

/// Everything that the brokers hold. Time passes only when it is told to.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    pub(super) now_millis: i64,
    pub(super) faults: Faults,
    topics: BTreeMap<Arc<str>, Topic>,
    groups: BTreeMap<String, Group>,
    producers: BTreeMap<String, Producer>,
    late: Vec<LateEnd>,
    numbers: u64,
}

#[derive(Debug)]
struct Topic {
    partitions: Vec<PartitionLog>,
    timestamps: Timestamps,
}

impl Cluster {
    pub(super) fn create(&mut self, name: &str, partitions: usize, timestamps: Timestamps) {
        let partitions = (0..partitions).map(|_| PartitionLog::default()).collect();
        self.topics.insert(name.into(), Topic { partitions, timestamps });
    }

    /// A number that was never given before: members and transactions have one.
    pub(super) const fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn partitions(&self, topics: &BTreeSet<String>) -> Vec<TopicPartition> {
        let wanted = self.topics.iter().filter(|(name, _)| topics.contains(&***name));
        wanted
            .flat_map(|(name, topic)| {
                (0..topic.partitions.len()).map(|p| TopicPartition::new(name.clone(), p as i32))
            })
            .collect()
    }

    /// Time passes: late requests arrive, silent members lose their partitions, long transactions are aborted.
    pub(super) fn advance(&mut self, millis: i64) {
        self.now_millis += millis;
        let now = self.now_millis;
        let (due, late) =
            std::mem::take(&mut self.late).into_iter().partition(|end| end.arrives_millis <= now);
        self.late = late;
        let due: Vec<LateEnd> = due;
        for end in due {
            // The coordinator cannot tell which transaction of the epoch was meant: that is the whole trouble.
            let _ = self.end_transaction(&end.transactional_id, end.epoch, end.commit);
        }
        self.expire_members();
        self.expire_transactions();
    }

    fn expire_members(&mut self) {
        let now = self.now_millis;
        let silent: Vec<_> = self
            .groups
            .iter()
            .flat_map(|(name, g)| g.silent(now).into_iter().map(|id| (name.clone(), id)))
            .collect();
        for (group, id) in silent {
            self.remove_member(&group, id);
        }
    }

    fn expire_transactions(&mut self) {
        let now = self.now_millis;
        let long = |p: &Producer| p.open.as_ref().is_some_and(|t| now - t.began_millis > TRANSACTION_MILLIS);
        let long: Vec<_> = self.producers.iter().filter(|(_, p)| long(p)).map(|(id, _)| id.clone()).collect();
        for id in long {
            self.settle(&id, Fate::Aborted);
            if let Some(producer) = self.producers.get_mut(&id) {
                producer.timed_out = Some(producer.epoch);
                producer.epoch += 1;
            }
        }
    }

    pub(super) fn log(&self, at: &TopicPartition) -> Option<&PartitionLog> {
        self.topics.get(&at.topic)?.partitions.get(usize::try_from(at.partition).ok()?)
    }

    pub(super) fn log_mut(&mut self, at: &TopicPartition) -> Option<&mut PartitionLog> {
        self.topics.get_mut(&at.topic)?.partitions.get_mut(usize::try_from(at.partition).ok()?)
    }

    pub(super) fn group(&mut self, name: &str) -> &mut Group {
        self.groups.entry(name.to_owned()).or_default()
    }

    pub(super) fn remove_member(&mut self, group: &str, id: u64) {
        let partitions: Vec<_> = self.topics.keys().map(|name| name.to_string()).collect();
        let partitions = self.partitions(&partitions.into_iter().collect());
        self.group(group).remove(id, &partitions);
    }

    /// The stable committed offset; an error while an open transaction may still change it.
    pub(super) fn stable_offset(&mut self, group: &str, at: &TopicPartition) -> Result<Option<i64>, String> {
        let pending = |t: &Transaction| t.offsets.get(group).is_some_and(|offsets| offsets.contains_key(at));
        if self.producers.values().any(|producer| producer.open.as_ref().is_some_and(pending)) {
            return Err(format!("the offset of {at} is not stable: a transaction is open"));
        }
        Ok(self.group(group).offset(at))
    }

    /// A new incarnation of a producer: the older one is fenced and its transaction settled.
    pub(super) fn init_transactions(&mut self, transactional_id: &str) -> u64 {
        self.settle(transactional_id, Fate::Aborted);
        let producer = self.producers.entry(transactional_id.to_owned()).or_default();
        producer.epoch += 1;
        producer.timed_out = None;
        producer.epoch
    }

    pub(super) fn admits(&self, transactional_id: &str, epoch: u64) -> Result<(), Refused> {
        self.producers.get(transactional_id).map_or(Err(Refused::Fenced), |producer| producer.admits(epoch))
    }

    pub(super) fn open_transaction(&mut self, transactional_id: &str) -> &mut Transaction {
        let (number, began_millis) = (self.number(), self.now_millis);
        let producer = self.producers.entry(transactional_id.to_owned()).or_default();
        producer.open.get_or_insert_with(|| Transaction {
            number,
            began_millis,
            written: BTreeSet::new(),
            offsets: BTreeMap::new(),
        })
    }

    /// Ends whatever transaction of this epoch is open.
    pub(super) fn end_transaction(
        &mut self,
        transactional_id: &str,
        epoch: u64,
        commit: bool,
    ) -> Result<(), Refused> {
        self.admits(transactional_id, epoch)?;
        self.settle(transactional_id, if commit { Fate::Committed } else { Fate::Aborted });
        Ok(())
    }

    pub(super) fn end_transaction_later(&mut self, end: LateEnd) {
        self.late.push(end);
    }

    fn settle(&mut self, transactional_id: &str, fate: Fate) {
        let open = self.producers.get_mut(transactional_id).and_then(|producer| producer.open.take());
        let Some(transaction) = open else { return };
        for at in &transaction.written {
            if let Some(log) = self.log_mut(at) {
                log.settle(transaction.number, fate);
            }
        }
        if fate == Fate::Committed {
            for (group, offsets) in transaction.offsets {
                self.group(&group).commit(offsets);
            }
        }
    }

    /// Writes a record; the partition is chosen by murmur2 of the key, as Java clients do, where none is given.
    pub(super) fn append(
        &mut self,
        record: &Outgoing,
        timestamp: Option<i64>,
        fate: Fate,
    ) -> Option<TopicPartition> {
        let now = self.now_millis;
        let topic = self.topics.get_mut(&record.topic)?;
        let partition = match record.partition {
            Some(partition) => partition,
            None => partition_of(record.key.as_deref().unwrap_or_default(), topic.partitions.len()),
        };
        let timestamp_millis = match topic.timestamps {
            Timestamps::Create => timestamp.unwrap_or(now),
            Timestamps::LogAppend => now,
        };
        let at = TopicPartition::new(record.topic.clone(), partition);
        topic.partitions.get_mut(usize::try_from(partition).ok()?)?.append(
            Record {
                topic: record.topic.clone(),
                partition,
                offset: 0,
                timestamp_millis,
                key: record.key.clone(),
                value: record.value.clone(),
                headers: record.headers.clone(),
            },
            fate,
        );
        Some(at)
    }
}

/// The partition that Java's default partitioner gives a key.
fn partition_of(key: &[u8], partitions: usize) -> i32 {
    const SEED: u32 = 0x9747_b28c;
    ((murmur2::murmur2(key, SEED) & 0x7fff_ffff) as usize % partitions.max(1)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_where_java_clients_put_it() {
        // Hashes from the unit tests of Kafka's own `Utils.murmur2`: "21" → -973932308, "foobar" → -790332482.
        let positive = |hash: i32| (hash & 0x7fff_ffff) % 12;
        assert_eq!(partition_of(b"21", 12), positive(-973_932_308));
        assert_eq!(partition_of(b"foobar", 12), positive(-790_332_482));
    }
}
