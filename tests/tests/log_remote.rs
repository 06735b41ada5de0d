//! Partitions of another cluster, read beside those of the group, on two real Apache Kafkas: what becomes of them is written
//! to one of them only.

mod on_kafka {
    use std::collections::BTreeSet;
    use std::sync::{Arc, OnceLock};
    use std::time::{Duration, Instant};

    use braid_kafka::{Connection, KafkaLog, RemoteCluster, RemoteTopic, TopicWatch, WorkerSettings};
    use braid_log::{AssignmentChange, Failure, Log, TopicPartition};
    use braid_tests::broker::Cluster;
    use braid_tests::standing::Observer;
    use braid_tests::worker::{Hand, patiently, settings};

    /// The cluster that is only read from.
    fn other() -> &'static Cluster {
        static OTHER: OnceLock<Cluster> = OnceLock::new();
        OTHER.get_or_init(Cluster::another)
    }

    /// A topic on the other cluster, one of the same name here, and the topic that keeps the offsets of the first.
    struct Setting {
        here: &'static Cluster,
        topic: String,
        kept_in: String,
        output: String,
        group: String,
    }

    impl Setting {
        fn new(partitions: u32) -> Self {
            let here = Cluster::start();
            let topic = other().topic("input", partitions, &[]);
            here.create_topic(&topic, 1, &[]);
            let kept_in = here.topic("offsets", partitions, &[("cleanup.policy", "compact")]);
            let output = here.topic("output", 1, &[]);
            Self { here, topic, kept_in, output, group: here.name("group") }
        }

        fn worker(&self, ordinal: u32) -> WorkerSettings {
            let topic = RemoteTopic {
                name: format!("other:{}", self.topic).into(),
                topic: self.topic.as_str().into(),
                offsets_topic: self.kept_in.as_str().into(),
            };
            let connection = Connection::clone(&other().connection());
            let cluster = RemoteCluster { name: "other".into(), connection, topics: vec![topic] };
            let topics = &[self.topic.as_str()];
            WorkerSettings { remotes: vec![cluster], ..settings(&self.group, topics, ordinal) }
        }

        fn connect(&self, ordinal: u32) -> Hand {
            let log = KafkaLog::connect(self.here.connection(), self.worker(ordinal));
            Hand::new(log.expect("the log connects"))
        }

        fn remote(&self, partition: i32) -> TopicPartition {
            TopicPartition::new(format!("other:{}", self.topic), partition)
        }

        fn local(&self) -> TopicPartition {
            TopicPartition::new(self.topic.as_str(), 0)
        }

        fn outputs(&self) -> Vec<String> {
            let mut values = self.here.values(&self.output);
            values.sort();
            values
        }
    }

    fn records(what: &str, count: usize) -> Vec<(String, String)> {
        (0..count).map(|n| (format!("key-{n}"), format!("{what}-{n:05}"))).collect()
    }

    fn produce(cluster: &Cluster, topic: &str, partition: i32, records: &[(String, String)]) {
        let records: Vec<_> = records.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        cluster.produce(topic, Some(partition), &records);
    }

    fn values(records: &[(String, String)]) -> Vec<String> {
        records.iter().map(|(_, value)| value.clone()).collect()
    }

    #[test]
    fn both_clusters_are_read_and_what_is_committed_is_where_the_next_owner_begins() {
        let setting = Setting::new(2);
        let (here, there) = (records("here", 30), records("there", 40));
        produce(setting.here, &setting.topic, 0, &here);
        produce(other(), &setting.topic, 0, &there[..20]);
        produce(other(), &setting.topic, 1, &there[20..]);
        let mut first = setting.connect(0);
        first.own(3);
        let batch = first.take(70);
        let of = |partition: &TopicPartition| {
            batch.iter().filter(|record| record.topic_partition() == *partition).count()
        };
        assert_eq!((of(&setting.local()), of(&setting.remote(0)), of(&setting.remote(1))), (30, 20, 20));
        first.process(&batch, &setting.output).expect("it commits");
        first.poll_until("the ends", |hand| (0..2).all(|p| hand.log.at_end(&setting.remote(p))));
        for partition in 0..2 {
            let standing = first.log.standing(&setting.remote(partition)).expect("it is told");
            assert_eq!(standing.committed, Some(20));
        }
        assert_eq!(setting.here.values(&setting.kept_in), ["20", "20"]);
        first.log.close();

        let (more_here, more) = (records("more-here", 5), records("more", 7));
        produce(setting.here, &setting.topic, 0, &more_here);
        produce(other(), &setting.topic, 1, &more);
        let mut second = setting.connect(0);
        second.own(3);
        let batch = second.take(12);
        second.process(&batch, &setting.output).expect("it commits");
        assert_eq!(batch.len(), 12, "nothing comes again");
        let mut wanted: Vec<_> = [here, there, more_here, more].iter().flat_map(|r| values(r)).collect();
        wanted.sort();
        assert_eq!(setting.outputs(), wanted);
        second.log.close();
        let told = Observer::of(other(), &setting.group).committed(&setting.topic);
        assert_eq!(told, [0, 0], "nothing is committed on the cluster that is only read");
    }

    #[test]
    fn the_last_record_is_found_however_far_back_it_lies() {
        let setting = Setting::new(1);
        let padding: Vec<_> = (0..2_000).map(|n| (format!("{n}"), format!("{n}"))).collect();
        produce(setting.here, &setting.kept_in, 0, &padding);
        produce(other(), &setting.topic, 0, &records("there", 2_010));
        let mut hand = setting.connect(0);
        // Transactions that come to nothing lie behind it.
        hand.poll_until("the assignment", |hand| hand.owned.len() == 2);
        for _ in 0..50 {
            hand.log.begin().expect("it begins");
            for n in 0..3 {
                let input = setting.remote(0);
                let kept_in = TopicPartition::new(setting.kept_in.as_str(), 0);
                hand.log.send(&offset_record(&kept_in, &input, n)).expect("it is queued");
            }
            hand.log.abort().expect("it aborts");
        }
        let standing = patiently("standing", || hand.log.standing(&setting.remote(0)));
        assert_eq!(standing.committed, Some(1_999));
        hand.own(2);
        let batch = hand.take(11);
        assert_eq!((batch[0].offset, batch.len()), (1_999, 11));
        hand.log.close();
    }

    fn offset_record(kept_in: &TopicPartition, input: &TopicPartition, next: i64) -> braid_log::Outgoing {
        braid_log::Outgoing {
            topic: kept_in.topic.clone(),
            partition: Some(kept_in.partition),
            key: Some(input.to_string().into_bytes().into()),
            value: Some(next.to_string().into_bytes().into()),
            headers: Vec::new(),
            origin: input.clone(),
        }
    }

    #[test]
    fn who_has_lost_the_partition_commits_nothing_of_it() {
        let setting = Setting::new(1);
        let there = records("there", 10);
        produce(other(), &setting.topic, 0, &there);
        // Who does not poll for so long is thrown out. What it sends leaves it later than that, so that nothing in the log
        // tells of the transaction yet when another takes over: only the group's offset does.
        let lapse_ms = setting.here.session_ms_min().to_string();
        let lapses = [
            ("session.timeout.ms", lapse_ms.as_str()),
            ("max.poll.interval.ms", &lapse_ms),
            ("linger.ms", "5000"),
        ];
        let lapsing = setting.here.connection_with(&lapses);
        let log = KafkaLog::connect(lapsing, setting.worker(0)).expect("the log connects");
        let mut zombie = Hand::new(log);
        zombie.own(2);
        let batch = zombie.take(10);
        zombie.log.begin().expect("it begins");
        zombie.send(&batch[..5], &setting.output).expect("it is a member still");
        let (mut heir, remote) = (setting.connect(1), setting.remote(0));
        heir.poll_until("it is thrown out", |hand| hand.owned.contains(&remote));
        let early = heir.log.standing(&remote);
        assert!(matches!(early, Err(Failure::Retry(_))), "the transaction is open: {early:?}");
        zombie.log.commit().expect("its offsets were accepted while it was a member");
        let standing = patiently("standing", || heir.log.standing(&remote));
        assert_eq!(standing.committed, Some(5), "what it had committed before counts");
        heir.start(&remote);
        let rest = heir.take(5);
        heir.process(&rest, &setting.output).expect("it commits");

        // Now that it has lost the partition nothing of it can be committed, even if it does not know.
        zombie.log.begin().expect("it begins");
        let refused = zombie.send(&batch[5..], &setting.output);
        assert!(matches!(refused, Err(Failure::Abort(_))), "{refused:?}");
        zombie.log.abort().expect("it aborts");
        assert_eq!(setting.outputs(), values(&there));
        zombie.log.close();
        heir.log.close();
    }

    #[test]
    fn what_retention_has_taken_is_told_of_its_own_partition_while_the_others_go_on() {
        let setting = Setting::new(2);
        produce(other(), &setting.topic, 0, &records("there", 10));
        // As if ten had been read of each, of a topic that has been made anew since.
        setting.here.produce(&setting.kept_in, Some(0), &[("k", "5")]);
        setting.here.produce(&setting.kept_in, Some(1), &[("k", "500")]);
        let mut hand = setting.connect(0);
        hand.own(3);
        assert_eq!(hand.take(5).len(), 5, "the healthy one is read");
        let broken = setting.remote(1);
        hand.poll_until("it is told as newly assigned", |hand| {
            hand.changes[1..].contains(&AssignmentChange::Assigned(vec![broken.clone()]))
        });
        let told = patiently_fatal(|| hand.log.standing(&broken).map(drop));
        assert!(told.contains("the recorded offset 500 is beyond the end 0"), "{told}");
        let told = patiently_fatal(|| hand.log.start(&broken));
        assert!(told.contains("beyond the end"), "{told}");

        setting.here.produce(&setting.kept_in, Some(1), &[("k", "0")]);
        hand.start(&broken);
        produce(other(), &setting.topic, 1, &records("mended", 3));
        assert_eq!(hand.take(3).len(), 3);
        hand.log.close();
    }

    #[test]
    fn a_topic_that_is_made_anew_with_more_records_than_were_read_is_told_and_not_read_on() {
        let setting = Setting::new(1);
        produce(other(), &setting.topic, 0, &records("first", 10));
        let mut hand = setting.connect(0);
        hand.own(2);
        let batch = hand.take(10);
        hand.process(&batch[..6], &setting.output).expect("it commits");
        hand.process(&batch[6..], &setting.output).expect("it commits");
        hand.log.close();
        other().delete_topic(&setting.topic);
        other().create_topic(&setting.topic, 1, &[]);
        produce(other(), &setting.topic, 0, &records("second", 20));

        let mut hand = setting.connect(0);
        hand.own(2);
        let anew = setting.remote(0);
        hand.poll_until("it is told as newly assigned", |hand| {
            hand.changes[1..].contains(&AssignmentChange::Assigned(vec![anew.clone()]))
        });
        let told = patiently_fatal(|| hand.log.standing(&anew).map(drop));
        assert!(told.contains("before 10") && told.contains("made anew"), "{told}");
        produce(setting.here, &setting.topic, 0, &records("here", 3));
        hand.poll_until("the other one goes on", |hand| hand.batch.len() == 3);
        assert_eq!(hand.take(3).len(), 3, "and nothing of the new one has come");

        setting.here.produce(&setting.kept_in, Some(0), &[("k", "0")]);
        hand.start(&anew);
        assert_eq!(hand.take(20).len(), 20);
        hand.log.close();
    }

    #[test]
    fn reading_goes_on_where_retention_has_deleted_all_that_was_read() {
        let setting = Setting::new(1);
        produce(other(), &setting.topic, 0, &records("first", 10));
        let mut hand = setting.connect(0);
        hand.own(2);
        let batch = hand.take(10);
        hand.process(&batch, &setting.output).expect("it commits");
        hand.log.close();
        produce(other(), &setting.topic, 0, &records("second", 5));
        other().delete_before(&setting.topic, 0, 10);

        let mut hand = setting.connect(0);
        hand.own(2);
        let until = Instant::now() + Duration::from_secs(30);
        while hand.batch.len() < 5 {
            assert!(Instant::now() < until, "{:?}", hand.changes);
            let told = hand.changes.len();
            hand.poll(&braid_tests::worker::ALL);
            if hand.changes.len() > told {
                hand.start(&setting.remote(0)); // it has stopped, as the record that was read last is not there
            }
        }
        assert_eq!(hand.take(5)[0].offset, 10);
        hand.log.close();
    }

    fn patiently_fatal(mut call: impl FnMut() -> Result<(), Failure>) -> String {
        match patiently("what is refused", || match call() {
            Err(Failure::Fatal(why)) => Ok(Some(why)),
            other => other.map(|()| None),
        }) {
            Some(why) => why,
            None => panic!("it was not refused"),
        }
    }

    #[test]
    fn a_cluster_that_is_away_holds_nobody_up() {
        let setting = Setting::new(4);
        produce(setting.here, &setting.topic, 0, &records("here", 20));
        let mut worker = setting.worker(0);
        let nobody = braid_kafka::ConnectionSettings {
            brokers: "127.0.0.1:1".to_owned(),
            settings: std::collections::BTreeMap::new(),
        };
        let nobody = Connection::new(nobody).expect("it is a legal address");
        worker.remotes[0].connection = nobody.clone();
        let log = KafkaLog::connect(setting.here.connection(), worker).expect("the log connects");
        let mut hand = Hand::new(log);
        hand.poll_until("the assignment", |hand| hand.owned.len() == 5);
        let began = Instant::now();
        hand.own(5);
        let batch = hand.take(20);
        hand.process(&batch, &setting.output).expect("it commits");
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "starting and reading took {took:?}");
        assert_eq!(setting.outputs().len(), 20);
        assert!(!hand.log.at_end(&setting.remote(0)), "of what is away nothing is known");
        hand.log.close();
        let fault = TopicWatch::connect(&nobody, "g").expect("it is made").look(&["t"], &[]);
        assert!(fault.is_err(), "{fault:?}");
    }

    #[test]
    fn a_broker_that_restarts_is_read_on_from_where_it_was() {
        let broker = Cluster::another();
        let here = Cluster::start();
        let (topic, kept_in) =
            (here.name("input"), here.topic("offsets", 1, &[("cleanup.policy", "compact")]));
        broker.create_topic(&topic, 1, &[]);
        let name: Arc<str> = format!("other:{topic}").into();
        let remote = RemoteTopic {
            name: name.clone(),
            topic: topic.as_str().into(),
            offsets_topic: kept_in.as_str().into(),
        };
        let connection = Connection::clone(&broker.connection());
        let cluster = RemoteCluster { name: "other".into(), connection, topics: vec![remote] };
        let worker = WorkerSettings { remotes: vec![cluster], ..settings(&here.name("group"), &[], 0) };
        let mut hand = Hand::new(KafkaLog::connect(here.connection(), worker).expect("the log connects"));
        hand.own(1);
        let fed = records("there", 30);
        produce(&broker, &topic, 0, &fed[..15]);
        let mut batch = hand.take(15);
        broker.restart();
        produce(&broker, &topic, 0, &fed[15..]);
        batch.extend(hand.take(15));
        let offsets: BTreeSet<_> = batch.iter().map(|record| record.offset).collect();
        assert_eq!((offsets.len(), batch.len()), (30, 30));
        hand.log.close();
    }

    /// What it was found out by is out of range at first, and the offset itself is not any more later on.
    #[test]
    fn a_topic_made_anew_with_fewer_records_is_not_read_on_once_it_has_grown() {
        let setting = Setting::new(1);
        produce(other(), &setting.topic, 0, &records("first", 10));
        let mut hand = setting.connect(0);
        hand.own(2);
        let batch = hand.take(10);
        hand.process(&batch, &setting.output).expect("it commits");
        hand.log.close();
        other().delete_topic(&setting.topic);
        other().create_topic(&setting.topic, 1, &[]);
        produce(other(), &setting.topic, 0, &records("second", 3));
        let mut hand = setting.connect(0);
        hand.own(2);
        let anew = setting.remote(0);
        let newly = AssignmentChange::Assigned(vec![anew.clone()]);
        let times = |hand: &Hand| hand.changes[1..].iter().filter(|change| **change == newly).count();
        hand.poll_until("it is told as newly assigned", |hand| times(hand) == 1);
        let told = patiently_fatal(|| hand.log.standing(&anew).map(drop));
        assert!(told.contains("beyond the end 3"), "{told}");
        produce(other(), &setting.topic, 0, &records("second", 12));
        hand.start(&anew);
        hand.poll_until("it is told once more", |hand| times(hand) == 2);
        let told = patiently_fatal(|| hand.log.standing(&anew).map(drop));
        assert!(told.contains("before 10") && told.contains("made anew"), "{told}");
        assert_eq!(hand.batch.len(), 0, "nothing of the new one has come");
        hand.log.close();
    }
}
