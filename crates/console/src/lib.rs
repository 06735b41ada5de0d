//! HTTP: the API, health and metrics, read from the hot index.
//!
//! What it does not do: it changes nothing, keeps no session, knows no users, names no codec (bodies are written by
//! `braid-wire`) and asks no worker; an answer is what was committed when it was asked for.
//!
//! Start with [`Console`]. The routes:
//!
//! | route | answer |
//! |---|---|
//! | `GET /api/incidents` | a page of incidents in short, newest change first |
//! | `GET /api/incidents/{id}` | the whole record; for a redirected one 308 to the survivor |
//! | `GET /api/entities/{id}` | the profile of an entity, by its number or any of its names; 300 with a choice if several have it |
//! | `GET /api/entities/{id}/timeline` | a page of what happened to it, in order of time |
//! | `GET /api/integrations` | each source and output: on or off, well or broken, and why |
//! | `GET /healthz` | 200 while the process answers |
//! | `GET /readyz` | 200, or 503 with the reasons |
//! | `GET /metrics` | Prometheus' text format |
//!
//! Errors are `application/problem+json` (RFC 9457).

mod connections;
mod guard;
mod problem;
mod routes;
mod server;
mod settings;

pub use server::{BindFault, BoundConsole, Console};
pub use settings::{ConsoleSettings, Secret, SettingsFault, TlsFiles};
