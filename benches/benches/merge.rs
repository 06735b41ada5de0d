//! A merge by the size of the two sides: what it costs for each alert that changes sides must not grow with how many do,
//! and one alert that comes in must cost no more because the incident that takes it is large.

use std::hint::black_box;
use std::time::{Duration, Instant};

use braid_alert::{
    Action, Alert, AlertId, Command, EntityKind, EventTime, Evidence, Identifier, IdentifierKind, IncidentId,
    Role,
};
use braid_benches as _;
use braid_engine::{Caps, Effect, Input, Partition, Settings};
use braid_sim::load::Load;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Alerts of the incident that stays and of the one that goes.
const SIDES: [(u64, u64); 5] = [(10, 10), (100, 100), (900, 900), (900, 1), (1, 900)];

fn merge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merge");
    group.sample_size(20).measurement_time(Duration::from_secs(5));
    let template = Load::new(7).next().expect("a load does not end");
    for (stays, goes) in SIDES {
        let moved = stays.min(goes);
        // Of many merges the fastest: what others do on the machine only ever adds.
        let mut fastest = Duration::MAX;
        group.throughput(Throughput::Elements(moved));
        group.bench_function(BenchmarkId::new("alerts a side", format!("{stays} and {goes}")), |bencher| {
            bencher.iter_custom(|times| {
                let each = (0..times).map(|_| time(&template, stays, goes));
                each.inspect(|took| fastest = fastest.min(*took)).sum()
            });
        });
        let nanos = fastest.as_nanos() / u128::from(moved);
        println!("  {stays} and {goes}: {nanos} ns for each alert that changes sides, at best\n");
    }
    group.finish();
}

/// What one merge takes, its changelog records not counted: they are the commit's.
fn time(template: &Alert, stays: u64, goes: u64) -> Duration {
    let caps = Caps { incident_alerts_max: 2_000, incident_bytes_max: 64 << 20, ..Caps::default() };
    let mut partition = Partition::new(Settings { caps, ..Settings::default() });
    let incident = grow(&mut partition, template, "one", stays);
    let from = grow(&mut partition, template, "two", goes);
    partition.drain_changes();
    let command = Command {
        tenant: template.tenant.clone(),
        id: "c1".into(),
        author: "ann".into(),
        reason: None,
        expected_version: None,
        action: Action::Merge { incident, from },
        origin: template.origin.clone(),
    };
    let mut effects = Vec::with_capacity(8);
    let start = Instant::now();
    partition.apply(Input::Command(Box::new(command)), &mut effects);
    let spent = start.elapsed();
    assert!(matches!(effects.last(), Some(Effect::Commanded { .. })), "{effects:?}");
    black_box(partition.drain_changes());
    spent
}

/// Makes an incident of so many alerts, a minute apart, on one host, few users (many would make a hub of it) and some
/// files.
fn grow(partition: &mut Partition, template: &Alert, name: &str, alerts: u64) -> IncidentId {
    let mut effects = Vec::new();
    for n in 0..alerts {
        let start = EventTime::from_millis(template.first_activity.as_micros() / 1_000 + n as i64 * 60_000);
        let mut alert = template.clone();
        alert.id = AlertId::new(&format!("{name}-{n}"));
        (alert.first_activity, alert.last_activity) = (start, start);
        alert.evidence = vec![
            evidence(EntityKind::Host, IdentifierKind::DefenderDeviceId, name.to_owned()),
            evidence(EntityKind::User, IdentifierKind::ObjectId, format!("{name}-user-{}", n / 200)),
            evidence(EntityKind::File, IdentifierKind::Sha256, format!("{:064x}", n / 5)),
        ];
        partition.apply(Input::Alert(Box::new(alert)), &mut effects);
    }
    let incidents: Vec<IncidentId> = effects.iter().filter_map(changed).collect();
    let incident = *incidents.first().expect("an alert opens an incident");
    assert!(incidents.iter().all(|id| *id == incident), "the alerts are one incident");
    incident
}

fn changed(effect: &Effect) -> Option<IncidentId> {
    if let Effect::Incident(change) = effect { Some(change.incident) } else { None }
}

fn evidence(kind: EntityKind, name: IdentifierKind, value: String) -> Evidence {
    let mut evidence = Evidence::new(kind, Role::Impacted);
    evidence.identifiers.extend(Identifier::new(name, &value));
    evidence
}

criterion_group!(benches, merge);
criterion_main!(benches);
