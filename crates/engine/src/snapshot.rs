//! The whole record of an incident, made from what the engine holds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{
    Alert, ContextReason, EntityKind, EventTime, Identifier, IdentifierKind, Incident, IncidentAlert,
    IncidentEntity, IncidentId, IndicatorMatch, Link, Phase, PhaseEntry, Role, Score, Technique,
};

use crate::alert_state::Part;
use crate::entity::Entity;
use crate::path::is_movement;
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
        let shares = self.shares_of(slot);
        let mut incident = stub(&group.incident);
        incident.severity = group.severity();
        incident.first_activity = group.first_activity;
        incident.last_activity = group.last_activity;
        incident.phases = self.phases_of(slot);
        incident.techniques = self.techniques_of(slot);
        incident.title = self.title_from(slot, &incident.phases, &shares);
        incident.entities = self.entities_of(&shares);
        incident.score = score_of(group.severities(), &incident, &self.indicators_of(slot));
        incident.links = self.links_in(slot, &story);
        incident.lateral_movement = self.path_of(&story);
        incident.near_misses = self.near_of(slot, &story);
        incident.floods = self.floods_of(slot, &story);
        incident.alerts = story.iter().map(|&alert| self.alert_in(alert)).collect();
        incident
    }

    /// The title that a group's incident has now, without the rest of its record: a merge asks for it.
    pub(crate) fn title_of(&self, slot: GroupRef) -> Box<str> {
        self.title_from(slot, &self.phases_of(slot), &self.shares_of(slot))
    }

    fn title_from(&self, slot: GroupRef, phases: &[PhaseEntry], shares: &[Share]) -> Box<str> {
        let mut phases: Vec<Phase> = phases.iter().map(|entry| entry.phase.clone()).collect();
        phases.sort();
        let gravest = self.groups[slot].members().map(|alert| &self.alerts[alert]).max_by_key(|state| {
            (state.alert.severity.rank(), Reverse((state.alert.first_activity, state.arrival)))
        });
        let gravest = gravest.map_or("", |state| &*state.alert.title);
        let mut entities: Vec<(&EntityKind, &str)> = Vec::new();
        for share in self.scene(shares) {
            let entity = &self.entities[share.entity];
            entities.push((&entity.kind, self.name_of(entity)));
        }
        title(&Subject { phases: &phases, gravest, alerts: self.groups[slot].size(), entities: &entities })
    }

    /// The entities that a title is about: what joins, and what was hit, be it a hub or not. Hosts that were merely asked,
    /// as domain controllers are, count only where no other is left.
    fn scene<'s>(&self, shares: &'s [Share]) -> Vec<&'s Share> {
        let is_host = |share: &Share| self.entities[share.entity].kind == EntityKind::Host;
        let stands =
            |share: &Share| share.context.is_none() || share.context == Some(ContextReason::Hub) && share.hit;
        let merely_asked = |share: &Share| is_host(share) && !share.hit && share.plays_only(Part::Target);
        let acts = shares.iter().any(|share| is_host(share) && stands(share) && !merely_asked(share));
        shares.iter().filter(|share| stands(share) && !(acts && merely_asked(share))).collect()
    }

    /// The phases that a group has reached, in the order of first times.
    fn phases_of(&self, slot: GroupRef) -> Vec<PhaseEntry> {
        let mut first: BTreeMap<&Phase, (EventTime, i64)> = BTreeMap::new();
        for state in self.groups[slot].members().map(|alert| &self.alerts[alert]) {
            let Some(phase) = &state.alert.phase else { continue };
            let at = (state.alert.first_activity, state.arrival);
            first.entry(phase).and_modify(|known| *known = at.min(*known)).or_insert(at);
        }
        let mut phases: Vec<_> = first.into_iter().collect();
        phases.sort_by_key(|(_, at)| *at);
        phases.into_iter().map(|(phase, (first, _))| PhaseEntry { phase: phase.clone(), first }).collect()
    }

    fn techniques_of(&self, slot: GroupRef) -> Vec<Technique> {
        let members = self.groups[slot].members();
        let techniques: BTreeSet<&Technique> =
            members.flat_map(|alert| &self.alerts[alert].alert.techniques).collect();
        techniques.into_iter().cloned().collect()
    }

    /// The indicators that the alerts of a group match, each once, the surest first.
    fn indicators_of(&self, slot: GroupRef) -> Vec<&IndicatorMatch> {
        let members = self.groups[slot].members();
        let mut found: Vec<&IndicatorMatch> =
            members.flat_map(|alert| self.alerts[alert].alert.indicators.as_slice()).collect();
        found.sort_by_key(|found| (Reverse(found.confidence), &found.indicator, &found.matched));
        found.dedup_by(|next, kept| next.indicator == kept.indicator);
        found
    }

    /// The links of all alerts that are listed; and of the folded ones those that have merged incidents, for without
    /// these the tree would fall apart.
    fn links_in(&self, slot: GroupRef, story: &[AlertRef]) -> Vec<Link> {
        let mut merging: Vec<AlertRef> = self.groups[slot].folded.clone();
        merging.retain(|&alert| self.alerts[alert].links.len() > 1);
        merging.sort_by_key(|&alert| self.place_in_story(alert));
        let of = |&alert: &AlertRef| {
            let state = &self.alerts[alert];
            let key = state.key();
            state.links.iter().map(|link| self.link_of(&key, link)).collect::<Vec<_>>()
        };
        story.iter().chain(&merging).flat_map(of).collect()
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
            indicators: alert.indicators.clone(),
            entities,
            origin: alert.origin.clone(),
        }
    }

    /// The part that each entity of a group has in it, in the order of the group's list: one look at each mention.
    fn shares_of(&self, slot: GroupRef) -> Vec<Share> {
        let group = &self.groups[slot];
        let share = |&(entity, alerts): &(EntityRef, u32)| Share::new(entity, alerts);
        let mut shares: Vec<Share> = group.entities().iter().map(share).collect();
        let place = |entity: EntityRef| group.entities().binary_search_by_key(&entity, |&(e, _)| e);
        for state in group.members().map(|alert| &self.alerts[alert]) {
            for mention in &state.mentions {
                if let Ok(place) = place(mention.entity) {
                    shares[place].parts |= 1 << mention.part as u8;
                    shares[place].beside &= mention.context;
                    shares[place].hit |= is_hit(mention.part, &state.alert);
                }
            }
            for link in &state.links {
                if let Ok(place) = place(link.entity) {
                    shares[place].links = true;
                }
            }
        }
        shares.iter_mut().for_each(|share| share.context = context_of(&self.entities[share.entity], share));
        shares
    }

    /// The entities of a group: those that join first, then by how many alerts mention them.
    fn entities_of(&self, shares: &[Share]) -> Vec<IncidentEntity> {
        let mut entities: Vec<IncidentEntity> = shares.iter().map(|share| self.entity_in(share)).collect();
        entities.sort_by(|a, b| {
            (a.context, &a.kind, Reverse(a.alerts), a.id).cmp(&(b.context, &b.kind, Reverse(b.alerts), b.id))
        });
        entities
    }

    fn entity_in(&self, share: &Share) -> IncidentEntity {
        let entity = &self.entities[share.entity];
        let mut identifiers: Vec<Identifier> =
            entity.names.iter().map(|&name| self.names.identifier(name).clone()).collect();
        identifiers.sort();
        let mut roles: Vec<Role> =
            Part::ALL.into_iter().filter(|&part| share.played(part)).map(Role::from).collect();
        roles.sort();
        IncidentEntity {
            id: entity.id,
            kind: entity.kind.clone(),
            name: self.name_of(entity).into(),
            identifiers,
            roles,
            alerts: share.alerts as i32,
            context: share.context.is_some(),
            context_reason: share.context.clone(),
            partners: (share.context == Some(ContextReason::Hub))
                .then(|| entity.partners_lately(self.hub_measure.window) as i32),
            on_premises: self.on_premises(entity),
            tags: entity.all_tags(),
        }
    }
}

/// What part an entity has in a group.
struct Share {
    entity: EntityRef,
    /// How many alerts mention it.
    alerts: u32,
    /// The parts that it plays, a bit each.
    parts: u8,
    /// It was hit, and not merely asked.
    hit: bool,
    /// Every mention is context.
    beside: bool,
    /// A link of the group goes by it.
    links: bool,
    /// Why it joins nothing, if it does not.
    context: Option<ContextReason>,
}

impl Share {
    const fn new(entity: EntityRef, alerts: u32) -> Self {
        Self { entity, alerts, parts: 0, hit: false, beside: true, links: false, context: None }
    }

    const fn played(&self, part: Part) -> bool {
        self.parts & (1 << part as u8) != 0
    }

    const fn plays_only(&self, part: Part) -> bool {
        self.parts == 1 << part as u8
    }
}

/// Whether an alert says that something happened *on* what plays this part. What reconnaissance or a logon is aimed at, a
/// domain controller above all, was asked; what lateral movement is aimed at was reached.
fn is_hit(part: Part, alert: &Alert) -> bool {
    part == Part::Impacted || part == Part::Target && is_movement(alert)
}

/// Why an entity joins nothing, if it does not. A hub that gave a link joined all the same: it was none yet, or met the
/// peer so closely that it weighed enough.
fn context_of(entity: &Entity, share: &Share) -> Option<ContextReason> {
    match entity {
        e if e.egress => Some(ContextReason::Egress),
        e if e.ambiguous => Some(ContextReason::Ambiguous),
        e if e.excluded => Some(ContextReason::Excluded),
        e if e.hub && !share.links => Some(ContextReason::Hub),
        _ => share.beside.then_some(ContextReason::Beside),
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

fn score_of(severities: &[u32; 6], incident: &Incident, indicators: &[&IndicatorMatch]) -> Score {
    let phases: Vec<Phase> = incident.phases.iter().map(|entry| entry.phase.clone()).collect();
    let steps = phases.iter().filter(|phase| phase.step().is_some()).count();
    let is_it = |tag: &str| SENSITIVE_TAGS.iter().any(|sensitive| tag.eq_ignore_ascii_case(sensitive));
    let is_sensitive = |e: &&IncidentEntity| e.tags.iter().any(|tag| is_it(tag));
    let sensitive: Vec<&str> = incident.entities.iter().filter(is_sensitive).map(|e| &*e.name).collect();
    score(&Grounds { severities, steps, sensitive: &sensitive, phases: &phases, indicators })
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
        if let Some(label) = entity.label.as_deref().filter(|_| is_artifact) {
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
        telling.or_else(|| entity.display_name()).or(number).or(entity.label.as_deref()).unwrap_or_default()
    }
}
