//! What ATT&CK calls the tactics and techniques that alerts name by their ids. Other forms of an incident show both.

use braid_alert::{Phase, Technique};

/// A phase as ATT&CK has it: the tactic's id and name. `None` for domain dominance, which is none of ATT&CK's, and for
/// a phase that this release does not know.
pub(super) const fn tactic(phase: &Phase) -> Option<(&'static str, &'static str)> {
    Some(match phase {
        Phase::ResourceDevelopment => ("TA0042", "Resource Development"),
        Phase::InitialAccess => ("TA0001", "Initial Access"),
        Phase::Execution => ("TA0002", "Execution"),
        Phase::Persistence => ("TA0003", "Persistence"),
        Phase::DefenseEvasion => ("TA0005", "Defense Evasion"),
        Phase::Reconnaissance => ("TA0007", "Discovery"),
        Phase::CompromisedCredentials => ("TA0006", "Credential Access"),
        Phase::PrivilegeEscalation => ("TA0004", "Privilege Escalation"),
        Phase::LateralMovement => ("TA0008", "Lateral Movement"),
        Phase::Collection => ("TA0009", "Collection"),
        Phase::CommandAndControl => ("TA0011", "Command and Control"),
        Phase::Exfiltration => ("TA0010", "Exfiltration"),
        Phase::Impact => ("TA0040", "Impact"),
        Phase::DomainDominance | Phase::Other(_) => return None,
    })
}

/// A technique and, if it is one, the sub-technique: `T1003` and `T1003.006`.
pub(super) fn parts(technique: &Technique) -> (&str, Option<&str>) {
    let id = technique.as_str();
    match id.split_once('.') {
        Some((parent, _)) => (parent, Some(id)),
        None => (id, None),
    }
}

/// The name of a technique without its sub-technique. `None` for one that is not in the table: products name new ones
/// before it does.
pub(super) fn technique_name(id: &str) -> Option<&'static str> {
    NAMES.binary_search_by_key(&id, |(known, _)| known).ok().map(|at| NAMES[at].1)
}

/// By id, in order. The techniques of Defender for Identity's catalogue and of the other products' samples.
const NAMES: [(&str, &str); 87] = [
    ("T1003", "OS Credential Dumping"),
    ("T1005", "Data from Local System"),
    ("T1007", "System Service Discovery"),
    ("T1010", "Application Window Discovery"),
    ("T1012", "Query Registry"),
    ("T1016", "System Network Configuration Discovery"),
    ("T1018", "Remote System Discovery"),
    ("T1020", "Automated Exfiltration"),
    ("T1021", "Remote Services"),
    ("T1027", "Obfuscated Files or Information"),
    ("T1029", "Scheduled Transfer"),
    ("T1033", "System Owner/User Discovery"),
    ("T1036", "Masquerading"),
    ("T1039", "Data from Network Shared Drive"),
    ("T1041", "Exfiltration Over C2 Channel"),
    ("T1046", "Network Service Discovery"),
    ("T1047", "Windows Management Instrumentation"),
    ("T1048", "Exfiltration Over Alternative Protocol"),
    ("T1049", "System Network Connections Discovery"),
    ("T1053", "Scheduled Task/Job"),
    ("T1055", "Process Injection"),
    ("T1056", "Input Capture"),
    ("T1057", "Process Discovery"),
    ("T1059", "Command and Scripting Interpreter"),
    ("T1068", "Exploitation for Privilege Escalation"),
    ("T1069", "Permission Groups Discovery"),
    ("T1070", "Indicator Removal"),
    ("T1071", "Application Layer Protocol"),
    ("T1074", "Data Staged"),
    ("T1078", "Valid Accounts"),
    ("T1080", "Taint Shared Content"),
    ("T1082", "System Information Discovery"),
    ("T1083", "File and Directory Discovery"),
    ("T1087", "Account Discovery"),
    ("T1090", "Proxy"),
    ("T1098", "Account Manipulation"),
    ("T1105", "Ingress Tool Transfer"),
    ("T1106", "Native API"),
    ("T1110", "Brute Force"),
    ("T1112", "Modify Registry"),
    ("T1114", "Email Collection"),
    ("T1133", "External Remote Services"),
    ("T1134", "Access Token Manipulation"),
    ("T1135", "Network Share Discovery"),
    ("T1136", "Create Account"),
    ("T1140", "Deobfuscate/Decode Files or Information"),
    ("T1185", "Browser Session Hijacking"),
    ("T1187", "Forced Authentication"),
    ("T1189", "Drive-by Compromise"),
    ("T1190", "Exploit Public-Facing Application"),
    ("T1202", "Indirect Command Execution"),
    ("T1204", "User Execution"),
    ("T1207", "Rogue Domain Controller"),
    ("T1210", "Exploitation of Remote Services"),
    ("T1218", "System Binary Proxy Execution"),
    ("T1220", "XSL Script Processing"),
    ("T1482", "Domain Trust Discovery"),
    ("T1484", "Domain or Tenant Policy Modification"),
    ("T1485", "Data Destruction"),
    ("T1486", "Data Encrypted for Impact"),
    ("T1489", "Service Stop"),
    ("T1490", "Inhibit System Recovery"),
    ("T1518", "Software Discovery"),
    ("T1528", "Steal Application Access Token"),
    ("T1534", "Internal Spearphishing"),
    ("T1543", "Create or Modify System Process"),
    ("T1547", "Boot or Logon Autostart Execution"),
    ("T1550", "Use Alternate Authentication Material"),
    ("T1552", "Unsecured Credentials"),
    ("T1553", "Subvert Trust Controls"),
    ("T1555", "Credentials from Password Stores"),
    ("T1556", "Modify Authentication Process"),
    ("T1557", "Adversary-in-the-Middle"),
    ("T1558", "Steal or Forge Kerberos Tickets"),
    ("T1559", "Inter-Process Communication"),
    ("T1560", "Archive Collected Data"),
    ("T1562", "Impair Defenses"),
    ("T1564", "Hide Artifacts"),
    ("T1566", "Phishing"),
    ("T1567", "Exfiltration Over Web Service"),
    ("T1569", "System Services"),
    ("T1570", "Lateral Tool Transfer"),
    ("T1574", "Hijack Execution Flow"),
    ("T1586", "Compromise Accounts"),
    ("T1606", "Forge Web Credentials"),
    ("T1620", "Reflective Code Loading"),
    ("T1621", "Multi-Factor Authentication Request Generation"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_table_is_found() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(NAMES.iter().all(|(id, name)| technique_name(id) == Some(*name)));
        assert_eq!(technique_name("T9999"), None);
    }

    #[test]
    fn a_sub_technique_is_told_from_its_technique() {
        let found = |text| Technique::find(text).expect("it is one");
        assert_eq!(parts(&found("T1003.006")), ("T1003", Some("T1003.006")));
        assert_eq!(parts(&found("T1003")), ("T1003", None));
    }
}
