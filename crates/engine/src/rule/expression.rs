//! What must hold of an alert.

use super::{Field, Pattern, TextPattern};
use crate::Network;

/// A condition, its selections put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A field is as it should be.
    Match(Match),
    /// All of these hold; nothing to hold, holds.
    All(Vec<Expression>),
    /// At least one of these holds.
    Any(Vec<Expression>),
    /// This does not hold.
    Not(Box<Expression>),
}

/// What is asked of one field. A field may have several values: it is enough that one of them passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The field.
    pub field: Field,
    /// What its values are tried with.
    pub tests: Vec<Test>,
    /// Each of the tests must be passed by some value, rather than one of them (Sigma's `all`).
    pub all: bool,
}

/// What a value is tried with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The text fits.
    Text(TextPattern),
    /// The regular expression is found in it.
    Regex(Pattern),
    /// It is an address of this network.
    Network(Network),
    /// There is a value, or there is none.
    Exists(bool),
}

impl Test {
    /// Whether a value passes. [`Test::Exists`] is not about values: whoever asks knows whether there are any.
    pub(crate) fn passes(&self, value: &str) -> bool {
        match self {
            Self::Text(pattern) => pattern.fits(value),
            Self::Regex(pattern) => pattern.fits(value),
            Self::Network(network) => value.parse().is_ok_and(|address| network.contains(address)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

impl Expression {
    /// Whether it asks, anywhere, for alerts of this provider by its name.
    pub fn names_provider(&self, provider: &str) -> bool {
        match self {
            Self::Match(wanted) => {
                wanted.field == Field::Provider
                    && wanted
                        .tests
                        .iter()
                        .any(|test| matches!(test, Test::Text(t) if t.fits(provider) && !t.fits("")))
            }
            Self::All(inner) | Self::Any(inner) => inner.iter().any(|e| e.names_provider(provider)),
            Self::Not(_) => false,
        }
    }
}
