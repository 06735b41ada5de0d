use std::fmt;

use uuid::Uuid;

use crate::{Format, Refusal, RefusalReason, SourceRecord};

/// The header in which newer serializers name the schema of a record's value (Confluent's `HeaderSchemaIdSerializer`);
/// the value itself is the record then, and nothing stands before it.
pub const VALUE_SCHEMA_HEADER: &str = "__value_schema_id";

/// What stands before a number, and before a GUID.
const NUMBER: u8 = 0;
const GUID: u8 = 1;

/// How a Schema Registry names a schema. For good: no registry gives a name to another schema later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemaId {
    /// The registry's own number of it.
    Number(u32),
    /// The schema's own name, which is the same in every registry.
    Guid(Uuid),
}

impl SchemaId {
    /// Which schema a value was written with, and the value, if a marker of a registry stands at its beginning: a byte
    /// and a number (0) or a GUID (1), most significant byte first.
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        match bytes.split_first()? {
            (&NUMBER, rest) => {
                let (number, rest) = rest.split_first_chunk()?;
                Some((Self::Number(u32::from_be_bytes(*number)), rest))
            }
            (&GUID, rest) => {
                let (guid, rest) = rest.split_first_chunk()?;
                Some((Self::Guid(Uuid::from_bytes(*guid)), rest))
            }
            _ => None,
        }
    }
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "schema id {number}"),
            Self::Guid(guid) => write!(f, "schema GUID {guid}"),
        }
    }
}

impl<'a> SourceRecord<'a> {
    /// Which schema of a registry its value was written with; `None` of text, of a tombstone, and of what does not say so.
    pub fn schema_id(&self, format: Format) -> Option<SchemaId> {
        if !format.is_avro() {
            return None;
        }
        self.registered().ok()?.map(|(id, _)| id)
    }

    /// The schema's id and what was written with it. The header goes before the value, whose first bytes are anything
    /// then. `None` without either.
    ///
    /// # Errors
    /// `malformed` if the header is no name of a schema.
    pub(crate) fn registered(&self) -> Result<Option<(SchemaId, &'a [u8])>, Refusal> {
        let Some(value) = self.value else { return Ok(None) };
        let Some(header) = self.schema_header else { return Ok(SchemaId::split(value)) };
        match SchemaId::split(header) {
            Some((id, [])) => Ok(Some((id, value))),
            _ => {
                let found = &header[..header.len().min(20)];
                let detail = format!(
                    "the header {VALUE_SCHEMA_HEADER} is {found:02X?}, neither 00 and a four-byte id nor 01 and a GUID"
                );
                Err(Refusal::new(RefusalReason::Malformed, detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const BYTES: [u8; 17] =
        [1, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF];

    fn record<'a>(header: Option<&'a [u8]>, value: &'a [u8]) -> SourceRecord<'a> {
        SourceRecord { value: Some(value), schema_header: header, ..SourceRecord::default() }
    }

    #[test]
    fn a_number_stands_before_the_value_and_a_guid_in_the_header() {
        let found = record(None, &[0, 0, 0, 1, 2, 9]).registered();
        assert_eq!(found, Ok(Some((SchemaId::Number(258), &[9][..]))));
        let found = record(Some(&BYTES), &[0, 0, 0, 1, 2, 9]).registered().expect("the header is right");
        let (id, body) = found.expect("it says so");
        assert_eq!((id.to_string(), body.len()), (format!("schema GUID {TEXT}"), 6), "the value is whole");
    }

    #[test]
    fn either_name_may_stand_in_either_place() {
        let found = record(Some(&[0, 0, 0, 0, 7]), &[9]).registered();
        assert_eq!(found, Ok(Some((SchemaId::Number(7), &[9][..]))));
        let id = record(None, &BYTES).schema_id(Format::BraidAvro);
        assert_eq!(
            id.map(|id| id.to_string()).as_deref(),
            Some("schema GUID 00112233-4455-6677-8899-aabbccddeeff")
        );
    }

    #[test]
    fn what_names_no_schema_is_none_and_a_broken_header_a_refusal() {
        assert_eq!(record(None, &[0xC3, 1, 0]).registered(), Ok(None));
        assert_eq!(record(None, &[0, 0, 1]).registered(), Ok(None), "cut off: the decoder says how");
        for header in [&[][..], &[0, 0, 0, 7], &BYTES[..16], &[0, 0, 0, 0, 7, 0], &[2, 0, 0, 0, 0]] {
            let refused = record(Some(header), &[9]).registered();
            assert_eq!(
                refused.map_err(|refusal| refusal.reason),
                Err(RefusalReason::Malformed),
                "{header:?}"
            );
        }
    }

    #[test]
    fn text_and_tombstones_are_asked_for_no_schema() {
        assert_eq!(record(Some(&BYTES), b"{}").schema_id(Format::BraidJson), None);
        let tombstone = SourceRecord { schema_header: Some(&BYTES), ..SourceRecord::default() };
        assert_eq!(tombstone.schema_id(Format::BraidDirectoryAvro), None);
    }
}
