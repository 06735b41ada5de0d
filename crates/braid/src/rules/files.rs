use std::path::{Path, PathBuf};

use braid_engine::Rules;

use crate::config::{Config, Faults};

/// What files of test cases end in: they may lie beside the rules that they are about.
pub(crate) const TEST_SUFFIXES: [&str; 2] = [".test.yml", ".test.yaml"];

/// Reads the rules that a configuration names. `config_file` is what it was read from: other files are relative to it.
///
/// # Errors
/// Everything that is wrong with them, at once; also if there are none where some are asked for.
pub(crate) fn named_by(config: &Config, config_file: &Path) -> Result<Rules, Faults> {
    let directory = config_file.parent().unwrap_or(Path::new(""));
    super::read(
        &find(&config.rules.files, directory)
            .map_err(|message| Faults::of_file(config_file, format!("rules.files: {message}")))?,
    )
}

/// The files that the patterns mean, sorted, each once.
pub(crate) fn find(patterns: &[String], directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for pattern in patterns {
        let within = if directory.as_os_str().is_empty() || Path::new(pattern).is_absolute() {
            pattern.clone()
        } else {
            format!("{}/{pattern}", glob::Pattern::escape(&directory.to_string_lossy()))
        };
        let found = glob::glob(&within).map_err(|error| format!("`{pattern}` is no pattern: {error}"))?;
        let before = files.len();
        for file in found {
            let file = file.map_err(|error| format!("`{pattern}`: {error}"))?;
            let is_test = TEST_SUFFIXES.iter().any(|suffix| file.to_string_lossy().ends_with(suffix));
            if file.is_file() && !is_test {
                files.push(file);
            }
        }
        if files.len() == before {
            return Err(format!("`{pattern}` means no file"));
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_the_rules_and_not_their_tests() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        let files = find(&["rules/*.yml".into(), "rules/many*".into()], &directory).expect("they are there");
        assert!(files.len() >= 3 && files.is_sorted());
        assert!(files.iter().all(|file| !file.to_string_lossy().contains(".test.")), "{files:?}");
        assert_eq!(find(&["rules/*.yaml".into()], &directory), Err("`rules/*.yaml` means no file".into()));
        assert!(find(&["rules/***".into()], &directory).is_err());
    }
}
