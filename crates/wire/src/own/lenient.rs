//! Fields that identity does not need: a wrong type there costs the field, never the alert.

use std::fmt;

use braid_alert::{
    AlertStatus, Classification, Correlate, Determination, EventTime, Phase, Role, Severity, Verdict,
};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a JSON text or number may mean. `None` where it means nothing.
pub(super) trait FromScalar: Sized {
    /// Reads a text that is not blank.
    fn from_text(text: &str) -> Option<Self>;

    /// Reads a whole number.
    fn from_number(_: i64) -> Option<Self> {
        None
    }

    /// Reads a truth value.
    fn from_truth(_: bool) -> Option<Self> {
        None
    }
}

impl FromScalar for Box<str> {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.into())
    }

    fn from_number(number: i64) -> Option<Self> {
        Some(number.to_string().into())
    }
}

impl FromScalar for EventTime {
    fn from_text(text: &str) -> Option<Self> {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self::from_micros(timestamp.as_microsecond()))
    }

    fn from_number(micros: i64) -> Option<Self> {
        Some(Self::from_micros(micros))
    }
}

impl FromScalar for bool {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn from_truth(truth: bool) -> Option<Self> {
        Some(truth)
    }
}

macro_rules! open_enums {
    ($($name:ident)+) => {
        $(impl FromScalar for $name {
            fn from_text(text: &str) -> Option<Self> {
                Some(Self::from_text(text))
            }
        })+
    };
}
open_enums!(AlertStatus Classification Correlate Determination Phase Role Severity Verdict);

/// A field that is there or is not; what cannot be read is not there.
pub(super) struct Lenient<T>(pub(super) Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: FromScalar> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar(std::marker::PhantomData)).map(Self)
    }
}

/// Takes whatever stands there, and what it means if it means something.
struct Scalar<T>(std::marker::PhantomData<T>);

impl<'de, T: FromScalar> Visitor<'de> for Scalar<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        Ok(if text.is_empty() { None } else { T::from_text(text) })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::from_number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).ok().and_then(T::from_number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(T::from_truth(truth))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A list of texts. One text alone is a list of one; what is no text is left out.
#[derive(Default)]
pub(super) struct Texts(pub(super) Vec<Box<str>>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextList).map(Self)
    }
}

struct TextList;

impl<'de> Visitor<'de> for TextList {
    type Value = Vec<Box<str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        Ok(if text.is_empty() { Vec::new() } else { vec![text.into()] })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(Lenient(text)) = elements.next_element()? {
            texts.extend(text);
        }
        Ok(texts)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
}
