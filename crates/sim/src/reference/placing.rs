//! An alert that is new: the incident that it joins, or why it opens one.

use std::collections::BTreeSet;

use braid_alert::{
    Alert, AlertStatus, ChangeReason, CloseReason, Correlate, IncidentId, IncidentStatus, OpenReason,
    SourceTime,
};
use braid_engine::{Effect, RejectReason};
use uuid::Uuid;

use super::alert::{AlertFacts, Mention};
use super::flood::Signature;
use super::history::History;
use super::incident::IncidentFacts;
use super::linking::Candidate;

/// The name space of incident ids.
const INCIDENT_IDS: Uuid = Uuid::from_u128(0xd3f4_7a5e_9a37_5c0f_8a53_6b1f_2f7f_0b51);

/// How long a chain of continuations is followed.
const CONTINUATIONS_MAX: usize = 64;

/// How many links of a join are told.
const LINKS_TOLD_MAX: usize = 4;

impl History {
    pub(super) fn arrive(&mut self, alert: &Alert, effects: &mut Vec<Effect>) {
        let spoken_of: usize = alert.evidence.iter().map(|piece| 1 + piece.addresses.len()).sum();
        if spoken_of > self.settings.caps.incident_entities_max as usize {
            effects.push(Effect::Reject { alert: alert.key(), reason: RejectReason::TooManyEntities });
            return;
        }
        let mut sayings = self.hear(&alert.evidence, &alert.provider, alert.first_activity, effects);
        let mentions = self.mentions(&sayings);
        let mut candidates = self.candidates(alert, &mentions, None);
        let signature = self.signature(alert, &mentions);
        let place = self.place(alert, &mentions, &signature, &mut candidates);
        self.note_meetings(&mentions, effects);
        let draws = alert.correlate == Correlate::Full;
        sayings.iter_mut().for_each(|saying| saying.context |= !draws);
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        let (incident, folded) = match &place {
            Place::Join(candidate, folded) => (candidate.incident, *folded),
            Place::Open(..) => (self.incident_id(alert), false),
        };
        let alert = Alert { evidence: Vec::new(), description: None, ..alert.clone() };
        let (links, seen) = (Vec::new(), self.clock);
        self.alerts.push(AlertFacts { arrival, alert, incident, sayings, links, seen, signature, folded });
        match place {
            Place::Join(candidate, _) => {
                self.join(arrival, candidate, &candidates, effects);
                if draws {
                    self.merge_others(arrival, candidates, self.settings.merge_at, effects);
                }
            }
            Place::Open(reason, before) => self.open(arrival, reason, before, effects),
        }
    }

    /// The strongest incident over the threshold that takes the alert, taken out of the list; or why it opens one.
    fn place(
        &self,
        alert: &Alert,
        mentions: &[Mention],
        signature: &Signature,
        candidates: &mut Vec<Candidate>,
    ) -> Place {
        if alert.correlate == Correlate::Off {
            return Place::Open(OpenReason::CorrelateOff, None);
        }
        let strong = |c: &Candidate| c.total >= self.settings.join_at;
        let taking = candidates.iter().position(|c| strong(c) && self.takes(c.incident, alert));
        if let Some(place) = taking {
            let mut candidate = candidates.remove(place);
            candidate.incident = self.last_continuation(candidate.incident);
            let folded = self.folds(candidate.incident, signature, alert);
            if self.has_room(candidate.incident, alert, mentions, folded) {
                return Place::Join(candidate, folded);
            }
            return Place::Open(OpenReason::Continues, Some(candidate.incident));
        }
        if let Some(closed) = candidates.iter().find(|c| strong(c)) {
            return Place::Open(OpenReason::Recurs, Some(closed.incident));
        }
        let late = self.clock.as_micros().saturating_sub(alert.last_activity.as_micros());
        if late > self.settings.late_join.as_micros() {
            Place::Open(OpenReason::Late, None)
        } else if alert.status == AlertStatus::Resolved {
            Place::Open(OpenReason::ArrivedResolved, None)
        } else {
            Place::Open(OpenReason::NothingLinked, None)
        }
    }

    /// A resolved incident takes what began before that, and what comes soon enough after it.
    fn takes(&self, incident: IncidentId, alert: &Alert) -> bool {
        !self.is_resolved(incident)
            || self.incidents[&incident].resolved_at.is_none_or(|resolved| {
                alert.first_activity.as_micros() < resolved.as_micros()
                    || self.clock.since(resolved) < self.settings.reopen_within
            })
    }

    /// The end of the chain of continuations, as far as they are active.
    fn last_continuation(&self, incident: IncidentId) -> IncidentId {
        let mut last = incident;
        for _ in 0..CONTINUATIONS_MAX {
            let next = self.incidents[&last].continued_by.and_then(|id| self.end_of(id));
            match next {
                Some(next) if next != last && !self.is_resolved(next) => last = next,
                _ => break,
            }
        }
        last
    }

    /// What is counted only takes no place in the list.
    fn has_room(&self, incident: IncidentId, alert: &Alert, mentions: &[Mention], folded: bool) -> bool {
        let caps = &self.settings.caps;
        let mut entities: BTreeSet<_> = self.entities_of(incident);
        entities.extend(mentions.iter().map(|mention| mention.entity));
        let first = self.first_activity(incident).min(alert.first_activity);
        let last = self.last_activity(incident).max(alert.last_activity);
        (folded || self.listed_of(incident).count() < caps.incident_alerts_max as usize)
            && entities.len() <= caps.incident_entities_max as usize
            && last.since(first) <= caps.incident_span_max
    }

    /// The alert is in the incident already; this tells it. The best link that holds it there is kept: where a continuation
    /// takes what is linked to the full incident only, that is none.
    fn join(&mut self, arrival: i64, candidate: Candidate, others: &[Candidate], effects: &mut Vec<Effect>) {
        let key = self.alert(arrival).key();
        let links = candidate.links.iter().take(LINKS_TOLD_MAX).map(|link| self.told(&key, link)).collect();
        let incident = candidate.incident;
        let here = others.iter().filter(|other| other.incident == incident).flat_map(|other| &other.links);
        let mut all = candidate.links.iter().chain(here);
        let kept = all.find(|link| self.alert(link.peer).incident == incident).cloned();
        self.alert_mut(arrival).links.extend(kept);
        if self.reopens(arrival, incident) {
            effects.push(Effect::Incident(self.reopen(incident)));
        }
        let mut change = self.change(incident, ChangeReason::AlertJoined);
        (change.alert, change.links) = (Some(key), links);
        effects.push(Effect::Incident(change));
    }

    /// What began after the resolution makes the incident active again.
    fn reopens(&self, arrival: i64, incident: IncidentId) -> bool {
        let alert = &self.alert(arrival).alert;
        self.is_resolved(incident)
            && alert.status != AlertStatus::Resolved
            && self.incidents[&incident]
                .resolved_at
                .is_some_and(|resolved| alert.first_activity.as_micros() >= resolved.as_micros())
    }

    fn open(
        &mut self,
        arrival: i64,
        reason: OpenReason,
        before: Option<IncidentId>,
        effects: &mut Vec<Effect>,
    ) {
        let alert = self.alert(arrival);
        let (key, id) = (alert.key(), alert.incident);
        let mut incident = IncidentFacts::new(self.clock, reason.clone());
        match reason {
            OpenReason::Continues => incident.continuation_of = before,
            OpenReason::Recurs => incident.recurrence_of = before,
            _ => {}
        }
        if alert.alert.status == AlertStatus::Resolved {
            incident.status = IncidentStatus::Resolved;
            incident.resolved_at = Some(self.clock);
            incident.closed = Some(CloseReason::AllAlertsResolved);
        }
        self.incidents.insert(id, incident);
        let mut change = self.change(id, ChangeReason::Opened);
        (change.alert, change.other) = (Some(key), before);
        effects.push(Effect::Incident(change));
        if let (OpenReason::Continues, Some(full)) = (reason, before) {
            self.incident_mut(full).continued_by = Some(id);
            let mut change = self.change(full, ChangeReason::Continued);
            change.other = Some(id);
            effects.push(Effect::Incident(change));
        }
    }

    fn incident_id(&self, alert: &Alert) -> IncidentId {
        self.founded_id(alert, alert.origin.source_time, "alert")
    }

    /// What the same alert has founded already within the instant is counted past.
    pub(super) fn split_id(&self, founder: &Alert, at: SourceTime) -> IncidentId {
        let kinds = (1..).map(|again| if again == 1 { "split".into() } else { format!("split {again}") });
        let mut ids = kinds.map(|kind| self.founded_id(founder, at, &kind));
        ids.find(|id| !self.incidents.contains_key(id)).expect("numbers do not end")
    }

    /// A UUIDv5, in the name space of incident ids, of what founded it.
    fn founded_id(&self, alert: &Alert, at: SourceTime, kind: &str) -> IncidentId {
        let at = at.as_micros().to_string();
        let founding = [self.tenant.as_str(), alert.provider.as_str(), alert.id.as_str(), &at, kind];
        IncidentId::from_uuid(Uuid::new_v5(&INCIDENT_IDS, founding.join("\0").as_bytes()))
    }
}

/// Where a new alert goes.
enum Place {
    /// Whether it is counted there rather than listed.
    Join(Candidate, bool),
    Open(OpenReason, Option<IncidentId>),
}
