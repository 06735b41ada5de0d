use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fault::{near_miss, one_of};

/// A word out of a list that another crate keeps: what a configuration may say is what that crate knows.
pub(super) trait Vocabulary: Sized {
    /// What the type is called in messages and in the schema.
    const NAME: &'static str;

    /// Every word that may stand.
    fn words() -> Vec<Cow<'static, str>>;

    /// Reads a word, aliases included.
    fn from_word(word: &str) -> Option<Self>;

    /// The word for it.
    fn word(&self) -> &str;
}

/// A value of a [`Vocabulary`] as it stands in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Word<T>(pub T);

impl<T: Vocabulary> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<'de, T: Vocabulary> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        T::from_word(&word).map(Self).ok_or_else(|| serde::de::Error::custom(unknown::<T>(&word)))
    }
}

fn unknown<T: Vocabulary>(word: &str) -> String {
    let words = T::words();
    let known = || words.iter().map(AsRef::as_ref);
    match near_miss(word, known()) {
        Some(near) => format!("`{word}` is no {}; did you mean `{near}`?", T::NAME),
        None => format!("`{word}` is no {}; it may be {}", T::NAME, one_of(known())),
    }
}

impl<T: Vocabulary> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": T::words() })
    }
}
