use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use braid_alert::{Correlate, Severity, Span, Tenant};
use jiff::tz::Offset;

use crate::{Exclusion, Refusal, RefusalReason};

/// How the records of one configured source are read: everything that a decoder must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRules {
    /// What the records are.
    pub format: Format,
    /// Whose alerts they are.
    pub tenant: TenantRule,
    /// The offset from UTC of times that name none. UTC unless told otherwise.
    pub timezone: Offset,
    /// The least grave alerts that are taken; a revision is tested like a first one. `None` takes all. An alert whose
    /// severity this release does not know is always taken.
    pub severity_min: Option<Severity>,
    /// Whether alerts of detectors that the product itself calls a preview are taken.
    pub preview_detectors: bool,
    /// What is left out though it is grave enough.
    pub exclusions: Vec<Exclusion>,
    /// What correlation may do with the alerts; frozen on each as it arrives.
    pub correlate: Correlate,
    /// What it may do with the alerts of single detectors instead, by the detector in lower case.
    pub detectors: BTreeMap<Box<str>, Correlate>,
    /// Whether the incident that the vendor has an alert in counts as evidence: a hint, which links the alerts that the
    /// vendor has grouped.
    pub vendor_incidents: bool,
    /// How far ahead of the record's source time an event may lie before it is refused as a broken clock.
    pub future_max: Span,
}

impl SourceRules {
    /// The rules of a source that says no more than its format and tenant: UTC, every severity, nothing left out,
    /// correlation in full, events up to 24 hours ahead.
    pub fn new(format: Format, tenant: TenantRule) -> Self {
        Self {
            format,
            tenant,
            timezone: Offset::UTC,
            severity_min: None,
            preview_detectors: true,
            exclusions: Vec::new(),
            correlate: Correlate::Full,
            detectors: BTreeMap::new(),
            vendor_incidents: false,
            future_max: Span::hours(24),
        }
    }
}

/// How a record's tenant is found.
///
/// One tenant has several ids (a `SecurityAlert` row carries the workspace's, a Graph alert the directory's, a CEF
/// line none), so what a field says is usually an alias and not a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRule {
    /// All records of the source are this tenant's, whatever they say.
    Fixed(Tenant),
    /// A field of the record says it: one at its top, or in the formats that open standards have (OCSF, ECS) one at any
    /// path.
    Field {
        /// The field; `None` is the format's own ([`Format::tenant_field`]).
        name: Option<Box<str>>,
        /// What the field may say, and which tenant that is. Empty: what the field says is the tenant. Otherwise a
        /// value that is not listed is refused, so that a new customer's alerts never land in a tenant by accident. In
        /// lower case: what a field says is looked up as it stands, then in lower case, for the products write their
        /// ids in either.
        aliases: BTreeMap<Box<str>, Tenant>,
    },
}

impl TenantRule {
    /// The tenant of a record, given a way to look a field up in it.
    ///
    /// # Errors
    /// `missing_tenant` if the field is absent or empty, `unmapped_tenant` if there are aliases and none fits.
    pub fn tenant<'a, T: AsRef<str> + 'a>(
        &self,
        format: Format,
        field: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Tenant, Refusal> {
        let (name, aliases) = match self {
            Self::Fixed(tenant) => return Ok(tenant.clone()),
            Self::Field { name, aliases } => (name.as_deref().or(format.tenant_field()), aliases),
        };
        let Some(name) = name else {
            return Err(Refusal::new(
                RefusalReason::MissingTenant,
                format!("{format} records name no tenant; give the source a fixed one"),
            ));
        };
        let value = field(name);
        match value.as_ref().map(|value| value.as_ref().trim()).filter(|value| !value.is_empty()) {
            None => Err(Refusal::new(RefusalReason::MissingTenant, format!("{name} is missing or empty"))),
            Some(value) if aliases.is_empty() => Ok(Tenant::new(value)),
            Some(value) => {
                let tenant = aliases.get(value).or_else(|| aliases.get(value.to_lowercase().as_str()));
                tenant.cloned().ok_or_else(|| unmapped(name, value))
            }
        }
    }
}

/// Says how a tenant's id can be mapped, for it is the operator who reads this and not the product.
fn unmapped(field: &str, value: &str) -> Refusal {
    let found: String = value.chars().take(64).collect();
    let detail = format!(
        "{field} is {found:?}, which is no tenant's: list it in the configuration under tenants.aliases, as in \
         `contoso = [{found:?}]`, or in the source's own tenant.aliases"
    );
    Refusal::new(RefusalReason::UnmappedTenant, detail)
}

/// The formats that braid reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Syslog CEF of Defender for Identity, Azure ATP and ATA.
    MdiCef,
    /// Rows of Microsoft Sentinel's `SecurityAlert` table as JSON.
    SentinelSecurityAlert,
    /// Microsoft Graph `alerts_v2` resources.
    GraphAlert,
    /// Microsoft Graph incidents, with their alerts.
    GraphIncident,
    /// What the streaming API of Defender XDR writes to Event Hubs: rows of `AlertInfo` and `AlertEvidence` among others.
    DefenderXdrStreaming,
    /// Incidents of the older programming interface of Defender XDR (Microsoft 365 Defender), with their alerts.
    DefenderXdrIncident,
    /// Alerts of Defender for Endpoint's own programming interface.
    DefenderEndpointAlert,
    /// Alerts of Defender for Cloud, as its continuous export or Azure Resource Manager writes them.
    DefenderCloudAlert,
    /// What Zimperium's console (Mobile Threat Defense) writes: threats and their mitigations, incidents and theirs.
    ZimperiumMtd,
    /// OCSF Detection Findings of any product.
    OcsfDetectionFinding,
    /// Alert documents of the Elastic Common Schema, of any product and of Elastic Security.
    EcsAlert,
    /// braid's own alert as JSON.
    BraidJson,
    /// braid's own alert as Avro.
    BraidAvro,
    /// What a directory says of its objects, as JSON.
    BraidDirectoryJson,
    /// What a directory says of its objects, as Avro.
    BraidDirectoryAvro,
    /// Commands as JSON.
    BraidCommandJson,
    /// Commands as Avro.
    BraidCommandAvro,
    /// Indicators of threat intelligence, and who is behind them, in STIX 2.1.
    StixIndicator,
}

/// What the records of a format are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// Findings of a product.
    Alerts,
    /// What a directory says of its objects. A record's key is the object, and no value means that it was deleted.
    Directory,
    /// What people want changed.
    Commands,
    /// What threat intelligence knows: a table that each instance has whole, and no input of the engine. A record's key is
    /// what it is taken back by.
    Indicators,
}

impl Format {
    /// Every format, in the order in which help lists them.
    pub const ALL: [Self; 18] = [
        Self::MdiCef,
        Self::SentinelSecurityAlert,
        Self::GraphAlert,
        Self::GraphIncident,
        Self::DefenderXdrStreaming,
        Self::DefenderXdrIncident,
        Self::DefenderEndpointAlert,
        Self::DefenderCloudAlert,
        Self::ZimperiumMtd,
        Self::OcsfDetectionFinding,
        Self::EcsAlert,
        Self::BraidJson,
        Self::BraidAvro,
        Self::BraidDirectoryJson,
        Self::BraidDirectoryAvro,
        Self::BraidCommandJson,
        Self::BraidCommandAvro,
        Self::StixIndicator,
    ];

    /// What its records are.
    pub const fn holds(self) -> Holds {
        match self {
            Self::MdiCef
            | Self::SentinelSecurityAlert
            | Self::GraphAlert
            | Self::GraphIncident
            | Self::DefenderXdrStreaming
            | Self::DefenderXdrIncident
            | Self::DefenderEndpointAlert
            | Self::DefenderCloudAlert
            | Self::ZimperiumMtd
            | Self::OcsfDetectionFinding
            | Self::EcsAlert
            | Self::BraidJson
            | Self::BraidAvro => Holds::Alerts,
            Self::BraidDirectoryJson | Self::BraidDirectoryAvro => Holds::Directory,
            Self::BraidCommandJson | Self::BraidCommandAvro => Holds::Commands,
            Self::StixIndicator => Holds::Indicators,
        }
    }

    /// Whether its alerts say which incident the vendor has them in.
    pub const fn names_vendor_incidents(self) -> bool {
        matches!(
            self,
            Self::GraphAlert
                | Self::GraphIncident
                | Self::DefenderXdrIncident
                | Self::DefenderEndpointAlert
                | Self::ZimperiumMtd
        )
    }

    /// Whether it says that an alert was resolved at its source. What does not resolves no incident by itself: that is
    /// left to people, and to other feeds of the same alerts.
    pub const fn reports_resolution(self) -> bool {
        matches!(self.holds(), Holds::Alerts) && !matches!(self, Self::MdiCef | Self::DefenderXdrStreaming)
    }

    /// The least grave alerts that a source of it takes unless it says otherwise. A mobile console reports every open
    /// Wi-Fi and every missing passcode.
    pub const fn severity_min_default(self) -> Option<Severity> {
        match self {
            Self::ZimperiumMtd => Some(Severity::Critical),
            _ => None,
        }
    }

    /// Whether its records are Avro, in single-object encoding, and not text.
    pub const fn is_avro(self) -> bool {
        matches!(self, Self::BraidAvro | Self::BraidDirectoryAvro | Self::BraidCommandAvro)
    }

    /// Its name in configuration and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MdiCef => "mdi-cef",
            Self::SentinelSecurityAlert => "sentinel-security-alert",
            Self::GraphAlert => "graph-alert",
            Self::GraphIncident => "graph-incident",
            Self::DefenderXdrStreaming => "defender-xdr-streaming",
            Self::DefenderXdrIncident => "defender-xdr-incident",
            Self::DefenderEndpointAlert => "defender-endpoint-alert",
            Self::DefenderCloudAlert => "defender-cloud-alert",
            Self::ZimperiumMtd => "zimperium-mtd",
            Self::OcsfDetectionFinding => "ocsf-detection-finding",
            Self::EcsAlert => "ecs-alert",
            Self::BraidJson => "braid-json",
            Self::BraidAvro => "braid-avro",
            Self::BraidDirectoryJson => "braid-directory-json",
            Self::BraidDirectoryAvro => "braid-directory-avro",
            Self::BraidCommandJson => "braid-command-json",
            Self::BraidCommandAvro => "braid-command-avro",
            Self::StixIndicator => "stix-indicator",
        }
    }

    /// What it is, in one line, for `--help` and the documentation.
    pub const fn description(self) -> &'static str {
        match self {
            Self::MdiCef => {
                "Syslog CEF of Microsoft Defender for Identity (Azure ATP, ATA), one alert a line"
            }
            Self::SentinelSecurityAlert => {
                "Rows of Microsoft Sentinel's SecurityAlert table as JSON, from any product"
            }
            Self::GraphAlert => {
                "Microsoft Graph alerts_v2 as JSON: one alert, an array or a page {\"value\":[…]}"
            }
            Self::GraphIncident => {
                "Microsoft Graph incidents as JSON, asked for with `$expand=alerts`, for their alerts"
            }
            Self::DefenderXdrStreaming => {
                "what the streaming API of Microsoft Defender XDR writes to Event Hubs: AlertInfo and AlertEvidence rows"
            }
            Self::DefenderXdrIncident => {
                "incidents of the older API of Microsoft Defender XDR (Microsoft 365 Defender), for their alerts"
            }
            Self::DefenderEndpointAlert => "alerts of the API of Microsoft Defender for Endpoint",
            Self::DefenderCloudAlert => {
                "alerts of Microsoft Defender for Cloud, by continuous export or as Azure Resource Manager has them"
            }
            Self::ZimperiumMtd => {
                "Zimperium MTD: threat and mitigation logs, incident logs, threats of its REST API, in any mixture"
            }
            Self::OcsfDetectionFinding => {
                "OCSF Detection Findings (class 2004) of any product, in any release of OCSF 1; other classes are left out"
            }
            Self::EcsAlert => {
                "alert documents in the Elastic Common Schema, of any product or of Elastic Security; others, and its building blocks that are of no sequence, are left out"
            }
            Self::BraidJson => "braid's own alert as JSON, as `braid decode` writes it",
            Self::BraidAvro => "braid's own alert as Avro, as the alerts topic carries it",
            Self::BraidDirectoryJson => {
                "what a directory says of a user or a computer, as JSON; the record's key is the object"
            }
            Self::BraidDirectoryAvro => "what a directory says of a user or a computer, as Avro",
            Self::BraidCommandJson => "commands to braid as JSON: {\"action\":\"assign\",…}",
            Self::BraidCommandAvro => "commands to braid as Avro",
            Self::StixIndicator => {
                "threat intelligence in STIX 2.1: indicators, actors, campaigns, malware and their relationships, or bundles"
            }
        }
    }

    /// The field that says whose alert it is, where the format has one.
    pub const fn tenant_field(self) -> Option<&'static str> {
        match self {
            Self::MdiCef | Self::DefenderXdrIncident | Self::StixIndicator => None,
            Self::SentinelSecurityAlert => Some("TenantId"),
            Self::GraphAlert | Self::GraphIncident | Self::DefenderXdrStreaming => Some("tenantId"),
            Self::DefenderEndpointAlert => Some("aadTenantId"),
            Self::DefenderCloudAlert => Some("AadTenantId"),
            Self::ZimperiumMtd => Some("account_id"),
            Self::OcsfDetectionFinding => Some("metadata.tenant_uid"),
            Self::EcsAlert => Some("organization.id"),
            Self::BraidJson
            | Self::BraidAvro
            | Self::BraidDirectoryJson
            | Self::BraidDirectoryAvro
            | Self::BraidCommandJson
            | Self::BraidCommandAvro => Some("tenant"),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no format's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {name:?}{hint}; one of: {}", Format::ALL.map(Format::as_str).join(", "))]
pub struct UnknownFormat {
    name: Box<str>,
    hint: Box<str>,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        if let Some(format) = Self::ALL.into_iter().find(|format| format.as_str() == name) {
            return Ok(format);
        }
        let near = Self::ALL
            .into_iter()
            .map(|format| (strsim::jaro_winkler(&name.to_lowercase(), format.as_str()), format))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(likeness, _)| *likeness > 0.75);
        let hint = near.map_or(String::new(), |(_, format)| format!(", did you mean {format}?"));
        Err(UnknownFormat { name: name.into(), hint: hint.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(aliases: &[(&str, &str)]) -> TenantRule {
        let aliases = aliases.iter().map(|(alias, tenant)| ((*alias).into(), Tenant::new(tenant))).collect();
        TenantRule::Field { name: None, aliases }
    }

    fn tenant(rule: &TenantRule, says: Option<&str>) -> Result<String, RefusalReason> {
        let found = rule.tenant(Format::GraphAlert, |name| {
            assert_eq!(name, "tenantId");
            says
        });
        found.map(|tenant| tenant.as_str().to_owned()).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn without_aliases_the_field_is_the_tenant() {
        assert_eq!(tenant(&rule(&[]), Some("contoso")).as_deref(), Ok("contoso"));
        assert_eq!(tenant(&rule(&[]), Some(" ")), Err(RefusalReason::MissingTenant));
        assert_eq!(tenant(&rule(&[]), None), Err(RefusalReason::MissingTenant));
    }

    #[test]
    fn with_aliases_a_value_that_is_not_listed_is_refused() {
        let rule = rule(&[("b3c1", "contoso"), ("77aa", "contoso")]);
        assert_eq!(tenant(&rule, Some("77aa")).as_deref(), Ok("contoso"));
        assert_eq!(tenant(&rule, Some("contoso")), Err(RefusalReason::UnmappedTenant));
    }

    #[test]
    fn an_alias_is_found_in_either_case_and_an_unknown_one_is_told_how_to_be_mapped() {
        let rule = rule(&[("b3c1-ab", "contoso")]);
        assert_eq!(tenant(&rule, Some("B3C1-AB")).as_deref(), Ok("contoso"));
        let refused = rule.tenant(Format::GraphAlert, |_| Some("77aa")).expect_err("nobody listed it");
        assert_eq!(
            &*refused.detail,
            "tenantId is \"77aa\", which is no tenant's: list it in the configuration under tenants.aliases, as in \
             `contoso = [\"77aa\"]`, or in the source's own tenant.aliases"
        );
    }

    #[test]
    fn cef_and_the_streaming_tables_report_no_resolution() {
        let silent: Vec<_> = Format::ALL
            .into_iter()
            .filter(|format| !format.reports_resolution())
            .map(Format::as_str)
            .collect();
        assert_eq!(silent[..2], ["mdi-cef", "defender-xdr-streaming"]);
        assert!(
            silent[2..]
                .iter()
                .all(|name| name.contains("directory") || name.contains("command") || name.contains("stix"))
        );
    }

    #[test]
    fn a_field_rule_finds_no_tenant_in_cef() {
        let found = rule(&[]).tenant(Format::MdiCef, |_| Some("contoso"));
        assert_eq!(found.map_err(|refusal| refusal.reason), Err(RefusalReason::MissingTenant));
        let fixed = TenantRule::Fixed(Tenant::new("contoso"));
        assert_eq!(fixed.tenant(Format::MdiCef, |_| None::<&str>), Ok(Tenant::new("contoso")));
    }

    #[test]
    fn a_format_reads_back_from_its_name_and_a_slip_is_told_the_near_one() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "sentinel-securityalert".parse::<Format>().expect_err("it is a slip").to_string();
        assert!(error.contains("did you mean sentinel-security-alert?"), "{error}");
        let error = "csv".parse::<Format>().expect_err("it is no format").to_string();
        assert_eq!(
            error,
            "unknown format \"csv\"; one of: mdi-cef, sentinel-security-alert, graph-alert, graph-incident, \
             defender-xdr-streaming, defender-xdr-incident, defender-endpoint-alert, \
             defender-cloud-alert, zimperium-mtd, ocsf-detection-finding, ecs-alert, braid-json, braid-avro, braid-directory-json, braid-directory-avro, braid-command-json, braid-command-avro, \
             stix-indicator"
        );
    }
}
