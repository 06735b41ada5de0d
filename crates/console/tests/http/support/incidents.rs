use braid_alert::{
    AlertId, AlertStatus, ChangeReason, EntityId, EntityKind, EventTime, Identifier, IdentifierKind,
    Incident, IncidentAlert, IncidentEntity, IncidentId, IncidentStatus, OpenReason, Origin, Phase,
    PhaseEntry, Provider, Role, Score, Severity, SourceTime, Tenant,
};
use braid_engine::EntityRecord;
use braid_runtime::hot_index::EntityFacts;

pub(crate) fn id(number: u8) -> IncidentId {
    IncidentId::parse(&format!("00000000-0000-5000-8000-0000000000{number:02x}")).expect("a UUID")
}

/// An active incident of contoso that changed in minute `number`.
pub(crate) fn incident(number: u8) -> Incident {
    let at = SourceTime::from_micros(i64::from(number) * 60_000_000);
    let first_activity = EventTime::from_micros(0);
    Incident {
        id: id(number),
        tenant: Tenant::new("contoso"),
        version: 3,
        status: IncidentStatus::Active,
        previous_status: None,
        assignee: None,
        assigned_group: None,
        classification: None,
        determination: None,
        tags: Vec::new(),
        comments: Vec::new(),
        incident_url: None,
        first_emitted: at,
        last_changed: at,
        title: format!("Reconnaissance, number {number}").into(),
        severity: Severity::Medium,
        score: Score { value: 41.5, parts: Vec::new() },
        phases: vec![PhaseEntry { phase: Phase::from_text("reconnaissance"), first: first_activity }],
        techniques: Vec::new(),
        first_activity,
        last_activity: first_activity,
        alerts: Vec::new(),
        entities: Vec::new(),
        links: Vec::new(),
        near_misses: Vec::new(),
        lateral_movement: Vec::new(),
        floods: Vec::new(),
        merged_from: Vec::new(),
        redirect_incident_id: None,
        continuation_of: None,
        continued_by: None,
        recurrence_of: None,
        opened: OpenReason::NothingLinked,
        changed: ChangeReason::Opened,
        closed: None,
    }
}

pub(crate) fn redirected(number: u8, to: u8) -> Incident {
    Incident { status: IncidentStatus::Redirected, redirect_incident_id: Some(id(to)), ..incident(number) }
}

pub(crate) fn entity(number: i64, names: &[(IdentifierKind, &str)]) -> IncidentEntity {
    let read =
        |(kind, name): &(IdentifierKind, &str)| Identifier::new(kind.clone(), name).expect("it is a name");
    IncidentEntity {
        id: EntityId(number),
        kind: EntityKind::User,
        name: names[0].1.into(),
        identifiers: names.iter().map(read).collect(),
        roles: vec![Role::Source],
        alerts: 1,
        context: false,
        context_reason: None,
        partners: None,
        on_premises: None,
        tags: vec!["sensitive".into()],
    }
}

pub(crate) fn alert(provider: Provider, name: &str, entities: &[i64]) -> IncidentAlert {
    IncidentAlert {
        provider,
        id: AlertId::new(name),
        source_alert_id: None,
        title: format!("Alert {name}").into(),
        severity: Severity::Medium,
        status: AlertStatus::New,
        phase: None,
        techniques: Vec::new(),
        first_activity: EventTime::from_micros(0),
        last_activity: EventTime::from_micros(0),
        portal_url: None,
        indicators: Default::default(),
        entities: entities.iter().map(|id| EntityId(*id)).collect(),
        origin: Origin {
            source: "mdi".into(),
            topic: "mdi".into(),
            partition: 0,
            offset: 0,
            element: 0,
            source_time: SourceTime::from_micros(0),
            source_time_capped: false,
        },
    }
}

/// What the engine's records of an incident's entities would say.
pub(crate) fn facts(incident: &Incident) -> Vec<EntityFacts> {
    let of = |entity: &IncidentEntity| EntityRecord {
        id: entity.id,
        tenant: incident.tenant.clone(),
        kind: entity.kind.clone(),
        identifiers: entity.identifiers.clone(),
        ties: Vec::new(),
        label: None,
        tags: entity.tags.clone(),
        partners: Vec::new(),
        egress: false,
        ambiguous: false,
        bindings: Vec::new(),
        learned: Vec::new(),
        listings: Vec::new(),
        conflicts: Vec::new(),
        excluded: false,
        own_tags: Vec::new(),
        apart: Vec::new(),
    };
    incident.entities.iter().map(|entity| EntityFacts::of(of(entity), false)).collect()
}
