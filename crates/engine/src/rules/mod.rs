//! Rules at work: which alerts they match, which come together, and the alerts that they raise.
//!
//! There is no second memory for this. An alert remembers which rules it has matched; what came together is found by way of
//! the entities that the alerts mention, in the index that joins are found in. So one user under three names is one group,
//! and stays right when names are united or divided, when an alert is revised, forgotten or restored.
//!
//! ```text
//!  alert arrives, is revised ──▶ look: which detections does it match?
//!                                  │ for each correlation that refers to one of them
//!                                  ▼
//!                                weigh: the alerts of its group around it in event time; does a window hold enough?
//!                                  │ yes
//!                                  ├──▶ the last alert of the window has matched the correlation: on to those that refer to it
//!                                  └──▶ raise an alert, or extend the one that was raised for this group ──▶ look
//! ```

mod firing;
mod grouping;
mod home;
mod lists;
mod matching;
mod window;

use std::collections::VecDeque;

use braid_alert::{AlertKey, AlertStatus, EventTime, Identifier};
use smallvec::SmallVec;

use crate::rule::{Correlation, Rule, RuleKind};
use crate::slots::AlertRef;
use crate::state::RaisedRecord;
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{Effect, Firing, RuleLimit};

pub(crate) use lists::RuleLists;

use grouping::Group;
use window::{Verdict, Window};

/// How many looks and weighings one input may lead to, and how often an alert that was raised may lead to another. Rules
/// that look at what rules raise can call one another for ever.
const STEPS_MAX: usize = 256;
/// See [`STEPS_MAX`].
const DEPTH_MAX: usize = 4;

/// What rules have to do with an alert. Most alerts have none of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RuleTrace {
    /// The rules that it has matched, by their place, in order: detections, and correlations whose window it has completed.
    pub(crate) matched: SmallVec<[u16; 4]>,
    /// If a rule has raised it: which, and for which group.
    pub(crate) raised: Option<Raised>,
    /// The event time under which it stands in [`RuleLists`].
    listed_at: (EventTime, EventTime),
}

/// The rule that raised an alert, and the group that it did so for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Raised {
    pub(crate) rule: u16,
    /// A name of each entity of the group: names follow the entities when these are united and divided.
    pub(crate) entities: Vec<Identifier>,
    /// What else the alerts of the group have in common, in lower case.
    pub(crate) texts: Vec<Box<str>>,
}

/// Something that is still to be done for an input.
#[derive(Clone, Copy)]
enum Step {
    Look { alert: AlertRef, depth: usize },
    Weigh { correlation: usize, alert: AlertRef, depth: usize },
}

/// What is still to be done, and how deep that at hand is.
struct Steps {
    open: VecDeque<Step>,
    depth: usize,
}

impl Steps {
    /// A rule has raised an alert.
    fn look_at(&mut self, raised: Option<AlertRef>) {
        let depth = self.depth + 1;
        self.open.extend(raised.map(|alert| Step::Look { alert, depth }));
    }

    /// An alert has matched what these correlations refer to.
    fn weigh(&mut self, correlations: &[usize], alert: AlertRef) {
        let depth = self.depth;
        self.open.extend(correlations.iter().map(|&correlation| Step::Weigh { correlation, alert, depth }));
    }
}

impl TenantState {
    /// Shows the rules an alert that has arrived or has been revised. Not called where there are none.
    pub(crate) fn follow_rules(&mut self, key: &AlertKey, weighing: &Weighing, effects: &mut Vec<Effect>) {
        let Some(alert) = self.find_alert(&key.provider, &key.id) else { return };
        let mut steps = Steps { open: VecDeque::from([Step::Look { alert, depth: 0 }]), depth: 0 };
        for _ in 0..STEPS_MAX {
            match steps.open.pop_front() {
                None => return,
                Some(Step::Look { alert, depth }) if depth > DEPTH_MAX => {
                    self.unfollowed(alert, weighing, effects)
                }
                Some(Step::Look { alert, depth }) => {
                    steps.depth = depth;
                    self.look(alert, weighing, &mut steps, effects);
                }
                Some(Step::Weigh { correlation, alert, depth }) => {
                    steps.depth = depth;
                    self.weigh(correlation, alert, weighing, &mut steps, effects);
                }
            }
        }
        match steps.open.pop_front() {
            Some(Step::Weigh { correlation, .. }) => {
                self.limited(correlation, RuleLimit::Steps, weighing, effects);
            }
            Some(Step::Look { alert, .. }) => self.unfollowed(alert, weighing, effects),
            None => {}
        }
    }

    /// An alert that a rule has raised is shown to no rule.
    fn unfollowed(&self, raised: AlertRef, weighing: &Weighing, effects: &mut Vec<Effect>) {
        let trace = self.alerts[raised].rules.as_ref();
        if let Some(rule) = trace.and_then(|trace| trace.raised.as_ref()).map(|raised| raised.rule) {
            self.limited(rule.into(), RuleLimit::Steps, weighing, effects);
        }
    }

    /// Notes which detections an alert matches now, and what is to be weighed because of it.
    fn look(&mut self, alert: AlertRef, weighing: &Weighing, steps: &mut Steps, effects: &mut Vec<Effect>) {
        let rules = &weighing.settings.rules;
        let trace = self.alerts[alert].rules.as_ref();
        let raised_by = trace.and_then(|trace| trace.raised.as_ref()).map(|raised| usize::from(raised.rule));
        let mut matched: SmallVec<[u16; 4]> = SmallVec::new();
        for (place, rule) in rules.iter().enumerate() {
            let holds = match &rule.kind {
                RuleKind::Detection(detection) => {
                    let sees = raised_by.is_none_or(|by| detection.sees_raised && by != place);
                    sees && self.satisfies(alert, &detection.condition)
                }
                // What it completed once, it has completed.
                RuleKind::Correlation(_) => self.has_matched(alert, place),
            };
            if holds {
                matched.push(place as u16);
            }
        }
        self.note_matches(alert, matched.clone(), weighing);
        for place in matched.into_iter().map(usize::from) {
            let rule = rules.rule(place);
            if rule.raises && matches!(rule.kind, RuleKind::Detection(_)) {
                steps.look_at(self.raise_for_one(place, alert, weighing, effects));
            }
            steps.weigh(rules.referrers(place), alert);
        }
    }

    pub(super) fn has_matched(&self, alert: AlertRef, rule: usize) -> bool {
        let trace = self.alerts[alert].rules.as_ref();
        trace.is_some_and(|trace| trace.matched.iter().any(|&place| usize::from(place) == rule))
    }

    /// Asks for each group that an alert is in whether enough has come together there.
    fn weigh(
        &mut self,
        place: usize,
        alert: AlertRef,
        weighing: &Weighing,
        steps: &mut Steps,
        effects: &mut Vec<Effect>,
    ) {
        let rule = weighing.settings.rules.rule(place);
        let RuleKind::Correlation(correlation) = &rule.kind else { return };
        let (groups, all) = self.groups_of_match(alert, correlation);
        if !all {
            self.limited(place, RuleLimit::Groups, weighing, effects);
        }
        for group in groups {
            let at = self.alerts[alert].alert.first_activity;
            let (occurrences, all) = self.occurrences(correlation, &group, at);
            if !all {
                self.limited(place, RuleLimit::Occurrences, weighing, effects);
            }
            match window::find(correlation, &occurrences, at) {
                Verdict::TooFew => {}
                Verdict::Holds(window) => {
                    self.complete(place, rule, &group, &window, weighing, steps, effects);
                }
                Verdict::TooMany(window) => self.overfill(place, rule, &group, &window, weighing, effects),
            }
        }
    }

    /// A window holds enough.
    #[expect(clippy::too_many_arguments, reason = "what is at hand where a correlation is weighed")]
    fn complete(
        &mut self,
        place: usize,
        rule: &Rule,
        group: &Group,
        window: &Window,
        weighing: &Weighing,
        steps: &mut Steps,
        effects: &mut Vec<Effect>,
    ) {
        let last = window.last();
        if !self.has_matched(last, place) {
            let mut matched = self.alerts[last].rules.as_ref().map(|t| t.matched.clone()).unwrap_or_default();
            matched.push(place as u16);
            matched.sort_unstable();
            self.note_matches(last, matched, weighing);
            steps.weigh(weighing.settings.rules.referrers(place), last);
        }
        if !rule.raises {
            return;
        }
        match self.raised_for(place, group, window, weighing) {
            Some(raised) => self.extend_raised(place, raised, window, weighing, effects),
            None => {
                steps.look_at(self.raise(place, group, window, weighing, effects));
            }
        }
    }

    /// A window holds more than the rule allows: what was raised for it is withdrawn, and nothing has been completed.
    fn overfill(
        &mut self,
        place: usize,
        rule: &Rule,
        group: &Group,
        window: &Window,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        for &alert in &window.alerts {
            if self.has_matched(alert, place) {
                let mut matched =
                    self.alerts[alert].rules.as_ref().map(|t| t.matched.clone()).unwrap_or_default();
                matched.retain(|other| usize::from(*other) != place);
                self.note_matches(alert, matched, weighing);
            }
        }
        let raised = rule.raises.then(|| self.raised_for(place, group, window, weighing)).flatten();
        if let Some(raised) = raised
            && self.alerts[raised].alert.status != AlertStatus::Resolved
        {
            self.withdraw(place, raised, weighing, effects);
        }
    }

    fn limited(&self, rule: usize, limit: RuleLimit, weighing: &Weighing, effects: &mut Vec<Effect>) {
        let rule = weighing.settings.rules.rule(rule).id.clone();
        effects.push(Effect::RuleLimited { tenant: self.tenant.clone(), rule, limit });
    }

    fn told(
        &self,
        rule: usize,
        alert: AlertRef,
        firing: Firing,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        let rule = weighing.settings.rules.rule(rule).id.clone();
        let alert = self.alerts[alert].key();
        effects.push(Effect::RuleFired { tenant: self.tenant.clone(), rule, alert, firing });
    }
}

/// The rules that an alert has matched and the one that raised it, as the changelog keeps them: by id, for places change
/// with the files.
pub(crate) fn to_record(
    trace: Option<&RuleTrace>,
    weighing: &Weighing,
) -> (Vec<Box<str>>, Option<RaisedRecord>) {
    let Some(trace) = trace else { return (Vec::new(), None) };
    let rules = &weighing.settings.rules;
    let id = |place: u16| rules.rule(place.into()).id.clone();
    let raised = trace.raised.as_ref().map(|raised| RaisedRecord {
        rule: id(raised.rule),
        entities: raised.entities.clone(),
        texts: raised.texts.clone(),
    });
    (trace.matched.iter().map(|&place| id(place)).collect(), raised)
}

/// The other way. What speaks of rules that are no longer there is left out.
pub(crate) fn from_record(
    matched: &[Box<str>],
    raised: Option<RaisedRecord>,
    weighing: &Weighing,
) -> Option<Box<RuleTrace>> {
    let rules = &weighing.settings.rules;
    if rules.is_empty() {
        return None;
    }
    let place = |id: &str| rules.place_of(id).map(|place| place as u16);
    let mut matched: SmallVec<[u16; 4]> = matched.iter().filter_map(|id| place(id)).collect();
    matched.sort_unstable();
    let raised = raised.and_then(|record| {
        let RaisedRecord { rule, entities, texts } = record;
        Some(Raised { rule: place(&rule)?, entities, texts })
    });
    (!matched.is_empty() || raised.is_some())
        .then(|| Box::new(RuleTrace { matched, raised, ..RuleTrace::default() }))
}

impl Correlation {
    /// Which of its rules an alert's matches are, as bits.
    fn bits_of(&self, trace: &RuleTrace) -> u64 {
        let has = |rule: usize| trace.matched.iter().any(|&place| usize::from(place) == rule);
        self.rules.iter().enumerate().fold(0, |bits, (at, &rule)| bits | u64::from(has(rule)) << at)
    }
}
