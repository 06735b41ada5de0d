//! Several backlogs: the oldest goes first.

use braid_engine::Input;
use braid_runtime::StageKind;
use braid_sim::broker::{Call, Fault, Faults};

use crate::world::{SOURCES, World, alert_json};

const MINUTE: i64 = 60_000;

/// Source times in the order in which alerts entered the alerts topic, in minutes, after a backlog in each of two source
/// partitions: an alert every minute for 10 hours in one, and every 10 minutes for 10 hours in the other.
fn order_of_backlogs(faults: Faults) -> Vec<i64> {
    // Fewer partitions than elsewhere: what two polls in turn may bring before both backlogs are known is reckoned below.
    let mut world = World::with(|settings| settings.sources.retain(|topic, _| SOURCES.contains(&&**topic)));
    let (start, sources) = (world.broker.now_millis() - 600 * MINUTE, world.sources());
    for minute in 0..600 {
        for (source, every) in [(&sources[0], 1), (&sources[1], 10)] {
            if minute % every == 0 {
                let number = u64::try_from(minute * 10 + every).expect("it is small");
                let json = alert_json(number * 5, start + minute * MINUTE);
                world.broker.produce(source, None, Some(json.as_bytes()), start + minute * MINUTE);
            }
        }
    }
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    world.broker.disturb(faults);
    world.settle();
    let alerts = world.inputs().into_iter().filter_map(|input| match input {
        Input::Alert(alert) => Some((alert.origin.source_time.as_millis() - start) / MINUTE),
        Input::Directory(_) | Input::Command(_) | Input::Tick { .. } => None,
    });
    alerts.collect()
}

#[test]
fn a_backlog_does_not_run_far_ahead_of_an_older_one() {
    let order = order_of_backlogs(Faults::none());
    assert_eq!(order.len(), 660);
    let mut latest = i64::MIN;
    let mut furthest = 0;
    for minute in order {
        furthest = furthest.max(latest.saturating_sub(minute));
        latest = latest.max(minute);
    }
    // Ten minutes, and what one poll of seven records may bring: 70 minutes of the sparse one.
    assert!(furthest <= 80, "an alert entered {furthest} minutes after a later one");
}

#[test]
fn a_source_that_cannot_go_on_when_its_turn_comes_is_put_aside_and_stops_nobody() {
    // So many starts there are before the first that lets a backlog go on.
    for starts in 0..4 {
        let order = order_of_backlogs(Faults::none().then(Call::Start, 12 + starts, Fault::Fatal));
        assert_eq!(order.len(), 660, "{starts}");
    }
}
