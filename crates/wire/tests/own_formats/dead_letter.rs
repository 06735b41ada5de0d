//! Dead letters: what came is kept, why it was refused is said, and the broker's limit holds whatever came.

use braid_engine::{CommandRefused, RejectReason};
use braid_wire::dead_letter::{
    Cause, DEAD_LETTER_BYTES_MIN, DeadLetter, Header, Original, Reader, Told, dead_letter, receipt,
    receipt_of, replayed,
};
use braid_wire::{Refusal, RefusalReason};
use proptest::prelude::*;

const READER: Reader<'static> = Reader { stage: "normalise", source: "lab-sensor", format: "graph-alert" };
const LIMIT: usize = 1_000_000;

fn original<'a>(key: Option<&'a [u8]>, value: Option<&'a [u8]>, headers: &'a [Header]) -> Original<'a> {
    Original {
        topic: "lab.alerts",
        partition: 3,
        offset: 41_007,
        timestamp_millis: 1_770_113_460_250,
        key,
        value,
        headers,
    }
}

const TRACE: &str =
    "braid.missing_time\n\tat braid.normalise.graph-alert(lab-sensor)\n\tat lab.alerts-3@41007, element 2";

fn cause() -> Cause {
    let mut refusal = Refusal::new(RefusalReason::MissingTime, "value[2].createdDateTime is missing");
    refusal.element = 2;
    Cause::from(&refusal)
}

#[test]
fn a_refused_command_can_be_found_by_its_id() {
    let command = crate::nouns::commands().remove(0);
    let value = braid_wire::own::command_to_avro(&command);
    let old = [(Box::from("braid.command.id"), Some(b"c-0"[..].into()))];
    let cause = Cause::from((&command, CommandRefused::VersionMismatch));
    let letter = dead_letter(&original(None, Some(&value), &old), &READER, &cause, LIMIT);
    assert_eq!(text(&letter, "braid.error.reason"), Some("version_mismatch"));
    assert_eq!(text(&letter, "braid.command.id"), Some("c-7"), "that of an earlier refusal is superseded");
    assert_eq!(text(&letter, "braid.command.action"), Some("assign"));
    assert_eq!(text(&letter, "braid.command.author"), Some("ines"));
    assert!(text(&letter, "braid.error.detail").is_some_and(|detail| detail.contains("look at it again")));
}

fn header(name: &str, bytes: usize) -> Header {
    (name.into(), Some(vec![b'x'; bytes].into()))
}

fn text<'a>(letter: &'a DeadLetter, name: &str) -> Option<&'a str> {
    let mut found = letter.headers.iter().filter(|(n, _)| **n == *name);
    let (_, value) = found.next()?;
    assert!(found.next().is_none(), "{name} stands twice");
    Some(std::str::from_utf8(value.as_deref()?).expect("braid's headers are texts"))
}

#[test]
fn a_record_is_kept_as_it_came() {
    let headers = [header("trace", 5), ("nothing".into(), None), header("trace", 7)];
    let letter =
        dead_letter(&original(Some(b"k"), Some(b"\xFF\x00 raw"), &headers), &READER, &cause(), LIMIT);
    assert_eq!(letter.key.as_deref(), Some(&b"k"[..]));
    assert_eq!(letter.value.as_deref(), Some(&b"\xFF\x00 raw"[..]));
    assert_eq!(letter.headers[..3], headers);
    assert_eq!(text(&letter, "braid.error.value.size"), None);
    assert_eq!(text(&letter, "braid.error.headers.dropped"), None);
}

#[test]
fn a_tombstone_stays_one() {
    let letter = dead_letter(&original(None, None, &[]), &READER, &cause(), LIMIT);
    assert_eq!((letter.key, letter.value), (None, None));
}

#[test]
fn why_and_where_stand_under_all_three_families_of_names() {
    let letter = dead_letter(&original(None, Some(b"{"), &[]), &READER, &cause(), LIMIT);
    for (name, value) in [
        ("braid.error.reason", "missing_time"),
        ("braid.error.detail", "value[2].createdDateTime is missing"),
        ("braid.error.stage", "normalise"),
        ("braid.error.source", "lab-sensor"),
        ("braid.error.format", "graph-alert"),
        ("braid.error.topic", "lab.alerts"),
        ("braid.error.partition", "3"),
        ("braid.error.offset", "41007"),
        ("braid.error.element", "2"),
        ("braid.error.timestamp", "2026-02-03T10:11:00.25Z"),
        ("__connect.errors.topic", "lab.alerts"),
        ("__connect.errors.partition", "3"),
        ("__connect.errors.offset", "41007"),
        ("__connect.errors.connector.name", "lab-sensor"),
        ("__connect.errors.stage", "normalise"),
        ("__connect.errors.class.name", "braid.normalise.graph-alert"),
        ("__connect.errors.exception.class.name", "braid.missing_time"),
        ("__connect.errors.exception.message", "value[2].createdDateTime is missing"),
        ("__connect.errors.exception.stacktrace", TRACE),
        ("__streams.errors.topic", "lab.alerts"),
        ("__streams.errors.partition", "3"),
        ("__streams.errors.offset", "41007"),
        ("__streams.errors.exception", "braid.missing_time"),
        ("__streams.errors.message", "value[2].createdDateTime is missing"),
        ("__streams.errors.stacktrace", TRACE),
    ] {
        assert_eq!(text(&letter, name), Some(value), "{name}");
    }
}

#[test]
fn a_reject_of_the_engine_names_its_reason() {
    let cause = Cause::from(RejectReason::TooManyEntities);
    let letter = dead_letter(&original(None, Some(b"x"), &[]), &READER, &cause, LIMIT);
    assert_eq!(text(&letter, "braid.error.reason"), Some(RejectReason::TooManyEntities.as_str()));
}

#[test]
fn a_value_over_the_limit_leaves_its_first_part_its_size_and_its_digest() {
    let value = b"abc".repeat(2_000_000);
    let letter = dead_letter(&original(Some(b"k"), Some(&value), &[]), &READER, &cause(), LIMIT);
    let kept = letter.value.as_deref().expect("the first part is kept");
    assert!(value.starts_with(kept) && kept.len() > 990_000, "{}", kept.len());
    assert!(letter.bytes() <= LIMIT, "{}", letter.bytes());
    assert_eq!(text(&letter, "braid.error.value.size"), Some("6000000"));
    let sha256 = "cee3335ed31bbcbd2406de23b07a98c65dfe59ad67a42eecffd3cabbfcb3298c";
    assert_eq!(text(&letter, "braid.error.value.sha256"), Some(sha256));
}

#[test]
fn the_longest_headers_go_first_and_how_many_went_is_said() {
    let headers =
        [header("short", 10), header("longest", 400_000), header("long", 200_000), header("last", 20)];
    let letter = dead_letter(&original(None, Some(b"x"), &headers), &READER, &cause(), LIMIT);
    let names: Vec<_> = letter.headers.iter().map(|(name, _)| &**name).take(3).collect();
    assert_eq!(names, ["short", "long", "last"]);
    assert_eq!(text(&letter, "braid.error.headers.dropped"), Some("1"));
}

#[test]
fn a_key_of_over_a_quarter_of_the_limit_goes_and_leaves_its_size_and_digest() {
    let key = vec![7_u8; 300_000];
    let letter = dead_letter(&original(Some(&key), Some(b"x"), &[]), &READER, &cause(), LIMIT);
    assert_eq!(letter.key, None);
    assert_eq!(text(&letter, "braid.error.key.size"), Some("300000"));
    assert_eq!(text(&letter, "braid.error.key.sha256").map(str::len), Some(64));
}

#[test]
fn a_dead_letter_that_is_refused_again_says_the_last_reason_only() {
    let first = dead_letter(&original(None, Some(b"x"), &[header("trace", 5)]), &READER, &cause(), LIMIT);
    let again = Cause::from(&Refusal::new(RefusalReason::Malformed, "still not JSON"));
    let second = dead_letter(&original(None, Some(b"x"), &first.headers), &READER, &again, LIMIT);
    assert_eq!(text(&second, "braid.error.reason"), Some("malformed"));
    assert_eq!(second.headers.len(), first.headers.len());
}

#[test]
fn a_dead_letter_tells_what_it_was_told() {
    let letter = dead_letter(&original(None, Some(b"{"), &[header("trace", 5)]), &READER, &cause(), LIMIT);
    let told = Told::read(&letter.headers).expect("it is a dead letter");
    assert_eq!(
        told,
        Told {
            reason: "missing_time",
            detail: "value[2].createdDateTime is missing",
            stage: "normalise",
            source: "lab-sensor",
            format: "graph-alert",
            topic: "lab.alerts",
            partition: 3,
            offset: 41_007,
            element: 2,
            timestamp: Some("2026-02-03T10:11:00.25Z"),
            cut: None,
            replays: 0,
        }
    );
    assert_eq!(Told::read(&[header("trace", 5)]), None);
    let (key, value) = (vec![7_u8; 300_000], vec![7_u8; 2_000_000]);
    let headers = [header("longest", 400_000)];
    let letter = dead_letter(&original(Some(&key), Some(&value), &headers), &READER, &cause(), LIMIT);
    let cut = Told::read(&letter.headers).and_then(|told| told.cut);
    assert_eq!(
        cut.as_deref(),
        Some(
            "of its value of 2000000 bytes only the first part is left, its key of 300000 bytes is gone, headers are gone: 1"
        )
    );
}

#[test]
fn a_replay_takes_off_what_braid_put_on_and_says_what_it_is() {
    let came = [header("trace", 5), ("nothing".into(), None), header("trace", 7)];
    let command = crate::nouns::commands().remove(0);
    let about = Cause { about: Cause::from((&command, CommandRefused::Closed)).about, ..cause() };
    let first = dead_letter(&original(None, Some(b"x"), &came), &READER, &about, LIMIT);
    let again = replayed(&first.headers, "0@17");
    assert_eq!(again[..3], came);
    let names: Vec<&str> = again[3..].iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["braid.replay.of", "braid.replay.count"]);
    assert_eq!(receipt_of(&again), None, "a replay is not its own receipt");
}

#[test]
fn how_often_a_record_has_come_back_is_counted_on_it() {
    let mut headers = Vec::new();
    for replays in 0..3 {
        let letter = dead_letter(&original(None, Some(b"x"), &headers), &READER, &cause(), LIMIT);
        assert_eq!(Told::read(&letter.headers).map(|told| told.replays), Some(replays));
        headers = replayed(&letter.headers, "0@17");
        assert_eq!(headers.len(), 2, "{headers:?}");
    }
    let lie = [("braid.replay.count".into(), Some(Box::from(&b"many"[..])))];
    let letter = dead_letter(&original(None, None, &lie), &READER, &cause(), LIMIT);
    assert_eq!(Told::read(&letter.headers).map(|told| told.replays), Some(0));
}

#[test]
fn a_receipt_names_its_dead_letter_and_no_record_can_pass_for_one() {
    assert_eq!(receipt_of(&receipt("2@41")), Some("2@41"));
    let letter = dead_letter(&original(None, None, &receipt("2@41")), &READER, &cause(), LIMIT);
    assert_eq!(receipt_of(&letter.headers), None);
    assert_eq!(replayed(&letter.headers, "0@1").len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_record_makes_a_dead_letter_over_the_limit(
        key in 0..60_000_usize,
        value in 0..90_000_usize,
        sizes in prop::collection::vec(0..30_000_usize, 0..60),
        tiny in 0..600_usize,
        detail in 0..9_000_usize,
        limit in 0..80_000_usize,
    ) {
        let (key, value) = (vec![1; key], vec![2; value]);
        let mut headers: Vec<_> = sizes.into_iter().map(|size| header("h", size)).collect();
        headers.extend((0..tiny).map(|_| header("", 0)));
        let cause = Cause::from(&Refusal::new(RefusalReason::Malformed, "ü".repeat(detail)));
        let letter = dead_letter(&original(Some(&key), Some(&value), &headers), &READER, &cause, limit);
        prop_assert!(letter.bytes() <= limit.max(DEAD_LETTER_BYTES_MIN), "{} over {limit}", letter.bytes());
    }
}
