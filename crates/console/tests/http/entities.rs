//! The profile of an entity.

use braid_alert::{DirectoryEntry, DirectoryProduct, EntityKind, IdentifierKind, IncidentStatus, Provider};
use serde_json::{Value, json};

use crate::support::{World, alert, at, entity, entry, host, id, incident, run, user};

const OBJECT_ID: &str = "2de70991-0d5c-4bd0-9f4e-1f5a9c5a8c11";
const SID: &str = "S-1-5-21-2839646386-741382897-445212193-1104";

fn product<'p>(profile: &'p Value, name: &str) -> &'p Value {
    let products = profile["products"].as_array().expect("a list");
    products.iter().find(|product| product["provider"] == name).unwrap_or_else(|| panic!("{name}"))
}

fn identifier<'p>(profile: &'p Value, value: &str) -> &'p Value {
    let identifiers = profile["identifiers"].as_array().expect("a list");
    identifiers.iter().find(|name| name["value"] == value).unwrap_or_else(|| panic!("{value}: {profile}"))
}

/// One user: two alerts by account name, one by SID and UPN, one by object id, and a directory that knows all of these.
fn with_jeff_of_three_products() -> World {
    let mut world = World::new();
    world.alert(Provider::DefenderForIdentity, "i1", 0, vec![user(&["contoso\\jeffl"])]);
    world.alert(Provider::DefenderForIdentity, "i2", 5, vec![user(&["contoso\\jeffl"])]);
    world.alert(Provider::DefenderForEndpoint, "e1", 9, vec![user(&[SID, "jeffl@contoso.azure"])]);
    world.alert(Provider::EntraIdProtection, "c1", 12, vec![user(&[OBJECT_ID])]);
    let products = vec![DirectoryProduct {
        provider: Provider::DefenderForCloudApps,
        since: Some(at(-600)),
        portal_url: Some("https://portal.example/users/jeff".into()),
    }];
    let jeff = DirectoryEntry {
        display_name: Some("Jeff Leatherman".into()),
        title: Some("Clerk".into()),
        office: Some("Room 12".into()),
        mail: Some("jeff.leatherman@contoso.com".into()),
        phone: Some("+1 425 555 0100".into()),
        domain: Some("contoso.azure".into()),
        sam_name: Some("JeffL".into()),
        created: Some(at(-9_000)),
        first_seen: Some(at(-8_000)),
        tags: vec!["sensitive".into()],
        products,
        ..entry(&["contoso\\jeffl", SID, "jeffl@contoso.azure", OBJECT_ID])
    };
    world.directory("jeff", 20, Some(jeff));
    world
}

#[test]
fn a_user_whom_each_product_names_otherwise_has_one_profile_with_the_counts_of_all() {
    let mut world = with_jeff_of_three_products();
    let profile = world.json("/api/entities/jeffl@contoso.azure");
    let number = profile["id"].as_i64().expect("a number");
    for name in [SID, OBJECT_ID, "contoso%5Cjeffl", &number.to_string()] {
        assert_eq!(world.json(&format!("/api/entities/{name}")), profile, "{name}");
    }
    for (name, alerts, since) in [
        ("microsoftDefenderForIdentity", 2, at(0)),
        ("microsoftDefenderForEndpoint", 1, at(9)),
        ("azureAdIdentityProtection", 1, at(12)),
        ("microsoftDefenderForCloudApps", 0, at(-600)),
    ] {
        let product = product(&profile, name);
        assert_eq!(product["recognised"], true, "{product}");
        assert_eq!((&product["alerts"], &product["since"]), (&json!(alerts), &json!(since)), "{name}");
    }
    let of_identity = product(&profile, "microsoftDefenderForIdentity");
    assert_eq!(of_identity["portal_url"], "https://portal.example/microsoftDefenderForIdentity/i2");
    assert_eq!(of_identity["newest_alert"]["title"], "Alert i2");
    let listed = product(&profile, "microsoftDefenderForCloudApps");
    assert_eq!((&listed["listed"], &listed["reporting"]), (&json!(true), &json!(false)));
    assert_eq!(listed["portal_url"], "https://portal.example/users/jeff");
    let stranger = product(&profile, "zimperium");
    assert_eq!((&stranger["recognised"], &stranger["alerts"]), (&json!(false), &json!(0)));

    for (field, value) in [
        ("display_name", json!("Jeff Leatherman")),
        ("kind", json!("user")),
        ("title", json!("Clerk")),
        ("office", json!("Room 12")),
        ("mail", json!("jeff.leatherman@contoso.com")),
        ("phone", json!("+1 425 555 0100")),
        ("domain", json!("contoso.azure")),
        ("sam_name", json!("JeffL")),
        ("created", json!(at(-9_000))),
        ("first_seen", json!(at(-8_000))),
        ("last_seen", json!(at(12))),
        ("on_premises", json!(true)),
        ("sensitive", json!(true)),
        ("honeytoken", json!(false)),
        ("tags", json!([{"tag": "sensitive", "from": ["directory"]}])),
        ("conflicts", json!([])),
    ] {
        assert_eq!(profile[field], value, "{field}");
    }
    let learned = |value| identifier(&profile, value)["learned_from"].clone();
    assert_eq!(learned("contoso\\jeffl"), "microsoftDefenderForIdentity");
    assert_eq!(learned(SID), "microsoftDefenderForEndpoint");
    assert_eq!(identifier(&profile, OBJECT_ID)["strong"], true);

    world.restart();
    let mut after = world.json("/api/entities/jeffl@contoso.azure");
    // Incidents of before the restart show the user as of their last version, those of after it as of now.
    after["incidents"] = profile["incidents"].clone();
    after["name"] = profile["name"].clone();
    assert_eq!(after, profile);
}

#[test]
fn a_user_whom_only_the_cloud_lists_and_a_machine_that_azure_manages_are_not_on_premises() {
    let mut world = World::new();
    let cloud = DirectoryEntry { on_premises: false, ..entry(&["mona@contoso.azure", OBJECT_ID]) };
    world.directory("mona", 0, Some(cloud.clone()));
    world.alert(Provider::EntraIdProtection, "c1", 1, vec![user(&[OBJECT_ID])]);
    let machine = [
        (IdentifierKind::EntraDeviceId, "0a6c1a8e-5d6f-4f7c-9d43-6b1f2f6f7a10"),
        (IdentifierKind::NetbiosName, "cloudpc"),
    ];
    let names = host(&machine).identifiers;
    world.directory("pc", 2, Some(DirectoryEntry { kind: EntityKind::Host, identifiers: names, ..cloud }));
    world.alert(Provider::DefenderForEndpoint, "e1", 3, vec![host(&machine)]);
    for name in ["mona@contoso.azure", "cloudpc"] {
        let profile = world.json(&format!("/api/entities/{name}"));
        assert_eq!(profile["on_premises"], false, "{name}: {profile}");
    }
}

#[test]
fn a_hosts_profile_says_what_runs_on_it_and_who_was_there() {
    let mut world = World::new();
    let pc = [(IdentifierKind::Fqdn, "pc1.contoso.azure"), (IdentifierKind::NetbiosName, "pc1")];
    let listed = DirectoryEntry {
        kind: EntityKind::Host,
        identifiers: host(&pc).identifiers,
        os: Some("Windows 11".into()),
        os_build: Some("26100".into()),
        domain: Some("contoso.azure".into()),
        ..entry(&[])
    };
    world.directory("pc1", 0, Some(listed));
    let jeff = || user(&["jeffl@contoso.azure"]);
    world.alert(Provider::DefenderForEndpoint, "e1", 1, vec![host(&pc), jeff()]);
    world.alert(Provider::DefenderForEndpoint, "e2", 4, vec![host(&pc), jeff()]);
    let profile = world.json("/api/entities/pc1.contoso.azure");
    assert_eq!(
        (&profile["os"], &profile["os_build"], &profile["domain"]),
        (&json!("Windows 11"), &json!("26100"), &json!("contoso.azure"))
    );
    let user = &profile["logged_on_users"][0];
    assert_eq!((&user["name"], &user["alerts"]), (&json!("jeffl@contoso.azure"), &json!(2)));
    assert_eq!(user["last_seen"], json!(at(4)));
    assert_eq!(profile["last_seen"], json!(at(4)));
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
    for n in 0..24 {
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
