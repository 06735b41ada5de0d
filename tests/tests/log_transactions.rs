//! What a transaction of the Kafka log promises, on a real Apache Kafka.

mod on_kafka {
    use std::time::{Duration, Instant};

    use braid_kafka::{KafkaLog, TransactionalFeed, WorkerSettings, partition_of};
    use braid_log::{Changelog, Failure, Log, Outgoing, TopicPartition};
    use braid_tests::broker::Cluster;
    use braid_tests::worker::{Hand, PATIENCE, connect, patiently, settings};

    fn to(topic: &str, key: &str, value: Option<&[u8]>) -> Outgoing {
        Outgoing {
            topic: topic.into(),
            partition: None,
            key: Some(key.as_bytes().into()),
            value: value.map(Box::from),
            headers: Vec::new(),
            origin: TopicPartition::new("input", 0),
        }
    }

    /// Waits until the partition's end says something, asked as an uncommitted or as a committed reader.
    fn end_until(cluster: &Cluster, topic: &str, isolation: &str, holds: impl Fn(i64) -> bool) {
        use rdkafka::consumer::{BaseConsumer, Consumer};
        let consumer: BaseConsumer = rdkafka::ClientConfig::new()
            .set("bootstrap.servers", cluster.brokers())
            .set("isolation.level", isolation)
            .create()
            .expect("the client is made");
        let until = Instant::now() + PATIENCE;
        let end = || consumer.fetch_watermarks(topic, 0, PATIENCE).expect("the broker answers").1;
        while !holds(end()) {
            assert!(Instant::now() < until, "the end of {topic} stays at {}", end());
        }
    }

    #[test]
    fn outputs_and_offsets_are_there_after_a_commit_and_neither_after_an_abort() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let group = cluster.name("group");
        let mut hand = Hand::new(connect(cluster, &group, &[&input], 0));
        hand.own(1);
        cluster.produce(&input, Some(0), &[("a", "1"), ("b", "2"), ("c", "3")]);
        let batch = hand.take(3);
        assert_eq!(batch.iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1, 2]);
        hand.process(&batch[..2], &output).expect("it commits");
        hand.log.begin().expect("it begins");
        hand.send(&batch[2..], &output).expect("it is sent");
        end_until(cluster, &output, "read_uncommitted", |end| end == 4); // two records, a marker, and this one
        hand.log.abort().expect("it aborts");

        assert_eq!(cluster.values(&output), ["1", "2"]);
        let partition = TopicPartition::new(input.as_str(), 0);
        let standing = patiently("standing", || hand.log.standing(&partition));
        assert_eq!((standing.committed, standing.low, standing.high), (Some(2), 0, 3));

        let kept = hand.log.attend(Duration::ZERO).expect("it attends");
        assert_eq!(kept, [], "nothing has been taken away");
        hand.process(&batch[2..], &output).expect("the kept batch commits");
        assert_eq!(cluster.values(&output), ["1", "2", "3"]);
        hand.log.close();
    }

    #[test]
    fn a_transaction_left_open_by_a_killed_worker_is_settled_by_its_successor_of_the_same_ordinal() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let group = cluster.name("group");
        // So long that its time-out cannot be what settles it within this test's patience.
        let lasting = || braid_kafka::WorkerSettings {
            transaction_timeout: Duration::from_secs(300),
            ..settings(&group, &[&input], 0)
        };
        let mut killed = KafkaLog::connect(cluster.connection(), lasting()).expect("it connects");
        killed.begin().expect("it begins");
        killed.send(&to(&output, "k", Some(b"lost"))).expect("it is sent");
        end_until(cluster, &output, "read_uncommitted", |end| end == 1);
        drop(killed); // not closed: dropping a producer leaves its transaction open, as SIGKILL does
        end_until(cluster, &output, "read_committed", |end| end == 0);

        let mut successor = KafkaLog::connect(cluster.connection(), lasting()).expect("it connects");
        end_until(cluster, &output, "read_committed", |end| end == 2); // the record and the abort marker
        successor.begin().expect("it begins");
        successor.send(&to(&output, "k", Some(b"kept"))).expect("it is sent");
        successor.commit().expect("it commits");
        assert_eq!(cluster.values(&output), ["kept"]);
        successor.close();
    }

    #[test]
    fn a_replaced_producer_settles_the_old_transaction_and_goes_on() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let mut log = connect(cluster, &cluster.name("group"), &[&input], 0);
        log.begin().expect("it begins");
        log.send(&to(&output, "k", Some(b"lost"))).expect("it is sent");
        end_until(cluster, &output, "read_uncommitted", |end| end == 1);
        log.replace_producer().expect("it is replaced");
        log.begin().expect("it begins");
        log.send(&to(&output, "k", Some(b"kept"))).expect("it is sent");
        log.commit().expect("it commits");
        assert_eq!(cluster.values(&output), ["kept"]);
        log.close();
    }

    #[test]
    fn of_two_workers_with_one_ordinal_the_first_leaves_the_field() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let group = cluster.name("group");
        let mut first = connect(cluster, &group, &[&input], 0);
        first.begin().expect("it begins");
        first.send(&to(&output, "k", Some(b"first"))).expect("it is sent");
        end_until(cluster, &output, "read_uncommitted", |end| end == 1);
        let second = connect(cluster, &group, &[&input], 0);
        let refused = first.commit().expect_err("a newer epoch is about");
        assert!(matches!(refused, Failure::Fenced(_)), "{refused:?}");
        assert_eq!(cluster.values(&output), [""; 0]);
        second.close();
    }

    #[test]
    fn of_two_that_send_by_hand_the_earlier_sends_nothing_more() {
        let cluster = Cluster::start();
        let output = cluster.topic("output", 1, &[]);
        let mut settings = WorkerSettings::new("replay", "", Vec::new());
        settings.transactional_id_prefix = cluster.name("prefix");
        let feed = || TransactionalFeed::connect(&cluster.connection(), &settings).expect("it connects");
        let record = |value: &str| [to(&output, "k", Some(value.as_bytes()))];
        let mut earlier = feed();
        earlier.write(&record("first")).expect("nobody else is about");
        earlier.write(&[]).expect("there is nothing to write");
        let mut later = feed();
        let refused = earlier.write(&record("lost")).expect_err("a newer epoch is about");
        assert!(matches!(refused, Failure::Fenced(_)), "{refused:?}");
        later.write(&record("last")).expect("it is the newest");
        assert_eq!(cluster.values(&output), ["first", "last"]);
    }

    #[test]
    fn a_transaction_that_outlived_its_time_replaces_the_producer_instead_of_leaving() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let mut settings = settings(&cluster.name("group"), &[&input], 0);
        settings.transaction_timeout = Duration::from_secs(1);
        let mut log = KafkaLog::connect(cluster.connection(), settings).expect("it connects");
        log.begin().expect("it begins");
        log.send(&to(&output, "k", Some(b"late"))).expect("it is sent");
        // The process stands still until the coordinator has aborted: record and abort marker.
        end_until(cluster, &output, "read_committed", |end| end == 2);
        let failure = log.commit().expect_err("the coordinator has aborted it");
        assert!(matches!(failure, Failure::Indefinite(_)), "{failure:?}");
        log.replace_producer().expect("it is replaced");
        log.begin().expect("it begins");
        log.send(&to(&output, "k", Some(b"again"))).expect("it is sent");
        log.commit().expect("it commits");
        assert_eq!(cluster.values(&output), ["again"]);
        log.close();
    }

    #[test]
    fn a_record_that_the_topic_will_never_take_stops_with_its_topic_and_size() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 1, &[]);
        let output = cluster.topic("output", 1, &[("max.message.bytes", "1000")]);
        let incompressible: Vec<u8> =
            (0..2_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let mut log = connect(cluster, &cluster.name("group"), &[&input], 0);
        log.begin().expect("it begins");
        log.send(&to(&output, "k", Some(&incompressible))).expect("the client has no objection");
        let Err(Failure::Fatal(text)) = log.commit() else { panic!("sent again it would fail again") };
        assert!(text.contains("2001 bytes") && text.contains(&output), "{text}");
        log.close();
    }

    #[test]
    fn keys_reach_the_partition_that_java_clients_choose_and_bytes_come_back_as_they_were() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 12, &[]));
        let mut log = connect(cluster, &cluster.name("group"), &[&input], 0);
        let keys: Vec<String> = (0..50).map(|n| format!("incident-{n}-ünïcode")).collect();
        log.begin().expect("it begins");
        for (n, key) in keys.iter().enumerate() {
            let value: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"\x00\xff\xfe")];
            let mut record = to(&output, key, value[n % 3]);
            record.headers = vec![
                ("twice".into(), Some((*b"\x00\x01").into())),
                ("twice".into(), Some((*b"").into())),
                ("null".into(), None),
            ];
            log.send(&record).expect("it is sent");
        }
        log.commit().expect("it commits");
        let read = cluster.read(&output);
        assert_eq!(read.len(), keys.len());
        for record in &read {
            let key = record.key.as_deref().expect("every record has one");
            assert_eq!(record.partition, partition_of(key, 12) as i32, "{}", String::from_utf8_lossy(key));
            let names: Vec<_> =
                record.headers.iter().map(|(name, value)| (&**name, value.as_deref())).collect();
            assert_eq!(names, [("twice", Some(&b"\x00\x01"[..])), ("twice", Some(b"")), ("null", None)]);
        }
        let count = |value: Option<&[u8]>| read.iter().filter(|r| r.value.as_deref() == value).count();
        assert_eq!((count(None), count(Some(b"")), count(Some(b"\x00\xff\xfe"))), (17, 17, 16));
        log.close();
    }

    #[test]
    fn an_offset_that_an_open_transaction_may_still_move_is_waited_for() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let mut hand = Hand::new(connect(cluster, &cluster.name("group"), &[&input], 0));
        hand.own(1);
        cluster.produce(&input, Some(0), &[("a", "1")]);
        let batch = hand.take(1);
        let partition = TopicPartition::new(input.as_str(), 0);
        hand.log.begin().expect("it begins");
        hand.send(&batch, &output).expect("it is sent");
        let unstable = hand.log.standing(&partition);
        assert!(matches!(unstable, Err(Failure::Retry(_))), "{unstable:?}");
        let mut changelog =
            hand.log.changelog(&TopicPartition::new(output, 0), &partition).expect("it opens");
        let restore = std::thread::spawn(move || changelog.committed());
        hand.log.commit().expect("it commits");
        assert_eq!(restore.join().expect("it does not panic"), Ok(Some(1)));
        hand.log.close();
    }
}
