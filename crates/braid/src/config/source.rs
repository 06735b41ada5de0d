use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use braid_alert::{Correlate, Severity};
use braid_wire::{Format, Holds, Observable, SourceRules};
use jiff::tz::Offset;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::Tenants;
use super::cluster::topic_name;
use super::quantity::{Period, UtcOffset};
use super::reference::Plain;
use super::word::{Vocabulary, Word};

/// Where alerts, directories and commands come from: one section for each product's feed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// What it is called in metrics, logs and on the alerts that came through it. Required, and its own.
    #[schemars(example = &"defender-for-identity")]
    pub name: String,
    /// The topics that are read. Required. A topic belongs to one source.
    #[schemars(example = ["security.mdi"])]
    pub topics: Vec<String>,
    /// The cluster that they are on: the name of one of `[[clusters]]`; without it that of `[kafka]`.
    #[schemars(example = &"event-hubs")]
    pub cluster: Option<String>,
    /// What the records are. Required.
    #[schemars(example = &"mdi-cef")]
    pub format: Option<Word<Format>>,
    /// Whether it is read. Off until somebody says so, as each integration is in the products.
    #[schemars(example = true)]
    pub enabled: bool,
    /// The least grave alerts that are taken, in Graph's words or the product's own (`Elevated` and `Normal` of mobile
    /// consoles are `medium` and `informational`). Tested at every revision of an alert. Without it all are taken, but of
    /// `zimperium-mtd` only critical ones: `normal` takes all of these. In `defender-xdr-streaming` a row of evidence that comes
    /// without its alert's row, and has no `Severity` itself, comes in as an alert of unknown severity.
    #[schemars(example = &"medium")]
    pub severity_min: Option<Word<Severity>>,
    /// Whether alerts are taken of detectors that the product calls a preview: those whose title begins with `[PREVIEW]`.
    pub preview_detectors: bool,
    /// What is left out though it is grave enough: alerts of a detector, alerts about an entity, or, where both are given,
    /// those of the detector that are about the entity. A detector is what `detectors` says, or the title where the product
    /// names none. An entity is meant by any name that an alert gives it: `contoso\jeffl`, `jeffl@contoso.com`, a SID, a
    /// host's full name, an address. Case does not count. Each is counted in `braid_drops_total`. Rows of the streaming
    /// tables that do not come in one record are each asked for themselves, and a row that names no entity is not about one.
    /// Of threat intelligence the entity is a value that none of its indicators is met by: an address, a network, a domain, a
    /// URL, a hash.
    #[schemars(example = exclusions_example())]
    pub exclusions: Vec<Exclusion>,
    /// What correlation may do with its alerts. `full`: open incidents, join them and merge them. `join`: join one, never
    /// merge two. `off`: each has an incident for itself. It is frozen on each alert as it arrives.
    pub correlate: Word<Correlate>,
    /// The same for single detectors, instead of what `correlate` says: `{ "2021" = "join" }`. A detector is what the
    /// product calls it (Defender for Identity's external id, a detector's GUID, an alert type), as it stands in
    /// `detector` of braid's alerts; case does not count. Not for directories and commands.
    #[schemars(example = detectors_example())]
    pub detectors: BTreeMap<String, Word<Correlate>>,
    /// Whether the incident that the vendor has an alert in is taken as a hint: a reason of its own for joining alerts
    /// (`sameVendorIncident`), as strong as `correlation.weights.vendor_incident` says. Off, so that what braid joins
    /// stands on what the alerts are about. Of `graph-alert`, `graph-incident`, `defender-xdr-incident`,
    /// `defender-endpoint-alert` and `zimperium-mtd` (its incident log); the others do not say it.
    #[schemars(example = true)]
    pub vendor_incidents: bool,
    /// The offset from UTC of times that name none.
    pub timezone: UtcOffset,
    /// How far ahead of its record an event's time may lie. Beyond it the clock that wrote it is broken, and the record a
    /// dead letter.
    pub future_max: Period,
    /// Whose alerts these are. Required. A name, if all of them are one tenant's; or
    /// `{ field = "TenantId", aliases = { "b3c1…" = "contoso" } }`: what a field of the record says, by a table of
    /// aliases, since one tenant has several ids. Without `field` it is the format's own. `aliases` go before those of all
    /// sources (`tenants.aliases`); without either, what the field says is the tenant, and with either a value that is not
    /// listed is refused. CEF names none, so that its source needs a name here. Of `ocsf-detection-finding` and `ecs-alert`
    /// the field may be any path: `cloud.account.uid`, `cloud.account.id`.
    /// The key of a directory's record is the object that it is about, if the tenant is named here, and `tenant/object`
    /// if not: a tombstone has nothing else to say it with.
    #[schemars(example = &"contoso")]
    pub tenant: Option<TenantRule>,
}

fn detectors_example() -> Plain {
    Plain::table([("2021", "join".into())])
}

fn exclusions_example() -> Plain {
    let entity = ("entity", "scanner.contoso.azure".into());
    Plain::List(vec![Plain::table([entity.clone()]), Plain::table([("detector", "2007".into()), entity])])
}

impl Default for Source {
    fn default() -> Self {
        Self {
            name: String::new(),
            topics: Vec::new(),
            cluster: None,
            format: None,
            enabled: false,
            severity_min: None,
            preview_detectors: true,
            exclusions: Vec::new(),
            correlate: Word(Correlate::Full),
            detectors: BTreeMap::new(),
            vendor_incidents: false,
            timezone: UtcOffset::default(),
            future_max: Period::days(1),
            tenant: None,
        }
    }
}

impl Source {
    /// What braid calls its topics: in metrics, logs, dead letters and on alerts.
    pub fn topic_names(&self) -> impl Iterator<Item = String> {
        self.topics.iter().map(|topic| topic_name(self.cluster.as_deref(), topic))
    }

    /// How its records are read; `None` while its format or tenant is missing, which no checked configuration leaves so.
    pub fn rules(&self, tenants: &Tenants) -> Option<SourceRules> {
        Some(self.rules_for(self.format?.0, self.tenant.as_ref()?.rule(tenants)))
    }

    /// The one tenant that it names, if it does.
    pub fn tenant_name(&self) -> Option<&str> {
        match &self.tenant {
            Some(TenantRule::Name(name)) => Some(name),
            Some(TenantRule::Field(_)) | None => None,
        }
    }

    /// Whether it holds what threat intelligence knows, and no input.
    pub fn holds_indicators(&self) -> bool {
        self.format.is_some_and(|format| format.0.holds() == Holds::Indicators)
    }

    /// What the indicators of it are not to be met by, as far as patterns can name it.
    pub fn observables(&self) -> impl Iterator<Item = Observable> {
        self.exclusions.iter().filter_map(|exclusion| Observable::told(exclusion.entity.as_deref()?))
    }

    /// Whether it is read, and as Avro.
    pub fn is_read_as_avro(&self) -> bool {
        self.enabled && self.format.is_some_and(|format| format.0.is_avro())
    }

    /// How records of this format are read, whose tenant is found so, by what it says of everything else.
    pub fn rules_for(&self, format: Format, tenant: braid_wire::TenantRule) -> SourceRules {
        let severity_min = self.severity_min.as_ref().map(|word| word.0.clone());
        SourceRules {
            format,
            tenant,
            timezone: Offset::from_seconds(self.timezone.seconds()).unwrap_or(Offset::UTC),
            severity_min: severity_min.or_else(|| format.severity_min_default()),
            preview_detectors: self.preview_detectors,
            exclusions: self.exclusions.iter().filter_map(Exclusion::rule).collect(),
            correlate: self.correlate.0.clone(),
            detectors: self
                .detectors
                .iter()
                .map(|(detector, word)| (detector.to_lowercase().into(), word.0.clone()))
                .collect(),
            vendor_incidents: self.vendor_incidents,
            future_max: self.future_max.span(),
        }
    }
}

/// What a source leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exclusion {
    /// The detector; any if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detector: Option<String>,
    /// One of the names of the entity that an alert is about; any if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
}

impl Exclusion {
    /// `None` if it names neither.
    pub(super) fn rule(&self) -> Option<braid_wire::Exclusion> {
        braid_wire::Exclusion::new(self.detector.as_deref(), self.entity.as_deref())
    }
}

impl JsonSchema for Exclusion {
    fn schema_name() -> Cow<'static, str> {
        "Exclusion".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// How the tenant of a record is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TenantRule {
    /// All records are this tenant's.
    Name(String),
    /// A field of the record says it.
    Field(TenantField),
}

/// Which field says it, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantField {
    /// The field; the format's own if it is not given.
    pub field: Option<String>,
    /// What the field may say, and whose that is.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
}

impl TenantRule {
    fn rule(&self, tenants: &Tenants) -> braid_wire::TenantRule {
        match self {
            Self::Name(name) => braid_wire::TenantRule::Fixed(tenants.named(name)),
            Self::Field(TenantField { field, aliases }) => {
                let own = aliases
                    .iter()
                    .map(|(alias, tenant)| (alias.to_lowercase().into(), tenants.named(tenant)));
                let mut names = tenants.names();
                names.extend(own);
                braid_wire::TenantRule::Field { name: field.as_deref().map(Into::into), aliases: names }
            }
        }
    }

    /// The tenants that it names.
    pub(super) fn tenants(&self) -> Vec<&str> {
        match self {
            Self::Name(name) => vec![name],
            Self::Field(field) => field.aliases.values().map(String::as_str).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for TenantRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TenantVisitor)
    }
}

struct TenantVisitor;

impl<'de> de::Visitor<'de> for TenantVisitor {
    type Value = TenantRule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tenant's name or { field = \"…\", aliases = { … } }")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<TenantRule, E> {
        if name.trim().is_empty() {
            return Err(E::custom("a tenant has a name: this one is empty"));
        }
        Ok(TenantRule::Name(name.to_owned()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<TenantRule, A::Error> {
        TenantField::deserialize(MapAccessDeserializer::new(map)).map(TenantRule::Field)
    }
}

impl JsonSchema for TenantRule {
    fn schema_name() -> Cow<'static, str> {
        "TenantRule".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "object"], "format": "tenant" })
    }
}

impl Vocabulary for Format {
    const NAME: &'static str = "format";

    fn words() -> Vec<Cow<'static, str>> {
        Self::ALL.into_iter().map(|format| format.as_str().into()).collect()
    }

    fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    fn word(&self) -> &str {
        self.as_str()
    }
}

/// A closed vocabulary out of an evolvable enumeration: in a configuration an unknown word is a mistake.
macro_rules! known_words {
    ($type:ident, $name:literal) => {
        impl Vocabulary for $type {
            const NAME: &'static str = $name;

            fn words() -> Vec<Cow<'static, str>> {
                Self::KNOWN.iter().map(|known| known.as_str().to_owned().into()).collect()
            }

            fn from_word(word: &str) -> Option<Self> {
                Some(Self::from_text(word)).filter(|known| !matches!(known, Self::Other(_)))
            }

            fn word(&self) -> &str {
                self.as_str()
            }
        }
    };
}

known_words!(Severity, "severity");
known_words!(Correlate, "way to correlate");
