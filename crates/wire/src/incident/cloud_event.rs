//! The headers of what the incident topics carry: CloudEvents 1.0 in Kafka's binary mode, and a W3C trace context.

use std::fmt::{Display, Write};

use braid_alert::{Incident, IncidentChange, IncidentId, SourceTime, Tenant};

use super::Encoding;
use crate::dead_letter::Header;

/// The header of a trace context.
pub const TRACE_PARENT: &str = "traceparent";

/// The version of an incident that is forgotten: no other is newer, for it never comes back under its id.
const FORGOTTEN: i64 = i64::MAX;

/// The headers of an incident's record. Its trace is the incident, which no single source record made.
pub fn incident_headers(incident: &Incident, encoding: Encoding) -> Vec<Header> {
    let (id, version) = (incident.id, incident.version);
    let event = CloudEvent {
        kind: "braid.incident",
        feed: "incidents",
        tenant: &incident.tenant,
        incident: id,
        id: format!("{id}/{version}"),
        sequence: version,
        at: Some(incident.last_changed),
    };
    let schema = match encoding {
        Encoding::Json | Encoding::Avro { .. } => "urn:braid:v1:incident",
        Encoding::Ocsf => "urn:braid:v1:incident.ocsf",
        Encoding::Ecs => "urn:braid:v1:incident.ecs",
        Encoding::Cef => "urn:braid:v1:incident.cef",
    };
    event.headers(Some((content_type(encoding), schema)), own_trace(id, version))
}

/// The headers of a change's record. Its trace is that of the source record which brought it about, if that names one
/// (a [`TRACE_PARENT`] that is not well formed is passed over), else the incident.
pub fn change_headers(change: &IncidentChange, encoding: Encoding, trace: Option<&[u8]>) -> Vec<Header> {
    let (id, version) = (change.incident, change.version);
    let event = CloudEvent {
        kind: "braid.incident-event",
        feed: "incident-events",
        tenant: &change.tenant,
        incident: id,
        id: format!("{id}/{version}"),
        sequence: version,
        at: Some(change.at),
    };
    let schema = match encoding {
        Encoding::Json | Encoding::Avro { .. } => "urn:braid:v1:incident-event",
        Encoding::Ocsf => "urn:braid:v1:incident-event.ocsf",
        Encoding::Ecs => "urn:braid:v1:incident-event.ecs",
        Encoding::Cef => "urn:braid:v1:incident-event.cef",
    };
    let trace =
        trace.filter(|trace| is_trace_parent(trace)).and_then(|trace| std::str::from_utf8(trace).ok());
    let trace = trace.map_or_else(|| own_trace(id, version), str::to_owned);
    event.headers(Some((content_type(encoding), schema)), trace)
}

/// The headers of the record without a value that ends an incident's life in a compacted topic.
pub fn forgotten_headers(tenant: &Tenant, id: IncidentId) -> Vec<Header> {
    let event = CloudEvent {
        kind: "braid.incident.forgotten",
        feed: "incidents",
        tenant,
        incident: id,
        id: format!("{id}/forgotten"),
        sequence: FORGOTTEN,
        at: None,
    };
    event.headers(None, own_trace(id, FORGOTTEN))
}

/// The attributes of an event that differ.
struct CloudEvent<'a> {
    kind: &'static str,
    feed: &'static str,
    tenant: &'a Tenant,
    incident: IncidentId,
    id: String,
    /// The version, by itself: what a store that keeps the newest compares, and what a record without a value has nowhere
    /// else to say.
    sequence: i64,
    at: Option<SourceTime>,
}

impl CloudEvent<'_> {
    fn headers(self, content: Option<(&'static str, &'static str)>, trace: String) -> Vec<Header> {
        let mut headers = Vec::with_capacity(11);
        headers.push(header("ce_specversion", "1.0"));
        headers.push(header("ce_id", self.id));
        headers.push(header("ce_source", source(self.tenant, self.feed)));
        headers.push(header("ce_type", self.kind));
        headers.push(header("ce_subject", self.incident));
        headers.push(header("ce_partitionkey", self.incident));
        headers.push(header("ce_sequence", self.sequence));
        headers.extend(self.at.map(|at| header("ce_time", at)));
        if let Some((content_type, schema)) = content {
            headers.push(header("ce_dataschema", schema));
            headers.push(header("content-type", content_type));
        }
        headers.push(header(TRACE_PARENT, trace));
        headers
    }
}

fn header(name: &str, value: impl Display) -> Header {
    (name.into(), Some(value.to_string().into_bytes().into()))
}

const fn content_type(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Json | Encoding::Ocsf | Encoding::Ecs => "application/json",
        Encoding::Avro { .. } => "application/avro",
        Encoding::Cef => "text/plain; charset=utf-8",
    }
}

/// A URI reference: source and id together are one event's alone.
fn source(tenant: &Tenant, feed: &str) -> String {
    let mut source = String::from("/tenants/");
    for byte in tenant.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            source.push(char::from(byte));
        } else {
            write!(source, "%{byte:02X}").expect("a String takes everything");
        }
    }
    source.push('/');
    source.push_str(feed);
    source
}

/// A trace of the incident's own, in which a version is a span. Not sampled: braid reports no spans.
fn own_trace(id: IncidentId, version: i64) -> String {
    format!("00-{}-{version:016x}-00", id.as_uuid().simple())
}

/// Whether this is a trace context of version 00 (W3C Trace Context, section 3.2).
fn is_trace_parent(text: &[u8]) -> bool {
    let fields: Vec<&[u8]> = text.split(|byte| *byte == b'-').collect();
    let [b"00", trace, span, flags] = fields[..] else { return false };
    let is_hex = |field: &[u8], length| {
        field.len() == length && field.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let says_something = |field: &[u8]| field.iter().any(|byte| *byte != b'0');
    is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2) && says_something(trace) && says_something(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_context_is_taken_only_if_it_is_one() {
        let good = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_trace_parent(good));
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert!(!is_trace_parent(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_source_is_a_uri_reference_whatever_the_tenant_is_called() {
        assert_eq!(source(&Tenant::new("a b/ü"), "incidents"), "/tenants/a%20b%2F%C3%BC/incidents");
    }

    #[test]
    fn the_trace_of_an_incident_is_a_trace_context() {
        let id = IncidentId::parse("6f2f8f0e-6f0f-5c3b-8f5e-0d8f4f1b2a77").expect("it is an id");
        assert_eq!(own_trace(id, 12), "00-6f2f8f0e6f0f5c3b8f5e0d8f4f1b2a77-000000000000000c-00");
        assert!(is_trace_parent(own_trace(id, 12).as_bytes()));
    }
}
