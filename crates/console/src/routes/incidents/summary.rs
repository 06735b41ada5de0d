use braid_alert::{
    Classification, EventTime, Incident, IncidentId, IncidentStatus, Phase, Severity, SourceTime, Tenant,
};
use serde::Serialize;

/// An incident in short: what a list shows. Names are those of the whole record; lists became numbers.
#[derive(Serialize)]
pub(in crate::routes) struct Summary<'a> {
    id: IncidentId,
    tenant: &'a Tenant,
    version: i64,
    status: &'a IncidentStatus,
    title: &'a str,
    severity: &'a Severity,
    score: f64,
    assignee: Option<&'a str>,
    classification: Option<&'a Classification>,
    phases: Vec<&'a Phase>,
    first_activity: EventTime,
    last_activity: EventTime,
    first_emitted: SourceTime,
    last_changed: SourceTime,
    alerts: usize,
    entities: usize,
    redirect_incident_id: Option<IncidentId>,
    incident_url: Option<&'a str>,
}

impl<'a> Summary<'a> {
    pub(in crate::routes) fn of(incident: &'a Incident) -> Self {
        Self {
            id: incident.id,
            tenant: &incident.tenant,
            version: incident.version,
            status: &incident.status,
            title: &incident.title,
            severity: &incident.severity,
            score: incident.score.value,
            assignee: incident.assignee.as_deref(),
            classification: incident.classification.as_ref(),
            phases: incident.phases.iter().map(|entry| &entry.phase).collect(),
            first_activity: incident.first_activity,
            last_activity: incident.last_activity,
            first_emitted: incident.first_emitted,
            last_changed: incident.last_changed,
            alerts: incident.size(),
            entities: incident.entities.len(),
            redirect_incident_id: incident.redirect_incident_id,
            incident_url: incident.incident_url.as_deref(),
        }
    }
}
