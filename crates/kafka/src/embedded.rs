use braid_log::Failure;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

/// A broker inside this process, for the demo: librdkafka's mock cluster.
///
/// It proves nothing about exactly once: it keeps 5 MiB a partition, shows aborted records, forgets offsets that are
/// committed in transactions and fences nobody. It lives on the thread that made it, as long as the value does.
pub struct EmbeddedBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl EmbeddedBroker {
    /// Starts it.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if it cannot listen on loopback.
    pub fn start() -> Result<Self, Failure> {
        let cluster =
            MockCluster::new(1).map_err(|e| Failure::Fatal(format!("starting a broker in process: {e}")))?;
        Ok(Self { cluster })
    }

    /// Where it listens, as `host:port`.
    pub fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// Settings with which clients do not wait for it: it holds an empty fetch for the whole of the client's patience.
    pub fn settings(&self) -> std::collections::BTreeMap<String, String> {
        let quick =
            [("fetch.wait.max.ms", "10"), ("heartbeat.interval.ms", "100"), ("session.timeout.ms", "6000")];
        quick.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Creates a topic; it has no admin interface that would.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if it is there already, or the number does not fit.
    pub fn create_topic(&self, name: &str, partitions: u32) -> Result<(), Failure> {
        let failed = |why: String| Failure::Fatal(format!("creating topic {name} in process: {why}"));
        let partitions = i32::try_from(partitions).map_err(|e| failed(e.to_string()))?;
        self.cluster.create_topic(name, partitions, 1).map_err(|e| failed(e.to_string()))
    }
}
