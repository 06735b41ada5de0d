//! Incidents of the older programming interface of Defender XDR (Microsoft 365 Defender), for the alerts that they hold.
//!
//! Source: MicrosoftDocs/defender-docs, `api-list-incidents.md`. An incident names no tenant.

use std::borrow::Cow;

use braid_alert::{
    Alert, AlertStatus, Classification, Determination, EntityKind, Evidence, HostAddress, Phase, Provider,
    Role, Severity,
};
use jiff::tz::Offset;

use super::activity::{Activity, TimeNames};
use super::envelope::foreign_refusal;
use super::evidence_list::{EvidenceList, TAGS_MAX};
use super::json::{Json, Object};
use super::mdi_catalogue::{self, AlertType};
use super::naming::{self, HostNames};
use super::{
    Context, alert_id, check_element_count, description, endpoint_alert, entity_list, not_an_object,
};
use crate::{Format, Refusal, RefusalReason};

/// The properties of which an incident has at least one.
const TELLING: [&str; 3] = ["incidentId", "incidentName", "alerts"];

const TIMES: TimeNames = TimeNames {
    first: "firstActivity",
    last: "lastActivity",
    created: "creationTime",
    updated: "lastUpdatedTime",
    resolved: "resolvedTime",
};

/// Reads an incident: its alerts.
pub(super) fn alerts(incident: &Object<'_>, context: &Context<'_>) -> Vec<Result<Alert, Refusal>> {
    if let Some(other) = wrong_list(incident) {
        return vec![Err(other)];
    }
    if !incident.has_any(&TELLING) {
        let detail = format!("it has none of the properties {}", TELLING.join(", "));
        return vec![Err(Refusal::new(RefusalReason::UnknownFormat, detail))];
    }
    alerts_of(incident, (Format::DefenderXdrIncident, "incidentId"), |alert| {
        self::alert(alert, incident, context)
    })
}

/// Why an incident's list of alerts is none.
pub(super) fn wrong_list(incident: &Object<'_>) -> Option<Refusal> {
    let found = match incident.field("alerts") {
        Json::Null | Json::List(_) | Json::Object(_) => return None,
        other => other.type_name(),
    };
    Some(Refusal::new(RefusalReason::WrongType, format!("alerts is {found}, which must be a list")))
}

/// The alerts of an incident of any interface. One that has none says nothing about alerts: it was merged into another
/// one, or it was asked for without them.
pub(super) fn alerts_of(
    incident: &Object<'_>,
    (format, id): (Format, &str),
    read: impl Fn(&Object<'_>) -> Result<Alert, Refusal>,
) -> Vec<Result<Alert, Refusal>> {
    let alerts = incident.lists("alerts");
    if alerts.is_empty() {
        if let Some(refusal) = foreign_refusal(incident, format, 1) {
            return vec![Err(refusal)];
        }
        let id = incident.text(id).unwrap_or_default();
        let detail = format!("incident {id:?} lists no alerts; a request may have to ask for them");
        return vec![Err(Refusal::new(RefusalReason::BesideAlerts, detail))];
    }
    if let Err(refusal) = check_element_count(alerts.len()) {
        return vec![Err(refusal)];
    }
    let one = |alert: &Json<'_>| match alert.object() {
        Some(alert) => read(alert),
        None => Err(not_an_object(alert)),
    };
    alerts.into_iter().map(one).collect()
}

fn alert(alert: &Object<'_>, incident: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    let (own, portal) = (alert.strict_text("providerAlertId")?, alert.strict_text("alertId")?);
    let id = own.or(portal).ok_or_else(|| {
        Refusal::new(RefusalReason::MissingId, "providerAlertId and alertId are missing or empty")
    })?;
    let provider = alert
        .strict_text("serviceSource")?
        .map(naming::provider)
        .ok_or_else(|| Refusal::new(RefusalReason::MissingProvider, "serviceSource is missing or empty"))?;
    let times = Activity::read(alert, &TIMES, context)?;
    let text = |name: &str| alert.text(name).map(Box::<str>::from);
    let word = |name: &str| alert.text(name).unwrap_or(Cow::Borrowed("unknown"));
    let known = known_type(alert, &provider);
    let detector = match known {
        Some(known) if known.external_id != 0 => Some(known.external_id.to_string().into()),
        _ => text("detectorId"),
    };
    let mut evidence = evidence(alert, context.rules.timezone);
    evidence.extend(context.vendor_incident(&[
        incident.text("redirectIncidentId"),
        incident.text("incidentId"),
        alert.text("incidentId"),
    ]));
    let tenant = |name: &str| alert.text(name).or_else(|| incident.text(name));
    context.accept(Alert {
        tenant: context.rules.tenant.tenant(Format::DefenderXdrIncident, tenant)?,
        provider,
        id: alert_id::canonical(id),
        source_alert_id: portal.or(own).map(Into::into),
        title: text("title").unwrap_or_else(|| "Untitled alert".into()),
        description: alert.text("description").as_deref().and_then(description),
        severity: Severity::from_text(&word("severity")),
        status: AlertStatus::from_text(&word("status")),
        classification: alert.text("classification").map(|text| Classification::from_text(&text)),
        determination: alert.text("determination").map(|text| Determination::from_text(&text)),
        assignee: text("assignedTo"),
        correlate: context.correlate(detector.as_deref()),
        detector,
        category: text("category"),
        phase: phase(alert, known),
        techniques: endpoint_alert::techniques(alert),
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

fn known_type(alert: &Object<'_>, provider: &Provider) -> Option<&'static AlertType> {
    let detector = alert.text("detectorId").unwrap_or_default();
    let title = alert.text("title").unwrap_or_default();
    let is_identity = *provider == Provider::DefenderForIdentity;
    is_identity.then(|| mdi_catalogue::find(detector.parse().ok(), &detector, &title)).flatten()
}

fn phase(alert: &Object<'_>, known: Option<&AlertType>) -> Option<Phase> {
    let by_category = || alert.text("category").map(|category| Phase::from_text(&category));
    let phase = known.map(|known| known.phase.clone()).or_else(by_category);
    phase.filter(|phase| !matches!(phase, Phase::Other(_)))
}

fn evidence(alert: &Object<'_>, timezone: Offset) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    list.extend(alert.list("devices").iter().filter_map(Json::object).map(device));
    entity_list::extend(alert, "entities", timezone, &mut list);
    list.into_evidence()
}

/// A device on which the alert was raised.
fn device(device: &Object<'_>) -> Evidence {
    let defender = device.text_of(&["mdatpDeviceId", "deviceId"]);
    let (entra, name) = (device.text("aadDeviceId"), device.text("deviceDnsName"));
    let machine = device.object("vmMetadata").and_then(|machine| machine.text("resourceId"));
    let names = HostNames {
        defender_device_id: defender.as_deref(),
        entra_device_id: entra.as_deref(),
        resource_id: machine.as_deref(),
        names: [name.as_deref(), None, None],
        ..HostNames::default()
    };
    let mut tags: Vec<Box<str>> =
        device.list("tags").iter().take(TAGS_MAX).filter_map(|tag| Some(tag.text()?.into())).collect();
    tags.sort();
    tags.dedup();
    Evidence {
        identifiers: names.identifiers(),
        tags,
        addresses: addresses(device),
        ..Evidence::new(EntityKind::Host, Role::Impacted)
    }
}

fn addresses(device: &Object<'_>) -> Vec<HostAddress> {
    let address = |name: &str, egress: bool| naming::host_address(&device.text(name)?, egress);
    [address("lastIpAddress", false), address("lastExternalIpAddress", true)].into_iter().flatten().collect()
}
