mod entities;
mod timeline;

use std::sync::Arc;
use std::thread;

use braid_alert::{
    AlertId, AlertStatus, ChangeReason, EntityId, EntityKind, EventTime, Identifier, IdentifierKind,
    Incident, IncidentAlert, IncidentEntity, IncidentId, IncidentStatus, OpenReason, Origin, Provider, Role,
    Score, Severity, SourceTime, Tenant,
};

use braid_engine::{EntityRecord, NameSource};

use super::{EntityFacts, HotIndex, Place, Resolved};

const TENANT: &str = "contoso";

fn id(number: u8) -> IncidentId {
    IncidentId::parse(&format!("00000000-0000-5000-8000-0000000000{number:02x}")).expect("a UUID")
}

/// An incident that changed at minute `changed`, without alerts and entities.
fn incident(number: u8, changed: i64) -> Incident {
    let at = SourceTime::from_micros(changed * 60_000_000);
    Incident {
        id: id(number),
        tenant: Tenant::new(TENANT),
        version: changed,
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
        title: "Reconnaissance on 1 host".into(),
        severity: Severity::Medium,
        score: Score { value: 40.0, parts: Vec::new() },
        phases: Vec::new(),
        techniques: Vec::new(),
        first_activity: EventTime::from_micros(0),
        last_activity: EventTime::from_micros(0),
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

fn entity(number: i64, names: &[(IdentifierKind, &str)]) -> IncidentEntity {
    let name = |(kind, value): &(IdentifierKind, &str)| Identifier::new(kind.clone(), value).expect("a name");
    IncidentEntity {
        id: EntityId(number),
        kind: EntityKind::User,
        name: names[0].1.into(),
        identifiers: names.iter().map(name).collect(),
        roles: vec![Role::Source],
        alerts: 1,
        context: false,
        context_reason: None,
        partners: None,
        on_premises: None,
        tags: Vec::new(),
    }
}

fn alert(provider: Provider, name: &str, entities: &[i64]) -> IncidentAlert {
    IncidentAlert {
        provider,
        id: AlertId::new(name),
        source_alert_id: None,
        title: name.into(),
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

fn redirected(number: u8, changed: i64, to: u8) -> Incident {
    Incident {
        status: IncidentStatus::Redirected,
        redirect_incident_id: Some(id(to)),
        ..incident(number, changed)
    }
}

fn listed(index: &HotIndex) -> Vec<IncidentId> {
    index.page(None, 100, 100, |_| true).incidents.iter().map(|incident| incident.id).collect()
}

/// What the engine's record of a user says who is called so.
fn record(number: i64, names: &[(IdentifierKind, &str)]) -> EntityRecord {
    let IncidentEntity { id, kind, identifiers, .. } = entity(number, names);
    EntityRecord {
        id,
        tenant: Tenant::new(TENANT),
        kind,
        learned: vec![NameSource::Alert(Provider::DefenderForIdentity); identifiers.len()],
        identifiers,
        ties: Vec::new(),
        label: None,
        tags: Vec::new(),
        partners: Vec::new(),
        egress: false,
        ambiguous: false,
        bindings: Vec::new(),
        listings: Vec::new(),
        conflicts: Vec::new(),
        excluded: false,
        own_tags: Vec::new(),
        apart: Vec::new(),
    }
}

fn facts(number: i64, names: &[(IdentifierKind, &str)]) -> EntityFacts {
    EntityFacts::of(record(number, names), false)
}

fn named(index: &HotIndex, name: &str) -> Vec<i64> {
    index.entities(None, name).iter().map(|facts| facts.id.0).collect()
}

#[test]
fn a_list_gives_the_newest_change_first_and_its_cursor_goes_on_where_it_stopped() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish((1..=7).map(|n| Arc::new(incident(n, i64::from(n % 4)))));
    let whole = listed(&index);
    assert_eq!(whole, [3, 7, 2, 6, 1, 5, 4].map(id));

    let (mut paged, mut next) = (Vec::new(), None);
    loop {
        let page = index.page(next, 2, 100, |_| true);
        paged.extend(page.incidents.iter().map(|incident| incident.id));
        next = page.next.map(|place| place.to_string().parse::<Place>().expect("its own cursor"));
        if next.is_none() {
            break;
        }
    }
    assert_eq!(paged, whole);
}

#[test]
fn a_rare_match_costs_pages_rather_than_one_long_wait() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish((1..=9).map(|n| Arc::new(incident(n, i64::from(n)))));
    let rare = |incident: &Incident| incident.id == id(1);
    let first = index.page(None, 5, 6, rare);
    assert!(first.incidents.is_empty(), "the first six do not match");
    let second = index.page(first.next, 5, 6, rare);
    assert_eq!(second.incidents.len(), 1);
    assert_eq!(second.next, None);
}

#[test]
fn a_list_longer_than_one_stride_is_whole() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let many = super::STRIDE * 2 + 1;
    for n in 0..many {
        let uuid = format!("00000000-0000-5000-8000-{n:012x}");
        let id = IncidentId::parse(&uuid).expect("a UUID");
        projection.publish([Arc::new(Incident { id, ..incident(0, 1) })]);
    }
    let page = index.page(None, usize::MAX, usize::MAX, |_| true);
    assert_eq!((page.incidents.len(), page.next), (many, None));
}

#[test]
fn an_incident_that_changes_moves_to_the_front_and_stands_once() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish([1, 2, 3].map(|n| Arc::new(incident(n, i64::from(n)))));
    projection.publish([Arc::new(incident(1, 9))]);
    assert_eq!(listed(&index), [1, 3, 2].map(id));
    assert_eq!(index.incident(id(1)).expect("published").version, 9);
}

#[test]
fn what_was_read_stays_as_it_was_while_the_index_goes_on() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish([Arc::new(incident(1, 1))]);
    let read = index.incident(id(1)).expect("published");
    projection.publish([Arc::new(incident(1, 2))]);
    projection.withdraw([id(1)]);
    assert_eq!(read.version, 1);
    assert!(index.incident(id(1)).is_none());
}

#[test]
fn readers_see_whole_versions_in_rising_order_while_a_worker_publishes() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let version = |n: i64| {
        let mut incident = incident(1, n);
        incident.entities = vec![entity(n % 2, &[(IdentifierKind::Upn, "jeffl@contoso.azure")])];
        Arc::new(incident)
    };
    projection.publish_entities([facts(0, &[(IdentifierKind::Upn, "jeffl@contoso.azure")])]);
    projection.publish([version(1)]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = 0;
                while seen < 2_000 {
                    let read = index.incident(id(1)).expect("it is never gone");
                    assert!(read.version >= seen, "{} after {seen}", read.version);
                    assert_eq!(read.entities[0].id.0, read.version % 2, "a version is read whole");
                    seen = read.version;
                    assert!(index.page(None, 9, 9, |_| true).incidents.len() <= 1, "listed twice");
                    let jeff = index.entities(None, "jeffl@contoso.azure").remove(0);
                    assert!(index.profile(jeff).incidents.len() <= 1);
                }
            });
        }
        (2..=2_000).for_each(|n| projection.publish([version(n)]));
    });
    assert_eq!(named(&index, "jeffl@contoso.azure"), [0]);
}

#[test]
fn a_dropped_projection_takes_back_its_own_incidents_only() {
    let index = Arc::new(HotIndex::new());
    let (zero, one) = (index.claim(0), index.claim(1));
    let sid = [(IdentifierKind::Sid, "S-1-5-21-7")];
    zero.publish_entities([facts(1, &sid)]);
    zero.publish([Arc::new(Incident { entities: vec![entity(1, &sid)], ..incident(1, 1) })]);
    one.publish_entities([EntityFacts { tenant: Tenant::new("fabrikam"), ..facts(1, &sid) }]);
    one.publish([Arc::new(incident(2, 2))]);
    drop(zero);
    assert_eq!(listed(&index), [id(2)]);
    assert!(index.incident(id(1)).is_none());
    let left = index.entities(None, "S-1-5-21-7");
    assert_eq!(left.iter().map(|facts| facts.tenant.as_str()).collect::<Vec<_>>(), ["fabrikam"]);
    one.withdraw([id(1), id(2)]);
    assert!(index.is_empty());
}

#[test]
fn a_holder_that_learns_late_of_its_loss_neither_shows_nor_takes_back_anything() {
    let index = Arc::new(HotIndex::new());
    let before = index.claim(3);
    before.publish([Arc::new(incident(1, 1)), Arc::new(incident(2, 1))]);
    let now = index.claim(3);
    assert!(index.is_empty(), "the new holder begins with nothing");
    now.publish([Arc::new(incident(1, 5))]);
    let sid = [(IdentifierKind::Sid, "S-1-5-21-7")];
    now.publish_entities([facts(7, &sid)]);
    before.publish([Arc::new(incident(1, 2)), Arc::new(incident(4, 2))]);
    before.publish_entities([facts(8, &sid)]);
    before.withdraw([id(1)]);
    before.withdraw_entities([(Tenant::new(TENANT), EntityId(7))]);
    drop(before);
    assert_eq!(listed(&index), [id(1)]);
    assert_eq!(index.incident(id(1)).expect("published").version, 5);
    assert_eq!(named(&index, "S-1-5-21-7"), [7]);
    drop(now);
    assert!(index.is_empty());
    assert!(named(&index, "S-1-5-21-7").is_empty());
}

#[test]
fn an_old_id_resolves_to_the_survivor() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish([redirected(1, 1, 2), redirected(2, 2, 3), incident(3, 3)].map(Arc::new));
    let resolve = |n| match index.resolve(id(n)) {
        Some(Resolved::Redirected { from, survivor }) => (from.id, survivor.id),
        Some(Resolved::Incident(incident)) => (incident.id, incident.id),
        None => panic!("{n} is published"),
    };
    assert_eq!(resolve(1), (id(1), id(3)));
    assert_eq!(resolve(2), (id(2), id(3)));
    assert_eq!(resolve(3), (id(3), id(3)));
    assert!(index.resolve(id(9)).is_none());

    projection.withdraw([id(3), id(2)]);
    assert_eq!(resolve(1), (id(1), id(1)), "without its survivor the old record is what there is");
    projection.publish([redirected(1, 1, 2), redirected(2, 2, 1)].map(Arc::new));
    resolve(1);
}

#[test]
fn a_cursor_that_no_list_gave_is_refused() {
    for text in ["", "5", "x.00000000-0000-5000-8000-000000000001", "5.x"] {
        assert!(text.parse::<Place>().is_err(), "{text:?}");
    }
}
