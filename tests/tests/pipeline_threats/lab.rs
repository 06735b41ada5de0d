//! A pipeline with a feed of threat intelligence and detections, and what is said in them.

use std::collections::BTreeMap;

use braid_tests::broker::Cluster;
use braid_tests::pipeline::{Pipeline, SourceSpec};
use braid_tests::program::Program;
use braid_tests::standing::until;
use serde_json::{Value, json};

pub(crate) const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Everything happens on this morning.
const DAY: &str = "2026-02-03";

/// Detections, and a feed that knows who is behind what they name.
pub(crate) struct Lab {
    pub(crate) pipeline: Pipeline,
}

impl Lab {
    pub(crate) fn new(stem: &str) -> Self {
        Self::on(Cluster::start(), stem)
    }

    pub(crate) fn on(cluster: &'static Cluster, stem: &str) -> Self {
        let source =
            |name, format, partitions| SourceSpec { name, format, tenant: "\"contoso\"", partitions };
        let sources = [source("feed", "stix-indicator", 3), source("detections", "braid-json", 4)];
        Self { pipeline: Pipeline::on(cluster, stem, &sources, "") }
    }

    /// Has the feed say something, each object under its id.
    pub(crate) fn tell(&self, objects: &[Value]) {
        let texts: Vec<(&str, String)> =
            objects.iter().map(|object| (text_of(object, "id"), object.to_string())).collect();
        self.pipeline.feed("feed", texts.iter().map(|(key, text)| (*key, Some(text.as_bytes()))));
    }

    /// Has the feed take back what it said under this key.
    pub(crate) fn take_back(&self, key: &str) {
        self.pipeline.feed("feed", [(key, None)]);
    }

    /// Raises alerts without waiting for what becomes of them.
    pub(crate) fn raise(&self, alerts: &[Value]) {
        let texts: Vec<(&str, String)> =
            alerts.iter().map(|alert| (text_of(alert, "id"), alert.to_string())).collect();
        self.pipeline.feed("detections", texts.iter().map(|(key, text)| (*key, Some(text.as_bytes()))));
    }

    /// Raises alerts, one after the other, and waits until they are in incidents.
    pub(crate) fn detect(&self, alerts: &[Value]) {
        for alert in alerts {
            self.raise(std::slice::from_ref(alert));
            self.pipeline.drain_of(["detections"]);
        }
    }

    /// Waits until the process has read so many records of the feed since it began.
    pub(crate) fn wait_for_records(program: &mut Program, records: usize) {
        let mut read = Value::Null;
        until(&format!("{records} records of the feed are read"), || {
            read = Self::source(program, "feed")["records"].clone();
            read == records
        });
    }

    /// What the process says of one of its sources.
    pub(crate) fn source(program: &mut Program, name: &str) -> Value {
        let told: Value = serde_json::from_str(&program.get("/api/integrations").body).expect("it is JSON");
        let sources = told["sources"].as_array().expect("a list");
        sources.iter().find(|source| source["name"] == name).expect("it is configured").clone()
    }

    /// What `braid status` prints of the process.
    pub(crate) fn status(&self, program: &mut Program) -> String {
        self.pipeline.tried(&format!("status --url {}", program.address())).stdout
    }

    /// What each alert matches, by its id, as the incidents say: the indicator, the actor, the intent. Asserts what the
    /// program owes beside.
    pub(crate) fn matched(&self) -> BTreeMap<String, Vec<String>> {
        let incidents = self.pipeline.assert_as_replayed();
        let told = |found: &Value| {
            let text = |name: &str| found[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("indicator"), text("actor"), text("intent"))
        };
        let mut matched = BTreeMap::new();
        let alerts = incidents.values().flat_map(|incident| incident["alerts"].as_array().expect("a list"));
        for alert in alerts {
            let found = alert["indicators"].as_array().expect("a list").iter().map(told).collect();
            let known = matched.insert(text_of(alert, "id").to_owned(), found);
            assert!(known.is_none(), "an alert is in two places: {alert}");
        }
        matched
    }
}

/// What [`Lab::matched`] should give.
pub(crate) fn matches<const N: usize>(wanted: [(&str, &[&str]); N]) -> BTreeMap<String, Vec<String>> {
    wanted
        .into_iter()
        .map(|(id, found)| (id.to_owned(), found.iter().copied().map(str::to_owned).collect()))
        .collect()
}

pub(crate) fn text_of<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("no text {field} in {value}"))
}

pub(crate) fn indicator(id: &str, pattern: &str, confidence: u32) -> Value {
    json!({ "type": "indicator", "id": id, "modified": "2026-01-02T00:00:00Z", "pattern": pattern,
            "valid_from": "2026-01-01T00:00:00Z", "confidence": confidence })
}

pub(crate) fn of_hash(id: &str) -> Value {
    indicator(id, &format!("[file:hashes.'SHA-256' = '{SHA}']"), 85)
}

pub(crate) fn of_domain(id: &str, domain: &str, confidence: u32) -> Value {
    indicator(id, &format!("[domain-name:value = '{domain}']"), confidence)
}

pub(crate) fn actor(id: &str, name: &str) -> Value {
    json!({ "type": "threat-actor", "id": id, "name": name, "primary_motivation": "personal-gain" })
}

pub(crate) fn indicates(id: &str, indicator: &str, actor: &str) -> Value {
    json!({ "type": "relationship", "id": id, "relationship_type": "indicates",
            "source_ref": indicator, "target_ref": actor })
}

pub(crate) fn bundle(id: &str, objects: &[Value]) -> Value {
    json!({ "type": "bundle", "id": id, "objects": objects })
}

/// An alert at a time of the day.
pub(crate) fn alert(id: &str, at: &str, evidence: &[Value]) -> Value {
    json!({ "provider": "labScanner", "id": id, "title": format!("Alert {id}"), "severity": "medium",
            "first_activity": format!("{DAY}T{at}:00Z"), "evidence": evidence })
}

/// An alert about a host of its own that names the hash.
pub(crate) fn with_hash(id: &str) -> Value {
    alert(id, "10:00", &[host(id), file(SHA)])
}

pub(crate) fn host(name: &str) -> Value {
    json!({ "kind": "host", "role": "impacted",
            "identifiers": [{ "kind": "fqdn", "value": format!("{name}.contoso.azure") }] })
}

pub(crate) fn user(name: &str) -> Value {
    json!({ "kind": "user", "role": "source",
            "identifiers": [{ "kind": "upn", "value": format!("{name}@contoso.azure") }] })
}

pub(crate) fn file(sha256: &str) -> Value {
    json!({ "kind": "file", "identifiers": [{ "kind": "sha256", "value": sha256 }] })
}

pub(crate) fn url(value: &str) -> Value {
    json!({ "kind": "url", "identifiers": [{ "kind": "url", "value": value }] })
}
