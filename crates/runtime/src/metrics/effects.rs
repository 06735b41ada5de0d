use braid_alert::{ChangeReason, IncidentChange, LinkReason, OpenReason};
use braid_engine::Effect;

use super::{ActionName, CommandOutcome, Metrics, Rejection, StageKind};

impl Metrics {
    /// Counts what the engine did, once that is committed.
    pub fn count_effect(&self, effect: &Effect) {
        match effect {
            Effect::Incident(change) => self.count_change(change),
            Effect::Unchanged(reason) => self.revisions_unchanged.add(reason, 1),
            Effect::Reject { reason, .. } => {
                self.rejects.add((&StageKind::Correlate, &Rejection::Rejected(*reason)), 1);
            }
            Effect::MergeRefused { reason, .. } => self.merges_refused.add(reason, 1),
            Effect::HubDemoted { .. } => self.hubs_demoted.add((), 1),
            Effect::RuleFired { firing, .. } => self.rules_fired.add(firing, 1),
            Effect::RuleLimited { limit, .. } => self.rules_limited.add(limit, 1),
            Effect::IdentityConflict { .. } => self.identity_conflicts.add((), 1),
            Effect::Directory { outcome, .. } => self.directory_records.add(outcome, 1),
            Effect::DirectoryRejected { reason, .. } => {
                self.rejects.add((&StageKind::Correlate, &Rejection::Directory(*reason)), 1);
            }
            Effect::Commanded { action, .. } => self.count_command(action, CommandOutcome::Done),
            Effect::CommandRefused { action, reason, .. } => {
                self.count_command(action, CommandOutcome::Refused(*reason));
            }
        }
    }

    /// Counts an incident's first version by its reason, which the record tells and the change does not.
    pub fn count_opened(&self, reason: &OpenReason) {
        self.incidents_opened.add(reason, 1);
    }

    fn count_command(&self, action: &'static str, outcome: CommandOutcome) {
        self.commands.add((&ActionName(action), &outcome), 1);
    }

    fn count_change(&self, change: &IncidentChange) {
        self.incident_changes.add(&change.reason, 1);
        match change.reason {
            ChangeReason::AlertJoined => {
                if let Some(reason) = strongest(change) {
                    self.joins.add(reason, 1);
                }
            }
            ChangeReason::MergedFrom => self.merges.add((), 1),
            _ => {}
        }
    }
}

/// The reason of the strongest of the links that decided a change; of equal ones the first.
fn strongest(change: &IncidentChange) -> Option<&LinkReason> {
    let best =
        change.links.iter().reduce(|best, link| if link.weight > best.weight { link } else { best })?;
    Some(&best.reason)
}
