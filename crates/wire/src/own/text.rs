//! braid's own alert as a person or a script writes it: what identity depends on must be there and must be right,
//! everything else may be missing.

use braid_alert::{
    Alert, AlertId, AlertStatus, Classification, Correlate, Determination, EntityKind, EventTime, Evidence,
    HostAddress, Identifier, IdentifierKind, IndicatorMatches, Origin, Phase, Provider, Role, Severity,
    SourceTime, Technique, Tenant, Verdict,
};
use serde::Deserialize;

use super::canon::{canonical, required};
use super::lenient::{Lenient, Texts};
use crate::json::shortened;
use crate::{Refusal, RefusalReason};

/// The alert as it stands in JSON. The strict fields are options only so that a missing one gets its own reason.
#[derive(Deserialize)]
#[serde(expecting = "an alert")]
pub(super) struct AlertText {
    tenant: Option<Box<str>>,
    provider: Option<Box<str>>,
    id: Option<Box<str>>,
    title: Option<Box<str>>,
    first_activity: Option<EventTime>,
    evidence: Option<Vec<EvidenceText>>,
    #[serde(default)]
    source_alert_id: Lenient<Box<str>>,
    #[serde(default)]
    description: Lenient<Box<str>>,
    #[serde(default)]
    severity: Lenient<Severity>,
    #[serde(default)]
    status: Lenient<AlertStatus>,
    #[serde(default)]
    classification: Lenient<Classification>,
    #[serde(default)]
    determination: Lenient<Determination>,
    #[serde(default)]
    assignee: Lenient<Box<str>>,
    #[serde(default)]
    detector: Lenient<Box<str>>,
    #[serde(default)]
    category: Lenient<Box<str>>,
    #[serde(default)]
    phase: Lenient<Phase>,
    #[serde(default)]
    techniques: Texts,
    #[serde(default)]
    last_activity: Lenient<EventTime>,
    #[serde(default)]
    created: Lenient<EventTime>,
    #[serde(default)]
    updated: Lenient<EventTime>,
    #[serde(default)]
    resolved: Lenient<EventTime>,
    #[serde(default)]
    portal_url: Lenient<Box<str>>,
    #[serde(default)]
    correlate: Lenient<Correlate>,
    indicators: Option<serde_json::Value>,
    origin: Option<serde_json::Value>,
}

impl AlertText {
    /// The alert that it says, for the tenant that the source says or, if it says none, that the text names.
    ///
    /// # Errors
    /// `missing_tenant`, `missing_provider`, `missing_id`, `missing_time` (`first_activity`) or `malformed` (`title`)
    /// for a field that is absent or blank; `unknown_value` (`correlate`).
    pub(super) fn into_alert(self, tenant: Option<&Tenant>) -> Result<Alert, Refusal> {
        let text = |field: Option<Box<str>>| field.unwrap_or_default();
        let tenant = match tenant {
            Some(tenant) => tenant.clone(),
            None => Tenant::new(required(&text(self.tenant), "tenant", RefusalReason::MissingTenant)?),
        };
        let first_activity = self
            .first_activity
            .ok_or_else(|| Refusal::new(RefusalReason::MissingTime, "first_activity is missing"))?;
        canonical(Alert {
            tenant,
            provider: Provider::from_text(&text(self.provider)),
            id: AlertId::new(&text(self.id)),
            source_alert_id: self.source_alert_id.0,
            title: text(self.title),
            description: self.description.0,
            severity: self.severity.0.unwrap_or_else(|| Severity::from_text("unknown")),
            status: self.status.0.unwrap_or(AlertStatus::New),
            classification: self.classification.0,
            determination: self.determination.0,
            assignee: self.assignee.0,
            detector: self.detector.0,
            category: self.category.0,
            phase: self.phase.0,
            techniques: self.techniques.0.iter().filter_map(|text| Technique::find(text)).collect(),
            first_activity,
            last_activity: self.last_activity.0.unwrap_or(first_activity),
            created: self.created.0,
            updated: self.updated.0.or(self.created.0).unwrap_or(first_activity),
            resolved: self.resolved.0,
            portal_url: self.portal_url.0,
            evidence: self
                .evidence
                .unwrap_or_default()
                .into_iter()
                .map(EvidenceText::into_evidence)
                .collect(),
            indicators: indicators(self.indicators),
            correlate: known_correlate(self.correlate.0)?,
            origin: origin(self.origin),
        })
    }
}

/// How an alert is to be correlated: a misspelt word would join what somebody wanted left alone.
fn known_correlate(correlate: Option<Correlate>) -> Result<Correlate, Refusal> {
    match correlate.unwrap_or(Correlate::Full) {
        Correlate::Other(word) => {
            let known: Vec<_> = Correlate::KNOWN.iter().map(Correlate::as_str).collect();
            let detail = format!("correlate is {:?}; one of: {}", shortened(&word, 64), known.join(", "));
            Err(Refusal::new(RefusalReason::UnknownValue, detail))
        }
        known => Ok(known),
    }
}

/// Where a text that braid wrote says it came from. A producer need not know: the stage that reads the record does,
/// and says so over it.
fn origin(value: Option<serde_json::Value>) -> Origin {
    value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_else(blank_origin)
}

/// The indicators that a text which braid wrote says it matched. Nobody else need know of any.
fn indicators(value: Option<serde_json::Value>) -> IndicatorMatches {
    value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
}

/// The origin of what nobody has placed yet.
pub(super) fn blank_origin() -> Origin {
    Origin {
        source: "".into(),
        topic: "".into(),
        partition: 0,
        offset: 0,
        element: 0,
        source_time: SourceTime::default(),
        source_time_capped: false,
    }
}

/// A piece of evidence as it stands in JSON. What joins, its kind and identifiers, is strict.
#[derive(Deserialize)]
#[serde(expecting = "a piece of evidence: {\"kind\", \"role\", \"identifiers\": [{\"kind\", \"value\"}]}")]
struct EvidenceText {
    kind: Box<str>,
    #[serde(default)]
    identifiers: Vec<IdentifierText>,
    #[serde(default)]
    role: Lenient<Role>,
    #[serde(default)]
    label: Lenient<Box<str>>,
    #[serde(default)]
    verdict: Lenient<Verdict>,
    #[serde(default)]
    tags: Texts,
    #[serde(default)]
    addresses: Vec<AddressText>,
}

#[derive(Deserialize)]
#[serde(expecting = "an identifier: {\"kind\", \"value\"}")]
pub(super) struct IdentifierText {
    kind: Box<str>,
    value: Box<str>,
}

impl IdentifierText {
    /// As it is written: not in canonical form yet.
    pub(super) fn identifier(&self) -> Identifier {
        Identifier { kind: IdentifierKind::from_text(self.kind.trim()), value: self.value.clone() }
    }
}

/// A host's address. Strict too, for it names the host to others.
#[derive(Deserialize)]
#[serde(expecting = "an address: {\"address\", \"egress\"}")]
struct AddressText {
    address: Box<str>,
    #[serde(default)]
    egress: Lenient<bool>,
}

impl EvidenceText {
    fn into_evidence(self) -> Evidence {
        let address =
            |text: AddressText| HostAddress { address: text.address, egress: text.egress.0.unwrap_or(false) };
        Evidence {
            kind: EntityKind::from_text(&self.kind),
            role: self.role.0.unwrap_or(Role::Related),
            identifiers: self.identifiers.iter().map(IdentifierText::identifier).collect(),
            label: self.label.0,
            verdict: self.verdict.0,
            tags: self.tags.0,
            addresses: self.addresses.into_iter().map(address).collect(),
        }
    }
}
