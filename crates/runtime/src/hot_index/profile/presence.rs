//! Who was on a host, as far as alerts tell.
//!
//! No input says who is logged on, so it is derived: an alert that names a host, and no other one, and a user says that
//! this user acted on that host or was hit there. An alert that names two hosts does not say who was on which.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{EntityId, EntityKind, EventTime, Incident, IncidentAlert, IncidentEntity, Provider, Span};

use super::super::About;

/// How far back from the host's newest alert one looks.
const RECENT: Span = Span::days(30);

/// How many users are told.
const USERS_MAX: usize = 20;

/// A user who was on a host of late, as alerts tell: they name this user, this host, and no other host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOnUser {
    /// The user.
    pub id: EntityId,
    /// What a person would call the user.
    pub name: Box<str>,
    /// When the activity of the last such alert ended.
    pub last_seen: EventTime,
    /// How many such alerts there are in the 30 days before the host's newest alert.
    pub alerts: u64,
    /// The products that say so.
    pub products: BTreeSet<Provider>,
}

/// The users on a host, last seen first.
pub(super) fn users_on(about: &About) -> Vec<LoggedOnUser> {
    let newest = about.alerts().map(|(_, alert)| alert.last_activity).max();
    let Some(since) = newest.map(|newest| newest - RECENT) else { return Vec::new() };
    let mut users: BTreeMap<EntityId, LoggedOnUser> = BTreeMap::new();
    for (incident, alert) in about.alerts().filter(|(_, alert)| alert.last_activity >= since) {
        for user in users_of(incident, alert) {
            let known = users.entry(user.id).or_insert_with(|| LoggedOnUser::of(user, alert));
            known.alerts += 1;
            known.last_seen = known.last_seen.max(alert.last_activity);
            known.products.insert(alert.provider.clone());
        }
    }
    let mut users: Vec<_> = users.into_values().collect();
    users.sort_by_key(|user| (Reverse(user.last_seen), user.id));
    users.truncate(USERS_MAX);
    users
}

/// The users that an alert names beside one host; none if it names several hosts.
fn users_of<'i>(incident: &'i Incident, alert: &IncidentAlert) -> Vec<&'i IncidentEntity> {
    let named = || incident.entities.iter().filter(|entity| alert.entities.contains(&entity.id));
    let hosts = named().filter(|entity| entity.kind == EntityKind::Host).count();
    if hosts > 1 {
        return Vec::new();
    }
    named().filter(|entity| entity.kind == EntityKind::User).collect()
}

impl LoggedOnUser {
    fn of(user: &IncidentEntity, alert: &IncidentAlert) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            last_seen: alert.last_activity,
            alerts: 0,
            products: BTreeSet::new(),
        }
    }
}
