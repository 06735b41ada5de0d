use std::fmt;

use braid_alert::{AlertKey, EntityId, Identifier, IncidentChange, IncidentId, Tenant};

/// What an input led to. Everything that is counted, logged or written comes from here.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// An incident changed: one version of it.
    Incident(IncidentChange),
    /// A revision that changes nothing that matters raises no version.
    Unchanged(Unchanged),
    /// An alert that cannot be held: it goes to the dead letters.
    Reject {
        /// Which.
        alert: AlertKey,
        /// Why.
        reason: RejectReason,
    },
    /// A command was carried out. The changes that follow from it stand before this and name it; there is none where
    /// no incident mentions the entity that it is about.
    Commanded {
        /// Whose.
        tenant: Tenant,
        /// The command's id.
        command: Box<str>,
        /// The name of its action.
        action: &'static str,
    },
    /// A command was not carried out, not even in part.
    CommandRefused {
        /// Whose.
        tenant: Tenant,
        /// The command's id.
        command: Box<str>,
        /// The name of its action.
        action: &'static str,
        /// Why.
        reason: CommandRefused,
    },
    /// A directory record was taken in.
    Directory {
        /// Whose.
        tenant: Tenant,
        /// The directory's key of the object.
        object: Box<str>,
        /// What came of it.
        outcome: DirectoryOutcome,
    },
    /// A directory record that cannot be held: it goes to the dead letters. What the directory said of the object before
    /// is not held any more either, for it says something else now.
    DirectoryRejected {
        /// Whose.
        tenant: Tenant,
        /// The directory's key of the object.
        object: Box<str>,
        /// Why.
        reason: DirectoryRejected,
    },
    /// Two incidents that are linked strongly enough stay two.
    MergeRefused {
        /// Whose.
        tenant: Tenant,
        /// The one that the alert joined.
        into: IncidentId,
        /// The one that was not merged into it.
        other: IncidentId,
        /// Why not.
        reason: MergeRefused,
    },
    /// An entity has met so many partners that it no longer joins by itself.
    HubDemoted {
        /// Whose.
        tenant: Tenant,
        /// Which.
        entity: EntityId,
    },
    /// A name stands for two entities: it joins nothing from now on.
    IdentityConflict {
        /// Whose.
        tenant: Tenant,
        /// The name.
        identifier: Identifier,
    },
    /// A rule has fired. The changes of the incident that its alert is in come after this.
    RuleFired {
        /// Whose.
        tenant: Tenant,
        /// The rule's id.
        rule: Box<str>,
        /// The alert that it has raised.
        alert: AlertKey,
        /// Whether it is new.
        firing: Firing,
    },
    /// A rule could not look at everything that it asks for: it may have missed something.
    RuleLimited {
        /// Whose.
        tenant: Tenant,
        /// The rule's id.
        rule: Box<str>,
        /// What there was too much of.
        limit: RuleLimit,
    },
}

impl Effect {
    /// The change of an incident that it is, if it is one.
    pub const fn change(&self) -> Option<&IncidentChange> {
        match self {
            Self::Incident(change) => Some(change),
            _ => None,
        }
    }
}

macro_rules! reasons {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
        }

        impl $name {
            /// Every reason there is, so that a metric can show each at zero.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The text of it in metric labels, headers and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

reasons! {
    /// What became of the alert of a rule.
    Firing {
        /// It is new.
        Raised = "raised",
        /// It covers more time than before.
        Extended = "extended",
        /// There is more than the rule allows: it is resolved.
        Withdrawn = "withdrawn",
    }
}

reasons! {
    /// What there was too much of for a rule.
    RuleLimit {
        /// Groups that one alert is in.
        Groups = "groups",
        /// Alerts of one group, or alerts that had to be looked at to find them.
        Occurrences = "occurrences",
        /// Rules that follow from one another.
        Steps = "steps",
    }
}

reasons! {
    /// Why a revision changed nothing.
    Unchanged {
        /// Status, severity, times, texts and evidence are what they were.
        Immaterial = "immaterial",
        /// A newer revision has been folded already, and this one adds no evidence.
        Stale = "stale",
    }
}

reasons! {
    /// Why an alert is rejected.
    RejectReason {
        /// Its incident would mention more entities than it may.
        TooManyEntities = "too_many_entities",
        /// It alone is larger than an incident may be.
        TooLarge = "too_large",
    }
}

impl RejectReason {
    /// What it means and what to do, in a sentence.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::TooManyEntities => {
                "with it the incident would mention more entities than correlation.caps.incident_entities_max allows"
            }
            Self::TooLarge => {
                "it alone is larger than correlation.caps.incident_bytes_max allows an incident to be"
            }
        }
    }
}

reasons! {
    /// What came of a directory record.
    DirectoryOutcome {
        /// The object was not known, and is now listed.
        Listed = "listed",
        /// The object was listed, and is now listed otherwise.
        Changed = "changed",
        /// It says what the last record of the object said.
        Unchanged = "unchanged",
        /// The object was deleted (a tombstone), and is not listed any more.
        Removed = "removed",
        /// A tombstone of an object that was not listed.
        Unknown = "unknown",
    }
}

reasons! {
    /// Why a directory record is rejected.
    DirectoryRejected {
        /// Its names mean nobody in particular, or stand for several entities.
        NamesNobody = "names_nobody",
        /// The tenant has as many listed objects as it may.
        EntriesMax = "entries_max",
        /// What directories and people say takes as much of the state as it may.
        BytesMax = "bytes_max",
        /// Its entity is listed under as many objects as it may.
        ListingsMax = "listings_max",
    }
}

impl DirectoryRejected {
    /// What it means and what to do, in a sentence.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::NamesNobody => {
                "it gives no name that is one account's or one host's alone: none at all, one of a built-in account, or only names \
                 that stand for several entities"
            }
            Self::EntriesMax => {
                "the tenant has correlation.directory_entries_max listed objects: raise it, or send fewer"
            }
            Self::BytesMax => {
                "directory records already take half of correlation.state_bytes_max: raise it, or send less"
            }
            Self::ListingsMax => {
                "its names have been learned, but their bearer is listed under four other objects already"
            }
        }
    }
}

reasons! {
    /// Why two incidents were not merged.
    MergeRefused {
        /// One of them is resolved.
        Closed = "closed",
        /// Two people work on them.
        Assignee = "assignee",
        /// They carry different classifications.
        Classification = "classification",
        /// They carry different determinations.
        Determination = "determination",
        /// Together they would have too many alerts.
        AlertsMax = "alerts_max",
        /// Together they would have too many entities.
        EntitiesMax = "entities_max",
        /// Together they would be too large to write.
        BytesMax = "bytes_max",
        /// Together they would span too much time.
        SpanMax = "span_max",
        /// Somebody said that alerts of theirs do not belong together.
        CannotLink = "cannot_link",
    }
}

reasons! {
    /// Why a command was not carried out.
    CommandRefused {
        /// There is no incident of that id, or no more.
        UnknownIncident = "unknown_incident",
        /// The incident has another version than the command expects.
        VersionMismatch = "version_mismatch",
        /// There is no alert of that provider and id, or no more.
        UnknownAlert = "unknown_alert",
        /// The alert is in another incident.
        NotInIncident = "not_in_incident",
        /// Nothing would be left in the incident; merge it instead.
        AllAlerts = "all_alerts",
        /// The two are one already.
        SameIncident = "same_incident",
        /// The incident is resolved; reopen it first.
        Closed = "closed",
        /// Two people work on the two.
        Assignee = "assignee",
        /// The two carry different verdicts.
        Verdict = "verdict",
        /// With it the incident would pass a cap.
        TooLarge = "too_large",
        /// A command before this one said that they do not belong together.
        CannotLink = "cannot_link",
        /// The names belong to kinds of entities that cannot be one.
        KindMismatch = "kind_mismatch",
        /// A name that means nobody in particular, or that stands for several entities.
        NamesNobody = "names_nobody",
        /// Stronger names say that the two are two: two accounts with a SID each are never one.
        NamesContradict = "names_contradict",
        /// The tenant has as many entities that commands are about as it may.
        RulingsMax = "rulings_max",
        /// Everything is as it wants it already.
        NothingToDo = "nothing_to_do",
        /// A text, or a list of tags, comments or separations, would be longer than is kept.
        TooLong = "too_long",
    }
}

impl CommandRefused {
    /// What it means and what to do, in a sentence.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::UnknownIncident => "the tenant has no incident of this id, or it has been forgotten",
            Self::VersionMismatch => {
                "the incident has changed since: look at it again and send the version that it has now"
            }
            Self::UnknownAlert => "the tenant has no alert of this provider and id, or it has been forgotten",
            Self::NotInIncident => "the alert is not in the incident that the command names",
            Self::AllAlerts => "no alert would be left in the incident: merge the two instead",
            Self::SameIncident => "both are the same incident already",
            Self::Closed => "the incident is resolved: reopen it first",
            Self::Assignee => "different people work on the two incidents: assign both to one first",
            Self::Verdict => "the two incidents carry different verdicts: make them agree first",
            Self::TooLarge => "with it the incident would pass a cap of correlation.caps",
            Self::CannotLink => "an earlier command keeps the two apart: link them with mustLink first",
            Self::KindMismatch => "the two names belong to kinds of entities that cannot be one",
            Self::NamesNobody => "the name means nobody in particular, or stands for several entities",
            Self::NamesContradict => "stronger names, such as two SIDs, say that the two are never one",
            Self::RulingsMax => {
                "commands already hold for 10,000 entities of the tenant: take some back first"
            }
            Self::NothingToDo => "everything is as the command wants it already",
            Self::TooLong => {
                "a text, or the list of tags, comments or separations, would be longer than is kept"
            }
        }
    }
}
