use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use braid_log::{Header, Record};
use rdkafka::Message;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers};

/// The name that a header gets whose own cannot be read.
pub(crate) const UNREADABLE_NAME: &str = "braid.unreadable-header";

/// Copies a message out of librdkafka's buffer, which it would pin as a whole.
pub(crate) fn record(topic: Arc<str>, message: &BorrowedMessage<'_>) -> Record {
    Record {
        topic,
        partition: message.partition(),
        offset: message.offset(),
        timestamp_millis: message.timestamp().to_millis().unwrap_or(-1),
        key: message.key().map(Box::from),
        value: message.payload().map(Box::from),
        headers: message.headers().map_or_else(Vec::new, headers),
    }
}

fn headers(from: &BorrowedHeaders) -> Vec<Header> {
    (0..from.count()).map(|index| header(from, index)).collect()
}

/// One header. The client panics on a name that is not UTF-8, which any producer can write and no broker refuses; that
/// must cost the name, not the process.
fn header(from: &BorrowedHeaders, index: usize) -> Header {
    let read = || {
        let header = from.get(index);
        (Box::from(header.key), header.value.map(Box::from))
    };
    // Nothing is left half done: the closure only reads.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        tracing::warn!(index, "a header's name is not UTF-8: header dropped, its place kept");
        (UNREADABLE_NAME.into(), None)
    })
}
