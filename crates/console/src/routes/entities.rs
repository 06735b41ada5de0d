mod profile;
mod timeline;

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use braid_runtime::hot_index::{EntityFacts, HotIndex};

use super::{Sources, aside};
use crate::problem::{Choice, Problem, json};

/// What the path ends with if the timeline is asked for. A name that ends so has its slash encoded (`%2F`), as every
/// name with slashes should.
const TIMELINE: &str = "/timeline";

/// The profile of an entity, or its timeline: by its number or by any of its names, `upn:jeffl@contoso.azure` or
/// `jeffl@contoso.azure`, which is tried as every kind of name.
pub(super) async fn show(
    State(sources): State<Arc<Sources>>,
    uri: Uri,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let query = query.unwrap_or_default();
    match name.strip_suffix(TIMELINE).filter(|name| !name.is_empty() && uri.path().ends_with(TIMELINE)) {
        Some(name) => {
            let (name, asked) = (name.to_owned(), timeline::Asked::read(&query)?);
            let body = aside(move || {
                let facts = one(&sources.index, asked.tenant(), &name, TIMELINE)?;
                Ok::<_, Problem>(timeline::answer(&sources.index, facts, &asked))
            });
            Ok(json(StatusCode::OK, body.await??))
        }
        None => {
            let asked = profile::Asked::read(&query)?;
            let body = aside(move || {
                let facts = one(&sources.index, asked.tenant(), &name, "")?;
                Ok::<_, Problem>(profile::answer(&sources.index, facts))
            });
            Ok(json(StatusCode::OK, body.await??))
        }
    }
}

/// The one entity that a text stands for.
fn one(
    index: &HotIndex,
    tenant: Option<&str>,
    text: &str,
    suffix: &str,
) -> Result<Arc<EntityFacts>, Problem> {
    let mut found = index.entities(tenant, text);
    match found.len() {
        0 => Err(Problem::not_found(
            "this process knows no entity of that name or number: it may be another instance's, or forgotten with its \
             last alert",
        )),
        1 => Ok(found.remove(0)),
        several => Err(Problem::ambiguous(
            format!(
                "{several} entities have that name or number: say `?tenant=`, put the kind of name before it \
                 (`upn:`, `displayName:` …) or take one of `choices`"
            ),
            found.iter().map(|facts| choice(facts, suffix)).collect(),
        )),
    }
}

fn choice(facts: &EntityFacts, suffix: &str) -> Choice {
    Choice {
        tenant: facts.tenant.clone(),
        id: facts.id,
        kind: facts.kind.clone(),
        name: facts.called().into(),
        url: format!("/api/entities/{}{suffix}?tenant={}", facts.id.0, encoded(facts.tenant.as_str())),
    }
}

/// A value of a query string (RFC 3986: all but the unreserved characters).
fn encoded(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
