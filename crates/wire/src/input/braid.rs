//! braid's own alert as input: what another braid, a script or a person sends.

use braid_alert::{Alert, Origin, Tenant};

use super::elements::raw_elements_of;
use super::{Context, SourceRecord, expect_json, text_of};
use crate::avro::Framed;
use crate::{Refusal, TenantRule, own};

/// Reads one alert, an array of them, or a wrapper `{"records":[…]}`.
pub(super) fn decode_json(
    value: &[u8],
    context: &Context<'_>,
) -> Result<Vec<Result<Alert, Refusal>>, Refusal> {
    let read = |element: Result<&str, Refusal>| element.and_then(|element| from_json(element, context));
    let elements = elements(value, context)?.into_iter();
    Ok(elements.map(|element| context.own(read(element), context.origin)).collect())
}

/// Reads one alert in Avro.
pub(super) fn decode_avro(record: &SourceRecord<'_>, context: &Context<'_>) -> Vec<Result<Alert, Refusal>> {
    let alert = Framed::of(record).and_then(|framed| own::alert_from_framed(&framed));
    vec![context.own(alert, context.origin)]
}

fn from_json(element: &str, context: &Context<'_>) -> Result<Alert, Refusal> {
    match &context.rules.tenant {
        // A sender whose tenant is configured need not name one.
        TenantRule::Fixed(tenant) => own::alert_of_tenant_from_json(tenant, element.as_bytes()),
        TenantRule::Field { .. } => own::alert_from_json(element.as_bytes()),
    }
}

impl Context<'_> {
    /// The tenant of a record in a format of braid's own, which says this one.
    pub(super) fn own_tenant(&self, said: &str) -> Result<Tenant, Refusal> {
        let rules = self.rules;
        rules.tenant.tenant(rules.format, |name| (Some(name) == rules.format.tenant_field()).then_some(said))
    }

    /// The source's rules for an alert that says everything itself.
    fn own(&self, alert: Result<Alert, Refusal>, origin: &Origin) -> Result<Alert, Refusal> {
        let mut alert = alert?;
        alert.tenant = self.own_tenant(alert.tenant.as_str())?;
        alert.correlate = self.stricter(alert.detector.as_deref(), alert.correlate);
        alert.origin = origin.clone();
        self.accept(alert)
    }
}

/// Where each alert (or command, or directory record) stands in a record, so that one that is bad refuses itself alone.
///
/// # Errors
/// As [`raw_elements_of`].
pub(super) fn elements<'a>(
    value: &'a [u8],
    context: &Context<'_>,
) -> Result<Vec<Result<&'a str, Refusal>>, Refusal> {
    expect_json(value)?;
    let envelope = context.rules.format.envelope();
    // Looked for before it is parsed: a second pass over every alert would cost for a rare case.
    match text_of(value) {
        Ok(text) if !text.starts_with('[') && !envelope.may_be(text) => Ok(vec![Ok(text)]),
        _ => raw_elements_of(value, &envelope),
    }
}
