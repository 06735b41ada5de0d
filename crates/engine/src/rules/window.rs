//! The window of a correlation: of all stretches of its timespan, the one that holds most.

use std::collections::BTreeMap;

use braid_alert::EventTime;

use super::grouping::Value;
use crate::rule::{Correlation, Counted};
use crate::slots::AlertRef;

/// An alert that counts for a correlation.
#[derive(Debug)]
pub(super) struct Occurrence {
    /// When, in event time.
    pub(super) at: EventTime,
    pub(super) arrival: i64,
    pub(super) alert: AlertRef,
    /// Which of the correlation's rules it has matched.
    pub(super) bits: u64,
    /// What it holds of the values that are counted.
    pub(super) values: Vec<Value>,
}

/// Alerts that came together, in order of event time; at least one.
#[derive(Debug, PartialEq)]
pub(super) struct Window {
    pub(super) alerts: Vec<AlertRef>,
    pub(super) first: EventTime,
    pub(super) last: EventTime,
}

impl Window {
    /// Its latest alert.
    pub(super) fn last(&self) -> AlertRef {
        *self.alerts.last().expect("a window holds at least one")
    }

    fn of(occurrences: &[Occurrence]) -> Self {
        let edge = |occurrence: Option<&Occurrence>| occurrence.map_or(EventTime::MIN, |o| o.at);
        Self {
            alerts: occurrences.iter().map(|occurrence| occurrence.alert).collect(),
            first: edge(occurrences.first()),
            last: edge(occurrences.last()),
        }
    }
}

/// What a correlation says of the alerts of a group.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    TooFew,
    Holds(Window),
    /// More than it allows.
    TooMany(Window),
}

/// Of the windows that an instant is in, finds the one that holds most; of several the earliest. The occurrences are in
/// order of event time, and none is farther from the instant than the timespan.
pub(super) fn find(correlation: &Correlation, occurrences: &[Occurrence], at: EventTime) -> Verdict {
    let found = match correlation.counts {
        Counted::Sequence => sequence(correlation, occurrences, at),
        Counted::Alerts | Counted::Values(_) | Counted::Rules => fullest(correlation, occurrences),
    };
    match found {
        Some((count, _)) if count < correlation.at_least => Verdict::TooFew,
        None => Verdict::TooFew,
        Some((count, range)) if correlation.at_most.is_some_and(|most| count > most) => {
            Verdict::TooMany(Window::of(&occurrences[range]))
        }
        Some((_, range)) => Verdict::Holds(Window::of(&occurrences[range])),
    }
}

type Found = Option<(u32, std::ops::Range<usize>)>;

/// Moves a window over the occurrences: each stands at its end once, and leaves when it is too far back. None lies farther from
/// the instant than the timespan, so no window that begins after it holds more than the one that begins with it.
fn fullest(correlation: &Correlation, occurrences: &[Occurrence]) -> Found {
    let mut tally = Tally::default();
    let mut start = 0;
    let mut best: Found = None;
    for (end, occurrence) in occurrences.iter().enumerate() {
        tally.add(occurrence);
        while occurrence.at.since(occurrences[start].at) > correlation.timespan {
            tally.remove(&occurrences[start]);
            start += 1;
        }
        let count = tally.count(&correlation.counts);
        if best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, start..end + 1));
        }
    }
    // What comes later within the timespan belongs to it without making it count more: a value or a rule seen before.
    best.map(|(count, range)| {
        let within = |o: &&Occurrence| o.at.since(occurrences[range.start].at) <= correlation.timespan;
        (count, range.start..range.start + occurrences[range.start..].iter().take_while(within).count())
    })
}

/// What a window holds.
#[derive(Default)]
struct Tally<'a> {
    alerts: u32,
    values: BTreeMap<&'a Value, u32>,
    rules: BTreeMap<u32, u32>,
}

impl<'a> Tally<'a> {
    fn add(&mut self, occurrence: &'a Occurrence) {
        self.alerts += 1;
        for value in &occurrence.values {
            *self.values.entry(value).or_default() += 1;
        }
        for rule in bits(occurrence.bits) {
            *self.rules.entry(rule).or_default() += 1;
        }
    }

    fn remove(&mut self, occurrence: &'a Occurrence) {
        self.alerts -= 1;
        for value in &occurrence.values {
            take_one(&mut self.values, value);
        }
        for rule in bits(occurrence.bits) {
            take_one(&mut self.rules, rule);
        }
    }

    fn count(&self, counted: &Counted) -> u32 {
        match counted {
            Counted::Alerts => self.alerts,
            Counted::Values(_) => self.values.len() as u32,
            Counted::Rules | Counted::Sequence => self.rules.len() as u32,
        }
    }
}

fn bits(bits: u64) -> impl Iterator<Item = u32> {
    (0..u64::BITS).filter(move |bit| bits >> bit & 1 == 1)
}

fn take_one<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

/// The rules in their order, each by an alert of its own: for each rule, where the latest sequence that has come so far
/// began. The window begins there and ends with the last of them; one that the instant is in comes before others.
fn sequence(correlation: &Correlation, occurrences: &[Occurrence], at: EventTime) -> Found {
    let rules = correlation.rules.len();
    let mut began: Vec<Option<usize>> = vec![None; rules];
    let mut found: Found = None;
    for (place, occurrence) in occurrences.iter().enumerate() {
        // From the last rule to the first, so that one alert is not two steps.
        for rule in (0..rules).rev().filter(|rule| occurrence.bits >> rule & 1 == 1) {
            let start = if rule == 0 { Some(place) } else { began[rule - 1] };
            let near = |&start: &usize| occurrence.at.since(occurrences[start].at) <= correlation.timespan;
            let Some(start) = start.filter(near) else { continue };
            began[rule] = Some(start);
            let around = |range: &std::ops::Range<usize>| {
                occurrences[range.start].at <= at && occurrences[range.end - 1].at >= at
            };
            let is_better = |(_, known): &(u32, _)| !around(known) || around(&(start..place + 1));
            if rule + 1 == rules && found.as_ref().is_none_or(is_better) {
                found = Some((rules as u32, start..place + 1));
            }
        }
    }
    found
}
