use braid_alert::Alert;
use braid_engine::Input;
use braid_wire::Holds;

use super::{EachInput, named};
use crate::cli::{self, FileFormat};
use crate::decode::{Place, Reading, Refusals, each_alert, each_record};

/// An alert that waits for its turn.
struct Arrival {
    alert: Box<Alert>,
    place: Place,
}

/// Plays what directories say, then the alerts of all files in the order in which they arrived. A directory's file has
/// no times: what it says is taken to be known beforehand.
pub(super) fn play(
    files: &[cli::Input],
    reading: &Reading,
    alerts_max: usize,
    each_input: &mut EachInput<'_>,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    let (directories, alerts): (Vec<_>, Vec<_>) =
        files.iter().partition(|input| holds(input) == Holds::Directory);
    for input in directories {
        play_directory(input, reading, each_input, refusals)?;
    }
    for Arrival { alert, place } in in_order(&alerts, reading, alerts_max, refusals)? {
        let input = Input::Alert(alert);
        let what = named(&input);
        if let Some(rejected) = each_input(0, input)? {
            refusals.tell_rejected(&place, &what, rejected);
        }
    }
    Ok(())
}

/// What [`play`] would play, in its order: for whoever plays it several times.
pub(crate) fn inputs_in_order(
    files: &[cli::Input],
    reading: &Reading,
    alerts_max: usize,
    refusals: &mut Refusals,
) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    let mut gather = |_, input| {
        inputs.push(input);
        Ok(None)
    };
    play(files, reading, alerts_max, &mut gather, refusals)?;
    Ok(inputs)
}

/// What the records of a file are.
pub(super) const fn holds(input: &cli::Input) -> Holds {
    match input.format {
        FileFormat::Records(format) => format.holds(),
        FileFormat::Dump => Holds::Alerts,
    }
}

fn play_directory(
    input: &cli::Input,
    reading: &Reading,
    each_input: &mut EachInput<'_>,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    let FileFormat::Records(format) = input.format else { return Ok(()) };
    each_record(input, format, reading, &mut |place, found| {
        match found {
            Ok(record) => {
                let what = named(&record);
                if let Some(rejected) = each_input(0, record)? {
                    refusals.tell_rejected(&place, &what, rejected);
                }
            }
            Err(refusal) => refusals.tell(&place, &refusal),
        }
        Ok(())
    })
}

/// All alerts, oldest first. A file need not be in order itself, so that all of it must be read before the first alert
/// can be told; so there is a bound.
fn in_order(
    files: &[&cli::Input],
    reading: &Reading,
    alerts_max: usize,
    refusals: &mut Refusals,
) -> anyhow::Result<Vec<Arrival>> {
    let mut arrivals = Vec::new();
    for input in files {
        each_alert(input, reading, &mut |place, found| {
            match found {
                Ok(_) if arrivals.len() == alerts_max => return Err(too_many(&place, alerts_max)),
                Ok(alert) => arrivals.push(Arrival { alert: Box::new(alert), place }),
                Err(refusal) => refusals.tell(&place, &refusal),
            }
            Ok(())
        })?;
    }
    // Stable: at the same time the order of the files, then of the lines.
    arrivals.sort_by_key(|arrival| arrival.alert.origin.source_time);
    Ok(arrivals)
}

fn too_many(place: &Place, alerts_max: usize) -> anyhow::Error {
    anyhow::anyhow!(
        "{place}: these files hold more than {alerts_max} alerts, which must all be in memory to be put in order: raise \
         --alerts-max if there is room (some kilobytes each), or replay a part of them"
    )
}
