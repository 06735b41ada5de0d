use braid_alert::Alert;

use super::expectation::Expectation;

/// Alerts, and what they should come to.
pub(super) struct Case {
    pub(super) name: String,
    /// The line that it begins in.
    pub(super) line: usize,
    /// In the order of arrival.
    pub(super) alerts: Vec<Alert>,
    pub(super) expectation: Expectation,
}
