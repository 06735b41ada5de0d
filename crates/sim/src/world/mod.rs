//! Worlds with ground truth: an organisation, attacks on it, and everything else that raises alerts there.
//!
//! An *episode* is what belongs together: an attack of several days, or a short piece of noise. Each alert is about one
//! episode, which is its label. What makes it hard is what makes the real thing hard: noise and attacks meet on domain
//! controllers, egress addresses, jump hosts and service accounts, in the roles that products give them (mostly none);
//! an attacker works on hosts that raise alerts of their own; each product has other names for the same host and user;
//! addresses are handed on from day to day; alerts come late, out of order, twice and with news.

mod campaign;
mod draw;
mod estate;
mod feed;
mod finding;
mod noise;
mod settings;

use std::collections::BTreeSet;

use braid_alert::{Alert, EventTime, Span};
use braid_engine::{Change, Input, Partition, Settings, StateRecord};

pub use estate::Thing;
pub use settings::WorldSettings;

use crate::Rng;
use crate::agreement::Assignment;
use estate::Estate;
use finding::Finding;

/// A world that has been played to its end.
#[derive(Debug)]
pub struct World {
    /// Its alerts in the order in which they arrive, repetitions and revisions included.
    pub arrivals: Vec<Arrival>,
    episodes: Vec<Box<str>>,
    of_alerts: Vec<usize>,
    settings: WorldSettings,
}

/// An alert that arrives.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// As a product sends it.
    pub alert: Alert,
    /// Which alert it is: the same number comes again with a repetition or a revision.
    pub number: usize,
    /// What it is about in truth, whatever the product calls it: who knows that needs no resolution of names.
    pub things: Vec<Thing>,
}

impl World {
    /// Plays the world of a seed.
    pub fn new(settings: WorldSettings, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let estate = Estate::new(settings.clone(), seed);
        let mut episodes = Vec::new();
        let mut found = campaigns(&estate, &mut rng, &mut episodes);
        fill_with_noise(&estate, &mut rng, &mut episodes, &mut found);
        found.sort_by_key(|finding| finding.start);
        let of_alerts = found.iter().map(|finding| finding.episode).collect();
        let arrivals = feed::arrivals(&estate, found, &mut rng);
        Self { arrivals, episodes, of_alerts, settings }
    }

    /// What belongs together: each alert's label, by the alert's id.
    pub fn truth(&self) -> Assignment {
        let labels = self.arrivals.iter().map(|arrival| (arrival.alert.id.as_str(), self.label(arrival)));
        labels.map(|(alert, label)| (alert.to_owned(), label.to_owned())).collect()
    }

    /// What the engine makes of it: the group that each alert is in at the end, by the alert's id.
    pub fn play(&self, settings: Settings) -> Assignment {
        let mut partition = Partition::new(settings);
        let mut effects = Vec::new();
        for arrival in &self.arrivals {
            partition.apply(Input::Alert(Box::new(arrival.alert.clone())), &mut effects);
            effects.clear();
        }
        let group = |change: Change| match change {
            Change::Put(record) => match *record {
                StateRecord::Alert(record) => {
                    Some((record.alert.id.as_str().to_owned(), record.group.to_string()))
                }
                _ => None,
            },
            Change::Delete(_) => None,
        };
        partition.drain_changes().into_iter().filter_map(group).collect()
    }

    /// What an arrival belongs to: `campaign-7` or `noise-1234`.
    pub fn label(&self, arrival: &Arrival) -> &str {
        &self.episodes[self.of_alerts[arrival.number]]
    }

    /// Whether a label is that of an attack.
    pub fn is_campaign(label: &str) -> bool {
        label.starts_with("campaign-")
    }

    /// Whether a thing is an address behind which the whole organisation stands.
    pub const fn is_egress(&self, thing: &Thing) -> bool {
        matches!(thing, Thing::Address(number) if *number < self.settings.egress_addresses)
    }

    /// Whether a thing is a domain controller.
    pub const fn is_domain_controller(&self, thing: &Thing) -> bool {
        matches!(thing, Thing::Host(number) if *number < self.settings.domain_controllers)
    }

    /// Whether a thing is a service's account.
    pub const fn is_service_account(&self, thing: &Thing) -> bool {
        matches!(thing, Thing::User(number) if *number >= self.settings.hosts)
    }

    /// Whether a thing is one that everybody meets: what an administrator would put on a stop list.
    pub const fn is_hub(&self, thing: &Thing) -> bool {
        self.is_egress(thing) || self.is_domain_controller(thing) || self.is_service_account(thing)
    }
}

fn campaigns(estate: &Estate, rng: &mut Rng, episodes: &mut Vec<Box<str>>) -> Vec<Finding> {
    let settings = &estate.settings;
    let start = EventTime::from_micros(settings.start.as_micros());
    // The last ones begin so that most of what they do falls into the time of the world.
    let within = Span::micros(settings.lasts.as_micros() / 5 * 4);
    let (mut found, mut taken) = (Vec::new(), BTreeSet::new());
    for number in 0..settings.campaigns {
        let seconds = (within.as_micros() / 1_000_000) as usize;
        let begins = start + Span::seconds(rng.below(seconds) as i64);
        let episode = episodes.len();
        episodes.push(format!("campaign-{}", number + 1).into());
        found.append(&mut campaign::findings(estate, number, begins, rng, episode, &mut taken));
    }
    found
}

fn fill_with_noise(estate: &Estate, rng: &mut Rng, episodes: &mut Vec<Box<str>>, found: &mut Vec<Finding>) {
    let settings = &estate.settings;
    let start = EventTime::from_micros(settings.start.as_micros());
    let attacks = episodes.len();
    while found.len() < settings.alerts {
        let episode = episodes.len();
        episodes.push(format!("noise-{}", episode - attacks + 1).into());
        let begins = draw::moment(rng, start, settings.lasts);
        found.append(&mut noise::findings(estate, begins, rng, episode));
    }
    found.truncate(settings.alerts.max(attacks));
}
