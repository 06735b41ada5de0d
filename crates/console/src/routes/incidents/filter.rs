use braid_alert::{Incident, IncidentStatus, Severity};
use braid_runtime::hot_index::Place;
use serde::Deserialize;

use crate::problem::Problem;

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// Longer texts are no search.
const TEXT_CHARACTERS_MAX: usize = 256;

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
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let status = list(given(asked.status), "status", IncidentStatus::KNOWN, IncidentStatus::as_str)?;
        let text = given(asked.text).map(|text| text.to_lowercase());
        if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARACTERS_MAX) {
            return Err(Problem::bad_request(format!("text has at most {TEXT_CHARACTERS_MAX} characters")));
        }
        let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::bad_request(format!("limit is a number from 1 to {LIMIT_MAX}")));
        }
        let after = given(asked.cursor).map(|cursor| cursor.parse::<Place>()).transpose();
        Ok(Self {
            status: status.unwrap_or_else(|| vec![IncidentStatus::Active, IncidentStatus::Resolved]),
            severity: list(given(asked.severity), "severity", Severity::KNOWN, Severity::as_str)?
                .unwrap_or_default(),
            tenant: given(asked.tenant),
            text,
            limit,
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

/// Reads `a,b`; a word that is not known could match nothing, so it is a mistake.
fn list<T: Clone>(
    text: Option<String>,
    name: &str,
    known: &[T],
    as_str: fn(&T) -> &str,
) -> Result<Option<Vec<T>>, Problem> {
    let read = |word: &str| {
        let found = known.iter().find(|value| as_str(value).eq_ignore_ascii_case(word.trim()));
        found.cloned().ok_or_else(|| {
            let known: Vec<_> = known.iter().map(as_str).collect();
            Problem::bad_request(format!("{name} is one or several, with commas, of: {}", known.join(", ")))
        })
    };
    text.map(|text| text.split(',').map(read).collect()).transpose()
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
