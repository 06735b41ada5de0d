//! How findings become alerts that arrive: late, out of order, again, and with news.

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, EventTime, Origin, Provider, Role, SourceTime, Span, Technique,
};

use super::Arrival;
use super::draw;
use super::estate::{Estate, Product, Thing};
use super::finding::Finding;
use crate::Rng;

/// The alerts of all findings, in the order in which they arrive.
pub(super) fn arrivals(estate: &Estate, findings: Vec<Finding>, rng: &mut Rng) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for (number, finding) in findings.into_iter().enumerate() {
        feed(estate, number, &finding, rng, &mut arrivals);
    }
    arrivals.sort_by_key(|arrival| (arrival.alert.origin.source_time, arrival.number));
    for (offset, arrival) in arrivals.iter_mut().enumerate() {
        arrival.alert.origin.offset = offset as i64;
    }
    arrivals
}

/// An alert, and perhaps the same once more, and perhaps a later revision.
fn feed(estate: &Estate, number: usize, finding: &Finding, rng: &mut Rng, arrivals: &mut Vec<Arrival>) {
    let settings = &estate.settings;
    // What goes on for hours is told while it goes on; its end comes with a revision.
    let told = finding.end.min(finding.start + Span::minutes(5));
    let at = told + lag(settings.late_per_mille, rng);
    let first = alert(estate, number, finding, told, at, rng);
    let things: Vec<Thing> = finding.about.iter().map(|(thing, _)| *thing).collect();
    let mut arrive = |alert: Alert, at: EventTime| {
        let mut alert = alert;
        alert.origin.source_time = SourceTime::from_micros(at.as_micros());
        arrivals.push(Arrival { alert, number, things: things.clone() });
    };
    arrive(first.clone(), at);
    if rng.chance(settings.duplicated_per_mille) {
        arrive(first.clone(), at + draw::waiting(rng, Span::minutes(20)));
    }
    let revised = finding.end > told || rng.chance(settings.revised_per_mille);
    if revised {
        let at = at.max(finding.end) + draw::waiting(rng, Span::hours(10));
        arrive(revise(estate, first, finding, at, rng), at);
    }
}

/// Eleven minutes in the median; one in twenty takes hours, one in a hundred days.
fn lag(late_per_mille: u32, rng: &mut Rng) -> Span {
    let usual = Span::minutes(4) + draw::waiting(rng, Span::minutes(10));
    if !rng.chance(late_per_mille) {
        return usual;
    }
    let mean = if rng.chance(200) { Span::days(2) } else { Span::hours(4) };
    usual + draw::waiting(rng, mean)
}

fn revise(estate: &Estate, mut alert: Alert, finding: &Finding, at: EventTime, rng: &mut Rng) -> Alert {
    alert.updated = at;
    alert.last_activity = finding.end;
    match rng.below(3) {
        0 => alert.status = AlertStatus::InProgress,
        1 => {
            alert.status = AlertStatus::Resolved;
            alert.resolved = Some(at);
        }
        _ => {
            let file = Thing::File(rng.below(super::noise::COMMON_FILES));
            let day = draw::day(finding.start);
            alert.evidence.push(estate.evidence(finding.product, file, Role::Related, day, rng));
        }
    }
    alert
}

fn alert(
    estate: &Estate,
    number: usize,
    finding: &Finding,
    told: EventTime,
    at: EventTime,
    rng: &mut Rng,
) -> Alert {
    let detector = finding.detector;
    // A sensor's clock may run ahead, and then its times do.
    let ahead = if rng.chance(10) { Span::minutes(rng.below(13) as i64) } else { Span::ZERO };
    let day = draw::day(finding.start);
    let evidence = finding
        .about
        .iter()
        .map(|(thing, role)| estate.evidence(finding.product, *thing, role.clone(), day, rng));
    let id = estate.uuid("alert", number);
    Alert {
        tenant: estate.settings.tenant.clone(),
        provider: provider(finding.product),
        id: AlertId::new(&id),
        source_alert_id: None,
        title: detector.title.into(),
        description: None,
        severity: detector.severity.clone(),
        status: AlertStatus::New,
        classification: None,
        determination: None,
        assignee: None,
        detector: Some(detector.number.to_string().into()),
        category: None,
        phase: Some(detector.phase.clone()),
        techniques: Technique::find(detector.technique).into_iter().collect(),
        evidence: evidence.collect(),
        first_activity: finding.start + ahead,
        last_activity: told + ahead,
        created: Some(at),
        updated: at,
        resolved: None,
        portal_url: Some(format!("https://security.example/alerts/{id}").into()),
        indicators: Default::default(),
        correlate: Correlate::Full,
        origin: Origin {
            source: "simulated".into(),
            topic: "simulated".into(),
            partition: 0,
            offset: 0,
            element: 0,
            source_time: SourceTime::from_micros(at.as_micros()),
            source_time_capped: false,
        },
    }
}

fn provider(product: Product) -> Provider {
    match product {
        Product::Identity => Provider::DefenderForIdentity,
        Product::Endpoint => Provider::DefenderForEndpoint,
        Product::Cloud => Provider::DefenderForCloudApps,
        Product::Mail => Provider::DefenderForOffice365,
        Product::Mobile => Provider::Zimperium,
        Product::Suite => Provider::DefenderXdr,
    }
}
