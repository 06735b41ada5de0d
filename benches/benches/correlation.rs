//! How well correlation does, in figures that anybody can print: `cargo bench -p braid-benches --bench correlation`.
//!
//! Ten hub-ridden weeks, each with braid as it is shipped and with what others would make of them. It measures agreement
//! with the truth and not time, so it may run on a busy machine. `-- 3` plays three weeks.

use braid_alert::Span;
use braid_benches as _;
use braid_engine::Settings;
use braid_sim::agreement::{Assignment, Fate, Score};
use braid_sim::baseline::{self, Sketch};
use braid_sim::world::{World, WorldSettings};

/// What is compared.
struct Row {
    name: &'static str,
    weeks: Vec<[f64; 4]>,
}

fn main() {
    let given = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let seeds: u64 = given.unwrap_or(10);
    let names =
        ["braid", "naive union", "count ceiling (100 alerts)", "stop list", "sketch, 1 h", "sketch, 30 min"];
    let mut rows: Vec<Row> = names.map(|name| Row { name, weeks: Vec::new() }).into();
    println!("seed  alerts  of attacks  pairwise P     R    F1   B³ F1  largest  purity");
    for seed in 1..=seeds {
        let world = World::new(WorldSettings::hub_ridden_week(), seed);
        let truth = world.truth();
        let found = world.play(Settings::default());
        tell_week(seed, &truth, &found);
        let quick = Sketch { half_life: Span::minutes(30), user: 0.7, partners: 14.0 };
        let others = [
            found,
            baseline::naive_union(&world),
            baseline::count_ceiling(&world, 100),
            baseline::stop_list(&world),
            baseline::sketch(&world, Sketch::default()),
            baseline::sketch(&world, quick),
        ];
        for (row, found) in rows.iter_mut().zip(&others) {
            row.weeks.push(figures(&truth, found));
        }
    }
    println!("\nmean over {seeds} weeks              pairwise F1  B³ F1  largest  purity  (worst F1)");
    rows.iter().for_each(Row::tell);
}

fn purity(truth: &Assignment, found: &Assignment) -> f64 {
    let fates = Fate::of_each(truth, found);
    Fate::purity(fates.iter().filter(|fate| World::is_campaign(&fate.incident)))
}

fn figures(truth: &Assignment, found: &Assignment) -> [f64; 4] {
    let score = Score::of(truth, found);
    [score.pairwise.f1(), score.b_cubed.f1(), score.largest, purity(truth, found)]
}

fn tell_week(seed: u64, truth: &Assignment, found: &Assignment) {
    let score = Score::of(truth, found);
    let attacks = truth.values().filter(|label| World::is_campaign(label)).count();
    println!(
        "{seed:>4}  {:>6}  {attacks:>10}       {:.3} {:.3} {:.3}   {:.3}    {:.2}%   {:.3}",
        score.alerts,
        score.pairwise.precision,
        score.pairwise.recall,
        score.pairwise.f1(),
        score.b_cubed.f1(),
        score.largest * 100.0,
        purity(truth, found)
    );
}

impl Row {
    fn tell(&self) {
        let mean = |n: usize| self.weeks.iter().map(|week| week[n]).sum::<f64>() / self.weeks.len() as f64;
        let worst = self.weeks.iter().map(|week| week[0]).fold(f64::INFINITY, f64::min);
        println!(
            "{:<30}       {:.3}  {:.3}   {:>5.2}%   {:.3}  ({worst:.3})",
            self.name,
            mean(0),
            mean(1),
            mean(2) * 100.0,
            mean(3)
        );
    }
}
