//! Parameters of query strings. An empty one is as good as none; one that no route knows is a mistake, and said to be one.

use axum::extract::Query;
use axum::http::Uri;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// Longer texts are no search.
const TEXT_CHARACTERS_MAX: usize = 256;

/// Reads a query string.
pub(super) fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    // The path plays no part; a URI needs one.
    let uri = Uri::try_from(format!("/?{query}"))
        .map_err(|error| Problem::bad_request(format!("the query string: {error}")))?;
    let read = Query::try_from_uri(&uri);
    read.map(|Query(asked)| asked).map_err(|rejection| Problem::bad_request(rejection.body_text()))
}

/// A text, unless it is empty.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// How many entries a page may have.
pub(super) fn limit(limit: Option<usize>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::bad_request(format!("limit is a number from 1 to {LIMIT_MAX}")))
}

/// A text to search for, in lower case.
pub(super) fn searched(text: Option<String>) -> Result<Option<String>, Problem> {
    let text = given(text).map(|text| text.to_lowercase());
    if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARACTERS_MAX) {
        return Err(Problem::bad_request(format!("text has at most {TEXT_CHARACTERS_MAX} characters")));
    }
    Ok(text)
}

/// Reads `a,b`; a word that is not known could match nothing, so it is a mistake.
pub(super) fn list<T: Clone>(
    text: Option<String>,
    name: &str,
    known: &[T],
    as_str: fn(&T) -> &str,
) -> Result<Option<Vec<T>>, Problem> {
    let read = |word: &str| {
        let found = known.iter().find(|value| as_str(value).eq_ignore_ascii_case(word.trim()));
        found.cloned().ok_or_else(|| {
            let known: Vec<_> = known.iter().map(as_str).collect();
            Problem::bad_request(format!("{name} is one or several, with commas, of: {}", known.join(", ")))
        })
    };
    text.map(|text| text.split(',').map(read).collect()).transpose()
}
