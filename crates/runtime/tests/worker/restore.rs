//! Partitions come and go: restoring, holding, refusing to start.

use crate::world::{World, alert_json};
use braid_alert::{ChangeReason, EventTime};
use braid_log::{Failure, TopicPartition};
use braid_runtime::StageKind;
use braid_runtime::hot_index::{Order, Telling};
use braid_sim::broker::{Call, Fault, Faults};

/// A cluster through which so many alerts have gone.
fn after(alerts: u64) -> World {
    let mut world = World::new();
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    produce(&mut world, 0..alerts);
    world.settle();
    world
}

fn produce(world: &mut World, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let json = alert_json(number, world.broker.now_millis());
        world.produce(json.as_bytes());
    }
}

fn step(world: &mut World, place: usize, times: usize) {
    for _ in 0..times {
        world.seats[place].step().expect("nothing goes wrong");
    }
}

/// The first partition of the alerts topic that has records.
fn used(world: &World) -> TopicPartition {
    let used = world.alerts().into_iter().find(|input| !world.broker.committed(input).is_empty());
    used.expect("alerts have gone through")
}

/// Starts the correlate worker anew and gives what stops it.
fn refusal(world: &mut World) -> String {
    world.replace(1);
    for _ in 0..400 {
        if let Err(failure) = world.seats[1].step() {
            assert!(matches!(failure, Failure::Fatal(_)), "{failure:?}");
            return failure.to_string();
        }
        world.seats[1].queue.attempt();
    }
    panic!("it was not refused");
}

#[test]
fn a_restored_state_is_the_state_that_was_compacted_or_not() {
    for compact in [false, true] {
        let mut world = after(80);
        if compact {
            for input in world.alerts() {
                world.broker.compact(&world.changelog(&input));
            }
        }
        world.replace(1);
        produce(&mut world, 80..120);
        world.settle();
        world.assert_as_replayed();
        assert_eq!(world.seats[1].index.len(), world.snapshots().len(), "the hot index is whole again");
    }
}

#[test]
fn healthy_partitions_go_on_while_others_are_restored() {
    let mut world = after(40);
    let other = world.seat(StageKind::Correlate, 1);
    world.rounds(30);
    world.seats[other].close();
    step(&mut world, 1, 3);
    assert!(world.seats[1].queue.len() > 0, "partitions that came back wait to be restored");
    let reasons = world.seats[1].around.readiness.report().expect_err("it says so");
    assert!(reasons.iter().all(|reason| reason.ends_with("is being restored")), "{reasons:?}");
    produce(&mut world, 40..80);
    step(&mut world, 0, 20);
    step(&mut world, 1, 40);
    let offsets = world.broker.offsets("correlate");
    for input in world.alerts() {
        let last = world.broker.committed(&input).last().expect("each partition has a tenant").offset;
        let caught_up = offsets.get(&input).is_some_and(|next| *next > last);
        assert_eq!(caught_up, world.seats[1].state(&input).is_some(), "{input}");
    }
    world.settle();
    assert_eq!(world.seats[1].around.readiness.report(), Ok(()));
    world.assert_as_replayed();
}

#[test]
fn a_partition_revoked_while_it_is_restored_is_forgotten() {
    let mut world = after(40);
    world.replace(1);
    step(&mut world, 1, 30);
    let queued = world.seats[1].queue.len();
    assert_eq!(queued, 2, "no more are restored at a time than the settings say");
    world.seat(StageKind::Correlate, 1);
    step(&mut world, 2, 1);
    step(&mut world, 1, 1);
    world.rounds(30);
    let owners =
        |input: &TopicPartition| world.seats.iter().filter(|seat| seat.state(input).is_some()).count();
    assert_eq!(world.alerts().iter().map(owners).collect::<Vec<_>>(), [1, 1, 1, 1]);
    world.assert_as_replayed();
}

#[test]
fn a_revoked_partition_leaves_nothing_in_the_hot_index() {
    let mut world = after(60);
    let all = world.seats[1].index.len();
    let other = world.seat(StageKind::Correlate, 1);
    world.rounds(30);
    let (here, there) = (world.seats[1].index.len(), world.seats[other].index.len());
    assert!(here < all && there > 0, "{here} of {all} here, {there} there");
    assert_eq!(here + there, all);
}

#[test]
fn changes_that_a_record_no_longer_tells_are_kept_for_timelines() {
    let mut world = after(0);
    let now = world.broker.now_millis();
    let revision = |minute: i64, change: (&str, &str)| {
        let updated = EventTime::from_millis(now + minute * 60_000);
        let json = alert_json(0, now).replace(change.0, change.1);
        json.replacen('{', &format!("{{\"updated\":\"{updated}\","), 1)
    };
    for (minute, change) in [
        (0, ("\"new\"", "\"new\"")),
        (1, ("\"new\"", "\"resolved\"")),
        (2, ("\"new\"", "\"resolved\",\"category\":\"x\",\"phase\":\"exfiltration\"")),
    ] {
        world.produce(revision(minute, change).as_bytes());
        world.settle();
    }
    let index = &world.seats[1].index;
    let timeline = index.timeline(index.entities(None, "user0@contoso.azure").remove(0));
    let page = timeline.page(Order::OldestFirst, None, 10, |_| true);
    let told = page.entries.iter().filter_map(|entry| match &entry.telling {
        Telling::Change(_, head) => Some(head.reason.as_str()),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["opened", "resolved"]);
    let changed = index.page(None, 1, 1, |_| true).incidents[0].changed.clone();
    assert_eq!(changed, ChangeReason::AlertRevised, "the record says something else");
}

#[test]
fn restoring_is_tried_again_when_a_broker_is_away() {
    let mut world = after(40);
    world.replace(1);
    let faults = Faults::none()
        .then(Call::ChangelogCommitted, 0, Fault::Retry)
        .then(Call::ChangelogRead, 0, Fault::Retry)
        .then(Call::ChangelogRead, 2, Fault::Retry);
    world.broker.disturb(faults);
    world.settle();
    world.assert_as_replayed();
}

#[test]
fn an_offset_that_disagrees_with_the_changelog_refuses_to_start() {
    let mut world = after(40);
    let input = used(&world);
    world.broker.reset_offset("correlate", &input, 1);
    let said = refusal(&mut world);
    assert!(said.contains("committed offset is 1") && said.contains("to rebuild the state"), "{said}");
}

#[test]
fn an_emptied_changelog_refuses_to_start_unless_the_group_begins_anew() {
    let mut world = after(40);
    for input in world.alerts() {
        let changelog = world.changelog(&input);
        world.broker.truncate(&changelog, world.broker.end(&changelog));
    }
    let said = refusal(&mut world);
    assert!(said.contains("it was emptied or never written"), "{said}");
    for input in world.alerts() {
        world.broker.reset_offset("correlate", &input, 0);
    }
    world.replace(1);
    world.settle();
    let input = used(&world);
    let (replayed, _) = world.replay(&input);
    let state = world.seats[1].state(&input).expect("it is owned");
    assert_eq!(state.records(), replayed.records(), "rebuilt from the alerts topic");
}

#[test]
fn another_number_of_partitions_refuses_to_start() {
    let mut world = after(40);
    let mut settings = (*world.settings).clone();
    settings.alerts_partitions = 6;
    world.settings = settings.into();
    let said = refusal(&mut world);
    assert!(said.contains("had 4 partitions") && said.contains("configured to have 6"), "{said}");
}

#[test]
fn a_backlog_that_retention_has_eaten_refuses_to_start() {
    let mut world = after(40);
    let input = used(&world);
    world.seats[1].kill();
    produce(&mut world, 40..80);
    step(&mut world, 0, 20);
    world.broker.truncate(&input, world.broker.end(&input));
    let said = refusal(&mut world);
    assert!(said.contains("retention has deleted") && said.contains("--to-earliest"), "{said}");

    // As it is told to.
    let end = world.broker.end(&input);
    world.broker.reset_offset("correlate", &input, end);
    world.replace(1);
    world.settle();
    assert!(
        !world.seats[1].state(&input).expect("it is owned").incident_ids().is_empty(),
        "what it knew it knows"
    );
}

#[test]
fn a_newer_releases_record_holds_its_partition_and_no_other() {
    let mut world = after(40);
    let input = used(&world);
    // Avro's single-object marker, then a fingerprint that no release so far has.
    let unknown = [0xC3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    world.broker.produce(&input, None, Some(&unknown), 0);
    let held_at = world.broker.end(&input) - 1;
    produce(&mut world, 40..80);
    step(&mut world, 0, 20);
    step(&mut world, 1, 40);
    let reasons = world.seats[1].around.readiness.report().expect_err("it says so");
    assert!(
        reasons.len() == 1 && reasons[0].contains("is held") && reasons[0].contains("start the newer one")
    );
    let offsets = world.broker.offsets("correlate");
    for other in world.alerts().iter().filter(|other| **other != input) {
        assert!(offsets[other] > world.broker.committed(other).last().expect("it is used").offset);
    }
    assert!(offsets[&input] <= held_at, "it waits before the record");
    assert_eq!(world.dead_letters(), [], "nothing is given up");
    assert_eq!(world.seats[1].around.metrics.partitions_held.value(&StageKind::Correlate), 1.0);
    world.seats[1].close();
    assert_eq!(world.seats[1].around.metrics.partitions_held.value(&StageKind::Correlate), 0.0);
}

#[test]
fn a_worker_that_stops_leaves_the_group_at_once() {
    let mut world = after(40);
    let other = world.seat(StageKind::Correlate, 1);
    let before = world.broker.now_millis();
    world.seats[1].close();
    world.rounds(30);
    let all = world.alerts().iter().all(|input| world.seats[other].state(input).is_some());
    assert!(all, "the other one has all partitions");
    assert!(world.broker.now_millis() - before < 5_000, "without waiting for a session to expire");
}
