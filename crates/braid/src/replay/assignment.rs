use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use braid_alert::{AlertKey, Incident, IncidentAlert, IncidentId, IncidentStatus, Tenant};

use super::player::Untold;

/// An alert and the incident that it is in.
#[derive(Debug)]
pub(crate) struct Assigned<'a> {
    /// The provider's id.
    pub(crate) id: &'a str,
    /// The ids by which the sources gave it; the provider's if they had none of their own.
    pub(crate) source_ids: Vec<&'a str>,
    pub(crate) incident: IncidentId,
}

/// Writes `alert id,incident id` for each id by which a source gave an alert.
pub(super) fn write(incidents: &[Incident], untold: &Untold, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"alert id,incident id\n")?;
    for alert in all(incidents, untold) {
        for id in &alert.source_ids {
            writeln!(out, "{},{}", field(id), alert.incident)?;
        }
    }
    out.flush()
}

/// Each alert's incident, in the order of the incidents. An incident that was merged into another one has no alerts any
/// more, so that each of them counts for the survivor.
///
/// Alerts that a flood only counts follow, by their keys: no record lists them.
pub(crate) fn all<'a>(incidents: &'a [Incident], untold: &'a Untold) -> Vec<Assigned<'a>> {
    let listed = assigned(incidents);
    let known: BTreeSet<_> = listed.iter().map(|(i, a)| (&i.tenant, &a.provider, &a.id)).collect();
    let records: BTreeMap<_, _> = incidents.iter().map(|i| ((&i.tenant, i.id), i)).collect();
    let mut all: Vec<Assigned<'_>> = listed
        .iter()
        .map(|(incident, alert)| {
            let key = AlertKey { provider: alert.provider.clone(), id: alert.id.clone() };
            let (id, incident_id) = (alert.id.as_str(), incident.id);
            let source_ids = source_ids(untold, &(incident.tenant.clone(), key), id);
            Assigned { id, source_ids, incident: incident_id }
        })
        .collect();
    for (key, joined) in &untold.folded {
        let (tenant, AlertKey { provider, id }) = key;
        // A split may have listed it since.
        if !known.contains(&(tenant, provider, id)) {
            let survivor = records.get(&(tenant, *joined)).and_then(|record| record.redirect_incident_id);
            let source_ids = source_ids(untold, key, id.as_str());
            all.push(Assigned { id: id.as_str(), source_ids, incident: survivor.unwrap_or(*joined) });
        }
    }
    all
}

fn source_ids<'a>(untold: &'a Untold, key: &(Tenant, AlertKey), id: &'a str) -> Vec<&'a str> {
    untold.source_ids.get(key).map_or_else(|| vec![id], |ids| ids.iter().map(|id| &**id).collect())
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
