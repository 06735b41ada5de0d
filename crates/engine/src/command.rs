//! What a person, or a program on a person's behalf, wants changed.
//!
//! A command is carried out whole or refused whole: whatever may stand against it is asked before anything is touched.
//! Every change that follows from it, also that of an incident which was redirected long ago and now leads elsewhere,
//! names the command. The families of actions stand in a file each.

mod alert_pair;
mod entity;
mod membership;
mod triage;

use braid_alert::{Action, AlertKey, Command, IncidentId, Pair};

use self::triage::{COMMENT_CHARACTERS_MAX, NAME_CHARACTERS_MAX, said};
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{CommandRefused, Effect};

/// Carried out, or why not.
type Answer = Result<(), CommandRefused>;

impl TenantState {
    /// Carries a command out, or says why not.
    pub(crate) fn obey(&mut self, command: Command, weighing: &Weighing, effects: &mut Vec<Effect>) {
        let from = effects.len();
        let answer = self.carry_out(&command, weighing, effects);
        let reference = command.reference();
        for effect in &mut effects[from..] {
            if let Effect::Incident(change) = effect {
                change.command = Some(reference.clone());
            }
        }
        let (tenant, action, command) = (self.tenant.clone(), command.action.as_str(), command.id);
        effects.push(match answer {
            Ok(()) => Effect::Commanded { tenant, command, action },
            Err(reason) => Effect::CommandRefused { tenant, command, action, reason },
        });
    }

    fn carry_out(&mut self, command: &Command, weighing: &Weighing, effects: &mut Vec<Effect>) -> Answer {
        let at = command.origin.source_time;
        said_briefly(command)?;
        let Some(incident) = command.action.incident() else {
            return match &command.action {
                Action::MustLink(Pair::Alerts(a, b)) => self.link_alerts(a, b, weighing, effects),
                Action::CannotLink(Pair::Alerts(a, b)) => self.unlink_alerts(a, b, at, weighing, effects),
                action => self.rule_entity(action, weighing, effects),
            };
        };
        let group = self.addressed(incident, command.expected_version)?;
        match &command.action {
            Action::Merge { from, .. } => self.merge_by_command(group, *from, weighing, effects),
            Action::Split { alerts, .. } => self.split_by_command(group, alerts, at, weighing, effects),
            Action::Move { alerts, to, .. } => self.move_by_command(group, alerts, *to, weighing, effects),
            _ => self.triage(group, command, weighing, effects),
        }
    }

    /// The group of the incident that a command names, or of the one that this has been merged into; it must have the
    /// version that the command expects.
    fn addressed(&self, incident: IncidentId, expected: Option<i64>) -> Result<GroupRef, CommandRefused> {
        let group = self.group_of(incident).ok_or(CommandRefused::UnknownIncident)?;
        let version = self.groups[group].incident.version;
        if expected.is_none_or(|expected| expected == version) {
            Ok(group)
        } else {
            Err(CommandRefused::VersionMismatch)
        }
    }

    fn known_alert(&self, key: &AlertKey) -> Result<AlertRef, CommandRefused> {
        self.find_alert(&key.provider, &key.id).ok_or(CommandRefused::UnknownAlert)
    }
}

/// Author, id and reason stand in the change of every incident that the command is about.
fn said_briefly(command: &Command) -> Answer {
    said(Some(&command.id), NAME_CHARACTERS_MAX)?;
    said(Some(&command.author), NAME_CHARACTERS_MAX)?;
    said(command.reason.as_deref(), COMMENT_CHARACTERS_MAX)?;
    Ok(())
}
