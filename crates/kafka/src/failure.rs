use std::time::Duration;

use braid_log::Failure;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// Sorts an error of consuming, asking or administering: does it pass by itself?
pub(crate) fn reading(doing: &str, error: &KafkaError) -> Failure {
    let text = format!("{doing}: {error}");
    match error {
        KafkaError::MessageConsumptionFatal(Code::FencedInstanceId) => Failure::Fenced(text),
        KafkaError::MessageConsumptionFatal(_)
        | KafkaError::ClientConfig(..)
        | KafkaError::ClientCreation(_) => Failure::Fatal(text),
        _ => match error.rdkafka_error_code() {
            Some(code) if lasts(code) => Failure::Fatal(text),
            _ => Failure::Retry(text),
        },
    }
}

/// Sorts an error of a transactional call.
///
/// `open` is for how long the transaction has been open, `timeout` when the coordinator aborts it. After that the
/// coordinator itself fences the producer with the very error that a second instance causes; by the time only can they
/// be told apart, and one means "leave", the other "make a new producer".
pub(crate) fn transaction(doing: &str, error: &KafkaError, open: Duration, timeout: Duration) -> Failure {
    let text = format!("{doing}: {error}");
    let KafkaError::Transaction(said) = error else {
        return match error.rdkafka_error_code() {
            Some(code) => of_code(text, code, open, timeout),
            None => Failure::Indefinite(text),
        };
    };
    let text = format!("{doing}: {}", said.string());
    match said.code() {
        code if is_fenced(code) || said.is_fatal() || lasts(code) => of_code(text, code, open, timeout),
        _ if said.txn_requires_abort() => Failure::Abort(text),
        // librdkafka calls a time-out retriable; whether the broker has acted is not known all the same (KIP-890).
        code if is_timeout(code) => Failure::Indefinite(text),
        _ if said.is_retriable() => Failure::Retry(text),
        _ => Failure::Indefinite(text),
    }
}

/// Sorts what librdkafka calls fatal to the producer.
pub(crate) fn of_code(text: String, code: Code, open: Duration, timeout: Duration) -> Failure {
    if is_fenced(code) {
        return if open >= timeout { Failure::Indefinite(text) } else { Failure::Fenced(text) };
    }
    if lasts(code) { Failure::Fatal(text) } else { Failure::Indefinite(text) }
}

/// Whether somebody has taken a newer epoch of the transactional id.
pub(crate) const fn is_fenced(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
}

pub(crate) const fn is_timeout(code: Code) -> bool {
    matches!(code, Code::OperationTimedOut | Code::RequestTimedOut | Code::TimedOutQueue)
}

/// Whether an error is about one topic: it is not there, or we may not have it.
pub(crate) const fn is_of_topic(code: Code) -> bool {
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::InvalidTopic
    )
}

/// Whether an error stays until somebody changes rights, topics, sizes or the configuration.
pub(crate) const fn lasts(code: Code) -> bool {
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::InvalidTopic
            | Code::InvalidGroupId
            | Code::InvalidTransactionTimeout
            | Code::InconsistentGroupProtocol
            | Code::UnsupportedVersion
            | Code::UnsupportedFeature
            | Code::MessageSizeTooLarge
            | Code::MessageBatchTooLarge
            | Code::InvalidRecord
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    fn sorted(code: Code, open_seconds: u64) -> Failure {
        transaction("x", &KafkaError::MessageProduction(code), Duration::from_secs(open_seconds), TIMEOUT)
    }

    #[test]
    fn a_fenced_producer_leaves_the_field_unless_its_own_transaction_has_expired() {
        assert!(matches!(sorted(Code::ProducerFenced, 1), Failure::Fenced(_)));
        assert!(matches!(sorted(Code::InvalidProducerEpoch, 1), Failure::Fenced(_)));
        assert!(matches!(sorted(Code::ProducerFenced, 10), Failure::Indefinite(_)));
    }

    #[test]
    fn missing_rights_stop_and_what_is_not_understood_replaces_the_producer() {
        assert!(matches!(sorted(Code::TopicAuthorizationFailed, 1), Failure::Fatal(_)));
        assert!(matches!(sorted(Code::OperationTimedOut, 1), Failure::Indefinite(_)));
        assert!(matches!(sorted(Code::OutOfOrderSequenceNumber, 1), Failure::Indefinite(_)));
    }

    #[test]
    fn a_broker_that_is_away_passes_and_an_unknown_topic_does_not() {
        let sorted = |code| reading("x", &KafkaError::MessageConsumption(code));
        assert!(matches!(sorted(Code::AllBrokersDown), Failure::Retry(_)));
        assert!(matches!(sorted(Code::UnknownTopicOrPartition), Failure::Fatal(_)));
        let twin = KafkaError::MessageConsumptionFatal(Code::FencedInstanceId);
        assert!(matches!(reading("x", &twin), Failure::Fenced(_)));
    }
}
