//! The threat log and the mitigation log, version 2.

use braid_alert::{Alert, AlertStatus, Evidence, Phase, Provider, Role};

use super::acceptance::vendor_group;
use super::evidence_list::EvidenceList;
use super::json::{Json, Object};
use super::zimperium::{canonical_id, detector, severity, status, tenant_in};
use super::zimperium_mention::{self as mention, Phone};
use super::{Context, RECORD_ELEMENTS_MAX, description, time};
use crate::{Format, Refusal, RefusalReason};

/// What the vendor's groups are called among those of other vendors.
pub(super) const VENDOR: &str = "zimperium";

/// Reads a threat, or the mitigation of one: the same threat under the same id, resolved. What a source leaves out stays
/// out when it is mitigated.
pub(super) fn alert(record: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    let is_mitigation = is_mitigation(record);
    accept(threat(record, is_mitigation, context)?, is_mitigation, context)
}

/// What the source's rules say about a threat: the mitigation of one that is left out is a drop of its own.
pub(super) fn accept(alert: Alert, is_mitigation: bool, context: &Context<'_>) -> Result<Alert, Refusal> {
    context.accept(alert).map_err(|refusal| match refusal.is_drop() && is_mitigation {
        true => {
            let detail = format!("its threat is left out: {refusal}");
            Refusal::new(RefusalReason::FilteredMitigation, detail)
        }
        false => refusal,
    })
}

/// Only the mitigation log has the column, which may be empty; a threat is pending.
fn is_mitigation(record: &Object<'_>) -> bool {
    let is_resolved = || status(record.text("threat_status").as_deref()) == AlertStatus::Resolved;
    record.has_any(&["mitigation_reason"]) || is_resolved()
}

fn threat(record: &Object<'_>, is_mitigation: bool, context: &Context<'_>) -> Result<Alert, Refusal> {
    let id = record
        .strict_text("threat_uuid")?
        .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "threat_uuid is missing or empty"))?;
    let at = time::required_millis("device_time", record.field("device_time"), context.rules.timezone)?;
    let detector = record.text("threat_name").map(|name| detector(&name));
    let title = record.text_of(&["threat_display_name", "threat_name"]);
    let said = status(record.text("threat_status").as_deref());
    let reason = record.text_of(&["mitigation_reason", "reason"]);
    Ok(Alert {
        tenant: context.rules.tenant.tenant(Format::ZimperiumMtd, |name| tenant_in(record, name))?,
        provider: Provider::Zimperium,
        id: braid_alert::AlertId::new(&canonical_id(id)),
        source_alert_id: Some(id.into()),
        title: title.map_or_else(|| "Untitled threat".into(), Into::into),
        description: reason.as_deref().and_then(description),
        severity: severity(record, "severity_name", "severity"),
        status: if is_mitigation { AlertStatus::Resolved } else { said },
        classification: None,
        determination: None,
        assignee: None,
        correlate: context.correlate(detector.as_deref()),
        detector,
        category: record.text("threat_vector").map(Into::into),
        phase: phase(record.list("mitre_tactics")),
        techniques: Vec::new(),
        first_activity: at,
        // A mitigation says when the threat was over, not when it began: the engine widens what it knows.
        last_activity: at,
        created: (!is_mitigation).then_some(at),
        updated: at,
        resolved: is_mitigation.then_some(at),
        portal_url: None,
        indicators: Default::default(),
        evidence: evidence(record, &canonical_id(id), is_mitigation),
        origin: context.origin.clone(),
    })
}

/// The first of its tactics that the enterprise knows too; mobiles have some of their own ("Network Effects").
pub(super) fn phase(tactics: &[Json<'_>]) -> Option<Phase> {
    let known = |tactic: &Json<'_>| {
        let squeezed: String = tactic.text()?.split_whitespace().collect();
        Some(Phase::from_text(&squeezed)).filter(|phase| !matches!(phase, Phase::Other(_)))
    };
    tactics.iter().find_map(known)
}

fn evidence(record: &Object<'_>, id: &str, is_mitigation: bool) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    list.push(phone(record));
    list.push(owner(record));
    if !is_mitigation {
        list.extend(found(record));
        list.extend(group(record, id));
    }
    list.into_evidence()
}

fn phone(record: &Object<'_>) -> Evidence {
    let text = |name: &str| record.text(name);
    let id = record.text_of(&["device_id", "zdevice_id"]);
    let managed_as = text("mdm_device_id");
    let words = ["device_model", "device_os", "device_os_version"].map(text);
    let tags = ["device_info_tag1", "device_info_tag2"].map(text);
    Phone {
        id: id.as_deref(),
        words: words.iter().flatten().map(AsRef::as_ref).collect(),
        managed_as: managed_as.as_deref(),
        is_jailbroken: record.text("device_jailbroken").is_some_and(|said| said.eq_ignore_ascii_case("true")),
        tags: tags.iter().flatten().map(AsRef::as_ref).collect(),
    }
    .evidence()
}

/// The mail address; or the id that the device management gives the owner, where that is one.
fn owner(record: &Object<'_>) -> Evidence {
    let names = ["device_owner_first_name", "device_owner_middle_name", "device_owner_last_name"];
    let names: Vec<_> = names.iter().filter_map(|name| record.text(name)).collect();
    let mail = record.text_of(&["device_owner_email", "device_owner_id"]);
    mention::owner(mail.as_deref(), &names.join(" "))
}

/// What was found on the phone or in front of it.
fn found(record: &Object<'_>) -> impl Iterator<Item = Evidence> {
    let text = |name: &str| record.text(name);
    let is_malware = text("threat_vector").is_some_and(|vector| vector.eq_ignore_ascii_case("malware"));
    let names_malware = record.text_of(&["malware_family", "malware_name"]).is_some();
    let application = mention::application(
        record,
        &["file_hash", "md5_hash"],
        &["file_path", "file_name"],
        &["package_name", "app_name"],
    )
    .map(|file| Evidence { verdict: mention::verdict(names_malware, is_malware), ..file });
    let sideloaded = mention::application(
        record,
        &["sideloaded_file_hash"],
        &[],
        &["sideloaded_app_package", "sideloaded_app_name"],
    );
    let urls = ["suspected_url", "detected_url"].into_iter().filter_map(text);
    let urls: Vec<_> = urls.map(|url| mention::url(&url)).collect();
    let behind = text("ip_of_detected_url").map(|ip| mention::public_address(&ip, Role::Related));
    let attacker = text("attacker_ip").map(|ip| mention::public_address(&ip, Role::Source));
    let process = text("process").map(|name| mention::process(&name));
    let pieces = [application, sideloaded, behind, attacker, process, network(record)];
    urls.into_iter().chain(pieces.into_iter().flatten())
}

fn network(record: &Object<'_>) -> Option<Evidence> {
    let is_about_it =
        record.text("threat_vector").is_some_and(|vector| vector.eq_ignore_ascii_case("network"));
    if !is_about_it {
        return None;
    }
    let ssid = record.text_of(&["attacker_ssid", "network"]);
    let bssid = record.text_of(&["attacker_bssid", "network_bssid"]);
    mention::network(ssid.as_deref(), bssid.as_deref())
}

/// What ties a composite threat to its children. It names them and they do not name it, and either may come first, so
/// each threat is a group of its own that a composite one can join.
fn group(record: &Object<'_>, id: &str) -> Vec<Evidence> {
    let children = record.list("child_threat_uuids");
    let children =
        children.iter().take(RECORD_ELEMENTS_MAX).filter_map(Json::text).map(|child| canonical_id(&child));
    let mut pieces: Vec<_> = children.filter_map(|child| vendor_group(VENDOR, &child)).collect();
    if pieces.is_empty() {
        pieces.extend(vendor_group(VENDOR, id));
    }
    pieces
}
