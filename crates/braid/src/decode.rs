//! `braid decode`, and how files become alerts: what `braid replay` reads goes the same way.

mod file;
mod frames;
mod intelligence;
mod json_frames;
mod reading;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use braid_alert::{Alert, Origin, SourceTime, Tenant};
use braid_engine::Input;
use braid_wire::{Format, Holds, Refusal, RefusalReason, SourceRecord, SourceRules, own};

use crate::Outcome;
use crate::cli::{self, Decode, FileFormat};
use crate::dump::line::DumpedRecord;
use crate::replay::Rejected;
use crate::stdout::unless_pipe_closed;

use file::each_frame;

pub(crate) use file::each_dumped;
pub(crate) use reading::Reading;

/// Where in a file a record stands, in a form that editors jump to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file.
    pub file: Arc<str>,
    /// The line that the record begins in, or the number of the record in a file without lines; from 0.
    pub line: u64,
    /// Which element of a list it is, from 0.
    pub element: Option<i32>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line + 1)?;
        self.element.map_or(Ok(()), |element| write!(f, ":{element}"))
    }
}

/// Tells people what is refused, and counts it.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// How many were refused.
    pub refused: u64,
    heard: bool,
}

impl Refusals {
    /// For records that are read a second time: what could not be read is neither told nor counted again.
    pub(crate) fn heard() -> Self {
        Self { heard: true, ..Self::default() }
    }

    /// Says on standard error what was refused and where. What the configuration leaves out is told and not counted.
    pub(crate) fn tell(&mut self, place: &Place, refusal: &Refusal) {
        if self.heard {
            return;
        }
        let hint = match refusal.reason {
            RefusalReason::MissingTenant => "; --tenant gives it one",
            _ => "",
        };
        tell!("{place}: {}: {}{hint}", refusal.reason, refusal.detail);
        self.refused += u64::from(!refusal.is_drop());
    }

    /// Says what the engine does not hold (`the alert "…"`), and why.
    pub(crate) fn tell_rejected(&mut self, place: &Place, what: &str, rejected: Rejected) {
        tell!("{place}: {}: {what} is not held: {}", rejected.as_str(), rejected.explain());
        self.refused += 1;
    }

    /// How a command ends that has met these.
    pub(crate) const fn outcome(&self) -> Outcome {
        if self.refused == 0 { Outcome::Done } else { Outcome::Refused }
    }
}

/// Writes the alerts of the files to standard output.
pub(crate) fn run(arguments: &Decode) -> anyhow::Result<Outcome> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut refusals = Refusals::default();
    let written = decode(arguments, &mut out, &mut refusals).and_then(|()| Ok(out.flush()?));
    unless_pipe_closed(written)?;
    Ok(refusals.outcome())
}

fn decode(arguments: &Decode, out: &mut impl Write, refusals: &mut Refusals) -> anyhow::Result<()> {
    let reading = Reading::plain(arguments.tenant.as_deref());
    for input in &arguments.inputs.files {
        if input.format == FileFormat::Records(Format::StixIndicator) {
            intelligence::decode(input, out, refusals)?;
            continue;
        }
        each_decoded(input, &reading, &mut |place, found| {
            match found {
                Ok(record) => {
                    out.write_all(&record)?;
                    out.write_all(b"\n")?;
                }
                Err(refusal) => refusals.tell(&place, &refusal),
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Gives each record in braid's own JSON: an alert, what a directory says of an object, or a command.
fn each_decoded(
    input: &cli::Input,
    reading: &Reading,
    each: &mut dyn FnMut(Place, Result<Vec<u8>, Refusal>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    match input.format {
        FileFormat::Records(format) if format.holds() != Holds::Alerts => {
            each_record(input, format, reading, &mut |place, found| {
                each(place, found.map(|input| json_of(&input)))
            })
        }
        _ => each_alert(input, reading, &mut |place, found| {
            each(place, found.map(|alert| own::alert_to_json(&alert)))
        }),
    }
}

fn json_of(input: &Input) -> Vec<u8> {
    match input {
        Input::Alert(alert) => own::alert_to_json(alert),
        Input::Directory(record) => own::directory_to_json(record),
        Input::Command(command) => own::command_to_json(command),
        Input::Tick { .. } => unreachable!("no source has ticks"),
    }
}

/// Where the alerts of a file go, each with its place.
pub(crate) type EachAlert<'a> = dyn FnMut(Place, Result<Alert, Refusal>) -> anyhow::Result<()> + 'a;

/// Gives every alert of a file, in its order, and every refusal in its place. Reads as it goes: a record is held at a
/// time, and none that is larger than [`braid_wire::RECORD_BYTES_MAX`].
///
/// # Errors
/// If the file cannot be read, and what `each` says.
pub(crate) fn each_alert(
    input: &cli::Input,
    reading: &Reading,
    each: &mut EachAlert<'_>,
) -> anyhow::Result<()> {
    let FileFormat::Records(format) = input.format else {
        return each_dumped_alert(input, reading.tenant.as_ref(), each);
    };
    let rules = reading.rules(format);
    each_frame(input, format, &mut |place, frame| match frame {
        Err(refusal) => each(place, Err(refusal)),
        Ok(bytes) => each_in_record(&place, &bytes, &rules, each),
    })
}

/// Gives every record of a directory, or every command, of a file, in its order, and every refusal in its place.
///
/// # Errors
/// If the file cannot be read, and what `each` says.
pub(crate) fn each_record(
    input: &cli::Input,
    format: Format,
    reading: &Reading,
    each: &mut dyn FnMut(Place, Result<Input, Refusal>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let rules = reading.rules(format);
    each_frame(input, format, &mut |place, frame| match frame {
        Err(refusal) => each(place, Err(refusal)),
        Ok(bytes) => {
            let record = SourceRecord { value: Some(&bytes), ..SourceRecord::default() };
            let found = braid_wire::read(record, &origin(&place, format), &rules);
            let several = found.len() > 1;
            (0..).zip(found).try_for_each(|(nth, found)| {
                let element = place.element.or(several.then_some(nth));
                each(Place { element, ..place.clone() }, found)
            })
        }
    })
}

fn each_in_record(
    place: &Place,
    record: &[u8],
    rules: &SourceRules,
    each: &mut EachAlert<'_>,
) -> anyhow::Result<()> {
    let found = braid_wire::decode(record, &origin(place, rules.format), rules);
    let several = found.len() > 1;
    for (element, found) in (0..).zip(found) {
        let element = place.element.or(several.then_some(element));
        let found = found.map(|mut alert| {
            alert.origin.element = element.unwrap_or(0);
            // A file has no timestamps of its own: an alert arrived when it says that it was last changed.
            alert.origin.source_time = SourceTime::from_micros(alert.updated.as_micros());
            alert
        });
        each(Place { element, ..place.clone() }, found)?;
    }
    Ok(())
}

fn origin(place: &Place, format: Format) -> Origin {
    Origin {
        source: format.as_str().into(),
        topic: (&*place.file).into(),
        partition: 0,
        offset: i64::try_from(place.line).unwrap_or(i64::MAX),
        element: 0,
        // Before everything, so that no alert is refused for being ahead of its record.
        source_time: SourceTime::MIN,
        source_time_capped: false,
    }
}

/// The alerts of a dump keep the origin that they entered the topic with; ticks are no alerts, and are counted.
fn each_dumped_alert(
    input: &cli::Input,
    tenant: Option<&Tenant>,
    each: &mut EachAlert<'_>,
) -> anyhow::Result<()> {
    let mut others = 0_u64;
    each_dumped(input, &mut |place, dumped| match dumped.and_then(|record| input_of(&record)) {
        Ok(Input::Alert(mut alert)) => {
            alert.tenant = tenant.cloned().unwrap_or(alert.tenant);
            each(place, Ok(*alert))
        }
        Ok(Input::Directory(_) | Input::Command(_) | Input::Tick { .. }) => {
            others += 1;
            Ok(())
        }
        Err(refusal) => each(place, Err(refusal)),
    })?;
    if others > 0 {
        tell!(
            "{}: directory records, commands and ticks of the clock, which are no alerts: {others}",
            input.file.display()
        );
    }
    Ok(())
}

/// What the correlate stage reads from a record of the alerts topic.
pub(crate) fn input_of(record: &DumpedRecord) -> Result<Input, Refusal> {
    own::input_from_avro(record.value.as_deref().unwrap_or_default())
}
