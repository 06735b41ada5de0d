use std::collections::BTreeSet;

use braid_alert::{
    AlertId, AlertKey, ChangeReason, EntityId, IncidentChange, IncidentId, IncidentStatus, Link, LinkReason,
    OpenReason, Provider, Severity, SourceTime, Span, Tenant, Weight,
};
use braid_engine::{CommandRefused, Effect, RejectReason, Stats};
use braid_wire::{Format, SchemaId};

use super::{
    Metrics, Partition, Rejection, SchemaName, SourceName, StageKind, TransactionOutcome, describe, markdown,
};

fn metrics() -> Metrics {
    Metrics::new(["mdi", "xdr"], ["braid.alerts"])
}

fn change(reason: ChangeReason, links: &[(LinkReason, i64)]) -> Effect {
    let alert = |id: &str| AlertKey { provider: Provider::Braid, id: AlertId::new(id) };
    let link = |(reason, millionths): &(LinkReason, i64)| Link {
        alert: alert("a"),
        peer: alert("b"),
        entity: EntityId(1),
        reason: reason.clone(),
        weight: Weight::from_millionths(*millionths),
        gap: Span::ZERO,
    };
    Effect::Incident(IncidentChange {
        incident: IncidentId::parse("00000000-0000-5000-8000-000000000001").expect("a UUID"),
        tenant: Tenant::new("contoso"),
        version: 2,
        at: SourceTime::from_micros(0),
        reason,
        status: IncidentStatus::Active,
        severity: Severity::High,
        alerts: 2,
        alert: Some(alert("a")),
        links: links.iter().map(link).collect(),
        other: None,
        command: None,
    })
}

#[test]
fn a_join_is_counted_once_by_its_strongest_link() {
    let metrics = metrics();
    let links =
        [(LinkReason::SharedIndicators, 10), (LinkReason::SameActor, 90), (LinkReason::EventSequence, 90)];
    metrics.count_effect(&change(ChangeReason::AlertJoined, &links));
    metrics.count_effect(&change(ChangeReason::MergedFrom, &links));
    let joins: Vec<_> = LinkReason::KNOWN.iter().filter(|r| metrics.joins.value(r) > 0).collect();
    assert_eq!(joins, [&LinkReason::SameActor]);
    assert_eq!(metrics.merges.value(()), 1);
    assert_eq!(metrics.incident_changes.value(&ChangeReason::AlertJoined), 1);
}

#[test]
fn an_effect_is_counted_under_its_reason() {
    let metrics = metrics();
    let alert = AlertKey { provider: Provider::Braid, id: AlertId::new("a") };
    metrics.count_effect(&Effect::Reject { alert, reason: RejectReason::TooManyEntities });
    metrics.count_effect(&Effect::HubDemoted { tenant: Tenant::new("contoso"), entity: EntityId(1) });
    let text = metrics.render();
    assert!(
        text.contains("braid_rejects_total{reason=\"too_many_entities\",stage=\"correlate\"} 1\n"),
        "{text}"
    );
    assert!(text.contains("braid_hubs_demoted_total 1\n"), "{text}");
}

#[test]
fn a_command_is_counted_by_what_it_does_and_how_it_was_answered() {
    let metrics = metrics();
    let (tenant, command, action) = (Tenant::new("contoso"), Box::from("c-1"), "assign");
    metrics.count_effect(&Effect::Commanded {
        tenant: tenant.clone(),
        command: Box::clone(&command),
        action,
    });
    let reason = CommandRefused::VersionMismatch;
    metrics.count_effect(&Effect::CommandRefused { tenant, command, action, reason });
    let text = metrics.render();
    for series in [
        "braid_commands_total{action=\"assign\",outcome=\"done\"} 1\n",
        "braid_commands_total{action=\"assign\",outcome=\"version_mismatch\"} 1\n",
        "braid_commands_total{action=\"merge\",outcome=\"done\"} 0\n",
    ] {
        assert!(text.contains(series), "{series}{text}");
    }
}

#[test]
fn drops_of_every_source_are_there_from_the_start() {
    let text = metrics().render();
    let none = "braid_drops_total{reason=\"below_minimum_severity\",source=\"mdi\"} 0\n";
    assert!(text.contains(none), "{text}");
}

#[test]
fn a_name_that_is_not_configured_makes_no_series() {
    let metrics = metrics();
    assert_eq!(metrics.source("mdi"), SourceName("mdi".into()));
    for n in 0..1_000 {
        let source = metrics.source(&format!("made-up-{n}"));
        metrics.alerts_in.add((&source, &Format::MdiCef), 1);
        metrics.count_opened(&OpenReason::from_text(&format!("made-up-{n}")));
    }
    assert_eq!(metrics.alerts_in.value((&metrics.source("nobody's"), &Format::MdiCef)), 1_000);
    let text = metrics.render();
    assert!(!text.contains("made-up"), "{text}");
    assert!(text.contains("braid_incidents_opened_total{reason=\"other\"} 1000\n"), "{text}");
}

#[test]
fn every_series_of_a_closed_list_is_shown_at_zero() {
    let text = metrics().render();
    for reason in LinkReason::KNOWN {
        assert!(text.contains(&format!("braid_joins_total{{reason=\"{reason}\"}} 0\n")), "{reason}: {text}");
    }
    let commits = "braid_transaction_duration_seconds_count{outcome=\"committed\",stage=\"normalise\"} 0\n";
    assert!(text.contains(commits), "{text}");
}

#[test]
fn the_figures_of_a_partition_go_with_it() {
    let metrics = metrics();
    let stats = Stats { alerts: 5, incidents_open: 3, incidents_dormant: 1, ..Stats::default() };
    metrics.show_stats(4, &stats);
    metrics.show_stats(5, &stats);
    assert_eq!(metrics.alerts_remembered.value(&Partition(4)), 5.0);
    metrics.hide_stats(4);
    let text = metrics.render();
    assert!(
        !text.contains("partition=\"4\"") && text.contains("braid_incidents_open{partition=\"5\"} 3\n"),
        "{text}"
    );
    metrics.hide_stats(9);
}

#[test]
fn a_clock_that_is_ahead_counts_as_no_lag() {
    let metrics = metrics();
    metrics.event_time_lag.observe((), -780.0);
    assert!(metrics.render().contains("braid_event_time_lag_seconds_sum 0\n"));
    assert_eq!(metrics.event_time_lag.count(()), 1);
}

#[test]
fn names_say_braid_and_the_unit_and_are_each_given_once() {
    let names: Vec<_> = describe().iter().map(|metric| (metric.name, metric.kind)).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for (name, kind) in names {
        assert!(name.starts_with("braid_"), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
        assert!(!["_ms", "_millis", "_minutes", "_kb"].iter().any(|unit| name.ends_with(unit)), "{name}");
    }
}

/// `Registry::gather` leaves out families without a series, so each is given one first.
#[test]
fn what_is_described_is_what_is_shown() {
    let metrics = metrics();
    let source = metrics.source("mdi");
    metrics.alerts_in.add((&source, &Format::MdiCef), 1);
    metrics.alerts_out.add((&source, &Format::MdiCef), 1);
    metrics.indicator_objects.set(&source, 1.0);
    metrics.indicator_bytes.set(&source, 900.0);
    metrics.show_stats(0, &Stats::default());
    metrics.input_lag.set((&StageKind::Correlate, &metrics.topic("braid.alerts"), &Partition(0)), 0.0);
    metrics.rejects.add((&StageKind::Normalise, &Rejection::OverBrokerLimit), 1);
    let schema = SchemaName(SchemaId::Number(7));
    metrics.schema_awaited.set((&metrics.topic("mdi"), &Partition(0), &schema), 0.0);
    metrics.transactions.observe((&StageKind::Normalise, &TransactionOutcome::Committed), 0.1);

    let text = metrics.render();
    let shown: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("# HELP ")).collect();
    let described = describe();
    let described: Vec<_> =
        described.iter().map(|metric| format!("{} {}", metric.name, metric.help)).collect();
    assert_eq!(shown, described.iter().map(String::as_str).collect());
}

#[test]
fn the_page_lists_the_values_of_a_closed_label_and_says_what_the_others_are() {
    let page = markdown();
    assert!(page.contains("## `braid_joins_total`\n\nCounter. Alerts that joined"), "{page}");
    assert!(page.contains("- `reason`: `sameActor`, `sameTargetedAsset`, "), "{page}");
    assert!(page.contains("- `source`: the name of a configured source\n"), "{page}");
}
