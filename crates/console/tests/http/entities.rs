//! The profile of an entity.

use braid_alert::{IdentifierKind, IncidentStatus, Provider};
use serde_json::{Value, json};

use crate::support::{World, alert, entity, host, id, incident, run, user};

fn product<'p>(profile: &'p Value, name: &str) -> &'p Value {
    let products = profile["products"].as_array().expect("a list");
    products.iter().find(|product| product["provider"] == name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn five_machine_accounts_that_share_one_well_known_sid_stay_five_hosts() {
    let mut world = World::new();
    for n in 1..=5 {
        let account = format!("contoso\\client{n}$");
        world.alert(Provider::DefenderForIdentity, &format!("i{n}"), n, vec![user(&["S-1-5-18", &account])]);
    }
    let mut numbers = Vec::new();
    for n in 1..=5 {
        let profile = world.json(&format!("/api/entities/client{n}"));
        assert_eq!(profile["kind"], "host", "{profile}");
        assert_eq!(product(&profile, "microsoftDefenderForIdentity")["alerts"], 1);
        numbers.push(profile["id"].as_i64().expect("a number"));
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 5);
    assert_eq!(world.get("/api/entities/S-1-5-18").status, 404, "it is nobody's name");
}

#[test]
fn an_entity_that_has_become_a_hub_says_so() {
    let mut world = World::new();
    let dc = [(IdentifierKind::Fqdn, "dc1.contoso.azure")];
    for n in 0..20 {
        let someone = user(&[&format!("user{n}@contoso.azure")]);
        world.alert(Provider::DefenderForIdentity, &format!("i{n}"), n, vec![host(&dc), someone]);
    }
    let hub = |world: &World| world.json("/api/entities/dc1.contoso.azure")["joins"]["hub"].clone();
    assert_eq!(hub(&world), true);
    world.restart();
    assert_eq!(hub(&world), true);
    assert_eq!(world.json("/api/entities/user3@contoso.azure")["joins"]["hub"], false);
}

#[test]
fn an_entity_is_found_by_any_of_its_names() {
    let console = run();
    let mut about = incident(1);
    let names = [
        (IdentifierKind::Upn, "jeffl@contoso.azure"),
        (IdentifierKind::DomainAccount, "contoso\\jeffl"),
        (IdentifierKind::Sid, "S-1-5-21-8-1104"),
    ];
    let urls = [
        (IdentifierKind::Url, "https://evil.example/a/b?c"),
        (IdentifierKind::Url, "https://evil.example/timeline"),
    ];
    about.entities = vec![entity(7, &names), entity(8, &urls)];
    about.alerts = vec![alert(Provider::DefenderForIdentity, "a1", &[7])];
    console.publish([about]);
    for (path, expected) in [
        ("7", 7),
        ("8?tenant=contoso", 8),
        ("upn:JeffL@contoso.azure", 7),
        ("jeffl@contoso.azure", 7),
        ("CONTOSO%5Cjeffl", 7),
        ("s-1-5-21-8-1104?tenant=contoso", 7),
        ("https%3A%2F%2Fevil.example%2Fa%2Fb%3Fc", 8),
        ("url:https://EVIL.example/a/b%3Fc", 8),
        ("https%3A%2F%2Fevil.example%2Ftimeline", 8),
    ] {
        let answer = console.get(&format!("/api/entities/{path}"));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.json()["id"], expected, "{path}");
        assert!(answer.json()["products"].is_array(), "{path}: a profile");
    }
    let jeff = console.get("/api/entities/jeffl@contoso.azure").json();
    assert_eq!((&jeff["incidents"][0]["id"], &jeff["incidents_total"]), (&json!(id(1)), &json!(1)));
}

#[test]
fn a_name_of_several_entities_is_answered_with_the_choice() {
    let console = run();
    let of = |number: u8, tenant: &str, entities: Vec<_>| {
        console.publish([braid_alert::Incident {
            tenant: braid_alert::Tenant::new(tenant),
            entities,
            ..incident(number)
        }]);
    };
    let dc = || entity(1, &[(IdentifierKind::NetbiosName, "dc1")]);
    of(1, "contoso", vec![dc(), entity(2, &[(IdentifierKind::DisplayName, "dc1")])]);
    of(2, "fabrikam & co", vec![dc()]);
    let answer = console.get("/api/entities/dc1");
    assert_eq!(answer.status, 300);
    assert!(answer.problem().contains("?tenant="), "{answer:?}");
    let choices = answer.json()["choices"].clone();
    let choices = choices.as_array().expect("a list");
    assert_eq!(choices.len(), 3);
    for choice in choices {
        let chosen = console.get(choice["url"].as_str().expect("a URL"));
        assert_eq!(chosen.status, 200, "{choice}");
        let chosen = chosen.json();
        assert_eq!((&chosen["tenant"], &chosen["id"]), (&choice["tenant"], &choice["id"]));
    }
    assert_eq!(console.get("/api/entities/dc1?tenant=contoso").status, 300);
    assert_eq!(console.get("/api/entities/netbiosName:dc1?tenant=contoso").status, 200);
    let story = console.get("/api/entities/dc1/timeline");
    assert_eq!(story.status, 300);
    let url = story.json()["choices"][0]["url"].as_str().expect("a URL").to_owned();
    assert!(console.get(&url).json()["entries"].is_array(), "the question is the same: {url}");
}

#[test]
fn an_entity_that_nobody_knows_is_not_found() {
    let console = run();
    let mut about = incident(1);
    about.entities = vec![entity(7, &[(IdentifierKind::Upn, "jeffl@contoso.azure")])];
    console.publish([about]);
    for path in ["jeffl@contoso.azure?tenant=fabrikam", "nobody@contoso.azure", "8", "8/timeline", "timeline"]
    {
        let answer = console.get(&format!("/api/entities/{path}"));
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        answer.problem();
    }
}

#[test]
fn incidents_that_are_open_come_first() {
    let console = run();
    let about = |number| {
        let entities = vec![entity(7, &[(IdentifierKind::Upn, "jeffl@contoso.azure")])];
        braid_alert::Incident { entities, ..incident(number) }
    };
    let resolved = braid_alert::Incident { status: IncidentStatus::Resolved, ..about(3) };
    console.publish([about(1), about(2), resolved]);
    let profile = console.get("/api/entities/7").json();
    let ids: Vec<_> =
        profile["incidents"].as_array().expect("a list").iter().map(|i| i["id"].clone()).collect();
    assert_eq!(ids, [json!(id(2)), json!(id(1)), json!(id(3))]);
}
