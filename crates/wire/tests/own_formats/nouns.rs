//! One value of every record, with every field filled in, so that a field that a schema lacks or misreads shows.

use braid_alert::*;
use braid_engine::*;
use braid_wire::changelog::Progress;

pub(crate) fn time(text: &str) -> EventTime {
    let timestamp: jiff::Timestamp = text.parse().expect("a test writes times right");
    EventTime::from_micros(timestamp.as_microsecond())
}

pub(crate) fn source_time(text: &str) -> SourceTime {
    SourceTime::from_micros(time(text).as_micros())
}

fn incident_id(text: &str) -> IncidentId {
    IncidentId::parse(text).expect("a test writes ids right")
}

fn identifier(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).expect("a test writes identifiers right")
}

fn technique(text: &str) -> Technique {
    Technique::find(text).expect("a test writes techniques right")
}

pub(crate) fn origin() -> Origin {
    Origin {
        source: "lab-sensor".into(),
        topic: "lab.alerts".into(),
        partition: 3,
        offset: 41_007,
        element: 2,
        source_time: source_time("2026-02-03T10:11:00.25Z"),
        source_time_capped: true,
    }
}

pub(crate) fn alert() -> Alert {
    let mut user = Evidence::new(EntityKind::User, Role::Source);
    user.identifiers = vec![
        identifier(IdentifierKind::Sid, "S-1-5-21-11-22-33-1104"),
        identifier(IdentifierKind::Upn, "noor@fabrikam.example"),
    ];
    let mut host = Evidence::new(EntityKind::Host, Role::Impacted);
    host.identifiers = vec![identifier(IdentifierKind::Fqdn, "desk7.fabrikam.example")];
    host.label = Some("DESK7".into());
    host.verdict = Some(Verdict::Suspicious);
    host.tags = vec!["kiosk".into()];
    host.addresses = vec![HostAddress { address: "10.7.0.12".into(), egress: false }];
    Alert {
        tenant: Tenant::new("fabrikam"),
        provider: Provider::DefenderForIdentity,
        id: AlertId::new("0b1d6c1e-2f7a-4c55-9a7e-6f0c3f3e8a10"),
        source_alert_id: Some("aa0b1d6c1e-2f7a-4c55-9a7e-6f0c3f3e8a10".into()),
        title: "Replication asked for by a workstation".into(),
        description: Some("noor asked a controller for every secret, from „DESK7“.".into()),
        severity: Severity::High,
        status: AlertStatus::InProgress,
        classification: Some(Classification::TruePositive),
        determination: Some(Determination::CompromisedAccount),
        assignee: Some("ines@fabrikam.example".into()),
        detector: Some("2006".into()),
        category: Some("CredentialAccess".into()),
        phase: Some(Phase::DomainDominance),
        techniques: vec![technique("T1003"), technique("T1003.006")],
        first_activity: time("2026-02-03T10:00:00Z"),
        last_activity: time("2026-02-03T10:04:59.123456Z"),
        created: Some(time("2026-02-03T10:09:00Z")),
        updated: time("2026-02-03T10:10:00Z"),
        resolved: Some(time("2026-02-04T08:00:00Z")),
        portal_url: Some("https://portal.example/alerts/0b1d6c1e".into()),
        evidence: vec![user, host],
        indicators: IndicatorMatches::new(vec![indicator_match()]),
        correlate: Correlate::Join,
        origin: origin(),
    }
}

fn indicator_match() -> IndicatorMatch {
    IndicatorMatch {
        indicator: "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f".into(),
        name: Some("Relay of the harvest campaign".into()),
        source: "intelligence".into(),
        matched: identifier(IdentifierKind::Url, "https://relay.example/in"),
        actor: Some("Copper Finch".into()),
        campaign: Some("Harvest".into()),
        malware: Some("Reaper".into()),
        intent: Some("financial-gain".into()),
        confidence: Some(85),
    }
}

fn key(id: &str) -> AlertKey {
    AlertKey { provider: Provider::Other("labScanner".into()), id: AlertId::new(id) }
}

fn link() -> Link {
    Link {
        alert: key("n-2"),
        peer: key("n-1"),
        entity: EntityId(7),
        reason: LinkReason::SameActor,
        weight: Weight::from_millionths(812_345),
        gap: Span::minutes(80),
    }
}

fn comment() -> Comment {
    Comment {
        author: "ines".into(),
        at: source_time("2026-02-03T11:00:00Z"),
        text: "Called the user.".into(),
        command: "c-7".into(),
    }
}

fn incident_alert() -> IncidentAlert {
    let alert = alert();
    IncidentAlert {
        provider: alert.provider,
        id: alert.id,
        source_alert_id: alert.source_alert_id,
        title: alert.title,
        severity: alert.severity,
        status: alert.status,
        phase: alert.phase,
        techniques: alert.techniques,
        first_activity: alert.first_activity,
        last_activity: alert.last_activity,
        portal_url: alert.portal_url,
        entities: vec![EntityId(7), EntityId(9)],
        indicators: alert.indicators,
        origin: alert.origin,
    }
}

fn incident_entity() -> IncidentEntity {
    IncidentEntity {
        id: EntityId(7),
        kind: EntityKind::User,
        name: "noor@fabrikam.example".into(),
        identifiers: vec![identifier(IdentifierKind::Upn, "noor@fabrikam.example")],
        roles: vec![Role::Source, Role::Impacted],
        alerts: 2,
        context: true,
        context_reason: Some(ContextReason::Hub),
        partners: Some(41),
        on_premises: Some(true),
        tags: vec!["sensitive".into()],
    }
}

pub(crate) fn incident() -> Incident {
    Incident {
        id: incident_id("6f2f8f0e-6f0f-5c3b-8f5e-0d8f4f1b2a77"),
        tenant: Tenant::new("fabrikam"),
        version: 12,
        status: IncidentStatus::Redirected,
        previous_status: Some(IncidentStatus::Active),
        assignee: Some("ines".into()),
        assigned_group: Some("night shift".into()),
        classification: Some(Classification::Unknown),
        determination: Some(Determination::Apt),
        tags: vec!["lab".into()],
        comments: vec![comment()],
        incident_url: Some("https://braid.example/incidents/6f2f8f0e".into()),
        first_emitted: source_time("2026-02-03T10:11:00Z"),
        last_changed: source_time("2026-02-04T08:00:01Z"),
        title: "Multi-stage incident: reconnaissance and domain dominance on 2 hosts".into(),
        severity: Severity::High,
        score: Score {
            value: 71.25,
            parts: vec![ScorePart {
                name: "alerts".into(),
                points: 71.25,
                detail: "2 alerts, one high".into(),
            }],
        },
        phases: vec![PhaseEntry { phase: Phase::Reconnaissance, first: time("2026-02-03T09:00:00Z") }],
        techniques: vec![technique("T1003.006")],
        first_activity: time("2026-02-03T09:00:00Z"),
        last_activity: time("2026-02-03T10:04:59.123456Z"),
        alerts: vec![incident_alert()],
        entities: vec![incident_entity()],
        links: vec![link()],
        near_misses: vec![NearMiss {
            alert: key("n-1"),
            incident: incident_id("0d0d0d0d-0000-5000-8000-000000000006"),
            peer: key("n-9"),
            entity: EntityId(7),
            total: Weight::from_millionths(200_000),
            reason: NearMissReason::TooWeak,
        }],
        lateral_movement: vec![Hop {
            user: Some(EntityId(7)),
            from: EntityId(9),
            to: EntityId(10),
            at: time("2026-02-03T09:30:00Z"),
            alert: key("n-2"),
            explicit: true,
        }],
        floods: vec![Flood {
            provider: Provider::DefenderForIdentity,
            detector: Some("2019".into()),
            title: "Reconnaissance".into(),
            representatives: vec![key("n-1")],
            folded: 40,
            unresolved: 39,
            first_activity: time("2026-02-03T09:00:00Z"),
            last_activity: time("2026-02-03T09:08:00Z"),
        }],
        merged_from: vec![incident_id("0d0d0d0d-0000-5000-8000-000000000001")],
        redirect_incident_id: Some(incident_id("0d0d0d0d-0000-5000-8000-000000000002")),
        continuation_of: Some(incident_id("0d0d0d0d-0000-5000-8000-000000000003")),
        continued_by: Some(incident_id("0d0d0d0d-0000-5000-8000-000000000004")),
        recurrence_of: Some(incident_id("0d0d0d0d-0000-5000-8000-000000000005")),
        opened: OpenReason::NothingLinked,
        changed: ChangeReason::Redirected,
        closed: Some(CloseReason::Redirected),
    }
}

pub(crate) fn change() -> IncidentChange {
    IncidentChange {
        incident: incident_id("6f2f8f0e-6f0f-5c3b-8f5e-0d8f4f1b2a77"),
        tenant: Tenant::new("fabrikam"),
        version: 12,
        at: source_time("2026-02-04T08:00:01Z"),
        reason: ChangeReason::MergedFrom,
        status: IncidentStatus::Active,
        severity: Severity::Other("catastrophic".into()),
        alerts: 2,
        alert: Some(key("n-2")),
        links: vec![link()],
        other: Some(incident_id("0d0d0d0d-0000-5000-8000-000000000001")),
        command: Some(CommandReference {
            id: "c-7".into(),
            author: "ines".into(),
            reason: Some("the same attacker".into()),
        }),
    }
}

pub(crate) fn alert_record() -> AlertRecord {
    AlertRecord {
        arrival: 17,
        alert: alert(),
        group: 4,
        mentions: vec![MentionRecord {
            entity: EntityId(7),
            role: Role::Source,
            anchor: Some(identifier(IdentifierKind::Sid, "S-1-5-21-11-22-33-1104")),
            bound: true,
            context: true,
        }],
        links: vec![LinkRecord {
            peer: 16,
            entity: EntityId(7),
            reason: LinkReason::EventSequence,
            weight: Weight::from_millionths(1),
            gap: Span::micros(-1),
        }],
        seen: source_time("2026-02-04T00:00:00Z"),
        near: vec![NearRecord {
            incident: incident_id("0d0d0d0d-0000-5000-8000-000000000006"),
            peer: key("n-1"),
            entity: EntityId(7),
            total: Weight::from_millionths(200_000),
            reason: NearMissReason::TooWeak,
        }],
        apart: vec![3, 5],
        signature: -81_985_529_216_486_896,
        folded: true,
        rules: vec!["failed_logons".into(), "0e95725d-7320-415d-80f7-004da920fc11".into()],
        raised: Some(RaisedRecord {
            rule: "0e95725d-7320-415d-80f7-004da920fc11".into(),
            entities: vec![identifier(IdentifierKind::Sid, "S-1-5-21-11-22-33-1104")],
            texts: vec!["brute force".into()],
        }),
    }
}

pub(crate) fn incident_record() -> IncidentRecord {
    let incident = incident();
    IncidentRecord {
        id: incident.id,
        tenant: incident.tenant,
        version: 12,
        group: Some(4),
        status: incident.status,
        previous_status: incident.previous_status,
        assignee: incident.assignee,
        assigned_group: incident.assigned_group,
        classification: incident.classification,
        determination: incident.determination,
        tags: incident.tags,
        comments: incident.comments,
        first_emitted: incident.first_emitted,
        last_changed: incident.last_changed,
        resolved_at: Some(source_time("2026-02-04T08:00:01Z")),
        opened: incident.opened,
        changed: incident.changed,
        closed: incident.closed,
        merged_from: incident.merged_from,
        redirect: incident.redirect_incident_id,
        continuation_of: incident.continuation_of,
        continued_by: incident.continued_by,
        recurrence_of: incident.recurrence_of,
        last_title: Some(incident.title),
        last_severity: Some(incident.severity),
        first_activity: Some(incident.first_activity),
        last_activity: Some(incident.last_activity),
        bytes: 2_048,
    }
}

pub(crate) fn entity_record() -> EntityRecord {
    EntityRecord {
        id: EntityId(7),
        tenant: Tenant::new("fabrikam"),
        kind: EntityKind::User,
        identifiers: vec![
            identifier(IdentifierKind::Sid, "S-1-5-21-11-22-33-1104"),
            identifier(IdentifierKind::Upn, "noor@fabrikam.example"),
        ],
        ties: vec![vec![0, 1], vec![]],
        label: Some("Noor".into()),
        tags: vec!["sensitive".into()],
        partners: vec![PartnerRecord { entity: EntityId(9), hour: 491_000 }],
        egress: true,
        ambiguous: true,
        bindings: vec![BindingRecord { host: EntityId(9), at: time("2026-02-03T10:00:00Z") }],
        learned: vec![NameSource::Alert(Provider::DefenderForIdentity), NameSource::Directory],
        listings: vec![ListingRecord { object: "S-1-5-21-11-22-33-1104".into(), entry: directory_entry() }],
        conflicts: vec![identifier(IdentifierKind::AccountName, "noor")],
        excluded: true,
        own_tags: vec!["vip".into()],
        apart: vec![identifier(IdentifierKind::Upn, "noor.adm@fabrikam.example")],
    }
}

pub(crate) fn directory_entry() -> DirectoryEntry {
    DirectoryEntry {
        kind: EntityKind::User,
        identifiers: vec![identifier(IdentifierKind::Sid, "S-1-5-21-11-22-33-1104")],
        on_premises: true,
        display_name: Some("Noor".into()),
        title: Some("Accountant".into()),
        office: Some("Lille".into()),
        mail: Some("noor@fabrikam.example".into()),
        phone: Some("+33 3 00 00 00 00".into()),
        domain: Some("fabrikam.example".into()),
        sam_name: Some("noor".into()),
        os: Some("Windows 11".into()),
        os_build: Some("26100".into()),
        created: Some(time("2021-05-04T08:00:00Z")),
        first_seen: Some(time("2021-06-01T08:00:00Z")),
        tags: vec!["sensitive".into()],
        products: vec![DirectoryProduct {
            provider: Provider::DefenderForEndpoint,
            since: Some(time("2021-06-01T08:00:00Z")),
            portal_url: Some("https://portal.example/users/noor".into()),
        }],
    }
}

pub(crate) fn directory_record() -> DirectoryRecord {
    DirectoryRecord {
        tenant: Tenant::new("fabrikam"),
        object: "S-1-5-21-11-22-33-1104".into(),
        entry: Some(directory_entry()),
        origin: origin(),
    }
}

fn command(action: Action) -> Command {
    Command {
        tenant: Tenant::new("fabrikam"),
        id: "c-7".into(),
        author: "ines".into(),
        reason: Some("the same attacker".into()),
        expected_version: action.incident().map(|_| 12),
        action,
        origin: origin(),
    }
}

/// A command of every action, with every field of it.
pub(crate) fn commands() -> Vec<Command> {
    let [incident, other] =
        ["0d0d0d0d-0000-5000-8000-000000000001", "0d0d0d0d-0000-5000-8000-000000000002"].map(incident_id);
    let tags = |tag: &str| vec![tag.into()];
    let user = || identifier(IdentifierKind::Upn, "noor@fabrikam.example");
    let sid = || identifier(IdentifierKind::Sid, "S-1-5-21-11-22-33-1104");
    let classification = Some(Classification::TruePositive);
    let actions = [
        Action::Assign { incident, assignee: Some("bob".into()), group: Some("night shift".into()) },
        Action::Assign { incident, assignee: None, group: None },
        Action::Classify { incident, classification, determination: Some(Determination::Apt) },
        Action::Classify { incident, classification: None, determination: None },
        Action::Comment { incident, text: "Called the user.".into() },
        Action::Tag { incident, add: tags("lab"), remove: tags("old") },
        Action::Resolve { incident },
        Action::Reopen { incident },
        Action::Merge { incident, from: other },
        Action::Split { incident, alerts: vec![key("n-1"), key("n-2")] },
        Action::Move { incident, alerts: vec![key("n-1")], to: other },
        Action::MustLink(Pair::Alerts(key("n-1"), key("n-2"))),
        Action::MustLink(Pair::Entities(user(), sid())),
        Action::CannotLink(Pair::Alerts(key("n-1"), key("n-2"))),
        Action::CannotLink(Pair::Entities(user(), sid())),
        Action::Exclude { entity: user(), excluded: false },
        Action::TagEntity { entity: user(), add: tags("vip"), remove: tags("old") },
    ];
    actions.into_iter().map(command).collect()
}

pub(crate) fn tenant_record() -> TenantRecord {
    TenantRecord {
        tenant: Tenant::new("fabrikam"),
        clock: source_time("2026-02-04T08:00:01Z"),
        next_arrival: 18,
        next_entity: 10,
        next_group: 5,
    }
}

pub(crate) fn progress() -> Progress {
    Progress { offset: 120_034, format: 1, partitions: 12 }
}
