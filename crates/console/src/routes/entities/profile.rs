use std::sync::Arc;

use braid_alert::{EntityId, EntityKind, EventTime, Identifier, IdentifierKind, Provider, Role, Tenant};
use braid_runtime::hot_index::{EntityFacts, EntityProfile, HotIndex, LoggedOnUser, ProductView, TagSource};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::routes::incidents::Summary;
use crate::routes::parameters;

/// What the query string says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    tenant: Option<String>,
}

impl Asked {
    pub(super) fn read(query: &str) -> Result<Self, Problem> {
        parameters::read(query)
    }

    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref().filter(|tenant| !tenant.is_empty())
    }
}

/// An entity's profile: what products show in theirs, from all of them. What directories say comes first; where they
/// say nothing, what alerts do.
#[derive(Serialize)]
struct Profile<'a> {
    tenant: &'a Tenant,
    id: EntityId,
    kind: &'a EntityKind,
    name: &'a str,
    display_name: Option<&'a str>,
    tags: Vec<Tag<'a>>,
    sensitive: bool,
    honeytoken: bool,
    title: Option<Box<str>>,
    office: Option<Box<str>>,
    mail: Option<Box<str>>,
    phone: Option<Box<str>>,
    domain: Option<&'a str>,
    sam_name: Option<&'a str>,
    os: Option<Box<str>>,
    os_build: Option<Box<str>>,
    created: Option<EventTime>,
    first_seen: Option<EventTime>,
    last_seen: Option<EventTime>,
    on_premises: Option<bool>,
    joins: Joins,
    roles: &'a [Role],
    identifiers: Vec<Name<'a>>,
    /// Names that it bore until they turned out to stand for several entities.
    conflicts: &'a [Identifier],
    products: Vec<Product<'a>>,
    /// Of a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    logged_on_users: Option<Vec<Presence<'a>>>,
    /// Of an address: the hosts that it named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<Bound>,
    incidents_total: usize,
    incidents: Vec<Summary<'a>>,
}

/// Whether it is a reason for a join, and if it is not or hardly, why.
#[derive(Serialize)]
struct Joins {
    /// It is no reason at all if it is one of the following; a hub is a weak one.
    allowed: bool,
    excluded: bool,
    ambiguous: bool,
    egress: bool,
    hub: bool,
}

#[derive(Serialize)]
struct Tag<'a> {
    tag: &'a str,
    /// `product`, `directory`, `person`.
    from: Vec<&'static str>,
}

#[derive(Serialize)]
struct Name<'a> {
    kind: &'a IdentifierKind,
    value: &'a str,
    /// One value names one entity in the whole tenant.
    strong: bool,
    /// A product, `directory` or `command`.
    learned_from: Option<&'a str>,
}

#[derive(Serialize)]
struct Product<'a> {
    provider: &'a Provider,
    name: &'a str,
    recognised: bool,
    listed: bool,
    reporting: bool,
    alerts: u64,
    since: Option<EventTime>,
    portal_url: Option<&'a str>,
    newest_alert: Option<NewestAlert<'a>>,
}

#[derive(Serialize)]
struct NewestAlert<'a> {
    id: &'a str,
    title: &'a str,
    last_activity: EventTime,
    portal_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Presence<'a> {
    id: EntityId,
    name: &'a str,
    last_seen: EventTime,
    alerts: u64,
    products: Vec<&'a Provider>,
}

#[derive(Serialize)]
struct Bound {
    id: EntityId,
    at: EventTime,
}

/// The body of the answer.
pub(super) fn answer(index: &HotIndex, facts: Arc<EntityFacts>) -> Vec<u8> {
    braid_wire::json::to_json(&Profile::of(&index.profile(facts)))
}

impl<'a> Profile<'a> {
    fn of(profile: &'a EntityProfile) -> Self {
        let facts = &*profile.facts;
        let is_tagged = |word: &str| profile.tags.iter().any(|(tag, _)| tag.eq_ignore_ascii_case(word));
        Self {
            tenant: &facts.tenant,
            id: facts.id,
            kind: &facts.kind,
            name: &profile.name,
            display_name: facts.display_name(),
            tags: profile.tags.iter().map(Tag::of).collect(),
            sensitive: is_tagged("sensitive"),
            honeytoken: is_tagged("honeytoken"),
            title: facts.listed(|entry| entry.title.clone()),
            office: facts.listed(|entry| entry.office.clone()),
            mail: facts.listed(|entry| entry.mail.clone()),
            phone: facts.listed(|entry| entry.phone.clone()),
            domain: facts.domain(),
            sam_name: facts.sam_name(),
            os: facts.listed(|entry| entry.os.clone()),
            os_build: facts.listed(|entry| entry.os_build.clone()),
            created: facts.listed(|entry| entry.created),
            first_seen: profile.first_seen,
            last_seen: profile.last_seen,
            on_premises: profile.on_premises,
            joins: Joins::of(profile),
            roles: &profile.roles,
            identifiers: names(facts),
            conflicts: facts.conflicts(),
            products: profile.products.iter().map(Product::of).collect(),
            logged_on_users: (facts.kind == EntityKind::Host)
                .then(|| profile.logged_on_users.iter().map(Presence::of).collect()),
            hosts: facts.bindings().iter().map(|b| Bound { id: b.host, at: b.at }).collect(),
            incidents_total: profile.incidents_total,
            incidents: profile.incidents.iter().map(|incident| Summary::of(incident)).collect(),
        }
    }
}

fn names(facts: &EntityFacts) -> Vec<Name<'_>> {
    let mut names: Vec<_> = facts.names.iter().collect();
    names.sort_by_key(|name| &name.identifier);
    names
        .into_iter()
        .map(|known| Name {
            kind: &known.identifier.kind,
            value: &known.identifier.value,
            strong: known.identifier.kind.is_strong(),
            learned_from: known.learned_from(),
        })
        .collect()
}

impl Joins {
    fn of(profile: &EntityProfile) -> Self {
        let EntityFacts { excluded, ambiguous, egress, .. } = *profile.facts;
        Self { allowed: !(excluded || ambiguous || egress), excluded, ambiguous, egress, hub: profile.hub }
    }
}

impl<'a> Tag<'a> {
    fn of((tag, sources): &'a (Box<str>, Vec<TagSource>)) -> Self {
        Self { tag, from: sources.iter().map(|source| source.as_str()).collect() }
    }
}

impl<'a> Product<'a> {
    fn of(view: &'a ProductView) -> Self {
        Self {
            provider: &view.provider,
            name: view.provider.display_name(),
            recognised: view.recognised,
            listed: view.listed,
            reporting: view.reporting,
            alerts: view.alerts,
            since: view.since,
            portal_url: view.portal_url.as_deref(),
            newest_alert: view.newest.as_ref().map(|alert| NewestAlert {
                id: alert.id.as_str(),
                title: &alert.title,
                last_activity: alert.last_activity,
                portal_url: alert.portal_url.as_deref(),
            }),
        }
    }
}

impl<'a> Presence<'a> {
    fn of(user: &'a LoggedOnUser) -> Self {
        Self {
            id: user.id,
            name: &user.name,
            last_seen: user.last_seen,
            alerts: user.alerts,
            products: user.products.iter().collect(),
        }
    }
}
