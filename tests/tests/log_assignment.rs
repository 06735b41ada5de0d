//! How partitions come and go, and what is read of them, on a real Apache Kafka.

mod on_kafka {
    use std::time::{Duration, Instant};

    use braid_kafka::KafkaLog;
    use braid_log::{AssignmentChange, Failure, Log, PollLimits, TopicPartition};
    use braid_tests::broker::Cluster;
    use braid_tests::worker::{ALL, Hand, PATIENCE, connect, patiently, settings};

    fn numbered(count: usize) -> Vec<(String, String)> {
        (0..count).map(|n| (format!("key-{n}"), format!("{n:05}"))).collect()
    }

    fn produce(cluster: &Cluster, topic: &str, partition: Option<i32>, records: &[(String, String)]) {
        let records: Vec<_> = records.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        cluster.produce(topic, partition, &records);
    }

    #[test]
    fn an_assigned_partition_is_silent_until_it_is_started_and_then_reads_to_its_end() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 2, &[]);
        produce(cluster, &input, Some(0), &numbered(20));
        let mut hand = Hand::new(connect(cluster, &cluster.name("group"), &[&input], 0));
        hand.poll_until("the assignment", |hand| hand.owned.len() == 2);
        let partitions = [TopicPartition::new(input.as_str(), 0), TopicPartition::new(input.as_str(), 1)];
        // More polls than a fetch takes.
        (0..10).for_each(|_| hand.poll(&ALL));
        assert_eq!(hand.batch, [], "nothing was started");
        assert!(!hand.log.at_end(&partitions[1]), "of a silent partition nothing is known");

        hand.start(&partitions[0]);
        let batch = hand.take(20);
        let values: Vec<_> =
            batch.iter().map(|r| String::from_utf8_lossy(r.value.as_deref().unwrap_or_default())).collect();
        assert_eq!(values, numbered(20).into_iter().map(|(_, value)| value).collect::<Vec<_>>());
        assert!(batch.iter().all(|record| record.timestamp_millis > 0));
        hand.start(&partitions[1]);
        hand.poll_until("both ends", |hand| partitions.iter().all(|p| hand.log.at_end(p)));
        hand.log.close();
    }

    #[test]
    fn a_poll_stays_within_its_bounds_and_the_rest_comes_next() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 1, &[]);
        produce(cluster, &input, Some(0), &numbered(100));
        let mut hand = Hand::new(connect(cluster, &cluster.name("group"), &[&input], 0));
        hand.own(1);
        let each = numbered(1)[0].0.len() + 5; // key and value of the first ten records
        let few = PollLimits { records_max: 7, ..ALL };
        let mut seen = Vec::new();
        while seen.len() < 90 {
            hand.poll(&few);
            assert!(hand.batch.len() <= 7, "{} records", hand.batch.len());
            seen.append(&mut hand.batch);
        }
        let small = PollLimits { bytes_max: each * 2, ..ALL };
        while seen.len() < 100 {
            hand.poll(&small);
            let before_last: usize = hand.batch.iter().rev().skip(1).map(|record| record.bytes()).sum();
            assert!(before_last < each * 2, "it went on when it was full");
            seen.append(&mut hand.batch);
        }
        assert_eq!(seen.iter().map(|record| record.offset).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
        hand.log.close();
    }

    #[test]
    fn a_second_member_takes_its_share_and_together_they_give_every_record_once() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 4, &[]), cluster.topic("output", 1, &[]));
        let group = cluster.name("group");
        let mut first = Hand::new(connect(cluster, &group, &[&input], 0));
        first.own(4);
        produce(cluster, &input, None, &numbered(200));
        let batch = first.take(200);
        first.process(&batch, &output).expect("it commits");

        let mut second = Hand::new(connect(cluster, &group, &[&input], 1));
        let until = Instant::now() + PATIENCE;
        while (first.owned.len(), second.owned.len()) != (2, 2) {
            assert!(Instant::now() < until, "first {:?}, second {:?}", first.changes, second.changes);
            first.poll(&ALL);
            second.poll(&ALL);
        }
        let revoked = first.changes.iter().any(
            |c| matches!(c, AssignmentChange::Revoked { partitions, lost: false } if partitions.len() == 2),
        );
        assert!(revoked, "asked back, not lost: {:?}", first.changes);
        assert!(second.owned.iter().all(|partition| !first.owned.contains(partition)));

        second.owned.clone().iter().for_each(|partition| second.start(partition));
        produce(cluster, &input, None, &numbered(200));
        let until = Instant::now() + PATIENCE;
        while first.batch.len() + second.batch.len() < 200 {
            assert!(Instant::now() < until, "{} and {}", first.batch.len(), second.batch.len());
            first.poll(&ALL);
            second.poll(&ALL);
        }
        assert!(!second.batch.is_empty() && !first.batch.is_empty());
        for hand in [&mut first, &mut second] {
            assert!(hand.batch.iter().all(|record| hand.owned.contains(&record.topic_partition())));
            let batch = std::mem::take(&mut hand.batch);
            hand.process(&batch, &output).expect("it commits");
        }
        let mut values = cluster.values(&output);
        values.sort();
        let mut twice: Vec<_> = numbered(200).into_iter().flat_map(|(_, v)| [v.clone(), v]).collect();
        twice.sort();
        assert_eq!(values, twice, "each of the two rounds once");
        second.log.close();
        first.poll_until("the leaver's partitions", |hand| hand.owned.len() == 4);
        first.log.close();
    }

    #[test]
    fn a_revoked_partitions_records_are_not_in_the_batch() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 2, &[]);
        let group = cluster.name("group");
        let mut first = Hand::new(connect(cluster, &group, &[&input], 0));
        first.own(2);
        (0..2).for_each(|partition| produce(cluster, &input, Some(partition), &numbered(5)));
        // Kept over polls, as the caller's batch is; the trait speaks of the whole of it.
        first.poll_until("both partitions' records", |hand| hand.batch.len() == 10);
        let mut second = Hand::new(connect(cluster, &group, &[&input], 1));
        let until = Instant::now() + PATIENCE;
        while first.owned.len() != 1 {
            assert!(Instant::now() < until, "{:?}", first.changes);
            first.poll(&ALL);
            second.poll(&ALL);
        }
        assert_eq!(first.batch.len(), 5);
        assert!(first.batch.iter().all(|record| record.topic_partition() == first.owned[0]));
        second.log.close();
        first.log.close();
    }

    #[test]
    fn a_worker_that_the_group_has_given_up_cannot_commit_and_hears_that_it_has_lost() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let group = cluster.name("group");
        let impatient = cluster.connection_with(&[("max.poll.interval.ms", "6000")]);
        let mut zombie =
            Hand::new(KafkaLog::connect(impatient, settings(&group, &[&input], 0)).expect("it connects"));
        zombie.own(1);
        produce(cluster, &input, Some(0), &numbered(3));
        let batch = zombie.take(3);
        zombie.log.begin().expect("it begins");
        batch
            .iter()
            .for_each(|r| zombie.log.send(&braid_tests::worker::outgoing(r, &output)).expect("it is sent"));
        // It stands still here, as under a long pause; the successor works on meanwhile.
        let mut successor = Hand::new(connect(cluster, &group, &[&input], 1));
        successor.own(1);
        let again = successor.take(3);
        assert_eq!(again, batch, "nothing of it was committed");
        let next = braid_tests::worker::next_offsets(&batch);
        let refused = zombie.log.send_offsets(&next).and_then(|()| zombie.log.commit());
        assert!(matches!(refused, Err(Failure::Abort(_))), "{refused:?}");
        zombie.log.abort().expect("it aborts");
        // Before the other one polls, joins again, and so begins another generation.
        successor.process(&again, &output).expect("it commits");
        let changes = patiently("attend", || match zombie.log.attend(Duration::from_millis(100))? {
            changes if changes.is_empty() => Err(Failure::Retry("nothing yet".into())),
            changes => Ok(changes),
        });
        let partitions = vec![TopicPartition::new(input.as_str(), 0)];
        assert_eq!(changes, [AssignmentChange::Revoked { partitions, lost: true }]);
        assert_eq!(cluster.values(&output), ["00000", "00001", "00002"]);
        zombie.log.close();
        successor.log.close();
    }

    #[test]
    fn a_held_partition_is_silent_and_starts_again_where_the_group_stands() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 2, &[]), cluster.topic("output", 1, &[]));
        let mut hand = Hand::new(connect(cluster, &cluster.name("group"), &[&input], 0));
        hand.own(2);
        produce(cluster, &input, Some(0), &numbered(4));
        let batch = hand.take(4);
        hand.process(&batch[..1], &output).expect("it commits");
        let held = TopicPartition::new(input.as_str(), 0);
        hand.log.hold(&held).expect("it is held");
        produce(cluster, &input, Some(0), &numbered(1));
        produce(cluster, &input, Some(1), &numbered(2));
        let others = hand.take(2);
        (0..5).for_each(|_| hand.poll(&ALL));
        assert!(
            others.iter().chain(&hand.batch).all(|record| record.partition == 1),
            "the other one goes on"
        );
        hand.start(&held);
        let again = hand.take(4);
        assert_eq!(again.iter().map(|record| record.offset).collect::<Vec<_>>(), [1, 2, 3, 4]);
        hand.log.close();
    }

    #[test]
    fn attending_gives_no_record_and_loses_none() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 1, &[]);
        let mut hand = Hand::new(connect(cluster, &cluster.name("group"), &[&input], 0));
        hand.own(1);
        produce(cluster, &input, Some(0), &numbered(300));
        // When one has come the others are right behind it in the client's hands.
        while hand.batch.is_empty() {
            hand.poll(&PollLimits { records_max: 1, ..ALL });
        }
        for _ in 0..5 {
            let changes = hand.log.attend(Duration::from_millis(50)).expect("it attends");
            assert_eq!(changes, []);
        }
        let batch = hand.take(300);
        assert_eq!(
            batch.iter().map(|record| record.offset).collect::<Vec<_>>(),
            (0..300).collect::<Vec<_>>()
        );
        hand.log.close();
    }

    #[test]
    fn the_end_of_one_topic_is_not_taken_for_that_of_another_with_the_same_partition_number() {
        let cluster = Cluster::start();
        let long = cluster.topic("long", 1, &[]);
        let short: Vec<String> = (0..6).map(|_| cluster.topic("short", 1, &[])).collect();
        let large = "x".repeat(100_000);
        for _ in 0..30 {
            cluster.produce(&long, Some(0), &[("key", &large)]); // each a batch of its own
        }
        // One batch fills the queue: between two of the long topic's records there are polls that find nothing.
        let slow = cluster.connection_with(&[("fetch.message.max.bytes", "1000")]);
        let topics: Vec<&str> = short.iter().chain([&long]).map(String::as_str).collect();
        let mut settings = settings(&cluster.name("group"), &topics, 0);
        settings.consumer_queue_bytes_max = 1024;
        let mut hand = Hand::new(KafkaLog::connect(slow, settings).expect("it connects"));
        hand.poll_until("the assignment", |hand| hand.owned.len() == 7);
        let long = TopicPartition::new(long, 0);
        hand.start(&long);
        let brief = PollLimits { wait: Duration::from_millis(1), records_max: 1, ..ALL };
        let until = Instant::now() + PATIENCE;
        for short in short {
            let short = TopicPartition::new(short, 0);
            hand.start(&short);
            while !hand.log.at_end(&short) {
                assert!(Instant::now() < until, "an end is never heard of; {} records", hand.batch.len());
                hand.poll(&brief);
                let count = hand.batch.len();
                assert!(!hand.log.at_end(&long) || count == 30, "at its end after {count}");
            }
        }
        hand.poll_until("the long one's end", |hand| hand.log.at_end(&long));
        assert_eq!(hand.batch.len(), 30);
        hand.log.close();
    }

    #[test]
    fn a_backlog_that_retention_has_eaten_stops_with_its_figures_instead_of_jumping() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 1, &[]));
        let group = cluster.name("group");
        produce(cluster, &input, Some(0), &numbered(10));
        let mut hand = Hand::new(connect(cluster, &group, &[&input], 0));
        hand.own(1);
        let batch = hand.take(10);
        hand.process(&batch[..2], &output).expect("it commits");
        hand.log.close();
        cluster.delete_before(&input, 0, 5);

        let mut hand = Hand::new(connect(cluster, &group, &[&input], 0));
        hand.poll_until("the assignment", |hand| hand.owned.len() == 1);
        let partition = hand.owned[0].clone();
        let standing = patiently("standing", || hand.log.standing(&partition));
        assert_eq!((standing.committed, standing.low, standing.eaten()), (Some(2), 5, 3));
        let Err(Failure::Fatal(text)) = hand.log.start(&partition) else { panic!("it must not start") };
        assert!(text.contains("offsets 2 to 4") && text.contains(&input), "{text}");
        let command = format!("--group {group} --topic {input}:0 --reset-offsets --to-earliest --execute");
        assert!(text.contains("stop all instances") && text.contains(&command), "{text}");
        hand.log.close();
    }

    /// A reader that has begun, of which what comes next is deleted before it is fetched.
    fn overtaken(cluster: &Cluster, input: &str, topics_stand_alone: bool) -> Hand {
        let large = "x".repeat(100_000);
        for _ in 0..10 {
            cluster.produce(input, Some(0), &[("key", &large)]); // each a batch of its own
        }
        // The queue is full after one batch, so nothing further is fetched until the first is polled.
        let slow = cluster.connection_with(&[("fetch.message.max.bytes", "1000")]);
        let mut settings = settings(&cluster.name("group"), &[input], 0);
        settings.consumer_queue_bytes_max = 1024;
        settings.topics_stand_alone = topics_stand_alone;
        let mut hand = Hand::new(KafkaLog::connect(slow, settings).expect("it connects"));
        hand.own(2);
        cluster.delete_before(input, 0, 10);
        hand
    }

    #[test]
    fn retention_that_overtakes_a_reader_of_what_is_everybodys_stops_it() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 2, &[]);
        let mut hand = overtaken(cluster, &input, false);
        let until = Instant::now() + PATIENCE;
        let failure = loop {
            assert!(
                Instant::now() < until && hand.batch.len() < 10,
                "it went on: {} records",
                hand.batch.len()
            );
            if let Err(failure) = hand.log.poll(&ALL, &mut hand.batch) {
                break failure;
            }
        };
        assert!(matches!(&failure, Failure::Fatal(text) if text.contains("retention")), "{failure:?}");
        hand.log.close();
    }

    #[test]
    fn retention_that_overtakes_a_reader_of_sources_stops_that_partition_and_no_other() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 2, &[]);
        let mut hand = overtaken(cluster, &input, true);
        let eaten = TopicPartition::new(input.as_str(), 0);
        let again = AssignmentChange::Assigned(vec![eaten.clone()]);
        hand.poll_until("it is told as newly assigned", |hand| hand.changes[1..].contains(&again));
        let read = hand.batch.len();
        assert!(read < 10, "it went on");
        assert!(!hand.log.at_end(&eaten), "of a silent partition nothing is known");
        produce(cluster, &input, Some(1), &numbered(3));
        hand.poll_until("the other goes on", |hand| hand.batch.len() == read + 3);
        // Nothing was committed, so that reading begins with what is there.
        produce(cluster, &input, Some(0), &numbered(4));
        hand.start(&eaten);
        hand.poll_until("what is there now", |hand| hand.batch.len() == read + 7);
        hand.log.close();
    }

    #[test]
    fn a_topic_whose_first_records_are_deleted_is_started_every_time() {
        const PARTITIONS: usize = 8;
        let cluster = Cluster::start();
        let input = cluster.topic("input", PARTITIONS as u32, &[]);
        for partition in 0..PARTITIONS as i32 {
            produce(cluster, &input, Some(partition), &numbered(20));
            cluster.delete_before(&input, partition, 5);
        }
        // What goes wrong where reading must not begin at 0 does so now and then.
        for _ in 0..4 {
            let mut hand = Hand::new(connect(cluster, &cluster.name("group"), &[&input], 0));
            hand.poll_until("the assignment", |hand| hand.owned.len() == PARTITIONS);
            let began = Instant::now();
            hand.owned.clone().iter().for_each(|partition| hand.start(partition));
            let took = began.elapsed();
            assert!(took < Duration::from_secs(5), "starting took {took:?}");
            assert_eq!(hand.take(15 * PARTITIONS).len(), 15 * PARTITIONS);
            hand.log.close();
        }
    }

    #[test]
    fn a_topic_that_is_made_anew_while_it_is_read_is_told_and_can_be_read_again() {
        let cluster = Cluster::start();
        let (input, other) = (cluster.topic("input", 1, &[]), cluster.topic("input", 1, &[]));
        let output = cluster.topic("output", 1, &[]);
        let mut settings = settings(&cluster.name("group"), &[&input, &other], 0);
        settings.topics_stand_alone = true;
        let mut hand = Hand::new(KafkaLog::connect(cluster.connection(), settings).expect("it connects"));
        hand.own(2);
        produce(cluster, &input, None, &numbered(10));
        let batch = hand.take(10);
        hand.process(&batch, &output).expect("it commits");
        cluster.delete_topic(&input);
        cluster.create_topic(&input, 1, &[]);
        produce(cluster, &input, None, &numbered(3));
        produce(cluster, &other, None, &numbered(5));
        assert_eq!(hand.take(5).len(), 5, "the other goes on");
        let anew = TopicPartition::new(input.as_str(), 0);
        let again = AssignmentChange::Assigned(vec![anew.clone()]);
        hand.poll_until("it is told as newly assigned", |hand| hand.changes[1..].contains(&again));
        // The group's offset goes with the topic.
        hand.start(&anew);
        assert_eq!(hand.take(3).len(), 3);
        hand.log.close();
    }

    #[test]
    fn what_the_client_gave_up_is_read_again_though_another_partition_has_a_backlog() {
        let cluster = Cluster::start();
        let input = cluster.topic("input", 2, &[]);
        let mut hand = overtaken(cluster, &input, true);
        let eaten = TopicPartition::new(input.as_str(), 0);
        let again = AssignmentChange::Assigned(vec![eaten.clone()]);
        hand.poll_until("told", |hand| hand.changes[1..].contains(&again));
        produce(cluster, &input, Some(1), &numbered(30_000));
        produce(cluster, &input, Some(0), &numbered(4));
        hand.batch.clear();
        let few = PollLimits { records_max: 10, ..ALL };
        let began = Instant::now();
        while let Err(failure) = hand.log.start(&eaten) {
            assert!(began.elapsed() < Duration::from_secs(30), "{failure:?}");
            hand.poll(&few);
            std::thread::sleep(Duration::from_millis(10)); // as if a transaction followed
        }
        assert!(hand.batch.len() < 30_000, "while there was a backlog");
        let taken = hand.take(30_004);
        for (partition, count) in [(0, 4), (1, 30_000)] {
            let of_it = taken.iter().filter(|record| record.partition == partition);
            let offsets: Vec<_> = of_it.map(|record| record.offset).collect();
            assert!(offsets.is_sorted_by(|a, b| a < b) && offsets.len() == count, "each once, in order");
        }
        hand.log.close();
    }

    /// What a transaction leaves behind its last record is read by nobody, and retention deletes it with the rest.
    #[test]
    fn of_a_source_that_transactions_write_everything_is_read_once_its_records_are() {
        let cluster = Cluster::start();
        let [raw, input, output] = ["raw", "input", "output"].map(|stem| cluster.topic(stem, 1, &[]));
        produce(cluster, &raw, None, &numbered(3));
        let mut writer = Hand::new(connect(cluster, &cluster.name("group"), &[&raw], 0));
        writer.own(1);
        let batch = writer.take(3);
        writer.process(&batch, &input).expect("it commits");
        writer.log.close();
        let mut settings = settings(&cluster.name("group"), &[&input], 0);
        settings.topics_stand_alone = true;
        let connect = || KafkaLog::connect(cluster.connection(), settings.clone()).expect("it connects");
        let mut hand = Hand::new(connect());
        hand.own(1);
        let batch = hand.take(3);
        hand.poll(&ALL);
        hand.process(&batch, &output).expect("it commits");
        hand.log.close();
        cluster.empty_topic(&input, 1);
        let mut hand = Hand::new(connect());
        hand.own(1);
        let standing = patiently("standing", || hand.log.standing(&TopicPartition::new(input.as_str(), 0)));
        assert_eq!((standing.committed, standing.low, standing.high), (Some(4), 4, 4));
        hand.log.close();
    }
}
