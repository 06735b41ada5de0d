use braid_alert::{Alert, Command, DirectoryRecord, Origin, SourceTime, Tenant};

/// What the engine reads, in the order of the alerts topic.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A finding, or a revision of one.
    Alert(Box<Alert>),
    /// What a directory says of one of its objects.
    Directory(Box<DirectoryRecord>),
    /// What a person wants changed.
    Command(Box<Command>),
    /// Time passes: the tenant's clock moves to this instant, if it is not already beyond it.
    Tick {
        /// Whose clock.
        tenant: Tenant,
        /// To when.
        at: SourceTime,
    },
}

impl Input {
    /// Whose it is: the key that it stands under in the alerts topic.
    pub const fn tenant(&self) -> &Tenant {
        match self {
            Self::Alert(alert) => &alert.tenant,
            Self::Directory(record) => &record.tenant,
            Self::Command(command) => &command.tenant,
            Self::Tick { tenant, .. } => tenant,
        }
    }

    /// The record of a source that it came in; a tick comes from none.
    pub const fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Alert(alert) => Some(&alert.origin),
            Self::Directory(record) => Some(&record.origin),
            Self::Command(command) => Some(&command.origin),
            Self::Tick { .. } => None,
        }
    }
}
