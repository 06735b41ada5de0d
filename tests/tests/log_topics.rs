//! Looking at topics and making them, on a real Apache Kafka.

mod on_kafka {
    use braid_kafka::{KafkaLog, TopicSpec, Topics, dump};
    use braid_log::Failure;
    use braid_tests::broker::Cluster;
    use braid_tests::worker::settings;

    fn spec(name: &str, partitions: u32, settings: &[(&str, &str)]) -> TopicSpec {
        TopicSpec {
            name: name.to_owned(),
            partitions,
            replication: Some(1),
            settings: settings.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect(),
            purpose: "a test".to_owned(),
        }
    }

    #[test]
    fn what_is_missing_is_created_as_specified_and_what_differs_is_told_and_left_alone() {
        let cluster = Cluster::start();
        let topics = Topics::connect(&cluster.connection()).expect("the client is made");
        let (alerts, incidents) = (cluster.name("alerts"), cluster.name("incidents"));
        let wanted = [
            spec(&alerts, 3, &[("message.timestamp.type", "LogAppendTime"), ("retention.ms", "604800000")]),
            spec(&incidents, 2, &[("cleanup.policy", "compact")]),
        ];
        let told = topics.differences(&wanted).expect("the broker answers");
        assert_eq!(
            told.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [&alerts, &incidents].map(|name| format!("topic {name} is missing, or may not be described"))
        );
        let ensured = topics.ensure(&wanted).expect("the controller answers");
        assert_eq!(
            (&ensured.created[..], &ensured.differences[..]),
            (&[alerts.clone(), incidents.clone()][..], &[][..])
        );
        assert_eq!(
            topics.ensure(&wanted).expect("it answers"),
            Default::default(),
            "there is nothing left to do"
        );

        let mut described = topics.describe(&[&alerts]).expect("the broker answers");
        let state = described.pop().expect("it is there");
        assert_eq!((state.partitions, state.replication), (3, 1));
        assert_eq!(state.settings["message.timestamp.type"], "LogAppendTime");
        assert_eq!(state.settings["retention.ms"], "604800000");

        let other = [
            spec(&alerts, 4, &[("message.timestamp.type", "CreateTime"), ("retention.ms", "1")]),
            spec(&incidents, 2, &[("cleanup.policy", "delete")]),
        ];
        let told = topics.ensure(&other).expect("the broker answers").differences;
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with(&format!("topic {alerts} has 3 partitions and 4 are needed")));
        assert_eq!(
            told[1],
            format!("topic {alerts} has message.timestamp.type=LogAppendTime and needs CreateTime")
        );
        assert_eq!(told[2], format!("topic {incidents} has cleanup.policy=compact and needs delete"));
    }

    #[test]
    fn a_topic_that_cannot_be_created_is_told_with_the_reason() {
        let cluster = Cluster::start();
        let topics = Topics::connect(&cluster.connection()).expect("the client is made");
        let name = cluster.name("bad");
        let ensured = topics.ensure(&[spec(&name, 1, &[("cleanup.policy", "shred")])]).expect("it answers");
        let told: Vec<String> = ensured.differences.iter().map(ToString::to_string).collect();
        assert_eq!(ensured.created, [""; 0]);
        assert!(told[0].starts_with(&format!("topic {name} could not be created: ")), "{told:?}");
    }

    #[test]
    fn a_missing_topic_is_fatal_to_a_worker_and_to_a_dump_and_is_not_made_up() {
        let cluster = Cluster::start();
        let missing = cluster.name("missing");
        let refused =
            KafkaLog::connect(cluster.connection(), settings(&cluster.name("group"), &[&missing], 0)).err();
        assert!(matches!(&refused, Some(Failure::Fatal(text)) if text.contains(&missing)), "{refused:?}");
        let refused = dump(&cluster.connection(), "nobody", &missing, &mut |_| {});
        assert!(matches!(&refused, Err(Failure::Fatal(text)) if text.contains(&missing)), "{refused:?}");
        let topics = Topics::connect(&cluster.connection()).expect("the client is made");
        assert_eq!(topics.describe(&[&missing]).expect("it answers"), []);
    }
}
