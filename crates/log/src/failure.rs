/// What went wrong, sorted by what happens next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It passes: make the same call again.
    #[error("{0} (will be tried again)")]
    Retry(String),
    /// The transaction cannot be committed: abort it, then send the kept batch again for the partitions still owned.
    #[error("{0} (the transaction is aborted and sent again)")]
    Abort(String),
    /// Whether the transaction was committed is not known (a time-out of commit, abort or offsets). The next
    /// transaction of this producer could be hit by the late answer of this one (KIP-890), so the producer is replaced,
    /// and the stable committed offset then says whether to send the batch again.
    #[error("{0} (the outcome is not known: the producer is replaced)")]
    Indefinite(String),
    /// Another instance runs under our transactional id: leave it the field.
    #[error(
        "{0} (another instance has taken this transactional id: two instances must not have the same ordinal)"
    )]
    Fenced(String),
    /// It does not pass: stop, and say so.
    #[error("{0}")]
    Fatal(String),
}
