use braid_alert::{Incident, IncidentId, IncidentStatus, Provider, Severity, Tenant};
use serde::Serialize;

use super::pairing::{AlertName, Pairing};

/// What the second configuration would change.
#[derive(Debug, Serialize)]
pub(super) struct Comparison<'a> {
    pub(super) counts: Counts,
    /// Each incident that is not what it was, in the order in which they opened.
    pub(super) incidents: Vec<Difference<'a>>,
    /// Alerts that go from one incident to another by themselves: not with the whole of an incident that is merged, and
    /// not with what is split off.
    pub(super) moved_alerts: Vec<Moved<'a>>,
    /// Alerts that only the first configuration holds in an incident.
    pub(super) alerts_only_before: Vec<AlertText<'a>>,
    /// Alerts that only the second one holds.
    pub(super) alerts_only_after: Vec<AlertText<'a>>,
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) incidents_before: usize,
    pub(super) incidents_after: usize,
    pub(super) unchanged: usize,
    pub(super) changed: usize,
    pub(super) merged: usize,
    pub(super) split: usize,
    pub(super) added: usize,
    pub(super) gone: usize,
}

/// An incident that is not what it was.
#[derive(Debug, Serialize)]
pub(super) struct Difference<'a> {
    pub(super) what: What,
    /// The incident before; of one that is split off, the one that most of it comes from.
    pub(super) before: Option<Head<'a>>,
    /// The incident after; of one that is merged, the one that most of it goes to.
    pub(super) after: Option<Head<'a>>,
    /// How many alerts of the incident after were not in the one before.
    pub(super) alerts_came: usize,
    /// How many alerts of the incident before are not in the one after.
    pub(super) alerts_left: usize,
}

/// What becomes of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// It is the same attack with other alerts, another status, severity or title.
    Changed,
    /// It is a part of another one.
    Merged,
    /// It is new, and its alerts were a part of another one.
    Split,
    /// It is new, and so are its alerts.
    Added,
    /// It and its alerts are gone.
    Gone,
}

/// An incident in short.
#[derive(Debug, Serialize)]
pub(super) struct Head<'a> {
    pub(super) id: IncidentId,
    pub(super) tenant: &'a Tenant,
    pub(super) status: &'a IncidentStatus,
    pub(super) severity: &'a Severity,
    pub(super) title: &'a str,
    pub(super) alerts: usize,
}

/// An alert that goes from one incident to another.
#[derive(Debug, Serialize)]
pub(super) struct Moved<'a> {
    #[serde(flatten)]
    pub(super) alert: AlertText<'a>,
    /// The incident before.
    pub(super) from: IncidentId,
    /// The incident after.
    pub(super) to: IncidentId,
}

/// An alert, in all tenants.
#[derive(Debug, Serialize)]
pub(super) struct AlertText<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) provider: &'a Provider,
    pub(super) id: &'a str,
}

impl<'a> Comparison<'a> {
    /// Compares two runs over the same inputs.
    pub(super) fn of(before: &'a [Incident], after: &'a [Incident]) -> Self {
        let pairing = Pairing::of(before, after);
        let places = 0..pairing.before.incidents.len();
        let mut incidents: Vec<_> = places.filter_map(|place| was_there(&pairing, place)).collect();
        incidents.extend((0..pairing.after.incidents.len()).filter_map(|place| is_new(&pairing, place)));
        let (only_before, only_after) = pairing.one_sided();
        Self {
            counts: Counts::of(&pairing, &incidents),
            incidents,
            moved_alerts: moved(&pairing),
            alerts_only_before: only_before.into_iter().map(AlertText::of).collect(),
            alerts_only_after: only_after.into_iter().map(AlertText::of).collect(),
        }
    }

    /// Whether the second configuration would change nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.incidents.is_empty()
            && self.moved_alerts.is_empty()
            && self.alerts_only_before.is_empty()
            && self.alerts_only_after.is_empty()
    }
}

/// What becomes of an incident that was there; `None` if it is unchanged.
fn was_there<'a>(pairing: &Pairing<'a>, place: usize) -> Option<Difference<'a>> {
    let difference = match (pairing.becomes[place], pairing.most_after(place)) {
        (Some(after), _) => Difference::between(What::Changed, pairing, Some(place), Some(after)),
        (None, Some(after)) => Difference::between(What::Merged, pairing, Some(place), Some(after)),
        (None, None) => Difference::between(What::Gone, pairing, Some(place), None),
    };
    (difference.what != What::Changed || difference.is_one()).then_some(difference)
}

/// Where an incident that was not there comes from.
fn is_new<'a>(pairing: &Pairing<'a>, place: usize) -> Option<Difference<'a>> {
    match (pairing.was[place], pairing.most_before(place)) {
        (Some(_), _) => None,
        (None, Some(before)) => Some(Difference::between(What::Split, pairing, Some(before), Some(place))),
        (None, None) => Some(Difference::between(What::Added, pairing, None, Some(place))),
    }
}

fn moved<'a>(pairing: &Pairing<'a>) -> Vec<Moved<'a>> {
    let goes = |(alert, &was): (&AlertName<'a>, &usize)| {
        let is = *pairing.after.place_of.get(alert)?;
        let with_its_incident = match (pairing.becomes[was], pairing.was[is]) {
            (Some(becomes), _) if becomes == is => true,
            (None, _) if pairing.most_after(was) == Some(is) => true,
            (_, None) if pairing.most_before(is) == Some(was) => true,
            _ => false,
        };
        (!with_its_incident).then(|| Moved {
            alert: AlertText::of(*alert),
            from: pairing.before.incidents[was].id,
            to: pairing.after.incidents[is].id,
        })
    };
    pairing.before.place_of.iter().filter_map(goes).collect()
}

impl<'a> Difference<'a> {
    fn between(what: What, pairing: &Pairing<'a>, before: Option<usize>, after: Option<usize>) -> Self {
        let common = before.zip(after).and_then(|places| pairing.common.get(&places)).copied().unwrap_or(0);
        let before = before.map(|place| Head::of(pairing.before.incidents[place]));
        let after = after.map(|place| Head::of(pairing.after.incidents[place]));
        let beyond =
            |head: &Option<Head<'_>>| head.as_ref().map_or(0, |head| head.alerts.saturating_sub(common));
        Self { what, alerts_came: beyond(&after), alerts_left: beyond(&before), before, after }
    }

    /// Whether a pair differs in anything that is compared.
    fn is_one(&self) -> bool {
        let same = |(before, after): (&Head<'_>, &Head<'_>)| {
            (before.status, before.severity, before.title) == (after.status, after.severity, after.title)
        };
        self.alerts_came + self.alerts_left > 0
            || !self.before.as_ref().zip(self.after.as_ref()).is_some_and(same)
    }
}

impl<'a> Head<'a> {
    fn of(incident: &'a Incident) -> Self {
        Self {
            id: incident.id,
            tenant: &incident.tenant,
            status: &incident.status,
            severity: &incident.severity,
            title: &incident.title,
            alerts: incident.alerts.len(),
        }
    }
}

impl<'a> AlertText<'a> {
    const fn of((tenant, provider, id): AlertName<'a>) -> Self {
        Self { tenant, provider, id }
    }
}

impl Counts {
    fn of(pairing: &Pairing<'_>, differences: &[Difference<'_>]) -> Self {
        let count = |what| differences.iter().filter(|difference| difference.what == what).count();
        let paired = pairing.becomes.iter().flatten().count();
        Self {
            incidents_before: pairing.before.incidents.len(),
            incidents_after: pairing.after.incidents.len(),
            unchanged: paired - count(What::Changed),
            changed: count(What::Changed),
            merged: count(What::Merged),
            split: count(What::Split),
            added: count(What::Added),
            gone: count(What::Gone),
        }
    }
}
