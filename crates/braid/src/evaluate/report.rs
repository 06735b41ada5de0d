use std::fmt::Write;

use braid_sim::agreement::{Agreement, Fate, Score};
use serde::Serialize;

/// What one set of settings came to.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// What was changed, as `key=value`; empty if nothing was.
    pub(super) settings: String,
    pub(super) score: Score,
    /// Of the alerts in the incidents that hold most of each true one, the share that is theirs.
    pub(super) purity: f64,
    pub(super) fates: Vec<Fate>,
}

/// How many rows the table of incidents has at most; JSON has them all.
const ROWS_MAX: usize = 50;

/// Tables for people: the score of each setting and, if there is but one, what became of each incident.
pub(super) fn tables(evaluations: &[Evaluation]) -> String {
    let mut text = scores(evaluations);
    if let [one] = evaluations {
        text += "\n";
        text += &incidents(&one.fates);
    }
    text
}

fn scores(evaluations: &[Evaluation]) -> String {
    let wide =
        evaluations.iter().map(|e| e.settings.chars().count()).max().unwrap_or(0).max("settings".len());
    let mut text = format!(
        "{:<wide$}  alerts  missing  true  found  pairwise P     R    F1      B³ P     R    F1  largest  purity\n",
        "settings"
    );
    for evaluation in evaluations {
        let score = &evaluation.score;
        let shares = |a: &Agreement| format!("{:.3} {:.3} {:.3}", a.precision, a.recall, a.f1());
        let _ = writeln!(
            text,
            "{:<wide$}  {:>6}  {:>7}  {:>4}  {:>5}       {}     {}   {:>5.1}%   {:.3}",
            if evaluation.settings.is_empty() { "as given" } else { &evaluation.settings },
            score.alerts,
            score.missing,
            score.incidents,
            score.found,
            shares(&score.pairwise),
            shares(&score.b_cubed),
            score.largest * 100.0,
            evaluation.purity
        );
    }
    text
}

/// The true incidents of more than one alert, and those of one that strangers came to, the largest first.
fn incidents(fates: &[Fate]) -> String {
    let mut text = String::from("alerts  together  split off  merged wrongly  incident\n");
    let telling: Vec<&Fate> = fates.iter().filter(|fate| fate.alerts > 1 || fate.merged() > 0).collect();
    for fate in telling.iter().take(ROWS_MAX) {
        let _ = writeln!(
            text,
            "{:>6}  {:>8}  {:>9}  {:>14}  {}{}",
            fate.alerts,
            fate.alerts - fate.split(),
            fate.split(),
            fate.merged(),
            fate.incident,
            details(fate)
        );
    }
    let left = telling.len().saturating_sub(ROWS_MAX);
    if left > 0 {
        let _ = writeln!(text, "and {left} more; --json has them all");
    }
    let alone = fates.len() - telling.len();
    let _ = writeln!(text, "{alone} more of one alert are alone, as they should be");
    text
}

/// Into what it was split and with whom it was merged: the largest of each.
fn details(fate: &Fate) -> String {
    const TOLD_MAX: usize = 5;
    let mut text = String::new();
    if fate.split() > 0 {
        let parts: Vec<String> = fate.parts.iter().take(TOLD_MAX).map(|(_, n)| n.to_string()).collect();
        let more = if fate.parts.len() > TOLD_MAX { " + …" } else { "" };
        let _ = write!(text, "; in {} parts: {}{more}", fate.parts.len(), parts.join(" + "));
    }
    if fate.merged() > 0 {
        let strangers: Vec<String> =
            fate.strangers.iter().take(TOLD_MAX).map(|(name, n)| format!("{n} of {name}")).collect();
        let more = if fate.strangers.len() > TOLD_MAX { ", …" } else { "" };
        let _ = write!(text, "; with {}{more}", strangers.join(", "));
    }
    text
}

/// One evaluation as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    settings: &'a str,
    alerts: usize,
    missing: usize,
    incidents: usize,
    found: usize,
    pairwise: Shares,
    b_cubed: Shares,
    largest: f64,
    purity: f64,
    by_incident: Vec<Row<'a>>,
}

#[derive(Debug, Serialize)]
struct Shares {
    precision: f64,
    recall: f64,
    f1: f64,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    incident: &'a str,
    alerts: usize,
    split_off: usize,
    merged_wrongly: usize,
    parts: Vec<Share<'a>>,
    strangers: Vec<Share<'a>>,
}

#[derive(Debug, Serialize)]
struct Share<'a> {
    incident: &'a str,
    alerts: usize,
}

impl<'a> Record<'a> {
    pub(super) fn of(evaluation: &'a Evaluation) -> Self {
        let score = &evaluation.score;
        Self {
            settings: &evaluation.settings,
            alerts: score.alerts,
            missing: score.missing,
            incidents: score.incidents,
            found: score.found,
            pairwise: shares(&score.pairwise),
            b_cubed: shares(&score.b_cubed),
            largest: score.largest,
            purity: evaluation.purity,
            by_incident: evaluation.fates.iter().map(row).collect(),
        }
    }
}

fn shares(agreement: &Agreement) -> Shares {
    Shares { precision: agreement.precision, recall: agreement.recall, f1: agreement.f1() }
}

fn row(fate: &Fate) -> Row<'_> {
    Row {
        incident: &fate.incident,
        alerts: fate.alerts,
        split_off: fate.split(),
        merged_wrongly: fate.merged(),
        parts: list_of(&fate.parts),
        strangers: list_of(&fate.strangers),
    }
}

fn list_of(shares: &[(String, usize)]) -> Vec<Share<'_>> {
    shares.iter().map(|(incident, alerts)| Share { incident, alerts: *alerts }).collect()
}
