//! What a restore reads, on a real Apache Kafka.

mod on_kafka {
    use std::ops::ControlFlow;
    use std::time::Duration;

    use braid_kafka::KafkaLog;
    use braid_log::{Changelog, Log, Outgoing, TopicPartition};
    use braid_tests::broker::Cluster;
    use braid_tests::worker::connect;

    fn change(topic: &str, partition: i32, value: &str) -> Outgoing {
        Outgoing {
            topic: topic.into(),
            partition: Some(partition),
            key: Some(value.as_bytes().into()),
            value: Some(value.as_bytes().into()),
            headers: Vec::new(),
            origin: TopicPartition::new("input", partition),
        }
    }

    fn transaction(log: &mut KafkaLog, changes: &[Outgoing], commit: bool) {
        log.begin().expect("it begins");
        changes.iter().for_each(|change| log.send(change).expect("it is sent"));
        if commit { log.commit() } else { log.abort() }.expect("it ends");
    }

    fn read(log: &KafkaLog, topic: &str, partition: i32, records_max: usize) -> Vec<String> {
        let (changelog, input) =
            (TopicPartition::new(topic, partition), TopicPartition::new(topic, partition));
        let mut reader = log.changelog(&changelog, &input).expect("it opens");
        let mut values = Vec::new();
        let mut each = |record: braid_log::Record| {
            assert_eq!((&*record.topic, record.partition), (topic, partition));
            values.push(String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned());
            if values.len() == records_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        reader.read(&mut each).expect("it is read");
        values
    }

    #[test]
    fn it_is_read_to_the_end_past_aborted_records_and_past_the_marker_that_is_the_last_thing_there() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 1, &[]);
        let topic = cluster.topic("changelog", 2, &[("cleanup.policy", "compact")]);
        let mut log = connect(cluster, &cluster.name("group"), &[&input], 0);
        assert_eq!(read(&log, &topic, 0, usize::MAX), [""; 0], "an empty one is read at once");

        transaction(&mut log, &[change(&topic, 0, "a"), change(&topic, 0, "b")], true);
        transaction(&mut log, &[change(&topic, 0, "lost")], false);
        transaction(&mut log, &[change(&topic, 0, "c"), change(&topic, 1, "other")], true);
        assert_eq!(
            read(&log, &topic, 0, usize::MAX),
            ["a", "b", "c"],
            "the last thing there is a commit marker"
        );
        assert_eq!(read(&log, &topic, 1, usize::MAX), ["other"]);

        transaction(&mut log, &[change(&topic, 0, "lost too")], false);
        assert_eq!(
            read(&log, &topic, 0, usize::MAX),
            ["a", "b", "c"],
            "the last thing there is an abort marker"
        );
        assert_eq!(read(&log, &topic, 0, 2), ["a", "b"], "it ends when the reader has enough");
        let standing = log.standing(&TopicPartition::new(topic.as_str(), 0)).expect("the broker answers");
        assert_eq!(standing.high, 5 + 4, "five records and four markers: what was aborted had got there");
        log.close();
    }

    #[test]
    fn what_a_transaction_is_about_to_commit_is_waited_for_and_not_missed() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 1, &[]);
        let topic = cluster.topic("changelog", 1, &[]);
        let group = cluster.name("group");
        let mut log = connect(cluster, &group, &[&input], 0);
        transaction(&mut log, &[change(&topic, 0, "a")], true);
        log.begin().expect("it begins");
        log.send(&change(&topic, 0, "b")).expect("it is sent");
        // Offset 2 is behind "a" and its marker: when it is there the high watermark covers it, though no committed
        // reader is shown it yet.
        let mut probe = connect(cluster, &group, &[&input], 1);
        let partition = TopicPartition::new(topic.as_str(), 0);
        while probe.standing(&partition).expect("the broker answers").high < 3 {}
        let (told, hears) = std::sync::mpsc::channel();
        let restore = std::thread::spawn({
            let topic = topic.clone();
            move || {
                drop(told.send(read(&probe, &topic, 0, usize::MAX)));
                probe.close();
            }
        });
        // Not a wait for luck: it cannot end before the commit, however long it is given.
        let early = hears.recv_timeout(Duration::from_secs(2));
        assert!(early.is_err(), "it ended with {early:?} while a transaction was open");
        log.commit().expect("it commits");
        assert_eq!(hears.recv().expect("it ends"), ["a", "b"]);
        restore.join().expect("it does not panic");
        log.close();
    }
}
