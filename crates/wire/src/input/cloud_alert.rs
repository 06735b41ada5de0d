//! Alerts of Defender for Cloud: as its continuous export writes them to Event Hubs, and as Azure Resource Manager has them.
//!
//! Source: MicrosoftDocs/azure-docs, `defender-for-cloud/continuous-export.md`, and the reference of `Microsoft.Security/alerts`.
//! The two differ in the case of names and in an envelope (`properties`). Assessments, scores and the like come through
//! the same hub.

use std::borrow::Cow;

use braid_alert::{
    Alert, AlertStatus, EntityKind, EventTime, Evidence, Identifier, IdentifierKind, Phase, Provider, Role,
    Severity, Technique,
};
use jiff::tz::Offset;

use super::evidence_list::EvidenceList;
use super::json::{Json, Object};
use super::{Context, alert_id, description, sentinel_entities, shorten, time};
use crate::{Format, Refusal, RefusalReason};

/// The properties of which an alert has at least one.
const TELLING: [&str; 3] = ["SystemAlertId", "AlertType", "AlertDisplayName"];

/// Reads a resource.
pub(super) fn alert(resource: Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    let kind = resource.text_of(&["type", "Type"]).map(Cow::into_owned);
    let name = resource.text("name").map(Cow::into_owned);
    let resource_id = resource.text("id").map(Cow::into_owned);
    let alert = resource.into_object("properties").unwrap_or_else(|resource| resource).with_capitals();
    check_kind(kind.as_deref(), &alert)?;
    let id = alert
        .strict_text("SystemAlertId")?
        .or(name.as_deref())
        .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "SystemAlertId is missing or empty"))?;
    let times = Times::read(&alert, context)?;
    let text = |name: &str| alert.text(name).map(Box::<str>::from);
    let word = |name: &str| alert.text(name).unwrap_or(Cow::Borrowed("unknown"));
    let detector = text("AlertType");
    context.accept(Alert {
        tenant: context
            .rules
            .tenant
            .tenant(Format::DefenderCloudAlert, |name| tenant_in(name, &alert, resource_id.as_deref()))?,
        provider: Provider::DefenderForCloud,
        id: alert_id::canonical(id),
        source_alert_id: Some(id.into()),
        title: alert
            .text_of(&["AlertDisplayName", "AlertName"])
            .map_or_else(|| "Untitled alert".into(), Into::into),
        description: alert.text("Description").as_deref().and_then(description),
        severity: Severity::from_text(&word("Severity")),
        status: AlertStatus::from_text(&word("Status")),
        classification: None,
        determination: None,
        assignee: None,
        correlate: context.correlate(detector.as_deref()),
        detector,
        category: text("Intent"),
        phase: phase(&alert),
        techniques: techniques(&alert),
        first_activity: times.first,
        last_activity: times.last,
        created: None,
        updated: times.updated,
        resolved: None,
        portal_url: text("AlertUri"),
        indicators: Default::default(),
        evidence: evidence(&alert, context.rules.timezone),
        origin: context.origin.clone(),
    })
}

/// Whether it is an alert. Defender for Cloud's own incidents are what it makes of alerts that it exports as well.
fn check_kind(kind: Option<&str>, alert: &Object<'_>) -> Result<(), Refusal> {
    let beside = |what: String| Err(Refusal::new(RefusalReason::BesideAlerts, what));
    match kind {
        Some(kind) if !kind.rsplit('/').next().unwrap_or(kind).eq_ignore_ascii_case("alerts") => {
            beside(format!("it is a {:?}", shorten(kind)))
        }
        _ if alert.text("IsIncident").is_some_and(|is| is.eq_ignore_ascii_case("true")) => {
            beside("it is an incident of Defender for Cloud, whose alerts come by themselves".to_owned())
        }
        _ if !alert.has_any(&TELLING) => {
            let detail = format!("it has none of the properties {}", TELLING.join(", "));
            Err(Refusal::new(RefusalReason::UnknownFormat, detail))
        }
        _ => Ok(()),
    }
}

/// The directory stands among the resource identifiers, and the subscription in the resource's own id, or in that of
/// what was attacked.
fn tenant_in<'a>(name: &str, alert: &'a Object<'_>, resource_id: Option<&'a str>) -> Option<Cow<'a, str>> {
    let identifiers = alert.list("ResourceIdentifiers").iter().filter_map(Json::object);
    let subscription = || match name {
        "SubscriptionId" => {
            let attacked = identifiers.clone().filter_map(|identifier| identifier.text("AzureResourceId"));
            let ids = resource_id.map(Cow::Borrowed).into_iter().chain(alert.text("AzureResourceId"));
            ids.chain(attacked).find_map(|id| subscription_in(&id)).map(Cow::Owned)
        }
        _ => None,
    };
    alert
        .text(name)
        .or_else(|| identifiers.clone().find_map(|identifier| identifier.text(name)))
        .or_else(subscription)
}

/// Azure writes its ids in any case, and a tenant has one name only.
fn subscription_in(resource_id: &str) -> Option<String> {
    const PREFIX: &str = "/subscriptions/";
    let (prefix, rest) = resource_id.split_at_checked(PREFIX.len())?;
    let id = rest.split('/').next().filter(|id| !id.is_empty())?;
    prefix.eq_ignore_ascii_case(PREFIX).then(|| id.to_ascii_lowercase())
}

struct Times {
    first: EventTime,
    last: EventTime,
    updated: EventTime,
}

impl Times {
    fn read(alert: &Object<'_>, context: &Context<'_>) -> Result<Self, Refusal> {
        let timezone = context.rules.timezone;
        let optional = |name: &str| time::optional(alert.text(name).as_deref(), timezone);
        let first = time::required("StartTimeUtc", alert.strict_text("StartTimeUtc")?, timezone)?;
        let last = optional("EndTimeUtc").map_or(first, |last| last.max(first));
        // Which of them a change of status moves differs between the two forms; the latest is the newest news.
        let told = ["TimeGenerated", "TimeGeneratedUtc", "ProcessingEndTime", "ProcessingEndTimeUtc"];
        let updated = told.into_iter().filter_map(optional).max().unwrap_or_else(|| context.told_at(last));
        Ok(Self { first, last, updated })
    }
}

/// What it intends: one tactic, or several between commas. Before the attack is looking around from outside.
fn phase(alert: &Object<'_>) -> Option<Phase> {
    let intent = alert.text("Intent")?;
    let tactics =
        intent.split([',', ';']).map(str::trim).map(|word| match word.to_ascii_lowercase().as_str() {
            "preattack" | "probing" => Phase::Reconnaissance,
            "exploitation" => Phase::InitialAccess,
            _ => Phase::from_text(word),
        });
    tactics.into_iter().find(|phase| !matches!(phase, Phase::Other(_)))
}

fn techniques(alert: &Object<'_>) -> Vec<Technique> {
    let named =
        ["Techniques", "SubTechniques"].into_iter().flat_map(|name| alert.list(name)).filter_map(Json::text);
    let mut techniques: Vec<_> = named.filter_map(|text| Technique::find(&text)).collect();
    techniques.sort();
    techniques.dedup();
    techniques
}

/// The entities, and the resource that it is all about.
fn evidence(alert: &Object<'_>, timezone: Offset) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    list.extend(sentinel_entities::evidence(alert, timezone));
    let identifiers = alert.list("ResourceIdentifiers").iter().filter_map(Json::object);
    let named = identifiers.filter_map(|identifier| identifier.text("AzureResourceId"));
    for id in named.chain(alert.text("AzureResourceId")) {
        let mut resource = Evidence::new(EntityKind::CloudResource, Role::Impacted);
        resource.identifiers.extend(Identifier::new(IdentifierKind::ResourceId, &id));
        list.push(resource);
    }
    list.into_evidence()
}
