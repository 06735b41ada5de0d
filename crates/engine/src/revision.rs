//! An alert that comes again.

use braid_alert::{
    Alert, AlertKey, AlertStatus, ChangeReason, CloseReason, Correlate, IncidentChange, IncidentStatus,
    IndicatorMatches, Severity, Span,
};

use crate::alert_state::record_bytes;
use crate::arrival::entity_bytes;
use crate::identity::Mentions;
use crate::near::NearMisses;
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{Effect, RejectReason, Unchanged};

impl TenantState {
    /// Folds a revision into the alert that is known: the newest one says status, severity and texts, times widen,
    /// evidence grows. In whatever order revisions come, the result is the same.
    pub(crate) fn revise(
        &mut self,
        slot: AlertRef,
        mut revision: Box<Alert>,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        self.note_seen(slot);
        let evidence = std::mem::take(&mut revision.evidence);
        let (provider, at) = (&revision.provider, revision.first_activity);
        let mentions = self.resolve(evidence, provider, at, weighing, effects);
        let newer = revision.updated >= self.alerts[slot].alert.updated;
        let was_resolved = self.alerts[slot].alert.status == AlertStatus::Resolved;
        let group = self.alerts[slot].group;
        let mentions = self.fitting(slot, mentions, weighing, effects);
        let evidence_grew = self.add_mentions(slot, mentions, weighing, effects);
        // Not before: a mention may change an entity, and then the record as it was is made and kept.
        self.groups[group].discount(&self.alerts[slot]);
        let changed = self.fold(slot, *revision, newer, weighing);
        self.groups[group].count(&self.alerts[slot]);
        if !changed && !evidence_grew {
            let why = if newer { Unchanged::Immaterial } else { Unchanged::Stale };
            effects.push(Effect::Unchanged(why));
            return;
        }
        self.touch_alert(slot);
        let key = self.alerts[slot].key();
        effects.push(Effect::Incident(self.revised(group, key, ChangeReason::AlertRevised)));
        self.settle(slot, was_resolved, effects);
        if evidence_grew && self.alerts[slot].alert.correlate == Correlate::Full {
            let near = self.relink(slot, weighing, effects);
            self.note_near(slot, near);
        }
    }

    fn revised(&mut self, group: GroupRef, key: AlertKey, reason: ChangeReason) -> IncidentChange {
        let mut change = self.change(group, reason);
        change.alert = Some(key);
        change
    }

    /// Remembers that the alert was heard of, to the day.
    fn note_seen(&mut self, slot: AlertRef) {
        if self.clock.since(self.alerts[slot].seen) < Span::days(1) {
            return;
        }
        self.alerts[slot].seen = self.clock;
        self.touch_alert(slot);
        let group = self.alerts[slot].group;
        self.groups[group].seen = self.groups[group].seen.max(self.clock);
    }

    /// The mentions of a revision, if the incident has room for them. Otherwise they go to the dead letters with the
    /// whole revision; what else it says is folded all the same, for a resolution must not be lost with them.
    fn fitting(
        &mut self,
        slot: AlertRef,
        mentions: Mentions,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Mentions {
        let group = &self.groups[self.alerts[slot].group];
        let entities = group.entities_with_those_of(&mentions);
        let most = weighing.settings.caps.incident_entities_max as usize;
        if entities == group.entities().len() || entities <= most {
            return mentions;
        }
        self.orphans.extend(mentions.iter().map(|m| (m.entity, self.entities[m.entity].id)));
        let (alert, reason) = (self.alerts[slot].key(), RejectReason::TooManyEntities);
        effects.push(Effect::Reject { alert, reason });
        Mentions::new()
    }

    /// Adds mentions that are new, or say more than the known ones. Returns whether there were any.
    fn add_mentions(
        &mut self,
        slot: AlertRef,
        mentions: Mentions,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> bool {
        self.note_partners(&mentions, weighing, effects);
        let draws_others = self.alerts[slot].alert.correlate == Correlate::Full;
        let group = self.alerts[slot].group;
        let mut grew = false;
        for mut mention in mentions {
            mention.context |= !draws_others;
            let entity = mention.entity;
            let state = &mut self.alerts[slot];
            match state.mentions.iter_mut().find(|m| m.entity == entity) {
                Some(known) => {
                    if !known.strengthen(mention, &self.names) {
                        continue;
                    }
                }
                None => {
                    state.mentions.push(mention);
                    let group = &mut self.groups[group];
                    if group.note_entity(entity) {
                        group.incident.bytes += entity_bytes(&self.entities[entity], &self.names) as i64;
                    }
                }
            }
            grew = true;
            let there = self.mention_at(slot, entity, weighing.settings.activity_max);
            self.entities[entity].mentions.insert(there);
        }
        grew
    }

    /// Folds everything but evidence. Returns whether anything that matters changed.
    fn fold(&mut self, slot: AlertRef, revision: Alert, newer: bool, weighing: &Weighing) -> bool {
        let before = (*self.alerts[slot].alert).clone();
        let known = &mut self.alerts[slot].alert;
        known.first_activity = known.first_activity.min(revision.first_activity);
        known.last_activity = known.last_activity.max(revision.last_activity);
        for technique in revision.techniques {
            if !known.techniques.contains(&technique) {
                known.techniques.push(technique);
                known.techniques.sort();
            }
        }
        if newer {
            known.updated = revision.updated;
            known.title = revision.title;
        }
        // What a revision leaves open, another one that says it fills, the newer first. A feed that reports no resolution
        // or carries an alert in parts must not take back what another feed or part has said.
        settle_said(&mut known.status, revision.status, newer, |status| *status != AlertStatus::Unknown);
        settle_said(&mut known.severity, revision.severity, newer, Severity::is_said);
        settle_open(&mut known.phase, revision.phase, newer);
        settle_open(&mut known.category, revision.category, newer);
        settle_open(&mut known.detector, revision.detector, newer);
        settle_open(&mut known.classification, revision.classification, newer);
        settle_open(&mut known.determination, revision.determination, newer);
        settle_open(&mut known.assignee, revision.assignee, newer);
        settle_open(&mut known.resolved, revision.resolved, newer);
        settle_open(&mut known.portal_url, revision.portal_url, newer);
        settle_indicators(&mut known.indicators, revision.indicators, newer);
        known.source_alert_id = known.source_alert_id.take().or(revision.source_alert_id);
        let material = is_material(&before, known);
        if known.updated != before.updated {
            self.touch_alert(slot);
        }
        if material {
            self.reindex(slot, &before, weighing);
        }
        material
    }

    /// Times and texts have changed: the index and the reckoned bytes follow.
    fn reindex(&mut self, slot: AlertRef, before: &Alert, weighing: &Weighing) {
        let state = &mut self.alerts[slot];
        let bytes = record_bytes(&state.alert);
        if !state.folded {
            self.groups[state.group].incident.bytes += bytes as i64 - state.bytes as i64;
        }
        self.state_bytes = self.state_bytes + bytes - state.bytes;
        state.bytes = bytes;
        let arrival = state.arrival;
        for place in 0..self.alerts[slot].mentions.len() {
            let entity = self.alerts[slot].mentions[place].entity;
            self.entities[entity].mentions.remove(before.first_activity, arrival);
            let there = self.mention_at(slot, entity, weighing.settings.activity_max);
            self.entities[entity].mentions.insert(there);
        }
    }

    /// The incident follows its alerts: it is resolved when the last of them is, and active again when one of them is.
    fn settle(&mut self, slot: AlertRef, was_resolved: bool, effects: &mut Vec<Effect>) {
        let group = self.alerts[slot].group;
        let is_resolved = self.alerts[slot].alert.status == AlertStatus::Resolved;
        let status = &self.groups[group].incident.status;
        // Only the resolution of the last alert resolves the incident, not other news of one that was resolved before:
        // somebody may have reopened the incident since.
        let done = is_resolved && !was_resolved && self.groups[group].unresolved == 0;
        if *status == IncidentStatus::Active && done {
            effects.push(Effect::Incident(self.resolve_incident(group)));
        } else if *status == IncidentStatus::Resolved && was_resolved && !is_resolved {
            effects.push(Effect::Incident(self.reopen(group)));
        }
    }

    fn resolve_incident(&mut self, group: GroupRef) -> IncidentChange {
        let clock = self.clock;
        self.open -= 1;
        let incident = &mut self.groups[group].incident;
        incident.turn(IncidentStatus::Resolved, Some(CloseReason::AllAlertsResolved));
        incident.resolved_at = Some(clock);
        self.change(group, ChangeReason::Resolved)
    }

    pub(crate) fn reopen(&mut self, group: GroupRef) -> IncidentChange {
        self.open += 1;
        let incident = &mut self.groups[group].incident;
        incident.turn(IncidentStatus::Active, None);
        incident.resolved_at = None;
        self.change(group, ChangeReason::Reopened)
    }

    /// New evidence may link what stood alone, or show two incidents to be one. Returns what the alert comes near to.
    pub(crate) fn relink(
        &mut self,
        slot: AlertRef,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> NearMisses {
        let state = &self.alerts[slot];
        let own = state.group;
        let candidates = self.candidates(&state.alert, &state.mentions, Some(own), weighing);
        let settings = &weighing.settings;
        let at = if self.groups[own].size() == 1 { settings.join_at } else { settings.merge_at };
        let mut near = self.near_misses(&state.alert, &state.mentions, Some(own), &candidates, weighing);
        near.extend(self.merge_others(slot, candidates, at, weighing, effects));
        near
    }
}

/// What intelligence knew of either revision, it knows of the alert.
fn settle_indicators(known: &mut IndicatorMatches, said: IndicatorMatches, newer: bool) {
    if said.is_empty() {
        return;
    }
    let before = std::mem::take(known);
    *known = if newer { before.followed_by(said) } else { said.followed_by(before) };
}

/// What two revisions say of something that either may leave open.
fn settle_open<T>(known: &mut Option<T>, said: Option<T>, newer: bool) {
    let before = known.take();
    *known = if newer { said.or(before) } else { before.or(said) };
}

/// The same of something that has a word for being left open.
fn settle_said<T>(known: &mut T, said: T, newer: bool, is_said: impl Fn(&T) -> bool) {
    if is_said(&said) && (newer || !is_said(known)) {
        *known = said;
    }
}

/// Whether a person or a program that reads incidents would care.
fn is_material(before: &Alert, after: &Alert) -> bool {
    before.status != after.status
        || before.severity != after.severity
        || before.title != after.title
        || before.first_activity != after.first_activity
        || before.last_activity != after.last_activity
        || before.phase != after.phase
        || before.techniques != after.techniques
        || before.classification != after.classification
        || before.determination != after.determination
        || before.assignee != after.assignee
        || before.portal_url != after.portal_url
        || before.detector != after.detector
        || before.indicators != after.indicators
}
