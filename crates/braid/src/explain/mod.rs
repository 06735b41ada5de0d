//! `braid explain`: the story of one incident, in sentences.
//!
//! ```text
//!   files, topics, the API ──▶ Material ──▶ the incident ──▶ Telling ──▶ text for people, JSON for programs
//! ```

mod material;
mod telling;
mod text;

use std::io::{self, Write};

use anyhow::bail;
use braid_alert::Incident;

use crate::Outcome;
use crate::cli::Explain;
use crate::decode::Refusals;
use crate::paint::Paint;
use crate::stdout::unless_pipe_closed;

use material::Material;
use telling::Telling;

/// Finds the incident and tells its story.
pub(crate) fn run(arguments: &Explain) -> anyhow::Result<Outcome> {
    let mut refusals = Refusals::default();
    let material = Material::gather(arguments, &mut refusals)?;
    let incident = find(&material, &arguments.incident)?;
    let telling = Telling::of(incident, &material);
    let text = if arguments.json {
        let mut bytes = braid_wire::json::to_json(&telling);
        bytes.push(b'\n');
        bytes
    } else {
        let columns = console::Term::stdout().is_term().then(|| console::Term::stdout().size().1);
        text::written(&telling, Paint::new(columns, |name| std::env::var(name).ok())).into_bytes()
    };
    unless_pipe_closed(io::stdout().lock().write_all(&text).map_err(Into::into))?;
    Ok(refusals.outcome())
}

/// How many incidents a message names.
const NAMED_MAX: usize = 5;

/// The incident whose id begins so; one that was merged away leads to the survivor.
fn find<'m>(material: &'m Material, asked: &str) -> anyhow::Result<&'m Incident> {
    let asked = asked.trim().to_ascii_lowercase();
    let begins = |incident: &&Incident| incident.id.to_string().starts_with(&asked);
    let found: Vec<&Incident> = material.incidents.values().filter(begins).collect();
    match found[..] {
        [] => bail!("{}", unknown(material, &asked)),
        [one] => Ok(one.redirect_incident_id.and_then(|id| material.incidents.get(&id)).unwrap_or(one)),
        _ => bail!("several incidents begin with {asked}:\n{}", named(&found)),
    }
}

fn unknown(material: &Material, asked: &str) -> String {
    let mut all: Vec<&Incident> = material.incidents.values().collect();
    if all.is_empty() {
        return format!("there is no incident {asked}, nor any other");
    }
    let distance = |incident: &&Incident| {
        let id: String = incident.id.to_string().chars().take(asked.chars().count()).collect();
        (strsim::levenshtein(&id, asked), incident.id)
    };
    all.sort_by_cached_key(distance);
    all.truncate(NAMED_MAX);
    format!("there is no incident {asked}; of {} the nearest are:\n{}", material.incidents.len(), named(&all))
}

fn named(incidents: &[&Incident]) -> String {
    let line = |incident: &&Incident| format!("  {}  {}", incident.id, incident.title);
    let lines: Vec<String> = incidents.iter().take(NAMED_MAX).map(line).collect();
    lines.join("\n")
}
