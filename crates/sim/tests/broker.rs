//! What the modelled broker promises: without it, a test of the loop on it would prove nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use braid_log::{AssignmentChange, Failure, Log, Outgoing, PollLimits, Record, TopicPartition};
use braid_sim::Rng;
use braid_sim::broker::{Broker, Call, Connection, Fault, Faults, ModelLog, Timestamps};

const LIMITS: PollLimits = PollLimits {
    wait: Duration::from_millis(10),
    gather: Duration::from_millis(10),
    records_max: 100,
    bytes_max: 1 << 20,
};

fn broker() -> Broker {
    let broker = Broker::new(1_000_000);
    broker.create("in", 4, Timestamps::Create);
    broker.create("out", 1, Timestamps::LogAppend);
    broker
}

fn member(broker: &Broker, transactional_id: &str) -> ModelLog {
    broker.connect(Connection {
        group: "group".into(),
        transactional_id: transactional_id.into(),
        topics: BTreeSet::from(["in".to_owned()]),
        message_bytes_max: 1_000,
    })
}

fn input(partition: i32) -> TopicPartition {
    TopicPartition::new("in", partition)
}

fn out() -> TopicPartition {
    TopicPartition::new("out", 0)
}

fn record(value: &str) -> Outgoing {
    Outgoing {
        topic: "out".into(),
        partition: Some(0),
        key: None,
        value: Some(value.as_bytes().into()),
        headers: Vec::new(),
        origin: input(0),
    }
}

fn poll(log: &mut ModelLog) -> (Vec<AssignmentChange>, Vec<Record>) {
    let mut batch = Vec::new();
    let changes = log.poll(&LIMITS, &mut batch).expect("nothing is disturbed");
    (changes, batch)
}

fn committed(broker: &Broker) -> Vec<String> {
    let values = broker.committed(&out()).into_iter().filter_map(|record| record.value);
    values.map(|value| String::from_utf8_lossy(&value).into_owned()).collect()
}

/// A transaction that is ready to end.
fn write(log: &mut ModelLog, value: &str, next: i64) -> Result<(), Failure> {
    log.begin()?;
    log.send(&record(value))?;
    log.send_offsets(&[(input(0), next)])
}

#[test]
fn records_and_offsets_are_there_when_the_transaction_commits_and_never_when_it_aborts() {
    let broker = broker();
    let mut log = member(&broker, "a");
    poll(&mut log);
    write(&mut log, "one", 1).expect("it is taken");
    assert_eq!((committed(&broker), broker.offsets("group").len()), (vec![], 0));
    log.commit().expect("it commits");
    write(&mut log, "two", 2).expect("it is taken");
    log.abort().expect("it aborts");
    write(&mut log, "three", 3).expect("it is taken");
    log.commit().expect("it commits");
    assert_eq!(committed(&broker), ["one", "three"]);
    assert_eq!(broker.offsets("group")[&input(0)], 3);
    assert_eq!(broker.end(&out()), 6, "three records and three control records");
}

#[test]
fn an_open_transaction_holds_back_what_comes_after_it() {
    let broker = broker();
    let (mut slow, mut quick) = (member(&broker, "slow"), member(&broker, "quick"));
    slow.begin().and_then(|()| slow.send(&record("slow"))).expect("it is taken");
    quick
        .begin()
        .and_then(|()| quick.send(&record("quick")))
        .and_then(|()| quick.commit())
        .expect("it commits");
    assert_eq!(committed(&broker), Vec::<String>::new());
    slow.commit().expect("it commits");
    assert_eq!(committed(&broker), ["slow", "quick"]);
}

#[test]
fn a_newer_producer_of_the_same_id_fences_the_older_and_settles_its_transaction() {
    let broker = broker();
    let mut zombie = member(&broker, "a");
    poll(&mut zombie);
    write(&mut zombie, "zombie", 1).expect("it is taken");
    let mut newer = member(&broker, "a");
    assert!(matches!(zombie.commit(), Err(Failure::Fenced(_))));
    newer
        .begin()
        .and_then(|()| newer.send(&record("newer")))
        .and_then(|()| newer.commit())
        .expect("it commits");
    assert_eq!(committed(&broker), ["newer"]);
}

#[test]
fn a_stale_generation_commits_nothing() {
    let broker = broker();
    let (mut first, mut second) = (member(&broker, "a"), member(&broker, "b"));
    poll(&mut first);
    poll(&mut second);
    assert!(matches!(write(&mut first, "stale", 1), Err(Failure::Abort(_))));
    first.abort().expect("it aborts");
    first.attend(Duration::ZERO).expect("it hears of the generation");
    write(&mut first, "fresh", 1).and_then(|()| first.commit()).expect("it commits");
    assert_eq!(committed(&broker), ["fresh"]);
}

#[test]
fn an_offset_in_an_open_transaction_is_not_stable() {
    let broker = broker();
    let mut log = member(&broker, "a");
    poll(&mut log);
    write(&mut log, "one", 1).expect("it is taken");
    assert!(matches!(log.standing(&input(0)), Err(Failure::Retry(_))));
    log.commit().expect("it commits");
    assert_eq!(log.standing(&input(0)).map(|standing| standing.committed), Ok(Some(1)));
}

#[test]
fn a_late_request_ends_a_later_transaction_of_the_same_epoch() {
    let broker = broker();
    let mut log = member(&broker, "a");
    poll(&mut log);
    let late = Fault::LateRequest(Duration::from_millis(50));
    broker.disturb(Faults::none().then(Call::Abort, 0, late));
    write(&mut log, "one", 1).expect("it is taken");
    assert!(matches!(log.abort(), Err(Failure::Indefinite(_))));
    // Whoever goes on with this producer loses the second transaction to the request that was meant for the first, and
    // is told that all is well.
    write(&mut log, "two", 2).expect("it is taken");
    broker.advance(Duration::from_millis(100));
    assert_eq!(log.commit(), Ok(()));
    assert_eq!(committed(&broker), Vec::<String>::new());
}

#[test]
fn a_transaction_that_takes_too_long_is_aborted_and_lets_readers_go_on() {
    let broker = broker();
    let mut log = member(&broker, "a");
    poll(&mut log);
    write(&mut log, "slow", 1).expect("it is taken");
    broker.advance(Duration::from_secs(16));
    assert!(matches!(log.commit(), Err(Failure::Indefinite(_))));
    assert_eq!(committed(&broker), Vec::<String>::new());
}

#[test]
fn a_partition_has_one_owner_at_a_time_and_in_the_end_each_has_one() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let broker = broker();
        let mut members: Vec<(ModelLog, BTreeSet<TopicPartition>)> = Vec::new();
        for round in 0..120 {
            match rng.below(12) {
                0 if members.len() < 5 => {
                    members.push((member(&broker, &format!("{seed}-{round}")), BTreeSet::new()));
                }
                1 if members.len() > 1 => members.remove(rng.below(members.len())).0.close(),
                _ if members.is_empty() => {}
                _ => {
                    let place = rng.below(members.len());
                    hear(&mut members[place]);
                }
            }
            let owned: Vec<_> = members.iter().flat_map(|(_, owned)| owned).collect();
            let distinct: BTreeSet<_> = owned.iter().collect();
            assert_eq!(owned.len(), distinct.len(), "seed {seed}: two own the same");
        }
        members.is_empty().then(|| members.push((member(&broker, "last"), BTreeSet::new())));
        (0..10).for_each(|_| members.iter_mut().for_each(hear));
        let counts: Vec<usize> = members.iter().map(|(_, owned)| owned.len()).collect();
        assert_eq!(counts.iter().sum::<usize>(), 4, "seed {seed}: {counts:?}");
        assert!(
            counts.iter().max() <= counts.iter().min().map(|least| least + 1).as_ref(),
            "seed {seed}: {counts:?}"
        );
    }
}

fn hear((log, owned): &mut (ModelLog, BTreeSet<TopicPartition>)) {
    for change in poll(log).0 {
        match change {
            AssignmentChange::Assigned(partitions) => owned.extend(partitions),
            AssignmentChange::Revoked { partitions, .. } => owned.retain(|p| !partitions.contains(p)),
        }
    }
}
