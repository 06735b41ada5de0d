use std::io::{BufRead, ErrorKind};

use braid_wire::{Envelope, JsonFrames};

use super::frames::EachFrame;

/// Gives the records of a file of JSON: of lines, of documents one behind the other, of lists of any length, whichever
/// it turns out to hold.
///
/// With `whole` an envelope is a record with all that is in it, as its topic has it, as long as it is no larger than any
/// record may be: the rows of an alert stand together there.
pub(super) fn each_json(
    reader: &mut dyn BufRead,
    envelope: Envelope,
    whole: bool,
    each: &mut EachFrame<'_>,
) -> anyhow::Result<()> {
    let mut frames = JsonFrames::of_file(envelope, whole);
    loop {
        let piece = match reader.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if piece.is_empty() {
            frames.end();
            return frames.found().try_for_each(|frame| each(frame.into()));
        }
        for byte in piece {
            frames.take(*byte);
            if frames.has_found() {
                frames.found().try_for_each(|frame| each(frame.into()))?;
            }
        }
        let used = piece.len();
        reader.consume(used);
    }
}
