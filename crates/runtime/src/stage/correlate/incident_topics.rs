//! What the topics about incidents carry: braid's own and the further ones, in whatever form each has.

use std::sync::Arc;

use braid_alert::{Incident, IncidentChange, IncidentId, Tenant};
use braid_log::{Header, Outgoing, Record};
use braid_wire::incident;

use crate::{OutputKind, OutputTopic, Settings};

/// Everything that is written of this kind: braid's own topic first, then the further ones.
pub(super) fn outputs(settings: &Settings, kind: OutputKind) -> Vec<OutputTopic> {
    let (topics, first) = (&settings.topics, |topic: &Arc<str>, encoding| OutputTopic {
        topic: topic.clone(),
        holds: kind,
        encoding,
    });
    let first = match kind {
        OutputKind::Incidents => first(&topics.incidents, settings.incidents_encoding),
        OutputKind::IncidentEvents => first(&topics.incident_events, settings.incident_events_encoding),
    };
    let further = settings.further_outputs.iter().filter(|output| output.holds == kind);
    std::iter::once(first).chain(further.cloned()).collect()
}

/// A record of an incident-events topic.
pub(super) fn event(record: &Record, change: &IncidentChange, output: &OutputTopic) -> Outgoing {
    let named = |name: &str| record.headers.iter().find(|(header, _)| &**header == name);
    let trace = named(incident::TRACE_PARENT).and_then(|(_, value)| value.as_deref());
    let value = incident::encode_change(change, output.encoding);
    let headers = incident::change_headers(change, output.encoding, trace);
    about(change.incident, record, output, Some(value), headers)
}

/// A record of an incidents topic.
pub(super) fn snapshot(record: &Record, incident: &Incident, output: &OutputTopic) -> Outgoing {
    let value = incident::encode_incident(incident, output.encoding);
    let headers = incident::incident_headers(incident, output.encoding);
    about(incident.id, record, output, Some(value), headers)
}

/// What takes an incident that is forgotten out of a compacted topic, so that a table by key is what braid knows.
pub(super) fn tombstone(record: &Record, tenant: &Tenant, id: IncidentId, output: &OutputTopic) -> Outgoing {
    about(id, record, output, None, incident::forgotten_headers(tenant, id))
}

fn about(
    id: IncidentId,
    record: &Record,
    output: &OutputTopic,
    value: Option<Vec<u8>>,
    headers: Vec<Header>,
) -> Outgoing {
    Outgoing {
        topic: output.topic.clone(),
        partition: None,
        key: Some(id.to_string().into_bytes().into()),
        value: value.map(Into::into),
        headers,
        origin: record.topic_partition(),
    }
}
