//! Near misses: the incidents that an alert was linked to and did not join, and why not.
//!
//! Whoever wonders why two incidents are two finds the answer on the alert that might have made them one. Most alerts
//! have none: what was linked trifling (below `near_at`) is not told, and of the rest each alert keeps the two strongest.
//! They speak of ids and keys, not of slots, so that what happens to the other incident later does not change them.

use std::cmp::Reverse;

use braid_alert::{Alert, AlertKey, Correlate, NearMiss, NearMissReason, Weight};
use smallvec::SmallVec;

use crate::MergeRefused;
use crate::alert_state::{LinkState, interval};
use crate::identity::Mentions;
use crate::join::{Candidate, link_to};
use crate::slots::{AlertRef, GroupRef};
use crate::state::NearRecord;
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;

/// What an alert came near to, the strongest first.
pub(crate) type NearMisses = SmallVec<[NearRecord; 2]>;

/// How many an alert keeps.
const KEPT_MAX: usize = 2;

/// How many an incident's record shows.
const SHOWN_MAX: usize = 64;

/// How many mentions of a hub are looked at on each side of the alert's time: hubs are busy, and one answer is enough.
const HUB_MENTIONS: usize = 2;

/// What a near miss is reckoned to cost, for the byte budget.
const NEAR_BYTES: u64 = 128;

impl TenantState {
    /// A candidate that an alert does not join, for this reason; its alerts are in this group by now.
    pub(crate) fn miss(&self, candidate: &Candidate, group: GroupRef, reason: NearMissReason) -> NearRecord {
        self.miss_by(&candidate.links[0], group, candidate.total, reason)
    }

    fn miss_by(
        &self,
        link: &LinkState,
        group: GroupRef,
        total: Weight,
        reason: NearMissReason,
    ) -> NearRecord {
        NearRecord {
            incident: self.groups[group].incident.id,
            peer: self.alerts[link.peer].key(),
            entity: self.entities[link.entity].id,
            total,
            reason,
        }
    }

    /// What an alert that joins `joined`, or opens an incident, comes near to. Candidates that it may yet merge are left
    /// to the merge, which answers with a reason of its own.
    pub(crate) fn near_misses(
        &self,
        alert: &Alert,
        mentions: &Mentions,
        joined: Option<GroupRef>,
        candidates: &[Candidate],
        weighing: &Weighing,
    ) -> NearMisses {
        let settings = &weighing.settings;
        let mut near = NearMisses::new();
        if alert.correlate == Correlate::Off {
            return near;
        }
        let merges = |c: &&Candidate| {
            joined.is_some() && alert.correlate == Correlate::Full && c.total >= settings.merge_at
        };
        let told = candidates.iter().filter(|c| c.total >= settings.near_at && Some(c.group) != joined);
        for candidate in told.filter(|c| !merges(c)) {
            let reason = match candidate.total {
                total if total < settings.join_at => NearMissReason::TooWeak,
                _ if !self.takes(candidate.group, alert, weighing) => NearMissReason::Closed,
                _ => NearMissReason::JoinedBetter,
            };
            near.push(self.miss(candidate, candidate.group, reason));
        }
        self.add_hubs(&mut near, alert, mentions, joined, weighing);
        near
    }

    /// Incidents that the alert would have joined, were an entity of it not a hub or tagged as shared by many.
    pub(crate) fn add_hubs(
        &self,
        near: &mut NearMisses,
        alert: &Alert,
        mentions: &Mentions,
        own: Option<GroupRef>,
        weighing: &Weighing,
    ) {
        let at = interval(alert, weighing.settings.activity_max);
        for mention in mentions.iter().filter(|m| !m.context) {
            let entity = &self.entities[mention.entity];
            let is_shared = entity.is_shared(&weighing.settings.shared_tags);
            // The length first: it is at hand, and all but hubs end here.
            let may_be_hub = is_shared || entity.partners.len() >= self.hub_measure.partners_min;
            if !may_be_hub || !entity.joins() {
                continue;
            }
            let partners = entity.partners_since(self.clock, weighing.settings.partner_window);
            let here = self.weight_of(mention, entity, &alert.provider, weighing);
            let nearest = entity.mentions.nearest(at.0, HUB_MENTIONS).filter(|there| {
                let takes =
                    |g: GroupRef| self.groups[g].takes_alerts(self.clock, weighing.settings.late_join);
                let is_hub = is_shared || weighing.is_hub(partners);
                is_hub && !there.context && Some(there.group) != own && takes(there.group)
            });
            for there in nearest {
                let Some(link) = link_to(mention, entity, here, at, there, weighing) else { continue };
                let rarity = if is_shared { Weight::ZERO } else { weighing.rarity(partners) };
                let left = link.weight.times(rarity);
                if link.weight >= weighing.settings.join_at && left < weighing.settings.join_at {
                    let miss = self.miss_by(&link, there.group, link.weight, NearMissReason::Hub);
                    blame_hub(near, miss);
                }
            }
        }
    }

    /// Keeps the strongest of these with the alert, and of those that it had what still holds.
    pub(crate) fn note_near(&mut self, slot: AlertRef, mut near: NearMisses) {
        let own = self.alerts[slot].group;
        for known in self.alerts[slot].near().iter().cloned() {
            if !near.iter().any(|n| n.incident == known.incident) {
                near.push(known);
            }
        }
        near.retain(|n| self.group_of(n.incident) != Some(own));
        near.sort_by_key(|n| (Reverse(n.total), n.incident));
        near.truncate(KEPT_MAX);
        let state = &mut self.alerts[slot];
        self.state_bytes -= state.near_bytes();
        state.near = (!near.is_empty()).then(|| Box::new(near));
        self.state_bytes += state.near_bytes();
    }

    /// The near misses that an incident's record shows: those of its listed alerts whose incident is another one still,
    /// the strongest if there are many.
    pub(crate) fn near_of(&self, slot: GroupRef, story: &[AlertRef]) -> Vec<NearMiss> {
        let all = story.iter().enumerate().flat_map(|(place, &alert)| {
            self.alerts[alert].near().iter().map(move |near| (place, alert, near))
        });
        let mut shown: Vec<_> =
            all.filter(|(_, _, near)| self.group_of(near.incident) != Some(slot)).collect();
        if shown.len() > SHOWN_MAX {
            shown.sort_by_key(|(place, _, near)| (Reverse(near.total), *place));
            shown.truncate(SHOWN_MAX);
            shown.sort_by_key(|(place, _, near)| (*place, Reverse(near.total)));
        }
        shown.into_iter().map(|(_, alert, near)| told(self.alerts[alert].key(), near)).collect()
    }
}

impl crate::alert_state::AlertState {
    pub(crate) fn near(&self) -> &[NearRecord] {
        self.near.as_deref().map_or(&[], SmallVec::as_slice)
    }

    /// What its near misses cost, for the byte budget.
    pub(crate) fn near_bytes(&self) -> u64 {
        self.near().iter().map(|near| NEAR_BYTES + near.peer.id.as_str().len() as u64).sum()
    }
}

fn told(alert: AlertKey, near: &NearRecord) -> NearMiss {
    let NearRecord { incident, peer, entity, total, reason } = near.clone();
    NearMiss { alert, incident, peer, entity, total, reason }
}

/// Adds what a hub has kept apart. Where the links of the same incident were too weak, it is the hub that made them so.
fn blame_hub(near: &mut NearMisses, miss: NearRecord) {
    match near.iter_mut().find(|known| known.incident == miss.incident) {
        None => near.push(miss),
        Some(known) if known.reason == NearMissReason::TooWeak => *known = miss,
        Some(known) if known.reason == NearMissReason::Hub && known.total < miss.total => *known = miss,
        Some(_) => {}
    }
}

/// A refusal to merge, as a near miss tells it.
impl From<MergeRefused> for NearMissReason {
    fn from(refused: MergeRefused) -> Self {
        match refused {
            MergeRefused::Closed => Self::Closed,
            MergeRefused::Assignee => Self::Assignee,
            MergeRefused::Classification | MergeRefused::Determination => Self::Verdict,
            MergeRefused::CannotLink => Self::CannotLink,
            MergeRefused::AlertsMax
            | MergeRefused::EntitiesMax
            | MergeRefused::BytesMax
            | MergeRefused::SpanMax => Self::Full,
        }
    }
}
