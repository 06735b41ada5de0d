//! The real threads around the loop, on the modelled log.

use std::sync::Arc;

use braid_log::Failure;
use braid_runtime::{HotIndex, Metrics, Readiness, StageKind, Stop, Surroundings, run};
use braid_sim::broker::{Call, Fault, Faults};

use crate::world::{World, alert_json};

const BOTH: [StageKind; 2] = [StageKind::Normalise, StageKind::Correlate];

fn surroundings() -> Surroundings {
    let stop = Stop::new();
    Surroundings {
        readiness: Arc::new(Readiness::new(stop.clone())),
        stop,
        metrics: Arc::new(Metrics::new([], [])),
        source_health: Arc::default(),
        integrations: Arc::default(),
        indicators: Arc::default(),
    }
}

fn world() -> World {
    let mut world = World::with(|settings| {
        settings.normalise_threads = 2;
        settings.correlate_threads = 2;
    });
    for number in 0..60 {
        let json = alert_json(number, world.broker.now_millis());
        world.produce(json.as_bytes());
    }
    world
}

#[test]
fn threads_do_the_work_and_stop_when_asked() {
    let world = world();
    let (around, index) = (surroundings(), Arc::new(HotIndex::new()));
    let (settings, connector) = (world.settings.clone(), world.connector());
    let outcome = std::thread::scope(|scope| {
        let work =
            scope.spawn(|| run(&settings, &BOTH, |kind, n| Ok(connector.connect(kind, n)), &index, &around));
        while !world.is_settled() && !work.is_finished() {
            std::thread::yield_now();
        }
        around.stop.request();
        work.join().expect("it does not panic")
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(world.arrivals().len(), 60);
    world.assert_as_replayed();
    assert!(index.is_empty(), "a worker that has left shows nothing");
}

#[test]
fn a_worker_that_is_connected_is_not_ready_before_its_group_has_given_it_its_share() {
    let world = world();
    let (around, index) = (surroundings(), Arc::new(HotIndex::new()));
    let (settings, connector) = (world.settings.clone(), world.connector());
    let report = around.readiness.clone();
    // The last to connect looks around: no group has answered it yet.
    let open = |kind: StageKind, number| {
        let told = report.report().expect_err("somebody has no share yet");
        let own = format!("{kind}-{number} waits for its share of the partitions");
        assert!(told.contains(&own), "{own}: {told:?}");
        Ok(connector.connect(kind, number))
    };
    std::thread::scope(|scope| {
        let work = scope.spawn(|| run(&settings, &BOTH, open, &index, &around));
        while around.readiness.report().is_err() && !work.is_finished() {
            std::thread::yield_now();
        }
        around.stop.request();
        work.join().expect("it does not panic").expect("nothing goes wrong");
    });
}

#[test]
fn the_failure_of_one_worker_stops_all_and_is_told() {
    let world = world();
    world.broker.disturb(Faults::none().then(Call::Commit, 3, Fault::Fatal));
    let (around, index) = (surroundings(), Arc::new(HotIndex::new()));
    let (settings, connector) = (world.settings.clone(), world.connector());
    let outcome = run(&settings, &BOTH, |kind, n| Ok(connector.connect(kind, n)), &index, &around);
    let failure = outcome.expect_err("one has failed").to_string();
    assert!(
        failure.ends_with("-0: Commit: it will never work")
            || failure.ends_with("-1: Commit: it will never work")
    );
}

#[test]
fn a_worker_that_cannot_connect_stops_all() {
    let world = world();
    let (around, index) = (surroundings(), Arc::new(HotIndex::new()));
    let (settings, connector) = (world.settings.clone(), world.connector());
    let open = |kind: StageKind, number| match number {
        0 => Ok(connector.connect(kind, number)),
        _ => Err(Failure::Fatal("no such broker".into())),
    };
    let failure = run(&settings, &[StageKind::Normalise], open, &index, &around).expect_err("one has failed");
    assert_eq!(failure.to_string(), "normalise-1: no such broker");
}
