use braid_alert::{
    AlertStatus, CommandReference, EntityId, EntityKind, EventTime, Flood, Incident, IncidentAlert,
    IncidentId, IncidentStatus, Provider, Severity,
};
use braid_runtime::hot_index::{ChangeHead, Telling, TimelineEntry};
use serde::Serialize;

/// An entry as the answer has it. What an entry of its type does not have is left out.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    at: EventTime,
    /// `alert`, `change`, `comment` or `directory`.
    r#type: &'static str,
    /// One line for people.
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'a Provider>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'a Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Alert<'a>>,
    /// Of a flood: how many alerts it counts beside those that are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    folded: Option<i32>,
    /// Of a change: what happened to the incident. Of what a directory tells: `created`, `firstSeen`, `listed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'a str>,
    /// Of a change: where the incident stood after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a IncidentStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<IncidentId>,
    /// Of a change: the other incident, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<IncidentId>,
    /// The command that a change answers, or that a comment came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    /// Who wanted the change, or said the comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    /// Why, in the author's words; or what the comment says.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_url: Option<&'a str>,
    /// Of an alert: every entity that it mentions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<Mention<'a>>,
}

#[derive(Serialize)]
struct Alert<'a> {
    provider: &'a Provider,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_alert_id: Option<&'a str>,
    status: &'a AlertStatus,
}

#[derive(Serialize)]
struct Mention<'a> {
    id: EntityId,
    kind: &'a EntityKind,
    name: &'a str,
}

impl<'a> Entry<'a> {
    pub(super) fn of(entry: &TimelineEntry<'a>) -> Self {
        let at = entry.at;
        match entry.telling {
            Telling::Alert(incident, alert) => Self::alert(at, incident, alert),
            Telling::Flood(incident, flood) => Self::flood(at, incident, flood),
            Telling::Change(incident, head) => Self::change(at, incident, head),
            Telling::Comment(incident, comment) => Self {
                incident: Some(incident.id),
                command: Some(&comment.command).map(|id| &**id).filter(|id| !id.is_empty()),
                author: Some(&comment.author),
                text: Some(&comment.text),
                ..Self::new(at, "comment", &incident.title)
            },
            Telling::Created(listed) => Self::directory(at, "created", listed.display_name.as_deref()),
            Telling::FirstSeen(listed) => Self::directory(at, "firstSeen", listed.display_name.as_deref()),
            Telling::ListedBy(listed, product) => Self {
                product: Some(&product.provider),
                portal_url: product.portal_url.as_deref(),
                ..Self::directory(at, "listed", listed.display_name.as_deref())
            },
        }
    }

    const fn new(at: EventTime, r#type: &'static str, title: &'a str) -> Self {
        Self {
            at,
            r#type,
            title,
            until: None,
            product: None,
            severity: None,
            alert: None,
            folded: None,
            what: None,
            status: None,
            incident: None,
            other: None,
            command: None,
            author: None,
            text: None,
            portal_url: None,
            entities: Vec::new(),
        }
    }

    fn alert(at: EventTime, incident: &'a Incident, alert: &'a IncidentAlert) -> Self {
        let mentioned = incident.entities.iter().filter(|entity| alert.entities.contains(&entity.id));
        Self {
            until: Some(alert.last_activity),
            product: Some(&alert.provider),
            severity: Some(&alert.severity),
            alert: Some(Alert {
                provider: &alert.provider,
                id: alert.id.as_str(),
                source_alert_id: alert.source_alert_id.as_deref(),
                status: &alert.status,
            }),
            incident: Some(incident.id),
            portal_url: alert.portal_url.as_deref(),
            entities: mentioned.map(|e| Mention { id: e.id, kind: &e.kind, name: &e.name }).collect(),
            ..Self::new(at, "alert", &alert.title)
        }
    }

    fn flood(at: EventTime, incident: &'a Incident, flood: &'a Flood) -> Self {
        Self {
            until: Some(flood.last_activity),
            product: Some(&flood.provider),
            folded: Some(flood.folded),
            incident: Some(incident.id),
            ..Self::new(at, "alert", &flood.title)
        }
    }

    fn change(at: EventTime, incident: &'a Incident, head: &'a ChangeHead) -> Self {
        let command: Option<&CommandReference> = head.command.as_ref();
        Self {
            severity: Some(&head.severity),
            what: Some(head.reason.as_str()),
            status: Some(&head.status),
            incident: Some(head.incident),
            other: head.other,
            command: command.map(|command| &*command.id),
            author: command.map(|command| &*command.author),
            text: command.and_then(|command| command.reason.as_deref()),
            ..Self::new(at, "change", &incident.title)
        }
    }

    fn directory(at: EventTime, what: &'static str, name: Option<&'a str>) -> Self {
        Self { what: Some(what), ..Self::new(at, "directory", name.unwrap_or_default()) }
    }
}
