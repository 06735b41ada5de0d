//! `braid dlq replay`: the records of dead letters go to the topics that they came from, once each.
//!
//! The producer comes first and fences every other replay; only then is looked which letters have a receipt. So of two
//! replays at a time the earlier can send nothing that the later does not know of.

mod plan;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::anyhow;
use braid_kafka::{Topics, TransactionalFeed, WorkerSettings};
use braid_log::{Failure, Outgoing, Record};
use braid_wire::dead_letter::receipt;

use super::survey::{Selection, Survey};
use super::{DeadLetters, now_millis, show};
use crate::cli::{DlqReplay, LetterPlace};
use crate::run::told;
use crate::{Outcome, stdout, topology};

use plan::{Group, Plan};
use verdict::Judge;

/// How long an earlier replay that died may take to be settled.
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// What one transaction holds: small enough that it is over long before its time is.
const BATCH_RECORDS_MAX: usize = 500;
const BATCH_BYTES_MAX: usize = 4 << 20;

pub(super) fn run(arguments: &DlqReplay) -> anyhow::Result<Outcome> {
    let dead_letters = DeadLetters::of(&arguments.config)?;
    let now_millis = now_millis();
    let judge = Judge {
        config: &dead_letters.config,
        partitions: partitions(&dead_letters)?,
        anyway: arguments.anyway,
        now_millis,
    };
    let feed = if arguments.dry_run { None } else { Some(feed(&dead_letters)?) };
    let selection = Selection::new(&arguments.filter, &arguments.letters, now_millis);
    let mut survey = Survey::default();
    dead_letters.read(&mut |record| survey.take(&record, &selection))?;
    survey.tell_strangers(dead_letters.topic());
    let plan = Plan::new(&survey, arguments.anyway);
    let records_max = arguments.limit.unwrap_or(usize::MAX);
    let mut replay = Replay { judge, feed, records_max, batch: Batch::default(), done: Done::default() };
    replay.refuse_named(&selection.places, &survey, &dead_letters);
    replay.carry_out(&plan, &dead_letters)?;
    stdout::print(&replay.done.summary(&plan, arguments.dry_run))?;
    Ok(if replay.done.refused > 0 { Outcome::Refused } else { Outcome::Done })
}

/// How many partitions the topics have that something may be sent to.
fn partitions(dead_letters: &DeadLetters) -> anyhow::Result<BTreeMap<String, u32>> {
    let config = &dead_letters.config;
    let mut names = topology::source_topics(config);
    names.push(&config.topics.alerts);
    let counted =
        Topics::connect(&dead_letters.connection).and_then(|topics| topics.partition_counts(&names));
    counted.map_err(|failure| anyhow!("{}", told(&failure)))
}

fn feed(dead_letters: &DeadLetters) -> anyhow::Result<TransactionalFeed> {
    let settings = WorkerSettings {
        transactional_id_prefix: dead_letters.config.kafka.transactional_id_prefix.clone(),
        settle_timeout: SETTLE_MAX,
        ..WorkerSettings::new("replay", "", Vec::new())
    };
    TransactionalFeed::connect(&dead_letters.connection, &settings)
        .map_err(|failure| anyhow!("{}", told(&failure)))
}

/// What the next transaction will hold, and what is to be told once it does.
#[derive(Default)]
struct Batch {
    outgoing: Vec<Outgoing>,
    bytes: usize,
    lines: String,
    records: usize,
    letters: usize,
}

#[derive(Debug, Default)]
struct Done {
    records: usize,
    letters: usize,
    refused: usize,
    /// Records over the limit.
    left: usize,
}

struct Replay<'a> {
    judge: Judge<'a>,
    /// None, if nothing is to be sent.
    feed: Option<TransactionalFeed>,
    records_max: usize,
    batch: Batch,
    done: Done,
}

impl Replay<'_> {
    fn refuse(&mut self, letter: LetterPlace, why: &str) {
        self.done.refused += 1;
        tell!("{letter} is not sent: {why}");
    }

    /// Of what was asked for by its place it is said if it is not there, or not any more to be done.
    fn refuse_named(&mut self, named: &BTreeSet<LetterPlace>, survey: &Survey, dead_letters: &DeadLetters) {
        for &letter in named {
            if !survey.knows(letter) {
                self.done.refused += 1;
                tell!("{}", show::nothing_at(letter, dead_letters.topic()));
            } else if survey.replayed_at(letter).is_some() && !self.judge.anyway {
                self.refuse(letter, "it was replayed before; --anyway sends it again");
            }
        }
    }

    fn carry_out(&mut self, plan: &Plan, dead_letters: &DeadLetters) -> anyhow::Result<()> {
        let places = plan.groups.keys().copied().collect();
        let mut failed = None;
        dead_letters.fetch(&places, &mut |place, letter| {
            let Some(group) = plan.groups.get(&place) else { return ControlFlow::Continue(()) };
            match self.take(place, &letter, group) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or_else(|| self.send(), Err)
    }

    fn take(&mut self, place: LetterPlace, letter: &Record, group: &Group) -> anyhow::Result<()> {
        if self.done.records + self.batch.records >= self.records_max {
            self.done.left += 1;
            return Ok(());
        }
        match self.judge.judge(place, letter, group) {
            Ok(outgoing) => self.batch.add(letter, outgoing, group),
            Err(why) => group.letters.iter().for_each(|letter| self.refuse(*letter, &why)),
        }
        let full = self.batch.outgoing.len() >= BATCH_RECORDS_MAX || self.batch.bytes >= BATCH_BYTES_MAX;
        if full { self.send() } else { Ok(()) }
    }

    // Sent before told: what is said to have been sent has been.
    fn send(&mut self) -> anyhow::Result<()> {
        let batch = std::mem::take(&mut self.batch);
        if let Some(feed) = &mut self.feed {
            feed.write(&batch.outgoing).map_err(|failure| anyhow!(unsent(&failure, batch.records)))?;
        }
        self.done.records += batch.records;
        self.done.letters += batch.letters;
        stdout::print(&batch.lines)
    }
}

/// Why a transaction was not committed, and what is so now.
fn unsent(failure: &Failure, records: usize) -> String {
    let why = told(failure);
    match failure {
        Failure::Indefinite(_) => format!(
            "{why}; whether the last {records} records were sent is not known here: their receipts tell, so call it again"
        ),
        Failure::Fenced(_) => {
            format!(
                "another replay has begun, and this one has stopped: {records} records of it were not sent ({why})"
            )
        }
        _ => format!("{why}; {records} records were not sent, call it again"),
    }
}

impl Batch {
    /// The record, and a receipt for each letter about it beside that letter.
    fn add(&mut self, letter: &Record, outgoing: Outgoing, group: &Group) {
        let names: Vec<String> = group.letters.iter().map(ToString::to_string).collect();
        let partition =
            outgoing.partition.map_or(String::new(), |partition| format!(", partition {partition}"));
        let _ = writeln!(
            self.lines,
            "{} to {}{partition} ({})",
            names.join(", "),
            outgoing.topic,
            super::shown(&group.reason)
        );
        self.bytes += outgoing.bytes();
        self.outgoing.push(outgoing);
        self.outgoing.extend(group.letters.iter().map(|of| receipt_for(*of, letter)));
        self.records += 1;
        self.letters += group.letters.len();
    }
}

fn receipt_for(of: LetterPlace, letter: &Record) -> Outgoing {
    Outgoing {
        topic: letter.topic.clone(),
        partition: Some(of.partition),
        key: None,
        value: None,
        headers: receipt(&of.to_string()),
        origin: letter.topic_partition(),
    }
}

impl Done {
    fn summary(&self, plan: &Plan, dry_run: bool) -> String {
        let sent = if dry_run { "would be sent" } else { "sent" };
        let mut text = format!("{sent}: {} records of {} dead letters", self.records, self.letters);
        if self.refused > 0 {
            let _ = write!(text, "; not sent: {}", self.refused);
        }
        if plan.replayed_before > 0 {
            let _ = write!(text, "; replayed before: {}", plan.replayed_before);
        }
        if self.left > 0 {
            let _ = write!(text, "; left for the next call: {} records", self.left);
        }
        text + "\n"
    }
}
