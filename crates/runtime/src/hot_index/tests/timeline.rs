//! What happened to an entity, in order of time.

use std::collections::BTreeMap;

use braid_alert::{CommandReference, Comment, DirectoryEntry, IncidentChange};

use super::super::{Moment, Order, Telling, Timeline, TimelineEntry};
use super::entities::{entry, listing};
use super::*;

const UPN: (IdentifierKind, &str) = (IdentifierKind::Upn, "jeffl@contoso.azure");

fn change(number: u8, version: i64, minute: i64, reason: ChangeReason) -> IncidentChange {
    IncidentChange {
        incident: id(number),
        tenant: Tenant::new(TENANT),
        version,
        at: SourceTime::from_micros(minute * 60_000_000),
        reason,
        status: IncidentStatus::Active,
        severity: Severity::Medium,
        alerts: 1,
        alert: None,
        links: Vec::new(),
        other: None,
        command: None,
    }
}

fn by(command: &str, change: IncidentChange) -> IncidentChange {
    let command = CommandReference { id: command.into(), author: "ana".into(), reason: None };
    IncidentChange { command: Some(command), ..change }
}

fn at_minute(name: &str, minute: i64) -> IncidentAlert {
    let first_activity = EventTime::from_micros(minute * 60_000_000);
    IncidentAlert { first_activity, ..alert(Provider::DefenderForIdentity, name, &[7]) }
}

/// An incident on Jeff that opened in minute 10 and changed last in minute `changed`.
fn about(number: u8, changed: i64, alerts: Vec<IncidentAlert>) -> Incident {
    let first_emitted = SourceTime::from_micros(600_000_000);
    let changed = Incident { changed: ChangeReason::AlertJoined, ..incident(number, changed) };
    Incident { first_emitted, alerts, entities: vec![entity(7, &[UPN])], ..changed }
}

fn timeline(index: &HotIndex) -> Timeline {
    index.timeline(index.entities(None, UPN.1).remove(0))
}

/// `minute what`.
fn told(entry: &TimelineEntry<'_>) -> String {
    let what = match &entry.telling {
        Telling::Alert(_, alert) => format!("alert {}", alert.id),
        Telling::Flood(_, flood) => format!("flood {}", flood.folded),
        Telling::Change(_, head) => format!("{} v{}", head.reason, head.version),
        Telling::Comment(_, comment) => format!("comment {}", comment.text),
        Telling::Created(_) => "created".to_owned(),
        Telling::FirstSeen(_) => "first seen".to_owned(),
        Telling::ListedBy(_, product) => format!("listed by {}", product.provider),
    };
    format!("{} {what}", entry.at.as_micros() / 60_000_000)
}

fn whole(index: &HotIndex, order: Order) -> Vec<String> {
    timeline(index).page(order, None, 1_000, |_| true).entries.iter().map(told).collect()
}

#[test]
fn alerts_changes_comments_and_listings_are_told_in_the_order_of_their_times() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let mut jeff = record(7, &[UPN]);
    let created = Some(EventTime::from_micros(60_000_000));
    jeff.listings = vec![listing("o", DirectoryEntry { created, ..entry(true) })];
    projection.publish_entities([EntityFacts::of(jeff, false)]);
    let mut now = about(1, 30, vec![at_minute("a", 5), at_minute("b", 25)]);
    let at = SourceTime::from_micros(28 * 60_000_000);
    now.comments = vec![Comment { author: "ana".into(), at, text: "looks bad".into(), command: "c2".into() }];
    projection.publish([Arc::new(now)]);
    projection.note_changes(&[
        change(1, 1, 10, ChangeReason::Opened),
        by("c1", change(1, 2, 12, ChangeReason::Assigned)),
        change(1, 3, 26, ChangeReason::AlertJoined),
        by("c2", change(1, 4, 28, ChangeReason::Commented)),
        change(1, 5, 30, ChangeReason::AlertRevised),
    ]);
    let expected =
        ["1 created", "5 alert a", "10 opened v1", "12 assigned v2", "25 alert b", "28 comment looks bad"];
    assert_eq!(whole(&index, Order::OldestFirst), expected);
    let newest: Vec<_> = expected.iter().rev().copied().collect();
    assert_eq!(whole(&index, Order::NewestFirst), newest);
}

#[test]
fn after_a_restart_the_records_tell_what_they_can() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish_entities([facts(7, &[UPN])]);
    let resolved = Incident {
        status: IncidentStatus::Resolved,
        changed: ChangeReason::Resolved,
        version: 9,
        merged_from: vec![id(2)],
        ..about(1, 30, vec![at_minute("a", 5)])
    };
    let merged = Incident {
        version: 2,
        changed: ChangeReason::Redirected,
        first_emitted: SourceTime::from_micros(11 * 60_000_000),
        ..redirected(2, 20, 1)
    };
    projection.publish([Arc::new(resolved), Arc::new(merged)]);
    let expected = ["5 alert a", "10 opened v1", "11 opened v1", "20 redirected v2", "30 resolved v9"];
    assert_eq!(whole(&index, Order::OldestFirst), expected);
}

#[test]
fn pages_follow_each_other_while_entries_come_in() {
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let index = Arc::new(HotIndex::new());
        let projection = index.claim(0);
        projection.publish_entities([facts(7, &[UPN])]);
        // Several at the same time.
        let mut alerts: Vec<_> = (0..20).map(|n| at_minute(&format!("a{n:02}"), n / 4 * 10)).collect();
        let (mut seen, mut after, mut pages) = (Vec::new(), None::<Moment>, 0);
        loop {
            projection.publish([Arc::new(about(1, 100 + pages, alerts.clone()))]);
            let timeline = timeline(&index);
            let page = timeline.page(
                order,
                after.as_ref(),
                3,
                |entry| matches!(&entry.telling, Telling::Alert(_, alert) if alert.id.as_str() != "a07"),
            );
            seen.extend(page.entries.iter().map(told));
            pages += 1;
            // One comes in on each side of where the reader is.
            alerts.push(at_minute(&format!("old{pages:02}"), -1 - pages));
            alerts.push(at_minute(&format!("new{pages:02}"), 1_000 + pages));
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().expect("its own cursor"));
            assert!(
                pages < 100,
                "it ends: what comes in behind is told, two a page are not more than are read"
            );
        }
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        seen.iter().for_each(|told| *times.entry(told.clone()).or_default() += 1);
        assert!(times.values().all(|n| *n == 1), "{order:?}: {seen:?}");
        let first = seen.iter().filter(|told| told.contains("alert a")).count();
        assert_eq!(first, 19, "{order:?}: {seen:?}");
        let minute = |told: &String| told.split(' ').next().and_then(|n| n.parse::<i64>().ok());
        let times: Vec<_> = seen.iter().map(minute).collect();
        let in_order = |pair: &[Option<i64>]| match order {
            Order::OldestFirst => pair[0] <= pair[1],
            Order::NewestFirst => pair[0] >= pair[1],
        };
        assert!(times.windows(2).all(in_order), "{order:?}: {seen:?}");
    }
}

#[test]
fn the_last_changes_of_an_incident_are_kept_and_go_with_it() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish_entities([facts(7, &[UPN])]);
    projection.publish([Arc::new(about(1, 20, Vec::new()))]);
    let tagged: Vec<_> = (2..1_000).map(|v| change(1, v, 20, ChangeReason::Tagged)).collect();
    projection.note_changes(&tagged);
    projection.note_changes(&[change(2, 1, 20, ChangeReason::Opened)]);
    assert_eq!(whole(&index, Order::OldestFirst).len(), 1 + 256);
    assert!(index.changes.of(id(2)).is_empty(), "what is not shown has no changes either");
    projection.withdraw([id(1)]);
    assert!(index.changes.of(id(1)).is_empty());
}

#[test]
fn a_cursor_that_no_timeline_gave_is_refused() {
    for text in ["", "5", "x.00", "5.0", "5.zz", "5.+1", "5.ff"] {
        assert!(text.parse::<Moment>().is_err(), "{text:?}");
    }
}
