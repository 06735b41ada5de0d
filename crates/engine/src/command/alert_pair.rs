//! Whether two alerts belong together, by somebody's word.

use braid_alert::{AlertKey, ChangeReason, SourceTime};

use super::Answer;
use crate::alert_state::LinkState;
use crate::slots::AlertRef;
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{CommandRefused, Effect};

impl TenantState {
    /// Two alerts belong together: their incidents become one. What was said before of these two is lifted, and with it
    /// the whole separation: whoever split alerts out takes that back by linking one of them to one that stayed.
    pub(super) fn link_alerts(
        &mut self,
        a: &AlertKey,
        b: &AlertKey,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let (slot, peer) = (self.known_alert(a)?, self.known_alert(b)?);
        let (here, there) = (self.alerts[slot].group, self.alerts[peer].group);
        if here == there {
            return Err(CommandRefused::NothingToDo);
        }
        let lifted = self.separations_between(slot, peer);
        if let Some(reason) = self.merge_refused(here, there, &lifted, weighing) {
            return Err(reason.into());
        }
        self.lift(here, &lifted);
        self.lift(there, &lifted);
        let by = self.commanded_tie(slot, peer);
        let (survivor, gone) = if self.survives(here, there) { (here, there) } else { (there, here) };
        self.merge_into(survivor, gone, by, effects);
        Ok(())
    }

    /// Two alerts do not belong together: in one incident, the second is split out of it, and nothing else; in two,
    /// these stay two.
    pub(super) fn unlink_alerts(
        &mut self,
        a: &AlertKey,
        b: &AlertKey,
        at: SourceTime,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let pair = (self.known_alert(a)?, self.known_alert(b)?);
        let (here, there) = (self.alerts[pair.0].group, self.alerts[pair.1].group);
        if pair.0 == pair.1 || !self.separations_between(pair.0, pair.1).is_empty() {
            return Err(CommandRefused::NothingToDo);
        }
        self.may_be_separated(&[pair.0, pair.1])?;
        self.separate(&[pair.0], &[pair.1]);
        if here == there {
            self.split_out(here, &[pair.1], at, weighing, effects);
            return Ok(());
        }
        for (group, other, alert) in [(here, there, pair.0), (there, here, pair.1)] {
            self.count_sides(group);
            let mut change = self.change(group, ChangeReason::LinkRuled);
            change.alert = Some(self.alerts[alert].key());
            change.other = Some(self.groups[other].incident.id);
            effects.push(Effect::Incident(change));
        }
        Ok(())
    }

    /// The link that a command makes of two alerts, and the one of them that bears it.
    pub(super) fn commanded_tie(&self, slot: AlertRef, peer: AlertRef) -> Option<(AlertRef, LinkState)> {
        let from = |slot, peer| self.commanded_link(slot, peer).map(|link| (slot, link));
        from(slot, peer).or_else(|| from(peer, slot))
    }
}
