use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AlertKey, Classification, Determination, Identifier, IncidentId, Origin, Tenant};

/// What a person, or a program on a person's behalf, wants changed. It is answered by a change of every incident that
/// it concerns, or refused with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Whose incidents it is about.
    pub tenant: Tenant,
    /// The sender's id of it, by which the answer is found.
    pub id: Box<str>,
    /// Who wants it.
    pub author: Box<str>,
    /// Why, in the author's words.
    pub reason: Option<Box<str>>,
    /// The version that the incident must have, if the author has seen one: otherwise somebody else was faster, and the
    /// command is refused. Only for what is done to one incident.
    pub expected_version: Option<i64>,
    /// What is to be done.
    pub action: Action,
    /// The record that it came in.
    pub origin: Origin,
}

impl Command {
    /// What the changes that follow from it say about it.
    pub fn reference(&self) -> CommandReference {
        CommandReference { id: self.id.clone(), author: self.author.clone(), reason: self.reason.clone() }
    }
}

/// The command that a change answers: who wanted it and why. When is the change's own time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandReference {
    /// The sender's id of the command.
    pub id: Box<str>,
    /// Who wanted it.
    pub author: Box<str>,
    /// Why, in the author's words.
    pub reason: Option<Box<str>>,
}

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Says who works on an incident; `None` for nobody.
    Assign {
        /// Which incident.
        incident: IncidentId,
        /// The person.
        assignee: Option<Box<str>>,
        /// The group of people.
        group: Option<Box<str>>,
    },
    /// Gives an incident a verdict; `None` takes it back.
    Classify {
        /// Which incident.
        incident: IncidentId,
        /// The verdict.
        classification: Option<Classification>,
        /// What it was found to be.
        determination: Option<Determination>,
    },
    /// Says something about an incident.
    Comment {
        /// Which incident.
        incident: IncidentId,
        /// What.
        text: Box<str>,
    },
    /// Tags an incident.
    Tag {
        /// Which incident.
        incident: IncidentId,
        /// Tags to add.
        add: Vec<Box<str>>,
        /// Tags to take off.
        remove: Vec<Box<str>>,
    },
    /// Resolves an incident, whatever its alerts say.
    Resolve {
        /// Which incident.
        incident: IncidentId,
    },
    /// Makes a resolved incident active again.
    Reopen {
        /// Which incident.
        incident: IncidentId,
    },
    /// Merges one incident into another; the guards hold, the survivor is the one named.
    Merge {
        /// The one that stays.
        incident: IncidentId,
        /// The one that is redirected.
        from: IncidentId,
    },
    /// Splits alerts out of an incident into a new one; the two never become one again by themselves.
    Split {
        /// The incident that they leave.
        incident: IncidentId,
        /// Which alerts.
        alerts: Vec<AlertKey>,
    },
    /// Moves alerts from one incident to another; those that stay behind and those that go are kept apart.
    Move {
        /// The incident that they leave.
        incident: IncidentId,
        /// Which alerts.
        alerts: Vec<AlertKey>,
        /// The incident that takes them.
        to: IncidentId,
    },
    /// Says that two alerts, or two entities, belong together.
    MustLink(Pair),
    /// Says that two alerts, or two entities, do not belong together.
    CannotLink(Pair),
    /// Keeps an entity from joining anything, or lets it join again.
    Exclude {
        /// Which, by any of its names.
        entity: Identifier,
        /// `true` to keep it out.
        excluded: bool,
    },
    /// Tags an entity.
    TagEntity {
        /// Which, by any of its names.
        entity: Identifier,
        /// Tags to add.
        add: Vec<Box<str>>,
        /// Tags to take off.
        remove: Vec<Box<str>>,
    },
}

/// Two of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pair {
    /// Alerts: of one attack, or of two.
    Alerts(AlertKey, AlertKey),
    /// Entities, by any of their names: one and the same, or two.
    Entities(Identifier, Identifier),
}

impl Action {
    /// Its name in records, metric labels and logs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign",
            Self::Classify { .. } => "classify",
            Self::Comment { .. } => "comment",
            Self::Tag { .. } => "tag",
            Self::Resolve { .. } => "resolve",
            Self::Reopen { .. } => "reopen",
            Self::Merge { .. } => "merge",
            Self::Split { .. } => "split",
            Self::Move { .. } => "move",
            Self::MustLink(_) => "mustLink",
            Self::CannotLink(_) => "cannotLink",
            Self::Exclude { .. } => "excludeEntity",
            Self::TagEntity { .. } => "tagEntity",
        }
    }

    /// The names of all actions.
    pub const NAMES: [&'static str; 13] = [
        "assign",
        "classify",
        "comment",
        "tag",
        "resolve",
        "reopen",
        "merge",
        "split",
        "move",
        "mustLink",
        "cannotLink",
        "excludeEntity",
        "tagEntity",
    ];

    /// The incident that it is done to, if it is done to one.
    pub const fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Assign { incident, .. }
            | Self::Classify { incident, .. }
            | Self::Comment { incident, .. }
            | Self::Tag { incident, .. }
            | Self::Resolve { incident }
            | Self::Reopen { incident }
            | Self::Merge { incident, .. }
            | Self::Split { incident, .. }
            | Self::Move { incident, .. } => Some(*incident),
            Self::MustLink(_) | Self::CannotLink(_) | Self::Exclude { .. } | Self::TagEntity { .. } => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
