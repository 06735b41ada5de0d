//! Simulated worlds are what they promise.

use std::collections::{BTreeMap, BTreeSet};

use braid_sim::agreement::{Fate, Score};
use braid_sim::baseline;
use braid_sim::world::{Arrival, Thing, World, WorldSettings};

fn week(seed: u64) -> World {
    World::new(WorldSettings::hub_ridden_week(), seed)
}

/// One of each alert.
fn alerts(world: &World) -> Vec<&Arrival> {
    let mut known = BTreeSet::new();
    world.arrivals.iter().filter(|arrival| known.insert(arrival.number)).collect()
}

/// Of the alerts, the share that is about such a thing.
fn share(world: &World, is: impl Fn(&Thing) -> bool) -> f64 {
    let alerts = alerts(world);
    let about = alerts.iter().filter(|arrival| arrival.things.iter().any(&is)).count();
    about as f64 / alerts.len() as f64
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_one_another() {
    let told = |seed| {
        let world = World::new(WorldSettings::small_office(), seed);
        world
            .arrivals
            .iter()
            .map(|arrival| format!("{:?} {}", arrival.alert, world.label(arrival)))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(7), told(7));
    assert_ne!(told(7), told(8));
}

#[test]
fn the_hub_ridden_week_has_the_proportions_that_it_promises() {
    for seed in 1..=3 {
        let world = week(seed);
        assert_eq!(alerts(&world).len(), 11_500, "seed {seed}");
        let controllers = share(&world, |thing| world.is_domain_controller(thing));
        assert!((0.33..=0.37).contains(&controllers), "seed {seed}: controllers in {controllers}");
        let campaigns: BTreeSet<&str> =
            world.arrivals.iter().map(|a| world.label(a)).filter(|label| World::is_campaign(label)).collect();
        assert_eq!(campaigns.len(), 20, "seed {seed}");
        for (what, least, share) in [
            ("egress", 0.03, share(&world, |thing| world.is_egress(thing))),
            ("service accounts", 0.03, share(&world, |thing| world.is_service_account(thing))),
        ] {
            assert!(share >= least, "seed {seed}: {what} in {share}");
        }
    }
}

#[test]
fn attacks_and_noise_meet_on_every_kind_of_hub() {
    let world = week(1);
    let meets = |is: &dyn Fn(&Thing) -> bool, campaign: bool| {
        let of = alerts(&world).into_iter().filter(|a| World::is_campaign(world.label(a)) == campaign);
        of.filter(|arrival| arrival.things.iter().any(is)).count()
    };
    for campaign in [true, false] {
        assert!(meets(&|thing| world.is_domain_controller(thing), campaign) > 100, "{campaign}");
        assert!(meets(&|thing| world.is_egress(thing), campaign) > 20, "{campaign}");
        assert!(meets(&|thing| world.is_service_account(thing), campaign) > 20, "{campaign}");
    }
}

#[test]
fn attacks_go_on_for_days_and_move_from_host_to_host() {
    let world = week(1);
    let mut by_campaign: BTreeMap<&str, Vec<&Arrival>> = BTreeMap::new();
    for arrival in alerts(&world).into_iter().filter(|a| World::is_campaign(world.label(a))) {
        by_campaign.entry(world.label(arrival)).or_default().push(arrival);
    }
    let days = |arrivals: &Vec<&Arrival>| {
        let starts = || arrivals.iter().map(|a| a.alert.first_activity);
        let (first, last) = (starts().min().expect("it has alerts"), starts().max().expect("it has alerts"));
        last.since(first).as_seconds_f64() / 86_400.0
    };
    let long = by_campaign.values().filter(|arrivals| days(arrivals) > 1.0).count();
    assert!(long >= 10, "{long} attacks took more than a day");
    for (campaign, arrivals) in &by_campaign {
        let is_host = |thing: &&Thing| matches!(thing, Thing::Host(_)) && !world.is_domain_controller(thing);
        let hosts: BTreeSet<&Thing> = arrivals.iter().flat_map(|a| &a.things).filter(is_host).collect();
        assert!(hosts.len() >= 2, "{campaign} never left {hosts:?}");
    }
}

#[test]
fn alerts_come_late_out_of_order_again_and_with_news() {
    let world = week(1);
    let order: Vec<_> = world.arrivals.iter().map(|a| a.alert.origin.source_time).collect();
    assert!(order.is_sorted(), "arrivals are in the order of their arrival");
    let starts: Vec<_> = alerts(&world).iter().map(|a| a.alert.first_activity).collect();
    let swapped = starts.windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!(swapped > 1_000, "{swapped} alerts arrive before an earlier one");
    let again = world.arrivals.len() - starts.len();
    assert!(again > 2_000, "{again} repetitions and revisions");
    let late = |a: &&Arrival| {
        a.alert.origin.source_time.as_micros() - a.alert.first_activity.as_micros() > 3_600_000_000
    };
    assert!(alerts(&world).iter().filter(|a| late(a)).count() > 200);
}

#[test]
fn naive_union_makes_one_incident_of_nearly_everything() {
    let world = week(1);
    let truth = world.truth();
    let largest = |found| Score::of(&truth, &found).largest;
    let union = largest(baseline::naive_union(&world));
    assert!((0.80..=0.97).contains(&union), "union: {union}");
    // Neither a ceiling nor a list helps enough: one incident in ten would be bad, these are four in ten.
    assert!(largest(baseline::count_ceiling(&world, 100)) > 0.3);
    assert!(largest(baseline::stop_list(&world)) > 0.3);
}

#[test]
fn the_sketch_is_far_better_than_union_and_not_good_enough() {
    let world = week(1);
    let truth = world.truth();
    let found = baseline::sketch(&world, baseline::Sketch::default());
    let score = Score::of(&truth, &found);
    assert!((0.7..0.95).contains(&score.pairwise.f1()), "{score:?}");
    let fates = Fate::of_each(&truth, &found);
    assert_eq!(fates.len(), score.incidents);
}

#[test]
fn every_product_names_the_same_user_in_its_own_way() {
    let world = week(1);
    let mut ways: BTreeMap<&str, BTreeSet<Vec<&str>>> = BTreeMap::new();
    for arrival in &world.arrivals {
        for evidence in arrival.alert.evidence.iter().filter(|e| e.kind.as_str() == "user") {
            let kinds = evidence.identifiers.iter().map(|i| i.kind.as_str()).collect();
            ways.entry(arrival.alert.provider.as_str()).or_default().insert(kinds);
        }
    }
    assert!(ways["microsoftDefenderForIdentity"].contains(&vec!["domainAccount"]), "{ways:?}");
    assert!(ways["microsoftDefenderForEndpoint"].contains(&vec!["sid", "domainAccount", "upn"]), "{ways:?}");
    assert!(ways["microsoftDefenderForCloudApps"].contains(&vec!["objectId"]), "{ways:?}");
}

#[test]
fn an_address_of_the_pool_is_another_host_s_on_another_day() {
    let world = week(1);
    let mut holders: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for arrival in &world.arrivals {
        for (thing, evidence) in arrival.things.iter().zip(&arrival.alert.evidence) {
            let Thing::Host(host) = thing else { continue };
            for own in evidence.addresses.iter().filter(|address| !address.egress) {
                holders.entry(&own.address).or_default().insert(*host);
            }
        }
    }
    let handed_on = holders.values().filter(|hosts| hosts.len() > 1).count();
    assert!(handed_on > 100, "{handed_on} addresses have had several hosts");
}

#[test]
fn a_world_that_cannot_be_is_refused() {
    let broken = WorldSettings { campaigns: 1_000, ..WorldSettings::hub_ridden_week() };
    assert_eq!(broken.check(), Err("too few alerts for so many attacks"));
    assert!(WorldSettings { hosts: 10, ..WorldSettings::small_office() }.check().is_err());
    for preset in WorldSettings::PRESETS {
        let settings = WorldSettings::preset(preset).expect("it is one of them");
        assert_eq!(settings.check(), Ok(()), "{preset}");
    }
}
