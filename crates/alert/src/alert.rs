use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{
    AlertId, AlertKey, EventTime, Evidence, IndicatorMatches, Phase, Provider, Severity, SourceTime, Tenant,
};

/// One finding by one product.
///
/// It is the same alert when tenant, provider and the provider's id agree; then it is a *revision* of it, and the
/// engine folds it into what it knows: the newest revision says status, severity and texts, evidence only grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Whose alert it is.
    pub tenant: Tenant,
    /// Which product raised it.
    pub provider: Provider,
    /// That product's id of it.
    pub id: AlertId,
    /// The id under which this feed carries it, where that is another one: `SystemAlertId` of a Sentinel row, the
    /// `aa…` form of Defender's portal. What a person looks for, and what `--assignment` writes.
    pub source_alert_id: Option<Box<str>>,
    /// One line for people.
    pub title: Box<str>,
    /// What the product says about it, as it says it.
    pub description: Option<Box<str>>,
    /// How grave.
    pub severity: Severity,
    /// What became of it at the source.
    pub status: AlertStatus,
    /// An analyst's verdict at the source.
    pub classification: Option<Classification>,
    /// What the analyst found it to be.
    pub determination: Option<Determination>,
    /// Who works on it at the source.
    pub assignee: Option<Box<str>>,
    /// Which rule or detector raised it: Defender for Identity's external id, a detector's GUID, an alert type.
    pub detector: Option<Box<str>>,
    /// The product's own category, as it stands.
    pub category: Option<Box<str>>,
    /// Where on the way of an attack it stands.
    pub phase: Option<Phase>,
    /// ATT&CK techniques, such as `T1003.006`.
    pub techniques: Vec<Technique>,
    /// When the activity began.
    pub first_activity: EventTime,
    /// When it ended; the beginning, where the product gives no end.
    pub last_activity: EventTime,
    /// When the product raised it.
    pub created: Option<EventTime>,
    /// When the product last changed it: the newer of two revisions is the one with the later time here.
    pub updated: EventTime,
    /// When it was resolved at the source.
    pub resolved: Option<EventTime>,
    /// Where the product shows it.
    pub portal_url: Option<Box<str>>,
    /// The entities it is about.
    pub evidence: Vec<Evidence>,
    /// What threat intelligence knew of it when it came.
    pub indicators: IndicatorMatches,
    /// Whether it may open and join incidents; frozen when the alert arrives.
    pub correlate: Correlate,
    /// Where it came from.
    pub origin: Origin,
}

impl Alert {
    /// What makes it the same alert when it comes again.
    pub fn key(&self) -> AlertKey {
        AlertKey { provider: self.provider.clone(), id: self.id.clone() }
    }
}

/// The record that an alert came in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The configured source that read it.
    pub source: Box<str>,
    /// The topic, or the file.
    pub topic: Box<str>,
    /// The partition; 0 for a file.
    pub partition: i32,
    /// The offset; for a file, the line (from 0) or the record's number.
    pub offset: i64,
    /// Which element of the record it is, where a record holds several; else 0.
    pub element: i32,
    /// The record's Kafka timestamp, capped at the clock of the stage that read it.
    pub source_time: SourceTime,
    /// The record's own timestamp was ahead of that clock and has been capped.
    pub source_time_capped: bool,
}

text_enum! {
    /// What became of an alert at its source (Graph's `alertStatus`).
    AlertStatus {
        /// Nobody has looked at it, or it is open.
        New = "new" | "active",
        /// Somebody is on it.
        InProgress = "inProgress" | "in progress",
        /// It is done with.
        Resolved = "resolved" | "dismissed" | "closed",
        /// The source does not say.
        Unknown = "unknown",
    }
}

text_enum! {
    /// An analyst's verdict (Graph's `alertClassification`).
    Classification {
        /// An attack.
        TruePositive = "truePositive" | "true positive",
        /// A mistake of the product.
        FalsePositive = "falsePositive" | "false positive",
        /// It happened, and was meant to.
        InformationalExpectedActivity = "informationalExpectedActivity" | "benignPositive",
        /// None yet.
        Unknown = "unknown" | "undetermined",
    }
}

text_enum! {
    /// What an analyst found an alert to be (Graph's `alertDetermination`).
    Determination {
        /// Advanced persistent threat.
        Apt = "apt",
        /// Malware.
        Malware = "malware",
        /// The security staff at work.
        SecurityPersonnel = "securityPersonnel",
        /// A test.
        SecurityTesting = "securityTesting",
        /// Software that nobody wants.
        UnwantedSoftware = "unwantedSoftware",
        /// An attack of several stages.
        MultiStagedAttack = "multiStagedAttack",
        /// An account in other hands.
        CompromisedAccount = "compromisedAccount" | "compromisedUser",
        /// Phishing.
        Phishing = "phishing",
        /// A user with bad intent.
        MaliciousUserActivity = "maliciousUserActivity",
        /// Nothing bad.
        NotMalicious = "notMalicious" | "clean",
        /// Too little to tell.
        NotEnoughDataToValidate = "notEnoughDataToValidate" | "insufficientData",
        /// The user says it was them.
        ConfirmedActivity = "confirmedActivity" | "confirmedUserActivity",
        /// An application of the business.
        LineOfBusinessApplication = "lineOfBusinessApplication",
        /// None yet.
        Unknown = "unknown" | "notAvailable",
    }
}

text_enum! {
    /// What correlation may do with an alert, by its source or detector.
    Correlate {
        /// It opens incidents, joins them and merges them.
        Full = "full",
        /// It joins an incident that is there, and opens one for itself alone; it never merges two.
        Join = "join",
        /// It has an incident for itself alone.
        Off = "off",
    }
}

/// An ATT&CK technique or sub-technique: `T1003`, `T1003.006`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Technique(Box<str>);

impl Technique {
    /// Finds the technique in a text such as `T1078`, `Valid Accounts (T1078)` or `attack.t1003.006`.
    /// `None` if there is none.
    pub fn find(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        (0..bytes.len()).find_map(|at| {
            let boundary = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
            let digits = |from: usize| {
                bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count()
            };
            if !(boundary && bytes[at].eq_ignore_ascii_case(&b'T') && digits(at + 1) == 4) {
                return None;
            }
            let sub = bytes.get(at + 5) == Some(&b'.') && digits(at + 6) == 3;
            Some(Self(text[at..at + if sub { 9 } else { 5 }].to_ascii_uppercase().into()))
        })
    }

    /// The id, such as `T1003.006`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Technique {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_technique_is_found_in_the_forms_that_products_write() {
        let find = |text| Technique::find(text).map(|t| t.as_str().to_owned());
        assert_eq!(find("T1078").as_deref(), Some("T1078"));
        assert_eq!(find("Valid Accounts (T1078)").as_deref(), Some("T1078"));
        assert_eq!(find("attack.t1003.006").as_deref(), Some("T1003.006"));
        assert_eq!(find("T1003.06").as_deref(), Some("T1003"));
        assert_eq!(find("AT1078"), None);
        assert_eq!(find("T107"), None);
        assert_eq!(find("é T10789"), None);
    }
}
