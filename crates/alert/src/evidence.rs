use serde::{Deserialize, Serialize};

use crate::Identifier;
use crate::text_enum::text_enum;

/// An alert's mention of an entity: which identifiers it gives, and what part the entity played.
///
/// Identifiers that stand in one piece of evidence name one entity: that is how braid learns that a SID and a user
/// principal name are the same user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of thing it is.
    pub kind: EntityKind,
    /// The part it played in the alert.
    pub role: Role,
    /// All names that the alert gives it; strongest first is customary, not required.
    pub identifiers: Vec<Identifier>,
    /// What a person would call it, where the identifiers do not say: a file name, a command line. At most 256
    /// characters; for display only, it never joins.
    pub label: Option<Box<str>>,
    /// The product's verdict on this piece of evidence.
    pub verdict: Option<Verdict>,
    /// Tags that the product put on it, such as `DomainController`.
    pub tags: Vec<Box<str>>,
    /// For a host: its addresses at the time.
    pub addresses: Vec<HostAddress>,
}

impl Evidence {
    /// Evidence of this kind and role, without anything else yet.
    pub fn new(kind: EntityKind, role: Role) -> Self {
        Self {
            kind,
            role,
            identifiers: Vec::new(),
            label: None,
            verdict: None,
            tags: Vec::new(),
            addresses: Vec::new(),
        }
    }
}

/// An address of a host, as the product last saw it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HostAddress {
    /// The address, in the canonical text of `std::net::IpAddr`.
    pub address: Box<str>,
    /// It is what the outside sees (`LastExternalIpAddress`): a NAT or a proxy, shared with others, so it never joins.
    /// Otherwise (`LastIpAddress`) it names the host for as long as `ip_binding` says.
    pub egress: bool,
}

text_enum! {
    /// What kind of thing an entity is.
    EntityKind {
        /// A person's or a service's account.
        User = "user" | "account",
        /// A computer.
        Host = "host" | "device" | "machine",
        /// A phone or a tablet.
        MobileDevice = "mobileDevice",
        /// A mailbox; the same entity as its user where they share an identifier.
        Mailbox = "mailbox",
        /// One mail.
        MailMessage = "mailMessage" | "analyzedMessage",
        /// Mails that look alike.
        MailCluster = "mailCluster",
        /// A network address.
        Address = "ip" | "address",
        /// A URL or a domain name.
        Url = "url",
        /// A file.
        File = "file",
        /// A running program.
        Process = "process",
        /// A registry key or value.
        Registry = "registry" | "registryKey" | "registryValue" | "registry-key" | "registry-value",
        /// An application in the cloud.
        CloudApplication = "cloudApplication" | "cloud-application",
        /// An OAuth application.
        OauthApplication = "oauthApplication" | "oauth-application",
        /// A resource of a cloud provider.
        CloudResource = "cloudResource" | "azure-resource",
        /// A logon session or a sign-in request of a cloud identity.
        CloudLogon = "cloudLogon" | "cloud-logon-session" | "cloud-logon-request",
        /// A group of accounts.
        SecurityGroup = "securityGroup" | "security-group",
        /// What a vendor calls an incident: that it has grouped alerts, which braid takes as a hint.
        VendorIncident = "vendorIncident",
        /// Who or what threat intelligence says is behind an alert: an actor, a campaign, or an indicator that names neither.
        Threat = "threat",
    }
}

text_enum! {
    /// The part an entity played in an alert. The products' many words come down to these (DESIGN: source, target,
    /// impacted, related).
    Role {
        /// Where the activity came from, or who did it.
        Source = "source" | "attacker" | "suspicious",
        /// What it was aimed at.
        Target = "target" | "destination" | "attacked",
        /// What was hit: the alert is about it.
        Impacted = "impacted" | "compromised",
        /// It stood by.
        Related = "related" | "contextual" | "scanned",
    }
}

text_enum! {
    /// A product's verdict on a piece of evidence (Graph's `evidenceVerdict`).
    Verdict {
        /// Nothing bad found.
        NoThreatsFound = "noThreatsFound" | "clean",
        /// Not decided.
        Unknown = "unknown",
        /// May be bad.
        Suspicious = "suspicious",
        /// Is bad.
        Malicious = "malicious",
    }
}
