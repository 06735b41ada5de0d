//! The week by which correlation is judged, with the settings that are shipped: ten seeds. What others make of them:
//! `cargo bench -p braid-benches --bench correlation`.

use braid_engine::Settings;
use braid_sim::agreement::{Fate, Score};
use braid_sim::world::{World, WorldSettings};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;

fn week(seed: u64) -> (Score, f64) {
    let world = World::new(WorldSettings::hub_ridden_week(), seed);
    let (truth, found) = (world.truth(), world.play(Settings::default()));
    let fates = Fate::of_each(&truth, &found);
    let purity = Fate::purity(fates.iter().filter(|fate| World::is_campaign(&fate.incident)));
    (Score::of(&truth, &found), purity)
}

#[test]
fn the_hub_ridden_weeks_come_apart_as_they_should() {
    let weeks: Vec<(Score, f64)> = SEEDS.map(week).collect();
    for (score, purity) in &weeks {
        assert_eq!((score.alerts, score.missing), (11_500, 0), "every alert is in an incident");
        assert!(score.largest <= 0.01, "{score:?}");
        assert!(
            score.pairwise.f1() >= 0.9 && *purity >= 0.95,
            "no week is far from the mean: {score:?}, {purity}"
        );
    }
    let mean = |figure: fn(&(Score, f64)) -> f64| weeks.iter().map(figure).sum::<f64>() / weeks.len() as f64;
    let (f1, purity) = (mean(|(score, _)| score.pairwise.f1()), mean(|(_, purity)| *purity));
    assert!(f1 >= 0.92, "pairwise F1 is {f1} in the mean");
    assert!(purity >= 0.97, "campaigns are pure to {purity} in the mean");
}
