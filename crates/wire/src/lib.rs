//! Bytes to nouns and back: every input format, every output format, changelog values.
//!
//! The only crate that names a codec. It knows nothing of Kafka, keeps no state between records and decides nothing
//! about correlation: what cannot be read is a [`Refusal`] with its place and reason, never a panic and never silence.
//!
//! Start with [`read`], or with [`decode`] if alerts are all that matters.

mod refusal;

mod source;

mod exclusion;

mod input;

pub mod own;

pub mod incident;

pub mod changelog;

pub mod dead_letter;

pub mod json;

mod bounded_bytes;
mod json_frames;
mod schema_id;
mod writer_schema;

mod avro;
mod fingerprint;
mod registry;

pub use bounded_bytes::BoundedBytes;
pub use exclusion::Exclusion;
pub use input::{
    Envelope, Observable, ObservableKind, Pattern, StixIndicator, StixObject, StixParty, StixPartyKind,
    StixRelation, StixSaid, stix_objects,
};
pub use input::{RECORD_BYTES_MAX, RECORD_ELEMENTS_MAX, SourceRecord, decode, read};
pub use json_frames::{JsonFrame, JsonFrames};
pub use refusal::{HealthReport, Refusal, RefusalReason};
pub use registry::AvroRecord;
pub use schema_id::{SchemaId, VALUE_SCHEMA_HEADER};
pub use source::{Format, Holds, SourceRules, TenantRule, UnknownFormat};
pub use writer_schema::WriterSchema;
