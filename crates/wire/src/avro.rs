use std::io::Read;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::registry::{AvroRecord, Codec, Version};
use crate::{Refusal, RefusalReason, SchemaId, SourceRecord, WriterSchema};

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

/// A record in Avro, apart from what says which schema wrote it.
#[derive(Debug)]
pub(crate) struct Framed<'a> {
    writer: Writer<'a>,
    body: &'a [u8],
}

/// The schema that a record was written with.
#[derive(Debug, Clone, Copy)]
enum Writer<'a> {
    /// Of a release of braid, by its fingerprint.
    Release([u8; 8]),
    /// Of a Schema Registry.
    Registered(&'a WriterSchema),
}

impl<'a> Framed<'a> {
    /// In single-object encoding.
    ///
    /// # Errors
    /// `empty`, `malformed` without the marker, `unknown_format` with a registry's framing instead.
    pub(crate) fn single_object(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let (fingerprint, body) = unframe(bytes)?;
        Ok(Self { writer: Writer::Release(fingerprint), body })
    }

    /// In whichever framing a source's record is.
    ///
    /// # Errors
    /// As [`Framed::single_object`]; `unknown_schema` in a registry's framing without the schema, which whoever reads
    /// must have looked up.
    pub(crate) fn of(record: &SourceRecord<'a>) -> Result<Self, Refusal> {
        match (record.registered()?, record.schema) {
            (None, _) => Self::single_object(record.value.unwrap_or_default()),
            (Some((_, body)), Some(schema)) => Ok(Self { writer: Writer::Registered(schema), body }),
            (Some((id, _)), None) => Err(not_looked_up(id)),
        }
    }

    /// Itself, if it is such a record.
    ///
    /// # Errors
    /// `not_an_alert` for another record of braid's, `unknown_schema` if no release known here wrote it,
    /// `incompatible_schema` if such a record cannot be read out of what the registry's schema wrote.
    pub(crate) fn expect(&self, record: AvroRecord) -> Result<&Self, Refusal> {
        let released = match self.writer {
            Writer::Release(fingerprint) => {
                Some(AvroRecord::of_fingerprint(fingerprint).ok_or_else(|| unknown_schema(fingerprint))?)
            }
            Writer::Registered(schema) => schema.released().map(|(record, _)| record),
        };
        match (released, self.writer) {
            (Some(released), _) if released != record => Err(not_an_alert(released)),
            (None, Writer::Registered(schema)) => schema.reads_as(record).map(|()| self),
            _ => Ok(self),
        }
    }

    /// Reads it as a record, after [`Framed::expect`].
    ///
    /// # Errors
    /// `truncated` or `malformed` if the bytes are not what the schema says; `incompatible_schema` if a value of the
    /// registry's schema is none of ours.
    pub(crate) fn decode<T: DeserializeOwned>(&self, record: AvroRecord) -> Result<T, Refusal> {
        let codec = record.codec();
        match self.writer {
            Writer::Release(fingerprint) => decode_version(codec, fingerprint, self.body),
            Writer::Registered(schema) => match schema.released() {
                Some((_, fingerprint)) => decode_version(codec, fingerprint, self.body),
                None => read(&codec.current, &schema.resolved(record, self.body)?),
            },
        }
    }
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
fn renewed(version: &Version, current: &Version, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let reader = version.reader_as(current).map_err(|error| refused(&error))?;
    let value = generic(&reader, body)?;
    current.writer.write_value_to_vec(value).map_err(|error| refused(&error))
}

/// A record's generic value, which is all of these bytes and no more than they are.
pub(crate) fn generic(reader: &GenericDatumReader<'_>, body: &[u8]) -> Result<Value, Refusal> {
    let mut bytes = Bytes { rest: body, ended: false };
    let value = reader.read_value(&mut bytes);
    if bytes.ended {
        return Err(truncated());
    }
    let value = value.map_err(|error| refused(&error))?;
    whole(bytes.rest)?;
    Ok(value)
}

/// Bytes that know whether more was asked of them than there are: the codec takes the end of its input for an empty list,
/// or for nothing in a union.
struct Bytes<'a> {
    rest: &'a [u8],
    ended: bool,
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.ended |= self.rest.len() < buffer.len();
        self.rest.read(buffer)
    }
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

/// What the codec's complaint about a record's bytes comes to.
pub(crate) fn refused(error: &apache_avro::Error) -> Refusal {
    use apache_avro::error::Details;
    let ended = match error.details() {
        Details::ReadBytes(cause) | Details::ReadString(cause) | Details::ReadVariableIntegerBytes(cause) => {
            cause.kind() == std::io::ErrorKind::UnexpectedEof
        }
        _ => false,
    };
    if ended {
        return truncated();
    }
    malformed(&error.to_string())
}

fn truncated() -> Refusal {
    Refusal::new(RefusalReason::Truncated, "ends before its schema does")
}

fn malformed(detail: &str) -> Refusal {
    Refusal::new(RefusalReason::Malformed, shortened(detail))
}

/// A detail of bounded length.
pub(crate) fn shortened(detail: &str) -> String {
    detail.chars().take(DETAIL_CHARACTERS_MAX).collect()
}

/// It is a record of braid's, and another one than is read here.
pub(crate) fn not_an_alert(record: AvroRecord) -> Refusal {
    Refusal::new(RefusalReason::NotAnAlert, format!("a record of schema {}", record.as_str()))
}

fn not_looked_up(id: SchemaId) -> Refusal {
    let detail =
        format!("written with {id} of a schema registry, and none is configured here (schema_registry.url)");
    Refusal::new(RefusalReason::UnknownSchema, detail)
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
