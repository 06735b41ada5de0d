use apache_avro::Schema;
use apache_avro::rabin::Rabin;
use serde_json::Value;

/// CRC-64-AVRO of a schema's parsing canonical form, least significant byte first.
///
/// The codec's own canonical form (apache-avro 0.22) leaves `{"type":"long"}` where an annotated primitive such as a
/// timestamp stood; the specification's rule [PRIMITIVES] says `"long"`, and so do other implementations. Readers in
/// other languages look schemas up by this number, so annotations are taken away before the codec sees them.
pub(crate) fn fingerprint(schema_text: &str) -> [u8; 8] {
    try_fingerprint(schema_text).expect("a test parses every released schema")
}

/// The same of somebody else's schema; `None` of what is no schema, or no schema such as braid's.
pub(crate) fn try_fingerprint(schema_text: &str) -> Option<[u8; 8]> {
    let schema: Value = serde_json::from_str(schema_text).ok()?;
    let schema = Schema::parse(&plain(&schema)).ok()?;
    schema.fingerprint::<Rabin>().bytes.try_into().ok()
}

/// What the bytes of a schema's values mean beyond their types (`timestamp-micros`), in the order in which they are
/// written: the fingerprint does not say it.
pub(crate) fn meanings(schema_text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(schema) = serde_json::from_str(schema_text) {
        note_meanings(&schema, &mut found);
    }
    found
}

fn note_meanings(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Array(union) => union.iter().for_each(|branch| note_meanings(branch, found)),
        Value::Object(object) => {
            found.extend(object.get("logicalType").and_then(Value::as_str).map(str::to_owned));
            let fields = object.get("fields").and_then(Value::as_array).into_iter().flatten();
            let inner = ["type", "items", "values"].iter().filter_map(|key| object.get(*key));
            fields.chain(inner).for_each(|part| note_meanings(part, found));
        }
        _ => {}
    }
}

/// The schema with every annotated primitive in its simple form. Knows what braid's schemas are made of (records,
/// arrays, unions, primitives and names), and leaves everything else as it is.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Array(union) => union.iter().map(plain).collect(),
        Value::Object(object) => match object.get("type").and_then(Value::as_str) {
            Some("record") => {
                let mut record = object.clone();
                let fields = record.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten();
                for field in fields.filter_map(Value::as_object_mut) {
                    let plain = field.get("type").map(plain);
                    field.extend(plain.map(|plain| ("type".to_owned(), plain)));
                }
                Value::Object(record)
            }
            Some("array") => {
                let mut array = object.clone();
                array.extend(object.get("items").map(|items| ("items".to_owned(), plain(items))));
                Value::Object(array)
            }
            // Nothing of braid's has these, so that nothing of braid's has the fingerprint either.
            Some("enum" | "fixed" | "map" | "error") => schema.clone(),
            _ => object.get("type").cloned().unwrap_or_default(),
        },
        name => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The algorithm as the Avro specification gives it, bit by bit.
    fn crc_64_avro(bytes: &[u8]) -> u64 {
        const EMPTY: u64 = 0xC15D_213A_A4D7_A795;
        bytes.iter().fold(EMPTY, |crc, byte| {
            (0..8).fold(crc ^ u64::from(*byte), |crc, _| (crc >> 1) ^ (EMPTY & (crc & 1).wrapping_neg()))
        })
    }

    #[test]
    fn annotations_do_not_change_a_fingerprint() {
        let schema = r#"{"type": "record", "name": "Note", "namespace": "braid.v1", "doc": "A note.", "fields": [
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}, "doc": "When."},
            {"name": "kinds", "type": {"type": "array", "items": {"type": "string", "open-enum": "Kind"}}},
            {"name": "gap", "type": ["null", {"type": "long", "unit": "microseconds"}], "default": null}]}"#;
        let canonical = concat!(
            r#"{"name":"braid.v1.Note","type":"record","fields":[{"name":"at","type":"long"},"#,
            r#"{"name":"kinds","type":{"type":"array","items":"string"}},{"name":"gap","type":["null","long"]}]}"#,
        );
        assert_eq!(u64::from_le_bytes(fingerprint(schema)), crc_64_avro(canonical.as_bytes()));
    }
}
