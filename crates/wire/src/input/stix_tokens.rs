//! The words and signs of a pattern of STIX.

use super::shorten;
use super::stix_pattern::VALUES_MAX;
use crate::{Refusal, RefusalReason};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    BeginObservation,
    EndObservation,
    Comma,
    Operator(&'a str),
    Text(String),
    /// A path, a key word, a number.
    Word(&'a str),
}

impl Token<'_> {
    pub(super) fn told(&self) -> String {
        match self {
            Self::Open => "(".into(),
            Self::Close => ")".into(),
            Self::BeginObservation => "[".into(),
            Self::EndObservation => "]".into(),
            Self::Comma => ",".into(),
            Self::Operator(sign) => (*sign).into(),
            Self::Text(text) => format!("'{}'", shorten(text)),
            Self::Word(word) => shorten(word).into(),
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word))
    }
}

pub(super) fn malformed(detail: String) -> Refusal {
    Refusal::new(RefusalReason::Malformed, format!("pattern: {detail}"))
}

pub(super) fn unanswerable(part: &str) -> Refusal {
    let detail = format!("pattern: {part}: an alert cannot answer that");
    Refusal::new(RefusalReason::UnknownValue, detail)
}

/// What stands behind a whole expression: a qualifier that counts or times observations, an order, or a mistake.
pub(super) fn beyond(token: &Token<'_>) -> Refusal {
    let words = ["FOLLOWEDBY", "WITHIN", "REPEATS", "START", "STOP"];
    if words.iter().any(|word| token.is(word)) {
        unanswerable(&token.told())
    } else {
        malformed(format!("{} stands where it cannot", token.told()))
    }
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Refusal> {
    let (mut found, mut rest) = (Vec::new(), skip(text)?);
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::BeginObservation, 1),
            ']' => (Token::EndObservation, 1),
            ',' => (Token::Comma, 1),
            '\'' => quoted(rest)?,
            '=' | '!' | '<' | '>' => {
                let length = if rest[1..].starts_with('=') { 2 } else { 1 };
                (Token::Operator(&rest[..length]), length)
            }
            _ => {
                let length = word_length(rest);
                (Token::Word(&rest[..length]), length)
            }
        };
        if found.len() > 8 * VALUES_MAX {
            return Err(too_many());
        }
        found.push(token);
        rest = skip(&rest[length..])?;
    }
    Ok(found)
}

/// What follows white space and comments, which may stand between any two tokens: `/* … */`, and `//` to the end of its line.
fn skip(text: &str) -> Result<&str, Refusal> {
    let mut rest = text.trim_start();
    while begins_comment(rest) {
        let end = match rest.strip_prefix("/*") {
            Some(inner) => 4 + inner.find("*/").ok_or_else(|| malformed("a comment does not end".into()))?,
            None => rest.find(['\r', '\n']).unwrap_or(rest.len()),
        };
        rest = rest[end..].trim_start();
    }
    Ok(rest)
}

fn begins_comment(rest: &str) -> bool {
    rest.starts_with("/*") || rest.starts_with("//")
}

pub(super) fn too_many() -> Refusal {
    Refusal::new(RefusalReason::TooLarge, format!("pattern: it compares with more than {VALUES_MAX} values"))
}

/// A text in quotes, in which `\` stands before a quote or another `\`.
fn quoted(rest: &str) -> Result<(Token<'static>, usize), Refusal> {
    let (mut text, mut escaped) = (String::new(), false);
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '\'' if !escaped => return Ok((Token::Text(text), at + 1)),
            _ => {
                text.push(c);
                escaped = false;
            }
        }
    }
    Err(malformed("a text does not end".into()))
}

/// A path has quotes and brackets within it: `file:hashes.'SHA-256'`, `x:y[*].z`.
fn word_length(rest: &str) -> usize {
    let (mut in_quotes, mut in_brackets) = (false, false);
    for (at, c) in rest.char_indices() {
        match c {
            '\'' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '[' => in_brackets = true,
            ']' if in_brackets => in_brackets = false,
            '(' | ')' | ']' | ',' | '=' | '!' | '<' | '>' => return at.max(1),
            _ if c.is_whitespace() || begins_comment(&rest[at..]) => return at,
            _ => {}
        }
    }
    rest.len()
}
