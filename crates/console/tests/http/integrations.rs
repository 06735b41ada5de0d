//! How the integrations are, as it is told over HTTP.

use braid_alert::{EventTime, Severity, SourceTime};
use braid_runtime::integrations::{
    Fault, Figures, IntegrationReport, IntegrationState, LastRecord, OutputDescription, OutputStatus,
    RefusedExample, SourceDescription, SourceStatus, Trouble,
};
use braid_wire::{Format, HealthReport, RefusalReason};
use serde_json::json;

use crate::support::{run, run_integrated, settings};

fn source(name: &str, format: Format, state: IntegrationState) -> SourceStatus {
    let topics = vec![format!("security.{name}").as_str().into()];
    let enabled = state != IntegrationState::Off;
    let source = SourceDescription { name: name.into(), enabled, format, topics };
    SourceStatus { source, state, troubles: Vec::new(), figures: Figures::default(), health: None }
}

fn report() -> IntegrationReport {
    let fault = Fault { what: "Broker: Topic authorization failed".into(), advice: "grant Read".into() };
    let example = RefusedExample {
        reason: "truncated".into(),
        detail: "at byte 7".into(),
        topic: "security.mdi".into(),
        partition: 2,
        offset: 41,
    };
    let last = LastRecord {
        source_time: SourceTime::from_millis(1_770_112_860_000),
        event_time: Some(EventTime::from_millis(1_770_112_800_000)),
    };
    let mdi = SourceStatus {
        figures: Figures {
            records: 9,
            taken: 6,
            refused: 1,
            example: Some(Box::new(example)),
            dropped: [(RefusalReason::HealthAlert, 2)].into(),
            last: Some(last),
        },
        health: Some(HealthReport {
            kind: "GatewayDisconnectedMonitoringAlert".into(),
            text: "no word from DC2".into(),
            severity: Severity::Medium,
            at: EventTime::from_millis(0),
        }),
        ..source("mdi", Format::MdiCef, IntegrationState::Ok)
    };
    let mde = SourceStatus {
        troubles: vec![Trouble { place: Some("security.mde".into()), fault: fault.clone() }],
        ..source("mde", Format::GraphAlert, IntegrationState::Broken)
    };
    let who = source("who", Format::BraidDirectoryJson, IntegrationState::Off);
    let output = OutputDescription { topic: "incidents".into(), holds: "incidents", encoding: "avro".into() };
    let output = OutputStatus { output, state: IntegrationState::Waiting, troubles: Vec::new() };
    let registry = Some(("http://registry:8081".into(), Some(fault)));
    IntegrationReport {
        cluster: None,
        waits: vec!["the topics: no answer".into()],
        sources: vec![mdi, mde, who],
        outputs: vec![output],
        registry,
    }
}

#[test]
fn each_integration_is_told_with_its_state_its_figures_and_what_is_wrong() {
    let console = run_integrated(settings(), report, Vec::new);
    let answer = console.get("/api/integrations");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let expected = json!({
        "cluster": null,
        "waits": ["the topics: no answer"],
        "sources": [
            {
                "name": "mdi", "enabled": true, "state": "ok", "troubles": [], "format": "mdi-cef",
                "topics": ["security.mdi"], "resolution": "not reported",
                "last": {
                    "source_time": "2026-02-03T10:01:00Z", "event_time": "2026-02-03T10:00:00Z", "lag_seconds": 60.0
                },
                "records": 9, "taken": 6, "refused": 1,
                "refused_example": {
                    "reason": "truncated", "detail": "at byte 7", "topic": "security.mdi", "partition": 2, "offset": 41
                },
                "dropped": {"health_alert": 2},
                "health": {
                    "kind": "GatewayDisconnectedMonitoringAlert", "text": "no word from DC2", "severity": "medium",
                    "at": "1970-01-01T00:00:00Z"
                },
            },
            {
                "name": "mde", "enabled": true, "state": "broken",
                "troubles": [{
                    "place": "security.mde", "what": "Broker: Topic authorization failed", "advice": "grant Read"
                }],
                "format": "graph-alert", "topics": ["security.mde"], "resolution": "reported", "last": null,
                "records": 0, "taken": 0, "refused": 0, "refused_example": null, "dropped": {}, "health": null,
            },
            {
                "name": "who", "enabled": false, "state": "off", "troubles": [], "format": "braid-directory-json",
                "topics": ["security.who"], "resolution": null, "last": null, "records": 0, "taken": 0, "refused": 0,
                "refused_example": null, "dropped": {}, "health": null,
            },
        ],
        "outputs": [
            {"topic": "incidents", "holds": "incidents", "encoding": "avro", "state": "waiting", "troubles": []},
        ],
        "schema_registry": {
            "url": "http://registry:8081", "state": "broken", "what": "Broker: Topic authorization failed",
            "advice": "grant Read",
        },
    });
    assert_eq!(answer.json(), expected);
}

#[test]
fn where_there_are_none_the_lists_are_empty_and_a_parameter_is_a_mistake() {
    let console = run();
    let expected =
        json!({"cluster": null, "waits": [], "sources": [], "outputs": [], "schema_registry": null});
    assert_eq!(console.get("/api/integrations").json(), expected);
    let mistake = console.get("/api/integrations?source=mdi");
    assert_eq!(mistake.status, 400);
    assert!(mistake.problem().contains("source"), "{}", mistake.problem());
}
