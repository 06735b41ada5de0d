use std::sync::Mutex;
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel as Level;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Where librdkafka's log lines and errors go: to `tracing`, and the last error to whoever has to explain a time-out.
///
/// librdkafka retries by itself and reports the cause ("connection refused", "authentication failed") only here, so a
/// call that times out says nothing useful without it.
#[derive(Debug, Default)]
pub(crate) struct ClientLog {
    client: String,
    /// Whether somebody else tells what it hears, so that its lines are for those who look closely.
    quiet: bool,
    last_error: Mutex<Option<(Option<RDKafkaErrorCode>, String)>>,
}

impl ClientLog {
    pub(crate) fn new(client: &str) -> Self {
        Self { client: client.to_owned(), ..Self::default() }
    }

    /// The log of a client that asks the same again and again, and whose owner tells what changes.
    pub(crate) fn quiet(client: &str) -> Self {
        Self { quiet: true, ..Self::new(client) }
    }

    /// The last error that was reported, as the end of a sentence: empty if there was none.
    pub(crate) fn because(&self) -> String {
        let last = self.last_error.lock().expect("nothing panics while holding it");
        last.as_ref().map_or_else(String::new, |(_, reason)| format!(" (last heard: {reason})"))
    }

    /// The last error that was reported, by its code and in librdkafka's words.
    pub(crate) fn last(&self) -> Option<(Option<RDKafkaErrorCode>, String)> {
        self.last_error.lock().expect("nothing panics while holding it").clone()
    }

    pub(crate) fn write(&self, level: Level, facility: &str, message: &str) {
        let client = self.client.as_str();
        // What is passed through goes to consumers and producers alike; that one of them has no use for it is no news.
        if facility == "CONFWARN" || self.quiet {
            return tracing::debug!(target: "librdkafka", client, facility, "{message}");
        }
        match level {
            Level::Emerg | Level::Alert | Level::Critical | Level::Error => {
                tracing::error!(target: "librdkafka", client, facility, "{message}");
            }
            Level::Warning => tracing::warn!(target: "librdkafka", client, facility, "{message}"),
            Level::Notice | Level::Info => {
                tracing::info!(target: "librdkafka", client, facility, "{message}")
            }
            Level::Debug => tracing::debug!(target: "librdkafka", client, facility, "{message}"),
        }
    }

    pub(crate) fn error(&self, error: &KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return; // the end of a partition is reported as an error, and is none
        }
        // "All brokers are down" follows the cause with every broker that is, and says no more.
        if self.quiet || error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            tracing::debug!(target: "librdkafka", client = self.client, "{error}: {reason}");
        } else {
            tracing::warn!(target: "librdkafka", client = self.client, "{error}: {reason}");
        }
        let mut last = self.last_error.lock().expect("nothing panics while holding it");
        // "All brokers are down" follows the cause, and is none.
        if last.is_none() || error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            *last = Some((error.rdkafka_error_code(), reason.to_owned()));
        }
    }
}

/// Why a consumer's call may have failed: it hears of it only when it is polled, and sometimes a moment after.
pub(crate) fn cause<C: Explains>(consumer: &BaseConsumer<C>) -> String {
    // Bounded: an endless stream of errors tells no more than the first few.
    for _ in 0..20 {
        if consumer.poll(Duration::from_millis(50)).is_none() {
            break;
        }
    }
    consumer.context().client_log().because()
}

/// A context that keeps a log.
pub(crate) trait Explains: ConsumerContext {
    fn client_log(&self) -> &ClientLog;
}

impl Explains for Asking {
    fn client_log(&self) -> &ClientLog {
        &self.0
    }
}

/// The context of a client that only asks: no group, no deliveries.
#[derive(Debug, Default)]
pub(crate) struct Asking(pub(crate) ClientLog);

impl rdkafka::ClientContext for Asking {
    fn log(&self, level: Level, facility: &str, message: &str) {
        self.0.write(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(&error, reason);
    }
}

impl ConsumerContext for Asking {}
