use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use braid_alert::{AlertId, DirectoryProduct, EventTime, IncidentAlert, Provider};
use braid_engine::NameSource;

use super::super::About;
use crate::hot_index::EntityFacts;

/// What a product knows of an entity: what a console shows as a badge, grey if the product does not recognise it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductView {
    /// Which product.
    pub provider: Provider,
    /// It has reported the entity, or a directory lists it there.
    pub recognised: bool,
    /// A directory says that the product knows it.
    pub listed: bool,
    /// braid has had alerts of this product in the entity's tenant, about whatever.
    pub reporting: bool,
    /// How many of its alerts mention the entity, folded ones of floods included.
    pub alerts: u64,
    /// Since when it knows the entity: its first alert's activity, or what the directory says, if that is earlier.
    pub since: Option<EventTime>,
    /// Where its portal shows the entity, if a directory says so; else where it shows the newest alert.
    pub portal_url: Option<Box<str>>,
    /// Its newest alert on the entity, by activity.
    pub newest: Option<NewestAlert>,
}

/// The newest alert of a product on an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestAlert {
    /// The product's id of it.
    pub id: AlertId,
    /// One line for people.
    pub title: Box<str>,
    /// When its activity ended.
    pub last_activity: EventTime,
    /// Where the product shows it.
    pub portal_url: Option<Box<str>>,
}

/// The view of each product that is known, has alerts in the tenant (`reporting`), or has anything to do with the
/// entity; those with most alerts on it first, then those that recognise it, then by name.
pub(super) fn views(facts: &EntityFacts, about: &About, reporting: BTreeSet<Provider>) -> Vec<ProductView> {
    // braid's own rules are a product only where there are any.
    let known = Provider::KNOWN.iter().filter(|provider| **provider != Provider::Braid);
    let mut views: BTreeMap<Provider, ProductView> =
        known.chain(&reporting).map(|provider| (provider.clone(), ProductView::of(provider))).collect();
    for provider in &reporting {
        view(&mut views, provider).reporting = true;
    }
    let reported = facts.names.iter().filter_map(|name| name.learned.as_ref());
    for source in reported {
        if let NameSource::Alert(provider) = source {
            view(&mut views, provider).recognised = true;
        }
    }
    count_alerts(&mut views, about);
    for product in facts.listings().iter().flat_map(|listing| &listing.entry.products) {
        view(&mut views, &product.provider).list(product);
    }
    let mut views: Vec<_> = views.into_values().map(ProductView::linked).collect();
    views.sort_by_cached_key(|v| (Reverse(v.alerts), !v.recognised, v.provider.clone()));
    views
}

fn view<'v>(views: &'v mut BTreeMap<Provider, ProductView>, provider: &Provider) -> &'v mut ProductView {
    views.entry(provider.clone()).or_insert_with(|| ProductView::of(provider))
}

fn count_alerts(views: &mut BTreeMap<Provider, ProductView>, about: &About) {
    for (_, alert) in about.alerts() {
        view(views, &alert.provider).count(alert);
    }
    for (_, flood) in about.floods() {
        let view = view(views, &flood.provider);
        view.alerts += u64::try_from(flood.folded).unwrap_or(0);
        view.begin(Some(flood.first_activity));
    }
}

impl ProductView {
    fn of(provider: &Provider) -> Self {
        Self {
            provider: provider.clone(),
            recognised: false,
            listed: false,
            reporting: false,
            alerts: 0,
            since: None,
            portal_url: None,
            newest: None,
        }
    }

    fn count(&mut self, alert: &IncidentAlert) {
        self.recognised = true;
        self.alerts += 1;
        self.begin(Some(alert.first_activity));
        let is_newer = |newest: &NewestAlert| newest.last_activity < alert.last_activity;
        if self.newest.as_ref().is_none_or(is_newer) {
            self.newest = Some(NewestAlert {
                id: alert.id.clone(),
                title: alert.title.clone(),
                last_activity: alert.last_activity,
                portal_url: alert.portal_url.clone(),
            });
        }
    }

    fn list(&mut self, product: &DirectoryProduct) {
        (self.recognised, self.listed) = (true, true);
        self.begin(product.since);
        self.portal_url = self.portal_url.take().or_else(|| product.portal_url.clone());
    }

    fn begin(&mut self, at: Option<EventTime>) {
        self.since = [self.since, at].into_iter().flatten().min();
    }

    fn linked(mut self) -> Self {
        let newest = self.newest.as_ref().and_then(|alert| alert.portal_url.clone());
        self.portal_url = self.portal_url.or(newest);
        self
    }
}
