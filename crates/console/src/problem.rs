use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use braid_alert::{EntityId, EntityKind, Tenant};
use serde::Serialize;

/// What went wrong with a request, as RFC 9457 writes it.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    choices: Vec<Choice>,
}

/// One of the entities that a question may mean.
#[derive(Debug, Serialize)]
pub(crate) struct Choice {
    pub(crate) tenant: Tenant,
    pub(crate) id: EntityId,
    pub(crate) kind: EntityKind,
    pub(crate) name: Box<str>,
    /// The question, asked about this one.
    pub(crate) url: String,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    choices: &'a [Choice],
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), choices: Vec::new() }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The question has several answers.
    pub(crate) fn ambiguous(detail: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self { choices, ..Self::new(StatusCode::MULTIPLE_CHOICES, detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // No types of our own: the status says which kind it is, and the detail what to do.
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            choices: &self.choices,
        };
        let mut response = (self.status, braid_wire::json::to_json(&body)).into_response();
        let media_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
