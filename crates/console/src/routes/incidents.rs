mod filter;
mod summary;

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use braid_alert::IncidentId;
use braid_runtime::hot_index::{Page, Resolved};
use braid_wire::incident::{Encoding, encode_incident};
use serde::Serialize;

pub(super) use summary::Summary;

use self::filter::{Asked, Filter};
use super::{Sources, aside};
use crate::problem::{Problem, json};

/// How many incidents one request looks at, so that a text which nothing holds is answered within a second of work, with
/// a cursor to go on.
const LOOKED_AT_MAX: usize = 20_000;

/// A page of the list.
#[derive(Serialize)]
struct Listed<'a> {
    incidents: Vec<Summary<'a>>,
    /// What to send as `cursor` for what follows; none at the end. A page may be short, or empty, and have one.
    next: Option<String>,
}

pub(super) async fn list(
    State(sources): State<Arc<Sources>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = asked.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let filter = Filter::read(asked)?;
    let body = aside(move || {
        let matches = |incident: &_| filter.admits(incident);
        listed(&sources.index.page(filter.after, filter.limit, LOOKED_AT_MAX, matches))
    });
    Ok(json(StatusCode::OK, body.await?))
}

fn listed(page: &Page) -> Vec<u8> {
    let incidents = page.incidents.iter().map(|incident| Summary::of(incident)).collect();
    braid_wire::json::to_json(&Listed { incidents, next: page.next.map(|place| place.to_string()) })
}

/// The whole record, as the incidents topic carries it in JSON. An id whose incident was merged away answers with
/// 308 and the survivor's address; the body is the record under the old id, whose `redirect_incident_id` says the same.
pub(super) async fn show(
    State(sources): State<Arc<Sources>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = id.ok().and_then(|Path(id)| IncidentId::parse(&id));
    let id = id.ok_or_else(|| Problem::bad_request("an incident's id is a UUID of 36 characters"))?;
    let unknown = || {
        Problem::not_found(
            "this process knows no such incident: it may be another instance's, or forgotten after its retention",
        )
    };
    Ok(match sources.index.resolve(id).ok_or_else(unknown)? {
        Resolved::Incident(incident) => json(StatusCode::OK, encode_incident(&incident, Encoding::Json)),
        Resolved::Redirected { from, survivor } => {
            let body = encode_incident(&from, Encoding::Json);
            let mut response = json(StatusCode::PERMANENT_REDIRECT, body);
            let location = HeaderValue::try_from(format!("/api/incidents/{}", survivor.id))
                .expect("a UUID is made of characters that a header may have");
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
    })
}
