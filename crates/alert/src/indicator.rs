use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Identifier;

/// From this confidence on a statement of threat intelligence counts as sure: "High" on the scale of three words that STIX
/// 2.1 has (appendix A).
pub const CONFIDENCE_HIGH: i32 = 70;

/// The most matches that are kept of an alert, the surest first.
pub const INDICATOR_MATCHES_MAX: usize = 16;

/// An indicator of threat intelligence that an alert matches, as it was known when the alert came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IndicatorMatch {
    /// The indicator's id, such as `indicator--8e2e2d2b-…`.
    pub indicator: Box<str>,
    /// What its author calls it.
    pub name: Option<Box<str>>,
    /// The configured source that told of it.
    pub source: Box<str>,
    /// What of the alert it matches; of several values the first.
    pub matched: Identifier,
    /// Who is said to be behind it: a threat actor or an intrusion set.
    pub actor: Option<Box<str>>,
    /// The campaign that it is said to belong to.
    pub campaign: Option<Box<str>>,
    /// The malware that it is said to show.
    pub malware: Option<Box<str>>,
    /// What for: what drives the actor, else the phase of the kill chain, else the type of the indicator.
    pub intent: Option<Box<str>>,
    /// How sure its author is, from 0 to 100; `None` if that is not said.
    pub confidence: Option<i32>,
}

impl IndicatorMatch {
    /// Whether its author is sure; see [`CONFIDENCE_HIGH`].
    pub fn is_sure(&self) -> bool {
        self.confidence.is_some_and(|confidence| confidence >= CONFIDENCE_HIGH)
    }

    /// What it is called to people: who is behind it, or what it is.
    pub fn told_as(&self) -> &str {
        let names = [&self.actor, &self.campaign, &self.malware, &self.name];
        names.into_iter().find_map(Option::as_deref).unwrap_or(&self.indicator)
    }
}

/// The indicators that an alert matches, each once. Nearly every alert matches none, which takes eight bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[expect(clippy::box_collection, reason = "eight bytes in every alert instead of twenty-four")]
pub struct IndicatorMatches(Option<Box<Vec<IndicatorMatch>>>);

impl IndicatorMatches {
    /// These, as far as they are kept: of one indicator once, the surest [`INDICATOR_MATCHES_MAX`], in the order of their
    /// ids, so that whatever order they were found in, the same ones stand there.
    pub fn new(mut matches: Vec<IndicatorMatch>) -> Self {
        matches.sort();
        matches.dedup_by(|next, kept| next.indicator == kept.indicator);
        if matches.len() > INDICATOR_MATCHES_MAX {
            matches.sort_by(|a, b| (b.confidence, &a.indicator).cmp(&(a.confidence, &b.indicator)));
            matches.truncate(INDICATOR_MATCHES_MAX);
            matches.sort();
        }
        Self((!matches.is_empty()).then(|| Box::new(matches)))
    }

    /// All of them.
    pub fn as_slice(&self) -> &[IndicatorMatch] {
        self.0.as_ref().map_or(&[], |matches| matches)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Both together: what the later one says of an indicator counts.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        let Some(mut matches) = later.0 else { return self };
        let Some(earlier) = self.0 else { return Self(Some(matches)) };
        let is_new = |old: &IndicatorMatch| !matches.iter().any(|new| new.indicator == old.indicator);
        let kept: Vec<_> = earlier.into_iter().filter(is_new).collect();
        matches.extend(kept);
        Self::new(*matches)
    }
}

impl Serialize for IndicatorMatches {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for IndicatorMatches {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdentifierKind;

    fn found(indicator: &str, confidence: Option<i32>) -> IndicatorMatch {
        IndicatorMatch {
            indicator: indicator.into(),
            name: None,
            source: "feed".into(),
            matched: Identifier { kind: IdentifierKind::Md5, value: "0".into() },
            actor: None,
            campaign: None,
            malware: None,
            intent: None,
            confidence,
        }
    }

    #[test]
    fn of_too_many_the_surest_are_kept_whatever_order_they_came_in() {
        let all: Vec<_> = (0..40).map(|n| found(&format!("i{n:02}"), (n % 2 == 0).then_some(n))).collect();
        let reversed: Vec<_> = all.iter().rev().cloned().collect();
        let kept = IndicatorMatches::new(all);
        assert_eq!(kept, IndicatorMatches::new(reversed));
        assert_eq!(kept.as_slice().len(), INDICATOR_MATCHES_MAX);
        assert_eq!(
            &*kept.as_slice()[0].indicator,
            "i08",
            "the least sure of those that say how sure they are"
        );
    }

    #[test]
    fn what_a_later_one_says_of_an_indicator_counts() {
        let first = IndicatorMatches::new(vec![found("a", Some(10)), found("b", None)]);
        let later = IndicatorMatches::new(vec![found("b", Some(90))]);
        let told = first.clone().followed_by(later.clone());
        let confidence: Vec<_> = told.as_slice().iter().map(|found| found.confidence).collect();
        assert_eq!(confidence, [Some(10), Some(90)]);
        assert_eq!(first.clone().followed_by(IndicatorMatches::default()), first);
        assert_eq!(IndicatorMatches::default().followed_by(later.clone()), later);
    }

    #[test]
    fn an_alert_that_matches_nothing_pays_eight_bytes() {
        assert_eq!(size_of::<IndicatorMatches>(), 8);
    }
}
