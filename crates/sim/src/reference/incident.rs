//! Incidents: what was decided about them, and what their alerts say.

use std::collections::BTreeSet;

use braid_alert::{
    AlertStatus, ChangeReason, CloseReason, EntityId, EventTime, IncidentChange, IncidentId, IncidentStatus,
    OpenReason, Severity, SourceTime,
};

use super::alert::AlertFacts;
use super::history::History;
use super::triage::Said;

/// What was decided about an incident. All else is said by its alerts.
#[derive(Debug)]
pub(super) struct IncidentFacts {
    pub(super) version: i64,
    pub(super) status: IncidentStatus,
    /// Where it stood before.
    pub(super) previous_status: Option<IncidentStatus>,
    pub(super) said: Said,
    pub(super) last_changed: SourceTime,
    pub(super) resolved_at: Option<SourceTime>,
    pub(super) opened: OpenReason,
    pub(super) changed: ChangeReason,
    pub(super) closed: Option<CloseReason>,
    pub(super) merged_from: Vec<IncidentId>,
    pub(super) redirect: Option<IncidentId>,
    pub(super) continuation_of: Option<IncidentId>,
    pub(super) continued_by: Option<IncidentId>,
    pub(super) recurrence_of: Option<IncidentId>,
    /// Of a redirected one: its severity and times when it went.
    pub(super) last: Option<(Severity, EventTime, EventTime)>,
}

impl IncidentFacts {
    pub(super) fn new(at: SourceTime, opened: OpenReason) -> Self {
        Self {
            version: 0,
            status: IncidentStatus::Active,
            previous_status: None,
            said: Said::default(),
            last_changed: at,
            resolved_at: None,
            opened,
            changed: ChangeReason::Opened,
            closed: None,
            merged_from: Vec::new(),
            redirect: None,
            continuation_of: None,
            continued_by: None,
            recurrence_of: None,
            last: None,
        }
    }

    pub(super) fn turn(&mut self, status: IncidentStatus, closed: Option<CloseReason>) {
        self.previous_status = Some(std::mem::replace(&mut self.status, status));
        self.closed = closed;
    }
}

impl History {
    pub(super) fn incident_mut(&mut self, id: IncidentId) -> &mut IncidentFacts {
        self.incidents.get_mut(&id).expect("only remembered incidents are asked for")
    }

    /// The incident that an id leads to, redirects followed; `None` if it is forgotten.
    pub(super) fn end_of(&self, id: IncidentId) -> Option<IncidentId> {
        match self.incidents.get(&id)?.redirect {
            Some(next) => self.end_of(next),
            None => Some(id),
        }
    }

    pub(super) fn alerts_of(&self, incident: IncidentId) -> impl Iterator<Item = &AlertFacts> {
        self.alerts.iter().filter(move |alert| alert.incident == incident)
    }

    pub(super) fn first_activity(&self, incident: IncidentId) -> EventTime {
        self.alerts_of(incident).map(|a| a.alert.first_activity).min().expect("an incident has an alert")
    }

    pub(super) fn last_activity(&self, incident: IncidentId) -> EventTime {
        self.alerts_of(incident).map(|a| a.alert.last_activity).max().expect("an incident has an alert")
    }

    /// The highest of its alerts; what is not known counts as informational.
    pub(super) fn severity(&self, incident: IncidentId) -> Severity {
        let severities = self.alerts_of(incident).map(|a| a.alert.severity.clone());
        let highest = severities.max_by_key(Severity::rank).expect("an incident has an alert");
        if highest.rank() == 0 { Severity::Informational } else { highest }
    }

    pub(super) fn entities_of(&self, incident: IncidentId) -> BTreeSet<EntityId> {
        let mentions = self.alerts_of(incident).flat_map(|alert| self.mentions(&alert.sayings));
        mentions.map(|mention| mention.entity).collect()
    }

    pub(super) fn is_resolved(&self, incident: IncidentId) -> bool {
        self.incidents[&incident].status == IncidentStatus::Resolved
    }

    pub(super) fn has_unresolved(&self, incident: IncidentId) -> bool {
        self.alerts_of(incident).any(|alert| alert.alert.status != AlertStatus::Resolved)
    }

    /// One more version of an incident, and the change that says so.
    pub(super) fn change(&mut self, id: IncidentId, reason: ChangeReason) -> IncidentChange {
        let clock = self.clock;
        let incident = self.incident_mut(id);
        incident.version += 1;
        incident.last_changed = clock;
        incident.changed = reason.clone();
        let (version, status) = (incident.version, incident.status.clone());
        let severity = match &incident.last {
            Some((severity, ..)) => severity.clone(),
            None => self.severity(id),
        };
        IncidentChange {
            incident: id,
            tenant: self.tenant.clone(),
            version,
            at: clock,
            reason,
            status,
            severity,
            alerts: self.alerts_of(id).count() as i32,
            alert: None,
            links: Vec::new(),
            other: None,
            command: None,
        }
    }

    pub(super) fn resolve(&mut self, id: IncidentId, why: CloseReason) -> IncidentChange {
        let clock = self.clock;
        let incident = self.incident_mut(id);
        incident.turn(IncidentStatus::Resolved, Some(why));
        incident.resolved_at = Some(clock);
        self.change(id, ChangeReason::Resolved)
    }

    pub(super) fn reopen(&mut self, id: IncidentId) -> IncidentChange {
        let incident = self.incident_mut(id);
        incident.turn(IncidentStatus::Active, None);
        incident.resolved_at = None;
        self.change(id, ChangeReason::Reopened)
    }
}
