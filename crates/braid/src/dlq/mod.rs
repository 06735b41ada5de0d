//! `braid dlq`: what could not be read, why, and back to its topic once that is mended.
//!
//! ```text
//!   dead-letter topic ──▶ Survey (which letters, which receipts) ──▶ those that are meant ──▶ list, show
//!                                                                                        └──▶ replay ──▶ source topics
//! ```
//!
//! The topic is read twice: first for the little that decides which letters are meant, then for those themselves. So it
//! may hold more than memory does.

mod list;
mod remedy;
mod replay;
mod second_reading;
mod show;
mod survey;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use braid_kafka::Connection;
use braid_log::Record;
use jiff::Timestamp;

use crate::Outcome;
use crate::cli::{ConfigFile, Dlq, DlqCommand, LetterPlace};
use crate::config::{self, Config};
use crate::run::told;
use crate::{topology, validate};

/// Does what the command line says of dead letters.
pub(crate) fn run(arguments: &Dlq) -> anyhow::Result<Outcome> {
    match &arguments.command {
        DlqCommand::List(arguments) => list::run(arguments),
        DlqCommand::Show(arguments) => show::run(arguments),
        DlqCommand::Replay(arguments) => replay::run(arguments),
    }
}

/// The dead-letter topic of a configuration.
struct DeadLetters {
    config: Config,
    connection: Connection,
}

impl DeadLetters {
    fn of(file: &ConfigFile) -> anyhow::Result<Self> {
        let config = Config::read(&file.path(), config::variables())?;
        let connection = validate::connection(&config)?;
        Ok(Self { config, connection })
    }

    fn topic(&self) -> &str {
        &self.config.topics.dead_letters
    }

    /// A group that braid's user may describe; it is joined by nobody here.
    fn group(&self) -> String {
        topology::normalise_group(&self.config)
    }

    /// Gives every record that there is.
    fn read(&self, each: &mut dyn FnMut(Record)) -> anyhow::Result<()> {
        let read = braid_kafka::dump(&self.connection, &self.group(), self.topic(), each);
        read.map(|_| ()).map_err(|failure| anyhow::anyhow!("{}", told(&failure)))
    }

    /// Gives the records at these places, partition by partition, until `each` breaks.
    fn fetch(
        &self,
        places: &BTreeSet<LetterPlace>,
        each: &mut dyn FnMut(LetterPlace, Record) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let (mut starts, mut ends) = (BTreeMap::new(), BTreeMap::new());
        for place in places {
            starts.entry(place.partition).or_insert(place.offset);
            ends.insert(place.partition, place.offset);
        }
        let mut over = ControlFlow::Continue(());
        self.read_from(&starts, &mut |record| {
            let place = place(&record);
            let last = ends.get(&place.partition).is_none_or(|end| place.offset >= *end);
            if over.is_continue() && places.contains(&place) {
                over = each(place, record);
            }
            if last { ControlFlow::Break(()) } else { over }
        })
    }

    fn read_from(
        &self,
        starts: &BTreeMap<i32, i64>,
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let read = braid_kafka::dump_from(&self.connection, &self.group(), self.topic(), starts, each);
        read.map_err(|failure| anyhow::anyhow!("{}", told(&failure)))
    }
}

fn place(record: &Record) -> LetterPlace {
    LetterPlace { partition: record.partition, offset: record.offset }
}

fn now_millis() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A text that a terminal can be shown: what came may hold sequences that would do something to it.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
