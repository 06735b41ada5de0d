use std::collections::{BTreeMap, BTreeSet};

use braid_engine::Input;
use braid_wire::{Refusal, RefusalReason};

use super::{EachInput, named};
use crate::cli;
use crate::decode::{Refusals, each_dumped, input_of};
use crate::dump::line::DumpedRecord;

/// How far the partitions of the topic have been played.
#[derive(Debug, Default)]
struct Progress {
    topic: Option<Box<str>>,
    /// The offset that may come next, by partition.
    next: BTreeMap<i32, i64>,
    /// Partitions that cannot go on: the record that this release cannot read would change every decision after it.
    held: BTreeSet<i32>,
}

/// Plays dumps of the alerts topic, each partition in the order of its offsets, as the correlate stage did.
pub(super) fn play(
    files: &[cli::Input],
    each_input: &mut EachInput<'_>,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    let mut progress = Progress::default();
    for file in files {
        each_dumped(file, &mut |place, dumped| {
            match dumped.and_then(|record| progress.take(&record)) {
                Ok((partition, input)) => {
                    let what = named(&input);
                    if let Some(rejected) = each_input(partition, input)? {
                        refusals.tell_rejected(&place, &what, rejected);
                    }
                }
                Err(refusal) => refusals.tell(&place, &refusal),
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl Progress {
    /// What the next record says, and of which partition.
    fn take(&mut self, record: &DumpedRecord) -> Result<(i32, Input), Refusal> {
        let malformed = |detail: String| Refusal::new(RefusalReason::Malformed, detail);
        let topic = self.topic.get_or_insert_with(|| record.topic.clone());
        if *topic != record.topic {
            return Err(malformed(format!("a record of topic {} in a dump of {topic}", record.topic)));
        }
        let DumpedRecord { partition, offset, .. } = *record;
        let next = self.next.entry(partition).or_insert(0);
        if offset < *next {
            return Err(malformed(format!(
                "offset {offset} of partition {partition} comes after {} has been read",
                *next - 1
            )));
        }
        if self.held.contains(&partition) {
            let detail =
                format!("partition {partition} stands still: an earlier record of it cannot be read");
            return Err(Refusal::new(RefusalReason::UnknownSchema, detail));
        }
        *next = offset + 1;
        let input = input_of(record).inspect_err(|refusal| {
            if refusal.reason == RefusalReason::UnknownSchema {
                self.held.insert(partition);
            }
        })?;
        Ok((partition, input))
    }
}
