//! A line of `braid dump`.
//!
//! ```text
//! {"topic":"braid.alerts","partition":3,"offset":17,"timestamp_millis":1762…,"key":"Y29udG9zbw==","value":"wwE…","headers":[]}
//! ```
//!
//! What is read back is what was written: the same fields in the same order, without white space. Tools that filter
//! lines (`grep`, `head`, `jq -c`) leave it so; what another tool has laid out anew is refused, and not guessed at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use braid_log::Record;
use braid_wire::{Refusal, RefusalReason, json};
use serde::Serialize;

/// The longest line that is read: a record of 10 MB, which is more than clusters are made to take, as base64.
pub(crate) const LINE_BYTES_MAX: usize = 16 << 20;

/// What replay needs of a record that was dumped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DumpedRecord {
    /// The topic.
    pub topic: Box<str>,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

#[derive(Serialize)]
struct Line<'r> {
    topic: &'r str,
    partition: i32,
    offset: i64,
    timestamp_millis: i64,
    key: Option<String>,
    value: Option<String>,
    headers: Vec<HeaderText<'r>>,
}

#[derive(Serialize)]
struct HeaderText<'r> {
    name: &'r str,
    value: Option<String>,
}

/// A record as a line, without its end.
pub(super) fn written(record: &Record) -> Vec<u8> {
    let text = |bytes: &Option<Box<[u8]>>| bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
    json::to_json(&Line {
        topic: &record.topic,
        partition: record.partition,
        offset: record.offset,
        timestamp_millis: record.timestamp_millis,
        key: text(&record.key),
        value: text(&record.value),
        headers: record.headers.iter().map(|(name, value)| HeaderText { name, value: text(value) }).collect(),
    })
}

/// Reads a line.
///
/// # Errors
/// `malformed`, if it is none that [`written`] writes.
pub(crate) fn read(line: &[u8]) -> Result<DumpedRecord, Refusal> {
    let line = line.trim_ascii();
    let fields = fields(line).ok_or_else(|| {
        let begin = String::from_utf8_lossy(&line[..line.len().min(64)]).into_owned();
        Refusal::new(RefusalReason::Malformed, format!("no line of `braid dump`: {begin:?}"))
    })?;
    let no_base64 = |error| Refusal::new(RefusalReason::Malformed, format!("value is no base64: {error}"));
    let value = fields.value.map(|text| STANDARD.decode(text).map_err(no_base64)).transpose()?;
    Ok(DumpedRecord { value, ..fields.record })
}

struct Fields<'l> {
    record: DumpedRecord,
    value: Option<&'l [u8]>,
}

fn fields(line: &[u8]) -> Option<Fields<'_>> {
    let (topic, rest) = text(line.strip_prefix(b"{\"topic\":")?)?;
    let (partition, rest) = number(rest.strip_prefix(b",\"partition\":")?)?;
    let (offset, rest) = number(rest.strip_prefix(b",\"offset\":")?)?;
    let (_, rest) = number::<i64>(rest.strip_prefix(b",\"timestamp_millis\":")?)?;
    let (_, rest) = text_or_null(rest.strip_prefix(b",\"key\":")?)?;
    let (value, rest) = text_or_null(rest.strip_prefix(b",\"value\":")?)?;
    // A line that was cut must not pass for a whole one.
    (rest.starts_with(b",\"headers\":[") && rest.ends_with(b"]}")).then_some(())?;
    let topic = std::str::from_utf8(topic?).ok()?.into();
    Some(Fields { record: DumpedRecord { topic, partition, offset, value: None }, value })
}

/// A text, and what follows it. Topics and base64 have nothing that JSON would escape.
fn text(from: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let from = from.strip_prefix(b"\"")?;
    let end = from.iter().position(|byte| *byte == b'"')?;
    Some((Some(&from[..end]), &from[end + 1..]))
}

fn text_or_null(from: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    from.strip_prefix(b"null").map(|rest| (None, rest)).or_else(|| text(from))
}

fn number<N: std::str::FromStr>(from: &[u8]) -> Option<(N, &[u8])> {
    let end = from.iter().position(|byte| *byte == b',')?;
    let number = std::str::from_utf8(&from[..end]).ok()?.parse().ok()?;
    Some((number, &from[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            topic: "braid.alerts".into(),
            partition: 3,
            offset: 17,
            timestamp_millis: -1,
            key: None,
            value: Some([0xC3, 1, 0xFF].as_slice().into()),
            headers: vec![("a \"name\"".into(), Some(b"v".as_slice().into())), ("none".into(), None)],
        }
    }

    #[test]
    fn a_line_is_the_whole_record_and_reads_back() {
        let line = written(&record());
        assert_eq!(
            String::from_utf8_lossy(&line),
            r#"{"topic":"braid.alerts","partition":3,"offset":17,"timestamp_millis":-1,"key":null,"value":"wwH/","headers":[{"name":"a \"name\"","value":"dg=="},{"name":"none","value":null}]}"#
        );
        let expected = DumpedRecord {
            topic: "braid.alerts".into(),
            partition: 3,
            offset: 17,
            value: Some(vec![0xC3, 1, 0xFF]),
        };
        assert_eq!(read(&line), Ok(expected));
        let tombstone = written(&Record { value: None, ..record() });
        assert_eq!(read(&tombstone).map(|record| record.value), Ok(None));
    }

    #[test]
    fn a_line_that_is_cut_or_changed_is_refused_wherever_that_is() {
        let line = written(&record());
        for end in 0..line.len() {
            assert!(read(&line[..end]).is_err(), "cut at {end}");
        }
        let changed = String::from_utf8(line).unwrap().replace("wwH/", "wwH~");
        assert_eq!(read(changed.as_bytes()).map_err(|refusal| refusal.reason), Err(RefusalReason::Malformed));
    }
}
