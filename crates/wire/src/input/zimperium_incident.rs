//! The incident log and the incident mitigation log, for the threats that an incident lists.

use std::borrow::Cow;

use braid_alert::{Alert, AlertId, Evidence, Provider};

use super::acceptance::vendor_group;
use super::evidence_list::EvidenceList;
use super::json::{Json, Object};
use super::zimperium::{canonical_id, severity, status, tenant_in};
use super::zimperium_mention::{self as mention, Phone};
use super::zimperium_threat::VENDOR;
use super::{Context, check_element_count, not_an_object, time};
use crate::{Format, Refusal, RefusalReason};

/// Reads an incident: the threats in it, as of when it was made. What becomes of it later names none of them, and each
/// threat says for itself that it is mitigated.
pub(super) fn alerts(incident: &Object<'_>, context: &Context<'_>) -> Vec<Result<Alert, Refusal>> {
    let threats = incident.lists("related_threats");
    if threats.is_empty() {
        let text = |name: &str| incident.text(name).unwrap_or(Cow::Borrowed("?"));
        let detail = format!(
            "incident {:?} is {:?} and lists no threats; each says for itself what became of it",
            text("incident_id"),
            text("incident_status")
        );
        return vec![Err(Refusal::new(RefusalReason::BesideAlerts, detail))];
    }
    if let Err(refusal) = check_element_count(threats.len()) {
        return vec![Err(refusal)];
    }
    let read = |threat: &Json<'_>| match threat.object() {
        Some(threat) => alert(threat, incident, context),
        None => Err(not_an_object(threat)),
    };
    threats.into_iter().map(read).collect()
}

fn alert(threat: &Object<'_>, incident: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    let timezone = context.rules.timezone;
    let id = threat
        .strict_text("threat_id")?
        .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "threat_id is missing or empty"))?;
    let at = time::required_millis("timestamp", threat.field("timestamp"), timezone)?;
    let said = time::optional_millis(incident.field("incident_created_date"), timezone);
    context.accept(Alert {
        tenant: context.rules.tenant.tenant(Format::ZimperiumMtd, |name| tenant_in(incident, name))?,
        provider: Provider::Zimperium,
        id: AlertId::new(&canonical_id(id)),
        source_alert_id: Some(id.into()),
        title: threat.text("threat_name").map_or_else(|| "Untitled threat".into(), Into::into),
        description: None,
        severity: severity(threat, "threat_severity", "severity"),
        status: status(threat.text("threat_status").as_deref()),
        classification: None,
        determination: None,
        assignee: None,
        // The incident calls its threats by their titles, and its tactics are those of all of them together.
        detector: None,
        correlate: context.correlate(None),
        category: None,
        phase: None,
        techniques: Vec::new(),
        first_activity: at,
        last_activity: at,
        created: None,
        updated: said.map_or(at, |said| said.max(at)),
        resolved: None,
        portal_url: incident.text("incident_link").map(Into::into),
        indicators: Default::default(),
        evidence: evidence(incident, context, &canonical_id(id)),
        origin: context.origin.clone(),
    })
}

fn evidence(incident: &Object<'_>, context: &Context<'_>, id: &str) -> Vec<Evidence> {
    let mut list = EvidenceList::default();
    let device = incident.text("device_id");
    list.push(Phone { id: device.as_deref().map(device_id), ..Phone::default() }.evidence());
    let owner = incident.text("device_owner");
    let (mail, name) = match owner.as_deref() {
        Some(mail) if mail.contains('@') => (Some(mail), ""),
        other => (None, other.unwrap_or_default()),
    };
    list.push(mention::owner(mail, name));
    list.extend(vendor_group(VENDOR, id));
    if context.rules.vendor_incidents {
        let group = incident.text("incident_id");
        list.extend(group.and_then(|id| vendor_group(VENDOR, &canonical_id(&id))));
    }
    list.into_evidence()
}

/// The incident log puts `_D_1` behind the id under which the other logs know the phone.
fn device_id(written: &str) -> &str {
    match written.rsplit_once("_D_") {
        Some((id, number)) if !id.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => id,
        _ => written,
    }
}

#[cfg(test)]
mod tests {
    use super::device_id;

    #[test]
    fn a_phone_has_one_id_in_all_logs() {
        assert_eq!(
            device_id("e3852ddd-3ed2-4aca-a847-942ee75f41b8_D_1"),
            "e3852ddd-3ed2-4aca-a847-942ee75f41b8"
        );
        for whole in ["e3852ddd", "x_D_y", "_D_1"] {
            assert_eq!(device_id(whole), whole);
        }
    }
}
