use apache_avro::Schema;
use apache_avro::rabin::Rabin;
use serde_json::Value;

/// CRC-64-AVRO of a schema's parsing canonical form, least significant byte first.
///
/// The codec's own canonical form (apache-avro 0.22) leaves `{"type":"long"}` where an annotated primitive such as a
/// timestamp stood; the specification's rule [PRIMITIVES] says `"long"`, and so do other implementations. Readers in
/// other languages look schemas up by this number, so annotations are taken away before the codec sees them.
pub(crate) fn fingerprint(schema_text: &str) -> [u8; 8] {
    let schema: Value = serde_json::from_str(schema_text).expect("a test parses every released schema");
    let schema = Schema::parse(&plain(&schema)).expect("a test parses every released schema");
    schema.fingerprint::<Rabin>().bytes.try_into().expect("CRC-64 has eight bytes")
}

/// The schema with every annotated primitive in its simple form. Knows what braid's schemas are made of: records,
/// arrays, unions, primitives and names.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Array(union) => union.iter().map(plain).collect(),
        Value::Object(object) => match object["type"].as_str() {
            Some("record") => {
                let mut record = object.clone();
                record.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten().for_each(
                    |field| {
                        field["type"] = plain(&field["type"]);
                    },
                );
                Value::Object(record)
            }
            Some("array") => {
                let mut array = object.clone();
                array.insert("items".into(), plain(&object["items"]));
                Value::Object(array)
            }
            _ => object["type"].clone(),
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
