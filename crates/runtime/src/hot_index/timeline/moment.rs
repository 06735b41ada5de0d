use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use braid_alert::EventTime;

/// In which order a timeline is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As it happened.
    #[default]
    OldestFirst,
    /// The newest first.
    NewestFirst,
}

impl Order {
    /// Whether one comes behind another.
    pub(super) fn is_behind<T: Ord>(self, one: &T, other: &T) -> bool {
        match self {
            Self::OldestFirst => one > other,
            Self::NewestFirst => one < other,
        }
    }

    /// Which comes last.
    pub(super) fn last<T>(self, of: &BTreeMap<Moment, T>) -> Option<&Moment> {
        match self {
            Self::OldestFirst => of.last_key_value(),
            Self::NewestFirst => of.first_key_value(),
        }
        .map(|(moment, _)| moment)
    }

    /// Takes out what comes last.
    pub(super) fn drop_last<T>(self, of: &mut BTreeMap<Moment, T>) {
        match self {
            Self::OldestFirst => of.pop_last(),
            Self::NewestFirst => of.pop_first(),
        };
    }

    /// In this order.
    pub(super) fn arrange<T>(self, of: BTreeMap<Moment, T>) -> Vec<T> {
        match self {
            Self::OldestFirst => of.into_values().collect(),
            Self::NewestFirst => of.into_values().rev().collect(),
        }
    }
}

/// A place in a timeline: a time, and among what happened at that time a name. Also the cursor of its pages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    at: EventTime,
    name: String,
}

/// A cursor that no timeline has given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this timeline: take `next` of the page before, as it is")]
pub struct NotAMoment;

impl Moment {
    pub(super) const fn new(at: EventTime, name: String) -> Self {
        Self { at, name }
    }

    pub(super) const fn at(&self) -> EventTime {
        self.at
    }
}

/// `<microseconds>.<name in hex>`: products' ids may hold anything, and a cursor travels in a URL.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.at.as_micros())?;
        self.name.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let (micros, hex) = text.split_once('.').ok_or(NotAMoment)?;
        let at = EventTime::from_micros(micros.parse().map_err(|_| NotAMoment)?);
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
        let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(NotAMoment)?;
        Ok(Self::new(at, name))
    }
}
