use std::cmp::Reverse;
use std::fmt::Write;

use braid_alert::{EventTime, Incident, IncidentStatus};

use crate::table::laid_out;

const HEAD: [&str; 8] =
    ["severity", "score", "status", "alerts", "first activity", "lasts", "incident", "title"];

/// Columns that hold numbers: score, alerts, lasts.
const TO_THE_RIGHT: [usize; 3] = [1, 3, 5];

/// A table for people, the most urgent incident first, and below it what it all came to.
pub(super) fn table(incidents: &[Incident], refused: u64) -> String {
    let (merged, mut standing): (Vec<&Incident>, Vec<&Incident>) =
        incidents.iter().partition(|incident| incident.status == IncidentStatus::Redirected);
    standing.sort_by_key(|i| (Reverse(hundredths(i)), i.first_activity, i.id));
    let rows: Vec<[String; 8]> =
        std::iter::once(HEAD.map(String::from)).chain(standing.iter().map(|i| row(i))).collect();
    let mut text = laid_out(&rows, &TO_THE_RIGHT);
    let alerts: usize = standing.iter().map(|incident| incident.size()).sum();
    let alone = standing.iter().filter(|incident| incident.size() == 1).count();
    let _ = writeln!(
        text,
        "\n{alerts} alerts in {} incidents, {alone} of them of one alert; {} more were merged into these; {refused} \
         records refused",
        standing.len(),
        merged.len()
    );
    text
}

fn hundredths(incident: &Incident) -> i64 {
    (incident.score.value * 100.0).round() as i64
}

fn row(incident: &Incident) -> [String; 8] {
    [
        incident.severity.to_string(),
        format!("{:.0}", incident.score.value),
        incident.status.to_string(),
        incident.size().to_string(),
        minute(incident.first_activity),
        incident.last_activity.since(incident.first_activity).to_string(),
        incident.id.to_string().chars().take(8).collect(),
        incident.title.to_string(),
    ]
}

/// `2024-07-02 09:48`, in UTC.
fn minute(at: EventTime) -> String {
    let text = at.to_string();
    text.get(..16).map_or_else(|| text.clone(), |minute| minute.replace('T', " "))
}
