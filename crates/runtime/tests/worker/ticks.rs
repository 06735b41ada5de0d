//! Time passes only in the log: ticks.

use std::time::Duration;

use braid_alert::Span;
use braid_engine::Input;
use braid_runtime::StageKind;
use braid_sim::broker::{Call, Fault, Faults};

use crate::world::{World, alert_json};

/// A cluster that forgets alerts after an hour, through which one alert has gone.
fn after_one_alert() -> World {
    let mut world = World::with(|settings| {
        settings.correlation.late_join = Span::minutes(30);
        settings.correlation.dedupe_retention = Span::hours(1);
    });
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    let json = alert_json(0, world.broker.now_millis());
    world.produce(json.as_bytes());
    world.settle();
    world
}

fn ticks(world: &World) -> usize {
    world.inputs().iter().filter(|input| matches!(input, Input::Tick { .. })).count()
}

/// Passes time in steps that no session expires in.
fn pass(world: &mut World, hours: u64) {
    for _ in 0..hours * 3_600 / 5 {
        world.broker.advance(Duration::from_secs(5));
        world.rounds(1);
    }
}

#[test]
fn a_deadline_that_has_passed_is_one_tick_and_the_replay_agrees() {
    let mut world = after_one_alert();
    world.rounds(50);
    assert_eq!(ticks(&world), 0, "none is due");
    let shown = |world: &World| world.seats[1].index.entities(None, "user0@contoso.azure").len();
    assert_eq!(shown(&world), 1);
    pass(&mut world, 3);
    assert!(world.seats[1].index.is_empty(), "what was forgotten is no longer shown");
    assert_eq!(shown(&world), 0, "nor are its entities");
    let told = ticks(&world);
    assert!((1..=3).contains(&told), "{told} ticks for one alert");
    pass(&mut world, 3);
    assert_eq!(ticks(&world), told, "nothing is left that could be due");
    world.assert_as_replayed();
}

#[test]
fn a_tick_is_written_once_for_a_deadline_though_it_is_not_read_for_a_while() {
    let mut world = after_one_alert();
    world.rounds(5);
    world.broker.advance(Duration::from_secs(2 * 3_600));
    // The session has expired; what was owned is restored first.
    while ticks(&world) == 0 {
        world.rounds(1);
    }
    let faults = (0..10).fold(Faults::none(), |faults, _| faults.then(Call::Poll, 0, Fault::Retry));
    world.broker.disturb(faults);
    for _ in 0..10 {
        world.seats[1].step().expect("nothing goes wrong for good");
    }
    assert_eq!(ticks(&world), 1);
}

#[test]
fn no_tick_is_written_while_records_wait() {
    let mut world = after_one_alert();
    for number in 1..30 {
        // The same tenant as the first, so the same partition.
        let json = alert_json(number * 5, world.broker.now_millis());
        world.produce(json.as_bytes());
    }
    while world.arrivals().len() < 30 {
        world.seats[0].step().expect("they are normalised, and wait for the correlate stage");
    }
    world.broker.advance(Duration::from_secs(3 * 3_600));
    world.replace(1);
    // Every other poll finds nothing, although there is something.
    let faults =
        (0..400).step_by(2).fold(Faults::none(), |faults, at| faults.then(Call::Poll, at, Fault::Retry));
    world.broker.disturb(faults);
    while !world.is_settled() {
        assert_eq!(ticks(&world), 0, "not before what waits has been read");
        world.seats[1].step().expect("nothing goes wrong for good");
        world.seats[1].queue.attempt();
    }
}

#[test]
fn what_was_forgotten_is_not_restored() {
    let mut world = after_one_alert();
    pass(&mut world, 3);
    assert!(world.snapshots().len() == 1 && world.seats[1].index.is_empty(), "it is forgotten");
    let told = ticks(&world);
    world.replace(1);
    world.rounds(30);
    assert_eq!(ticks(&world), told, "and need not be forgotten again");
    assert!(world.alerts().iter().all(|input| world.seats[1].state(input).is_some()));
    assert!(world.seats[1].index.is_empty());
    for input in world.alerts() {
        let state = world.seats[1].state(&input).expect("it is owned");
        assert_eq!(state.records(), world.replay(&input).0.records());
    }
}

#[test]
fn a_tick_whose_commit_nobody_knows_of_is_written_once_more_at_most() {
    for fault in [Fault::LostAnswer, Fault::LostRequest] {
        let mut world = after_one_alert();
        world.broker.disturb(Faults::none().then(Call::Commit, 0, fault));
        pass(&mut world, 3);
        assert!(world.seats[1].index.is_empty(), "the deadline took effect: {fault:?}");
        assert!(ticks(&world) <= 4, "{fault:?}: {} ticks", ticks(&world));
        world.assert_as_replayed();
    }
}
