//! Commands in JSON, as somebody writes them.

use braid_alert::{Action, Tenant};
use braid_wire::own::{
    ACTIONS, command_from_avro, command_from_json, command_to_avro, command_to_json, input_from_avro,
};
use braid_wire::{Refusal, RefusalReason};
use serde_json::{Value, json};

use crate::nouns::commands;

const INCIDENT: &str = "0d0d0d0d-0000-5000-8000-000000000001";

/// A good command of an action, as JSON to be spoilt.
fn written(action: &str) -> Value {
    let command = commands().into_iter().find(|command| command.action.as_str() == action);
    serde_json::from_slice(&command_to_json(&command.expect("there is one of every action")))
        .expect("it is JSON")
}

fn refusal(command: &Value) -> Refusal {
    command_from_json(None, command.to_string().as_bytes()).expect_err("it must not be taken")
}

#[test]
fn a_command_reads_as_somebody_would_write_it() {
    let text = format!(
        r#"{{"id":"c-1","tenant":"contoso","author":"ann","reason":"mine","expectedVersion":3,"action":"assign","incident":"{INCIDENT}","assignee":"bob"}}"#
    );
    let command = command_from_json(None, text.as_bytes()).expect("it is good");
    assert_eq!((&*command.id, &*command.author, command.reason.as_deref()), ("c-1", "ann", Some("mine")));
    assert_eq!(command.expected_version, Some(3));
    let Action::Assign { assignee, group, .. } = &command.action else { panic!("{:?}", command.action) };
    assert_eq!((assignee.as_deref(), group.as_deref()), (Some("bob"), None));
    assert_eq!(String::from_utf8(command_to_json(&command)).as_deref(), Ok(reordered(&text).as_str()));
}

/// The order in which fields are written.
fn reordered(text: &str) -> String {
    text.replace(r#""id":"c-1","tenant":"contoso""#, r#""tenant":"contoso","id":"c-1""#)
}

#[test]
fn every_command_reads_back_as_it_was_written() {
    for command in commands() {
        let mut read = command_from_json(None, &command_to_json(&command)).expect("it is good");
        read.origin = command.origin.clone();
        assert_eq!(read, command);
        assert_eq!(command_from_avro(&command_to_avro(&command)), Ok(command));
    }
}

#[test]
fn every_action_has_its_line_in_the_table() {
    assert_eq!(ACTIONS.map(|fields| fields.action), Action::NAMES);
}

#[test]
fn a_configured_tenant_overrules_what_the_command_says() {
    let read = command_from_json(Some(&Tenant::new("contoso")), written("resolve").to_string().as_bytes());
    assert_eq!(read.map(|command| command.tenant), Ok(Tenant::new("contoso")));
}

#[test]
fn a_field_that_an_action_needs_cannot_be_left_out() {
    for fields in ACTIONS {
        for name in fields.required.iter().chain(&["author", "action"]) {
            let mut command = written(fields.action);
            command.as_object_mut().expect("an object").remove(*name);
            let refusal = refusal(&command);
            assert_eq!(
                refusal.reason,
                RefusalReason::MissingField,
                "{} without {name}: {refusal}",
                fields.action
            );
            assert!(refusal.detail.contains(name), "{refusal}");
        }
    }
}

#[test]
fn a_field_of_another_action_is_refused_and_not_ignored() {
    let fields = ["assignee", "classification", "text", "from", "to", "entity", "excluded", "group"];
    for action in ACTIONS {
        for name in fields.iter().filter(|n| !action.required.contains(n) && !action.optional.contains(n)) {
            let mut command = written(action.action);
            let owner = ACTIONS.iter().find(|a| a.required.contains(name) || a.optional.contains(name));
            command[*name] = written(owner.expect("every field has an action").action)[*name].clone();
            let refusal = refusal(&command);
            assert_eq!(
                refusal.reason,
                RefusalReason::UnexpectedField,
                "{} with {name}: {refusal}",
                action.action
            );
        }
    }
}

#[test]
fn null_takes_an_assignee_or_a_verdict_away_and_nothing_else_does() {
    let mut command = written("assign");
    command["assignee"] = Value::Null;
    let read = command_from_json(None, command.to_string().as_bytes()).expect("null says nobody");
    assert!(matches!(read.action, Action::Assign { assignee: None, .. }), "{:?}", read.action);
    command["assignee"] = json!(" ");
    assert_eq!(refusal(&command).reason, RefusalReason::WrongType);
}

#[test]
fn a_slip_is_refused_with_the_field_and_never_does_something_else() {
    let spoilt = |action: &str, field: &str, value: Value| {
        let mut command = written(action);
        command[field] = value;
        let refusal = refusal(&command);
        (refusal.reason, refusal.detail.into_string())
    };
    for (action, field, value, reason) in [
        ("assign", "asignee", json!("bob"), RefusalReason::UnexpectedField),
        ("assign", "assignee", json!(7), RefusalReason::WrongType),
        ("assign", "incident", json!("incident 7"), RefusalReason::WrongType),
        ("assign", "action", json!("asign"), RefusalReason::UnknownValue),
        ("assign", "expectedVersion", json!(0), RefusalReason::WrongType),
        ("assign", "expectedVersion", json!("3"), RefusalReason::WrongType),
        ("assign", "expected_version", json!(3), RefusalReason::UnexpectedField),
        ("assign", "id", json!(" "), RefusalReason::MissingId),
        ("assign", "id", json!("x".repeat(129)), RefusalReason::TooLarge),
        ("assign", "author", json!(""), RefusalReason::MissingField),
        ("classify", "classification", json!("truePositve"), RefusalReason::UnknownValue),
        ("classify", "determination", json!("aliens"), RefusalReason::UnknownValue),
        ("comment", "text", json!("  "), RefusalReason::MissingField),
        ("tag", "add", json!("lab"), RefusalReason::WrongType),
        ("split", "alerts", json!([]), RefusalReason::MissingField),
        ("split", "alerts", json!(["n-1"]), RefusalReason::WrongType),
        ("split", "alerts", json!([{"provider": "x"}]), RefusalReason::MissingField),
        ("split", "alerts", json!([{"provider": "x", "id": "n", "ID": "m"}]), RefusalReason::UnexpectedField),
        ("mustLink", "entities", json!([{"kind": "upn", "value": "a@b"}]), RefusalReason::UnexpectedField),
        ("mustLink", "alerts", json!([{"provider": "x", "id": "n"}]), RefusalReason::WrongType),
        ("mustLink", "expectedVersion", json!(3), RefusalReason::UnexpectedField),
        ("tagEntity", "entity", json!({"kind": "upm", "value": "a@b"}), RefusalReason::UnknownValue),
        ("tagEntity", "entity", json!({"kind": "upn", "value": "N/A"}), RefusalReason::WrongType),
        ("excludeEntity", "excluded", json!("yes"), RefusalReason::WrongType),
    ] {
        let (found, detail) = spoilt(action, field, value);
        assert_eq!(found, reason, "{action}.{field}: {detail}");
        assert!(detail.contains(field.trim_end_matches('s')), "{action}.{field}: {detail}");
    }
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    let text = written("resolve").to_string();
    let twice = text.replacen('{', &format!(r#"{{"incident":"{INCIDENT}","#), 1);
    let refusal = command_from_json(None, twice.as_bytes()).expect_err("which one is meant?");
    assert_eq!(refusal.reason, RefusalReason::UnexpectedField, "{refusal}");
}

#[test]
fn a_tag_command_without_tags_says_nothing() {
    let mut command = written("tag");
    let fields = command.as_object_mut().expect("an object");
    fields.remove("add");
    fields.insert("remove".into(), json!([]));
    assert_eq!(refusal(&command).reason, RefusalReason::MissingField);
}

#[test]
fn an_action_that_only_a_newer_release_knows_holds_the_partition_and_is_not_skipped() {
    let bytes = command_to_avro(&commands()[6]);
    let at = bytes.windows(7).position(|window| window == b"resolve").expect("it resolves");
    let mut newer = bytes;
    newer[at..at + 7].copy_from_slice(b"dissolv");
    assert_eq!(input_from_avro(&newer).map_err(|refusal| refusal.reason), Err(RefusalReason::UnknownSchema));
    assert_eq!(command_from_avro(&newer).map_err(|refusal| refusal.reason), Err(RefusalReason::UnknownValue));
}
