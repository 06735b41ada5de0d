//! Which incident of one run is which of the other, by the alerts that they share.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{Incident, IncidentAlert, IncidentStatus, Provider, Tenant};

use crate::replay::assignment::assigned;

/// An alert, in all tenants.
pub(super) type AlertName<'a> = (&'a Tenant, &'a Provider, &'a str);

/// The incidents of a run that stand, and where each alert is.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) incidents: Vec<&'a Incident>,
    /// The place of each alert's incident in `incidents`.
    pub(super) place_of: BTreeMap<AlertName<'a>, usize>,
}

/// Two runs, incident for incident.
#[derive(Debug)]
pub(super) struct Pairing<'a> {
    pub(super) before: Run<'a>,
    pub(super) after: Run<'a>,
    /// For each incident before: the one after that it is, if any.
    pub(super) becomes: Vec<Option<usize>>,
    /// For each incident after: the one before that it was, if any.
    pub(super) was: Vec<Option<usize>>,
    /// Alerts in common, by places before and after.
    pub(super) common: BTreeMap<(usize, usize), usize>,
}

impl<'a> Run<'a> {
    fn of(incidents: &'a [Incident]) -> Self {
        let standing: Vec<&Incident> =
            incidents.iter().filter(|incident| incident.status != IncidentStatus::Redirected).collect();
        let places: BTreeMap<_, usize> = standing
            .iter()
            .enumerate()
            .map(|(place, incident)| ((&incident.tenant, incident.id), place))
            .collect();
        let placed = |(incident, alert): (&'a Incident, &'a IncidentAlert)| {
            let place = places.get(&(&incident.tenant, incident.id))?;
            Some(((&incident.tenant, &alert.provider, alert.id.as_str()), *place))
        };
        let place_of = assigned(incidents).into_iter().filter_map(placed).collect();
        Self { incidents: standing, place_of }
    }
}

impl<'a> Pairing<'a> {
    /// Pairs the incidents that share most alerts first; of equals those of the same id, then the older ones. An
    /// incident has one partner at most.
    pub(super) fn of(before: &'a [Incident], after: &'a [Incident]) -> Self {
        let (before, after) = (Run::of(before), Run::of(after));
        let mut common: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (alert, &was) in &before.place_of {
            if let Some(&is) = after.place_of.get(alert) {
                *common.entry((was, is)).or_default() += 1;
            }
        }
        let mut closest: Vec<_> = common.iter().map(|(&places, &alerts)| (places, alerts)).collect();
        let same_id = |(was, is): (usize, usize)| before.incidents[was].id == after.incidents[is].id;
        closest.sort_by_key(|&(places, alerts)| (Reverse(alerts), !same_id(places), places));
        let (mut becomes, mut was) = (vec![None; before.incidents.len()], vec![None; after.incidents.len()]);
        for ((one, other), _) in closest {
            if becomes[one].is_none() && was[other].is_none() {
                (becomes[one], was[other]) = (Some(other), Some(one));
            }
        }
        Self { before, after, becomes, was, common }
    }

    /// The incident after that holds most of the alerts of one before.
    pub(super) fn most_after(&self, before: usize) -> Option<usize> {
        let held = self.common.range((before, 0)..=(before, usize::MAX));
        held.max_by_key(|&(&(_, after), &alerts)| (alerts, Reverse(after))).map(|(&(_, after), _)| after)
    }

    /// The incident before that held most of the alerts of one after.
    pub(super) fn most_before(&self, after: usize) -> Option<usize> {
        let held = self.common.iter().filter(|&(&(_, is), _)| is == after);
        held.max_by_key(|&(&(before, _), &alerts)| (alerts, Reverse(before))).map(|(&(before, _), _)| before)
    }

    /// The alerts of which only the first run holds any record, and those of which only the second does.
    pub(super) fn one_sided(&self) -> (BTreeSet<AlertName<'a>>, BTreeSet<AlertName<'a>>) {
        let missing = |from: &Run<'a>, to: &Run<'a>| {
            from.place_of.keys().filter(|alert| !to.place_of.contains_key(*alert)).copied().collect()
        };
        (missing(&self.before, &self.after), missing(&self.after, &self.before))
    }
}
