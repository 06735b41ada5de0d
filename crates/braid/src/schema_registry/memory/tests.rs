use braid_wire::AvroRecord;

use super::super::Reference;
use super::*;

const SEVEN: SchemaId = SchemaId::Number(7);

/// One whose readers wait for nothing: what the thread would do, a test does.
fn memory(unknown_id: UnknownId) -> SchemaMemory {
    SchemaMemory::new(unknown_id, Duration::ZERO)
}

fn schema(text: &str) -> RegisteredSchema {
    RegisteredSchema { schema: text.to_owned(), schema_type: None, references: Vec::new() }
}

fn away() -> RegistryError {
    RegistryError::Refused { url: "http://r".into(), status: 503, message: "away".into() }
}

fn absent() -> RegistryError {
    RegistryError::NoSuchSchema { url: "http://r".into(), message: "Schema 7 not found".into() }
}

fn awaited(memory: &SchemaMemory, id: SchemaId) -> String {
    match memory.find(id) {
        Err(SchemaFault::Awaited(why)) => why.into(),
        other => panic!("{other:?}"),
    }
}

fn unusable(memory: &SchemaMemory, id: SchemaId) -> Refusal {
    match memory.find(id) {
        Err(SchemaFault::Unusable(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_known_stays_known_and_what_is_not_is_asked_for_until_it_is() {
    let memory = memory(UnknownId::Wait);
    assert_eq!(awaited(&memory, SEVEN), "the registry has not answered yet");
    assert_eq!(memory.next(), Some(SEVEN));
    let now = Instant::now();
    memory.learn(SEVEN, Err(away()), now);
    assert_eq!(awaited(&memory, SEVEN), "http://r answers 503: away");
    let next = |memory: &SchemaMemory| memory.state().wanted[&SEVEN].next.duration_since(now);
    assert_eq!(next(&memory), PAUSES[0]);
    (0..5).for_each(|_| memory.learn(SEVEN, Err(away()), now));
    assert_eq!(next(&memory), PAUSES[2], "it is asked again, not ever more seldom");
    memory.learn(SEVEN, Ok(schema(AvroRecord::Alert.schema_text())), now);
    assert!(memory.find(SEVEN).is_ok() && memory.state().wanted.is_empty());
    memory.learn(SEVEN, Err(away()), now);
    assert!(memory.find(SEVEN).is_ok(), "an id is for good");
}

#[test]
fn an_id_that_the_registry_does_not_have_waits_unless_it_is_to_be_a_dead_letter() {
    let patient = memory(UnknownId::Wait);
    patient.find(SEVEN).expect_err("nobody knows it");
    patient.learn(SEVEN, Err(absent()), Instant::now());
    assert!(awaited(&patient, SEVEN).contains("Schema 7 not found"));

    let strict = memory(UnknownId::DeadLetter);
    strict.find(SEVEN).expect_err("nobody knows it");
    strict.learn(SEVEN, Err(away()), Instant::now());
    assert!(awaited(&strict, SEVEN).contains("503"), "that nobody answers is no answer");
    let now = Instant::now();
    strict.learn(SEVEN, Err(absent()), now);
    assert_eq!(unusable(&strict, SEVEN).reason, RefusalReason::UnknownSchema);
    assert!(strict.state().recall(SEVEN, now + ABSENT_MAX).is_none(), "it is asked again");
}

#[test]
fn what_is_no_avro_or_stands_not_by_itself_cannot_be_read_with() {
    let memory = memory(UnknownId::Wait);
    let reference = vec![Reference { name: "com.example.Host".into() }];
    let alert = AvroRecord::Alert.schema_text();
    let protobuf =
        RegisteredSchema { schema_type: Some("PROTOBUF".into()), ..schema("syntax = \"proto3\";") };
    let parts = RegisteredSchema { references: reference, ..schema(alert) };
    for (number, schema, words) in
        [(1, protobuf, "is PROTOBUF"), (2, parts, "com.example.Host"), (3, schema("{"), "no Avro schema")]
    {
        let id = SchemaId::Number(number);
        memory.learn(id, Ok(schema), Instant::now());
        let refusal = unusable(&memory, id);
        assert_eq!(refusal.reason, RefusalReason::IncompatibleSchema);
        assert!(refusal.detail.contains(words), "{refusal}");
    }
}

#[test]
fn the_memory_is_bounded_and_keeps_what_is_in_use() {
    let memory = memory(UnknownId::Wait);
    let now = Instant::now();
    let tick = || Ok(schema(AvroRecord::Tick.schema_text()));
    for number in 0..=SCHEMAS_MAX {
        memory.learn(SchemaId::Number(u32::try_from(number).unwrap()), tick(), now);
        assert!(memory.find(SchemaId::Number(0)).is_ok(), "{number}");
    }
    assert_eq!(memory.state().known.len(), SCHEMAS_MAX);
    assert!(memory.find(SchemaId::Number(1)).is_err(), "that was needed least lately");
}

#[test]
fn what_nobody_needs_any_more_is_not_asked_for() {
    let memory = memory(UnknownId::Wait);
    memory.find(SEVEN).expect_err("nobody knows it");
    let long_ago = Instant::now().checked_sub(WANTED_MAX).expect("the machine has run for a minute");
    let later = Instant::now() + Duration::from_secs(5);
    let mut state = memory.state();
    state.wanted.insert(SEVEN, Wanted { needed: long_ago, tries: 1, next: later, why: None });
    drop(state);
    assert_eq!(memory.next(), None);
    assert!(memory.state().wanted.is_empty());
}

#[test]
fn a_guid_that_is_not_found_may_be_none_that_the_registry_could_find() {
    let memory = memory(UnknownId::DeadLetter);
    let guid = SchemaId::Guid("00112233-4455-6677-8899-aabbccddeeff".parse().unwrap());
    memory.find(guid).expect_err("nobody knows it");
    let lost =
        RegistryError::Refused { url: "http://r".into(), status: 404, message: "no reason given".into() };
    memory.learn(guid, Err(lost), Instant::now());
    assert!(awaited(&memory, guid).contains("knows no GUIDs"), "{}", awaited(&memory, guid));
}

#[test]
fn an_answer_is_waited_for_and_not_that_of_a_registry_that_gives_none() {
    // So long that a test which waits in vain is seen to hang.
    let memory = SchemaMemory::new(UnknownId::Wait, Duration::from_secs(3_600));
    let answered = |id: SchemaId| {
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| memory.find(id));
            while memory.next() != Some(id) {}
            memory.learn(id, Ok(schema(AvroRecord::Alert.schema_text())), Instant::now());
            reader.join().expect("it does not panic").is_ok()
        })
    };
    assert!(answered(SEVEN), "whoever waits is woken");
    memory.learn(SEVEN, Err(away()), Instant::now());
    assert!(awaited(&memory, SchemaId::Number(8)).contains("not answered yet"), "and nobody has waited");
    memory.learn(SchemaId::Number(8), Ok(schema("\"long\"")), Instant::now());
    assert!(answered(SchemaId::Number(9)), "it answers again");
}
