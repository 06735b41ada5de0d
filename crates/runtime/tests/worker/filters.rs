//! What a source leaves out is counted by source and reason, and is nowhere else; what a product says of itself is kept.

use braid_runtime::StageKind;
use braid_runtime::metrics::StatedDrop;
use braid_wire::{Exclusion, Format, RefusalReason};

use crate::world::{SOURCES, World};

/// A world whose first source is `format` and leaves out a detector.
fn world(format: Format) -> World {
    let mut world = World::with(|settings| {
        let rules = &mut settings.sources.get_mut(SOURCES[0]).expect("it is a source").rules;
        rules.format = format;
        rules.tenant = braid_wire::TenantRule::Fixed(braid_alert::Tenant::new("contoso"));
        rules.severity_min = format.severity_min_default();
        rules.exclusions.extend(Exclusion::new(Some("ARP_MITM"), None));
    });
    world.seat(StageKind::Normalise, 0);
    world.seat(StageKind::Correlate, 0);
    world
}

fn dropped(world: &World, reason: RefusalReason) -> u64 {
    let metrics = &world.seats[0].around.metrics;
    metrics.drops.value((&metrics.source(SOURCES[0]), &StatedDrop(reason)))
}

fn threat(id: &str, severity: &str, name: &str, more: &str) -> String {
    format!(
        r#"{{"threat_uuid":"{id}","threat_name":"{name}","severity_name":"{severity}","device_id":"p-1","device_owner_email":"ann@contoso.com","device_time":1770112800000{more}}}"#
    )
}

#[test]
fn what_a_mobile_source_leaves_out_is_counted_by_reason_and_its_mitigation_too() {
    let mut world = world(Format::ZimperiumMtd);
    let over = r#","mitigation_reason":"","threat_status":"Resolved""#;
    let records = [
        threat("z-1", "CRITICAL", "APK_SUSPECTED", ""),
        threat("z-2", "LOW", "DEVELOPER_OPTIONS_ON", ""),
        threat("z-3", "CRITICAL", "ARP_MITM", ""),
        threat("z-1", "CRITICAL", "APK_SUSPECTED", over),
        threat("z-2", "LOW", "DEVELOPER_OPTIONS_ON", over),
        threat("z-3", "CRITICAL", "ARP_MITM", over),
    ];
    for record in &records {
        world.tell(SOURCES[0], None, Some(record));
    }
    world.settle();
    assert_eq!(world.arrivals().keys().collect::<Vec<_>>(), ["z-1"]);
    let reasons = [
        RefusalReason::BelowMinimumSeverity,
        RefusalReason::ExcludedDetector,
        RefusalReason::FilteredMitigation,
    ];
    assert_eq!(reasons.map(|reason| dropped(&world, reason)), [1, 1, 2]);
    assert!(world.dead_letters().is_empty());
    let snapshots = world.snapshots();
    let last = snapshots.values().next().and_then(|versions| versions.last()).expect("there is an incident");
    assert_eq!(
        (snapshots.len(), last.status.as_str()),
        (1, "resolved"),
        "the mitigation reached the incident"
    );
    world.assert_as_replayed();
}

#[test]
fn what_a_product_says_of_itself_is_kept_for_the_source_s_status_and_makes_no_incident() {
    let mut world = world(Format::MdiCef);
    let report = |time: &str, text: &str| {
        format!(
            "1 2026-02-03T{time}Z CENTER ATA 1 X CEF:0|Microsoft|ATA|1.9|GatewayDisconnectedMonitoringAlert|x|5|msg={text}"
        )
    };
    for (time, text) in
        [("10:00:00", "no word from DC1"), ("10:10:00", "no word from DC2"), ("10:05:00", "late")]
    {
        world.tell(SOURCES[0], None, Some(&report(time, text)));
    }
    world.settle();
    assert_eq!(dropped(&world, RefusalReason::HealthAlert), 3);
    assert!(world.arrivals().is_empty() && world.dead_letters().is_empty());
    let health = &world.seats[0].around.source_health;
    let last = health.last(SOURCES[0]).expect("it has said something");
    assert_eq!((&*last.text, last.at.to_string().as_str()), ("no word from DC2", "2026-02-03T10:10:00Z"));
    assert_eq!(health.last(SOURCES[1]), None);
}
