use std::collections::BTreeSet;

use braid_alert::{Alert, EntityKind, Evidence, Identifier, Role};
use braid_wire::{Format, Holds, own};

use crate::support::Files;

/// The pairwise and B³ F1 and the number of alerts that `braid evaluate` prints.
fn evaluated(files: &Files, format: &str, file: &str) -> (usize, f64) {
    let out = files
        .braid(&format!("evaluate --labels world/labels.csv --tenant contoso -f {format} world/{file}"))
        .good();
    let row: Vec<&str> = out.lines().nth(1).expect("a row of scores").split_whitespace().collect();
    assert_eq!(row[3], "0", "every labelled alert is in an incident: {out}");
    (row[2].parse().expect("a number of alerts"), row[8].parse().expect("an F1"))
}

#[test]
fn what_is_written_in_any_format_is_read_again_with_its_labels() {
    for (format, file, alerts_min, f1_min) in [
        ("braid-json", "alerts.jsonl", 200, 0.5),
        ("braid-avro", "alerts.avro", 200, 0.5),
        ("sentinel-security-alert", "alerts.jsonl", 200, 0.5),
        ("graph-alert", "alerts.jsonl", 200, 0.5),
        ("graph-incident", "alerts.jsonl", 200, 0.5),
        ("defender-xdr-streaming", "alerts.jsonl", 200, 0.5),
        ("defender-xdr-incident", "alerts.jsonl", 200, 0.5),
        ("defender-endpoint-alert", "alerts.jsonl", 100, 0.0),
        ("defender-cloud-alert", "alerts.jsonl", 100, 0.0),
        // One product alone sees too little of an attack to be judged by it.
        ("mdi-cef", "alerts.cef", 30, 0.0),
    ] {
        let files = Files::new();
        let out =
            files.braid(&format!("simulate --preset small-office --seed 3 --out world -f {format}")).good();
        assert!(out.contains(&format!("world/{file}")) && out.contains("2 attacks"), "{out}");
        let (alerts, f1) = evaluated(&files, format, file);
        assert!(alerts >= alerts_min && f1 >= f1_min, "{format}: {alerts} alerts, F1 {f1}");
    }
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let files = Files::new();
    for directory in ["one", "two"] {
        files.braid(&format!("simulate --preset small-office --seed 5 --out {directory}")).good();
    }
    files.braid("simulate --preset small-office --seed 6 --out three").good();
    assert_eq!(files.read("one/alerts.jsonl"), files.read("two/alerts.jsonl"));
    assert_eq!(files.read("one/labels.csv"), files.read("two/labels.csv"));
    assert_ne!(files.read("one/alerts.jsonl"), files.read("three/alerts.jsonl"));
}

#[test]
fn sizes_may_be_said_and_what_cannot_be_is_refused() {
    let files = Files::new();
    let sizes = "--alerts 300 --hosts 100 --campaigns 3 --days 2";
    let out = files.braid(&format!("simulate --preset small-office --out world {sizes}")).good();
    assert!(out.contains("300 alerts of 3 attacks"), "{out}");
    assert_eq!(files.read("world/labels.csv").lines().count(), 301);
    let refused = files.braid("simulate --out world --campaigns 5000");
    assert!(refused.code == Some(3) && refused.err.contains("too few alerts"), "{refused:?}");
}

/// What a format says of the evidence that it carries.
struct Kept {
    format: &'static str,
    /// The role of a piece as the format has it.
    role: fn(&Evidence) -> Option<Role>,
    /// Hosts that an alert has at most.
    hosts_max: usize,
}

/// Only what was hit is told apart from the rest: devices.
fn devices_were_hit(piece: &Evidence) -> Option<Role> {
    Some(if piece.kind == EntityKind::Host { Role::Impacted } else { Role::Related })
}

/// OCSF has a place for the device that a finding is on, one for the user whom it is about, one for where it came from.
fn placed(piece: &Evidence) -> Option<Role> {
    Some(match (&piece.kind, &piece.role) {
        (EntityKind::Host, Role::Related) => Role::Impacted,
        (EntityKind::User, Role::Related | Role::Impacted) => Role::Target,
        (EntityKind::Address, Role::Related) => Role::Source,
        (_, role) => role.clone(),
    })
}

fn alerts(files: &Files, format: &str) -> Vec<Alert> {
    files.braid(&format!("simulate --preset small-office --seed 3 --out {format} -f {format}")).good();
    let decoded = files.braid(&format!("decode --tenant contoso -f {format} {format}/alerts.jsonl")).good();
    let read = |line: &str| own::alert_from_json(line.as_bytes()).expect("each line is an alert");
    decoded.lines().map(read).collect()
}

/// What the formats have no names for: telephones; a host's bare name stands in its full one.
fn carried(alert: &Alert, hosts_max: usize) -> Vec<&Evidence> {
    let mut hosts = 0;
    let mut carried: Vec<&Evidence> =
        alert.evidence.iter().filter(|piece| piece.kind != EntityKind::MobileDevice).collect();
    carried.retain(|piece| {
        hosts += usize::from(piece.kind == EntityKind::Host);
        piece.kind != EntityKind::Host || hosts <= hosts_max
    });
    carried
}

#[test]
fn what_is_written_in_a_format_tells_of_the_same_alerts_entities_and_roles() {
    let as_written: fn(&Evidence) -> Option<Role> = |piece| Some(piece.role.clone());
    let files = Files::new();
    let originals = alerts(&files, "braid-json");
    for kept in [
        Kept { format: "sentinel-security-alert", role: as_written, hosts_max: 9 },
        Kept { format: "graph-alert", role: as_written, hosts_max: 9 },
        Kept { format: "graph-incident", role: as_written, hosts_max: 9 },
        Kept { format: "defender-xdr-streaming", role: as_written, hosts_max: 9 },
        Kept { format: "defender-cloud-alert", role: as_written, hosts_max: 9 },
        Kept { format: "ocsf-detection-finding", role: placed, hosts_max: 9 },
        Kept { format: "defender-xdr-incident", role: devices_were_hit, hosts_max: 9 },
        Kept { format: "defender-endpoint-alert", role: devices_were_hit, hosts_max: 1 },
    ] {
        let read = alerts(&files, kept.format);
        let ids: BTreeSet<&str> = read.iter().map(|alert| alert.id.as_str()).collect();
        let written = originals.iter().filter(|alert| ids.contains(alert.id.as_str()));
        let mut checked = 0;
        for (original, alert) in written.zip(&read) {
            let place = format!("{}: {}", kept.format, original.id);
            assert_eq!(alert.id, original.id, "{place}: the order of arrival");
            assert_eq!((&alert.title, &alert.severity), (&original.title, &original.severity), "{place}");
            assert_eq!(alert.first_activity, original.first_activity, "{place}");
            assert_eq!(
                (alert.last_activity, &alert.techniques),
                (original.last_activity, &original.techniques),
                "{place}"
            );
            for piece in carried(original, kept.hosts_max) {
                let strong = |piece: &Evidence| -> Vec<Identifier> {
                    piece
                        .identifiers
                        .iter()
                        .filter(|name| name.kind.is_strong() || piece.kind == EntityKind::Address)
                        .cloned()
                        .collect()
                };
                let same = |other: &&Evidence| {
                    other.kind == piece.kind
                        && strong(piece).iter().all(|name| other.identifiers.contains(name))
                        && (!strong(piece).is_empty()
                            || piece.identifiers.iter().any(|name| other.identifiers.contains(name)))
                };
                let found = alert
                    .evidence
                    .iter()
                    .find(same)
                    .unwrap_or_else(|| panic!("{place}: {piece:?} is not in {:?}", alert.evidence));
                assert_eq!(Some(found.role.clone()), (kept.role)(piece), "{place}: {piece:?}");
                checked += 1;
            }
        }
        assert!(checked > 200, "{}: {checked}", kept.format);
    }
}

#[test]
fn a_format_is_written_or_refused_before_anything_is() {
    for format in Format::ALL {
        let files = Files::new();
        let made = files.braid(&format!("simulate --preset small-office --out world -f {format}"));
        let carries_alerts = format.holds() == Holds::Alerts;
        match made.code {
            Some(0) if carries_alerts => {
                // Few of an office's attacks touch a telephone.
                let least = if format == Format::ZimperiumMtd { 2 } else { 30 };
                assert!(files.read("world/labels.csv").lines().count() > least, "{format}");
            }
            Some(2) if !carries_alerts => assert!(!made.err.contains("panicked"), "{format}: {made:?}"),
            _ => panic!("{format}: {made:?}"),
        }
    }
}
