//! Records in, alerts out: [`decode`]; with directory records and commands, the engine's inputs: [`read`].
//!
//! Strict where identity depends on it (which alert, whose, when), lenient elsewhere: an unknown value of an
//! enumeration is kept as its text, a wrong type in a field that identity does not need costs that field, an unknown
//! kind of evidence keeps the names it has. Every record gives at least one result, so nothing is lost in silence.

mod acceptance;
mod activity;
mod alert_id;
mod braid;
mod cloud_alert;
mod command;
mod created_account;
mod directory;
mod ecs_alert;
mod ecs_evidence;
mod ecs_rows;
mod elements;
mod endpoint_alert;
mod entity_list;
mod envelope;
mod evidence_list;
mod graph_alert;
mod graph_evidence;
mod graph_names;
mod json;
mod json_path;
mod mdi_catalogue;
mod mdi_cef;
mod mdi_cef_line;
mod mdi_message;
mod naming;
mod observable;
mod ocsf_evidence;
mod ocsf_finding;
mod ocsf_names;
mod sentinel_entities;
mod sentinel_security_alert;
mod stix;
mod stix_pattern;
mod stix_tokens;
mod streaming;
mod streaming_evidence;
mod streaming_row;
mod time;
mod xdr_incident;
mod zimperium;
mod zimperium_incident;
mod zimperium_mention;
mod zimperium_object;
mod zimperium_threat;

pub use envelope::Envelope;
pub use observable::{Observable, ObservableKind};
pub use stix::{StixIndicator, StixObject, StixParty, StixPartyKind, StixRelation, StixSaid, stix_objects};
pub use stix_pattern::Pattern;

use braid_alert::{Alert, Origin};
use braid_engine::Input;

use self::elements::{Element, elements_of};
use crate::{Format, Holds, Refusal, RefusalReason, SourceRules, WriterSchema};

/// The largest record that is tried, in bytes. Kafka's default limit is 1 MiB; a bigger one is no alert, and a decoder
/// that takes whatever comes can be made to take all memory.
pub const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most elements that are read from one record: a page of Graph has at most 2,000. Without a bound, a record of 4
/// MiB can make millions of refusals, each with its own dead letter.
pub const RECORD_ELEMENTS_MAX: usize = 10_000;

/// A record of a source, as its topic has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SourceRecord<'a> {
    /// Its key: for a directory, which object it is about.
    pub key: Option<&'a [u8]>,
    /// Its value; none is a tombstone, which means something in a directory only.
    pub value: Option<&'a [u8]>,
    /// Its header [`VALUE_SCHEMA_HEADER`](crate::VALUE_SCHEMA_HEADER), which says which schema of a registry its value was
    /// written with.
    pub schema_header: Option<&'a [u8]>,
    /// That schema, for whoever reads Avro in a registry's framing: [`SourceRecord::schema_id`] says which one it is.
    pub schema: Option<&'a WriterSchema>,
}

/// Reads a record of any source: alerts as [`decode`] does, directory records and commands.
///
/// The result is never empty.
pub fn read(record: SourceRecord<'_>, origin: &Origin, rules: &SourceRules) -> Vec<Result<Input, Refusal>> {
    let context = Context { origin, rules };
    let read = match rules.format.holds() {
        Holds::Alerts => {
            let alerts = alerts(record, &context);
            return alerts
                .into_iter()
                .map(|found| found.map(|alert| Input::Alert(Box::new(alert))))
                .collect();
        }
        Holds::Directory => directory::records(record, &context),
        Holds::Commands => command::commands(record, &context),
        // They have their numbers: one object may have two results.
        Holds::Indicators => return stix::told(record.value),
    };
    let mut results = read.unwrap_or_else(|refusal| vec![Err(refusal)]);
    for (element, result) in (0..).zip(&mut results) {
        match result {
            Ok(Input::Directory(record)) => record.origin.element = element,
            Ok(Input::Command(command)) => command.origin.element = element,
            Ok(Input::Alert(_) | Input::Tick { .. }) => {}
            Err(refusal) => refusal.element = element,
        }
    }
    results
}

/// Reads a record of alerts.
///
/// A record may hold several alerts: a Graph page `{"value":[…]}`, a wrapper `{"records":[…]}`, a JSON array, lines of
/// CEF. A bad element refuses itself alone; its number stands in [`Origin::element`] and [`Refusal::element`]. A
/// record that cannot be read at all is one refusal.
///
/// The result is never empty.
pub fn decode(value: &[u8], origin: &Origin, rules: &SourceRules) -> Vec<Result<Alert, Refusal>> {
    alerts(SourceRecord { value: Some(value), ..SourceRecord::default() }, &Context { origin, rules })
}

fn alerts(record: SourceRecord<'_>, context: &Context<'_>) -> Vec<Result<Alert, Refusal>> {
    let value = record.value.unwrap_or_default();
    let read = readable(value).and_then(|()| match context.rules.format {
        Format::BraidAvro => Ok(numbered(braid::decode_avro(&record, context))),
        _ => decode_text(value, context),
    });
    read.unwrap_or_else(|refusal| vec![Err(refusal)])
}

/// Says of each result which element of the record it is.
fn numbered(mut results: Vec<Result<Alert, Refusal>>) -> Vec<Result<Alert, Refusal>> {
    for (element, result) in results.iter_mut().enumerate() {
        let element = i32::try_from(element).expect("a record has at most 10,000 elements");
        match result {
            Ok(alert) => alert.origin.element = element,
            Err(refusal) => refusal.element = element,
        }
    }
    results
}

fn decode_text(value: &[u8], context: &Context<'_>) -> Result<Vec<Result<Alert, Refusal>>, Refusal> {
    let each = |read: &dyn Fn(json::Object<'_>) -> Vec<Result<Alert, Refusal>>| {
        each_element(value, &context.rules.format.envelope(), read)
    };
    let found = match context.rules.format {
        Format::MdiCef => mdi_cef::decode(text_of(value)?, context),
        Format::SentinelSecurityAlert => each(&|row| one(sentinel_security_alert::alert(&row, context))),
        Format::GraphAlert => each(&|alert| one(graph_alert::alert(&alert, context))),
        Format::ZimperiumMtd => each(&|record| zimperium::alerts(&record, context)),
        Format::GraphIncident => each(&|incident| graph_alert::alerts(&incident, context)),
        Format::DefenderEndpointAlert => each(&|alert| one(endpoint_alert::alert(&alert, context))),
        Format::DefenderXdrIncident => each(&|incident| xdr_incident::alerts(&incident, context)),
        Format::DefenderCloudAlert => each(&|resource| one(cloud_alert::alert(resource, context))),
        Format::OcsfDetectionFinding => each(&|finding| one(ocsf_finding::alert(&finding, context))),
        Format::EcsAlert => each(&|document| one(ecs_alert::alert(document, context))),
        // Several of its elements may be one alert, so it numbers them itself.
        Format::DefenderXdrStreaming => return streaming::decode(value, context),
        Format::BraidJson | Format::BraidAvro => braid::decode_json(value, context),
        Format::BraidDirectoryJson
        | Format::BraidDirectoryAvro
        | Format::BraidCommandJson
        | Format::BraidCommandAvro
        | Format::StixIndicator => {
            let detail = format!("records of {} are no alerts", context.rules.format);
            Err(Refusal::new(RefusalReason::NotAnAlert, detail))
        }
    };
    found.map(numbered)
}

/// What every decoder is told.
struct Context<'a> {
    origin: &'a Origin,
    rules: &'a SourceRules,
}

fn readable(value: &[u8]) -> Result<(), Refusal> {
    if value.len() > RECORD_BYTES_MAX {
        let detail = format!("{} bytes; at most {RECORD_BYTES_MAX} are read", value.len());
        return Err(Refusal::new(RefusalReason::TooLarge, detail));
    }
    if value.trim_ascii().is_empty() {
        let detail = format!("{} bytes, none of which says anything", value.len());
        return Err(Refusal::new(RefusalReason::Empty, detail));
    }
    Ok(())
}

fn text_of(value: &[u8]) -> Result<&str, Refusal> {
    let text = std::str::from_utf8(value).map_err(|error| {
        let at = error.valid_up_to();
        let detail = format!("byte {at} (0x{:02x}) is not UTF-8", value[at]);
        Refusal::new(RefusalReason::InvalidUtf8, detail)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).trim())
}

/// Reads JSON and hands each object in it to `read`, which finds the alerts in it.
fn each_element(
    value: &[u8],
    envelope: &Envelope,
    read: &dyn Fn(json::Object<'_>) -> Vec<Result<Alert, Refusal>>,
) -> Result<Vec<Result<Alert, Refusal>>, Refusal> {
    let elements = elements_of(value, envelope)?;
    let each = |element: Element<'_>| match element.read() {
        Ok(json::Json::Object(object)) => read(object),
        Ok(other) => one(Err(not_an_object(&other))),
        Err(refusal) => one(Err(refusal)),
    };
    let mut found = Vec::with_capacity(elements.len());
    for element in elements {
        found.extend(each(element));
        check_element_count(found.len())?;
    }
    Ok(found)
}

/// The one alert that an object is.
fn one(alert: Result<Alert, Refusal>) -> Vec<Result<Alert, Refusal>> {
    vec![alert]
}

/// Whether it begins as an object or an array does; what comes then may be anything.
fn expect_json(value: &[u8]) -> Result<(), Refusal> {
    let value = value.strip_prefix("\u{feff}".as_bytes()).unwrap_or(value).trim_ascii();
    if value.starts_with(b"{") || value.starts_with(b"[") {
        return Ok(());
    }
    let detail = format!("it begins with {:?}, which is no JSON object or array", shorten(text_of(value)?));
    Err(Refusal::new(RefusalReason::UnknownFormat, detail))
}

/// Whether there are elements, and not too many. An interface that is asked for news often has none.
fn check_element_count(count: usize) -> Result<(), Refusal> {
    if count == 0 {
        return Err(empty_list());
    }
    if count > RECORD_ELEMENTS_MAX {
        let detail = format!("{count} elements; at most {RECORD_ELEMENTS_MAX} are read");
        return Err(Refusal::new(RefusalReason::TooLarge, detail));
    }
    Ok(())
}

fn empty_list() -> Refusal {
    Refusal::new(RefusalReason::BesideAlerts, "an empty list")
}

/// Why an element is none: what it is instead, or why it cannot be read.
fn not_an_object(element: &json::Json<'_>) -> Refusal {
    match element {
        json::Json::Unreadable(refusal) => Refusal::clone(refusal),
        other => Refusal::new(
            RefusalReason::WrongType,
            format!("the element is {}, which must be an object", other.type_name()),
        ),
    }
}

/// A found value for a refusal's detail: enough to recognise it by.
fn shorten(text: &str) -> &str {
    text.char_indices().nth(64).map_or(text, |(at, _)| &text[..at])
}

/// The longest description that is kept, in bytes; it is text for people, not evidence.
const DESCRIPTION_BYTES_MAX: usize = 4 * 1024;

fn description(text: &str) -> Option<Box<str>> {
    let text = text.trim();
    let text = &text[..text.floor_char_boundary(DESCRIPTION_BYTES_MAX)];
    (!text.is_empty()).then(|| text.into())
}
