//! What asking the table of indicators costs an alert, by how many there are, and what an indicator takes in memory.
//!
//! A third of them are domains, a third hashes, a third networks of 17 lengths: a network is asked for by its length.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use braid_alert::{Alert, EntityKind, Evidence, Identifier, IdentifierKind, Role};
use braid_benches as _;
use braid_log::{Failure, Record, Table, TableStanding};
use braid_runtime::indicators::{Exclusions, Followed, IndicatorSource, Indicators, follow};
use braid_runtime::integrations::SourceDescription;
use braid_runtime::{Integrations, Metrics, Readiness, SourceHealth, Stop, Surroundings};
use braid_sim::load::Load;
use braid_wire::Format;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const TOPIC: &str = "feed.indicators";

/// A topic of indicators that were all there before it was read.
struct Feed {
    left: std::ops::Range<u32>,
    pattern: fn(u32) -> String,
    stop: Stop,
}

impl Table for Feed {
    fn poll(&mut self, _: Duration, each: &mut dyn FnMut(u32, Record)) -> Result<TableStanding, Failure> {
        for number in self.left.by_ref().take(1_000) {
            each(1, record(number, &(self.pattern)(number)));
        }
        if self.left.is_empty() {
            self.stop.request();
        }
        Ok(TableStanding { readings: 1, is_whole: self.left.is_empty() })
    }

    fn begin_anew(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

fn record(number: u32, pattern: &str) -> Record {
    let id = format!("indicator--{number:08x}-0000-4000-8000-000000000000");
    let object = format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{id}","modified":"2026-01-02T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","confidence":85,"indicator_types":["malicious-activity"],"pattern_type":"stix","pattern":"{pattern}"}}"#
    );
    Record {
        topic: TOPIC.into(),
        partition: 0,
        offset: number.into(),
        timestamp_millis: 1_770_120_000_000,
        key: Some(id.into_bytes().into()),
        value: Some(object.into_bytes().into()),
        headers: Vec::new(),
    }
}

fn mixed(number: u32) -> String {
    let n = number / 3;
    match number % 3 {
        0 => domains(1, number),
        1 => format!("[file:hashes.'SHA-256' = '{n:064x}']"),
        _ => {
            let length = 16 + n % 17;
            let within = (45 << 24) | (n.wrapping_mul(2_654_435_761) >> 8);
            let network = std::net::Ipv4Addr::from(within & (u32::MAX << (32 - length)));
            format!("[ipv4-addr:value ISSUBSET '{network}/{length}']")
        }
    }
}

/// An indicator of so many domains.
fn domains(count: u32, number: u32) -> String {
    let mut pattern = String::new();
    for place in 0..count {
        let or = if place == 0 { "" } else { " OR " };
        write!(pattern, "{or}[domain-name:value = 'c2-{number}-{place}.example.net']")
            .expect("a text takes all");
    }
    pattern
}

/// A table that has read so many.
fn table(count: u32, pattern: fn(u32) -> String) -> Arc<Indicators> {
    let source = IndicatorSource {
        name: "feed".into(),
        tenant: None,
        topics: vec![TOPIC.into()],
        exclusions: Exclusions::default(),
    };
    let described = SourceDescription {
        name: "feed".into(),
        enabled: true,
        format: Format::StixIndicator,
        topics: vec![TOPIC.into()],
    };
    let stop = Stop::new();
    let around = Surroundings {
        readiness: Arc::new(Readiness::new(stop.clone())),
        stop: stop.clone(),
        metrics: Arc::new(Metrics::new(["feed"], [TOPIC])),
        source_health: Arc::new(SourceHealth::default()),
        integrations: Arc::new(Integrations::new(vec![described], Vec::new(), None)),
        indicators: Arc::new(Indicators::new(vec![source], 8 << 30)),
    };
    let feed = Feed { left: 0..count, pattern, stop };
    let source = &around.indicators.sources()[0];
    follow(feed, source, &TOPIC.into(), &around, &Followed::default()).expect("the feed does not fail");
    assert_eq!(around.indicators.len(), count as usize, "all are taken");
    around.indicators
}

/// An alert with six names of which nothing is known.
fn alert() -> Alert {
    let mut alert = Load::new(7).next().expect("a load does not end");
    let names = [
        (EntityKind::Address, IdentifierKind::Address, "203.0.113.77"),
        (EntityKind::Address, IdentifierKind::Address, "198.51.100.9"),
        (EntityKind::Url, IdentifierKind::Fqdn, "www.contoso.com"),
        (EntityKind::Url, IdentifierKind::Fqdn, "mail.contoso.com"),
        (EntityKind::File, IdentifierKind::Sha256, "ab"),
        (EntityKind::File, IdentifierKind::Sha256, "cd"),
    ];
    alert.evidence = names
        .into_iter()
        .map(|(kind, name, value)| {
            let value = if name == IdentifierKind::Sha256 { value.repeat(32) } else { value.to_owned() };
            let identifiers = Identifier::new(name, &value).into_iter().collect();
            Evidence { identifiers, ..Evidence::new(kind, Role::Related) }
        })
        .collect();
    alert
}

fn ask(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("indicators");
    group.sample_size(50);
    let mut alert = alert();
    for count in [0, 3_000, 300_000] {
        let table = table(count, mixed);
        table.annotate(&mut alert);
        assert_eq!(alert.indicators.as_slice(), [], "nothing is known of it");
        group.bench_function(BenchmarkId::new("an alert with six names", count), |bencher| {
            bencher.iter(|| table.annotate(black_box(&mut alert)));
        });
    }
    group.finish();
}

/// Before anything else is measured, and nothing is freed meanwhile: what was freed would be used again.
fn weigh(_: &mut Criterion) {
    let mut tables = Vec::new();
    for (domains_of_each, count, pattern) in [
        (1, 200_000, (|n| domains(1, n)) as fn(u32) -> String),
        (10, 60_000, |n| domains(10, n)),
        (100, 8_000, |n| domains(100, n)),
    ] {
        let before = resident();
        tables.push(table(count, pattern));
        let bytes = resident().saturating_sub(before) / u64::from(count);
        println!("an indicator of {domains_of_each} domains takes {bytes} bytes of the process");
    }
}

/// Bytes of memory that the process has, where the system tells; else 0.
fn resident() -> u64 {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4_096
}

criterion_group!(benches, weigh, ask);
criterion_main!(benches);
