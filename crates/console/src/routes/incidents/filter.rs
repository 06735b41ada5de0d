use braid_alert::{Incident, IncidentStatus, Severity};
use braid_runtime::hot_index::Place;
use serde::Deserialize;

use crate::problem::Problem;
use crate::routes::parameters::{given, limit, list, searched};

/// What the query string says. A parameter that is not among these is a mistake, and is said to be one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::routes) struct Asked {
    status: Option<String>,
    severity: Option<String>,
    tenant: Option<String>,
    text: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What is looked for.
#[derive(Debug)]
pub(super) struct Filter {
    status: Vec<IncidentStatus>,
    severity: Vec<Severity>,
    tenant: Option<String>,
    /// In lower case.
    text: Option<String>,
    pub(super) limit: usize,
    pub(super) after: Option<Place>,
}

impl Filter {
    /// Reads the parameters: `status` and `severity` are lists with commas, and an empty parameter is as good as none.
    /// Without a `status` redirected incidents are left out: their alerts stand in the survivors.
    pub(super) fn read(asked: Asked) -> Result<Self, Problem> {
        let status = list(given(asked.status), "status", IncidentStatus::KNOWN, IncidentStatus::as_str)?;
        let after = given(asked.cursor).map(|cursor| cursor.parse::<Place>()).transpose();
        Ok(Self {
            status: status.unwrap_or_else(|| vec![IncidentStatus::Active, IncidentStatus::Resolved]),
            severity: list(given(asked.severity), "severity", Severity::KNOWN, Severity::as_str)?
                .unwrap_or_default(),
            tenant: given(asked.tenant),
            text: searched(asked.text)?,
            limit: limit(asked.limit)?,
            after: after.map_err(|error| Problem::bad_request(format!("cursor: {error}")))?,
        })
    }

    pub(super) fn admits(&self, incident: &Incident) -> bool {
        self.status.contains(&incident.status)
            && (self.severity.is_empty() || self.severity.contains(&incident.severity))
            && self.tenant.as_deref().is_none_or(|tenant| tenant == incident.tenant.as_str())
            && self.text.as_deref().is_none_or(|text| mentions(incident, text))
    }
}

/// Whether a text stands in what a person would search: titles, ids, entities and their names. In any case.
fn mentions(incident: &Incident, text: &str) -> bool {
    let holds = |field: &str| field.to_lowercase().contains(text);
    holds(&incident.title)
        || holds(&incident.id.to_string())
        || incident.alerts.iter().any(|alert| {
            holds(&alert.title)
                || holds(alert.id.as_str())
                || alert.source_alert_id.as_deref().is_some_and(holds)
        })
        || incident.entities.iter().any(|entity| {
            holds(&entity.name) || entity.identifiers.iter().any(|identifier| holds(&identifier.value))
        })
        || incident.techniques.iter().any(|technique| holds(technique.as_str()))
}
