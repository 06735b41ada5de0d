//! Rows of Microsoft Sentinel's `SecurityAlert` table, from whatever product.
//!
//! Source: the table's reference in Azure Monitor, and rows as they are exported. Every column may be a text; lists
//! and objects (`Entities`, `ExtendedProperties`) are then JSON within that text.

use std::borrow::Cow;

use braid_alert::{
    Alert, AlertId, AlertStatus, Classification, Determination, Phase, Provider, Severity, Technique,
};

use super::json::{Json, Object};
use super::mdi_catalogue::{self, AlertType};
use super::{Context, alert_id, description, sentinel_entities, shorten, time};
use crate::{Format, Refusal, RefusalReason};

/// The columns of which a row of this table has at least one.
const TELLING: [&str; 5] = ["SystemAlertId", "VendorOriginalId", "AlertType", "AlertName", "ProviderName"];

/// Reads a row.
pub(super) fn alert(row: &Object<'_>, context: &Context<'_>) -> Result<Alert, Refusal> {
    check_table(row)?;
    let (id, source_alert_id) = identity(row)?;
    let provider = provider(row)?;
    let times = Times::read(row, context)?;
    let tenant = context.rules.tenant.tenant(Format::SentinelSecurityAlert, |name| row.text(name))?;
    let properties_text = row.text("ExtendedProperties");
    let properties = Properties::read(row.field("ExtendedProperties"), properties_text.as_deref());
    let known = (provider == Provider::DefenderForIdentity).then(|| known_type(row)).flatten();
    let phase = known.map(|known| known.phase.clone()).or_else(|| phase(row, &properties));
    let text = |name: &str| row.text(name).map(Box::<str>::from);
    let detector = detector(row, &properties, known);
    let correlate = context.correlate(detector.as_deref());
    context.accept(Alert {
        tenant,
        provider,
        id,
        source_alert_id,
        title: title(row, known),
        description: row.text("Description").as_deref().and_then(description),
        severity: Severity::from_text(&row.text("AlertSeverity").unwrap_or(Cow::Borrowed("unknown"))),
        status: AlertStatus::from_text(&row.text("Status").unwrap_or(Cow::Borrowed("unknown"))),
        classification: properties.text("Classification").map(|text| Classification::from_text(&text)),
        determination: properties.text("Determination").map(|text| Determination::from_text(&text)),
        assignee: properties.text("AssignedTo").map(Into::into),
        detector,
        category: properties.category().map(Into::into),
        phase,
        techniques: techniques(row, &properties, known),
        first_activity: times.first,
        last_activity: times.last,
        created: None,
        updated: times.updated,
        resolved: None,
        portal_url: text("AlertLink"),
        indicators: Default::default(),
        evidence: sentinel_entities::evidence(row, context.rules.timezone),
        correlate,
        origin: context.origin.clone(),
    })
}

/// Whether it is a row of this table at all; a workspace exports many.
fn check_table(row: &Object<'_>) -> Result<(), Refusal> {
    let table = row.text("Type");
    match table.as_deref() {
        Some(table) if table != "SecurityAlert" => Err(Refusal::new(
            RefusalReason::NotAnAlert,
            format!("it is a row of the table {:?}", shorten(table)),
        )),
        _ if !row.has_any(&TELLING) => Err(Refusal::new(
            RefusalReason::UnknownFormat,
            format!("it has none of the columns {}", TELLING.join(", ")),
        )),
        _ => Ok(()),
    }
}

/// The provider's own id, and Sentinel's. The provider's counts, so that the alert is the same in every feed.
fn identity(row: &Object<'_>) -> Result<(AlertId, Option<Box<str>>), Refusal> {
    let vendor = row.strict_text("VendorOriginalId")?;
    let system = row.strict_text("SystemAlertId")?;
    let id = vendor.or(system).ok_or_else(|| {
        Refusal::new(RefusalReason::MissingId, "VendorOriginalId and SystemAlertId are missing or empty")
    })?;
    Ok((alert_id::canonical(id), system.map(Into::into)))
}

fn provider(row: &Object<'_>) -> Result<Provider, Refusal> {
    let name = row.strict_text("ProviderName")?;
    name.map(Provider::from_text)
        .ok_or_else(|| Refusal::new(RefusalReason::MissingProvider, "ProviderName is missing or empty"))
}

struct Times {
    first: braid_alert::EventTime,
    last: braid_alert::EventTime,
    updated: braid_alert::EventTime,
}

impl Times {
    /// `TimeGenerated` orders the versions of a row; the processing time stands in for it in exports without.
    fn read(row: &Object<'_>, context: &Context<'_>) -> Result<Self, Refusal> {
        let timezone = context.rules.timezone;
        let optional = |name: &str| time::optional(row.text(name).as_deref(), timezone);
        let first = time::required("StartTime", row.strict_text("StartTime")?, timezone)?;
        let last = optional("EndTime").map_or(first, |end| end.max(first));
        let updated = match row.strict_text("TimeGenerated")? {
            Some(text) => time::required("TimeGenerated", Some(text), timezone)?,
            None => optional("ProcessingEndTime").unwrap_or(last),
        };
        Ok(Self { first, last, updated })
    }
}

fn known_type(row: &Object<'_>) -> Option<&'static AlertType> {
    let signature = row.text("AlertType").unwrap_or_default();
    mdi_catalogue::find(None, &signature, &row.text("AlertName").unwrap_or_default())
}

fn title(row: &Object<'_>, known: Option<&AlertType>) -> Box<str> {
    match row.text_of(&["AlertName", "DisplayName"]) {
        Some(name) => name.into(),
        None => known.map_or("Untitled alert", |known| known.name).into(),
    }
}

fn detector(row: &Object<'_>, properties: &Properties<'_>, known: Option<&AlertType>) -> Option<Box<str>> {
    match known {
        Some(known) if known.external_id != 0 => Some(known.external_id.to_string().into()),
        _ => properties.text("DetectorId").or_else(|| row.text("AlertType")).map(Into::into),
    }
}

/// The category names the phase; where it is no tactic (`Malware`, `Ransomware`), the first tactic that is one does.
fn phase(row: &Object<'_>, properties: &Properties<'_>) -> Option<Phase> {
    let tactics = row.text("Tactics").unwrap_or_default();
    let category = properties.category();
    let words = category.iter().map(Cow::as_ref).chain(tactics.split([',', ';'])).map(str::trim);
    words.map(Phase::from_text).find(|phase| !matches!(phase, Phase::Other(_)))
}

/// All that the row names; for Defender for Identity the catalogue's where it names none.
fn techniques(row: &Object<'_>, properties: &Properties<'_>, known: Option<&AlertType>) -> Vec<Technique> {
    let mut techniques = Vec::new();
    let columns = [row.field("Techniques"), row.field("SubTechniques"), properties.field("MitreTechniques")];
    for column in columns {
        // A list, a text that holds a list, or names between semicolons: a technique looks the same in each.
        for element in column.list() {
            techniques.extend(element.text().and_then(|text| Technique::find(&text)));
        }
        let text = column.text().unwrap_or_default();
        techniques.extend(text.split([',', ';']).filter_map(Technique::find));
    }
    if techniques.is_empty() {
        techniques.extend(known.into_iter().flat_map(AlertType::techniques));
    }
    techniques.sort();
    techniques.dedup();
    techniques
}

/// `ExtendedProperties`: an object, or a text that holds one. What cannot be read is as if it were empty, for nothing
/// in it decides which alert this is.
enum Properties<'a> {
    Object(&'a Object<'a>),
    Parsed(Json<'a>),
}

impl<'a> Properties<'a> {
    fn read(column: &'a Json<'a>, text: Option<&'a str>) -> Self {
        match column.object() {
            Some(object) => Self::Object(object),
            None => Self::Parsed(text.and_then(|text| Json::parse(text).ok()).unwrap_or(Json::Null)),
        }
    }

    fn field(&self, name: &str) -> &Json<'a> {
        match self {
            Self::Object(object) => object.field(name),
            Self::Parsed(json) => json.object().map_or(&Json::Null, |object| object.field(name)),
        }
    }

    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.field(name).text()
    }

    fn category(&self) -> Option<Cow<'_, str>> {
        self.text("MicrosoftDefenderAtp.Category").or_else(|| self.text("Category"))
    }
}
