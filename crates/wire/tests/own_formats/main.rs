//! braid's own formats: its alert, directory record and command in JSON and Avro, incidents, the changelog, dead letters, and their schemas.

mod avro;
mod changelog;
mod command;
mod compatibility;
mod dead_letter;
mod directory;
mod engine_made;
mod form_schema;
mod forms;
mod json;
mod json_schema;
mod lacking;
mod nouns;
mod schemas;
