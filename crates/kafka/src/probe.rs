use std::time::{Duration, Instant};

use braid_log::{Failure, TopicPartition};
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::client_log::{Asking, ClientLog};
use crate::consumers::COMMITTED_ONLY;
use crate::transactions::Transactions;
use crate::{Connection, WorkerSettings, failure, offsets};

/// How long the coordinator of a group may take to be found.
const GROUP_ANSWER_MAX: Duration = Duration::from_secs(10);

/// No topic can have this name, for it has a colon.
const NO_TOPIC: &str = "no:topic";

/// Makes a transactional producer as a worker of these settings would, and lets it go again: whether the cluster has
/// transactions, whether its coordinator answers, and whether we may. Nothing is written. Blocks meanwhile, for as long
/// as the settings let an earlier producer of the same transactional id be settled.
///
/// # Errors
/// Why no worker could write.
pub fn probe_transactions(connection: &Connection, settings: &WorkerSettings) -> Result<(), Failure> {
    Transactions::connect(connection, settings)?.close();
    Ok(())
}

/// Asks the group's coordinator for an offset to be committed of a topic that cannot be. The coordinator looks at the right
/// to the group first, and then has nothing to keep. So nothing is written, nothing is joined, and the members that the
/// group may have do not notice.
///
/// # Errors
/// Why no worker could join the group: we may not ([`Failure::Fatal`]), or nobody answers.
pub fn probe_group(connection: &Connection, group_id: &str) -> Result<(), Failure> {
    let client = "braid-probe";
    let doing = format!("asking for the group {group_id}");
    let consumer: BaseConsumer<Asking> = connection
        .client(&[("client.id", client)], &[&COMMITTED_ONLY[..], &[("group.id", group_id)]].concat())
        .create_with_context(Asking(ClientLog::quiet(client)))
        .map_err(|e| failure::reading(&doing, &e))?;
    let nothing = offsets::one(&TopicPartition::new(NO_TOPIC, 0), Offset::Offset(0));
    let until = Instant::now() + GROUP_ANSWER_MAX;
    loop {
        // That its topic is not there, or not ours, is what a coordinator says that has let us pass.
        let told = match consumer.commit(&nothing, CommitMode::Sync) {
            Err(error) if !error.rdkafka_error_code().is_some_and(failure::is_of_topic) => error,
            _ => return Ok(()),
        };
        // Who may not even ask who the coordinator is hears of it only so.
        let told = denied(&consumer).unwrap_or(told);
        match failure::reading(&doing, &told) {
            Failure::Retry(_) if Instant::now() < until => {}
            Failure::Retry(why) => return Err(Failure::Retry(why + &consumer.context().0.because())),
            lasting => return Err(lasting),
        }
    }
}

/// What the client has heard of rights that are missing, or of credentials that are not accepted.
fn denied(consumer: &BaseConsumer<Asking>) -> Option<KafkaError> {
    let wait = Duration::from_millis(200);
    std::iter::from_fn(|| consumer.poll(wait))
        .take(20)
        .filter_map(Result::err)
        .find(|error| error.rdkafka_error_code().is_some_and(is_denial))
}

const fn is_denial(code: Code) -> bool {
    matches!(code, Code::GroupAuthorizationFailed | Code::Authentication | Code::SaslAuthenticationFailed)
}
