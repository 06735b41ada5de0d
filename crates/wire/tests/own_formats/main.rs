//! braid's own formats: its alert in JSON and Avro, incidents, the changelog, dead letters, and their schemas.

mod avro;
mod changelog;
mod dead_letter;
mod json;
mod json_schema;
mod nouns;
mod schemas;
