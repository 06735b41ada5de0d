//! JSON Schemas of values: made of them, and what is compatible with them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The schema that exactly tells what the values have: what stands in all of them is required.
pub(crate) fn schema_of(values: &[Value]) -> Value {
    let types: BTreeSet<&str> = values.iter().map(type_of).collect();
    let mut schema = Map::new();
    let types: Vec<&str> = types.into_iter().collect();
    schema.insert("type".into(), if types.len() == 1 { json!(types[0]) } else { json!(types) });
    let objects: Vec<&Map<String, Value>> = values.iter().filter_map(Value::as_object).collect();
    if !objects.is_empty() {
        let names: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
        let of = |name: &String| {
            schema_of(&objects.iter().filter_map(|object| object.get(name).cloned()).collect::<Vec<_>>())
        };
        let properties: Map<_, _> = names.iter().map(|name| ((*name).clone(), of(name))).collect();
        let required = names.iter().filter(|name| objects.iter().all(|object| object.contains_key(**name)));
        schema.insert("required".into(), json!(required.collect::<Vec<_>>()));
        schema.insert("properties".into(), Value::Object(properties));
    }
    let elements: Vec<Value> = values.iter().filter_map(Value::as_array).flatten().cloned().collect();
    if !elements.is_empty() {
        schema.insert("items".into(), schema_of(&elements));
    }
    Value::Object(schema)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn types(schema: &Value) -> BTreeSet<&str> {
    match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        name => name.as_str().into_iter().collect(),
    }
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether a value is what a schema says.
pub(crate) fn validate(schema: &Value, value: &Value) -> Result<(), String> {
    if !types(schema).contains(type_of(value)) {
        return Err(format!(": {value} is no {}", schema["type"]));
    }
    if let Some(object) = value.as_object() {
        if let Some(name) = required(schema).into_iter().find(|name| !object.contains_key(*name)) {
            return Err(format!(".{name} is missing"));
        }
        for (name, value) in object {
            let property =
                schema["properties"].get(name).ok_or_else(|| format!(".{name} is not declared"))?;
            validate(property, value).map_err(|what| format!(".{name}{what}"))?;
        }
    }
    value.as_array().into_iter().flatten().try_for_each(|element| validate(&schema["items"], element))
}

/// Whether who reads by the old schema can read what is written by the new one: nothing that was there is gone, or may
/// be, or is of another type.
pub(crate) fn compatible(old: &Value, new: &Value) -> Result<(), String> {
    if types(old) != types(new) {
        return Err(format!(": {} has become {}", old["type"], new["type"]));
    }
    if let Some(name) = required(old).difference(&required(new)).next() {
        return Err(format!(".{name} is no longer required"));
    }
    for (name, property) in old["properties"].as_object().into_iter().flatten() {
        let now = new["properties"].get(name).ok_or_else(|| format!(".{name} is gone"))?;
        compatible(property, now).map_err(|what| format!(".{name}{what}"))?;
    }
    if old["items"].is_null() { Ok(()) } else { compatible(&old["items"], &new["items"]) }
}

#[test]
fn a_schema_takes_what_it_was_made_of_and_nothing_else() {
    let schema = schema_of(&[json!({ "a": 1, "b": [{ "c": null }, { "c": "x" }] }), json!({ "a": 2 })]);
    assert_eq!(validate(&schema, &json!({ "a": 3, "b": [] })), Ok(()));
    let refusal = |value| validate(&schema, &value).expect_err("it is not valid");
    assert_eq!(refusal(json!({ "b": [] })), ".a is missing");
    assert_eq!(refusal(json!({ "a": 1, "d": 1 })), ".d is not declared");
    assert_eq!(refusal(json!({ "a": 1, "b": [{ "c": 1 }] })), ".b.c: 1 is no [\"null\",\"string\"]");
}

#[test]
fn a_field_may_come_and_none_may_go_or_change() {
    let of = |value: Value| schema_of(&[value]);
    let old = of(json!({ "a": 1, "b": [{ "c": "x" }] }));
    assert_eq!(compatible(&old, &of(json!({ "a": 1, "b": [{ "c": "x", "e": 1 }], "d": 1 }))), Ok(()));
    let refusal = |value| compatible(&old, &of(value)).expect_err("it is not compatible");
    assert_eq!(refusal(json!({ "a": 1, "b": [{}] })), ".b.c is no longer required");
    assert_eq!(refusal(json!({ "a": "1", "b": [{ "c": "x" }] })), ".a: \"integer\" has become \"string\"");
    let optional = schema_of(&[json!({ "a": 1 }), json!({ "a": 1, "b": [{ "c": "x" }] })]);
    assert_eq!(compatible(&optional, &of(json!({ "a": 1 }))), Err(".b is gone".to_owned()));
}
