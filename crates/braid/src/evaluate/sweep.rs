use std::str::FromStr;

use toml::{Table, Value};

use crate::config::check::faults_of_correlation;
use crate::config::fault::near_miss;
use crate::config::{Config, Correlation};

/// A setting and the values to try: `merge_at=0.4,0.5`, `half_lives.other=30m,1h`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    key: String,
    values: Vec<String>,
}

impl FromStr for Sweep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || "it must look like merge_at=0.4,0.5".to_owned();
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

/// Every combination of the values that a configuration may have, each with what it changes and the settings that follow;
/// just the base if there is nothing to sweep. Where `join_at` and `merge_at` are both swept, the pairs that no
/// configuration may have are left out.
///
/// # Errors
/// If a key is none of `[correlation]` or given twice, a value is none of its key or out of its range, or there are more
/// than 10,000 combinations.
pub(super) fn combinations(base: &Config, sweeps: &[Sweep]) -> Result<Vec<(String, Correlation)>, String> {
    if let Some(twice) = given_twice(sweeps) {
        return Err(format!("{twice} is given twice: list all of its values behind one --sweep"));
    }
    let count = sweeps.iter().try_fold(1_usize, |count, sweep| count.checked_mul(sweep.values.len()));
    if count.is_none_or(|count| count > COMBINATIONS_MAX) {
        return Err(format!("more than {COMBINATIONS_MAX} combinations, each of them a whole replay"));
    }
    let mut combinations = vec![(Vec::<String>::new(), base.correlation.clone())];
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
    let pairs = ["join_at", "merge_at"].iter().all(|key| sweeps.iter().any(|sweep| sweep.key == *key));
    let mut legal = Vec::new();
    for (said, settings) in combinations {
        let said = said.join(" ");
        // Of a grid over both some corner always has merging ask for less than joining.
        if !(pairs && settings.merge_at < settings.join_at) {
            check(&said, &settings, base)?;
            legal.push((said, settings));
        }
    }
    if legal.is_empty() {
        return Err(
            "every merge_at is below every join_at: merging cannot ask for less than joining".to_owned()
        );
    }
    Ok(legal)
}

fn given_twice(sweeps: &[Sweep]) -> Option<&str> {
    let seen = |at: usize, key: &str| sweeps[..at].iter().any(|sweep| sweep.key == key);
    let twice = sweeps.iter().enumerate().find(|(at, sweep)| seen(*at, &sweep.key));
    twice.map(|(_, sweep)| sweep.key.as_str())
}

/// As `braid validate` would: what a file may not say is not tried either.
fn check(said: &str, settings: &Correlation, base: &Config) -> Result<(), String> {
    let faults = faults_of_correlation(settings, &base.topics);
    match faults.first() {
        Some(fault) if said.is_empty() => Err(format!("{}: {}", fault.key, fault.message)),
        Some(fault) => Err(format!("{said}: {}: {}", fault.key, fault.message)),
        None => Ok(()),
    }
}

/// The settings with one of them changed. They go through the form that a file has, so that a key or a value is refused
/// as it would be there.
fn with(settings: &Correlation, key: &str, value: &str) -> Result<Correlation, String> {
    let mut table = Table::try_from(settings).expect("settings have a form as text");
    let (sections, name) = match key.rsplit_once('.') {
        Some((sections, name)) => (Some(sections), name),
        None => (None, key),
    };
    let mut section = &mut table;
    for part in sections.into_iter().flat_map(|sections| sections.split('.')) {
        section = section
            .get_mut(part)
            .and_then(Value::as_table_mut)
            .ok_or_else(|| format!("[correlation] has no section {part}, which {key} names"))?;
    }
    if !section.contains_key(name) {
        let near = near_miss(name, section.keys().map(String::as_str));
        let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        return Err(format!("[correlation] has no setting {key}{hint}"));
    }
    // What is no number is a text, as durations and sizes are.
    let parsed = value.parse::<i64>().map(Value::from).or_else(|_| value.parse::<f64>().map(Value::from));
    section.insert(name.to_owned(), parsed.unwrap_or_else(|_| Value::from(value)));
    table.try_into().map_err(|error: toml::de::Error| format!("{key}={value}: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(sweeps: &[&str]) -> Result<Vec<(String, Correlation)>, String> {
        let sweeps: Vec<Sweep> = sweeps.iter().map(|sweep| sweep.parse().unwrap()).collect();
        combinations(&Config::default(), &sweeps)
    }

    fn said(tried: &[(String, Correlation)]) -> Vec<&str> {
        tried.iter().map(|(said, _)| said.as_str()).collect()
    }

    #[test]
    fn every_combination_is_tried() {
        let tried = tried(&["merge_at=0.5,0.75", "half_lives.other=30m,1h"]).unwrap();
        assert_eq!(
            said(&tried),
            [
                "merge_at=0.5 half_lives.other=30m",
                "merge_at=0.5 half_lives.other=1h",
                "merge_at=0.75 half_lives.other=30m",
                "merge_at=0.75 half_lives.other=1h"
            ]
        );
        let last = tried[3].1.settings();
        assert_eq!(last.merge_at.millionths(), 750_000);
        assert_eq!(last.half_lives.other, braid_alert::Span::hours(1));
    }

    #[test]
    fn without_a_sweep_there_is_the_base_alone() {
        let tried = tried(&[]).unwrap();
        assert_eq!((tried.len(), tried[0].1.settings()), (1, Correlation::default().settings()));
    }

    #[test]
    fn a_key_or_a_value_that_is_none_is_told() {
        let told = |sweep: &str| tried(&[sweep]).unwrap_err();
        assert!(told("mergeat=0.3").contains("did you mean merge_at?"), "{}", told("mergeat=0.3"));
        assert!(told("nothing.merge_at=0.3").contains("no section nothing"));
        assert!(told("merge_at=much").contains("merge_at=much"));
        assert!("merge_at".parse::<Sweep>().is_err() && "merge_at=".parse::<Sweep>().is_err());
    }

    #[test]
    fn what_no_configuration_may_say_is_not_tried_either() {
        let told = |sweep: &str| tried(&[sweep]).unwrap_err();
        assert!(
            told("target=0.5,2").starts_with("target=2: correlation.target: "),
            "{}",
            told("target=0.5,2")
        );
        assert!(told("join_at=0").contains("everything would be one incident"));
        assert!(told("merge_at=0.01").contains("merging cannot ask for less than joining"));
        assert!(told("hub_partners=65").contains("65 is more than 64"));
    }

    #[test]
    fn of_both_thresholds_the_pairs_that_cannot_be_are_left_out() {
        let both = tried(&["join_at=0.3,0.6", "merge_at=0.3,0.6"]).unwrap();
        assert_eq!(
            said(&both),
            ["join_at=0.3 merge_at=0.3", "join_at=0.3 merge_at=0.6", "join_at=0.6 merge_at=0.6"]
        );
        let none = tried(&["join_at=0.6", "merge_at=0.3"]).unwrap_err();
        assert!(none.contains("every merge_at is below every join_at"), "{none}");
    }

    #[test]
    fn a_key_that_is_given_twice_is_told_whatever_it_is_called() {
        let twice = tried(&["merge_at=0.5", "correlation.merge_at=0.6"]).unwrap_err();
        assert!(twice.contains("merge_at is given twice"), "{twice}");
    }
}
