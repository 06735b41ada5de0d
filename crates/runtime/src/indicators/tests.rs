use std::time::Duration;

use braid_alert::{EntityKind, IndicatorMatch};
use braid_log::{Failure, Table, TableStanding};
use braid_wire::own::alert_from_json;
use expect_test::expect;
use serde_json::{Value, json};

use super::*;
use crate::integrations::SourceDescription;
use crate::{Metrics, Readiness, Stop, Surroundings};

const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn source(name: &str, tenant: Option<&str>) -> IndicatorSource {
    IndicatorSource {
        name: name.into(),
        tenant: tenant.map(Tenant::new),
        topics: vec![format!("topic.{name}").as_str().into()],
    }
}

fn record(key: &str, value: Option<&Value>) -> Record {
    Record {
        topic: "topic.feed".into(),
        partition: 0,
        offset: 7,
        timestamp_millis: 1_770_120_000_000,
        key: Some(key.as_bytes().into()),
        value: value.map(|value| value.to_string().into_bytes().into()),
        headers: Vec::new(),
    }
}

fn indicator(id: &str, pattern: &str) -> Value {
    json!({ "type": "indicator", "id": id, "modified": "2026-01-02T00:00:00Z", "pattern": pattern,
            "valid_from": "2026-01-01T00:00:00Z", "confidence": 85 })
}

fn alert(evidence: &Value) -> Alert {
    let alert = json!({ "tenant": "contoso", "provider": "p", "id": "1", "title": "t",
        "first_activity": "2026-02-03T10:00:00Z", "evidence": evidence });
    alert_from_json(alert.to_string().as_bytes()).unwrap()
}

fn naming(kind: &str, name: &str, value: &str) -> Value {
    json!([{ "kind": kind, "identifiers": [{ "kind": name, "value": value }] }])
}

/// A process' table, and what its source is told to have done.
struct Kept {
    indicators: Indicators,
    integrations: Integrations,
}

impl Kept {
    fn new(sources: Vec<IndicatorSource>, objects_max: usize) -> Self {
        let described = |source: &IndicatorSource| SourceDescription {
            name: source.name.clone(),
            enabled: true,
            format: braid_wire::Format::StixIndicator,
            topics: source.topics.clone(),
        };
        let integrations = Integrations::new(sources.iter().map(described).collect(), Vec::new(), None);
        Self { indicators: Indicators::new(sources, objects_max), integrations }
    }

    fn feed() -> Self {
        Self::new(vec![source("feed", None)], 1_000)
    }

    fn take(&self, records: &[Record]) {
        let source = &self.indicators.sources()[0];
        self.indicators.take(source, records, 1, &self.integrations);
    }

    fn put(&self, object: &Value) {
        self.take(&[record(object["id"].as_str().unwrap(), Some(object))]);
    }

    /// What an alert matches.
    fn matched(&self, evidence: &Value) -> Vec<IndicatorMatch> {
        self.annotated(evidence).indicators.as_slice().to_vec()
    }

    fn annotated(&self, evidence: &Value) -> Alert {
        let mut alert = alert(evidence);
        self.indicators.annotate(&mut alert);
        alert
    }

    fn ids(&self, evidence: &Value) -> Vec<String> {
        self.matched(evidence).iter().map(|found| found.indicator.to_string()).collect()
    }
}

#[test]
fn an_alert_is_told_who_is_behind_what_it_names_whatever_order_the_feed_has() {
    let objects = [
        indicator("indicator--1", &format!("[file:hashes.'SHA-256' = '{SHA}']")),
        json!({ "type": "relationship", "id": "relationship--1", "relationship_type": "indicates",
                "source_ref": "indicator--1", "target_ref": "malware--1" }),
        json!({ "type": "relationship", "id": "relationship--2", "relationship_type": "indicates",
                "source_ref": "indicator--1", "target_ref": "campaign--1" }),
        json!({ "type": "relationship", "id": "relationship--3", "relationship_type": "attributed-to",
                "source_ref": "campaign--1", "target_ref": "intrusion-set--1" }),
        json!({ "type": "relationship", "id": "relationship--4", "relationship_type": "attributed-to",
                "source_ref": "intrusion-set--1", "target_ref": "threat-actor--1" }),
        json!({ "type": "malware", "id": "malware--1", "name": "Reaper" }),
        json!({ "type": "campaign", "id": "campaign--1", "name": "Harvest" }),
        json!({ "type": "intrusion-set", "id": "intrusion-set--1", "name": "UNC1" }),
        json!({ "type": "threat-actor", "id": "threat-actor--1", "name": "Copper Finch", "primary_motivation": "personal-gain" }),
    ];
    let evidence = naming("file", "sha256", &SHA.to_uppercase());
    let told = |objects: &mut dyn Iterator<Item = &Value>| {
        let kept = Kept::feed();
        objects.for_each(|object| kept.put(object));
        kept.annotated(&evidence)
    };
    let alert = told(&mut objects.iter());
    assert_eq!(alert, told(&mut objects.iter().rev()));
    let [found] = alert.indicators.as_slice() else { panic!("{:?}", alert.indicators) };
    expect![[r#"indicator--1 Some("Copper Finch") Some("Harvest") Some("Reaper") Some("personal-gain") Some(85) by sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa of feed"#]].assert_eq(&format!(
        "{} {:?} {:?} {:?} {:?} {:?} by {} of {}",
        found.indicator,
        found.actor,
        found.campaign,
        found.malware,
        found.intent,
        found.confidence,
        found.matched,
        found.source
    ));
    let threat = alert.evidence.iter().find(|piece| piece.kind == EntityKind::Threat).unwrap();
    let names: Vec<String> = threat.identifiers.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["threatName:copper finch", "suspectedThreatName:copper finch"]);
}

#[test]
fn every_sort_of_value_is_matched_and_another_is_not() {
    let kept = Kept::feed();
    kept.put(&indicator("hash", "[file:hashes.MD5 = '4475064c5f6a5474e31f2f3dfafc22ed']"));
    kept.put(&indicator("address", "[ipv4-addr:value = '203.0.113.9']"));
    kept.put(&indicator(
        "network",
        "[ipv4-addr:value = '198.51.100.0/24'] OR [ipv6-addr:value = '2001:db8::/32']",
    ));
    kept.put(&indicator("domain", "[domain-name:value = 'evil.example']"));
    kept.put(&indicator("url", "[url:value = 'https://evil.example/a']"));
    kept.put(&indicator("both", "[ipv4-addr:value = '203.0.113.9' AND domain-name:value = 'evil.example']"));
    let url = |value: &str| naming("url", "url", value);
    let address = |value: &str| naming("ip", "address", value);
    assert_eq!(kept.ids(&naming("file", "md5", "4475064C5F6A5474E31F2F3DFAFC22ED")), ["hash"]);
    assert_eq!(kept.ids(&address("203.0.113.9")), ["address"]);
    assert_eq!(kept.ids(&address("198.51.100.77")), ["network"]);
    assert_eq!(kept.ids(&address("2001:db8:5::1")), ["network"]);
    assert_eq!(kept.ids(&url("https://evil.example/a")), ["domain", "url"]);
    assert_eq!(kept.ids(&url("https://evil.example/b")), ["domain"]);
    assert_eq!(kept.ids(&naming("host", "fqdn", "Evil.example")), ["domain"]);
    assert!(kept.ids(&url("https://not.evil.example/b")).is_empty(), "a name means itself, as STIX has it");
    assert!(kept.ids(&address("198.51.101.1")).is_empty());
    let several = json!([
        { "kind": "ip", "identifiers": [{ "kind": "address", "value": "203.0.113.9" }] },
        { "kind": "url", "identifiers": [{ "kind": "url", "value": "evil.example" }] }
    ]);
    assert_eq!(kept.ids(&several), ["address", "both", "domain"]);
}

#[test]
fn what_is_taken_back_revoked_or_not_valid_at_the_time_matches_no_more() {
    let kept = Kept::feed();
    let evidence = naming("ip", "address", "203.0.113.9");
    let one = || indicator("i", "[ipv4-addr:value = '203.0.113.9']");
    kept.put(&one());
    assert_eq!(kept.ids(&evidence), ["i"]);
    kept.take(&[record("i", None)]);
    assert!(kept.ids(&evidence).is_empty() && kept.indicators.is_empty());
    let with = |name: &str, value: Value| {
        let mut object = one();
        object[name] = value;
        kept.put(&object);
        kept.ids(&evidence).len()
    };
    assert_eq!(with("valid_until", json!("2026-02-03T10:00:00Z")), 0, "the time itself is not in it");
    assert_eq!(with("valid_until", json!("2026-02-03T10:00:01Z")), 1);
    assert_eq!(with("valid_from", json!("2026-02-03T10:00:01Z")), 0);
    assert_eq!(with("valid_from", json!("2026-02-03T10:00:00Z")), 1);
    assert_eq!(with("revoked", json!(true)), 0);
}

#[test]
fn the_newest_version_counts_whichever_record_brings_it() {
    let kept = Kept::feed();
    let version = |at: &str, address: &str| {
        let mut object = indicator("i", &format!("[ipv4-addr:value = '{address}']"));
        object["modified"] = json!(at);
        object
    };
    kept.take(&[record("new", Some(&version("2026-01-03T00:00:00Z", "203.0.113.2")))]);
    kept.take(&[record("old", Some(&version("2026-01-02T00:00:00Z", "203.0.113.1")))]);
    let matches = |address: &str| !kept.ids(&naming("ip", "address", address)).is_empty();
    assert!(matches("203.0.113.2") && !matches("203.0.113.1"));
    kept.take(&[record("old", None)]);
    assert!(matches("203.0.113.2"), "what an older record said is not what a newer one says");
    // A bundle that comes again without an object takes it back.
    let bundle = |objects: &[Value]| json!({ "type": "bundle", "id": "b", "objects": objects });
    kept.put(&bundle(&[
        indicator("x", "[ipv4-addr:value = '203.0.113.7']"),
        indicator("y", "[ipv4-addr:value = '203.0.113.8']"),
    ]));
    kept.put(&bundle(&[indicator("y", "[ipv4-addr:value = '203.0.113.8']")]));
    assert!(!matches("203.0.113.7") && matches("203.0.113.8"));
}

#[test]
fn what_is_for_one_tenant_is_for_no_other() {
    let kept = Kept::new(vec![source("feed", Some("fabrikam"))], 10);
    kept.put(&indicator("i", "[ipv4-addr:value = '203.0.113.9']"));
    assert!(kept.ids(&naming("ip", "address", "203.0.113.9")).is_empty());
    let kept = Kept::new(vec![source("feed", Some("contoso"))], 10);
    kept.put(&indicator("i", "[ipv4-addr:value = '203.0.113.9']"));
    assert_eq!(kept.ids(&naming("ip", "address", "203.0.113.9")).len(), 1);
}

#[test]
fn a_host_s_own_address_and_what_names_nothing_match_nothing() {
    let kept = Kept::feed();
    kept.put(&indicator("i", "[ipv4-addr:value = '203.0.113.9'] OR [domain-name:value = 'x.y']"));
    let host = json!({ "kind": "host", "identifiers": [{ "kind": "netbiosName", "value": "x" }],
        "addresses": [{ "address": "203.0.113.9", "egress": true }] });
    assert!(kept.ids(&json!([host])).is_empty());
    let as_source = json!({ "kind": "ip", "identifiers": [{ "kind": "address", "value": "203.0.113.9" }] });
    assert!(kept.ids(&json!([host, as_source])).is_empty(), "it is the host's, wherever it stands");
}

#[test]
fn an_actor_whose_name_is_nobody_s_is_not_who_links_but_the_indicator_is() {
    let kept = Kept::feed();
    kept.put(&indicator("indicator--1", "[ipv4-addr:value = '203.0.113.9']"));
    kept.put(&json!({ "type": "threat-actor", "id": "threat-actor--1", "name": "Unknown" }));
    kept.put(&json!({ "type": "relationship", "id": "relationship--1", "relationship_type": "indicates",
                      "source_ref": "indicator--1", "target_ref": "threat-actor--1" }));
    let alert = kept.annotated(&naming("ip", "address", "203.0.113.9"));
    let threat = alert.evidence.iter().find(|piece| piece.kind == EntityKind::Threat).unwrap();
    assert_eq!(&*threat.identifiers[0].value, "indicator--1");
}

#[test]
fn beyond_the_bound_an_object_is_refused_and_the_status_says_so() {
    let kept = Kept::new(vec![source("feed", None)], 2);
    for n in 0..4 {
        kept.put(&indicator(&format!("i{n}"), &format!("[ipv4-addr:value = '203.0.113.{n}']")));
    }
    kept.take(&[record("bad", Some(&indicator("bad", "[file:name = 'a']")))]);
    assert_eq!(kept.indicators.len(), 2);
    // One that is known is renewed, though there is no room.
    kept.put(&indicator("i1", "[ipv4-addr:value = '203.0.113.77']"));
    assert_eq!(kept.ids(&naming("ip", "address", "203.0.113.77")), ["i1"]);
    let readiness = Readiness::new(Stop::new());
    let report = kept.integrations.report(&readiness, &crate::SourceHealth::default());
    let figures = format!("{:?}", report.sources[0]);
    assert!(figures.contains("refused: 3") && figures.contains("file:name"), "{figures}");
}

/// A topic that is read from its beginning twice; the second time one of its records is gone.
struct Twice {
    polls: u32,
    stop: Stop,
}

impl Table for Twice {
    fn poll(&mut self, _: Duration, each: &mut dyn FnMut(Record)) -> Result<TableStanding, Failure> {
        self.polls += 1;
        let put = |id: &str, each: &mut dyn FnMut(Record)| {
            each(record(id, Some(&indicator(id, "[ipv4-addr:value = '203.0.113.9']"))));
        };
        let standing = |readings, is_whole| Ok(TableStanding { readings, is_whole });
        match self.polls {
            1 => {
                put("i1", each);
                standing(1, false)
            }
            2 => {
                put("i2", each);
                standing(1, true)
            }
            3 => Err(Failure::Retry("the brokers are away".into())),
            4 => standing(2, false),
            5 => {
                put("i2", each);
                standing(2, true)
            }
            _ => {
                self.stop.request();
                standing(2, true)
            }
        }
    }
}

#[test]
fn what_a_topic_does_not_say_again_when_it_is_read_anew_is_forgotten() {
    let stop = Stop::new();
    let around = Surroundings {
        readiness: Arc::new(Readiness::new(stop.clone())),
        stop: stop.clone(),
        metrics: Arc::new(Metrics::new(["feed"], ["topic.feed"])),
        source_health: Arc::default(),
        integrations: Arc::new(Kept::feed().integrations),
        indicators: Arc::new(Indicators::new(vec![source("feed", None)], 10)),
    };
    let followed = Followed::default();
    let source = &around.indicators.sources()[0];
    follow(Twice { polls: 0, stop }, source, "topic.feed", &around, &followed).unwrap();
    assert!(followed.is_whole() && !followed.is_failing());
    let mut found = alert(&naming("ip", "address", "203.0.113.9"));
    around.indicators.annotate(&mut found);
    let ids: Vec<_> = found.indicators.as_slice().iter().map(|found| &*found.indicator).collect();
    assert_eq!(ids, ["i2"]);
}
