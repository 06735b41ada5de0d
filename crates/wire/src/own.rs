//! braid's own alert, in JSON for whoever writes one by hand or by script, and in Avro on the alerts topic, where the
//! ticks of the clocks travel with it.

mod canon;
mod lenient;
mod text;

use braid_alert::{Alert, SourceTime, Tenant};
use braid_engine::Input;
use serde::{Deserialize, Serialize};

use crate::avro::{self, Framing};
use crate::json;
use crate::registry::AvroRecord;
use crate::{Refusal, RefusalReason};

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
    match avro::record_of(bytes)? {
        AvroRecord::Alert => canon::canonical(avro::decode(AvroRecord::Alert, bytes)?),
        other => Err(not_an_alert(other)),
    }
}

/// Writes an alert in Avro's single-object encoding, as the alerts topic carries it.
pub fn alert_to_avro(alert: &Alert) -> Vec<u8> {
    avro::encode(AvroRecord::Alert, alert, Framing::SingleObject)
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

/// Reads a record of the alerts topic: an alert or a tick, told apart by the fingerprint. What stands there braid has
/// written itself, in canonical form.
///
/// # Errors
/// `empty`, `malformed`, `truncated`, `unknown_format`, `not_an_alert`, `unknown_schema`. Here `unknown_schema` means that a newer release is about: the partition is to wait, for
/// skipping a record would change every decision after it.
pub fn input_from_avro(bytes: &[u8]) -> Result<Input, Refusal> {
    match avro::record_of(bytes)? {
        AvroRecord::Alert => {
            avro::decode(AvroRecord::Alert, bytes).map(|alert| Input::Alert(Box::new(alert)))
        }
        AvroRecord::Tick => {
            avro::decode(AvroRecord::Tick, bytes).map(|Tick { tenant, at }| Input::Tick { tenant, at })
        }
        other => Err(not_an_alert(other)),
    }
}

fn not_an_alert(record: AvroRecord) -> Refusal {
    Refusal::new(RefusalReason::NotAnAlert, format!("a record of schema {}", record.as_str()))
}
