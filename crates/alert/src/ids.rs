use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::text_enum::text_enum;

/// The isolation boundary: nothing is ever joined across tenants. Also the key of the alerts topic, so that one
/// partition, and so one worker, owns all of a tenant. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// The tenant of this name. Names are compared as they are: case and spaces count.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Tenant {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

text_enum! {
    /// The product that raised an alert, by the name that Microsoft Graph gives it (`serviceSource`).
    Provider {
        /// Microsoft Defender for Identity, formerly Azure ATP, before that ATA.
        DefenderForIdentity = "microsoftDefenderForIdentity" | "Azure Advanced Threat Protection" | "azureAtp",
        /// Microsoft Defender for Endpoint, formerly Windows or Microsoft Defender ATP.
        DefenderForEndpoint = "microsoftDefenderForEndpoint" | "MDATP" | "microsoftDefenderAtp",
        /// Microsoft Defender for Office 365.
        DefenderForOffice365 = "microsoftDefenderForOffice365" | "OATP" | "officeAtp",
        /// Microsoft Defender for Cloud Apps, formerly Microsoft Cloud App Security.
        DefenderForCloudApps = "microsoftDefenderForCloudApps" | "MCAS" | "microsoftCloudAppSecurity",
        /// Microsoft Defender for Cloud, formerly Azure Security Center.
        DefenderForCloud = "microsoftDefenderForCloud" | "Azure Security Center",
        /// Microsoft Defender XDR itself.
        DefenderXdr = "microsoft365Defender" | "MicrosoftThreatProtection" | "microsoftDefenderXDR",
        /// Microsoft Entra ID Protection.
        EntraIdProtection = "azureAdIdentityProtection" | "IPC" | "aadIdentityProtection",
        /// Microsoft Sentinel's own rules.
        Sentinel = "microsoftSentinel" | "ASI Scheduled Alerts" | "ASI NRT Alerts",
        /// Microsoft app governance.
        AppGovernance = "microsoftAppGovernance",
        /// Microsoft Purview data loss prevention.
        DataLossPrevention = "dataLossPrevention" | "microsoftDataLossPrevention",
        /// Zimperium Mobile Threat Defense.
        Zimperium = "zimperium",
        /// braid itself, for alerts of its own rules.
        Braid = "braid",
    }
}

impl Provider {
    /// The product's name as people write it; the text itself where this release does not know the product.
    pub fn display_name(&self) -> &str {
        match self {
            Self::DefenderForIdentity => "Microsoft Defender for Identity",
            Self::DefenderForEndpoint => "Microsoft Defender for Endpoint",
            Self::DefenderForOffice365 => "Microsoft Defender for Office 365",
            Self::DefenderForCloudApps => "Microsoft Defender for Cloud Apps",
            Self::DefenderForCloud => "Microsoft Defender for Cloud",
            Self::DefenderXdr => "Microsoft Defender XDR",
            Self::EntraIdProtection => "Microsoft Entra ID Protection",
            Self::Sentinel => "Microsoft Sentinel",
            Self::AppGovernance => "Microsoft app governance",
            Self::DataLossPrevention => "Microsoft Purview Data Loss Prevention",
            Self::Zimperium => "Zimperium MTD",
            Self::Braid => "braid",
            Self::Other(text) => text,
        }
    }
}

/// The provider's own id of an alert, without what a feed adds to it: Defender's portal writes `aa` before the GUID
/// of a Defender for Identity alert and CEF carries that form, while a `SecurityAlert` row carries the bare GUID. The
/// bare one is the id, so that the same alert from two feeds is one alert. Cheap to clone: links and changes repeat it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(Arc<str>);

impl AlertId {
    /// From the provider's id, as it stands.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What makes an alert the same alert when it comes again. The tenant is not in it: keys are compared within one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// The product that raised it.
    pub provider: Provider,
    /// That product's id of it.
    pub id: AlertId,
}

impl fmt::Display for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.id)
    }
}

/// An incident's id: a UUIDv5 derived from what founded it (see `braid-engine`), never drawn at random, so that a
/// replay gives the same one. Written as the usual 36 characters in every encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(Uuid);

impl IncidentId {
    /// Wraps a UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Reads the 36-character form (or any other that [`Uuid`] reads).
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The UUID.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl Serialize for IncidentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl<'de> Deserialize<'de> for IncidentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = IncidentId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a UUID")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<IncidentId, E> {
                IncidentId::parse(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// An entity's number within its tenant: given in order of first sight, kept across restarts, never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityId(pub i64);

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}
