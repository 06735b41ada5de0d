//! What is told of each source, and that the trouble of one leaves the others alone.

use std::time::Duration;

use braid_log::TopicPartition;
use braid_runtime::StageKind;
use braid_runtime::integrations::{IntegrationReport, IntegrationState, Integrations, SourceDescription};
use braid_sim::broker::{Call, Fault, Faults};
use braid_wire::Format;

use crate::world::{SOURCES, World, alert_json};

/// One worker of each stage, which tells of the sources.
fn world() -> World {
    let mut world = World::new();
    for stage in [StageKind::Normalise, StageKind::Correlate] {
        let seat = world.seat(stage, 0);
        let describe = |name: &&str| SourceDescription {
            name: (*name).into(),
            enabled: true,
            format: Format::BraidJson,
            topics: vec![(*name).into()],
        };
        let integrations = Integrations::new(SOURCES.iter().map(describe).collect(), Vec::new(), None);
        world.seats[seat].around.integrations = integrations.into();
        world.replace(seat);
    }
    world
}

fn report(world: &World) -> IntegrationReport {
    let around = &world.seats[0].around;
    around.integrations.report(&around.readiness, &around.source_health, &around.metrics)
}

#[test]
fn what_a_source_sends_is_told_once_it_is_committed_with_an_example_of_what_is_wrong() {
    let mut world = world();
    let now = world.broker.now_millis();
    let at = TopicPartition::new(SOURCES[0], 0);
    for value in [alert_json(1, now), "{\"tenant\"".to_owned()] {
        world.broker.produce(&at, None, Some(value.as_bytes()), now);
    }
    world.settle();
    let report = report(&world);
    let [first, second, ..] = &report.sources[..] else { panic!("{report:?}") };
    assert_eq!((first.state, second.state), (IntegrationState::Ok, IntegrationState::NothingYet));
    let figures = &first.figures;
    assert_eq!((figures.records, figures.taken, figures.refused), (2, 1, 1));
    let last = figures.last.expect("there is an alert");
    assert_eq!(last.source_time.as_millis(), now);
    assert!(last.lag_seconds().is_some_and(|lag| lag >= 0.0), "{last:?}");
    let example = figures.example.as_ref().expect("one was refused");
    assert_eq!((&*example.topic, example.partition, example.offset), (SOURCES[0], 0, 1));
    assert!(!example.reason.is_empty() && !example.detail.is_empty(), "{example:?}");
}

#[test]
fn a_source_whose_backlog_retention_has_eaten_waits_while_the_others_are_read() {
    let mut world = world();
    let now = world.broker.now_millis();
    let (eaten, well) = (TopicPartition::new(SOURCES[0], 0), TopicPartition::new(SOURCES[1], 0));
    let feed = |world: &World, at, number| {
        world.broker.produce(at, None, Some(alert_json(number, now).as_bytes()), now);
    };
    feed(&world, &eaten, 1);
    world.settle();
    world.seats[0].kill();
    feed(&world, &eaten, 2);
    feed(&world, &eaten, 3);
    world.broker.truncate(&eaten, 3);
    world.broker.advance(Duration::from_secs(11)); // the session of the one that was killed
    world.start(0);
    feed(&world, &well, 4);
    world.rounds(60);
    assert_eq!(world.broker.offsets("normalise")[&well], 1, "the other source is read");
    let told = &report(&world).sources[0];
    assert_eq!(told.state, IntegrationState::Broken);
    assert!(told.troubles[0].fault.what.contains("deleted offsets 1 to 2"), "{told:?}");
    assert!(world.seats[0].around.readiness.report().is_err(), "and it is not ready");

    // Mended; and though that is not all that is wrong with it.
    world.broker.reset_offset("normalise", &eaten, 3);
    feed(&world, &eaten, 5);
    world.broker.disturb(Faults::none().then(Call::Start, 0, Fault::Retry));
    world.broker.advance(Duration::from_secs(6));
    world.rounds(10);
    let held = || world.seats[0].around.metrics.partitions_held.value(&StageKind::Normalise);
    assert_eq!(held(), 1.0, "it is not tried without a pause");
    world.broker.advance(Duration::from_secs(6));
    world.settle();
    assert_eq!(world.seats[0].around.metrics.partitions_held.value(&StageKind::Normalise), 0.0);
    assert_eq!(world.broker.offsets("normalise")[&eaten], 4, "it goes on where it was told to");
    assert_eq!(world.seats[0].around.readiness.report(), Ok(()));
    assert_eq!(report(&world).sources[0].state, IntegrationState::Ok);
}

#[test]
fn a_start_that_is_tried_in_vain_for_long_counts_as_held_until_it_succeeds() {
    let mut world = world();
    let in_vain = || (0..5_000).fold(Faults::none(), |faults, _| faults.then(Call::Start, 0, Fault::Retry));
    world.broker.disturb(in_vain());
    let held = |world: &World| {
        let around = &world.seats[0].around;
        around.metrics.partitions_held.value(&StageKind::Normalise)
    };
    world.rounds(20);
    let readiness = world.seats[0].around.readiness.clone();
    assert_eq!((held(&world), readiness.held()), (0.0, 0), "it may be a matter of moments");
    let wait = |world: &mut World, seconds: usize| {
        for _ in 0..seconds {
            world.broker.advance(Duration::from_secs(1)); // less than a session
            world.rounds(1);
        }
    };
    wait(&mut world, 11);
    let all = world.seats[0].around.metrics.partitions_assigned.value(&StageKind::Normalise);
    assert!(all > 0.0);
    assert_eq!((held(&world), readiness.held() as f64), (all, all));
    let told = report(&world);
    assert_eq!(told.sources[0].state, IntegrationState::Broken);
    assert!(told.sources[0].troubles[0].fault.what.contains("in vain"), "{told:?}");

    world.broker.disturb(Faults::none());
    world.rounds(2);
    assert_eq!(held(&world), all, "it is tried more seldom");
    wait(&mut world, 5);
    let now = world.broker.now_millis();
    let at = TopicPartition::new(SOURCES[0], 0);
    world.broker.produce(&at, None, Some(alert_json(1, now).as_bytes()), now);
    world.settle();
    assert_eq!((held(&world), readiness.held(), readiness.report()), (0.0, 0, Ok(())));
    assert_eq!(report(&world).sources[0].state, IntegrationState::Ok);
}

#[test]
fn a_source_that_cannot_be_asked_for_its_place_begins_again_there_and_ends_nothing() {
    let mut world = world();
    let now = world.broker.now_millis();
    let at = TopicPartition::new(SOURCES[0], 0);
    let feed = |world: &World, number| {
        world.broker.produce(&at, None, Some(alert_json(number, now).as_bytes()), now);
    };
    feed(&world, 1);
    world.settle();
    // Nobody knows what became of the transaction, and then the topic is nowhere to be found.
    for (number, faults) in [(2, vec![Fault::Fatal]), (3, vec![Fault::Retry; 20])] {
        let unknown = Faults::none().then(Call::Commit, 0, Fault::LostAnswer);
        world
            .broker
            .disturb(faults.into_iter().fold(unknown, |all, fault| all.then(Call::Standing, 0, fault)));
        feed(&world, number);
        world.settle();
        let alerts: usize = world.alerts().iter().map(|alerts| world.broker.committed(alerts).len()).sum();
        let (place, number) =
            (world.broker.offsets("normalise")[&at], usize::try_from(number).expect("small"));
        assert_eq!((usize::try_from(place), alerts), (Ok(number), number), "each alert once");
        assert_eq!(world.seats[0].around.readiness.report(), Ok(()));
    }
}
