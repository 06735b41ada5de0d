//! What a failing world looks like on paper.

use std::fmt::Write;

use braid_alert::{Alert, Evidence};
use braid_engine::Input;

/// An input in a line.
pub(crate) fn tell(input: &Input) -> String {
    match input {
        Input::Alert(alert) => tell_alert(alert),
        Input::Tick { tenant, at } => format!("tick {tenant} {at}"),
        other => format!("{other:?}"),
    }
}

fn tell_alert(alert: &Alert) -> String {
    let mut line = format!(
        "{}/{} at {} ({} to {}) {} {} {}",
        alert.tenant,
        alert.id,
        alert.origin.source_time,
        alert.first_activity,
        alert.last_activity,
        alert.provider,
        alert.status,
        alert.correlate
    );
    if let Some(phase) = &alert.phase {
        write!(line, " {phase}").unwrap();
    }
    for piece in &alert.evidence {
        write!(line, "\n      {}", tell_piece(piece)).unwrap();
    }
    line
}

fn tell_piece(piece: &Evidence) -> String {
    let names: Vec<String> = piece.identifiers.iter().map(ToString::to_string).collect();
    let addresses: Vec<String> = piece
        .addresses
        .iter()
        .map(|a| format!(" at {}{}", a.address, if a.egress { " (egress)" } else { "" }))
        .collect();
    format!("{} {}: {}{}", piece.role, piece.kind, names.join(" + "), addresses.concat())
}
