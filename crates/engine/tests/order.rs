//! What must not depend on what came first: the pieces of an alert's evidence, its revisions, a tick before an input.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod timeline;

use braid_alert::{Span, Tenant};
use braid_engine::{Partition, Settings};
use timeline::{Stage, play};

fn stage(settings: Settings, lines: &[&str]) -> Stage {
    let mut stage = Stage::new(settings);
    lines.iter().for_each(|line| stage.take(line));
    stage
}

/// The names of what the newest alert's incident shows, but for context.
fn joining_names(partition: &Partition, id: &str) -> Vec<String> {
    let incidents = partition.incident_ids();
    let records = incidents.iter().filter_map(|(tenant, id)| partition.incident(tenant, *id));
    let incident = records.into_iter().find(|i| i.alerts.iter().any(|a| a.id.as_str() == id)).unwrap();
    incident.entities.iter().filter(|e| !e.context).map(|e| e.name.to_string()).collect()
}

#[test]
fn an_alert_that_names_a_host_twice_hangs_on_the_stronger_name() {
    let before = r#"10:00 mde/b1 "One" impacted=host:dev-1+a"#;
    let weak_first = format!("{before}\n10:10 mde/b2 \"Two\" impacted=host:a impacted=host:dev-1");
    let strong_first = format!("{before}\n10:10 mde/b2 \"Two\" impacted=host:dev-1 impacted=host:a");
    assert_eq!(play(&weak_first), play(&strong_first));
    assert!(play(&weak_first).contains("0.88"), "not weakened: {}", play(&weak_first));
}

#[test]
fn a_revision_that_names_the_host_for_certain_makes_its_links_certain() {
    let out = play(
        r#"
        10:00 mde/b1 "One" impacted=host:dev-1+a
        11:00 mde/b2 "Two" impacted=host:a
        11:00 mde/b2 "Two" impacted=host:dev-1+a arrives=11:05
        "#,
    );
    assert!(out.contains("mergedFrom b2"), "{out}");
}

#[test]
fn an_address_is_the_hosts_whatever_else_the_same_alert_teaches_about_it() {
    let stage = stage(
        Settings::default(),
        &[
            r#"10:00 mde/b1 "One" impacted=host:a.contoso.azure"#,
            r#"10:01 mde/b2 "Two" impacted=host:dev-1+at@10.0.0.7 source=host:a.contoso.azure+dev-1"#,
            r#"10:02 mdi/c1 "Three" source=ip:10.0.0.7"#,
        ],
    );
    assert_eq!(joining_names(&stage.partition, "c1"), ["a.contoso.azure"]);
}

#[test]
fn a_host_that_was_forgotten_does_not_keep_its_address_from_the_next() {
    let stage = stage(
        Settings { dedupe_retention: Span::days(2), late_join: Span::days(1), ..Settings::default() },
        &[
            r#"10:00 mde/b1 "One" impacted=host:a.contoso.azure+at@10.0.0.7"#,
            r#"+1d10:00 mdi/c1 "Two" source=ip:10.0.0.7"#,
            r#"10:00 mde/b1 "One" impacted=host:b.contoso.azure+at@10.0.0.7 arrives=+2d11:00"#,
            r#"10:01 mdi/c2 "Three" source=ip:10.0.0.7 arrives=+2d11:01"#,
        ],
    );
    assert_eq!(joining_names(&stage.partition, "c2"), ["b.contoso.azure"]);
}

#[test]
fn what_is_forgotten_is_forgotten_before_the_input_that_moves_the_clock_is_looked_at() {
    let settings =
        Settings { dedupe_retention: Span::days(2), late_join: Span::days(1), ..Settings::default() };
    let disputed =
        [r#"10:00 mde/b1 "One" impacted=host:dev-1+a"#, r#"10:01 mde/b2 "Two" impacted=host:dev-2+a"#];
    let again = r#"+3d10:00 mde/b3 "Three" impacted=host:dev-3+a"#;
    let at_once = stage(settings.clone(), &[&disputed[..], &[again]].concat());
    let after_a_tick = stage(settings, &[&disputed[..], &["tick +3d09:00", again]].concat());
    let bearer = |stage: &Stage| {
        let (tenant, id) = stage.partition.incident_ids().pop().unwrap();
        let incident = stage.partition.incident(&tenant, id).unwrap();
        incident.entities.iter().map(|e| e.identifiers.len()).collect::<Vec<_>>()
    };
    assert_eq!((bearer(&at_once), bearer(&after_a_tick)), (vec![2], vec![2]));
}

#[test]
fn what_the_newer_revision_leaves_open_the_older_fills_whichever_came_first() {
    let older = r#"10:00 mde/b1 "One" phase=reconnaissance severity=low arrives=10:01"#;
    let newer = r#"10:00 mde/b1 "One" severity=high arrives=10:02"#;
    let phases = |lines: &[&str]| {
        let mut stage = stage(Settings::default(), lines);
        stage.partition.drain_changes();
        let (_, id) = stage.partition.incident_ids().pop().unwrap();
        let incident = stage.partition.incident(&Tenant::new("t"), id).unwrap();
        (incident.alerts[0].phase.clone(), incident.severity)
    };
    assert_eq!(phases(&[older, newer]), phases(&[newer, older]));
    assert!(phases(&[newer, older]).0.is_some());
}
