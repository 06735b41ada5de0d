//! Directory records in JSON, as an exporter writes them.

use braid_alert::{DirectoryEntry, DirectoryRecord, EntityKind, Identifier};
use braid_wire::own::{
    DirectoryKey, directory_from_avro, directory_from_json, directory_to_avro, directory_to_json,
    directory_tombstone,
};
use braid_wire::{Refusal, RefusalReason};
use serde_json::{Value, json};

use crate::nouns;

fn user() -> Value {
    json!({
        "tenant": "fabrikam", "object": "guid-1", "kind": "user", "onPremises": true,
        "sid": "s-1-5-21-11-22-33-1104", "objectId": "0A0B0C0D-0000-4000-8000-000000000001", "upn": "Noor@Fabrikam.example",
        "samAccountName": "Noor", "domain": "fabrikam.example", "netbiosDomain": "FAB", "mail": "n.haddad@fabrikam.example",
        "displayName": "Noor Haddad", "title": "Accountant", "office": "Lille", "phone": "+33 3",
        "created": "2021-05-04T08:00:00Z", "firstSeen": "2021-06-01T08:00:00Z", "tags": ["sensitive"],
        "products": [{"provider": "MDATP", "since": "2021-06-01T08:00:00Z", "portalUrl": "https://portal.example/noor"}]
    })
}

fn host() -> Value {
    json!({
        "object": "guid-2", "kind": "host", "onPremises": false, "fqdn": "Desk7.fabrikam.example.", "netbiosName": "DESK7",
        "samAccountName": "DESK7$", "deviceId": "AB01", "entraDeviceId": "CD02", "resourceId": "/Subscriptions/1",
        "os": "Windows 11", "osBuild": "26100", "identifiers": [{"kind": "sid", "value": "S-1-5-21-11-22-33-2001"}]
    })
}

fn read(value: &Value) -> Result<DirectoryRecord, Refusal> {
    directory_from_json(DirectoryKey::default(), value.to_string().as_bytes())
}

fn entry(value: &Value) -> DirectoryEntry {
    read(value).expect("it is good").entry.expect("it is no tombstone")
}

fn names(entry: &DirectoryEntry) -> Vec<String> {
    entry.identifiers.iter().map(Identifier::to_string).collect()
}

#[test]
fn plain_fields_become_the_names_of_a_user() {
    let record = read(&user()).expect("it is good");
    assert_eq!((record.tenant.as_str(), &*record.object), ("fabrikam", "guid-1"));
    let entry = record.entry.expect("it is no tombstone");
    assert_eq!(
        names(&entry),
        [
            "sid:S-1-5-21-11-22-33-1104",
            "objectId:0a0b0c0d-0000-4000-8000-000000000001",
            "upn:noor@fabrikam.example",
            "upn:n.haddad@fabrikam.example",
            "domainAccount:fab\\noor",
            "accountName:noor",
        ]
    );
    assert!(entry.on_premises);
    assert_eq!(
        (entry.domain.as_deref(), entry.sam_name.as_deref()),
        (Some("fabrikam.example"), Some("Noor"))
    );
    assert_eq!(entry.products[0].provider, braid_alert::Provider::DefenderForEndpoint);
    assert_eq!(entry.created, Some(nouns::time("2021-05-04T08:00:00Z")));
}

#[test]
fn plain_fields_become_the_names_of_a_host() {
    let entry = entry(&host());
    assert_eq!(entry.kind, EntityKind::Host);
    assert_eq!(
        names(&entry),
        [
            "defenderDeviceId:ab01",
            "entraDeviceId:cd02",
            "resourceId:/subscriptions/1",
            "fqdn:desk7.fabrikam.example",
            "netbiosName:desk7",
            "sid:S-1-5-21-11-22-33-2001",
        ]
    );
}

#[test]
fn what_is_for_display_may_be_missing_or_of_a_wrong_type() {
    let mut value = user();
    value["displayName"] = json!(["Noor"]);
    value["created"] = json!("once upon a time");
    value["phone"] = json!(333);
    value["title"] = json!("x".repeat(1_000));
    let entry = entry(&value);
    assert_eq!((entry.display_name, entry.created, entry.phone.as_deref()), (None, None, Some("333")));
    assert_eq!(entry.title.map(|title| title.len()), Some(256));
}

#[test]
fn what_identity_depends_on_is_refused_with_its_field() {
    for (field, value, reason) in [
        ("objectID", json!("0a0b"), RefusalReason::UnexpectedField),
        ("kind", json!("person"), RefusalReason::UnknownValue),
        ("kind", Value::Null, RefusalReason::MissingField),
        ("onPremises", Value::Null, RefusalReason::MissingField),
        ("onPremises", json!("true"), RefusalReason::WrongType),
        ("sid", json!(1104), RefusalReason::WrongType),
        ("upn", json!("noat"), RefusalReason::UnknownValue),
        ("sid", json!("fabrikam\\noor"), RefusalReason::UnknownValue),
        ("sid", json!("S-1-5-18"), RefusalReason::UnknownValue),
        ("sid", json!("S-1-5-32-544"), RefusalReason::UnknownValue),
        ("sid", json!("S-1-5-21-11-22-33"), RefusalReason::UnknownValue),
        ("sid", json!("S-1-5-21-11-22-33-x"), RefusalReason::UnknownValue),
        ("objectId", json!("0A0B"), RefusalReason::UnknownValue),
        ("objectId", json!("0a0b0c0d-0000-4000-8000-00000000000g"), RefusalReason::UnknownValue),
        ("objectId", json!("noor@fabrikam.example"), RefusalReason::UnknownValue),
        ("identifiers", json!([{"kind": "sid", "value": "S-1-5-18"}]), RefusalReason::UnknownValue),
        ("upn", json!(["a@b"]), RefusalReason::WrongType),
        ("object", json!(""), RefusalReason::MissingId),
        ("object", json!("x".repeat(1_025)), RefusalReason::TooLarge),
        ("netbiosName", json!("DESK7"), RefusalReason::UnexpectedField),
        ("deleted", json!(true), RefusalReason::UnexpectedField),
        ("identifiers", json!([{"kind": "sidd", "value": "S-1"}]), RefusalReason::UnknownValue),
        ("identifiers", json!([{"kind": "sid"}]), RefusalReason::MissingField),
        ("products", json!([{"provider": " "}]), RefusalReason::MissingField),
        ("products", json!([{"since": "2021-06-01T08:00:00Z"}]), RefusalReason::MissingField),
        ("tags", json!(vec!["t"; 65]), RefusalReason::TooLarge),
    ] {
        let mut record = user();
        record[field] = value.clone();
        let refusal = read(&record).expect_err("it must not be taken");
        assert_eq!(refusal.reason, reason, "{field}: {value}: {refusal}");
        let detail = refusal.detail.to_lowercase();
        let told = detail.contains(&field.to_lowercase())
            || (field == "identifiers" && detail.starts_with("sid is"));
        assert!(told, "{field}: {refusal}");
    }
}

#[test]
fn an_account_of_the_cloud_has_a_sid_of_its_own_form() {
    let mut value = user();
    value["sid"] = json!("S-1-12-1-1111111111-2222222222-333333333-4294967295");
    assert_eq!(names(&entry(&value))[0], "sid:S-1-12-1-1111111111-2222222222-333333333-4294967295");
    value["sid"] = json!("S-1-12-1-1111111111-2222222222-333333333-4294967296");
    assert_eq!(read(&value).map_err(|refusal| refusal.reason), Err(RefusalReason::UnknownValue));
}

#[test]
fn what_is_written_as_json_reads_back_the_same() {
    let deleted = json!({"tenant": "fabrikam", "object": "guid-1", "deleted": true});
    for value in [user(), host(), deleted] {
        let record = read(&value).expect("it is good");
        let written = directory_to_json(&record);
        let again = directory_from_json(DirectoryKey::default(), &written).expect("it is good");
        let sorted = |record: &DirectoryRecord| {
            let mut record = record.clone();
            if let Some(entry) = &mut record.entry {
                entry.identifiers.sort();
            }
            record
        };
        assert_eq!(sorted(&again), sorted(&record), "{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn an_object_without_a_name_is_refused() {
    let record =
        json!({"object": "g", "kind": "user", "onPremises": true, "sid": "N/A", "displayName": "Noor"});
    assert_eq!(read(&record).map_err(|refusal| refusal.reason), Err(RefusalReason::MissingField));
}

#[test]
fn the_key_says_which_object_it_is_and_the_value_may_only_agree() {
    let mut value = user();
    let of_key = |value: &Value| {
        let key = DirectoryKey { tenant: None, object: Some("guid-9") };
        directory_from_json(key, value.to_string().as_bytes())
    };
    let refusal = of_key(&value).expect_err("its tombstone would not delete it");
    assert_eq!(refusal.reason, RefusalReason::WrongType);
    value.as_object_mut().expect("an object").remove("object");
    assert_eq!(of_key(&value).map(|record| record.object), Ok("guid-9".into()));
}

#[test]
fn an_object_is_deleted_by_a_tombstone_or_in_so_many_words() {
    let deleted =
        read(&json!({"tenant": "fabrikam", "object": "guid-1", "deleted": true})).expect("it is good");
    assert_eq!(deleted.entry, None);
    let key = DirectoryKey { tenant: Some("fabrikam"), object: Some("guid-1") };
    assert_eq!(directory_tombstone(key), Ok(deleted));
    let keyless = directory_tombstone(DirectoryKey::default()).map_err(|refusal| refusal.reason);
    assert_eq!(keyless, Err(RefusalReason::MissingId));
}

#[test]
fn what_somebody_sends_in_avro_is_brought_into_canonical_form() {
    let record = nouns::directory_record();
    let mut sent = record.clone();
    let entry = sent.entry.as_mut().expect("it has one");
    entry.identifiers[0].value = " s-1-5-21-11-22-33-1104".into();
    let key = DirectoryKey::default();
    assert_eq!(directory_from_avro(key, &directory_to_avro(&sent)), Ok(record));
    sent.entry.as_mut().expect("it has one").identifiers.clear();
    let refused = directory_from_avro(key, &directory_to_avro(&sent)).map_err(|refusal| refusal.reason);
    assert_eq!(refused, Err(RefusalReason::MissingField));
}
