//! An engine step on clustered load, beside serde_json's owned decode of the same alerts, at 10⁴ and at 10⁶ live alerts.
//!
//! `apply` is what a new alert costs; `apply and forget` what it costs once each new one makes an old one go, which is
//! the state of things after `dedupe_retention`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use braid_alert::Alert;
use braid_benches::{batch, filled, level};
use braid_engine::{Input, Partition};
use braid_sim::load::Load;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Alerts are made and handed over in batches of this size, so that they are as near as if they had just been decoded.
const BATCH: u64 = 64;

/// By how much the number of live alerts may grow before the partition is filled anew.
const GROWTH: f64 = 1.25;

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("alert");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(5));
    for live in [10_000, 1_000_000] {
        apply(&mut group, "apply", live, filled);
        decode(&mut group, live);
        apply(&mut group, "apply and forget", live, level);
    }
    group.finish();
}

fn apply(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    live: u64,
    fill: fn(u64) -> (Partition, Load),
) {
    let (mut partition, mut load) = fill(live);
    group.bench_function(BenchmarkId::new(name, live), |bencher| {
        bencher.iter_custom(|alerts| {
            let mut spent = Duration::ZERO;
            for from in (0..alerts).step_by(BATCH as usize) {
                if partition.alerts() as f64 > live as f64 * GROWTH {
                    (partition, load) = fill(live);
                }
                spent += time(&mut partition, batch(&mut load, BATCH.min(alerts - from)));
            }
            spent
        });
    });
    let stats = partition.stats();
    println!(
        "  {} alerts and {} entities live; reckoned by capacities, {} bytes an alert (texts and mentions included) and \
         {} bytes an entity (names, index and partners included)\n",
        stats.alerts,
        stats.entities,
        partition.alert_bytes() / stats.alerts.max(1),
        partition.entity_bytes() / stats.entities.max(1),
    );
}

/// Applies a batch; what it left to write is taken away untimed, for that is the commit's and not the step's.
#[expect(clippy::vec_box, reason = "an input holds a box; what is timed is the step, not the boxing")]
fn time(partition: &mut Partition, inputs: Vec<Box<Alert>>) -> Duration {
    let mut effects = Vec::with_capacity(4 * inputs.len());
    let start = Instant::now();
    for alert in inputs {
        partition.apply(Input::Alert(alert), &mut effects);
    }
    let spent = start.elapsed();
    black_box((effects, partition.drain_changes()));
    spent
}

fn decode(group: &mut BenchmarkGroup<'_, WallTime>, live: u64) {
    let json: Vec<Vec<u8>> =
        Load::new(7).take(1_000).map(|alert| braid_wire::own::alert_to_json(&alert)).collect();
    group.bench_function(BenchmarkId::new("serde_json owned decode", live), |bencher| {
        let mut next = json.iter().cycle();
        bencher.iter(|| {
            let bytes = next.next().expect("a cycle does not end");
            serde_json::from_slice::<Alert>(black_box(bytes)).expect("it was just written")
        });
    });
    println!("  {} bytes of JSON an alert\n", json.iter().map(Vec::len).sum::<usize>() / json.len());
}

criterion_group!(benches, engine);
criterion_main!(benches);
