use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use braid_alert::{EventTime, Severity, SourceTime};
use braid_runtime::integrations::{
    Fault, Figures, IntegrationReport, LastRecord, OutputStatus, RefusedExample, SourceStatus, Trouble,
};
use braid_wire::HealthReport;
use serde::Serialize;

use super::Sources;
use super::parameters;
use crate::problem::{Problem, json};

/// How every source, output and the schema registry are.
#[derive(Serialize)]
struct Integrations<'a> {
    cluster: Option<FaultView<'a>>,
    waits: Vec<&'a str>,
    sources: Vec<SourceView<'a>>,
    outputs: Vec<OutputView<'a>>,
    schema_registry: Option<RegistryView<'a>>,
}

#[derive(Serialize)]
struct SourceView<'a> {
    name: &'a str,
    enabled: bool,
    state: &'static str,
    troubles: Vec<TroubleView<'a>>,
    format: &'static str,
    topics: Vec<&'a str>,
    /// Of what tells of alerts: whether it tells that one is done with.
    resolution: Option<&'static str>,
    last: Option<LastView>,
    records: u64,
    taken: u64,
    refused: u64,
    refused_example: Option<ExampleView<'a>>,
    dropped: BTreeMap<&'static str, u64>,
    health: Option<HealthView<'a>>,
}

#[derive(Serialize)]
struct OutputView<'a> {
    topic: &'a str,
    holds: &'static str,
    encoding: &'a str,
    state: &'static str,
    troubles: Vec<TroubleView<'a>>,
}

#[derive(Serialize)]
struct RegistryView<'a> {
    url: &'a str,
    state: &'static str,
    #[serde(flatten)]
    fault: Option<FaultView<'a>>,
}

#[derive(Serialize)]
struct FaultView<'a> {
    what: &'a str,
    advice: &'a str,
}

#[derive(Serialize)]
struct TroubleView<'a> {
    place: Option<&'a str>,
    #[serde(flatten)]
    fault: FaultView<'a>,
}

#[derive(Serialize)]
struct LastView {
    source_time: SourceTime,
    event_time: Option<EventTime>,
    lag_seconds: Option<f64>,
}

#[derive(Serialize)]
struct ExampleView<'a> {
    reason: &'a str,
    detail: &'a str,
    topic: &'a str,
    partition: i32,
    offset: i64,
}

#[derive(Serialize)]
struct HealthView<'a> {
    kind: &'a str,
    text: &'a str,
    severity: &'a Severity,
    at: EventTime,
}

/// There is nothing to ask for: what is said would be a mistake.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) async fn list(
    State(sources): State<Arc<Sources>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    parameters::read::<Nothing>(query.as_deref().unwrap_or_default())?;
    let report = (sources.integrations)();
    Ok(json(StatusCode::OK, braid_wire::json::to_json(&Integrations::from(&report))))
}

impl<'a> From<&'a IntegrationReport> for Integrations<'a> {
    fn from(report: &'a IntegrationReport) -> Self {
        Self {
            cluster: report.cluster.as_ref().map(FaultView::from),
            waits: report.waits.iter().map(|wait| &**wait).collect(),
            sources: report.sources.iter().map(SourceView::from).collect(),
            outputs: report.outputs.iter().map(OutputView::from).collect(),
            schema_registry: report.registry.as_ref().map(|(url, fault)| RegistryView {
                url,
                state: if fault.is_some() { "broken" } else { "ok" },
                fault: fault.as_ref().map(FaultView::from),
            }),
        }
    }
}

impl<'a> From<&'a SourceStatus> for SourceView<'a> {
    fn from(status: &'a SourceStatus) -> Self {
        let (source, figures): (_, &Figures) = (&status.source, &status.figures);
        Self {
            name: &source.name,
            enabled: source.enabled,
            state: status.state.as_str(),
            troubles: status.troubles.iter().map(TroubleView::from).collect(),
            format: source.format.as_str(),
            topics: source.topics.iter().map(|topic| &**topic).collect(),
            resolution: status
                .reports_resolution()
                .map(|told| if told { "reported" } else { "not reported" }),
            last: figures.last.map(LastView::from),
            records: figures.records,
            taken: figures.taken,
            refused: figures.refused,
            refused_example: figures.example.as_deref().map(ExampleView::from),
            dropped: figures.dropped.iter().map(|(reason, count)| (reason.as_str(), *count)).collect(),
            health: status.health.as_ref().map(HealthView::from),
        }
    }
}

impl<'a> From<&'a OutputStatus> for OutputView<'a> {
    fn from(status: &'a OutputStatus) -> Self {
        Self {
            topic: &status.output.topic,
            holds: status.output.holds,
            encoding: &status.output.encoding,
            state: status.state.as_str(),
            troubles: status.troubles.iter().map(TroubleView::from).collect(),
        }
    }
}

impl<'a> From<&'a Fault> for FaultView<'a> {
    fn from(fault: &'a Fault) -> Self {
        Self { what: &fault.what, advice: &fault.advice }
    }
}

impl<'a> From<&'a Trouble> for TroubleView<'a> {
    fn from(trouble: &'a Trouble) -> Self {
        Self { place: trouble.place.as_deref(), fault: FaultView::from(&trouble.fault) }
    }
}

impl From<LastRecord> for LastView {
    fn from(last: LastRecord) -> Self {
        Self { source_time: last.source_time, event_time: last.event_time, lag_seconds: last.lag_seconds() }
    }
}

impl<'a> From<&'a RefusedExample> for ExampleView<'a> {
    fn from(example: &'a RefusedExample) -> Self {
        Self {
            reason: &example.reason,
            detail: &example.detail,
            topic: &example.topic,
            partition: example.partition,
            offset: example.offset,
        }
    }
}

impl<'a> From<&'a HealthReport> for HealthView<'a> {
    fn from(report: &'a HealthReport) -> Self {
        Self { kind: &report.kind, text: &report.text, severity: &report.severity, at: report.at }
    }
}
