//! Good records, changed at random: the same changes for the same seed. Some are changed as bytes, which tries the reading of
//! JSON and CEF; some as JSON, which stays JSON and tries what is made of it.

use serde_json::{Value, json};

/// Bits that decoders stumble over: ends, escapes, numbers at their limits, what refers to itself.
const TOKENS: [&str; 40] = [
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "0",
    "-1",
    "1e308",
    "1e-400",
    "9223372036854775808",
    "-9223372036854775808",
    "253402300800000",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\u{feff}",
    "é",
    "𝕏",
    "\\",
    "\"",
    "\\\"",
    "|",
    "\\|",
    "=",
    "\\=",
    "\r\n",
    "CEF:0|",
    "|Microsoft|ATA|",
    "cs1Label=url",
    "{\"$ref\":\"1\"}",
    "{\"$id\":\"1\",\"$ref\":\"1\"}",
    "[[[[[[[[",
    "}]}]",
    ",",
    ":",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9999999Z",
    "::ffff:0.0.0.0",
    "S-1-5-21-",
    "@",
    "/subscriptions/",
];

/// How long a text becomes that is repeated: longer than any bound but that of a description. Far longer ones have a test of
/// their own, and would take a run most of its time.
const REPEATED_BYTES_MAX: usize = 2_048;

/// SplitMix64: enough to choose places, and a seed reruns what it chose.
#[derive(Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// One of a format's own records with some changes: bytes, stretches, tokens, and parts of any record; of two that are JSON,
/// one is changed as JSON. Now and then it is another format's.
pub(crate) fn changed(own: &[Vec<u8>], records: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let among = if chance.below(16) > 0 { own } else { records };
    let mut record = among[chance.below(among.len())].clone();
    let is_whole = chance.below(2) == 0;
    match serde_json::from_slice::<Value>(&record) {
        Ok(mut value) if is_whole => {
            (0..=chance.below(6)).for_each(|_| change_value(&mut value, records, chance));
            value.to_string().into_bytes()
        }
        _ => {
            (0..=chance.below(6)).for_each(|_| change(&mut record, records, chance));
            record
        }
    }
}

/// Walks some way down and changes what is there.
fn change_value(value: &mut Value, records: &[Vec<u8>], chance: &mut Chance) {
    let deeper = chance.below(8) > 0;
    match value {
        Value::Array(elements) if deeper && !elements.is_empty() => {
            let at = chance.below(elements.len());
            match chance.below(16) {
                0 => drop(elements.remove(at)),
                1 => elements.push(elements[at].clone()),
                _ => change_value(&mut elements[at], records, chance),
            }
        }
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let name = fields.keys().nth(chance.below(fields.len())).cloned().unwrap_or_default();
            match chance.below(16) {
                0 => drop(fields.remove(&name)),
                1 => {
                    let other = fields.keys().nth(chance.below(fields.len())).cloned().unwrap_or_default();
                    let moved = fields[&name].clone();
                    fields.insert(other, moved);
                }
                _ => change_value(&mut fields[&name], records, chance),
            }
        }
        _ => *value = replaced(value, records, chance),
    }
}

/// Another value of this place.
fn replaced(value: &Value, records: &[Vec<u8>], chance: &mut Chance) -> Value {
    let text = value.as_str().unwrap_or_default();
    match chance.below(10) {
        0 => Value::Null,
        1 => json!([value, value]),
        2 => json!({ "value": value, "$ref": "1" }),
        // What some exporters do: JSON within a text.
        3 => Value::String(value.to_string()),
        4 => Value::String(text.chars().take(chance.below(text.len() + 1)).collect()),
        5 => Value::String(text.repeat(2 + chance.below(REPEATED_BYTES_MAX / (text.len() + 1) + 1))),
        6 => json!(chance.next() as i64 >> chance.below(64)),
        7 => json!(chance.next() as f64 / 3.0),
        8 => {
            let other = &records[chance.below(records.len())];
            serde_json::from_slice(other).unwrap_or_default()
        }
        _ => Value::String(TOKENS[chance.below(TOKENS.len())].to_owned()),
    }
}

fn change(record: &mut Vec<u8>, records: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(record.len() + 1);
    let end = (at + chance.below(48)).min(record.len());
    match chance.below(8) {
        0 => record.truncate(at),
        1 => drop(record.drain(at..end)),
        2 => drop(record.splice(at..at, record[at..end].to_vec())),
        3 => record.insert(at, chance.below(256) as u8),
        4 if at < record.len() => record[at] ^= 1 << chance.below(8),
        5 => value(record, at, TOKENS[chance.below(TOKENS.len())]),
        6 => {
            let other = &records[chance.below(records.len())];
            let from = chance.below(other.len() + 1);
            let to = (from + chance.below(200)).min(other.len());
            drop(record.splice(at..end, other[from..to].to_vec()));
        }
        _ => drop(record.splice(at..at, TOKENS[chance.below(TOKENS.len())].bytes())),
    }
}

/// Puts a token in place of the JSON value, or of the extension's, that follows a place: a value of another type is what a
/// record of a newer release has.
fn value(record: &mut Vec<u8>, at: usize, token: &str) {
    let is_before = |b: &u8| matches!(b, b':' | b'=' | b'[');
    let Some(begin) = record[at..].iter().position(is_before).map(|found| at + found + 1) else { return };
    let mut in_text = false;
    let length = record[begin..].iter().position(|&b| {
        in_text ^= b == b'"';
        !in_text && matches!(b, b',' | b'}' | b']' | b' ')
    });
    let end = begin + length.unwrap_or(record.len() - begin);
    record.splice(begin..end, token.bytes());
}
