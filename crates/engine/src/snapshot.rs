//! The whole record of an incident, made from what the engine holds.

use std::cmp::Reverse;

use braid_alert::{
    EntityKind, Identifier, IdentifierKind, Incident, IncidentAlert, IncidentEntity, IncidentId, Link, Phase,
    PhaseEntry, Role, Score, Technique,
};

use crate::entity::Entity;
use crate::score::{Grounds, score};
use crate::slots::{AlertRef, EntityRef, GroupRef};
use crate::state::IncidentRecord;
use crate::tenant_state::{Home, TenantState};
use crate::title::{Subject, title};

/// Tags that raise an incident's score, whoever put them there and in whatever case.
const SENSITIVE_TAGS: [&str; 2] = ["sensitive", "honeytoken"];

impl TenantState {
    /// The record of an incident as of its last version, redirected ones included, and those that were forgotten since
    /// the last drain.
    pub(crate) fn incident(&self, id: IncidentId) -> Option<Incident> {
        match self.home(id) {
            Some(Home::Group(slot)) => Some(self.record(*slot)),
            Some(Home::Redirected(record)) => Some(stub(record)),
            None => self.forgotten(id),
        }
    }

    /// The record of a group's incident.
    pub(crate) fn snapshot(&self, slot: GroupRef) -> Incident {
        let group = &self.groups[slot];
        let story = self.story(slot);
        let mut incident = stub(&group.incident);
        incident.severity = group.severity();
        incident.first_activity = group.first_activity;
        incident.last_activity = group.last_activity;
        incident.phases = self.phases_of(&story);
        incident.techniques = self.techniques_of(&story);
        incident.entities = self.entities_of(slot, &story);
        let joining = incident.entities.iter().filter(|e| !e.context).map(|e| (&e.kind, &*e.name));
        incident.title = self.title_from(&story, &incident.phases, &joining.collect::<Vec<_>>());
        incident.score = score_of(group.severities(), &incident);
        incident.links = self.links_in(&story);
        incident.alerts = story.iter().map(|&alert| self.alert_in(alert)).collect();
        incident
    }

    /// The title that a group's incident has now, without the rest of its record: a merge asks for it.
    pub(crate) fn title_of(&self, slot: GroupRef) -> Box<str> {
        let story = self.story(slot);
        let joining = self.groups[slot].entities().iter().map(|&(entity, _)| &self.entities[entity]);
        let entities: Vec<(&EntityKind, &str)> =
            joining.filter(|e| e.joins()).map(|e| (&e.kind, self.name_of(e))).collect();
        self.title_from(&story, &self.phases_of(&story), &entities)
    }

    fn title_from(
        &self,
        story: &[AlertRef],
        phases: &[PhaseEntry],
        entities: &[(&EntityKind, &str)],
    ) -> Box<str> {
        let mut phases: Vec<Phase> = phases.iter().map(|entry| entry.phase.clone()).collect();
        phases.sort();
        let gravest = story
            .iter()
            .enumerate()
            .max_by_key(|&(place, &alert)| (self.alerts[alert].alert.severity.rank(), Reverse(place)));
        let gravest = gravest.map_or("", |(_, &alert)| &*self.alerts[alert].alert.title);
        title(&Subject { phases: &phases, gravest, alerts: story.len(), entities })
    }

    fn phases_of(&self, story: &[AlertRef]) -> Vec<PhaseEntry> {
        let mut phases: Vec<PhaseEntry> = Vec::new();
        for &slot in story {
            let alert = &self.alerts[slot].alert;
            if let Some(phase) = &alert.phase
                && !phases.iter().any(|entry| entry.phase == *phase)
            {
                phases.push(PhaseEntry { phase: phase.clone(), first: alert.first_activity });
            }
        }
        phases
    }

    fn techniques_of(&self, story: &[AlertRef]) -> Vec<Technique> {
        let mut techniques: Vec<Technique> =
            story.iter().flat_map(|&slot| self.alerts[slot].alert.techniques.iter().cloned()).collect();
        techniques.sort();
        techniques.dedup();
        techniques
    }

    fn links_in(&self, story: &[AlertRef]) -> Vec<Link> {
        let of = |&slot: &AlertRef| {
            let state = &self.alerts[slot];
            let key = state.key();
            state.links.iter().map(|link| self.link_of(&key, link)).collect::<Vec<_>>()
        };
        story.iter().flat_map(of).collect()
    }

    fn alert_in(&self, slot: AlertRef) -> IncidentAlert {
        let state = &self.alerts[slot];
        let alert = &state.alert;
        let mut entities: Vec<_> = state.mentions.iter().map(|m| self.entities[m.entity].id).collect();
        entities.sort();
        IncidentAlert {
            provider: alert.provider.clone(),
            id: alert.id.clone(),
            source_alert_id: alert.source_alert_id.clone(),
            title: alert.title.clone(),
            severity: alert.severity.clone(),
            status: alert.status.clone(),
            phase: alert.phase.clone(),
            techniques: alert.techniques.clone(),
            first_activity: alert.first_activity,
            last_activity: alert.last_activity,
            portal_url: alert.portal_url.clone(),
            entities,
            origin: alert.origin.clone(),
        }
    }

    /// The entities of a group: those that join first, then by how many alerts mention them.
    fn entities_of(&self, slot: GroupRef, story: &[AlertRef]) -> Vec<IncidentEntity> {
        let mut entities: Vec<IncidentEntity> = self.groups[slot]
            .entities()
            .iter()
            .map(|&(entity, count)| self.entity_in(entity, count, story))
            .collect();
        entities.sort_by(|a, b| {
            (a.context, &a.kind, Reverse(a.alerts), a.id).cmp(&(b.context, &b.kind, Reverse(b.alerts), b.id))
        });
        entities
    }

    fn entity_in(&self, slot: EntityRef, count: u32, story: &[AlertRef]) -> IncidentEntity {
        let entity = &self.entities[slot];
        let mut roles: Vec<Role> = Vec::new();
        let mut context = true;
        for mention in story.iter().flat_map(|&a| &self.alerts[a].mentions).filter(|m| m.entity == slot) {
            context &= mention.context;
            let role = Role::from(mention.part);
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        roles.sort();
        let mut identifiers: Vec<Identifier> =
            entity.names.iter().map(|&name| self.names.identifier(name).clone()).collect();
        identifiers.sort();
        IncidentEntity {
            id: entity.id,
            kind: entity.kind.clone(),
            name: self.name_of(entity).into(),
            identifiers,
            roles,
            alerts: count as i32,
            context: context || !entity.joins(),
            context_reason: None,
            on_premises: self.on_premises(entity),
            tags: entity.all_tags(),
        }
    }
}

/// What can be said of an incident without its alerts.
pub(crate) fn stub(record: &IncidentRecord) -> Incident {
    Incident {
        id: record.id,
        tenant: record.tenant.clone(),
        version: record.version,
        status: record.status.clone(),
        previous_status: record.previous_status.clone(),
        assignee: record.assignee.clone(),
        assigned_group: record.assigned_group.clone(),
        classification: record.classification.clone(),
        determination: record.determination.clone(),
        tags: record.tags.clone(),
        comments: record.comments.clone(),
        incident_url: None,
        first_emitted: record.first_emitted,
        last_changed: record.last_changed,
        title: record.last_title.clone().unwrap_or_default(),
        severity: record.last_severity.clone().unwrap_or(braid_alert::Severity::Informational),
        score: Score { value: 0.0, parts: Vec::new() },
        phases: Vec::new(),
        techniques: Vec::new(),
        first_activity: record.first_activity.unwrap_or_default(),
        last_activity: record.last_activity.unwrap_or_default(),
        alerts: Vec::new(),
        entities: Vec::new(),
        links: Vec::new(),
        near_misses: Vec::new(),
        lateral_movement: Vec::new(),
        floods: Vec::new(),
        merged_from: record.merged_from.clone(),
        redirect_incident_id: record.redirect,
        continuation_of: record.continuation_of,
        continued_by: record.continued_by,
        recurrence_of: record.recurrence_of,
        opened: record.opened.clone(),
        changed: record.changed.clone(),
        closed: record.closed.clone(),
    }
}

fn score_of(severities: &[u32; 6], incident: &Incident) -> Score {
    let phases: Vec<Phase> = incident.phases.iter().map(|entry| entry.phase.clone()).collect();
    let steps = phases.iter().filter(|phase| phase.step().is_some()).count();
    let is_it = |tag: &Box<str>| SENSITIVE_TAGS.iter().any(|sensitive| tag.eq_ignore_ascii_case(sensitive));
    let is_sensitive = |e: &&IncidentEntity| e.tags.iter().any(is_it);
    let sensitive: Vec<&str> = incident.entities.iter().filter(is_sensitive).map(|e| &*e.name).collect();
    score(&Grounds { severities, steps, sensitive: &sensitive, phases: &phases })
}

/// The order in which names say something to people, which is not the order of their strength.
const TELLING: [IdentifierKind; 13] = [
    IdentifierKind::Upn,
    IdentifierKind::DomainAccount,
    IdentifierKind::AccountName,
    IdentifierKind::DisplayName,
    IdentifierKind::Fqdn,
    IdentifierKind::NetbiosName,
    IdentifierKind::Address,
    IdentifierKind::Url,
    IdentifierKind::FilePath,
    IdentifierKind::ResourceId,
    IdentifierKind::RegistryPath,
    IdentifierKind::ProcessKey,
    IdentifierKind::MailCluster,
];

impl TenantState {
    /// What a person would call an entity.
    fn name_of<'a>(&'a self, entity: &'a Entity) -> &'a str {
        let is_artifact =
            matches!(entity.kind, EntityKind::File | EntityKind::Process | EntityKind::MailMessage);
        if let Some(label) = entity.label().filter(|_| is_artifact) {
            return label;
        }
        let rank =
            |name: &Identifier| TELLING.iter().position(|kind| *kind == name.kind).unwrap_or(TELLING.len());
        let names = entity.names.iter().map(|&name| self.names.identifier(name));
        let best = names.min_by(|a, b| (rank(a), *a).cmp(&(rank(b), *b)));
        let (telling, number) = match best {
            Some(name) if rank(name) < TELLING.len() => (Some(&*name.value), None),
            other => (None, other.map(|name| &*name.value)),
        };
        telling.or_else(|| entity.display_name()).or(number).or(entity.label()).unwrap_or_default()
    }
}
