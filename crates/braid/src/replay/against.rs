//! `braid replay --against`: the same inputs under two configurations, and what the second one would change.
//!
//! ```text
//!   each input ──┬──▶ Player before ──▶ incidents ──┐
//!                └──▶ Player after  ──▶ incidents ──┴──▶ Comparison ──▶ table or JSON
//! ```
//!
//! Where the two say different things of the sources (`severity_min`, `correlate`, `detectors` …), the files are read
//! twice, each time as one of them says. Alerts of a dump carry what their source said when they came: there such a
//! difference is refused.

mod comparison;
mod pairing;
mod report;

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use braid_alert::Origin;
use braid_engine::Input;
use clap::error::ErrorKind;

use super::player::{Player, Rejected};
use super::{Wanted, formats, play, write_line};
use crate::Outcome;
use crate::cli::{FileFormat, Replay};
use crate::decode::Refusals;
use crate::stdout::unless_pipe_closed;

use comparison::Comparison;

/// Plays the files under both configurations and writes what they differ in.
pub(super) fn run(arguments: &Replay, before: Wanted, after: Wanted) -> anyhow::Result<Outcome> {
    let after = Wanted { reading: after.reading.completed_by(&before.reading), ..after };
    let differ = read_differently(arguments, &before, &after);
    if let Some(refused) = refused(arguments, &before, &after, differ) {
        clap::Error::raw(ErrorKind::ArgumentConflict, format!("{refused}\n")).exit();
    }
    let mut refusals = Refusals::default();
    let (before, after) = if differ {
        played_twice(arguments, before, after, &mut refusals)?
    } else {
        played_once(arguments, before, after, &mut refusals)?
    };
    let (before, after) = (before.finish(), after.finish());
    let comparison = Comparison::of(&before, &after);
    let mut out = BufWriter::new(io::stdout().lock());
    let written = if arguments.json {
        write_line(&mut out, &braid_wire::json::to_json(&comparison))
    } else {
        out.write_all(report::table(&comparison).as_bytes())
    };
    unless_pipe_closed(written.and_then(|()| out.flush()).map_err(Into::into))?;
    Ok(match refusals.outcome() {
        Outcome::Done if !comparison.is_empty() => Outcome::Differs,
        outcome => outcome,
    })
}

/// Whether records of these files are read in different ways.
fn read_differently(arguments: &Replay, before: &Wanted, after: &Wanted) -> bool {
    let formats = formats(&arguments.inputs.files);
    formats.into_iter().any(|format| before.reading.rules(format) != after.reading.rules(format))
}

/// Why the configurations cannot be compared on these files, if so.
fn refused(arguments: &Replay, before: &Wanted, after: &Wanted, differ: bool) -> Option<String> {
    let files = &arguments.inputs.files;
    let dumped = files.iter().any(|input| input.format == FileFormat::Dump);
    let names = before.reading.differences(&after.reading);
    if dumped && before.reading.says_something() && !names.is_empty() {
        return Some(format!(
            "the two configurations say different things of sources ({}), and the alerts of a dump carry what their source \
             said when they came: compare that on the records of the source topics, or leave [[sources]] out of the \
             second file",
            names.join(", ")
        ));
    }
    let piped = files.iter().any(|input| input.file == Path::new("-"));
    (differ && piped).then(|| {
        "the two configurations read these records in different ways, and standard input can be read but once: give a \
         file"
            .to_owned()
    })
}

fn played_once(
    arguments: &Replay,
    before: Wanted,
    after: Wanted,
    refusals: &mut Refusals,
) -> anyhow::Result<(Player, Player)> {
    let reading = before.reading;
    let (mut before, mut after) = (Player::new(before.rules, true), Player::new(after.rules, true));
    let mut each_input = |partition, input: Input| {
        let rejected = before.apply(partition, input.clone(), &mut |_| Ok(()))?;
        let rejected_after = after.apply(partition, input, &mut |_| Ok(()))?;
        // What one of them holds is no fault of the input, but a difference.
        Ok(rejected.and(rejected_after))
    };
    play(&arguments.inputs.files, &reading, arguments.alerts_max, &mut each_input, refusals)?;
    Ok((before, after))
}

/// As [`played_once`], where each is to see other alerts.
fn played_twice(
    arguments: &Replay,
    before: Wanted,
    after: Wanted,
    refusals: &mut Refusals,
) -> anyhow::Result<(Player, Player)> {
    let files = &arguments.inputs.files;
    let mut rejected_before = BTreeSet::new();
    let mut first = Player::new(before.rules, true);
    let mut each_input = |partition, input: Input| {
        let place = place(&input);
        if first.apply(partition, input, &mut |_| Ok(()))?.is_some() {
            rejected_before.insert(place);
        }
        Ok(None)
    };
    play(files, &before.reading, arguments.alerts_max, &mut each_input, refusals)?;
    let mut second = Player::new(after.rules, true);
    let mut each_input = |partition, input: Input| {
        let place = place(&input);
        let rejected: Option<Rejected> = second.apply(partition, input, &mut |_| Ok(()))?;
        Ok(rejected.filter(|_| rejected_before.contains(&place)))
    };
    // What cannot be read was told the first time; what is too slight for one of the two is a difference.
    let mut heard = Refusals::heard();
    play(files, &after.reading, arguments.alerts_max, &mut each_input, &mut heard)?;
    refusals.refused += heard.refused;
    Ok((first, second))
}

/// Where an input stands.
fn place(input: &Input) -> Option<(Box<str>, i64, i32)> {
    let origin: &Origin = match input {
        Input::Alert(alert) => &alert.origin,
        Input::Directory(record) => &record.origin,
        Input::Command(command) => &command.origin,
        Input::Tick { .. } => return None,
    };
    Some((origin.topic.as_ref().into(), origin.offset, origin.element))
}
