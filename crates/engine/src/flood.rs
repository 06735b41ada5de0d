//! Floods: many alerts of one detector about the same users, hosts and addresses within minutes.
//!
//! A password sprayer, or a detector gone mad, raises ten thousand alerts that say the same. All of them belong to the
//! incident, and none of them is dropped: each is remembered, revised, resolved, found by the next alert, and has its own
//! change among the events. But a record that lists them is one that nobody reads and no broker takes. So the first
//! `flood_listed` of a *signature* are listed as ever, and those that follow within `flood_window` of the others are
//! *folded*: counted in the record instead of listed, and outside the caps that bound what is listed.
//!
//! Whether an alert folds is asked when it joins, of the alerts that its incident then holds; the answer stays with it.

use braid_alert::{Alert, AlertStatus, EntityKind, EventTime, Flood, Span};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::Settings;
use crate::alert_state::AlertState;
use crate::identity::Mentions;
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;

/// What alerts of one flood have in common, as a hash. It is kept with the alert, so it must be the same on every
/// machine and in every release: the arithmetic stands here and not in a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Signature(pub(crate) i64);

const HASHER: FixedState = FixedState::with_seed(0x6272_6169_6424);

/// Odd, with its bits well spread: 2^64 divided by the golden ratio.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mixed(hash: u64, word: u64) -> u64 {
    let product = (hash ^ word).wrapping_mul(MULTIPLIER);
    product ^ (product >> 32)
}

fn mixed_text(hash: u64, text: &str) -> u64 {
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    };
    // The length last, so that "a" and "a\0" differ.
    let words = text.as_bytes().chunks(8).map(word);
    mixed(words.fold(hash, mixed), text.len() as u64)
}

impl TenantState {
    /// The signature of an alert with these mentions: product, detector (or title, where the product names no detector),
    /// and whom it is about. Tools do not count: the process is another one in each alert of a flood. Nor does what the
    /// vendor groups: that says to what an alert belongs and not what it is about.
    pub(crate) fn signature(&self, alert: &Alert, mentions: &Mentions) -> Signature {
        let by = mixed_text(0, alert.provider.as_str());
        let by = mixed_text(by, alert.detector.as_deref().unwrap_or(&alert.title));
        let about = mentions.iter().filter(|m| !m.bound).map(|m| &self.entities[m.entity]);
        // A sum, because evidence has no order.
        let about = about
            .filter(|entity| {
                !is_tool(&entity.kind)
                    && !matches!(entity.kind, EntityKind::VendorIncident | EntityKind::Threat)
            })
            .fold(0u64, |sum, entity| sum.wrapping_add(mixed(MULTIPLIER, entity.id.0 as u64)));
        Signature(mixed(by, about) as i64)
    }

    /// Whether an alert that joins this group repeats those that are there, so that it is counted and not listed.
    pub(crate) fn folds(
        &mut self,
        group: GroupRef,
        signature: Signature,
        alert: &Alert,
        settings: &Settings,
    ) -> bool {
        let most = settings.flood_listed as usize;
        if self.groups[group].alerts.len() < most {
            return false;
        }
        if self.groups[group].repeats.is_none() {
            let repeats = Repeats::of(self.groups[group].members().map(|slot| &self.alerts[slot]));
            self.groups[group].repeats = Some(Box::new(repeats));
        }
        let repeats = self.groups[group].repeats.as_ref().expect("it has just been seen to");
        let repeat = repeats.by_signature.get(&signature);
        repeat.is_some_and(|r| r.listed as usize >= most && r.is_near(alert, settings.flood_window))
    }

    /// Lists so many of the alerts that are to be a group's that no more are counted than there must be: alerts have left
    /// one by command, or come to another, where nothing that is listed stands for them.
    pub(crate) fn list_enough(&mut self, alerts: &[AlertRef], settings: &Settings) {
        let mut folded: Vec<AlertRef> = alerts.to_vec();
        folded.retain(|&alert| self.alerts[alert].folded);
        folded.sort_by_key(|&alert| self.place_in_story(alert));
        let mut room =
            (settings.caps.incident_alerts_max as usize).saturating_sub(alerts.len() - folded.len());
        let mut listed: HashMap<Signature, u32, FixedState> = HashMap::with_hasher(HASHER);
        for state in alerts.iter().map(|&alert| &self.alerts[alert]).filter(|state| !state.folded) {
            *listed.entry(state.signature).or_default() += 1;
        }
        for alert in folded {
            let count = listed.entry(self.alerts[alert].signature).or_default();
            if *count < settings.flood_listed && room > 0 {
                (*count, room) = (*count + 1, room - 1);
                self.alerts[alert].folded = false;
                self.touch_alert(alert);
            }
        }
    }

    /// The floods of a group, the earliest first. One look at each folded alert, and at each listed one.
    pub(crate) fn floods_of(&self, slot: GroupRef, story: &[AlertRef]) -> Vec<Flood> {
        let mut floods: Vec<Gathering> = Vec::new();
        let mut places: HashMap<Signature, usize, FixedState> = HashMap::with_hasher(HASHER);
        for &alert in &self.groups[slot].folded {
            let state = &self.alerts[alert];
            let place = *places.entry(state.signature).or_insert_with(|| {
                floods.push(Gathering::of(state));
                floods.len() - 1
            });
            floods[place].count(state);
        }
        let listed = if floods.is_empty() { &[] } else { story };
        for &alert in listed {
            let state = &self.alerts[alert];
            if let Some(&place) = places.get(&state.signature) {
                floods[place].represent(state);
            }
        }
        floods.sort_by_key(|gathering| (gathering.flood.first_activity, gathering.signature));
        floods.into_iter().map(|gathering| gathering.flood).collect()
    }
}

/// A flood as it is put together for a record.
struct Gathering {
    signature: Signature,
    /// The alert that gives the title: the earliest, a listed one if there is one.
    earliest: (EventTime, i64),
    flood: Flood,
}

/// How many of the listed alerts of a flood stand beside its count: enough to look into, and a bound on the record.
const REPRESENTATIVES_MAX: usize = 5;

impl Gathering {
    fn of(state: &AlertState) -> Self {
        let alert = &state.alert;
        let flood = Flood {
            provider: alert.provider.clone(),
            detector: alert.detector.clone(),
            title: alert.title.clone(),
            representatives: Vec::new(),
            folded: 0,
            unresolved: 0,
            first_activity: alert.first_activity,
            last_activity: alert.last_activity,
        };
        Self { signature: state.signature, earliest: (alert.first_activity, state.arrival), flood }
    }

    fn count(&mut self, state: &AlertState) {
        let (alert, flood) = (&state.alert, &mut self.flood);
        flood.folded += 1;
        flood.unresolved += i32::from(alert.status != AlertStatus::Resolved);
        flood.first_activity = flood.first_activity.min(alert.first_activity);
        flood.last_activity = flood.last_activity.max(alert.last_activity);
        let place = (alert.first_activity, state.arrival);
        if place < self.earliest {
            (self.earliest, flood.title) = (place, alert.title.clone());
        }
    }

    /// Takes a listed alert of the flood, in the order of the story.
    fn represent(&mut self, state: &AlertState) {
        if self.flood.representatives.is_empty() {
            self.flood.title = state.alert.title.clone();
        }
        if self.flood.representatives.len() < REPRESENTATIVES_MAX {
            self.flood.representatives.push(state.key());
        }
    }
}

/// What a group knows of alerts that say the same. Only of groups that have `flood_listed` alerts, made when it is first
/// asked for: a function of the alerts, so that it is the same whenever that is.
#[derive(Debug)]
pub(crate) struct Repeats {
    by_signature: HashMap<Signature, Repeat, FixedState>,
}

/// Alerts of one signature in one group.
#[derive(Debug)]
pub(crate) struct Repeat {
    listed: u32,
    first_activity: EventTime,
    last_activity: EventTime,
}

impl Repeats {
    pub(crate) fn of<'a>(alerts: impl Iterator<Item = &'a AlertState>) -> Self {
        let mut repeats = Self { by_signature: HashMap::with_hasher(HASHER) };
        alerts.for_each(|alert| repeats.add(alert));
        repeats
    }

    /// Counts an alert in that is new in the group.
    pub(crate) fn add(&mut self, state: &AlertState) {
        let repeat = self.follow(state);
        repeat.listed += u32::from(!state.folded);
    }

    /// Follows the times of an alert, which only ever widen.
    pub(crate) fn follow(&mut self, state: &AlertState) -> &mut Repeat {
        let (first, last) = (state.alert.first_activity, state.alert.last_activity);
        let entry = self.by_signature.entry(state.signature);
        let repeat = entry.or_insert(Repeat { listed: 0, first_activity: first, last_activity: last });
        repeat.first_activity = repeat.first_activity.min(first);
        repeat.last_activity = repeat.last_activity.max(last);
        repeat
    }
}

impl Repeat {
    fn is_near(&self, alert: &Alert, window: Span) -> bool {
        alert.first_activity.since(self.last_activity) <= window
            && self.first_activity.since(alert.last_activity) <= window
    }
}

/// What is another one in each alert of a flood.
fn is_tool(kind: &EntityKind) -> bool {
    matches!(kind, EntityKind::File | EntityKind::Process | EntityKind::Registry | EntityKind::CloudLogon)
}
