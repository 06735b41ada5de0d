//! What people want changed: carried out whole, or refused whole with a reason.

use braid_alert::{Action, AlertKey, Command, IncidentId, Pair};
use braid_engine::{CommandRefused, Effect};

use super::history::History;
use super::triage::{COMMENT_CHARACTERS_MAX, NAME_CHARACTERS_MAX, said};

/// Carried out, or why not.
pub(super) type Answer = Result<(), CommandRefused>;

impl History {
    /// Carries a command out, or says why not. Every change that it brings names it.
    pub(super) fn obey(&mut self, command: &Command, effects: &mut Vec<Effect>) {
        let mut brought = Vec::new();
        let answer = self.carry_out(command, &mut brought);
        for effect in &mut brought {
            if let Effect::Incident(change) = effect {
                change.command = Some(command.reference());
            }
        }
        effects.append(&mut brought);
        let (tenant, action, command) = (self.tenant.clone(), command.action.as_str(), command.id.clone());
        effects.push(match answer {
            Ok(()) => Effect::Commanded { tenant, command, action },
            Err(reason) => Effect::CommandRefused { tenant, command, action, reason },
        });
    }

    fn carry_out(&mut self, command: &Command, effects: &mut Vec<Effect>) -> Answer {
        said(Some(&command.id), NAME_CHARACTERS_MAX)?;
        said(Some(&command.author), NAME_CHARACTERS_MAX)?;
        said(command.reason.as_deref(), COMMENT_CHARACTERS_MAX)?;
        let at = command.origin.source_time;
        match &command.action {
            Action::Merge { incident, from } => {
                let into = self.addressed(*incident, command)?;
                self.merge_by_command(into, *from, effects)
            }
            Action::Split { incident, alerts } => {
                let from = self.addressed(*incident, command)?;
                self.split_by_command(from, alerts, at, effects)
            }
            Action::Move { incident, alerts, to } => {
                let from = self.addressed(*incident, command)?;
                self.move_by_command(from, alerts, *to, effects)
            }
            Action::MustLink(Pair::Alerts(a, b)) => self.link_alerts(a, b, effects),
            Action::CannotLink(Pair::Alerts(a, b)) => self.unlink_alerts(a, b, at, effects),
            action => match action.incident() {
                Some(incident) => {
                    let incident = self.addressed(incident, command)?;
                    self.triage(incident, command, effects)
                }
                None => self.rule_entities(action, effects),
            },
        }
    }

    /// The incident that is meant, redirects followed; it must have the version that the author has seen.
    fn addressed(&self, incident: IncidentId, command: &Command) -> Result<IncidentId, CommandRefused> {
        let end = self.end_of(incident).ok_or(CommandRefused::UnknownIncident)?;
        let version = self.incidents[&end].version;
        match command.expected_version {
            Some(expected) if expected != version => Err(CommandRefused::VersionMismatch),
            _ => Ok(end),
        }
    }

    /// The arrival number of an alert that a command names.
    pub(super) fn known_alert(&self, key: &AlertKey) -> Result<i64, CommandRefused> {
        self.find(key).ok_or(CommandRefused::UnknownAlert)
    }
}
