//! An attack: it takes root on one host, goes on to others with the accounts that it finds, and ends at the domain.

use std::collections::BTreeSet;

use braid_alert::EventTime;

use super::draw;
use super::estate::{Estate, Thing};
use super::finding::{Actor, Finding, Reporter};
use super::noise::{COMMON_FILES, share_of_these};
use crate::Rng;

/// From here on things are numbered that one attack alone has.
const OWN: usize = 1_000_000;

/// How far an attack is.
struct Campaign<'a> {
    estate: &'a Estate,
    number: usize,
    /// The hosts that it holds, in the order in which it took them.
    hosts: Vec<usize>,
    /// The accounts that it has.
    users: Vec<Thing>,
    /// The hosts and accounts that any attack has taken, by number.
    taken: &'a mut BTreeSet<usize>,
    reporter: Reporter<'a>,
}

/// A host, with its user, that no attack has taken yet: of two attacks that hold one host at the same time, nobody who
/// looks at it could say that they are two. Jump hosts, service accounts and domain controllers they do share.
fn take(estate: &Estate, rng: &mut Rng, taken: &mut BTreeSet<usize>) -> usize {
    const DRAWS_MAX: usize = 64;
    let mut host = estate.ordinary(rng);
    for _ in 0..DRAWS_MAX {
        if taken.insert(host) {
            break;
        }
        host = estate.ordinary(rng);
    }
    host
}

/// The findings about one attack, in the order of what happened.
pub(super) fn findings(
    estate: &Estate,
    number: usize,
    begins: EventTime,
    rng: &mut Rng,
    episode: usize,
    taken: &mut BTreeSet<usize>,
) -> Vec<Finding> {
    let settings = &estate.settings;
    let sizes = &settings.campaign_alerts;
    let size = sizes.start() + rng.below(sizes.end() - sizes.start() + 1);
    let host = take(estate, rng, taken);
    let reporter = Reporter { rng, episode };
    let (hosts, users) = (vec![host], vec![Thing::User(host)]);
    let mut campaign = Campaign { estate, number, hosts, users, taken, reporter };
    let mut at = begins;
    let mut found = Vec::new();
    while found.len() < size {
        let rests = campaign.at_work(size, &mut at, &mut found);
        campaign.rest(size, &mut at, rests, &mut found);
    }
    found
}

impl Campaign<'_> {
    /// The intruder's hours of work. Returns until when a rest follows.
    fn at_work(&mut self, size: usize, at: &mut EventTime, found: &mut Vec<Finding>) -> EventTime {
        let settings = &self.estate.settings;
        let until = *at + draw::about(self.reporter.rng, settings.campaign_session);
        while *at < until && found.len() < size {
            found.push(self.step(found.len(), size, *at));
            *at = *at + draw::waiting(self.reporter.rng, settings.campaign_gap);
        }
        *at + draw::about(self.reporter.rng, settings.campaign_rest)
    }

    /// Meanwhile the program that was left on the last host reports home; on a jump host nothing is left.
    fn rest(&mut self, size: usize, at: &mut EventTime, until: EventTime, found: &mut Vec<Finding>) {
        let own = self.hosts.iter().rev().find(|host| !self.estate.is_jump_host(**host));
        let host = *own.expect("it began on a host that is none");
        let user = self.users[self.users.len() - 1];
        while *at < until && found.len() < size {
            let (program, home) = (Thing::File(OWN + self.number), Thing::Address(OWN + self.number * 2));
            found.push(self.reporter.on_host(*at, Actor { host, user }, &[program], Some(home)));
            *at = *at + draw::about(self.reporter.rng, self.estate.settings.campaign_beacon);
        }
    }

    fn step(&mut self, step: usize, size: usize, at: EventTime) -> Finding {
        let actor = self.actor();
        let day = draw::day(at);
        let estate = self.estate;
        if step < 2 && self.number % 10 < 7 {
            let link = Thing::Url(OWN + self.number);
            return match step {
                0 => self.reporter.mail(at, actor.user, Thing::Mail(OWN + self.number), link),
                _ => self.reporter.click(at, actor, link),
            };
        }
        // It takes some eight hosts in all, and two or three accounts, whatever its size.
        let share = |events: usize| (1_000 * events / size) as u32;
        let rng = &mut *self.reporter.rng;
        if rng.chance(share(7)) {
            return self.go_on(actor, at, day);
        }
        if rng.chance(share(2)) {
            return self.steal(actor, at);
        }
        if rng.chance(share_of_these(estate.settings.domain_controller_share)) {
            let controller = estate.domain_controller(rng);
            return self.reporter.with_controller(at, actor, controller, day);
        }
        if rng.chance(estate.settings.egress_share) {
            let from = if rng.chance(600) { estate.egress(rng) } else { self.steered_from() };
            return self.reporter.in_cloud(at, actor.user, from);
        }
        let files = self.tools();
        let outside = self.reporter.rng.chance(200).then(|| self.steered_from());
        self.reporter.on_host(at, actor, &files, outside)
    }

    /// Mostly it works where it came last, with the account that it got last.
    fn actor(&mut self) -> Actor {
        let rng = &mut *self.reporter.rng;
        let last = |n: usize, rng: &mut Rng| if rng.chance(600) { n - 1 } else { rng.below(n) };
        let host = self.hosts[last(self.hosts.len(), rng)];
        let service = rng.chance(self.estate.settings.service_account_share);
        let user =
            if service { self.estate.service_account(rng) } else { self.users[last(self.users.len(), rng)] };
        Actor { host, user }
    }

    fn go_on(&mut self, actor: Actor, at: EventTime, day: i64) -> Finding {
        let rng = &mut *self.reporter.rng;
        let to =
            if rng.chance(150) { self.estate.jump_host(rng) } else { take(self.estate, rng, self.taken) };
        if !self.hosts.contains(&to) {
            self.hosts.push(to);
        }
        self.reporter.between_hosts(at, actor, to, day)
    }

    fn steal(&mut self, actor: Actor, at: EventTime) -> Finding {
        let stolen = Thing::User(take(self.estate, self.reporter.rng, self.taken));
        self.users.push(stolen);
        self.reporter.credential_used(at, actor, stolen)
    }

    /// Its own program beside what everybody uses.
    fn tools(&mut self) -> Vec<Thing> {
        let rng = &mut *self.reporter.rng;
        let mut files = vec![Thing::File(rng.below(COMMON_FILES))];
        if rng.chance(400) {
            files.push(Thing::File(OWN + self.number));
        }
        files
    }

    /// Two addresses and a name outside.
    fn steered_from(&mut self) -> Thing {
        let own = OWN + self.number * 2;
        match self.reporter.rng.below(3) {
            0 => Thing::Url(2 * OWN + self.number),
            n => Thing::Address(own + n - 1),
        }
    }
}
