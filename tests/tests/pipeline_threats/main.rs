//! Threat intelligence on a real Apache Kafka: what the feeds say is on the alerts that come after it, in the score and among
//! the reasons for a join, whatever happens to the feeds and to the processes.

mod lab;

mod on_kafka {
    mod access;
    mod changes;
    mod findings;
    mod instances;
    mod joining;
    mod table;
    mod topics;
}
