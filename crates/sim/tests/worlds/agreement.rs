//! The engine answers as the reference does, effect by effect, and its incidents are the same in the end.

use braid_engine::{Input, Partition};
use braid_sim::reference::{IdentitySummary, IncidentSummary, Reference};

use crate::draw::World;
use crate::seeds;
use crate::telling::tell;

#[test]
fn the_engine_agrees_with_the_naive_reference_on_every_world() {
    let differing: Vec<u64> = seeds().filter(|&seed| differs(&World::draw(seed)).is_some()).collect();
    let Some(&seed) = differing.first() else { return };
    let world = shrink(World::draw(seed));
    let difference = differs(&world).unwrap_or_default();
    let some = &differing[..differing.len().min(20)];
    panic!(
        "{} worlds differ: {some:?}\nBRAID_SEED={seed}, made small:\n{}{difference}",
        differing.len(),
        story(&world)
    );
}

/// What the two differ in first, if they do. A panic is a difference.
fn differs(world: &World) -> Option<String> {
    std::panic::catch_unwind(|| compare(world)).unwrap_or_else(|_| Err("a panic, see above".into())).err()
}

/// Plays a world on both sides, up to the first difference.
fn compare(world: &World) -> Result<(), String> {
    let mut engine = Partition::new(world.settings.clone());
    let mut reference = Reference::new(world.settings.clone());
    for input in &world.inputs {
        let mut effects = Vec::new();
        engine.apply(input.clone(), &mut effects);
        agree(&effects, &reference.apply(input))?;
        engine.drain_changes();
    }
    agree(&summaries(&engine), &reference.incidents())?;
    agree(&identities(&engine), &reference.entities())
}

/// Leaves out what is not needed for the two to differ: inputs, then pieces of evidence.
fn shrink(mut world: World) -> World {
    let mut place = world.inputs.len();
    while place > 0 {
        place -= 1;
        let mut less = world.clone();
        less.inputs.remove(place);
        if differs(&less).is_some() {
            world = less;
            place = place.min(world.inputs.len());
        }
    }
    for place in 0..world.inputs.len() {
        shrink_evidence(&mut world, place);
    }
    world
}

fn shrink_evidence(world: &mut World, place: usize) {
    let Input::Alert(alert) = &world.inputs[place] else { return };
    for piece in (0..alert.evidence.len()).rev() {
        let mut less = world.clone();
        if let Input::Alert(alert) = &mut less.inputs[place] {
            alert.evidence.remove(piece);
        }
        if differs(&less).is_some() {
            *world = less;
        }
    }
}

fn story(world: &World) -> String {
    let lines: Vec<String> = world.inputs.iter().map(|input| format!("  {}\n", tell(input))).collect();
    format!("{:?}\n{}", world.settings, lines.concat())
}

fn agree<T: PartialEq + std::fmt::Debug>(engine: &[T], reference: &[T]) -> Result<(), String> {
    let longest = engine.len().max(reference.len());
    let place = (0..longest).find(|&place| engine.get(place) != reference.get(place));
    let Some(place) = place else { return Ok(()) };
    Err(format!("engine:    {:#?}\nreference: {:#?}", engine.get(place), reference.get(place)))
}

fn summaries(engine: &Partition) -> Vec<IncidentSummary> {
    let record = |(tenant, id): (_, _)| engine.incident(&tenant, id).unwrap();
    engine.incident_ids().into_iter().map(record).map(|incident| IncidentSummary::from(&incident)).collect()
}

fn identities(engine: &Partition) -> Vec<IdentitySummary> {
    let mut identities: Vec<_> = engine.entities().map(|record| IdentitySummary::from(&record)).collect();
    identities.sort_by(|a, b| (&a.tenant, a.id).cmp(&(&b.tenant, b.id)));
    identities
}
