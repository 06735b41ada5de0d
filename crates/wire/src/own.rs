//! braid's own alert, directory record and command, in JSON for whoever writes one by hand or by script, and in Avro on
//! the alerts topic, where the ticks of the clocks travel with them.

mod canon;
mod command;
mod directory;
mod lenient;
mod stix;
mod text;

use braid_alert::{Alert, Command, DirectoryRecord, SourceTime, Tenant};
use braid_engine::Input;
use serde::{Deserialize, Serialize};

use crate::avro::{self, Framed, Framing};
use crate::json;
use crate::registry::AvroRecord;
use crate::{Refusal, RefusalReason};

pub use command::{ACTIONS, ActionFields, COMMAND_ID_CHARACTERS_MAX};
pub use directory::DirectoryKey;
pub use stix::stix_to_json;

/// Reads an alert in JSON (`schemas/alert.schema.json`).
///
/// Strict where identity depends on it: `tenant`, `provider`, `id`, `title`, `first_activity`, and of each piece of
/// evidence its `kind` and `identifiers`, which are brought into their canonical form. Everything else may be missing
/// or of a wrong type: status is then new, severity unknown, `correlate` full, `last_activity` is `first_activity`,
/// `updated` is `created` or else `first_activity`, and the origin is blank for the reader to fill in.
///
/// # Errors
/// `empty`, `invalid_utf8`, `unknown_format`, `truncated`, `malformed`, `wrong_type`, `missing_tenant`,
/// `missing_provider`, `missing_id`, `missing_time`, each with the path or place.
pub fn alert_from_json(bytes: &[u8]) -> Result<Alert, Refusal> {
    json::from_json::<text::AlertText>(bytes)?.into_alert(None)
}

/// Reads an alert in JSON from a source whose tenant is configured; what the alert says of it is ignored, and it need
/// say nothing.
///
/// # Errors
/// As [`alert_from_json`], except `missing_tenant`.
pub fn alert_of_tenant_from_json(tenant: &Tenant, bytes: &[u8]) -> Result<Alert, Refusal> {
    json::from_json::<text::AlertText>(bytes)?.into_alert(Some(tenant))
}

/// Writes an alert as compact JSON, every field of it.
pub fn alert_to_json(alert: &Alert) -> Vec<u8> {
    json::to_json(alert)
}

/// Reads an alert that somebody sends in Avro's single-object encoding, of any released version of its schema, and
/// brings its identifiers into their canonical form as [`alert_from_json`] does. A blank tenant is left to the
/// source's rule.
///
/// # Errors
/// `empty`, `malformed`, `truncated`, `unknown_format` (a Schema Registry's framing), `unknown_schema`,
/// `not_an_alert` for another record of braid's, such as a tick, `missing_provider`, `missing_id`.
pub fn alert_from_avro(bytes: &[u8]) -> Result<Alert, Refusal> {
    alert_from_framed(&Framed::single_object(bytes)?)
}

/// The same of whichever framing.
pub(crate) fn alert_from_framed(framed: &Framed<'_>) -> Result<Alert, Refusal> {
    canon::canonical(framed.expect(AvroRecord::Alert)?.decode(AvroRecord::Alert)?)
}

/// Writes an alert in Avro's single-object encoding, as the alerts topic carries it.
pub fn alert_to_avro(alert: &Alert) -> Vec<u8> {
    avro::encode(AvroRecord::Alert, alert, Framing::SingleObject)
}

/// Reads a command in JSON (`schemas/command.schema.json`), for the tenant that the source says or, if it says none,
/// that the command names; none is left to the source's rule. Its origin is blank for the reader to fill in.
///
/// # Errors
/// As [`alert_from_json`] for bytes that are no object, and `missing_id`, `missing_field`, `unexpected_field`,
/// `unknown_value`, `wrong_type` or `too_large` with the field.
pub fn command_from_json(tenant: Option<&Tenant>, bytes: &[u8]) -> Result<Command, Refusal> {
    strictly(json::from_json::<command::CommandText>(bytes))?.into_command(tenant)
}

/// Writes a command as compact JSON, as somebody could have written it: without the fields that its action has not, and
/// without its origin.
pub fn command_to_json(command: &Command) -> Vec<u8> {
    json::to_json(&command::CommandText::from(command))
}

/// Reads a command that somebody sends in Avro's single-object encoding. A blank tenant is left to the source's rule.
///
/// # Errors
/// As [`alert_from_avro`] and [`command_from_json`].
pub fn command_from_avro(bytes: &[u8]) -> Result<Command, Refusal> {
    command_from_framed(&Framed::single_object(bytes)?)
}

/// The same of whichever framing.
pub(crate) fn command_from_framed(framed: &Framed<'_>) -> Result<Command, Refusal> {
    let record: command::CommandRecord = framed.expect(AvroRecord::Command)?.decode(AvroRecord::Command)?;
    record.into_command()
}

/// Writes a command in Avro's single-object encoding, as the alerts topic carries it.
pub fn command_to_avro(command: &Command) -> Vec<u8> {
    avro::encode(AvroRecord::Command, &command::CommandRecord::from(command), Framing::SingleObject)
}

/// Reads a directory's record in JSON (`schemas/directory.schema.json`). Tenant and object are what the record's key
/// says, or the value's own where the key says nothing; no tenant is left to the source's rule. Names are brought into
/// their canonical form, and the origin is blank for the reader to fill in.
///
/// # Errors
/// As [`command_from_json`]; `wrong_type` as well if key and value name different objects.
pub fn directory_from_json(key: DirectoryKey<'_>, bytes: &[u8]) -> Result<DirectoryRecord, Refusal> {
    strictly(json::from_json::<directory::DirectoryText>(bytes))?.into_record(key)
}

/// Reads a directory's record that somebody sends in Avro's single-object encoding, as [`directory_from_json`] does.
///
/// # Errors
/// As [`alert_from_avro`] and [`directory_from_json`].
pub fn directory_from_avro(key: DirectoryKey<'_>, bytes: &[u8]) -> Result<DirectoryRecord, Refusal> {
    directory_from_framed(key, &Framed::single_object(bytes)?)
}

/// The same of whichever framing.
pub(crate) fn directory_from_framed(
    key: DirectoryKey<'_>,
    framed: &Framed<'_>,
) -> Result<DirectoryRecord, Refusal> {
    let record: DirectoryRecord = framed.expect(AvroRecord::Directory)?.decode(AvroRecord::Directory)?;
    let tenant = directory::agreed("tenant", key.tenant, Some(record.tenant.as_str()))?.unwrap_or_default();
    Ok(DirectoryRecord {
        tenant: Tenant::new(tenant),
        object: directory::object(key.object, Some(&record.object))?.into(),
        entry: record.entry.map(directory::canonical).transpose()?,
        origin: record.origin,
    })
}

/// Writes a directory's record as compact JSON, as [`directory_from_json`] reads it: with all its names, and without its
/// origin.
pub fn directory_to_json(record: &DirectoryRecord) -> Vec<u8> {
    json::to_json(&directory::RecordOut::from(record))
}

/// What a record without a value says of the object that its key names: it was deleted.
///
/// # Errors
/// `missing_id` without a key, `too_large`.
pub fn directory_tombstone(key: DirectoryKey<'_>) -> Result<DirectoryRecord, Refusal> {
    let tenant = Tenant::new(key.tenant.unwrap_or_default());
    let object = directory::object(key.object, None)?.into();
    Ok(DirectoryRecord { tenant, object, entry: None, origin: text::blank_origin() })
}

/// Writes a directory's record in Avro's single-object encoding, as the alerts topic carries it.
pub fn directory_to_avro(record: &DirectoryRecord) -> Vec<u8> {
    avro::encode(AvroRecord::Directory, record, Framing::SingleObject)
}

fn command_record(bytes: &[u8]) -> Result<Command, Refusal> {
    avro::decode::<command::CommandRecord>(AvroRecord::Command, bytes)?.into_command()
}

/// What a strict form says of a field that has no place in it. The JSON crate calls it an error of data, like a wrong
/// type, and tells it apart in words only.
fn strictly<T>(read: Result<T, Refusal>) -> Result<T, Refusal> {
    read.map_err(|refusal| {
        let misplaced =
            ["unknown field `", "duplicate field `"].iter().any(|words| refusal.detail.contains(words));
        let lacking = refusal.detail.contains("missing field `");
        match refusal.reason {
            RefusalReason::WrongType if misplaced => {
                Refusal { reason: RefusalReason::UnexpectedField, ..refusal }
            }
            RefusalReason::WrongType if lacking => Refusal { reason: RefusalReason::MissingField, ..refusal },
            _ => refusal,
        }
    })
}

/// A move of a tenant's clock, as the alerts topic carries it.
///
/// Written by the worker of a partition that is caught up when a deadline has passed; only a consumed tick moves time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tick {
    /// Whose clock.
    pub tenant: Tenant,
    /// To when.
    pub at: SourceTime,
}

/// Writes a tick in Avro's single-object encoding.
pub fn tick_to_avro(tenant: &Tenant, at: SourceTime) -> Vec<u8> {
    avro::encode(AvroRecord::Tick, &Tick { tenant: tenant.clone(), at }, Framing::SingleObject)
}

/// Reads a record of the alerts topic: an alert, a directory record, a command or a tick, told apart by the fingerprint.
/// What stands there braid has written itself, in canonical form.
///
/// # Errors
/// `empty`, `malformed`, `truncated`, `unknown_format`, `not_an_alert`, `unknown_schema`. Here `unknown_schema` means
/// that a newer release is about: the partition is to wait, for skipping a record would change every decision after it.
pub fn input_from_avro(bytes: &[u8]) -> Result<Input, Refusal> {
    match avro::record_of(bytes)? {
        AvroRecord::Alert => {
            avro::decode(AvroRecord::Alert, bytes).map(|alert| Input::Alert(Box::new(alert)))
        }
        AvroRecord::Directory => {
            avro::decode(AvroRecord::Directory, bytes).map(|record| Input::Directory(Box::new(record)))
        }
        AvroRecord::Command => command_record(bytes)
            .map(|command| Input::Command(Box::new(command)))
            .map_err(|refusal| Refusal { reason: newer_word(refusal.reason), ..refusal }),
        AvroRecord::Tick => {
            avro::decode(AvroRecord::Tick, bytes).map(|Tick { tenant, at }| Input::Tick { tenant, at })
        }
        other => Err(avro::not_an_alert(other)),
    }
}

/// Writes an input as the alerts topic carries it.
pub fn input_to_avro(input: &Input) -> Vec<u8> {
    match input {
        Input::Alert(alert) => alert_to_avro(alert),
        Input::Directory(record) => directory_to_avro(record),
        Input::Command(command) => command_to_avro(command),
        Input::Tick { tenant, at } => tick_to_avro(tenant, *at),
    }
}

/// A command that braid has written names actions and verdicts that the release knew which wrote it.
const fn newer_word(reason: RefusalReason) -> RefusalReason {
    match reason {
        RefusalReason::UnknownValue => RefusalReason::UnknownSchema,
        reason => reason,
    }
}
