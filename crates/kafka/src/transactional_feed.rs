use std::time::Instant;

use braid_log::{Failure, Outgoing};

use crate::transactions::Transactions;
use crate::{Connection, WorkerSettings};

/// A producer of transactions that consume nothing: what somebody sends by hand, all of it or none.
///
/// It has a transactional id of its own, so that of two with the same one the earlier can commit nothing more from the
/// moment that the later is there.
pub struct TransactionalFeed {
    transactions: Transactions,
    settings: WorkerSettings,
}

impl TransactionalFeed {
    /// Connects, fences every earlier one of the same transactional id and settles what it left open. Of the settings
    /// count the parts of the id, the time-outs and the bound on what is queued.
    ///
    /// # Errors
    /// As [`crate::probe_transactions`].
    pub fn connect(connection: &Connection, settings: &WorkerSettings) -> Result<Self, Failure> {
        let transactions = Transactions::connect(connection, settings)?;
        Ok(Self { transactions, settings: settings.clone() })
    }

    /// Writes these records in one transaction; nothing if there are none.
    ///
    /// # Errors
    /// If they are not written. After [`Failure::Indefinite`] they may be: the next one of the same id settles it.
    pub fn write(&mut self, records: &[Outgoing]) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        let written = self.write_all(records);
        // What is not known to have failed is not to be touched: a late answer would hit the next transaction.
        if !matches!(written, Ok(()) | Err(Failure::Indefinite(_))) {
            self.transactions.close();
        }
        written
    }

    fn write_all(&mut self, records: &[Outgoing]) -> Result<(), Failure> {
        self.transactions.begin()?;
        records.iter().try_for_each(|record| self.transactions.send(record))?;
        let until = Instant::now() + self.settings.transaction_timeout;
        loop {
            match self.transactions.commit() {
                Err(Failure::Retry(_)) if Instant::now() < until => {}
                committed => return committed,
            }
        }
    }
}
