use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value that may be secret: written as it is, or where to find it. It is never printed, not even by `Debug`, and
/// no message about it shows what it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The value itself. Whoever reads the configuration reads it.
    Literal(String),
    /// The content of a file, without the line break at its end: what Kubernetes and Docker mount.
    File(PathBuf),
    /// The value of an environment variable.
    Env(String),
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the file {file} cannot be read: {error}")]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The variable is not set, or is no UTF-8.
    #[error("the environment variable {0} is not set")]
    Env(String),
}

impl Secret {
    /// The value, read now: a file that changes is read anew by the next call.
    ///
    /// # Errors
    /// If the file cannot be read or the variable is not set.
    pub fn reveal(&self) -> Result<String, SecretError> {
        match self {
            Self::Literal(text) => Ok(text.clone()),
            Self::File(file) => std::fs::read_to_string(file)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| SecretError::File { file: file.clone(), error }),
            Self::Env(name) => std::env::var(name).map_err(|_| SecretError::Env(name.clone())),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(_) => f.write_str("(hidden)"),
            Self::File(file) => write!(f, "(file {})", file.display()),
            Self::Env(name) => write!(f, "(env {name})"),
        }
    }
}

/// For the defaults in the documentation; a literal is hidden here too.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
struct Whereabouts {
    file: Option<PathBuf>,
    env: Option<String>,
}

struct SecretVisitor;

impl<'de> de::Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, { file = \"…\" } or { env = \"…\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::Literal(text.to_owned()))
    }

    // librdkafka takes every setting as text; to write `10000` and `true` without quotes is natural all the same.
    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Secret, E> {
        Ok(Secret::Literal(truth.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Secret, E> {
        Ok(Secret::Literal(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Secret, E> {
        Ok(Secret::Literal(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Secret, E> {
        Ok(Secret::Literal(number.to_string()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
        match Whereabouts::deserialize(MapAccessDeserializer::new(map))? {
            Whereabouts { file: Some(file), env: None } => Ok(Secret::File(file)),
            Whereabouts { file: None, env: Some(name) } => Ok(Secret::Env(name)),
            _ => Err(de::Error::custom("this wants one of `file` and `env`")),
        }
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "secret" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::Literal("hunter2".into());
        assert!(!format!("{secret:?}").contains("hunter2"));
    }

    #[test]
    fn a_file_gives_its_content_without_the_last_line_break() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "s3cret\r\n").unwrap();
        assert_eq!(Secret::File(file).reveal().unwrap(), "s3cret");
        let missing = Secret::File(directory.path().join("none")).reveal().unwrap_err();
        assert!(missing.to_string().contains("none cannot be read"));
    }
}
