//! What becomes of a batch whose transaction does not simply succeed.

use std::time::Duration;

use crate::world::{SOURCES, World, alert_json};
use braid_log::{Failure, TopicPartition};
use braid_runtime::StageKind;
use braid_runtime::metrics::TransactionOutcome;
use braid_sim::broker::{Call, Fault, Faults};

const CALLS: [Call; 10] = [
    Call::Poll,
    Call::Attend,
    Call::Standing,
    Call::Start,
    Call::Begin,
    Call::Send,
    Call::SendOffsets,
    Call::Commit,
    Call::Abort,
    Call::Replace,
];

/// Two workers that have settled on an empty cluster.
fn ready() -> World {
    let mut world = World::new();
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    world.rounds(20);
    world
}

fn produce(world: &mut World, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let json = alert_json(number, world.broker.now_millis());
        world.produce(json.as_bytes());
    }
}

/// Runs 30 alerts through a cluster on which this goes wrong, starting anew what dies.
fn run_with(faults: Faults) -> World {
    let mut world = ready();
    produce(&mut world, 0..30);
    world.broker.disturb(faults);
    for _ in 0..200 {
        for place in 0..world.seats.len() {
            if world.seats[place].step().is_err() {
                world.start(place);
            }
            world.seats[place].queue.attempt();
        }
    }
    world.broker.disturb(Faults::none());
    world.settle();
    world
}

fn assert_exactly_once(world: &World, why: &str) {
    let arrivals = world.arrivals();
    assert_eq!(arrivals.len(), 30, "{why}: every alert arrives");
    assert!(arrivals.values().all(|count| *count == 1), "{why}: and once: {arrivals:?}");
    world.assert_as_replayed();
}

#[test]
fn a_process_may_die_before_or_after_any_call() {
    for call in CALLS {
        for after in [0, 1, 2, 5, 9] {
            for fault in [Fault::CrashBefore, Fault::CrashAfter] {
                let world = run_with(Faults::none().then(call, after, fault));
                assert_exactly_once(&world, &format!("{fault:?} of {call:?} after {after}"));
            }
        }
    }
}

#[test]
fn a_commit_whose_answer_is_lost_is_not_sent_again_and_one_whose_request_is_lost_is() {
    for fault in [Fault::LostAnswer, Fault::LostRequest] {
        for call in [Call::Commit, Call::SendOffsets] {
            for after in 0..6 {
                let world = run_with(Faults::none().then(call, after, fault));
                assert_exactly_once(&world, &format!("{fault:?} of {call:?} after {after}"));
            }
        }
    }
}

#[test]
fn a_late_commit_or_abort_does_not_end_a_later_transaction() {
    for late in [1, 3, 10, 30, 100, 1_000] {
        let late = Fault::LateRequest(Duration::from_millis(late));
        let commit = run_with(Faults::none().then(Call::Commit, 1, late));
        assert_exactly_once(&commit, &format!("commit {late:?}"));
        let faults = Faults::none().then(Call::Send, 3, Fault::Abort).then(Call::Abort, 0, late);
        assert_exactly_once(&run_with(faults), &format!("abort {late:?}"));
    }
}

#[test]
fn after_an_abort_the_same_bytes_are_sent_again_without_a_restore() {
    let mut world = ready();
    produce(&mut world, 0..30);
    world.broker.disturb(Faults::none().then(Call::Commit, 2, Fault::Abort).then(
        Call::Commit,
        4,
        Fault::Abort,
    ));
    world.settle();
    assert_exactly_once(&world, "two aborts");
    let restores: Vec<u64> = world.seats.iter().map(|s| s.around.metrics.restore.count(())).collect();
    assert_eq!(restores, [0, 4], "only the four restores of the beginning");
}

#[test]
fn nothing_is_counted_before_it_is_committed_nor_twice() {
    let mut world = ready();
    produce(&mut world, 0..1);
    // The second commit is that of the correlate stage.
    world.broker.disturb(Faults::none().then(Call::Commit, 1, Fault::CrashBefore));
    world.seats[0].step().expect("normalise goes well");
    world.seats[1].step().expect_err("correlate dies before its commit");
    let metrics = world.seats[1].around.metrics.clone();
    let opened = || metrics.incident_changes.value(&braid_alert::ChangeReason::Opened);
    assert_eq!((opened(), metrics.end_to_end.count(())), (0, 0));
    assert!(world.seats[1].index.is_empty(), "the hot index shows nothing that is not committed");
    world.start(1);
    world.broker.disturb(Faults::none().then(Call::Commit, 0, Fault::LostAnswer));
    world.settle();
    assert_eq!((opened(), metrics.end_to_end.count(())), (1, 1));
    assert_eq!(world.seats[1].index.len(), 1);
    let indefinite = (&StageKind::Correlate, &TransactionOutcome::Indefinite);
    assert_eq!(metrics.transactions.count(indefinite), 1);
}

#[test]
fn an_instance_that_is_fenced_leaves_the_field() {
    let mut world = ready();
    produce(&mut world, 0..1);
    let usurper = world.connect(StageKind::Normalise, 0);
    assert!(matches!(world.seats[0].step(), Err(Failure::Fenced(_))));
    drop(usurper);
}

#[test]
fn what_will_never_work_stops_the_worker_with_its_reason() {
    let mut world = ready();
    produce(&mut world, 0..1);
    world.broker.disturb(Faults::none().then(Call::Send, 0, Fault::Fatal));
    let failure = world.seats[0].step().expect_err("it is fatal");
    assert_eq!(failure, Failure::Fatal("Send: it will never work".into()));
}

#[test]
fn an_empty_round_begins_no_transaction() {
    let mut world = ready();
    world.broker.disturb(Faults::none().then(Call::Begin, 0, Fault::Fatal));
    for seat in &mut world.seats {
        seat.step().expect("begin is never called");
    }
}

#[test]
fn a_partition_taken_away_after_an_abort_takes_its_part_of_the_batch_with_it() {
    let mut world = ready();
    world.seat(StageKind::Correlate, 1);
    produce(&mut world, 0..30);
    let is_alerts = |s: &&TopicPartition| SOURCES.contains(&&*s.topic);
    let alerts: Vec<_> = world.sources().iter().filter(is_alerts).cloned().collect();
    while !alerts.iter().all(|s| world.broker.offsets("normalise").contains_key(s)) {
        world.seats[0].step().expect("normalise goes well");
    }
    // The second worker joins; the first hears of it only after its commit was refused by the new generation.
    world.seats[2].step().expect("it joins");
    world.settle();
    assert_exactly_once(&world, "a rebalance between poll and commit");
    let first = &world.seats[1];
    let kept = world.alerts().iter().filter(|input| first.state(input).is_some()).count();
    assert_eq!(kept, 2, "half of the partitions moved");
    assert_eq!(first.around.metrics.restore.count(()), 4, "and the others were not restored again");
}

#[test]
fn a_batch_whose_partitions_were_lost_while_it_was_aborted_is_not_sent_again() {
    for fault in [Fault::Abort, Fault::LostRequest, Fault::LostAnswer] {
        let mut world = World::new();
        let (normalise, first) = (world.seat(StageKind::Normalise, 0), world.seat(StageKind::Correlate, 0));
        let other = world.seat(StageKind::Correlate, 1);
        let mut other = world.seats.remove(other);
        let mut log = world.connect(StageKind::Correlate, 0);
        let broker = world.broker.clone();
        let mut happened = false;
        log.meanwhile(move || {
            if std::mem::replace(&mut happened, true) {
                return;
            }
            // Its session expires, and another worker does all that it was about to do.
            broker.disturb(Faults::none());
            broker.advance(Duration::from_secs(16));
            for _ in 0..100 {
                other.step().expect("nothing goes wrong");
                other.queue.attempt();
            }
        });
        world.start_on(first, log);
        while world.alerts().iter().any(|input| world.seats[first].state(input).is_none()) {
            world.seats[first].step().expect("nothing goes wrong");
            world.seats[first].queue.attempt();
        }
        produce(&mut world, 0..30);
        while world.arrivals().len() < 30 {
            world.seats[normalise].step().expect("nothing goes wrong");
        }
        world.broker.disturb(Faults::none().then(Call::Commit, 0, fault));
        world.settle();
        assert_exactly_once(&world, &format!("{fault:?}"));
    }
}

#[test]
fn a_wish_to_stop_is_heard_while_nothing_succeeds() {
    let mut world = ready();
    world.seats[0].close();
    let mut log = world.connect(StageKind::Normalise, 0);
    let (around, mut attended) = (world.seats[0].around.clone(), 0);
    log.meanwhile(move || {
        attended += 1;
        if attended == 6 {
            let reasons = around.readiness.report().expect_err("it says so");
            assert_eq!(
                reasons,
                ["normalise-0: nothing succeeds at the moment: Commit: the transaction is lost"]
            );
            around.stop.request();
        }
    });
    world.start_on(0, log);
    produce(&mut world, 0..5);
    let faults = (0..50).fold(Faults::none(), |faults, _| faults.then(Call::Commit, 0, Fault::Abort));
    world.broker.disturb(faults);
    while !world.seats[0].around.stop.requested() {
        world.seats[0].step().expect("it returns");
    }
    assert!(world.arrivals().is_empty(), "it has not gone on until something succeeded");
    world.seats[0].close();
    assert_eq!(world.seats[0].around.readiness.report(), Err(vec!["stopping".to_owned()]));
}
