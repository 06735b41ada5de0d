use braid_log::Failure;

use crate::transactions::Transactions;
use crate::{Connection, WorkerSettings};

/// Makes a transactional producer as a worker of these settings would, and lets it go again: whether the cluster has
/// transactions, whether its coordinator answers, and whether we may. Nothing is written. Blocks meanwhile, for as long
/// as the settings let an earlier producer of the same transactional id be settled.
///
/// # Errors
/// Why no worker could write.
pub fn probe_transactions(connection: &Connection, settings: &WorkerSettings) -> Result<(), Failure> {
    Transactions::connect(connection, settings)?.close();
    Ok(())
}
