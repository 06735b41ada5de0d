use std::sync::Mutex;
use std::time::{Duration, Instant};

use braid_log::{Failure, Header, Outgoing, TopicPartition};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{self, DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{ClientConfig, ClientContext, Message, Offset, TopicPartitionList};

use crate::client_log::ClientLog;
use crate::{Connection, WorkerSettings, failure, offsets};

/// A pause between looks at what is in flight: long enough to leave the core to the broker's answer, short beside it.
const LOOK_PAUSE: Duration = Duration::from_micros(100);

/// How long an abort waits for records to leave and be acknowledged; a few tens of milliseconds where they can.
const LEAVE_MAX: Duration = Duration::from_millis(500);

/// How long an abort may take to void what is queued, a matter of one thread asking another.
const VOID_MAX: Duration = Duration::from_millis(50);

/// How long to wait for the reports of what was voided, and of what was on the way, before looking again.
const VOIDED_MAX: Duration = Duration::from_secs(1);

/// One attempt at settling the past; between two of them the cause is looked at.
const SETTLE_ATTEMPT: Duration = Duration::from_secs(10);

/// The producing half of a worker's log: one transaction at a time, under one stable transactional id.
pub(crate) struct Transactions {
    config: ClientConfig,
    producer: BaseProducer<Deliveries>,
    client: String,
    timeout: Duration,
    settle_timeout: Duration,
    /// Since when a transaction is open.
    open: Option<Instant>,
}

impl Transactions {
    /// Makes the producer, fences every earlier one of the same transactional id and settles what it left open.
    pub(crate) fn connect(connection: &Connection, settings: &WorkerSettings) -> Result<Self, Failure> {
        let config = producer_config(connection, settings);
        let client = settings.transactional_id();
        let producer = make(&config, &client)?;
        let transactions = Self {
            config,
            producer,
            client,
            timeout: settings.transaction_timeout,
            settle_timeout: settings.settle_timeout,
            open: None,
        };
        transactions.settle()?;
        Ok(transactions)
    }

    pub(crate) fn replace(&mut self) -> Result<(), Failure> {
        self.open = None;
        // The old one is dropped here, and what it may still say is void from the next line on: its epoch is fenced.
        self.producer = make(&self.config, &self.client)?;
        self.settle()
    }

    /// An old transaction that is being completed makes `init_transactions` wait, so it is given generous time.
    fn settle(&self) -> Result<(), Failure> {
        let until = Instant::now() + self.settle_timeout;
        loop {
            let attempt = SETTLE_ATTEMPT.min(until.saturating_duration_since(Instant::now()));
            let Err(error) = self.producer.init_transactions(attempt) else { return Ok(()) };
            match self.failure("settling earlier transactions", &error) {
                failure @ (Failure::Fatal(_) | Failure::Fenced(_)) => return Err(failure),
                failure if Instant::now() >= until => {
                    let because = self.producer.context().log.because();
                    return Err(Failure::Fatal(format!(
                        "given up after {:?}: {failure}{because}",
                        self.settle_timeout
                    )));
                }
                failure => tracing::warn!(client = self.client, "{failure}"),
            }
            self.producer.poll(Duration::from_millis(100));
        }
    }

    /// Has the producer hear how many partitions a topic has by now: it goes by what it has heard for minutes, and refuses
    /// a record to a partition that it does not know.
    pub(crate) fn look_up(&self, topic: &str) -> Result<(), Failure> {
        let told = self.producer.client().fetch_metadata(Some(topic), offsets::ANSWER_MAX);
        told.map(drop).map_err(|e| failure::reading(&format!("asking for the partitions of {topic}"), &e))
    }

    /// Takes note of what the producer has to say; unheard, its log lines pile up in a worker that is at rest.
    pub(crate) fn listen(&self) {
        self.producer.poll(Duration::ZERO);
    }

    pub(crate) fn begin(&mut self) -> Result<(), Failure> {
        self.producer.context().forget();
        self.producer.begin_transaction().map_err(|e| self.failure("beginning a transaction", &e))?;
        self.open = Some(Instant::now());
        Ok(())
    }

    pub(crate) fn send(&self, record: &Outgoing) -> Result<(), Failure> {
        let until = Instant::now() + self.timeout;
        let mut prepared = prepare(record);
        loop {
            let (error, returned) = match self.producer.send(prepared) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            if error.rdkafka_error_code() != Some(Code::QueueFull) || Instant::now() >= until {
                return Err(self.refused(record, &error));
            }
            self.producer.poll(Duration::from_millis(1));
            prepared = returned;
        }
    }

    fn refused(&self, record: &Outgoing, error: &KafkaError) -> Failure {
        let doing = format!("sending {} bytes to {}", record.bytes(), record.topic);
        match error.rdkafka_error_code() {
            Some(Code::QueueFull) => Failure::Retry(format!("{doing}: the queue stayed full")),
            // The transaction has failed on an earlier record; the abort says whether the producer is still good.
            Some(Code::State | Code::PurgeQueue | Code::PurgeInflight) => {
                Failure::Abort(format!("{doing}: {error}"))
            }
            _ => self.failure(&doing, error),
        }
    }

    pub(crate) fn send_offsets(
        &self,
        next: &[(TopicPartition, i64)],
        membership: &ConsumerGroupMetadata,
    ) -> Result<(), Failure> {
        let mut offsets = TopicPartitionList::with_capacity(next.len());
        for (partition, offset) in next {
            offsets
                .add_partition_offset(&partition.topic, partition.partition, Offset::Offset(*offset))
                .map_err(|e| Failure::Fatal(format!("offset {offset} of {partition}: {e}")))?;
        }
        self.producer
            .send_offsets_to_transaction(&offsets, membership, self.timeout)
            .map_err(|e| self.failure("adding offsets to the transaction", &e))
    }

    pub(crate) fn commit(&mut self) -> Result<(), Failure> {
        if !self.drain() {
            return Err(Failure::Indefinite("records were still in flight when their time was up".into()));
        }
        let committed = self.producer.commit_transaction(self.timeout);
        let result = committed.map_err(|e| self.failure("committing", &e));
        // What a broker refuses for good it refuses again: aborting and sending again would go on for ever.
        match (result, self.producer.context().refused_for_good()) {
            (Ok(()), _) => {
                self.open = None;
                Ok(())
            }
            (Err(Failure::Abort(_) | Failure::Fatal(_)), Some(refused)) => Err(Failure::Fatal(refused)),
            (Err(failure), _) => Err(failure),
        }
    }

    pub(crate) fn abort(&mut self) -> Result<(), Failure> {
        let until = Instant::now() + self.timeout;
        // Most transactions to be aborted are healthy: let what is queued leave. Voided before its partitions are
        // registered it would leave an end of transaction for the coordinator that it knows no beginning of, which is
        // fatal to the producer. Where the transaction has failed nothing leaves, and is voided below.
        self.drain_for(LEAVE_MAX);
        while self.producer.in_flight_count() > 0 && Instant::now() < until {
            if self.void_queue()? {
                return Ok(());
            }
            self.drain_for(VOIDED_MAX);
        }
        self.producer.abort_transaction(self.timeout).map_err(|e| self.failure("aborting", &e))?;
        self.open = None;
        Ok(())
    }

    /// Makes librdkafka void what is queued, which it does at the beginning of an abort and only then without a gap in
    /// the sequence. The call then waits for the reports of it, which nobody but this thread can fetch: so it is given
    /// little time, and is resumed when they have been. `true` if it got through all the same.
    fn void_queue(&mut self) -> Result<bool, Failure> {
        match self.producer.abort_transaction(VOID_MAX) {
            Ok(()) => {
                self.open = None;
                Ok(true)
            }
            Err(error) if error.rdkafka_error_code().is_some_and(failure::is_timeout) => Ok(false),
            Err(error) => Err(self.failure("aborting", &error)),
        }
    }

    fn drain(&self) -> bool {
        self.drain_for(self.timeout)
    }

    /// Waits until every record is acknowledged or refused; `false` if that takes too long. Without it the client's
    /// own flush polls in slices of 100 ms that never end early, and every commit takes that long.
    fn drain_for(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut before = i32::MAX;
        loop {
            self.producer.poll(Duration::ZERO);
            let in_flight = self.producer.in_flight_count();
            if in_flight == 0 || Instant::now() >= until {
                return in_flight == 0;
            }
            if in_flight == before {
                std::thread::sleep(LOOK_PAUSE);
            }
            before = in_flight;
        }
    }

    /// Aborts what is open, as well as that goes: left open it would hold back every reader until its time-out.
    pub(crate) fn close(&mut self) {
        if self.open.is_some()
            && let Err(failure) = self.abort()
        {
            tracing::warn!(client = self.client, "the open transaction is left to its time-out: {failure}");
        }
    }

    fn failure(&self, doing: &str, error: &KafkaError) -> Failure {
        let open = self.open.map_or(Duration::ZERO, |since| since.elapsed());
        match self.producer.client().fatal_error() {
            Some((code, text)) => failure::of_code(format!("{doing}: {text}"), code, open, self.timeout),
            None => failure::transaction(doing, error, open, self.timeout),
        }
    }
}

fn make(config: &ClientConfig, client: &str) -> Result<BaseProducer<Deliveries>, Failure> {
    config
        .create_with_context(Deliveries::new(client))
        .map_err(|e| failure::reading("making the producer", &e))
}

fn prepare(record: &Outgoing) -> BaseRecord<'_, [u8], [u8]> {
    let mut prepared = BaseRecord::to(&record.topic);
    prepared.key = record.key.as_deref();
    prepared.payload = record.value.as_deref();
    prepared.partition = record.partition;
    prepared.headers = (!record.headers.is_empty()).then(|| headers(&record.headers));
    prepared
}

pub(crate) fn headers(from: &[Header]) -> OwnedHeaders {
    from.iter().fold(OwnedHeaders::new_with_capacity(from.len()), |headers, (name, value)| {
        headers.insert(message::Header { key: name, value: value.as_deref() })
    })
}

/// The context of the producer: remembers what a broker has refused in a way that trying again cannot mend.
#[derive(Debug)]
struct Deliveries {
    log: ClientLog,
    refused: Mutex<Option<String>>,
}

impl Deliveries {
    fn new(client: &str) -> Self {
        Self { log: ClientLog::new(client), refused: Mutex::default() }
    }

    fn forget(&self) {
        *self.refused.lock().expect("nothing panics while holding it") = None;
    }

    fn refused_for_good(&self) -> Option<String> {
        self.refused.lock().expect("nothing panics while holding it").take()
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.write(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.log.error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, message)) = result else { return };
        let Some(code) = error.rdkafka_error_code().filter(|code| failure::lasts(*code)) else { return };
        let bytes = message.payload_len() + message.key_len();
        let text = format!("a record of {bytes} bytes to {} was refused: {code}", message.topic());
        self.refused.lock().expect("nothing panics while holding it").get_or_insert(text);
    }
}

fn producer_config(connection: &Connection, settings: &WorkerSettings) -> ClientConfig {
    let id = settings.transactional_id();
    let timeout_ms = settings.transaction_timeout.as_millis().max(1).to_string();
    let queue_kbytes = (settings.producer_queue_bytes_max / 1024).max(1).to_string();
    connection.client(
        &[
            ("client.id", &id),
            ("compression.type", "lz4"),
            // Nothing is to be waited for: a batch is sent as a whole, then drained. What is sent while the partitions
            // are being registered with the transaction travels together all the same.
            ("linger.ms", "0"),
            // The broker turns a transaction away while it completes the one before, for a few milliseconds; the
            // default of 100 would then be the length of every transaction under load.
            ("retry.backoff.ms", "5"),
        ],
        &[
            ("transactional.id", &id),
            ("enable.idempotence", "true"),
            ("transaction.timeout.ms", &timeout_ms),
            // A record must not outlive its transaction.
            ("message.timeout.ms", &timeout_ms),
            ("partitioner", "murmur2_random"),
            ("queue.buffering.max.kbytes", &queue_kbytes),
            ("queue.buffering.max.messages", "200000"),
        ],
    )
}
