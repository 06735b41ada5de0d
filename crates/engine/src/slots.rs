//! Typed slots: references to one kind of thing cannot be mixed up with those to another.
//!
//! A reference is four bytes, optional or not, and means nothing outside this process: after a restore the same thing may sit in another
//! slot. No decision may depend on one; ties go by numbers that are kept.

use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

/// A reference into a [`Slots`] of the same kind.
pub(crate) trait Slot: Copy {
    fn from_place(place: u32) -> Self;
    fn place(self) -> u32;
}

macro_rules! slot {
    ($($(#[$meta:meta])* $name:ident,)+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(NonZeroU32);

        impl Slot for $name {
            fn from_place(place: u32) -> Self {
                Self(NonZeroU32::MIN.saturating_add(place))
            }

            fn place(self) -> u32 {
                self.0.get() - 1
            }
        }
    )+ };
}

slot! {
    /// Where an alert is kept.
    AlertRef,
    /// Where an entity is kept.
    EntityRef,
    /// Where a name is kept.
    NameRef,
    /// Where a group is kept.
    GroupRef,
}

impl GroupRef {
    /// Where an alert is that has not found its group yet.
    pub(crate) const NOWHERE: Self = Self(NonZeroU32::MAX);
}

/// How many slots are allocated at a time. One vector would be copied whole whenever it is full, which at a million
/// alerts is a pause of a tenth of a second and, spread over all, a quarter of an engine step. The number is a constant
/// of the type, so that a place within a chunk needs no check: a step follows a hundred references.
const CHUNK_SLOTS: usize = 2_048;

type Chunk<T> = Box<[Option<T>; CHUNK_SLOTS]>;

/// Things in slots. A slot that was emptied is used again.
#[derive(Debug)]
pub(crate) struct Slots<R, T> {
    chunks: Vec<Chunk<T>>,
    /// How many slots have ever been taken.
    taken: usize,
    free: Vec<R>,
}

impl<R, T> Default for Slots<R, T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), taken: 0, free: Vec::new() }
    }
}

fn empty_chunk<T>() -> Chunk<T> {
    let slots: Vec<Option<T>> = (0..CHUNK_SLOTS).map(|_| None).collect();
    let Ok(chunk) = slots.into_boxed_slice().try_into() else { unreachable!("it has that many") };
    chunk
}

impl<R: Slot, T> Slots<R, T> {
    pub(crate) fn insert(&mut self, value: T) -> R {
        if let Some(slot) = self.free.pop() {
            *self.place_mut(slot).expect("a free slot is there") = Some(value);
            return slot;
        }
        if self.taken == self.chunks.len() * CHUNK_SLOTS {
            self.chunks.push(empty_chunk());
        }
        let place = u32::try_from(self.taken).expect("the byte budget is reached before 2^32 slots");
        self.taken += 1;
        let slot = R::from_place(place);
        *self.place_mut(slot).expect("its chunk has just been seen to") = Some(value);
        slot
    }

    pub(crate) fn remove(&mut self, slot: R) -> T {
        let value = self.place_mut(slot).and_then(Option::take).expect("only what is there is removed");
        self.free.push(slot);
        value
    }

    pub(crate) fn find(&self, slot: R) -> Option<&T> {
        let place = slot.place() as usize;
        self.chunks.get(place / CHUNK_SLOTS)?[place % CHUNK_SLOTS].as_ref()
    }

    pub(crate) fn find_mut(&mut self, slot: R) -> Option<&mut T> {
        self.place_mut(slot)?.as_mut()
    }

    fn place_mut(&mut self, slot: R) -> Option<&mut Option<T>> {
        let place = slot.place() as usize;
        Some(&mut self.chunks.get_mut(place / CHUNK_SLOTS)?[place % CHUNK_SLOTS])
    }

    pub(crate) fn len(&self) -> usize {
        self.taken - self.free.len()
    }

    /// The bytes of the slots, taken or not.
    pub(crate) fn allocated_bytes(&self) -> usize {
        self.chunks.len() * CHUNK_SLOTS * size_of::<Option<T>>() + self.free.capacity() * size_of::<R>()
    }

    /// In the order of slots, which is no order at all: only for what is sorted or summed afterwards.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (R, &T)> {
        let all = self.chunks.iter().flat_map(|chunk| chunk.iter()).enumerate();
        all.filter_map(|(place, value)| Some((R::from_place(place as u32), value.as_ref()?)))
    }
}

impl<R: Slot, T> Index<R> for Slots<R, T> {
    type Output = T;
    fn index(&self, slot: R) -> &T {
        self.find(slot).expect("a reference is dropped with what it refers to")
    }
}

impl<R: Slot, T> IndexMut<R> for Slots<R, T> {
    fn index_mut(&mut self, slot: R) -> &mut T {
        self.find_mut(slot).expect("a reference is dropped with what it refers to")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_was_emptied_is_used_again_and_chunks_are_crossed() {
        let mut slots: Slots<NameRef, usize> = Slots::default();
        let all: Vec<NameRef> = (0..CHUNK_SLOTS + 2).map(|n| slots.insert(n)).collect();
        assert_eq!(
            (slots.len(), slots[all[CHUNK_SLOTS]], slots.remove(all[1])),
            (CHUNK_SLOTS + 2, CHUNK_SLOTS, 1)
        );
        assert_eq!((slots.find(all[1]), slots.len()), (None, CHUNK_SLOTS + 1));
        assert_eq!(slots.insert(7), all[1]);
        assert_eq!(slots.iter().map(|(_, n)| n).sum::<usize>(), (0..CHUNK_SLOTS + 2).sum::<usize>() - 1 + 7);
    }
}
