use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;
use super::quantity::Period;
use super::reference::Plain;

/// A schema registry with Confluent's API (Confluent, Apicurio, Redpanda, Karapace).
///
/// Avro that braid writes is framed with the registry's id of its schema, which is registered when a run begins: correlation
/// waits for the registry then, and alerts are normalised meanwhile. Sources in one of braid's Avro formats may be framed
/// with any id of it, or with a GUID in the header `__value_schema_id`, beside the encoding that needs no registry: the
/// schema is fetched once, and its records are read as braid's by Avro's rules. Of an id that cannot be had the partition
/// waits, and nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SchemaRegistry {
    /// Its address, such as `https://registry.example.com`. Required. A path is kept
    /// (`http://apicurio:8080/apis/ccompat/v7`).
    #[schemars(example = &"https://registry.example.com")]
    pub url: String,
    /// The user, where it asks for one (HTTP basic authentication).
    #[schemars(example = &"braid")]
    pub user: Option<String>,
    /// The user's password: `{ file = "…" }` or `{ env = "…" }`.
    #[schemars(example = Plain::table([("env", "REGISTRY_PASSWORD".into())]))]
    pub password: Option<Secret>,
    /// A PEM file with the authorities that may vouch for it, in place of the public ones.
    #[schemars(example = &"/etc/braid/registry-ca.pem")]
    pub ca: Option<PathBuf>,
    /// How long one request may take.
    pub timeout: Period,
    /// Under which subject the schema of what braid writes is registered, as serializers call their strategies. Reading
    /// needs no subject: an id names the schema.
    pub subject: SubjectStrategy,
    /// What becomes of a record whose id the registry answers that it does not have. A registry that does not answer, or
    /// denies it, is always waited for.
    pub unknown_id: UnknownId,
}

impl Default for SchemaRegistry {
    fn default() -> Self {
        Self {
            url: String::new(),
            user: None,
            password: None,
            ca: None,
            timeout: Period::seconds(10),
            subject: SubjectStrategy::TopicName,
            unknown_id: UnknownId::Wait,
        }
    }
}

/// How the subject of a schema is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectStrategy {
    /// `<topic>-value`.
    #[default]
    TopicName,
    /// The record's full name, such as `braid.v1.Incident`: one subject for all topics that hold it.
    RecordName,
    /// `<topic>-<full name>`.
    TopicRecordName,
}

/// What is done about an id that a registry does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownId {
    /// Its partition waits until the registry has it: it may be a copy that is behind, or the wrong one. The others go on.
    #[default]
    Wait,
    /// The record becomes a dead letter, which can be replayed. The registry is asked again after a minute.
    DeadLetter,
}
