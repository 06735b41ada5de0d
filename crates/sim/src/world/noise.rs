//! What is found all the time and belongs to no attack: short episodes, each for itself.

use braid_alert::{EventTime, Span};

use super::draw;
use super::estate::{Estate, Thing};
use super::finding::{Actor, Finding, Reporter};
use crate::Rng;

/// How many programs everybody uses.
pub(super) const COMMON_FILES: usize = 40;

/// The findings of one episode.
pub(super) fn findings(estate: &Estate, begins: EventTime, rng: &mut Rng, episode: usize) -> Vec<Finding> {
    match rng.below(1_000) {
        0..10 => scan(estate, begins, rng, episode),
        10..40 => phishing(estate, begins, rng, episode),
        40..180 => {
            let owner = estate.ordinary(rng);
            vec![Reporter { rng, episode }.on_phone(begins, owner)]
        }
        180..200 => {
            let host = estate.jump_host(rng);
            let user = Thing::User(estate.ordinary(rng));
            somebody(estate, Actor { host, user }, begins, rng, episode)
        }
        200..300 => {
            let (host, user) = (estate.ordinary(rng), Thing::User(estate.ordinary(rng)));
            somebody(estate, Actor { host, user }, begins, rng, episode)
        }
        _ => {
            let host = estate.ordinary(rng);
            somebody(estate, Actor { host, user: Thing::User(host) }, begins, rng, episode)
        }
    }
}

/// One user on one host does something that looks odd: one to four findings within an hour or so.
fn somebody(
    estate: &Estate,
    mut actor: Actor,
    begins: EventTime,
    rng: &mut Rng,
    episode: usize,
) -> Vec<Finding> {
    let settings = &estate.settings;
    if rng.chance(settings.service_account_share) {
        actor = Actor { host: estate.server(rng), user: estate.service_account(rng) };
    }
    let size = [1, 1, 1, 1, 2, 2, 3, 4][rng.below(8)];
    let file = Thing::File(rng.below(COMMON_FILES));
    let mut at = begins;
    let mut found = Vec::new();
    for _ in 0..size {
        let mut reporter = Reporter { rng: &mut *rng, episode };
        found.push(one(estate, &mut reporter, actor, at, file));
        at = at + draw::waiting(rng, Span::minutes(10));
    }
    found
}

fn one(estate: &Estate, reporter: &mut Reporter<'_>, actor: Actor, at: EventTime, file: Thing) -> Finding {
    let settings = &estate.settings;
    if reporter.rng.chance(share_of_these(settings.domain_controller_share)) {
        let controller = estate.domain_controller(reporter.rng);
        return reporter.with_controller(at, actor, controller, draw::day(at));
    }
    if reporter.rng.chance(settings.egress_share) {
        let from = estate.egress(reporter.rng);
        return reporter.in_cloud(at, actor.user, from);
    }
    // Now and then an address outside, of some ten thousand that are met by chance.
    let outside = reporter.rng.chance(150).then(|| Thing::Address(1_000 + reporter.rng.below(10_000)));
    reporter.on_host(at, actor, &[file], outside)
}

/// Telephones and mails, a seventh of the findings, have no part in what goes on in the network: the others make up for
/// them, so that a share is one of all findings.
pub(super) const fn share_of_these(per_mille: u32) -> u32 {
    per_mille * 7 / 6
}

/// A scanner goes over some hosts: this is one episode, however many it probes.
fn scan(estate: &Estate, begins: EventTime, rng: &mut Rng, episode: usize) -> Vec<Finding> {
    let from = estate.scanner(rng);
    let size = 2 + rng.below(5);
    let mut at = begins;
    let mut found = Vec::new();
    for _ in 0..size {
        let to = if rng.chance(estate.settings.domain_controller_share) {
            estate.domain_controller(rng)
        } else {
            Thing::Host(estate.server(rng))
        };
        found.push(Reporter { rng: &mut *rng, episode }.scan(at, from, to));
        at = at + draw::waiting(rng, Span::minutes(5));
    }
    found
}

/// One mail to several people, of whom somebody opens the link.
fn phishing(estate: &Estate, begins: EventTime, rng: &mut Rng, episode: usize) -> Vec<Finding> {
    let (mail, link) = (Thing::Mail(episode), Thing::Url(episode));
    let mut at = begins;
    let mut found = Vec::new();
    for _ in 0..1 + rng.below(3) {
        let host = estate.ordinary(rng);
        let actor = Actor { host, user: Thing::User(host) };
        let clicks = rng.chance(250);
        let mut reporter = Reporter { rng: &mut *rng, episode };
        found.push(reporter.mail(at, actor.user, mail, link));
        if clicks {
            found.push(reporter.click(at + Span::minutes(15), actor, link));
        }
        at = at + draw::waiting(rng, Span::minutes(3));
    }
    found
}
