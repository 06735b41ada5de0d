//! `braid simulate`: a world with ground truth, written in a format that braid reads, and its labels.

mod cef;
mod cloud;
mod defender;
mod ecs;
mod graph;
mod ocsf;
mod sentinel;
mod streaming;
mod tree;
mod zimperium;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use braid_alert::{Alert, EventTime, Identifier, IdentifierKind, Provider, Span};
use braid_sim::world::{World, WorldSettings};
use braid_wire::{Format, own};

use crate::Outcome;
use crate::cli::Simulate;
use crate::stdout;

/// The formats that a world is written in.
pub(crate) const FORMATS: [Format; 13] = [
    Format::OcsfDetectionFinding,
    Format::EcsAlert,
    Format::BraidJson,
    Format::BraidAvro,
    Format::SentinelSecurityAlert,
    Format::GraphAlert,
    Format::GraphIncident,
    Format::DefenderXdrStreaming,
    Format::DefenderXdrIncident,
    Format::DefenderEndpointAlert,
    Format::DefenderCloudAlert,
    Format::ZimperiumMtd,
    Format::MdiCef,
];

/// Writes the alerts and their labels.
pub(crate) fn run(arguments: &Simulate) -> anyhow::Result<Outcome> {
    let world = World::new(settings(arguments)?, arguments.seed);
    let directory = &arguments.out;
    std::fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
    let alerts = directory.join(format!("alerts.{}", extension(arguments.format)));
    let labels = directory.join("labels.csv");
    let written = to_file(&alerts, |out| write_alerts(&world, arguments.format, out))?;
    to_file(&labels, |out| write_labels(&world, &written, out))?;
    let labels_of = world.arrivals.iter().map(|arrival| world.label(arrival));
    let campaigns: BTreeSet<&str> = labels_of.filter(|label| World::is_campaign(label)).collect();
    let told = format!(
        "{}: {} alerts of {} attacks and the noise around them\n{}: what belongs together\nbraid evaluate --labels {} \
         --format {} {} --purity-of campaign-\n",
        alerts.display(),
        written.len(),
        campaigns.len(),
        labels.display(),
        labels.display(),
        arguments.format,
        alerts.display()
    );
    stdout::print(&told)?;
    Ok(Outcome::Done)
}

/// The preset with what was said otherwise. A world that cannot be is refused.
fn settings(arguments: &Simulate) -> anyhow::Result<WorldSettings> {
    let mut settings = WorldSettings::preset(&arguments.preset).expect("the command line knows the presets");
    settings.hosts = arguments.hosts.unwrap_or(settings.hosts);
    settings.campaigns = arguments.campaigns.unwrap_or(settings.campaigns);
    settings.alerts = arguments.alerts.unwrap_or(settings.alerts);
    settings.lasts = arguments.days.map_or(settings.lasts, |days| Span::days(i64::from(days)));
    settings.check().map_err(anyhow::Error::msg)?;
    Ok(settings)
}

const fn extension(format: Format) -> &'static str {
    match format {
        Format::MdiCef => "cef",
        Format::BraidAvro => "avro",
        _ => "jsonl",
    }
}

fn to_file<T>(file: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> anyhow::Result<T> {
    let told = || format!("writing {}", file.display());
    let mut out = BufWriter::new(File::create(file).with_context(told)?);
    let result = write(&mut out).with_context(told)?;
    out.flush().with_context(told)?;
    Ok(result)
}

/// Writes the arrivals that the format can carry, and says which alerts they are of.
fn write_alerts(world: &World, format: Format, out: &mut dyn Write) -> io::Result<BTreeSet<usize>> {
    let mut written = BTreeSet::new();
    for arrival in &world.arrivals {
        let again = written.contains(&arrival.number);
        let Some(record) = record(&arrival.alert, arrival.number, again, format) else { continue };
        out.write_all(&record)?;
        if format != Format::BraidAvro {
            out.write_all(b"\n")?;
        }
        written.insert(arrival.number);
    }
    Ok(written)
}

/// An alert as a record of the format; `None` if it is another product's than the format is for.
fn record(alert: &Alert, number: usize, again: bool, format: Format) -> Option<Vec<u8>> {
    let of = |provider| alert.provider == provider;
    let record = match format {
        Format::BraidJson => own::alert_to_json(alert),
        Format::BraidAvro => framed(&own::alert_to_avro(alert)),
        Format::SentinelSecurityAlert => sentinel::row(alert),
        Format::GraphAlert => graph::alert(alert),
        Format::GraphIncident => graph::incident(alert, number),
        Format::DefenderXdrStreaming => streaming::record(alert),
        Format::DefenderXdrIncident => defender::incident(alert, number),
        Format::DefenderEndpointAlert => {
            of(Provider::DefenderForEndpoint).then(|| defender::endpoint_alert(alert))?
        }
        Format::DefenderCloudAlert => cloud::raises(alert).then(|| cloud::alert(alert))?,
        Format::ZimperiumMtd => of(Provider::Zimperium).then(|| zimperium::record(alert))?,
        Format::MdiCef => of(Provider::DefenderForIdentity).then(|| cef::line(alert, again))?,
        Format::OcsfDetectionFinding => ocsf::finding(alert),
        Format::EcsAlert => ecs::document(alert),
        Format::BraidDirectoryJson
        | Format::BraidDirectoryAvro
        | Format::BraidCommandJson
        | Format::BraidCommandAvro
        | Format::StixIndicator => unreachable!("the command line takes those of FORMATS only"),
    };
    Some(record)
}

/// Avro behind its length, as `braid decode` reads files of it.
fn framed(record: &[u8]) -> Vec<u8> {
    let length = u32::try_from(record.len()).expect("an alert is some kilobytes");
    [&length.to_be_bytes(), record].concat()
}

/// Labels of the alerts that were written.
fn write_labels(world: &World, written: &BTreeSet<usize>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"alert id,incident\n")?;
    let mut told = BTreeSet::new();
    for arrival in world.arrivals.iter().filter(|arrival| written.contains(&arrival.number)) {
        if told.insert(arrival.number) {
            writeln!(out, "{},{}", arrival.alert.id, world.label(arrival))?;
        }
    }
    Ok(())
}

/// The name of this kind that a piece of evidence gives.
fn named(identifiers: &[Identifier], kind: IdentifierKind) -> Option<&str> {
    identifiers.iter().find(|identifier| identifier.kind == kind).map(|identifier| &*identifier.value)
}

/// An account's bare name and its domain.
fn account(identifiers: &[Identifier]) -> (Option<&str>, Option<&str>) {
    match named(identifiers, IdentifierKind::DomainAccount).and_then(|name| name.split_once('\\')) {
        Some((domain, name)) => (Some(name), Some(domain)),
        None => (None, None),
    }
}

fn time(at: EventTime) -> tree::Node {
    tree::text(&at.to_string())
}

/// `T1003.006` and the like.
fn techniques(alert: &Alert) -> impl Iterator<Item = &str> {
    alert.techniques.iter().map(|technique| technique.as_str())
}
