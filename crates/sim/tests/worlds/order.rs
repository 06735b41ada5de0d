//! Where the rules say so, the order of arrival does not matter: which alerts are one incident, its entities, severity and
//! status are the same. Decision 16 says where that is, and the exceptions.
//!
//! The worlds here keep clear of the exceptions: nobody meets enough others to weigh less, company is not asked about, no cap is near, nothing is
//! resolved, all arrives within `late_join`, no name is disputed, no alert is revised into another place, and each pair of
//! alerts is either linked by one entity alone or too far from each other for all their links together.

use std::collections::BTreeSet;

use braid_alert::{
    Alert, EntityKind, EventTime, Evidence, Identifier, IdentifierKind, Phase, Role, Span, Tenant, Weight,
};
use braid_engine::{Input, Partition, Settings};
use braid_sim::Rng;

use crate::draw::{blank_alert, severity};
use crate::seeds;

/// What must be the same: of each incident its alerts, the names of its entities, its severity and its status.
type Outcome = BTreeSet<(BTreeSet<String>, BTreeSet<BTreeSet<String>>, String, String)>;

#[test]
fn every_order_of_a_small_world_gives_the_same_incidents() {
    for seed in seeds().take(400) {
        let world = orderly_world(seed, 2);
        let expected = outcome(&world);
        let mut order: Vec<usize> = (0..world.len()).collect();
        permute(&mut order, 0, &mut |order| check(seed, &world, order, &expected));
    }
}

#[test]
fn any_order_of_a_larger_world_gives_the_same_incidents() {
    for seed in seeds().take(2_000) {
        let world = orderly_world(seed, 6);
        let expected = outcome(&world);
        let mut rng = Rng::new(!seed);
        for _ in 0..4 {
            let mut order: Vec<usize> = (0..world.len()).collect();
            (1..order.len()).rev().for_each(|place| order.swap(place, rng.below(place + 1)));
            check(seed, &world, &order, &expected);
        }
    }
}

fn check(seed: u64, world: &[Alert], order: &[usize], expected: &Outcome) {
    let shuffled: Vec<Alert> = order.iter().map(|&place| world[place].clone()).collect();
    let outcome = outcome(&shuffled);
    assert_eq!(outcome, *expected, "BRAID_SEED={seed}, in the order {order:?} of {world:#?}");
}

/// Calls `visit` with each permutation of what stands from `from` on.
fn permute(order: &mut Vec<usize>, from: usize, visit: &mut impl FnMut(&[usize])) {
    if from == order.len() {
        return visit(order);
    }
    for place in from..order.len() {
        order.swap(from, place);
        permute(order, from + 1, visit);
        order.swap(from, place);
    }
}

/// Alerts of some attacks, each within three quarters of an hour and days from the next, on two people and their hosts,
/// whom they name in different ways; some come again with more evidence. What they share otherwise are tools.
fn orderly_world(seed: u64, attacks: usize) -> Vec<Alert> {
    let mut rng = Rng::new(seed);
    let mut alerts = Vec::new();
    for attack in 0..1 + rng.below(attacks) {
        let start = EventTime::from_micros(Span::days(3 * attack as i64).as_micros());
        for _ in 0..1 + rng.below(if attacks == 2 { 3 } else { 6 }) {
            let at = start + Span::minutes(rng.below(45) as i64);
            let mut alert = blank_alert(&format!("a{}", alerts.len()), at);
            alert.severity = severity(&mut rng);
            alert.phase = Phase::KNOWN.get(rng.below(2 * Phase::KNOWN.len())).cloned();
            alert.evidence = mentions(&mut rng);
            alerts.push(alert.clone());
            if attacks > 2 && rng.chance(200) {
                alert.updated = at + Span::minutes(1);
                alert.severity = severity(&mut rng);
                alert.evidence.extend(mentions(&mut rng));
                alerts.push(alert);
            }
        }
    }
    alerts
}

fn mentions(rng: &mut Rng) -> Vec<Evidence> {
    let mut evidence = vec![host_of(rng.below(2), rng.below(4))];
    if rng.chance(500) {
        evidence.push(user_of(rng.below(2), rng.below(4)));
    }
    evidence.extend((0..rng.below(3)).map(|_| tool(rng.below(3))));
    evidence
}

fn evidence(kind: EntityKind, names: &[(IdentifierKind, String)]) -> Evidence {
    let mut evidence = Evidence::new(kind, Role::Impacted);
    let name = |(kind, value): &(IdentifierKind, String)| Identifier::new(kind.clone(), value).unwrap();
    evidence.identifiers = names.iter().map(name).collect();
    evidence
}

/// A host by its device id, by its name, by both, or by its full and its bare name.
fn host_of(victim: usize, way: usize) -> Evidence {
    let device = (IdentifierKind::DefenderDeviceId, format!("dev{victim}"));
    let fqdn = (IdentifierKind::Fqdn, format!("host{victim}.contoso.com"));
    let netbios = (IdentifierKind::NetbiosName, format!("host{victim}"));
    let ways = [vec![device.clone()], vec![fqdn.clone()], vec![device, fqdn.clone()], vec![fqdn, netbios]];
    evidence(EntityKind::Host, &ways[way])
}

fn user_of(victim: usize, way: usize) -> Evidence {
    let sid = (IdentifierKind::Sid, format!("S-1-5-21-1-2-3-{}", 1_000 + victim));
    let upn = (IdentifierKind::Upn, format!("user{victim}@contoso.com"));
    let account = (IdentifierKind::DomainAccount, format!("contoso\\user{victim}"));
    let ways = [vec![sid.clone()], vec![upn.clone()], vec![sid, upn.clone()], vec![upn, account]];
    evidence(EntityKind::User, &ways[way])
}

fn tool(n: usize) -> Evidence {
    evidence(EntityKind::File, &[(IdentifierKind::Sha256, format!("{n:064}"))])
}

/// Plays alerts in this order, all of them arriving at one time.
fn outcome(alerts: &[Alert]) -> Outcome {
    // Who else an entity is seen with depends on who has been seen: exceptions of decision 16 that are switched off.
    let mut partition = Partition::new(Settings {
        late_join: Span::days(100),
        crowd_incidents: u32::MAX,
        crowd_accounts: u32::MAX,
        disagreement: Weight::ONE,
        silence: Weight::ONE,
        ..Settings::default()
    });
    for alert in alerts {
        partition.apply(Input::Alert(Box::new(alert.clone())), &mut Vec::new());
    }
    partition.drain_changes();
    let tenant = Tenant::new("large");
    let live = partition.incident_ids().into_iter().filter_map(|(_, id)| partition.incident(&tenant, id));
    let of = |incident: braid_alert::Incident| {
        let alerts = incident.alerts.iter().map(|alert| alert.id.as_str().to_owned()).collect();
        let names = |e: &braid_alert::IncidentEntity| e.identifiers.iter().map(ToString::to_string).collect();
        let entities = incident.entities.iter().map(names).collect();
        (alerts, entities, incident.severity.to_string(), incident.status.to_string())
    };
    live.filter(|incident| incident.redirect_incident_id.is_none()).map(of).collect()
}
