//! The log on the broker that is in the process, as the demo runs it: records flow and partitions start. What a
//! transaction promises cannot be shown there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use braid_kafka::{Connection, ConnectionSettings, EmbeddedBroker, Feed, KafkaLog, WorkerSettings, dump};
use braid_log::{AssignmentChange, Log, Outgoing, PollLimits, TopicPartition};

const LIMITS: PollLimits = PollLimits {
    wait: Duration::from_millis(50),
    gather: Duration::from_millis(50),
    records_max: 100,
    bytes_max: 1 << 20,
};

#[test]
fn records_flow_through_a_transaction_on_the_broker_in_process() {
    let broker = EmbeddedBroker::start().expect("it listens");
    broker.create_topic("input", 2).expect("it is new");
    broker.create_topic("output", 2).expect("it is new");
    let settings = ConnectionSettings { brokers: broker.brokers(), settings: broker.settings() };
    let connection = Arc::new(Connection::new(settings).expect("nothing in it is ours"));
    let feed = Feed::connect(&connection).expect("the producer is made");
    (0..10).for_each(|n: u8| feed.send("input", None, Some(&[n]), Some(&[n]), &[]).expect("it is queued"));
    feed.flush().expect("it is acknowledged");

    let worker = WorkerSettings::new("normalise", "braid-normalise", vec!["input".into()]);
    let mut log = KafkaLog::connect(connection.clone(), worker).expect("it connects");
    let (mut batch, mut ends) = (Vec::new(), Vec::new());
    let until = Instant::now() + Duration::from_secs(60);
    while batch.len() < 10 || !ends.iter().all(|partition| log.at_end(partition)) {
        assert!(Instant::now() < until, "{} records after a minute", batch.len());
        for change in log.poll(&LIMITS, &mut batch).expect("it polls") {
            let AssignmentChange::Assigned(partitions) = change else { panic!("there is nobody else") };
            partitions.iter().for_each(|partition| log.start(partition).expect("it starts"));
            ends.extend(partitions);
        }
    }
    log.begin().expect("it begins");
    for record in &batch {
        let sent = Outgoing {
            topic: "output".into(),
            partition: None,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: Vec::new(),
            origin: record.topic_partition(),
        };
        log.send(&sent).expect("it is sent");
    }
    let next: Vec<(TopicPartition, i64)> = ends.iter().map(|p| (p.clone(), 5)).collect();
    log.send_offsets(&next).expect("they are sent");
    log.commit().expect("it commits");
    log.close();

    let mut values = Vec::new();
    let count =
        dump(&connection, "nobody", "output", &mut |record| values.extend(record.value)).expect("it is read");
    values.sort();
    assert_eq!(count, 10);
    assert_eq!(values, (0..10).map(|n: u8| Box::from([n])).collect::<Vec<Box<[u8]>>>());
}
