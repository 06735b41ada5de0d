//! Directory records from a topic: whose they are, and which object.

use std::collections::BTreeMap;

use braid_alert::{DirectoryRecord, Tenant};
use braid_engine::Input;
use braid_wire::{Format, RefusalReason, SourceRecord, SourceRules, TenantRule, own, read};
use serde_json::{Value, json};

use crate::fixture::{origin, rules};

const USER: &str = r#"{"kind":"user","onPremises":true,"sid":"S-1-5-21-1-2-3-1104"}"#;

fn by_field() -> SourceRules {
    let aliases = BTreeMap::from([("b3c1".into(), Tenant::new("contoso"))]);
    SourceRules::new(Format::BraidDirectoryJson, TenantRule::Field { name: None, aliases })
}

fn taken(
    key: Option<&str>,
    value: Option<&str>,
    rules: &SourceRules,
) -> Result<DirectoryRecord, RefusalReason> {
    let record = SourceRecord {
        key: key.map(str::as_bytes),
        value: value.map(str::as_bytes),
        ..SourceRecord::default()
    };
    let mut results = read(record, &origin(), rules);
    assert_eq!(results.len(), 1, "{results:?}");
    match results.remove(0) {
        Ok(Input::Directory(record)) => Ok(*record),
        Ok(other) => panic!("{other:?} is no directory record"),
        Err(refusal) => Err(refusal.reason),
    }
}

fn said(record: Result<DirectoryRecord, RefusalReason>) -> Result<(String, String, bool), RefusalReason> {
    record.map(|r| (r.tenant.to_string(), r.object.to_string(), r.entry.is_some()))
}

fn is(tenant: &str, object: &str, listed: bool) -> Result<(String, String, bool), RefusalReason> {
    Ok((tenant.into(), object.into(), listed))
}

#[test]
fn with_a_configured_tenant_the_key_is_the_object() {
    let rules = rules(Format::BraidDirectoryJson);
    let record = taken(Some("CN=a/b"), Some(USER), &rules).expect("it is good");
    assert_eq!(record.origin, origin());
    assert_eq!(said(Ok(record)), is("contoso", "CN=a/b", true));
    assert_eq!(said(taken(Some("CN=a/b"), None, &rules)), is("contoso", "CN=a/b", false));
}

#[test]
fn where_records_name_the_tenant_the_key_names_it_too() {
    let rules = by_field();
    assert_eq!(said(taken(Some("b3c1/guid-1"), Some(USER), &rules)), is("contoso", "guid-1", true));
    assert_eq!(said(taken(Some("b3c1/guid-1"), None, &rules)), is("contoso", "guid-1", false));
    assert_eq!(said(taken(Some("b3c1/a/b"), None, &rules)), is("contoso", "a/b", false));
    assert_eq!(said(taken(Some("guid-1"), Some(USER), &rules)), Err(RefusalReason::MissingTenant));
    assert_eq!(said(taken(Some("77aa/guid-1"), None, &rules)), Err(RefusalReason::UnmappedTenant));
    assert_eq!(said(taken(Some("/guid-1"), None, &rules)), Err(RefusalReason::MissingTenant));
    let elsewhere = USER.replacen('{', r#"{"tenant":"77aa","#, 1);
    assert_eq!(said(taken(Some("b3c1/guid-1"), Some(&elsewhere), &rules)), Err(RefusalReason::WrongType));
}

#[test]
fn without_a_key_the_value_says_it_all() {
    let value = USER.replacen('{', r#"{"tenant":"b3c1","object":"guid-1","#, 1);
    assert_eq!(said(taken(None, Some(&value), &by_field())), is("contoso", "guid-1", true));
    assert_eq!(
        said(taken(None, Some(USER), &rules(Format::BraidDirectoryJson))),
        Err(RefusalReason::MissingId)
    );
    assert_eq!(said(taken(None, None, &rules(Format::BraidDirectoryJson))), Err(RefusalReason::MissingId));
}

#[test]
fn an_empty_value_is_no_tombstone() {
    let rules = rules(Format::BraidDirectoryJson);
    assert_eq!(said(taken(Some("guid-1"), Some(" "), &rules)), Err(RefusalReason::Empty));
}

#[test]
fn a_key_that_is_no_text_is_refused() {
    let record = SourceRecord { key: Some(b"\xff"), value: Some(USER.as_bytes()), ..SourceRecord::default() };
    let results = read(record, &origin(), &rules(Format::BraidDirectoryJson));
    let reasons: Vec<_> = results.into_iter().map(|r| r.map_err(|refusal| refusal.reason)).collect();
    assert_eq!(reasons, [Err(RefusalReason::InvalidUtf8)]);
}

#[test]
fn a_list_holds_several_and_a_bad_one_refuses_itself_alone() {
    let user = |object: &str| -> Value {
        let mut value: Value = serde_json::from_str(USER).expect("it is JSON");
        value["object"] = json!(object);
        value
    };
    let list = json!([user("a"), {"object": "b"}, user("c")]).to_string();
    let record = SourceRecord { value: Some(list.as_bytes()), ..SourceRecord::default() };
    let results = read(record, &origin(), &rules(Format::BraidDirectoryJson));
    let places: Vec<_> = results
        .iter()
        .map(|result| match result {
            Ok(Input::Directory(record)) => Ok((&*record.object, record.origin.element)),
            Ok(other) => panic!("{other:?} is no directory record"),
            Err(refusal) => Err((refusal.reason, refusal.element)),
        })
        .collect();
    assert_eq!(places, [Ok(("a", 0)), Err((RefusalReason::MissingField, 1)), Ok(("c", 2))]);
    assert_eq!(
        said(taken(Some("a"), Some(&list), &rules(Format::BraidDirectoryJson))),
        Err(RefusalReason::Malformed)
    );
}

#[test]
fn the_same_record_comes_in_as_avro() {
    let json = taken(Some("guid-1"), Some(USER), &rules(Format::BraidDirectoryJson)).expect("it is good");
    let avro = own::directory_to_avro(&json);
    let record = SourceRecord { key: Some(b"guid-1"), value: Some(&avro), ..SourceRecord::default() };
    let results = read(record, &origin(), &rules(Format::BraidDirectoryAvro));
    assert_eq!(results, [Ok(Input::Directory(Box::new(json)))]);
}
