use std::collections::BTreeMap;

use braid_log::Record;

/// What became of an entry of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its transaction, by number, is open: nobody who reads committed records may go past it.
    Open(u64),
    /// It is there for good.
    Committed,
    /// Its transaction was aborted.
    Aborted,
}

#[derive(Debug)]
struct Entry {
    /// `None` is the control record that ends a transaction: it takes an offset and is given to nobody.
    record: Option<Record>,
    fate: Fate,
}

/// One partition: entries by offset, with gaps where compaction was.
#[derive(Debug, Default)]
pub(super) struct PartitionLog {
    entries: BTreeMap<i64, Entry>,
    low: i64,
    end: i64,
}

impl PartitionLog {
    pub(super) fn append(&mut self, mut record: Record, fate: Fate) -> i64 {
        record.offset = self.end;
        self.push(Some(record), fate)
    }

    fn push(&mut self, record: Option<Record>, fate: Fate) -> i64 {
        let offset = self.end;
        self.entries.insert(offset, Entry { record, fate });
        self.end += 1;
        offset
    }

    /// Ends a transaction here.
    pub(super) fn settle(&mut self, transaction: u64, fate: Fate) {
        for entry in self.entries.values_mut().filter(|entry| entry.fate == Fate::Open(transaction)) {
            entry.fate = fate;
        }
        self.push(None, fate);
    }

    pub(super) const fn low(&self) -> i64 {
        self.low
    }

    /// The offset that the next entry gets: the high watermark.
    pub(super) const fn end(&self) -> i64 {
        self.end
    }

    /// The last stable offset: everything below it is decided.
    pub(super) fn stable_end(&self) -> i64 {
        let open = self.entries.iter().find(|(_, entry)| matches!(entry.fate, Fate::Open(_)));
        open.map_or(self.end, |(offset, _)| *offset)
    }

    /// The committed records from an offset on, up to the last stable offset.
    pub(super) fn committed_from(&self, offset: i64) -> impl Iterator<Item = &Record> {
        let stable = self.stable_end().max(offset);
        self.entries
            .range(offset..stable)
            .filter(|(_, entry)| entry.fate == Fate::Committed)
            .filter_map(|(_, entry)| entry.record.as_ref())
    }

    /// Retention: what lies below is gone.
    pub(super) fn truncate(&mut self, low: i64) {
        self.low = low.clamp(self.low, self.end);
        self.entries = self.entries.split_off(&self.low);
    }

    /// Compaction: of the decided records with the same key only the last one stays. Tombstones stay too.
    pub(super) fn compact(&mut self) {
        let stable = self.stable_end();
        let mut last: BTreeMap<Box<[u8]>, i64> = BTreeMap::new();
        for record in self.committed_from(self.low) {
            if let Some(key) = &record.key {
                last.insert(key.clone(), record.offset);
            }
        }
        self.entries.retain(|offset, entry| {
            let key = entry.record.as_ref().and_then(|record| record.key.as_ref());
            let newest = key.and_then(|key| last.get(key));
            *offset >= stable || (entry.fate == Fate::Committed && newest.is_none_or(|n| n == offset))
        });
    }
}
