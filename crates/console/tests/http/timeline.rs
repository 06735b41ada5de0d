//! What happened to an entity, in order of time.

use braid_alert::{
    Action, Alert, AlertStatus, Command, DirectoryEntry, IdentifierKind, Provider, Severity, Tenant,
};
use braid_engine::Input;

use serde_json::{Value, json};

use crate::support::{World, at, entry, host, origin, user};

const TIMELINE: &str = "/api/entities/jeffl@contoso.azure/timeline";

fn jeff() -> Vec<braid_alert::Evidence> {
    vec![user(&["jeffl@contoso.azure"])]
}

/// `type title-or-what` of each entry.
fn told(page: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = page["entries"].as_array().unwrap_or_else(|| panic!("a list: {page}"));
    entries
        .iter()
        .map(|entry| {
            let what = if entry["what"].is_string() { &entry["what"] } else { &entry["title"] };
            format!("{} {}", text(&entry["type"]), text(what))
        })
        .collect()
}

/// Three alerts of two products: an incident that opens, grows and is resolved by its sources.
fn world() -> World {
    let mut world = World::new();
    let grave = |alert: &mut Alert| alert.severity = Severity::High;
    world.alert(Provider::DefenderForIdentity, "i1", 0, jeff());
    let pc = host(&[(IdentifierKind::Fqdn, "pc1.contoso.azure")]);
    let and_mona = [jeff(), vec![pc, user(&["mona@contoso.azure"])]].concat();
    world.alert_as(Provider::DefenderForEndpoint, "e1", 4, and_mona, grave);
    world.alert(Provider::DefenderForEndpoint, "e2", 8, jeff());
    for (provider, id, minute, severity) in [
        (Provider::DefenderForIdentity, "i1", 0, Severity::Medium),
        (Provider::DefenderForEndpoint, "e1", 4, Severity::High),
        (Provider::DefenderForEndpoint, "e2", 8, Severity::Medium),
    ] {
        let resolved = |alert: &mut Alert| {
            alert.severity = severity;
            (alert.status, alert.updated, alert.origin) = (AlertStatus::Resolved, at(30), origin(30));
        };
        world.alert_as(provider, id, minute, jeff(), resolved);
    }
    world
}

#[test]
fn alerts_and_changes_are_told_in_the_order_of_time() {
    let world = world();
    let expected = ["alert Alert i1", "change opened", "alert Alert e1", "alert Alert e2", "change resolved"];
    let page = world.json(TIMELINE);
    assert_eq!(told(&page), expected);
    assert_eq!((&page["tenant"], &page["next"]), (&json!("contoso"), &json!(null)));
    let alert = &page["entries"][2];
    for (field, value) in [
        ("at", json!(at(4))),
        ("product", json!("microsoftDefenderForEndpoint")),
        ("portal_url", json!("https://portal.example/microsoftDefenderForEndpoint/e1")),
    ] {
        assert_eq!(alert[field], value, "{alert}");
    }
    assert_eq!((&alert["alert"]["id"], &alert["alert"]["status"]), (&json!("e1"), &json!("resolved")));
    assert_eq!(alert["entities"].as_array().map(Vec::len), Some(3), "{alert}");
    let change = &page["entries"][4];
    assert_eq!((&change["at"], &change["status"]), (&json!(at(30)), &json!("resolved")));
    assert_eq!(change["incident"], alert["incident"]);

    let newest: Vec<_> = expected.iter().rev().copied().collect();
    assert_eq!(told(&world.json(&format!("{TIMELINE}?order=newest"))), newest);
}

#[test]
fn what_a_restart_leaves_is_told() {
    let mut world = world();
    let before = world.json(TIMELINE);
    world.restart();
    assert_eq!(told(&world.json(TIMELINE)), told(&before));
}

#[test]
fn a_timeline_is_filtered_by_product_severity_type_user_and_text() {
    let world = world();
    let (i1, e1, e2) = ("alert Alert i1", "alert Alert e1", "alert Alert e2");
    let (opened, resolved) = ("change opened", "change resolved");
    let cases: [(&str, &[&str]); 13] = [
        ("product=microsoftDefenderForIdentity", &[i1]),
        ("product=MDATP,microsoftDefenderForIdentity", &[i1, e1, e2]),
        ("product=acme", &[]),
        ("severity=high", &[e1, resolved]),
        ("severity=medium,high&type=alert", &[i1, e1, e2]),
        ("type=change", &[opened, resolved]),
        ("type=comment,Directory", &[]),
        ("user=MONA@contoso.azure", &[e1]),
        ("user=upn:mona@contoso.azure", &[e1]),
        ("user=ana", &[]),
        ("text=ALERT+e2", &[e2]),
        ("text=PC1.contoso&type=alert", &[e1]),
        ("type=&text=&user=&product=&severity=&tenant=", &[i1, opened, e1, e2, resolved]),
    ];
    for (query, expected) in cases {
        assert_eq!(told(&world.json(&format!("{TIMELINE}?{query}"))), expected, "{query}");
    }
}

#[test]
fn pages_follow_each_other_while_alerts_come_in() {
    let mut world = world();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.json(&format!("{TIMELINE}?limit=2&cursor={cursor}"));
        assert!(page["entries"].as_array().is_some_and(|entries| entries.len() <= 2));
        seen.extend(told(&page));
        let Some(next) = page["next"].as_str() else { break };
        cursor = next.to_owned();
        if seen.len() == 2 {
            // Before where the reader is, and behind.
            world.alert(Provider::DefenderForIdentity, "i0", -3, jeff());
            world.alert(Provider::DefenderForIdentity, "i9", 9, jeff());
        }
    }
    let alerts: Vec<_> = seen.iter().filter(|entry| entry.starts_with("alert")).collect();
    assert_eq!(alerts, ["alert Alert i1", "alert Alert e1", "alert Alert e2", "alert Alert i9"], "{seen:?}");
}

#[test]
fn a_question_that_makes_no_sense_is_told_what_would() {
    let world = world();
    for (query, says) in [
        ("limit=0", "limit is a number from 1 to 500"),
        ("severity=worst", "informational, low, medium, high, critical"),
        ("type=alerts", "type is one or several, with commas, of: alert, change, comment, directory"),
        ("order=title", "order is oldest or newest"),
        ("cursor=5", "take `next` of the page before"),
        ("status=active", "unknown field `status`"),
    ] {
        let answer = world.get(&format!("{TIMELINE}?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem().contains(says), "{query}: {}", answer.problem());
    }
}

#[test]
fn what_a_directory_says_stands_at_its_time() {
    let mut world = world();
    let listed = DirectoryEntry {
        display_name: Some("Jeff Leatherman".into()),
        created: Some(at(-90)),
        ..entry(&["jeffl@contoso.azure"])
    };
    world.directory("jeff", 40, Some(listed));
    let page = world.json(&format!("{TIMELINE}?limit=1"));
    assert_eq!(told(&page), ["directory created"]);
    assert_eq!(page["entries"][0]["title"], "Jeff Leatherman");
}

#[test]
fn what_people_do_with_an_incident_is_told_with_their_names_and_words() {
    let mut world = world();
    let incident = world.json(TIMELINE)["entries"][0]["incident"].as_str().expect("an id").to_owned();
    let incident = braid_alert::IncidentId::parse(&incident).expect("a UUID");
    let actions = [
        Action::Assign { incident, assignee: Some("ana".into()), group: None },
        Action::Comment { incident, text: "Jeff says that it was him".into() },
    ];
    for (action, minute) in actions.into_iter().zip(40..) {
        world.take(Input::Command(Box::new(Command {
            tenant: Tenant::new("contoso"),
            id: format!("c{minute}").into(),
            author: "ana".into(),
            reason: Some("on duty".into()),
            expected_version: None,
            action,
            origin: origin(minute),
        })));
    }
    let page = world.json(&format!("{TIMELINE}?user=ana"));
    assert_eq!(page["entries"].as_array().map(Vec::len), Some(2), "{page}");
    let (assigned, comment) = (&page["entries"][0], &page["entries"][1]);
    assert_eq!(
        (&assigned["what"], &assigned["author"], &assigned["text"]),
        (&json!("assigned"), &json!("ana"), &json!("on duty"))
    );
    assert_eq!(
        (&comment["type"], &comment["text"]),
        (&json!("comment"), &json!("Jeff says that it was him"))
    );
    assert_eq!(
        world.json(&format!("{TIMELINE}?type=comment&text=was+him"))["entries"].as_array().map(Vec::len),
        Some(1)
    );
}
