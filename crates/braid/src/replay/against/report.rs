use std::fmt::Write;

use super::comparison::{Comparison, Counts, Difference, Head, What};
use crate::table::laid_out;

const HEAD: [&str; 6] = ["change", "before", "alerts", "after", "alerts", "what"];

/// Columns that hold numbers.
const TO_THE_RIGHT: [usize; 2] = [2, 4];

/// A table for people, and below it what it all comes to.
pub(super) fn table(comparison: &Comparison<'_>) -> String {
    let mut text = String::new();
    if !comparison.incidents.is_empty() {
        let head = std::iter::once(HEAD.map(String::from));
        let rows: Vec<[String; 6]> = head.chain(comparison.incidents.iter().map(row)).collect();
        text = laid_out(&rows, &TO_THE_RIGHT);
        text.push('\n');
    }
    for moved in &comparison.moved_alerts {
        let (from, to) = (short(&moved.from.to_string()), short(&moved.to.to_string()));
        let _ = writeln!(text, "moved  {}/{}  {from} → {to}", moved.alert.provider, moved.alert.id);
    }
    text + &sum(comparison)
}

fn row(difference: &Difference<'_>) -> [String; 6] {
    let id = |head: &Option<Head<'_>>| head.as_ref().map(|h| short(&h.id.to_string())).unwrap_or_default();
    let alerts = |head: &Option<Head<'_>>| head.as_ref().map(|h| h.alerts.to_string()).unwrap_or_default();
    let Difference { what, before, after, .. } = difference;
    [word(*what).into(), id(before), alerts(before), id(after), alerts(after), told(difference)]
}

const fn word(what: What) -> &'static str {
    match what {
        What::Changed => "changed",
        What::Merged => "merged",
        What::Split => "split",
        What::Added => "added",
        What::Gone => "gone",
    }
}

fn told(difference: &Difference<'_>) -> String {
    let title = |head: &Option<Head<'_>>| head.as_ref().map(|h| h.title.to_owned()).unwrap_or_default();
    match difference.what {
        What::Changed => changes(difference).join("; "),
        What::Merged | What::Gone => title(&difference.before),
        What::Split | What::Added => title(&difference.after),
    }
}

/// What differs of an incident that is the same attack.
fn changes(difference: &Difference<'_>) -> Vec<String> {
    let (Some(before), Some(after)) = (&difference.before, &difference.after) else { return Vec::new() };
    let mut changes = Vec::new();
    let mut differs = |what: &str, before: &str, after: &str| {
        if before != after {
            changes.push(format!("{what} {before} → {after}"));
        }
    };
    differs("status", before.status.as_str(), after.status.as_str());
    differs("severity", before.severity.as_str(), after.severity.as_str());
    if difference.alerts_came > 0 {
        changes.push(format!("{} came", alerts(difference.alerts_came)));
    }
    if difference.alerts_left > 0 {
        changes.push(format!("{} left", alerts(difference.alerts_left)));
    }
    if before.title != after.title {
        changes.push(format!("now “{}”", after.title));
    }
    changes
}

fn alerts(number: usize) -> String {
    format!("{number} alert{}", if number == 1 { "" } else { "s" })
}

fn sum(comparison: &Comparison<'_>) -> String {
    let Counts { incidents_before, incidents_after, unchanged, changed, merged, split, added, gone } =
        comparison.counts;
    let mut text = format!(
        "{incidents_before} incidents before, {incidents_after} after: {unchanged} unchanged, {changed} changed, {merged} \
         merged into others, {split} split off, {added} added, {gone} gone; {} moved by themselves\n",
        alerts(comparison.moved_alerts.len())
    );
    let (before, after) = (comparison.alerts_only_before.len(), comparison.alerts_only_after.len());
    if before + after > 0 {
        let _ = writeln!(text, "{} only before, {} only after", alerts(before), alerts(after));
    }
    text
}

fn short(id: &str) -> String {
    id.chars().take(8).collect()
}
