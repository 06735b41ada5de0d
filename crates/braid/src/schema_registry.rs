//! A client of Confluent's Schema Registry API, which Apicurio, Redpanda and Karapace speak too: it registers the schema
//! that a topic's records are written with, learns the id that frames them, and gives the schemas that others' records
//! were written with.
//!
//! It is asked for the ids of what is written when a run begins and not again: an id is for good. Schemas of what is read are
//! asked for once ([`SchemaMemory`]). Whether it still answers is asked now and then, for the status alone.

mod memory;

use std::sync::Arc;

use braid_wire::{AvroRecord, SchemaId};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, RequestBuilder};

use crate::config::{self, SecretError, SubjectStrategy};

pub use memory::SchemaMemory;

/// The media type of the API. A plain `application/json` is understood as well, but not by all.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// The most that a schema may weigh as it is answered.
const SCHEMA_BYTES_MAX: u64 = 2 << 20;

/// A registry, and how to talk to it.
pub struct SchemaRegistry {
    agent: Agent,
    url: String,
    authorization: Option<String>,
    subject: SubjectStrategy,
}

/// Why a schema is not registered or not to be had, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The password cannot be had.
    #[error("schema_registry.password: {0}")]
    Password(#[from] SecretError),
    /// The file of the authorities cannot be read, or is no PEM.
    #[error("schema_registry.ca: {0}")]
    Authorities(String),
    /// No answer: wrong address, no network, no trust in its certificate, no time left.
    #[error("{url} does not answer: {error}")]
    Unreachable {
        /// Which was asked.
        url: String,
        /// Why.
        error: Box<ureq::Error>,
    },
    /// It wants to know who asks, or denies it.
    #[error(
        "{url} refuses access ({status}): set schema_registry.user and password, or have the subject granted"
    )]
    Denied {
        /// Which was asked.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// The subject has a schema that this one is not compatible with.
    #[error(
        "{url} finds the schema incompatible with the one that the subject has: {message}. Somebody else writes to this \
         topic, or the subject's compatibility is stricter than braid's own (FULL_TRANSITIVE)"
    )]
    Incompatible {
        /// Which was asked.
        url: String,
        /// What it says.
        message: String,
    },
    /// It has no schema of that name.
    #[error("{url}: the registry does not have it ({message})")]
    NoSuchSchema {
        /// Which was asked.
        url: String,
        /// What it says.
        message: String,
    },
    /// Any other answer.
    #[error("{url} answers {status}: {message}")]
    Refused {
        /// Which was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// It answers, but not as a registry does.
    #[error(
        "{url} answers what no schema registry would ({error}); is a path missing, such as /apis/ccompat/v7?"
    )]
    NoRegistry {
        /// Which was asked.
        url: String,
        /// What was wrong with it.
        error: Box<ureq::Error>,
    },
}

impl RegistryError {
    /// Whether the same may go well later: nobody answered, or the registry was in trouble.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            _ => false,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Registration<'s> {
    schema_type: &'static str,
    schema: &'s str,
}

#[derive(Deserialize)]
struct Registered {
    id: u32,
}

/// A schema as a registry has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegisteredSchema {
    /// Its text.
    schema: String,
    /// Its language; `AVRO` where none is said.
    schema_type: Option<String>,
    /// The schemas that it names, if any.
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    name: String,
}

#[derive(Deserialize)]
struct Refusal {
    /// The HTTP status and two digits more.
    #[serde(default)]
    error_code: u32,
    message: String,
}

/// What the API calls a schema that is not there, apart from a path that is not.
const SCHEMA_NOT_FOUND: u32 = 40403;

impl SchemaRegistry {
    /// A client by the configuration; the password and the authorities are read now, nothing is asked yet.
    ///
    /// # Errors
    /// [`RegistryError::Password`] and [`RegistryError::Authorities`].
    pub fn new(settings: &config::SchemaRegistry) -> Result<Self, RegistryError> {
        let tls = TlsConfig::builder().root_certs(authorities(settings)?).build();
        let agent = Agent::config_builder()
            .timeout_global(Some(settings.timeout.duration()))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .build();
        let authorization = match (&settings.user, &settings.password) {
            (Some(user), Some(password)) => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.reveal()?))))
            }
            _ => None,
        };
        let url = settings.url.trim_end_matches('/').to_owned();
        Ok(Self { agent: agent.into(), url, authorization, subject: settings.subject })
    }

    /// Registers the schema of the records that `topic` holds, under the subject that the configuration's strategy names, and
    /// gives its id. The same schema again gives the same id and changes nothing.
    ///
    /// # Errors
    /// See [`RegistryError`]; [`RegistryError::is_passing`] says whether to try again.
    pub fn register(&self, topic: &str, record: AvroRecord) -> Result<u32, RegistryError> {
        let url = format!("{}/subjects/{}/versions", self.url, subject(self.subject, topic, record));
        let request = self.authorized(self.agent.post(&url).content_type(MEDIA_TYPE));
        let unreachable = |error| RegistryError::Unreachable { url: url.clone(), error: Box::new(error) };
        let schema = record.schema_text();
        let mut response =
            request.send_json(Registration { schema_type: "AVRO", schema }).map_err(unreachable)?;
        if response.status().as_u16() == 200 {
            let registered = response.body_mut().read_json::<Registered>();
            return registered
                .map(|registered| registered.id)
                .map_err(|error| RegistryError::NoRegistry { url: url.clone(), error: Box::new(error) });
        }
        Err(not_ok(url, response))
    }

    /// Gives a schema, whichever subject it is registered under.
    ///
    /// # Errors
    /// See [`RegistryError`].
    fn schema(&self, id: SchemaId) -> Result<RegisteredSchema, RegistryError> {
        let url = match id {
            SchemaId::Number(number) => format!("{}/schemas/ids/{number}", self.url),
            SchemaId::Guid(guid) => format!("{}/schemas/guids/{guid}", self.url),
        };
        let response = self.authorized(self.agent.get(&url)).call();
        let mut response = response
            .map_err(|error| RegistryError::Unreachable { url: url.clone(), error: Box::new(error) })?;
        if response.status().as_u16() != 200 {
            return Err(not_ok(url, response));
        }
        let body = response.body_mut().with_config().limit(SCHEMA_BYTES_MAX);
        body.read_json().map_err(|error| RegistryError::NoRegistry { url, error: Box::new(error) })
    }

    /// Whether it answers, and knows us. Nothing is changed.
    ///
    /// # Errors
    /// [`RegistryError::Unreachable`], [`RegistryError::Denied`] and [`RegistryError::Refused`].
    pub fn probe(&self) -> Result<(), RegistryError> {
        let url = format!("{}/schemas/types", self.url);
        let response = self.authorized(self.agent.get(&url)).call();
        let response = response
            .map_err(|error| RegistryError::Unreachable { url: url.clone(), error: Box::new(error) })?;
        match response.status().as_u16() {
            401 | 500.. => Err(not_ok(url, response)),
            // Old ones lack the route, and strict ones grant single subjects only: they have answered.
            _ => Ok(()),
        }
    }

    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let request = request.header("accept", MEDIA_TYPE);
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }
}

/// What an answer means that is not what was asked for.
fn not_ok(url: String, mut response: Response<Body>) -> RegistryError {
    let status = response.status().as_u16();
    let told = response.body_mut().read_json::<Refusal>();
    let Refusal { error_code, message } =
        told.unwrap_or_else(|_| Refusal { error_code: 0, message: "no reason given".into() });
    match status {
        401 | 403 => RegistryError::Denied { url, status },
        404 if error_code == SCHEMA_NOT_FOUND => RegistryError::NoSuchSchema { url, message },
        409 => RegistryError::Incompatible { url, message },
        _ => RegistryError::Refused { url, status, message },
    }
}

/// The subject of the values of a topic. Topics and names of records have letters, digits, `.`, `_` and `-` only: nothing
/// that a path would have to escape.
fn subject(strategy: SubjectStrategy, topic: &str, record: AvroRecord) -> String {
    match strategy {
        SubjectStrategy::TopicName => format!("{topic}-value"),
        SubjectStrategy::RecordName => record.full_name(),
        SubjectStrategy::TopicRecordName => format!("{topic}-{}", record.full_name()),
    }
}

/// Who may vouch for the registry: those of the file that is configured, else the public ones.
fn authorities(settings: &config::SchemaRegistry) -> Result<RootCerts, RegistryError> {
    let Some(file) = &settings.ca else { return Ok(RootCerts::WebPki) };
    let wrong = |why: String| RegistryError::Authorities(format!("{}: {why}", file.display()));
    let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

#[cfg(test)]
mod tests;
