use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use braid_log::{AssignmentChange, TopicPartition};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::client_log::{ClientLog, Explains};

/// The context of a consumer that is a member of a group: hears of rebalances, which librdkafka reports inside `poll`
/// on the thread that polls.
///
/// No transaction is open then, so there is nothing to settle: what is revoked is let go at once, what is assigned is
/// paused at once. Where reading begins is not asked here: the stable committed offset can be seconds away when
/// another instance has just been killed, and the callback holds up all the healthy partitions of this thread.
/// [`crate::KafkaLog`] asks for it, and seeks, when the partition is started.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) log: ClientLog,
    // Locks only because librdkafka's contexts must be `Sync`; a single thread ever takes them.
    changes: Mutex<Vec<AssignmentChange>>,
    /// Whether the group has ever given us anything, be it no partition.
    joined: AtomicBool,
}

impl Member {
    pub(crate) fn new(client: &str) -> Self {
        Self { log: ClientLog::new(client), changes: Mutex::default(), joined: AtomicBool::new(false) }
    }

    /// What has changed since the last call, in order.
    pub(crate) fn take_changes(&self) -> Vec<AssignmentChange> {
        std::mem::take(&mut *self.changes.lock().expect("nothing panics while holding it"))
    }

    /// A rebalance that changes nothing for this member is answered with an empty list, and is no news; the first one is,
    /// for it says that the group has taken us in.
    fn report(&self, change: AssignmentChange) {
        let (AssignmentChange::Assigned(partitions) | AssignmentChange::Revoked { partitions, .. }) = &change;
        let first =
            matches!(change, AssignmentChange::Assigned(_)) && !self.joined.swap(true, Ordering::Relaxed);
        if partitions.is_empty() && !first {
            return;
        }
        self.changes.lock().expect("nothing panics while holding it").push(change);
    }

    fn assign(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let silent = parked(partitions);
        // Only a member that has been thrown out meanwhile is refused; a revocation follows.
        if let Err(error) = consumer.incremental_assign(&silent).and_then(|()| consumer.pause(&silent)) {
            tracing::warn!(%error, "an assignment could not be taken up");
        }
        self.report(AssignmentChange::Assigned(named(partitions)));
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let lost = consumer.assignment_lost();
        if let Err(error) = consumer.incremental_unassign(partitions) {
            tracing::warn!(%error, "a revocation could not be answered");
        }
        self.report(AssignmentChange::Revoked { partitions: named(partitions), lost });
    }
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.write(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.log.error(&error, reason);
    }
}

impl Explains for Member {
    fn client_log(&self) -> &ClientLog {
        &self.log
    }
}

impl ConsumerContext for Member {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, partitions),
            _ => self.revoke(consumer, partitions),
        }
    }
}

/// The partitions, each with a place: without one librdkafka would look for the committed offset by itself, and report an
/// error where there is none. They are paused, but a moment later, so that something may be asked for from there.
///
/// Not from offset 0: where retention has deleted it, the answer ends the fetcher, for `auto.offset.reset` is `error`. And
/// not from the end: librdkafka looks such a place up, and an answer that the pause has made void, and that comes after the
/// partition was placed where the group stands, makes it look again and go there. That would skip what is unread without a
/// word; what is read again from the beginning is known to have been given, see [`crate::subscription`].
pub(crate) fn parked(partitions: &TopicPartitionList) -> TopicPartitionList {
    let mut placed = TopicPartitionList::with_capacity(partitions.count());
    for element in partitions.elements() {
        placed
            .add_partition_offset(element.topic(), element.partition(), Offset::Beginning)
            .expect("the beginning is an offset");
    }
    placed
}

fn named(partitions: &TopicPartitionList) -> Vec<TopicPartition> {
    let name = |e: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
        TopicPartition::new(Arc::<str>::from(e.topic()), e.partition())
    };
    partitions.elements().iter().map(name).collect()
}
