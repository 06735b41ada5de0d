use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use toml::{Table, Value};

use crate::config::Correlation;

/// A setting and the values to try: `merge_at=0.25,0.4`, `half_lives.other=30m,1h`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    key: String,
    values: Vec<String>,
}

impl FromStr for Sweep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || "it must look like merge_at=0.25,0.4".to_owned();
        let (key, values) = text.split_once('=').ok_or_else(shape)?;
        let key = key.trim().strip_prefix("correlation.").unwrap_or(key.trim()).to_owned();
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        if key.is_empty() || values.iter().any(String::is_empty) {
            return Err(shape());
        }
        Ok(Self { key, values })
    }
}

/// How many combinations are tried at most: each is a whole replay.
const COMBINATIONS_MAX: usize = 10_000;

/// Every combination of the values, each with what it changes and the settings that follow; just the base if there is
/// nothing to sweep.
///
/// # Errors
/// If a key is none of `[correlation]`, a value is none of its key, or there are more than 10,000 combinations.
pub(super) fn combinations(
    base: &Correlation,
    sweeps: &[Sweep],
) -> anyhow::Result<Vec<(String, Correlation)>> {
    let count = sweeps.iter().try_fold(1_usize, |count, sweep| count.checked_mul(sweep.values.len()));
    if count.is_none_or(|count| count > COMBINATIONS_MAX) {
        bail!("more than {COMBINATIONS_MAX} combinations, each of them a whole replay");
    }
    let mut combinations = vec![(Vec::<String>::new(), base.clone())];
    for sweep in sweeps {
        let mut longer = Vec::new();
        for (said, settings) in &combinations {
            for value in &sweep.values {
                let said = said.iter().cloned().chain([format!("{}={value}", sweep.key)]).collect();
                longer.push((said, with(settings, &sweep.key, value)?));
            }
        }
        combinations = longer;
    }
    Ok(combinations.into_iter().map(|(said, settings)| (said.join(" "), settings)).collect())
}

/// The settings with one of them changed. They go through the form that a file has, so that a key or a value is refused
/// as it would be there.
fn with(settings: &Correlation, key: &str, value: &str) -> anyhow::Result<Correlation> {
    let mut table = Table::try_from(settings).context("settings have a form as text")?;
    let (sections, name) = match key.rsplit_once('.') {
        Some((sections, name)) => (Some(sections), name),
        None => (None, key),
    };
    let mut section = &mut table;
    for part in sections.into_iter().flat_map(|sections| sections.split('.')) {
        section = section
            .get_mut(part)
            .and_then(Value::as_table_mut)
            .ok_or_else(|| anyhow!("[correlation] has no section {part}, which {key} names"))?;
    }
    // What is no number is a text, as durations and sizes are.
    let parsed = value.parse::<i64>().map(Value::from).or_else(|_| value.parse::<f64>().map(Value::from));
    section.insert(name.to_owned(), parsed.unwrap_or_else(|_| Value::from(value)));
    table.try_into().with_context(|| format!("{key}={value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(sweeps: &[&str]) -> anyhow::Result<Vec<(String, Correlation)>> {
        let sweeps: Vec<Sweep> = sweeps.iter().map(|sweep| sweep.parse().unwrap()).collect();
        combinations(&Correlation::default(), &sweeps)
    }

    #[test]
    fn every_combination_is_tried() {
        let tried = tried(&["merge_at=0.25,0.5", "half_lives.other=30m,1h"]).unwrap();
        let said: Vec<&str> = tried.iter().map(|(said, _)| said.as_str()).collect();
        assert_eq!(
            said,
            [
                "merge_at=0.25 half_lives.other=30m",
                "merge_at=0.25 half_lives.other=1h",
                "merge_at=0.5 half_lives.other=30m",
                "merge_at=0.5 half_lives.other=1h"
            ]
        );
        let last = tried[3].1.settings();
        assert_eq!(last.merge_at.millionths(), 500_000);
        assert_eq!(last.half_lives.other, braid_alert::Span::hours(1));
    }

    #[test]
    fn without_a_sweep_there_is_the_base_alone() {
        let tried = tried(&[]).unwrap();
        assert_eq!((tried.len(), tried[0].1.settings()), (1, Correlation::default().settings()));
    }

    #[test]
    fn a_key_or_a_value_that_is_none_is_told() {
        let told = |sweep: &str| format!("{:#}", tried(&[sweep]).unwrap_err());
        assert!(told("merge=0.3").contains("merge"), "{}", told("merge=0.3"));
        assert!(told("nothing.merge_at=0.3").contains("no section nothing"));
        assert!(told("merge_at=much").contains("merge_at=much"));
        assert!("merge_at".parse::<Sweep>().is_err() && "merge_at=".parse::<Sweep>().is_err());
    }
}
