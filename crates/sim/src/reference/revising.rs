//! An alert that comes again.

use braid_alert::{Alert, AlertStatus, ChangeReason, CloseReason, Correlate, IncidentStatus, Span};
use braid_engine::{Effect, RejectReason, Unchanged};

use super::alert::Saying;
use super::history::History;

impl History {
    pub(super) fn revise(&mut self, arrival: i64, revision: &Alert, effects: &mut Vec<Effect>) {
        if self.clock.since(self.alert(arrival).seen) >= Span::days(1) {
            self.alert_mut(arrival).seen = self.clock;
        }
        let sayings = self.hear(&revision.evidence, &revision.provider, revision.first_activity, effects);
        let fitting = self.fitting(arrival, sayings, effects);
        let grew = self.say_more(arrival, fitting, effects);
        let newer = revision.updated >= self.alert(arrival).alert.updated;
        let before = self.alert(arrival).alert.clone();
        fold(&mut self.alert_mut(arrival).alert, revision, newer);
        let changed = is_material(&before, &self.alert(arrival).alert);
        if !changed && !grew {
            effects.push(Effect::Unchanged(if newer { Unchanged::Immaterial } else { Unchanged::Stale }));
            return;
        }
        let incident = self.alert(arrival).incident;
        let mut change = self.change(incident, ChangeReason::AlertRevised);
        change.alert = Some(self.alert(arrival).key());
        effects.push(Effect::Incident(change));
        self.settle(arrival, &before, effects);
        if grew && self.alert(arrival).alert.correlate == Correlate::Full {
            self.relink(arrival, effects);
        }
    }

    /// What the revision says, unless the incident would have too many entities with it.
    fn fitting(&self, arrival: i64, sayings: Vec<Saying>, effects: &mut Vec<Effect>) -> Vec<Saying> {
        let known = self.alert(arrival);
        let there = self.entities_of(known.incident);
        let mut with = there.clone();
        with.extend(sayings.iter().map(|saying| self.meant(&saying.who)));
        if with == there || with.len() <= self.settings.caps.incident_entities_max as usize {
            return sayings;
        }
        effects.push(Effect::Reject { alert: known.key(), reason: RejectReason::TooManyEntities });
        Vec::new()
    }

    /// Returns whether the alert says more now than before.
    fn say_more(&mut self, arrival: i64, mut sayings: Vec<Saying>, effects: &mut Vec<Effect>) -> bool {
        self.note_meetings(&self.mentions(&sayings), effects);
        let draws = self.alert(arrival).alert.correlate == Correlate::Full;
        sayings.iter_mut().for_each(|saying| saying.context |= !draws);
        let said = |history: &Self| {
            let mentions = history.mentions(&history.alert(arrival).sayings);
            mentions.into_iter().map(|m| (m.entity, m.part, m.bound, m.context, m.who)).collect::<Vec<_>>()
        };
        let before = said(self);
        self.alert_mut(arrival).sayings.extend(sayings);
        self.settle_sayings();
        before != said(self)
    }

    /// The incident is resolved when the last of its alerts is that was not, and active again when one of them is.
    fn settle(&mut self, arrival: i64, before: &Alert, effects: &mut Vec<Effect>) {
        let incident = self.alert(arrival).incident;
        let was_resolved = before.status == AlertStatus::Resolved;
        let is_resolved = self.alert(arrival).alert.status == AlertStatus::Resolved;
        let status = self.incidents[&incident].status.clone();
        if status == IncidentStatus::Active && is_resolved && !was_resolved && !self.has_unresolved(incident)
        {
            effects.push(Effect::Incident(self.resolve(incident, CloseReason::AllAlertsResolved)));
        } else if status == IncidentStatus::Resolved && was_resolved && !is_resolved {
            effects.push(Effect::Incident(self.reopen(incident)));
        }
    }

    /// New evidence may link what stood alone, or show two incidents to be one.
    pub(super) fn relink(&mut self, arrival: i64, effects: &mut Vec<Effect>) {
        let known = self.alert(arrival);
        let own = known.incident;
        let candidates = self.candidates(&known.alert, &self.mentions(&known.sayings), Some(own));
        let alone = self.alerts_of(own).count() == 1;
        let at = if alone { self.settings.join_at } else { self.settings.merge_at };
        self.merge_others(arrival, candidates, at, effects);
    }
}

/// The newest revision says what is so, and what it leaves open the one before it; times widen, techniques add up.
fn fold(known: &mut Alert, revision: &Alert, newer: bool) {
    known.first_activity = known.first_activity.min(revision.first_activity);
    known.last_activity = known.last_activity.max(revision.last_activity);
    known.techniques.extend(revision.techniques.iter().cloned());
    known.techniques.sort();
    known.techniques.dedup();
    known.source_alert_id = known.source_alert_id.clone().or_else(|| revision.source_alert_id.clone());
    let (first, second) = if newer { (revision, &known.clone()) } else { (&known.clone(), revision) };
    known.phase = first.phase.clone().or_else(|| second.phase.clone());
    known.category = first.category.clone().or_else(|| second.category.clone());
    known.detector = first.detector.clone().or_else(|| second.detector.clone());
    known.classification = first.classification.clone().or_else(|| second.classification.clone());
    known.determination = first.determination.clone().or_else(|| second.determination.clone());
    known.assignee = first.assignee.clone().or_else(|| second.assignee.clone());
    known.resolved = first.resolved.or(second.resolved);
    known.portal_url = first.portal_url.clone().or_else(|| second.portal_url.clone());
    known.indicators = second.indicators.clone().followed_by(first.indicators.clone());
    known.status = [&first.status, &second.status]
        .into_iter()
        .find(|status| **status != AlertStatus::Unknown)
        .unwrap_or(&AlertStatus::Unknown)
        .clone();
    known.severity = if first.severity.is_said() { &first.severity } else { &second.severity }.clone();
    if newer {
        known.updated = revision.updated;
        known.title = revision.title.clone();
    }
}

/// Whether somebody who reads incidents would care.
fn is_material(before: &Alert, after: &Alert) -> bool {
    let read = |alert: &Alert| {
        (
            (alert.status.clone(), alert.severity.clone(), alert.title.clone(), alert.phase.clone()),
            (alert.first_activity, alert.last_activity, alert.techniques.clone()),
            (alert.classification.clone(), alert.determination.clone(), alert.detector.clone()),
            (alert.assignee.clone(), alert.portal_url.clone(), alert.indicators.clone()),
        )
    };
    read(before) != read(after)
}
