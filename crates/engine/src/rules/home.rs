//! Where an alert that a rule has raised belongs.

use std::cmp::Reverse;

use braid_alert::{Alert, Correlate, LinkReason, Span, Weight};
use smallvec::SmallVec;

use crate::alert_state::{LinkState, Mention};
use crate::join::{Candidate, Candidates};
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;

/// An incident that some of the alerts are in that a rule fired on.
struct Home {
    group: GroupRef,
    contributors: usize,
    link: LinkState,
}

impl TenantState {
    /// Adds the incidents of the alerts that a rule fired on. What it raised happened when they did, so no time between them
    /// weakens the links; otherwise they weigh what links weigh, and a hub that alerts have in common merges nothing.
    ///
    /// It belongs where most of those alerts are, however weak the links are: a rule that counts hosts of one user fires on a
    /// hub. With equally many, where the attack began first.
    pub(crate) fn favour(
        &self,
        candidates: &mut Candidates,
        alert: &Alert,
        mentions: &[Mention],
        contributors: &[AlertRef],
        weighing: &Weighing,
    ) {
        let homes = self.homes(alert, mentions, contributors, weighing);
        let rank = |group: GroupRef| (self.groups[group].first_activity, self.groups[group].incident.id);
        let most = homes.iter().max_by_key(|home| (home.contributors, Reverse(rank(home.group))));
        let Some(favoured) = most.map(|home| home.group) else { return };
        let join_at = weighing.settings.join_at;
        for Home { group, mut link, .. } in homes {
            if group == favoured {
                link.weight = link.weight.max(join_at);
            }
            let known =
                candidates.iter().position(|c| c.group == group).map(|place| candidates.remove(place));
            let stronger = known.filter(|known| known.total >= link.weight);
            candidates.push(stronger.unwrap_or_else(|| Candidate::of(group, link)));
        }
        candidates.sort_by_key(|c| (c.group != favoured, Reverse(c.total), rank(c.group)));
    }

    fn homes(
        &self,
        alert: &Alert,
        mentions: &[Mention],
        contributors: &[AlertRef],
        weighing: &Weighing,
    ) -> SmallVec<[Home; 4]> {
        let mut homes: SmallVec<[Home; 4]> = SmallVec::new();
        for &peer in contributors {
            let state = &self.alerts[peer];
            let group = &self.groups[state.group];
            let takes = group.takes_alerts(self.clock, weighing.settings.late_join);
            if !takes || state.alert.correlate != Correlate::Full {
                continue;
            }
            let Some(link) = self.link_to(alert, mentions, peer, weighing) else { continue };
            match homes.iter_mut().find(|home| home.group == state.group) {
                Some(home) => {
                    home.contributors += 1;
                    if link.weight > home.link.weight {
                        home.link = link;
                    }
                }
                None => homes.push(Home { group: state.group, contributors: 1, link }),
            }
        }
        homes
    }

    /// The strongest link to one of those alerts by an entity of both.
    fn link_to(
        &self,
        alert: &Alert,
        mentions: &[Mention],
        peer: AlertRef,
        weighing: &Weighing,
    ) -> Option<LinkState> {
        let weigh = |here: &Mention| {
            let there = self.alerts[peer].mentions.iter().find(|there| there.entity == here.entity)?;
            let entity = &self.entities[here.entity];
            let joins = entity.joins() && !here.context && !there.context;
            let weight =
                self.weight_here(here, entity, &alert.provider, weighing).times(weighing.part(there.part));
            Some((if joins { weight } else { Weight::ZERO }, entity.id, here.entity))
        };
        let best = mentions.iter().filter_map(weigh).max_by_key(|&(weight, id, _)| (weight, Reverse(id)));
        best.map(|(weight, _, entity)| LinkState {
            peer,
            entity,
            reason: LinkReason::RuleFired,
            weight,
            gap: Span::ZERO,
        })
    }
}
