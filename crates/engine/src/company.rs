//! Whom an entity is seen with: what makes it tell more or less than it would by itself.
//!
//! - *Partners*: the users and hosts that it has met within a day. Somebody whom everybody meets is a hub.
//! - *Crowd*: the other incidents that it stands in at the time. Of a host that three incidents are about today, an alert
//!   tells less which of them it belongs to. This also tells hubs apart that meet few, such as a service account of eight
//!   servers, and it needs no state of its own: the mentions of an entity say it.
//!   An account's bare name may be another's in another domain: if two incidents are about somebody of that name within
//!   the hour, it does not say which.
//! - *Agreement* of user and host. The same user on another host, or the same host with another user, is what noise looks
//!   like on jump hosts and with service accounts; and it is what an attack looks like when it moves on. The difference is
//!   that then somebody reports the move: an alert that names both, by which the incident knows them both.
//! - *Tags* that say what behaviour has not shown yet, or never will: of a service account or a jump host that a directory
//!   or somebody marks as one, nothing is left unless user and host agree.

use braid_alert::{EntityId, EntityKind, Span, Weight};
use smallvec::SmallVec;

use crate::Effect;
use crate::alert_state::{Mention, Part};
use crate::entity::Entity;
use crate::identity::Mentions;
use crate::join::{Seeker, gap_between, is_tool};
use crate::slots::{EntityRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::timeline::MentionAt;
use crate::weighing::Weighing;

/// Of which two incidents a link may make one, if it is strong enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Merges {
    /// Of a single alert and any other: it would have joined, had it come later.
    Alone,
    /// Of a part, of no more than `part_alerts_max` alerts, and any other.
    Parts,
    /// Of any two.
    Any,
}

/// How user and host stand to each other on a link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agreement {
    /// What is left of the link.
    pub(crate) left: Weight,
    /// Of which two incidents it may make one.
    pub(crate) merges: Merges,
}

impl Agreement {
    const YES: Self = Self { left: Weight::ONE, merges: Merges::Any };
    const NO: Self = Self { left: Weight::ZERO, merges: Merges::Alone };
}

/// A mention of an entity that is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbour<'e> {
    pub(crate) there: &'e MentionAt,
    /// Time between the two activities.
    pub(crate) gap: Span,
}

/// The mentions of an entity that are looked at.
pub(crate) type Near<'e> = SmallVec<[Neighbour<'e>; 16]>;

impl Seeker<'_> {
    /// Finds the mentions of an entity that are looked at: the nearest ones, and of them those that may count.
    pub(crate) fn look_around<'e>(&self, entity: &'e Entity, near: &mut Near<'e>) {
        near.clear();
        let nearest = entity.mentions.nearest(self.at.0, self.weighing.settings.nearest_mentions as usize);
        // Not collected: a chain of two halves is faster seen through from within than asked for one after the other.
        nearest.filter(|there| !there.context && Some(there.group) != self.own).for_each(|there| {
            near.push(Neighbour { there, gap: gap_between(self.at, (there.start, there.end)) })
        });
    }
}

/// How an incident stands to an entity and to an alert that mentions it: what all links between them have in common.
#[derive(Debug)]
pub(crate) struct Standing {
    group: GroupRef,
    /// In how many other incidents the entity stands at the time.
    others: usize,
    /// What that leaves of a link.
    crowding: Weight,
    /// The incident knows a counterpart whom the alert names.
    is_known: bool,
    /// How many counterparts the entity has been seen with, once somebody has asked.
    counterparts: Option<usize>,
    /// What is left of a link by an account's bare name, once somebody has asked.
    crowding_of_accounts: Option<Weight>,
}

/// Whom an entity of an alert is seen with around the alert's time. It is asked for each link by that entity, so what does
/// not differ between links is found out once, and only if a link is worth it.
pub(crate) struct Company<'a> {
    state: &'a TenantState,
    seeker: &'a Seeker<'a>,
    entity: &'a Entity,
    near: &'a [Neighbour<'a>],
    /// Of a user the host, of a host the user.
    other: Option<EntityKind>,
    /// The incidents that the entity stands in, once somebody has asked.
    crowd: Option<SmallVec<[GroupRef; 8]>>,
    /// The counterparts whom the alert names, once somebody has asked.
    named: Option<SmallVec<[EntityRef; 4]>>,
}

impl<'a> Company<'a> {
    pub(crate) fn new(
        state: &'a TenantState,
        seeker: &'a Seeker<'a>,
        entity: &'a Entity,
        near: &'a [Neighbour<'a>],
    ) -> Self {
        Self { state, seeker, entity, near, other: counterpart(&entity.kind), crowd: None, named: None }
    }

    /// How a group stands to the entity; `None` if it takes no more alerts.
    pub(crate) fn standing(&mut self, slot: GroupRef) -> Option<Standing> {
        let weighing = self.seeker.weighing;
        let group = &self.state.groups[slot];
        if !group.takes_alerts(self.state.clock, weighing.settings.late_join) {
            return None;
        }
        let others = self.crowd().iter().filter(|&&other| other != slot).count();
        let is_known = self.other.is_some() && self.named().iter().any(|&named| group.mentions(named));
        let crowding = weighing.crowding(others);
        let (counterparts, crowding_of_accounts) = (None, None);
        Some(Standing { group: slot, others, crowding, is_known, counterparts, crowding_of_accounts })
    }

    /// Those of the mentions that are within the window of partners.
    fn within_window(&self) -> impl Iterator<Item = &'a MentionAt> + use<'a> {
        self.within(self.seeker.weighing.settings.partner_window)
    }

    fn within(&self, span: Span) -> impl Iterator<Item = &'a MentionAt> + use<'a> {
        self.near.iter().filter(move |near| near.gap <= span).map(|near| near.there)
    }

    /// What is left of a link because the entity stands in other incidents too; `mere` says that one of the two alerts gives
    /// an account's bare name.
    pub(crate) fn crowding(&self, standing: &mut Standing, mere: bool) -> Weight {
        if !mere {
            return standing.crowding;
        }
        let group = standing.group;
        *standing.crowding_of_accounts.get_or_insert_with(|| {
            let namesakes = self.within(self.seeker.weighing.settings.half_lives.other);
            let others = distinct(namesakes.map(|there| there.group).filter(|&other| other != group));
            self.seeker.weighing.crowding_of_accounts(others.len())
        })
    }

    /// The incidents that the entity stands in around the time.
    fn crowd(&mut self) -> &[GroupRef] {
        if self.crowd.is_none() {
            self.crowd = Some(distinct(self.within_window().map(|there| there.group)));
        }
        self.crowd.as_deref().unwrap_or_default()
    }

    /// The counterparts whom the alert names.
    fn named(&mut self) -> &[EntityRef] {
        if let (None, Some(other)) = (&self.named, &self.other) {
            let acting = self.seeker.mentions.iter().filter(|m| self.state.is_acting(m, other));
            self.named = Some(acting.map(|m| m.entity).collect());
        }
        self.named.as_deref().unwrap_or_default()
    }

    /// Whether user and host agree on a link, and what is left of it if they do not.
    ///
    /// If only one side names a counterpart, they may or may not; if neither does, there is nothing to agree about. But of
    /// an entity that stands in another incident too, neither makes one of two that have grown apart. Of one that is known to be shared
    /// by many only agreement counts, or an explicit hop.
    pub(crate) fn agreement(&mut self, standing: &mut Standing, there: &MentionAt) -> Agreement {
        let Some(other) = self.other.clone().filter(|_| !standing.is_known) else { return Agreement::YES };
        let (settings, others) = (&self.seeker.weighing.settings, standing.others);
        let is_named_here = !self.named().is_empty();
        let peer = &self.state.alerts[there.alert].mentions;
        let is_named_there = peer.iter().any(|m| self.state.is_acting(m, &other));
        let is_off = settings.disagreement == Weight::ONE;
        let both_name = is_named_here && is_named_there;
        let may_merge = match others {
            _ if is_off => Merges::Any,
            _ if both_name => Merges::Alone,
            0 => Merges::Any,
            _ if others <= settings.crowd_merge_max as usize => Merges::Parts,
            _ => Merges::Alone,
        };
        if (is_named_here || is_named_there) && self.is_arrival(there) {
            return Agreement { left: Weight::ONE, merges: may_merge };
        }
        if self.entity.is_shared(&settings.shared_tags) {
            return Agreement::NO;
        }
        if both_name {
            let counterparts =
                standing.counterparts.get_or_insert_with(|| self.counterparts(&other, standing.group));
            let times = others + (*counterparts).max(1);
            let is_his_only = others == 0 && other == EntityKind::Host;
            let merges = if is_off || is_his_only { Merges::Any } else { Merges::Alone };
            return Agreement { left: self.seeker.weighing.disagreement(times), merges };
        }
        let left = if is_named_here || is_named_there { settings.silence } else { Weight::ONE };
        Agreement { left, merges: may_merge }
    }

    /// Whether one of the two alerts is about a move to this host: then whoever acts there next is expected, by whatever
    /// account.
    fn is_arrival(&self, there: &MentionAt) -> bool {
        let id_of = |m: &Mention| self.state.entities[m.entity].id;
        let is_host = |m: &Mention| !m.context && self.state.entities[m.entity].kind == EntityKind::Host;
        let moves_to = |mentions: &Mentions| {
            let here = |m: &Mention| id_of(m) == self.entity.id;
            let is_end = |m: &Mention| here(m) && matches!(m.part, Part::Target | Part::Impacted);
            let is_start = |m: &Mention| is_host(m) && !here(m) && m.part == Part::Source;
            mentions.iter().any(is_end) && mentions.iter().any(is_start)
        };
        self.entity.kind == EntityKind::Host
            && (moves_to(self.seeker.mentions) != moves_to(&self.state.alerts[there.alert].mentions))
    }

    /// How many users a host has been seen with around the time, by the alerts nearest to it. Of a user's hosts those do
    /// not count that the incident knows: that one account is used on one host after the other is what attacks are like,
    /// that one host is used by one account after the other is what jump hosts are like.
    fn counterparts(&self, other: &EntityKind, group: GroupRef) -> usize {
        let mut seen: SmallVec<[EntityRef; 8]> = SmallVec::new();
        for there in self.within_window() {
            for mention in &self.state.alerts[there.alert].mentions {
                let is_known =
                    *other == EntityKind::Host && self.state.groups[group].mentions(mention.entity);
                if !is_known && self.state.is_acting(mention, other) && !seen.contains(&mention.entity) {
                    seen.push(mention.entity);
                }
            }
        }
        seen.len()
    }
}

impl TenantState {
    /// Whether a mention names somebody of this kind who was not merely aimed at.
    fn is_acting(&self, mention: &Mention, kind: &EntityKind) -> bool {
        let entity = &self.entities[mention.entity];
        !mention.context && mention.part != Part::Target && entity.kind == *kind && entity.joins()
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
            let entity = &self.entities[mention.entity];
            if !counts_partners(&entity.kind) {
                continue;
            }
            let own = entity.id;
            let others = partners.iter().copied().filter(|&p| p != own);
            // A hub's record says how many it has met.
            if entity.hub && others.clone().any(|partner| entity.would_meet(partner, now)) {
                self.before_change_of(mention.entity);
            }
            let entity = &mut self.entities[mention.entity];
            let mut news = false;
            for partner in others {
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

fn distinct(groups: impl Iterator<Item = GroupRef>) -> SmallVec<[GroupRef; 8]> {
    let mut distinct = SmallVec::new();
    groups.for_each(|group| {
        if !distinct.contains(&group) {
            distinct.push(group);
        }
    });
    distinct
}

/// Of a user the host, of a host the user.
fn counterpart(kind: &EntityKind) -> Option<EntityKind> {
    match kind {
        EntityKind::User | EntityKind::Mailbox => Some(EntityKind::Host),
        EntityKind::Host => Some(EntityKind::User),
        _ => None,
    }
}

/// Whom one may meet: users and hosts make a hub, not the files and addresses around them.
pub(crate) fn is_partner(kind: &EntityKind) -> bool {
    matches!(kind, EntityKind::User | EntityKind::Host | EntityKind::MobileDevice | EntityKind::Mailbox)
}

/// Whose partners are counted. Files weigh little whoever shares them, mails are few, and an incident of the vendor's is
/// about many because the attack is.
fn counts_partners(kind: &EntityKind) -> bool {
    !is_tool(kind)
        && !matches!(kind, EntityKind::MailMessage | EntityKind::MailCluster | EntityKind::VendorIncident)
}
