//! Microsoft Graph `alerts_v2` resources.
//!
//! Source: microsoft-graph-docs, `security-alert.md` and `security-alertevidence.md` (v1.0).

use std::borrow::Cow;

use braid_alert::{Alert, AlertStatus, Classification, Determination, Phase, Provider, Severity, Technique};

use super::activity::{Activity, TimeNames};
use super::json::{Json, Object};
use super::mdi_catalogue::{self, AlertType};
use super::xdr_incident::{alerts_of, wrong_list};
use super::{Context, alert_id, description, graph_evidence, shorten};
use crate::{Format, Refusal, RefusalReason};

/// The properties of which an alert has at least one.
const TELLING: [&str; 5] = ["id", "providerAlertId", "serviceSource", "firstActivityDateTime", "alertWebUrl"];

const TIMES: TimeNames = TimeNames {
    first: "firstActivityDateTime",
    last: "lastActivityDateTime",
    created: "createdDateTime",
    updated: "lastUpdateDateTime",
    resolved: "resolvedDateTime",
};

/// The properties of which an incident has at least one.
const TELLING_OF_INCIDENT: [&str; 4] = ["alerts", "displayName", "incidentWebUrl", "redirectIncidentId"];

/// Reads an alert.
pub(super) fn alert(alert: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    alert_of(alert, None, context)
}

/// Reads an incident: its alerts, which are there if they were asked for.
pub(super) fn alerts(incident: &Object<'_>, context: &Context<'_>) -> Vec<Result<Alert, Refusal>> {
    if let Some(other) = wrong_list(incident) {
        return vec![Err(other)];
    }
    if !incident.has_any(&TELLING_OF_INCIDENT) {
        let detail = format!("it has none of the properties {}", TELLING_OF_INCIDENT.join(", "));
        return vec![Err(Refusal::new(RefusalReason::UnknownFormat, detail))];
    }
    alerts_of(incident, (Format::GraphIncident, "id"), |alert| alert_of(alert, Some(incident), context))
}

fn alert_of(
    alert: &Object<'_>,
    incident: Option<&Object<'_>>,
    context: &Context<'_>,
) -> Result<Alert, Refusal> {
    check_resource(alert)?;
    let (own, portal) = (alert.strict_text("providerAlertId")?, alert.strict_text("id")?);
    let id = own.or(portal).ok_or_else(|| {
        Refusal::new(RefusalReason::MissingId, "providerAlertId and id are missing or empty")
    })?;
    let provider = alert
        .strict_text("serviceSource")?
        .map(Provider::from_text)
        .ok_or_else(|| Refusal::new(RefusalReason::MissingProvider, "serviceSource is missing or empty"))?;
    let times = Activity::read(alert, &TIMES, context)?;
    let known = (provider == Provider::DefenderForIdentity).then(|| known_type(alert)).flatten();
    let text = |name: &str| alert.text(name).map(Box::<str>::from);
    let word = |name: &str| alert.text(name).unwrap_or(Cow::Borrowed("unknown"));
    let detector = detector(alert, known);
    let of_incident = |name: &str| incident.and_then(|incident| incident.text(name));
    let mut evidence = graph_evidence::evidence(alert, context.rules.timezone);
    evidence.extend(context.vendor_incident(&[
        of_incident("redirectIncidentId"),
        of_incident("id"),
        alert.text("incidentId"),
    ]));
    let correlate = context.correlate(detector.as_deref());
    context.accept(Alert {
        tenant: context
            .rules
            .tenant
            .tenant(Format::GraphAlert, |name| alert.text(name).or_else(|| incident?.text(name)))?,
        provider,
        id: alert_id::canonical(id),
        source_alert_id: portal.or(own).map(Into::into),
        title: text("title").unwrap_or_else(|| known.map_or("Untitled alert", |known| known.name).into()),
        description: alert.text("description").as_deref().and_then(description),
        severity: Severity::from_text(&word("severity")),
        status: AlertStatus::from_text(&word("status")),
        classification: alert.text("classification").map(|text| Classification::from_text(&text)),
        determination: alert.text("determination").map(|text| Determination::from_text(&text)),
        assignee: text("assignedTo"),
        detector,
        category: text("category"),
        phase: phase(alert, known),
        techniques: techniques(alert, known),
        first_activity: times.first,
        last_activity: times.last,
        created: times.created,
        updated: times.updated,
        resolved: times.resolved,
        portal_url: text("alertWebUrl"),
        indicators: Default::default(),
        evidence,
        correlate,
        origin: context.origin.clone(),
    })
}

/// Whether it is an alert at all; Graph pages hold incidents and other resources too.
fn check_resource(alert: &Object<'_>) -> Result<(), Refusal> {
    let resource = alert.text("@odata.type");
    match resource.as_deref().map(|name| name.rsplit('.').next().unwrap_or(name)) {
        Some(name) if !name.eq_ignore_ascii_case("alert") => {
            let hint = if name.eq_ignore_ascii_case("incident") {
                "; the format graph-incident reads those"
            } else {
                ""
            };
            let detail = format!("its @odata.type is {:?}{hint}", shorten(name));
            Err(Refusal::new(RefusalReason::NotAnAlert, detail))
        }
        _ if !alert.has_any(&TELLING) => Err(Refusal::new(
            RefusalReason::UnknownFormat,
            format!("it has none of the properties {}", TELLING.join(", ")),
        )),
        _ => Ok(()),
    }
}

/// For Defender for Identity `detectorId` is the signature id.
fn known_type(alert: &Object<'_>) -> Option<&'static AlertType> {
    let detector = alert.text("detectorId").unwrap_or_default();
    mdi_catalogue::find(detector.parse().ok(), &detector, &alert.text("title").unwrap_or_default())
}

fn detector(alert: &Object<'_>, known: Option<&AlertType>) -> Option<Box<str>> {
    match known {
        Some(known) if known.external_id != 0 => Some(known.external_id.to_string().into()),
        _ => alert.text("detectorId").map(Into::into),
    }
}

fn phase(alert: &Object<'_>, known: Option<&AlertType>) -> Option<Phase> {
    let by_category = || alert.text("category").map(|category| Phase::from_text(&category));
    let phase = known.map(|known| known.phase.clone()).or_else(by_category);
    phase.filter(|phase| !matches!(phase, Phase::Other(_)))
}

fn techniques(alert: &Object<'_>, known: Option<&AlertType>) -> Vec<Technique> {
    let named = alert.list("mitreTechniques").iter().filter_map(Json::text);
    let mut techniques: Vec<_> = named.filter_map(|text| Technique::find(&text)).collect();
    if techniques.is_empty() {
        techniques.extend(known.into_iter().flat_map(AlertType::techniques));
    }
    techniques.sort();
    techniques.dedup();
    techniques
}
