//! braid's records in Avro: framing, corrupt bytes, foreign schemas.

use braid_engine::Input;
use braid_wire::incident::{
    self, Encoding, decode_change, decode_incident, encode_change, encode_incident, incident_json_pretty,
};
use braid_wire::own::{alert_from_avro, alert_from_json, alert_to_avro, input_from_avro, tick_to_avro};
use braid_wire::{AvroRecord, RefusalReason, changelog, own};
use proptest::prelude::*;

use crate::nouns::{self, alert, change, source_time};

const ENCODINGS: [Encoding; 3] =
    [Encoding::Json, Encoding::Avro { registry_id: None }, Encoding::Avro { registry_id: Some(0x0102_0304) }];

#[test]
fn the_alerts_topic_carries_four_kinds_of_records_that_their_fingerprints_tell_apart() {
    let bytes = alert_to_avro(&alert());
    assert_eq!(input_from_avro(&bytes), Ok(Input::Alert(Box::new(alert()))));
    assert_eq!(alert_from_avro(&bytes), Ok(alert()));

    let directory = nouns::directory_record();
    let bytes = own::directory_to_avro(&directory);
    assert_eq!(input_from_avro(&bytes), Ok(Input::Directory(Box::new(directory))));
    for command in nouns::commands() {
        let bytes = own::command_to_avro(&command);
        assert_eq!(input_from_avro(&bytes), Ok(Input::Command(Box::new(command))));
    }

    let at = source_time("2026-02-03T10:15:00.000001Z");
    let tick = tick_to_avro(&alert().tenant, at);
    assert_eq!(input_from_avro(&tick), Ok(Input::Tick { tenant: alert().tenant, at }));
    assert_eq!(alert_from_avro(&tick).map_err(|r| r.reason), Err(RefusalReason::NotAnAlert));
}

#[test]
fn an_alert_that_somebody_sends_is_brought_into_canonical_form() {
    let mut sent = alert();
    sent.evidence[0].identifiers[1].value = " Noor@FABRIKAM.example".into();
    assert_eq!(alert_from_avro(&alert_to_avro(&sent)), Ok(alert()));
    sent.id = braid_alert::AlertId::new(" ");
    assert_eq!(alert_from_avro(&alert_to_avro(&sent)).map_err(|r| r.reason), Err(RefusalReason::MissingId));
}

#[test]
fn a_record_begins_with_the_marker_and_the_fingerprint_of_its_schema() {
    let bytes = alert_to_avro(&alert());
    assert_eq!(bytes[..2], [0xC3, 0x01]);
    assert_eq!(bytes[2..10], AvroRecord::Alert.fingerprint());
}

#[test]
fn a_registered_record_begins_with_zero_and_the_registrys_id() {
    let bytes = encode_incident(&nouns::incident(), ENCODINGS[2]);
    assert_eq!(bytes[..5], [0, 1, 2, 3, 4]);
    let single = encode_incident(&nouns::incident(), ENCODINGS[1]);
    assert_eq!(bytes[5..], single[10..]);
}

#[test]
fn incidents_and_changes_read_back_in_every_encoding() {
    for encoding in ENCODINGS {
        let bytes = encode_incident(&nouns::incident(), encoding);
        assert_eq!(decode_incident(&bytes), Ok(nouns::incident()), "{encoding:?}");
        let bytes = encode_change(&change(), encoding);
        assert_eq!(decode_change(&bytes), Ok(change()), "{encoding:?}");
    }
    let pretty = incident_json_pretty(&nouns::incident());
    assert_eq!(decode_incident(pretty.as_bytes()), Ok(nouns::incident()));
}

#[test]
fn equal_values_give_equal_bytes() {
    for encoding in ENCODINGS {
        let twin = decode_incident(&encode_incident(&nouns::incident(), encoding)).expect("it reads back");
        assert_eq!(encode_incident(&twin, encoding), encode_incident(&nouns::incident(), encoding));
    }
}

#[test]
fn json_says_times_and_gaps_so_that_people_can_read_them() {
    let text = String::from_utf8(encode_change(&change(), Encoding::Json)).expect("JSON is UTF-8");
    assert!(text.contains(r#""at":"2026-02-04T08:00:01Z""#), "{text}");
    assert!(text.contains(r#""gap":"PT1H20M""#), "{text}");
    assert!(text.contains(r#""weight":0.812345"#), "{text}");
    assert!(text.contains(r#""reason":"mergedFrom""#), "{text}");
}

#[test]
fn bytes_that_are_no_record_are_refused_with_the_reason() {
    let whole = alert_to_avro(&alert());
    let mut foreign = whole.clone();
    foreign[5] ^= 1;
    let mut longer = whole.clone();
    longer.push(0);
    // The first field, the tenant, claims 2^40 bytes.
    let mut claims = whole[..10].to_vec();
    claims.extend([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    let mut text = whole.clone();
    text[11] = 0xFF;
    for (bytes, reason) in [
        (&[][..], RefusalReason::Empty),
        (b"{\"tenant\":\"fabrikam\"}", RefusalReason::Malformed),
        (&[0xC3], RefusalReason::Malformed),
        (&whole[..9], RefusalReason::Malformed),
        (&[0, 0, 0, 0, 7, 12], RefusalReason::UnknownFormat),
        (&foreign, RefusalReason::UnknownSchema),
        (&whole[..whole.len() - 1], RefusalReason::Truncated),
        (&whole[..40], RefusalReason::Truncated),
        (&longer, RefusalReason::Malformed),
        (&claims, RefusalReason::Malformed),
        (&text, RefusalReason::Malformed),
    ] {
        assert_eq!(input_from_avro(bytes).map_err(|r| r.reason), Err(reason), "{bytes:02X?}");
    }
}

#[test]
fn an_incident_is_no_input() {
    let bytes = encode_incident(&nouns::incident(), ENCODINGS[1]);
    assert_eq!(input_from_avro(&bytes).map_err(|r| r.reason), Err(RefusalReason::NotAnAlert));
}

#[test]
fn a_refusal_of_corrupt_bytes_is_short_enough_for_a_header() {
    let mut bytes = alert_to_avro(&alert());
    bytes[11] = 0xFF;
    let refusal = input_from_avro(&bytes).expect_err("it is corrupt");
    assert!(refusal.detail.chars().count() <= 300 && !refusal.detail.is_empty(), "{refusal}");
}

/// Whatever the bytes, every decoder answers.
fn read_by_all(bytes: &[u8]) {
    let _ = alert_from_avro(bytes);
    let _ = alert_from_json(bytes);
    let _ = own::command_from_json(None, bytes);
    let _ = own::command_from_avro(bytes);
    let _ = own::directory_from_json(own::DirectoryKey::default(), bytes);
    let _ = own::directory_from_avro(own::DirectoryKey::default(), bytes);
    let _ = input_from_avro(bytes);
    let _ = decode_incident(bytes);
    let _ = incident::decode_change(bytes);
    let _ = changelog::decode_change(bytes, Some(bytes));
    let _ = changelog::decode_change(bytes, None);
}

fn valid_records() -> Vec<Vec<u8>> {
    let mut records: Vec<_> = ENCODINGS.iter().map(|e| encode_incident(&nouns::incident(), *e)).collect();
    records.extend(ENCODINGS.iter().map(|e| encode_change(&change(), *e)));
    records.push(alert_to_avro(&alert()));
    records.push(braid_wire::own::alert_to_json(&alert()));
    records.push(tick_to_avro(&alert().tenant, source_time("2026-02-03T10:15:00Z")));
    records.push(own::directory_to_avro(&nouns::directory_record()));
    records.extend(nouns::commands().iter().flat_map(|c| [own::command_to_avro(c), own::command_to_json(c)]));
    for record in [
        braid_engine::StateRecord::Alert(nouns::alert_record()),
        braid_engine::StateRecord::Incident(nouns::incident_record()),
        braid_engine::StateRecord::Entity(nouns::entity_record()),
        braid_engine::StateRecord::Tenant(nouns::tenant_record()),
    ] {
        let (key, value) = changelog::encode_change(&braid_engine::Change::Put(Box::new(record)));
        records.push(key);
        records.extend(value);
    }
    let (key, value) = changelog::encode_progress(&nouns::progress());
    records.extend([key, value]);
    records
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_by_all(&bytes);
        for record in AvroRecord::ALL {
            let framed: Vec<u8> =
                [0xC3, 0x01].into_iter().chain(record.fingerprint()).chain(bytes.iter().copied()).collect();
            read_by_all(&framed);
        }
    }

    #[test]
    fn no_damage_to_a_record_makes_a_decoder_panic(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
    ) {
        let records = valid_records();
        let mut bytes = which.get(&records).clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_by_all(&bytes);
        bytes.truncate(end.index(bytes.len()));
        read_by_all(&bytes);
    }
}
