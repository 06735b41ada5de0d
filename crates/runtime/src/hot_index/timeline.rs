//! What happened to an entity, in order of time: its alerts, the changes of its incidents, what people said about these,
//! and what directories tell.
//!
//! ```text
//!   HotIndex::timeline ──▶ Timeline (the records, as they are now) ──▶ page: those that match, behind a moment
//! ```
//!
//! A page ends at a moment, which is a place in time and not a number of entries, so what comes in between two pages
//! neither repeats nor hides anything behind it.

mod moment;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use braid_alert::{
    ChangeReason, Comment, DirectoryEntry, DirectoryProduct, EventTime, Flood, Incident, IncidentAlert,
    IncidentId,
};

use super::{About, ChangeHead, EntityFacts, HotIndex};

pub use moment::{Moment, NotAMoment, Order};

/// What happened to an entity, as far as this process knows it.
///
/// Of changes of incidents it knows the last 256 of each since it has the partition. From before that it knows what the
/// records tell: when each incident opened, its last change, every comment, what was merged into it and when. What a
/// restart loses is when an incident was assigned, classified, tagged, split, resolved or reopened before its last
/// change, and by whom; the incident-events topic keeps that.
#[derive(Debug)]
pub struct Timeline {
    facts: Arc<EntityFacts>,
    about: About,
    /// Of each incident of `about`: its changes, and those of what was merged into it.
    changes: Vec<Vec<Arc<ChangeHead>>>,
}

/// Something that happened, and when.
#[derive(Debug)]
pub struct TimelineEntry<'t> {
    /// When: of an alert or a flood when its activity began, of a change or a comment the tenant's clock.
    pub at: EventTime,
    /// What.
    pub telling: Telling<'t>,
}

/// What happened.
#[derive(Debug)]
pub enum Telling<'t> {
    /// An alert on the entity.
    Alert(&'t Incident, &'t IncidentAlert),
    /// Alerts on the entity that repeat others and are counted in their incident.
    Flood(&'t Incident, &'t Flood),
    /// A change of an incident that the entity is in, or of one that was merged into it.
    Change(&'t Incident, &'t ChangeHead),
    /// What somebody said about an incident that the entity is in.
    Comment(&'t Incident, &'t Comment),
    /// A directory says that the object was created then.
    Created(&'t DirectoryEntry),
    /// A directory says that a product first saw the object then.
    FirstSeen(&'t DirectoryEntry),
    /// A directory says that this product knows the object since then.
    ListedBy(&'t DirectoryEntry, &'t DirectoryProduct),
}

/// A part of a timeline.
#[derive(Debug)]
pub struct TimelinePage<'t> {
    /// What matched, in order.
    pub entries: Vec<TimelineEntry<'t>>,
    /// Behind which moment the next page begins; `None` at the end.
    pub next: Option<Moment>,
}

impl HotIndex {
    /// Gathers what happened to an entity, in its newest 500 incidents.
    pub fn timeline(&self, facts: Arc<EntityFacts>) -> Timeline {
        let about = self.incidents_about(&facts);
        let changes = about.incidents.iter().map(|incident| self.changes_in(incident)).collect();
        Timeline { facts, about, changes }
    }

    /// What is known of the changes of an incident and of those that were merged into it.
    fn changes_in(&self, incident: &Incident) -> Vec<Arc<ChangeHead>> {
        let mut heads = BTreeMap::new();
        self.gather_changes(incident, &mut heads);
        for merged in incident.merged_from.iter().filter_map(|id| self.incident(*id)) {
            self.gather_changes(&merged, &mut heads);
        }
        heads.into_values().collect()
    }

    fn gather_changes(&self, incident: &Incident, heads: &mut BTreeMap<(IncidentId, i64), Arc<ChangeHead>>) {
        for head in self.changes.of(incident.id) {
            heads.insert((head.incident, head.version), head);
        }
        for head in ChangeHead::told_by(incident) {
            heads.entry((head.incident, head.version)).or_insert_with(|| Arc::new(head));
        }
    }
}

impl Timeline {
    /// How many of the entity's incidents are not looked at, because it is in more than 500: those that changed longest
    /// ago.
    pub fn incidents_left_out(&self) -> usize {
        self.about.total.saturating_sub(self.about.incidents.len())
    }

    /// What is known of the entity.
    pub fn facts(&self) -> &EntityFacts {
        &self.facts
    }

    /// Up to `limit` entries that match, from behind a moment on.
    pub fn page(
        &self,
        order: Order,
        after: Option<&Moment>,
        limit: usize,
        matches: impl Fn(&TimelineEntry<'_>) -> bool,
    ) -> TimelinePage<'_> {
        let mut found: BTreeMap<Moment, TimelineEntry<'_>> = BTreeMap::new();
        for entry in self.entries() {
            // Names are only made for what may stand on the page.
            let beyond = order.last(&found).filter(|_| found.len() > limit);
            let is_beyond = beyond.is_some_and(|last| order.is_behind(&entry.at, &last.at()));
            let is_before = after.is_some_and(|after| order.is_behind(&after.at(), &entry.at));
            if is_beyond || is_before || !matches(&entry) {
                continue;
            }
            let moment = entry.moment();
            if after.is_none_or(|after| order.is_behind(&moment, after)) {
                found.insert(moment, entry);
                if found.len() > limit + 1 {
                    order.drop_last(&mut found);
                }
            }
        }
        let more = found.len() > limit;
        if more {
            order.drop_last(&mut found);
        }
        let next = order.last(&found).filter(|_| more).cloned();
        TimelinePage { entries: order.arrange(found), next }
    }

    /// Everything, in no order.
    fn entries(&self) -> impl Iterator<Item = TimelineEntry<'_>> {
        let alerts = self.about.alerts().map(|(incident, alert)| Telling::Alert(incident, alert));
        let floods = self.about.floods().map(|(incident, flood)| Telling::Flood(incident, flood));
        let incidents = || self.about.incidents.iter().map(|incident| &**incident);
        let changes = incidents().zip(&self.changes).flat_map(|(incident, heads)| changes(incident, heads));
        let comments = incidents()
            .flat_map(|incident| incident.comments.iter().map(move |c| Telling::Comment(incident, c)));
        let listings = self.facts.listings().iter().flat_map(|listing| listed(&listing.entry));
        let all = alerts.chain(floods).chain(changes).chain(comments).map(TimelineEntry::of);
        all.chain(listings)
    }
}

/// The changes of an incident, without those that its comments tell.
fn changes<'t>(
    incident: &'t Incident,
    heads: &'t [Arc<ChangeHead>],
) -> impl Iterator<Item = Telling<'t>> + use<'t> {
    let commented: BTreeSet<&str> = incident.comments.iter().map(|comment| &*comment.command).collect();
    let is_told = move |head: &&Arc<ChangeHead>| {
        let command = head.command.as_ref().map(|command| &*command.id);
        head.reason == ChangeReason::Commented && command.is_some_and(|id| commented.contains(id))
    };
    heads.iter().filter(move |head| !is_told(head)).map(|head| Telling::Change(incident, head))
}

fn listed(entry: &DirectoryEntry) -> impl Iterator<Item = TimelineEntry<'_>> {
    let created = entry.created.map(|at| TimelineEntry { at, telling: Telling::Created(entry) });
    let seen = entry.first_seen.map(|at| TimelineEntry { at, telling: Telling::FirstSeen(entry) });
    let products = entry.products.iter().filter_map(move |product| {
        product.since.map(|at| TimelineEntry { at, telling: Telling::ListedBy(entry, product) })
    });
    created.into_iter().chain(seen).chain(products)
}

impl<'t> TimelineEntry<'t> {
    fn of(telling: Telling<'t>) -> Self {
        let at = match &telling {
            Telling::Alert(_, alert) => alert.first_activity,
            Telling::Flood(_, flood) => flood.first_activity,
            Telling::Change(_, head) => EventTime::from_micros(head.at.as_micros()),
            Telling::Comment(_, comment) => EventTime::from_micros(comment.at.as_micros()),
            Telling::Created(entry) => entry.created.unwrap_or_default(),
            Telling::FirstSeen(entry) => entry.first_seen.unwrap_or_default(),
            Telling::ListedBy(_, product) => product.since.unwrap_or_default(),
        };
        Self { at, telling }
    }

    /// Where it stands among others: by a name that no other entry of this time has.
    fn moment(&self) -> Moment {
        let name = match &self.telling {
            Telling::Created(entry) => format!("0/created/{}", first_name(entry)),
            Telling::FirstSeen(entry) => format!("0/first/{}", first_name(entry)),
            Telling::ListedBy(entry, product) => format!("0/{}/{}", product.provider, first_name(entry)),
            Telling::Alert(_, alert) => format!("1/{}/{}", alert.provider, alert.id),
            Telling::Flood(incident, flood) => {
                let representative = flood.representatives.first().map(ToString::to_string);
                format!("2/{}/{}", incident.id, representative.unwrap_or_default())
            }
            Telling::Change(_, head) => format!("3/{}/{:020}", head.incident, head.version),
            Telling::Comment(incident, comment) => format!("4/{}/{}", incident.id, comment.command),
        };
        Moment::new(self.at, name)
    }
}

fn first_name(entry: &DirectoryEntry) -> String {
    entry.identifiers.first().map(ToString::to_string).unwrap_or_default()
}
