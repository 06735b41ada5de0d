use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use braid_log::{AssignmentChange, TopicPartition};

/// How long a member may be silent before its partitions are given away.
pub(super) const SESSION_MILLIS: i64 = 10_000;

/// A consumer group with cooperative, sticky assignment: a partition that moves is first asked back, and given to its
/// new owner when the old one has let go of it (or has been silent for too long).
#[derive(Debug, Default)]
pub(super) struct Group {
    generation: u64,
    members: BTreeMap<u64, Member>,
    offsets: BTreeMap<TopicPartition, i64>,
}

#[derive(Debug)]
struct Member {
    topics: BTreeSet<String>,
    /// What it knows that it owns.
    owned: BTreeSet<TopicPartition>,
    /// What it is given at its next call.
    granted: BTreeSet<TopicPartition>,
    /// What it is asked back at its next call.
    asked_back: BTreeSet<TopicPartition>,
    /// The generation that it has heard of.
    generation: u64,
    seen_millis: i64,
}

impl Member {
    fn new(topics: BTreeSet<String>, now: i64) -> Self {
        Self {
            topics,
            owned: BTreeSet::new(),
            granted: BTreeSet::new(),
            asked_back: BTreeSet::new(),
            generation: 0,
            seen_millis: now,
        }
    }

    /// What nobody else may have.
    fn holds(&self, partition: &TopicPartition) -> bool {
        self.owned.contains(partition) || self.granted.contains(partition)
    }

    /// What it will have when everything asked back has been given.
    fn keeps(&self) -> usize {
        self.owned.len() + self.granted.len() - self.asked_back.len()
    }
}

impl Group {
    /// A member's call arrives: what changed for it since its last one. `held` is what the member believes to own; it
    /// joins if the group does not know it, and all that it held is lost then.
    pub(super) fn attend(
        &mut self,
        id: u64,
        topics: &BTreeSet<String>,
        held: &BTreeSet<TopicPartition>,
        partitions: &[TopicPartition],
        now: i64,
    ) -> Vec<AssignmentChange> {
        let mut changes = Vec::new();
        let joins = if let Entry::Vacant(place) = self.members.entry(id) {
            push_revoked(&mut changes, held.clone(), true);
            place.insert(Member::new(topics.clone(), now));
            self.rebalance(partitions);
            true
        } else {
            false
        };
        // What it gives back goes to somebody at once, which may ask it for more.
        while self.heard(id, now, &mut changes) {
            self.rebalance(partitions);
        }
        // A member that joins is told of its share, be it nothing.
        if joins && !changes.iter().any(|change| matches!(change, AssignmentChange::Assigned(_))) {
            changes.push(AssignmentChange::Assigned(Vec::new()));
        }
        changes
    }

    fn heard(&mut self, id: u64, now: i64, changes: &mut Vec<AssignmentChange>) -> bool {
        let generation = self.generation;
        let Some(member) = self.members.get_mut(&id) else { return false };
        member.seen_millis = now;
        member.generation = generation;
        let back = mem::take(&mut member.asked_back);
        let granted = mem::take(&mut member.granted);
        member.owned.retain(|partition| !back.contains(partition));
        member.owned.extend(granted.iter().cloned());
        let given_back = !back.is_empty();
        push_revoked(changes, back, false);
        if !granted.is_empty() {
            changes.push(AssignmentChange::Assigned(granted.into_iter().collect()));
        }
        given_back
    }

    /// A member leaves, or is silent for too long.
    pub(super) fn remove(&mut self, id: u64, partitions: &[TopicPartition]) {
        if self.members.remove(&id).is_some() {
            self.rebalance(partitions);
        }
    }

    /// Members that have been silent for longer than a session lasts.
    pub(super) fn silent(&self, now: i64) -> Vec<u64> {
        let silent = self.members.iter().filter(|(_, member)| now - member.seen_millis > SESSION_MILLIS);
        silent.map(|(id, _)| *id).collect()
    }

    /// Divides the partitions evenly, moving as few as it must.
    pub(super) fn rebalance(&mut self, partitions: &[TopicPartition]) {
        self.generation += 1;
        self.grant(partitions);
        while let Some((from, partition)) = self.uneven() {
            if let Some(member) = self.members.get_mut(&from) {
                // What was granted and not yet heard of is simply not granted; the rest must be asked back.
                if !member.granted.remove(&partition) {
                    member.asked_back.insert(partition);
                }
            }
        }
        self.grant(partitions);
    }

    /// Gives what nobody has to whoever has least.
    fn grant(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            let takers = self.members.values().filter(|m| m.topics.contains(&*partition.topic)).count();
            if takers == 0 || self.members.values().any(|member| member.holds(partition)) {
                continue;
            }
            let takers = self.members.values_mut().filter(|m| m.topics.contains(&*partition.topic));
            if let Some(member) = takers.min_by_key(|member| member.keeps()) {
                member.granted.insert(partition.clone());
            }
        }
    }

    /// A partition that its member should give up: it has two more than another one.
    fn uneven(&self) -> Option<(u64, TopicPartition)> {
        let least = self.members.values().map(Member::keeps).min()?;
        let (id, member) = self.members.iter().max_by_key(|(_, member)| member.keeps())?;
        // What has been asked back already and not yet arrived counts for whoever has least.
        let under_way: usize = self.members.values().map(|member| member.asked_back.len()).sum();
        if member.keeps() < least + under_way + 2 {
            return None;
        }
        let mut candidates = member.granted.iter().chain(&member.owned);
        let partition = candidates.rfind(|partition| !member.asked_back.contains(*partition))?;
        Some((*id, partition.clone()))
    }

    /// Whether offsets that this member commits are taken: it must know the present generation.
    pub(super) fn admits(&self, id: u64) -> bool {
        self.members.get(&id).is_some_and(|member| member.generation == self.generation)
    }

    pub(super) fn commit(&mut self, offsets: BTreeMap<TopicPartition, i64>) {
        self.offsets.extend(offsets);
    }

    pub(super) fn offset(&self, partition: &TopicPartition) -> Option<i64> {
        self.offsets.get(partition).copied()
    }

    pub(super) const fn offsets(&self) -> &BTreeMap<TopicPartition, i64> {
        &self.offsets
    }
}

fn push_revoked(changes: &mut Vec<AssignmentChange>, partitions: BTreeSet<TopicPartition>, lost: bool) {
    if !partitions.is_empty() {
        changes.push(AssignmentChange::Revoked { partitions: partitions.into_iter().collect(), lost });
    }
}
