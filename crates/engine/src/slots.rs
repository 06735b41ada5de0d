//! Typed slots: a slab whose references cannot be mixed up with those of another slab.
//!
//! A reference is four bytes, optional or not, and means nothing outside this process: after a restore the same thing may sit in another
//! slot. No decision may depend on one; ties go by numbers that are kept.

use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

use slab::Slab;

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

/// Things in slots. A slot that was emptied is used again.
#[derive(Debug)]
pub(crate) struct Slots<R, T> {
    slab: Slab<T>,
    kind: PhantomData<R>,
}

impl<R, T> Default for Slots<R, T> {
    fn default() -> Self {
        Self { slab: Slab::new(), kind: PhantomData }
    }
}

impl<R: Slot, T> Slots<R, T> {
    pub(crate) fn insert(&mut self, value: T) -> R {
        R::from_place(
            u32::try_from(self.slab.insert(value)).expect("the byte budget is reached before 2^32 slots"),
        )
    }

    pub(crate) fn remove(&mut self, slot: R) -> T {
        self.slab.remove(slot.place() as usize)
    }

    pub(crate) fn find(&self, slot: R) -> Option<&T> {
        self.slab.get(slot.place() as usize)
    }

    pub(crate) fn find_mut(&mut self, slot: R) -> Option<&mut T> {
        self.slab.get_mut(slot.place() as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// In the order of slots, which is no order at all: only for what is sorted or summed afterwards.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (R, &T)> {
        self.slab.iter().map(|(place, value)| (R::from_place(place as u32), value))
    }
}

impl<R: Slot, T> Index<R> for Slots<R, T> {
    type Output = T;
    fn index(&self, slot: R) -> &T {
        &self.slab[slot.place() as usize]
    }
}

impl<R: Slot, T> IndexMut<R> for Slots<R, T> {
    fn index_mut(&mut self, slot: R) -> &mut T {
        &mut self.slab[slot.place() as usize]
    }
}
