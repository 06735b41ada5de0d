//! Alerts by the rules that they have to do with, in order of event time: for what is not found by way of an entity.

use std::collections::BTreeMap;

use braid_alert::EventTime;
use smallvec::SmallVec;

use super::RuleTrace;
use crate::slots::AlertRef;
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;

/// Alerts by event time and arrival.
type ByTime = BTreeMap<(EventTime, i64), AlertRef>;

/// For each rule, its alerts. Follows from the alerts' own traces: a restore makes it anew.
#[derive(Debug, Default)]
pub(crate) struct RuleLists {
    /// The alerts that have matched the rule, by their first activity; only where a correlation asks for it.
    matched: Vec<ByTime>,
    /// The alerts that the rule has raised, by their last activity.
    raised: Vec<ByTime>,
}

impl RuleLists {
    /// The alerts that have matched a rule, those before `at` from the nearest on, and those from it on.
    pub(super) fn matched_around(
        &self,
        rule: usize,
        (from, at, to): (EventTime, EventTime, EventTime),
        most: usize,
    ) -> impl Iterator<Item = AlertRef> {
        let list = self.matched.get(rule);
        let before = list.map(|list| list.range((from, i64::MIN)..(at, i64::MIN)).rev().take(most));
        let after = list.map(|list| list.range((at, i64::MIN)..=(to, i64::MAX)).take(most));
        before.into_iter().flatten().chain(after.into_iter().flatten()).map(|(_, &alert)| alert)
    }

    /// The alerts that a rule has raised and whose last activity is not before `from`, in that order.
    pub(super) fn raised_since(&self, rule: usize, from: EventTime) -> impl Iterator<Item = AlertRef> {
        let list = self.raised.get(rule);
        list.into_iter().flat_map(move |list| list.range((from, i64::MIN)..)).map(|(_, &alert)| alert)
    }

    fn put(
        &mut self,
        trace: &RuleTrace,
        arrival: i64,
        alert: AlertRef,
        listed: impl Fn(usize) -> bool,
        rules: usize,
    ) {
        self.matched.resize_with(rules, ByTime::new);
        self.raised.resize_with(rules, ByTime::new);
        let (first, last) = trace.listed_at;
        for rule in trace.matched.iter().map(|&rule| usize::from(rule)).filter(|&rule| listed(rule)) {
            self.matched[rule].insert((first, arrival), alert);
        }
        if let Some(raised) = &trace.raised {
            self.raised[usize::from(raised.rule)].insert((last, arrival), alert);
        }
    }

    /// Takes an alert out again.
    pub(crate) fn remove(&mut self, trace: &RuleTrace, arrival: i64) {
        let (first, last) = trace.listed_at;
        for &rule in &trace.matched {
            if let Some(list) = self.matched.get_mut(usize::from(rule)) {
                list.remove(&(first, arrival));
            }
        }
        if let Some(list) =
            trace.raised.as_ref().and_then(|raised| self.raised.get_mut(usize::from(raised.rule)))
        {
            list.remove(&(last, arrival));
        }
    }
}

impl TenantState {
    /// Notes which rules an alert has matched, and lists it under them at the times that it has now.
    pub(super) fn note_matches(&mut self, alert: AlertRef, matched: SmallVec<[u16; 4]>, weighing: &Weighing) {
        let before = self.alerts[alert].rules.take();
        if let Some(trace) = &before {
            self.rule_lists.remove(trace, self.alerts[alert].arrival);
        }
        let changed = before.as_ref().map_or(&[][..], |trace| &trace.matched) != &matched[..];
        let mut trace = before.unwrap_or_default();
        trace.matched = matched;
        if !trace.matched.is_empty() || trace.raised.is_some() {
            self.alerts[alert].rules = Some(trace);
            self.list_by_rules(alert, weighing);
        }
        if changed {
            self.touch_alert(alert);
        }
    }

    /// Lists an alert under the rules that its trace names.
    pub(crate) fn list_by_rules(&mut self, alert: AlertRef, weighing: &Weighing) {
        let state = &mut self.alerts[alert];
        let times = (state.alert.first_activity, state.alert.last_activity);
        let Some(trace) = &mut state.rules else { return };
        trace.listed_at = times;
        let rules = &weighing.settings.rules;
        self.rule_lists.put(trace, state.arrival, alert, |rule| rules.is_listed(rule), rules.len());
    }
}
