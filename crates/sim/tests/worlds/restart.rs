//! A restart at any point of any world leaves no trace: neither in what is answered afterwards, nor in the state.

use std::collections::BTreeMap;

use braid_engine::{Change, Effect, Partition, StateKey};
use braid_sim::Rng;

use crate::draw::World;
use crate::seeds;

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

#[test]
fn a_restart_at_any_point_of_any_world_leaves_no_trace() {
    for seed in seeds() {
        let world = World::draw(seed);
        let (effects, mut lasting) = play(&world, |_| false);
        let mut rng = Rng::new(!seed);
        let (effects_after, mut restarted) = play(&world, |_| rng.chance(150));
        assert_eq!(effects, effects_after, "BRAID_SEED={seed}");
        let (records, records_after) = (lasting.records(), restarted.records());
        if let Some(key) =
            records.keys().chain(records_after.keys()).find(|k| records.get(k) != records_after.get(k))
        {
            panic!("BRAID_SEED={seed}: {key:?}\n{:#?}\n{:#?}", records.get(key), records_after.get(key));
        }
        assert_eq!(lasting.stats(), restarted.stats(), "BRAID_SEED={seed}");
        lasting.drain_changes();
        restarted.drain_changes();
        for (tenant, id) in lasting.incident_ids() {
            assert_eq!(lasting.incident(&tenant, id), restarted.incident(&tenant, id), "BRAID_SEED={seed}");
        }
    }
}

/// Plays a world; before each input for which `restarts` says so, what is left of the partition is its changelog.
fn play(world: &World, mut restarts: impl FnMut(usize) -> bool) -> (Vec<Effect>, Partition) {
    let mut changelog = Changelog::default();
    let mut partition = Partition::new(world.settings.clone());
    let mut effects = Vec::new();
    for (place, input) in world.inputs.iter().enumerate() {
        if restarts(place) {
            changelog.append(partition.drain_changes());
            partition = Partition::restore(world.settings.clone(), changelog.compacted());
        }
        partition.apply(input.clone(), &mut effects);
    }
    (effects, partition)
}
