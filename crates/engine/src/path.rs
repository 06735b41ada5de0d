//! How an attacker went from host to host: what an analyst would draw on a whiteboard.
//!
//! A *hop* is explicit where one alert names the host that was left and the host that was reached. It is implicit where an
//! account acts on a host for the first time, after it has acted on another, and the alert is one of lateral movement or
//! stands beyond it; going back is no movement, and of hosts on which it turns up within a minute none is the way to another:
//! something was started on all of them from where it was before. An account that was nowhere before has been taken on the
//! way: it comes to a host that the attack has not touched from where the attack was last. A domain controller that an attack asks for tickets or names is not
//! reached by that; nobody is followed through a hub, for whoever comes out of it may be another one than who went in; and
//! an account that is a hub, as service accounts are, is no trace of anybody.

use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{Alert, EntityKind, EventTime, Hop, Phase, Span};
use smallvec::SmallVec;

use crate::alert_state::{AlertState, Part};
use crate::slots::{AlertRef, EntityRef};
use crate::tenant_state::TenantState;

/// How many hops a record shows; the first ones, where the path began.
const HOPS_MAX: usize = 64;

/// How long an account must have been on a host to have gone on from there: nobody moves by hand within seconds.
const STAY_MIN: Span = Span::minutes(1);

/// Tags by which products mark a domain controller.
const CONTROLLER_TAGS: [&str; 2] = ["DomainController", "Domain controller"];

/// Whether an alert stands where an attacker moves between hosts, or has moved already: lateral movement, or what comes
/// after it on the way of an attack.
pub(crate) fn is_movement(alert: &Alert) -> bool {
    let known = alert.phase.as_ref().filter(|phase| !matches!(phase, Phase::Other(_)));
    known.is_some_and(|phase| *phase >= Phase::LateralMovement)
}

/// The way so far.
#[derive(Default)]
struct Walk {
    /// Hosts that are there to be asked.
    asked: BTreeSet<EntityRef>,
    /// Where each account went, and since when it was there.
    stays: BTreeMap<EntityRef, Vec<(EntityRef, EventTime)>>,
    /// Which account has been seen on which host.
    seen: BTreeSet<(EntityRef, EntityRef)>,
    /// Where the attack went, whoever acted, and since when it was there.
    trail: Vec<(EntityRef, EventTime)>,
    /// Hosts that the attack has touched.
    touched: BTreeSet<EntityRef>,
    taken: BTreeSet<Step>,
    hops: Vec<Hop>,
}

impl Walk {
    /// Where an account that turns up on a host has come from: where it was last, if it had the time to go on.
    fn left(&self, user: EntityRef, host: EntityRef, at: EventTime) -> Option<EntityRef> {
        let before = |stays: &[(EntityRef, EventTime)]| {
            let long_ago = stays.iter().rfind(|(_, since)| at.since(*since) >= STAY_MIN);
            long_ago.map(|&(host, _)| host)
        };
        let own = self.stays.get(&user).and_then(|stays| before(stays));
        own.or_else(|| before(&self.trail).filter(|_| !self.touched.contains(&host)))
    }
}

/// Notes where something is since when, unless it was there already.
fn arrive(stays: &mut Vec<(EntityRef, EventTime)>, host: EntityRef, at: EventTime) {
    if stays.last().is_none_or(|&(last, _)| last != host) {
        stays.push((host, at));
    }
}

/// The account, the host left and the host reached.
type Step = (Option<EntityRef>, EntityRef, EntityRef);

/// Some entities of one alert.
type Cast = SmallVec<[EntityRef; 2]>;

/// Who and where, of one alert.
struct Scene {
    users: Cast,
    /// Hosts that the activity came from.
    sources: Cast,
    /// Hosts that it came to.
    reached: Cast,
    /// Hosts that stood by.
    beside: Cast,
}

impl TenantState {
    /// The lateral movement that alerts in the order of their story show.
    pub(crate) fn path_of(&self, story: &[AlertRef]) -> Vec<Hop> {
        let mut walk = Walk { asked: self.asked_in(story), ..Walk::default() };
        for &slot in story {
            let state = &self.alerts[slot];
            let scene = self.scene_of(&walk, state);
            if scene.sources.is_empty() || scene.reached.is_empty() {
                self.follow(&mut walk, &scene, state);
            } else {
                self.name_hops(&mut walk, &scene, state);
            }
            if walk.hops.len() == HOPS_MAX {
                break;
            }
        }
        walk.hops
    }

    /// The alert itself names both ends.
    fn name_hops(&self, walk: &mut Walk, scene: &Scene, state: &AlertState) {
        let user = scene.users.first().copied();
        for &from in &scene.sources {
            for &to in scene.reached.iter().filter(|&&to| to != from) {
                self.take_hop(walk, (user, from, to), state, true);
            }
        }
        let at = state.alert.first_activity;
        self.stay(walk, scene, &scene.sources, at);
        let hit = self.cast_as(Part::Impacted, EntityKind::Host, state);
        self.stay(walk, scene, &hit, at);
    }

    /// The same account, on another host than before.
    fn follow(&self, walk: &mut Walk, scene: &Scene, state: &AlertState) {
        let named: Cast = scene.sources.iter().chain(&scene.reached).copied().collect();
        let hosts = if named.is_empty() { &scene.beside } else { &named };
        for &user in scene.users.iter().filter(|_| is_movement(&state.alert)) {
            for &host in hosts {
                let is_new = !walk.seen.contains(&(user, host));
                if let Some(from) = walk.left(user, host, state.alert.first_activity).filter(|_| is_new) {
                    self.take_hop(walk, (Some(user), from, host), state, false);
                }
            }
        }
        self.stay(walk, scene, hosts, state.alert.first_activity);
    }

    /// Notes where the accounts of an alert are after it.
    fn stay(&self, walk: &mut Walk, scene: &Scene, hosts: &[EntityRef], at: EventTime) {
        for &user in &scene.users {
            walk.seen.extend(hosts.iter().map(|&host| (user, host)));
        }
        walk.touched.extend(hosts);
        if let Some(&host) = hosts.iter().rfind(|&&host| !self.entities[host].hub) {
            arrive(&mut walk.trail, host, at);
            for &user in &scene.users {
                arrive(walk.stays.entry(user).or_default(), host, at);
            }
        }
    }

    /// The first of each account, host left and host reached counts.
    fn take_hop(&self, walk: &mut Walk, step: Step, state: &AlertState, explicit: bool) {
        // Who it was is known already, if somebody was seen to go there from here.
        let nameless =
            step.0.is_none() && walk.taken.iter().any(|&(_, from, to)| (from, to) == (step.1, step.2));
        if walk.hops.len() < HOPS_MAX && !nameless && walk.taken.insert(step) {
            let id = |slot: EntityRef| self.entities[slot].id;
            let (user, from, to) = (step.0.map(id), id(step.1), id(step.2));
            let (at, alert) = (state.alert.first_activity, state.key());
            walk.hops.push(Hop { user, from, to, at, alert, explicit });
        }
    }

    fn scene_of(&self, walk: &Walk, state: &AlertState) -> Scene {
        let mut users = Cast::new();
        for part in [Part::Source, Part::Impacted, Part::Related] {
            users.extend(self.cast_as(part, EntityKind::User, state));
        }
        users.retain(|user| !self.entities[*user].hub);
        let hosts = |part| self.cast_as(part, EntityKind::Host, state);
        let mut reached = hosts(Part::Impacted);
        if is_movement(&state.alert) {
            let aimed_at = hosts(Part::Target).into_iter();
            reached.extend(aimed_at.filter(|&host| !self.was_asked(walk, host, &state.alert)));
        }
        Scene { users, sources: hosts(Part::Source), reached, beside: hosts(Part::Related) }
    }

    /// Those of a kind that play a part in an alert, by number: mentions stand in the order in which revisions came.
    fn cast_as(&self, part: Part, kind: EntityKind, state: &AlertState) -> Cast {
        let mentions = state.mentions.iter().filter(|m| m.part == part && !m.context).map(|m| m.entity);
        let fits = |&slot: &EntityRef| self.entities[slot].kind == kind && self.entities[slot].joins();
        let mut cast: Cast = mentions.filter(fits).collect();
        cast.sort_by_key(|&slot| self.entities[slot].id);
        cast
    }

    /// Whether a host that an alert is aimed at is a domain controller that was merely asked, and not one that was taken.
    fn was_asked(&self, walk: &Walk, host: EntityRef, alert: &Alert) -> bool {
        let entity = &self.entities[host];
        let controls = entity.hub
            || walk.asked.contains(&host)
            || entity.tags().iter().any(|tag| CONTROLLER_TAGS.contains(&&**tag));
        controls && alert.phase == Some(Phase::LateralMovement)
    }

    /// Hosts that reconnaissance or logons in this story are aimed at: that is what domain controllers are for.
    fn asked_in(&self, story: &[AlertRef]) -> BTreeSet<EntityRef> {
        let before = story.iter().map(|&slot| &self.alerts[slot]).filter(|state| !is_movement(&state.alert));
        before.flat_map(|state| self.cast_as(Part::Target, EntityKind::Host, state)).collect()
    }
}
