mod entry;
mod filter;

use std::sync::Arc;

use braid_alert::{EntityId, Tenant};
use braid_runtime::hot_index::{EntityFacts, HotIndex, Moment, Order};
use serde::{Deserialize, Serialize};

use self::entry::Entry;
use self::filter::Filter;
use crate::problem::Problem;
use crate::routes::parameters::{self, given, limit};

/// What the query string says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    tenant: Option<String>,
    product: Option<String>,
    severity: Option<String>,
    r#type: Option<String>,
    user: Option<String>,
    text: Option<String>,
    order: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    tenant: Option<String>,
    filter: Filter,
    order: Order,
    limit: usize,
    after: Option<Moment>,
}

/// A page of a timeline.
#[derive(Serialize)]
struct Told<'a> {
    tenant: &'a Tenant,
    /// The entity.
    id: EntityId,
    entries: Vec<Entry<'a>>,
    /// How many of the entity's incidents are not in this, because there are more than 500: those that changed longest
    /// ago.
    incidents_left_out: usize,
    /// What to send as `cursor` for what follows; none at the end.
    next: Option<String>,
}

impl Asked {
    pub(super) fn read(query: &str) -> Result<Self, Problem> {
        let Query { tenant, product, severity, r#type, user, text, order, limit: most, cursor } =
            parameters::read(query)?;
        let after = given(cursor).map(|cursor| cursor.parse::<Moment>()).transpose();
        Ok(Self {
            tenant: given(tenant),
            filter: Filter::read(product, severity, r#type, user, text)?,
            order: read_order(given(order).as_deref())?,
            limit: limit(most)?,
            after: after.map_err(|error| Problem::bad_request(format!("cursor: {error}")))?,
        })
    }

    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

fn read_order(order: Option<&str>) -> Result<Order, Problem> {
    match order {
        None | Some("oldest") => Ok(Order::OldestFirst),
        Some("newest") => Ok(Order::NewestFirst),
        Some(_) => Err(Problem::bad_request("order is oldest or newest: which comes first")),
    }
}

/// The body of the answer.
pub(super) fn answer(index: &HotIndex, facts: Arc<EntityFacts>, asked: &Asked) -> Vec<u8> {
    let timeline = index.timeline(facts);
    let page =
        timeline.page(asked.order, asked.after.as_ref(), asked.limit, |entry| asked.filter.admits(entry));
    braid_wire::json::to_json(&Told {
        tenant: &timeline.facts().tenant,
        id: timeline.facts().id,
        entries: page.entries.iter().map(Entry::of).collect(),
        incidents_left_out: timeline.incidents_left_out(),
        next: page.next.map(|moment| moment.to_string()),
    })
}
