use std::fmt;
use std::ops::{Add, Sub};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in microseconds. Signed: a gap may point backwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From microseconds.
    pub const fn micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// From whole minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes * 60)
    }

    /// From whole hours.
    pub const fn hours(hours: i64) -> Self {
        Self::minutes(hours * 60)
    }

    /// From days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self::hours(days * 24)
    }

    /// In microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In seconds, for metrics and for people.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl From<std::time::Duration> for Span {
    fn from(duration: std::time::Duration) -> Self {
        Self(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
    }
}

/// `1d 2h`, `35m`, `4s`: the two largest units, for sentences that people read.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.0 / 1_000_000).unsigned_abs();
        let sign = if self.0 <= -1_000_000 { "-" } else { "" };
        let (d, h, m, s) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        match (d, h, m) {
            (0, 0, 0) => write!(f, "{sign}{s}s"),
            (0, 0, _) if s == 0 => write!(f, "{sign}{m}m"),
            (0, 0, _) => write!(f, "{sign}{m}m {s}s"),
            (0, _, 0) => write!(f, "{sign}{h}h"),
            (0, _, _) => write!(f, "{sign}{h}h {m}m"),
            (_, 0, _) => write!(f, "{sign}{d}d"),
            (_, _, _) => write!(f, "{sign}{d}d {h}h"),
        }
    }
}

/// An ISO 8601 duration (`PT1H20M`) where people read, a number (microseconds) where machines do: like an instant, it
/// says its unit itself.
impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&SignedDuration::from_micros(self.0))
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Length;
        impl de::Visitor<'_> for Length {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 8601 duration, such as PT1H20M, or microseconds")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse::<SignedDuration>()
                    .ok()
                    .and_then(|duration| i64::try_from(duration.as_micros()).ok())
                    .map(Span)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
            fn visit_i64<E: de::Error>(self, micros: i64) -> Result<Span, E> {
                Ok(Span(micros))
            }
            fn visit_u64<E: de::Error>(self, micros: u64) -> Result<Span, E> {
                i64::try_from(micros)
                    .map(Span)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(micros), &self))
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Length)
        } else {
            deserializer.deserialize_i64(Length)
        }
    }
}

macro_rules! instant {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Before every other instant: what a clock shows that nothing has moved yet.
            pub const MIN: Self = Self(i64::MIN);

            /// From microseconds since 1970-01-01T00:00:00Z.
            pub const fn from_micros(micros: i64) -> Self {
                Self(micros)
            }

            /// From milliseconds since 1970-01-01T00:00:00Z, as Kafka gives them.
            pub const fn from_millis(millis: i64) -> Self {
                Self(millis.saturating_mul(1_000))
            }

            /// Microseconds since 1970-01-01T00:00:00Z.
            pub const fn as_micros(self) -> i64 {
                self.0
            }

            /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
            pub const fn as_millis(self) -> i64 {
                self.0.div_euclid(1_000)
            }

            /// Time since `earlier`; negative if `earlier` is the later one. Saturates at the ends of the range.
            pub const fn since(self, earlier: Self) -> Span {
                Span(self.0.saturating_sub(earlier.0))
            }
        }

        impl Add<Span> for $name {
            type Output = Self;
            fn add(self, span: Span) -> Self {
                Self(self.0.saturating_add(span.0))
            }
        }

        impl Sub<Span> for $name {
            type Output = Self;
            fn sub(self, span: Span) -> Self {
                Self(self.0.saturating_sub(span.0))
            }
        }

        /// RFC 3339 in UTC, as many decimals as there are; the bare number outside the years -9999 to 9999.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match Timestamp::from_microsecond(self.0) {
                    Ok(timestamp) => write!(f, "{timestamp}"),
                    Err(_) => write!(f, "{}", self.0),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        /// Text (RFC 3339) where people read, a number (microseconds) where machines do.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Instant;
                impl de::Visitor<'_> for Instant {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an RFC 3339 time with offset, such as 2026-02-03T10:00:00Z, or microseconds since 1970")
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse::<Timestamp>()
                            .map(|t| $name(t.as_microsecond()))
                            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                    fn visit_i64<E: de::Error>(self, micros: i64) -> Result<$name, E> {
                        Ok($name(micros))
                    }
                    fn visit_u64<E: de::Error>(self, micros: u64) -> Result<$name, E> {
                        i64::try_from(micros)
                            .map($name)
                            .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(micros), &self))
                    }
                }
                if deserializer.is_human_readable() {
                    deserializer.deserialize_any(Instant)
                } else {
                    deserializer.deserialize_i64(Instant)
                }
            }
        }
    };
}

instant! {
    /// When something happened, by the product that saw it. Decides nearness and the order of the story; it may be
    /// days older than the arrival, and minutes ahead of it. Microseconds since 1970 in UTC.
    EventTime
}

instant! {
    /// Kafka's timestamp of the source record, capped at the clock of the normalise stage that read it. Moves the
    /// tenant's clock, and with it every time-out. Microseconds since 1970 in UTC.
    SourceTime
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_as_its_two_largest_units() {
        let read = |s: i64| Span::seconds(s).to_string();
        assert_eq!(
            [read(4), read(60), read(75), read(3_600), read(93_784)],
            ["4s", "1m", "1m 15s", "1h", "1d 2h"]
        );
        assert_eq!(read(-90), "-1m 30s");
    }

    #[test]
    fn an_instant_reads_as_rfc_3339_and_never_panics() {
        assert_eq!(EventTime::from_millis(1_519_222_742_604).to_string(), "2018-02-21T14:19:02.604Z");
        assert_eq!(EventTime::MIN.to_string(), i64::MIN.to_string());
        assert_eq!(EventTime::MIN.since(EventTime::from_micros(i64::MAX)), Span::micros(i64::MIN));
    }
}
