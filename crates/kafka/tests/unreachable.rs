//! What is said of a cluster that is not there.

use std::sync::Arc;

use braid_kafka::{Connection, ConnectionSettings, KafkaLog, Topics, WorkerSettings};
use braid_log::Failure;

#[test]
fn a_broker_that_is_not_there_passes_and_is_named_with_the_cause() {
    // Nobody listens on port 9 of loopback.
    let nobody = ConnectionSettings { brokers: "127.0.0.1:9".into(), ..Default::default() };
    let connection = Arc::new(Connection::new(nobody).expect("nothing in it is ours"));
    let worker = WorkerSettings::new("normalise", "group", vec!["topic".into()]);
    let of_worker = KafkaLog::connect(connection.clone(), worker).err();
    let topics = Topics::connect(&connection).expect("the client is made");
    let of_topics = topics.describe(&["topic"]).err();
    for refused in [of_worker, of_topics] {
        let Some(Failure::Retry(text)) = refused else { panic!("{refused:?}") };
        assert!(text.contains("127.0.0.1:9") && text.contains("refused"), "{text}");
    }
}
