use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A value of the documentation: a default or an example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::config) enum Plain {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Plain>),
    Table(BTreeMap<String, Plain>),
    Nothing,
}

impl From<&str> for Plain {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Plain {
    /// A table of these keys.
    pub(in crate::config) fn table<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// In one line of TOML.
    pub(super) fn toml(&self) -> String {
        self.written(" = ", " ")
    }

    /// In one line of YAML.
    pub(super) fn yaml(&self) -> String {
        self.written(": ", " ")
    }

    fn written(&self, is: &str, pad: &str) -> String {
        match self {
            Self::Nothing => "null".to_owned(),
            Self::Bool(truth) => truth.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Text(text) => format!("{text:?}"),
            Self::List(values) => {
                let values: Vec<String> = values.iter().map(|value| value.written(is, pad)).collect();
                format!("[{}]", values.join(", "))
            }
            Self::Table(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Table(entries) => {
                let entry = |(key, value): (&String, &Self)| {
                    format!("{}{is}{}", written_key(key), value.written(is, pad))
                };
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{pad}{}{pad}}}", entries.join(", "))
            }
        }
    }
}

/// Quoted only if it must be.
fn written_key(key: &str) -> String {
    let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if bare { key.to_owned() } else { format!("{key:?}") }
}
