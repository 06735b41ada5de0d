//! Whose alert is it: which names are one entity, which are two, and which are nobody's.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "../timeline/mod.rs"]
mod timeline;

mod names;
mod addresses;
mod directory;
mod rulings;

use std::collections::BTreeMap;
use std::fmt::Write;

use braid_alert::IncidentEntity;
use braid_engine::{NameSource, Partition, Settings, StateRecord};
use expect_test::Expect;
use timeline::{Stage, play};

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

/// Plays a timeline and tells whom it leaves behind under one of the names.
fn who(timeline: &str, name: &str) -> String {
    let mut stage = Stage::new(Settings::default());
    play_on(&mut stage, timeline);
    profile(&stage.partition, name)
}

fn play_on(stage: &mut Stage, timeline: &str) {
    for line in timeline.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.take(line);
    }
}

/// What is known of the entity of a name: each of its names with who taught it, what is said of it, and how many alerts
/// of which product mention it.
fn profile(partition: &Partition, name: &str) -> String {
    let records = partition.records();
    let entities = records.values().filter_map(|record| match record {
        StateRecord::Entity(entity) => Some(entity),
        _ => None,
    });
    let mut bearers = entities.filter(|e| e.identifiers.iter().any(|i| *i.value == *name));
    let Some(entity) = bearers.next() else { return "nobody\n".into() };
    assert_eq!(bearers.next(), None, "two entities bear {name}");
    let mut out = format!("{}{}\n", entity.kind, if entity.ambiguous { " ambiguous" } else { "" });
    for (identifier, source) in entity.identifiers.iter().zip(&entity.learned) {
        let source = match source {
            NameSource::Alert(product) => product.to_string(),
            NameSource::Directory => "directory".into(),
            NameSource::Command => "command".into(),
        };
        writeln!(out, "  {identifier} by {source}").unwrap();
    }
    for listing in &entity.listings {
        writeln!(out, "  listed as {}", listing.object).unwrap();
    }
    for conflict in &entity.conflicts {
        writeln!(out, "  was {conflict}").unwrap();
    }
    let mut alerts: BTreeMap<String, usize> = BTreeMap::new();
    for record in records.values() {
        let StateRecord::Alert(alert) = record else { continue };
        if alert.mentions.iter().any(|mention| mention.entity == entity.id) {
            *alerts.entry(alert.alert.provider.to_string()).or_default() += 1;
        }
    }
    writeln!(out, "  alerts {alerts:?}").unwrap();
    out
}

/// The entity as the last record of an incident that mentions it shows it.
fn shown(timeline: &str, name: &str) -> (IncidentEntity, f64) {
    let mut stage = Stage::new(Settings::default());
    play_on(&mut stage, timeline);
    let incidents = stage.partition.incident_ids();
    let mut incidents = incidents.iter().filter_map(|(tenant, id)| stage.partition.incident(tenant, *id));
    let bears = |e: &&IncidentEntity| e.identifiers.iter().any(|i| *i.value == *name);
    incidents.find_map(|i| Some((i.entities.iter().find(bears)?.clone(), i.score.value))).unwrap()
}
