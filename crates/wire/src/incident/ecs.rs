//! Elastic Common Schema 8.17: an incident as an alert document, a change as an event document.
//!
//! What ECS has no field for stands under `braid`, in braid's own names. The id of the document is the incident's: who
//! keeps the one with the highest `event.sequence` has the incident as it is.

mod related;
mod threat;

use braid_alert::*;
use serde::Serialize;

use super::rest::{ChangeRest, IncidentRest, words};
use super::{PRODUCT, PRODUCT_VERSION};

use related::{Host, Related, User};
use threat::Threat;

/// The version of ECS that is written.
pub const ECS_VERSION: &str = "8.17.0";

#[derive(Debug, Serialize)]
struct IncidentDocument<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: SourceTime,
    ecs: Ecs,
    message: &'a str,
    event: Event<'a>,
    organization: Organization<'a>,
    observer: Observer,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [Box<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    threat: Option<Threat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Host<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Related::is_empty")]
    related: Related<'a>,
    braid: IncidentFields<'a>,
}

#[derive(Debug, Serialize)]
struct ChangeDocument<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: SourceTime,
    ecs: Ecs,
    message: String,
    event: Event<'a>,
    organization: Organization<'a>,
    observer: Observer,
    braid: ChangeFields<'a>,
}

#[derive(Debug, Serialize)]
struct Ecs {
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Event<'a> {
    kind: &'static str,
    category: [&'static str; 1],
    #[serde(rename = "type")]
    types: [&'static str; 1],
    id: IncidentId,
    sequence: i64,
    action: &'a str,
    severity: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<SourceTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    provider: &'static str,
    dataset: &'static str,
}

#[derive(Debug, Serialize)]
struct Organization<'a> {
    id: &'a str,
}

#[derive(Debug, Serialize)]
struct Observer {
    vendor: &'static str,
    product: &'static str,
    version: &'static str,
}

/// What stands under `braid` of an incident.
#[derive(Debug, Serialize)]
struct IncidentFields<'a> {
    status: &'a IncidentStatus,
    severity: &'a Severity,
    assignee: Option<&'a str>,
    assigned_group: Option<&'a str>,
    classification: Option<&'a Classification>,
    alerts: &'a [IncidentAlert],
    #[serde(flatten)]
    rest: IncidentRest<'a>,
}

/// What stands under `braid` of a change.
#[derive(Debug, Serialize)]
struct ChangeFields<'a> {
    status: &'a IncidentStatus,
    severity: &'a Severity,
    #[serde(flatten)]
    rest: ChangeRest<'a>,
}

/// An incident as an alert document.
pub(super) fn incident(incident: &Incident) -> impl Serialize {
    IncidentDocument {
        timestamp: incident.last_changed,
        ecs: Ecs { version: ECS_VERSION },
        message: &incident.title,
        event: event_of_incident(incident),
        organization: Organization { id: incident.tenant.as_str() },
        observer: observer(),
        tags: &incident.tags,
        threat: Threat::of(incident),
        host: Host::of(&incident.entities),
        user: User::of(&incident.entities),
        related: Related::of(&incident.entities),
        braid: IncidentFields {
            status: &incident.status,
            severity: &incident.severity,
            assignee: incident.assignee.as_deref(),
            assigned_group: incident.assigned_group.as_deref(),
            classification: incident.classification.as_ref(),
            alerts: &incident.alerts,
            rest: IncidentRest::from(incident),
        },
    }
}

/// A change as an event document.
pub(super) fn change(change: &IncidentChange) -> impl Serialize {
    let message = format!("Incident {}, version {}", words(change.reason.as_str()), change.version);
    ChangeDocument {
        timestamp: change.at,
        ecs: Ecs { version: ECS_VERSION },
        message,
        event: Event {
            kind: "event",
            action: change.reason.as_str(),
            severity: change.severity.rank(),
            dataset: "braid.incident_event",
            ..event(change.incident, change.version)
        },
        organization: Organization { id: change.tenant.as_str() },
        observer: observer(),
        braid: ChangeFields {
            status: &change.status,
            severity: &change.severity,
            rest: ChangeRest::from(change),
        },
    }
}

fn event_of_incident(incident: &Incident) -> Event<'_> {
    Event {
        action: incident.changed.as_str(),
        severity: incident.severity.rank(),
        risk_score: Some(incident.score.value),
        created: Some(incident.first_emitted),
        start: Some(incident.first_activity),
        end: Some(incident.last_activity),
        url: incident.incident_url.as_deref(),
        ..event(incident.id, incident.version)
    }
}

fn event(id: IncidentId, sequence: i64) -> Event<'static> {
    Event {
        kind: "alert",
        category: ["intrusion_detection"],
        types: ["info"],
        id,
        sequence,
        action: "",
        severity: 0,
        risk_score: None,
        created: None,
        start: None,
        end: None,
        url: None,
        provider: PRODUCT,
        dataset: "braid.incident",
    }
}

const fn observer() -> Observer {
    Observer { vendor: PRODUCT, product: PRODUCT, version: PRODUCT_VERSION }
}
