//! Which alerts are one incident, by somebody's word: merge, split, move.

use braid_alert::{AlertKey, IncidentId, SourceTime};

use super::Answer;
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{CommandRefused, Effect, MergeRefused};

impl TenantState {
    /// Merges an incident into the one that is named first, which survives whatever its age.
    pub(super) fn merge_by_command(
        &mut self,
        group: GroupRef,
        from: IncidentId,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let from = self.group_of(from).ok_or(CommandRefused::UnknownIncident)?;
        if from == group {
            return Err(CommandRefused::SameIncident);
        }
        if let Some(reason) = self.merge_refused(group, from, &[], weighing) {
            return Err(reason.into());
        }
        let peer = self.founder_of(&self.groups[group].alerts);
        let slot = self.founder_of(&self.groups[from].alerts);
        let by = self.commanded_tie(slot, peer);
        self.merge_into(group, from, by, effects);
        Ok(())
    }

    /// Splits alerts out into a new incident.
    pub(super) fn split_by_command(
        &mut self,
        group: GroupRef,
        alerts: &[AlertKey],
        at: SourceTime,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let (leaving, staying) = self.divide(group, alerts)?;
        self.may_be_separated(&leaving)?;
        self.may_be_separated(&staying)?;
        self.separate(&staying, &leaving);
        self.split_out(group, &leaving, at, weighing, effects);
        Ok(())
    }

    /// Moves alerts into another incident. Whatever kept them apart from that one gives way: the later word counts.
    pub(super) fn move_by_command(
        &mut self,
        group: GroupRef,
        alerts: &[AlertKey],
        to: IncidentId,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let to = self.group_of(to).ok_or(CommandRefused::UnknownIncident)?;
        if to == group {
            return Err(CommandRefused::SameIncident);
        }
        let (leaving, staying) = self.divide(group, alerts)?;
        if self.groups[to].is_resolved() {
            return Err(CommandRefused::Closed);
        }
        self.have_room(to, &leaving, weighing)?;
        self.may_be_separated(&leaving)?;
        self.may_be_separated(&staying)?;
        self.take_sides_of(to, &leaving);
        self.separate(&staying, &leaving);
        self.move_over(group, to, &leaving, weighing, effects);
        Ok(())
    }

    /// The alerts that leave an incident, sorted, and those that stay.
    fn divide(
        &self,
        group: GroupRef,
        alerts: &[AlertKey],
    ) -> Result<(Vec<AlertRef>, Vec<AlertRef>), CommandRefused> {
        let mut leaving = alerts.iter().map(|key| self.known_alert(key)).collect::<Result<Vec<_>, _>>()?;
        if leaving.iter().any(|&alert| self.alerts[alert].group != group) {
            return Err(CommandRefused::NotInIncident);
        }
        leaving.sort();
        leaving.dedup();
        let all = &self.groups[group];
        match leaving.len() {
            0 => Err(CommandRefused::NothingToDo),
            n if n == all.size() => Err(CommandRefused::AllAlerts),
            _ => {
                let stays = |alert: &AlertRef| leaving.binary_search(alert).is_err();
                let staying = all.members().filter(stays).collect();
                Ok((leaving, staying))
            }
        }
    }

    /// Whether alerts fit into an incident, by all caps.
    fn have_room(&self, to: GroupRef, alerts: &[AlertRef], weighing: &Weighing) -> Answer {
        let caps = &weighing.settings.caps;
        let all: Vec<AlertRef> = self.groups[to].members().chain(alerts.iter().copied()).collect();
        let together = self.summed(to, &all);
        let fits = together.alerts.len() <= caps.incident_alerts_max as usize
            && together.entities().len() <= caps.incident_entities_max as usize
            && together.incident.bytes as u64 <= caps.incident_bytes_max
            && together.last_activity.since(together.first_activity) <= caps.incident_span_max;
        if fits { Ok(()) } else { Err(CommandRefused::TooLarge) }
    }
}

/// What keeps incidents from merging by themselves keeps them from it by command too.
impl From<MergeRefused> for CommandRefused {
    fn from(reason: MergeRefused) -> Self {
        match reason {
            MergeRefused::Closed => Self::Closed,
            MergeRefused::Assignee => Self::Assignee,
            MergeRefused::Classification | MergeRefused::Determination => Self::Verdict,
            MergeRefused::CannotLink => Self::CannotLink,
            MergeRefused::AlertsMax
            | MergeRefused::EntitiesMax
            | MergeRefused::BytesMax
            | MergeRefused::SpanMax => Self::TooLarge,
        }
    }
}
