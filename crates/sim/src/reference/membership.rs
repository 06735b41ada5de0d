//! Which alerts are one incident, by somebody's word.

use std::collections::BTreeSet;

use braid_alert::{AlertKey, ChangeReason, IncidentId, SourceTime};
use braid_engine::{CommandRefused, Effect, MergeRefused};

use super::command::Answer;
use super::history::History;

impl History {
    /// Merges an incident into the one that is named first.
    pub(super) fn merge_by_command(
        &mut self,
        into: IncidentId,
        from: IncidentId,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let from = self.end_of(from).ok_or(CommandRefused::UnknownIncident)?;
        if from == into {
            return Err(CommandRefused::SameIncident);
        }
        self.merge_refused(into, from, &[]).map_or(Ok(()), |reason| Err(refusal(reason)))?;
        let by = self.commanded_tie(self.founder_of(from), self.founder_of(into));
        self.merge_into(into, from, by, effects);
        Ok(())
    }

    /// Splits alerts out into a new incident. Those that leave and those that stay are kept apart.
    pub(super) fn split_by_command(
        &mut self,
        from: IncidentId,
        alerts: &[AlertKey],
        at: SourceTime,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let (leaving, staying) = self.divide(from, alerts)?;
        self.separate(&staying, &leaving);
        self.split_out(from, &leaving, at, effects);
        Ok(())
    }

    /// Moves alerts into another incident. What kept them apart from that one gives way.
    pub(super) fn move_by_command(
        &mut self,
        from: IncidentId,
        alerts: &[AlertKey],
        to: IncidentId,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let to = self.end_of(to).ok_or(CommandRefused::UnknownIncident)?;
        if to == from {
            return Err(CommandRefused::SameIncident);
        }
        let (leaving, staying) = self.divide(from, alerts)?;
        if self.is_resolved(to) {
            return Err(CommandRefused::Closed);
        }
        if !self.have_room(to, &leaving) {
            return Err(CommandRefused::TooLarge);
        }
        self.side_with(to, &leaving);
        self.separate(&staying, &leaving);
        self.move_over(from, to, &leaving, effects);
        Ok(())
    }

    /// Two alerts belong together. That takes back every decision that stood between these two.
    pub(super) fn link_alerts(&mut self, a: &AlertKey, b: &AlertKey, effects: &mut Vec<Effect>) -> Answer {
        let (a, b) = (self.known_alert(a)?, self.known_alert(b)?);
        let (here, there) = (self.alert(a).incident, self.alert(b).incident);
        if here == there {
            return Err(CommandRefused::NothingToDo);
        }
        let lifted = self.separations_between(a, b);
        self.merge_refused(here, there, &lifted).map_or(Ok(()), |reason| Err(refusal(reason)))?;
        self.lift(&lifted, [here, there]);
        let by = self.commanded_tie(a, b);
        let (survivor, gone) = self.older_first(here, there);
        self.merge_into(survivor, gone, by, effects);
        Ok(())
    }

    /// Two alerts do not belong together: of one incident the second leaves, and is kept apart from the first only.
    pub(super) fn unlink_alerts(
        &mut self,
        a: &AlertKey,
        b: &AlertKey,
        at: SourceTime,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let (a, b) = (self.known_alert(a)?, self.known_alert(b)?);
        if a == b || !self.separations_between(a, b).is_empty() {
            return Err(CommandRefused::NothingToDo);
        }
        self.separate(&[a], &[b]);
        let (here, there) = (self.alert(a).incident, self.alert(b).incident);
        if here == there {
            self.split_out(here, &[b], at, effects);
            return Ok(());
        }
        for (incident, other, alert) in [(here, there, a), (there, here, b)] {
            let mut change = self.change(incident, ChangeReason::LinkRuled);
            (change.alert, change.other) = (Some(self.alert(alert).key()), Some(other));
            effects.push(Effect::Incident(change));
        }
        Ok(())
    }

    /// The alerts that leave an incident and those that stay; there must be both.
    fn divide(
        &self,
        incident: IncidentId,
        alerts: &[AlertKey],
    ) -> Result<(Vec<i64>, Vec<i64>), CommandRefused> {
        let leaving: BTreeSet<i64> =
            alerts.iter().map(|key| self.known_alert(key)).collect::<Result<_, _>>()?;
        if leaving.iter().any(|&alert| self.alert(alert).incident != incident) {
            return Err(CommandRefused::NotInIncident);
        }
        let members = self.alerts_of(incident).map(|alert| alert.arrival);
        let (leaving, staying): (Vec<_>, Vec<_>) = members.partition(|alert| leaving.contains(alert));
        if leaving.is_empty() {
            return Err(CommandRefused::NothingToDo);
        }
        if staying.is_empty() { Err(CommandRefused::AllAlerts) } else { Ok((leaving, staying)) }
    }

    fn have_room(&self, to: IncidentId, leaving: &[i64]) -> bool {
        let caps = &self.settings.caps;
        let all = || {
            let coming = leaving.iter().map(|&alert| self.alert(alert));
            self.alerts_of(to).chain(coming)
        };
        let entities: BTreeSet<_> =
            all().flat_map(|alert| self.mentions(&alert.sayings)).map(|mention| mention.entity).collect();
        let first = all().map(|alert| alert.alert.first_activity).min().expect("an incident has an alert");
        let last = all().map(|alert| alert.alert.last_activity).max().expect("an incident has an alert");
        all().filter(|alert| !alert.folded).count() <= caps.incident_alerts_max as usize
            && entities.len() <= caps.incident_entities_max as usize
            && last.since(first) <= caps.incident_span_max
    }
}

/// What keeps incidents from merging by themselves keeps them from it by command too.
fn refusal(reason: MergeRefused) -> CommandRefused {
    match reason {
        MergeRefused::Closed => CommandRefused::Closed,
        MergeRefused::Assignee => CommandRefused::Assignee,
        MergeRefused::Classification | MergeRefused::Determination => CommandRefused::Verdict,
        MergeRefused::CannotLink => CommandRefused::CannotLink,
        MergeRefused::AlertsMax
        | MergeRefused::EntitiesMax
        | MergeRefused::BytesMax
        | MergeRefused::SpanMax => CommandRefused::TooLarge,
    }
}
