//! Rule files: Sigma, read into what the engine takes.
//!
//! ```text
//!   files ──▶ documents (YAML, each value with its place) ──▶ drafts (one rule each) ──▶ references, order ──▶ Rules
//! ```
//!
//! Everything that is wrong is found in one pass and said with file, line and what would be right. What Sigma has and braid
//! has not is an error too: a rule that is silently half understood is worse than none. [`crate::config`] names the files,
//! `docs/rules.md` the fields.

mod collection;
mod condition;
mod correlation;
mod detection;
pub(crate) mod document;
mod files;
mod header;
mod selection;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use braid_engine::Rules;

use crate::config::Faults;
use crate::config::fault::{Fault, Place};
use crate::config::yaml_file::read_documents;

pub(crate) use files::{find, named_by};

use correlation::CorrelationDraft;
use detection::DetectionDraft;
use document::{Notes, Part};
use header::Header;

/// One rule of a file, its references not yet followed.
struct Draft {
    /// Which of the files it is in.
    file: usize,
    header: Header,
    kind: DraftKind,
}

enum DraftKind {
    Detection(DetectionDraft),
    Correlation(CorrelationDraft),
}

/// Reads the rules of these files.
///
/// # Errors
/// Everything that is wrong, at once, each with its place.
pub(crate) fn read(files: &[PathBuf]) -> Result<Rules, Faults> {
    let texts =
        files.iter().map(|file| std::fs::read_to_string(file).map_err(|e| format!("cannot be read: {e}")));
    parse(files, &texts.collect::<Vec<_>>())
}

/// As [`read`], of texts that are already there.
fn parse(files: &[PathBuf], texts: &[Result<String, String>]) -> Result<Rules, Faults> {
    let mut notes: Vec<Notes> = files.iter().map(|_| Notes::default()).collect();
    let mut drafts = Vec::new();
    for (file, text) in texts.iter().enumerate() {
        match text {
            Ok(text) => read_file(file, text, &mut drafts, &mut notes[file]),
            Err(error) => notes[file].whole(error),
        }
    }
    let rules = collection::assemble(drafts, &mut notes);
    let faults = files.iter().zip(notes).map(|(file, notes)| Faults::new(file, notes.faults));
    let faults = Faults::of_files(faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    Rules::new(rules).map_err(|error| {
        let file = files.first().map_or(Path::new("rules"), PathBuf::as_path);
        Faults::of_file(file, error.to_string())
    })
}

fn read_file(file: usize, text: &str, drafts: &mut Vec<Draft>, notes: &mut Notes) {
    let documents = read_documents(text);
    notes.faults.extend(documents.faults);
    if documents.whole && documents.nodes.is_empty() {
        notes.whole("there is no rule in it");
    }
    for node in &documents.nodes {
        let document = Part::root(node);
        if let Some(kind) = kind_of(&document, notes) {
            let header = Header::read(&document, matches!(kind, DraftKind::Correlation(_)), notes);
            drafts.push(Draft { file, header, kind });
        }
    }
}

/// What kind of document it is, by the section that makes it one.
fn kind_of(document: &Part<'_>, notes: &mut Notes) -> Option<DraftKind> {
    if !document.is_table() {
        notes.at(document, "a rule is a table with `title` and `detection` or `correlation`");
        return None;
    }
    for (key, message) in [
        ("filter", "Sigma's filters are not supported: put what is to be left out into the rule's condition"),
        (
            "action",
            "collections by `action` were removed from Sigma: write each rule as a document of its own",
        ),
        ("global", "global documents are not supported: write it into each rule"),
    ] {
        if let Some(part) = document.get(key) {
            notes.at_key(&part, message);
            return None;
        }
    }
    match (document.get("detection"), document.get("correlation")) {
        (Some(_), Some(correlation)) => {
            notes.at_key(&correlation, "a rule has either `detection` or `correlation`: write two documents");
            None
        }
        (Some(detection), None) => {
            Some(DraftKind::Detection(DetectionDraft::read(document, &detection, notes)))
        }
        (None, Some(correlation)) => {
            Some(DraftKind::Correlation(CorrelationDraft::read(document, &correlation, notes)))
        }
        (None, None) => {
            notes.at(
                document,
                "a rule needs `detection` (what an alert must be) or `correlation` (what must come together)",
            );
            None
        }
    }
}
