//! ArcSight's Common Event Format, version 0: an incident or a change in one line, for whoever reads nothing else.
//!
//! A line has room for little: what there is more of is cut, the end says how much is gone, and `flexString1` names
//! the keys that were cut. The whole stands in every other form.

mod line;

use braid_alert::*;

use super::by_weight;
use super::rest::words;

use line::Line;
pub use line::{CEF_FIELDS, CefField};

/// An incident in one line.
pub(super) fn incident(incident: &Incident) -> String {
    let severity = severity(&incident.severity);
    let mut line = Line::new(&format!("incident.{}", incident.changed), &incident.title, severity);
    line.number("rt", incident.last_changed.as_millis());
    line.number("start", incident.first_activity.as_millis());
    line.number("end", incident.last_activity.as_millis());
    line.text("externalId", &incident.id.to_string());
    line.text("cat", "incident");
    line.text("act", incident.changed.as_str());
    line.number("cnt", i64::try_from(incident.size()).unwrap_or(i64::MAX));
    line.labelled("cn1", "version", &incident.version.to_string());
    line.labelled("cfp1", "score", &incident.score.value.to_string());
    line.labelled("cs1", "tenant", incident.tenant.as_str());
    line.labelled("cs2", "status", incident.status.as_str());
    let phases: Vec<&str> = incident.phases.iter().map(|entry| entry.phase.as_str()).collect();
    line.labelled_list("cs3", "phases", &phases);
    let techniques: Vec<&str> = incident.techniques.iter().map(Technique::as_str).collect();
    line.labelled_list("cs4", "techniques", &techniques);
    let assigned = [incident.assignee.as_deref(), incident.assigned_group.as_deref()];
    line.labelled_list("cs5", "assigned", &assigned.into_iter().flatten().collect::<Vec<_>>());
    if let Some(into) = incident.redirect_incident_id {
        line.labelled("cs6", "redirectIncidentId", &into.to_string());
    }
    entities(incident, &mut line);
    line.maybe("request", incident.incident_url.as_deref());
    line.maybe("reason", incident.closed.as_ref().map(CloseReason::as_str));
    line.text("msg", &format!("Incident {}", words(incident.changed.as_str())));
    line.finish()
}

/// A change in one line.
pub(super) fn change(change: &IncidentChange) -> String {
    let name = format!("Incident {}", words(change.reason.as_str()));
    let class = format!("incident-event.{}", change.reason);
    let mut line = Line::new(&class, &name, severity(&change.severity));
    line.number("rt", change.at.as_millis());
    line.text("externalId", &change.incident.to_string());
    line.text("cat", "incident-event");
    line.text("act", change.reason.as_str());
    line.number("cnt", change.alerts.into());
    line.labelled("cn1", "version", &change.version.to_string());
    line.labelled("cs1", "tenant", change.tenant.as_str());
    line.labelled("cs2", "status", change.status.as_str());
    if let Some(alert) = &change.alert {
        line.labelled("cs3", "alertProvider", alert.provider.as_str());
        line.labelled("cs4", "alertId", alert.id.as_str());
    }
    if let Some(command) = &change.command {
        line.labelled("cs5", "command", &command.id);
    }
    if let Some(other) = change.other {
        line.labelled("cs6", "otherIncidentId", &other.to_string());
    }
    if let Some(command) = &change.command {
        line.text("suser", &command.author);
        line.maybe("reason", command.reason.as_deref());
    }
    line.finish()
}

/// Who acted stands as source, who was hit as destination.
fn entities(incident: &Incident, line: &mut Line) {
    const USERS: &[EntityKind] = &[EntityKind::User, EntityKind::Mailbox];
    const HOSTS: &[EntityKind] = &[EntityKind::Host, EntityKind::MobileDevice];
    for (source, destination, kinds) in [("suser", "duser", USERS), ("shost", "dhost", HOSTS)] {
        let (acted, hit): (Vec<_>, Vec<_>) = by_weight(&incident.entities, kinds)
            .into_iter()
            .partition(|entity| entity.roles.contains(&Role::Source));
        line.list(source, &acted.iter().map(|entity| &*entity.name).collect::<Vec<_>>());
        line.list(destination, &hit.iter().map(|entity| &*entity.name).collect::<Vec<_>>());
    }
}

/// CEF counts from 0 to 10: low up to 3, medium up to 6, high up to 8.
const fn severity(severity: &Severity) -> u8 {
    match severity {
        Severity::Other(_) => 0,
        Severity::Informational => 1,
        Severity::Low => 3,
        Severity::Medium => 5,
        Severity::High => 8,
        Severity::Critical => 10,
    }
}
