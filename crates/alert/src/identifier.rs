use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

/// One name of an entity, in a canonical form: what is equal here is the same name, whichever product wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identifier {
    /// What kind of name it is.
    pub kind: IdentifierKind,
    /// The name, canonical (see the constructors).
    pub value: Box<str>,
}

text_enum! {
    /// The kinds of names. Which of them are strong (unique in the tenant) and which weak is said by
    /// [`IdentifierKind::is_strong`].
    IdentifierKind {
        /// A Windows security identifier, upper case.
        Sid = "sid",
        /// The object id of a user in Entra ID, lower case.
        ObjectId = "objectId",
        /// User principal name or mail address, lower case. Entra keeps both in one name space.
        Upn = "upn",
        /// An account name with its domain or host: `contoso\jeffl`, lower case; of a DNS domain the first label, which
        /// is what the NetBIOS name is by default.
        DomainAccount = "domainAccount",
        /// A bare sAMAccountName, lower case.
        AccountName = "accountName",
        /// A display name, as it stands.
        DisplayName = "displayName",
        /// Defender for Endpoint's device id: 40 hex digits, lower case.
        DefenderDeviceId = "defenderDeviceId",
        /// Entra ID's device id, lower case.
        EntraDeviceId = "entraDeviceId",
        /// A mobile console's device id, lower case.
        MobileDeviceId = "mobileDeviceId",
        /// A host's fully qualified name, lower case.
        Fqdn = "fqdn",
        /// A host's NetBIOS name or bare host name, lower case.
        NetbiosName = "netbiosName",
        /// An IPv4 or IPv6 address in the canonical text of `std::net::IpAddr`.
        Address = "address",
        /// A URL, its scheme and host in lower case.
        Url = "url",
        /// SHA-256, lower-case hex.
        Sha256 = "sha256",
        /// SHA-1, lower-case hex.
        Sha1 = "sha1",
        /// MD5, lower-case hex.
        Md5 = "md5",
        /// Exchange's network message id of a mail, lower case.
        NetworkMessageId = "networkMessageId",
        /// A cluster of mails, by its query.
        MailCluster = "mailCluster",
        /// A cloud provider's resource id, lower case (products vary its case).
        ResourceId = "resourceId",
        /// An application's id.
        ApplicationId = "applicationId",
        /// A logon session's or sign-in request's id, lower case.
        SessionId = "sessionId",
        /// A security group's id, lower case.
        GroupId = "groupId",
        /// A process: image name, process id and creation time, which is unique on one host.
        ProcessKey = "processKey",
        /// A file's path, lower case: weak, the same path stands on every host.
        FilePath = "filePath",
        /// A registry key or value, lower case: weak.
        RegistryPath = "registryPath",
        /// A vendor's number of an incident, behind the vendor: `defender/924565`.
        VendorIncidentId = "vendorIncidentId",
        /// What threat intelligence calls an actor, a campaign or an indicator, lower case, where it is sure.
        ThreatName = "threatName",
        /// The same, sure or not: a threat that is surely named has both, so that the two are one.
        SuspectedThreatName = "suspectedThreatName",
    }
}

impl IdentifierKind {
    /// Whether one value names one entity in the whole tenant. A weak identifier counts only within a scope and a
    /// time.
    pub const fn is_strong(&self) -> bool {
        matches!(
            self,
            Self::Sid
                | Self::ObjectId
                | Self::Upn
                | Self::DefenderDeviceId
                | Self::EntraDeviceId
                | Self::MobileDeviceId
                | Self::Fqdn
                | Self::ResourceId
                | Self::NetworkMessageId
                | Self::Sha256
                | Self::Sha1
                | Self::SessionId
                | Self::VendorIncidentId
                | Self::ThreatName
        )
    }
}

/// Words that exporters write where there is no value.
const NO_VALUE: [&str; 7] = ["null", "none", "n/a", "-", "unknown", "undefined", "(null)"];

fn value_of(raw: &str) -> Option<&str> {
    let raw = raw.trim();
    (!raw.is_empty() && !NO_VALUE.iter().any(|word| raw.eq_ignore_ascii_case(word))).then_some(raw)
}

/// The longest identifier that is kept: an address of 320 characters (RFC 3696) and most URLs fit; a longer one is a
/// payload, not a name. It bounds what one piece of evidence can make the index hold.
const VALUE_CHARACTERS_MAX: usize = 1_024;

impl Identifier {
    /// An identifier of a kind whose canonical form is its lower case, or (for [`IdentifierKind::Sid`]) its upper
    /// case. `None` if there is no value: empty, `null`, `N/A` and the like, or over 1,024 characters.
    pub fn new(kind: IdentifierKind, raw: &str) -> Option<Self> {
        let raw = value_of(raw)?;
        let value: Box<str> = match kind {
            IdentifierKind::Sid => raw.to_ascii_uppercase().into(),
            IdentifierKind::DisplayName | IdentifierKind::ApplicationId | IdentifierKind::MailCluster => {
                raw.into()
            }
            IdentifierKind::Address => return Self::address(raw),
            IdentifierKind::Url => return Self::url(raw),
            _ => raw.to_lowercase().into(),
        };
        (value.len() <= VALUE_CHARACTERS_MAX).then_some(Self { kind, value })
    }

    /// An address. `None` if it is none, so that an unreadable one is not taken for a name.
    pub fn address(raw: &str) -> Option<Self> {
        let address: IpAddr = value_of(raw)?.parse().ok()?;
        Some(Self { kind: IdentifierKind::Address, value: address.to_canonical().to_string().into() })
    }

    /// An account with the domain (or host) that gives its name a meaning: `contoso\jeffl`.
    ///
    /// Of a DNS domain the first label is taken. Two domains of one tenant that share it and hold accounts of one name
    /// are told apart by their SIDs, which overrule.
    pub fn domain_account(domain: &str, account: &str) -> Option<Self> {
        let (domain, account) = (value_of(domain)?, value_of(account)?);
        let domain = domain.split('.').next().unwrap_or(domain);
        let value = format!("{}\\{}", domain.to_lowercase(), account.to_lowercase());
        (value.len() <= VALUE_CHARACTERS_MAX)
            .then(|| Self { kind: IdentifierKind::DomainAccount, value: value.into() })
    }

    /// A URL: scheme and host are case-insensitive (RFC 3986), the rest is not.
    pub fn url(raw: &str) -> Option<Self> {
        let raw = value_of(raw)?;
        let host_at = raw.find("://").map_or(0, |at| at + 3);
        let path_at = raw[host_at..].find(['/', '?', '#']).map_or(raw.len(), |at| host_at + at);
        let value = format!("{}{}", raw[..path_at].to_lowercase(), &raw[path_at..]);
        let value = value.strip_suffix('/').unwrap_or(&value);
        (value.len() <= VALUE_CHARACTERS_MAX).then(|| Self { kind: IdentifierKind::Url, value: value.into() })
    }
}

impl std::fmt::Display for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: IdentifierKind, raw: &str) -> Option<String> {
        Identifier::new(kind, raw).map(|i| i.value.into())
    }

    #[test]
    fn what_products_write_for_nothing_is_no_name() {
        for nothing in ["", "  ", "null", "N/A", "Unknown", "-"] {
            assert_eq!(read(IdentifierKind::Upn, nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn the_same_name_in_another_case_is_the_same_name() {
        assert_eq!(
            read(IdentifierKind::Fqdn, "VNEVADO-Win10V.vnevado.co").as_deref(),
            Some("vnevado-win10v.vnevado.co")
        );
        assert_eq!(read(IdentifierKind::Sid, "s-1-5-21-1-2-3-500").as_deref(), Some("S-1-5-21-1-2-3-500"));
        assert_eq!(
            read(IdentifierKind::Url, "HTTPS://Evil.Example/Path/").as_deref(),
            Some("https://evil.example/Path")
        );
        assert_eq!(read(IdentifierKind::Address, "::ffff:10.0.24.5").as_deref(), Some("10.0.24.5"));
        assert_eq!(read(IdentifierKind::Address, "10.0.24.500"), None);
    }

    #[test]
    fn a_domain_is_known_by_its_first_label() {
        let value = |domain, account| Identifier::domain_account(domain, account).map(|i| i.value);
        assert_eq!(value("CONTOSO", "JeffL"), value("contoso.azure", "jeffl"));
        assert_eq!(value("contoso", "jeffl").as_deref(), Some("contoso\\jeffl"));
        assert_eq!(value("", "jeffl"), None);
    }
}
