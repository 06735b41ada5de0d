//! What wraps several records of a format in one JSON object: a page, what a hub or a collector makes of a batch, a bundle.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::{Json, Object};
use crate::{Format, Refusal, RefusalReason};

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
    /// The fields by which a record is told from an envelope, by their paths or by what those begin with before a dot.
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
            Self::DefenderXdrIncident => {
                (PAGE, &["alerts", "incidentId", "incidentName", "redirectIncidentId"])
            }
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
            // Not `@timestamp`: collectors write theirs on whatever passes through them, on batches too. So does Logstash with
            // `event.original`.
            Self::EcsAlert => (
                PAGE,
                &[
                    "_source",
                    "kibana",
                    "event.kind",
                    "event.category",
                    "event.type",
                    "event.action",
                    "event.code",
                    "event.id",
                    "event.module",
                    "event.dataset",
                    "event.provider",
                    "event.severity",
                ],
            ),
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

    /// Whether an object may be an envelope by the letters that stand in it.
    pub(super) fn may_be(&self, text: &str) -> bool {
        self.lists.iter().any(|list| {
            let named = |(at, _): (usize, &str)| {
                text[..at].ends_with('"') && text[at + list.len()..].starts_with('"')
            };
            text.match_indices(list).any(named)
        })
    }

    /// Whether only a record has a field of this name.
    pub fn is_mark(&self, name: &str) -> bool {
        let rest = |mark: &&str| name.strip_prefix(*mark);
        self.marks.iter().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether there may be such a field in an object under this name.
    pub fn holds_marks(&self, name: &str) -> bool {
        self.marks.iter().filter_map(|mark| mark.strip_prefix(name)).any(|rest| rest.starts_with('.'))
    }

    /// Whether what is called so in `type` is a record.
    pub fn is_other_kind(&self, word: &str) -> bool {
        self.kind.is_some_and(|kind| kind != word)
    }

    /// Whether `type` tells an envelope from a record.
    pub const fn has_kind(&self) -> bool {
        self.kind.is_some()
    }

    /// Whether an object of these fields is an envelope: it has such a list, and nothing that a record has. An object in
    /// place of the list is one record.
    pub(super) fn is_of<V: Value>(&self, fields: &[(Cow<'_, str>, V)]) -> bool {
        let wraps = |(name, value): &(Cow<'_, str>, V)| self.is_list(name) && value.is_structure();
        let is_own = |(name, value): &(Cow<'_, str>, V)| {
            self.is_mark(name)
                || (self.holds_marks(name) && value.has(&|inner| self.is_mark(&format!("{name}.{inner}"))))
                || (name == "type" && self.has_kind() && value.says(&|word| self.is_other_kind(word)))
        };
        fields.iter().any(wraps) && !fields.iter().any(is_own)
    }
}

/// Whose records stand by themselves: where another format finds no alert in one, its source is wired wrongly.
const BY_THEMSELVES: [Format; 6] = [
    Format::GraphAlert,
    Format::DefenderEndpointAlert,
    Format::SentinelSecurityAlert,
    Format::GraphIncident,
    Format::DefenderXdrIncident,
    Format::OcsfDetectionFinding,
];

/// Why an object is refused that is a record of another format by its fields: the one of whose marks it has most. None if it has
/// fewer than so many of each.
pub(super) fn foreign_refusal(object: &Object<'_>, own: Format, least: usize) -> Option<Refusal> {
    let marks = |format: Format| -> Vec<&str> {
        let envelope = format.envelope();
        let told = object.fields().filter(|(_, value)| **value != Json::Null);
        let is_its = |name: &&str| envelope.is_mark(name) && !own.envelope().is_mark(name);
        told.map(|(name, _)| name).filter(is_its).collect()
    };
    let others =
        BY_THEMSELVES.into_iter().filter(|format| *format != own).map(|format| (format, marks(format)));
    // Of equals the first.
    let most = others.rev().max_by_key(|(_, marks)| marks.len());
    let (format, marks) = most.filter(|(_, marks)| marks.len() >= least)?;
    let detail =
        format!("it has {}, which is of another format: {format} reads such records", marks.first()?);
    Some(Refusal::new(RefusalReason::UnknownFormat, detail))
}

/// What stands in a field, read or not: both are decided upon in one way.
pub(super) trait Value {
    /// Whether it is a list or an object.
    fn is_structure(&self) -> bool;

    /// Whether it is an object that has such a field.
    fn has(&self, is: &dyn Fn(&str) -> bool) -> bool;

    /// Whether it is a text of this kind.
    fn says(&self, is: &dyn Fn(&str) -> bool) -> bool;
}

impl Value for Json<'_> {
    fn is_structure(&self) -> bool {
        matches!(self, Self::List(_) | Self::Object(_))
    }

    fn has(&self, is: &dyn Fn(&str) -> bool) -> bool {
        self.object().is_some_and(|object| object.fields().any(|(name, _)| is(name)))
    }

    fn says(&self, is: &dyn Fn(&str) -> bool) -> bool {
        self.text().is_some_and(|text| is(&text))
    }
}

impl Value for &RawValue {
    fn is_structure(&self) -> bool {
        self.get().starts_with(['[', '{'])
    }

    fn has(&self, is: &dyn Fn(&str) -> bool) -> bool {
        Json::parse(self.get()).is_ok_and(|value| value.has(is))
    }

    fn says(&self, is: &dyn Fn(&str) -> bool) -> bool {
        Json::parse(self.get()).is_ok_and(|value| value.says(is))
    }
}
