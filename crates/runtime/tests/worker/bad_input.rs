//! What cannot be read or cannot be written goes to the dead letters, and what stands beside it goes through.

use braid_log::Record;
use braid_runtime::StageKind;
use braid_runtime::metrics::Rejection;
use braid_wire::RefusalReason;

use crate::world::{MESSAGE_BYTES_MAX, World, alert_json};

fn world() -> World {
    let mut world = World::new();
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    world
}

fn header<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    let (_, value) = record.headers.iter().find(|(header, _)| **header == *name)?;
    std::str::from_utf8(value.as_deref()?).ok()
}

#[test]
fn a_bad_record_becomes_a_dead_letter_and_the_good_one_beside_it_an_alert() {
    let mut world = world();
    let good = alert_json(1, world.broker.now_millis());
    let huge = vec![b' '; 5 << 20];
    let bad: [&[u8]; 6] =
        [&good.as_bytes()[..40], b"[]x", b"\xff\xfe", &huge, b"", br#"{"tenant":"t","provider":"p","id":1}"#];
    for value in bad {
        world.produce(value);
    }
    world.produce(good.as_bytes());
    world.settle();
    assert_eq!(world.arrivals().len(), 1);
    let letters = world.dead_letters();
    assert_eq!(letters.len(), bad.len());
    for letter in &letters {
        assert!(letter.bytes() <= MESSAGE_BYTES_MAX);
        assert!(header(letter, "braid.error.reason").is_some());
        assert_eq!(header(letter, "braid.error.stage"), Some("normalise"));
        let coordinates =
            ["topic", "partition", "offset"].map(|name| header(letter, &format!("braid.error.{name}")));
        assert!(coordinates.iter().all(Option::is_some), "{coordinates:?}");
    }
    let metrics = &world.seats[0].around.metrics;
    let empty = Rejection::Refused(RefusalReason::Empty);
    assert!(metrics.rejects.value((&StageKind::Normalise, &empty)) >= 1);
}

/// Each letter holds the whole record, and a record may hold thousands of elements.
#[test]
fn of_a_record_with_many_bad_elements_some_have_letters_and_one_speaks_for_the_rest() {
    let mut world = world();
    let good = alert_json(1, world.broker.now_millis());
    let without_time = r#"{"tenant":"t","provider":"p"}"#;
    let bad = [vec!["7"; 20], vec![without_time; 1_980]].concat().join(",");
    world.produce(format!("[{bad},{good}]").as_bytes());
    world.settle();
    assert_eq!(world.arrivals().len(), 1, "the good one beside them");
    let letters = world.dead_letters();
    let elements: Vec<_> =
        letters.iter().filter_map(|letter| header(letter, "braid.error.element")).collect();
    let expected: Vec<_> = (0..17).map(|element| element.to_string()).collect();
    assert_eq!(elements, expected);
    let detail = header(&letters[16], "braid.error.detail").expect("it says why");
    let rest = "; 1983 further elements of this record are refused: 1980 missing_time, 3 unknown_format";
    assert!(detail.ends_with(rest), "{detail}");
    let metrics = &world.seats[0].around.metrics;
    let of = |reason| metrics.rejects.value((&StageKind::Normalise, &Rejection::Refused(reason)));
    assert_eq!(
        (of(RefusalReason::UnknownFormat), of(RefusalReason::MissingTime)),
        (20, 1_980),
        "all are counted"
    );
}

#[test]
fn a_tombstone_in_a_source_topic_is_a_dead_letter() {
    let mut world = world();
    let at = world.sources().remove(0);
    world.broker.produce(&at, Some(b"key"), None, world.broker.now_millis());
    world.settle();
    let letters = world.dead_letters();
    assert_eq!(letters.iter().map(|l| header(l, "braid.error.reason")).collect::<Vec<_>>(), [Some("empty")]);
    assert_eq!((letters[0].key.as_deref(), &letters[0].value), (Some(&b"key"[..]), &None));
}

#[test]
fn corrupt_bytes_in_the_alerts_topic_are_a_dead_letter_and_the_partition_goes_on() {
    let mut world = world();
    for number in 0..20 {
        let json = alert_json(number, world.broker.now_millis());
        world.produce(json.as_bytes());
        if number == 10 {
            world.settle();
            for input in world.alerts() {
                let whole =
                    world.broker.committed(&input).pop().and_then(|record| record.value).unwrap_or_default();
                world.broker.produce(&input, None, Some(&whole[..whole.len() / 2]), 0);
                world.broker.produce(&input, None, None, 0);
            }
        }
    }
    world.settle();
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 2 * world.alerts().len());
    assert!(letters.iter().all(|letter| header(letter, "braid.error.stage") == Some("correlate")));
    world.assert_as_replayed();
}

#[test]
fn an_alert_over_the_brokers_limit_is_a_dead_letter_that_says_so() {
    let mut world = world();
    let now = world.broker.now_millis();
    let evidence = r#"{"kind":"file","role":"related","identifiers":[{"kind":"filePath","value":"/NAME"}]}"#;
    let many: Vec<_> = (0..3_000).map(|n| evidence.replace("NAME", &format!("{n:040}"))).collect();
    let large = alert_json(0, now).replace(r#""evidence":["#, &format!(r#""evidence":[{},"#, many.join(",")));
    world.produce(large.as_bytes());
    world.produce(alert_json(1, now).as_bytes());
    world.settle();
    assert_eq!(world.arrivals().len(), 1);
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(header(&letters[0], "braid.error.reason"), Some("over_broker_limit"));
    assert!(letters[0].bytes() <= MESSAGE_BYTES_MAX);
    let rejects = &world.seats[0].around.metrics.rejects;
    assert_eq!(rejects.value((&StageKind::Normalise, &Rejection::OverBrokerLimit)), 1);
}

#[test]
fn a_snapshot_over_the_brokers_limit_is_a_dead_letter_and_its_changes_stand() {
    let mut world = World::with(|settings| settings.message_bytes_max = 20_000);
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    let now = world.broker.now_millis();
    for number in 0..60 {
        // One tenant, one user, one host: one incident. Of many detectors, or it would be a flood, which takes no room.
        let json = alert_json(0, now).replace("\"alert-0\"", &format!("\"alert-{number}\""));
        let json = json.replace("\"Alert 0\"", &format!("\"Alert {number}\""));
        world.produce(json.as_bytes());
    }
    world.settle();
    let over = world.dead_letters();
    assert!(!over.is_empty(), "the incident outgrew the limit");
    assert!(over.iter().all(|letter| header(letter, "braid.error.reason") == Some("over_broker_limit")));
    let versions: Vec<_> = world.events().into_values().map(|changes| changes.len()).collect();
    assert_eq!(versions, [60], "every change is there");
}

#[test]
fn a_record_from_the_future_is_capped_at_our_clock_and_marked() {
    let mut world = world();
    let now = world.broker.now_millis();
    let at = world.sources().remove(0);
    for ahead in [0, 3_600_000] {
        let json = alert_json(ahead as u64, now);
        world.broker.produce(&at, None, Some(json.as_bytes()), now + ahead);
    }
    world.settle();
    let mut capped: Vec<_> = world
        .inputs()
        .into_iter()
        .map(|input| match input {
            braid_engine::Input::Alert(alert) => alert.origin,
            other => panic!("{other:?}"),
        })
        .map(|origin| {
            (origin.offset, origin.source_time_capped, origin.source_time.as_millis() - now < 3_600_000)
        })
        .collect();
    capped.sort_unstable();
    assert_eq!(capped, [(0, false, true), (1, true, true)]);
}
