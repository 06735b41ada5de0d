//! What people have said does not belong together.
//!
//! Whoever splits three alerts out of an incident of a thousand says that none of the three belongs with any of the 997.
//! Kept pair by pair that would be 2,991 records. So a *separation* is kept as one decision with a number, and an alert
//! bears the *side* of it that it is on: the number itself, or its opposite. Two alerts are apart if one of them bears
//! the opposite of what the other bears. Sides go with their alerts wherever these go, and a group knows which sides its
//! alerts bear, so that whether two groups may become one is asked of two short lists.
//!
//! What holds at all times: no group bears both sides of one separation.

use crate::CommandRefused;
use crate::alert_state::AlertState;
use crate::group::Group;
use crate::slots::{AlertRef, GroupRef};
use crate::tenant_state::TenantState;

/// How many separations one alert may stand in: it bounds what a script that splits without end makes grow. Whoever takes
/// an incident of a thousand apart alert by alert meets it; whoever names several alerts in one split does not.
const SIDES_MAX: usize = 256;

/// What a side is reckoned to cost, for the byte budget.
const SIDE_BYTES: u64 = 8;

/// One side of a separation: its number, or the opposite. Never 0.
pub(crate) type Side = i64;

/// The sides that an alert bears, in the order in which it came by them.
#[derive(Debug, Default)]
pub(crate) struct Sides(Vec<Side>);

/// The sides that the alerts of a group, or of a tenant, bear, sorted, and how many of them bear each.
#[derive(Debug, Default)]
pub(crate) struct SideCounts(Vec<(Side, u32)>);

impl SideCounts {
    pub(crate) fn add(&mut self, side: Side, count: u32) {
        match self.0.binary_search_by_key(&side, |&(s, _)| s) {
            Ok(place) => self.0[place].1 += count,
            Err(place) => self.0.insert(place, (side, count)),
        }
    }

    pub(crate) fn remove(&mut self, side: Side) {
        if let Ok(place) = self.0.binary_search_by_key(&side, |&(s, _)| s) {
            self.0[place].1 -= 1;
            if self.0[place].1 == 0 {
                self.0.remove(place);
            }
        }
    }

    fn contains(&self, side: Side) -> bool {
        self.0.binary_search_by_key(&side, |&(s, _)| s).is_ok()
    }

    /// Takes another group's counts in.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (side, count) in other.0 {
            self.add(side, count);
        }
    }
}

impl AlertState {
    /// The sides that the alert bears.
    pub(crate) fn sides(&self) -> &[Side] {
        self.apart.as_ref().map_or(&[], |sides| &sides.0)
    }

    /// What its sides are reckoned to cost.
    fn sides_bytes(&self) -> u64 {
        self.sides().len() as u64 * SIDE_BYTES
    }

    pub(crate) fn set_sides(&mut self, sides: Vec<Side>) {
        self.apart = (!sides.is_empty()).then(|| Box::new(Sides(sides)));
    }
}

impl Group {
    fn bears(&self, side: Side) -> bool {
        self.apart.as_ref().is_some_and(|sides| sides.contains(side))
    }

    /// Whether an alert of it is apart from one of the other, by a separation that is not among those `lifted`.
    pub(crate) fn is_apart_from(&self, other: &Self, lifted: &[Side]) -> bool {
        let (Some(mine), Some(theirs)) = (&self.apart, &other.apart) else { return false };
        let (few, many) = if mine.0.len() < theirs.0.len() { (mine, theirs) } else { (theirs, mine) };
        few.0.iter().any(|&(side, _)| many.contains(-side) && !lifted.contains(&side.abs()))
    }
}

impl TenantState {
    /// The numbers of the separations that hold two alerts apart.
    pub(crate) fn separations_between(&self, a: AlertRef, b: AlertRef) -> Vec<Side> {
        let theirs = self.alerts[b].sides();
        self.alerts[a]
            .sides()
            .iter()
            .filter(|side| theirs.contains(&-**side))
            .map(|side| side.abs())
            .collect()
    }

    /// The sides of an alert that still keep it from anything: somebody bears the opposite.
    fn live_sides(&self, alert: AlertRef) -> impl Iterator<Item = Side> {
        self.alerts[alert].sides().iter().copied().filter(|side| self.sides.contains(-side))
    }

    /// Whether these alerts have room for one separation more.
    pub(crate) fn may_be_separated(&self, alerts: &[AlertRef]) -> Result<(), CommandRefused> {
        let full = alerts.iter().any(|&alert| self.live_sides(alert).count() >= SIDES_MAX);
        if full { Err(CommandRefused::TooLong) } else { Ok(()) }
    }

    /// Keeps the ones apart from the others from now on. The groups' counts follow when they are counted anew.
    pub(crate) fn separate(&mut self, ones: &[AlertRef], others: &[AlertRef]) {
        // Groups and separations are numbered together: both are few, and there is a group before anything is split.
        let number = self.next_group;
        self.next_group += 1;
        self.dirty.tenant = true;
        for (alerts, side) in [(ones, number), (others, -number)] {
            for &alert in alerts {
                let sides = self.live_sides(alert).chain([side]).collect();
                self.bear(alert, sides);
            }
        }
    }

    /// Puts alerts that are moved by command on the side of the group that takes them, wherever they were on the other:
    /// the later word counts.
    pub(crate) fn take_sides_of(&mut self, group: GroupRef, alerts: &[AlertRef]) {
        for &alert in alerts {
            let known = self.alerts[alert].sides();
            let there = &self.groups[group];
            let sides: Vec<Side> = known.iter().map(|&s| if there.bears(-s) { -s } else { s }).collect();
            if sides != known {
                self.bear(alert, sides);
            }
        }
    }

    /// Lifts separations from the alerts of a group.
    pub(crate) fn lift(&mut self, group: GroupRef, separations: &[Side]) {
        if !separations.iter().any(|&s| self.groups[group].bears(s) || self.groups[group].bears(-s)) {
            return;
        }
        let lifted = |side: &Side| separations.contains(&side.abs());
        let members: Vec<AlertRef> = self.groups[group].members().collect();
        for alert in members {
            if self.alerts[alert].sides().iter().any(lifted) {
                let left = self.alerts[alert].sides().iter().copied().filter(|side| !lifted(side)).collect();
                self.bear(alert, left);
            }
        }
        self.count_sides(group);
    }

    fn bear(&mut self, alert: AlertRef, sides: Vec<Side>) {
        self.discount_sides(alert);
        self.alerts[alert].set_sides(sides);
        self.note_sides(alert);
        self.touch_alert(alert);
    }

    /// Counts an alert's sides in.
    pub(crate) fn note_sides(&mut self, alert: AlertRef) {
        let state = &self.alerts[alert];
        state.sides().iter().for_each(|&side| self.sides.add(side, 1));
        self.state_bytes += state.sides_bytes();
    }

    /// Counts them out, before they change or the alert goes.
    pub(crate) fn discount_sides(&mut self, alert: AlertRef) {
        let state = &self.alerts[alert];
        state.sides().iter().for_each(|&side| self.sides.remove(side));
        self.state_bytes -= state.sides_bytes();
    }

    /// Counts anew which sides the alerts of a group bear.
    pub(crate) fn count_sides(&mut self, group: GroupRef) {
        let mut counts: Option<Box<SideCounts>> = None;
        for alert in self.groups[group].members() {
            for &side in self.alerts[alert].sides() {
                counts.get_or_insert_default().add(side, 1);
            }
        }
        self.groups[group].apart = counts;
    }
}
