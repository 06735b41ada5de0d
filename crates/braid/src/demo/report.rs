//! An incident as an analyst would want it told: what, how grave, who, and why each alert is in it.

use braid_alert::{
    AlertKey, EntityKind, EventTime, Incident, IncidentAlert, IncidentEntity, IncidentStatus, Link, Score,
};

use super::board::{Board, key};
use crate::paint::{Paint, fit, wrap};
use crate::wording::{clock, distance, minutes, opening, product, sentence};

/// Where the text of an incident begins.
const INDENT: usize = 4;
/// Where the text of a part such as `phases` begins.
const PART: usize = INDENT + 9;
/// Where the text of an alert begins.
const STORY: usize = INDENT + 10;

/// Writes an incident, a line each.
pub(super) fn lines(incident: &Incident, board: &Board, paint: Paint) -> Vec<String> {
    let mut lines = head(incident, board, paint);
    let alone = incident.alerts.len() == 1;
    if !alone {
        lines.extend(part("score", &score(&incident.score), paint));
        lines.extend(part("phases", &phases(incident), paint));
    }
    for (name, kind) in [("hosts", EntityKind::Host), ("users", EntityKind::User)] {
        lines.extend(part(name, &entities(incident, &kind), paint));
    }
    if alone {
        let by = incident.alerts.first().map_or("", |alert| alert.provider.display_name());
        let why = format!("one alert of {by}; {}", opening(&incident.opened));
        lines.extend(part("why", &why, paint));
        return lines;
    }
    lines.push(String::new());
    for (place, alert) in incident.alerts.iter().enumerate() {
        lines.push(alert_line(place + 1, alert, paint));
        lines.extend(reasons(alert, incident, board).iter().flat_map(|why| reason_lines(why, paint)));
    }
    lines
}

fn head(incident: &Incident, board: &Board, paint: Paint) -> Vec<String> {
    let number = fit(&format!("#{}", board.number(incident.id)), INDENT);
    let title = wrap(&incident.title, paint.width - INDENT);
    let mut lines: Vec<String> = title
        .iter()
        .enumerate()
        .map(|(place, line)| {
            let lead = if place == 0 { number.clone() } else { " ".repeat(INDENT) };
            paint.bold(&format!("{lead}{line}"))
        })
        .collect();
    let severity = paint.severity(&incident.severity, incident.severity.as_str());
    let facts = format!(
        "score {:.1} · {} · {} · {}",
        incident.score.value,
        status(incident),
        count(incident.alerts.len(), "alert"),
        times(incident)
    );
    lines.push(format!("{}{severity} · {facts}", " ".repeat(INDENT)));
    lines
}

fn status(incident: &Incident) -> String {
    match &incident.closed {
        Some(reason) if incident.status != IncidentStatus::Active => {
            format!("{} ({reason})", incident.status)
        }
        _ => incident.status.to_string(),
    }
}

fn times(incident: &Incident) -> String {
    let (first, last) = (incident.first_activity, incident.last_activity);
    if first == last {
        return clock(first);
    }
    format!("{} to {} ({})", clock(first), clock(last), minutes(last.since(first)))
}

fn part(name: &str, text: &str, paint: Paint) -> Vec<String> {
    let wrapped = wrap(text, paint.width - PART);
    let lead = |place| if place == 0 { name } else { "" };
    let line = |(place, line): (usize, &String)| {
        let lead = paint.dim(&fit(lead(place), PART - INDENT));
        format!("{}{lead}{line}", " ".repeat(INDENT))
    };
    wrapped.iter().enumerate().map(line).collect()
}

fn score(score: &Score) -> String {
    let parts = score.parts.iter().map(|part| format!("{:.1} ({})", part.points, part.detail));
    parts.collect::<Vec<_>>().join(" + ")
}

fn phases(incident: &Incident) -> String {
    let entry = |entry: &braid_alert::PhaseEntry| format!("{} {}", clock(entry.first), entry.phase.words());
    incident.phases.iter().map(entry).collect::<Vec<_>>().join(" → ")
}

/// Those of a kind, the busiest first, with the number of alerts that mention each; what joins nothing is marked.
fn entities(incident: &Incident, kind: &EntityKind) -> String {
    let of_kind = incident.entities.iter().filter(|entity| entity.kind == *kind);
    of_kind.map(|entity| entity_words(entity, incident)).collect::<Vec<_>>().join(", ")
}

fn entity_words(entity: &IncidentEntity, incident: &Incident) -> String {
    let mut words = entity.name.to_string();
    if incident.alerts.len() > 1 {
        words.push_str(&format!(" ×{}", entity.alerts));
    }
    if entity.context {
        words.push_str(" (context only)");
    }
    words
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn alert_line(number: usize, alert: &IncidentAlert, paint: Paint) -> String {
    let product = product(&alert.provider);
    let severity = match alert.severity.as_str() {
        "informational" => "info",
        word => word,
    };
    // The product has the right edge: ten letters are enough for the names of most.
    let title = fit(&alert.title, paint.width.saturating_sub(STORY + 8 + 11));
    let severity = paint.severity(&alert.severity, &fit(severity, 7));
    let time = paint.dim(&clock(alert.first_activity));
    format!("{}{number:>2}  {time} {title} {severity} {product}", " ".repeat(INDENT))
}

/// Why an alert is in its incident, in sentences: what it joined by, and what it merged.
fn reasons(alert: &IncidentAlert, incident: &Incident, board: &Board) -> Vec<String> {
    let own = key(alert);
    let links: Vec<&Link> = incident.links.iter().filter(|link| link.alert == own).collect();
    if links.is_empty() {
        return vec![founding(alert, incident, board)];
    }
    let because = |link: &&Link| because(link, alert.first_activity, incident, board);
    links
        .iter()
        .map(because)
        .enumerate()
        .map(
            |(place, why)| {
                if place == 0 { format!("joined {why}") } else { format!("and merged the two: {why}") }
            },
        )
        .collect()
}

/// What founded an incident was linked to nothing before it, be it this incident or one that was merged into it.
fn founding(alert: &IncidentAlert, incident: &Incident, board: &Board) -> String {
    match board.founded_by(&key(alert)) {
        Some(other) if other != incident.id => {
            format!("opened #{}, which was merged into this one later", board.number(other))
        }
        _ => format!("opened it: {}", opening(&incident.opened)),
    }
}

fn because(link: &Link, at: EventTime, incident: &Incident, board: &Board) -> String {
    let peer = place_of(&link.peer, incident);
    let earlier = peer.is_some_and(|place| incident.alerts[place].first_activity <= at);
    let peer = peer.map_or_else(|| "an alert".to_owned(), |place| format!("alert {}", place + 1));
    let distance = distance(link.gap, earlier, &peer);
    let why = sentence(&link.reason, board.entity(link.entity));
    format!("{distance}: {why} ({}, weight {})", link.reason, link.weight)
}

fn place_of(alert: &AlertKey, incident: &Incident) -> Option<usize> {
    incident.alerts.iter().position(|known| key(known) == *alert)
}

fn reason_lines(why: &str, paint: Paint) -> Vec<String> {
    let lines = wrap(why, paint.width - STORY);
    lines.iter().map(|line| paint.dim(&format!("{}{line}", " ".repeat(STORY)))).collect()
}
