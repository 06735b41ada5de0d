use std::path::Path;

use serde_path_to_error::Segment;

use super::Config;
use super::check;
use super::deserializer::Misfit;
use super::environment;
use super::fault::{Fault, Faults, Place, near_miss, one_of};
use super::reference;
use super::toml_file;
use super::tree::{Node, Step};
use super::yaml_file;

/// How many faults are looked for: beyond it nobody reads on, and each costs a pass.
const FAULTS_MAX: usize = 200;

/// What a configuration is read for: it must say what is needed for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To run, or to look at the cluster.
    Service,
    /// To say what running it would need: secrets and the files that it names may be elsewhere.
    Plan,
    /// To say what is on, be it nothing; secrets and files as for a plan.
    Audit,
    /// To work on files.
    Files,
}

impl Purpose {
    /// Whether secrets are read, and the files that it names.
    pub(super) const fn reads_secrets(self) -> bool {
        matches!(self, Self::Service)
    }

    /// Whether something must be switched on.
    pub(super) const fn wants_a_source(self) -> bool {
        matches!(self, Self::Service | Self::Plan)
    }
}

/// The variables of this process; what is no UTF-8 in them is replaced, so that it is seen and refused.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}

impl Config {
    /// Reads and checks a configuration: TOML, or YAML by the extension `.yaml` or `.yml`, with the variables named
    /// `BRAID__SECTION__KEY` among `variables` laid over it.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each with its place.
    pub fn read(file: &Path, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Faults> {
        Self::read_for(Purpose::Service, file, variables)
    }

    /// As [`Config::read`], for a command that works on files: what such a one does not need may be missing, and is not
    /// looked at. A file with `[correlation]`, `[rules]` or `[[sources]]` alone is enough.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_for_files(
        file: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        Self::read_for(Purpose::Files, file, variables)
    }

    /// As [`Config::read`], for a command that only says what running it would need. Secrets are not read.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_for_plan(
        file: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        Self::read_for(Purpose::Plan, file, variables)
    }

    /// As [`Config::read`], for a command that only says what is on: nothing need be. Secrets are not read.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_for_audit(
        file: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        Self::read_for(Purpose::Audit, file, variables)
    }

    fn read_for(
        purpose: Purpose,
        file: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let hint =
                if error.kind() == std::io::ErrorKind::NotFound { "; `braid init` makes one" } else { "" };
            Faults::of_file(file, format!("cannot be read: {error}{hint}"))
        })?;
        Self::parse_for(purpose, file, &text, variables)
    }

    /// As [`Config::read`], of a text that is already there; `file` gives the notation and the name in messages.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(
        file: &Path,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        Self::parse_for(Purpose::Service, file, text, variables)
    }

    /// As [`Config::read_for_files`] and the like, of a text.
    #[cfg(test)]
    pub(super) fn read_text_for(purpose: Purpose, text: &str) -> Result<Self, Faults> {
        Self::parse_for(purpose, Path::new("braid.toml"), text, [])
    }

    fn parse_for(
        purpose: Purpose,
        file: &Path,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let variables: Vec<(String, String)> = variables.into_iter().collect();
        let (tree, mut faults) = match file.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => toml_file::read(text),
            Some("yaml" | "yml") => yaml_file::read(text),
            _ => return Err(Faults::of_file(file, "its name must end in .toml, .yaml or .yml".to_owned())),
        };
        let Some(mut tree) = tree else { return Err(Faults::new(file, faults)) };
        faults.extend(environment::lay_over(&mut tree, &variables));
        let sifted = sift(tree);
        faults.extend(sifted.faults);
        if let Some(config) = &sifted.config {
            faults.extend(check::faults(config, purpose, &sifted.tree, &sifted.struck));
        }
        match sifted.config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(Faults::new(file, faults)),
        }
    }
}

/// What is left of a tree when everything that does not fit has been struck out.
struct Sifted {
    config: Option<Config>,
    /// What is left.
    tree: Node,
    faults: Vec<Fault>,
    /// The keys that are gone, so that nobody calls them missing.
    struck: Vec<String>,
}

fn sift(tree: Node) -> Sifted {
    let mut sifted = Sifted { config: None, tree, faults: Vec::new(), struck: Vec::new() };
    while sifted.faults.len() < FAULTS_MAX {
        let (path, misfit) = match serde_path_to_error::deserialize(&sifted.tree) {
            Ok(config) => {
                sifted.config = Some(config);
                break;
            }
            Err(error) => (steps(error.path()), error.into_inner()),
        };
        sifted.note(&path, &misfit);
        if !sifted.tree.strike(&path) {
            return sifted;
        }
    }
    if sifted.config.is_none() {
        let message = format!("there are more than {FAULTS_MAX} faults; these are the first");
        sifted.faults.push(Fault { place: Place::Nowhere, key: String::new(), message });
    }
    sifted
}

impl Sifted {
    fn note(&mut self, path: &[Step], misfit: &Misfit) {
        let spot = self.tree.locate(path);
        let (place, message) = match misfit {
            Misfit::UnknownKey { found, known } => {
                let parent = spot.key.strip_suffix(found.as_str()).unwrap_or_default();
                if let Some(near) = near_miss(found, known.iter().copied()) {
                    self.struck.push(format!("{parent}{near}"));
                }
                (spot.key_place, unknown_key(found, parent, known))
            }
            Misfit::UnknownWord { found, known } => (spot.place, unknown_word(found, known)),
            Misfit::Wrong(message) => (spot.place, message.clone()),
        };
        self.struck.push(spot.key.clone());
        self.faults.push(Fault { place, key: spot.key, message });
    }
}

fn unknown_key(found: &str, parent: &str, known: &[&str]) -> String {
    if let Some(near) = near_miss(found, known.iter().copied()) {
        return format!("there is no such key; did you mean `{near}`?");
    }
    let elsewhere: Vec<String> =
        reference::keys().into_iter().filter(|key| key.rsplit('.').next() == Some(found)).collect();
    if !elsewhere.is_empty() {
        return format!(
            "there is no such key here; did you mean {}?",
            one_of(elsewhere.iter().map(String::as_str))
        );
    }
    let whose = if parent.is_empty() { "the sections are" } else { "the keys here are" };
    format!("there is no such key; {whose} {}", known.join(", "))
}

fn unknown_word(found: &str, known: &[&str]) -> String {
    match near_miss(found, known.iter().copied()) {
        Some(near) => format!("`{found}` cannot stand here; did you mean `{near}`?"),
        None => format!("`{found}` cannot stand here; it may be {}", one_of(known.iter().copied())),
    }
}

fn steps(path: &serde_path_to_error::Path) -> Vec<Step> {
    path.iter()
        .map_while(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Whether a key was struck out, or something around or in it: then it is no news that it is missing.
pub(super) fn is_struck(key: &str, struck: &[String]) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    struck.iter().any(|gone| within(key, gone) || within(gone, key))
}

/// The place of a key that may not be there: the nearest table around it, and no place if that is the whole file.
pub(super) fn place_of(tree: &Node, path: &[Step]) -> (String, Place) {
    let spot = tree.locate(path);
    (spot.key, spot.place)
}
