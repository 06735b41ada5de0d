//! Apache Kafka behind the log trait: assignments, batches, transactions, topics.
//!
//! It knows bytes, not alerts: what a record means is decided elsewhere. It retries only what is safe to repeat and
//! decides nothing about what to do after a failure: it sorts it ([`braid_log::Failure`]) and the worker acts. It runs
//! no async code and starts no thread of its own (librdkafka does). It is the only crate that names rdkafka.
//!
//! Start with [`KafkaLog`]; [`Topics`] for what must be there before.

mod kafka_log;

mod connection;
mod worker_settings;

mod consumers;

mod assignment;
mod gathering;
mod member;
mod reading;
mod subscription;

mod offset_records;
mod remote_cluster;
mod remote_reader;
mod remotes;

mod transactions;

mod probe;
mod topic_watch;

mod changelog;
mod dump;
mod kafka_table;
mod tail;

mod partitioner;
mod rights;
mod topic_spec;
mod topics;

mod embedded;
mod feed;
mod transactional_feed;

mod client_log;
mod failure;
mod log_marks;
mod offsets;

pub use changelog::KafkaChangelog;
pub use connection::{Connection, ConnectionSettings, SettingRefused};
pub use dump::{dump, dump_from};
pub use embedded::EmbeddedBroker;
pub use feed::Feed;
pub use kafka_log::KafkaLog;
pub use kafka_table::KafkaTable;
pub use partitioner::partition_of;
pub use probe::{probe_group, probe_transactions};
pub use remote_cluster::{RemoteCluster, RemoteTopic};
pub use rights::{AclNeed, AclResource, topic_rights, worker_rights};
pub use topic_spec::{Difference, TopicDifference, TopicSpec, TopicState};
pub use topic_watch::{FaultKind, TopicFault, TopicWatch};
pub use topics::{Ensured, Topics};
pub use transactional_feed::TransactionalFeed;
pub use worker_settings::WorkerSettings;
