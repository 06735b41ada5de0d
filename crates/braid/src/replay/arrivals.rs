use braid_alert::{Alert, Tenant};
use braid_engine::Input;

use super::EachInput;
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
    alerts_max: usize,
    each_input: &mut EachInput<'_>,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    for Arrival { alert, place } in in_order(files, tenant, alerts_max, refusals)? {
        let title = alert.title.clone();
        if let Some(reason) = each_input(0, Input::Alert(alert))? {
            refusals.tell_rejected(&place, reason, &title);
        }
    }
    Ok(())
}

/// All alerts, oldest first. A file need not be in order itself, so that all of it must be read before the first alert
/// can be told; so there is a bound.
fn in_order(
    files: &[cli::Input],
    tenant: Option<&Tenant>,
    alerts_max: usize,
    refusals: &mut Refusals,
) -> anyhow::Result<Vec<Arrival>> {
    let mut arrivals = Vec::new();
    for input in files {
        each_alert(input, tenant, &mut |place, found| {
            match found {
                Ok(_) if arrivals.len() == alerts_max => return Err(too_many(&place, alerts_max)),
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

fn too_many(place: &Place, alerts_max: usize) -> anyhow::Error {
    anyhow::anyhow!(
        "{place}: these files hold more than {alerts_max} alerts, which must all be in memory to be put in order: raise \
         --alerts-max if there is room (some kilobytes each), or replay a part of them"
    )
}
