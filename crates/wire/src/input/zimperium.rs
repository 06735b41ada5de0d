//! What Zimperium's console writes about phones: its logs as they are pushed, and the threats of its REST API.
//!
//! Source: Azure/Azure-Sentinel, the solution "Zimperium Mobile Threat Defense" with its sample logs, and answers of the
//! API's threat search. The logs carry different names, so a record says by itself which of them it is of; one format
//! for all of them gives a threat and its mitigation the same source, and so the same filters.

use braid_alert::{Alert, AlertStatus, Severity};

use super::json::Object;
use super::{Context, zimperium_incident, zimperium_object, zimperium_threat};
use crate::{Refusal, RefusalReason};

/// Reads a record of any of them. An incident holds several threats, everything else is about one.
pub(super) fn alerts(record: &Object<'_>, context: &Context<'_>) -> Vec<Result<Alert, Refusal>> {
    if record.has_any(&["incident_id", "related_threats"]) {
        return zimperium_incident::alerts(record, context);
    }
    if record.has_any(&["threat_uuid", "threat_name", "device_time"]) {
        return vec![zimperium_threat::alert(record, context)];
    }
    if record.has_any(&["threatTypeId", "threatTypeName", "zeventId"]) {
        return vec![zimperium_object::alert(record, context)];
    }
    let detail = "it has none of threat_uuid, incident_id and threatTypeId, one of which each record has";
    vec![Err(Refusal::new(RefusalReason::UnknownFormat, detail))]
}

/// Critical, elevated, low, normal; or their number.
pub(super) fn severity(record: &Object<'_>, name: &str, number: &str) -> Severity {
    match record.text(name) {
        Some(word) => Severity::from_text(&word),
        None => match record.text(number).as_deref() {
            Some("0") => Severity::Informational,
            Some("1") => Severity::Low,
            Some("2") => Severity::Medium,
            Some("3") => Severity::Critical,
            _ => Severity::unknown(),
        },
    }
}

/// Pending, or one of the words for its end: resolved by itself, or marked by somebody as fixed.
pub(super) fn status(word: Option<&str>) -> AlertStatus {
    let word = word.unwrap_or("unknown");
    let bare = word.strip_prefix("Marked ").unwrap_or(word);
    match bare.to_ascii_lowercase().as_str() {
        "pending" => AlertStatus::New,
        "fixed" | "mitigated" => AlertStatus::Resolved,
        _ => AlertStatus::from_text(bare),
    }
}

/// Whose it is: the account of the console, by the logs' names and by the API's.
pub(super) fn tenant_in<'a>(record: &'a Object<'_>, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    let of_api = match name {
        "account_id" => Some("accountId"),
        "team_id" => Some("teamId"),
        _ => None,
    };
    record.text(name).or_else(|| record.text(of_api?))
}

/// How the console's detectors are called everywhere: the API writes `SYSTEM TAMPERING` where the logs write
/// `SYSTEM_TAMPERING`.
pub(super) fn detector(name: &str) -> Box<str> {
    name.split_whitespace().collect::<Vec<_>>().join("_").into()
}

/// Ids are compared as text: those of children are not always well-formed.
pub(super) fn canonical_id(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_s_words_for_an_end_are_a_resolution() {
        for word in ["Resolved", "Marked Fixed", "FIXED", "Mitigated"] {
            assert_eq!(status(Some(word)), AlertStatus::Resolved, "{word}");
        }
        assert_eq!(status(Some("Pending")), AlertStatus::New);
        assert_eq!(status(None), AlertStatus::Unknown);
        assert_eq!(status(Some("Marked Approved")), AlertStatus::Other("Approved".into()));
    }
}
