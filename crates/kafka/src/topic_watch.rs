use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use braid_log::Failure;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::client_log::{Asking, ClientLog};
use crate::{Connection, failure};

/// How long a broker may take to say what a topic is.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How long it may take to give the end of a partition. A denial comes as soon; librdkafka tells it once, so that the
/// next look at the same topic waits for all of this.
const FETCH_MAX: Duration = Duration::from_millis(1_500);

/// Looks whether topics can be had, beside those who read and write them, and says it in Kafka's words.
///
/// A client of its own asks: a worker hears of a topic that it may not read only that there is one. It fetches the end
/// of a partition and keeps nothing; it commits nothing and joins no group.
pub struct TopicWatch {
    consumer: BaseConsumer<Asking>,
    /// What was denied at the last look, by topic.
    denied: BTreeMap<String, TopicFault>,
    /// How many partitions the topics had at the last look.
    counts: BTreeMap<String, u32>,
}

/// Why a topic cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFault {
    /// What kind of trouble it is.
    pub kind: FaultKind,
    /// What Kafka says.
    pub said: String,
}

/// Kinds of trouble, by what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The cluster does not know who we are: credentials.
    Authentication,
    /// It does, and does not let us: rights.
    Authorization,
    /// There is no such topic.
    Missing,
    /// Nobody answers, or a partition has no leader.
    Unreachable,
    /// Anything else.
    Other,
}

impl FaultKind {
    const fn of(code: Code) -> Self {
        match code {
            Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::SSL => Self::Authentication,
            Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed => Self::Authorization,
            Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => Self::Missing,
            Code::InvalidTopic => Self::Other,
            _ => Self::Unreachable,
        }
    }
}

impl TopicWatch {
    /// Makes the client. It names the group of those who read, for whose rights it has, and does not join it.
    ///
    /// # Errors
    /// [`Failure::Fatal`] if the client cannot be made.
    pub fn connect(connection: &Connection, group_id: &str) -> Result<Self, Failure> {
        let ours =
            [("client.id", "braid-watch"), ("fetch.wait.max.ms", "10"), ("fetch.error.backoff.ms", "50")];
        let fixed = [
            ("group.id", group_id),
            ("enable.auto.commit", "false"),
            ("auto.offset.reset", "error"),
            ("enable.partition.eof", "true"),
            ("allow.auto.create.topics", "false"),
            ("queued.min.messages", "1"),
            ("max.partition.fetch.bytes", "1024"),
        ];
        let consumer = connection
            .client(&ours, &fixed)
            .create_with_context(Asking(ClientLog::quiet("braid-watch")))
            .map_err(|e| failure::reading("making the client that watches topics", &e))?;
        Ok(Self { consumer, denied: BTreeMap::new(), counts: BTreeMap::new() })
    }

    /// Which topics cannot be had: those of `read` must be readable, those of `written` be there. One that is well is
    /// not in the answer.
    ///
    /// # Errors
    /// Why none can: nobody answers, or nobody knows us.
    pub fn look(
        &mut self,
        read: &[&str],
        written: &[&str],
    ) -> Result<BTreeMap<String, TopicFault>, TopicFault> {
        self.listen();
        self.counts.clear();
        let mut faults = BTreeMap::new();
        for topic in read.iter().chain(written) {
            let fault = match self.described(topic) {
                Ok(None) if read.contains(topic) => self.fetched(topic),
                Ok(fault) => fault,
                Err(error) => return Err(self.unreachable(&error)),
            };
            faults.extend(fault.map(|fault| ((*topic).to_owned(), fault)));
        }
        let is_denied = |(_, fault): &(&String, &TopicFault)| fault.kind == FaultKind::Authorization;
        self.denied = faults.iter().filter(is_denied).map(|(t, f)| (t.clone(), f.clone())).collect();
        Ok(faults)
    }

    /// How many partitions a topic had at the last look; `None` if it was not there.
    pub fn partition_count(&self, topic: &str) -> Option<u32> {
        self.counts.get(topic).copied()
    }

    /// What the cluster says of a topic; an error if it says nothing.
    fn described(&mut self, topic: &str) -> Result<Option<TopicFault>, KafkaError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), ANSWER_MAX)?;
        let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
            return Ok(None);
        };
        if let Some(error) = found.error() {
            return Ok(Some(fault(&KafkaError::MetadataFetch(error.into()))));
        }
        let count = u32::try_from(found.partitions().len()).unwrap_or(u32::MAX);
        self.counts.insert(topic.to_owned(), count);
        let headless = found.partitions().iter().filter(|partition| partition.leader() < 0).count();
        Ok((headless > 0).then(|| TopicFault {
            kind: FaultKind::Unreachable,
            said: format!("{headless} of {} partitions have no leader", found.partitions().len()),
        }))
    }

    /// Why the end of a topic's first partition cannot be fetched.
    fn fetched(&self, topic: &str) -> Option<TopicFault> {
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(topic, 0, Offset::End).expect("the end is an offset");
        if let Err(error) = self.consumer.assign(&place) {
            return Some(fault(&error));
        }
        let outcome = self.end_of_what_is_assigned();
        if let Err(error) = self.consumer.unassign() {
            tracing::debug!(topic, %error, "the watch could not let go of a topic");
        }
        match outcome {
            Some(outcome) => outcome.err(),
            None => Some(self.denied.get(topic).cloned().unwrap_or_else(|| TopicFault {
                kind: FaultKind::Unreachable,
                said: format!("nothing can be fetched within {} ms", FETCH_MAX.as_millis()),
            })),
        }
    }

    /// Whether it can be fetched; `None` if no word came.
    fn end_of_what_is_assigned(&self) -> Option<Result<(), TopicFault>> {
        let until = Instant::now() + FETCH_MAX;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match self.consumer.poll(left) {
                Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Some(Ok(())),
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(code) if failure::is_of_topic(code) => return Some(Err(fault(&error))),
                    _ => {} // it says what passes: a broker that goes, a coordinator that moves
                },
                None => {}
            }
        }
        None
    }

    /// A client that nobody polls hears of nothing.
    fn listen(&self) {
        for _ in 0..20 {
            if self.consumer.poll(Duration::ZERO).is_none() {
                break;
            }
        }
    }

    /// Why nobody answers: a call that times out says nothing of it, the log of the client does.
    fn unreachable(&self, error: &KafkaError) -> TopicFault {
        self.listen();
        match self.consumer.context().0.last() {
            Some((Some(code), said)) => TopicFault { kind: FaultKind::of(code), said },
            Some((None, said)) => TopicFault { kind: FaultKind::Unreachable, said },
            None => fault(error),
        }
    }
}

/// An error, sorted by what helps.
fn fault(error: &KafkaError) -> TopicFault {
    let code = error.rdkafka_error_code();
    let kind = code.map_or(FaultKind::Other, FaultKind::of);
    let said = code.map_or_else(|| error.to_string(), |code| code.to_string());
    TopicFault { kind, said }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cluster_says_is_sorted_by_what_helps() {
        let kinds = [
            (Code::SaslAuthenticationFailed, FaultKind::Authentication),
            (Code::Authentication, FaultKind::Authentication),
            (Code::TopicAuthorizationFailed, FaultKind::Authorization),
            (Code::UnknownTopicOrPartition, FaultKind::Missing),
            (Code::BrokerTransportFailure, FaultKind::Unreachable),
        ];
        for (code, kind) in kinds {
            let fault = fault(&KafkaError::MetadataFetch(code));
            assert_eq!(fault.kind, kind, "{code:?}");
            assert!(!fault.said.is_empty() && !fault.said.contains("KafkaError"), "{}", fault.said);
        }
    }
}
