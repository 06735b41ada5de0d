use std::ops::ControlFlow;
use std::time::Duration;

use braid_log::{Changelog, Failure, Record, TopicPartition};

use super::Broker;
use super::fault::{Call, Fault};

/// A [`Changelog`] of the modelled broker.
#[derive(Debug)]
pub struct ModelChangelog {
    pub(super) broker: Broker,
    pub(super) group: String,
    pub(super) changelog: TopicPartition,
    pub(super) input: TopicPartition,
}

impl Changelog for ModelChangelog {
    fn committed(&mut self) -> Result<Option<i64>, Failure> {
        let mut cluster = self.broker.cluster();
        cluster.advance(1);
        match cluster.faults.strike(Call::ChangelogCommitted) {
            None => cluster.stable_offset(&self.group, &self.input).map_err(Failure::Retry),
            Some(Fault::Fatal) => Err(Failure::Fatal("it will never work".into())),
            Some(_) => Err(Failure::Retry("a broker is away".into())),
        }
    }

    fn read(&mut self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), Failure> {
        let (records, fault) = {
            let mut cluster = self.broker.cluster();
            cluster.advance(1);
            let fault = cluster.faults.strike(Call::ChangelogRead);
            let log = cluster.log(&self.changelog);
            let log = log.ok_or_else(|| Failure::Fatal(format!("{} does not exist", self.changelog)))?;
            if log.stable_end() < log.end() {
                return Err(Failure::Retry("a transaction is open in the changelog".into()));
            }
            (log.committed_from(log.low()).cloned().collect::<Vec<_>>(), fault)
        };
        let whole = records.len();
        let given = if fault.is_some() { whole / 2 } else { whole };
        for record in records.into_iter().take(given) {
            if each(record).is_break() {
                return Ok(());
            }
        }
        if fault.is_some() { Err(Failure::Retry("a broker is away".into())) } else { Ok(()) }
    }

    fn rest(&mut self, pause: Duration) {
        self.broker.advance(pause);
    }
}
