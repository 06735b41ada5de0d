use std::time::Duration;

use braid_alert::{EntityKind, IndicatorMatch};
use braid_log::{Failure, Table, TableStanding};
use braid_wire::Observable;
use braid_wire::own::alert_from_json;
use expect_test::expect;
use proptest::prelude::*;
use proptest::{collection, option};
use serde_json::{Value, json};

use super::following::SILENT_POLLS_MAX;
use super::*;
use crate::integrations::SourceDescription;
use crate::{Metrics, Readiness, Stop, Surroundings};

/// Room for everything that a test says.
const AMPLE: u64 = 1 << 20;

const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn source(name: &str, tenant: Option<&str>) -> IndicatorSource {
    IndicatorSource {
        name: name.into(),
        tenant: tenant.map(Tenant::new),
        topics: vec![format!("topic.{name}").as_str().into()],
        exclusions: Exclusions::default(),
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
    fn new(sources: Vec<IndicatorSource>, bytes_max: u64) -> Self {
        let described = |source: &IndicatorSource| SourceDescription {
            name: source.name.clone(),
            enabled: true,
            format: braid_wire::Format::StixIndicator,
            topics: source.topics.clone(),
        };
        let integrations = Integrations::new(sources.iter().map(described).collect(), Vec::new(), None);
        Self { indicators: Indicators::new(sources, bytes_max), integrations }
    }

    fn feed() -> Self {
        Self::new(vec![source("feed", None)], AMPLE)
    }

    fn take(&self, records: &[Record]) {
        self.take_in(1, records);
    }

    fn take_in(&self, reading: u32, records: &[Record]) {
        let source = &self.indicators.sources()[0];
        let records: Vec<_> = records.iter().map(|record| (reading, record.clone())).collect();
        self.indicators.take(source, &records, &self.integrations);
    }

    fn bytes(&self) -> u64 {
        self.indicators.tables().values().map(SourceTable::bytes).sum()
    }

    /// What its source is told to have done.
    fn figures(&self) -> String {
        let (readiness, metrics) = (Readiness::new(Stop::new()), Metrics::new(["feed"], []));
        let report = self.integrations.report(&readiness, &crate::SourceHealth::default(), &metrics);
        format!("{:?}", report.sources[0])
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
    let kept = Kept::new(vec![source("feed", Some("fabrikam"))], AMPLE);
    kept.put(&indicator("i", "[ipv4-addr:value = '203.0.113.9']"));
    assert!(kept.ids(&naming("ip", "address", "203.0.113.9")).is_empty());
    let kept = Kept::new(vec![source("feed", Some("contoso"))], AMPLE);
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

/// What one indicator of one short value takes.
fn bytes_of_one() -> u64 {
    let kept = Kept::feed();
    kept.put(&numbered(0));
    kept.bytes()
}

fn numbered(n: u8) -> Value {
    indicator(&format!("i{n}"), &format!("[ipv4-addr:value = '203.0.113.{n}']"))
}

fn of_address(n: u8) -> Value {
    naming("ip", "address", &format!("203.0.113.{n}"))
}

#[test]
fn beyond_the_bound_an_object_is_left_out_and_the_status_says_so() {
    let kept = Kept::new(vec![source("feed", None)], 2 * bytes_of_one());
    (0..4).for_each(|n| kept.put(&numbered(n)));
    kept.take(&[record("bad", Some(&indicator("bad", "[file:name = 'a']")))]);
    assert_eq!(kept.indicators.len(), 2);
    // One that is known is renewed, though there is no room.
    kept.put(&indicator("i1", "[ipv4-addr:value = '203.0.113.7']"));
    assert_eq!(kept.ids(&of_address(7)), ["i1"]);
    let figures = kept.figures();
    assert!(figures.contains("refused: 3") && figures.contains("file:name"), "{figures}");
    // A pattern of many values takes the room of many.
    let values: Vec<String> = (0..20).map(|n| format!("'10.1.1.{n}'")).collect();
    let many = indicator("i0", &format!("[ipv4-addr:value IN ({})]", values.join(", ")));
    kept.put(&many);
    assert_eq!(kept.indicators.len(), 1, "{}", kept.figures());
    // What is taken back leaves nothing behind.
    kept.take(&[record("i1", None)]);
    assert_eq!((kept.indicators.len(), kept.bytes()), (0, 0));
}

#[test]
fn a_topic_made_anew_while_there_is_no_room_is_in_the_table_and_what_it_said_before_is_not() {
    let kept = Kept::new(vec![source("feed", None)], 4 * bytes_of_one());
    (0..4).for_each(|n| kept.put(&numbered(n)));
    let named = |n: u8| record(&format!("i{n}"), Some(&numbered(n)));
    kept.take_in(2, &[named(4), named(3), named(5)]);
    kept.indicators.sweep(&kept.indicators.sources()[0], &"topic.feed".into(), 2);
    let found: Vec<String> = (0..6).flat_map(|n| kept.ids(&of_address(n))).collect();
    assert_eq!(found, ["i3", "i4", "i5"]);
    assert!(kept.figures().contains("refused: 0"), "{}", kept.figures());
}

#[test]
fn what_is_read_again_at_the_bound_gives_way_only_as_far_as_it_must() {
    let kept = Kept::new(vec![source("feed", None)], 8 * bytes_of_one());
    (0..8).for_each(|n| kept.put(&numbered(n)));
    let values: Vec<String> = (0..100).map(|n| format!("'10.1.1.{n}'")).collect();
    let huge = indicator("huge", &format!("[ipv4-addr:value IN ({})]", values.join(", ")));
    let new = |n: u8| record(&format!("i{n}"), Some(&numbered(n)));
    kept.take_in(2, &[record("huge", Some(&huge))]);
    assert_eq!(kept.indicators.len(), 8, "nothing gives way to what finds no room at all");
    kept.take_in(2, &[new(8)]);
    assert_eq!((kept.indicators.len(), kept.ids(&of_address(8)).len()), (8, 1));
    // What there is of the old is there until the end of the reading.
    kept.take_in(2, &(0..7).map(new).collect::<Vec<_>>());
    kept.indicators.sweep(&kept.indicators.sources()[0], &"topic.feed".into(), 2);
    assert_eq!((kept.indicators.len(), kept.ids(&of_address(7)).len()), (8, 0));
    // What was left out never fits: the topic is not read again for it, however much is free.
    kept.take_in(2, &(1..9).map(|n| record(&format!("i{n}"), None)).collect::<Vec<_>>());
    assert!(!kept.indicators.has_room_again(&kept.indicators.sources()[0], "topic.feed"));
}

#[test]
fn of_two_records_that_state_an_object_the_older_one_holds_again_when_the_newer_is_taken_back() {
    let kept = Kept::feed();
    let version = |at: &str, n: u8| {
        let mut object = indicator("i", &format!("[ipv4-addr:value = '203.0.113.{n}']"));
        object["modified"] = json!(at);
        object
    };
    let matches = |n: u8| !kept.ids(&of_address(n)).is_empty();
    kept.take(&[record("old", Some(&version("2026-01-02T00:00:00Z", 1)))]);
    kept.take(&[record("new", Some(&version("2026-01-03T00:00:00Z", 2)))]);
    let mut revoked = version("2026-01-04T00:00:00Z", 2);
    revoked["revoked"] = json!(true);
    kept.take(&[record("newest", Some(&revoked))]);
    assert!(!matches(1) && !matches(2));
    kept.take(&[record("newest", None)]);
    assert!(!matches(1) && matches(2));
    kept.take(&[record("new", None)]);
    assert!(matches(1) && !matches(2));
    kept.take(&[record("old", None)]);
    assert!(kept.indicators.is_empty() && kept.bytes() == 0);
}

#[test]
fn a_value_that_very_many_ask_for_is_answered_by_the_first_of_them_and_the_status_says_so() {
    let kept = Kept::feed();
    let one = |n: usize| {
        let mut object = indicator(&format!("i{n:04}"), "[ipv4-addr:value = '203.0.113.9']");
        // The last of them would be kept before all others.
        object["confidence"] = json!(if n == IDS_MAX { 100 } else { 85 });
        record(&format!("{n:04}"), Some(&object))
    };
    let records: Vec<Record> = (0..=IDS_MAX).rev().map(one).collect();
    kept.take(&records[..IDS_MAX]);
    assert!(kept.figures().contains("refused: 0"), "{}", kept.figures());
    kept.take(&records[IDS_MAX..]);
    assert!(kept.figures().contains("ask for 203.0.113.9"), "{}", kept.figures());
    let found = kept.ids(&of_address(9));
    assert_eq!((found.len(), &*found[0]), (braid_alert::INDICATOR_MATCHES_MAX, "i0000"));
    assert!(!found.contains(&format!("i{IDS_MAX:04}")));
}

#[test]
fn an_indicator_with_a_confidence_that_is_none_is_looked_for_and_the_status_says_so() {
    let kept = Kept::feed();
    let mut indicator = indicator("indicator--1", "[ipv4-addr:value = '203.0.113.9']");
    indicator["confidence"] = json!("High");
    kept.put(&indicator);
    let matched = kept.matched(&naming("ip", "address", "203.0.113.9"));
    assert_eq!(matched.iter().map(|matched| matched.confidence).collect::<Vec<_>>(), [None]);
    let figures = kept.figures();
    assert!(figures.contains("refused: 1") && figures.contains("confidence is High"), "{figures}");
}

#[test]
fn what_the_source_leaves_out_meets_no_indicator_of_it() {
    let texts =
        ["203.0.113.9", "198.51.100.7/24", "Evil.example.", "https://Evil.example/a", &SHA.to_uppercase()];
    let exclusions = || texts.iter().map(|text| Observable::told(text).expect("it is a value")).collect();
    let kept = Kept::new(vec![IndicatorSource { exclusions: exclusions(), ..source("feed", None) }], AMPLE);
    kept.put(&indicator("address", "[ipv4-addr:value = '203.0.113.9']"));
    kept.put(&indicator("network", "[ipv4-addr:value = '203.0.113.0/24']"));
    kept.put(&indicator("within", "[ipv4-addr:value IN ('198.51.100.77', '198.51.100.64/26')]"));
    kept.put(&indicator("domain", "[domain-name:value = 'evil.example']"));
    kept.put(&indicator("url", "[url:value = 'https://evil.example/a']"));
    kept.put(&indicator("hash", &format!("[file:hashes.'SHA-256' = '{SHA}']")));
    assert!(kept.ids(&of_address(9)).is_empty());
    assert!(kept.ids(&naming("ip", "address", "198.51.100.77")).is_empty(), "it is in a network left out");
    assert!(kept.ids(&naming("url", "url", "https://evil.example/a")).is_empty());
    assert!(kept.ids(&naming("file", "sha256", SHA)).is_empty());
    assert_eq!(kept.ids(&of_address(8)), ["network"]);
}

proptest! {
    /// Whatever was said and taken back on the way: what holds now is all that counts. The records of a key in one partition keep
    /// their order; all others may come in any.
    #[test]
    fn a_table_that_was_followed_is_the_one_that_a_restart_reads(
        said in collection::vec((0..5_u8, 0..2_i32, option::of((0..3_u8, 0..3_u8, 0..4_u8, any::<bool>()))), 0..30),
        shuffled in any::<u64>(),
    ) {
        let mut records: Vec<Record> = Vec::new();
        for (at, (key, partition, value)) in (0_i64..).zip(&said) {
            let object = value.map(|(id, modified, n, revoked)| {
                let mut object = indicator(&format!("i{id}"), &format!("[ipv4-addr:value = '203.0.113.{n}']"));
                object["modified"] = json!(format!("2026-01-0{}T00:00:00Z", modified + 1));
                object["revoked"] = json!(revoked);
                object
            });
            let timestamp_millis = 1_770_120_000_000 + at / 4;
            let record = record(&format!("k{key}"), object.as_ref());
            records.push(Record { timestamp_millis, partition: *partition, ..record });
        }
        let followed = Kept::feed();
        records.iter().for_each(|record| followed.take(std::slice::from_ref(record)));
        let last: BTreeMap<_, _> = records.iter().map(|record| ((record.partition, record.key.clone()), record.clone())).collect();
        let mut last: Vec<Record> = last.into_values().filter(|record| record.value.is_some()).collect();
        last.sort_by_key(|record| record.key.iter().flatten().fold(shuffled ^ record.partition as u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        }));
        let restarted = Kept::feed();
        restarted.take(&last);
        let found = |kept: &Kept| (0..4).map(|n| kept.ids(&of_address(n))).collect::<Vec<_>>();
        prop_assert_eq!(found(&followed), found(&restarted));
        prop_assert_eq!(followed.indicators.len(), restarted.indicators.len());
        prop_assert_eq!(followed.bytes(), restarted.bytes());
    }
}

/// A topic whose polls are written down: what each gives, and how it ends. Then it asks to stop.
struct Scripted {
    polls: std::vec::IntoIter<Poll>,
    begun_anew: Arc<AtomicUsize>,
    stop: Stop,
}

/// The records of a poll, each with its reading, and its end.
type Poll = (Vec<(u32, Record)>, Result<TableStanding, Failure>);

impl Table for Scripted {
    fn poll(&mut self, _: Duration, each: &mut dyn FnMut(u32, Record)) -> Result<TableStanding, Failure> {
        let Some((records, end)) = self.polls.next() else {
            self.stop.request();
            return Ok(TableStanding { readings: 1, is_whole: false });
        };
        records.into_iter().for_each(|(reading, record)| each(reading, record));
        end
    }

    fn begin_anew(&mut self) -> Result<(), Failure> {
        self.begun_anew.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// What following a topic comes to.
struct Followings {
    around: Surroundings,
    followed: Followed,
    begun_anew: usize,
}

impl Followings {
    fn of(polls: Vec<Poll>, bytes_max: u64) -> Self {
        let stop = Stop::new();
        let around = Surroundings {
            readiness: Arc::new(Readiness::new(stop.clone())),
            stop: stop.clone(),
            metrics: Arc::new(Metrics::new(["feed"], ["topic.feed"])),
            source_health: Arc::default(),
            integrations: Arc::new(Kept::feed().integrations),
            indicators: Arc::new(Indicators::new(vec![source("feed", None)], bytes_max)),
        };
        let (followed, begun_anew) = (Followed::default(), Arc::new(AtomicUsize::new(0)));
        let table = Scripted { polls: polls.into_iter(), begun_anew: begun_anew.clone(), stop };
        let source = &around.indicators.sources()[0];
        follow(table, source, &"topic.feed".into(), &around, &followed).unwrap();
        Self { around, followed, begun_anew: begun_anew.load(Ordering::Relaxed) }
    }

    fn ids(&self) -> Vec<String> {
        let mut found: Vec<String> = (0..9)
            .flat_map(|n| {
                let mut alert = alert(&of_address(n));
                self.around.indicators.annotate(&mut alert);
                alert
                    .indicators
                    .as_slice()
                    .iter()
                    .map(|found| found.indicator.to_string())
                    .collect::<Vec<_>>()
            })
            .collect();
        found.sort();
        found
    }
}

fn told(n: u8) -> Record {
    record(&format!("i{n}"), Some(&numbered(n)))
}

const fn standing(readings: u32, is_whole: bool) -> Result<TableStanding, Failure> {
    Ok(TableStanding { readings, is_whole })
}

fn away() -> Result<TableStanding, Failure> {
    Err(Failure::Retry("the brokers are away".into()))
}

#[test]
fn what_a_topic_does_not_say_again_when_it_is_read_anew_is_forgotten() {
    let found = Followings::of(
        vec![
            (vec![(1, told(1))], standing(1, false)),
            (vec![(1, told(2))], standing(1, true)),
            (Vec::new(), away()),
            (Vec::new(), standing(2, false)),
            (vec![(2, told(2))], standing(2, true)),
        ],
        AMPLE,
    );
    assert!(found.followed.is_whole() && !found.followed.is_failing());
    assert_eq!(found.ids(), ["i2"]);
    let shown = found.around.metrics.render();
    let bytes = format!("braid_indicator_bytes{{source=\"feed\"}} {}", bytes_of_one());
    assert!(
        shown.contains("braid_indicator_objects{source=\"feed\"} 1") && shown.contains(&bytes),
        "{shown}"
    );
}

#[test]
fn what_is_said_again_in_a_poll_that_ends_in_a_failure_is_kept_and_what_came_before_in_it_is_not() {
    let found = Followings::of(
        vec![
            (vec![(1, told(1)), (1, told(2))], standing(1, true)),
            // Read anew within the poll.
            (vec![(1, told(3)), (2, told(2))], away()),
            (Vec::new(), standing(2, true)),
        ],
        AMPLE,
    );
    assert_eq!(found.ids(), ["i2"]);
}

#[test]
fn what_was_left_out_is_read_again_when_there_is_room_and_not_before() {
    let full = || (vec![(1, told(1)), (1, told(2)), (1, told(3))], standing(1, true));
    let taken_back = (vec![(1, record("i1", None))], standing(1, true));
    let still = || (Vec::new(), standing(1, true));
    let bytes_max = 2 * bytes_of_one();
    let found = Followings::of(vec![full(), still(), still()], bytes_max);
    assert_eq!((found.begun_anew, found.ids()), (0, vec!["i1".to_owned(), "i2".to_owned()]));
    let again = (vec![(2, told(2)), (2, told(3))], standing(2, true));
    let found = Followings::of(vec![full(), taken_back, again, still(), still()], bytes_max);
    assert_eq!((found.begun_anew, found.ids()), (1, vec!["i2".to_owned(), "i3".to_owned()]));
}

#[test]
fn a_topic_that_never_says_that_it_is_whole_fails_after_some_seconds_of_silence_and_is_well_again() {
    let silent = |polls: u32| (0..polls).map(|_| (Vec::new(), standing(1, false)));
    let found = Followings::of(silent(SILENT_POLLS_MAX - 2).collect(), AMPLE);
    assert!(!found.followed.is_failing());
    let found = Followings::of(silent(SILENT_POLLS_MAX).collect(), AMPLE);
    assert!(found.followed.is_failing() && !found.followed.is_whole());
    let refused = std::iter::once((Vec::new(), away()));
    let found = Followings::of(refused.chain(silent(2)).collect(), AMPLE);
    assert!(found.followed.is_failing(), "silence after a failure is no sign of health");
    let again = (vec![(1, told(1))], standing(1, true));
    let found = Followings::of(silent(SILENT_POLLS_MAX).chain([again]).collect(), AMPLE);
    assert!(!found.followed.is_failing() && found.followed.is_whole());
}
