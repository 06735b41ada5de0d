//! `braid replay`: files in, incidents out, through the same engine and without Kafka.
//!
//! ```text
//!   files of any format ──▶ alerts ──▶ in order of arrival ──┐
//!                                                            ├──▶ Player ──▶ events, incidents, assignment, summary
//!   dump of the alerts topic ──▶ each partition in order ────┘
//! ```
//!
//! With `--against` there are two players, one for each configuration, and what their incidents differ in is told.

mod against;
mod arrivals;
mod assignment;
mod log;
mod player;
mod summary;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use braid_alert::Incident;
use braid_engine::Settings;
use braid_wire::incident::{Encoding, encode_incident};
use braid_wire::{Format, Holds};
use clap::error::ErrorKind;

use crate::Outcome;
use crate::cli::{FileFormat, Input, Replay, ReplayOutput};
use crate::config::{self, Config, Faults};
use crate::decode::{Reading, Refusals};
use crate::rules;
use crate::stdout::unless_pipe_closed;

pub(crate) use arrivals::inputs_in_order;
pub(crate) use assignment::all as assignment_of;
pub(crate) use player::{Player, Rejected, Rules};

/// Plays the files and writes what was asked for.
pub(crate) fn run(arguments: &Replay) -> anyhow::Result<Outcome> {
    if let Some(conflict) = conflict(arguments) {
        clap::Error::raw(ErrorKind::ArgumentConflict, format!("{conflict}\n")).exit();
    }
    let wanted = |file| Wanted::of(file, arguments.tenant.as_deref(), &arguments.inputs.files);
    let before = wanted(arguments.config.as_deref())?;
    if let Some(against) = &arguments.against {
        return against::run(arguments, before, wanted(Some(against))?);
    }
    // Before the work, so that a path that does not go is told at once.
    let assignment = arguments.assignment.as_ref().map(|file| {
        File::create(file).map(BufWriter::new).with_context(|| format!("creating {}", file.display()))
    });
    let assignment = assignment.transpose()?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut refusals = Refusals::default();
    unless_pipe_closed(replay(arguments, before, assignment, &mut out, &mut refusals))?;
    Ok(refusals.outcome())
}

/// What cannot be asked for together.
fn conflict(arguments: &Replay) -> Option<&'static str> {
    let dumps = arguments.inputs.files.iter().filter(|input| input.format == FileFormat::Dump).count();
    if dumps > 0 && dumps < arguments.inputs.files.len() {
        return Some(
            "a dump is a whole log in the order in which it was read: it cannot be merged with other files",
        );
    }
    if arguments.inputs.files.iter().any(|input| arrivals::holds(input) == Holds::Commands) {
        return Some(
            "commands name incidents of one log and have no times in a file: replay a dump of the alerts topic, which has them",
        );
    }
    (dumps > 0 && arguments.tenant.is_some())
        .then_some("the alerts of a dump have their tenants: --tenant is for other files")
}

/// What a configuration says that a replay follows: correlation and rules, what stands before an incident's URL, and how
/// its sources read their records.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) rules: Rules,
    pub(crate) reading: Reading,
}

impl Wanted {
    /// Of a file, or the defaults without one.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn of(config: Option<&Path>, tenant: Option<&str>, files: &[Input]) -> Result<Self, Faults> {
        let Some(file) = config else {
            return Ok(Self { rules: Rules::default(), reading: Reading::plain(tenant) });
        };
        let config = Config::read_for_files(file, config::variables())?;
        let reading = Reading::of(&config, file, tenant, &formats(files))?;
        let rules = rules::named_by(&config, file)?;
        let rules = Rules {
            correlation: Settings { rules, ..config.correlation.settings() },
            incident_url_prefix: config.output.incident_url.as_deref().map(Into::into),
        };
        Ok(Self { rules, reading })
    }
}

/// What the records of files are; a dump has none.
fn formats(files: &[Input]) -> Vec<Format> {
    let mut formats: Vec<Format> = files
        .iter()
        .filter_map(|input| match input.format {
            FileFormat::Records(format) => Some(format),
            FileFormat::Dump => None,
        })
        .collect();
    formats.sort_unstable();
    formats.dedup();
    formats
}

fn replay(
    arguments: &Replay,
    Wanted { rules, reading }: Wanted,
    assignment: Option<BufWriter<File>>,
    out: &mut dyn Write,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    let events = !arguments.summary && arguments.output == ReplayOutput::Events;
    let keep = !events || assignment.is_some();
    let mut player = Player::new(rules, keep);
    let each_event: &mut EachEvent<'_> = &mut |event| if events { write_line(out, event) } else { Ok(()) };
    let each_input: &mut EachInput<'_> = &mut |partition, input| player.apply(partition, input, each_event);
    play(&arguments.inputs.files, &reading, arguments.alerts_max, each_input, refusals)?;
    let untold = player.take_untold();
    let incidents = player.finish();
    if let Some(mut file) = assignment {
        assignment::write(&incidents, &untold, &mut file).context("writing the assignment")?;
    }
    if arguments.summary {
        out.write_all(summary::table(&incidents, refusals.refused).as_bytes())?;
    } else if !events {
        write_incidents(&incidents, out)?;
    }
    Ok(out.flush()?)
}

/// Where events go, encoded.
type EachEvent<'a> = dyn FnMut(&[u8]) -> io::Result<()> + 'a;

/// What an input is called in a message.
fn named(input: &braid_engine::Input) -> String {
    use braid_engine::Input;
    match input {
        Input::Alert(alert) => format!("the alert {:?}", alert.title),
        Input::Directory(record) => format!("the directory's object {:?}", record.object),
        Input::Command(command) => format!("the command {:?}", command.id),
        Input::Tick { .. } => "a tick of the clock".to_owned(),
    }
}

/// Where inputs go, each of a partition. Says why one was rejected, if it was.
type EachInput<'a> = dyn FnMut(i32, braid_engine::Input) -> io::Result<Option<Rejected>> + 'a;

fn play(
    files: &[Input],
    reading: &Reading,
    alerts_max: usize,
    each_input: &mut EachInput<'_>,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    if files.iter().any(|input| input.format == FileFormat::Dump) {
        return log::play(files, each_input, refusals);
    }
    arrivals::play(files, reading, alerts_max, each_input, refusals)
}

/// The incidents that files of alerts come to, and every change on the way there, encoded.
pub(crate) fn incidents_of(
    files: &[Input],
    tenant: Option<&str>,
    config: Option<&Path>,
    each_event: &mut EachEvent<'_>,
    refusals: &mut Refusals,
) -> anyhow::Result<Vec<Incident>> {
    let Wanted { rules, reading } = Wanted::of(config, tenant, files)?;
    let mut player = Player::new(rules, true);
    let each_input: &mut EachInput<'_> =
        &mut |partition, input| player.apply(partition, input, &mut *each_event);
    play(files, &reading, ALERTS_MAX, each_input, refusals)?;
    Ok(player.finish())
}

/// How many alerts are held in memory to be put in order, where nobody says otherwise.
const ALERTS_MAX: usize = 5_000_000;

fn write_incidents(incidents: &[Incident], out: &mut dyn Write) -> io::Result<()> {
    incidents.iter().try_for_each(|incident| write_line(out, &encode_incident(incident, Encoding::Json)))
}

fn write_line(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.write_all(b"\n")
}
