//! What the streaming API of Defender XDR writes to Event Hubs: rows of the tables of advanced hunting.
//!
//! Source: MicrosoftDocs/defender-docs, `streaming-api-event-hub.md`. A record holds rows of several tables, each in an
//! envelope that names its table; a row that somebody has unpacked, with its table in `Type`, is read too. Of the tables
//! only `AlertInfo` and `AlertEvidence` are alerts, in parts: each row is the alert as far as it goes. Those of one
//! record are put together here; those of different records are revisions of each other, in whatever order they come,
//! and the engine folds them.

use std::borrow::Cow;
use std::collections::HashMap;

use braid_alert::{Alert, AlertKey, Tenant};
use serde::Deserialize;

use super::elements::raw_elements_of;
use super::envelope::foreign_refusal;
use super::evidence_list::{ENTITIES_MAX, EvidenceList, entity_count};
use super::json::{Json, Object, refusal_of};
use super::{Context, not_an_object, shorten, streaming_row};
use crate::{Format, Refusal, RefusalReason};

/// The tables whose rows are parts of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Info,
    Evidence,
}

/// Reads a record; each result has the number of the row that it comes of, or the first of them.
pub(super) fn decode(value: &[u8], context: &Context<'_>) -> Result<Vec<Result<Alert, Refusal>>, Refusal> {
    // As they stand: most are of tables that nobody reads here, and those are not taken apart.
    let rows = raw_elements_of(value, &context.rules.format.envelope())?;
    let mut record = Record::default();
    for (place, row) in (0..).zip(rows) {
        match row.and_then(|row| part(row, context)) {
            Ok(part) => record.add(place, part),
            Err(refusal) => record.results.push((place, Found::Refused(refusal))),
        }
    }
    Ok(record.into_alerts(context))
}

/// What one row says of an alert.
struct Part {
    table: Table,
    alert: Alert,
}

fn part(row: &str, context: &Context<'_>) -> Result<Part, Refusal> {
    let table = table_of(row)?;
    let envelope = Json::parse(row)?;
    let envelope = envelope.object().ok_or_else(|| not_an_object(&envelope))?;
    let alert = streaming_row::alert(table, columns_of(envelope)?, envelope, context)?;
    Ok(Part { table, alert: context.check_times(alert)? })
}

/// Which table a row is of, without reading it.
fn table_of(row: &str) -> Result<Table, Refusal> {
    #[derive(Deserialize)]
    struct Names<'a> {
        #[serde(borrow)]
        category: Option<Json<'a>>,
        #[serde(borrow, rename = "Type")]
        table: Option<Json<'a>>,
    }
    if !row.starts_with('{') {
        return Err(not_an_object(&Json::parse(row)?));
    }
    let names: Names<'_> = serde_json::from_str(row).map_err(|error| refusal_of(&error))?;
    let category = names.category.as_ref().and_then(Json::text);
    let name =
        category.as_deref().map(Cow::Borrowed).or_else(|| names.table.as_ref()?.text()).ok_or_else(|| {
            let detail = "it has neither a category nor a Type that names its table";
            Refusal::new(RefusalReason::UnknownFormat, detail)
        })?;
    let table = name.strip_prefix("AdvancedHunting-");
    match table.unwrap_or(&name) {
        "AlertInfo" => Ok(Table::Info),
        "AlertEvidence" => Ok(Table::Evidence),
        _ => Err(match table {
            Some(_) => of_other_table(&name),
            None => without_prefix(row, &name, category.is_some()),
        }),
    }
}

fn of_other_table(name: &str) -> Refusal {
    let detail =
        format!("it is a row of {:?}, and only AlertInfo and AlertEvidence are alerts", shorten(name));
    Refusal::new(RefusalReason::BesideAlerts, detail)
}

/// What a row is that names its table without the prefix of the streaming API: one that somebody has taken out of its envelope, or
/// of another product's in the same hub, as Azure's own logs; but alerts of other formats have a category as well.
fn without_prefix(row: &str, name: &str, has_category: bool) -> Refusal {
    let row = match Json::parse(row) {
        Ok(Json::Object(row)) => row,
        Ok(other) => return not_an_object(&other),
        Err(refusal) => return refusal,
    };
    // One alone may be a column of any table, as ProviderName is.
    if let Some(refusal) = foreign_refusal(&row, Format::DefenderXdrStreaming, 2) {
        return refusal;
    }
    let is_in_envelope = has_category && matches!(row.field("properties"), Json::Object(_));
    if is_in_envelope || (!has_category && !row.has_any(&["AlertId"])) {
        return of_other_table(name);
    }
    let detail =
        format!("{:?} is no table of advanced hunting, which are called AdvancedHunting-…", shorten(name));
    Refusal::new(RefusalReason::UnknownFormat, detail)
}

/// The row within its envelope; the row itself, where somebody has taken it out.
fn columns_of<'a, 'b>(envelope: &'b Object<'a>) -> Result<&'b Object<'a>, Refusal> {
    match envelope.field("properties") {
        Json::Object(columns) => Ok(columns),
        Json::Null if envelope.has_any(&["AlertId"]) => Ok(envelope),
        other => {
            let detail = format!("properties is {}, which must be the row as an object", other.type_name());
            Err(Refusal::new(RefusalReason::WrongType, detail))
        }
    }
}

/// A record's rows, those of one alert together.
#[derive(Default)]
struct Record {
    results: Vec<(i32, Found)>,
    place_of: HashMap<(Tenant, AlertKey), usize>,
}

enum Found {
    Refused(Refusal),
    /// At least one.
    Parts(Vec<Part>),
}

impl Record {
    fn add(&mut self, place: i32, part: Part) {
        let key = (part.alert.tenant.clone(), part.alert.key());
        let known = self.place_of.get(&key).map(|&known| &mut self.results[known].1);
        if let Some(Found::Parts(parts)) = known
            // What more there is makes another revision.
            && parts.iter().chain([&part]).map(|part| entity_count(&part.alert.evidence)).sum::<usize>() <= ENTITIES_MAX
        {
            parts.push(part);
            return;
        }
        self.place_of.insert(key, self.results.len());
        self.results.push((place, Found::Parts(vec![part])));
    }

    fn into_alerts(self, context: &Context<'_>) -> Vec<Result<Alert, Refusal>> {
        let alert = |(place, found): (i32, Found)| {
            let whole = match found {
                Found::Refused(refusal) => Err(refusal),
                Found::Parts(parts) => context.filter(unite(parts)),
            };
            whole
                .map(|mut alert| {
                    alert.origin.element = place;
                    alert
                })
                .map_err(|refusal| Refusal { element: place, ..refusal })
        };
        self.results.into_iter().map(alert).collect()
    }
}

/// One alert of its parts: what its own row says counts, the rows of its evidence say what that leaves open.
fn unite(mut parts: Vec<Part>) -> Alert {
    let own = parts.iter().rposition(|part| part.table == Table::Info).unwrap_or_default();
    let mut alert = parts.remove(own).alert;
    let mut evidence = EvidenceList::default();
    evidence.extend(std::mem::take(&mut alert.evidence));
    for Part { alert: part, .. } in parts {
        alert.first_activity = alert.first_activity.min(part.first_activity);
        alert.last_activity = alert.last_activity.max(part.last_activity);
        alert.updated = alert.updated.max(part.updated);
        if !alert.severity.is_said() {
            alert.severity = part.severity;
        }
        alert.category = alert.category.or(part.category);
        alert.phase = alert.phase.or(part.phase);
        alert.techniques.extend(part.techniques);
        evidence.extend(part.evidence);
    }
    alert.techniques.sort();
    alert.techniques.dedup();
    alert.evidence = evidence.into_evidence();
    alert
}
