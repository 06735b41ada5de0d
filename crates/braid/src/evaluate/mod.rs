//! `braid evaluate`: how well the incidents agree with what is known to belong together.
//!
//! Either an assignment that is there is scored, or alerts are played through the engine, once for each combination of
//! settings that is to be tried.

mod csv;
mod report;
mod sweep;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use braid_engine::{Input, Settings};
use braid_sim::agreement::{Assignment, Fate, Score};
use clap::error::ErrorKind;

use crate::Outcome;
use crate::cli::Evaluate;
use crate::config::{self, Config};
use crate::decode::Refusals;
use crate::replay::{self, Player, Rules, Wanted};
use crate::stdout::unless_pipe_closed;

use csv::Table;
use report::{Evaluation, Record};
pub use sweep::Sweep;

/// Scores and writes what was asked for.
pub(crate) fn run(arguments: &Evaluate) -> anyhow::Result<Outcome> {
    if let Some(conflict) = conflict(arguments) {
        clap::Error::raw(ErrorKind::ArgumentConflict, format!("{conflict}\n")).exit();
    }
    let labels = Table::read(&arguments.labels)?;
    let truth = &labels.incidents;
    let mut refusals = Refusals::default();
    let evaluations = match &arguments.assignment {
        Some(file) => vec![of_assignment(arguments, &labels, file)?],
        None => of_alerts(arguments, &labels, &mut refusals)?,
    };
    let mut out = io::stdout().lock();
    let written = if arguments.json {
        evaluations.iter().try_for_each(|one| {
            out.write_all(&braid_wire::json::to_json(&Record::of(one)))?;
            out.write_all(b"\n")
        })
    } else {
        out.write_all(report::tables(&evaluations).as_bytes())
    };
    unless_pipe_closed(written.map_err(Into::into))?;
    let missing = evaluations.iter().map(|one| one.score.missing).max().unwrap_or_default();
    if missing > 0 {
        tell!(
            "braid: {missing} of {} labelled alerts are not among those that were scored, and count as alone",
            truth.len()
        );
        return Ok(Outcome::Refused);
    }
    Ok(refusals.outcome())
}

/// What cannot be asked for together, or must be.
fn conflict(arguments: &Evaluate) -> Option<&'static str> {
    let plays = !arguments.inputs.0.files.is_empty();
    match (&arguments.assignment, plays) {
        (None, false) => Some("alerts to play are needed (--format FORMAT FILE), or --assignment FILE"),
        (Some(_), true) => Some("either an assignment is scored or alerts are played, not both"),
        (Some(_), false) if !arguments.sweep.is_empty() => {
            Some("an assignment is as it is: settings are swept over alerts")
        }
        _ => None,
    }
}

fn of_assignment(arguments: &Evaluate, labels: &Table, file: &Path) -> anyhow::Result<Evaluation> {
    let found = Table::read(file)?;
    labels.check_head(&arguments.labels, found.incidents.keys().map(String::as_str))?;
    found.check_head(file, labels.incidents.keys().map(String::as_str))?;
    check_common(&labels.incidents, &found.incidents)?;
    Ok(evaluation(String::new(), &labels.incidents, &found.incidents, &arguments.purity_of))
}

fn of_alerts(
    arguments: &Evaluate,
    labels: &Table,
    refusals: &mut Refusals,
) -> anyhow::Result<Vec<Evaluation>> {
    let files = &arguments.inputs.0.files;
    let config = match &arguments.config {
        Some(file) => Config::read_for_files(file, config::variables())?,
        None => Config::default(),
    };
    let combinations = sweep::combinations(&config, &arguments.sweep).unwrap_or_else(|message| {
        clap::Error::raw(ErrorKind::ValueValidation, format!("--sweep: {message}\n")).exit()
    });
    let Wanted { rules, reading } =
        Wanted::of(arguments.config.as_deref(), arguments.tenant.as_deref(), files)?;
    let inputs = replay::inputs_in_order(files, &reading, arguments.alerts_max, refusals)?;
    labels.check_head(&arguments.labels, inputs.iter().flat_map(ids))?;
    let truth = &labels.incidents;
    combinations
        .into_iter()
        .map(|(settings, correlation)| {
            let correlation = Settings { rules: rules.correlation.rules.clone(), ..correlation.settings() };
            let found = played(correlation, &inputs, truth)?;
            check_common(truth, &found)?;
            Ok(evaluation(settings, truth, &found, &arguments.purity_of))
        })
        .collect()
}

/// The names that an alert goes by.
fn ids(input: &Input) -> impl Iterator<Item = &str> {
    let alert = match input {
        Input::Alert(alert) => Some(alert),
        _ => None,
    };
    alert.into_iter().flat_map(|alert| [Some(alert.id.as_str()), alert.source_alert_id.as_deref()]).flatten()
}

fn played(correlation: Settings, inputs: &[Input], truth: &Assignment) -> io::Result<Assignment> {
    let rules = Rules { correlation, ..Rules::default() };
    let mut player = Player::new(rules, true);
    for input in inputs {
        player.apply(0, input.clone(), &mut |_| Ok(()))?;
    }
    let untold = player.take_untold();
    let incidents = player.finish();
    let mut found = BTreeMap::new();
    for alert in replay::assignment_of(&incidents, &untold) {
        // Labels may know an alert by the provider's id or by one that a feed gives it.
        let labelled: Vec<&str> =
            alert.source_ids.iter().copied().filter(|id| truth.contains_key(*id)).collect();
        let ids = if labelled.is_empty() { vec![alert.id] } else { labelled };
        found.extend(ids.into_iter().map(|id| (id.to_owned(), alert.incident.to_string())));
    }
    Ok(found)
}

/// Refuses to score what has no alert in common with the labels: alone as they all are, nothing would be found wrongly.
///
/// # Errors
/// If it has none.
fn check_common(truth: &Assignment, found: &Assignment) -> anyhow::Result<()> {
    if truth.keys().any(|alert| found.contains_key(alert)) {
        return Ok(());
    }
    let first =
        |ids: &Assignment| ids.keys().next().map_or_else(|| "none".to_owned(), |id| format!("`{id}`"));
    anyhow::bail!(
        "none of the {} labelled alerts is among those that were scored: the labels begin with {}, the alerts with {}. \
         The first column is an alert's id, the second its incident",
        truth.len(),
        first(truth),
        first(found)
    )
}

fn evaluation(settings: String, truth: &Assignment, found: &Assignment, purity_of: &str) -> Evaluation {
    let fates = Fate::of_each(truth, found);
    let counted = fates.iter().filter(|fate| fate.alerts > 1 && fate.incident.starts_with(purity_of));
    let purity = Fate::purity(counted);
    Evaluation { settings, score: Score::of(truth, found), purity, fates }
}
