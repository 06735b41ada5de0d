//! What each route answers, over HTTP.

use crate::support::{Answer, Running, alert, entity, id, incident, redirected, run, run_with, settings};
use braid_alert::{IdentifierKind, Incident, IncidentStatus, Provider, Severity, Tenant};
use braid_runtime::{Readiness, Stop};
use braid_wire::incident::decode_incident;
use serde_json::json;

fn ids(answer: &Answer) -> Vec<String> {
    let listed = answer.json();
    let incidents = listed["incidents"].as_array().unwrap_or_else(|| panic!("a list: {answer:?}"));
    incidents.iter().map(|incident| incident["id"].as_str().expect("an id").to_owned()).collect()
}

fn texts(numbers: impl IntoIterator<Item = u8>) -> Vec<String> {
    numbers.into_iter().map(|number| id(number).to_string()).collect()
}

/// Incidents 1 to 6: one of another tenant, a grave one, a resolved one, a redirected one.
fn with_six() -> Running {
    let console = run();
    let mut about_jeff = incident(1);
    about_jeff.entities = vec![entity(7, &[(IdentifierKind::Upn, "JeffL@contoso.azure")])];
    about_jeff.alerts = vec![alert(Provider::DefenderForIdentity, "a1", &[7])];
    console.publish([
        about_jeff,
        Incident { tenant: Tenant::new("fabrikam"), ..incident(2) },
        Incident { severity: Severity::High, ..incident(3) },
        Incident { status: IncidentStatus::Resolved, ..incident(4) },
        redirected(5, 3),
        incident(6),
    ]);
    console
}

#[test]
fn the_list_is_short_and_newest_change_first_and_leaves_redirected_ones_out() {
    let console = with_six();
    let answer = console.get("/api/incidents");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(ids(&answer), texts([6, 4, 3, 2, 1]));
    let listed = answer.json();
    assert_eq!(listed["next"], json!(null));
    let expected = json!({
        "id": id(1).to_string(), "tenant": "contoso", "version": 3, "status": "active",
        "title": "Reconnaissance, number 1", "severity": "medium", "score": 41.5, "assignee": null,
        "classification": null, "phases": ["reconnaissance"], "first_activity": "1970-01-01T00:00:00Z",
        "last_activity": "1970-01-01T00:00:00Z", "first_emitted": "1970-01-01T00:01:00Z",
        "last_changed": "1970-01-01T00:01:00Z", "alerts": 1, "entities": 1,
        "redirect_incident_id": null, "incident_url": null,
    });
    assert_eq!(listed["incidents"][4], expected);
}

#[test]
fn the_list_is_filtered_by_status_severity_tenant_and_text() {
    let console = with_six();
    let cases: [(&str, &[u8]); 9] = [
        ("status=redirected", &[5]),
        ("status=resolved,Redirected", &[5, 4]),
        ("severity=high", &[3]),
        ("severity=high,medium&status=active", &[6, 3, 2, 1]),
        ("tenant=fabrikam", &[2]),
        ("text=JEFFL", &[1]),
        ("text=number+6", &[6]),
        ("text=nothing+holds+this", &[]),
        ("text=&status=&tenant=", &[6, 4, 3, 2, 1]),
    ];
    for (query, expected) in cases {
        let answer = console.get(&format!("/api/incidents?{query}"));
        assert_eq!(ids(&answer), texts(expected.iter().copied()), "{query}");
    }
}

#[test]
fn pages_follow_each_other_without_gap_and_repetition() {
    let console = with_six();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = console.get(&format!("/api/incidents?limit=2&cursor={cursor}"));
        let page = ids(&answer);
        assert!(page.len() <= 2);
        seen.extend(page);
        match answer.json()["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, texts([6, 4, 3, 2, 1]));
}

#[test]
fn a_question_that_makes_no_sense_is_told_what_would() {
    let console = run();
    let cases = [
        ("limit=0", "limit is a number from 1 to 500"),
        ("limit=501", "limit is a number from 1 to 500"),
        ("limit=many", "limit"),
        ("status=open", "status is one or several, with commas, of: active, resolved, redirected"),
        ("severity=worst", "informational, low, medium, high, critical"),
        ("cursor=5", "take `next` of the page before"),
        ("sort=title", "unknown field `sort`"),
    ];
    for (query, says) in cases {
        let answer = console.get(&format!("/api/incidents?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem().contains(says), "{query}: {}", answer.problem());
    }
}

#[test]
fn an_incident_is_given_whole_as_the_topic_carries_it() {
    let console = with_six();
    let answer = console.get(&format!("/api/incidents/{}", id(3)));
    assert_eq!(answer.status, 200);
    let read = decode_incident(answer.body.as_bytes()).expect("it is an incident");
    assert_eq!(read, Incident { severity: Severity::High, ..incident(3) });
}

#[test]
fn an_old_id_answers_with_the_redirect_to_the_survivor() {
    let console = with_six();
    let answer = console.get(&format!("/api/incidents/{}", id(5)));
    assert_eq!(answer.status, 308);
    assert_eq!(answer.header("location"), Some(&*format!("/api/incidents/{}", id(3))));
    assert_eq!(answer.json()["status"], "redirected");
    assert_eq!(answer.json()["redirect_incident_id"], id(3).to_string());
    let survivor = console.get(answer.header("location").expect("a location"));
    assert_eq!((survivor.status, survivor.json()["id"].as_str()), (200, Some(&*id(3).to_string())));
}

#[test]
fn an_incident_that_is_not_known_is_not_found_and_what_is_no_id_is_a_mistake() {
    let console = with_six();
    assert_eq!(console.get(&format!("/api/incidents/{}", id(99))).status, 404);
    let unknown = console.get(&format!("/api/incidents/{}", id(99))).problem();
    assert!(unknown.contains("another instance"), "{unknown}");
    let mistake = console.get("/api/incidents/INC-17");
    assert_eq!(mistake.status, 400);
    assert!(mistake.problem().contains("UUID"));
}

#[test]
fn a_path_that_is_no_text_is_a_mistake() {
    let console = run();
    for path in ["/api/entities/%FF", "/api/incidents/%FF", "/api/entities/x?tenants=contoso"] {
        let answer = console.get(path);
        assert_eq!(answer.status, 400, "{path}");
        answer.problem();
    }
}

#[test]
fn the_process_is_alive_while_it_restores_and_not_ready() {
    let reasons = || vec!["restoring braid.alerts/3".to_owned(), "stopping".to_owned()];
    let console = run_with(settings(), reasons);
    assert_eq!(console.get("/healthz").json(), json!({"status": "alive"}));
    let answer = console.get("/readyz");
    assert_eq!(answer.status, 503);
    let expected = json!({"status": "unready", "reasons": ["restoring braid.alerts/3", "stopping"]});
    assert_eq!(answer.json(), expected);

    let stop = Stop::new();
    let readiness = Readiness::new(stop.clone());
    let console = run_with(settings(), move || readiness.report().err().unwrap_or_default());
    assert_eq!((console.get("/readyz").status, console.get("/healthz").status), (200, 200));
    stop.request();
    let answer = console.get("/readyz");
    assert_eq!((answer.status, &answer.json()["reasons"]), (503, &json!(["stopping"])));
}

#[test]
fn metrics_are_given_as_prometheus_reads_them() {
    let console = run();
    console.metrics.merges.add((), 2);
    let answer = console.get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(answer.body.contains("\n# TYPE braid_merges_total counter\nbraid_merges_total 2\n"));
}

#[test]
fn the_root_lists_the_routes_and_anything_else_is_a_problem() {
    let console = run();
    assert!(console.get("/").body.contains("GET /api/incidents/{id}"));
    let nothing = console.get("/api/incident");
    assert_eq!(nothing.status, 404);
    assert!(nothing.problem().contains("GET / lists"));
    let host = console.address.to_string();
    for path in ["/api/incidents", "/healthz"] {
        let post = console.ask("POST", path, &[("host", &host)]);
        assert_eq!(post.status, 405, "{path}");
        assert!(post.header("allow").is_some_and(|allow| allow.contains("GET")), "{post:?}");
        post.problem();
    }
    let head = console.ask("HEAD", "/api/incidents", &[("host", &host)]);
    assert_eq!((head.status, &*head.body), (200, ""));
}
