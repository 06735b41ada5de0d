use std::fmt;
use std::sync::Arc;

use braid_wire::{Refusal, SchemaId, WriterSchema};

/// Where the schemas are had that records of sources were written with: a Schema Registry, behind a memory.
pub trait Schemas: fmt::Debug + Send + Sync {
    /// A schema. Called for every record, between two transactions: what is not known is fetched elsewhere, and waited for
    /// no longer than a few hundred milliseconds.
    ///
    /// # Errors
    /// [`SchemaFault`].
    fn find(&self, id: SchemaId) -> Result<Arc<WriterSchema>, SchemaFault>;
}

/// Why a schema is not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaFault {
    /// Not now, and why: whoever was told so asks again. The partition waits.
    Awaited(Box<str>),
    /// What was written with it cannot be read. The record is a dead letter.
    Unusable(Refusal),
}
