use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use braid_alert::EventTime;
use braid_wire::{Observable, ObservableKind, StixIndicator, StixObject, StixParty, StixPartyKind, StixSaid};

/// How far an attribution is followed: an indicator shows a malware, which is of a campaign, which is of a set, which is of
/// an actor.
const ATTRIBUTIONS_MAX: usize = 4;

/// The key of a record: its topic, and the key in it.
type RecordKey = (Arc<str>, Box<[u8]>);

/// What one source says.
#[derive(Debug, Default)]
pub(super) struct SourceTable {
    /// What each record brought: a tombstone takes it back.
    records: HashMap<RecordKey, Brought>,
    objects: HashMap<Arc<str>, Held>,
    /// The indicators that ask for a value.
    by_value: HashMap<Observable, Vec<Arc<str>>>,
    /// How many networks there are of each length of prefix, so that an address is asked about those only.
    prefixes: BTreeMap<u8, usize>,
    /// The relationships from an object.
    relationships: HashMap<Box<str>, Vec<Arc<str>>>,
}

#[derive(Debug)]
struct Brought {
    ids: Vec<Arc<str>>,
    /// In which reading of the topic.
    reading: u32,
}

#[derive(Debug)]
struct Held {
    by: RecordKey,
    modified: EventTime,
    said: StixSaid,
}

/// Who is behind an indicator.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Behind<'t> {
    pub(super) actor: Option<&'t StixParty>,
    pub(super) campaign: Option<&'t StixParty>,
    pub(super) malware: Option<&'t StixParty>,
}

impl SourceTable {
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Takes what a record says in place of what its key said before, for so many objects in all. Returns how many objects
    /// were taken; one that is known in a newer version counts as taken.
    pub(super) fn put(
        &mut self,
        (topic, key): (&Arc<str>, &[u8]),
        objects: Vec<StixObject>,
        reading: u32,
        room: usize,
    ) -> usize {
        let by = (topic.clone(), Box::from(key));
        self.take_back(&by);
        let mut ids = Vec::with_capacity(objects.len());
        let mut taken = 0;
        for StixObject { id, modified, said } in objects {
            let id: Arc<str> = id.into();
            match self.objects.get(&id) {
                Some(known) if known.modified > modified => {
                    taken += 1;
                    continue;
                }
                Some(_) => self.forget(&id),
                None if self.objects.len() >= room => continue,
                None => {}
            }
            self.enter(&id, &said);
            self.objects.insert(id.clone(), Held { by: by.clone(), modified, said });
            ids.push(id);
            taken += 1;
        }
        if !ids.is_empty() {
            self.records.insert(by, Brought { ids, reading });
        }
        taken
    }

    fn take_back(&mut self, by: &RecordKey) {
        for id in self.records.remove(by).map(|brought| brought.ids).unwrap_or_default() {
            // Another record may have said it since.
            if self.objects.get(&id).is_some_and(|held| held.by == *by) {
                self.forget(&id);
            }
        }
    }

    /// Forgets what a topic said in earlier readings only.
    pub(super) fn sweep(&mut self, topic: &str, reading: u32) {
        let is_old =
            |((of, _), brought): &(&RecordKey, &Brought)| &**of == topic && brought.reading < reading;
        let old: Vec<RecordKey> = self.records.iter().filter(is_old).map(|(key, _)| key.clone()).collect();
        old.iter().for_each(|key| self.take_back(key));
    }

    fn enter(&mut self, id: &Arc<str>, said: &StixSaid) {
        match said {
            StixSaid::Indicator(indicator) => {
                for value in indicator.pattern.observables() {
                    let asking = self.by_value.entry(value.clone()).or_default();
                    if !asking.contains(id) {
                        asking.push(id.clone());
                        if let Some(prefix) = prefix_of(value) {
                            *self.prefixes.entry(prefix).or_default() += 1;
                        }
                    }
                }
            }
            StixSaid::Relationship { source, .. } => {
                self.relationships.entry(source.clone()).or_default().push(id.clone());
            }
            StixSaid::Party(_) | StixSaid::Revoked => {}
        }
    }

    fn forget(&mut self, id: &Arc<str>) {
        let Some(held) = self.objects.remove(id) else { return };
        match held.said {
            StixSaid::Indicator(indicator) => {
                indicator.pattern.observables().into_iter().for_each(|value| self.forget_value(value, id));
            }
            StixSaid::Relationship { source, .. } => {
                if let Some(known) = self.relationships.get_mut(&source) {
                    known.retain(|known| known != id);
                    if known.is_empty() {
                        self.relationships.remove(&source);
                    }
                }
            }
            StixSaid::Party(_) | StixSaid::Revoked => {}
        }
    }

    fn forget_value(&mut self, value: &Observable, id: &Arc<str>) {
        let Some(asking) = self.by_value.get_mut(value) else { return };
        let before = asking.len();
        asking.retain(|known| known != id);
        let gone = before - asking.len();
        if asking.is_empty() {
            self.by_value.remove(value);
        }
        if let Some(prefix) = prefix_of(value).filter(|_| gone > 0) {
            let left = self.prefixes.get(&prefix).map_or(0, |count| count.saturating_sub(gone));
            if left == 0 {
                self.prefixes.remove(&prefix);
            } else {
                self.prefixes.insert(prefix, left);
            }
        }
    }

    /// The lengths of prefixes that networks in it have.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = u8> + '_ {
        self.prefixes.keys().copied()
    }

    /// The indicators that ask for a value, among others maybe.
    pub(super) fn asking(&self, value: &Observable) -> &[Arc<str>] {
        self.by_value.get(value).map_or(&[], Vec::as_slice)
    }

    pub(super) fn indicator(&self, id: &str) -> Option<&StixIndicator> {
        match &self.objects.get(id)?.said {
            StixSaid::Indicator(indicator) => Some(indicator),
            _ => None,
        }
    }

    /// Who is behind an indicator, by what it indicates and whom that is attributed to. Of several of a kind the nearest,
    /// of those the first by name, so that the order of the records does not decide.
    pub(super) fn behind(&self, indicator: &str) -> Behind<'_> {
        let mut behind = Behind::default();
        let mut set = None;
        let mut reached: Vec<&str> = vec![indicator];
        let mut seen: Vec<&str> = vec![indicator];
        for _ in 0..ATTRIBUTIONS_MAX {
            let mut next: Vec<&str> = reached.iter().flat_map(|id| self.targets(id)).collect();
            next.sort_unstable();
            next.dedup();
            next.retain(|id| !seen.contains(id));
            let mut parties: Vec<&StixParty> = next.iter().filter_map(|id| self.party(id)).collect();
            parties.sort_by_key(|party| &party.name);
            for party in parties {
                let place = match party.kind {
                    StixPartyKind::ThreatActor => &mut behind.actor,
                    StixPartyKind::IntrusionSet => &mut set,
                    StixPartyKind::Campaign => &mut behind.campaign,
                    StixPartyKind::Malware => &mut behind.malware,
                };
                place.get_or_insert(party);
            }
            seen.extend(&next);
            reached = next;
        }
        behind.actor = behind.actor.or(set);
        behind
    }

    fn targets<'t>(&'t self, id: &str) -> impl Iterator<Item = &'t str> + use<'t> {
        let known = self.relationships.get(id).map_or(&[][..], Vec::as_slice);
        known.iter().filter_map(|id| match &self.objects.get(id)?.said {
            StixSaid::Relationship { target, .. } => Some(&**target),
            _ => None,
        })
    }

    fn party(&self, id: &str) -> Option<&StixParty> {
        match &self.objects.get(id)?.said {
            StixSaid::Party(party) => Some(party),
            _ => None,
        }
    }
}

fn prefix_of(value: &Observable) -> Option<u8> {
    if value.kind != ObservableKind::Network {
        return None;
    }
    value.value.rsplit_once('/')?.1.parse().ok()
}
