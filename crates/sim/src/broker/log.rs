use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use braid_log::{AssignmentChange, Failure, Log, Outgoing, PollLimits, Record, Standing, TopicPartition};

use super::changelog::ModelChangelog;
use super::fault::{Call, Fault};
use super::partition::Fate;
use super::transaction::{LateEnd, Refused};
use super::{Broker, Cluster};

/// What tells one worker from another.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The consumer group.
    pub group: String,
    /// The producer's id: a later connection of the same id fences an earlier one.
    pub transactional_id: String,
    /// What it reads.
    pub topics: BTreeSet<String>,
    /// The largest record that the brokers take, in bytes of key, value and headers.
    pub message_bytes_max: usize,
}

/// A [`Log`] of the modelled broker: every call takes a millisecond of virtual time, and may go wrong.
#[derive(Debug)]
pub struct ModelLog {
    broker: Broker,
    connection: Connection,
    member: u64,
    epoch: u64,
    /// What it believes to own.
    owned: BTreeSet<TopicPartition>,
    /// What it reads, and where it goes on.
    positions: BTreeMap<TopicPartition, i64>,
    /// Of what it reads, what was at its end when it last polled.
    ended: BTreeSet<TopicPartition>,
    /// Which partition is read first by the next poll: each in turn, so that none starves.
    turn: usize,
    must_abort: bool,
    dead: bool,
    meanwhile: Meanwhile,
}

/// What others do while a worker attends to its group.
#[derive(Default)]
struct Meanwhile(Option<Box<dyn FnMut()>>);

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "something" } else { "nothing" })
    }
}

impl ModelLog {
    /// What the rest of the cluster does whenever this worker attends to its group: workers that one thread steps in
    /// turn would never meet a rebalance there otherwise.
    pub fn meanwhile(&mut self, others: impl FnMut() + 'static) {
        self.meanwhile = Meanwhile(Some(Box::new(others)));
    }

    pub(super) fn new(broker: Broker, connection: Connection) -> Self {
        let (member, epoch) = {
            let mut cluster = broker.cluster();
            (cluster.number(), cluster.init_transactions(&connection.transactional_id))
        };
        let (owned, positions) = (BTreeSet::new(), BTreeMap::new());
        Self {
            broker,
            connection,
            member,
            epoch,
            owned,
            positions,
            ended: BTreeSet::new(),
            turn: 0,
            must_abort: false,
            dead: false,
            meanwhile: Meanwhile::default(),
        }
    }

    /// Makes a call: it may go wrong before, instead or after.
    fn call<T>(
        &mut self,
        call: Call,
        act: impl FnOnce(&mut Self, &mut Cluster) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let crashed = || Failure::Fatal("the process was killed".into());
        if self.dead {
            return Err(crashed());
        }
        let broker = self.broker.clone();
        let mut cluster = broker.cluster();
        cluster.advance(1);
        match cluster.faults.strike(call) {
            None => act(self, &mut cluster),
            Some(Fault::CrashBefore) => {
                self.dead = true;
                Err(crashed())
            }
            Some(Fault::CrashAfter) => {
                let _ = act(self, &mut cluster);
                self.dead = true;
                Err(crashed())
            }
            Some(Fault::LostAnswer) => {
                let _ = act(self, &mut cluster);
                Err(Failure::Indefinite(format!("{call:?}: no answer")))
            }
            Some(fault) => Err(self.fail(call, fault, &mut cluster)),
        }
    }

    fn fail(&mut self, call: Call, fault: Fault, cluster: &mut Cluster) -> Failure {
        match fault {
            Fault::Retry => Failure::Retry(format!("{call:?}: a broker is away")),
            Fault::Abort => {
                self.must_abort = true;
                Failure::Abort(format!("{call:?}: the transaction is lost"))
            }
            Fault::LateRequest(by) => {
                let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
                cluster.end_transaction_later(LateEnd {
                    arrives_millis: cluster.now_millis.saturating_add(by),
                    transactional_id: self.connection.transactional_id.clone(),
                    epoch: self.epoch,
                    commit: call == Call::Commit,
                });
                Failure::Indefinite(format!("{call:?}: timed out"))
            }
            Fault::Fenced => Failure::Fenced(format!("{call:?}: fenced")),
            Fault::Fatal => Failure::Fatal(format!("{call:?}: it will never work")),
            _ => Failure::Indefinite(format!("{call:?}: timed out")),
        }
    }

    fn hear(&mut self, cluster: &mut Cluster) -> Vec<AssignmentChange> {
        let partitions = cluster.partitions(&self.connection.topics);
        let (topics, now) = (&self.connection.topics, cluster.now_millis);
        let group = cluster.group(&self.connection.group);
        let changes = group.attend(self.member, topics, &self.owned, &partitions, now);
        for change in &changes {
            match change {
                AssignmentChange::Assigned(partitions) => self.owned.extend(partitions.iter().cloned()),
                AssignmentChange::Revoked { partitions, .. } => {
                    self.owned.retain(|partition| !partitions.contains(partition));
                    self.positions.retain(|partition, _| !partitions.contains(partition));
                    self.ended.retain(|partition| !partitions.contains(partition));
                }
            }
        }
        changes
    }

    fn read(
        &mut self,
        limits: &PollLimits,
        batch: &mut Vec<Record>,
        cluster: &Cluster,
    ) -> Result<(), Failure> {
        let mut bytes = 0;
        let count = batch.len() + limits.records_max;
        self.turn += 1;
        let mut order: Vec<_> = self.positions.iter_mut().collect();
        let first = self.turn % order.len().max(1);
        order.rotate_left(first);
        for (at, position) in order {
            let Some(log) = cluster.log(at) else { continue };
            if *position < log.low() {
                return Err(Failure::Fatal(format!("{at}: retention has overtaken offset {position}")));
            }
            let mut rest = log.committed_from(*position);
            self.ended.remove(at);
            while batch.len() < count && bytes < limits.bytes_max {
                let Some(record) = rest.next() else {
                    *position = log.stable_end().max(*position);
                    self.ended.insert(at.clone());
                    break;
                };
                bytes += record.bytes();
                *position = record.offset + 1;
                batch.push(record.clone());
            }
        }
        Ok(())
    }

    fn admitted(&mut self, cluster: &Cluster) -> Result<(), Failure> {
        if self.must_abort {
            return Err(Failure::Abort("the transaction must be aborted first".into()));
        }
        self.refused(cluster.admits(&self.connection.transactional_id, self.epoch))
    }

    fn refused(&self, answer: Result<(), Refused>) -> Result<(), Failure> {
        answer.map_err(|refused| match refused {
            Refused::Fenced => Failure::Fenced(format!("{} is fenced", self.connection.transactional_id)),
            Refused::TimedOut => Failure::Indefinite("the transaction took too long".into()),
        })
    }

    fn end(&mut self, cluster: &mut Cluster, commit: bool) -> Result<(), Failure> {
        let answer = cluster.end_transaction(&self.connection.transactional_id, self.epoch, commit);
        self.refused(answer)
    }
}

impl Log for ModelLog {
    type Changelog = ModelChangelog;

    fn now_millis(&self) -> i64 {
        self.broker.now_millis()
    }

    fn poll(
        &mut self,
        limits: &PollLimits,
        batch: &mut Vec<Record>,
    ) -> Result<Vec<AssignmentChange>, Failure> {
        self.call(Call::Poll, |log, cluster| {
            let changes = log.hear(cluster);
            let before = batch.len();
            log.read(limits, batch, cluster)?;
            if changes.is_empty() && batch.len() == before {
                cluster.advance(i64::try_from(limits.wait.as_millis()).unwrap_or(i64::MAX));
            }
            Ok(changes)
        })
    }

    fn attend(&mut self, wait: Duration) -> Result<Vec<AssignmentChange>, Failure> {
        if let Some(others) = &mut self.meanwhile.0 {
            others();
        }
        self.call(Call::Attend, |log, cluster| {
            cluster.advance(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            Ok(log.hear(cluster))
        })
    }

    fn rest(&mut self, pause: Duration) {
        self.broker.advance(pause);
    }

    fn standing(&mut self, at: &TopicPartition) -> Result<Standing, Failure> {
        self.call(Call::Standing, |log, cluster| {
            let committed = cluster.stable_offset(&log.connection.group, at).map_err(Failure::Retry)?;
            let partition = cluster.log(at).ok_or_else(|| Failure::Fatal(format!("{at} does not exist")))?;
            Ok(Standing { committed, low: partition.low(), high: partition.end() })
        })
    }

    fn start(&mut self, at: &TopicPartition) -> Result<(), Failure> {
        self.call(Call::Start, |log, cluster| {
            let committed = cluster.stable_offset(&log.connection.group, at).map_err(Failure::Retry)?;
            let low = cluster.log(at).map_or(0, super::partition::PartitionLog::low);
            if log.owned.contains(at) {
                log.positions.insert(at.clone(), committed.unwrap_or(low));
            }
            Ok(())
        })
    }

    fn hold(&mut self, at: &TopicPartition) -> Result<(), Failure> {
        self.positions.remove(at);
        self.ended.remove(at);
        Ok(())
    }

    fn at_end(&self, at: &TopicPartition) -> bool {
        self.positions.contains_key(at) && self.ended.contains(at)
    }

    fn changelog(
        &self,
        changelog: &TopicPartition,
        input: &TopicPartition,
    ) -> Result<ModelChangelog, Failure> {
        let group = self.connection.group.clone();
        Ok(ModelChangelog {
            broker: self.broker.clone(),
            group,
            changelog: changelog.clone(),
            input: input.clone(),
        })
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.call(Call::Begin, |log, cluster| log.admitted(cluster))
    }

    fn send(&mut self, record: &Outgoing) -> Result<(), Failure> {
        self.call(Call::Send, |log, cluster| {
            log.admitted(cluster)?;
            if record.bytes() > log.connection.message_bytes_max {
                return Err(Failure::Fatal(format!("a record of {} bytes is refused", record.bytes())));
            }
            let number = cluster.open_transaction(&log.connection.transactional_id).number;
            let at = cluster.append(record, None, Fate::Open(number));
            let at = at.ok_or_else(|| Failure::Fatal(format!("there is no topic {}", record.topic)))?;
            cluster.open_transaction(&log.connection.transactional_id).written.insert(at);
            Ok(())
        })
    }

    fn send_offsets(&mut self, next: &[(TopicPartition, i64)]) -> Result<(), Failure> {
        self.call(Call::SendOffsets, |log, cluster| {
            log.admitted(cluster)?;
            if !cluster.group(&log.connection.group).admits(log.member) {
                log.must_abort = true;
                return Err(Failure::Abort("the group has gone on to another generation".into()));
            }
            let transaction = cluster.open_transaction(&log.connection.transactional_id);
            transaction.offsets.entry(log.connection.group.clone()).or_default().extend(next.iter().cloned());
            Ok(())
        })
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.call(Call::Commit, |log, cluster| {
            log.admitted(cluster)?;
            log.end(cluster, true)
        })
    }

    fn abort(&mut self) -> Result<(), Failure> {
        self.call(Call::Abort, |log, cluster| {
            log.must_abort = false;
            log.end(cluster, false)
        })
    }

    fn replace_producer(&mut self) -> Result<(), Failure> {
        self.call(Call::Replace, |log, cluster| {
            log.must_abort = false;
            log.epoch = cluster.init_transactions(&log.connection.transactional_id);
            Ok(())
        })
    }

    fn close(self) {
        if !self.dead {
            let mut cluster = self.broker.cluster();
            // Left open it would hold readers back until its time-out; one that is fenced has nothing to end.
            let _ = cluster.end_transaction(&self.connection.transactional_id, self.epoch, false);
            cluster.remove_member(&self.connection.group, self.member);
        }
    }
}
