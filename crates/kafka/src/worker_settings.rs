use std::sync::Arc;
use std::time::Duration;

use crate::RemoteCluster;

/// What makes one worker's log: which topics it reads as a member of which group, and under which name it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// The topics to read.
    pub topics: Vec<Arc<str>>,
    /// Other clusters that are read beside.
    pub remotes: Vec<RemoteCluster>,
    /// Whether each topic stands for itself: one that is missing, or that may not be read, is waited for while the others
    /// are read. Else it is a failure that stops the worker.
    pub topics_stand_alone: bool,
    /// The consumer group; all workers of a stage are in the same one.
    pub group_id: String,
    /// The first part of the transactional id, the same for all instances of one deployment.
    pub transactional_id_prefix: String,
    /// The stage, such as `correlate`.
    pub stage: String,
    /// Which instance this is, from 0. Two live instances must not have the same one: they would fence each other for
    /// ever.
    pub ordinal: u32,
    /// Which thread of the instance, from 0.
    pub thread: u32,
    /// How long a transaction may be open before the coordinator aborts it. It is also how long the partitions of a
    /// killed instance stay unreadable behind its open transaction if nobody takes its ordinal.
    pub transaction_timeout: Duration,
    /// How long to try to settle what an earlier producer of the same transactional id has left open.
    pub settle_timeout: Duration,
    /// Bytes that may be fetched ahead of what is polled.
    pub consumer_queue_bytes_max: u32,
    /// Bytes that may wait to be sent within a transaction.
    pub producer_queue_bytes_max: u32,
}

impl WorkerSettings {
    /// Settings with the defaults: transactions of 10 s, 2 minutes to settle, 32 MiB each way.
    pub fn new(stage: &str, group_id: &str, topics: Vec<Arc<str>>) -> Self {
        Self {
            topics,
            remotes: Vec::new(),
            topics_stand_alone: false,
            group_id: group_id.to_owned(),
            transactional_id_prefix: "braid".into(),
            stage: stage.to_owned(),
            ordinal: 0,
            thread: 0,
            transaction_timeout: Duration::from_secs(10),
            settle_timeout: Duration::from_secs(120),
            consumer_queue_bytes_max: 32 << 20,
            producer_queue_bytes_max: 32 << 20,
        }
    }

    /// The topics that keep the offsets of what is read of other clusters.
    pub fn offsets_topics(&self) -> impl Iterator<Item = &Arc<str>> {
        self.remotes.iter().flat_map(|cluster| &cluster.topics).map(|topic| &topic.offsets_topic)
    }

    /// `prefix-stage-ordinal-thread`: stable, so that a restarted worker fences its past self and settles the
    /// transaction that it left. A random one would leave it hanging, and with it every reader's last stable offset.
    pub fn transactional_id(&self) -> String {
        format!("{}-{}-{}-{}", self.transactional_id_prefix, self.stage, self.ordinal, self.thread)
    }
}
