//! What a file of threat intelligence says, object by object, and how much of it is of use.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io::Write;

use braid_wire::{Format, Refusal, RefusalReason, StixObject, StixSaid, own, stix_objects};

use super::file::each_frame;
use super::{Place, Refusals};
use crate::cli;

/// Writes each object that is understood to `out`, a JSON line each; tells of what is not, and in the end how many there were
/// of each.
pub(super) fn decode(
    input: &cli::Input,
    out: &mut impl Write,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    each_frame(input, Format::StixIndicator, &mut |place, frame| {
        let found = frame.map_or_else(|refusal| vec![Err(refusal)], |bytes| stix_objects(&bytes));
        let several = found.len() > 1;
        for found in found {
            match found {
                Ok(object) => {
                    tally.add(&object);
                    out.write_all(&own::stix_to_json(&object))?;
                    out.write_all(b"\n")?;
                }
                Err(refusal) => {
                    let element = place.element.or(several.then_some(refusal.element));
                    refusals.tell(&Place { element, ..place.clone() }, &refusal);
                    tally.refuse(&refusal);
                }
            }
        }
        Ok(())
    })?;
    // Behind what it sums up, wherever the two go.
    out.flush()?;
    tell!("{}: {tally}", input.file.display());
    Ok(())
}

/// How many objects there were of each kind, and of those that are of no use for each reason.
#[derive(Debug, Default)]
struct Tally {
    indicators: u64,
    parties: u64,
    relationships: u64,
    revoked: u64,
    refused: BTreeMap<RefusalReason, u64>,
    left_out: BTreeMap<RefusalReason, u64>,
}

impl Tally {
    const fn add(&mut self, object: &StixObject) {
        match &object.said {
            StixSaid::Indicator(_) => self.indicators += 1,
            StixSaid::Party(_) => self.parties += 1,
            StixSaid::Relationship { .. } => self.relationships += 1,
            StixSaid::Revoked => self.revoked += 1,
        }
    }

    fn refuse(&mut self, refusal: &Refusal) {
        let reasons = if refusal.is_drop() { &mut self.left_out } else { &mut self.refused };
        *reasons.entry(refusal.reason).or_default() += 1;
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { indicators, parties, relationships, revoked, .. } = self;
        write!(
            f,
            "indicators: {indicators}, parties: {parties}, relationships: {relationships}, revoked: {revoked}"
        )?;
        for (what, reasons) in [("refused", &self.refused), ("left out", &self.left_out)] {
            let each: Vec<String> =
                reasons.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
            write!(f, "; {what}: {}", reasons.values().sum::<u64>())?;
            if !each.is_empty() {
                write!(f, " ({})", each.join(", "))?;
            }
        }
        Ok(())
    }
}
