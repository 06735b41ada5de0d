use braid_log::{Failure, Log, TopicPartition};

use super::Worker;
use crate::batch::Part;
use crate::metrics::{Partition, StageKind, TransactionOutcome};
use crate::restore::Restorer;
use crate::stage::Stage;

/// How often a call of an open transaction is made before the transaction is given up.
const TRIES_MAX: u32 = 8;

impl<L: Log, S: Stage, R: Restorer<L::Changelog>> Worker<L, S, R> {
    /// Commits the kept batch, however often it takes, or as much of it as is still ours; then tells the world.
    ///
    /// Returns early when somebody asks to stop: what is not committed then is read again by whoever comes next.
    pub(super) fn deliver(&mut self) -> Result<(), Failure> {
        while !self.kept.is_empty() {
            let began_millis = self.log.now_millis();
            let outcome = self.transact();
            self.count(&outcome, began_millis);
            match outcome {
                Ok(()) => self.committed(),
                Err(Failure::Abort(why)) => self.abort(&why)?,
                Err(Failure::Indefinite(why)) => self.replace_producer(&why)?,
                Err(failure) => return Err(failure),
            }
            if self.around.stop.requested() {
                break;
            }
        }
        Ok(())
    }

    fn transact(&mut self) -> Result<(), Failure> {
        let offsets = self.kept.offsets();
        patiently(&mut self.log, Failure::Indefinite, L::begin)?;
        for (_, part) in self.kept.parts() {
            for outgoing in &part.outgoing {
                patiently(&mut self.log, Failure::Abort, |log| log.send(outgoing))?;
            }
        }
        patiently(&mut self.log, Failure::Abort, |log| log.send_offsets(&offsets))?;
        // A commit that was tried so often may have been obeyed at any of the tries.
        patiently(&mut self.log, Failure::Indefinite, L::commit)
    }

    fn committed(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        let (records, bytes) =
            kept.parts().fold((0, 0), |(r, b), (_, part)| (r + part.records, b + part.bytes));
        if records > 0 {
            self.around.metrics.batch_records.observe(&self.kind(), records as f64);
            self.around.metrics.batch_bytes.observe(&self.kind(), bytes as f64);
        }
        for (input, part) in kept.into_parts() {
            self.publish(&input, part);
        }
        self.calm();
    }

    /// Tells the world of a part that is committed, and never before: a count that ran ahead of the transaction would
    /// survive a crash that the incident did not.
    fn publish(&mut self, input: &TopicPartition, part: Part<S::News>) {
        let now_millis = self.log.now_millis();
        if part.consumed {
            let millis = if self.log.at_end(input) { 0 } else { now_millis.saturating_sub(part.last_millis) };
            let (topic, partition) = (self.around.metrics.topic(&input.topic), Partition(input.partition));
            self.around.metrics.input_lag.set((&self.kind(), &topic, &partition), millis as f64 / 1e3);
        }
        self.stage.publish(input, part.news, now_millis);
    }

    /// The transaction is surely not in the log. Its records go into another one, without those of partitions that are
    /// no longer ours.
    fn abort(&mut self, why: &str) -> Result<(), Failure> {
        tracing::warn!(worker = %self.name, why, "transaction aborted");
        match patiently(&mut self.log, Failure::Indefinite, L::abort) {
            Ok(()) => {}
            Err(Failure::Abort(why) | Failure::Indefinite(why)) => return self.replace_producer(&why),
            Err(failure) => return Err(failure),
        }
        self.linger(why)
    }

    /// Nobody knows whether the transaction is in the log, or when a late answer will end one. A new producer fences
    /// that answer off and settles the transaction; then the committed offsets say what became of it.
    fn replace_producer(&mut self, why: &str) -> Result<(), Failure> {
        tracing::warn!(worker = %self.name, why, "producer replaced: the outcome of a transaction is not known");
        self.until_stopped(L::replace_producer)?;
        self.linger(why)?;
        for input in self.kept.inputs() {
            if self.around.stop.requested() {
                break;
            }
            self.look_up(&input)?;
        }
        Ok(())
    }

    fn look_up(&mut self, input: &TopicPartition) -> Result<(), Failure> {
        let normalises = self.kind() == StageKind::Normalise;
        let mut tries = 0;
        let standing = self.until_stopped(|log| match log.standing(input) {
            Err(Failure::Retry(why)) if normalises && tries >= TRIES_MAX => Err(Failure::Fatal(why)),
            other => {
                tries += 1;
                other
            }
        });
        let standing = match standing {
            // A source that cannot be asked any more, as one whose topic is gone. Its trouble is its own, and where it begins
            // again is where the transaction has left it.
            Err(Failure::Fatal(why)) if normalises => {
                tracing::warn!(worker = %self.name, partition = %input, %why, "what became of it is not known: begun again");
                return self.restore_again(input);
            }
            other => other?,
        };
        let Some(standing) = standing else { return Ok(()) };
        let Some((_, part)) = self.kept.parts().find(|(other, _)| *other == input) else { return Ok(()) };
        let (next, consumed, committed) = (part.next, part.consumed, standing.committed.unwrap_or(-1));
        match committed.cmp(&next) {
            // A tick leaves no trace in the offset. It is not sent again here: the stage does if it has no effect.
            std::cmp::Ordering::Equal if !consumed => drop(self.kept.remove(input)),
            std::cmp::Ordering::Equal => {
                if let Some(part) = self.kept.remove(input) {
                    self.publish(input, part);
                }
            }
            std::cmp::Ordering::Less => {}
            // Somebody else has had the partition meanwhile and gone further.
            std::cmp::Ordering::Greater => self.restore_again(input)?,
        }
        Ok(())
    }

    /// Makes a call outside a transaction again until it works; `None` if somebody asked to stop first.
    fn until_stopped<T>(
        &mut self,
        mut call: impl FnMut(&mut L) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        loop {
            match call(&mut self.log) {
                Err(Failure::Retry(why)) => self.linger(&why)?,
                other => return other.map(Some),
            }
            if self.around.stop.requested() {
                return Ok(None);
            }
        }
    }

    fn count(&self, outcome: &Result<(), Failure>, began_millis: i64) {
        let outcome = match outcome {
            Ok(()) => TransactionOutcome::Committed,
            Err(Failure::Indefinite(_)) => TransactionOutcome::Indefinite,
            Err(Failure::Fenced(_)) => TransactionOutcome::Fenced,
            Err(_) => TransactionOutcome::Aborted,
        };
        let seconds = self.log.now_millis().saturating_sub(began_millis) as f64 / 1e3;
        self.around.metrics.transactions.observe((&self.kind(), &outcome), seconds);
    }
}

/// Makes a call of an open transaction again when that helps, and gives up after so many tries.
fn patiently<L: Log>(
    log: &mut L,
    given_up: impl FnOnce(String) -> Failure,
    mut call: impl FnMut(&mut L) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut backoff = crate::backoff::Backoff::default();
    loop {
        match call(log) {
            Err(Failure::Retry(why)) if backoff.tries() + 1 >= TRIES_MAX => return Err(given_up(why)),
            Err(Failure::Retry(_)) => log.rest(backoff.pause()),
            other => return other,
        }
    }
}
