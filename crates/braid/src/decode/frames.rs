use std::io::{self, BufRead, ErrorKind, Read};

use braid_wire::{BoundedBytes as Bounded, JsonFrame, RECORD_BYTES_MAX, Refusal, RefusalReason};

/// A stretch of a file that is decoded as one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// The line that it begins in, or its number in a file without lines; from 0.
    pub line: u64,
    /// Which element of a list it is.
    pub element: Option<i32>,
    /// Its bytes; or why they are not even tried.
    pub bytes: Result<Vec<u8>, Refusal>,
}

impl From<JsonFrame> for Frame {
    fn from(JsonFrame { line, element, bytes, .. }: JsonFrame) -> Self {
        let is_structure = |bytes: &[u8]| bytes.starts_with(b"{") || bytes.starts_with(b"[");
        // A number in a list is a wrong element, as in a topic, and no record of another format.
        let bytes = bytes.map(|bytes| match element {
            Some(_) if !is_structure(&bytes) => [b"[", bytes.as_slice(), b"]"].concat(),
            _ => bytes,
        });
        Self { line, element, bytes }
    }
}

/// Where frames go.
pub(super) type EachFrame<'a> = dyn FnMut(Frame) -> anyhow::Result<()> + 'a;

/// Gives each line that is not blank, whatever bytes it is made of.
pub(super) fn each_line(
    reader: &mut dyn BufRead,
    bytes_max: usize,
    each: &mut EachFrame<'_>,
) -> anyhow::Result<()> {
    let mut text = Bounded::new(bytes_max);
    let mut line = 0;
    while read_line(reader, &mut text)? {
        if text.is_blank() {
            text.clear();
        } else {
            each(Frame { line, element: None, bytes: text.take() })?;
        }
        line += 1;
    }
    Ok(())
}

/// Reads a line without its end; `false` if there is none.
fn read_line(reader: &mut dyn BufRead, text: &mut Bounded) -> io::Result<bool> {
    let mut any = false;
    loop {
        let piece = match reader.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if piece.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = piece.iter().position(|byte| *byte == b'\n');
        text.extend(&piece[..end.unwrap_or(piece.len())]);
        let used = end.map_or(piece.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// What an Avro object container begins with.
const CONTAINER: &[u8] = b"Obj\x01";
/// What a record in single-object encoding begins with. As a length it would be over 3 GB, so that the two forms of a
/// file cannot be taken for one another.
const SINGLE_OBJECT: &[u8] = &[0xC3, 0x01];

/// Gives the records of a file of Avro: the one that it is, or each behind its length.
pub(super) fn each_avro(reader: &mut dyn BufRead, each: &mut EachFrame<'_>) -> anyhow::Result<()> {
    let mut head = Vec::new();
    reader.take(4).read_to_end(&mut head)?;
    if head == CONTAINER {
        let detail = "an Avro object container; what is read is a record in single-object encoding, or several, each \
                      behind its length in 4 bytes";
        let bytes = Err(Refusal::new(RefusalReason::UnknownFormat, detail));
        return each(Frame { line: 0, element: None, bytes });
    }
    if head.starts_with(SINGLE_OBJECT) || head.is_empty() {
        let mut whole = Bounded::new(RECORD_BYTES_MAX);
        whole.extend(&head);
        drain(reader, u64::MAX, &mut whole)?;
        return each(Frame { line: 0, element: None, bytes: whole.take() });
    }
    each_behind_length(reader, head, each)
}

fn each_behind_length(
    reader: &mut dyn BufRead,
    mut head: Vec<u8>,
    each: &mut EachFrame<'_>,
) -> anyhow::Result<()> {
    let mut record = Bounded::new(RECORD_BYTES_MAX);
    for line in 0.. {
        let Ok(length) = <[u8; 4]>::try_from(head.as_slice()).map(u32::from_be_bytes) else {
            if head.is_empty() {
                break;
            }
            return each(Frame { line, element: None, bytes: Err(cut("the length", head.len(), 4)) });
        };
        let found = drain(reader, length.into(), &mut record)?;
        let whole = record.take();
        let bytes = if found == u64::from(length) { whole } else { Err(cut("the record", found, length)) };
        each(Frame { line, element: None, bytes })?;
        head.clear();
        reader.take(4).read_to_end(&mut head)?;
    }
    Ok(())
}

fn cut(what: &str, found: impl std::fmt::Display, of: impl std::fmt::Display) -> Refusal {
    Refusal::new(RefusalReason::Truncated, format!("{what} ends after {found} of {of} bytes"))
}

/// Moves up to so many bytes from the reader. Returns how many there were.
fn drain(reader: &mut dyn BufRead, bytes: u64, into: &mut Bounded) -> io::Result<u64> {
    let mut piece = [0; 8 << 10];
    let mut limited = reader.take(bytes);
    let mut moved = 0;
    loop {
        match limited.read(&mut piece) {
            Ok(0) => return Ok(moved),
            Ok(some) => {
                into.extend(&piece[..some]);
                moved += some as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
