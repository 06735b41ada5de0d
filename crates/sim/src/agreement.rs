//! How well an assignment of alerts to incidents agrees with the truth.
//!
//! Two measures, for each is blind where the other sees: *pairwise* counts pairs of alerts and so is about the large
//! incidents; *B³* asks of each alert how much of its incident is right and so is about all of them alike. An alert that
//! the assignment does not name counts as alone.

use std::collections::BTreeMap;

/// Which incident each alert is in, by ids.
pub type Assignment = BTreeMap<String, String>;

/// Shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Of what was put together, how much belongs together.
    pub precision: f64,
    /// Of what belongs together, how much was put together.
    pub recall: f64,
}

impl Agreement {
    /// The harmonic mean of both.
    pub fn f1(&self) -> f64 {
        let sum = self.precision + self.recall;
        if sum == 0.0 { 0.0 } else { 2.0 * self.precision * self.recall / sum }
    }
}

/// How an assignment agrees with the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// How many alerts the truth names.
    pub alerts: usize,
    /// How many of them the assignment does not name.
    pub missing: usize,
    /// How many incidents the truth has.
    pub incidents: usize,
    /// How many the assignment has.
    pub found: usize,
    /// Over pairs of alerts.
    pub pairwise: Agreement,
    /// Over alerts: B³ (Bagga and Baldwin 1998).
    pub b_cubed: Agreement,
    /// The largest found incident's share of the alerts.
    pub largest: f64,
}

/// A row of both, in the order of the truth.
type Rows<'a> = Vec<(&'a str, String)>;

// Sorted, so that a sum of floats over it is the same each time.
fn counts<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_insert(0) += 1);
    counts
}

fn pairs<K>(counts: &BTreeMap<K, usize>) -> f64 {
    counts.values().map(|&n| n as f64 * (n as f64 - 1.0) / 2.0).sum()
}

fn rows<'a>(truth: &'a Assignment, found: &Assignment) -> Rows<'a> {
    let alone = |alert: &String| format!("?{alert}");
    let rows = truth.iter().map(|(alert, incident)| {
        (incident.as_str(), found.get(alert).cloned().unwrap_or_else(|| alone(alert)))
    });
    rows.collect()
}

impl Score {
    /// Compares. Alerts that the truth does not name are left out.
    pub fn of(truth: &Assignment, found: &Assignment) -> Self {
        let rows = rows(truth, found);
        let trues = counts(rows.iter().map(|(t, _)| *t));
        let founds = counts(rows.iter().map(|(_, f)| f.as_str()));
        let both = counts(rows.iter().map(|(t, f)| (*t, f.as_str())));
        let ratio = |right: f64, of: f64| if of == 0.0 { 1.0 } else { right / of };
        let pairwise = Agreement {
            precision: ratio(pairs(&both), pairs(&founds)),
            recall: ratio(pairs(&both), pairs(&trues)),
        };
        let square = |n: usize| (n * n) as f64;
        let alerts = rows.len().max(1) as f64;
        let b_cubed = Agreement {
            precision: both.iter().map(|((_, f), &n)| square(n) / founds[f] as f64).sum::<f64>() / alerts,
            recall: both.iter().map(|((t, _), &n)| square(n) / trues[t] as f64).sum::<f64>() / alerts,
        };
        Self {
            alerts: rows.len(),
            missing: truth.keys().filter(|alert| !found.contains_key(*alert)).count(),
            incidents: trues.len(),
            found: founds.len(),
            pairwise,
            b_cubed,
            largest: founds.values().max().map_or(0.0, |&n| n as f64 / alerts),
        }
    }
}

/// What became of one true incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// Its name in the truth.
    pub incident: String,
    /// How many alerts it has.
    pub alerts: usize,
    /// The found incidents that its alerts are in with how many of them each holds, the most first.
    pub parts: Vec<(String, usize)>,
    /// The other true incidents with alerts in the first of these, with how many each, the most first.
    pub strangers: Vec<(String, usize)>,
}

impl Fate {
    /// How many of its alerts are in other incidents than most of them: what was split wrongly.
    pub fn split(&self) -> usize {
        self.alerts - self.parts.first().map_or(0, |(_, n)| *n)
    }

    /// How many alerts of others are in the incident with most of its alerts: what was merged wrongly.
    pub fn merged(&self) -> usize {
        self.strangers.iter().map(|(_, n)| n).sum()
    }

    /// What became of each true incident, the largest first.
    pub fn of_each(truth: &Assignment, found: &Assignment) -> Vec<Self> {
        let rows = rows(truth, found);
        let mut by_true: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        let mut by_found: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for (incident, place) in &rows {
            *by_true.entry(incident).or_default().entry(place).or_default() += 1;
            *by_found.entry(place).or_default().entry(incident).or_default() += 1;
        }
        let mut fates: Vec<Self> = by_true
            .iter()
            .map(|(incident, places)| {
                let parts = most_first(places.iter());
                let home = &by_found[parts[0].0.as_str()];
                let strangers = most_first(home.iter().filter(|(other, _)| *other != incident));
                Self { incident: (*incident).into(), alerts: places.values().sum(), parts, strangers }
            })
            .collect();
        fates.sort_by(|a, b| b.alerts.cmp(&a.alerts).then_with(|| a.incident.cmp(&b.incident)));
        fates
    }

    /// The purity of what holds them: of all alerts in the incidents that hold most of each of these, the share that is
    /// theirs. 1 if there are none.
    pub fn purity<'a>(fates: impl IntoIterator<Item = &'a Self>) -> f64 {
        let (own, all) = fates.into_iter().fold((0, 0), |(own, all), fate| {
            let here = fate.parts.first().map_or(0, |(_, n)| *n);
            (own + here, all + here + fate.merged())
        });
        if all == 0 { 1.0 } else { own as f64 / all as f64 }
    }
}

fn most_first<'a>(counts: impl Iterator<Item = (&'a &'a str, &'a usize)>) -> Vec<(String, usize)> {
    let mut list: Vec<(String, usize)> = counts.map(|(name, n)| ((*name).to_owned(), *n)).collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(pairs: &[(&str, &str)]) -> Assignment {
        pairs.iter().map(|(alert, incident)| (alert.to_string(), incident.to_string())).collect()
    }

    fn truth() -> Assignment {
        assignment(&[("1", "a"), ("2", "a"), ("3", "a"), ("4", "b")])
    }

    #[test]
    fn the_score_is_what_one_reckons_by_hand() {
        let same = Score::of(&truth(), &assignment(&[("1", "x"), ("2", "x"), ("3", "x"), ("4", "y")]));
        assert_eq!((same.pairwise.f1(), same.b_cubed.f1(), same.largest), (1.0, 1.0, 0.75));
        // Of two pairs found one is right, of three true ones one is found: P = 1/2, R = 1/3, F1 = 0.4.
        // B³: P = (1 + 1 + 1/2 + 1/2) / 4 = 3/4, R = (2/3 + 2/3 + 1/3 + 1) / 4 = 2/3, F1 = 12/17.
        let half = Score::of(&truth(), &assignment(&[("1", "x"), ("2", "x"), ("3", "y"), ("4", "y")]));
        assert!((half.pairwise.f1() - 0.4).abs() < 1e-9, "{half:?}");
        assert!((half.b_cubed.f1() - 12.0 / 17.0).abs() < 1e-9, "{half:?}");
    }

    #[test]
    fn missing_alerts_are_alone() {
        let none = Score::of(&truth(), &Assignment::new());
        assert_eq!((none.pairwise.precision, none.pairwise.recall, none.missing), (1.0, 0.0, 4));
        assert_eq!(none.found, 4);
    }

    #[test]
    fn a_fate_says_what_was_split_and_what_was_merged() {
        let found = assignment(&[("1", "x"), ("2", "x"), ("3", "y"), ("4", "x")]);
        let fates = Fate::of_each(&truth(), &found);
        assert_eq!((fates[0].incident.as_str(), fates[0].split(), fates[0].merged()), ("a", 1, 1));
        assert_eq!((fates[1].incident.as_str(), fates[1].split(), fates[1].merged()), ("b", 0, 2));
        assert!((Fate::purity(&fates[..1]) - 2.0 / 3.0).abs() < 1e-9);
    }
}
