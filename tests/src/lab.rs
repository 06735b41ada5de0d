//! The attack of the lab that Microsoft describes for Defender for Identity, as each of four feeds tells it: syslog CEF,
//! rows of Sentinel's `SecurityAlert`, the tables that Defender XDR streams, and Graph.
//!
//! Each feed has its own words for the same: the tenant is a workspace, a directory, or not named at all; a user is a
//! sAMAccountName, a display name, `DOMAIN\name` or a SID; a host a NetBIOS name, or an FQDN in another case.
//!
//! Start with [`ATTACK`]; [`cef`], [`security_alerts`], [`streamed`] and [`graph`] give the records.

mod cef;
mod graph;
mod security_alert;
mod streaming;

pub use cef::cef;
pub use graph::graph;
pub use security_alert::security_alerts;
pub use streaming::streamed;

/// The ids that the feeds have for one tenant.
#[derive(Debug, Clone)]
pub struct TenantIds {
    /// Its Log Analytics workspace: `TenantId` of a `SecurityAlert` row.
    pub workspace: String,
    /// Its directory: `tenantId` of a streamed record and of Graph.
    pub directory: String,
}

/// A user of the lab.
#[derive(Debug, PartialEq, Eq)]
pub struct User {
    /// sAMAccountName.
    pub account: &'static str,
    /// As people are called.
    pub display: &'static str,
    /// The last number of the SID.
    pub rid: u32,
    /// Object id in the directory.
    pub object: &'static str,
}

impl User {
    fn sid(&self) -> String {
        format!("S-1-5-21-2839646386-741382897-445212193-{}", self.rid)
    }

    fn upn(&self) -> String {
        format!("{}@{DOMAIN}", self.account.to_lowercase())
    }
}

/// A host of the lab, by its NetBIOS name.
#[derive(Debug, PartialEq, Eq)]
pub struct Host {
    /// As the domain knows it.
    pub name: &'static str,
    /// Its address.
    pub address: &'static str,
    /// Its number in Defender for Endpoint; none, if that does not run on it.
    pub device: Option<&'static str>,
}

impl Host {
    fn fqdn(&self) -> String {
        format!("{}.{DOMAIN}", self.name)
    }

    fn is_controller(&self) -> bool {
        self.name == CONTROLLER.name
    }
}

/// What a piece of evidence did, or what was done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It acted.
    Source,
    /// It was acted on.
    Target,
}

/// Which product raised an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Defender for Identity: it has all four feeds.
    Identity {
        /// CEF's `externalId`.
        number: u16,
        /// CEF's signature and Sentinel's `AlertType`.
        signature: &'static str,
        /// The protocol.
        app: &'static str,
        /// What CEF says in words, where alone it names the other host.
        message: &'static str,
    },
    /// Defender for Endpoint: it has no CEF.
    Endpoint,
}

/// One alert of the attack.
#[derive(Debug)]
pub struct LabAlert {
    /// The provider's own id: a GUID of Defender for Identity, `da…` of Defender for Endpoint.
    pub id: &'static str,
    /// Who raised it.
    pub product: Product,
    /// What it is called.
    pub title: &'static str,
    /// `Low`, `Medium` or `High`.
    pub severity: &'static str,
    /// The category that Defender's portal has for it.
    pub category: &'static str,
    /// ATT&CK's number and name.
    pub technique: (&'static str, &'static str),
    /// Minutes from the beginning.
    pub minute: u32,
    /// Who it names.
    pub users: &'static [(&'static User, Part)],
    /// Where.
    pub hosts: &'static [(&'static Host, Part)],
}

impl LabAlert {
    /// As Defender's portal, the streamed tables and Graph write the id.
    pub fn portal_id(&self) -> String {
        match self.product {
            Product::Identity { .. } => format!("aa{}", self.id),
            Product::Endpoint => self.id.to_owned(),
        }
    }

    fn is_endpoints(&self) -> bool {
        self.product == Product::Endpoint
    }

    /// When it happened, with as many digits behind the second as the feed writes.
    fn at(&self, digits: &str) -> String {
        instant(self.minute, digits)
    }
}

/// A time of that day, without a zone.
fn instant(minute: u32, digits: &str) -> String {
    let minute = minute + 2;
    format!("2026-02-03T{:02}:{:02}:08.{digits}", 13 + minute / 60, minute % 60)
}

const DOMAIN: &str = "contoso.azure";
const NETBIOS_DOMAIN: &str = "CONTOSO";

/// Whose computer was taken first.
pub const JEFF: User = User {
    account: "JeffL",
    display: "Jeff Leatherman",
    rid: 1104,
    object: "5b8f4f34-8a67-4d4b-8c50-0c1bb6ee2f01",
};
/// Who helps users.
pub const RON: User = User {
    account: "RonHD",
    display: "Ron HelpDesk",
    rid: 1105,
    object: "5b8f4f34-8a67-4d4b-8c50-0c1bb6ee2f02",
};
/// Who rules the domain.
pub const SAMIRA: User = User {
    account: "SamiraA",
    display: "Samira Abbasi",
    rid: 1106,
    object: "5b8f4f34-8a67-4d4b-8c50-0c1bb6ee2f03",
};

/// Jeff's.
pub const VICTIM_PC: Host =
    Host { name: "VictimPC", address: "10.0.24.5", device: Some("c3a53274fbde6cdc58ef03a9b7b981a8e99949c6") };
/// Samira's.
pub const ADMIN_PC: Host =
    Host { name: "AdminPC", address: "10.0.24.6", device: Some("6e19b509d85f320d8c8daa3eea64064e488d4873") };
/// The domain controller.
pub const CONTROLLER: Host = Host { name: "ContosoDC", address: "10.0.24.4", device: None };

const fn identity(number: u16, signature: &'static str, app: &'static str, message: &'static str) -> Product {
    Product::Identity { number, signature, app, message }
}

use Part::{Source, Target};

const FROM_VICTIM: &[(&Host, Part)] = &[(&VICTIM_PC, Source), (&CONTROLLER, Target)];
const BY_SAMIRA: &[(&User, Part)] = &[(&SAMIRA, Source)];

/// The story in the order in which it happened.
pub const ATTACK: &[LabAlert] = &[
    LabAlert {
        id: "da636943918740247061_416397817",
        product: Product::Endpoint,
        title: "Suspicious sequence of exploration activities",
        severity: "Low",
        category: "Discovery",
        technique: ("T1087", "Account Discovery"),
        minute: 0,
        users: &[(&JEFF, Target)],
        hosts: &[(&VICTIM_PC, Target)],
    },
    LabAlert {
        id: "fb79df91-c706-40cf-abfd-baa1a661f9b2",
        product: identity(
            2007,
            "DnsReconnaissanceSecurityAlert",
            "Dns",
            "Suspicious DNS activity was observed, originating from VictimPC (which is not a DNS server) against ContosoDC.",
        ),
        title: "Network mapping reconnaissance (DNS)",
        severity: "Medium",
        category: "Discovery",
        technique: ("T1018", "Remote System Discovery"),
        minute: 9,
        users: &[],
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "e10cc19b-c045-4d61-a358-613b01a5b39e",
        product: identity(
            2021,
            "SamrReconnaissanceSecurityAlert",
            "Samr",
            "The following directory services enumerations using SAMR protocol were attempted against ContosoDC from \
             VictimPC:\\r\\nSuccessful enumeration of all users and all groups in contoso.azure by JeffL.",
        ),
        title: "User and Group membership reconnaissance (SAMR)",
        severity: "Medium",
        category: "Discovery",
        technique: ("T1087.002", "Domain Account"),
        minute: 14,
        users: &[(&JEFF, Source)],
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "e371e9a1-94ce-44dd-af5c-8468abec84f7",
        product: identity(
            2012,
            "EnumerateSessionsSecurityAlert",
            "SrvSvc",
            "SMB session enumeration attempts were successfully performed by JeffL, from VictimPC against ContosoDC, \
             exposing SamiraA (10.0.24.6).",
        ),
        title: "User and IP address reconnaissance (SMB)",
        severity: "Medium",
        category: "Discovery",
        technique: ("T1049", "System Network Connections Discovery"),
        minute: 31,
        users: &[(&JEFF, Source)],
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "d86a0827-489a-44d3-a3e7-5012b3c4ea1b",
        product: identity(
            2008,
            "EncryptionDowngradeSecurityAlert",
            "Kerberos",
            "The encryption method of the Encrypted_Timestamp field of AS_REQ message from VictimPC has been downgraded \
             based on previously learned behavior. This may be a result of a credential theft using Overpass-the-Hash \
             from VictimPC.",
        ),
        title: "Suspected over-pass-the-hash attack (forced encryption type)",
        severity: "Medium",
        category: "LateralMovement",
        technique: ("T1550.002", "Pass the Hash"),
        minute: 58,
        users: &[(&RON, Source)],
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "da635365535684452450_935677458",
        product: Product::Endpoint,
        title: "Suspicious access to LSASS service",
        severity: "High",
        category: "CredentialAccess",
        technique: ("T1003.001", "LSASS Memory"),
        minute: 76,
        users: &[(&RON, Target)],
        hosts: &[(&ADMIN_PC, Target)],
    },
    LabAlert {
        id: "7436bc4a-0725-4ba4-a6a2-93dc89228782",
        product: identity(
            2018,
            "PassTheTicketSecurityAlert",
            "Kerberos",
            "Samira Abbasi's Kerberos tickets were stolen from AdminPC to VictimPC and used to access \
             cifs/ContosoDC.contoso.azure.",
        ),
        title: "Suspected identity theft (pass-the-ticket)",
        severity: "High",
        category: "LateralMovement",
        technique: ("T1550.003", "Pass the Ticket"),
        minute: 89,
        users: &[(&SAMIRA, Target)],
        hosts: &[(&VICTIM_PC, Source), (&ADMIN_PC, Target), (&CONTROLLER, Target)],
    },
    LabAlert {
        id: "51f7f3e6-cc84-40ab-a598-90f7da5de580",
        product: identity(
            2019,
            "RemoteExecutionSecurityAlert",
            "ServiceControl",
            "The following remote code execution attempts were performed on ContosoDC from VictimPC:\\r\\nSuccessful remote \
             execution of one or more WMI methods by SamiraA.\\r\\nSuccessful remote creation of one or more services by \
             SamiraA.",
        ),
        title: "Remote code execution attempt",
        severity: "Medium",
        category: "Execution",
        technique: ("T1021.006", "Windows Remote Management"),
        minute: 104,
        users: BY_SAMIRA,
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "aa8f0a54-d8d1-40c9-a180-2ac01e6c4166",
        product: identity(
            2024,
            "AbnormalSensitiveGroupMembershipChangeSecurityAlert",
            "GroupMembershipChangeEvent",
            "SamiraA has uncharacteristically modified sensitive group memberships.",
        ),
        title: "Suspicious additions to sensitive groups",
        severity: "Medium",
        category: "Persistence",
        technique: ("T1098", "Account Manipulation"),
        minute: 109,
        users: BY_SAMIRA,
        hosts: &[(&CONTROLLER, Target)],
    },
    LabAlert {
        id: "5a17bcde-1a7e-4713-a8e4-ab47c84a9f19",
        product: identity(
            2020,
            "RetrieveDataProtectionBackupKeySecurityAlert",
            "LsaRpc",
            "SamiraA performed 1 successful attempts from VictimPC to retrieve DPAPI domain backup key from ContosoDC.",
        ),
        title: "Malicious request of Data Protection API master key",
        severity: "High",
        category: "CredentialAccess",
        technique: ("T1555", "Credentials from Password Stores"),
        minute: 121,
        users: BY_SAMIRA,
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "3c7f753f-400b-4a8c-a1dd-0bcef5906af7",
        product: identity(
            2006,
            "DirectoryServicesReplicationSecurityAlert",
            "Drsr",
            "Malicious replication requests were successfully performed by SamiraA, from VictimPC against ContosoDC.",
        ),
        title: "Suspected DCSync attack (replication of directory services)",
        severity: "High",
        category: "CredentialAccess",
        technique: ("T1003.006", "DCSync"),
        minute: 132,
        users: BY_SAMIRA,
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "99b6c700-b4a6-4112-a214-2089f754a439",
        product: identity(
            2010,
            "EncryptionDowngradeSecurityAlert",
            "Kerberos",
            "The encryption method of the ETYPE_INFO2 field of KRB_ERR message from VictimPC has been downgraded based on \
             previously learned behavior. This may be a result of a Skeleton Key on ContosoDC.",
        ),
        title: "Suspected Skeleton Key attack (encryption downgrade)",
        severity: "Medium",
        category: "Persistence",
        technique: ("T1556.001", "Domain Controller Authentication"),
        minute: 151,
        users: &[],
        hosts: FROM_VICTIM,
    },
    LabAlert {
        id: "8665ae85-3431-4fff-a332-ad2e3a0d80ed",
        product: identity(
            2009,
            "GoldenTicketEncryptionDowngradeSecurityAlert",
            "Kerberos",
            "SamiraA used a weaker encryption method (RC4), in the Kerberos service request (TGS_REQ), from VictimPC, to \
             access host/contoso.azure.",
        ),
        title: "Suspected Golden Ticket usage (encryption downgrade)",
        severity: "Medium",
        category: "PrivilegeEscalation",
        technique: ("T1558.001", "Golden Ticket"),
        minute: 170,
        users: BY_SAMIRA,
        hosts: FROM_VICTIM,
    },
];
