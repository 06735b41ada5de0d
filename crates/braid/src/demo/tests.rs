//! The story through decoders and engine, without Kafka: what the demo shows is what correlation says.

use std::collections::BTreeSet;
use std::sync::Arc;

use braid_alert::{AlertKey, EventTime, Incident, IncidentStatus, Phase, SourceTime, Span};
use braid_engine::{Effect, Input, Partition, Settings};
use braid_log::Record;
use braid_runtime::Topics;
use braid_wire::incident::{Encoding, encode_change, encode_incident};

use super::board::{Board, key};
use super::expectation::{Expectation, read};
use super::story::{Story, StoryRecord};
use super::{ticker, yesterday_afternoon};
use crate::paint::Paint;

/// 2026-02-03T13:02:00Z
const BEGINNING: EventTime = EventTime::from_millis(1_770_123_720_000);
/// The next morning.
const NOW: SourceTime = SourceTime::from_millis(1_770_195_600_000);

/// The incidents that stand after these records, and all that there were.
fn played<'a>(records: impl IntoIterator<Item = &'a StoryRecord>) -> (Vec<Incident>, usize) {
    let mut partition = Partition::new(Settings::default());
    for (place, record) in records.into_iter().enumerate() {
        let now = SourceTime::from_micros(NOW.as_micros() + place as i64);
        for alert in read(record, now).into_iter().flatten() {
            partition.apply(Input::Alert(Box::new(alert)), &mut Vec::new());
        }
    }
    let ids = partition.incident_ids();
    let all = ids.iter().filter_map(|(tenant, id)| partition.incident(tenant, *id));
    (all.filter(|incident| incident.status != IncidentStatus::Redirected).collect(), ids.len())
}

/// The incident that the attack is.
pub(super) fn attack() -> Incident {
    let story = Story::beginning(BEGINNING).unwrap();
    let (incidents, _) = played(&story.records);
    incidents.into_iter().max_by_key(|incident| incident.alerts.len()).unwrap()
}

fn keys(incident: &Incident) -> BTreeSet<AlertKey> {
    incident.alerts.iter().map(key).collect()
}

fn alerts_of(story: &Story, attack: bool) -> BTreeSet<AlertKey> {
    let records = story.records.iter().filter(|record| record.attack == attack);
    records.flat_map(|record| read(record, NOW)).flatten().map(|alert| alert.key()).collect()
}

#[test]
fn the_attack_is_one_incident_from_reconnaissance_to_domain_dominance_and_the_noise_is_not_in_it() {
    let story = Story::beginning(BEGINNING).unwrap();
    let attack = alerts_of(&story, true);
    let (incidents, _) = played(&story.records);
    let found: Vec<_> = incidents.iter().filter(|incident| !keys(incident).is_disjoint(&attack)).collect();
    let [incident] = found[..] else { panic!("the attack is in {} incidents", found.len()) };
    assert_eq!(keys(incident), attack);
    assert_eq!(attack.len(), 15);
    let phases: Vec<_> = incident.phases.iter().map(|entry| &entry.phase).collect();
    let steps = [
        Phase::Reconnaissance,
        Phase::CompromisedCredentials,
        Phase::LateralMovement,
        Phase::DomainDominance,
    ];
    assert_eq!(phases, steps.iter().collect::<Vec<_>>());
    assert_eq!(
        &*incident.title,
        "Multi-stage incident: reconnaissance, compromised credentials, lateral movement and domain dominance on 3 \
         hosts"
    );
}

#[test]
fn the_noise_makes_small_incidents_of_its_own() {
    let story = Story::beginning(BEGINNING).unwrap();
    let noise = alerts_of(&story, false);
    let (incidents, _) = played(&story.records);
    let mut sizes: Vec<_> = incidents
        .iter()
        .filter(|incident| keys(incident).is_subset(&noise))
        .map(|incident| incident.alerts.len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 1, 1, 1, 2, 2]);
}

#[test]
fn noise_touches_the_attacked_domain_controller_at_the_same_hours() {
    let story = Story::beginning(BEGINNING).unwrap();
    let noise = alerts_of(&story, false);
    let (incidents, _) = played(&story.records);
    let on_controller = incidents
        .iter()
        .filter(|incident| keys(incident).is_subset(&noise))
        .filter(|incident| incident.entities.iter().any(|entity| entity.name.starts_with("contosodc")));
    assert_eq!(on_controller.count(), 2, "else the demo would prove less than it says");
}

#[test]
fn the_attack_on_adminpc_is_an_incident_of_its_own_until_a_late_alert_merges_it() {
    let story = Story::beginning(BEGINNING).unwrap();
    let (incidents, ever) = played(&story.records);
    assert_eq!((incidents.len(), ever), (7, 8));
    let merged: usize = incidents.iter().map(|incident| incident.merged_from.len()).sum();
    assert_eq!(merged, 1);
}

/// The two source topics are read independently: whichever is ahead, the incidents that stand in the end hold the same.
#[test]
fn the_incidents_do_not_depend_on_which_source_is_ahead() {
    let story = Story::beginning(BEGINNING).unwrap();
    let grouping = |incidents: &[Incident]| incidents.iter().map(keys).collect::<BTreeSet<_>>();
    let (in_order, _) = played(&story.records);
    let (first, second): (Vec<_>, Vec<_>) =
        story.records.iter().partition(|record| record.topic == story.records[0].topic);
    for seed in 0..500 {
        let (mixed, _) = played(interleaved(&first, &second, seed));
        assert_eq!(grouping(&mixed), grouping(&in_order), "seed {seed}");
    }
    for sides in [[&first, &second], [&second, &first]] {
        let (behind, _) = played(sides.into_iter().flatten().copied());
        assert_eq!(grouping(&behind), grouping(&in_order));
    }
}

/// Draws from two lines by a linear congruential sequence (Knuth's constants), keeping the order of each.
fn interleaved<'a>(a: &[&'a StoryRecord], b: &[&'a StoryRecord], seed: u64) -> Vec<&'a StoryRecord> {
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    let mut state = seed;
    let mut mixed = Vec::new();
    while a.peek().is_some() || b.peek().is_some() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let from_a = b.peek().is_none() || (a.peek().is_some() && state >> 63 == 0);
        mixed.extend(if from_a { a.next() } else { b.next() });
    }
    mixed
}

#[test]
fn what_must_come_through_is_known_beforehand() {
    let story = Story::beginning(BEGINNING).unwrap();
    let expected = Expectation::of(&story, NOW);
    assert_eq!((expected.alerts.len(), expected.revisions, expected.refused), (23, 2, 1));
    assert_eq!(story.records.len(), 26);
    let resolved = expected.alerts.values().filter(|status| **status == braid_alert::AlertStatus::Resolved);
    assert_eq!(resolved.count(), 1, "the last revision counts");
}

#[test]
fn the_story_is_yesterday_s() {
    assert_eq!(yesterday_afternoon(NOW), BEGINNING);
    let midnight = SourceTime::from_millis(1_770_163_200_000);
    assert_eq!(yesterday_afternoon(midnight), BEGINNING);
    assert_eq!(yesterday_afternoon(NOW + Span::days(1)), BEGINNING + Span::days(1));
}

/// What the correlate stage would write for the story if it committed once: the last snapshot of each incident, and
/// every change.
fn written(story: &Story) -> (Vec<Record>, Vec<Record>) {
    let mut partition = Partition::new(Settings::default());
    let mut effects = Vec::new();
    for alert in story.records.iter().flat_map(|record| read(record, NOW)).flatten() {
        partition.apply(Input::Alert(Box::new(alert)), &mut effects);
    }
    let ids = partition.incident_ids();
    let incidents = ids.iter().filter_map(|(tenant, id)| partition.incident(tenant, *id));
    let incidents = incidents.map(|incident| encode_incident(&incident, Encoding::Json));
    let changes = effects.iter().filter_map(|effect| match effect {
        Effect::Incident(change) => Some(encode_change(change, Encoding::Json)),
        _ => None,
    });
    let topics = Topics::default();
    (records(&topics.incidents, incidents), records(&topics.incident_events, changes))
}

fn records(topic: &Arc<str>, values: impl Iterator<Item = Vec<u8>>) -> Vec<Record> {
    let record = |(offset, value): (usize, Vec<u8>)| Record {
        topic: topic.clone(),
        partition: 0,
        offset: offset as i64,
        timestamp_millis: 0,
        key: None,
        value: Some(value.into()),
        headers: Vec::new(),
    };
    values.enumerate().map(record).collect()
}

fn dead_letter() -> Record {
    let mut letter = records(&Topics::default().dead_letters, std::iter::once(b"?".to_vec())).remove(0);
    letter.headers = vec![("braid.error.detail".into(), Some(b"it is a health report".as_slice().into()))];
    letter
}

#[test]
fn a_change_is_shown_once_and_not_before_the_snapshot_that_names_what_it_is_about() {
    let story = Story::beginning(BEGINNING).unwrap();
    let (incidents, changes) = written(&story);
    let (mut board, topics) = (Board::default(), Topics::default());
    let paint = Paint::new(None, |_| None);
    let shown = |board: &mut Board, taken: &[Record]| -> Vec<String> {
        taken.iter().for_each(|record| board.take(record, &topics).unwrap());
        let news = board.news();
        news.iter().filter_map(|news| ticker::line(news, board, paint)).collect()
    };
    assert!(shown(&mut board, &changes).is_empty(), "no snapshot is there");
    let lines = shown(&mut board, &incidents);
    assert_eq!(lines.len(), changes.len() - 1, "what was merged away is told once, by the survivor");
    assert!(lines.iter().any(|line| line.contains("merged   #2  high   #5 turns out to be the same attack")));
    assert!(shown(&mut board, &changes).is_empty(), "given again, it is no news");
}

#[test]
fn the_demo_is_over_when_everything_is_there_and_not_before() {
    let story = Story::beginning(BEGINNING).unwrap();
    let expected = Expectation::of(&story, NOW);
    let (incidents, changes) = written(&story);
    let mut all: Vec<Record> = changes.into_iter().chain(incidents).collect();
    all.push(dead_letter());
    for missing in 0..all.len() {
        let mut board = Board::default();
        let given = all.iter().enumerate().filter(|(place, _)| *place != missing);
        given.for_each(|(_, record)| board.take(record, &Topics::default()).unwrap());
        drop(board.news());
        let is_change = *all[missing].topic == *Topics::default().incident_events;
        // A change in the middle is not missed: the version after it vouches for it.
        assert!(is_change || !board.is_complete(&expected), "without record {missing}");
    }
    let mut board = Board::default();
    all.iter().for_each(|record| board.take(record, &Topics::default()).unwrap());
    assert!(!board.is_complete(&expected), "the changes have not been shown");
    assert_eq!(board.news().len(), all.len() - 8);
    assert!(board.is_complete(&expected));
}

#[test]
fn the_demo_waits_for_the_last_revision_of_an_alert() {
    let mut story = Story::beginning(BEGINNING).unwrap();
    let expected = Expectation::of(&story, NOW);
    story.records.retain(|record| !record.value.contains(r#""status":"resolved""#));
    let (incidents, changes) = written(&story);
    let mut board = Board::default();
    let all =
        changes.iter().chain(&incidents).chain(std::iter::once(&dead_letter())).cloned().collect::<Vec<_>>();
    all.iter().for_each(|record| board.take(record, &Topics::default()).unwrap());
    drop(board.news());
    assert!(!board.is_complete(&expected));
    assert!(board.is_complete(&Expectation::of(&story, NOW)));
}
