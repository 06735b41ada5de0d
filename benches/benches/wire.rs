//! Decoding and encoding of one alert in each form that braid reads and writes.

use std::hint::black_box;

use braid_alert::{Alert, Origin, SourceTime, Tenant};
use braid_benches::filled;
use braid_engine::Partition;
use braid_sim::load::Load;
use braid_wire::incident::{Encoding, encode_incident};
use braid_wire::{AvroRecord, Format, SourceRecord, SourceRules, TenantRule, WriterSchema, own, read};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const CEF: &str = "2026-03-02T10:00:20.1+00:00 DC1 CEF 3908 SamrReconnaissanceSecurityAlert 0|Microsoft|Azure ATP|2.230.0.0|SamrReconnaissanceSecurityAlert|User and Group membership reconnaissance (SAMR)|5|start=2026-03-02T09:59:41.9912772Z app=Samr shost=VICTIMPC suser=jeffl outcome=Success msg=The following directory services enumerations using SAMR protocol were attempted against ContosoDC from VICTIMPC:\\r\\nSuccessful enumeration of all groups in contoso.azure by jeffl. externalId=2021 cs1Label=url cs1=https\\://security.microsoft.com/alerts/aaf295029a-ffae-408b-9dd0-55424c81eac0 cs2Label=trigger cs2=new cs3Label=shostfqdn cs3=victimpc.contoso.azure";

fn origin() -> Origin {
    let source_time = SourceTime::from_millis(1_772_446_000_000);
    let (source, topic) = ("bench".into(), "bench".into());
    Origin { source, topic, partition: 0, offset: 0, element: 0, source_time, source_time_capped: false }
}

fn decoding(criterion: &mut Criterion) {
    let alert: Alert = Load::new(7).next().expect("a load does not end");
    let forms = [
        (Format::MdiCef, CEF.as_bytes().to_vec()),
        (Format::BraidJson, own::alert_to_json(&alert)),
        (Format::BraidAvro, own::alert_to_avro(&alert)),
    ];
    let mut group = criterion.benchmark_group("decode");
    for (format, bytes) in forms {
        let rules = SourceRules::new(format, TenantRule::Fixed(Tenant::new("contoso")));
        let origin = origin();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format.as_str(), |bencher| {
            bencher.iter(|| braid_wire::decode(black_box(&bytes), &origin, &rules));
        });
    }
    let avro = own::alert_to_avro(&alert);
    group.throughput(Throughput::Bytes(avro.len() as u64));
    group.bench_function("alerts topic", |bencher| bencher.iter(|| own::input_from_avro(black_box(&avro))));
    let schema = another_schema();
    let registered = [&[0, 0, 0, 0, 7], &avro[10..]].concat();
    let rules = SourceRules::new(Format::BraidAvro, TenantRule::Fixed(Tenant::new("contoso")));
    let (value, schema, origin) = (Some(&registered[..]), Some(&schema), origin());
    group.bench_function("braid-avro by another schema", |bencher| {
        let record = SourceRecord { value, schema, ..SourceRecord::default() };
        bencher.iter(|| read(black_box(record), &origin, &rules));
    });
    group.finish();
}

/// braid's own with a field that takes no bytes: what it wrote must be resolved, and is the same bytes.
fn another_schema() -> WriterSchema {
    let ours = AvroRecord::Alert.schema_text();
    let theirs =
        ours.replacen("\"fields\": [", "\"fields\": [{\"name\": \"nothing\", \"type\": \"null\"},", 1);
    WriterSchema::parse(&theirs).expect("it is a schema")
}

fn encoding(criterion: &mut Criterion) {
    let alert: Alert = Load::new(7).next().expect("a load does not end");
    let mut group = criterion.benchmark_group("encode");
    group.bench_function("alert as Avro", |bencher| bencher.iter(|| own::alert_to_avro(black_box(&alert))));
    group.bench_function("alert as JSON", |bencher| bencher.iter(|| own::alert_to_json(black_box(&alert))));
    let (partition, _) = filled(2_000);
    let incident = largest(&partition);
    println!("  an incident of {} alerts and {} entities", incident.alerts.len(), incident.entities.len());
    let avro = Encoding::Avro { registry_id: None };
    group.bench_function("incident as Avro", |bencher| {
        bencher.iter(|| encode_incident(black_box(&incident), avro))
    });
    group.bench_function("incident as JSON", |bencher| {
        bencher.iter(|| encode_incident(black_box(&incident), Encoding::Json));
    });
    group.finish();
}

fn largest(partition: &Partition) -> braid_alert::Incident {
    let ids = partition.incident_ids();
    let incidents = ids.iter().filter_map(|(tenant, id)| partition.incident(tenant, *id));
    incidents.max_by_key(|incident| incident.alerts.len()).expect("the load makes incidents")
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
