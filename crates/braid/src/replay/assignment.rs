use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use braid_alert::{Incident, IncidentAlert, IncidentId, IncidentStatus};

use super::player::FoldedAlerts;

/// An alert and the incident that it is in.
#[derive(Debug)]
pub(crate) struct Assigned<'a> {
    /// The provider's id.
    pub(crate) id: &'a str,
    /// The id as the source gave it.
    pub(crate) source_id: &'a str,
    pub(crate) incident: IncidentId,
}

/// Writes `alert id,incident id` for each alert.
pub(super) fn write(incidents: &[Incident], folded: &FoldedAlerts, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"alert id,incident id\n")?;
    for alert in all(incidents, folded) {
        writeln!(out, "{},{}", field(alert.source_id), alert.incident)?;
    }
    out.flush()
}

/// Each alert's incident, in the order of the incidents. An incident that was merged into another one has no alerts any
/// more, so that each of them counts for the survivor.
///
/// Alerts that a flood only counts follow, by their keys: no record lists them.
pub(crate) fn all<'a>(incidents: &'a [Incident], folded: &'a FoldedAlerts) -> Vec<Assigned<'a>> {
    let listed = assigned(incidents);
    let known: BTreeSet<_> = listed.iter().map(|(i, a)| (&i.tenant, &a.provider, &a.id)).collect();
    let records: BTreeMap<_, _> = incidents.iter().map(|i| ((&i.tenant, i.id), i)).collect();
    let mut all: Vec<Assigned<'_>> = listed
        .iter()
        .map(|(incident, alert)| {
            let source_id = alert.source_alert_id.as_deref().unwrap_or(alert.id.as_str());
            Assigned { id: alert.id.as_str(), source_id, incident: incident.id }
        })
        .collect();
    for ((tenant, key), alert) in folded {
        // A split may have listed it since.
        if !known.contains(&(tenant, &key.provider, &key.id)) {
            let record = records.get(&(tenant, alert.incident));
            let survivor = record.and_then(|record| record.redirect_incident_id).unwrap_or(alert.incident);
            all.push(Assigned { id: key.id.as_str(), source_id: &alert.id, incident: survivor });
        }
    }
    all
}

/// Each alert with its incident; an alert that was forgotten and came again, with the later one.
pub(super) fn assigned(incidents: &[Incident]) -> Vec<(&Incident, &IncidentAlert)> {
    let mut last = BTreeMap::new();
    let standing = incidents.iter().filter(|incident| incident.status != IncidentStatus::Redirected);
    let all = standing.flat_map(|incident| incident.alerts.iter().map(move |alert| (incident, alert)));
    for (place, (incident, alert)) in all.enumerate() {
        last.insert((&incident.tenant, &alert.provider, &alert.id), (place, incident, alert));
    }
    let mut rows: Vec<_> = last.into_values().collect();
    rows.sort_by_key(|(place, ..)| *place);
    rows.into_iter().map(|(_, incident, alert)| (incident, alert)).collect()
}

/// A field of CSV (RFC 4180).
fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_break_the_row_is_quoted() {
        assert_eq!(field("da638034938542563831_172489803"), "da638034938542563831_172489803");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
