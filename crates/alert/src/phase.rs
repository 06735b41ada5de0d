use crate::text_enum::text_enum;

text_enum! {
    /// Where on the way of an attack an alert stands: the five phases by which Defender for Identity sorts its
    /// detections, or another ATT&CK tactic where none of them fits.
    ///
    /// Declared in the order of an attack, which is the order of the story and of [`Phase::step`].
    Phase {
        /// ATT&CK TA0042.
        ResourceDevelopment = "resourceDevelopment",
        /// ATT&CK TA0001.
        InitialAccess = "initialAccess" | "TA0001",
        /// ATT&CK TA0002.
        Execution = "execution" | "TA0002",
        /// ATT&CK TA0003.
        Persistence = "persistence" | "TA0003",
        /// ATT&CK TA0005.
        DefenseEvasion = "defenseEvasion" | "TA0005",
        /// Reconnaissance inside the network; ATT&CK calls it Discovery (TA0007), Reconnaissance (TA0043) outside.
        Reconnaissance = "reconnaissance" | "discovery" | "TA0007" | "TA0043",
        /// ATT&CK calls it Credential Access (TA0006).
        CompromisedCredentials = "compromisedCredentials" | "credentialAccess" | "compromised credentials" | "TA0006",
        /// ATT&CK TA0004.
        PrivilegeEscalation = "privilegeEscalation" | "TA0004",
        /// ATT&CK TA0008.
        LateralMovement = "lateralMovement" | "lateral movement" | "TA0008",
        /// Control over the domain itself: replication rights, forged tickets, the controllers.
        DomainDominance = "domainDominance" | "domain dominance",
        /// ATT&CK TA0009.
        Collection = "collection" | "TA0009",
        /// ATT&CK TA0011.
        CommandAndControl = "commandAndControl" | "TA0011",
        /// ATT&CK TA0010.
        Exfiltration = "exfiltration" | "TA0010",
        /// ATT&CK TA0040.
        Impact = "impact" | "TA0040",
    }
}

impl Phase {
    /// The step of the kill chain that this phase is, from 1 (reconnaissance) to 5 (exfiltration); `None` for a tactic
    /// that has no fixed place in it.
    pub const fn step(&self) -> Option<u8> {
        match self {
            Self::Reconnaissance => Some(1),
            Self::CompromisedCredentials => Some(2),
            Self::LateralMovement => Some(3),
            Self::DomainDominance => Some(4),
            Self::Exfiltration => Some(5),
            _ => None,
        }
    }

    /// As it reads in a sentence: "lateral movement".
    pub fn words(&self) -> &str {
        match self {
            Self::ResourceDevelopment => "resource development",
            Self::InitialAccess => "initial access",
            Self::Execution => "execution",
            Self::Persistence => "persistence",
            Self::DefenseEvasion => "defense evasion",
            Self::Reconnaissance => "reconnaissance",
            Self::CompromisedCredentials => "compromised credentials",
            Self::PrivilegeEscalation => "privilege escalation",
            Self::LateralMovement => "lateral movement",
            Self::DomainDominance => "domain dominance",
            Self::Collection => "collection",
            Self::CommandAndControl => "command and control",
            Self::Exfiltration => "exfiltration",
            Self::Impact => "impact",
            Self::Other(text) => text,
        }
    }
}
