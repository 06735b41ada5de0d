use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use braid_alert::{EntityId, EntityKind, Identifier, Provider, Role, Tenant};
use braid_runtime::hot_index::EntityProfile;
use serde::{Deserialize, Serialize};

use super::incidents::Summary;
use super::{Sources, aside};
use crate::problem::{Problem, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    tenant: Option<String>,
}

/// Every entity that the name stands for: several, if several tenants have one of that name or if the name is weak.
#[derive(Serialize)]
struct Found<'a> {
    entities: Vec<Profile<'a>>,
}

#[derive(Serialize)]
struct Profile<'a> {
    tenant: &'a Tenant,
    id: EntityId,
    kind: &'a EntityKind,
    name: &'a str,
    context: bool,
    identifiers: &'a [Identifier],
    roles: &'a [Role],
    tags: &'a [Box<str>],
    alerts_by_provider: &'a BTreeMap<Provider, u64>,
    incidents_total: usize,
    incidents: Vec<Summary<'a>>,
}

impl<'a> Profile<'a> {
    fn of(profile: &'a EntityProfile) -> Self {
        Self {
            tenant: &profile.tenant,
            id: profile.id,
            kind: &profile.kind,
            name: &profile.name,
            context: profile.context,
            identifiers: &profile.identifiers,
            roles: &profile.roles,
            tags: &profile.tags,
            alerts_by_provider: &profile.alerts,
            incidents_total: profile.incidents_total,
            incidents: profile.incidents.iter().map(|incident| Summary::of(incident)).collect(),
        }
    }
}

/// By any name: `upn:jeffl@contoso.azure`, or `jeffl@contoso.azure`, which is tried as every kind of name.
pub(super) async fn show(
    State(sources): State<Arc<Sources>>,
    name: Result<Path<String>, PathRejection>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let Query(asked) = asked.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let body = aside(move || {
        let tenant = asked.tenant.as_deref().filter(|tenant| !tenant.is_empty());
        let profiles = sources.index.entity(tenant, &name);
        let entities: Vec<_> = profiles.iter().map(Profile::of).collect();
        (!entities.is_empty()).then(|| braid_wire::json::to_json(&Found { entities }))
    });
    let unknown = "no incident that this process knows is about an entity of that name";
    Ok(json(StatusCode::OK, body.await?.ok_or_else(|| Problem::not_found(unknown))?))
}
