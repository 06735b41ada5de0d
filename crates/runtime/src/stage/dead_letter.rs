use std::sync::Arc;

use braid_log::{Outgoing, Record};
use braid_wire::dead_letter::{Cause, OVER_BROKER_LIMIT, Original, Reader, dead_letter};

/// Where dead letters go.
#[derive(Debug, Clone)]
pub(super) struct DeadLetters {
    pub(super) topic: Arc<str>,
    pub(super) message_bytes_max: usize,
}

impl DeadLetters {
    /// The dead letter of a record, to be sent in the transaction that moves past it.
    pub(super) fn letter(&self, record: &Record, reader: &Reader<'_>, cause: &Cause) -> Outgoing {
        let original = Original {
            topic: &record.topic,
            partition: record.partition,
            offset: record.offset,
            timestamp_millis: record.timestamp_millis,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &record.headers,
        };
        self.written(record, &original, reader, cause)
    }

    /// The dead letter of a record that was made from `record` and that the brokers would not take.
    pub(super) fn oversize(&self, record: &Record, made: &Outgoing, reader: &Reader<'_>) -> Outgoing {
        let original = Original {
            topic: &record.topic,
            partition: record.partition,
            offset: record.offset,
            timestamp_millis: record.timestamp_millis,
            key: made.key.as_deref(),
            value: made.value.as_deref(),
            headers: &made.headers,
        };
        let detail = format!(
            "a record of {} bytes for the topic {} is over the brokers' limit of {}",
            made.bytes(),
            made.topic,
            self.message_bytes_max
        );
        let cause = Cause { reason: OVER_BROKER_LIMIT, detail: detail.into(), element: 0, about: Vec::new() };
        self.written(record, &original, reader, &cause)
    }

    fn written(
        &self,
        record: &Record,
        original: &Original<'_>,
        reader: &Reader<'_>,
        cause: &Cause,
    ) -> Outgoing {
        let letter = dead_letter(original, reader, cause, self.message_bytes_max);
        Outgoing {
            topic: self.topic.clone(),
            partition: None,
            key: letter.key,
            value: letter.value,
            headers: letter.headers,
            origin: record.topic_partition(),
        }
    }

    /// Whether the brokers take it.
    pub(super) fn fits(&self, outgoing: &Outgoing) -> bool {
        outgoing.bytes() <= self.message_bytes_max
    }
}
