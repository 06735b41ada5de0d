//! Who has met whom: what makes a hub.

use std::collections::BTreeSet;

use braid_alert::{EntityId, EntityKind, SourceTime, Span};
use braid_engine::Effect;

use super::alert::Mention;
use super::history::History;
use super::weighing;

/// One alert mentioned both.
#[derive(Debug)]
pub(super) struct Meeting {
    pub(super) entity: EntityId,
    pub(super) partner: EntityId,
    /// By the tenant's clock.
    pub(super) hour: i64,
}

/// The hour that an instant is in, counted from 1970.
fn hour_of(at: SourceTime) -> i64 {
    at.as_micros().div_euclid(Span::hours(1).as_micros())
}

/// Users and hosts are who one meets.
fn is_partner(kind: &EntityKind) -> bool {
    matches!(kind, EntityKind::User | EntityKind::Mailbox | EntityKind::Host | EntityKind::MobileDevice)
}

/// Tools weigh little whoever shares them, mails are few, and a vendor's incident is about many because the attack is:
/// nobody counts whom they meet.
fn counts_partners(kind: &EntityKind) -> bool {
    let uncounted = [EntityKind::MailMessage, EntityKind::MailCluster, EntityKind::VendorIncident];
    !weighing::is_tool(kind) && !uncounted.contains(kind)
}

impl History {
    /// How many different partners an entity has met within the window.
    pub(super) fn partners(&self, entity: EntityId) -> usize {
        let since = hour_of(self.clock - self.settings.partner_window);
        let met = self.meetings.iter().filter(|meeting| meeting.entity == entity && meeting.hour >= since);
        met.map(|meeting| meeting.partner).collect::<BTreeSet<_>>().len()
    }

    /// The two are one: whom either has met, but for each other, the one that stays has met. Third parties know it by the
    /// numbers that it had when they met.
    pub(super) fn introduce(&mut self, keep: EntityId, gone: EntityId) {
        for meeting in self.meetings.iter_mut().filter(|meeting| meeting.entity == gone) {
            meeting.entity = keep;
        }
        self.meetings.retain(|m| m.entity != keep || (m.partner != keep && m.partner != gone));
    }

    /// Everybody whom an alert mentions has met, and some have become hubs by it.
    pub(super) fn note_meetings(&mut self, mentions: &[Mention], effects: &mut Vec<Effect>) {
        let met = |mention: &&Mention| {
            let entity = self.entity(mention.entity);
            entity.joins() && is_partner(&entity.kind)
        };
        let partners: Vec<EntityId> = mentions.iter().filter(met).map(|mention| mention.entity).collect();
        for entity in mentions.iter().map(|mention| mention.entity) {
            if !counts_partners(&self.entity(entity).kind) {
                continue;
            }
            let was_hub = self.is_hub(entity);
            let hour = hour_of(self.clock);
            let others = partners.iter().filter(|&&partner| partner != entity);
            let meetings: Vec<_> = others.map(|&partner| Meeting { entity, partner, hour }).collect();
            self.meetings.extend(meetings);
            if !was_hub && self.is_hub(entity) {
                effects.push(Effect::HubDemoted { tenant: self.tenant.clone(), entity });
            }
        }
    }

    /// Whether an entity had met too many, when it last met anybody, within the window before that.
    pub(super) fn is_hub(&self, entity: EntityId) -> bool {
        weighing::is_hub(self.partners_lately(entity), &self.settings)
    }

    /// How many an entity had met, when it last met anybody, within the window before that.
    pub(super) fn partners_lately(&self, entity: EntityId) -> usize {
        let met = || self.meetings.iter().filter(|meeting| meeting.entity == entity);
        let Some(last) = met().map(|meeting| meeting.hour).max() else { return 0 };
        let since = last - self.settings.partner_window.as_micros() / Span::hours(1).as_micros();
        let partners: BTreeSet<_> = met().filter(|m| m.hour >= since).map(|m| m.partner).collect();
        partners.len()
    }
}
