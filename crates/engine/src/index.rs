//! Tables that find a thing by its hash.

use hashbrown::HashTable;

use crate::slots::Slot;

/// References to things by their hashes, eight bytes each: half of the hash stands beside the reference, so that what is
/// sought is told from nearly everything else without touching it. Tables this large are in no cache, and their size is
/// what a look into them costs.
#[derive(Debug)]
pub(crate) struct Index<R> {
    table: HashTable<(u32, R)>,
}

impl<R> Default for Index<R> {
    fn default() -> Self {
        Self { table: HashTable::new() }
    }
}

/// The half that is kept.
const fn kept(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The hash by which a thing is placed, from what is kept of its own: a table grows without asking anything for its hash.
/// The factor is odd, so no two differ in the kept half and agree in this.
const fn placing(kept: u32) -> u64 {
    (kept as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl<R: Slot + PartialEq> Index<R> {
    /// The thing of this hash that is the one sought.
    pub(crate) fn find(&self, hash: u64, is_sought: impl Fn(R) -> bool) -> Option<R> {
        let kept = kept(hash);
        let found = self.table.find(placing(kept), |&(other, thing)| other == kept && is_sought(thing));
        found.map(|&(_, thing)| thing)
    }

    /// Adds a thing that is not there yet.
    pub(crate) fn insert(&mut self, hash: u64, thing: R) {
        let kept = kept(hash);
        self.table.insert_unique(placing(kept), (kept, thing), |&(kept, _)| placing(kept));
    }

    /// Removes a thing, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, thing: R) {
        if let Ok(entry) = self.table.find_entry(placing(kept(hash)), |&(_, other)| other == thing) {
            entry.remove();
        }
    }

    /// The bytes of the table.
    pub(crate) fn allocated_bytes(&self) -> usize {
        self.table.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::NameRef;

    #[test]
    fn things_whose_kept_halves_agree_are_told_apart_by_whoever_seeks() {
        let mut index = Index::default();
        let [one, other] = [0, 1].map(NameRef::from_place);
        index.insert(7 << 32, one);
        index.insert((7 << 32) + 1, other);
        assert_eq!(index.find(7 << 32, |thing| thing == other), Some(other));
        index.remove(7 << 32, one);
        assert_eq!((index.find(7 << 32, |_| true), index.find(8 << 32, |_| true)), (Some(other), None));
    }

    #[test]
    fn a_table_that_has_grown_still_finds_everything() {
        let mut index = Index::default();
        let hash = |n: u32| u64::from(n).wrapping_mul(0xA076_1D64_78BD_642F);
        for n in 0..5_000 {
            index.insert(hash(n), NameRef::from_place(n));
        }
        let all = (0..5_000).all(|n| index.find(hash(n), |thing| thing.place() == n).is_some());
        assert!(all && index.allocated_bytes() >= 5_000 * 8);
    }
}
