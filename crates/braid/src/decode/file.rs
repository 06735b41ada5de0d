use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use braid_wire::{Format, RECORD_BYTES_MAX, Refusal};

use super::Place;
use super::frames::{Frame, each_avro, each_line};
use super::json_frames::each_json;
use crate::cli;
use crate::dump::line::{DumpedRecord, LINE_BYTES_MAX, read};

/// Gives the records of a file, each with its place.
pub(super) fn each_frame(
    input: &cli::Input,
    format: Format,
    each: &mut dyn FnMut(Place, Result<Vec<u8>, Refusal>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut reader, name) = open(&input.file)?;
    let each = &mut |Frame { line, element, bytes }| each(Place { file: name.clone(), line, element }, bytes);
    let envelope = format.envelope();
    let read = match format {
        Format::MdiCef => each_line(&mut reader, RECORD_BYTES_MAX, each),
        Format::SentinelSecurityAlert
        | Format::GraphAlert
        | Format::GraphIncident
        | Format::DefenderXdrIncident
        | Format::DefenderEndpointAlert
        | Format::DefenderCloudAlert
        | Format::ZimperiumMtd
        | Format::OcsfDetectionFinding
        | Format::EcsAlert
        | Format::BraidJson
        | Format::BraidDirectoryJson
        | Format::BraidCommandJson => each_json(&mut reader, envelope, false, each),
        // The rows of one message that are of one alert are that alert; which objects of STIX are bundles their type says.
        Format::DefenderXdrStreaming | Format::StixIndicator => each_json(&mut reader, envelope, true, each),
        Format::BraidAvro | Format::BraidDirectoryAvro | Format::BraidCommandAvro => {
            each_avro(&mut reader, each)
        }
    };
    read.with_context(|| name.to_string())
}

/// Gives the records of a dump, each with its place.
///
/// # Errors
/// If the file cannot be read, and what `each` says.
pub(crate) fn each_dumped(
    input: &cli::Input,
    each: &mut dyn FnMut(Place, Result<DumpedRecord, Refusal>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut reader, name) = open(&input.file)?;
    let dumped = each_line(&mut reader, LINE_BYTES_MAX, &mut |frame| {
        let place = Place { file: name.clone(), line: frame.line, element: None };
        each(place, frame.bytes.and_then(|bytes| read(&bytes)))
    });
    dumped.with_context(|| name.to_string())
}

/// A file to read, and what messages call it.
fn open(file: &Path) -> anyhow::Result<(Box<dyn BufRead>, Arc<str>)> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), "-".into()));
    }
    let name: Arc<str> = file.to_string_lossy().into();
    let opened = File::open(file).with_context(|| format!("opening {name}"))?;
    Ok((Box::new(BufReader::with_capacity(64 << 10, opened)), name))
}
