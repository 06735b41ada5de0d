//! What braid's enumerations are in OCSF's numbers. A value that OCSF has no number for is 99 (Other) with the value
//! itself as its caption.

use braid_alert::*;

/// A number and the caption that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code<'a> {
    pub(super) id: u32,
    pub(super) caption: &'a str,
}

const fn code(id: u32, caption: &str) -> Code<'_> {
    Code { id, caption }
}

const fn other(caption: &str) -> Code<'_> {
    code(99, caption)
}

const UNKNOWN: Code<'static> = code(0, "Unknown");

/// What happened. What is not open is closed whatever the last change was: of several changes in one commit only the
/// last is told.
pub(super) const fn activity(status: &IncidentStatus, version: i64) -> Code<'static> {
    match status {
        IncidentStatus::Resolved | IncidentStatus::Redirected => code(3, "Close"),
        _ if version == 1 => code(1, "Create"),
        _ => code(2, "Update"),
    }
}

/// Where it stands; `taken` if somebody works on it.
pub(super) fn status(status: &IncidentStatus, taken: bool) -> Code<'_> {
    match status {
        IncidentStatus::Active if taken => code(2, "In Progress"),
        IncidentStatus::Active => code(1, "New"),
        IncidentStatus::Resolved => code(4, "Resolved"),
        IncidentStatus::Redirected => code(5, "Closed"),
        IncidentStatus::Other(word) => other(word),
    }
}

/// The same of a change, which does not say who works on it. The class has no number for what is not known.
pub(super) fn status_of_change<'a>(status: &'a IncidentStatus, reason: &ChangeReason) -> Code<'a> {
    match (status, reason) {
        (IncidentStatus::Active, ChangeReason::Opened) => code(1, "New"),
        (IncidentStatus::Active, _) => other(status.as_str()),
        _ => self::status(status, false),
    }
}

/// How grave.
pub(super) fn severity(severity: &Severity) -> Code<'_> {
    match severity {
        Severity::Informational => code(1, "Informational"),
        Severity::Low => code(2, "Low"),
        Severity::Medium => code(3, "Medium"),
        Severity::High => code(4, "High"),
        Severity::Critical => code(5, "Critical"),
        Severity::Other(word) if severity.is_said() => other(word),
        Severity::Other(_) => UNKNOWN,
    }
}

/// The verdict. An incident that was merged into another is its duplicate, whatever was said of it before.
pub(super) fn verdict<'a>(
    status: &IncidentStatus,
    classification: Option<&'a Classification>,
    determination: Option<&Determination>,
) -> Code<'a> {
    if *status == IncidentStatus::Redirected {
        return code(10, "Duplicate");
    }
    match determination {
        Some(Determination::SecurityTesting) => return code(6, "Test"),
        Some(Determination::NotEnoughDataToValidate) => return code(7, "Insufficient Data"),
        _ => {}
    }
    match classification {
        Some(Classification::FalsePositive) => code(1, "False Positive"),
        Some(Classification::TruePositive) => code(2, "True Positive"),
        Some(Classification::InformationalExpectedActivity) => code(5, "Benign"),
        Some(Classification::Other(word)) => other(word),
        Some(Classification::Unknown) | None => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_open_is_closed_and_a_merged_incident_is_a_duplicate() {
        let merged = IncidentStatus::Redirected;
        let said = Some(&Classification::TruePositive);
        assert_eq!(activity(&merged, 1).caption, "Close");
        assert_eq!(status(&merged, true), code(5, "Closed"));
        assert_eq!(verdict(&merged, said, None), code(10, "Duplicate"));
        assert_eq!(activity(&IncidentStatus::Active, 1).caption, "Create");
        assert_eq!(activity(&IncidentStatus::Active, 2).caption, "Update");
        assert_eq!(activity(&IncidentStatus::Resolved, 2).caption, "Close");
    }

    #[test]
    fn what_ocsf_does_not_know_is_other_with_its_own_word() {
        let word = Severity::Other("catastrophic".into());
        assert_eq!(severity(&word), code(99, "catastrophic"));
        assert_eq!(severity(&Severity::unknown()), code(0, "Unknown"));
        let verdict = |c, d| verdict(&IncidentStatus::Active, c, d);
        let (odd, benign) =
            (Classification::Other("odd".into()), Classification::InformationalExpectedActivity);
        assert_eq!(verdict(Some(&odd), None), code(99, "odd"));
        assert_eq!(verdict(Some(&Classification::Unknown), Some(&Determination::Apt)), UNKNOWN);
        assert_eq!(verdict(Some(&benign), Some(&Determination::SecurityTesting)), code(6, "Test"));
    }

    #[test]
    fn a_change_says_of_an_open_incident_only_that_it_is_new_when_it_is() {
        let active = IncidentStatus::Active;
        assert_eq!(status_of_change(&active, &ChangeReason::Opened).caption, "New");
        assert_eq!(status_of_change(&active, &ChangeReason::AlertJoined), code(99, "active"));
        assert_eq!(status_of_change(&IncidentStatus::Resolved, &ChangeReason::Resolved).caption, "Resolved");
    }
}
