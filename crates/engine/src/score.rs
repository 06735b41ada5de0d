//! How urgent an incident is: a bounded sum over the severities of its alerts, raised by what makes an attack worse.
//!
//! The sum is Σ sᵢ ÷ i^1.5 over the severities in falling order, divided by ζ(1.5), to which it converges: a hundred
//! alerts of low severity never reach one of high. Each raise multiplies the odds, so that 100 is never passed.

use braid_alert::{IndicatorMatch, Phase, Score, ScorePart};

/// What a severity counts, by its rank, in millionths: not known, informational, low, medium, high, critical.
const SEVERITIES: [u64; 6] = [50_000, 50_000, 250_000, 500_000, 800_000, 1_000_000];

/// ζ(1.5) in millionths.
const ZETA: u64 = 2_612_375;

/// What each further step of the kill chain, and a sensitive entity, does to the odds.
const PHASE_ODDS: (u64, u64) = (3, 2);
const SENSITIVE_ODDS: (u64, u64) = (2, 1);

/// What threat intelligence does to the odds: where it is sure, and where it is not.
const SURE_ODDS: (u64, u64) = (2, 1);
const UNSURE_ODDS: (u64, u64) = (3, 2);

const ONE: u64 = 1_000_000;

/// What a score is made of.
pub(crate) struct Grounds<'a> {
    /// How many alerts are of each rank of severity.
    pub(crate) severities: &'a [u32; 6],
    /// Distinct phases with a place in the kill chain.
    pub(crate) steps: usize,
    /// Names of sensitive entities and honeytokens.
    pub(crate) sensitive: &'a [&'a str],
    /// The phases, for the sentence.
    pub(crate) phases: &'a [Phase],
    /// The indicators that its alerts match, the surest first.
    pub(crate) indicators: &'a [&'a IndicatorMatch],
}

pub(crate) fn score(grounds: &Grounds<'_>) -> Score {
    let mut parts = Vec::new();
    let alerts = bounded_sum(grounds.severities);
    let count: u32 = grounds.severities.iter().sum();
    parts.push(part(
        "alerts",
        alerts,
        format!("{count} alert{} by severity", if count == 1 { "" } else { "s" }),
    ));
    let further = grounds.steps.saturating_sub(1);
    let phased = (0..further).fold(alerts, |p, _| raise(p, PHASE_ODDS));
    if phased > alerts {
        let words: Vec<&str> =
            grounds.phases.iter().filter(|p| p.step().is_some()).map(Phase::words).collect();
        parts.push(part("phases", phased - alerts, format!("the attack went through {}", words.join(", "))));
    }
    let mut value = phased;
    if !grounds.sensitive.is_empty() {
        value = raise(phased, SENSITIVE_ODDS);
        parts.push(part("sensitiveEntities", value - phased, grounds.sensitive.join(", ")));
    }
    if let Some(surest) = grounds.indicators.first() {
        let odds = if surest.is_sure() { SURE_ODDS } else { UNSURE_ODDS };
        let known = raise(value, odds);
        parts.push(part("threatIntelligence", known - value, told_of(grounds.indicators)));
        value = known;
    }
    Score { value: points(value), parts }
}

/// Who or what it is about, each once.
fn told_of(indicators: &[&IndicatorMatch]) -> String {
    const NAMES_MAX: usize = 5;
    let mut names: Vec<&str> = Vec::new();
    for name in indicators.iter().map(|found| found.told_as()) {
        if names.len() < NAMES_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn part(name: &str, millionths: u64, detail: String) -> ScorePart {
    ScorePart { name: name.into(), points: points(millionths), detail: detail.into() }
}

/// Millionths of certainty as points of 100, to two decimals.
fn points(millionths: u64) -> f64 {
    ((millionths + 50) / 100) as f64 / 100.0
}

fn bounded_sum(severities: &[u32; 6]) -> u64 {
    let mut sum = 0;
    let mut i = 0u64;
    for rank in (0..6).rev() {
        for _ in 0..severities[rank] {
            i += 1;
            // i^1.5 as an integer root, so that every platform gets the same.
            let root = (u128::from(i).pow(3) * 1_000_000_000_000).isqrt() as u64;
            sum += SEVERITIES[rank] * ONE / root;
        }
    }
    (sum * ONE / ZETA).min(ONE)
}

/// Multiplies the odds of a probability in millionths.
fn raise(p: u64, (times, by): (u64, u64)) -> u64 {
    let raised = p * times;
    ONE * raised / (raised + (ONE - p) * by).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(severities: [u32; 6], steps: usize) -> f64 {
        score(&Grounds { severities: &severities, steps, sensitive: &[], phases: &[], indicators: &[] }).value
    }

    #[test]
    fn many_small_alerts_do_not_outweigh_a_grave_one() {
        assert_eq!(of([0, 0, 0, 0, 0, 1], 1), 38.28);
        assert!(of([0, 0, 1_000, 0, 0, 0], 1) < of([0, 0, 0, 0, 1, 0], 1), "1,000 low against one high");
        assert!(of([0, 0, 0, 0, 0, 1_000], 5) <= 100.0);
    }

    #[test]
    fn progress_raises_and_never_passes_100() {
        let one = of([0, 0, 0, 2, 2, 0], 1);
        let three = of([0, 0, 0, 2, 2, 0], 3);
        assert!(one < three && three < 100.0, "{one} {three}");
    }
}
