//! A line for each change of an incident, as it is read from the outputs.

use braid_alert::{AlertKey, ChangeReason, IncidentChange, Link};

use super::board::{Board, DeadLetter, News};
use crate::paint::{Paint, cut, fit};
use crate::wording::{catchword, clock, short_name};

/// The columns before the title: time, verb, number and severity with the spaces between them.
const LEAD: usize = 5 + 2 + 8 + 1 + 3 + 1 + 6 + 1;
/// The column that says why.
const WHY: usize = 19;

/// What a line says.
struct Line<'a> {
    time: String,
    verb: &'a str,
    what: String,
    why: String,
}

/// The line for a piece of news; `None` for what another line says as well.
pub(super) fn line(news: &News, board: &Board, paint: Paint) -> Option<String> {
    match news {
        News::Change(change) => change_line(change, board, paint),
        News::DeadLetter(letter) => Some(letter_line(letter, paint)),
    }
}

fn change_line(change: &IncidentChange, board: &Board, paint: Paint) -> Option<String> {
    let alert = change.alert.as_ref().and_then(|key| board.alert(key));
    let title = || alert.map_or_else(String::new, |alert| alert.title.to_string());
    let why = || change.links.first().map_or_else(String::new, |link| why(link, board));
    let (verb, what, why) = match &change.reason {
        ChangeReason::Opened => ("opened", title(), String::new()),
        ChangeReason::AlertJoined => ("joined", title(), why()),
        ChangeReason::AlertRevised => {
            ("revised", format!("{}: {}", title(), status(change, board)), String::new())
        }
        ChangeReason::MergedFrom => ("merged", merged(change, board), why()),
        ChangeReason::Resolved => ("resolved", "every alert is resolved at its source".into(), String::new()),
        ChangeReason::Redirected => return None,
        other => (other.as_str(), title(), why()),
    };
    let time = alert.map_or_else(String::new, |alert| clock(alert.first_activity));
    let line = Line { time, verb, what, why };
    let severity = paint.severity(&change.severity, &fit(short_severity(change), 6));
    Some(line.written(&format!("#{}", board.number(change.incident)), &severity, paint))
}

fn letter_line(letter: &DeadLetter, paint: Paint) -> String {
    let what = format!("to dead-letters: {}", letter.detail);
    let line = Line { time: String::new(), verb: "refused", what, why: String::new() };
    line.written("", &fit("", 6), paint)
}

impl Line<'_> {
    fn written(&self, number: &str, severity: &str, paint: Paint) -> String {
        let wide = paint.width.saturating_sub(LEAD);
        let what = if self.why.is_empty() {
            cut(&self.what, wide)
        } else {
            let why = paint.dim(&cut(&self.why, WHY));
            format!("{}  {why}", fit(&self.what, wide.saturating_sub(WHY + 2)))
        };
        let time = paint.dim(&fit(&self.time, 5));
        format!("{time}  {} {} {severity} {what}", coloured(self.verb, paint), fit(number, 3))
    }
}

fn coloured(verb: &str, paint: Paint) -> String {
    let word = fit(verb, 8);
    match verb {
        "opened" => paint.bold(&word),
        "merged" | "refused" => paint.notable(&word),
        "resolved" => paint.good(&word),
        _ => word,
    }
}

fn short_severity(change: &IncidentChange) -> &str {
    match change.severity.as_str() {
        "informational" => "info",
        word => word,
    }
}

fn merged(change: &IncidentChange, board: &Board) -> String {
    let other = change.other.map_or(0, |id| board.number(id));
    format!("#{other} turns out to be the same attack")
}

fn status(change: &IncidentChange, board: &Board) -> String {
    let status = |key: &AlertKey| board.alert(key).map(|alert| alert.status.to_string());
    change.alert.as_ref().and_then(status).unwrap_or_default()
}

fn why(link: &Link, board: &Board) -> String {
    let name = board.entity(link.entity).map_or("", short_name);
    catchword(&link.reason, name)
}
