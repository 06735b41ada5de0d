//! How an attacker went from host to host.

use braid_alert::{Alert, Phase};

/// Whether an alert stands where an attacker moves between hosts, or has moved already: lateral movement, or what comes
/// after it on the way of an attack.
pub(crate) fn is_movement(alert: &Alert) -> bool {
    let known = alert.phase.as_ref().filter(|phase| !matches!(phase, Phase::Other(_)));
    known.is_some_and(|phase| *phase >= Phase::LateralMovement)
}
