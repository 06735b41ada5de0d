//! JSON of the nouns, as every topic, file and HTTP answer of braid has it: compact, fields in the order of their
//! declaration, `snake_case` names, RFC 3339 times, ISO 8601 durations, enumerations as texts. Equal values give equal
//! bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Refusal, RefusalReason};

/// Writes a value as compact JSON.
pub fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("nouns have text keys and serialise without fail")
}

/// Writes a value as JSON for people: indented by two spaces.
pub fn to_json_pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("nouns have text keys and serialise without fail")
}

/// Reads a value that is one JSON object.
///
/// # Errors
/// `empty`, `invalid_utf8`, `unknown_format` if it begins like something else than an object, `truncated`, `malformed`
/// (syntax) or `wrong_type` with the path of the field.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Refusal::new(RefusalReason::InvalidUtf8, format!("byte {} is no UTF-8", error.valid_up_to()))
    })?;
    match text.trim_start().chars().next() {
        None => Err(Refusal::new(RefusalReason::Empty, "nothing but white space")),
        Some('{') => serde_json::from_str(text).map_err(|_| refusal_of::<T>(text)),
        // A list would be read by position, which no producer means.
        Some(other) => Err(Refusal::new(
            RefusalReason::UnknownFormat,
            format!("begins with {other:?}, not with a JSON object"),
        )),
    }
}

/// The longest message of the JSON crate that is passed on: the list of all fields of a directory record fits.
const ERROR_CHARACTERS_MAX: usize = 600;

/// Why a text cannot be read. It is read a second time to learn the path, which is not tracked when all goes well.
#[cold]
fn refusal_of<T: DeserializeOwned>(text: &str) -> Refusal {
    let mut reader = serde_json::Deserializer::from_str(text);
    let tracked = serde_path_to_error::deserialize::<_, T>(&mut reader);
    let (path, error) = match tracked {
        Err(error) => (error.path().to_string(), error.into_inner()),
        // Then it is what stands behind the object.
        Ok(_) => match reader.end() {
            Err(error) => (String::from("."), error),
            Ok(()) => return Refusal::new(RefusalReason::Malformed, "read at the second attempt only"),
        },
    };
    let reason = match error.classify() {
        serde_json::error::Category::Eof => RefusalReason::Truncated,
        serde_json::error::Category::Data => RefusalReason::WrongType,
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => RefusalReason::Malformed,
    };
    let error = shortened(&error.to_string(), ERROR_CHARACTERS_MAX);
    Refusal::new(reason, if path == "." { error.into() } else { format!("{path}: {error}") })
}

/// The beginning of a text, at most so many characters.
pub(crate) fn shortened(text: &str, characters_max: usize) -> Box<str> {
    let end = text.char_indices().nth(characters_max).map_or(text.len(), |(at, _)| at);
    text[..end].into()
}
