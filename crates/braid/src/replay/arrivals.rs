use braid_alert::{Alert, Tenant};
use braid_engine::Input;

use super::EachEvent;
use super::player::Player;
use crate::cli;
use crate::decode::{Place, Refusals, each_alert};

/// An alert that waits for its turn.
struct Arrival {
    alert: Box<Alert>,
    place: Place,
}

/// Plays the alerts of all files in the order in which they arrived.
pub(super) fn play(
    files: &[cli::Input],
    tenant: Option<&Tenant>,
    player: &mut Player,
    each_event: &mut EachEvent<'_>,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    for Arrival { alert, place } in in_order(files, tenant, refusals)? {
        let title = alert.title.clone();
        if let Some(reason) = player.apply(0, Input::Alert(alert), each_event)? {
            refusals.tell_rejected(&place, reason, &title);
        }
    }
    Ok(())
}

/// All alerts, oldest first. A file need not be in order itself, so that all of it must be read before the first alert
/// can be told.
fn in_order(
    files: &[cli::Input],
    tenant: Option<&Tenant>,
    refusals: &mut Refusals,
) -> anyhow::Result<Vec<Arrival>> {
    let mut arrivals = Vec::new();
    for input in files {
        each_alert(input, tenant, &mut |place, found| {
            match found {
                Ok(alert) => arrivals.push(Arrival { alert: Box::new(alert), place }),
                Err(refusal) => refusals.tell(&place, &refusal),
            }
            Ok(())
        })?;
    }
    // Stable: at the same time the order of the files, then of the lines.
    arrivals.sort_by_key(|arrival| arrival.alert.origin.source_time);
    Ok(arrivals)
}
