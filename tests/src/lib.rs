//! What the end-to-end tests share: a real Apache Kafka, and hands to feed and read it.
//!
//! Tests that need Kafka stand in a module named `on_kafka`, which is how `./test --no-kafka` leaves them out by name
//! instead of counting as passed what has not run.
//!
//! Start with [`broker::Cluster::start`]; with [`pipeline::Pipeline`] for the whole program on it.

pub mod broker;
pub mod worker;

pub mod pipeline;

pub mod http;
pub mod invention;
pub mod lab;
pub mod program;
pub mod readers;
pub mod registry;
pub mod sinks;
pub mod splunk;
pub mod standing;
