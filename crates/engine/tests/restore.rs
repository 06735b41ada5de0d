//! A restore gives what was lost, number for number, and nobody can tell afterwards that there was one.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, EntityKind, EventTime, Evidence, HostAddress, Identifier,
    IdentifierKind, Origin, Phase, Provider, Role, Severity, SourceTime, Span, Tenant,
};
use braid_engine::{Caps, Change, Effect, Input, Partition, RejectReason, Settings, StateKey, StateRecord};
use proptest::prelude::*;

/// What a compacted topic keeps: the last change of each key, in the order of their offsets.
#[derive(Default)]
struct Changelog {
    last: BTreeMap<StateKey, (usize, Change)>,
    offset: usize,
}

impl Changelog {
    fn append(&mut self, changes: Vec<Change>) {
        for change in changes {
            let key = match &change {
                Change::Put(record) => record.key(),
                Change::Delete(key) => key.clone(),
            };
            self.offset += 1;
            self.last.insert(key, (self.offset, change));
        }
    }

    fn compacted(&self) -> impl Iterator<Item = Change> + use<> {
        let mut changes: Vec<_> = self.last.values().cloned().collect();
        changes.sort_by_key(|(offset, _)| *offset);
        changes.into_iter().map(|(_, change)| change)
    }
}

/// A world so small that everything collides: names are shared, caps are reached, memory runs out, clocks jump.
fn settings() -> Settings {
    Settings {
        hub_partners: 3,
        caps: Caps { incident_alerts_max: 5, incident_entities_max: 12, ..Caps::default() },
        late_join: Span::hours(30),
        dedupe_retention: Span::days(3),
        reopen_within: Span::hours(1),
        state_bytes_max: 60_000,
        ..Settings::default()
    }
}

#[derive(Debug, Clone)]
struct Draft {
    id: u8,
    minutes: i64,
    delay: i64,
    status: u8,
    severity: u8,
    phase: u8,
    correlate: u8,
    evidence: Vec<(u8, u8, u8, u8)>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let evidence = prop::collection::vec((0u8..6, 0u8..5, 0u8..5, 0u8..4), 0..4);
    (0u8..30, 0i64..4_000, 0i64..600, 0u8..4, 0u8..5, 0u8..6, 0u8..12, evidence).prop_map(
        |(id, minutes, delay, status, severity, phase, correlate, evidence)| Draft {
            id,
            minutes,
            delay,
            status,
            severity,
            phase,
            correlate,
            evidence,
        },
    )
}

/// Names from small pools, in combinations that unite entities and contradict each other.
fn evidence_of(&(kind, a, b, role): &(u8, u8, u8, u8)) -> Evidence {
    let role = [Role::Source, Role::Target, Role::Impacted, Role::Related][usize::from(role)].clone();
    let name = |kind: IdentifierKind, value: String| Identifier::new(kind, &value).unwrap();
    let mut evidence = Evidence::new(EntityKind::User, role);
    match kind {
        0 => evidence.identifiers.extend([
            name(IdentifierKind::Sid, format!("S-1-5-21-1-2-3-{a}")),
            Identifier::domain_account("contoso", &format!("user{b}")).unwrap(),
        ]),
        1 => evidence.identifiers.extend([
            name(IdentifierKind::Upn, format!("user{a}@contoso.com")),
            name(IdentifierKind::AccountName, format!("user{b}")),
        ]),
        2 => evidence.identifiers.push(Identifier::domain_account("contoso", &format!("user{a}")).unwrap()),
        3 => {
            evidence.kind = EntityKind::Host;
            evidence.identifiers.extend([
                name(IdentifierKind::Fqdn, format!("host{a}.contoso.com")),
                name(IdentifierKind::NetbiosName, format!("host{b}")),
            ]);
            evidence.addresses.push(HostAddress { address: format!("10.0.0.{b}").into(), egress: a == 4 });
        }
        4 => {
            evidence.kind = EntityKind::Host;
            evidence.identifiers.push(name(IdentifierKind::DefenderDeviceId, format!("dev{a}")));
            evidence.identifiers.push(name(IdentifierKind::Fqdn, format!("host{b}.contoso.com")));
        }
        _ => {
            evidence.kind = EntityKind::Address;
            evidence.identifiers.push(Identifier::address(&format!("10.0.0.{a}")).unwrap());
        }
    }
    evidence
}

fn alert_of(draft: &Draft) -> Alert {
    let start = EventTime::from_millis(1_772_409_600_000 + draft.minutes * 60_000);
    let arrives = SourceTime::from_micros((start + Span::minutes(draft.delay)).as_micros());
    Alert {
        tenant: Tenant::new(if draft.id.is_multiple_of(7) { "small" } else { "large" }),
        provider: Provider::DefenderForEndpoint,
        id: AlertId::new(&format!("a{}", draft.id)),
        source_alert_id: None,
        title: format!("Alert {}", draft.id).into(),
        description: Some("left out".into()),
        severity: Severity::KNOWN[usize::from(draft.severity)].clone(),
        status: AlertStatus::KNOWN[usize::from(draft.status)].clone(),
        classification: None,
        determination: None,
        assignee: None,
        detector: None,
        category: None,
        phase: Phase::KNOWN.get(usize::from(draft.phase) + 5).cloned(),
        techniques: Vec::new(),
        first_activity: start,
        last_activity: start + Span::minutes(i64::from(draft.severity)),
        created: None,
        updated: EventTime::from_micros(arrives.as_micros()),
        resolved: None,
        portal_url: None,
        evidence: draft.evidence.iter().map(evidence_of).collect(),
        correlate: [Correlate::Full, Correlate::Full, Correlate::Join, Correlate::Off]
            [usize::from(draft.correlate.saturating_sub(8))]
        .clone(),
        origin: Origin {
            source: "s".into(),
            topic: "t".into(),
            partition: 0,
            offset: 0,
            element: 0,
            source_time: arrives,
            source_time_capped: false,
        },
    }
}

/// Plays the drafts, with a restart where `restarts` says so; returns the effects and the final state.
fn play(drafts: &[Draft], restarts: &[bool]) -> (Vec<Effect>, Partition) {
    let mut changelog = Changelog::default();
    let mut partition = Partition::new(settings());
    let mut effects = Vec::new();
    for (draft, restart) in drafts.iter().zip(restarts) {
        partition.apply(Input::Alert(Box::new(alert_of(draft))), &mut effects);
        if *restart {
            changelog.append(partition.drain_changes());
            partition = Partition::restore(settings(), changelog.compacted());
        }
    }
    (effects, partition)
}

type Records = BTreeMap<StateKey, StateRecord>;

/// The first key under which two states differ, with what stands there: a diff of everything is nothing to read.
fn first_difference(a: &Records, b: &Records) -> Option<String> {
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let differs = keys.into_iter().find(|key| a.get(key) != b.get(key))?;
    Some(format!("{differs:?}:\n{:#?}\n{:#?}", a.get(differs), b.get(differs)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_at_any_point_leaves_no_trace(
        drafts in prop::collection::vec(draft(), 1..80),
        restarts in prop::collection::vec(prop::bool::weighted(0.2), 80),
    ) {
        let (effects, mut partition) = play(&drafts, &[false; 80]);
        let (effects_after, mut partition_after) = play(&drafts, &restarts);
        prop_assert_eq!(effects, effects_after);
        prop_assert_eq!(first_difference(&partition.records(), &partition_after.records()), None);
        prop_assert_eq!(partition.stats(), partition_after.stats());
        partition.drain_changes();
        partition_after.drain_changes();
        for (tenant, id) in partition.incident_ids() {
            prop_assert_eq!(partition.incident(&tenant, id), partition_after.incident(&tenant, id));
        }
    }

    #[test]
    fn the_changelog_is_the_state(drafts in prop::collection::vec(draft(), 1..80)) {
        let mut changelog = Changelog::default();
        let mut partition = Partition::new(settings());
        for draft in &drafts {
            partition.apply(Input::Alert(Box::new(alert_of(draft))), &mut Vec::new());
            changelog.append(partition.drain_changes());
        }
        let held: BTreeMap<_, _> = changelog.compacted().filter_map(|change| match change {
            Change::Put(record) => Some((record.key(), *record)),
            Change::Delete(_) => None,
        }).collect();
        prop_assert_eq!(first_difference(&partition.records(), &held), None);
    }

    #[test]
    fn every_alert_is_in_one_incident_and_versions_have_no_gap(drafts in prop::collection::vec(draft(), 1..80)) {
        let mut partition = Partition::new(Settings { state_bytes_max: u64::MAX, ..settings() });
        let mut versions: BTreeMap<_, i64> = BTreeMap::new();
        let mut conflicts = 0;
        for draft in &drafts {
            let mut effects = Vec::new();
            partition.apply(Input::Alert(Box::new(alert_of(draft))), &mut effects);
            prop_assert!(!effects.is_empty(), "an alert without an answer");
            for effect in effects {
                match effect {
                    Effect::Incident(change) => {
                        let last = versions.entry(change.incident).or_default();
                        prop_assert_eq!(change.version, *last + 1);
                        *last = change.version;
                    }
                    Effect::IdentityConflict { .. } => conflicts += 1,
                    Effect::Reject { reason, .. } => prop_assert_eq!(reason, RejectReason::TooManyEntities),
                    _ => {}
                }
            }
        }
        let incidents: Vec<_> = partition.incident_ids().iter().map(|(t, id)| partition.incident(t, *id).unwrap()).collect();
        let in_incidents: usize = incidents.iter().map(|i| i.alerts.len()).sum();
        prop_assert_eq!(in_incidents as u64, partition.stats().alerts);
        for incident in &incidents {
            prop_assert!(incident.alerts.len() <= 5);
            // A name that turns out ambiguous divides entities that were counted as one.
            prop_assert!(incident.entities.len() <= 12 + 2 * conflicts);
            prop_assert!(incident.links.len() + 1 >= incident.alerts.len(), "a tree holds all alerts together");
        }
    }

    #[test]
    fn a_record_is_as_of_its_last_version_however_long_the_batch(
        drafts in prop::collection::vec(draft(), 1..80),
        drains in prop::collection::vec(prop::bool::weighted(0.1), 80),
    ) {
        let mut partition = Partition::new(Settings { state_bytes_max: u64::MAX, ..settings() });
        let mut as_of_change = BTreeMap::new();
        for (draft, drain) in drafts.iter().zip(drains) {
            let mut effects = Vec::new();
            partition.apply(Input::Alert(Box::new(alert_of(draft))), &mut effects);
            for effect in effects {
                if let Effect::Incident(change) = effect {
                    let record = partition.incident(&change.tenant, change.incident).unwrap();
                    as_of_change.insert((change.tenant, change.incident), record);
                }
            }
            if drain {
                for ((tenant, id), record) in std::mem::take(&mut as_of_change) {
                    prop_assert_eq!(partition.incident(&tenant, id).unwrap(), record);
                }
                partition.drain_changes();
            }
        }
    }

    #[test]
    fn the_byte_budget_is_kept(drafts in prop::collection::vec(draft(), 1..80)) {
        let mut partition = Partition::new(Settings { state_bytes_max: 20_000, ..settings() });
        for draft in &drafts {
            partition.apply(Input::Alert(Box::new(alert_of(draft))), &mut Vec::new());
            prop_assert!(partition.stats().state_bytes <= 20_000);
        }
    }
}
