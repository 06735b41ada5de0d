use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::registry::{AvroRecord, Codec, Version};
use crate::{Refusal, RefusalReason};

/// What stands before an Avro record, and says which schema wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Avro's single-object encoding: `C3 01` and the fingerprint of the schema. Needs no registry to be read.
    SingleObject,
    /// A Schema Registry's framing: a zero byte and the registry's id of the schema, most significant byte first.
    Registered(u32),
}

const SINGLE_OBJECT: [u8; 2] = [0xC3, 0x01];
const REGISTERED: u8 = 0;
/// Longer messages of the codec quote the schema; the place stands at their beginning.
const DETAIL_CHARACTERS_MAX: usize = 300;

/// Writes a value as the current version of its record.
pub(crate) fn encode(record: AvroRecord, value: &impl Serialize, framing: Framing) -> Vec<u8> {
    let current = &record.codec().current;
    let mut bytes = Vec::with_capacity(1_024);
    match framing {
        Framing::SingleObject => {
            bytes.extend_from_slice(&SINGLE_OBJECT);
            bytes.extend_from_slice(&current.fingerprint);
        }
        Framing::Registered(id) => {
            bytes.push(REGISTERED);
            bytes.extend_from_slice(&id.to_be_bytes());
        }
    }
    current.writer.write_ser(&mut bytes, value).expect("type and schema agree: a test writes every field");
    bytes
}

/// Which record single-object bytes are.
///
/// # Errors
/// `empty`, `malformed` without the marker, `unknown_format` with a registry's framing instead, `unknown_schema` if no
/// release known here wrote it.
pub(crate) fn record_of(bytes: &[u8]) -> Result<AvroRecord, Refusal> {
    let (fingerprint, _) = unframe(bytes)?;
    AvroRecord::of_fingerprint(fingerprint).ok_or_else(|| unknown_schema(fingerprint))
}

/// Reads single-object bytes of any released version of a record.
///
/// # Errors
/// As [`record_of`]; `unknown_schema` as well if it is another record of braid's; `truncated` or `malformed` if the
/// bytes are not what the schema says.
pub(crate) fn decode<T: DeserializeOwned>(record: AvroRecord, bytes: &[u8]) -> Result<T, Refusal> {
    let (fingerprint, body) = unframe(bytes)?;
    decode_version(record.codec(), fingerprint, body)
}

/// Reads bytes in a Schema Registry's framing as the current version of a record. The id is not looked up: that needs
/// the registry, and what this release wrote it wrote with this schema.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_registered<T: DeserializeOwned>(record: AvroRecord, bytes: &[u8]) -> Result<T, Refusal> {
    match bytes {
        [REGISTERED, _, _, _, _, body @ ..] => read(&record.codec().current, body),
        _ => Err(malformed("no Schema Registry framing (00 and a four-byte id) at the beginning")),
    }
}

/// Whether bytes begin with a Schema Registry's framing.
pub(crate) fn is_registered(bytes: &[u8]) -> bool {
    bytes.first() == Some(&REGISTERED)
}

fn unframe(bytes: &[u8]) -> Result<([u8; 8], &[u8]), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::new(RefusalReason::Empty, "no bytes"));
    }
    if let Some((fingerprint, body)) = bytes.strip_prefix(&SINGLE_OBJECT).and_then(<[u8]>::split_first_chunk)
    {
        return Ok((*fingerprint, body));
    }
    if let [REGISTERED, a, b, c, d, ..] = *bytes {
        let detail = format!(
            "Schema Registry framing (schema id {}); single-object encoding (C3 01 and a fingerprint) is read here",
            u32::from_be_bytes([a, b, c, d]),
        );
        return Err(Refusal::new(RefusalReason::UnknownFormat, detail));
    }
    let found = &bytes[..bytes.len().min(10)];
    Err(malformed(&format!(
        "no single-object encoding: begins with {found:02X?}, not C3 01 and a fingerprint"
    )))
}

fn decode_version<T: DeserializeOwned>(
    codec: &Codec,
    fingerprint: [u8; 8],
    body: &[u8],
) -> Result<T, Refusal> {
    if fingerprint == codec.current.fingerprint {
        return read(&codec.current, body);
    }
    let version = codec.older(fingerprint).ok_or_else(|| unknown_schema(fingerprint))?;
    read(&codec.current, &renewed(version, &codec.current, body)?)
}

/// Rewrites a record of an older version in the newest. The codec resolves only its generic values against another
/// schema, so this costs some five times a plain read; it is paid for old records only.
fn renewed(version: &Version, current: &Version, mut body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let value = version
        .reader_as(current)
        .and_then(|reader| reader.read_value(&mut body))
        .map_err(|error| refused(&error))?;
    whole(body)?;
    current.writer.write_value_to_vec(value).map_err(|error| refused(&error))
}

fn read<T: DeserializeOwned>(version: &Version, mut body: &[u8]) -> Result<T, Refusal> {
    let value = version.reader.read_deser(&mut body).map_err(|error| refused(&error))?;
    whole(body)?;
    Ok(value)
}

/// Bytes that are left over belong to another schema than the one that the record claims.
fn whole(rest: &[u8]) -> Result<(), Refusal> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(malformed(&format!("{} bytes after the record's end", rest.len())))
    }
}

fn refused(error: &apache_avro::Error) -> Refusal {
    use apache_avro::error::Details;
    let ended = match error.details() {
        Details::ReadBytes(cause) | Details::ReadString(cause) | Details::ReadVariableIntegerBytes(cause) => {
            cause.kind() == std::io::ErrorKind::UnexpectedEof
        }
        _ => false,
    };
    if ended {
        return Refusal::new(RefusalReason::Truncated, "ends before its schema does");
    }
    malformed(&error.to_string())
}

fn malformed(detail: &str) -> Refusal {
    Refusal::new(RefusalReason::Malformed, detail.chars().take(DETAIL_CHARACTERS_MAX).collect::<String>())
}

fn unknown_schema(fingerprint: [u8; 8]) -> Refusal {
    let detail = format!(
        "schema fingerprint {:016x} is none that this release reads here; a newer release may have written it",
        u64::from_le_bytes(fingerprint),
    );
    Refusal::new(RefusalReason::UnknownSchema, detail)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const FIRST: &str = r#"{"type": "record", "name": "Note", "fields": [
        {"name": "text", "type": "string"},
        {"name": "count", "type": "int"}]}"#;
    const SECOND: &str = r#"{"type": "record", "name": "Note", "fields": [
        {"name": "author", "type": ["null", "string"], "default": null},
        {"name": "text", "type": "string"},
        {"name": "count", "type": "long"}]}"#;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        author: Option<Box<str>>,
        text: Box<str>,
        count: i64,
    }

    #[test]
    fn what_an_older_release_wrote_is_read_as_the_current_version() {
        let codec = Codec::new(&[FIRST, SECOND]);
        let first = Codec::new(&[FIRST]).current.fingerprint;
        // "abc" and 21, each in Avro's zigzag.
        let note: Note =
            decode_version(&codec, first, &[6, b'a', b'b', b'c', 42]).expect("version 1 is known");
        assert_eq!(note, Note { author: None, text: "abc".into(), count: 21 });
    }

    #[test]
    fn what_a_newer_release_wrote_is_an_unknown_schema() {
        let codec = Codec::new(&[FIRST]);
        let second = Codec::new(&[SECOND]).current.fingerprint;
        let refusal = decode_version::<Note>(&codec, second, &[0, 6, b'a', b'b', b'c', 42]);
        assert_eq!(refusal.map_err(|r| r.reason), Err(RefusalReason::UnknownSchema));
    }

    #[test]
    fn an_old_record_that_is_cut_off_is_refused_as_such() {
        let codec = Codec::new(&[FIRST, SECOND]);
        let first = Codec::new(&[FIRST]).current.fingerprint;
        let refusal = decode_version::<Note>(&codec, first, &[6, b'a']);
        assert_eq!(refusal.map_err(|r| r.reason), Err(RefusalReason::Truncated));
        let refusal = decode_version::<Note>(&codec, first, &[6, b'a', b'b', b'c', 42, 0]);
        assert_eq!(refusal.map_err(|r| r.reason), Err(RefusalReason::Malformed));
    }
}
