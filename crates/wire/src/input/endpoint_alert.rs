//! Alerts of Defender for Endpoint's own programming interface.
//!
//! Source: MicrosoftDocs/defender-docs, `api/alerts.md`.

use std::borrow::Cow;

use braid_alert::{
    Alert, AlertStatus, Classification, Determination, EntityKind, Evidence, Phase, Provider, Role, Severity,
    Technique,
};
use jiff::tz::Offset;

use super::activity::{Activity, TimeNames};
use super::evidence_list::EvidenceList;
use super::json::{Json, Object};
use super::naming::HostNames;
use super::{Context, alert_id, description, entity_list};
use crate::{Format, Refusal, RefusalReason};

/// The properties of which an alert has at least one.
const TELLING: [&str; 4] = ["machineId", "computerDnsName", "alertCreationTime", "firstEventTime"];

const TIMES: TimeNames = TimeNames {
    first: "firstEventTime",
    last: "lastEventTime",
    created: "alertCreationTime",
    updated: "lastUpdateTime",
    resolved: "resolvedTime",
};

/// Reads an alert.
pub(super) fn alert(alert: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    if !alert.has_any(&TELLING) {
        let detail = format!("it has none of the properties {}", TELLING.join(", "));
        return Err(Refusal::new(RefusalReason::UnknownFormat, detail));
    }
    let id = alert
        .strict_text("id")?
        .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "id is missing or empty"))?;
    let times = Activity::read(alert, &TIMES, context)?;
    let text = |name: &str| alert.text(name).map(Box::<str>::from);
    let word = |name: &str| alert.text(name).unwrap_or(Cow::Borrowed("unknown"));
    let category = alert.text("category");
    let phase = category.as_deref().map(Phase::from_text).filter(|phase| !matches!(phase, Phase::Other(_)));
    let detector = text("detectorId");
    let mut evidence = evidence(alert, context.rules.timezone);
    evidence.extend(context.vendor_incident(&[alert.text("incidentId")]));
    context.accept(Alert {
        tenant: context.rules.tenant.tenant(Format::DefenderEndpointAlert, |name| alert.text(name))?,
        provider: Provider::DefenderForEndpoint,
        id: alert_id::canonical(id),
        source_alert_id: Some(id.into()),
        title: text("title").unwrap_or_else(|| "Untitled alert".into()),
        description: alert.text("description").as_deref().and_then(description),
        severity: Severity::from_text(&word("severity")),
        status: AlertStatus::from_text(&word("status")),
        classification: alert.text("classification").map(|text| Classification::from_text(&text)),
        determination: alert.text("determination").map(|text| Determination::from_text(&text)),
        assignee: text("assignedTo"),
        correlate: context.correlate(detector.as_deref()),
        detector,
        category: category.map(Into::into),
        phase,
        techniques: techniques(alert),
        first_activity: times.first,
        last_activity: times.last,
        created: times.created,
        updated: times.updated,
        resolved: times.resolved,
        portal_url: None,
        indicators: Default::default(),
        evidence,
        origin: context.origin.clone(),
    })
}

/// The techniques in `mitreTechniques`.
pub(super) fn techniques(alert: &Object<'_>) -> Vec<Technique> {
    let named = alert.list("mitreTechniques").iter().filter_map(Json::text);
    let mut techniques: Vec<_> = named.filter_map(|text| Technique::find(&text)).collect();
    techniques.sort();
    techniques.dedup();
    techniques
}

fn evidence(alert: &Object<'_>, timezone: Offset) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    let (device, name) = (alert.text("machineId"), alert.text("computerDnsName"));
    let machine = HostNames {
        defender_device_id: device.as_deref(),
        names: [name.as_deref(), None, None],
        ..HostNames::default()
    };
    list.push(Evidence {
        identifiers: machine.identifiers(),
        ..Evidence::new(EntityKind::Host, Role::Impacted)
    });
    if let Some(user) = alert.object("relatedUser") {
        list.push(Evidence {
            identifiers: entity_list::account(user),
            ..Evidence::new(EntityKind::User, Role::Related)
        });
    }
    entity_list::extend(alert, "evidence", timezone, &mut list);
    list.into_evidence()
}
