use std::sync::Arc;

use crate::Connection;

/// A cluster that is read from and never written to: it need not have transactions. Where each of its partitions is to be
/// read next is kept on the cluster that is written to, in the transaction that holds what was made of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCluster {
    /// What it is called, in messages.
    pub name: Arc<str>,
    /// How to reach it.
    pub connection: Connection,
    /// What is read of it.
    pub topics: Vec<RemoteTopic>,
}

/// A topic of a [`RemoteCluster`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteTopic {
    /// What a worker calls it, in records and assignments. It must be nobody else's, be it a topic of the cluster that is
    /// written to; a colon, which no topic's name may have, makes it so.
    pub name: Arc<str>,
    /// Its name on its cluster.
    pub topic: Arc<str>,
    /// The compacted topic, on the cluster that is written to, that keeps its offsets: one partition for each partition of
    /// it. Who owns that partition, as a member of the worker's group, owns the partition of this topic.
    pub offsets_topic: Arc<str>,
}
