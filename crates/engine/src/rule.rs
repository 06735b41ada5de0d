//! Rules as the engine takes them: compiled, checked, without a trace of the notation that they were written in.
//!
//! They mean what the Sigma specification says (detection rules and correlation rules, version 2), over alerts in place
//! of log events. `docs/rules.md` has the fields, and what is not taken.

mod expression;
mod field;
mod text;

use std::fmt;
use std::sync::Arc;

use braid_alert::{Phase, Severity, Span, Technique};

pub use expression::{Expression, Match, Test};
pub use field::{EntityField, Field};
pub use text::{Pattern, TextPattern, Wrap};

/// How many alerts of one group are looked at, which is also the most that a rule may ask for.
pub const OCCURRENCES_MAX: u32 = 1_000;

/// How many rules a correlation may refer to.
pub const REFERENCES_MAX: usize = 64;

/// Rules that belong together. Cheap to clone; with none of them an alert costs one branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules(Option<Arc<Compiled>>);

#[derive(Debug, PartialEq, Eq)]
struct Compiled {
    rules: Vec<Rule>,
    /// For each rule, the correlations that refer to it.
    referrers: Vec<Vec<usize>>,
    /// Rules whose matches are listed by time, because a correlation that refers to them groups by no entity.
    listed: Vec<bool>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is known by, across restarts and across new versions of it.
    pub id: Box<str>,
    /// The title of the alerts that it raises.
    pub title: Box<str>,
    /// Their severity; without one, the highest of the alerts that it fired on.
    pub severity: Option<Severity>,
    /// Their phase.
    pub phase: Option<Phase>,
    /// Their techniques.
    pub techniques: Vec<Technique>,
    /// It raises alerts. A rule that is only there for correlations to refer to does not.
    pub raises: bool,
    /// What it looks for.
    pub kind: RuleKind,
}

/// What a rule looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleKind {
    /// Single alerts.
    Detection(Detection),
    /// Alerts that come together.
    Correlation(Correlation),
}

/// A rule about single alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// What must hold of the alert.
    pub condition: Expression,
    /// It also looks at the alerts that rules have raised. Others do not, so that no rule feeds itself unawares.
    pub sees_raised: bool,
}

/// A rule about alerts that come together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// What is counted.
    pub counts: Counted,
    /// The rules that it refers to, by their place; all of them stand before it.
    pub rules: Vec<usize>,
    /// What alerts must have in common: for each, the field to look at in the matches of each of `rules`.
    pub group_by: Vec<Vec<Field>>,
    /// How far apart in event time the first and the last may be.
    pub timespan: Span,
    /// The least count that it fires at.
    pub at_least: u32,
    /// Beyond this it no longer holds, and the alert that it raised is resolved.
    pub at_most: Option<u32>,
}

/// What a correlation counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// Alerts (`event_count`).
    Alerts,
    /// Distinct values (`value_count`), in the field given for each of the rules.
    Values(Vec<Field>),
    /// Distinct rules that have matched (`temporal`).
    Rules,
    /// Rules that have matched in the order in which they are referred to, all of them (`temporal_ordered`).
    Sequence,
}

/// Why rules cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidRules {
    /// Two rules have one id.
    IdTwice,
    /// A correlation refers to a rule that does not stand before it.
    Reference,
    /// A correlation refers to none, or to more than [`REFERENCES_MAX`].
    References,
    /// A list has not one field for each rule that is referred to.
    Fields,
    /// A count that no number of alerts reaches, or more than [`OCCURRENCES_MAX`].
    Count,
    /// A time that is not positive.
    Timespan,
    /// More rules than have a number.
    TooMany,
}

impl fmt::Display for InvalidRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdTwice => "two rules have one id",
            Self::Reference => "a correlation refers to a rule that does not stand before it",
            Self::References => "a correlation refers to no rule, or to too many",
            Self::Fields => "there must be one field for each rule that is referred to",
            Self::Count => "a count that is not reached, or not counted so far",
            Self::Timespan => "a timespan must be positive",
            Self::TooMany => "there are too many rules",
        })
    }
}

impl std::error::Error for InvalidRules {}

impl Rules {
    /// Takes rules, each after those that it refers to.
    ///
    /// # Errors
    /// The first thing that is wrong. Whoever reads rules from files finds all of it before, with its place.
    pub fn new(rules: Vec<Rule>) -> Result<Self, InvalidRules> {
        if u16::try_from(rules.len()).is_err() {
            return Err(InvalidRules::TooMany);
        }
        for (place, rule) in rules.iter().enumerate() {
            if rules[..place].iter().any(|other| other.id == rule.id) {
                return Err(InvalidRules::IdTwice);
            }
            if let RuleKind::Correlation(correlation) = &rule.kind {
                correlation.check(place)?;
            }
        }
        Ok(Self((!rules.is_empty()).then(|| Arc::new(Compiled::new(rules)))))
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().flat_map(|compiled| &compiled.rules)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |compiled| compiled.rules.len())
    }

    pub(crate) fn rule(&self, place: usize) -> &Rule {
        &self.compiled().rules[place]
    }

    pub(crate) fn place_of(&self, id: &str) -> Option<usize> {
        self.iter().position(|rule| *rule.id == *id)
    }

    /// The correlations that refer to a rule.
    pub(crate) fn referrers(&self, place: usize) -> &[usize] {
        &self.compiled().referrers[place]
    }

    pub(crate) fn is_listed(&self, place: usize) -> bool {
        self.compiled().listed[place]
    }

    fn compiled(&self) -> &Compiled {
        self.0.as_ref().expect("whoever has a rule's place has rules")
    }
}

impl Compiled {
    fn new(rules: Vec<Rule>) -> Self {
        let mut referrers = vec![Vec::new(); rules.len()];
        let mut listed = vec![false; rules.len()];
        for (place, rule) in rules.iter().enumerate() {
            let RuleKind::Correlation(correlation) = &rule.kind else { continue };
            for &referred in &correlation.rules {
                referrers[referred].push(place);
                listed[referred] |= correlation.anchor().is_none();
            }
        }
        Self { rules, referrers, listed }
    }
}

impl Correlation {
    /// The first thing in `group_by` that is an entity in the matches of every rule: what is mentioned there is found by
    /// way of the entity.
    pub(crate) fn anchor(&self) -> Option<usize> {
        self.group_by.iter().position(|fields| fields.iter().all(Field::is_entity))
    }

    fn check(&self, place: usize) -> Result<(), InvalidRules> {
        let rules = self.rules.len();
        if rules == 0 || rules > REFERENCES_MAX {
            return Err(InvalidRules::References);
        }
        if self.rules.iter().any(|&referred| referred >= place) {
            return Err(InvalidRules::Reference);
        }
        let values = match &self.counts {
            Counted::Values(fields) => fields.len(),
            _ => rules,
        };
        if values != rules || self.group_by.iter().any(|fields| fields.len() != rules) {
            return Err(InvalidRules::Fields);
        }
        let most = match self.counts {
            Counted::Rules | Counted::Sequence => rules as u32,
            Counted::Alerts | Counted::Values(_) => OCCURRENCES_MAX,
        };
        if self.at_least == 0
            || self.at_least > most
            || self.at_most.is_some_and(|at_most| at_most < self.at_least)
        {
            return Err(InvalidRules::Count);
        }
        if self.timespan <= Span::ZERO { Err(InvalidRules::Timespan) } else { Ok(()) }
    }
}
