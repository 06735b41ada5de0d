//! Rows of `AlertInfo` and `AlertEvidence`: an alert as far as one row tells it.
//!
//! Source: MicrosoftDocs/defender-docs, `advanced-hunting-alertinfo-table.md` and `advanced-hunting-alertevidence-table.md`.
//! Neither table says what became of an alert, so its status is unknown.

use std::borrow::Cow;

use braid_alert::{Alert, AlertStatus, Phase, Provider, Severity, Technique};

use super::json::{Json, Object};
use super::mdi_catalogue::{self, AlertType};
use super::streaming::Table;
use super::{Context, alert_id, naming, streaming_evidence, time};
use crate::{Format, Refusal, RefusalReason};

/// Reads a row.
pub(super) fn alert(
    table: Table,
    row: &Object<'_>,
    envelope: &Object<'_>,
    context: &Context<'_>,
) -> Result<Alert, Refusal> {
    let timezone = context.rules.timezone;
    let id = row
        .strict_text("AlertId")?
        .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "AlertId is missing or empty"))?;
    let provider = row
        .strict_text("ServiceSource")?
        .map(naming::provider)
        .ok_or_else(|| Refusal::new(RefusalReason::MissingProvider, "ServiceSource is missing or empty"))?;
    let at = time::required("Timestamp", row.strict_text("Timestamp")?, timezone)?;
    let title = row.text("Title");
    let known = (provider == Provider::DefenderForIdentity)
        .then(|| mdi_catalogue::find(None, "", title.as_deref().unwrap_or_default()))
        .flatten();
    let (updated, evidence) = match table {
        // When Defender received it. The row of a piece of evidence says when that was seen, not that the alert changed.
        Table::Info => (time::optional(envelope.text("time").as_deref(), timezone), Vec::new()),
        Table::Evidence => (None, streaming_evidence::evidence(row, timezone)),
    };
    let detector = known.filter(|known| known.external_id != 0).map(|known| known.external_id.to_string());
    Ok(Alert {
        tenant: context
            .rules
            .tenant
            .tenant(Format::DefenderXdrStreaming, |name| tenant_in(name, envelope, row))?,
        provider,
        id: alert_id::canonical(id),
        source_alert_id: Some(id.into()),
        title: title.as_deref().unwrap_or("Untitled alert").into(),
        description: None,
        severity: row.text("Severity").map_or_else(Severity::unknown, |text| Severity::from_text(&text)),
        status: AlertStatus::Unknown,
        classification: None,
        determination: None,
        assignee: None,
        correlate: context.correlate(detector.as_deref()),
        detector: detector.map(Into::into),
        phase: known.map(|known| known.phase.clone()).or_else(|| phase(row)),
        category: words(row, &["Category", "Categories"]).next().map(Into::into),
        techniques: techniques(row, known),
        first_activity: at,
        last_activity: at,
        created: None,
        updated: updated.map_or(at, |updated| updated.max(at)),
        resolved: None,
        portal_url: None,
        indicators: Default::default(),
        evidence,
        origin: context.origin.clone(),
    })
}

/// The envelope names the directory. A row that has lost its envelope names the workspace that it was kept in.
fn tenant_in<'a>(name: &str, envelope: &'a Object<'_>, row: &'a Object<'_>) -> Option<Cow<'a, str>> {
    let kept = || if name == "tenantId" { row.text("TenantId") } else { None };
    envelope.text(name).or_else(|| row.text(name)).or_else(kept)
}

/// The words of columns that are a word, a list, or a text that holds a list.
fn words<'a>(row: &'a Object<'_>, columns: &'a [&str]) -> impl Iterator<Item = Cow<'a, str>> {
    columns.iter().flat_map(|name| words_of(row.field(name)))
}

fn words_of<'a>(column: &'a Json<'_>) -> Vec<Cow<'a, str>> {
    match column {
        Json::List(words) => words.iter().filter_map(Json::text).collect(),
        Json::Text(text) if text.trim_start().starts_with('[') => {
            let list: Vec<String> = serde_json::from_str(text).unwrap_or_default();
            list.into_iter()
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .map(Cow::Owned)
                .collect()
        }
        other => other.text().into_iter().collect(),
    }
}

/// The first of its categories that is a tactic.
fn phase(row: &Object<'_>) -> Option<Phase> {
    let phases = words(row, &["Category", "Categories"]).map(|word| Phase::from_text(&word));
    phases.into_iter().find(|phase| !matches!(phase, Phase::Other(_)))
}

fn techniques(row: &Object<'_>, known: Option<&AlertType>) -> Vec<Technique> {
    let mut techniques: Vec<_> =
        words(row, &["AttackTechniques"]).filter_map(|word| Technique::find(&word)).collect();
    if techniques.is_empty() {
        techniques.extend(known.into_iter().flat_map(AlertType::techniques));
    }
    techniques.sort();
    techniques.dedup();
    techniques
}
