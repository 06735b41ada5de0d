//! How long a record takes at rest, on a real Apache Kafka: reported, not asserted, for it is the machine's.

mod on_kafka {
    use std::time::{Duration, Instant};

    use braid_kafka::Feed;
    use braid_log::{Log, PollLimits};
    use braid_tests::broker::Cluster;
    use braid_tests::worker::{ALL, Hand, connect, next_offsets, outgoing};

    const ROUNDS: usize = 100;

    #[test]
    fn a_record_at_rest_is_given_before_the_gathering_time_is_over() {
        let cluster = Cluster::start();
        let (input, output) = (cluster.topic("input", 1, &[]), cluster.topic("output", 4, &[]));
        let mut hand = Hand::new(connect(cluster, &cluster.name("group"), &[&input], 0));
        hand.own(1);
        let feed = Feed::connect(&cluster.connection()).expect("the producer is made");
        let gather = Duration::from_secs(3600);
        let limits = PollLimits { wait: Duration::from_secs(10), gather, ..ALL };
        let (mut polls, mut transactions) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            feed.send(&input, Some(0), Some(b"k"), Some(&[0; 500]), &[]).expect("it is queued");
            feed.flush().expect("it is acknowledged");
            let acknowledged = Instant::now();
            while hand.batch.is_empty() {
                hand.poll(&limits); // an hour, if it waited for more
            }
            let polled = Instant::now();
            let batch = std::mem::take(&mut hand.batch);
            assert_eq!(batch.len(), 1, "round {round}");
            hand.log.begin().expect("it begins");
            (0..4).for_each(|_| hand.log.send(&outgoing(&batch[0], &output)).expect("it is sent"));
            hand.log.send_offsets(&next_offsets(&batch)).expect("they are sent");
            hand.log.commit().expect("it commits");
            polls.push(polled - acknowledged);
            transactions.push(polled.elapsed());
        }
        eprintln!("from acknowledged to polled:  {}", percentiles(&mut polls));
        eprintln!("transaction of 4 records:     {}", percentiles(&mut transactions));
        hand.log.close();
    }

    fn percentiles(times: &mut [Duration]) -> String {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        format!("median {:.1?}, 90 % {:.1?}, 99 % {:.1?}", at(50), at(90), at(99))
    }
}
