//! Rules and origins to read with, and an alert as a few lines to compare.

use braid_alert::{Alert, EventTime, Evidence, Origin, SourceTime, Tenant};
use braid_wire::{Format, Refusal, SourceRules, TenantRule, decode};

pub(crate) fn rules(format: Format) -> SourceRules {
    SourceRules::new(format, TenantRule::Fixed(Tenant::new("contoso")))
}

/// A record that came in on 2026-02-03T12:00:00Z.
pub(crate) fn origin() -> Origin {
    Origin {
        source: "a-source".into(),
        topic: "a-topic".into(),
        partition: 7,
        offset: 42,
        element: 0,
        source_time: SourceTime::from_millis(1_770_120_000_000),
        source_time_capped: false,
    }
}

pub(crate) fn decode_all(format: Format, record: &str) -> Vec<Result<Alert, Refusal>> {
    decode(record.as_bytes(), &origin(), &rules(format))
}

pub(crate) fn decode_one(format: Format, record: &str) -> Alert {
    let mut results = decode_all(format, record);
    assert_eq!(results.len(), 1, "{results:?}");
    results.remove(0).unwrap_or_else(|refusal| panic!("{refusal}\n{record}"))
}

/// Everything of an alert but its origin.
pub(crate) fn render(alert: &Alert) -> String {
    let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or("-").to_owned();
    let techniques: Vec<_> = alert.techniques.iter().map(|technique| technique.as_str()).collect();
    let time = |time: Option<EventTime>| time.map_or("-".to_owned(), |time| time.to_string());
    let mut lines = vec![
        format!("{} {} {:?}", alert.tenant, alert.key(), alert.title),
        format!(
            "  {} {} detector={} category={} phase={} techniques={}",
            alert.severity,
            alert.status,
            text(&alert.detector),
            text(&alert.category),
            alert.phase.as_ref().map_or("-", |phase| phase.as_str()),
            techniques.join(",")
        ),
        format!(
            "  first={} last={} created={} updated={} resolved={}",
            alert.first_activity,
            alert.last_activity,
            time(alert.created),
            alert.updated,
            time(alert.resolved)
        ),
        format!(
            "  classification={} determination={} assignee={}",
            alert.classification.as_ref().map_or("-", |verdict| verdict.as_str()),
            alert.determination.as_ref().map_or("-", |found| found.as_str()),
            text(&alert.assignee)
        ),
        format!("  source id={} portal={}", text(&alert.source_alert_id), text(&alert.portal_url)),
        format!("  description={:?}", text(&alert.description)),
    ];
    lines.extend(render_evidence(&alert.evidence).lines().map(|line| format!("  {line}")));
    lines.join("\n") + "\n"
}

/// A line for each piece.
pub(crate) fn render_evidence(evidence: &[Evidence]) -> String {
    evidence.iter().map(|piece| render_piece(piece) + "\n").collect()
}

fn render_piece(piece: &Evidence) -> String {
    let identifiers = piece.identifiers.iter().map(|identifier| format!(" {identifier}"));
    let label = piece.label.iter().map(|label| format!(" label={label:?}"));
    let verdict = piece.verdict.iter().map(|verdict| format!(" verdict={verdict}"));
    let tags = (!piece.tags.is_empty()).then(|| format!(" tags={}", piece.tags.join(",")));
    let addresses = piece
        .addresses
        .iter()
        .map(|address| format!(" {}={}", if address.egress { "egress" } else { "address" }, address.address));
    let rest: String = identifiers.chain(label).chain(verdict).chain(tags).chain(addresses).collect();
    format!("- {} {}:{rest}", piece.role, piece.kind)
}
