//! An entity as the index holds it: its names, its mentions in order of event time, its partners.

use braid_alert::{EntityId, EntityKind, EventTime, SourceTime, Span};
use smallvec::SmallVec;

use crate::dossier::Dossier;
use crate::slots::NameRef;
use crate::state::{BindingRecord, PartnerRecord};
use crate::timeline::Timeline;
use crate::weighing::HubMeasure;

/// How many partners are counted; a hub has met that many, and meeting more changes nothing. A bound on what a hub costs and
/// no decision: `hub_partners` is no larger, so that whoever has met this many weighs half at most.
pub(crate) const PARTNERS_MAX: usize = 64;

/// How many sightings with a host an address remembers; the oldest goes first. A bound: an address that changes hands more
/// often than this within `ip_binding` belongs into `ip_binding_excluded`.
const BINDINGS_MAX: usize = 8;

/// How many names an entity may bear; it bounds what one poisoned name can make grow. Further ones are not learned; two
/// entities that would have more together are not united.
pub(crate) const NAMES_MAX: usize = 64;

#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) id: EntityId,
    pub(crate) kind: EntityKind,
    /// In the order in which they were learned.
    pub(crate) names: SmallVec<[NameRef; 4]>,
    /// Which of them were named together, as places in `names`.
    pub(crate) ties: SmallVec<[(u8, u8); 4]>,
    pub(crate) mentions: Timeline,
    /// What a person would call it, where the names do not say.
    pub(crate) label: Option<Box<str>>,
    pub(crate) partners: Vec<PartnerRecord>,
    /// The name that it bears stands for several entities.
    pub(crate) ambiguous: bool,
    /// An address that the outside sees.
    pub(crate) egress: bool,
    /// It joins nothing, by command.
    pub(crate) excluded: bool,
    /// What people said of it keeps it, mentioned or not (see `identity::ruling`).
    pub(crate) ruled: bool,
    /// Too many had met it when it was last met. Follows from `partners` (see [`Self::is_hub`]), and does not change
    /// with the clock, so that a record does not depend on when it is made.
    pub(crate) hub: bool,
    pub(crate) dirty: bool,
    /// What few entities have.
    pub(crate) rare: Option<Box<RareTraits>>,
}

/// Hosts that an address named. Most addresses are a host's for long, and have two sightings.
pub(crate) type Bindings = SmallVec<[BindingRecord; 2]>;

/// Traits that most entities lack, kept aside so that the others do not pay for them.
#[derive(Debug, Default)]
pub(crate) struct RareTraits {
    pub(crate) tags: Vec<Box<str>>,
    pub(crate) bindings: Bindings,
    /// What even fewer have.
    pub(crate) dossier: Option<Box<Dossier>>,
}

impl Entity {
    pub(crate) fn new(id: EntityId, kind: EntityKind) -> Self {
        Self {
            id,
            kind,
            names: SmallVec::new(),
            ties: SmallVec::new(),
            mentions: Timeline::default(),
            label: None,
            partners: Vec::new(),
            ambiguous: false,
            egress: false,
            excluded: false,
            ruled: false,
            hub: false,
            dirty: true,
            rare: None,
        }
    }

    pub(crate) fn joins(&self) -> bool {
        !self.ambiguous && !self.egress && !self.excluded
    }

    pub(crate) fn rare(&mut self) -> &mut RareTraits {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn tags(&self) -> &[Box<str>] {
        self.rare.as_ref().map_or(&[], |rare| &rare.tags)
    }

    pub(crate) fn bindings(&self) -> &[BindingRecord] {
        self.rare.as_ref().map_or(&[], |rare| &rare.bindings)
    }

    /// Whether somebody tagged it as one that many use: a service account, a jump host.
    pub(crate) fn is_shared(&self, tags: &[Box<str>]) -> bool {
        // Most entities have no traits, and are done here.
        self.rare.is_some() && self.every_tag().any(|tag| tags.iter().any(|t| t.eq_ignore_ascii_case(tag)))
    }

    /// Ties two names, unless that is known. Returns whether it was new.
    pub(crate) fn tie(&mut self, a: NameRef, b: NameRef) -> bool {
        let Some(tie) = self.tie_between(a, b).filter(|tie| !self.ties.contains(tie)) else { return false };
        self.ties.push(tie);
        true
    }

    /// Whether it is known that two of its names were named together.
    pub(crate) fn are_tied(&self, a: NameRef, b: NameRef) -> bool {
        self.tie_between(a, b).is_none_or(|tie| self.ties.contains(&tie))
    }

    /// The tie of two different names of it.
    fn tie_between(&self, a: NameRef, b: NameRef) -> Option<(u8, u8)> {
        let place = |name| self.names.iter().position(|&n| n == name).map(|place| place as u8);
        let (a, b) = (place(a)?, place(b)?);
        (a != b).then_some((a.min(b), a.max(b)))
    }

    /// Takes a tie back: the two were named together by mistake.
    pub(crate) fn untie(&mut self, a: NameRef, b: NameRef) {
        let names = &self.names;
        let is_it = |&(x, y): &(u8, u8)| {
            let pair = (names[usize::from(x)], names[usize::from(y)]);
            pair == (a, b) || pair == (b, a)
        };
        self.ties.retain(|tie| !is_it(tie));
    }

    /// How many distinct partners it has met within the window before `now`.
    pub(crate) fn partners_since(&self, now: SourceTime, window: Span) -> usize {
        partners_since(&self.partners, now, window)
    }

    /// Whether it had met too many within the window before it was last met.
    pub(crate) fn is_hub(&self, measure: HubMeasure) -> bool {
        self.partners_lately(measure.window) >= measure.partners_min
    }

    /// How many it had met within the window before it was last met. Does not change with the clock.
    pub(crate) fn partners_lately(&self, window: Span) -> usize {
        let Some(last) = self.partners.iter().map(|p| p.hour).max() else { return 0 };
        let since = last.saturating_sub(hours_in(window));
        self.partners.iter().filter(|p| p.hour >= since).count()
    }

    /// Whether to note this partner now would change anything.
    pub(crate) fn would_meet(&self, partner: EntityId, now: SourceTime) -> bool {
        let hour = hour_of(now);
        match self.partners.iter().find(|p| p.entity == partner) {
            Some(known) => known.hour != hour,
            None => self.partners.len() < PARTNERS_MAX || self.partners.iter().any(|p| p.hour < hour),
        }
    }

    /// Notes a partner. Returns whether that changed anything: within an hour nothing changes twice, so that a hub's
    /// record is not written again with every alert.
    pub(crate) fn meet(&mut self, partner: EntityId, now: SourceTime, window: Span) -> bool {
        let hour = hour_of(now);
        if let Some(known) = self.partners.iter_mut().find(|p| p.entity == partner) {
            return std::mem::replace(&mut known.hour, hour) != hour;
        }
        // Swept when the list is about to grow, and by its length alone: capacities differ after a restore.
        if self.partners.len() >= 8 && self.partners.len().is_power_of_two() {
            let since = hour_of(now - window);
            self.partners.retain(|p| p.hour >= since);
        }
        if self.partners.len() >= PARTNERS_MAX {
            return self.replace_oldest_partner(partner, hour);
        }
        self.partners.push(PartnerRecord { entity: partner, hour });
        true
    }

    /// Takes over whom another entity, which turned out to be this one, has met: of more than are counted the latest.
    pub(crate) fn absorb_partners(&mut self, gone: EntityId, others: Vec<PartnerRecord>) {
        for other in others.into_iter().filter(|p| p.entity != self.id) {
            match self.partners.iter_mut().find(|p| p.entity == other.entity) {
                Some(known) => known.hour = known.hour.max(other.hour),
                None => self.partners.push(other),
            }
        }
        self.partners.retain(|p| p.entity != gone);
        if self.partners.len() > PARTNERS_MAX {
            self.partners.sort_by_key(|p| (std::cmp::Reverse(p.hour), p.entity));
            self.partners.truncate(PARTNERS_MAX);
        }
    }

    /// A saturated hub keeps its partners of this hour: which of them does not matter, and nothing is written.
    fn replace_oldest_partner(&mut self, partner: EntityId, hour: i32) -> bool {
        let oldest =
            self.partners.iter_mut().min_by_key(|p| (p.hour, p.entity)).expect("there are 64 partners");
        if oldest.hour >= hour {
            return false;
        }
        *oldest = PartnerRecord { entity: partner, hour };
        true
    }

    /// Notes that an address named this host at that time. Sightings are kept in order of time, those of one host that
    /// have others of the same host close on both sides left out: an address may be handed on and come back, and late
    /// news must find its holder of the hour. Returns whether that was news.
    pub(crate) fn bind(&mut self, host: EntityId, at: EventTime, apart: Span) -> bool {
        let bindings = &mut self.rare().bindings;
        let place = bindings.partition_point(|b| (b.at, b.host) < (at, host));
        bindings.insert(place, BindingRecord { host, at });
        if is_between_its_own(bindings, place, apart) {
            bindings.remove(place);
            return false;
        }
        leave_out_between(bindings, apart);
        if bindings.len() > BINDINGS_MAX {
            bindings.remove(0);
        }
        true
    }

    /// What it named as one host it named as another one, for the two are one. Returns whether it did.
    pub(crate) fn rebind(&mut self, from: EntityId, to: EntityId, apart: Span) -> bool {
        let bindings = &mut self.rare().bindings;
        let mut bound = false;
        for binding in bindings.iter_mut().filter(|b| b.host == from) {
            binding.host = to;
            bound = true;
        }
        bindings.sort_by_key(|b| (b.at, b.host));
        leave_out_between(bindings, apart);
        bound
    }

    /// The host that the address named last before that time, if that was within `validity`; else the one that it named
    /// next after it. Who was seen with an address holds it until somebody else is, however soon after that: a later
    /// holder shows only that it has changed hands by then. Hosts that are not known any more stand in nobody's way.
    pub(crate) fn bound_to(
        &self,
        at: EventTime,
        validity: Span,
        is_known: impl Fn(EntityId) -> bool,
    ) -> Option<EntityId> {
        let distance = |b: &BindingRecord| Span::micros(at.since(b.at).as_micros().saturating_abs());
        let near = self.bindings().iter().filter(|b| distance(b) <= validity && is_known(b.host));
        near.min_by_key(|b| (b.at > at, distance(b), b.host)).map(|b| b.host)
    }
}

/// How many of these have been met within the window before `now`.
pub(crate) fn partners_since(partners: &[PartnerRecord], now: SourceTime, window: Span) -> usize {
    let since = hour_of(now - window);
    partners.iter().filter(|p| p.hour >= since).count()
}

/// How far apart two sightings of a host may be for those between them to say nothing more, if `ip_binding` is no shorter:
/// then the two reach over what lies between. It saves room, and decides nothing unless the address was another host's
/// in between without being seen there.
pub(crate) const SIGHTINGS_APART: Span = Span::hours(4);

/// Whether a sighting stands between two of the same host that are close enough, or is one of them once more.
fn is_between_its_own(bindings: &[BindingRecord], place: usize, apart: Span) -> bool {
    let there = |place: Option<usize>| place.and_then(|place| bindings.get(place));
    let (before, here, after) = (there(place.checked_sub(1)), &bindings[place], there(Some(place + 1)));
    if before == Some(here) || after == Some(here) {
        return true;
    }
    matches!((before, after), (Some(b), Some(a))
        if b.host == here.host && a.host == here.host && a.at.since(b.at) <= apart)
}

fn leave_out_between(bindings: &mut Bindings, apart: Span) {
    let mut place = 0;
    while place < bindings.len() {
        if is_between_its_own(bindings, place, apart) {
            bindings.remove(place);
        } else {
            place += 1;
        }
    }
}

fn hours_in(span: Span) -> i32 {
    i32::try_from(span.as_micros() / Span::hours(1).as_micros()).unwrap_or(i32::MAX)
}

/// The hour that an instant is in, counted from 1970.
fn hour_of(at: SourceTime) -> i32 {
    i32::try_from(at.as_micros().div_euclid(Span::hours(1).as_micros())).unwrap_or(i32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saturated_hub_is_not_written_again_within_the_hour() {
        let mut hub = Entity::new(EntityId(0), EntityKind::Host);
        let (now, window) = (SourceTime::from_millis(7_200_000_000), Span::hours(24));
        for partner in 1..=PARTNERS_MAX as i64 {
            assert!(hub.meet(EntityId(partner), now, window));
        }
        assert!(!hub.would_meet(EntityId(1_000), now) && !hub.meet(EntityId(1_000), now, window));
        assert!(!hub.meet(EntityId(7), now, window));
        assert_eq!(hub.partners_since(now, window), PARTNERS_MAX);
        let later = now + Span::hours(1);
        assert!(hub.would_meet(EntityId(1_000), later), "the next hour is news");
        assert!(hub.meet(EntityId(1_000), later, window));
        assert_eq!(hub.partners_since(now + Span::hours(26), window), 0);
    }

    #[test]
    fn an_address_names_the_host_of_the_hour() {
        let mut address = Entity::new(EntityId(0), EntityKind::Address);
        let at = |hours: i64| EventTime::from_millis(hours * 3_600_000);
        address.bind(EntityId(1), at(10), SIGHTINGS_APART);
        address.bind(EntityId(2), at(14), SIGHTINGS_APART);
        let named =
            |address: &Entity, hours: i64| address.bound_to(at(hours), Span::hours(8), |_| true).map(|e| e.0);
        assert_eq!(
            [9, 11, 13, 22, 23].map(|hours| named(&address, hours)),
            [Some(1), Some(1), Some(1), Some(2), None]
        );
        assert!(address.bind(EntityId(1), at(18), SIGHTINGS_APART), "it comes back");
        assert_eq!(
            [11, 15, 17, 18].map(|hours| named(&address, hours)),
            [Some(1), Some(2), Some(2), Some(1)]
        );
    }

    #[test]
    fn sightings_between_two_of_the_same_host_are_left_out_and_the_oldest_go_first() {
        let mut address = Entity::new(EntityId(0), EntityKind::Address);
        let at = |minutes: i64| EventTime::from_millis(minutes * 60_000);
        for minutes in [0, 60, 120, 90] {
            address.bind(EntityId(1), at(minutes), SIGHTINGS_APART);
        }
        assert!(!address.bind(EntityId(1), at(120), SIGHTINGS_APART), "seen already");
        let kept: Vec<_> = address.bindings().iter().map(|b| b.at).collect();
        assert_eq!(kept, [at(0), at(120)]);
        for turn in 0..20 {
            address.bind(EntityId(turn), at(1_000 + turn), SIGHTINGS_APART);
        }
        assert_eq!(address.bindings().len(), BINDINGS_MAX);
        assert_eq!(address.bindings()[0].host, EntityId(12));
        address.rebind(EntityId(13), EntityId(12), SIGHTINGS_APART);
        address.rebind(EntityId(14), EntityId(12), SIGHTINGS_APART);
        let hosts: Vec<_> = address.bindings().iter().map(|b| b.host.0).collect();
        assert_eq!(hosts, [12, 12, 15, 16, 17, 18, 19]);
    }
}
