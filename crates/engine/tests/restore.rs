//! A restore gives what was lost, number for number, and nobody can tell afterwards that there was one.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "restore/listing.rs"]
mod listing;
#[path = "restore/ruleset.rs"]
mod ruleset;
#[path = "restore/wish.rs"]
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{
    Action, Alert, AlertId, AlertKey, AlertStatus, Correlate, EntityKind, EventTime, Evidence, HostAddress,
    Identifier, IdentifierKind, Incident, IncidentChange, IndicatorMatch, IndicatorMatches, Origin, Pair,
    Phase, Provider, Role, Severity, SourceTime, Span, Tenant,
};
use braid_engine::{Caps, Change, Effect, Input, Partition, RejectReason, Settings, StateKey, StateRecord};
use listing::{Listing, listing};
use proptest::prelude::*;
use wish::{Wish, wish};

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
        flood_listed: 2,
        flood_window: Span::minutes(30),
        state_bytes_max: 60_000,
        directory_entries_max: 7,
        ..Settings::default()
    }
}

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    Alert(Draft),
    Command(Wish),
    Directory(Listing),
}

/// Some four alerts, then a command or a directory record; some alerts come in floods.
fn story() -> impl Strategy<Value = Vec<Step>> {
    let flood = prop::option::weighted(0.15, (2u16..9, 0i64..12));
    let step = prop_oneof![
        4 => (draft(), flood).prop_map(|(draft, flood)| repeated(draft, flood)),
        1 => wish().prop_map(|wish| vec![Step::Command(wish)]),
        1 => listing().prop_map(|listing| vec![Step::Directory(listing)]),
    ];
    prop::collection::vec(step, 1..60).prop_map(|steps| steps.into_iter().flatten().collect())
}

/// The same detector on the same entities, so many times and minutes apart.
fn repeated(draft: Draft, flood: Option<(u16, i64)>) -> Vec<Step> {
    let (times, apart) = flood.unwrap_or((1, 0));
    let next = |time: u16| {
        let (id, minutes) = (draft.id + 700 * time, draft.minutes + apart * i64::from(time));
        Step::Alert(Draft { id, minutes, ..draft.clone() })
    };
    (0..times).map(next).collect()
}

/// An input that fits what is there: commands name incidents and alerts that exist, in most cases.
fn input(step: &Step, partition: &Partition) -> Input {
    match step {
        Step::Alert(draft) => Input::Alert(Box::new(alert_of(draft))),
        Step::Command(wish) => Input::Command(Box::new(wish.command(partition))),
        Step::Directory(listing) => Input::Directory(Box::new(listing.record())),
    }
}

#[derive(Debug, Clone)]
struct Draft {
    id: u16,
    minutes: i64,
    delay: i64,
    status: u8,
    severity: u8,
    phase: u8,
    correlate: u8,
    evidence: Vec<(u8, u8, u8, u8)>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let evidence = prop::collection::vec((0u8..8, 0u8..5, 0u8..5, 0u8..4), 0..4);
    (0u16..30, 0i64..4_000, 0i64..600, 0u8..4, 0u8..5, 0u8..6, 0u8..12, evidence).prop_map(
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
            Identifier::domain_account("contoso", &format!("user{b}")).unwrap(),
            name(IdentifierKind::AccountName, format!("user{b}")),
        ]),
        5 => evidence.identifiers.extend([
            name(IdentifierKind::ObjectId, format!("oid{a}")),
            name(IdentifierKind::Upn, format!("user{b}@contoso.com")),
        ]),
        6 => evidence.identifiers.push(name(IdentifierKind::AccountName, format!("user{a}"))),
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
        detector: draft.id.is_multiple_of(2).then(|| "sprayer".into()),
        category: None,
        phase: Phase::KNOWN.get(usize::from(draft.phase) + 5).cloned(),
        techniques: Vec::new(),
        first_activity: start,
        last_activity: start + Span::minutes(i64::from(draft.severity)),
        created: None,
        updated: EventTime::from_micros(arrives.as_micros()),
        resolved: None,
        portal_url: None,
        indicators: indicators_of(draft),
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

/// Every third alert matches an indicator; of whom, its id says.
fn indicators_of(draft: &Draft) -> IndicatorMatches {
    let matches = draft.id.is_multiple_of(3).then(|| IndicatorMatch {
        indicator: format!("indicator--{}", draft.severity).into(),
        name: None,
        source: "feed".into(),
        matched: Identifier { kind: IdentifierKind::Md5, value: format!("{}", draft.id).into() },
        actor: Some("APT99".into()),
        campaign: None,
        malware: None,
        intent: None,
        confidence: Some(i32::from(draft.status) * 30),
    });
    IndicatorMatches::new(matches.into_iter().collect())
}

/// The same world with rules.
fn ruled() -> Settings {
    Settings { rules: ruleset::rules(), ..settings() }
}

/// Plays the steps, with a restart where `restarts` says so; returns the effects and the final state.
fn play(steps: &[Step], restarts: &[bool]) -> (Vec<Effect>, Partition) {
    let mut changelog = Changelog::default();
    let mut partition = Partition::new(ruled());
    let mut effects = Vec::new();
    for (step, restart) in steps.iter().zip(restarts.iter().cycle()) {
        let input = input(step, &partition);
        partition.apply(input, &mut effects);
        if *restart {
            changelog.append(partition.drain_changes());
            partition = Partition::restore(ruled(), changelog.compacted());
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

/// Whether the links of an incident are a tree, or several.
fn links_lead_to_no_ring(incident: &Incident) -> bool {
    // By both ends, for a link may lead to an alert that a flood only counts.
    let ends = incident.links.iter().flat_map(|link| [&link.alert, &link.peer]);
    let mut part: BTreeMap<&AlertId, usize> = ends.map(|key| &key.id).zip(0..).collect();
    incident.links.iter().all(|link| {
        let (a, b) = (part[&link.alert.id], part[&link.peer.id]);
        part.values_mut().filter(|n| **n == a).for_each(|n| *n = b);
        a != b
    })
}

/// Which sides of separations the alerts of each group bear.
fn sides_by_group(records: &Records) -> BTreeMap<(Tenant, i64), BTreeSet<i64>> {
    let mut sides: BTreeMap<_, BTreeSet<i64>> = BTreeMap::new();
    for record in records.values() {
        let StateRecord::Alert(alert) = record else { continue };
        sides.entry((alert.alert.tenant.clone(), alert.group)).or_default().extend(&alert.apart);
    }
    sides
}

/// Whether the incident that has changed holds this alert.
fn is_in(partition: &Partition, change: &IncidentChange, alert: &AlertKey) -> bool {
    let incident = partition.incident(&change.tenant, change.incident).unwrap();
    let holds = incident.alerts.iter().any(|a| a.id == alert.id && a.provider == alert.provider);
    holds || incident.redirect_incident_id.is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_at_any_point_leaves_no_trace(
        steps in story(),
        restarts in prop::collection::vec(prop::bool::weighted(0.2), 80),
    ) {
        let (effects, mut partition) = play(&steps, &[false; 80]);
        let (effects_after, mut partition_after) = play(&steps, &restarts);
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
    fn the_changelog_is_the_state(steps in story()) {
        let mut changelog = Changelog::default();
        let mut partition = Partition::new(ruled());
        for step in &steps {
            let input = input(step, &partition);
            partition.apply(input, &mut Vec::new());
            changelog.append(partition.drain_changes());
        }
        let held: BTreeMap<_, _> = changelog.compacted().filter_map(|change| match change {
            Change::Put(record) => Some((record.key(), *record)),
            Change::Delete(_) => None,
        }).collect();
        prop_assert_eq!(first_difference(&partition.records(), &held), None);
    }

    #[test]
    fn every_alert_is_in_one_incident_and_versions_have_no_gap(steps in story()) {
        let mut partition = Partition::new(Settings { state_bytes_max: u64::MAX, ..settings() });
        let mut versions: BTreeMap<_, i64> = BTreeMap::new();
        let (mut conflicts, mut divided) = (0, false);
        for step in &steps {
            let mut effects = Vec::new();
            let input = input(step, &partition);
            partition.apply(input, &mut effects);
            prop_assert!(!effects.is_empty(), "an input without an answer");
            for effect in effects {
                match effect {
                    Effect::Incident(change) => {
                        let last = versions.entry(change.incident).or_default();
                        prop_assert_eq!(change.version, *last + 1);
                        *last = change.version;
                        divided |= change.command.is_some();
                        // What joins a continuation may be linked to the full incident only.
                        divided |= change.links.first().is_some_and(|link| !is_in(&partition, &change, &link.peer));
                    }
                    Effect::IdentityConflict { .. } => conflicts += 1,
                    Effect::Reject { reason, .. } => prop_assert_eq!(reason, RejectReason::TooManyEntities),
                    _ => {}
                }
            }
        }
        let incidents: Vec<_> = partition.incident_ids().iter().map(|(t, id)| partition.incident(t, *id).unwrap()).collect();
        let folded = |i: &Incident| i.floods.iter().map(|flood| flood.folded as usize).sum::<usize>();
        let in_incidents: usize = incidents.iter().map(|i| i.alerts.len() + folded(i)).sum();
        prop_assert_eq!(in_incidents as u64, partition.stats().alerts);
        for incident in &incidents {
            prop_assert!(incident.alerts.len() <= 5);
            // A name that turns out ambiguous divides entities that were counted as one.
            prop_assert!(incident.entities.len() <= 12 + 2 * conflicts);
            prop_assert!(divided || incident.links.len() + 1 >= incident.alerts.len(), "a tree holds all alerts together");
            prop_assert!(links_lead_to_no_ring(incident), "{:#?}", incident.links);
        }
        let sides = sides_by_group(&partition.records());
        for ((tenant, group), sides) in sides {
            prop_assert!(sides.iter().all(|side| !sides.contains(&-side)), "{tenant} {group}: {sides:?}");
        }
    }

    #[test]
    fn a_command_changes_each_incident_once_or_nothing_at_all(steps in story()) {
        let mut partition = Partition::new(Settings { state_bytes_max: u64::MAX, ..settings() });
        for step in &steps {
            let input = input(step, &partition);
            let Input::Command(command) = input else {
                partition.apply(input, &mut Vec::new());
                continue;
            };
            let (tenant, at) = (command.tenant.clone(), command.origin.source_time);
            partition.apply(Input::Tick { tenant, at }, &mut Vec::new());
            let before = partition.records();
            let mut effects = Vec::new();
            partition.apply(Input::Command(command.clone()), &mut effects);
            let answer = effects.pop().unwrap();
            if let Effect::CommandRefused { .. } = answer {
                prop_assert_eq!(effects, []);
                prop_assert_eq!(first_difference(&before, &partition.records()), None);
                continue;
            }
            prop_assert!(matches!(answer, Effect::Commanded { .. }), "{answer:?}");
            let mut changed = BTreeSet::new();
            for effect in effects {
                let Effect::Incident(change) = effect else { continue };
                // One name learned may make one incident of several, by one merge after the other.
                let is_chain = matches!(command.action, Action::MustLink(Pair::Entities(..)));
                prop_assert!(changed.insert(change.incident) || is_chain, "two versions of one incident");
                prop_assert_eq!(change.command, Some(command.reference()));
            }
        }
    }

    #[test]
    fn a_record_is_as_of_its_last_version_however_long_the_batch(
        steps in story(),
        drains in prop::collection::vec(prop::bool::weighted(0.1), 80),
    ) {
        let mut partition = Partition::new(Settings { state_bytes_max: u64::MAX, ..settings() });
        let mut as_of_change = BTreeMap::new();
        for (step, drain) in steps.iter().zip(drains.into_iter().cycle()) {
            let mut effects = Vec::new();
            let input = input(step, &partition);
        partition.apply(input, &mut effects);
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
    fn the_byte_budget_is_kept(steps in story()) {
        let mut partition = Partition::new(Settings { state_bytes_max: 20_000, ..settings() });
        for step in &steps {
            let input = input(step, &partition);
            partition.apply(input, &mut Vec::new());
            prop_assert!(partition.stats().state_bytes <= 20_000);
        }
    }
}
