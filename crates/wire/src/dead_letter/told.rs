use super::{Header, is_own};

/// Which dead letter a record of a source topic was made from again: `partition@offset` of the dead-letter topic.
const REPLAY_OF: &str = "braid.replay.of";
/// How often the record has been sent again, this time included.
const REPLAY_COUNT: &str = "braid.replay.count";
/// The one header of a receipt: the dead letter that it is for.
const RECEIPT_OF: &str = "braid.replayed";

/// What the headers of a dead letter tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// Why the record could not be taken.
    pub reason: &'a str,
    /// Where it is wrong, what was found there.
    pub detail: &'a str,
    /// The stage that could not take it.
    pub stage: &'a str,
    /// The source; the topic's own name where that is one of braid's own.
    pub source: &'a str,
    /// The format that it was read as.
    pub format: &'a str,
    /// The topic that it was read from.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Which element of the record it is about, where that holds several; else 0.
    pub element: i32,
    /// The record's own timestamp, if it had one.
    pub timestamp: Option<&'a str>,
    /// What of the record is not in the dead letter any more, in words.
    pub cut: Option<String>,
    /// How often the record had been sent again when it became this dead letter.
    pub replays: u32,
}

impl<'a> Told<'a> {
    /// Reads the headers; `None` if they are not those of a dead letter.
    pub fn read(headers: &'a [Header]) -> Option<Self> {
        let own = |name: &str| text(headers, &format!("braid.error.{name}"));
        Some(Self {
            reason: own("reason")?,
            detail: own("detail").unwrap_or_default(),
            stage: own("stage")?,
            source: own("source")?,
            format: own("format").unwrap_or_default(),
            topic: own("topic")?,
            partition: own("partition")?.parse().ok()?,
            offset: own("offset")?.parse().ok()?,
            element: own("element").and_then(|element| element.parse().ok()).unwrap_or(0),
            timestamp: own("timestamp"),
            cut: cut(own),
            replays: text(headers, REPLAY_COUNT).and_then(|count| count.parse().ok()).unwrap_or(0),
        })
    }
}

fn text<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    // The last one: braid's own stand behind those that came with the record.
    let (_, value) = headers.iter().rev().find(|(found, _)| **found == *name)?;
    std::str::from_utf8(value.as_deref()?).ok()
}

fn cut<'a>(own: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let parts = [
        own("value.size").map(|size| format!("of its value of {size} bytes only the first part is left")),
        own("key.size").map(|size| format!("its key of {size} bytes is gone")),
        own("headers.dropped").map(|count| format!("headers are gone: {count}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The headers with which the record of a dead letter goes to its topic again: those that it came with, without what
/// braid has added in any of the three families of names, and with two that say which dead letter (`letter`, as
/// `partition@offset`) it is made from and how often it has been sent again.
///
/// They come back with the record if it is refused again, which is how that is recognised.
pub fn replayed(headers: &[Header], letter: &str) -> Vec<Header> {
    let replays = Told::read(headers).map_or(0, |told| told.replays);
    let mut kept: Vec<Header> =
        headers.iter().filter(|(name, _)| !is_own(name) && !is_of_replay(name)).cloned().collect();
    kept.push(header(REPLAY_OF, letter));
    kept.push(header(REPLAY_COUNT, &replays.saturating_add(1).to_string()));
    kept
}

/// The headers of a receipt: a record of the dead-letter topic without key and value which says that a dead letter
/// (`letter`, as `partition@offset`) has been sent again. It is written in the transaction that sends it, so that
/// there is the one if and only if there is the other.
pub fn receipt(letter: &str) -> Vec<Header> {
    vec![header(RECEIPT_OF, letter)]
}

/// Which dead letter a record of the dead-letter topic is the receipt for, if it is one.
pub fn receipt_of(headers: &[Header]) -> Option<&str> {
    if Told::read(headers).is_some() { None } else { text(headers, RECEIPT_OF) }
}

fn is_of_replay(name: &str) -> bool {
    [REPLAY_OF, REPLAY_COUNT, RECEIPT_OF].contains(&name)
}

fn header(name: &str, value: &str) -> Header {
    (name.into(), Some(value.as_bytes().into()))
}
