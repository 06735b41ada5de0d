use std::fmt;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::{Name, UnionSchema};
use apache_avro::schema_compatibility::SchemaCompatibility;

use crate::avro::{generic, refused, shortened};
use crate::registry::AvroRecord;
use crate::{Refusal, RefusalReason};

/// The records that sources may send.
const RECEIVED: [AvroRecord; 3] = [AvroRecord::Alert, AvroRecord::Directory, AvroRecord::Command];

/// The schema that somebody else's records were written with, as a Schema Registry has it, made ready to read them with.
pub struct WriterSchema {
    schema: Schema,
    /// The record and the version of it that this is, where it is one of braid's own: these are read as quickly as in
    /// single-object encoding.
    released: Option<(AvroRecord, [u8; 8])>,
    /// Why a record cannot be read out of what it writes, by record; looked into once, and not for every value.
    readable: [Result<(), Box<str>>; RECEIVED.len()],
}

impl WriterSchema {
    /// From the schema's text.
    ///
    /// # Errors
    /// `incompatible_schema` if it is no Avro schema that stands by itself, or is one that describes values of any depth.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let incompatible = |why: &str| Refusal::new(RefusalReason::IncompatibleSchema, shortened(why));
        let schema = Schema::parse_str(text)
            .map_err(|error| incompatible(&format!("the registry's schema is no Avro schema: {error}")))?;
        // Its values are read with a call for each level.
        if is_recursive(&schema, &mut Vec::new()) {
            return Err(incompatible(
                "the registry's schema describes values of any depth: a type contains itself",
            ));
        }
        let readable = RECEIVED.map(|record| readable(&schema, record));
        Ok(Self { schema, released: AvroRecord::of_schema(text), readable })
    }

    /// Which of braid's own it is, if it is one.
    pub(crate) const fn released(&self) -> Option<(AvroRecord, [u8; 8])> {
        self.released
    }

    /// Whether such a record can be read out of what it writes.
    ///
    /// # Errors
    /// `incompatible_schema` with the first difference.
    pub(crate) fn reads_as(&self, record: AvroRecord) -> Result<(), Refusal> {
        let verdict = RECEIVED.iter().position(|received| *received == record).map(|at| &self.readable[at]);
        match verdict {
            Some(Ok(())) => Ok(()),
            Some(Err(why)) => Err(Refusal::new(RefusalReason::IncompatibleSchema, why.clone())),
            None => {
                let detail = format!("no source sends records of schema {}", record.as_str());
                Err(Refusal::new(RefusalReason::IncompatibleSchema, detail))
            }
        }
    }

    /// Rewrites what it wrote as the version of a record that is current, by Avro's rules of resolution.
    ///
    /// # Errors
    /// `truncated` or `malformed` if the bytes are not what this schema says, `incompatible_schema` if they are and a value
    /// has no place in the record.
    pub(crate) fn resolved(&self, record: AvroRecord, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let current = &record.codec().current;
        // The names in both are resolved for each record: kept, the reader would have to live as long as the process.
        let plain = GenericDatumReader::builder(&self.schema).build().map_err(|error| refused(&error))?;
        generic(&plain, body)?
            .resolve(current.schema)
            .and_then(|value| current.writer.write_value_to_vec(value))
            .map_err(|error| incompatible_with(record, &error.to_string()))
    }
}

impl fmt::Debug for WriterSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.schema.name().map(ToString::to_string);
        f.debug_struct("WriterSchema")
            .field("name", &name)
            .field("released", &self.released)
            .finish_non_exhaustive()
    }
}

fn readable(writer: &Schema, record: AvroRecord) -> Result<(), Box<str>> {
    match SchemaCompatibility::can_read(writer, record.codec().current.schema) {
        Ok(_) => Ok(()),
        Err(error) => Err(incompatible_with(record, &error.to_string()).detail),
    }
}

fn incompatible_with(record: AvroRecord, why: &str) -> Refusal {
    let detail =
        format!("schemas/{}.avsc cannot be read out of the registry's schema: {why}", record.as_str());
    Refusal::new(RefusalReason::IncompatibleSchema, shortened(&detail))
}

/// Whether a type stands within its own definition; `open` are those that we are in. A name stands for a type that was
/// defined before it, so that there is no other way.
fn is_recursive<'s>(schema: &'s Schema, open: &mut Vec<&'s Name>) -> bool {
    match schema {
        Schema::Ref { name } => open.contains(&name),
        Schema::Array(array) => is_recursive(&array.items, open),
        Schema::Map(map) => is_recursive(&map.types, open),
        Schema::Union(union) => UnionSchema::variants(union).iter().any(|branch| is_recursive(branch, open)),
        Schema::Record(record) => {
            open.push(&record.name);
            let found = record.fields.iter().any(|field| is_recursive(&field.schema, open));
            open.pop();
            found
        }
        _ => false,
    }
}
