//! What people do with one incident by itself.

use braid_alert::{
    Action, ChangeReason, Classification, CloseReason, Command, Comment, Determination, IncidentId,
    IncidentStatus,
};
use braid_engine::{CommandRefused, Effect};

use super::command::Answer;
use super::history::History;

/// How many characters a comment, a name and a tag have at most, and how many comments and tags an incident.
pub(super) const COMMENT_CHARACTERS_MAX: usize = 4_096;
pub(super) const NAME_CHARACTERS_MAX: usize = 256;
pub(super) const TAG_CHARACTERS_MAX: usize = 128;
const COMMENTS_MAX: usize = 100;
const TAGS_MAX: usize = 64;

/// What people have said of an incident.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Who works on it.
    pub assignee: Option<Box<str>>,
    /// The group that works on it.
    pub assigned_group: Option<Box<str>>,
    /// The verdict.
    pub classification: Option<Classification>,
    /// What it was found to be.
    pub determination: Option<Determination>,
    /// Tags, in the order in which they came.
    pub tags: Vec<Box<str>>,
    /// Comments, in the order of time.
    pub comments: Vec<Comment>,
}

impl History {
    pub(super) fn triage(
        &mut self,
        incident: IncidentId,
        command: &Command,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let facts = &self.incidents[&incident];
        let mut said = facts.said.clone();
        let reason = match &command.action {
            Action::Resolve { .. } if facts.status == IncidentStatus::Active => {
                effects.push(Effect::Incident(self.resolve(incident, CloseReason::Command)));
                return Ok(());
            }
            Action::Reopen { .. } if facts.status == IncidentStatus::Resolved => {
                effects.push(Effect::Incident(self.reopen(incident)));
                return Ok(());
            }
            Action::Assign { assignee, group, .. } => said.assign(assignee.as_deref(), group.as_deref()),
            Action::Classify { classification, determination, .. } => {
                said.classify(classification.clone(), determination.clone())
            }
            Action::Comment { text, .. } => said.comment(command, text, self.clock),
            Action::Tag { add, remove, .. } => said.tag(add, remove),
            _ => Err(CommandRefused::NothingToDo),
        }?;
        if said == facts.said {
            return Err(CommandRefused::NothingToDo);
        }
        self.incident_mut(incident).said = said;
        let change = self.change(incident, reason);
        effects.push(Effect::Incident(change));
        Ok(())
    }
}

type Amended = Result<ChangeReason, CommandRefused>;

impl Said {
    fn assign(&mut self, assignee: Option<&str>, group: Option<&str>) -> Amended {
        self.assignee = said(assignee, NAME_CHARACTERS_MAX)?;
        self.assigned_group = said(group, NAME_CHARACTERS_MAX)?;
        Ok(ChangeReason::Assigned)
    }

    /// A verdict that is not known is none.
    fn classify(
        &mut self,
        classification: Option<Classification>,
        determination: Option<Determination>,
    ) -> Amended {
        self.classification = classification.filter(|verdict| *verdict != Classification::Unknown);
        self.determination = determination.filter(|finding| *finding != Determination::Unknown);
        said(self.classification.as_ref().map(Classification::as_str), NAME_CHARACTERS_MAX)?;
        said(self.determination.as_ref().map(Determination::as_str), NAME_CHARACTERS_MAX)?;
        Ok(ChangeReason::Classified)
    }

    fn comment(&mut self, command: &Command, text: &str, at: braid_alert::SourceTime) -> Amended {
        let text = said(Some(text), COMMENT_CHARACTERS_MAX)?.ok_or(CommandRefused::NothingToDo)?;
        if self.comments.iter().any(|comment| comment.command == command.id) {
            return Err(CommandRefused::NothingToDo);
        }
        if self.comments.len() == COMMENTS_MAX {
            return Err(CommandRefused::TooLong);
        }
        let (author, command) = (command.author.clone(), command.id.clone());
        self.comments.push(Comment { author, at, text, command });
        Ok(ChangeReason::Commented)
    }

    /// Takes off, then puts on.
    fn tag(&mut self, add: &[Box<str>], remove: &[Box<str>]) -> Amended {
        self.tags.retain(|known| !remove.iter().any(|tag| tag.trim() == &**known));
        for tag in add {
            let tag = said(Some(tag), TAG_CHARACTERS_MAX)?;
            self.tags.extend(tag.filter(|tag| !self.tags.contains(tag)));
        }
        if self.tags.len() > TAGS_MAX { Err(CommandRefused::TooLong) } else { Ok(ChangeReason::Tagged) }
    }

    /// What was said of an incident that is merged into this one holds here, where nobody has said otherwise. Comments
    /// move over; the rest stands there as well.
    pub(super) fn inherit(&mut self, gone: &mut Self) {
        self.assignee = self.assignee.clone().or_else(|| gone.assignee.clone());
        self.assigned_group = self.assigned_group.clone().or_else(|| gone.assigned_group.clone());
        self.classification = self.classification.clone().or_else(|| gone.classification.clone());
        self.determination = self.determination.clone().or_else(|| gone.determination.clone());
        self.tags
            .extend(gone.tags.iter().filter(|tag| !self.tags.contains(tag)).cloned().collect::<Vec<_>>());
        self.comments.append(&mut gone.comments);
        self.comments.sort_by_key(|comment| comment.at);
    }
}

/// A text without what surrounds it; one that says nothing is none.
pub(super) fn said(text: Option<&str>, characters_max: usize) -> Result<Option<Box<str>>, CommandRefused> {
    let text = text.unwrap_or_default().trim();
    if text.chars().count() > characters_max {
        return Err(CommandRefused::TooLong);
    }
    Ok((!text.is_empty()).then(|| text.into()))
}
