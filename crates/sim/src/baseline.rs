//! What others do, to compare with: union of whatever shares an entity, with and without means against hubs, and the
//! simplest join by weighed links.
//!
//! They are told the truth about names: each is given what an alert is *about*, not what a product calls it. So what they
//! get wrong is the joining alone.

use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{EventTime, Span};

use crate::agreement::Assignment;
use crate::world::{Arrival, Thing, World};

/// One of each alert, in the order in which they first arrive.
fn first_arrivals(world: &World) -> Vec<&Arrival> {
    let mut known = BTreeSet::new();
    world.arrivals.iter().filter(|arrival| known.insert(arrival.number)).collect()
}

/// What a thing is to somebody who joins by it: a host's own address stands for the host.
const fn joined_by(thing: Thing) -> Thing {
    match thing {
        Thing::HostAddress(host, _) => Thing::Host(host),
        other => other,
    }
}

const fn is_file(thing: &Thing) -> bool {
    matches!(thing, Thing::File(_))
}

/// Sets that grow together.
#[derive(Debug, Default)]
struct Sets(Vec<usize>);

impl Sets {
    fn add(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len() - 1
    }

    fn root(&mut self, mut of: usize) -> usize {
        while self.0[of] != of {
            self.0[of] = self.0[self.0[of]];
            of = self.0[of];
        }
        of
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Union of all alerts that share a thing which `joins`, whenever they happened.
pub fn union(world: &World, joins: impl Fn(&Thing) -> bool) -> Assignment {
    let alerts = first_arrivals(world);
    let mut sets = Sets::default();
    let mut owner: BTreeMap<Thing, usize> = BTreeMap::new();
    for arrival in &alerts {
        let alert = sets.add();
        for thing in arrival.things.iter().map(|&thing| joined_by(thing)).filter(|thing| joins(thing)) {
            match owner.get(&thing) {
                Some(&other) => sets.unite(alert, other),
                None => drop(owner.insert(thing, alert)),
            }
        }
    }
    assigned(&alerts, &mut sets, |alert| alert)
}

fn assigned(alerts: &[&Arrival], sets: &mut Sets, set_of: impl Fn(usize) -> usize) -> Assignment {
    let name = |(n, arrival): (usize, &&Arrival)| {
        (arrival.alert.id.as_str().to_owned(), sets.root(set_of(n)).to_string())
    };
    alerts.iter().enumerate().map(name).collect()
}

/// Union by any user, host, address, mail or URL. Files are left out, to its advantage.
pub fn naive_union(world: &World) -> Assignment {
    union(world, |thing| !is_file(thing))
}

/// The same without what more than so many alerts are about.
pub fn count_ceiling(world: &World, alerts_max: usize) -> Assignment {
    let mut counts: BTreeMap<Thing, usize> = BTreeMap::new();
    for arrival in first_arrivals(world) {
        arrival.things.iter().for_each(|&thing| *counts.entry(joined_by(thing)).or_default() += 1);
    }
    union(world, |thing| !is_file(thing) && counts[thing] <= alerts_max)
}

/// The same without what somebody has put on a list: domain controllers, egress addresses and service accounts.
pub fn stop_list(world: &World) -> Assignment {
    union(world, |thing| !is_file(thing) && !world.is_hub(thing))
}

/// The numbers of [`sketch`].
#[derive(Debug, Clone, Copy)]
pub struct Sketch {
    /// The gap that halves a link by user, host or address.
    pub half_life: Span,
    /// What a user weighs.
    pub user: f64,
    /// How many partners within a day halve a weight.
    pub partners: f64,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { half_life: Span::hours(1), user: 1.0, partners: 10.0 }
    }
}

/// Joins where the sum of weighed links reaches 0.25 and merges where it reaches 0.8. A link weighs what its kind does,
/// less for each partner within a day and for the time between. No roles, no certainty, no phases.
pub fn sketch(world: &World, numbers: Sketch) -> Assignment {
    let alerts = first_arrivals(world);
    let mut state = Sketched::default();
    let mut sets = Sets::default();
    for arrival in &alerts {
        let set = sets.add();
        state.take(world, arrival, set, numbers, &mut sets);
    }
    assigned(&alerts, &mut sets, |alert| alert)
}

/// What the sketch remembers: of each thing when it was met and in which set, and its partners.
#[derive(Debug, Default)]
struct Sketched {
    met: BTreeMap<Thing, Vec<(EventTime, EventTime, usize)>>,
    partners: BTreeMap<Thing, BTreeMap<Thing, EventTime>>,
}

impl Sketched {
    fn take(&mut self, world: &World, arrival: &Arrival, set: usize, numbers: Sketch, sets: &mut Sets) {
        let things: BTreeSet<Thing> = arrival
            .things
            .iter()
            .map(|&thing| joined_by(thing))
            .filter(|thing| !world.is_egress(thing))
            .collect();
        let (start, last) = (arrival.alert.first_activity, arrival.alert.last_activity);
        let end = if last.since(start) < Span::hours(2) { last } else { start };
        let totals = self.totals(&things, (start, end), numbers, sets);
        let best = totals.iter().max_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, total)| **total >= 0.25);
        if let Some((&best, _)) = best {
            sets.unite(set, best);
            for (&other, _) in totals.iter().filter(|(_, total)| **total >= 0.8) {
                sets.unite(set, other);
            }
        }
        for &thing in &things {
            self.met.entry(thing).or_default().push((start, end, set));
            for &partner in things.iter().filter(|&&other| other != thing && is_partner(&other)) {
                self.partners.entry(thing).or_default().insert(partner, start);
            }
        }
    }

    /// The sum of links to each set.
    fn totals(
        &self,
        things: &BTreeSet<Thing>,
        (start, end): (EventTime, EventTime),
        numbers: Sketch,
        sets: &mut Sets,
    ) -> BTreeMap<usize, f64> {
        let (mut totals, mut files) = (BTreeMap::new(), BTreeMap::new());
        for thing in things {
            let (kind, half_life) = weight(thing, numbers);
            let day_ago = start - Span::hours(24);
            let partners =
                self.partners.get(thing).map_or(0, |p| p.values().filter(|&&at| at >= day_ago).count());
            let rarity = 1.0 / (1.0 + (partners as f64 / numbers.partners).powi(4));
            let mut best: BTreeMap<usize, f64> = BTreeMap::new();
            for &(from, to, set) in self.met.get(thing).into_iter().flatten() {
                let gap = from.since(end).max(start.since(to)).max(Span::ZERO);
                let nearness = 0.5_f64.powf(gap.as_seconds_f64() / half_life.as_seconds_f64());
                let link = best.entry(sets.root(set)).or_insert(0.0);
                *link = link.max(kind * rarity * nearness);
            }
            let sums = if is_file(thing) { &mut files } else { &mut totals };
            best.into_iter().for_each(|(set, link)| *sums.entry(set).or_insert(0.0) += link);
        }
        for (set, sum) in files {
            *totals.entry(set).or_insert(0.0) += f64::min(sum, 0.15);
        }
        totals
    }
}

const fn is_partner(thing: &Thing) -> bool {
    matches!(thing, Thing::User(_) | Thing::Host(_) | Thing::Phone(_))
}

const fn weight(thing: &Thing, numbers: Sketch) -> (f64, Span) {
    match thing {
        Thing::User(_) => (numbers.user, numbers.half_life),
        Thing::Host(_) | Thing::HostAddress(..) | Thing::Phone(_) => (1.0, numbers.half_life),
        Thing::Mail(_) => (1.0, Span::days(3)),
        Thing::Url(_) => (0.3, Span::hours(2)),
        Thing::Address(_) => (0.3, numbers.half_life),
        Thing::File(_) => (0.1, numbers.half_life),
    }
}
