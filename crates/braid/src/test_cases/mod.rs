//! `braid test`: cases written as data, which alerts come and which incidents they should make.
//!
//! ```text
//!   case file ──▶ cases ──▶ the engine, in order of arrival ──▶ incidents, alerts of rules ──▶ compared ──▶ terminal, JUnit
//! ```

mod alert_line;
mod case;
mod expectation;
mod file;
mod played;
mod report;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use braid_engine::Settings;

use crate::Outcome;
use crate::cli::Test;
use crate::config::{self, Config, Faults};
use crate::{rules, stdout};

use case::Case;
use report::{CaseResult, FileResult};

/// Plays the cases of the files and says which of them went as expected.
pub(crate) fn run(arguments: &Test) -> anyhow::Result<Outcome> {
    let settings = settings(arguments.config.as_deref())?;
    let files: Vec<Result<FileResult, Faults>> =
        arguments.files.iter().map(|file| test_file(file, &settings)).collect();
    let (files, faults): (Vec<_>, Vec<_>) = files.into_iter().partition(Result::is_ok);
    let faults = Faults::of_files(faults.into_iter().filter_map(Result::err));
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let files: Vec<FileResult> = files.into_iter().filter_map(Result::ok).collect();
    stdout::print(&report::text(&files))?;
    if let Some(file) = &arguments.junit {
        let xml = report::junit(&files)?;
        std::fs::write(file, xml).with_context(|| format!("writing {}", file.display()))?;
    }
    let failed = files.iter().flat_map(|file| &file.cases).any(|case| !case.differences.is_empty());
    Ok(if failed { Outcome::Refused } else { Outcome::Done })
}

/// The numbers and rules of a configuration, or the defaults without rules.
fn settings(config: Option<&Path>) -> Result<Settings, Faults> {
    let Some(file) = config else { return Ok(Settings::default()) };
    let config = Config::read_for_files(file, config::variables())?;
    Ok(Settings { rules: rules::named_by(&config, file)?, ..config.correlation.settings() })
}

fn test_file(path: &Path, settings: &Settings) -> Result<FileResult, Faults> {
    let file = file::read(path)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut settings = match &file.config {
        Some(config) => self::settings(Some(&directory.join(config)))?,
        None => settings.clone(),
    };
    if !file.rules.is_empty() {
        let found = rules::find(&file.rules, directory);
        settings.rules =
            rules::read(&found.map_err(|message| Faults::of_file(path, format!("rules: {message}")))?)?;
    }
    let cases = file.cases.iter().map(|case| test_case(case, &settings)).collect();
    Ok(FileResult { name: path.display().to_string(), cases })
}

fn test_case(case: &Case, settings: &Settings) -> CaseResult {
    let started = Instant::now();
    let rules: Vec<&str> = settings.rules.iter().map(|rule| &*rule.id).collect();
    let played = played::play(&case.alerts, settings);
    let differences = case.expectation.differences(&played, &rules);
    CaseResult { name: case.name.clone(), line: case.line, took: started.elapsed(), differences }
}

/// Reads a file that a case names.
fn near(directory: &Path, name: &str) -> PathBuf {
    directory.join(name)
}
