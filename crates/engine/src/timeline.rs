//! The mentions of an entity in order of event time.

use std::collections::VecDeque;

use braid_alert::{EventTime, Span};

use crate::alert_state::Part;
use crate::slots::{AlertRef, GroupRef};

/// A mention of an entity by an alert, with what a join must know of it: following the reference into the alert would
/// cost a cache miss for each mention looked at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MentionAt {
    pub(crate) start: EventTime,
    /// The end of the activity if it is short, else its beginning (`activity_max`).
    pub(crate) end: EventTime,
    pub(crate) arrival: i64,
    pub(crate) alert: AlertRef,
    pub(crate) group: GroupRef,
    pub(crate) part: Part,
    /// Tied by a strong name.
    pub(crate) certain: bool,
    /// Derived from a host's address at the time.
    pub(crate) bound: bool,
    /// Draws nothing in.
    pub(crate) context: bool,
}

impl MentionAt {
    /// Time between the two activities; zero if they overlap.
    pub(crate) fn gap_to(&self, other: &Self) -> Span {
        self.start.since(other.end).max(other.start.since(self.end)).max(Span::ZERO)
    }

    const fn place(&self) -> (EventTime, i64) {
        (self.start, self.arrival)
    }
}

/// Every mention of an entity by an alert, sorted by event time and then by arrival.
///
/// Most entities are processes, and mentioned once. That one stands here and not in memory of its own.
#[derive(Debug)]
pub(crate) enum Timeline {
    Once(MentionAt),
    Often(VecDeque<MentionAt>),
}

impl Default for Timeline {
    fn default() -> Self {
        Self::Often(VecDeque::new())
    }
}

impl Timeline {
    /// All of them, in two parts of which the first comes first.
    fn parts(&self) -> (&[MentionAt], &[MentionAt]) {
        match self {
            Self::Once(mention) => (std::slice::from_ref(mention), &[]),
            Self::Often(mentions) => mentions.as_slices(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Once(_) => 1,
            Self::Often(mentions) => mentions.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &MentionAt> {
        let (first, second) = self.parts();
        first.iter().chain(second)
    }

    /// Those from one place to before another.
    pub(crate) fn range(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &MentionAt> {
        let (first, second) = self.parts();
        let cut = first.len();
        let beyond = from.saturating_sub(cut)..to.saturating_sub(cut);
        first[from.min(cut)..to.min(cut)].iter().chain(&second[beyond])
    }

    /// How many there are before the first one that this does not hold for.
    pub(crate) fn partition_point(&self, is_before: impl Fn(&MentionAt) -> bool) -> usize {
        let (first, second) = self.parts();
        if second.first().is_some_and(&is_before) {
            first.len() + second.partition_point(is_before)
        } else {
            first.partition_point(is_before)
        }
    }

    fn first(&self) -> Option<&MentionAt> {
        self.parts().0.first()
    }

    fn last(&self) -> Option<&MentionAt> {
        match self {
            Self::Once(mention) => Some(mention),
            Self::Often(mentions) => mentions.back(),
        }
    }

    fn at(&mut self, place: usize) -> Option<&mut MentionAt> {
        match self {
            Self::Once(mention) => (place == 0).then_some(mention),
            Self::Often(mentions) => mentions.get_mut(place),
        }
    }

    /// Where the mention by this alert stands, or would stand.
    fn place_of(&self, start: EventTime, arrival: i64) -> usize {
        let is_before = |mention: &MentionAt| mention.place() < (start, arrival);
        // Most alerts are forgotten in the order in which they came, so most places are at an end.
        if self.last().is_none_or(is_before) {
            return self.len();
        }
        if !self.first().is_some_and(is_before) {
            return 0;
        }
        self.partition_point(is_before)
    }

    /// The mention by the alert of this time and number.
    pub(crate) fn find_mut(&mut self, start: EventTime, arrival: i64) -> Option<&mut MentionAt> {
        let place = self.place_of(start, arrival);
        self.at(place).filter(|mention| mention.place() == (start, arrival))
    }

    /// Adds a mention, in the place of one by the same alert if there is one.
    pub(crate) fn insert(&mut self, mention: MentionAt) {
        match self.last() {
            None => *self = Self::Once(mention),
            // Most alerts come in order.
            Some(last) if last.place() < mention.place() => self.often().push_back(mention),
            Some(_) => {
                let place = self.place_of(mention.start, mention.arrival);
                match self.at(place) {
                    Some(there) if there.place() == mention.place() => *there = mention,
                    _ => self.often().insert(place, mention),
                }
            }
        }
    }

    fn often(&mut self) -> &mut VecDeque<MentionAt> {
        if let Self::Once(mention) = self {
            let mut mentions = VecDeque::with_capacity(4);
            mentions.push_back(mention.clone());
            *self = Self::Often(mentions);
        }
        match self {
            Self::Often(mentions) => mentions,
            Self::Once(_) => unreachable!("it has just been replaced"),
        }
    }

    /// Removes the mention by the alert of this time and number, if there is one.
    pub(crate) fn remove(&mut self, start: EventTime, arrival: i64) {
        let place = self.place_of(start, arrival);
        if self.at(place).is_none_or(|mention| mention.place() != (start, arrival)) {
            return;
        }
        match self {
            Self::Once(_) => *self = Self::default(),
            Self::Often(mentions) => drop(mentions.remove(place)),
        }
    }

    /// Leaves none, and returns those that there were, in order.
    pub(crate) fn take_all(&mut self) -> Vec<MentionAt> {
        match std::mem::take(self) {
            Self::Once(mention) => vec![mention],
            Self::Often(mentions) => mentions.into(),
        }
    }

    /// Up to `most` mentions on each side of an instant, nearest starts first on each side.
    pub(crate) fn nearest(&self, at: EventTime, most: usize) -> impl Iterator<Item = &MentionAt> {
        let len = self.len();
        let place = match self.last() {
            Some(last) if last.start <= at => len,
            _ => self.partition_point(|mention| mention.start <= at),
        };
        let before = self.range(place.saturating_sub(most), place).rev();
        before.chain(self.range(place, len.min(place.saturating_add(most))))
    }

    /// The bytes that it has allocated.
    pub(crate) fn allocated_bytes(&self) -> usize {
        match self {
            Self::Once(_) => 0,
            Self::Often(mentions) => mentions.capacity() * size_of::<MentionAt>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::Slot;

    fn mention(start: i64, arrival: i64) -> MentionAt {
        let start = EventTime::from_micros(start);
        MentionAt {
            start,
            end: start,
            arrival,
            alert: AlertRef::from_place(0),
            group: GroupRef::NOWHERE,
            part: Part::Related,
            certain: false,
            bound: false,
            context: false,
        }
    }

    fn arrivals<'a>(mentions: impl Iterator<Item = &'a MentionAt>) -> Vec<i64> {
        mentions.map(|mention| mention.arrival).collect()
    }

    /// Of 40 mentions in an order that wraps the deque around, each at ten times its number.
    fn wrapped() -> Timeline {
        let mut timeline = Timeline::default();
        (20..40).for_each(|n| timeline.insert(mention(10 * n, n)));
        (0..20).rev().for_each(|n| timeline.insert(mention(10 * n, n)));
        timeline
    }

    #[test]
    fn mentions_stand_in_order_however_they_came() {
        let mut timeline = wrapped();
        assert_eq!(arrivals(timeline.iter()), (0..40).collect::<Vec<_>>());
        timeline.insert(mention(195, 99));
        assert_eq!(arrivals(timeline.range(18, 22)), [18, 19, 99, 20]);
        assert_eq!(arrivals(timeline.nearest(EventTime::from_micros(200), 2)), [20, 99, 21, 22]);
        timeline.remove(EventTime::from_micros(195), 99);
        timeline.remove(EventTime::from_micros(195), 99);
        assert_eq!((timeline.len(), timeline.partition_point(|m| m.arrival < 33)), (40, 33));
    }

    #[test]
    fn the_first_mention_takes_no_memory_of_its_own_and_a_second_one_takes_nothing_from_it() {
        let mut timeline = Timeline::default();
        timeline.insert(mention(10, 1));
        assert_eq!((timeline.len(), timeline.allocated_bytes()), (1, 0));
        timeline.insert(MentionAt { context: true, ..mention(10, 1) });
        assert!(timeline.len() == 1 && timeline.iter().all(|m| m.context), "it is the same alert's");
        timeline.insert(mention(5, 0));
        assert_eq!(arrivals(timeline.iter()), [0, 1]);
        assert_eq!(timeline.find_mut(EventTime::from_micros(10), 1).map(|m| m.arrival), Some(1));
        assert_eq!(arrivals(timeline.take_all().iter()), [0, 1]);
        assert!(timeline.is_empty());
    }

    #[test]
    fn the_only_mention_goes_when_its_own_alert_goes() {
        let mut timeline = Timeline::default();
        timeline.insert(mention(10, 1));
        timeline.remove(EventTime::from_micros(10), 2);
        assert_eq!(timeline.len(), 1);
        timeline.remove(EventTime::from_micros(10), 1);
        assert!(timeline.is_empty() && timeline.nearest(EventTime::MIN, 8).next().is_none());
    }
}
