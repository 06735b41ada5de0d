use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use braid_log::{AssignmentChange, Failure, Log, Outgoing, PollLimits, Record, Standing, TopicPartition};

use crate::subscription::Subscription;
use crate::transactions::Transactions;
use crate::{Connection, KafkaChangelog, WorkerSettings};

/// A worker's log on Apache Kafka: a group member and a transactional producer, owned by one thread.
///
/// A transaction takes the producer's epoch, the coordinator's word and the member's generation together:
///
/// ```text
///   connect   init_transactions: fences every earlier producer of this id, settles what it left open
///   poll      rebalances are heard of here, and nowhere else; no transaction is open
///   begin … send … send_offsets(next, membership of this very moment)
///   commit    drain, then EndTxn: refused if a newer epoch or a newer generation is about
/// ```
///
/// Partitions of other clusters ([`crate::RemoteCluster`]) are read beside those of the group, and look no different.
pub struct KafkaLog {
    connection: Arc<Connection>,
    settings: WorkerSettings,
    subscription: Subscription,
    transactions: Transactions,
}

impl KafkaLog {
    /// Settles what an earlier worker of this transactional id has left, then joins the group. Blocks meanwhile: not
    /// to be called from async code.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if a topic is missing, rights are, or the past cannot be settled in time;
    /// [`Failure::Retry`] if no broker can be reached.
    pub fn connect(connection: Arc<Connection>, settings: WorkerSettings) -> Result<Self, Failure> {
        let subscription = Subscription::open(&connection, &settings)?;
        // Settling can take minutes; a member that does not poll meanwhile would hold up its group.
        let transactions = Transactions::connect(&connection, &settings)?;
        subscription.join(&settings)?;
        Ok(Self { connection, settings, subscription, transactions })
    }
}

impl Log for KafkaLog {
    type Changelog = KafkaChangelog;

    fn now_millis(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn poll(
        &mut self,
        limits: &PollLimits,
        batch: &mut Vec<Record>,
    ) -> Result<Vec<AssignmentChange>, Failure> {
        self.transactions.listen();
        self.subscription.poll(limits, batch)
    }

    fn attend(&mut self, wait: Duration) -> Result<Vec<AssignmentChange>, Failure> {
        self.transactions.listen();
        self.subscription.attend(wait)
    }

    fn standing(&mut self, partition: &TopicPartition) -> Result<Standing, Failure> {
        self.subscription.standing(partition)
    }

    fn start(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        if let Some(topic) = self.subscription.offsets_topic(partition) {
            self.transactions.look_up(&topic)?;
        }
        self.subscription.start(partition)
    }

    fn hold(&mut self, partition: &TopicPartition) -> Result<(), Failure> {
        self.subscription.hold(partition)
    }

    fn at_end(&self, partition: &TopicPartition) -> bool {
        self.subscription.at_end(partition)
    }

    fn changelog(
        &self,
        changelog: &TopicPartition,
        input: &TopicPartition,
    ) -> Result<KafkaChangelog, Failure> {
        KafkaChangelog::open(&self.connection, &self.settings, changelog.clone(), input.clone())
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.transactions.begin()
    }

    fn send(&mut self, record: &Outgoing) -> Result<(), Failure> {
        self.transactions.send(record)
    }

    fn send_offsets(&mut self, next: &[(TopicPartition, i64)]) -> Result<(), Failure> {
        if next.is_empty() {
            return Ok(());
        }
        let (records, offsets) = self.subscription.committing(next);
        let membership = self.subscription.membership(offsets.iter().map(|(partition, _)| partition))?;
        records.iter().try_for_each(|record| self.transactions.send(record))?;
        self.transactions.send_offsets(&offsets, &membership)
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.transactions.commit()
    }

    fn abort(&mut self) -> Result<(), Failure> {
        self.transactions.abort()
    }

    fn replace_producer(&mut self) -> Result<(), Failure> {
        self.transactions.replace()
    }

    fn close(mut self) {
        self.transactions.close();
        // Dropping the consumer revokes, leaves the group and waits until it has.
    }
}
