use std::fmt;
use std::path::Path;

use strsim::damerau_levenshtein;

/// Where a value of the configuration was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the file: line and column, both from 1, columns in characters.
    File {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// In an environment variable of this name.
    Variable(String),
    /// Nowhere: it is what is missing.
    Nowhere,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// The key, such as `kafka.brokers` or `sources[1].format`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, and what would be right. Never the value of a secret.
    pub message: String,
}

/// Everything that is wrong with a configuration, or with the files that it names, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    faults: Vec<(String, Fault)>,
}

impl Faults {
    /// The faults of one file, sorted by place, each said once.
    pub(crate) fn new(file: &Path, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_cached_key(|fault| match &fault.place {
            Place::Nowhere => (0, 0, String::new()),
            Place::File { line, column } => (*line, *column, String::new()),
            Place::Variable(name) => (usize::MAX, 0, name.clone()),
        });
        faults.dedup();
        let file = file.display().to_string();
        Self { faults: faults.into_iter().map(|fault| (file.clone(), fault)).collect() }
    }

    /// One fault of the file as a whole.
    pub(crate) fn of_file(file: &Path, message: String) -> Self {
        Self::new(file, vec![Fault { place: Place::Nowhere, key: String::new(), message }])
    }

    /// Those of several files.
    pub(crate) fn of_files(files: impl IntoIterator<Item = Self>) -> Self {
        Self { faults: files.into_iter().flat_map(|file| file.faults).collect() }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().map(|(_, fault)| fault)
    }
}

impl std::error::Error for Faults {}

/// A line a fault, `file:line:column: key: message`, as compilers write it, so that editors can jump there.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (file, fault) in &self.faults {
            match &fault.place {
                Place::File { line, column } => write!(f, "{file}:{line}:{column}: ")?,
                Place::Variable(name) => write!(f, "${name}: ")?,
                Place::Nowhere => write!(f, "{file}: ")?,
            }
            if !fault.key.is_empty() {
                write!(f, "{}: ", fault.key)?;
            }
            writeln!(f, "{}", fault.message)?;
        }
        match self.faults.len() {
            1 => write!(f, "1 fault"),
            n => write!(f, "{n} faults"),
        }
    }
}

/// The word among `known` that `found` was probably meant to be: at most a third of it mistyped.
pub(crate) fn near_miss<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase();
    let allowed = (found.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (damerau_levenshtein(&found, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `a`, `b` or `c`.
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_a_typing_mistake_and_not_another_word() {
        let known = ["brokers", "instance", "settings"];
        assert_eq!(near_miss("borkers", known), Some("brokers"));
        assert_eq!(near_miss("Instances", known), Some("instance"));
        assert_eq!(near_miss("timeout", known), None);
    }
}
