use std::time::{Duration, Instant};

use braid_log::{Failure, Header};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{ClientContext, Message};
use std::sync::Mutex;

use crate::client_log::ClientLog;
use crate::{Connection, failure, transactions};

/// How long a record may take to be acknowledged.
const DELIVERY_MAX: Duration = Duration::from_secs(30);

/// A producer without transactions: what plays alerts into a source topic in the demo and in tests. Not for what
/// braid makes: that goes through [`crate::KafkaLog`].
pub struct Feed {
    producer: BaseProducer<Fed>,
}

impl Feed {
    /// Connects.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if the client cannot be made.
    pub fn connect(connection: &Connection) -> Result<Self, Failure> {
        let timeout_ms = DELIVERY_MAX.as_millis().to_string();
        let producer = connection
            .client(
                &[("client.id", "braid-feed"), ("linger.ms", "1"), ("compression.type", "lz4")],
                &[
                    ("enable.idempotence", "true"),
                    ("partitioner", "murmur2_random"),
                    ("message.timeout.ms", &timeout_ms),
                ],
            )
            .create_with_context(Fed { log: ClientLog::new("braid-feed"), lost: Mutex::default() })
            .map_err(|e| failure::reading("making the producer", &e))?;
        Ok(Self { producer })
    }

    /// Queues a record for a topic; the partition is chosen by its key unless one is named.
    ///
    /// # Errors
    /// [`Failure::Retry`] if the queue stays full, [`Failure::Fatal`] for a record that no broker will take.
    pub fn send(
        &self,
        topic: &str,
        partition: Option<i32>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header],
    ) -> Result<(), Failure> {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic);
        (record.partition, record.key, record.payload) = (partition, key, value);
        record.headers = (!headers.is_empty()).then(|| transactions::headers(headers));
        let until = Instant::now() + DELIVERY_MAX;
        loop {
            let Err((error, returned)) = self.producer.send(record) else { return Ok(()) };
            if error.rdkafka_error_code() != Some(Code::QueueFull) || Instant::now() >= until {
                return Err(failure::reading(&format!("sending to {topic}"), &error));
            }
            self.producer.poll(Duration::from_millis(1));
            record = returned;
        }
    }

    /// Waits until everything that was sent is acknowledged.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if a record was not, and why.
    pub fn flush(&self) -> Result<(), Failure> {
        let until = Instant::now() + DELIVERY_MAX;
        while self.producer.in_flight_count() > 0 && Instant::now() < until {
            self.producer.poll(Duration::from_millis(1));
        }
        let lost = self.producer.context().lost.lock().expect("nothing panics while holding it").take();
        match (lost, self.producer.in_flight_count()) {
            (Some(lost), _) => Err(Failure::Fatal(lost)),
            (None, 0) => Ok(()),
            (None, left) => {
                Err(Failure::Fatal(format!("{left} records were not acknowledged in {DELIVERY_MAX:?}")))
            }
        }
    }
}

struct Fed {
    log: ClientLog,
    lost: Mutex<Option<String>>,
}

impl ClientContext for Fed {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.write(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.log.error(&error, reason);
    }
}

impl ProducerContext for Fed {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            let text = format!("a record for {} was not taken: {error}", message.topic());
            self.lost.lock().expect("nothing panics while holding it").get_or_insert(text);
        }
    }
}
