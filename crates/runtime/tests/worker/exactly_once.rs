//! Whatever goes wrong, and whenever: nothing is lost, nothing comes twice, and the incidents are those of an engine
//! that never failed.

use std::time::Duration;

use crate::world::{World, alert_json};
use braid_runtime::StageKind;
use braid_sim::Rng;
use braid_sim::broker::Faults;

/// How many seeds are run; `BRAID_SEEDS` runs more, `BRAID_SEED` just one.
pub(crate) fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("BRAID_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("BRAID_SEEDS").unwrap_or(30)).collect(),
    }
}

/// A cluster of workers that joins, leaves, dies and suffers while alerts arrive; then it is left in peace.
pub(crate) fn disturbed(seed: u64, alerts: u64, mut meanwhile: impl FnMut(&mut World, &mut Rng)) -> World {
    let mut rng = Rng::new(seed);
    let mut world = World::new();
    for (kind, ordinal) in [(StageKind::Normalise, 0), (StageKind::Correlate, 0), (StageKind::Correlate, 1)] {
        world.seat(kind, ordinal);
    }
    // From calm to a fault at every twentieth call.
    world.broker.disturb(Faults::seeded(seed, (seed % 6) as u32 * 10));
    let mut produced = 0;
    for _ in 0..alerts * 8 {
        if produced < alerts && rng.chance(200) {
            let json = alert_json(produced, world.broker.now_millis());
            world.produce(json.as_bytes());
            produced += 1;
        }
        meanwhile(&mut world, &mut rng);
        disturb(&mut world, &mut rng);
    }
    for number in produced..alerts {
        let json = alert_json(number, world.broker.now_millis());
        world.produce(json.as_bytes());
    }
    world.broker.disturb(Faults::none());
    for place in 0..world.seats.len() {
        if world.seats[place].live.is_none() {
            world.start(place);
        }
    }
    world.settle();
    world
}

fn disturb(world: &mut World, rng: &mut Rng) {
    let place = rng.below(world.seats.len());
    match rng.below(200) {
        0 => world.seats[place].kill(),
        1 => world.seats[place].close(),
        2 if world.seats.len() < 6 => {
            let ordinal = world.seats.len();
            world.seat([StageKind::Normalise, StageKind::Correlate][ordinal % 2], ordinal);
        }
        3 => world.broker.advance(Duration::from_secs(12)),
        4..40 => world.seats[place].queue.attempt(),
        // A worker that has died is started again after a while.
        40..80 if world.seats[place].live.is_none() => world.start(place),
        _ => drop(world.seats[place].step()),
    }
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice_whatever_goes_wrong() {
    const ALERTS: u64 = 120;
    for seed in seeds() {
        eprintln!("seed {seed}");
        let world = disturbed(seed, ALERTS, |_, _| {});
        let arrivals = world.arrivals();
        assert_eq!(arrivals.len() as u64, ALERTS, "every alert arrives (seed {seed})");
        assert!(arrivals.values().all(|count| *count == 1), "and once (seed {seed}): {arrivals:?}");
        assert_eq!(world.dead_letters(), [], "none is refused (seed {seed})");
        world.assert_as_replayed();
    }
}
