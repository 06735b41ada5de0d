//! Dead letters: a record that could not be taken, as it came, with why and from where in its headers.
//!
//! The same facts stand under three families of names, so that tools that know Kafka Connect's dead letter queues
//! (`__connect.errors.*`) or Kafka Streams' (`__streams.errors.*`, KIP-1034) read braid's as well. All header values
//! are texts. Of Connect's only `task.id` is missing: braid has nothing that would be one.
//!
//! [`Told`] reads them back, and [`replayed`] takes them off again.

mod told;

use braid_alert::{Command, SourceTime};
use braid_engine::{CommandRefused, DirectoryRejected, RejectReason};
use sha2::{Digest, Sha256};

pub use told::{Told, receipt, receipt_of, replayed};

use crate::json::shortened;
use crate::{Refusal, RefusalReason};

/// A header of a record: a name, and bytes or nothing.
pub type Header = (Box<str>, Option<Box<[u8]>>);

/// The record that could not be taken.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    /// The topic that it was read from.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Kafka's timestamp in milliseconds since 1970 in UTC; negative if none.
    pub timestamp_millis: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub value: Option<&'a [u8]>,
    /// The headers, in order.
    pub headers: &'a [Header],
}

/// Who could not take it.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The stage: `normalise` or `correlate`.
    pub stage: &'a str,
    /// The configured source; the topic's own name where braid reads a topic of its own.
    pub source: &'a str,
    /// The format that it was read as, such as `graph-alert`.
    pub format: &'a str,
}

/// Why it could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The reason, as it labels the metric.
    pub reason: &'static str,
    /// Where it is wrong, what was found there, what to do.
    pub detail: Box<str>,
    /// Which element of the record, where it holds several; else 0.
    pub element: i32,
    /// What it is about, as headers of their own.
    pub about: Vec<(&'static str, Box<str>)>,
}

impl From<&Refusal> for Cause {
    fn from(refusal: &Refusal) -> Self {
        let cause = Self::from(refusal.reason);
        Self { detail: refusal.detail.clone(), element: refusal.element, ..cause }
    }
}

impl From<RefusalReason> for Cause {
    fn from(reason: RefusalReason) -> Self {
        Self { reason: reason.as_str(), detail: "".into(), element: 0, about: Vec::new() }
    }
}

impl From<RejectReason> for Cause {
    fn from(reason: RejectReason) -> Self {
        Self { reason: reason.as_str(), detail: "".into(), element: 0, about: Vec::new() }
    }
}

impl From<DirectoryRejected> for Cause {
    fn from(reason: DirectoryRejected) -> Self {
        Self { reason: reason.as_str(), detail: "".into(), element: 0, about: Vec::new() }
    }
}

/// Of a refused command: its id, its action and who wanted it stand in headers, by which whoever sent it finds it.
impl From<(&Command, CommandRefused)> for Cause {
    fn from((command, reason): (&Command, CommandRefused)) -> Self {
        Self {
            reason: reason.as_str(),
            detail: reason.explain().into(),
            element: 0,
            about: vec![
                ("braid.command.id", command.id.clone()),
                ("braid.command.action", command.action.as_str().into()),
                ("braid.command.author", command.author.clone()),
            ],
        }
    }
}

/// A dead letter, to be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The original's key; none if it alone would take a quarter of the limit.
    pub key: Option<Box<[u8]>>,
    /// The original's value, or its first part.
    pub value: Option<Box<[u8]>>,
    /// The original's headers, then braid's.
    pub headers: Vec<Header>,
}

impl DeadLetter {
    /// Bytes of key, value and headers with what the record format adds to each.
    pub fn bytes(&self) -> usize {
        let length = |bytes: &Option<Box<[u8]>>| bytes.as_ref().map_or(0, |bytes| bytes.len());
        RECORD_BYTES
            + length(&self.key)
            + length(&self.value)
            + self.headers.iter().map(header_bytes).sum::<usize>()
    }
}

/// The reason on a dead letter that holds not the record, but what was made of it and was too large to be written.
pub const OVER_BROKER_LIMIT: &str = "over_broker_limit";

/// The least limit that a dead letter can be cut down to: braid's own headers must fit.
pub const DEAD_LETTER_BYTES_MIN: usize = 16 << 10;

/// What a record batch of one record adds to its key, value and headers (61 bytes of batch header, varints), rounded
/// up so that a limit is never met exactly.
const RECORD_BYTES: usize = 128;
/// The longest detail, in characters; it is written three times.
const DETAIL_CHARACTERS_MAX: usize = 1_024;
/// The longest text of any other header, in characters. Kafka's topic names have at most 249.
const TEXT_CHARACTERS_MAX: usize = 256;

/// Makes the dead letter of a record. It never weighs more than `bytes_max`, the broker's limit on a record, or
/// [`DEAD_LETTER_BYTES_MIN`] if that is more.
///
/// What is too large is cut where a reader sees it: of the value the first part stays, a key of over a quarter of the
/// limit and the longest of the original's headers go; the original sizes, SHA-256 and the number of headers that went
/// stand in headers. Headers under braid's own names, which a dead letter that is sent through again carries, are
/// superseded.
pub fn dead_letter(
    original: &Original<'_>,
    reader: &Reader<'_>,
    cause: &Cause,
    bytes_max: usize,
) -> DeadLetter {
    let bytes_max = bytes_max.max(DEAD_LETTER_BYTES_MIN);
    let mut own = Headers::default();
    own.describe(original, reader, cause);
    let key = original.key.filter(|key| fits_or_note(key, bytes_max / 4, "key", &mut own));
    let mut headers = kept_headers(original.headers, bytes_max / 4, &mut own);
    let mut letter = DeadLetter { key: key.map(Box::from), value: None, headers: Vec::new() };
    let own_bytes: usize = own.0.iter().map(header_bytes).sum::<usize>() + CUT_NOTE_BYTES;
    let taken = letter.bytes() + headers.iter().map(header_bytes).sum::<usize>() + own_bytes;
    let room = bytes_max.saturating_sub(taken);
    letter.value = original.value.map(|value| {
        fits_or_note(value, room, "value", &mut own);
        value[..value.len().min(room)].into()
    });
    headers.append(&mut own.0);
    letter.headers = headers;
    letter
}

/// Room for what [`fits_or_note`] notes of a value.
const CUT_NOTE_BYTES: usize = 192;

/// Whether a part of the record fits; if not, its size and digest are noted.
fn fits_or_note(part: &[u8], bytes_max: usize, name: &str, own: &mut Headers) -> bool {
    let fits = part.len() <= bytes_max;
    if !fits {
        own.push(&format!("braid.error.{name}.size"), &part.len().to_string());
        own.push(&format!("braid.error.{name}.sha256"), &format!("{:x}", Sha256::digest(part)));
    }
    fits
}

/// The original's headers, in order, without the longest where they are too large together.
fn kept_headers(original: &[Header], bytes_max: usize, own: &mut Headers) -> Vec<Header> {
    let mut kept: Vec<&Header> = original.iter().filter(|(name, _)| !is_own(name)).collect();
    let mut bytes: usize = kept.iter().map(|header| header_bytes(header)).sum();
    if bytes > bytes_max {
        let count = kept.len();
        // One pass over a list by size: a record may carry any number of headers.
        let mut by_size: Vec<_> =
            kept.iter().enumerate().map(|(at, header)| (header_bytes(header), at)).collect();
        by_size.sort_unstable_by(|a, b| b.cmp(a));
        let over = by_size.iter().take_while(|(size, _)| {
            let over = bytes > bytes_max;
            bytes -= if over { *size } else { 0 };
            over
        });
        let dropped: std::collections::BTreeSet<usize> = over.map(|(_, at)| *at).collect();
        let mut at = 0..count;
        kept.retain(|_| at.next().is_none_or(|at| !dropped.contains(&at)));
        own.push("braid.error.headers.dropped", &dropped.len().to_string());
    }
    kept.into_iter().cloned().collect()
}

/// A header's bytes with its two lengths.
fn header_bytes((name, value): &Header) -> usize {
    10 + name.len() + value.as_ref().map_or(0, |value| value.len())
}

fn is_own(name: &str) -> bool {
    ["braid.error.", "braid.command.", "__connect.errors.", "__streams.errors."]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The headers that braid adds.
#[derive(Default)]
struct Headers(Vec<Header>);

impl Headers {
    fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.into(), Some(value.as_bytes().into())));
    }

    fn describe(&mut self, original: &Original<'_>, reader: &Reader<'_>, cause: &Cause) {
        let detail = shortened(&cause.detail, DETAIL_CHARACTERS_MAX);
        let [topic, source, format, stage] = [original.topic, reader.source, reader.format, reader.stage]
            .map(|text| shortened(text, TEXT_CHARACTERS_MAX));
        let [partition, offset] =
            [i64::from(original.partition), original.offset].map(|number| number.to_string());
        let class = format!("braid.{}", cause.reason);
        let read_by = format!("braid.{stage}.{format}");
        let trace = format!(
            "{class}\n\tat {read_by}({source})\n\tat {topic}-{partition}@{offset}, element {}",
            cause.element
        );
        for (name, value) in [
            ("braid.error.reason", cause.reason),
            ("braid.error.detail", &detail),
            ("braid.error.stage", &stage),
            ("braid.error.source", &source),
            ("braid.error.format", &format),
            ("braid.error.topic", &topic),
            ("braid.error.partition", &partition),
            ("braid.error.offset", &offset),
            ("braid.error.element", &cause.element.to_string()),
            ("__connect.errors.topic", &topic),
            ("__connect.errors.partition", &partition),
            ("__connect.errors.offset", &offset),
            ("__connect.errors.connector.name", &source),
            ("__connect.errors.stage", &stage),
            ("__connect.errors.class.name", &read_by),
            ("__connect.errors.exception.class.name", &class),
            ("__connect.errors.exception.message", &detail),
            ("__connect.errors.exception.stacktrace", &trace),
            ("__streams.errors.topic", &topic),
            ("__streams.errors.partition", &partition),
            ("__streams.errors.offset", &offset),
            ("__streams.errors.exception", &class),
            ("__streams.errors.message", &detail),
            ("__streams.errors.stacktrace", &trace),
        ] {
            self.push(name, value);
        }
        for (name, value) in &cause.about {
            self.push(name, &shortened(value, TEXT_CHARACTERS_MAX));
        }
        if original.timestamp_millis >= 0 {
            let timestamp = SourceTime::from_millis(original.timestamp_millis);
            self.push("braid.error.timestamp", &timestamp.to_string());
        }
    }
}
