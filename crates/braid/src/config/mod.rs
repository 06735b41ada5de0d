//! The configuration: what an operator may write, and everything that is wrong with it at once.
//!
//! TOML and YAML are read into one tree that knows where each value was written; `BRAID__SECTION__KEY` variables are
//! laid over it; serde reads the sections from the tree; then what no single value can tell is checked. A value that
//! serde refuses is struck from the tree and reading begins again, so that one pass over the file finds every fault.
//!
//! The doc comments of the sections are their documentation: [`reference`] makes `docs/configuration.md` and the
//! starter configuration of them.
//!
//! Start with [`Config::read`].

mod audit;
mod cluster;
mod correlation;
mod http;
mod kafka;
mod log;
mod output;
mod rules;
mod schema_registry;
mod source;
mod tenants;
mod topics;
mod worker;

mod quantity;
mod secret;
mod word;

pub(crate) mod check;
mod deserializer;
mod environment;
pub(crate) mod fault;
mod reading;
pub mod reference;
pub(crate) mod toml_file;
pub(crate) mod tree;
pub(crate) mod yaml_file;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use audit::Audit;
pub(crate) use audit::WDATP;
pub use cluster::Cluster;
pub use correlation::{Correlation, HalfLifeTimes, IncidentCaps, Weights};
pub use fault::{Fault, Faults, Place};
pub use http::{Http, Tls};
pub use kafka::Kafka;
pub use log::{Log, LogFormat};
pub use output::{Encoding, Form, FurtherOutput, Holds, Output};
pub use quantity::{Bytes, Decimal, Period, UtcOffset};
pub use reading::variables;
pub use rules::RuleFiles;
pub use schema_registry::{SchemaRegistry, SubjectStrategy, UnknownId};
pub use secret::{Secret, SecretError};
pub use source::{Exclusion, Source, TenantField, TenantRule};
pub use tenants::Tenants;
pub use topics::Topics;
pub use word::Word;
pub use worker::Worker;

/// Everything that an operator may set.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The cluster that braid reads from and writes to.
    pub kafka: Kafka,
    /// Further clusters, for sources to be read from.
    pub clusters: Vec<Cluster>,
    /// Where alerts come from: one section for each product's feed.
    pub sources: Vec<Source>,
    /// Who the tenants are, by all their names.
    pub tenants: Tenants,
    /// braid's own topics.
    pub topics: Topics,
    /// How incidents are written.
    pub output: Output,
    /// Further topics that incidents are written to, in the forms that others know.
    pub outputs: Vec<FurtherOutput>,
    /// Where schemas of Avro records are registered and looked up.
    pub schema_registry: Option<SchemaRegistry>,
    /// The HTTP server: the API, health and metrics.
    pub http: Http,
    /// How the work is done.
    pub worker: Worker,
    /// What braid says about itself.
    pub log: Log,
    /// When alerts become one incident.
    pub correlation: Correlation,
    /// Rules of your own.
    pub rules: RuleFiles,
    /// What must be switched on.
    pub audit: Audit,
}

#[cfg(test)]
mod tests;
