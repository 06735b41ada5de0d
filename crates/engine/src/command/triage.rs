//! What is done to one incident by itself: who works on it, what it was found to be, what is said about it, whether it
//! is done with.

use braid_alert::{
    Action, ChangeReason, Classification, CloseReason, Command, Comment, Determination, IncidentStatus,
    SourceTime,
};

use super::Answer;
use crate::slots::GroupRef;
use crate::state::IncidentRecord;
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{CommandRefused, Effect};

/// How many comments an incident keeps, and how many characters each has at most.
const COMMENTS_MAX: usize = 100;
pub(super) const COMMENT_CHARACTERS_MAX: usize = 4_096;

/// How many tags an incident keeps, and how many characters each has at most.
const TAGS_MAX: usize = 64;
const TAG_CHARACTERS_MAX: usize = 128;

/// How many characters a name of a person or of a group has at most, and the id of a command.
pub(super) const NAME_CHARACTERS_MAX: usize = 256;

impl TenantState {
    /// Carries out what changes nothing but the incident's own record.
    pub(super) fn triage(
        &mut self,
        group: GroupRef,
        command: &Command,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let (mut amended, clock) = (self.groups[group].incident.clone(), self.clock);
        let reason = amend(&mut amended, command, clock)?;
        let known = &self.groups[group].incident;
        if amended == *known {
            return Err(CommandRefused::NothingToDo);
        }
        let (before, after) = (known.said_bytes(), amended.said_bytes());
        amended.bytes += after as i64 - before as i64;
        if after > before && amended.bytes as u64 > weighing.settings.caps.incident_bytes_max {
            return Err(CommandRefused::TooLarge);
        }
        self.state_bytes = self.state_bytes + after - before;
        match (&known.status, &amended.status) {
            (IncidentStatus::Active, IncidentStatus::Resolved) => self.open -= 1,
            (IncidentStatus::Resolved, IncidentStatus::Active) => self.open += 1,
            _ => {}
        }
        self.groups[group].incident = amended;
        effects.push(Effect::Incident(self.change(group, reason)));
        Ok(())
    }
}

/// Does to an incident's record what the command says.
fn amend(
    record: &mut IncidentRecord,
    command: &Command,
    clock: SourceTime,
) -> Result<ChangeReason, CommandRefused> {
    match &command.action {
        Action::Assign { assignee, group, .. } => assign(record, assignee.as_deref(), group.as_deref()),
        Action::Classify { classification, determination, .. } => {
            classify(record, classification.as_ref(), determination.as_ref())
        }
        Action::Comment { text, .. } => comment(record, command, text, clock),
        Action::Tag { add, remove, .. } => tag(record, add, remove),
        Action::Resolve { .. } => resolve(record, clock),
        Action::Reopen { .. } => reopen(record),
        _ => Err(CommandRefused::NothingToDo),
    }
}

fn assign(
    record: &mut IncidentRecord,
    assignee: Option<&str>,
    group: Option<&str>,
) -> Result<ChangeReason, CommandRefused> {
    record.assignee = said(assignee, NAME_CHARACTERS_MAX)?;
    record.assigned_group = said(group, NAME_CHARACTERS_MAX)?;
    Ok(ChangeReason::Assigned)
}

/// A verdict that is not known is none.
fn classify(
    record: &mut IncidentRecord,
    classification: Option<&Classification>,
    determination: Option<&Determination>,
) -> Result<ChangeReason, CommandRefused> {
    let classification = classification.filter(|c| **c != Classification::Unknown);
    let determination = determination.filter(|d| **d != Determination::Unknown);
    said(classification.map(Classification::as_str), NAME_CHARACTERS_MAX)?;
    said(determination.map(Determination::as_str), NAME_CHARACTERS_MAX)?;
    (record.classification, record.determination) = (classification.cloned(), determination.cloned());
    Ok(ChangeReason::Classified)
}

/// A command that comes again, as any message may, says nothing new.
fn comment(
    record: &mut IncidentRecord,
    command: &Command,
    text: &str,
    at: SourceTime,
) -> Result<ChangeReason, CommandRefused> {
    let Some(text) = said(Some(text), COMMENT_CHARACTERS_MAX)? else {
        return Err(CommandRefused::NothingToDo);
    };
    if record.comments.iter().any(|known| known.command == command.id) {
        return Err(CommandRefused::NothingToDo);
    }
    if record.comments.len() >= COMMENTS_MAX {
        return Err(CommandRefused::TooLong);
    }
    let (author, command) = (command.author.clone(), command.id.clone());
    record.comments.push(Comment { author, at, text, command });
    Ok(ChangeReason::Commented)
}

/// Takes off first and then puts on. Tags stand in the order in which they came.
fn tag(
    record: &mut IncidentRecord,
    add: &[Box<str>],
    remove: &[Box<str>],
) -> Result<ChangeReason, CommandRefused> {
    record.tags.retain(|known| !remove.iter().any(|tag| tag.trim() == &**known));
    for tag in add {
        let tag = said(Some(tag), TAG_CHARACTERS_MAX)?;
        record.tags.extend(tag.filter(|tag| !record.tags.contains(tag)));
        // Asked at each, so that a list without end is not built first.
        if record.tags.len() > TAGS_MAX {
            return Err(CommandRefused::TooLong);
        }
    }
    Ok(ChangeReason::Tagged)
}

fn resolve(record: &mut IncidentRecord, clock: SourceTime) -> Result<ChangeReason, CommandRefused> {
    if record.status == IncidentStatus::Resolved {
        return Err(CommandRefused::NothingToDo);
    }
    record.turn(IncidentStatus::Resolved, Some(CloseReason::Command));
    record.resolved_at = Some(clock);
    Ok(ChangeReason::Resolved)
}

fn reopen(record: &mut IncidentRecord) -> Result<ChangeReason, CommandRefused> {
    if record.status == IncidentStatus::Active {
        return Err(CommandRefused::NothingToDo);
    }
    record.turn(IncidentStatus::Active, None);
    record.resolved_at = None;
    Ok(ChangeReason::Reopened)
}

/// A text without what surrounds it; one that says nothing is none.
pub(super) fn said(text: Option<&str>, characters_max: usize) -> Result<Option<Box<str>>, CommandRefused> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    match text {
        Some(text) if is_long(text, characters_max) => Err(CommandRefused::TooLong),
        text => Ok(text.map(Into::into)),
    }
}

fn is_long(text: &str, characters_max: usize) -> bool {
    text.len() > characters_max && text.chars().nth(characters_max).is_some()
}
