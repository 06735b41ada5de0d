//! Finding entities, and putting together what is known of them.

use braid_alert::{ContextReason, DirectoryEntry, DirectoryProduct, Flood};
use braid_engine::ListingRecord;

use super::super::{EntityProfile, TagSource};
use super::*;

const UPN: (IdentifierKind, &str) = (IdentifierKind::Upn, "jeffl@contoso.azure");
const SID: (IdentifierKind, &str) = (IdentifierKind::Sid, "S-1-5-21-8-1104");

fn key(number: i64) -> (Tenant, EntityId) {
    (Tenant::new(TENANT), EntityId(number))
}

fn profile(index: &HotIndex, name: &str) -> EntityProfile {
    let mut found = index.entities(None, name);
    assert_eq!(found.len(), 1, "{name}");
    index.profile(found.remove(0))
}

fn counts(profile: &EntityProfile) -> Vec<(&str, u64)> {
    profile.products.iter().filter(|p| p.alerts > 0).map(|p| (p.provider.as_str(), p.alerts)).collect()
}

pub(super) fn entry(on_premises: bool) -> DirectoryEntry {
    DirectoryEntry {
        kind: EntityKind::User,
        identifiers: vec![Identifier::new(UPN.0, UPN.1).expect("a name")],
        on_premises,
        display_name: None,
        title: None,
        office: None,
        mail: None,
        phone: None,
        domain: None,
        sam_name: None,
        os: None,
        os_build: None,
        created: None,
        first_seen: None,
        tags: Vec::new(),
        products: Vec::new(),
    }
}

pub(super) fn listing(object: &str, entry: DirectoryEntry) -> ListingRecord {
    ListingRecord { object: object.into(), entry }
}

#[test]
fn an_entity_is_found_by_its_number_and_by_every_name_in_any_case() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let mut jeff = record(7, &[(IdentifierKind::Upn, "JeffL@Contoso.Azure"), SID]);
    jeff.identifiers.extend(Identifier::domain_account("CONTOSO", "JeffL"));
    let names = [(IdentifierKind::Url, "https://Evil.Example/A"), (IdentifierKind::Address, "::1")];
    projection.publish_entities([EntityFacts::of(jeff, false), facts(8, &names)]);
    for name in [
        "7",
        "e7",
        "upn:jeffl@contoso.azure",
        "UPN:JEFFL@contoso.azure",
        "jeffl@CONTOSO.azure",
        "s-1-5-21-8-1104",
        "contoso.azure\\jeffl",
        "domainAccount:contoso\\JEFFL",
    ] {
        assert_eq!(named(&index, name), [7], "{name}");
    }
    for name in ["HTTPS://evil.example/A", "url:https://evil.example/A/", "0:0::1"] {
        assert_eq!(named(&index, name), [8], "{name}");
    }
    for name in ["", ":", "upn:", "sid:jeffl@contoso.azure", "https://evil.example/a", "jeffl", "9", "7e"] {
        assert!(named(&index, name).is_empty(), "{name:?}");
    }
}

#[test]
fn a_profile_counts_alerts_by_product_over_all_incidents_of_an_entity() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish_entities([facts(7, &[SID]), facts(8, &[UPN])]);
    let mut old = incident(1, 1);
    old.entities = vec![entity(7, &[(IdentifierKind::AccountName, "jeffl")])];
    old.alerts = vec![alert(Provider::DefenderForIdentity, "a", &[7])];
    let mut new = incident(2, 2);
    new.entities = vec![entity(7, &[SID]), entity(8, &[UPN])];
    new.alerts = vec![
        alert(Provider::DefenderForIdentity, "b", &[7, 8]),
        alert(Provider::DefenderForEndpoint, "c", &[7]),
        alert(Provider::DefenderForEndpoint, "d", &[8]),
        alert(Provider::from_text("acme"), "e", &[8]),
    ];
    let resolved = Incident { status: IncidentStatus::Resolved, ..incident(3, 3) };
    let resolved = Incident { entities: vec![entity(7, &[SID])], ..resolved };
    projection.publish([Arc::new(old), Arc::new(new), Arc::new(resolved)]);

    let profile = profile(&index, SID.1);
    assert_eq!(counts(&profile), [("microsoftDefenderForIdentity", 2), ("microsoftDefenderForEndpoint", 1)]);
    let incidents: Vec<_> = profile.incidents.iter().map(|i| i.id).collect();
    assert_eq!(incidents, [id(2), id(1), id(3)], "active ones first, then the newest change");
    assert_eq!((profile.incidents_total, &*profile.name), (3, SID.1));
}

#[test]
fn a_product_that_never_heard_of_an_entity_says_so() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let mut jeff = record(7, &[SID]);
    jeff.listings = vec![listing(
        "o1",
        DirectoryEntry {
            products: vec![DirectoryProduct {
                provider: Provider::DefenderForCloudApps,
                since: Some(EventTime::from_micros(5)),
                portal_url: Some("https://portal.example/jeff".into()),
            }],
            ..entry(true)
        },
    )];
    projection.publish_entities([EntityFacts::of(jeff, false)]);
    let mut other = incident(1, 1);
    other.entities = vec![entity(9, &[UPN])];
    other.alerts = vec![alert(Provider::from_text("acme"), "a", &[9])];
    projection.publish([Arc::new(other)]);

    let profile = profile(&index, SID.1);
    let view = |name: &str| profile.products.iter().find(|p| p.provider.as_str() == name).expect(name);
    let learned = view("microsoftDefenderForIdentity");
    assert!(learned.recognised && learned.alerts == 0, "it gave a name, and its alerts are forgotten");
    let listed = view("microsoftDefenderForCloudApps");
    assert!(listed.recognised && listed.listed && !listed.reporting);
    assert_eq!(listed.since, Some(EventTime::from_micros(5)));
    assert_eq!(listed.portal_url.as_deref(), Some("https://portal.example/jeff"));
    let stranger = view("acme");
    assert!(!stranger.recognised && stranger.reporting, "it reports others");
    assert!(!view("zimperium").recognised && !view("zimperium").reporting);
    assert!(profile.products.iter().all(|p| p.provider != Provider::Braid), "no rules, no product");
}

#[test]
fn a_flood_counts_with_all_its_alerts() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish_entities([facts(7, &[SID]), facts(8, &[UPN])]);
    let shown = alert(Provider::DefenderForIdentity, "a", &[7]);
    let flood = Flood {
        provider: shown.provider.clone(),
        detector: None,
        title: "Brute force".into(),
        representatives: vec![braid_alert::AlertKey {
            provider: shown.provider.clone(),
            id: shown.id.clone(),
        }],
        folded: 40,
        unresolved: 40,
        first_activity: EventTime::from_micros(3),
        last_activity: EventTime::from_micros(9),
    };
    let mut about = incident(1, 1);
    about.entities = vec![entity(7, &[SID]), entity(8, &[UPN])];
    about.alerts = vec![shown, alert(Provider::DefenderForIdentity, "b", &[8])];
    about.floods = vec![flood];
    projection.publish([Arc::new(about)]);
    let of_seven = profile(&index, SID.1);
    assert_eq!(counts(&of_seven), [("microsoftDefenderForIdentity", 41)]);
    assert_eq!(of_seven.last_seen, Some(EventTime::from_micros(9)));
    assert_eq!(counts(&profile(&index, UPN.1)), [("microsoftDefenderForIdentity", 1)]);
}

#[test]
fn what_directories_say_counts_and_one_on_premises_is_enough() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let cloud = DirectoryEntry {
        display_name: Some("Jeff L.".into()),
        title: Some("Clerk".into()),
        tags: vec!["Sensitive".into()],
        ..entry(false)
    };
    let mut jeff = record(7, &[UPN]);
    jeff.listings = vec![listing("cloud", cloud.clone())];
    (jeff.tags, jeff.own_tags) = (vec!["sensitive".into()], vec!["watched".into()]);
    projection.publish_entities([EntityFacts::of(jeff.clone(), true)]);
    let of_cloud = profile(&index, UPN.1);
    assert_eq!((of_cloud.on_premises, of_cloud.hub), (Some(false), true));
    assert_eq!((&*of_cloud.name, of_cloud.incidents_total), ("Jeff L.", 0), "it is known without an alert");

    jeff.listings.push(listing("here", DirectoryEntry { title: Some("Head clerk".into()), ..entry(true) }));
    projection.publish_entities([EntityFacts::of(jeff, false)]);
    let of_both = profile(&index, UPN.1);
    assert_eq!((of_both.on_premises, of_both.hub), (Some(true), false));
    assert_eq!(of_both.facts.listed(|entry| entry.title.clone()).as_deref(), Some("Head clerk"));
    assert_eq!(of_both.facts.display_name(), Some("Jeff L."));
    let tags: Vec<_> = of_both.tags.iter().map(|(tag, from)| (&**tag, from.clone())).collect();
    let expected =
        [("sensitive", vec![TagSource::Product, TagSource::Directory]), ("watched", vec![TagSource::Person])];
    assert_eq!(tags, expected);
}

#[test]
fn without_a_directory_the_newest_incident_says_whether_it_is_on_premises_and_a_hub() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish_entities([facts(7, &[UPN])]);
    let seen =
        |on_premises, context_reason| IncidentEntity { on_premises, context_reason, ..entity(7, &[UPN]) };
    let with = |n, changed, entity| Arc::new(Incident { entities: vec![entity], ..incident(n, changed) });
    projection.publish([
        with(1, 1, seen(Some(true), Some(ContextReason::Hub))),
        with(2, 2, seen(Some(false), None)),
    ]);
    let profile = profile(&index, UPN.1);
    assert_eq!((profile.on_premises, profile.hub), (Some(false), false));
}

#[test]
fn users_on_a_host_are_those_whom_alerts_name_with_it_and_no_other_host() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let host = |n, name: &'static str| IncidentEntity {
        kind: EntityKind::Host,
        ..entity(n, &[(IdentifierKind::Fqdn, name)])
    };
    let (pc, dc) = (host(1, "pc.contoso.azure"), host(2, "dc.contoso.azure"));
    let record =
        EntityRecord { kind: EntityKind::Host, ..record(1, &[(IdentifierKind::Fqdn, "pc.contoso.azure")]) };
    projection.publish_entities([EntityFacts::of(record, false)]);
    let mut about = incident(1, 1);
    about.entities = vec![pc, dc, entity(3, &[UPN]), entity(4, &[SID])];
    let at = |name, days: i64, entities: &[i64]| IncidentAlert {
        last_activity: EventTime::from_millis(days * 86_400_000),
        ..alert(Provider::DefenderForEndpoint, name, entities)
    };
    about.alerts =
        vec![at("a", 40, &[1, 3]), at("b", 41, &[1, 3]), at("c", 42, &[1, 2, 4]), at("d", 5, &[1, 4])];
    projection.publish([Arc::new(about)]);
    let profile = profile(&index, "pc.contoso.azure");
    let users: Vec<_> = profile.logged_on_users.iter().map(|user| (user.id.0, user.alerts)).collect();
    assert_eq!(users, [(3, 2)], "one alert names two hosts, another one is 37 days old");
}

#[test]
fn a_name_that_an_entity_bears_no_longer_leads_to_whoever_bears_it_now() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish_entities([facts(7, &[UPN, SID])]);
    projection.publish_entities([facts(9, &[SID]), facts(7, &[UPN])]);
    assert_eq!((named(&index, UPN.1), named(&index, SID.1)), (vec![7], vec![9]));
    projection.publish_entities([facts(7, &[(IdentifierKind::Upn, "jeff@contoso.azure")])]);
    assert!(named(&index, UPN.1).is_empty(), "renamed");
    projection.withdraw_entities([key(7), key(9)]);
    assert!(named(&index, SID.1).is_empty() && named(&index, "7").is_empty());
    assert_eq!(index.entities.sizes(), [0; 5], "nothing is left over");
}

#[test]
fn what_records_say_of_an_entity_that_was_united_with_another_one_is_said_of_that_one() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let with = |number, changed, of, provider| {
        let mut about = incident(number, changed);
        about.entities = vec![entity(of, &[UPN])];
        about.alerts = vec![alert(provider, "a", &[of])];
        Arc::new(about)
    };
    projection.publish_entities([
        facts(5, &[(IdentifierKind::AccountName, "jeffl")]),
        facts(7, &[UPN]),
        facts(8, &[SID]),
    ]);
    projection.publish([
        with(1, 1, 7, Provider::DefenderForIdentity),
        with(2, 2, 8, Provider::DefenderForEndpoint),
        with(3, 3, 5, Provider::DefenderForCloudApps),
    ]);
    // 7 and 8 turn out to be one, later 5 too; no incident has a new version by that.
    projection.publish_entities([facts(8, &[SID, UPN])]);
    projection.withdraw_entities([key(7)]);
    projection.publish_entities([facts(5, &[(IdentifierKind::AccountName, "jeffl"), SID, UPN])]);
    projection.withdraw_entities([key(8)]);
    for name in [UPN.1, SID.1, "5", "7", "8"] {
        assert_eq!(named(&index, name), [5], "{name}");
    }
    let united = profile(&index, SID.1);
    assert_eq!((united.incidents_total, counts(&united).len()), (3, 3));

    // New versions name it by its own number.
    projection.publish([with(1, 9, 5, Provider::DefenderForIdentity)]);
    assert!(named(&index, "7").is_empty(), "no record gives this number any more");
    assert_eq!(counts(&profile(&index, SID.1)).len(), 3);
    projection.withdraw([id(1), id(2), id(3)]);
    projection.withdraw_entities([key(5)]);
    assert_eq!(index.entities.sizes(), [0; 5], "nothing is left over");
}

#[test]
fn a_redirected_incident_is_about_nothing() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    projection.publish_entities([facts(7, &[UPN])]);
    let entities = vec![entity(7, &[UPN])];
    projection.publish([Arc::new(Incident { entities: entities.clone(), ..incident(1, 1) })]);
    assert_eq!(profile(&index, UPN.1).incidents_total, 1);
    projection.publish([Arc::new(Incident { entities, ..redirected(1, 2, 2) })]);
    assert_eq!(profile(&index, UPN.1).incidents_total, 0);
    assert!(index.incident(id(1)).is_some());
    drop(projection);
    assert!(index.is_empty() && index.entities.sizes() == [0; 5]);
}

#[test]
fn tenants_with_the_same_names_and_numbers_are_kept_apart() {
    let index = Arc::new(HotIndex::new());
    let projection = index.claim(0);
    let name = [(IdentifierKind::NetbiosName, "dc1")];
    for (number, tenant) in [(1, "fabrikam"), (2, "contoso")] {
        let tenant = Tenant::new(tenant);
        projection.publish_entities([EntityFacts { tenant: tenant.clone(), ..facts(1, &name) }]);
        let entities = vec![entity(1, &name)];
        projection.publish([Arc::new(Incident { tenant, entities, ..incident(number, 1) })]);
    }
    for text in ["DC1", "1"] {
        let tenants = |tenant| {
            let found = index.entities(tenant, text).into_iter().map(|facts| index.profile(facts));
            found.map(|p| (p.facts.tenant.to_string(), p.incidents[0].id)).collect::<Vec<_>>()
        };
        assert_eq!(tenants(None), [("contoso".to_owned(), id(2)), ("fabrikam".to_owned(), id(1))]);
        assert_eq!(tenants(Some("fabrikam")), [("fabrikam".to_owned(), id(1))]);
        assert!(tenants(Some("Fabrikam")).is_empty(), "tenants are compared as they are");
    }
}
