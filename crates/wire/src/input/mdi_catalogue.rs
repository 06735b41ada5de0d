//! The alert types of Microsoft Defender for Identity: facts by which an alert gets its place in the kill chain.
//!
//! Sources: the vendor's catalogue of security alerts (MicrosoftDocs/ATADocs) for ids, names, severities and ATT&CK
//! techniques; the classic five categories as it published them until early 2023. Types of which no classic category
//! was published have one inferred from today's category: persistence, privilege escalation and defense evasion are
//! domain dominance, credential access is compromised credentials.

use braid_alert::Phase::{
    CompromisedCredentials, DomainDominance, Exfiltration, LateralMovement, Reconnaissance,
};
use braid_alert::Severity::{High, Low, Medium};
use braid_alert::{Phase, Severity, Technique};

/// One type of alert.
#[derive(Debug)]
pub(super) struct AlertType {
    /// The permanent number; 0 for the four that have none. Names change, this does not.
    pub(super) external_id: u16,
    /// Today's name.
    pub(super) name: &'static str,
    /// The usual severity; the higher one where the catalogue gives two.
    pub(super) severity: Severity,
    /// The kill-chain phase.
    pub(super) phase: Phase,
    techniques: &'static str,
    /// Signature ids without their ending `SecurityAlert`.
    signatures: &'static str,
}

impl AlertType {
    /// The ATT&CK techniques, in the catalogue's order.
    pub(super) fn techniques(&self) -> impl Iterator<Item = Technique> {
        self.techniques.split(' ').filter_map(Technique::find)
    }

    fn has_signature(&self, stem: &str) -> bool {
        self.signatures.split(' ').any(|signature| signature == stem)
    }
}

/// The type of an alert, from what its feed gives: the external id, the signature id, today's name.
///
/// The external id is the key, for several types share a signature. A signature that is one type's alone overrules an
/// external id that says otherwise: the vendor's own example of a SAM-R line carries the number of remote execution.
pub(super) fn find(external_id: Option<u16>, signature: &str, name: &str) -> Option<&'static AlertType> {
    let by_id = external_id.filter(|&id| id != 0).and_then(|id| {
        let at = ALERT_TYPES.binary_search_by_key(&id, |known| known.external_id).ok()?;
        Some(&ALERT_TYPES[at])
    });
    // ATA wrote `…SuspiciousActivity` where Defender for Identity writes `…SecurityAlert`.
    let stem = signature
        .strip_suffix("SecurityAlert")
        .or_else(|| signature.strip_suffix("SuspiciousActivity"))
        .unwrap_or(signature);
    if let Some(known) = by_id.filter(|known| known.has_signature(stem)) {
        return Some(known);
    }
    let mut signed = ALERT_TYPES.iter().filter(|known| !stem.is_empty() && known.has_signature(stem));
    match (signed.next(), signed.next()) {
        (Some(only), None) => Some(only),
        _ => by_id.or_else(|| ALERT_TYPES.iter().find(|known| known.name.eq_ignore_ascii_case(name.trim()))),
    }
}

const fn kind(
    external_id: u16,
    name: &'static str,
    severity: Severity,
    phase: Phase,
    techniques: &'static str,
    signatures: &'static str,
) -> AlertType {
    AlertType { external_id, name, severity, phase, techniques, signatures }
}

/// By external id, those without one first.
#[rustfmt::skip] // one fact a line reads as the table that it is
static ALERT_TYPES: [AlertType; 73] = [
    kind(0, "Password spray against OneLogin", High, CompromisedCredentials, "T1110 T1110.003", ""),
    kind(0, "Suspicious Okta account Enumeration", High, Reconnaissance, "T1078 T1078.004", ""),
    kind(0, "Possible Okta session theft", High, DomainDominance, "T1185", ""),
    kind(0, "Suspicious OneLogin MFA fatigue", High, CompromisedCredentials, "T1621", ""),
    kind(1106, "Suspected SID-History injection", High, DomainDominance, "T1134 T1134.005", "SidHistory"),
    kind(2002, "Suspected overpass-the-hash attack (Kerberos)", Medium, LateralMovement, "T1210 T1550 T1550.002 T1550.003", "AbnormalProtocol AbnormalKerberosOverpassTheHash"),
    kind(2003, "Account enumeration reconnaissance", Medium, Reconnaissance, "T1087 T1087.002", "AccountEnumeration"),
    kind(2004, "Suspected Brute Force attack (LDAP)", Medium, CompromisedCredentials, "T1110 T1110.001 T1110.003", "LdapBruteForce"),
    kind(2006, "Suspected DCSync attack (replication of directory services)", High, DomainDominance, "T1003 T1003.006", "DirectoryServicesReplication"),
    kind(2007, "Network mapping reconnaissance (DNS)", Medium, Reconnaissance, "T1087 T1046 T1018", "DnsReconnaissance"),
    kind(2008, "Suspected over-pass-the-hash attack (forced encryption type)", Medium, LateralMovement, "T1550 T1550.002 T1550.003", "EncryptionDowngrade"),
    kind(2009, "Suspected Golden Ticket usage (encryption downgrade)", Medium, DomainDominance, "T1558 T1558.001", "GoldenTicketEncryptionDowngrade"),
    kind(2010, "Suspected Skeleton Key attack (encryption downgrade)", Medium, DomainDominance, "T1210 T1556 T1556.001", "EncryptionDowngrade"),
    kind(2012, "User and IP address reconnaissance (SMB)", Medium, Reconnaissance, "T1087 T1049 T1087.002", "EnumerateSessions"),
    kind(2013, "Suspected Golden Ticket usage (forged authorization data)", High, DomainDominance, "T1558 T1558.001", "ForgedPac"),
    kind(2014, "Honeytoken authentication activity", Medium, CompromisedCredentials, "T1087 T1087.002", "HoneytokenActivity"),
    kind(2017, "Suspected identity theft (pass-the-hash)", High, LateralMovement, "T1550 T1550.002", "PassTheHash"),
    kind(2018, "Suspected identity theft (pass-the-ticket)", High, LateralMovement, "T1550 T1550.003", "PassTheTicket"),
    kind(2019, "Remote code execution attempt", Medium, DomainDominance, "T1059 T1021 T1059.001 T1021.006", "RemoteExecution"),
    kind(2020, "Malicious request of Data Protection API master key", High, DomainDominance, "T1555", "RetrieveDataProtectionBackupKey"),
    kind(2021, "User and Group membership reconnaissance (SAMR)", Medium, Reconnaissance, "T1087 T1069 T1087.002 T1069.002", "SamrReconnaissance"),
    kind(2022, "Suspected Golden Ticket usage (time anomaly)", High, DomainDominance, "T1558 T1558.001", "GoldenTicket"),
    kind(2023, "Suspected Brute Force attack (Kerberos, NTLM)", Medium, CompromisedCredentials, "T1110 T1110.001 T1110.003", "BruteForce"),
    kind(2024, "Suspicious additions to sensitive groups", Medium, DomainDominance, "T1098 T1484", "AbnormalSensitiveGroupMembershipChange"),
    kind(2025, "Suspicious VPN connection", Medium, LateralMovement, "T1133", "AbnormalVpn"),
    kind(2026, "Suspicious service creation", Medium, DomainDominance, "T1021 T1059 T1569 T1543 T1569.002 T1543.003", "MaliciousServiceCreation"),
    kind(2027, "Suspected Golden Ticket usage (nonexistent account)", High, DomainDominance, "T1558 T1068 T1210 T1558.001", "ForgedPrincipal"),
    kind(2028, "Suspected DCShadow attack (domain controller promotion)", High, DomainDominance, "T1207", "DirectoryServicesRoguePromotion"),
    kind(2029, "Suspected DCShadow attack (domain controller replication request)", High, DomainDominance, "T1207", "DirectoryServicesRogueReplication"),
    kind(2030, "Data exfiltration over SMB", High, Exfiltration, "T1048 T1570 T1048.003", "SmbDataExfiltration"),
    kind(2031, "Suspicious communication over DNS", Medium, Exfiltration, "T1048 T1041 T1029 T1020 T1071 T1071.004 T1048.003", "DnsSuspiciousCommunication"),
    kind(2032, "Suspected Golden Ticket usage (ticket anomaly)", High, DomainDominance, "T1558 T1558.001", "GoldenTicketSizeAnomaly"),
    kind(2033, "Suspected Brute Force attack (SMB)", Medium, LateralMovement, "T1110 T1110.001 T1110.003", "AbnormalProtocol"),
    kind(2034, "Suspected use of Metasploit hacking framework", Medium, LateralMovement, "T1210", "AbnormalProtocol"),
    kind(2035, "Suspected WannaCry ransomware attack", Medium, LateralMovement, "T1210", "AbnormalProtocol"),
    kind(2036, "Remote code execution over DNS", Medium, LateralMovement, "T1068 T1210", "DnsRemoteCodeExecution"),
    kind(2037, "Suspected NTLM relay attack", Medium, LateralMovement, "T1068 T1210 T1557 T1557.001", ""),
    kind(2038, "Security principal reconnaissance (LDAP)", High, Reconnaissance, "T1087 T1087.002", "LdapSearchReconnaissance"),
    kind(2039, "Suspected NTLM authentication tampering", Medium, LateralMovement, "T1068 T1210", "AbnormalNtlmSigning"),
    kind(2040, "Suspected Golden Ticket usage (ticket anomaly using RBCD)", High, DomainDominance, "T1558 T1558.001", ""),
    kind(2047, "Suspected rogue Kerberos certificate usage", High, LateralMovement, "", ""),
    kind(2048, "Suspicious Kerberos delegation attempt using BronzeBit method (CVE-2020-17049 exploitation)", Medium, CompromisedCredentials, "T1558", ""),
    kind(2210, "Active Directory attributes reconnaissance (LDAP)", Medium, Reconnaissance, "T1087 T1202 T1069 T1087.002 T1069.002", ""),
    kind(2406, "Suspected SMB packet manipulation (CVE-2020-0796 exploitation)", High, LateralMovement, "T1210", ""),
    kind(2410, "Suspected Kerberos SPN exposure", High, CompromisedCredentials, "T1558 T1558.003", ""),
    kind(2411, "Suspected Netlogon privilege elevation attempt (CVE-2020-1472 exploitation)", High, CompromisedCredentials, "", ""),
    kind(2412, "Suspected AS-REP Roasting attack", High, CompromisedCredentials, "T1558 T1558.004", ""),
    kind(2413, "Suspected AD FS DKM key read", High, CompromisedCredentials, "T1552 T1552.004", "AdfsDistributedKeyManagerRead"),
    kind(2414, "Exchange Server Remote Code Execution (CVE-2021-26855)", High, LateralMovement, "T1210", ""),
    kind(2415, "Suspected exploitation attempt on Windows Print Spooler service", High, LateralMovement, "T1210", ""),
    kind(2416, "Suspicious network connection over Encrypting File System Remote Protocol", High, LateralMovement, "T1210", ""),
    kind(2418, "Suspected suspicious Kerberos ticket request", High, CompromisedCredentials, "T1557 T1557.001", ""),
    kind(2419, "Suspicious modification of a sAMNameAccount attribute (CVE-2021-42278 and CVE-2021-42287 exploitation)", High, CompromisedCredentials, "T1134 T1068 T1558 T1134.001", ""),
    kind(2420, "Suspicious modification of the trust relationship of AD FS server", Medium, DomainDominance, "T1484 T1484.002", ""),
    kind(2421, "Suspicious modification of a dNSHostName attribute (CVE-2022-26923)", High, DomainDominance, "T1068 T1134 T1134.001", ""),
    kind(2422, "Suspicious Kerberos delegation attempt by a newly created computer", High, DomainDominance, "T1484", ""),
    kind(2423, "Suspicious modification of the Resource Based Constrained Delegation attribute by a machine account", High, DomainDominance, "T1484", ""),
    kind(2424, "Abnormal Active Directory Federation Services (AD FS) authentication using a suspicious certificate", High, CompromisedCredentials, "T1606", ""),
    kind(2425, "Suspicious certificate usage over Kerberos protocol (PKINIT)", High, LateralMovement, "T1550", ""),
    kind(2426, "Suspected DFSCoerce attack using Distributed File System Protocol", High, CompromisedCredentials, "T1187", ""),
    kind(2427, "Honeytoken user attributes modified", High, DomainDominance, "T1098", ""),
    kind(2428, "Honeytoken group membership changed", High, DomainDominance, "T1098", ""),
    kind(2429, "Honeytoken was queried via LDAP", Low, Reconnaissance, "T1087 T1087.002", ""),
    kind(2430, "Suspicious modification of domain AdminSdHolder", High, DomainDominance, "T1098", ""),
    kind(2431, "Suspected account takeover using shadow credentials", High, CompromisedCredentials, "T1003", ""),
    kind(2432, "Suspicious Domain Controller certificate request (ESC8)", High, DomainDominance, "T1078", ""),
    kind(2433, "Suspicious deletion of the certificate database entries", Medium, DomainDominance, "T1070", ""),
    kind(2434, "Suspicious disable of audit filters of AD CS", Medium, DomainDominance, "T1562 T1562.002", ""),
    kind(2435, "Suspicious modifications to the AD CS security permissions/settings", Medium, DomainDominance, "T1484", ""),
    kind(2437, "Account Enumeration reconnaissance (LDAP)", Medium, Reconnaissance, "T1087 T1087.002", ""),
    kind(2438, "Directory Services Restore Mode Password Change", Medium, DomainDominance, "T1098", ""),
    kind(2439, "Honeytoken was queried via SAM-R", Low, Reconnaissance, "T1087 T1087.002", ""),
    kind(2440, "Group Policy Tampering", Medium, DomainDominance, "T1553", ""),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_table_is_in_order_of_its_key() {
        assert!(ALERT_TYPES.is_sorted_by_key(|known| known.external_id));
        assert_eq!(ALERT_TYPES.iter().filter(|known| known.external_id == 0).count(), 4);
    }

    #[test]
    fn the_external_id_tells_types_of_one_signature_apart() {
        let id = |external_id, signature| find(external_id, signature, "").map(|known| known.external_id);
        assert_eq!(id(Some(2033), "AbnormalProtocolSecurityAlert"), Some(2033));
        assert_eq!(id(Some(2010), "EncryptionDowngradeSecurityAlert"), Some(2010));
        assert_eq!(id(None, "EncryptionDowngradeSecurityAlert"), None);
        assert_eq!(id(Some(2411), "SomethingNewSecurityAlert"), Some(2411));
        assert_eq!(id(Some(9999), ""), None);
    }

    #[test]
    fn a_signature_of_one_type_alone_overrules_a_contradicting_id() {
        let id = |external_id, signature| find(external_id, signature, "").map(|known| known.external_id);
        assert_eq!(id(Some(2019), "SamrReconnaissanceSecurityAlert"), Some(2021));
        assert_eq!(id(None, "SamrReconnaissanceSuspiciousActivity"), Some(2021));
        assert_eq!(id(Some(2021), "EncryptionDowngradeSecurityAlert"), Some(2021));
    }

    #[test]
    fn the_name_decides_where_nothing_else_does() {
        let known = find(
            None,
            "EncryptionDowngradeSecurityAlert",
            "Suspected Skeleton Key attack (encryption downgrade)",
        );
        assert_eq!(known.map(|known| known.external_id), Some(2010));
        assert_eq!(
            find(None, "", "Possible Okta session theft").map(|known| &known.phase),
            Some(&DomainDominance)
        );
    }

    /// Column by column against the vendor's table, where it lies beside the repository.
    #[test]
    fn the_table_agrees_with_the_vendor_s() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/mdi/alert-catalogue.tsv");
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("skipped: {} is not here", path.display());
            return;
        };
        let ours: BTreeMap<&str, &AlertType> = ALERT_TYPES.iter().map(|known| (known.name, known)).collect();
        let mut rows = 0;
        for row in text.lines().skip(1) {
            let column: Vec<&str> = row.split('\t').collect();
            let known = ours[column[1]];
            rows += 1;
            assert_eq!(known.external_id, column[0].parse().unwrap_or(0), "{row}");
            assert_eq!(
                known.severity.as_str(),
                column[3].split(' ').next().expect("split gives one").to_lowercase(),
                "{row}"
            );
            let techniques: Vec<_> = known.techniques().map(|t| t.as_str().to_owned()).collect();
            assert_eq!(techniques.join(";"), column[7], "{row}");
            if !column[9].is_empty() {
                assert_eq!(known.phase, Phase::from_text(column[9]), "{row}");
            }
            for signature in column[10].split(';').filter(|signature| !signature.is_empty()) {
                // The table takes the misprinted SAM-R line at its word.
                let misprint = known.external_id == 2019 && signature.starts_with("Samr");
                let stem = signature.strip_suffix("SecurityAlert").expect("all end so");
                assert!(misprint || known.has_signature(stem), "{row}");
            }
        }
        assert_eq!(rows, ALERT_TYPES.len());
    }
}
