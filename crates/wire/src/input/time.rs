use braid_alert::{EventTime, SourceTime, Span};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::json::Json;
use super::shorten;
use crate::{Refusal, RefusalReason};

/// 2000-01-01T00:00:00Z. None of the products is older; what lies before is a zero of some epoch: .NET's year 1,
/// Windows' 1601, Unix' 1970.
const OLDEST: EventTime = EventTime::from_millis(946_684_800_000);

/// Reads ISO 8601 with a `T` or a space, any number of decimals up to nine, with or without offset.
pub(super) fn read(text: &str, timezone: Offset) -> Option<EventTime> {
    let text = text.trim();
    let timestamp = match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => timezone.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
    };
    Some(EventTime::from_micros(timestamp.as_microsecond()))
}

/// Whether it is a time after the last one that can be told: what stands for "never".
pub(super) fn is_never(text: &str) -> bool {
    let day = text.trim().get(..10).and_then(|day| day.parse::<Date>().ok());
    day.is_some_and(|day| day.year() == 9999) && read(text, Offset::UTC).is_none()
}

/// A time without which the alert still stands: unreadable and implausible ones are none.
pub(super) fn optional(text: Option<&str>, timezone: Offset) -> Option<EventTime> {
    read(text?, timezone).filter(|time| *time >= OLDEST)
}

/// A time that the alert needs.
///
/// # Errors
/// `missing_time` if there is none, `wrong_type` if it cannot be read.
pub(super) fn required(name: &str, text: Option<&str>, timezone: Offset) -> Result<EventTime, Refusal> {
    let Some(text) = text else {
        return Err(Refusal::new(RefusalReason::MissingTime, format!("{name} is missing or empty")));
    };
    read(text, timezone).ok_or_else(|| {
        let detail = format!("{name} is {:?}, which is no time as ISO 8601 writes it", shorten(text));
        Refusal::new(RefusalReason::WrongType, detail)
    })
}

/// A time that the alert needs, in milliseconds since 1970 or as ISO 8601 writes it.
///
/// # Errors
/// `missing_time` if there is none, `wrong_type` if it cannot be read.
pub(super) fn required_millis(name: &str, value: &Json<'_>, timezone: Offset) -> Result<EventTime, Refusal> {
    match value {
        Json::Number(_) => millis(value).ok_or_else(|| {
            let found = value.text().unwrap_or_default();
            Refusal::new(
                RefusalReason::WrongType,
                format!("{name} is {found}, which are no milliseconds since 1970"),
            )
        }),
        Json::Null => required(name, None, timezone),
        Json::Text(text) if !is_number(text) => {
            required(name, Some(text.trim()).filter(|text| !text.is_empty()), timezone)
        }
        Json::Text(_) => millis(value).ok_or_else(|| {
            Refusal::new(RefusalReason::WrongType, format!("{name} is no number of milliseconds since 1970"))
        }),
        other => Err(Refusal::new(
            RefusalReason::WrongType,
            format!("{name} is {}, which must be a time", other.type_name()),
        )),
    }
}

/// The same for a time without which the alert still stands.
pub(super) fn optional_millis(value: &Json<'_>, timezone: Offset) -> Option<EventTime> {
    required_millis("", value, timezone).ok().filter(|time| *time >= OLDEST)
}

fn is_number(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Up to the year 9999, beyond which nothing can be written as a time.
fn millis(value: &Json<'_>) -> Option<EventTime> {
    const NEWEST_MILLIS: i64 = 253_402_300_799_999;
    let millis = match value {
        Json::Number(number) => number.as_i64()?,
        other => other.text()?.parse().ok()?,
    };
    (-NEWEST_MILLIS..=NEWEST_MILLIS).contains(&millis).then(|| EventTime::from_millis(millis))
}

/// Whether an event can have happened then: not before 2000, and not further ahead of the record than `future_max`.
/// A source time that no clock has moved yet ([`SourceTime::MIN`]) tells nothing about the future.
///
/// # Errors
/// `time_out_of_range`.
pub(super) fn check_plausible(
    name: &str,
    time: EventTime,
    source_time: SourceTime,
    future_max: Span,
) -> Result<(), Refusal> {
    let newest = EventTime::from_micros(source_time.as_micros()) + future_max;
    let why = if time < OLDEST {
        "before the year 2000"
    } else if source_time != SourceTime::MIN && time > newest {
        "too far ahead of the record's own timestamp"
    } else {
        return Ok(());
    };
    Err(Refusal::new(RefusalReason::TimeOutOfRange, format!("{name} is {time}, which is {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> Option<String> {
        read(text, Offset::UTC).map(|time| time.to_string())
    }

    #[test]
    fn the_ways_in_which_products_write_a_time_are_read() {
        assert_eq!(text_of("2018-02-21T14:19:02.6045416Z").as_deref(), Some("2018-02-21T14:19:02.604541Z"));
        assert_eq!(
            text_of("2024-06-20 09:00:03.183652+00:00").as_deref(),
            Some("2024-06-20T09:00:03.183652Z")
        );
        assert_eq!(text_of("2024-06-20 09:00:03+00:00").as_deref(), Some("2024-06-20T09:00:03Z"));
        assert_eq!(text_of("2024-06-20T11:00:03.5+02:00").as_deref(), Some("2024-06-20T09:00:03.5Z"));
        for no_time in ["", "yesterday", "2024-13-01T00:00:00Z", "1718874003"] {
            assert_eq!(text_of(no_time), None, "{no_time:?}");
        }
    }

    #[test]
    fn what_no_clock_will_show_is_never() {
        for never in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "9999-12-31 00:00:00+00:00"] {
            assert!(is_never(never), "{never}");
        }
        for time in ["9999-12-30T00:00:00Z", "2026-01-01T00:00:00Z", "9999", "never", "9999-13-31T00:00:00Z"]
        {
            assert!(!is_never(time), "{time}");
        }
    }

    #[test]
    fn a_time_without_offset_takes_the_source_s() {
        let east = Offset::constant(2);
        let time = read("2024-06-20T11:00:03", east).map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("2024-06-20T09:00:03Z"));
    }

    #[test]
    fn a_time_may_be_milliseconds_or_a_text_of_either_kind() {
        let read = |json: &str| {
            let value = Json::parse(json).expect("it is JSON");
            required_millis("t", &value, Offset::UTC)
                .map(|time| time.to_string())
                .map_err(|refusal| refusal.reason)
        };
        for same in ["1776203526000", "\"1776203526000\"", "\"2026-04-14T21:52:06Z\""] {
            assert_eq!(read(same).as_deref(), Ok("2026-04-14T21:52:06Z"), "{same}");
        }
        for (json, reason) in [
            ("null", RefusalReason::MissingTime),
            ("\" \"", RefusalReason::MissingTime),
            ("true", RefusalReason::WrongType),
            ("9223372036854775807", RefusalReason::WrongType),
            ("1e300", RefusalReason::WrongType),
            ("\"99999999999999999999999\"", RefusalReason::WrongType),
        ] {
            assert_eq!(read(json), Err(reason), "{json}");
        }
    }

    #[test]
    fn an_optional_time_of_year_one_is_none() {
        assert_eq!(optional(Some("0001-01-01T00:00:00Z"), Offset::UTC), None);
        assert!(optional(Some("2024-01-01T00:00:00Z"), Offset::UTC).is_some());
    }

    #[test]
    fn a_time_is_plausible_between_2000_and_the_record_plus_the_allowance() {
        let at = SourceTime::from_millis(1_700_000_000_000);
        let check = |offset: Span| {
            let time = EventTime::from_micros(at.as_micros()) + offset;
            check_plausible("t", time, at, Span::hours(24)).is_ok()
        };
        assert!(check(Span::hours(24)));
        assert!(!check(Span::micros(Span::hours(24).as_micros() + 1)));
        let ancient = read("1601-01-01T00:00:00Z", Offset::UTC).expect("it is a time");
        assert!(check_plausible("t", ancient, at, Span::hours(24)).is_err());
        let far = EventTime::from_millis(4_000_000_000_000);
        assert!(check_plausible("t", far, SourceTime::MIN, Span::hours(24)).is_ok());
    }
}
