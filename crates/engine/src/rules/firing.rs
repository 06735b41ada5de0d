//! The alerts that rules raise: they go the way of every other alert, and join the incident of those that they fired on.

use braid_alert::{
    Alert, AlertKey, AlertStatus, Correlate, EventTime, Origin, Provider, Severity, SourceTime,
};

use super::grouping::{Group, Value};
use super::window::Window;
use super::{Raised, RuleTrace};
use crate::alert_state::{Mention, Part, record_bytes};
use crate::identity::Mentions;
use crate::rule::Rule;
use crate::slots::{AlertRef, EntityRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{Effect, Firing};

/// What the origin of an alert names as its source, if a rule has raised it.
const SOURCE: &str = "rules";

impl TenantState {
    /// The alert that a rule has raised for this group, if it is of the same stretch of time.
    pub(super) fn raised_for(
        &self,
        rule: usize,
        group: &Group,
        window: &Window,
        weighing: &Weighing,
    ) -> Option<AlertRef> {
        let most = weighing.settings.caps.incident_span_max;
        self.rule_lists.raised_since(rule, window.first).find(|&raised| {
            let alert = &self.alerts[raised].alert;
            let (first, last) =
                (alert.first_activity.min(window.first), alert.last_activity.max(window.last));
            alert.first_activity <= window.last
                && last.since(first) <= most
                && self.is_of_group(raised, group)
        })
    }

    fn is_of_group(&self, raised: AlertRef, group: &Group) -> bool {
        let Some(Raised { entities, texts, .. }) =
            self.alerts[raised].rules.as_ref().and_then(|trace| trace.raised.as_ref())
        else {
            return false;
        };
        let (mut names, mut words) = (entities.iter(), texts.iter());
        group.iter().all(|value| match value {
            Value::Entity(entity) => names.next().is_some_and(|name| {
                self.names.find(name).is_some_and(|name| self.names.bearer(name) == *entity)
            }),
            Value::Text(text) => words.next() == Some(text),
        })
    }

    /// Raises an alert about a window. `None` if it could not be held.
    pub(super) fn raise(
        &mut self,
        place: usize,
        group: &Group,
        window: &Window,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Option<AlertRef> {
        let mentions = self.mentions_of(group, window);
        let raised = self.raised(place, group, &mentions);
        let first = self.alerts[window.alerts[0]].key();
        let id = self.rule_alert_id(weighing.settings.rules.rule(place), &raised, &first);
        self.let_in(place, id, raised, mentions, window, weighing, effects)
    }

    /// A rule about single alerts fires on each of them.
    pub(super) fn raise_for_one(
        &mut self,
        place: usize,
        alert: AlertRef,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Option<AlertRef> {
        let state = &self.alerts[alert];
        let window = Window {
            alerts: vec![alert],
            first: state.alert.first_activity,
            last: state.alert.last_activity,
        };
        let raised = Raised { rule: place as u16, entities: Vec::new(), texts: Vec::new() };
        let id = self.rule_alert_id(weighing.settings.rules.rule(place), &raised, &state.key());
        let mentions = state.mentions.clone();
        self.let_in(place, id, raised, mentions, &window, weighing, effects)
    }

    #[expect(clippy::too_many_arguments, reason = "all that an alert is made of")]
    fn let_in(
        &mut self,
        place: usize,
        id: AlertKey,
        raised: Raised,
        mentions: Mentions,
        window: &Window,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Option<AlertRef> {
        if let Some(known) = self.find_alert(&id.provider, &id.id) {
            self.extend_raised(place, known, window, weighing, effects);
            return None;
        }
        let alert = self.alert_of(weighing.settings.rules.rule(place), id, window);
        let bytes = record_bytes(&alert);
        let at = effects.len();
        let slot = self.take_in(Box::new(alert), mentions, bytes, &window.alerts, weighing, effects);
        self.alerts[slot].rules = Some(Box::new(RuleTrace { raised: Some(raised), ..RuleTrace::default() }));
        self.list_by_rules(slot, weighing);
        self.told(place, slot, Firing::Raised, weighing, effects);
        // Why comes before what follows from it.
        effects[at..].rotate_right(1);
        Some(slot)
    }

    /// More has come within the timespan: the alert that was raised covers that too.
    pub(super) fn extend_raised(
        &mut self,
        place: usize,
        raised: AlertRef,
        window: &Window,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        let alert = &self.alerts[raised].alert;
        if alert.first_activity <= window.first && alert.last_activity >= window.last {
            return;
        }
        let mut revision = self.revision_of(raised);
        (revision.first_activity, revision.last_activity) = (window.first, window.last);
        self.told(place, raised, Firing::Extended, weighing, effects);
        self.revise_raised(raised, revision, weighing, effects);
    }

    /// What was raised no longer holds.
    pub(super) fn withdraw(
        &mut self,
        place: usize,
        raised: AlertRef,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        let mut revision = self.revision_of(raised);
        revision.status = AlertStatus::Resolved;
        revision.resolved = Some(revision.updated);
        self.told(place, raised, Firing::Withdrawn, weighing, effects);
        self.revise_raised(raised, revision, weighing, effects);
    }

    fn revision_of(&self, raised: AlertRef) -> Box<Alert> {
        let mut revision = self.alerts[raised].alert.clone();
        revision.updated = revision.updated.max(event_time(self.clock));
        revision
    }

    fn revise_raised(
        &mut self,
        raised: AlertRef,
        revision: Box<Alert>,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        self.revise(raised, revision, weighing, effects);
        let matched = self.alerts[raised].rules.as_ref().map(|trace| trace.matched.clone());
        self.note_matches(raised, matched.unwrap_or_default(), weighing);
    }

    /// The entities of the group, as the latest alert that mentions each does. Where alerts have no entity in common, those
    /// of the first alert: by them it is found again.
    fn mentions_of(&self, group: &Group, window: &Window) -> Mentions {
        let entities = group.iter().filter_map(|value| match value {
            Value::Entity(entity) => Some(*entity),
            Value::Text(_) => None,
        });
        let mut mentions = Mentions::new();
        for entity in entities {
            if !mentions.iter().any(|mention: &Mention| mention.entity == entity) {
                mentions.push(self.mention_as_in(window, entity));
            }
        }
        if mentions.is_empty() { self.alerts[window.alerts[0]].mentions.clone() } else { mentions }
    }

    fn mention_as_in(&self, window: &Window, entity: EntityRef) -> Mention {
        let all = window.alerts.iter().rev().flat_map(|&alert| &self.alerts[alert].mentions);
        let known = all.into_iter().find(|mention| mention.entity == entity);
        let anchor = known.and_then(|mention| mention.anchor);
        let bound = known.is_some_and(|mention| mention.bound);
        let anchor = anchor.or_else(|| self.entities[entity].names.first().copied());
        Mention { entity, part: Part::Impacted, anchor, bound, context: false }
    }

    fn raised(&self, rule: usize, group: &Group, mentions: &Mentions) -> Raised {
        let mut raised = Raised { rule: rule as u16, entities: Vec::new(), texts: Vec::new() };
        for value in group {
            match value {
                Value::Text(text) => raised.texts.push(text.clone()),
                Value::Entity(entity) => {
                    let mention = mentions.iter().find(|mention| mention.entity == *entity);
                    let anchor = mention.and_then(|mention| mention.anchor);
                    raised.entities.extend(anchor.map(|name| self.names.identifier(name).clone()));
                }
            }
        }
        raised
    }

    fn alert_of(&self, rule: &Rule, key: AlertKey, window: &Window) -> Alert {
        let severities = window.alerts.iter().map(|&alert| &self.alerts[alert].alert.severity);
        let highest = severities.max_by_key(|severity| severity.rank());
        let severity = rule.severity.clone().or_else(|| highest.cloned()).unwrap_or(Severity::Medium);
        let now = event_time(self.clock);
        Alert {
            tenant: self.tenant.clone(),
            provider: key.provider,
            id: key.id,
            source_alert_id: None,
            title: rule.title.clone(),
            description: None,
            severity,
            status: AlertStatus::New,
            classification: None,
            determination: None,
            assignee: None,
            detector: Some(rule.id.clone()),
            category: None,
            phase: rule.phase.clone(),
            techniques: rule.techniques.clone(),
            first_activity: window.first,
            last_activity: window.last,
            created: Some(now),
            updated: now,
            resolved: None,
            portal_url: None,
            indicators: Default::default(),
            evidence: Vec::new(),
            correlate: Correlate::Full,
            origin: self.origin_of_raised(),
        }
    }

    fn origin_of_raised(&self) -> Origin {
        Origin {
            source: SOURCE.into(),
            topic: Provider::Braid.as_str().into(),
            partition: 0,
            offset: 0,
            element: 0,
            source_time: self.clock,
            source_time_capped: false,
        }
    }
}

/// An alert of braid's own was created, and changed, when the tenant's clock said so.
fn event_time(clock: SourceTime) -> EventTime {
    EventTime::from_micros(clock.as_micros())
}
