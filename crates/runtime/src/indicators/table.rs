use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use braid_alert::EventTime;
use braid_wire::{Observable, StixIndicator, StixObject, StixParty, StixSaid};

use super::index::Index;
use super::statements::{Rank, RecordName, Statements};

/// What an object takes beside its texts: its places in the maps, and those of its record. A value takes its own. Both are
/// from what a process grew by: 922, 2,988 and 21,649 bytes an indicator of 1, 10 and 100 domains with ids of 46 characters,
/// reckoned as 947, 2,848 and 21,858; 843 a relationship, reckoned as 885.
const OBJECT_BYTES: usize = 640;
const VALUE_BYTES: usize = 160;

/// What one source says.
#[derive(Debug, Default)]
pub(super) struct SourceTable {
    /// What each record brought: a tombstone takes it back.
    records: HashMap<Arc<RecordName>, Brought>,
    objects: HashMap<Arc<str>, Statements>,
    in_force: Index,
    topics: HashMap<Arc<str>, Reading>,
    bytes: u64,
}

#[derive(Debug)]
struct Brought {
    /// The objects, and when each was changed.
    objects: Vec<(Arc<str>, EventTime)>,
    written_millis: i64,
    bytes: u64,
    /// In which reading of the topic.
    reading: u32,
}

/// How far a topic is.
#[derive(Debug)]
struct Reading {
    /// How often it has been begun.
    number: u32,
    /// What it said before this one and may not say again, once that had to give way.
    old: Option<Vec<Arc<RecordName>>>,
    /// What was left out in this one, for there was no room.
    left_out_bytes: u64,
    /// The smallest object of it.
    left_out_bytes_min: u64,
}

impl Reading {
    const fn new(number: u32) -> Self {
        // In the first there is nothing old.
        let old = if number > 1 { None } else { Some(Vec::new()) };
        Self { number, old, left_out_bytes: 0, left_out_bytes_min: u64::MAX }
    }
}

/// A record to take.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) record: RecordName,
    pub(super) written_millis: i64,
    pub(super) objects: Vec<StixObject>,
    /// In which reading of its topic it came.
    pub(super) reading: u32,
}

/// What became of a record.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How many of its objects are in the table.
    pub(super) taken: usize,
    /// How many are not, for there is no room.
    pub(super) left_out: usize,
    /// What more objects do than are looked at.
    pub(super) crowded: Option<String>,
}

impl SourceTable {
    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// What they take in memory, about.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes what a record says in place of what its key said before, as far as the table takes no more than `room` bytes
    /// in all.
    pub(super) fn put(&mut self, put: Put, room: u64) -> Outcome {
        let by = Arc::new(put.record);
        self.take_back(&by);
        let read = self.topics.entry(by.topic.clone()).or_insert(Reading::new(put.reading));
        if put.reading > read.number {
            *read = Reading::new(put.reading);
        }
        let mut brought = Brought {
            objects: Vec::new(),
            written_millis: put.written_millis,
            bytes: 0,
            reading: put.reading,
        };
        let mut outcome = Outcome::default();
        for StixObject { id, modified, said } in newest_of_each(put.objects) {
            let bytes = bytes_of(&id, &by, &said);
            if !self.has_room(bytes, room, &by.topic) {
                outcome.left_out += 1;
                continue;
            }
            let id: Arc<str> = id.into();
            let rank = Rank { modified, written_millis: put.written_millis, by: by.clone() };
            outcome.crowded = self.say(&id, rank, said).or(outcome.crowded);
            self.bytes += bytes;
            brought.bytes += bytes;
            brought.objects.push((id, modified));
        }
        outcome.taken = brought.objects.len();
        if outcome.taken > 0 {
            self.records.insert(by, brought);
        }
        outcome
    }

    /// Whether so much more goes in. What the topic said in an earlier reading gives way to what it says now, as much of it as
    /// must; what finds no room after that is reckoned up.
    fn has_room(&mut self, bytes: u64, room: u64, topic: &Arc<str>) -> bool {
        while bytes <= room && self.bytes + bytes > room {
            let Some(old) = self.next_old(topic) else { break };
            self.take_back(&old);
        }
        let fits = self.bytes + bytes <= room;
        if let Some(reading) = self.topics.get_mut(topic).filter(|_| !fits) {
            reading.left_out_bytes = reading.left_out_bytes.saturating_add(bytes);
            reading.left_out_bytes_min = reading.left_out_bytes_min.min(bytes);
        }
        fits
    }

    /// A record of a topic that came in an earlier reading and not in this one; they are looked for once a reading.
    fn next_old(&mut self, topic: &Arc<str>) -> Option<Arc<RecordName>> {
        let number = self.topics.get(topic)?.number;
        if self.topics.get(topic)?.old.is_none() {
            let old = self.said_before(topic, number);
            self.topics.get_mut(topic)?.old = Some(old);
        }
        let old = self.topics.get_mut(topic)?.old.as_mut()?;
        while let Some(record) = old.pop() {
            if self.records.get(&record).is_some_and(|brought| brought.reading < number) {
                return Some(record);
            }
        }
        None
    }

    fn said_before(&self, topic: &Arc<str>, reading: u32) -> Vec<Arc<RecordName>> {
        let is_old =
            |(of, brought): &(&Arc<RecordName>, &Brought)| of.topic == *topic && brought.reading < reading;
        self.records.iter().filter(is_old).map(|(key, _)| key.clone()).collect()
    }

    /// Whether so much room would take in what a topic said when there was none: all of it, or enough to be worth another
    /// reading, and at least one object.
    pub(super) fn would_fill(&self, topic: &str, room: u64, worth_reading: u64) -> bool {
        self.topics.get(topic).is_some_and(|reading| {
            let left_out = reading.left_out_bytes;
            left_out > 0 && room >= left_out.min(worth_reading) && room >= reading.left_out_bytes_min
        })
    }

    fn say(&mut self, id: &Arc<str>, rank: Rank, said: StixSaid) -> Option<String> {
        let Some(statements) = self.objects.get_mut(id) else {
            let crowded = self.in_force.enter(id, &said);
            self.objects.insert(id.clone(), Statements::new(rank, said));
            return crowded;
        };
        let mut crowded = None;
        if statements.yield_to(&rank) {
            self.in_force.forget(id, statements.said());
            crowded = self.in_force.enter(id, &said);
        }
        statements.add(rank, said);
        crowded
    }

    /// Takes back what a record brought: what others say of the same objects holds again.
    fn take_back(&mut self, record: &RecordName) {
        let Some((by, brought)) = self.records.remove_entry(record) else { return };
        self.bytes -= brought.bytes;
        for (id, modified) in brought.objects {
            self.unsay(&id, &Rank { modified, written_millis: brought.written_millis, by: by.clone() });
        }
    }

    fn unsay(&mut self, id: &Arc<str>, rank: &Rank) {
        let Some(statements) = self.objects.get_mut(id) else { return };
        if !statements.is_in_force(rank) {
            statements.take_back_lesser(rank);
            return;
        }
        let Some(statements) = self.objects.remove(id) else { return };
        let (said, left) = statements.take_back();
        self.in_force.forget(id, &said);
        if let Some(left) = left {
            self.in_force.enter(id, left.said());
            self.objects.insert(id.clone(), left);
        }
    }

    /// Forgets what a topic said in earlier readings only.
    pub(super) fn sweep(&mut self, topic: &Arc<str>, reading: u32) {
        self.said_before(topic, reading).iter().for_each(|record| self.take_back(record));
    }

    /// The networks that indicators ask for and that an address stands in.
    pub(super) fn networks_of(&self, address: IpAddr) -> impl Iterator<Item = Observable> {
        self.in_force.networks_of(address)
    }

    /// The indicators that ask for a value, among others maybe.
    pub(super) fn asking(&self, value: &Observable) -> impl Iterator<Item = &Arc<str>> {
        self.in_force.asking(value)
    }

    pub(super) fn indicator(&self, id: &str) -> Option<&StixIndicator> {
        match self.objects.get(id)?.said() {
            StixSaid::Indicator(indicator) => Some(indicator),
            _ => None,
        }
    }

    /// What the relationships from an object lead to.
    pub(super) fn targets<'t>(&'t self, id: &str) -> impl Iterator<Item = &'t str> + use<'t> {
        self.in_force.relationships(id).filter_map(|id| match self.objects.get(id)?.said() {
            StixSaid::Relationship { target, .. } => Some(&**target),
            _ => None,
        })
    }

    pub(super) fn party(&self, id: &str) -> Option<&StixParty> {
        match self.objects.get(id)?.said() {
            StixSaid::Party(party) => Some(party),
            _ => None,
        }
    }
}

/// Of two versions of an object in one record the newer one, of two of one time the last.
fn newest_of_each(objects: Vec<StixObject>) -> impl Iterator<Item = StixObject> {
    let mut newest: BTreeMap<Box<str>, StixObject> = BTreeMap::new();
    for object in objects {
        match newest.get(&object.id) {
            Some(known) if known.modified > object.modified => {}
            _ => drop(newest.insert(object.id.clone(), object)),
        }
    }
    newest.into_values()
}

fn bytes_of(id: &str, by: &RecordName, said: &StixSaid) -> u64 {
    let optional = |text: &Option<Box<str>>| text.as_deref().map_or(0, str::len);
    let texts = match said {
        StixSaid::Indicator(indicator) => {
            let values = indicator.pattern.observables();
            let values: usize = values.iter().map(|value| VALUE_BYTES + 2 * value.value.len()).sum();
            values + optional(&indicator.name) + optional(&indicator.intent)
        }
        StixSaid::Party(party) => party.name.len() + optional(&party.motivation),
        StixSaid::Relationship { source, target, .. } => 2 * source.len() + target.len(),
        StixSaid::Revoked => 0,
    };
    (OBJECT_BYTES + id.len() + by.key.len() + texts) as u64
}
