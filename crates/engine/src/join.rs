//! Which incidents an alert is linked to, and how strongly.
//!
//! For each entity that the alert mentions, the mentions nearest in event time are looked at. A link weighs
//!
//! ```text
//! kind of the entity × its rarity × role here × role there × certainty here × certainty there × nearness in time
//!     × how few other incidents it stands in × whether user and host agree
//! ```
//!
//! The best link of each shared entity counts; their sum is what the thresholds are about. Files together count no more
//! than `files_max`, for two attacks with the same tools are two attacks; of what both alerts merely aimed at only the
//! strongest link counts, for a domain has several controllers and every attack asks them all. The next step of the kill chain on a shared
//! entity adds to the sum. What the last two factors are stands in [`crate::company`]; links on which user and host do
//! not agree may draw an alert in, but they merge nothing: a service account that was busy twice would make one attack
//! of two.

use std::cmp::Reverse;

use braid_alert::{Alert, EntityKind, EventTime, LinkReason, Phase, Provider, Span, Weight};
use smallvec::{SmallVec, smallvec};

use crate::alert_state::{LinkState, Mention, Part, interval};
use crate::company::{Company, Merges, Near, Neighbour, Standing, is_partner};
use crate::entity::Entity;
use crate::identity::{Mentions, is_certain};
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::timeline::MentionAt;
use crate::weighing::Weighing;

/// An incident that an alert is linked to.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) group: GroupRef,
    /// What the thresholds of a join are about.
    pub(crate) total: Weight,
    /// The part of it on which user and host agree: what the threshold of a merge of two grown incidents is about.
    pub(crate) agreed: Weight,
    /// The part of it that a merge with a small one is about: also that on which nothing says whether they agree.
    pub(crate) of_parts: Weight,
    files: Weight,
    /// The strongest link by what both alerts merely aimed at.
    aimed: Weight,
    /// Best first; at least one.
    pub(crate) links: SmallVec<[LinkState; 2]>,
}

impl Candidate {
    /// An incident that a single link leads to.
    pub(crate) fn of(group: GroupRef, link: LinkState) -> Self {
        let (total, agreed) = (link.weight, link.weight);
        Self {
            group,
            total,
            agreed,
            of_parts: agreed,
            files: Weight::ZERO,
            aimed: Weight::ZERO,
            links: smallvec![link],
        }
    }

    fn without_links(group: GroupRef) -> Self {
        Self {
            group,
            total: Weight::ZERO,
            agreed: Weight::ZERO,
            of_parts: Weight::ZERO,
            files: Weight::ZERO,
            aimed: Weight::ZERO,
            links: SmallVec::new(),
        }
    }
}

/// Incidents in the order of preference: the strongest first.
pub(crate) type Candidates = Vec<Candidate>;

/// A link into a group.
#[derive(Debug)]
struct Linked {
    group: GroupRef,
    link: LinkState,
    /// It may make one of two incidents.
    merges: Merges,
    /// Both alerts merely aimed at the entity.
    aimed: bool,
}

/// Which groups an entity is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    All,
    /// Those that another entity has led to.
    Candidates,
}

/// An entity that the alert mentions, as it is asked for links.
struct Seen<'a> {
    mention: &'a Mention,
    entity: &'a Entity,
    /// What the mention weighs on this side.
    here: Weight,
    /// Whether a name ties it that holds everywhere.
    certain: bool,
    near: &'a [Neighbour<'a>],
}

/// The alert whose links are sought.
#[derive(Clone, Copy)]
pub(crate) struct Seeker<'a> {
    pub(crate) mentions: &'a Mentions,
    /// Its activity, as far as it counts for nearness.
    pub(crate) at: (EventTime, EventTime),
    /// The group that it is in, if it is in one: it is not asked about, nor does it crowd the others out.
    pub(crate) own: Option<GroupRef>,
    pub(crate) weighing: &'a Weighing,
}

impl TenantState {
    /// The incidents that an alert with these mentions is linked to, strongest first; `own` is left out.
    pub(crate) fn candidates(
        &self,
        alert: &Alert,
        mentions: &Mentions,
        own: Option<GroupRef>,
        weighing: &Weighing,
    ) -> Candidates {
        let seeker = Seeker { mentions, at: interval(alert, weighing.settings.activity_max), own, weighing };
        let mut candidates = Candidates::new();
        // Tools by themselves cannot reach the threshold, so they are only asked about incidents that are linked
        // otherwise: a common file stands in many, and each would have to be weighed for nothing.
        let tools_suffice = weighing.settings.weights.files_max >= weighing.settings.join_at;
        let mut known: SmallVec<[(&Mention, &Entity); 8]> = SmallVec::new();
        for mention in mentions.iter().filter(|m| !m.context) {
            let entity = &self.entities[mention.entity];
            if !entity.mentions.is_empty() && entity.joins() {
                known.push((mention, entity));
            }
        }
        let mut near = Near::new();
        for tools in [false, true] {
            if tools && !tools_suffice && candidates.is_empty() {
                break;
            }
            let asked = if tools && !tools_suffice { Asked::Candidates } else { Asked::All };
            for &(mention, entity) in known.iter().filter(|(_, entity)| is_tool(&entity.kind) == tools) {
                let here = self.weight_here(mention, entity, &alert.provider, weighing);
                if weighing.counts(here) {
                    seeker.look_around(entity, &mut near);
                    let certain = self.is_certain(mention, &alert.provider);
                    let seen = Seen { mention, entity, here, certain, near: &near };
                    self.add_best_links(&seeker, &seen, asked, &mut candidates);
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
            .times(weighing.part(mention.part))
            .times(weighing.certainty(self.is_certain(mention, provider), mention.bound))
    }

    /// Adds the best link of one entity into each group that is asked about.
    fn add_best_links(
        &self,
        seeker: &Seeker<'_>,
        &Seen { mention, entity, here, certain, near }: &Seen<'_>,
        asked: Asked,
        candidates: &mut Candidates,
    ) {
        let weighing = seeker.weighing;
        let mut company = Company::new(self, seeker, entity, near);
        let mut found: SmallVec<[Found<'_>; 4]> = SmallVec::new();
        for &Neighbour { there, gap } in near {
            if asked == Asked::Candidates && !candidates.iter().any(|c| c.group == there.group) {
                continue;
            }
            let weight = weight_of_link(entity, here, gap, there, weighing);
            if !weighing.counts(weight) {
                continue;
            }
            let place = found.iter().position(|known| known.group == there.group).unwrap_or_else(|| {
                found.push(Found { group: there.group, standing: company.standing(there.group), best: None });
                found.len() - 1
            });
            let Found { standing: Some(standing), best, .. } = &mut found[place] else { continue };
            // An actor may be at work in two places at once: what it is said to be behind may be drawn in, and merges nothing.
            // Whoever bears a host's bare name is one machine of the network; an account's may be in any domain of it.
            let is_mere = entity.kind == EntityKind::User && !(certain && there.certain);
            let weight = weight.times(company.crowding(standing, is_mere));
            // Disagreement only takes away, and to know it the peer must be looked at.
            if best.as_ref().is_some_and(|known| known.weight > weight) {
                continue;
            }
            let agreement = company.agreement(standing, there);
            let weight = weight.times(agreement.left);
            let merges =
                if is_mere || entity.kind == EntityKind::Threat { Merges::Alone } else { agreement.merges };
            let link = Nearest { there, weight, gap, merges };
            if weighing.counts(weight) && best.as_ref().is_none_or(|known| link.rank() < known.rank()) {
                *best = Some(link);
            }
        }
        for Found { group, best, .. } in &found {
            if let Some(best) = best {
                add_link(candidates, best.linked(*group, mention, entity), is_tool(&entity.kind), weighing);
            }
        }
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
        let mut best: Option<LinkState> = None;
        for mention in state.mentions.iter().filter(|m| !m.context) {
            let entity = &self.entities[mention.entity];
            let here = self.weight_here(mention, entity, &state.alert.provider, weighing);
            if !entity.joins() || !weighing.counts(here) {
                continue;
            }
            let near = entity.mentions.nearest(at.0, weighing.settings.nearest_mentions as usize);
            for there in near.filter(|m| !m.context && m.group == group && asked(m.alert)) {
                let rank = |l: &LinkState| {
                    (Reverse(l.weight), l.gap, self.alerts[l.peer].arrival, self.entities[l.entity].id)
                };
                let link = link_to(mention, entity, here, at, there, weighing);
                best = best.into_iter().chain(link).min_by_key(rank);
            }
        }
        best
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

    /// The next step of the kill chain after (or before) the peer's makes a link by user or host stronger. A tool that
    /// both steps use says nothing about who follows whom, nor does a domain controller that both aim at.
    fn add_sequence(&self, candidate: &mut Candidate, alert: &Alert, weighing: &Weighing) {
        let step = |alert: &Alert| alert.phase.as_ref().and_then(Phase::step);
        let best = &mut candidate.links[0];
        let by_bystanders = candidate.total == candidate.aimed.plus(candidate.files);
        if by_bystanders || !is_partner(&self.entities[best.entity].kind) {
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
            let Candidate { total, agreed, of_parts, .. } = candidate;
            for sum in [total, agreed, of_parts].into_iter().filter(|sum| **sum > Weight::ZERO) {
                *sum = sum.plus(weighing.settings.sequence_bonus);
            }
        }
    }
}

/// What has been found of one group by one entity.
struct Found<'a> {
    group: GroupRef,
    /// `None` if it takes no more alerts.
    standing: Option<Standing>,
    best: Option<Nearest<'a>>,
}

/// A mention that a link may lead to, as it is compared with others of the same entity.
struct Nearest<'a> {
    there: &'a MentionAt,
    weight: Weight,
    gap: Span,
    /// Whether user and host agree on it.
    merges: Merges,
}

impl Nearest<'_> {
    const fn rank(&self) -> (Reverse<Weight>, Span, i64) {
        (Reverse(self.weight), self.gap, self.there.arrival)
    }

    fn linked(&self, group: GroupRef, mention: &Mention, entity: &Entity) -> Linked {
        let both_aim = mention.part == Part::Target && self.there.part == Part::Target;
        let aimed = both_aim && !is_tool(&entity.kind);
        let merges = if aimed { Merges::Alone } else { self.merges };
        Linked { group, link: self.told(mention, entity), merges, aimed }
    }

    fn told(&self, mention: &Mention, entity: &Entity) -> LinkState {
        let reason = reason_of(&entity.kind, mention, self.there);
        let Self { weight, gap, .. } = *self;
        LinkState { peer: self.there.alert, entity: mention.entity, reason, weight, gap }
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
    let weight = weight_of_link(entity, here, gap, there, weighing);
    let link = Nearest { there, weight, gap, merges: Merges::Any };
    weighing.counts(weight).then(|| link.told(mention, entity))
}

/// What a link over this gap weighs, whoever else its entity is seen with.
fn weight_of_link(
    entity: &Entity,
    here: Weight,
    gap: Span,
    there: &MentionAt,
    weighing: &Weighing,
) -> Weight {
    here.times(weighing.part(there.part))
        .times(weighing.certainty(there.certain, there.bound))
        .times(weighing.nearness(&entity.kind, gap))
}

fn add_link(
    candidates: &mut Candidates,
    Linked { group, link, merges, aimed }: Linked,
    is_tool: bool,
    weighing: &Weighing,
) {
    let place = candidates.iter().position(|c| c.group == group).unwrap_or_else(|| {
        candidates.push(Candidate::without_links(group));
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
    } else if aimed {
        let beyond =
            Weight::from_millionths((link.weight.millionths() - candidate.aimed.millionths()).max(0));
        candidate.aimed = candidate.aimed.plus(beyond);
        beyond
    } else {
        link.weight
    };
    candidate.total = candidate.total.plus(counted);
    if merges == Merges::Any {
        candidate.agreed = candidate.agreed.plus(counted);
    }
    if merges >= Merges::Parts {
        candidate.of_parts = candidate.of_parts.plus(counted);
    }
    candidate.links.push(link);
}

/// What every attack uses, and everybody else: by themselves files, processes, registry keys and the organisation's own
/// cloud applications make no incident.
pub(crate) fn is_tool(kind: &EntityKind) -> bool {
    matches!(
        kind,
        EntityKind::File | EntityKind::Process | EntityKind::Registry | EntityKind::CloudApplication
    )
}

/// Time between two activities; zero if they overlap.
pub(crate) fn gap_between(a: (EventTime, EventTime), b: (EventTime, EventTime)) -> Span {
    a.0.since(b.1).max(b.0.since(a.1)).max(Span::ZERO)
}

fn reason_of(kind: &EntityKind, here: &Mention, there: &MentionAt) -> LinkReason {
    match kind {
        _ if here.bound || there.bound => LinkReason::SameNetworkSegment,
        EntityKind::User | EntityKind::Mailbox if here.part == Part::Target || there.part == Part::Target => {
            LinkReason::SameTargetedAsset
        }
        EntityKind::User | EntityKind::Mailbox | EntityKind::CloudLogon => LinkReason::SameActor,
        EntityKind::Address | EntityKind::Url | EntityKind::Threat => LinkReason::SharedIndicators,
        EntityKind::MailCluster => LinkReason::SameCampaign,
        EntityKind::VendorIncident => LinkReason::SameVendorIncident,
        EntityKind::File | EntityKind::Process | EntityKind::Registry | EntityKind::MailMessage => {
            LinkReason::SimilarArtifacts
        }
        _ => LinkReason::SameTargetedAsset,
    }
}
