//! What a failing world looks like on paper.

use std::fmt::Write;

use braid_alert::{Alert, DirectoryRecord, Evidence, Identifier};
use braid_engine::Input;

/// An input in a line.
pub(crate) fn tell(input: &Input) -> String {
    match input {
        Input::Alert(alert) => tell_alert(alert),
        Input::Tick { tenant, at } => format!("tick {tenant} {at}"),
        Input::Directory(record) => tell_record(record),
        Input::Command(command) => format!(
            "{} command {} at {} expecting {:?}: {:?}",
            command.tenant, command.id, command.origin.source_time, command.expected_version, command.action
        ),
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
    let names = tell_names(&piece.identifiers);
    let addresses: Vec<String> = piece
        .addresses
        .iter()
        .map(|a| format!(" at {}{}", a.address, if a.egress { " (egress)" } else { "" }))
        .collect();
    format!("{} {}: {}{}", piece.role, piece.kind, names, addresses.concat())
}

fn tell_record(record: &DirectoryRecord) -> String {
    let mut line = format!("{} directory {} at {}", record.tenant, record.object, record.origin.source_time);
    let Some(entry) = &record.entry else { return line + " deleted" };
    let place = if entry.on_premises { "on premises" } else { "in the cloud" };
    write!(line, " {place} {}: {}", entry.kind, tell_names(&entry.identifiers)).unwrap();
    for text in [&entry.sam_name, &entry.display_name].into_iter().flatten() {
        write!(line, " called {text:?}").unwrap();
    }
    line
}

fn tell_names(names: &[Identifier]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
}
