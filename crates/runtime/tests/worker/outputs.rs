//! Several outputs at once, in one transaction, and what their records say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use braid_alert::Span;
use braid_log::{Record, TopicPartition};
use braid_runtime::{OutputKind, OutputTopic, StageKind};
use braid_sim::broker::{Call, Fault, Faults};
use braid_wire::incident::{Encoding, TRACE_PARENT};

use crate::world::{SOURCES, World, alert_json};

const FORMS: [(&str, Encoding); 4] = [
    ("incidents.avro", Encoding::Avro { registry_id: None }),
    ("incidents.ocsf", Encoding::Ocsf),
    ("incidents.ecs", Encoding::Ecs),
    ("incidents.cef", Encoding::Cef),
];
const CHANGES: &str = "incident-events.ocsf";

/// A cluster with an output in each form, that forgets after an hour.
fn world() -> World {
    let mut world = World::with(|settings| {
        settings.correlation.late_join = Span::minutes(30);
        settings.correlation.dedupe_retention = Span::hours(1);
        settings.further_outputs = FORMS
            .map(|(topic, encoding)| OutputTopic {
                topic: topic.into(),
                holds: OutputKind::Incidents,
                encoding,
            })
            .into();
        let changes = (CHANGES.into(), OutputKind::IncidentEvents, Encoding::Ocsf);
        let (topic, holds, encoding) = changes;
        settings.further_outputs.push(OutputTopic { topic, holds, encoding });
    });
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    world
}

fn feed(world: &mut World, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let json = alert_json(number, world.broker.now_millis());
        world.produce(json.as_bytes());
    }
    world.settle();
}

fn header<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    let (_, value) = record.headers.iter().find(|(header, _)| &**header == name)?;
    value.as_deref().map(|value| std::str::from_utf8(value).expect("it is text"))
}

/// The incidents of a table, with the version that each record says it is.
fn versions(table: &BTreeMap<String, Record>) -> BTreeMap<&str, &str> {
    let id = |(key, record): (&'_ String, &'_ Record)| {
        let id = header(record, "ce_id").expect("every record has one");
        assert!(id.starts_with(key.as_str()), "{id} is about {key}");
    };
    table.iter().for_each(id);
    table.iter().map(|(key, record)| (key.as_str(), header(record, "ce_id").expect("it has one"))).collect()
}

#[test]
fn every_output_has_the_same_incidents_in_the_same_versions_whatever_goes_wrong() {
    let mut world = world();
    let faults =
        (0..6).fold(Faults::none(), |faults, at| faults.then(Call::Commit, at * 3, Fault::LostAnswer));
    world.broker.disturb(faults);
    feed(&mut world, 0..60);
    world.assert_as_replayed();
    let native = world.table(&world.settings.topics.incidents);
    assert!(native.len() > 5, "{}", native.len());
    for (topic, _) in FORMS {
        assert_eq!(versions(&world.table(&topic.into())), versions(&native), "{topic}");
    }
    let records = |topic: &Arc<str>| world.topic(topic).len();
    assert_eq!(records(&CHANGES.into()), records(&world.settings.topics.incident_events));
}

#[test]
fn an_incident_that_is_forgotten_leaves_every_table_the_merged_ones_with_it() {
    let mut world = world();
    feed(&mut world, 0..60);
    let redirected = |world: &World| {
        let last = world.snapshots().into_values().filter_map(|versions| versions.last().cloned());
        last.filter(|incident| incident.redirect_incident_id.is_some()).count()
    };
    assert!(redirected(&world) > 0, "some were merged");
    let known: BTreeSet<String> = world.table(&world.settings.topics.incidents).into_keys().collect();
    for _ in 0..3 * 3_600 / 5 {
        world.broker.advance(Duration::from_secs(5));
        world.rounds(1);
    }
    assert!(world.seats[1].index.is_empty(), "the console has none");
    world.assert_as_replayed();
    for topic in
        [&world.settings.topics.incidents].into_iter().cloned().chain(FORMS.map(|(topic, _)| topic.into()))
    {
        assert!(world.table(&topic).is_empty(), "{topic}");
        let gone = world.topic(&topic).into_iter().filter(|record| record.value.is_none());
        let mut keys = BTreeSet::new();
        for record in gone {
            assert_eq!(header(&record, "ce_type"), Some("braid.incident.forgotten"));
            assert_eq!(header(&record, "content-type"), None, "there is no content");
            let key = record.key.expect("it is about an incident");
            assert!(keys.insert(String::from_utf8_lossy(&key).into_owned()), "{topic}: once each");
        }
        assert_eq!(keys, known, "{topic}");
    }
    assert!(
        world.topic(&CHANGES.into()).iter().all(|record| record.value.is_some()),
        "what happened, happened"
    );
}

#[test]
fn a_trace_goes_from_the_source_record_to_the_changes_that_it_brings_about() {
    let mut world = world();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let json = alert_json(0, world.broker.now_millis());
    let headers = vec![(TRACE_PARENT.into(), Some(trace.as_bytes().into())), ("other".into(), None)];
    let at = TopicPartition::new(SOURCES[0], 0);
    world.broker.produce_with(&at, None, Some(json.as_bytes()), world.broker.now_millis(), headers);
    world.settle();
    let changes = world.topic(&world.settings.topics.incident_events);
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|change| header(change, TRACE_PARENT) == Some(trace)), "{changes:?}");
    let incident = &world.topic(&world.settings.topics.incidents)[0];
    let id = header(incident, "ce_subject").expect("it says whom it is about").replace('-', "");
    assert_eq!(header(incident, TRACE_PARENT), Some(&*format!("00-{id}-0000000000000001-00")));
    assert_eq!(header(incident, "content-type"), Some("application/json"));
}
