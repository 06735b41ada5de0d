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
    }
}
