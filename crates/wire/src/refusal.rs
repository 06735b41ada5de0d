use std::fmt;

use braid_alert::{EventTime, Severity};

/// How much of a health report its refusal's detail shows.
const HEALTH_DETAIL_CHARACTERS: usize = 300;

/// Why a record, or one element of it, is not an alert: the reason for the metric, the detail for the person who has
/// to mend the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, as a label.
    pub reason: RefusalReason,
    /// Where it is wrong and what was found there: a column, a JSON path or a byte offset, then the value, shortened.
    pub detail: Box<str>,
    /// Which element of the record it is, where a record holds several; else 0.
    pub element: i32,
    /// What the product says about itself, where that is what the record is ([`RefusalReason::HealthAlert`]).
    pub health: Option<Box<HealthReport>>,
}

/// What a product says about itself instead of about an attack: a sensor that is silent, a database that is down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthReport {
    /// What the product calls it, such as `GatewayDisconnectedMonitoringAlert`.
    pub kind: Box<str>,
    /// What it says, as it says it; at most 4 KiB.
    pub text: Box<str>,
    /// How grave.
    pub severity: Severity,
    /// When the product said it, or else when its record came.
    pub at: EventTime,
}

impl Refusal {
    /// A refusal of a record's first or only element. [`crate::decode`] sets the number of every other one.
    pub fn new(reason: RefusalReason, detail: impl Into<Box<str>>) -> Self {
        Self { reason, detail: detail.into(), element: 0, health: None }
    }

    /// What stands in place of an alert where a product reports on itself.
    pub fn health(report: HealthReport) -> Self {
        let detail = format!("{}: {}", report.kind, report.text);
        let detail: String = detail.chars().take(HEALTH_DETAIL_CHARACTERS).collect();
        Self { health: Some(Box::new(report)), ..Self::new(RefusalReason::HealthAlert, detail) }
    }

    /// Whether this is a stated drop: what the configuration asks to leave out, or what stands beside alerts by design. It is counted like every refusal, but
    /// it is no fault of the record and makes no dead letter.
    pub const fn is_drop(&self) -> bool {
        self.reason.is_drop()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)?;
        if self.element > 0 { write!(f, " (element {})", self.element) } else { Ok(()) }
    }
}

impl std::error::Error for Refusal {}

/// Declares the reasons once, so that the label, the list of all and the meaning cannot drift apart.
macro_rules! refusal_reasons {
    ($($(#[$meta:meta])* $variant:ident = $label:literal,)+) => {
        /// The closed list of reasons for which input is refused; each is a metric label and a dead letter's header.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusalReason {
            $($(#[$meta])* $variant,)+
        }

        impl RefusalReason {
            /// Every reason, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The label: snake case, stable across releases.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }
        }
    };
}

refusal_reasons! {
    /// There are no bytes, or nothing but white space.
    Empty = "empty",
    /// The record is larger, or holds more elements, than a decoder tries to read.
    TooLarge = "too_large",
    /// It should be text and is not UTF-8.
    InvalidUtf8 = "invalid_utf8",
    /// It ends in the middle.
    Truncated = "truncated",
    /// It breaks the grammar of its format.
    Malformed = "malformed",
    /// It is something else than the source's configured format.
    UnknownFormat = "unknown_format",
    /// It is of the format and no alert: a resource of another kind.
    NotAnAlert = "not_an_alert",
    /// It stands beside alerts in a source that carries more by design: a row of another table, an assessment, an incident
    /// that lists no alert, a page without elements. A stated drop.
    BesideAlerts = "beside_alerts",
    /// A field on which identity or order depends holds what cannot be read as such.
    WrongType = "wrong_type",
    /// Nothing says which alert it is.
    MissingId = "missing_id",
    /// Nothing says which product raised it.
    MissingProvider = "missing_provider",
    /// Nothing says when it happened.
    MissingTime = "missing_time",
    /// It happened before the year 2000, or further ahead than the source's `future_max`.
    TimeOutOfRange = "time_out_of_range",
    /// Nothing says whose it is.
    MissingTenant = "missing_tenant",
    /// Whose it says it is, is not among the source's aliases.
    UnmappedTenant = "unmapped_tenant",
    /// It is a part that the product makes alerts of and shows to nobody by itself: a stated drop.
    BuildingBlock = "building_block",
    /// It is less grave than the source's minimum: a stated drop.
    BelowMinimumSeverity = "below_minimum_severity",
    /// Its detector is a preview of the product's, and the source takes none: a stated drop.
    PreviewDetector = "preview_detector",
    /// The source leaves its detector out: a stated drop.
    ExcludedDetector = "excluded_detector",
    /// The source leaves out what is about an entity that it names: a stated drop.
    ExcludedEntity = "excluded_entity",
    /// It is the mitigation of a threat that the source leaves out: a stated drop.
    FilteredMitigation = "filtered_mitigation",
    /// The product reports on itself. It goes to the source's status and makes no incident: a stated drop.
    HealthAlert = "health_alert",
    /// What a command or a directory record cannot do without is not there.
    MissingField = "missing_field",
    /// There is a field that has no place here: it is misspelt, stands twice, or belongs to another action.
    UnexpectedField = "unexpected_field",
    /// A field says what this release does not know, where guessing would do something else than was meant.
    UnknownValue = "unknown_value",
    /// Its Avro schema is not known here: a newer release wrote it, or a schema registry that is not asked has it. One of
    /// braid's own partitions waits then.
    UnknownSchema = "unknown_schema",
    /// Its Avro schema is known, and what it wrote cannot be read as a record of braid's.
    IncompatibleSchema = "incompatible_schema",
}

impl RefusalReason {
    /// Whether it is a stated drop and no fault; see [`Refusal::is_drop`].
    pub const fn is_drop(self) -> bool {
        matches!(
            self,
            Self::BesideAlerts
                | Self::BuildingBlock
                | Self::BelowMinimumSeverity
                | Self::PreviewDetector
                | Self::ExcludedDetector
                | Self::ExcludedEntity
                | Self::FilteredMitigation
                | Self::HealthAlert
        )
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_snake_case_and_differ() {
        let labels: std::collections::BTreeSet<_> = RefusalReason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(labels.len(), RefusalReason::ALL.len());
        assert!(labels.iter().all(|l| l.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'8')));
    }

    #[test]
    fn only_what_the_configuration_leaves_out_is_a_drop_and_what_stands_beside_alerts() {
        let drops: Vec<_> = RefusalReason::ALL.iter().filter(|r| r.is_drop()).map(|r| r.as_str()).collect();
        assert_eq!(
            drops,
            [
                "beside_alerts",
                "building_block",
                "below_minimum_severity",
                "preview_detector",
                "excluded_detector",
                "excluded_entity",
                "filtered_mitigation",
                "health_alert",
            ]
        );
    }

    #[test]
    fn a_refusal_reads_as_reason_detail_and_place() {
        let mut refusal = Refusal::new(RefusalReason::MissingTime, "StartTime is empty");
        assert_eq!(refusal.to_string(), "missing_time: StartTime is empty");
        refusal.element = 3;
        assert_eq!(refusal.to_string(), "missing_time: StartTime is empty (element 3)");
    }
}
