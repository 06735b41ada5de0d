mod entities;
mod health;
mod incidents;
mod integrations;
mod parameters;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use braid_runtime::hot_index::HotIndex;
use braid_runtime::integrations::IntegrationReport;
use braid_runtime::metrics::Metrics;

use crate::guard::{self, Guard};
use crate::problem::Problem;

/// Where answers come from.
pub(crate) struct Sources {
    pub(crate) index: Arc<HotIndex>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) integrations: Box<dyn Fn() -> IntegrationReport + Send + Sync>,
    pub(crate) unready: Box<dyn Fn() -> Vec<String> + Send + Sync>,
}

/// Every route behind its guards; see [`guard`] for their order.
pub(crate) fn routes(sources: Arc<Sources>, guard: Arc<Guard>) -> Router {
    let open = Router::new().route("/healthz", get(health::alive)).route("/readyz", get(health::ready));
    let protected = Router::new()
        .route("/", get(index))
        .route("/metrics", get(metrics))
        .route("/api/incidents", get(incidents::list))
        .route("/api/incidents/{id}", get(incidents::show))
        .route("/api/integrations", get(integrations::list))
        .route("/api/entities/{*name}", get(entities::show))
        .fallback(nothing_here)
        .layer(from_fn_with_state(guard.clone(), guard::bound_work))
        .layer(from_fn_with_state(guard.clone(), guard::check_token));
    open.merge(protected)
        .method_not_allowed_fallback(read_only)
        .layer(from_fn_with_state(guard.clone(), guard::bound_body))
        .layer(from_fn_with_state(guard.clone(), guard::check_host))
        .layer(from_fn_with_state(guard, guard::add_headers))
        .with_state(sources)
}

const INDEX: &str = "\
braid

GET /api/incidents?status=&severity=&tenant=&text=&limit=&cursor=   incidents, newest change first
GET /api/incidents/{id}                                             one incident, whole
GET /api/entities/{id}?tenant=                                      all that is known of a user, host, address…, by its
                                                                    number or any of its names
GET /api/entities/{id}/timeline?tenant=&product=&severity=&type=&user=&text=&order=&limit=&cursor=
                                                                    what happened to it, in order of time
GET /api/integrations                                               each source and output: on or off, well or broken, and why
GET /healthz                                                        does the process answer
GET /readyz                                                         does it work; if not, why
GET /metrics                                                        for Prometheus
";

async fn index() -> &'static str {
    INDEX
}

async fn metrics(State(sources): State<Arc<Sources>>) -> Result<Response, Problem> {
    let text = aside(move || sources.metrics.render()).await?;
    Ok(([(header::CONTENT_TYPE, Metrics::MEDIA_TYPE)], text).into_response())
}

async fn nothing_here() -> Problem {
    Problem::not_found("there is no such route; GET / lists them")
}

async fn read_only() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "every route is read by GET")
}

/// Works something out beside the threads that serve connections, so that health is answered meanwhile.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request to the console could not be answered");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "this is a fault of braid; its log says more")
    })
}
