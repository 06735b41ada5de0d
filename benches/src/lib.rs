//! Benchmarks of the engine, the wire formats and the table of indicators: `cargo bench -p braid-benches`.
//!
//! Machines are shared and absolute figures wander: what is compared is timed in one run, and ratios are quoted.

use braid_alert::{Alert, Span};
use braid_engine::{Input, Partition, Settings};
use braid_sim::load::Load;

/// The allocator of the binary, so that the figures are the binary's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A partition that holds `live` alerts, and the load that goes on from there.
pub fn filled(live: u64) -> (Partition, Load) {
    fill(live, Settings::default())
}

/// The same, and it will go on holding that many: as each new one comes in, the oldest is forgotten.
pub fn level(live: u64) -> (Partition, Load) {
    let dedupe_retention = Span::micros(Load::interval().as_micros() * live as i64);
    fill(live, Settings { dedupe_retention, ..Settings::default() })
}

fn fill(live: u64, settings: Settings) -> (Partition, Load) {
    let mut partition = Partition::new(settings);
    let mut load = Load::new(7);
    let mut effects = Vec::new();
    for alert in load.by_ref().take(live as usize) {
        partition.apply(Input::Alert(Box::new(alert)), &mut effects);
        effects.clear();
    }
    partition.drain_changes();
    (partition, load)
}

/// The next alerts of a load, boxed as the runtime hands them over.
pub fn batch(load: &mut Load, alerts: u64) -> Vec<Box<Alert>> {
    load.take(alerts as usize).map(Box::new).collect()
}
