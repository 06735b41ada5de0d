//! What of an incident or of a change has no place in another vocabulary, under braid's own names.

use braid_alert::*;
use serde::Serialize;

/// The rest of an incident. What the other vocabulary has a word for stands there, and not here again.
#[derive(Debug, Serialize)]
pub(super) struct IncidentRest<'a> {
    previous_status: Option<&'a IncidentStatus>,
    determination: Option<&'a Determination>,
    comments: &'a [Comment],
    score: &'a Score,
    phases: &'a [PhaseEntry],
    entities: &'a [IncidentEntity],
    links: &'a [Link],
    near_misses: &'a [NearMiss],
    lateral_movement: &'a [Hop],
    floods: &'a [Flood],
    merged_from: &'a [IncidentId],
    redirect_incident_id: Option<IncidentId>,
    continuation_of: Option<IncidentId>,
    continued_by: Option<IncidentId>,
    recurrence_of: Option<IncidentId>,
    opened: &'a OpenReason,
    changed: &'a ChangeReason,
    closed: Option<&'a CloseReason>,
}

impl<'a> From<&'a Incident> for IncidentRest<'a> {
    fn from(incident: &'a Incident) -> Self {
        Self {
            previous_status: incident.previous_status.as_ref(),
            determination: incident.determination.as_ref(),
            comments: &incident.comments,
            score: &incident.score,
            phases: &incident.phases,
            entities: &incident.entities,
            links: &incident.links,
            near_misses: &incident.near_misses,
            lateral_movement: &incident.lateral_movement,
            floods: &incident.floods,
            merged_from: &incident.merged_from,
            redirect_incident_id: incident.redirect_incident_id,
            continuation_of: incident.continuation_of,
            continued_by: incident.continued_by,
            recurrence_of: incident.recurrence_of,
            opened: &incident.opened,
            changed: &incident.changed,
            closed: incident.closed.as_ref(),
        }
    }
}

/// The rest of a change.
#[derive(Debug, Serialize)]
pub(super) struct ChangeRest<'a> {
    reason: &'a ChangeReason,
    /// Not `alerts`, which of an incident is a list: both stand in one index.
    alert_count: i32,
    alert: Option<&'a AlertKey>,
    links: &'a [Link],
    other: Option<IncidentId>,
    command: Option<&'a CommandReference>,
}

impl<'a> From<&'a IncidentChange> for ChangeRest<'a> {
    fn from(change: &'a IncidentChange) -> Self {
        Self {
            reason: &change.reason,
            alert_count: change.alerts,
            alert: change.alert.as_ref(),
            links: &change.links,
            other: change.other,
            command: change.command.as_ref(),
        }
    }
}

/// A reason in words: `alertJoined` reads as `alert joined`.
pub(super) fn words(camel: &str) -> String {
    let mut words = String::with_capacity(camel.len() + 2);
    for character in camel.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}
