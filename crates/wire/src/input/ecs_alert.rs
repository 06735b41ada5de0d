//! Alert documents in the Elastic Common Schema, and those of Elastic Security, which has fields of its own beside it.
//!
//! Source: the ECS reference, releases 8.x, and the reference of the alert schema of Elastic Security. A field is found
//! however it is written: nested, with dots in its name, or both, and in a list or not.

use std::borrow::Cow;

use braid_alert::{
    Alert, AlertId, AlertStatus, Classification, EventTime, Phase, Provider, Severity, Technique,
};

use super::acceptance::vendor_group;
use super::evidence_list::label;
use super::json::{Json, Object};
use super::json_path::{text_at, texts_at, values_at};
use super::ocsf_finding::phase_of;
use super::{Context, alert_id, description, ecs_evidence, naming, shorten, time};
use crate::{Format, Refusal, RefusalReason};

/// What Elastic Security is called as a product.
const ELASTIC_SECURITY: &str = "elasticSecurity";

/// What the building blocks of a sequence and the alert that is made of them have in common.
const GROUP_OF_SEQUENCE: &str = "kibana.alert.group.id";

/// Reads a document, by itself or as a search or an export wraps it (`_source`).
pub(super) fn alert(document: Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    let stored_as = document.text("_id").map(Cow::into_owned);
    let document = document.into_object("_source").unwrap_or_else(|document| document);
    check_kind(&document)?;
    let first_of = |paths: &[&str]| paths.iter().find_map(|path| text_at(&document, path));
    let id = id(&document)?.or(stored_as.as_deref().map(Cow::Borrowed));
    let id = id.ok_or_else(|| {
        Refusal::new(RefusalReason::MissingId, "kibana.alert.uuid, event.id and _id are missing or empty")
    })?;
    let provider = provider(&document)?;
    let times = Times::read(&document, context)?;
    let status = status(&document);
    let detector = first_of(&[
        "kibana.alert.rule.rule_id",
        "kibana.alert.rule.uuid",
        "rule.id",
        "rule.uuid",
        "event.code",
        "rule.name",
    ]);
    let detector: Option<Box<str>> = detector.map(Into::into);
    let title = first_of(&["kibana.alert.rule.name", "rule.name", "message", "event.action"]);
    let told = first_of(&["kibana.alert.reason", "event.reason", "rule.description", "message"]);
    let techniques = techniques(&document);
    let mut evidence = ecs_evidence::evidence(&document, &provider, context.rules.timezone);
    evidence.extend(text_at(&document, GROUP_OF_SEQUENCE).and_then(|id| vendor_group("elastic", &id)));
    context.accept(Alert {
        tenant: context.rules.tenant.tenant(Format::EcsAlert, |name| text_at(&document, name))?,
        id: if matches!(provider, Provider::Other(_)) { AlertId::new(&id) } else { alert_id::canonical(&id) },
        source_alert_id: Some(id.as_ref().into()),
        // A message may be a whole record of a log.
        title: title.as_deref().and_then(label).unwrap_or_else(|| "Untitled alert".into()),
        description: told.as_deref().and_then(description),
        severity: severity(&document),
        resolved: times.settled.filter(|_| status == AlertStatus::Resolved),
        status,
        classification: classification(&document),
        determination: None,
        assignee: first_of(&["kibana.alert.workflow_assignee_ids", "kibana.alert.workflow_user"])
            .map(Into::into),
        correlate: context.correlate(detector.as_deref()),
        detector,
        category: first_of(&["rule.category", "event.category"]).map(Into::into),
        phase: phase(&document),
        techniques,
        first_activity: times.first,
        last_activity: times.last,
        created: times.created,
        updated: times.updated,
        portal_url: first_of(&["kibana.alert.url", "event.url"]).map(Into::into),
        indicators: Default::default(),
        evidence,
        provider,
        origin: context.origin.clone(),
    })
}

/// Whether it is an alert. An index has events, metrics and states beside them, which is no fault; nor is what braid itself
/// has written, which would come round for ever.
fn check_kind(document: &Object<'_>) -> Result<(), Refusal> {
    let beside = |what: String| Err(Refusal::new(RefusalReason::BesideAlerts, what));
    let is_braid = |name: &str| name.split('.').next().is_some_and(|name| name.eq_ignore_ascii_case("braid"));
    let names = ["event.provider", "event.module", "event.dataset", "observer.product"];
    if names.iter().any(|path| text_at(document, path).is_some_and(|name| is_braid(&name))) {
        return beside("braid has written it: its own output is no alert".to_owned());
    }
    // Those of a sequence are read: the alert that is made of them keeps only what is the same in all.
    if text_at(document, "kibana.alert.building_block_type").is_some()
        && text_at(document, GROUP_OF_SEQUENCE).is_none()
    {
        return Err(Refusal::new(
            RefusalReason::BuildingBlock,
            "it is a building block of a rule whose alerts Elastic Security shows to nobody by themselves",
        ));
    }
    match text_at(document, "event.kind") {
        Some(kind) if ["alert", "signal"].iter().any(|word| kind.eq_ignore_ascii_case(word)) => Ok(()),
        _ if !values_at(document, "kibana.alert.uuid").is_empty() => Ok(()),
        Some(kind) => {
            beside(format!("its event.kind is {:?}, an alert's is alert or signal", shorten(&kind)))
        }
        None => Err(Refusal::new(
            RefusalReason::UnknownFormat,
            "it has neither event.kind nor kibana.alert.uuid, one of which each alert has",
        )),
    }
}

/// Which alert it is; for an alert of Elastic Security not the event's, which it carries along.
///
/// # Errors
/// `wrong_type` if something else than a text stands there.
fn id<'o>(document: &'o Object<'_>) -> Result<Option<Cow<'o, str>>, Refusal> {
    for path in ["kibana.alert.uuid", "event.id"] {
        match values_at(document, path).first() {
            Some(found @ Json::Text(_)) if found.text().is_some() => return Ok(found.text()),
            None | Some(Json::Text(_)) => {}
            Some(other) => {
                let detail = format!("{path} is {}, which must be a text", other.type_name());
                return Err(Refusal::new(RefusalReason::WrongType, detail));
            }
        }
    }
    Ok(None)
}

/// Elastic Security, if one of its rules raised it; else the product that the document names. A module is called after the
/// product and stays; what a provider and an observer are called comes from the product and may change with it.
fn provider(document: &Object<'_>) -> Result<Provider, Refusal> {
    if !values_at(document, "kibana.alert.uuid").is_empty() {
        return Ok(Provider::Other(ELASTIC_SECURITY.into()));
    }
    let text = |path: &str| text_at(document, path);
    let (provider, module) = (text("event.provider"), text("event.module"));
    for name in [&provider, &module].into_iter().flatten() {
        match product(name) {
            Provider::Other(_) => {}
            known => return Ok(known),
        }
    }
    let of_dataset = || Some(Cow::Owned(text("event.dataset")?.split('.').next()?.to_owned()));
    let named = module.or(provider).or_else(|| text("observer.product")).or_else(of_dataset);
    named.map(|name| Provider::Other(name.as_ref().into())).ok_or_else(|| {
        let detail = "event.module, event.provider, observer.product and event.dataset are missing or empty";
        Refusal::new(RefusalReason::MissingProvider, detail)
    })
}

/// A product by what its own services call it, or by the name of Elastic's integration for it.
fn product(name: &str) -> Provider {
    match name {
        "microsoft_defender_endpoint" => Provider::DefenderForEndpoint,
        "microsoft_defender_cloud" => Provider::DefenderForCloud,
        "microsoft_sentinel" => Provider::Sentinel,
        "zimperium_mtd" => Provider::Zimperium,
        name => naming::provider(name),
    }
}

struct Times {
    first: EventTime,
    last: EventTime,
    created: Option<EventTime>,
    updated: EventTime,
    /// When somebody last set its status.
    settled: Option<EventTime>,
}

impl Times {
    fn read(document: &Object<'_>, context: &Context<'_>) -> Result<Self, Refusal> {
        let timezone = context.rules.timezone;
        let optional = |path: &str| {
            values_at(document, path).into_iter().find_map(|value| time::optional_millis(value, timezone))
        };
        let strict = |path: &str| match values_at(document, path).first() {
            None => Ok(None),
            Some(value) => time::required_millis(path, value, timezone).map(Some),
        };
        let written = values_at(document, "@timestamp");
        let at =
            time::required_millis("@timestamp", written.first().copied().unwrap_or(&Json::Null), timezone)?;
        let first = match strict("kibana.alert.original_time")? {
            Some(original) => original,
            None => strict("event.start")?.unwrap_or(at),
        };
        let last = optional("event.end").map_or(first, |last| last.max(first));
        let settled = optional("kibana.alert.workflow_status_updated_at");
        let changed = [settled, optional("kibana.alert.updated_at"), optional("kibana.alert.last_detected")];
        let updated = changed.into_iter().flatten().fold(at, EventTime::max);
        let created = optional("kibana.alert.start").or_else(|| optional("event.created"));
        Ok(Self { first, last, created, updated, settled })
    }
}

/// Elastic Security's word; else its number on the scale to 100 that Elastic's products have. Every other product's scale is
/// its own (a 1 of Suricata is its gravest), so a number under 10 is told as it stands and not guessed at.
fn severity(document: &Object<'_>) -> Severity {
    if let Some(word) = text_at(document, "kibana.alert.severity") {
        return Severity::from_text(&word);
    }
    let number = |path: &str| text_at(document, path)?.parse::<f64>().ok();
    let told = text_at(document, "event.severity");
    let of_hundred = number("event.severity").filter(|number| (10.0..=100.0).contains(number));
    match of_hundred.or_else(|| number("event.risk_score_norm")) {
        Some(number) if number >= 99.0 => Severity::Critical,
        Some(number) if number >= 73.0 => Severity::High,
        Some(number) if number >= 47.0 => Severity::Medium,
        Some(_) => Severity::Low,
        None => told.map_or_else(Severity::unknown, |told| Severity::Other(told.into())),
    }
}

/// Open, acknowledged, closed; a document that is not Elastic Security's own says nothing of it.
fn status(document: &Object<'_>) -> AlertStatus {
    match text_at(document, "kibana.alert.workflow_status") {
        Some(word) => match word.to_ascii_lowercase().as_str() {
            "open" => AlertStatus::New,
            "acknowledged" | "in-progress" => AlertStatus::InProgress,
            _ => AlertStatus::from_text(&word),
        },
        None => AlertStatus::Unknown,
    }
}

/// Why it was closed.
fn classification(document: &Object<'_>) -> Option<Classification> {
    match text_at(document, "kibana.alert.workflow_reason")?.as_ref() {
        "false_positive" => Some(Classification::FalsePositive),
        "true_positive" => Some(Classification::TruePositive),
        "benign_positive" => Some(Classification::InformationalExpectedActivity),
        _ => None,
    }
}

/// Where ATT&CK stands in a document: its own fields, and the rule's.
const THREATS: [&str; 3] = ["threat", "kibana.alert.rule.threat", "kibana.alert.rule.parameters.threat"];

fn phase(document: &Object<'_>) -> Option<Phase> {
    let words =
        THREATS.iter().flat_map(|threat| ["tactic.id", "tactic.name"].map(|name| format!("{threat}.{name}")));
    let phases =
        words.flat_map(|path| texts_at(document, &path).map(|word| phase_of(&word)).collect::<Vec<_>>());
    phases.into_iter().find(|phase| !matches!(phase, Phase::Other(_)))
}

fn techniques(document: &Object<'_>) -> Vec<Technique> {
    let paths = THREATS.iter().flat_map(|threat| {
        ["technique.id", "technique.subtechnique.id"].map(|name| format!("{threat}.{name}"))
    });
    let found = paths.flat_map(|path| {
        texts_at(document, &path).filter_map(|text| Technique::find(&text)).collect::<Vec<_>>()
    });
    let mut techniques: Vec<_> = found.collect();
    techniques.sort();
    techniques.dedup();
    techniques
}
