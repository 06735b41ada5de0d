//! Which incidents an alert is linked to, and how strongly.

use std::cmp::Reverse;

use braid_alert::{Alert, EntityKind, IncidentId, LinkReason, Phase, Provider, Weight};

use super::alert::{AlertFacts, LinkFacts, Mention, Part, Who, gap_between, interval};
use super::company::Merges;
use super::history::History;
use super::{naming, weighing};

/// An incident that an alert is linked to.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) incident: IncidentId,
    pub(super) total: Weight,
    /// The part of it that may make one of any two incidents.
    pub(super) agreed: Weight,
    /// The part of it that may make one of two, one of which is a part of few alerts.
    pub(super) of_parts: Weight,
    /// The best link of each shared entity, the strongest first.
    pub(super) links: Vec<LinkFacts>,
}

/// The alert whose links are sought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seeker<'a> {
    pub(super) alert: &'a Alert,
    pub(super) mentions: &'a [Mention],
    pub(super) own: Option<IncidentId>,
}

/// A link as it is weighed.
#[derive(Debug, Clone)]
struct Linked {
    link: LinkFacts,
    /// Of which two incidents it may make one.
    merges: Merges,
    /// Both alerts merely aimed at what they share.
    aimed: bool,
}

impl History {
    /// The incidents that an alert with these mentions is linked to, strongest first; `own` is left out.
    pub(super) fn candidates(
        &self,
        alert: &Alert,
        mentions: &[Mention],
        own: Option<IncidentId>,
    ) -> Vec<Candidate> {
        let joining = mentions.iter().filter(|m| !m.context && self.entity(m.entity).joins());
        let seeker = Seeker { alert, mentions, own };
        let links: Vec<Linked> = joining.flat_map(|mention| self.links_by(&seeker, mention)).collect();
        let mut incidents: Vec<IncidentId> =
            links.iter().map(|linked| self.alert(linked.link.peer).incident).collect();
        incidents.sort();
        incidents.dedup();
        let mut candidates: Vec<Candidate> =
            incidents.into_iter().filter_map(|incident| self.candidate(alert, incident, &links)).collect();
        candidates.sort_by_key(|c| (Reverse(c.total), self.first_activity(c.incident), c.incident));
        candidates
    }

    /// What links an alert to one incident: the best link of each shared entity. Tools count together no more than
    /// `files_max`, and are not asked at all where nothing else links and that could not suffice. Of what both alerts merely
    /// aimed at the strongest link counts, and merges nothing.
    fn candidate(&self, alert: &Alert, incident: IncidentId, links: &[Linked]) -> Option<Candidate> {
        let settings = &self.settings;
        let mut best: Vec<Linked> = Vec::new();
        let into = links.iter().filter(|linked| self.alert(linked.link.peer).incident == incident);
        for linked in into {
            let rank = |l: &LinkFacts| (Reverse(l.weight), l.gap, l.peer);
            match best.iter_mut().find(|known| self.meant(&known.link.who) == self.meant(&linked.link.who)) {
                Some(known) if rank(&linked.link) < rank(&known.link) => *known = linked.clone(),
                Some(_) => {}
                None => best.push(linked.clone()),
            }
        }
        best.sort_by_key(|linked| (Reverse(linked.link.weight), self.meant(&linked.link.who)));
        let is_tool = |l: &Linked| weighing::is_tool(&self.entity(self.meant(&l.link.who)).kind);
        if best.iter().all(is_tool) && settings.weights.files_max < settings.join_at {
            return None;
        }
        let sum = |which: &dyn Fn(&Linked) -> bool| {
            let weights = best.iter().filter(|linked| which(linked)).map(|linked| linked.link.weight);
            weights.fold(Weight::ZERO, Weight::plus)
        };
        let tools = sum(&is_tool).min(settings.weights.files_max);
        let aimed = best.iter().filter(|l| l.aimed && !is_tool(l)).map(|l| l.link.weight).max();
        let bystanders = tools.plus(aimed.unwrap_or(Weight::ZERO));
        let total = sum(&|l| !is_tool(l) && !l.aimed).plus(bystanders);
        let merging = |least| sum(&|l| !is_tool(l) && !l.aimed && l.merges >= least).plus(tools);
        let (agreed, of_parts) = (merging(Merges::Any), merging(Merges::Parts));
        let links = best.into_iter().map(|linked| linked.link).collect();
        let mut candidate = Candidate { incident, total, agreed, of_parts, links };
        if total > bystanders {
            self.add_sequence(&mut candidate, alert);
        }
        Some(candidate)
    }

    /// The links of an alert by one entity: to the alerts nearest in time that mention it, each side of the beginning of
    /// its activity, in incidents that still take alerts.
    fn links_by(&self, seeker: &Seeker<'_>, here: &Mention) -> Vec<Linked> {
        let nearest = self.nearest_mentioners(here.entity, seeker.alert.first_activity, self.nearest_most());
        let drawing = nearest.into_iter().filter(|(peer, there)| {
            !there.context && Some(peer.incident) != seeker.own && self.takes_alerts(peer.incident)
        });
        drawing
            .map(|(peer, there)| {
                let mut link = self.link(seeker.alert, here, peer, &there);
                let others_within = |within| self.others(seeker, here.entity, peer.incident, within);
                let others = others_within(self.settings.partner_window);
                let (left, merges) = self.agreement(seeker, here, peer, &there, others);
                let is_mere = self.is_mere_account(here) || self.is_mere_account(&there);
                let crowding = if is_mere {
                    let namesakes = others_within(self.settings.half_lives.other);
                    weighing::crowding(namesakes, self.settings.crowd_accounts)
                } else {
                    weighing::crowding(others, self.settings.crowd_incidents)
                };
                link.weight = link.weight.times(crowding).times(left);
                let aimed = here.part == Part::Target && there.part == Part::Target;
                let alone = is_mere || self.entity(here.entity).kind == EntityKind::Threat;
                Linked { link, merges: if alone { Merges::Alone } else { merges }, aimed }
            })
            .filter(|linked| linked.link.weight >= self.settings.link_min)
            .collect()
    }

    pub(super) fn nearest_most(&self) -> usize {
        self.settings.nearest_mentions as usize
    }

    /// kind × role here × certainty here × rarity × role there × certainty there × nearness, each product rounded down.
    pub(super) fn link(
        &self,
        alert: &Alert,
        here: &Mention,
        peer: &AlertFacts,
        there: &Mention,
    ) -> LinkFacts {
        let (entity, settings) = (self.entity(here.entity), &self.settings);
        let of = |alert: &Alert| interval(alert, settings.activity_max);
        let gap = gap_between(of(alert), of(&peer.alert));
        let weight = weighing::kind(&entity.kind, settings)
            .times(weighing::part(here.part, settings))
            .times(self.certainty(here, &alert.provider))
            .times(weighing::rarity(self.partners(entity.id), settings))
            .times(weighing::part(there.part, settings))
            .times(self.certainty(there, &peer.alert.provider))
            .times(weighing::nearness(&entity.kind, gap, settings));
        let reason = reason_of(&entity.kind, here, there);
        LinkFacts { peer: peer.arrival, who: here.who.clone(), reason, weight, gap }
    }

    /// Certain is what hangs on a name that holds everywhere. What a cloud product calls an address is seen from outside.
    fn certainty(&self, mention: &Mention, provider: &Provider) -> Weight {
        let cloud = [
            Provider::DefenderForCloudApps,
            Provider::DefenderForOffice365,
            Provider::EntraIdProtection,
            Provider::AppGovernance,
            Provider::DataLossPrevention,
        ];
        let is_address = self.entity(mention.entity).kind == EntityKind::Address;
        let from_outside = is_address && cloud.contains(provider);
        weighing::certainty(named_for_certain(mention) && !mention.bound && !from_outside, &self.settings)
    }

    /// Whether it is an account that is named without its domain.
    fn is_mere_account(&self, mention: &Mention) -> bool {
        self.entity(mention.entity).kind == EntityKind::User && !named_for_certain(mention)
    }

    /// Whether an incident still takes alerts: it had news within `late_join`.
    pub(super) fn takes_alerts(&self, incident: IncidentId) -> bool {
        self.clock.since(self.incidents[&incident].last_changed) < self.settings.late_join
    }

    /// The next step of the kill chain by a user or host, in its order, adds to the sum; if it is needed to reach the
    /// threshold, it is the reason. Tools and what was merely aimed at show no order.
    fn add_sequence(&self, candidate: &mut Candidate, alert: &Alert) {
        let best = &mut candidate.links[0];
        let people_or_hosts =
            [EntityKind::User, EntityKind::Mailbox, EntityKind::Host, EntityKind::MobileDevice];
        if !people_or_hosts.contains(&self.entity(self.meant(&best.who)).kind) {
            return;
        }
        let peer = &self.alert(best.peer).alert;
        let step = |alert: &Alert| alert.phase.as_ref().and_then(Phase::step);
        let (Some(mine), Some(theirs)) = (step(alert), step(peer)) else { return };
        let in_order = match mine.cmp(&theirs) {
            std::cmp::Ordering::Greater => alert.first_activity >= peer.first_activity,
            std::cmp::Ordering::Less => alert.first_activity <= peer.first_activity,
            std::cmp::Ordering::Equal => false,
        };
        if in_order {
            if candidate.total < self.settings.join_at {
                best.reason = LinkReason::EventSequence;
            }
            candidate.total = candidate.total.plus(self.settings.sequence_bonus);
            for sum in [&mut candidate.agreed, &mut candidate.of_parts] {
                if *sum > Weight::ZERO {
                    *sum = sum.plus(self.settings.sequence_bonus);
                }
            }
        }
    }
}

fn named_for_certain(mention: &Mention) -> bool {
    matches!(&mention.who, Who::Named(name) if naming::is_certain(&name.kind))
}

fn reason_of(kind: &EntityKind, here: &Mention, there: &Mention) -> LinkReason {
    let aimed_at = here.part == Part::Target || there.part == Part::Target;
    match kind {
        _ if here.bound || there.bound => LinkReason::SameNetworkSegment,
        EntityKind::User | EntityKind::Mailbox if aimed_at => LinkReason::SameTargetedAsset,
        EntityKind::User | EntityKind::Mailbox | EntityKind::CloudLogon => LinkReason::SameActor,
        EntityKind::Address | EntityKind::Url | EntityKind::Threat => LinkReason::SharedIndicators,
        EntityKind::MailCluster => LinkReason::SameCampaign,
        EntityKind::VendorIncident => LinkReason::SameVendorIncident,
        EntityKind::MailMessage | EntityKind::File | EntityKind::Process | EntityKind::Registry => {
            LinkReason::SimilarArtifacts
        }
        _ => LinkReason::SameTargetedAsset,
    }
}
