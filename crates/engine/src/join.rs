//! Which incidents an alert is linked to, and how strongly.
//!
//! For each entity that the alert mentions, the mentions nearest in event time are looked at. A link weighs
//!
//! ```text
//! kind of the entity × its rarity × role here × role there × certainty here × certainty there × nearness in time
//! ```
//!
//! The best link of each shared entity counts; their sum is what the thresholds are about. Files together count no more
//! than `files_max`, for two attacks with the same tools are two attacks. The next step of the kill chain on a shared
//! entity adds to the sum.

use std::cmp::Reverse;

use braid_alert::{Alert, EntityId, EntityKind, EventTime, LinkReason, Phase, Provider, Span, Weight};
use smallvec::{SmallVec, smallvec};

use crate::Effect;
use crate::alert_state::{LinkState, Mention, Part, interval};
use crate::entity::{Entity, MentionAt};
use crate::identity::{Mentions, is_certain};
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::weighing::{Weighing, part_weight};

/// How many mentions of one entity are looked at on each side of the alert's time. What lies further away is not
/// nearer to anything; a busy entity is bounded by it to some hundred bytes of reading.
const NEAREST_MENTIONS: usize = 8;

/// What a weak name, or an address that stands for a host, leaves of a link.
const UNCERTAIN: Weight = Weight::from_millionths(700_000);

/// An incident that an alert is linked to.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) group: GroupRef,
    pub(crate) total: Weight,
    files: Weight,
    /// Best first; at least one.
    pub(crate) links: SmallVec<[LinkState; 2]>,
}

impl Candidate {
    /// An incident that a single link leads to.
    pub(crate) fn of(group: GroupRef, link: LinkState) -> Self {
        Self { group, total: link.weight, files: Weight::ZERO, links: smallvec![link] }
    }
}

/// Incidents in the order of preference: the strongest first.
pub(crate) type Candidates = SmallVec<[Candidate; 2]>;

/// The best link of one entity into one group.
type BestLinks = SmallVec<[(GroupRef, LinkState); 4]>;

impl TenantState {
    /// The incidents that an alert with these mentions is linked to, strongest first; `own` is left out.
    pub(crate) fn candidates(
        &self,
        alert: &Alert,
        mentions: &Mentions,
        own: Option<GroupRef>,
        weighing: &Weighing,
    ) -> Candidates {
        let at = interval(alert, weighing.settings.activity_max);
        let mut candidates = Candidates::new();
        // Tools by themselves cannot reach the threshold, so they are only asked about incidents that are linked
        // otherwise: a common file stands in many, and each would have to be weighed for nothing.
        let tools_suffice = weighing.settings.weights.files_max >= weighing.settings.join_at;
        for tools in [false, true] {
            let joining = mentions.iter().filter(|m| !m.context).map(|m| (m, &self.entities[m.entity]));
            for (mention, entity) in joining.filter(|(_, e)| is_tool(&e.kind) == tools && e.joins()) {
                let known = |group| !tools || tools_suffice || candidates.iter().any(|c| c.group == group);
                let here = self.weight_here(mention, entity, &alert.provider, weighing);
                let best = self.best_links(
                    mention,
                    entity,
                    here,
                    at,
                    |group| Some(group) != own && known(group),
                    weighing,
                );
                for (group, link) in best {
                    add_link(&mut candidates, group, link, tools, weighing);
                }
            }
        }
        for candidate in &mut candidates {
            candidate.links.sort_by_key(|link| (Reverse(link.weight), self.entities[link.entity].id));
            self.add_sequence(candidate, alert, weighing);
        }
        candidates.sort_by_key(|c| {
            let group = &self.groups[c.group];
            (Reverse(c.total), group.first_activity, group.incident.id)
        });
        candidates
    }

    /// What a mention weighs on this side of a link.
    pub(crate) fn weight_here(
        &self,
        mention: &Mention,
        entity: &Entity,
        provider: &Provider,
        weighing: &Weighing,
    ) -> Weight {
        let partners = entity.partners_since(self.clock, weighing.settings.partner_window);
        self.weight_of(mention, entity, provider, weighing).times(weighing.rarity(partners))
    }

    /// The same, if the entity had met nobody else.
    pub(crate) fn weight_of(
        &self,
        mention: &Mention,
        entity: &Entity,
        provider: &Provider,
        weighing: &Weighing,
    ) -> Weight {
        weighing
            .kind(&entity.kind)
            .times(part_weight(mention.part))
            .times(certainty(self.is_certain(mention, provider), mention.bound))
    }

    /// The best link of one entity into each group that `asked` is about.
    fn best_links(
        &self,
        mention: &Mention,
        entity: &Entity,
        here: Weight,
        at: (EventTime, EventTime),
        asked: impl Fn(GroupRef) -> bool,
        weighing: &Weighing,
    ) -> BestLinks {
        let mut best = BestLinks::new();
        if !weighing.counts(here) {
            return best;
        }
        for there in entity.nearest(at.0, NEAREST_MENTIONS).filter(|m| !m.context && asked(m.group)) {
            let Some(link) = link_to(mention, entity, here, at, there, weighing) else { continue };
            if self.groups[there.group].takes_alerts(self.clock, weighing.settings.late_join) {
                self.keep_best(&mut best, there.group, link);
            }
        }
        best
    }

    /// The best single link of an alert to one of these alerts of its own group, however long that has been silent.
    pub(crate) fn best_link_to(
        &self,
        slot: AlertRef,
        group: GroupRef,
        asked: impl Fn(AlertRef) -> bool,
        weighing: &Weighing,
    ) -> Option<LinkState> {
        let state = &self.alerts[slot];
        let at = state.interval(weighing.settings.activity_max);
        let mut best = BestLinks::new();
        for mention in state.mentions.iter().filter(|m| !m.context) {
            let entity = &self.entities[mention.entity];
            let here = self.weight_here(mention, entity, &state.alert.provider, weighing);
            if !entity.joins() || !weighing.counts(here) {
                continue;
            }
            let near = entity.nearest(at.0, NEAREST_MENTIONS).filter(|m| !m.context && m.group == group);
            for there in near.filter(|m| asked(m.alert)) {
                if let Some(link) = link_to(mention, entity, here, at, there, weighing) {
                    self.keep_best(&mut best, group, link);
                }
            }
        }
        best.pop().map(|(_, link)| link)
    }

    /// Whether a mention is tied to its entity by a name that holds everywhere. An address that a cloud product reports
    /// is seen from outside, where a whole organisation may stand behind it; that it is an egress shows only when an
    /// endpoint product says so, which may be later.
    pub(crate) fn is_certain(&self, mention: &Mention, provider: &Provider) -> bool {
        let from_outside = self.entities[mention.entity].kind == EntityKind::Address
            && matches!(
                provider,
                Provider::DefenderForCloudApps
                    | Provider::DefenderForOffice365
                    | Provider::EntraIdProtection
                    | Provider::AppGovernance
                    | Provider::DataLossPrevention
            );
        !from_outside && mention.anchor.is_some_and(|name| is_certain(&self.names.identifier(name).kind))
    }

    fn keep_best(&self, best: &mut BestLinks, group: GroupRef, link: LinkState) {
        match best.iter_mut().find(|(g, _)| *g == group) {
            None => best.push((group, link)),
            Some((_, known)) => {
                let rank = |l: &LinkState| {
                    (Reverse(l.weight), l.gap, self.alerts[l.peer].arrival, self.entities[l.entity].id)
                };
                if rank(&link) < rank(known) {
                    *known = link;
                }
            }
        }
    }

    /// The next step of the kill chain after (or before) the peer's makes a link by user or host stronger. A tool that
    /// both steps use says nothing about who follows whom.
    fn add_sequence(&self, candidate: &mut Candidate, alert: &Alert, weighing: &Weighing) {
        let step = |alert: &Alert| alert.phase.as_ref().and_then(Phase::step);
        let best = &mut candidate.links[0];
        if !is_partner(&self.entities[best.entity].kind) {
            return;
        }
        let peer = &self.alerts[best.peer].alert;
        let (Some(mine), Some(theirs)) = (step(alert), step(peer)) else { return };
        let follows = mine > theirs && alert.first_activity >= peer.first_activity;
        let precedes = mine < theirs && alert.first_activity <= peer.first_activity;
        if follows || precedes {
            if candidate.total < weighing.settings.join_at {
                best.reason = LinkReason::EventSequence;
            }
            candidate.total = candidate.total.plus(weighing.settings.sequence_bonus);
        }
    }

    /// Notes that the entities of an alert have met, and says which of them have become hubs by it.
    pub(crate) fn note_partners(
        &mut self,
        mentions: &Mentions,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) {
        let partners: SmallVec<[EntityId; 8]> = mentions
            .iter()
            .map(|m| &self.entities[m.entity])
            .filter(|e| e.joins() && is_partner(&e.kind))
            .map(|e| e.id)
            .collect();
        let (now, window) = (self.clock, weighing.settings.partner_window);
        for mention in mentions {
            let entity = &mut self.entities[mention.entity];
            if !counts_partners(&entity.kind) {
                continue;
            }
            let own = entity.id;
            let mut news = false;
            for &partner in partners.iter().filter(|&&p| p != own) {
                news |= entity.meet(partner, now, window);
            }
            if news {
                let is_hub = entity.is_hub(self.hub_measure);
                if entity.hub != is_hub {
                    self.before_change_of(mention.entity);
                    self.entities[mention.entity].hub = is_hub;
                    if is_hub {
                        effects.push(Effect::HubDemoted { tenant: self.tenant.clone(), entity: own });
                    }
                }
                self.touch_entity(mention.entity);
            }
        }
    }
}

/// The link between a mention and another one of the same entity, if it is worth a look.
pub(crate) fn link_to(
    mention: &Mention,
    entity: &Entity,
    here: Weight,
    at: (EventTime, EventTime),
    there: &MentionAt,
    weighing: &Weighing,
) -> Option<LinkState> {
    let gap = gap_between(at, (there.start, there.end));
    let weight = here
        .times(part_weight(there.part))
        .times(certainty(there.certain, there.bound))
        .times(weighing.nearness(&entity.kind, gap));
    weighing.counts(weight).then(|| {
        let reason = reason_of(&entity.kind, mention, there);
        LinkState { peer: there.alert, entity: mention.entity, reason, weight, gap }
    })
}

fn add_link(
    candidates: &mut Candidates,
    group: GroupRef,
    link: LinkState,
    is_tool: bool,
    weighing: &Weighing,
) {
    let place = candidates.iter().position(|c| c.group == group).unwrap_or_else(|| {
        candidates.push(Candidate {
            group,
            total: Weight::ZERO,
            files: Weight::ZERO,
            links: SmallVec::new(),
        });
        candidates.len() - 1
    });
    let candidate = &mut candidates[place];
    let counted = if is_tool {
        let room = Weight::from_millionths(
            (weighing.settings.weights.files_max.millionths() - candidate.files.millionths()).max(0),
        );
        let counted = link.weight.min(room);
        candidate.files = candidate.files.plus(counted);
        counted
    } else {
        link.weight
    };
    candidate.total = candidate.total.plus(counted);
    candidate.links.push(link);
}

/// What every attack uses, and everybody else: by themselves files, processes, registry keys and the organisation's own
/// cloud applications make no incident.
fn is_tool(kind: &EntityKind) -> bool {
    matches!(
        kind,
        EntityKind::File | EntityKind::Process | EntityKind::Registry | EntityKind::CloudApplication
    )
}

/// Whom one may meet: users and hosts make a hub, not the files and addresses around them.
fn is_partner(kind: &EntityKind) -> bool {
    matches!(kind, EntityKind::User | EntityKind::Host | EntityKind::MobileDevice | EntityKind::Mailbox)
}

/// Whose partners are counted. Files weigh little whoever shares them, and mails are few.
fn counts_partners(kind: &EntityKind) -> bool {
    !is_tool(kind) && !matches!(kind, EntityKind::MailMessage | EntityKind::MailCluster)
}

fn certainty(certain: bool, bound: bool) -> Weight {
    if certain && !bound { Weight::ONE } else { UNCERTAIN }
}

/// Time between two activities; zero if they overlap.
fn gap_between(a: (EventTime, EventTime), b: (EventTime, EventTime)) -> Span {
    a.0.since(b.1).max(b.0.since(a.1)).max(Span::ZERO)
}

fn reason_of(kind: &EntityKind, here: &Mention, there: &MentionAt) -> LinkReason {
    match kind {
        _ if here.bound || there.bound => LinkReason::SameNetworkSegment,
        EntityKind::User | EntityKind::Mailbox if here.part == Part::Target || there.part == Part::Target => {
            LinkReason::SameTargetedAsset
        }
        EntityKind::User | EntityKind::Mailbox | EntityKind::CloudLogon => LinkReason::SameActor,
        EntityKind::Address | EntityKind::Url => LinkReason::SharedIndicators,
        EntityKind::MailCluster => LinkReason::SameCampaign,
        EntityKind::File | EntityKind::Process | EntityKind::Registry | EntityKind::MailMessage => {
            LinkReason::SimilarArtifacts
        }
        _ => LinkReason::SameTargetedAsset,
    }
}
