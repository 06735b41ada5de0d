//! What people want changed: each command, each refusal, each guard.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "../timeline/mod.rs"]
mod timeline;

mod addressing;
mod triage;
mod membership;
mod alert_pairs;
mod guards;
mod entities;

use braid_alert::{Incident, OpenReason, Span, Tenant};
use braid_engine::{Caps, Partition, Settings, StateRecord};
use expect_test::{Expect, expect};
use timeline::{Stage, play, play_with};

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&play(timeline));
}

/// Plays a timeline and gives the record of the incident that opened first, of those that are not split off.
fn record(timeline: &str) -> Incident {
    let mut stage = Stage::new(Settings::default());
    for line in timeline.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.take(line);
    }
    let tenant = Tenant::new("t");
    let ids = stage.partition.incident_ids();
    let all = ids.iter().map(|(_, id)| stage.partition.incident(&tenant, *id).unwrap());
    let all = all.filter(|incident| incident.opened != OpenReason::SplitOff);
    all.min_by_key(|incident| (incident.first_emitted, incident.first_activity)).unwrap()
}

/// Two alerts on two hosts, each an incident.
const TWO: &str = r#"
    10:00 mde/a1 "One" impacted=host:a.contoso.azure
    10:01 mde/b1 "Two" impacted=host:b.contoso.azure
"#;

/// An alert on both hosts, which makes one incident of the two unless something forbids it.
const BRIDGE: &str = r#"
    10:20 mde/c1 "Bridge" impacted=host:a.contoso.azure impacted=host:b.contoso.azure
"#;

/// Three alerts on one host.
const THREE: &str = r#"
    10:00 mde/a1 "One" impacted=host:a.contoso.azure
    10:01 mde/a2 "Two" impacted=host:a.contoso.azure
    10:02 mde/a3 "Three" impacted=host:a.contoso.azure impacted=user:contoso\ann
"#;
