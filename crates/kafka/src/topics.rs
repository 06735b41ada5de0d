use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use braid_log::Failure;
use futures_executor::block_on;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::client_log::{Asking, ClientLog, cause};
use crate::consumers::uncommitted;
use crate::topic_spec::differences;
use crate::{Connection, Difference, TopicDifference, TopicSpec, TopicState, failure, offsets};

/// How long the controller may take; creating a topic on a busy cluster takes seconds.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What [`Topics::ensure`] has done, and what it could not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ensured {
    /// The topics that it created.
    pub created: Vec<String>,
    /// Everything that is still not as needed; empty is good.
    pub differences: Vec<TopicDifference>,
}

/// The topics of a cluster: look, create, compare. Nothing is ever deleted or altered.
///
/// An in-process broker has no such interface; see [`crate::EmbeddedBroker`].
pub struct Topics {
    admin: AdminClient<Asking>,
    /// Asks for what is there: unlike the admin client it can say why it got no answer.
    asking: BaseConsumer<Asking>,
    brokers: String,
}

impl Topics {
    /// Connects.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if the client cannot be made.
    pub fn connect(connection: &Connection) -> Result<Self, Failure> {
        let config = connection.client(&[("client.id", "braid-topics")], &[]);
        let admin = config
            .create_with_context(Asking(ClientLog::new("braid-topics")))
            .map_err(|e| failure::reading("making the admin client", &e))?;
        Ok(Self {
            admin,
            asking: uncommitted(connection, "braid-topics")?,
            brokers: connection.brokers().to_owned(),
        })
    }

    /// The topics of these names that are there.
    ///
    /// # Errors
    /// As [`braid_log::Log::poll`].
    pub fn describe(&self, names: &[&str]) -> Result<Vec<TopicState>, Failure> {
        let mut found = self.counted(names)?;
        if found.is_empty() {
            return Ok(found); // an empty question is an error to the broker
        }
        let asked: Vec<_> = found.iter().map(|topic| ResourceSpecifier::Topic(&topic.name)).collect();
        let told = block_on(self.admin.describe_configs(&asked, &options()))
            .map_err(|e| self.failed("describing topics", &e))?;
        for (topic, told) in found.iter_mut().zip(told) {
            let told = told.map_err(|code| {
                self.failed(&format!("describing topic {}", topic.name), &KafkaError::AdminOp(code))
            })?;
            topic.settings = settings(told);
        }
        Ok(found)
    }

    /// How many partitions the topics of these names have; those that are missing, or may not be described, are not in
    /// it. Needs no right to see their settings.
    ///
    /// # Errors
    /// As [`braid_log::Log::poll`].
    pub fn partition_counts(&self, names: &[&str]) -> Result<BTreeMap<String, u32>, Failure> {
        Ok(self.counted(names)?.into_iter().map(|topic| (topic.name, topic.partitions)).collect())
    }

    /// Names, partitions and replicas. All topics are asked for: asked for by name, one that is missing might be made
    /// up by the broker.
    fn counted(&self, names: &[&str]) -> Result<Vec<TopicState>, Failure> {
        let metadata = self
            .asking
            .fetch_metadata(None, offsets::ANSWER_MAX)
            .map_err(|e| self.failed("listing topics", &e))?;
        let wanted: BTreeSet<&str> = names.iter().copied().collect();
        let there = metadata.topics().iter().filter(|t| wanted.contains(t.name()) && t.error().is_none());
        Ok(there
            .map(|topic| TopicState {
                name: topic.name().to_owned(),
                partitions: u32::try_from(topic.partitions().len()).unwrap_or(u32::MAX),
                replication: topic.partitions().first().map_or(0, |p| p.replicas().len() as u16),
                settings: BTreeMap::new(),
            })
            .collect())
    }

    /// Compares, changes nothing.
    ///
    /// # Errors
    /// As [`braid_log::Log::poll`].
    pub fn differences(&self, specs: &[TopicSpec]) -> Result<Vec<TopicDifference>, Failure> {
        let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        let states = self.describe(&names)?;
        let of_spec = |spec: &TopicSpec| match states.iter().find(|state| state.name == spec.name) {
            Some(state) => differences(spec, state),
            None => vec![Difference::Missing],
        };
        Ok(specs
            .iter()
            .flat_map(|spec| {
                of_spec(spec)
                    .into_iter()
                    .map(|difference| TopicDifference { topic: spec.name.clone(), difference })
            })
            .collect())
    }

    /// Creates the topics that are missing and compares those that were there.
    ///
    /// # Errors
    /// As [`braid_log::Log::poll`]. A topic that cannot be created is no error but a difference.
    pub fn ensure(&self, specs: &[TopicSpec]) -> Result<Ensured, Failure> {
        let (missing, mut differences): (Vec<_>, Vec<_>) =
            self.differences(specs)?.into_iter().partition(|d| d.difference == Difference::Missing);
        let missing: Vec<&TopicSpec> =
            specs.iter().filter(|spec| missing.iter().any(|d| d.topic == spec.name)).collect();
        let (created, refused) = self.create(&missing)?;
        differences.extend(refused);
        self.wait_for(&created)?;
        Ok(Ensured { created, differences })
    }

    /// A topic is created before every broker has heard of it; the next thing that a caller does is to use it.
    fn wait_for(&self, names: &[String]) -> Result<(), Failure> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let until = Instant::now() + ANSWER_MAX;
        while self.counted(&names)?.len() < names.len() {
            if Instant::now() >= until {
                return Err(Failure::Retry(format!(
                    "of {names:?} not all have appeared on {}",
                    self.brokers
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn create(&self, specs: &[&TopicSpec]) -> Result<(Vec<String>, Vec<TopicDifference>), Failure> {
        if specs.is_empty() {
            return Ok(Default::default());
        }
        let new: Vec<NewTopic<'_>> = specs.iter().map(|spec| new_topic(spec)).collect();
        let told = block_on(self.admin.create_topics(&new, &options()))
            .map_err(|e| self.failed("creating topics", &e))?;
        let (mut created, mut refused) = (Vec::new(), Vec::new());
        for result in told {
            match result {
                // Another instance was faster; its topic is compared at the next start.
                Ok(topic) | Err((topic, Code::TopicAlreadyExists)) => created.push(topic),
                Err((topic, code)) => {
                    let difference = Difference::NotCreated(code.to_string());
                    refused.push(TopicDifference { topic, difference });
                }
            }
        }
        Ok((created, refused))
    }

    fn failed(&self, doing: &str, error: &KafkaError) -> Failure {
        let because = cause(&self.asking);
        failure::reading(&format!("{doing} on {}{because}", self.brokers), error)
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ANSWER_MAX)).operation_timeout(Some(ANSWER_MAX))
}

fn new_topic(spec: &TopicSpec) -> NewTopic<'_> {
    let partitions = i32::try_from(spec.partitions).unwrap_or(i32::MAX);
    // -1 is how Kafka writes "the cluster's default" (KIP-464).
    let replication = TopicReplication::Fixed(spec.replication.map_or(-1, i32::from));
    let new = NewTopic::new(&spec.name, partitions, replication);
    spec.settings.iter().fold(new, |new, (name, value)| new.set(name, value))
}

fn settings(resource: ConfigResource) -> BTreeMap<String, String> {
    resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect()
}
