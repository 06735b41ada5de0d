use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use braid_alert::{Span, Weight};
use braid_engine::{Network, NetworkError};
use bytesize::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Gives a type that is written as text its serde and schema forms: by `FromStr` and `Display`.
macro_rules! written_as_text {
    ($name:ident, $format:literal, $expecting:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}

/// A length of time as people write it: `100ms`, `90s`, `8h`, `14d`, `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(Duration);

written_as_text!(Period, "duration", "a duration such as \"100ms\", \"8h\" or \"14d\"");

impl Period {
    /// From milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// From seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// From days of 24 hours.
    pub const fn days(days: u64) -> Self {
        Self::seconds(days * 86_400)
    }

    /// As the standard library has it.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// As the nouns have it.
    pub fn span(self) -> Span {
        self.0.into()
    }
}

impl From<Span> for Period {
    fn from(span: Span) -> Self {
        Self(Duration::from_micros(span.as_micros().unsigned_abs()))
    }
}

impl FromStr for Period {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text).map(Self)
    }
}

/// In the largest unit that leaves no rest.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let units =
            [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms")];
        match units.iter().find(|(unit, _)| micros > 0 && micros.is_multiple_of(*unit)) {
            Some((unit, name)) => write!(f, "{}{name}", micros / unit),
            None if micros == 0 => f.write_str("0s"),
            None => write!(f, "{micros}us"),
        }
    }
}

/// A network of addresses: `10.8.0.0/16`, `fd00:8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange(Network);

written_as_text!(
    AddressRange,
    "cidr",
    "a network of addresses such as \"10.8.0.0/16\", written with its first address"
);

impl AddressRange {
    /// As the engine has it.
    pub const fn network(self) -> Network {
        self.0
    }
}

impl From<Network> for AddressRange {
    fn from(network: Network) -> Self {
        Self(network)
    }
}

impl FromStr for AddressRange {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number of bytes as people write it: `512KiB`, `4GiB`, `1MB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

written_as_text!(Bytes, "bytes", "a size such as \"512KiB\", \"4GiB\" or \"1MB\"");

impl Bytes {
    /// From bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// How many.
    pub const fn count(self) -> u64 {
        self.0
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<ByteSize>().map(|size| Self(size.as_u64()))
    }
}

/// In the largest unit that leaves no rest, binary ones first.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: [(u64, &str); 6] = [
            (1 << 30, "GiB"),
            (1 << 20, "MiB"),
            (1 << 10, "KiB"),
            (1_000_000_000, "GB"),
            (1_000_000, "MB"),
            (1_000, "kB"),
        ];
        match units.iter().find(|(unit, _)| self.0 > 0 && self.0.is_multiple_of(*unit)) {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}B", self.0),
        }
    }
}

/// A weight as a decimal number, to the millionth: `0.25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(Weight);

impl Decimal {
    /// Far above any weight that makes sense, far below where sums of weights could overflow.
    const MAX: f64 = 1_000.0;

    /// As the engine has it: fixed-point, so that sums do not depend on their order.
    pub const fn weight(self) -> Weight {
        self.0
    }

    fn of(number: f64) -> Option<Self> {
        (0.0..=Self::MAX)
            .contains(&number)
            .then(|| Self(Weight::from_millionths((number * 1e6).round() as i64)))
    }
}

impl From<Weight> for Decimal {
    fn from(weight: Weight) -> Self {
        Self(weight)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.millionths() as f64 / 1e6)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

struct DecimalVisitor;

impl de::Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from 0 to 1000, such as 0.25")
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
        Decimal::of(number).ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
        self.visit_f64(number as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        let number = text.trim().parse().ok().and_then(Decimal::of);
        number.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": Self::MAX })
    }
}

/// The offset from UTC of times that name none: `UTC`, `+02:00`, `-05:30`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UtcOffset {
    seconds: i32,
}

written_as_text!(
    UtcOffset,
    "offset",
    "an offset from UTC such as \"UTC\" or \"+02:00\" (not the name of a zone)"
);

impl UtcOffset {
    /// Seconds east of Greenwich.
    pub const fn seconds(self) -> i32 {
        self.seconds
    }
}

impl FromStr for UtcOffset {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Ok(Self::default());
        }
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(()),
        };
        let (hours, minutes) = rest.split_once(':').ok_or(())?;
        let digits = |text: &str| match text.as_bytes() {
            [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i32::from(a - b'0') * 10 + i32::from(b - b'0')),
            _ => None,
        };
        match (digits(hours), digits(minutes)) {
            (Some(hours @ 0..=18), Some(minutes @ 0..=59)) => {
                Ok(Self { seconds: sign * (hours * 3_600 + minutes * 60) })
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds == 0 {
            return f.write_str("UTC");
        }
        let sign = if self.seconds < 0 { '-' } else { '+' };
        let minutes = self.seconds.abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_written_as_it_was_read() {
        for text in ["100ms", "90s", "8h", "14d", "0s", "1500us"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in ["512KiB", "4GiB", "1MB", "1000001B"] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), text);
        }
        for text in ["UTC", "+02:00", "-05:30"] {
            assert_eq!(text.parse::<UtcOffset>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_offset_is_no_zone_and_no_day() {
        for text in ["Europe/Berlin", "+2", "+19:00", "+02:60", "+0２:00", ""] {
            assert!(text.parse::<UtcOffset>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_weight_is_read_to_the_millionth() {
        assert_eq!(Decimal::of(0.7).unwrap().weight(), Weight::from_millionths(700_000));
        assert_eq!(Decimal::of(-0.1), None);
        assert_eq!(Decimal::of(f64::NAN), None);
    }
}
