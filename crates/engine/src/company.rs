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
use crate::entity::{Entity, MentionAt};
use crate::identity::Mentions;
use crate::join::{Seeker, gap_between, is_tool};
use crate::slots::{EntityRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;

/// How user and host stand to each other on a link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agreement {
    /// What is left of the link.
    pub(crate) left: Weight,
    /// Whether it may make one of two incidents.
    pub(crate) merges: bool,
}

impl Agreement {
    const YES: Self = Self { left: Weight::ONE, merges: true };
    const NO: Self = Self { left: Weight::ZERO, merges: false };
}

/// The incidents that an entity stands in around the time of an alert.
pub(crate) struct Crowd(SmallVec<[GroupRef; 8]>);

impl Crowd {
    /// How many of them are others than this one.
    pub(crate) fn others(&self, group: GroupRef) -> usize {
        self.0.iter().filter(|&&other| other != group).count()
    }
}

impl Seeker<'_> {
    /// The mentions of an entity that are looked at: the nearest ones, no further away in time than `within`.
    pub(crate) fn near<'e>(
        &self,
        entity: &'e Entity,
        within: Span,
    ) -> impl Iterator<Item = &'e MentionAt> + use<'e, '_> {
        let (at, own) = (self.at, self.own);
        let is_near = move |there: &&MentionAt| {
            !there.context && Some(there.group) != own && gap_between(at, (there.start, there.end)) <= within
        };
        entity.nearest(at.0, self.weighing.settings.nearest_mentions as usize).filter(is_near)
    }

    /// The incidents that an entity stands in around the time.
    pub(crate) fn crowd(&self, entity: &Entity, within: Span) -> Crowd {
        let mut crowd = SmallVec::new();
        for there in self.near(entity, within) {
            if !crowd.contains(&there.group) {
                crowd.push(there.group);
            }
        }
        Crowd(crowd)
    }
}

impl TenantState {
    /// Whether user and host agree on a link, and what is left of it if they do not.
    ///
    /// If only one side names a counterpart, they may or may not; if neither does, there is nothing to agree about. But of
    /// an entity that stands in `others` too, neither makes one incident of two. Of one that is known to be shared by many
    /// only agreement counts, or an explicit hop.
    pub(crate) fn agreement(
        &self,
        seeker: &Seeker<'_>,
        entity: &Entity,
        there: &MentionAt,
        others: usize,
    ) -> Agreement {
        let Some(other) = counterpart(&entity.kind) else { return Agreement::YES };
        let group = &self.groups[there.group];
        let mut named = seeker.mentions.iter().filter(|m| self.is_acting(m, &other)).peekable();
        let is_named_here = named.peek().is_some();
        if named.any(|m| group.mentions(m.entity)) {
            return Agreement::YES;
        }
        let is_named_there = self.alerts[there.alert].mentions.iter().any(|m| self.is_acting(m, &other));
        let settings = &seeker.weighing.settings;
        let is_off = settings.disagreement == Weight::ONE;
        let both_name = is_named_here && is_named_there;
        let may_merge = is_off || (!both_name && others <= settings.crowd_merge_max as usize);
        if (is_named_here || is_named_there) && self.is_arrival(seeker, entity, there) {
            return Agreement { left: Weight::ONE, merges: may_merge };
        }
        if entity.is_shared(&settings.shared_tags) {
            return Agreement::NO;
        }
        if both_name {
            let times = others + self.counterparts(seeker, entity, &other, there.group).max(1);
            let merges = is_off || (others == 0 && other == EntityKind::Host);
            return Agreement { left: seeker.weighing.disagreement(times), merges };
        }
        let left = if is_named_here || is_named_there { settings.silence } else { Weight::ONE };
        Agreement { left, merges: may_merge }
    }

    /// Whether one of the two alerts is about a move to this host: then whoever acts there next is expected, by whatever
    /// account.
    fn is_arrival(&self, seeker: &Seeker<'_>, entity: &Entity, there: &MentionAt) -> bool {
        let is_host = |m: &Mention| !m.context && self.entities[m.entity].kind == EntityKind::Host;
        let moves_to = |mentions: &Mentions| {
            let here = |m: &Mention| self.entities[m.entity].id == entity.id;
            let is_end = |m: &Mention| here(m) && matches!(m.part, Part::Target | Part::Impacted);
            let is_start = |m: &Mention| is_host(m) && !here(m) && m.part == Part::Source;
            mentions.iter().any(is_end) && mentions.iter().any(is_start)
        };
        entity.kind == EntityKind::Host
            && (moves_to(seeker.mentions) != moves_to(&self.alerts[there.alert].mentions))
    }

    /// How many users a host has been seen with around the time, by the alerts nearest to it. Of a user's hosts those do
    /// not count that the incident knows: that one account is used on one host after the other is what attacks are like,
    /// that one host is used by one account after the other is what jump hosts are like.
    fn counterparts(
        &self,
        seeker: &Seeker<'_>,
        entity: &Entity,
        other: &EntityKind,
        group: GroupRef,
    ) -> usize {
        let mut seen: SmallVec<[EntityRef; 8]> = SmallVec::new();
        for there in seeker.near(entity, seeker.weighing.settings.partner_window) {
            for mention in &self.alerts[there.alert].mentions {
                let is_known = *other == EntityKind::Host && self.groups[group].mentions(mention.entity);
                if !is_known && self.is_acting(mention, other) && !seen.contains(&mention.entity) {
                    seen.push(mention.entity);
                }
            }
        }
        seen.len()
    }

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
