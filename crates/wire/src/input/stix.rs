//! Objects of STIX 2.1: indicators, and who is said to be behind them.
//!
//! Source: the OASIS standard STIX 2.1, sections 4.7 (indicator), 4.3, 4.11, 4.12, 4.18 (campaign, intrusion set, malware,
//! threat actor), 5.1 (relationship) and 8 (bundle).

use braid_alert::EventTime;
use braid_engine::Input;

use super::elements::{Element, elements_of};
use super::json::{Json, Object};
use super::stix_pattern::Pattern;
use super::{not_an_object, readable, shorten, time};
use crate::{Format, Refusal, RefusalReason};

/// The longest name that is kept, in characters.
const NAME_CHARACTERS_MAX: usize = 256;

/// An object of threat intelligence, as its newest version says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StixObject {
    /// Its id, such as `indicator--8e2e2d2b-…`.
    pub id: Box<str>,
    /// When it was last changed: the newer of two versions is the one with the later time.
    pub modified: EventTime,
    /// What it says.
    pub said: StixSaid,
}

/// What an object says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StixSaid {
    /// That it holds no longer.
    Revoked,
    /// What to look for.
    Indicator(Box<StixIndicator>),
    /// Who or what is behind indicators.
    Party(StixParty),
    /// That one thing indicates another, or is attributed to it.
    Relationship {
        /// Which of the two.
        kind: StixRelation,
        /// The indicator, or what is attributed.
        source: Box<str>,
        /// What it indicates, or whom it is attributed to.
        target: Box<str>,
    },
}

/// What a relationship says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StixRelation {
    /// Who sees the source may have the target before him.
    Indicates,
    /// The source is the target's work.
    AttributedTo,
}

impl StixRelation {
    /// As STIX calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Indicates => "indicates",
            Self::AttributedTo => "attributed-to",
        }
    }
}

/// An indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StixIndicator {
    /// What its author calls it.
    pub name: Option<Box<str>>,
    /// What an alert must name.
    pub pattern: Pattern,
    /// From when on activity can match.
    pub valid_from: EventTime,
    /// Until when, if that is said; the time itself is not in it.
    pub valid_until: Option<EventTime>,
    /// How sure its author is, from 0 to 100; none if that is not said, or what is said is no such number.
    pub confidence: Option<i32>,
    /// The phase of a kill chain, or else the type of the indicator, or a label.
    pub intent: Option<Box<str>>,
}

/// An actor, a campaign or a piece of malware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StixParty {
    /// Which of them.
    pub kind: StixPartyKind,
    /// Its name.
    pub name: Box<str>,
    /// What drives it, if that is said.
    pub motivation: Option<Box<str>>,
}

/// What may be behind an indicator, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StixPartyKind {
    /// People.
    ThreatActor,
    /// What is believed to be of the same people.
    IntrusionSet,
    /// What they do for some time.
    Campaign,
    /// What they use.
    Malware,
}

impl StixPartyKind {
    /// As STIX calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThreatActor => "threat-actor",
            Self::IntrusionSet => "intrusion-set",
            Self::Campaign => "campaign",
            Self::Malware => "malware",
        }
    }
}

/// Reads a record: one object, a list of them, or a bundle. An object that is of no use here is a stated drop, a bad one
/// refuses itself alone; its number stands in [`Refusal::element`]. An indicator that is good but for its confidence is there,
/// and so is a refusal of that. The result is never empty.
pub fn stix_objects(value: &[u8]) -> Vec<Result<StixObject, Refusal>> {
    objects(value).unwrap_or_else(|refusal| vec![Err(refusal)])
}

/// What can be said of a record where nobody keeps a table: of each object whether it could be read.
pub(super) fn told(value: Option<&[u8]>) -> Vec<Result<Input, Refusal>> {
    let Some(value) = value else {
        return vec![Err(beside("a tombstone: what its key brought is taken back".to_owned()))];
    };
    let told = |object: StixObject| beside(format!("{} is read: it is for a table, and no alert", object.id));
    stix_objects(value).into_iter().map(|read| Err(read.map_or_else(|refusal| refusal, told))).collect()
}

fn objects(value: &[u8]) -> Result<Vec<Result<StixObject, Refusal>>, Refusal> {
    readable(value)?;
    let elements = elements_of(value, &Format::StixIndicator.envelope())?;
    let mut results = Vec::with_capacity(elements.len());
    for (number, element) in (0..).zip(elements) {
        let numbered = |refusal: Refusal| Refusal { element: number, ..refusal };
        results.extend(read_element(element).into_iter().map(|read| read.map_err(numbered)));
    }
    Ok(results)
}

fn read_element(element: Element<'_>) -> Vec<Result<StixObject, Refusal>> {
    let object = match element.read() {
        Ok(Json::Object(object)) => object,
        Ok(other) => return vec![Err(not_an_object(&other))],
        Err(refusal) => return vec![Err(refusal)],
    };
    let read = read(&object);
    let is_indicator = read.as_ref().is_ok_and(|object| matches!(object.said, StixSaid::Indicator(_)));
    let doubt = if is_indicator { confidence(&object).err() } else { None };
    doubt.map(Err).into_iter().chain([read]).collect()
}

fn read(object: &Object<'_>) -> Result<StixObject, Refusal> {
    let kind = object.strict_text("type")?.unwrap_or_default();
    let id = object
        .strict_text("id")?
        .ok_or_else(|| Refusal::new(RefusalReason::MissingId, "id is missing or empty"))?;
    let at = |name: &str| time::optional(object.text(name).as_deref(), jiff::tz::Offset::UTC);
    let modified = at("modified").or_else(|| at("created")).unwrap_or_default();
    let said = match kind {
        "indicator" | "relationship" | "threat-actor" | "intrusion-set" | "campaign" | "malware"
            if is_revoked(object)? =>
        {
            StixSaid::Revoked
        }
        "indicator" => StixSaid::Indicator(Box::new(indicator(object)?)),
        "relationship" => relationship(object)?,
        "threat-actor" => party(object, StixPartyKind::ThreatActor)?,
        "intrusion-set" => party(object, StixPartyKind::IntrusionSet)?,
        "campaign" => party(object, StixPartyKind::Campaign)?,
        "malware" => party(object, StixPartyKind::Malware)?,
        "" => {
            return Err(Refusal::new(
                RefusalReason::UnknownFormat,
                "it has no type, which each object of STIX has",
            ));
        }
        "bundle" if object.has_any(&["objects"]) => {
            let found = object.field("objects").type_name();
            let detail = format!("objects of a bundle is {found}, which must be a list");
            return Err(Refusal::new(RefusalReason::WrongType, detail));
        }
        other if KINDS.iter().any(|kind| other != *kind && other.eq_ignore_ascii_case(kind)) => {
            let detail = format!("type is {other:?}, which STIX writes in lower case");
            return Err(Refusal::new(RefusalReason::UnknownValue, detail));
        }
        other => return Err(beside(format!("{}: nothing is looked for by it", shorten(other)))),
    };
    Ok(StixObject { id: id.into(), modified, said })
}

/// What is read.
const KINDS: [&str; 7] =
    ["indicator", "relationship", "threat-actor", "intrusion-set", "campaign", "malware", "bundle"];

/// Whether it holds no longer.
///
/// # Errors
/// `unknown_value` if it says neither yes nor no as JSON does: to guess would look for what was taken back, or look away.
fn is_revoked(object: &Object<'_>) -> Result<bool, Refusal> {
    let said = object.field("revoked");
    match said.text().map(|text| text.to_lowercase()).as_deref() {
        Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        None if matches!(said, Json::Null | Json::Text(_)) => Ok(false),
        text => {
            let told = text.unwrap_or(said.type_name());
            let detail = format!("revoked is {}, which is neither true nor false", shorten(told));
            Err(Refusal::new(RefusalReason::UnknownValue, detail))
        }
    }
}

fn beside(detail: String) -> Refusal {
    Refusal::new(RefusalReason::BesideAlerts, detail)
}

fn missing(name: &str) -> Refusal {
    Refusal::new(RefusalReason::MissingField, format!("{name} is missing or empty"))
}

fn name(object: &Object<'_>, field: &str) -> Option<Box<str>> {
    object.text(field).map(|text| text.chars().take(NAME_CHARACTERS_MAX).collect::<String>().into())
}

fn indicator(object: &Object<'_>) -> Result<StixIndicator, Refusal> {
    let types = texts(object, "indicator_types");
    // Whatever else is said of it, unless that it does harm.
    let says = |word: &str| types.iter().any(|said| said == word);
    if says("benign") && !says("malicious-activity") {
        return Err(beside("an indicator of what is benign: nothing is looked for by it".to_owned()));
    }
    match object.text("pattern_type").as_deref() {
        None | Some("stix") => {}
        Some(other) => {
            let detail = format!("pattern_type is {:?}: patterns of STIX are read", shorten(other));
            return Err(Refusal::new(RefusalReason::UnknownValue, detail));
        }
    }
    let pattern = object.strict_text("pattern")?.ok_or_else(|| missing("pattern"))?;
    let utc = jiff::tz::Offset::UTC;
    let from = object.strict_text("valid_from")?.ok_or_else(|| missing("valid_from"))?;
    let valid_from = time::required("valid_from", Some(from), utc)?;
    let valid_until = match object.strict_text("valid_until")? {
        Some(until) if time::is_never(until) => None,
        Some(until) => Some(time::required("valid_until", Some(until), utc)?),
        None => None,
    };
    if valid_until.is_some_and(|until| until <= valid_from) {
        let detail = "valid_until is not after valid_from: it never holds";
        return Err(Refusal::new(RefusalReason::UnknownValue, detail));
    }
    let phases = object.several("kill_chain_phases").iter().filter_map(Json::object);
    let phase = phases.filter_map(|phase| name(phase, "phase_name")).next();
    let word = || types.iter().find(|word| **word != "unknown").map(|word| word.as_str().into());
    let label = || texts(object, "labels").first().map(|word| word.as_str().into());
    Ok(StixIndicator {
        name: name(object, "name"),
        pattern: Pattern::read(pattern)?,
        valid_from,
        valid_until,
        // To leave the indicator out for it would be to look away; that it is wrong is told beside it.
        confidence: confidence(object).unwrap_or_default(),
        intent: phase.or_else(word).or_else(label),
    })
}

/// How sure the author of an indicator is.
///
/// # Errors
/// `unknown_value` if it is no whole number from 0 to 100.
fn confidence(object: &Object<'_>) -> Result<Option<i32>, Refusal> {
    let field = object.field("confidence");
    let text = match field {
        Json::Null => return Ok(None),
        other => other.text(),
    };
    let number = text.as_deref().map(|text| text.strip_suffix(".0").unwrap_or(text).parse());
    match number {
        Some(Ok(number)) if (0..=100).contains(&number) => Ok(Some(number)),
        _ => {
            let told =
                text.as_deref().map_or_else(|| field.type_name().to_owned(), |text| shorten(text).to_owned());
            let detail = format!(
                "confidence is {told}, which is no whole number from 0 to 100; the indicator is looked for as one without it"
            );
            Err(Refusal::new(RefusalReason::UnknownValue, detail))
        }
    }
}

fn texts(object: &Object<'_>, field: &str) -> Vec<String> {
    let texts = object.several(field).iter().filter_map(Json::text);
    texts.map(|text| text.chars().take(NAME_CHARACTERS_MAX).collect()).collect()
}

fn relationship(object: &Object<'_>) -> Result<StixSaid, Refusal> {
    let kind = match object.text("relationship_type").unwrap_or_default().as_ref() {
        "indicates" => StixRelation::Indicates,
        "attributed-to" => StixRelation::AttributedTo,
        other => return Err(beside(format!("a relationship {}: nothing follows from it", shorten(other)))),
    };
    let end = |name: &str| Ok(Box::<str>::from(object.strict_text(name)?.ok_or_else(|| missing(name))?));
    Ok(StixSaid::Relationship { kind, source: end("source_ref")?, target: end("target_ref")? })
}

fn party(object: &Object<'_>, kind: StixPartyKind) -> Result<StixSaid, Refusal> {
    let name = match name(object, "name") {
        Some(name) => name,
        // Only of malware the name may be missing.
        None if kind == StixPartyKind::Malware => return Err(beside("malware without a name".to_owned())),
        None => return Err(missing("name")),
    };
    let motivation = self::name(object, "primary_motivation");
    Ok(StixSaid::Party(StixParty { kind, name, motivation }))
}
