//! What alerts have in common, by a correlation's `group-by`, and what else of its group has happened around an alert.

use std::ops::ControlFlow;

use braid_alert::EventTime;
use smallvec::SmallVec;

use super::window::Occurrence;
use crate::rule::{Correlation, Counted, Field, OCCURRENCES_MAX};
use crate::slots::{AlertRef, EntityRef};
use crate::tenant_state::TenantState;

/// How many groups one alert may be in, by one of a correlation's rules.
const GROUPS_MAX: usize = 16;

/// How many mentions of an entity are looked at on each side of an alert: most of them match nothing.
const MENTIONS_MAX: usize = 4_096;

/// How many values of one alert are told apart.
const VALUES_MAX: usize = 64;

/// One thing that alerts have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Entity(EntityRef),
    /// In lower case.
    Text(Box<str>),
}

/// What the alerts of a group have in common, in the order of `group-by`.
pub(super) type Group = SmallVec<[Value; 2]>;

impl TenantState {
    /// The groups that an alert is in by its matches of a correlation's rules, and whether these are all of them.
    pub(super) fn groups_of_match(&self, alert: AlertRef, correlation: &Correlation) -> (Vec<Group>, bool) {
        let Some(trace) = &self.alerts[alert].rules else { return (Vec::new(), true) };
        let bits = correlation.bits_of(trace);
        let (mut groups, mut all) = (Vec::new(), true);
        for position in (0..correlation.rules.len()).filter(|position| bits >> position & 1 == 1) {
            let mut here: Vec<Group> = vec![Group::new()];
            for fields in &correlation.group_by {
                let values = self.values_of(alert, &fields[position]);
                let with = |group: &Group| {
                    let group = group.clone();
                    values
                        .iter()
                        .map(move |value| {
                            let mut group = group.clone();
                            group.push(value.clone());
                            group
                        })
                        .collect::<Vec<_>>()
                };
                here = here.iter().flat_map(with).collect();
                all &= here.len() <= GROUPS_MAX;
                here.truncate(GROUPS_MAX);
            }
            groups.extend(here.into_iter().filter(|group| !groups.contains(group)).collect::<Vec<_>>());
        }
        (groups, all)
    }

    /// The distinct values of a field, entities as themselves whatever they are called. A name that stands for several
    /// entities, and an address that many stand behind, has nothing in common with itself.
    pub(super) fn values_of(&self, alert: AlertRef, field: &Field) -> SmallVec<[Value; 4]> {
        let state = &self.alerts[alert];
        let mut values: SmallVec<[Value; 4]> = SmallVec::new();
        let mut note = |value: Value| {
            if values.len() < VALUES_MAX && !values.contains(&value) {
                values.push(value);
            }
        };
        match field {
            Field::Entity(field) => self
                .mentioned(state, field)
                .filter(|mention| self.entities[mention.entity].joins())
                .for_each(|mention| note(Value::Entity(mention.entity))),
            // Of the forms of a word that may be written in a rule, its text is the one that counts.
            Field::Provider => note(text(state.alert.provider.as_str())),
            Field::Phase => state.alert.phase.iter().for_each(|phase| note(text(phase.as_str()))),
            field => {
                let _ = self.each_value(state, field, &mut |value| {
                    note(text(value));
                    ControlFlow::Continue(())
                });
            }
        }
        values
    }

    fn has_in_common(&self, alert: AlertRef, field: &Field, value: &Value) -> bool {
        let state = &self.alerts[alert];
        match (field, value) {
            (Field::Entity(field), Value::Entity(entity)) => {
                self.mentioned(state, field).any(|mention| mention.entity == *entity)
            }
            (Field::Entity(_), _) | (_, Value::Entity(_)) => false,
            _ => self.values_of(alert, field).contains(value),
        }
    }

    /// The alerts of a group within a correlation's timespan around an instant, in order of event time, and whether these
    /// are all of them.
    pub(super) fn occurrences(
        &self,
        correlation: &Correlation,
        group: &Group,
        at: EventTime,
    ) -> (Vec<Occurrence>, bool) {
        let range = (at - correlation.timespan, at, at + correlation.timespan);
        let mut found = Vec::new();
        let mut looked = 0;
        let mut see = |alert: AlertRef| {
            looked += 1;
            found.extend(self.occurrence(alert, correlation, group));
        };
        match correlation.anchor().map(|place| &group[place]) {
            Some(Value::Entity(entity)) => self.mentions_around(*entity, range).for_each(&mut see),
            _ => {
                for &rule in &correlation.rules {
                    self.rule_lists.matched_around(rule, range, MENTIONS_MAX).for_each(&mut see);
                }
            }
        }
        found.sort_by_key(|occurrence: &Occurrence| (occurrence.at, occurrence.arrival));
        found.dedup_by_key(|occurrence| occurrence.arrival);
        let all = looked < MENTIONS_MAX && found.len() <= OCCURRENCES_MAX as usize;
        if found.len() > OCCURRENCES_MAX as usize {
            let here = found.partition_point(|occurrence| occurrence.at <= at);
            let from = here.saturating_sub(OCCURRENCES_MAX as usize);
            found.truncate(from + OCCURRENCES_MAX as usize);
            found.drain(..from);
        }
        (found, all)
    }

    fn mentions_around(
        &self,
        entity: EntityRef,
        (from, at, to): (EventTime, EventTime, EventTime),
    ) -> impl Iterator<Item = AlertRef> {
        let mentions = &self.entities[entity].mentions;
        let place = |instant: EventTime| mentions.partition_point(|mention| mention.start < instant);
        let (first, here) = (place(from), place(at));
        let end = mentions.partition_point(|mention| mention.start <= to);
        let before = mentions.range(first, here).rev().take(MENTIONS_MAX);
        before.chain(mentions.range(here, end).take(MENTIONS_MAX)).map(|mention| mention.alert)
    }

    /// What an alert counts for in a group, if it does.
    fn occurrence(&self, alert: AlertRef, correlation: &Correlation, group: &Group) -> Option<Occurrence> {
        let state = &self.alerts[alert];
        let matched = correlation.bits_of(state.rules.as_deref()?);
        let mut bits = 0;
        for position in (0..correlation.rules.len()).filter(|position| matched >> position & 1 == 1) {
            let mut common = correlation.group_by.iter().zip(group);
            let in_group = common.all(|(fields, value)| self.has_in_common(alert, &fields[position], value));
            bits |= u64::from(in_group) << position;
        }
        if bits == 0 {
            return None;
        }
        let mut values = Vec::new();
        if let Counted::Values(fields) = &correlation.counts {
            for position in (0..fields.len()).filter(|position| bits >> position & 1 == 1) {
                values.extend(self.values_of(alert, &fields[position]));
            }
            values.sort();
            values.dedup();
        }
        Some(Occurrence { at: state.alert.first_activity, arrival: state.arrival, alert, bits, values })
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_lowercase().into())
}
