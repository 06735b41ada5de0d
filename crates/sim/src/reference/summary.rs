//! What an incident comes to: the facts that the engine's record and the reference must agree on.

use braid_alert::{
    AlertKey, ChangeReason, CloseReason, ContextReason, EntityId, EntityKind, EventTime, Flood, Identifier,
    Incident, IncidentId, IncidentStatus, Link, OpenReason, Role, Severity, Tenant,
};

use super::alert::Mention;
use super::entity::EntityFacts;
use super::flood;
use super::history::History;
use super::triage::Said;

/// The facts of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentSummary {
    /// Its id.
    pub id: IncidentId,
    /// Whose it is.
    pub tenant: Tenant,
    /// Its version.
    pub version: i64,
    /// Where it stands.
    pub status: IncidentStatus,
    /// Where it stood before.
    pub previous_status: Option<IncidentStatus>,
    /// What people have said of it.
    pub said: Said,
    /// The highest of its alerts; of a redirected one the last that it had.
    pub severity: Severity,
    /// The first activity of its alerts; of a redirected one the last that it had.
    pub first_activity: EventTime,
    /// The last activity, likewise.
    pub last_activity: EventTime,
    /// Its alerts that are listed, in order of first activity, then of arrival.
    pub alerts: Vec<AlertKey>,
    /// What they mention, by number.
    pub entities: Vec<EntitySummary>,
    /// What holds them together, in the order of alerts.
    pub links: Vec<Link>,
    /// Alerts that it only counts.
    pub floods: Vec<Flood>,
    /// What was merged into it.
    pub merged_from: Vec<IncidentId>,
    /// Where it went.
    pub redirect: Option<IncidentId>,
    /// What it continues, what continues it, what it is a recurrence of.
    pub related: [Option<IncidentId>; 3],
    /// Why it opened.
    pub opened: OpenReason,
    /// Why it last changed.
    pub changed: ChangeReason,
    /// Why it is closed.
    pub closed: Option<CloseReason>,
}

/// The facts of an entity in an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct EntitySummary {
    /// Its number.
    pub id: EntityId,
    /// What kind of thing it is.
    pub kind: EntityKind,
    /// Its names, sorted.
    pub identifiers: Vec<Identifier>,
    /// The parts that it plays here, sorted.
    pub roles: Vec<Role>,
    /// How many of the incident's alerts mention it.
    pub alerts: i32,
    /// Why it joins nothing here, if it does not.
    pub context: Option<ContextReason>,
    /// Of a hub: how many it has met.
    pub partners: Option<i32>,
    /// Whether it stands in a directory on premises.
    pub on_premises: Option<bool>,
    /// Every tag on it.
    pub tags: Vec<Box<str>>,
}

impl From<&Incident> for IncidentSummary {
    fn from(incident: &Incident) -> Self {
        let mut entities: Vec<EntitySummary> = incident
            .entities
            .iter()
            .map(|entity| EntitySummary {
                id: entity.id,
                kind: entity.kind.clone(),
                identifiers: entity.identifiers.clone(),
                roles: entity.roles.clone(),
                alerts: entity.alerts,
                context: entity.context_reason.clone(),
                partners: entity.partners,
                on_premises: entity.on_premises,
                tags: entity.tags.clone(),
            })
            .collect();
        entities.sort_by_key(|entity| entity.id);
        let mut floods = incident.floods.clone();
        flood::sort(&mut floods);
        let key = |provider: &_, id: &_| AlertKey { provider: Clone::clone(provider), id: Clone::clone(id) };
        Self {
            id: incident.id,
            tenant: incident.tenant.clone(),
            version: incident.version,
            status: incident.status.clone(),
            previous_status: incident.previous_status.clone(),
            said: said_of(incident),
            severity: incident.severity.clone(),
            first_activity: incident.first_activity,
            last_activity: incident.last_activity,
            alerts: incident.alerts.iter().map(|alert| key(&alert.provider, &alert.id)).collect(),
            entities,
            links: incident.links.clone(),
            floods,
            merged_from: incident.merged_from.clone(),
            redirect: incident.redirect_incident_id,
            related: [incident.continuation_of, incident.continued_by, incident.recurrence_of],
            opened: incident.opened.clone(),
            changed: incident.changed.clone(),
            closed: incident.closed.clone(),
        }
    }
}

fn said_of(incident: &Incident) -> Said {
    Said {
        assignee: incident.assignee.clone(),
        assigned_group: incident.assigned_group.clone(),
        classification: incident.classification.clone(),
        determination: incident.determination.clone(),
        tags: incident.tags.clone(),
        comments: incident.comments.clone(),
    }
}

impl History {
    pub(super) fn summaries(&self) -> Vec<IncidentSummary> {
        self.incidents.keys().map(|&id| self.summary(id)).collect()
    }

    fn summary(&self, id: IncidentId) -> IncidentSummary {
        let incident = &self.incidents[&id];
        let mut story: Vec<_> = self.alerts_of(id).collect();
        story.sort_by_key(|alert| (alert.alert.first_activity, alert.arrival));
        let (listed, counted): (Vec<_>, Vec<_>) = story.into_iter().partition(|alert| !alert.folded);
        // Of what is only counted the links are told that have merged incidents.
        let merging = counted.iter().filter(|alert| alert.links.len() > 1);
        let telling = listed.iter().chain(merging);
        let links = telling.flat_map(|a| a.links.iter().map(|link| self.told(&a.key(), link)));
        let (severity, first_activity, last_activity) = incident
            .last
            .clone()
            .unwrap_or_else(|| (self.severity(id), self.first_activity(id), self.last_activity(id)));
        IncidentSummary {
            id,
            tenant: self.tenant.clone(),
            version: incident.version,
            status: incident.status.clone(),
            previous_status: incident.previous_status.clone(),
            said: incident.said.clone(),
            severity,
            first_activity,
            last_activity,
            alerts: listed.iter().map(|alert| alert.key()).collect(),
            entities: self
                .entities_of(id)
                .into_iter()
                .map(|entity| self.entity_summary(id, entity))
                .collect(),
            links: links.collect(),
            floods: self.floods_of(id),
            merged_from: incident.merged_from.clone(),
            redirect: incident.redirect,
            related: [incident.continuation_of, incident.continued_by, incident.recurrence_of],
            opened: incident.opened.clone(),
            changed: incident.changed.clone(),
            closed: incident.closed.clone(),
        }
    }

    fn entity_summary(&self, incident: IncidentId, id: EntityId) -> EntitySummary {
        let mentioners = self.mentioners(id);
        let mentions: Vec<_> =
            mentioners.iter().filter(|(alert, _)| alert.incident == incident).map(|(_, m)| m).collect();
        let entity = self.entity(id);
        let mut identifiers = entity.names.clone();
        identifiers.sort();
        let mut roles: Vec<Role> = mentions.iter().map(|mention| mention.part.role()).collect();
        roles.sort();
        roles.dedup();
        let context = self.context_of(incident, entity, &mentions);
        EntitySummary {
            id,
            kind: entity.kind.clone(),
            identifiers,
            roles,
            alerts: mentions.len() as i32,
            partners: (context == Some(ContextReason::Hub)).then(|| self.partners_lately(id) as i32),
            context,
            on_premises: self.on_premises(entity),
            tags: entity.all_tags(),
        }
    }

    /// A hub that gave a link joined all the same.
    fn context_of(
        &self,
        incident: IncidentId,
        entity: &EntityFacts,
        mentions: &[&Mention],
    ) -> Option<ContextReason> {
        let mut links = self.alerts_of(incident).flat_map(|alert| &alert.links);
        match entity {
            EntityFacts { egress: true, .. } => Some(ContextReason::Egress),
            EntityFacts { ambiguous: true, .. } => Some(ContextReason::Ambiguous),
            EntityFacts { excluded: true, .. } => Some(ContextReason::Excluded),
            hub if self.is_hub(hub.id) && !links.any(|link| self.meant(&link.who) == hub.id) => {
                Some(ContextReason::Hub)
            }
            _ => mentions.iter().all(|mention| mention.context).then_some(ContextReason::Beside),
        }
    }
}
