//! Records in a Schema Registry's framing: what waits for a schema waits alone, and goes on by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use braid_log::TopicPartition;
use braid_runtime::metrics::{Partition, SchemaName};
use braid_runtime::{SchemaFault, Schemas, StageKind};
use braid_wire::{
    AvroRecord, Format, Refusal, RefusalReason, SchemaId, SourceRecord, VALUE_SCHEMA_HEADER, WriterSchema,
    own,
};

use crate::world::{SOURCES, World, alert_json};

/// A registry that knows what it was taught.
#[derive(Debug, Default)]
struct Taught(Mutex<BTreeMap<SchemaId, Result<Arc<WriterSchema>, SchemaFault>>>);

impl Taught {
    fn teach(&self, id: SchemaId) {
        let schema = WriterSchema::parse(AvroRecord::Alert.schema_text()).expect("it is ours");
        self.0.lock().expect("nobody panics").insert(id, Ok(Arc::new(schema)));
    }
}

impl Schemas for Taught {
    fn find(&self, id: SchemaId) -> Result<Arc<WriterSchema>, SchemaFault> {
        let away = || Err(SchemaFault::Awaited("the registry does not answer".into()));
        self.0.lock().expect("nobody panics").get(&id).cloned().unwrap_or_else(away)
    }
}

const KNOWN: SchemaId = SchemaId::Number(7);
const UNKNOWN: SchemaId = SchemaId::Number(8);

/// A world whose first source sends Avro, with this registry.
fn world(registry: Option<Arc<Taught>>) -> World {
    let mut world = World::with(|settings| {
        settings.schemas = registry.map(|registry| registry as Arc<dyn Schemas>);
        let source = settings.sources.get_mut(SOURCES[0]).expect("it is one");
        source.rules.format = Format::BraidAvro;
    });
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    world
}

fn place(partition: i32) -> TopicPartition {
    TopicPartition::new(SOURCES[0], partition)
}

/// An alert in Avro without what single-object encoding puts before it.
fn body(world: &World, number: u64) -> Vec<u8> {
    let json = alert_json(number, world.broker.now_millis());
    own::alert_to_avro(&own::alert_from_json(json.as_bytes()).expect("it is good"))[10..].to_vec()
}

/// Sends an alert with a schema's number before it.
fn send(world: &World, partition: i32, id: SchemaId, number: u64) {
    let SchemaId::Number(registered) = id else { panic!("{id} stands in a header") };
    let value = [&[0][..], &registered.to_be_bytes(), &body(world, number)].concat();
    world.broker.produce(&place(partition), None, Some(&value), world.broker.now_millis());
}

fn arrived(world: &World) -> Vec<String> {
    world.arrivals().into_iter().map(|(id, times)| format!("{id}×{times}")).collect()
}

#[test]
fn a_partition_whose_schema_is_not_to_be_had_waits_alone_and_goes_on_by_itself() {
    let registry = Arc::new(Taught::default());
    registry.teach(KNOWN);
    let mut world = world(Some(registry.clone()));
    for (partition, id, number) in [(0, KNOWN, 1), (0, UNKNOWN, 2), (0, KNOWN, 3), (1, KNOWN, 4)] {
        send(&world, partition, id, number);
    }
    world.rounds(60);
    assert_eq!(arrived(&world), ["alert-1×1", "alert-4×1"], "what stands before it, and the other partition");
    let since = world.broker.now_millis();
    let around = world.seats[0].around.clone();
    let metric = || around.metrics.render().contains("braid_schema_awaited_timestamp_seconds{");
    let [(held, why)] = &around.readiness.held_partitions()[..] else { panic!("one waits") };
    assert_eq!(*held, place(0));
    assert!(why.starts_with("offset 1 was written with schema id 8, awaited since 2026-"), "{why}");
    assert!(why.ends_with(": the registry does not answer"), "{why}");
    let (topic, label) = (around.metrics.topic(SOURCES[0]), SchemaName(UNKNOWN));
    let told = around.metrics.schema_awaited.value((&topic, &Partition(0), &label));
    assert!(metric() && told > 1e9 && told <= since as f64 / 1e3, "{told}");

    // Nothing changes while it is away, however long.
    send(&world, 1, KNOWN, 5);
    for _ in 0..10 {
        world.broker.advance(Duration::from_secs(5));
        world.rounds(10);
    }
    assert_eq!(arrived(&world), ["alert-1×1", "alert-4×1", "alert-5×1"]);
    assert_eq!(around.readiness.held_partitions()[0].1, *why, "since when it waits stays the same");

    registry.teach(UNKNOWN);
    world.broker.advance(Duration::from_secs(2));
    world.settle();
    assert_eq!(arrived(&world), ["alert-1×1", "alert-2×1", "alert-3×1", "alert-4×1", "alert-5×1"]);
    assert!(!metric() && around.readiness.report().is_ok(), "{:?}", around.readiness.report());
    assert_eq!(world.dead_letters().len(), 0);
    world.assert_as_replayed();
}

#[test]
fn a_schema_that_is_named_in_a_header_is_looked_up_as_well() {
    let registry = Arc::new(Taught::default());
    let mut world = world(Some(registry.clone()));
    let header = [1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
    let value = body(&world, 1);
    let headers = vec![(VALUE_SCHEMA_HEADER.into(), Some(header.into()))];
    world.broker.produce_with(&place(0), None, Some(&value), world.broker.now_millis(), headers);
    world.rounds(60);
    let held = world.seats[0].around.readiness.held_partitions();
    let [(_, why)] = &held[..] else { panic!("{held:?}") };
    assert!(why.contains("schema GUID 09090909-0909-0909-0909-090909090909"), "{why}");
    let record =
        SourceRecord { value: Some(&value), schema_header: Some(&header), ..SourceRecord::default() };
    let guid = record.schema_id(Format::BraidAvro).expect("the header says it");
    registry.teach(guid);
    world.broker.advance(Duration::from_secs(2));
    world.settle();
    assert_eq!(arrived(&world), ["alert-1×1"]);
}

#[test]
fn what_was_written_with_a_schema_that_is_none_of_ours_is_a_dead_letter_that_says_why() {
    let registry = Arc::new(Taught::default());
    registry.teach(KNOWN);
    let refusal = Refusal::new(RefusalReason::IncompatibleSchema, "an Order is no Alert");
    registry.0.lock().expect("nobody panics").insert(UNKNOWN, Err(SchemaFault::Unusable(refusal)));
    let mut world = world(Some(registry));
    send(&world, 0, UNKNOWN, 1);
    send(&world, 0, KNOWN, 2);
    world.settle();
    assert_eq!(arrived(&world), ["alert-2×1"]);
    assert_eq!(reasons(&world), ["incompatible_schema: an Order is no Alert"]);
}

#[test]
fn without_a_registry_it_is_a_dead_letter_that_says_how_to_name_one() {
    let mut world = world(None);
    send(&world, 0, KNOWN, 1);
    world.settle();
    let reasons = reasons(&world);
    assert!(
        reasons[0].starts_with("unknown_schema: ") && reasons[0].contains("schema_registry.url"),
        "{reasons:?}"
    );
}

fn reasons(world: &World) -> Vec<String> {
    let letters = world.dead_letters();
    let header = |letter: &braid_log::Record, name: &str| {
        String::from_utf8_lossy(letter.header(name).unwrap_or_default()).into_owned()
    };
    letters
        .iter()
        .map(|l| format!("{}: {}", header(l, "braid.error.reason"), header(l, "braid.error.detail")))
        .collect()
}

#[test]
fn a_partition_that_is_taken_away_while_it_waits_leaves_nothing_behind() {
    let mut world = world(Some(Arc::new(Taught::default())));
    send(&world, 0, UNKNOWN, 1);
    world.rounds(60);
    let around = world.seats[0].around.clone();
    assert_eq!(around.readiness.held(), 1);
    world.seats[0].close();
    assert_eq!(around.readiness.held(), 0);
    assert!(!around.metrics.render().contains("braid_schema_awaited_timestamp_seconds{"));
}
