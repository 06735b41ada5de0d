//! What wraps several records of a format in one JSON object: a page, what a hub or a collector makes of a batch, a bundle.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::Json;
use crate::Format;

/// How the records of a format may be wrapped.
///
/// A product may give one of its records a list of any name, so the name of a list alone wraps nothing: what has a field that
/// only a record has is a record, whatever lists it has beside it. Which fields those are each format says: no alert
/// lacks all of them. A field that envelopes have as well (`id`, `@timestamp`, `tenantId`) is
/// none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Envelope {
    /// What envelopes call their lists.
    lists: &'static [&'static str],
    /// The fields by which a record is told from an envelope, by their names or by what their names begin with before a dot.
    marks: &'static [&'static str],
    /// What an envelope is called in `type`, where records have that as well: what is called otherwise is a record.
    kind: Option<&'static str>,
}

/// How most interfaces call the list of a page, and Azure that of a batch.
const PAGE: &[&str] = &["value", "records"];

impl Format {
    /// How its records may be wrapped, beside a bare array. Those of CEF and Avro are not.
    pub const fn envelope(self) -> Envelope {
        let (lists, marks): (&'static [_], &'static [_]) = match self {
            Self::MdiCef | Self::BraidAvro | Self::BraidDirectoryAvro | Self::BraidCommandAvro => (&[], &[]),
            Self::SentinelSecurityAlert => (
                PAGE,
                &["SystemAlertId", "VendorOriginalId", "AlertType", "AlertName", "ProviderName", "Entities"],
            ),
            Self::GraphAlert => (
                PAGE,
                &["serviceSource", "providerAlertId", "firstActivityDateTime", "alertWebUrl", "evidence"],
            ),
            Self::GraphIncident => (PAGE, &["alerts", "displayName", "incidentWebUrl", "redirectIncidentId"]),
            Self::DefenderXdrStreaming => (&["records"], &["category", "Type", "AlertId"]),
            Self::DefenderXdrIncident => (PAGE, &["alerts", "incidentId", "incidentName"]),
            Self::DefenderEndpointAlert => {
                (PAGE, &["machineId", "computerDnsName", "alertCreationTime", "firstEventTime", "evidence"])
            }
            Self::DefenderCloudAlert => (
                PAGE,
                &[
                    "properties",
                    "SystemAlertId",
                    "systemAlertId",
                    "AlertType",
                    "alertType",
                    "AlertDisplayName",
                    "alertDisplayName",
                ],
            ),
            Self::ZimperiumMtd => (
                &["content", "records", "value"],
                &[
                    "threat_uuid",
                    "threat_name",
                    "device_time",
                    "incident_id",
                    "related_threats",
                    "threatTypeId",
                    "threatTypeName",
                    "zeventId",
                ],
            ),
            Self::OcsfDetectionFinding => {
                (&["records", "Records", "events", "value"], &["class_uid", "type_uid", "finding_info"])
            }
            // Not `@timestamp`: collectors write theirs on whatever passes through them, on batches too.
            Self::EcsAlert => (PAGE, &["_source", "event", "kibana.alert"]),
            Self::BraidJson => (&["records"], &["provider"]),
            Self::BraidDirectoryJson => (&["records"], &["object"]),
            Self::BraidCommandJson => (&["records"], &["action"]),
            Self::StixIndicator => (&["objects"], &[]),
        };
        let kind = match self {
            Self::StixIndicator => Some("bundle"),
            _ => None,
        };
        Envelope { lists, marks, kind }
    }
}

impl Envelope {
    /// Whether an envelope's list may have this name.
    pub fn is_list(&self, name: &str) -> bool {
        self.lists.contains(&name)
    }

    /// Whether only a record has a field of this name.
    pub fn is_mark(&self, name: &str) -> bool {
        let rest = |mark: &&str| name.strip_prefix(*mark);
        self.marks.iter().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether an object of these fields is an envelope: it has such a list, and nothing that a record has.
    pub(super) fn is_of<V: Value>(&self, fields: &[(Cow<'_, str>, V)]) -> bool {
        let wraps = |(name, value): &(Cow<'_, str>, V)| self.is_list(name) && value.is_list();
        let is_own = |(name, value): &(Cow<'_, str>, V)| {
            self.is_mark(name) || (name == "type" && self.kind.is_some_and(|kind| !value.says(kind)))
        };
        fields.iter().any(wraps) && !fields.iter().any(is_own)
    }
}

/// What stands in a field, read or not: both are decided upon in one way.
pub(super) trait Value {
    fn is_list(&self) -> bool;
    fn says(&self, word: &str) -> bool;
}

impl Value for Json<'_> {
    fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    fn says(&self, word: &str) -> bool {
        self.text().as_deref() == Some(word)
    }
}

impl Value for &RawValue {
    fn is_list(&self) -> bool {
        self.get().starts_with('[')
    }

    fn says(&self, word: &str) -> bool {
        Json::parse(self.get()).is_ok_and(|value| value.says(word))
    }
}
