//! Everything that is known of one entity, put together when somebody asks.

mod presence;
mod products;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use braid_alert::{
    ContextReason, DirectoryEntry, EntityKind, EventTime, IdentifierKind, Incident, IncidentEntity,
    IncidentStatus, Role,
};

use super::{About, EntityFacts, HotIndex};

pub use presence::LoggedOnUser;
pub use products::{NewestAlert, ProductView};

/// What is known of an entity: what the engine and directories say, and what its committed incidents tell.
#[derive(Debug, Clone)]
pub struct EntityProfile {
    /// What the engine knows.
    pub facts: Arc<EntityFacts>,
    /// What a person would call it.
    pub name: Box<str>,
    /// Whether it stands in a directory on premises: what directories say, else what its newest incident says; `None`
    /// if nothing says so or otherwise.
    pub on_premises: Option<bool>,
    /// So many others have met it that it hardly joins by itself.
    pub hub: bool,
    /// The parts that it plays in its incidents, sorted.
    pub roles: Vec<Role>,
    /// Each tag, and who put it on, sorted by tag.
    pub tags: Vec<(Box<str>, Vec<TagSource>)>,
    /// Every product that braid knows or has heard of, the ones with most alerts on the entity first.
    pub products: Vec<ProductView>,
    /// When it was first seen: the earliest of what directories say and the first activity of its alerts.
    pub first_seen: Option<EventTime>,
    /// When the last activity of its alerts ended.
    pub last_seen: Option<EventTime>,
    /// Of a host: who was on it of late.
    pub logged_on_users: Vec<LoggedOnUser>,
    /// Its incidents, active ones first and then by newest change, at most 500; the figures above are of these.
    pub incidents: Vec<Arc<Incident>>,
    /// How many incidents mention it.
    pub incidents_total: usize,
}

/// Who put a tag on an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagSource {
    /// A product, in an alert.
    Product,
    /// A directory.
    Directory,
    /// A person, by command.
    Person,
}

impl TagSource {
    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Directory => "directory",
            Self::Person => "person",
        }
    }
}

impl HotIndex {
    /// Puts together what is known of an entity. Looks at its newest 500 incidents and all alerts in them: some
    /// milliseconds for most, to be called beside the threads that serve connections.
    pub fn profile(&self, facts: Arc<EntityFacts>) -> EntityProfile {
        let about = self.incidents_about(&facts);
        let products = products::views(&facts, &about, self.entities.products(&facts.tenant));
        let sightings = sightings(&about);
        let is_host = facts.kind == EntityKind::Host;
        let told = facts.listed(|entry| entry.first_seen);
        let (first, last) = span(&about);
        EntityProfile {
            name: name(&facts, sightings.first().copied()),
            on_premises: on_premises(&facts).or_else(|| sightings.iter().find_map(|seen| seen.on_premises)),
            hub: facts.hub || sightings.first().is_some_and(|e| e.context_reason == Some(ContextReason::Hub)),
            roles: roles(&sightings),
            tags: tags(&facts),
            products,
            first_seen: [told, first].into_iter().flatten().min(),
            last_seen: last,
            logged_on_users: if is_host { presence::users_on(&about) } else { Vec::new() },
            incidents_total: about.total,
            incidents: open_first(about.incidents),
            facts,
        }
    }
}

impl EntityFacts {
    /// What directories say: the first that says anything, those on premises first.
    pub fn listed<T>(&self, says: impl Fn(&DirectoryEntry) -> Option<T>) -> Option<T> {
        let by_place = |here: bool| {
            let listings = self.listings().iter().map(|listing| &listing.entry);
            listings.filter(move |entry| entry.on_premises == here)
        };
        by_place(true).chain(by_place(false)).find_map(says)
    }

    /// What people call it: what a directory says, or a product.
    pub fn display_name(&self) -> Option<&str> {
        let listed = self.listings().iter().filter_map(|listing| listing.entry.display_name.as_deref());
        listed.chain(self.name(&IdentifierKind::DisplayName)).next()
    }

    /// What a person would call it, without asking its incidents.
    pub fn called(&self) -> &str {
        let first = || self.names.first().map(|name| &*name.identifier.value);
        self.display_name().or(self.label()).or_else(first).unwrap_or_default()
    }

    /// The name of its account, as a directory writes it, else as an alert gives it.
    pub fn sam_name(&self) -> Option<&str> {
        let listed = self.listings().iter().find_map(|listing| listing.entry.sam_name.as_deref());
        let with_domain =
            || self.name(&IdentifierKind::DomainAccount)?.split_once('\\').map(|(_, name)| name);
        listed.or_else(|| self.name(&IdentifierKind::AccountName)).or_else(with_domain)
    }

    /// Its domain, as a directory writes it; else what stands behind a host's name, or before an account's.
    pub fn domain(&self) -> Option<&str> {
        let listed = self.listings().iter().find_map(|listing| listing.entry.domain.as_deref());
        let of_host = || self.name(&IdentifierKind::Fqdn)?.split_once('.').map(|(_, domain)| domain);
        let of_account =
            || self.name(&IdentifierKind::DomainAccount)?.split_once('\\').map(|(domain, _)| domain);
        listed.or_else(of_host).or_else(of_account)
    }
}

/// The entity as each of its incidents shows it, newest first.
fn sightings(about: &About) -> Vec<&IncidentEntity> {
    let entities = about.incidents.iter().flat_map(|incident| &incident.entities);
    entities.filter(|entity| about.numbers.contains(&entity.id)).collect()
}

fn name(facts: &EntityFacts, newest: Option<&IncidentEntity>) -> Box<str> {
    let seen = newest.map(|entity| &*entity.name).filter(|name| !name.is_empty());
    seen.unwrap_or_else(|| facts.called()).into()
}

/// What directories say: one on premises that lists it is enough.
fn on_premises(facts: &EntityFacts) -> Option<bool> {
    facts.listed(|entry| Some(entry.on_premises))
}

fn roles(sightings: &[&IncidentEntity]) -> Vec<Role> {
    let roles: BTreeSet<&Role> = sightings.iter().flat_map(|entity| &entity.roles).collect();
    roles.into_iter().cloned().collect()
}

/// A tag is the same in any case; it is written as it was first.
fn tags(facts: &EntityFacts) -> Vec<(Box<str>, Vec<TagSource>)> {
    let mut tags: BTreeMap<String, (Box<str>, Vec<TagSource>)> = BTreeMap::new();
    let listed = facts.listings().iter().flat_map(|listing| &listing.entry.tags);
    let all = (facts.tags().iter().map(|tag| (tag, TagSource::Product)))
        .chain(listed.map(|tag| (tag, TagSource::Directory)))
        .chain(facts.own_tags().iter().map(|tag| (tag, TagSource::Person)));
    for (tag, source) in all {
        let (_, sources) = tags.entry(tag.to_lowercase()).or_insert_with(|| (tag.clone(), Vec::new()));
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    tags.into_values().collect()
}

/// When the first activity of the entity's alerts began, and when the last ended.
fn span(about: &About) -> (Option<EventTime>, Option<EventTime>) {
    let alerts = about.alerts();
    let spans = alerts.map(|(_, alert)| (alert.first_activity, alert.last_activity));
    let floods = about.floods().map(|(_, flood)| (flood.first_activity, flood.last_activity));
    spans.chain(floods).fold((None, None), |(first, last), (begins, ends)| {
        (Some(first.map_or(begins, |first: EventTime| first.min(begins))), last.max(Some(ends)))
    })
}

fn open_first(mut incidents: Vec<Arc<Incident>>) -> Vec<Arc<Incident>> {
    incidents.sort_by_key(|i| (i.status != IncidentStatus::Active, Reverse(i.last_changed), i.id));
    incidents
}
