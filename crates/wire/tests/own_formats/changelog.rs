//! The changelog: keys that no two records share, values that restore reads back number for number.

use braid_alert::{EntityId, IncidentId, Tenant};
use braid_engine::{Change, StateKey, StateRecord};
use braid_wire::RefusalReason;
use braid_wire::changelog::{ChangelogEntry, decode_change, encode_change, encode_progress};

use crate::nouns;

fn records() -> Vec<StateRecord> {
    vec![
        StateRecord::Alert(nouns::alert_record()),
        StateRecord::Incident(nouns::incident_record()),
        StateRecord::Entity(nouns::entity_record()),
        StateRecord::Tenant(nouns::tenant_record()),
    ]
}

fn refused(key: &[u8], value: Option<&[u8]>) -> RefusalReason {
    decode_change(key, value).expect_err("it is to be refused").reason
}

#[test]
fn every_record_of_state_reads_back_as_it_was() {
    for record in records() {
        let change = Change::Put(Box::new(record));
        let (key, value) = encode_change(&change);
        assert_eq!(decode_change(&key, value.as_deref()), Ok(ChangelogEntry::Change(change)));
    }
}

#[test]
fn a_deletion_is_a_tombstone_under_the_records_key() {
    for record in records() {
        let delete = Change::Delete(record.key());
        let (key, value) = encode_change(&delete);
        assert_eq!(value, None);
        assert_eq!(key, encode_change(&Change::Put(Box::new(record))).0);
        assert_eq!(decode_change(&key, None), Ok(ChangelogEntry::Change(delete)));
    }
}

#[test]
fn progress_reads_back_as_it_was() {
    let (key, value) = encode_progress(&nouns::progress());
    assert_eq!(decode_change(&key, Some(&value)), Ok(ChangelogEntry::Progress(nouns::progress())));
}

#[test]
fn a_person_can_read_a_key() {
    let (key, _) = encode_change(&Change::Delete(StateKey::Alert(Tenant::new("fabrikam"), 17)));
    assert_eq!(String::from_utf8(key).as_deref(), Ok(r#"["alert","fabrikam",17]"#));
}

#[test]
fn no_name_of_a_tenant_makes_two_keys_one() {
    let names = ["", "a", "a\",1", "a\"]", "[\"a\"", "progress", "tenant", "\u{0}", "ü", " a"];
    let mut keys = std::collections::BTreeSet::new();
    for name in names {
        let tenant = Tenant::new(name);
        for key in [
            StateKey::Tenant(tenant.clone()),
            StateKey::Alert(tenant.clone(), 1),
            StateKey::Entity(tenant.clone(), EntityId(1)),
            StateKey::Incident(tenant.clone(), IncidentId::from_uuid(uuid::Uuid::nil())),
        ] {
            let delete = Change::Delete(key);
            let (bytes, _) = encode_change(&delete);
            assert_eq!(decode_change(&bytes, None), Ok(ChangelogEntry::Change(delete)));
            assert!(keys.insert(bytes), "{name:?}");
        }
    }
    assert!(!keys.contains(&encode_progress(&nouns::progress()).0));
}

#[test]
fn a_value_under_another_records_key_is_refused() {
    let changes: Vec<_> = records().into_iter().map(|r| encode_change(&Change::Put(Box::new(r)))).collect();
    for (at, (key, _)) in changes.iter().enumerate() {
        let (_, value) = &changes[(at + 1) % changes.len()];
        assert_eq!(refused(key, value.as_deref()), RefusalReason::Malformed);
    }
    let (_, progress) = encode_progress(&nouns::progress());
    assert_eq!(refused(&changes[0].0, Some(&progress)), RefusalReason::Malformed);
}

#[test]
fn a_key_or_value_that_is_none_is_refused_with_the_reason() {
    let (key, value) = encode_change(&Change::Put(Box::new(StateRecord::Tenant(nouns::tenant_record()))));
    let mut newer = value.expect("a put has a value");
    newer[2] ^= 1;
    assert_eq!(refused(&key, Some(&newer)), RefusalReason::UnknownSchema);
    assert_eq!(refused(&key, Some(b"")), RefusalReason::Empty);
    assert_eq!(
        refused(&key, Some(&braid_wire::own::alert_to_avro(&nouns::alert()))),
        RefusalReason::Malformed
    );
    for key in
        [&b""[..], b"{}", b"[]", br#"["alert"]"#, br#"["alert","a","1"]"#, br#"["progress"]"#, b"[\"\xFF\"]"]
    {
        assert_eq!(refused(key, None), RefusalReason::Malformed, "{key:?}");
    }
}
