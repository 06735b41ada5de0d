//! OCSF Detection Findings (class 2004) of any product.
//!
//! Source: the Open Cybersecurity Schema Framework, releases 1.1 to 1.7 and the development version after them. What these
//! differ in is read as any of them has it: an attribute under its older name, a time as a number or as text (`_dt`).

use std::borrow::Cow;

use braid_alert::{
    Alert, AlertId, AlertStatus, Classification, Determination, EventTime, Phase, Provider, Severity,
    Technique,
};

use super::json::{Json, Object};
use super::json_path::text_at;
use super::{Context, alert_id, description, naming, ocsf_evidence, shorten, time};
use crate::{Format, Refusal, RefusalReason};

const DETECTION_FINDING: &str = "2004";

/// Reads a finding.
pub(super) fn alert(finding: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    check_class(finding)?;
    let info = finding.object("finding_info").ok_or_else(|| missing_id("finding_info"))?;
    let uid = info.strict_text("uid")?.ok_or_else(|| missing_id("finding_info.uid"))?;
    let provider = provider(finding, info)?;
    let times = Times::read(finding, info, context)?;
    let analytic = |name: &str| info.object("analytic").and_then(|analytic| analytic.text(name));
    let detector =
        analytic("uid").or_else(|| analytic("name")).or_else(|| text_at(finding, "metadata.event_code"));
    let detector: Option<Box<str>> = detector.map(Into::into);
    let title = info.text("title").or_else(|| finding.text("message")).or_else(|| analytic("name"));
    let attacks = Attacks::read(finding, info);
    let status = status(finding);
    let assignee = finding.object("assignee").and_then(|user| user.text_of(&["email_addr", "name", "uid"]));
    context.accept(Alert {
        tenant: context.rules.tenant.tenant(Format::OcsfDetectionFinding, |name| text_at(finding, name))?,
        id: if matches!(provider, Provider::Other(_)) { AlertId::new(uid) } else { alert_id::canonical(uid) },
        source_alert_id: Some(uid.into()),
        title: title.map_or_else(|| "Untitled finding".into(), Into::into),
        description: info.text("desc").or_else(|| finding.text("message")).as_deref().and_then(description),
        severity: severity(finding),
        resolved: (status == AlertStatus::Resolved).then_some(times.updated),
        status,
        classification: classification(finding),
        determination: determination(finding),
        assignee: assignee.map(Into::into),
        correlate: context.correlate(detector.as_deref()),
        detector,
        category: category(info),
        phase: attacks.phase.or_else(|| phase_of_kill_chain(info)),
        techniques: attacks.techniques,
        first_activity: times.first,
        last_activity: times.last,
        created: times.created,
        updated: times.updated,
        portal_url: finding.text("src_url").or_else(|| info.text("src_url")).map(Into::into),
        indicators: Default::default(),
        evidence: ocsf_evidence::evidence(finding, &provider, context.rules.timezone),
        provider,
        origin: context.origin.clone(),
    })
}

fn missing_id(name: &str) -> Refusal {
    Refusal::new(RefusalReason::MissingId, format!("{name} is missing or empty"))
}

/// Whether it is a Detection Finding. A lake of OCSF has every class, so another one is no fault; nor is what braid itself
/// has written, which would come round for ever.
fn check_class(finding: &Object<'_>) -> Result<(), Refusal> {
    let by_type = || {
        let of_type: u64 = finding.text("type_uid")?.parse().ok()?;
        Some(Cow::Owned((of_type / 100).to_string()))
    };
    let beside = |what: String| Err(Refusal::new(RefusalReason::BesideAlerts, what));
    match finding.text("class_uid").or_else(by_type).as_deref() {
        None => Err(Refusal::new(
            RefusalReason::UnknownFormat,
            "it has neither class_uid nor type_uid, one of which each event of OCSF has",
        )),
        Some(DETECTION_FINDING) if is_braid_s(finding) => {
            beside("braid has written it: its own output is no alert".to_owned())
        }
        Some(DETECTION_FINDING) => Ok(()),
        Some(other) => beside(format!("its class_uid is {}, a Detection Finding's is 2004", shorten(other))),
    }
}

fn is_braid_s(finding: &Object<'_>) -> bool {
    let is_braid = |name| text_at(finding, name).map(|name| name.eq_ignore_ascii_case("braid"));
    is_braid("metadata.product.name") == Some(true) && is_braid("metadata.product.vendor_name") != Some(false)
}

/// The product behind its vendor, unless its name begins with that: neither a version nor a feature of it, which change
/// while it stays the same product. One that this release knows is that one, whichever format tells of it.
fn provider(finding: &Object<'_>, info: &Object<'_>) -> Result<Provider, Refusal> {
    let product = finding.object("metadata").and_then(|metadata| metadata.object("product"));
    let product = product.or_else(|| info.object("product"));
    let text = |name: &str| product.and_then(|product| product.text(name));
    let (vendor, name) = (text("vendor_name"), text("name").or_else(|| text("uid")));
    let whole: Box<str> = match (vendor.as_deref(), name.as_deref()) {
        (Some(vendor), Some(name)) => {
            let (folded, prefix) = (name.to_lowercase(), vendor.to_lowercase());
            if folded.starts_with(&prefix) { name.into() } else { format!("{vendor} {name}").into() }
        }
        (Some(only), None) | (None, Some(only)) => only.into(),
        (None, None) => {
            let detail = "metadata.product has neither name nor vendor_name";
            return Err(Refusal::new(RefusalReason::MissingProvider, detail));
        }
    };
    let is_known = |known: &Provider| !matches!(known, Provider::Other(_) | Provider::Braid);
    let known = name.as_deref().map(naming::provider).filter(is_known);
    Ok(known.unwrap_or_else(|| naming::provider(&whole)))
}

struct Times {
    first: EventTime,
    last: EventTime,
    created: Option<EventTime>,
    updated: EventTime,
}

impl Times {
    /// When it happened, as far as it says: what was seen, the range of the events behind it, or else when the finding was
    /// made.
    fn read(finding: &Object<'_>, info: &Object<'_>, context: &Context<'_>) -> Result<Self, Refusal> {
        let timezone = context.rules.timezone;
        let strict = |object: &Object<'_>, name: &str| match said(object, name) {
            Json::Null => Ok(None),
            value => time::required_millis(name, value, timezone).map(Some),
        };
        let optional = |object: &Object<'_>, name: &str| time::optional_millis(said(object, name), timezone);
        let made = time::required_millis("time", said(finding, "time"), timezone)?;
        let created = optional(info, "created_time");
        let first = match strict(info, "first_seen_time")? {
            Some(seen) => seen,
            None => strict(finding, "start_time")?.or(created).unwrap_or(made),
        };
        let last = optional(info, "last_seen_time").or_else(|| optional(finding, "end_time"));
        let rewritten = finding.object("metadata").and_then(|metadata| optional(metadata, "modified_time"));
        let changed = [strict(info, "modified_time")?, rewritten, created];
        let updated = changed.into_iter().flatten().fold(made, EventTime::max);
        Ok(Self { first, last: last.map_or(first, |last| last.max(first)), created, updated })
    }
}

/// A time, in milliseconds or as its twin that is a text.
fn said<'o, 'a>(object: &'o Object<'a>, name: &str) -> &'o Json<'a> {
    match object.field(name) {
        Json::Null => object.field(&format!("{name}_dt")),
        millis => millis,
    }
}

/// By number; a word where the number says that it is another one, or where there is none.
fn severity(finding: &Object<'_>) -> Severity {
    match finding.text("severity_id").as_deref() {
        Some("1") => Severity::Informational,
        Some("2") => Severity::Low,
        Some("3") => Severity::Medium,
        Some("4") => Severity::High,
        Some("5" | "6") => Severity::Critical,
        _ => finding.text("severity").map_or_else(Severity::unknown, |word| Severity::from_text(&word)),
    }
}

/// A finding that is closed is done with, whatever else it says. One that is suppressed, archived or deleted was looked at and put aside.
fn status(finding: &Object<'_>) -> AlertStatus {
    let activity = finding.text("activity_id");
    if activity.as_deref() == Some("3") {
        return AlertStatus::Resolved;
    }
    match finding.text("status_id").as_deref() {
        Some("1") => AlertStatus::New,
        Some("2") => AlertStatus::InProgress,
        Some("3" | "4" | "5" | "6") => AlertStatus::Resolved,
        _ => match finding.text("status") {
            Some(word) => status_of_word(&word),
            None if activity.as_deref() == Some("1") => AlertStatus::New,
            None => AlertStatus::Unknown,
        },
    }
}

fn status_of_word(word: &str) -> AlertStatus {
    match word.to_ascii_lowercase().as_str() {
        "suppressed" | "archived" | "deleted" => AlertStatus::Resolved,
        _ => AlertStatus::from_text(word),
    }
}

fn classification(finding: &Object<'_>) -> Option<Classification> {
    match finding.text("verdict_id").as_deref()? {
        "1" => Some(Classification::FalsePositive),
        "2" => Some(Classification::TruePositive),
        "5" | "6" => Some(Classification::InformationalExpectedActivity),
        _ => None,
    }
}

fn determination(finding: &Object<'_>) -> Option<Determination> {
    match finding.text("verdict_id").as_deref()? {
        "6" => Some(Determination::SecurityTesting),
        "7" => Some(Determination::NotEnoughDataToValidate),
        _ => None,
    }
}

/// The product's own: what the finding is of, or what its analytic is.
fn category(info: &Object<'_>) -> Option<Box<str>> {
    let of_analytic = || info.object("analytic").and_then(|analytic| analytic.text("category"));
    info.several("types").iter().find_map(Json::text).or_else(of_analytic).map(Into::into)
}

/// What it says of ATT&CK: in the finding's description, and beside it if a control of the product's own has acted.
struct Attacks {
    phase: Option<Phase>,
    techniques: Vec<Technique>,
}

impl Attacks {
    fn read(finding: &Object<'_>, info: &Object<'_>) -> Self {
        let attacks =
            || info.several("attacks").iter().chain(finding.several("attacks")).filter_map(Json::object);
        let tactics =
            attacks().flat_map(|attack| attack.object("tactic").into_iter().chain(older_tactics(attack)));
        let phase =
            tactics.flat_map(|tactic| ["uid", "name"].into_iter().filter_map(|name| tactic.text(name)));
        let phase = phase.map(|word| phase_of(&word)).find(|phase| !matches!(phase, Phase::Other(_)));
        let technique = |attack: &Object<'_>, name: &str| Technique::find(&attack.object(name)?.text("uid")?);
        let named = attacks().flat_map(|attack| {
            ["technique", "sub_technique"].into_iter().filter_map(move |name| technique(attack, name))
        });
        let mut techniques: Vec<_> = named.collect();
        techniques.sort();
        techniques.dedup();
        Self { phase, techniques }
    }
}

/// Before 1.5 an attack had a list of them.
fn older_tactics<'o, 'a>(attack: &'o Object<'a>) -> impl Iterator<Item = &'o Object<'a>> {
    attack.several("tactics").iter().filter_map(Json::object)
}

/// `TA0008` or `Lateral Movement`.
pub(super) fn phase_of(word: &str) -> Phase {
    let squeezed: String = word.split_whitespace().collect();
    Phase::from_text(&squeezed)
}

/// The furthest that it has come in Lockheed Martin's chain; its last link, the objective, may be any.
fn phase_of_kill_chain(info: &Object<'_>) -> Option<Phase> {
    let numbers = info.several("kill_chain").iter().filter_map(Json::object);
    let furthest =
        numbers.filter_map(|phase| phase.text("phase_id")?.parse::<u8>().ok()).filter(|n| *n < 7).max();
    match furthest? {
        1 => Some(Phase::Reconnaissance),
        2 => Some(Phase::ResourceDevelopment),
        3 => Some(Phase::InitialAccess),
        4 => Some(Phase::Execution),
        5 => Some(Phase::Persistence),
        6 => Some(Phase::CommandAndControl),
        _ => None,
    }
}
