//! `braid dlq show`: one dead letter in full, and what to do about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::ops::ControlFlow;

use anyhow::bail;
use braid_alert::SourceTime;
use braid_log::Record;
use braid_wire::dead_letter::{Told, receipt_of};

use super::list::state;
use super::remedy::remedy;
use super::second_reading::{refused_again, source_of};
use super::{DeadLetters, now_millis, place, shown};
use crate::Outcome;
use crate::cli::{DlqShow, LetterPlace};
use crate::config::Config;
use crate::paint::{WIDTH_MAX, wrap};
use crate::stdout::{self, unless_pipe_closed};

pub(super) fn run(arguments: &DlqShow) -> anyhow::Result<Outcome> {
    let dead_letters = DeadLetters::of(&arguments.config)?;
    let (letter, replayed_at) = find(&dead_letters, arguments.letter)?;
    if arguments.value {
        let value = letter.value.as_deref().unwrap_or_default();
        let mut out = io::stdout().lock();
        unless_pipe_closed(out.write_all(value).and_then(|()| out.flush()).map_err(Into::into))?;
    } else {
        stdout::print(&text(&dead_letters.config, &letter, replayed_at, now_millis()))?;
    }
    Ok(Outcome::Done)
}

/// The letter, and when it was replayed: a receipt stands behind its letter, in the same partition.
fn find(dead_letters: &DeadLetters, wanted: LetterPlace) -> anyhow::Result<(Record, Option<i64>)> {
    let starts = BTreeMap::from([(wanted.partition, wanted.offset)]);
    let (mut found, mut replayed_at) = (None, None);
    dead_letters.read_from(&starts, &mut |record| {
        let is_receipt = || receipt_of(&record.headers).and_then(|of| of.parse().ok()) == Some(wanted);
        if place(&record) == wanted {
            found = Some(record);
        } else if found.is_none() {
            return ControlFlow::Break(());
        } else if is_receipt() {
            replayed_at = Some(record.timestamp_millis);
        }
        ControlFlow::Continue(())
    })?;
    match found {
        Some(letter) => Ok((letter, replayed_at)),
        None => bail!("{}", nothing_at(wanted, dead_letters.topic())),
    }
}

/// Why there may be no letter where somebody looked for one.
pub(super) fn nothing_at(place: LetterPlace, topic: &str) -> String {
    format!("{place}: {topic} has no dead letter there: there never was one, or retention has taken it")
}

fn text(config: &Config, letter: &Record, replayed_at: Option<i64>, now_millis: i64) -> String {
    let time = |millis| SourceTime::from_millis(millis).to_string();
    let (place, at) = (place(letter), time(letter.timestamp_millis));
    let mut text = format!("{place} of {}, written {at}\n\n", letter.topic);
    match Told::read(&letter.headers) {
        Some(told) => {
            let _ = writeln!(text, "{}: {}", shown(told.reason), shown(told.detail));
            text +=
                &wrap(remedy(&told), WIDTH_MAX).iter().map(|line| format!("  {line}\n")).collect::<String>();
            text += &facts(config, letter, &told, replayed_at.map(time), now_millis);
        }
        None => text += "No dead letter of braid's: it does not say why it is here.\n",
    }
    text += "\nHeaders\n";
    for (name, value) in &letter.headers {
        let value = value.as_deref().map_or("(none)".into(), line);
        let _ = writeln!(text, "  {}: {value}", shown(name));
    }
    let _ = writeln!(text, "\nKey\n  {}", letter.key.as_deref().map_or("(none)".into(), line));
    text + &message(letter.value.as_deref())
}

/// Where it comes from, and how things stand.
fn facts(
    config: &Config,
    letter: &Record,
    told: &Told<'_>,
    replayed_at: Option<String>,
    now_millis: i64,
) -> String {
    let stamped = told.timestamp.map(|time| format!(" of {time}")).unwrap_or_default();
    let element = if told.element > 0 { format!(", element {}", told.element) } else { String::new() };
    let replayed = replayed_at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
    let mut facts = vec![
        ("source", format!("{} ({}), refused by {}", told.source, told.format, told.stage)),
        ("record", format!("{} {}@{}{element}{stamped}", told.topic, told.partition, told.offset)),
        ("state", state(told.replays, replayed_at.is_some()) + &replayed),
        ("now", outlook(config, letter, told, now_millis)),
    ];
    facts.extend(told.cut.clone().map(|cut| ("cut", cut)));
    facts.iter().map(|(name, fact)| format!("\n  {name:<8}{}", shown(fact))).collect::<String>() + "\n"
}

/// What would become of the record if it came now.
fn outlook(config: &Config, letter: &Record, told: &Told<'_>, now_millis: i64) -> String {
    if told.topic != config.topics.alerts && source_of(config, told.topic).is_none() {
        return "no source of the configuration reads its topic".to_owned();
    }
    if told.cut.is_some() {
        return "not known, for it is cut".to_owned();
    }
    match refused_again(config, told, letter, &[told.element], now_millis) {
        Some(refusal) => format!("with this configuration it would be refused again: {refusal}"),
        None if told.topic == config.topics.alerts => "correlation would have to say".to_owned(),
        None => "with this configuration it would be taken".to_owned(),
    }
}

/// Bytes on a line: as text, or else in hexadecimal digits.
fn line(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| hex(bytes), shown)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The message in full, as text if a terminal can be shown it, else as bytes.
fn message(value: Option<&[u8]>) -> String {
    let Some(value) = value else { return "\nNo message: a tombstone\n".to_owned() };
    let readable = |text: &&str| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    let head = format!("\nMessage, {} bytes\n", value.len());
    match std::str::from_utf8(value).ok().filter(readable) {
        Some(text) => head + text.trim_end_matches('\n') + "\n",
        None => head + &rows_of_bytes(value),
    }
}

/// Sixteen bytes a line: where, in hexadecimal digits, and as ASCII.
fn rows_of_bytes(value: &[u8]) -> String {
    let mut text = String::new();
    for (row, bytes) in value.chunks(16).enumerate() {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let ascii: String = bytes
            .iter()
            .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' })
            .collect();
        let _ = writeln!(text, "{:08x}  {:<47}  {ascii}", row * 16, digits.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use braid_wire::RefusalReason;
    use expect_test::expect;

    use super::*;
    use crate::dlq::survey::tests::{letter, refusal};

    const ALERT: &str = r#"{"tenant":"b3c1","provider":"microsoftDefenderForEndpoint","id":"a","title":"A","severity":"high","first_activity":"2025-02-03T10:00:00Z"}"#;

    pub(crate) fn config(aliases: &str) -> Config {
        let text = format!(
            "[kafka]\nbrokers = [\"k:9092\"]\n[[sources]]\nname = \"graph\"\ntopics = [\"security.graph\"]\nformat = \"braid-json\"\n\
             enabled = true\ntenant = {{ field = \"tenant\", aliases = {{ {aliases} }} }}\n"
        );
        Config::parse(Path::new("braid.toml"), &text, []).unwrap()
    }

    #[test]
    fn a_dead_letter_is_shown_with_what_to_do_and_where_it_came_from() {
        let unmapped = refusal(RefusalReason::UnmappedTenant, "tenant \"b3c1\" is no alias", 0);
        let came = [("trace".into(), Some(Box::from(&b"\xFF\x01"[..])))];
        let letter =
            letter("2@17", 1_770_113_460_250, ("security.graph", 0, 7), &unmapped, (ALERT.as_bytes(), &came));
        let whole = text(&config("other = \"contoso\""), &letter, None, 1_770_113_470_000);
        let (before, _) = whole.split_once("  braid.error.detail").unwrap();
        expect![[r#"
            2@17 of dead-letters, written 2026-02-03T10:11:00.25Z

            unmapped_tenant: tenant "b3c1" is no alias
              Say whose it is in `tenants.aliases`, or in `tenant.aliases` of the source; restart braid, then
              replay.

              source  graph (braid-json), refused by normalise
              record  security.graph 0@7 of 1970-01-01T00:00:01Z
              state   open
              now     with this configuration it would be refused again: unmapped_tenant: …

            Headers
              trace: ff01
              braid.error.reason: unmapped_tenant
        "#]]
        .assert_eq(&without_detail(before));
        assert!(
            whole.ends_with(&format!("\nKey\n  key\n\nMessage, {} bytes\n{ALERT}\n", ALERT.len())),
            "{whole}"
        );
        let mended = text(&config("b3c1 = \"contoso\""), &letter, Some(1_770_113_470_000), 1_770_113_470_000);
        assert!(mended.contains("state   replayed at 2026-02-03T10:11:10Z"), "{mended}");
        assert!(mended.contains("now     with this configuration it would be taken"), "{mended}");
    }

    /// The decoder's own words are its own tests' affair.
    fn without_detail(text: &str) -> String {
        let line = |line: &str| match line.split_once("again: unmapped_tenant: ") {
            Some((before, _)) => format!("{before}again: unmapped_tenant: …\n"),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn what_is_no_text_or_would_move_a_terminal_is_shown_as_bytes() {
        assert_eq!(message(Some(b"two\nlines\n")), "\nMessage, 10 bytes\ntwo\nlines\n");
        assert_eq!(message(None), "\nNo message: a tombstone\n");
        expect![[r"

            Message, 18 bytes
            00000000  1b 5b 32 4a 30 31 32 33 34 35 36 37 38 39 61 62  .[2J0123456789ab
            00000010  63 64                                            cd
        "]]
        .assert_eq(&message(Some(b"\x1b[2J0123456789abcd")));
        assert!(message(Some(b"\xFF")).contains("\n00000000  ff  "));
    }
}
