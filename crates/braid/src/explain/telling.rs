//! An incident as a story: what happened, in the order in which it did, each with its why in a sentence.

use std::collections::BTreeMap;

use braid_alert::{
    AlertKey, ChangeReason, EntityId, EventTime, Flood, Hop, Incident, IncidentAlert, IncidentChange,
    IncidentId, IncidentStatus, Link, NearMiss, Severity,
};
use serde::Serialize;

use super::material::Material;
use crate::wording::{
    change as happening, context, distance, indicator, minutes, near_miss, opening, partners_met, product,
    score_part, sentence, short_name,
};

/// The story of an incident, and what it adds up to.
#[derive(Debug, Serialize)]
pub(super) struct Telling {
    pub(super) incident: IncidentId,
    pub(super) tenant: Box<str>,
    pub(super) title: Box<str>,
    pub(super) severity: Severity,
    pub(super) status: IncidentStatus,
    pub(super) score: f64,
    /// How many alerts it has, listed or not.
    pub(super) alerts: usize,
    pub(super) first_activity: EventTime,
    pub(super) last_activity: EventTime,
    /// Who works on it, what it was found to be, what it continues or follows.
    pub(super) facts: Vec<String>,
    pub(super) moments: Vec<Moment>,
    pub(super) lateral_movement: Vec<String>,
    pub(super) floods: Vec<String>,
    /// Entities that join nothing, and why.
    pub(super) context: Vec<String>,
    pub(super) score_parts: Vec<String>,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub(super) struct Moment {
    pub(super) at: EventTime,
    /// The alert's number in the story; none if it is not an alert.
    pub(super) number: Option<usize>,
    pub(super) alert: Option<AlertKey>,
    pub(super) severity: Option<Severity>,
    pub(super) product: Option<String>,
    pub(super) what: String,
    /// What threat intelligence knows of it.
    pub(super) known: Vec<String>,
    /// Why it is part of this incident.
    pub(super) why: Vec<String>,
    /// What it might have been part of, and why not.
    pub(super) near: Vec<String>,
}

/// What the sentences are made from.
struct Teller<'m> {
    incident: &'m Incident,
    material: &'m Material,
    /// The number of each listed alert in the story, from 1.
    numbers: BTreeMap<AlertKey, usize>,
}

impl Telling {
    pub(super) fn of(incident: &Incident, material: &Material) -> Self {
        let numbers = incident.alerts.iter().map(key).zip(1..).collect();
        let teller = Teller { incident, material, numbers };
        Self {
            incident: incident.id,
            tenant: incident.tenant.as_str().into(),
            title: incident.title.clone(),
            severity: incident.severity.clone(),
            status: incident.status.clone(),
            score: incident.score.value,
            alerts: incident.size(),
            first_activity: incident.first_activity,
            last_activity: incident.last_activity,
            facts: teller.facts(),
            moments: teller.moments(),
            lateral_movement: incident.lateral_movement.iter().map(|hop| teller.hop(hop)).collect(),
            floods: incident.floods.iter().map(|flood| teller.flood(flood)).collect(),
            context: teller.context(),
            score_parts: incident.score.parts.iter().map(score_part).collect(),
        }
    }
}

impl Teller<'_> {
    fn facts(&self) -> Vec<String> {
        let i = self.incident;
        let who = i.assignee.as_ref().map(|who| format!("{who} works on it"));
        let verdict = i.classification.as_ref().map(|verdict| format!("verdict: {verdict}"));
        let found = i.determination.as_ref().map(|found| format!("found to be {found}"));
        let closed = i.closed.as_ref().map(|why| format!("closed: {why}"));
        let continues = i.continuation_of.map(|id| format!("continues {}, which is full", self.other(id)));
        let continued = i.continued_by.map(|id| format!("is full and continued by {}", self.other(id)));
        let recurs = i.recurrence_of.map(|id| format!("is back after {} was resolved", self.other(id)));
        let merged = i.merged_from.iter().map(|&id| format!("{} was merged into it", self.other(id)));
        let told = [who, verdict, found, closed, continues, continued, recurs];
        told.into_iter().flatten().chain(merged).collect()
    }

    /// Alerts, changes and comments, in order of time.
    fn moments(&self) -> Vec<Moment> {
        let alerts = self.incident.alerts.iter().zip(1..).map(|(alert, number)| self.alert(alert, number));
        let own = self.material.changes.range((self.incident.id, 0)..=(self.incident.id, i64::MAX));
        let told = own.map(|(_, change)| change).filter(|change| is_told(change));
        let mut moments: Vec<Moment> = alerts.chain(told.map(|change| self.change(change))).collect();
        if self.material.changes.is_empty() {
            moments.extend(self.incident.comments.iter().map(|comment| {
                let what = format!("{} said: {}", comment.author, comment.text);
                Moment::plain(EventTime::from_micros(comment.at.as_micros()), what)
            }));
        }
        // Stable: at the same time alerts come before what follows from them.
        moments.sort_by_key(|moment| moment.at);
        moments
    }

    fn alert(&self, alert: &IncidentAlert, number: usize) -> Moment {
        let own = key(alert);
        let near = self.incident.near_misses.iter().filter(|near| near.alert == own);
        Moment {
            number: Some(number),
            severity: Some(alert.severity.clone()),
            product: Some(product(&alert.provider).to_owned()),
            known: alert.indicators.as_slice().iter().map(indicator).collect(),
            why: self.why(&own, alert.first_activity),
            near: near.map(|near| self.near(near)).collect(),
            alert: Some(own),
            ..Moment::plain(alert.first_activity, alert.title.to_string())
        }
    }

    /// What brought an alert in: the link that it joined by, then those by which it merged incidents.
    fn why(&self, alert: &AlertKey, at: EventTime) -> Vec<String> {
        let links = self.incident.links.iter().filter(|link| link.alert == *alert);
        let because = links.map(|link| self.because(link, at));
        let lead = |(place, why): (usize, String)| match place {
            0 => format!("joined because {why}"),
            _ => format!("and showed two incidents to be one: {why}"),
        };
        let told: Vec<String> = because.enumerate().map(lead).collect();
        if told.is_empty() { vec![self.founding(alert)] } else { told }
    }

    fn because(&self, link: &Link, at: EventTime) -> String {
        let number = self.numbers.get(&link.peer);
        let earlier = number.is_none_or(|&n| self.incident.alerts[n - 1].first_activity <= at);
        let peer = number.map_or_else(|| "an alert of a flood".to_owned(), |n| format!("alert {n}"));
        let why = sentence(&link.reason, self.material.entity(self.incident, link.entity).as_ref());
        format!("{why}, {}, weight {}", distance(link.gap, earlier, &peer), link.weight)
    }

    /// What founded an incident was linked to nothing before it, be it this incident or one that was merged into it.
    fn founding(&self, alert: &AlertKey) -> String {
        let founded = |change: &&IncidentChange| {
            change.reason == ChangeReason::Opened && change.alert.as_ref() == Some(alert)
        };
        let opened = self.material.changes.values().find(founded).map(|change| change.incident);
        let why = opening(&self.incident.opened);
        match opened {
            Some(id) if id != self.incident.id => {
                format!("opened {}, which was merged into this one later", self.other(id))
            }
            Some(_) => format!("opened it: {why}"),
            None if self.is_sole_founder() => format!("opened it: {why}"),
            None if self.numbers.get(alert) == Some(&1) => format!("the first of it: {why}"),
            None => "no link of it is kept: it came with an incident that was merged or continued".to_owned(),
        }
    }

    /// Whether all that is known is the record, and one alert alone can have founded it.
    fn is_sole_founder(&self) -> bool {
        let incident = &self.incident;
        let is_linked = |alert: &AlertKey| incident.links.iter().any(|link| link.alert == *alert);
        let founders = incident.alerts.iter().filter(|alert| !is_linked(&key(alert)));
        incident.merged_from.is_empty() && incident.continuation_of.is_none() && founders.count() == 1
    }

    fn near(&self, near: &NearMiss) -> String {
        let why = near_miss(&near.reason, &self.name(near.entity), near.total);
        format!("not joined with {}: {why}", self.other(near.incident))
    }

    fn change(&self, change: &IncidentChange) -> Moment {
        let mut what = happening(&change.reason).to_owned();
        if let Some(other) = change.other {
            what.push_str(&format!(": {}", self.other(other)));
        }
        if let Some(command) = &change.command {
            what = format!("{}: {what}", command.author);
            if let Some(comment) = self.incident.comments.iter().find(|c| c.command == command.id) {
                what.push_str(&format!(": “{}”", comment.text));
            }
            if let Some(reason) = &command.reason {
                what.push_str(&format!(" (because: {reason})"));
            }
        }
        let mut moment = Moment::plain(EventTime::from_micros(change.at.as_micros()), what);
        moment.alert = change.alert.clone();
        moment
    }

    fn hop(&self, hop: &Hop) -> String {
        let user = hop.user.map_or_else(|| "somebody".to_owned(), |user| self.name(user));
        let alert = self.numbers.get(&hop.alert).map_or_else(String::new, |n| format!(" in alert {n}"));
        let how = if hop.explicit { "named" } else { "first seen there" };
        format!("{} {user}: {} → {} ({how}{alert})", stamp(hop.at), self.name(hop.from), self.name(hop.to))
    }

    fn flood(&self, flood: &Flood) -> String {
        let listed: Vec<String> = flood
            .representatives
            .iter()
            .filter_map(|key| self.numbers.get(key))
            .map(|number| number.to_string())
            .collect();
        let spread = minutes(flood.last_activity.since(flood.first_activity));
        format!(
            "{} more of “{}” from {} on, within {spread}, {} of them open; like alerts {}",
            flood.folded,
            flood.title,
            stamp(flood.first_activity),
            flood.unresolved,
            listed.join(", ")
        )
    }

    fn context(&self) -> Vec<String> {
        let beside = self.incident.entities.iter().filter(|entity| entity.context);
        beside
            .map(|entity| {
                let why = entity.context_reason.as_ref().map_or("", |reason| context(reason));
                let met =
                    entity.partners.map_or(String::new(), |partners| format!(": {}", partners_met(partners)));
                format!("{} {} ({why}{met})", entity.kind, short_name(entity))
            })
            .collect()
    }

    fn name(&self, entity: EntityId) -> String {
        let known = self.material.entity(self.incident, entity);
        known.map_or_else(|| "something".to_owned(), |entity| short_name(&entity).to_owned())
    }

    /// Another incident, by as much of its id as `braid explain` needs, and its title.
    fn other(&self, id: IncidentId) -> String {
        let short: String = id.to_string().chars().take(8).collect();
        match self.material.incidents.get(&id) {
            Some(incident) => format!("{short} “{}”", incident.title),
            None => short,
        }
    }
}

impl Moment {
    fn plain(at: EventTime, what: String) -> Self {
        let (known, why, near) = (Vec::new(), Vec::new(), Vec::new());
        Self { at, number: None, alert: None, severity: None, product: None, what, known, why, near }
    }
}

/// Whether a change is more than an alert that came or changed: those tell of themselves.
fn is_told(change: &IncidentChange) -> bool {
    change.command.is_some()
        || !matches!(
            change.reason,
            ChangeReason::Opened | ChangeReason::AlertJoined | ChangeReason::AlertRevised
        )
}

fn key(alert: &IncidentAlert) -> AlertKey {
    AlertKey { provider: alert.provider.clone(), id: alert.id.clone() }
}

/// `2026-02-03 13:02`, in UTC.
pub(super) fn stamp(at: EventTime) -> String {
    let text = at.to_string();
    text.get(..16).map_or_else(|| text.clone(), |minute| minute.replace('T', " "))
}
