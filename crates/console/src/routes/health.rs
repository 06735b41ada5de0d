use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::Sources;
use crate::problem::json;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

/// It answers, so it lives. Whether it works is another question: an orchestrator that restarts a process because that
/// is restoring makes it restore for ever.
pub(super) async fn alive() -> Response {
    answer(StatusCode::OK, "alive", Vec::new())
}

pub(super) async fn ready(State(sources): State<Arc<Sources>>) -> Response {
    let reasons = (sources.unready)();
    if reasons.is_empty() {
        answer(StatusCode::OK, "ready", reasons)
    } else {
        answer(StatusCode::SERVICE_UNAVAILABLE, "unready", reasons)
    }
}

fn answer(code: StatusCode, status: &'static str, reasons: Vec<String>) -> Response {
    json(code, braid_wire::json::to_json(&Health { status, reasons }))
}
