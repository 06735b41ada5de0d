//! Reads a partition's state back from its changelog, on another thread, while the worker goes on.
//!
//! ```text
//!   worker: assigned ──▶ asked for ──▶ (thread: committed offset, then changelog, then agreement) ──▶ adopted ──▶ started
//!                            └── revoked: cancelled, the answer is thrown away
//! ```
//!
//! The committed offset is asked for first. Whoever owned the partition before can commit no more once the group has
//! gone on, so the changelog, read afterwards, is as old as that offset or the two disagree; then nobody may guess.

mod gathered;
mod job;
mod queue;

pub use job::{RestoreJob, RestorePlan, Restored};
pub use queue::{Restorer, Threads};

pub(crate) use job::RestoreFailure;
pub(crate) use queue::Restores;

/// The version of the state's format that this release writes, and the newest that it reads.
pub const STATE_FORMAT: i32 = 1;
