//! The week by which correlation is judged, with the settings that are shipped. All ten seeds, and what others make of
//! them: `cargo bench -p braid-benches --bench correlation`.

use braid_engine::Settings;
use braid_sim::agreement::{Fate, Score};
use braid_sim::world::{World, WorldSettings};

#[test]
fn the_hub_ridden_week_comes_apart_as_it_should() {
    let world = World::new(WorldSettings::hub_ridden_week(), 2);
    let (truth, found) = (world.truth(), world.play(Settings::default()));
    let score = Score::of(&truth, &found);
    assert_eq!((score.alerts, score.missing), (11_500, 0), "every alert is in an incident");
    assert!(score.pairwise.f1() >= 0.92, "{score:?}");
    assert!(score.largest <= 0.01, "{score:?}");
    let fates = Fate::of_each(&truth, &found);
    let purity = Fate::purity(fates.iter().filter(|fate| World::is_campaign(&fate.incident)));
    assert!(purity >= 0.97, "campaigns are pure to {purity}");
}
