//! An engine step on clustered load, beside serde_json's owned decode of the same alerts, at 10⁴ and at 10⁶ live alerts.

use std::hint::black_box;
use std::time::{Duration, Instant};

use braid_alert::Alert;
use braid_benches::{batch, filled};
use braid_engine::Input;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// As many as a worker takes between two commits under load; the state that changed is drained after each, as it does.
const BATCH: u64 = 1_000;

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("alert");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(8));
    for live in [10_000, 1_000_000] {
        let (mut partition, mut load) = filled(live);
        group.bench_function(BenchmarkId::new("apply", live), |bencher| {
            bencher.iter_custom(|alerts| {
                let mut spent = Duration::ZERO;
                let mut effects = Vec::with_capacity(4 * BATCH as usize);
                for from in (0..alerts).step_by(BATCH as usize) {
                    let inputs = batch(&mut load, BATCH.min(alerts - from));
                    let start = Instant::now();
                    for alert in inputs {
                        partition.apply(Input::Alert(alert), &mut effects);
                    }
                    spent += start.elapsed();
                    effects.clear();
                    black_box(partition.drain_changes());
                }
                spent
            });
        });
        let json: Vec<Vec<u8>> =
            batch(&mut load, BATCH).iter().map(|alert| braid_wire::own::alert_to_json(alert)).collect();
        group.bench_function(BenchmarkId::new("serde_json owned decode", live), |bencher| {
            let mut next = json.iter().cycle();
            bencher.iter(|| {
                let bytes = next.next().expect("a cycle does not end");
                serde_json::from_slice::<Alert>(black_box(bytes)).expect("it was just written")
            });
        });
        let stats = partition.stats();
        let bytes: usize = json.iter().map(Vec::len).sum::<usize>() / json.len();
        println!(
            "  {} alerts and {} entities live, {bytes} bytes of JSON an alert\n",
            stats.alerts, stats.entities
        );
    }
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
