use std::io::{self, BufRead, ErrorKind, Read};

use braid_wire::{RECORD_BYTES_MAX, Refusal, RefusalReason};

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

/// Where frames go.
pub(super) type EachFrame<'a> = dyn FnMut(Frame) -> anyhow::Result<()> + 'a;

/// The bytes of a frame in the making: kept up to a bound, counted beyond it.
#[derive(Debug)]
pub(super) struct Bounded {
    kept: Vec<u8>,
    bytes: usize,
    bytes_max: usize,
}

impl Bounded {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self { kept: Vec::new(), bytes: 0, bytes_max }
    }

    pub(super) fn extend(&mut self, more: &[u8]) {
        let room = self.bytes_max.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&more[..more.len().min(room)]);
        self.bytes += more.len();
    }

    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Whether there is room for nothing more, and nothing was left out.
    pub(super) const fn is_full(&self) -> bool {
        self.bytes == self.bytes_max
    }

    pub(super) fn is_blank(&self) -> bool {
        self.kept.trim_ascii().is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }

    /// What was gathered; begins anew.
    pub(super) fn take(&mut self) -> Result<Vec<u8>, Refusal> {
        let bytes = std::mem::take(&mut self.bytes);
        let kept = std::mem::take(&mut self.kept);
        if bytes > self.bytes_max { Err(too_large(bytes as u64, self.bytes_max)) } else { Ok(kept) }
    }
}

pub(super) fn too_large(bytes: u64, bytes_max: usize) -> Refusal {
    Refusal::new(RefusalReason::TooLarge, format!("{bytes} bytes; at most {bytes_max} are read"))
}

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
