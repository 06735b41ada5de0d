use std::collections::{BTreeMap, HashMap};

use braid_engine::Change;
use braid_log::Record;
use braid_wire::changelog::{ChangelogEntry, Progress, decode_change};
use braid_wire::{Refusal, RefusalReason};

/// What a changelog says so far: of each key the newest record, so that memory is bounded by the state and not by how
/// much of the topic has not been compacted yet.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    newest: HashMap<Box<[u8]>, i64>,
    /// By offset: the engine takes changes oldest first.
    changes: BTreeMap<i64, Change>,
    pub(super) progress: Option<Progress>,
}

impl Gathered {
    pub(super) fn take(&mut self, record: Record) -> Result<(), Refusal> {
        let key = record.key.ok_or_else(|| Refusal::new(RefusalReason::Empty, "a record has no key"))?;
        match decode_change(&key, record.value.as_deref())? {
            ChangelogEntry::Progress(progress) => self.progress = Some(progress),
            ChangelogEntry::Change(change) => self.put(key, record.offset, change),
        }
        Ok(())
    }

    fn put(&mut self, key: Box<[u8]>, offset: i64, change: Change) {
        let deleted = matches!(change, Change::Delete(_));
        let before = if deleted { self.newest.remove(&key) } else { self.newest.insert(key, offset) };
        if let Some(before) = before {
            self.changes.remove(&before);
        }
        if !deleted {
            self.changes.insert(offset, change);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(super) fn into_changes(self) -> impl Iterator<Item = Change> {
        self.changes.into_values()
    }
}
