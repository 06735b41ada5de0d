use braid_alert::{Alert, Command, DirectoryRecord, SourceTime, Tenant};

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
