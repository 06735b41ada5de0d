use std::ops::ControlFlow;
use std::time::Duration;

use braid_log::{Failure, Outgoing, Record, TopicPartition};

use crate::tail::Tail;
use crate::{Connection, WorkerSettings, offsets};

/// How long to wait for an open transaction before the caller looks after its other partitions again.
const STABLE_MAX: Duration = Duration::from_secs(1);

/// How far before the end the last record is looked for first, in offsets. Every transaction leaves a record and its mark,
/// so that it is among the last few; what compaction has not reached yet need not be read.
const SPAN: i64 = 64;

/// By how much further each further look reaches.
const SPAN_GROWTH: i64 = 16;

/// The header with the time of the record before the offset, in milliseconds since 1970: whether it is still that record
/// tells whether it is still that log.
const LAST_READ: &str = "braid.read.timestamp";

/// Where the partitions of other clusters are to be read next: the last record of each partition of the topics that keep
/// their offsets.
///
/// The value is the offset in decimal digits, so that it can be read, and written, by Kafka's own tools. A record without a
/// value is as good as none. A header says from when the record before is, see [`crate::remote_reader`].
pub(crate) struct OffsetRecords {
    connection: Connection,
    client: String,
    group_id: String,
    /// Made when first needed: most workers read no other cluster.
    tail: Option<Tail>,
}

/// What a partition of such a topic says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The offset to read next; `None` if nothing is recorded.
    pub(crate) next: Option<i64>,
    /// The timestamp of the record before that; `None` if it is not known: a person has written the offset.
    pub(crate) last_millis: Option<i64>,
    /// The end of the partition when this was read.
    pub(crate) end: i64,
}

impl OffsetRecords {
    pub(crate) fn new(connection: &Connection, settings: &WorkerSettings) -> Self {
        Self {
            connection: connection.clone(),
            client: format!("{}-offsets", settings.transactional_id()),
            group_id: settings.group_id.clone(),
            tail: None,
        }
    }

    /// What is recorded, by whoever has owned the partition before.
    ///
    /// The order matters. The group's offset comes first: it is not stable while a transaction of the owner before is open
    /// to which offsets have been added, and once it is, none can be added any more, for that owner's generation has passed.
    /// A record of a transaction that is being committed is in the log by then. So the end that is asked for next is behind
    /// it, and reading begins only when everything up to there is decided.
    pub(crate) fn last(&mut self, partition: &TopicPartition) -> Result<Recorded, Failure> {
        let told = self.read(partition);
        if matches!(told, Err(Failure::Fatal(_))) {
            // A client that has once heard how many partitions a topic has goes by it for minutes; another asks anew.
            self.tail = None;
        }
        told
    }

    fn read(&mut self, partition: &TopicPartition) -> Result<Recorded, Failure> {
        let tail = match &mut self.tail {
            Some(tail) => tail,
            none => none.insert(Tail::open(&self.connection, &self.client, &self.group_id, STABLE_MAX)?),
        };
        offsets::stable_committed(tail.committed(), partition, STABLE_MAX)?;
        let (low, end) = tail.range(partition)?;
        let record = last_record(tail, partition, low, end)?;
        let next = record.as_ref().map(next).transpose()?.flatten();
        Ok(Recorded { next, last_millis: record.as_ref().and_then(last_millis), end })
    }
}

fn last_record(
    tail: &Tail,
    partition: &TopicPartition,
    low: i64,
    end: i64,
) -> Result<Option<Record>, Failure> {
    let mut span = SPAN;
    loop {
        let from = low.max(end - span);
        let mut last = None;
        tail.read_from(partition, from, &mut |record| {
            last = Some(record);
            ControlFlow::Continue(())
        })?;
        if last.is_some() || from <= low {
            return Ok(last);
        }
        span = span.saturating_mul(SPAN_GROWTH);
    }
}

/// What a record says.
fn next(record: &Record) -> Result<Option<i64>, Failure> {
    let Some(value) = &record.value else { return Ok(None) };
    let digits = std::str::from_utf8(value).ok().map(str::trim);
    match digits.and_then(|digits| digits.parse().ok()).filter(|next| *next >= 0) {
        Some(next) => Ok(Some(next)),
        None => Err(Failure::Fatal(format!(
            "{}/{} at {}: {:?} is no offset; write the offset to read next behind it, in decimal digits",
            record.topic,
            record.partition,
            record.offset,
            String::from_utf8_lossy(value)
        ))),
    }
}

/// The timestamp of the record that was read last.
fn last_millis(record: &Record) -> Option<i64> {
    std::str::from_utf8(record.header(LAST_READ)?).ok()?.parse().ok()
}

/// The record that says where `input` is to be read next, in its partition of the topic that keeps its offsets, and from when
/// the record before that is.
pub(crate) fn record(
    kept_in: &TopicPartition,
    input: &TopicPartition,
    next: i64,
    last_millis: Option<i64>,
) -> Outgoing {
    let header = |millis: i64| (LAST_READ.into(), Some(millis.to_string().into_bytes().into()));
    Outgoing {
        topic: kept_in.topic.clone(),
        partition: Some(kept_in.partition),
        key: Some(input.to_string().into_bytes().into()),
        value: Some(next.to_string().into_bytes().into()),
        headers: last_millis.map(header).into_iter().collect(),
        origin: input.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Option<&[u8]>) -> Result<Option<i64>, Failure> {
        next(&Record {
            topic: "braid.offsets.hub.alerts".into(),
            partition: 3,
            offset: 7,
            timestamp_millis: 0,
            key: None,
            value: value.map(Box::from),
            headers: Vec::new(),
        })
    }

    #[test]
    fn what_is_written_is_read_and_so_is_what_a_person_writes() {
        let (kept_in, input) =
            (TopicPartition::new("braid.offsets.hub.alerts", 3), TopicPartition::new("hub:alerts", 3));
        let written = record(&kept_in, &input, 4_711, Some(1_732_000_000_123));
        assert_eq!(read(written.value.as_deref()), Ok(Some(4_711)));
        assert_eq!(written.key.as_deref(), Some(&b"hub:alerts/3"[..]));
        assert_eq!((written.partition, &written.origin), (Some(3), &input));
        assert_eq!(read(Some(b" 42\n")), Ok(Some(42)), "an editor's newline does no harm");
        let headers = |headers| Record {
            topic: "t".into(),
            partition: 0,
            offset: 0,
            timestamp_millis: 0,
            key: None,
            value: None,
            headers,
        };
        assert_eq!(last_millis(&headers(written.headers)), Some(1_732_000_000_123));
        assert_eq!(last_millis(&headers(record(&kept_in, &input, 1, None).headers)), None);
        assert_eq!(read(None), Ok(None));
    }

    #[test]
    fn what_is_no_offset_is_told_with_its_place_and_never_guessed() {
        for value in [&b"next"[..], b"-1", b"", b"\xff", b"99999999999999999999"] {
            let Err(Failure::Fatal(told)) = read(Some(value)) else { panic!("{value:?} was taken") };
            assert!(told.starts_with("braid.offsets.hub.alerts/3 at 7: "), "{told}");
        }
    }
}
