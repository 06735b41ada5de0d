//! The consumers that a worker's log is made of, as librdkafka is told of them.

use braid_log::Failure;
use rdkafka::consumer::BaseConsumer;

use crate::client_log::{Asking, ClientLog};
use crate::{Connection, WorkerSettings, failure};

/// What every reader of records is told, whatever it reads them for: it sees what is committed and nothing else, keeps no
/// offsets of its own accord, is told where a partition ends or that its place is gone, and makes no topics.
pub(crate) const COMMITTED_ONLY: [(&str, &str); 6] = [
    ("isolation.level", "read_committed"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("enable.partition.eof", "true"),
    ("allow.auto.create.topics", "false"),
];

/// A consumer that is told true high watermarks, where one that reads `read_committed` is told the last stable offset.
pub(crate) fn uncommitted(connection: &Connection, client: &str) -> Result<BaseConsumer<Asking>, Failure> {
    connection
        // It must hear soon of partitions that a topic has got since.
        .client(
            &[("topic.metadata.refresh.interval.ms", "10000")],
            &[("isolation.level", "read_uncommitted"), ("enable.auto.commit", "false")],
        )
        .create_with_context(Asking(ClientLog::new(client)))
        .map_err(|e| failure::reading("making the client that asks for high watermarks", &e))
}

/// One that reads records, of the group's partitions or of another cluster's.
pub(crate) fn consumer_config(connection: &Connection, settings: &WorkerSettings) -> rdkafka::ClientConfig {
    let client_id = settings.transactional_id();
    let queue_kbytes = (settings.consumer_queue_bytes_max / 1024).max(1).to_string();
    connection.client(
        &[
            ("client.id", &client_id),
            // A killed instance's partitions move after this long; librdkafka's 45 s are for clients that rarely die.
            ("session.timeout.ms", "10000"),
            // How soon the others of a group hear that it rebalances.
            ("heartbeat.interval.ms", "1000"),
            // A partition just started joins the fetch after the one that is waiting: let that one not wait long.
            ("fetch.wait.max.ms", "100"),
            // The default of 1 s makes a bounded queue run dry between fetches (6,000 records/s instead of 198,000).
            ("fetch.queue.backoff.ms", "10"),
            ("fetch.max.bytes", "16777216"),
            // How soon a topic is found that was missing, or that one was not allowed to see.
            (
                "topic.metadata.refresh.interval.ms",
                if settings.topics_stand_alone { "10000" } else { "300000" },
            ),
        ],
        &[
            &COMMITTED_ONLY[..],
            &[
                ("group.id", &settings.group_id),
                ("partition.assignment.strategy", "cooperative-sticky"),
                ("queued.max.messages.kbytes", &queue_kbytes),
            ],
        ]
        .concat(),
    )
}
