//! Threats as the console's REST API gives them.

use braid_alert::{Alert, AlertId, AlertStatus, Determination, EventTime, Evidence, Provider, Severity};
use jiff::tz::Offset;

use super::acceptance::vendor_group;
use super::evidence_list::EvidenceList;
use super::json::{Json, Object};
use super::zimperium::{canonical_id, detector, severity, status, tenant_in};
use super::zimperium_mention::{self as mention, Phone};
use super::zimperium_threat::VENDOR;
use super::{Context, description, time, zimperium_threat};
use crate::{Format, Refusal, RefusalReason};

/// Reads a threat.
pub(super) fn alert(threat: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    let timezone = context.rules.timezone;
    let id = threat
        .strict_text("id")?
        .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "id is missing or empty"))?;
    let at = time::required_millis("timestamp", threat.field("timestamp"), timezone)?;
    let optional = |name: &str| time::optional_millis(threat.field(name), timezone);
    let mitigated = mitigated(threat, timezone);
    let name = threat.text("threatTypeName");
    let detector = name.as_deref().map(detector);
    let status = if mitigated.is_some() { AlertStatus::Resolved } else { status_of(threat) };
    let updated = [optional("lastModified"), mitigated.flatten()].into_iter().flatten().max();
    let updated = match updated {
        Some(updated) => updated.max(at),
        None if status == AlertStatus::Resolved => context.told_at(at),
        // Without the state's name it may have been mitigated since: it is no news against what says so.
        None => at,
    };
    let alert = Alert {
        tenant: context.rules.tenant.tenant(Format::ZimperiumMtd, |name| tenant_in(threat, name))?,
        provider: Provider::Zimperium,
        id: AlertId::new(&canonical_id(id)),
        source_alert_id: Some(id.into()),
        title: name.as_deref().map_or_else(|| "Untitled threat".into(), Into::into),
        description: reasons(threat),
        severity: severity_of(threat),
        status,
        classification: None,
        // Somebody tries out the console.
        determination: threat
            .text("simulated")
            .filter(|said| said == "true")
            .map(|_| Determination::SecurityTesting),
        assignee: None,
        correlate: context.correlate(detector.as_deref()),
        detector,
        category: threat.text("vectorName").map(Into::into),
        phase: zimperium_threat::phase(threat.list("mitreTactics")),
        techniques: Vec::new(),
        first_activity: at,
        last_activity: at,
        created: optional("eventReceivedTimestamp"),
        updated,
        resolved: mitigated.flatten(),
        portal_url: None,
        indicators: Default::default(),
        evidence: evidence(threat, &canonical_id(id)),
        origin: context.origin.clone(),
    };
    let is_mitigation = alert.status == AlertStatus::Resolved;
    zimperium_threat::accept(alert, is_mitigation, context)
}

fn severity_of(threat: &Object<'_>) -> Severity {
    severity(threat, "severityName", "severity")
}

/// The state's name, where the API gives it; its number means what nobody documents, and is not guessed at.
fn status_of(threat: &Object<'_>) -> AlertStatus {
    match threat.text("stateName") {
        Some(name) => status(Some(&name)),
        None => AlertStatus::New,
    }
}

/// Whether it is mitigated, and when that was.
fn mitigated(threat: &Object<'_>, timezone: Offset) -> Option<Option<EventTime>> {
    let events = threat.list("mitigationEvents");
    let times = events.iter().filter_map(Json::object);
    let last = times.filter_map(|event| time::optional_millis(event.field("timestamp"), timezone)).max();
    (!events.is_empty()).then_some(last)
}

fn reasons(threat: &Object<'_>) -> Option<Box<str>> {
    let general = threat.object("generalInfo")?;
    general.text_of(&["jailbreakReasons", "reason"]).as_deref().and_then(description)
}

fn evidence(threat: &Object<'_>, id: &str) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    list.push(phone(threat));
    let mail = threat.text_of(&["deviceOwner", "activationName"]);
    list.push(mention::owner(mail.as_deref(), ""));
    let suspicious = threat.object("suspiciousUrlInfo");
    list.extend(
        suspicious.and_then(|info| info.text_of(&["url", "suspectedUrl"])).map(|url| mention::url(&url)),
    );
    let files = threat.list("detectionFiles").iter().filter_map(Json::object);
    list.extend(files.filter_map(|file| {
        let names = (&["hash", "fileHash"], &["path", "filePath"], &["packageName", "name", "fileName"]);
        mention::application(file, names.0, names.1, names.2)
    }));
    if threat.text("vectorName").is_some_and(|vector| vector.eq_ignore_ascii_case("network")) {
        let general = threat.object("generalInfo");
        let text = |name: &str| general.and_then(|general| general.text(name));
        list.extend(mention::network(text("ssid").as_deref(), text("bssid").as_deref()));
    }
    // A composite threat may name it, in whichever shape that one comes.
    list.extend(vendor_group(VENDOR, id));
    list.into_evidence()
}

fn phone(threat: &Object<'_>) -> Evidence {
    let device = threat.object("device");
    let inner = |name: &str| device.and_then(|device| device.text(name));
    let id = threat.text("deviceId").or_else(|| inner("id"));
    let managed_as = inner("mdmDeviceId").or_else(|| inner("mamDeviceId"));
    let system = device.and_then(|device| device.object("os"));
    let of_system = |name: &str| system.and_then(|system| system.text(name));
    let words = [inner("model"), of_system("name").or_else(|| threat.text("os")), of_system("version")];
    Phone {
        id: id.as_deref(),
        words: words.iter().flatten().map(AsRef::as_ref).collect(),
        managed_as: managed_as.as_deref(),
        ..Phone::default()
    }
    .evidence()
}
