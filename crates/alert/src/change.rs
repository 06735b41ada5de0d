use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{AlertKey, CommandReference, IncidentId, IncidentStatus, Link, Severity, SourceTime, Tenant};

/// One change of an incident, as the incident-events topic carries it: every version, without a gap.
///
/// It says what changed and why, not what the whole looks like; for that there is [`crate::Incident`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentChange {
    /// Which incident.
    pub incident: IncidentId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The version that this change made.
    pub version: i64,
    /// The tenant's clock when it was made.
    pub at: SourceTime,
    /// What happened.
    pub reason: ChangeReason,
    /// Where the incident stands after it.
    pub status: IncidentStatus,
    /// How grave it is after it.
    pub severity: Severity,
    /// How many alerts it has after it.
    pub alerts: i32,
    /// The alert that it is about, if one is.
    pub alert: Option<AlertKey>,
    /// The links that decided it.
    pub links: Vec<Link>,
    /// The other incident, if there is one: merged from, redirected to, continued by, recurrence of.
    pub other: Option<IncidentId>,
    /// The command that it answers, if it does: who wanted it and why.
    pub command: Option<CommandReference>,
}

text_enum! {
    /// What happened to an incident.
    ChangeReason {
        /// It opened.
        Opened = "opened",
        /// An alert joined it.
        AlertJoined = "alertJoined",
        /// One of its alerts was revised.
        AlertRevised = "alertRevised",
        /// Another incident was merged into it.
        MergedFrom = "mergedFrom",
        /// It was merged into another one.
        Redirected = "redirected",
        /// It is full, and another one continues it.
        Continued = "continued",
        /// It was resolved.
        Resolved = "resolved",
        /// It was resolved and is active again.
        Reopened = "reopened",
        /// It left memory before its time, because the byte budget was reached.
        Evicted = "evicted",
        /// Somebody works on it now, or somebody else, or nobody.
        Assigned = "assigned",
        /// It was given a verdict, or the verdict was taken back.
        Classified = "classified",
        /// Somebody said something about it.
        Commented = "commented",
        /// Tags were put on it or taken off.
        Tagged = "tagged",
        /// Alerts were split out of it, or moved to another incident.
        AlertsLeft = "alertsLeft",
        /// Alerts were moved to it from another incident.
        AlertsMovedIn = "alertsMovedIn",
        /// Somebody said that alerts of it belong to those of another incident, or do not.
        LinkRuled = "linkRuled",
        /// Somebody tagged one of its entities, kept it from joining or let it join again, or said who it is.
        EntityRuled = "entityRuled",
    }
}

text_enum! {
    /// Why an incident is closed.
    CloseReason {
        /// All its alerts were resolved at their sources.
        AllAlertsResolved = "allAlertsResolved",
        /// It was merged into another one.
        Redirected = "redirected",
        /// The byte budget was reached and it was the longest idle.
        StateBudget = "stateBudget",
        /// Somebody resolved it.
        Command = "command",
    }
}
