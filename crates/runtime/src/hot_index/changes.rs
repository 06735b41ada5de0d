use std::collections::VecDeque;
use std::sync::Arc;

use braid_alert::{
    ChangeReason, CommandReference, Incident, IncidentChange, IncidentId, IncidentStatus, Severity,
    SourceTime,
};

use super::Map;

/// How many changes of one incident are kept; the oldest go first.
const CHANGES_MAX: usize = 256;

/// A change of an incident, in short: without its links, and without that an alert joined or was revised, for the alert
/// says that itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHead {
    /// Which incident.
    pub incident: IncidentId,
    /// The version that it made.
    pub version: i64,
    /// The tenant's clock when it was made.
    pub at: SourceTime,
    /// What happened.
    pub reason: ChangeReason,
    /// Where the incident stood after it.
    pub status: IncidentStatus,
    /// How grave the incident was after it.
    pub severity: Severity,
    /// The other incident, if there is one.
    pub other: Option<IncidentId>,
    /// The command that it answers, if it does.
    pub command: Option<CommandReference>,
}

impl ChangeHead {
    /// The head of a change; `None` if the change is an alert's coming or revision.
    fn of(change: &IncidentChange) -> Option<Self> {
        is_told(&change.reason).then(|| Self {
            incident: change.incident,
            version: change.version,
            at: change.at,
            reason: change.reason.clone(),
            status: change.status.clone(),
            severity: change.severity.clone(),
            other: change.other,
            command: change.command.clone(),
        })
    }

    /// What the record itself tells of changes that were made before this process had the incident: that it opened, and
    /// its last change.
    pub(super) fn told_by(incident: &Incident) -> impl Iterator<Item = Self> {
        let head = |version, at, reason: &ChangeReason, status: &IncidentStatus| Self {
            incident: incident.id,
            version,
            at,
            reason: reason.clone(),
            status: status.clone(),
            severity: incident.severity.clone(),
            other: None,
            command: None,
        };
        let opened = head(1, incident.first_emitted, &ChangeReason::Opened, &IncidentStatus::Active);
        let last = Self {
            other: incident.redirect_incident_id,
            ..head(incident.version, incident.last_changed, &incident.changed, &incident.status)
        };
        [opened, last].into_iter().filter(|head| is_told(&head.reason))
    }
}

fn is_told(reason: &ChangeReason) -> bool {
    !matches!(reason, ChangeReason::AlertJoined | ChangeReason::AlertRevised)
}

/// The last changes of each incident, oldest first.
#[derive(Debug, Default)]
pub(super) struct Changes(Map<IncidentId, VecDeque<Arc<ChangeHead>>>);

impl Changes {
    /// Takes note of a committed change.
    pub(super) fn note(&self, change: &IncidentChange) {
        let Some(head) = ChangeHead::of(change) else { return };
        let mut heads = self.0.entry(change.incident).or_default();
        if heads.len() == CHANGES_MAX {
            heads.pop_front();
        }
        heads.push_back(Arc::new(head));
    }

    /// What is known of an incident's changes, oldest first.
    pub(super) fn of(&self, incident: IncidentId) -> Vec<Arc<ChangeHead>> {
        self.0.get(&incident).map(|heads| heads.iter().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn forget(&self, incident: IncidentId) {
        self.0.remove(&incident);
    }
}
