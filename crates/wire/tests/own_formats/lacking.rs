//! Records that say one thing less than another: what a schema must know of to tell what may be missing.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The record, and it with each single thing that it can do without taken away: an optional value, all elements of a
/// list, or one of several.
pub(crate) fn and_lacking<T: Serialize + DeserializeOwned>(whole: &T) -> Vec<T> {
    let document = serde_json::to_value(whole).expect("a record is JSON");
    let mut pointers = Vec::new();
    collect_pointers(&document, String::new(), &mut pointers);
    let lacking = pointers.iter().flat_map(|pointer| poorer(&document, pointer));
    // Where a value is not optional, nothing is no record.
    std::iter::once(document.clone()).chain(lacking).filter_map(|d| serde_json::from_value(d).ok()).collect()
}

fn collect_pointers(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| collect_pointers(value, format!("{at}/{name}"), pointers));
        }
        Value::Array(elements) => {
            let each = elements.iter().enumerate();
            each.for_each(|(n, element)| collect_pointers(element, format!("{at}/{n}"), pointers));
        }
        _ => {}
    }
    pointers.push(at);
}

/// The document without what stands at the place, in every way in which that can be.
fn poorer(document: &Value, pointer: &str) -> Vec<Value> {
    let with = |value: Value| {
        let mut document = document.clone();
        *document.pointer_mut(pointer).expect("the place is of this document") = value;
        document
    };
    let Some(Value::Array(elements)) = document.pointer(pointer) else { return vec![with(Value::Null)] };
    let without = |n: usize| {
        let mut rest = elements.clone();
        rest.remove(n);
        with(Value::Array(rest))
    };
    std::iter::once(with(json!([]))).chain((0..elements.len()).map(without)).collect()
}

#[test]
fn each_thing_that_a_record_can_do_without_is_taken_away_once() {
    #[derive(Serialize, serde::Deserialize)]
    struct Host {
        name: String,
        domain: Option<String>,
        tags: Vec<String>,
    }
    let host = Host { name: "a".into(), domain: Some("b".into()), tags: vec!["c".into(), "d".into()] };
    let told: Vec<_> = and_lacking(&host)
        .iter()
        .map(|host| format!("{} {} {}", host.name, host.domain.as_deref().unwrap_or("-"), host.tags.concat()))
        .collect();
    assert_eq!(told, ["a b cd", "a - cd", "a b ", "a b d", "a b c"]);
}
