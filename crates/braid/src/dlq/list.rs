//! `braid dlq list`: a table and counts for people, lines of JSON for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use braid_alert::SourceTime;
use braid_log::Record;
use braid_wire::dead_letter::Told;
use braid_wire::json;
use serde::Serialize;

use super::survey::{Selection, Sighting, Survey};
use super::{DeadLetters, now_millis, shown};
use crate::Outcome;
use crate::cli::{DlqList, LetterPlace};
use crate::paint::cut;
use crate::stdout;

/// The widest line where standard output is no terminal.
const WIDTH_OF_FILES: usize = 160;

/// What a detail gets at the least; a narrower terminal breaks the line.
const DETAIL_WIDTH_MIN: usize = 30;

pub(super) fn run(arguments: &DlqList) -> anyhow::Result<Outcome> {
    let dead_letters = DeadLetters::of(&arguments.config)?;
    let selection = Selection::new(&arguments.filter, &[], now_millis());
    let mut survey = Survey::default();
    dead_letters.read(&mut |record| survey.take(&record, &selection))?;
    survey.tell_strangers(dead_letters.topic());
    let listed = listed(&survey, arguments.open, arguments.limit);
    let mut rows = BTreeMap::new();
    let places = listed.iter().map(|letter| letter.place).collect();
    dead_letters.fetch(&places, &mut |place, record| {
        rows.extend(row(place, &record, &survey).map(|row| (place, row)));
        ControlFlow::Continue(())
    })?;
    // What retention has taken meanwhile is not there any more.
    let rows: Vec<Row> = listed.iter().filter_map(|letter| rows.remove(&letter.place)).collect();
    if arguments.json {
        stdout::print(&lines(&rows))?;
    } else {
        let columns = console::Term::stdout().is_term().then(|| console::Term::stdout().size().1);
        let text = table(&rows, columns.map_or(WIDTH_OF_FILES, usize::from));
        stdout::print(&(text + &counts(&survey, dead_letters.topic(), rows.len())))?;
    }
    Ok(Outcome::Done)
}

/// The newest of those that are selected, the oldest first.
fn listed(survey: &Survey, open: bool, limit: usize) -> Vec<&Sighting> {
    let mut listed = survey.selected();
    listed.retain(|letter| !open || survey.replayed_at(letter.place).is_none());
    listed.split_off(listed.len().saturating_sub(limit))
}

/// A dead letter, as JSON has it.
#[derive(Debug, Serialize)]
struct Row {
    letter: String,
    at: String,
    reason: String,
    detail: String,
    stage: String,
    source: String,
    format: String,
    topic: String,
    partition: i32,
    offset: i64,
    element: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    value_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<String>,
    /// How often the record had been replayed before it became this dead letter.
    replays: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    replayed_at: Option<String>,
}

fn row(place: LetterPlace, record: &Record, survey: &Survey) -> Option<Row> {
    let told = Told::read(&record.headers)?;
    let time = |millis| SourceTime::from_millis(millis).to_string();
    Some(Row {
        letter: place.to_string(),
        at: time(record.timestamp_millis),
        reason: told.reason.to_owned(),
        detail: told.detail.to_owned(),
        stage: told.stage.to_owned(),
        source: told.source.to_owned(),
        format: told.format.to_owned(),
        topic: told.topic.to_owned(),
        partition: told.partition,
        offset: told.offset,
        element: told.element,
        timestamp: told.timestamp.map(str::to_owned),
        value_bytes: record.value.as_ref().map_or(0, |value| value.len()),
        cut: told.cut,
        replays: told.replays,
        replayed_at: survey.replayed_at(place).map(time),
    })
}

fn lines(rows: &[Row]) -> String {
    let line = |row| String::from_utf8_lossy(&json::to_json(row)).into_owned() + "\n";
    rows.iter().map(line).collect()
}

/// What is still to be done about a letter.
pub(super) fn state(replays: u32, replayed: bool) -> String {
    match (replays, replayed) {
        (_, true) => "replayed".to_owned(),
        (0, false) => "open".to_owned(),
        (1, false) => "came back".to_owned(),
        (times, false) => format!("came back {times}×"),
    }
}

const HEAD: [&str; 6] = ["written", "letter", "state", "reason", "source", "from"];

/// A line a letter; the detail takes what is left of the width.
fn table(rows: &[Row], width: usize) -> String {
    let cells = |row: &Row| {
        let second = row.at.split('.').next().unwrap_or(&row.at).trim_end_matches('Z');
        [
            second.replace('T', " "),
            row.letter.clone(),
            state(row.replays, row.replayed_at.is_some()),
            shown(&row.reason),
            shown(&row.source),
            format!("{} {}@{}", shown(&row.topic), row.partition, row.offset),
        ]
    };
    let cells: Vec<[String; 6]> = rows.iter().map(cells).collect();
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let wide = cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        wide.max(HEAD[column].len())
    });
    let room = width.saturating_sub(widths.iter().map(|width| width + 2).sum()).max(DETAIL_WIDTH_MIN);
    let line = |cells: [&str; 6], detail: &str| {
        let cells: String =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}  ")).collect();
        format!("{}\n", (cells + &cut(detail, room)).trim_end())
    };
    if rows.is_empty() {
        return String::new();
    }
    let body = cells
        .iter()
        .zip(rows)
        .map(|(cells, row)| line(cells.each_ref().map(String::as_str), &shown(&row.detail)));
    std::iter::once(line(HEAD, "detail")).chain(body).collect()
}

/// How many there are of each reason among those that are selected, listed or not.
fn counts(survey: &Survey, topic: &str, listed: usize) -> String {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let selected = survey.selected();
    for letter in &selected {
        let (all, open) = counts.entry(&letter.reason).or_default();
        *all += 1;
        *open += u64::from(survey.replayed_at(letter.place).is_none());
    }
    if counts.is_empty() {
        return format!("no such dead letters in {topic}\n");
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(reason, (all, _))| (std::cmp::Reverse(*all), *reason));
    let records: BTreeSet<_> = selected.iter().map(|letter| &letter.of).collect();
    let wide = counts.iter().map(|(reason, _)| shown(reason).chars().count()).max().unwrap_or(0);
    let lines = counts
        .iter()
        .map(|(reason, (all, open))| format!("{:<wide$}  {all:>7}  {open:>7}\n", shown(reason)))
        .collect::<String>();
    let head = format!("{:<wide$}  letters     open\n", "reason");
    let sum =
        format!("{} dead letters about {} records; {listed} of them listed\n", selected.len(), records.len());
    format!("\n{head}{lines}{sum}")
}

#[cfg(test)]
mod tests {
    use braid_wire::RefusalReason;
    use braid_wire::dead_letter::{receipt, replayed};
    use expect_test::expect;

    use super::*;
    use crate::dlq::survey::tests::{letter, record, refusal, surveyed};

    fn topic() -> Vec<Record> {
        let unmapped = refusal(
            RefusalReason::UnmappedTenant,
            "TenantId \"b3c1\" is no alias, and that is told at length",
            0,
        );
        let sly = refusal(RefusalReason::Malformed, "no JSON at \u{1b}[2Jbyte 0", 3);
        let first = letter("0@0", 1_770_113_460_250, ("security.graph", 0, 7), &unmapped, (b"{", &[]));
        let back = replayed(&first.headers, "0@0");
        vec![
            first,
            record("0@1", 1_770_113_470_000, None, None, receipt("0@0")),
            letter("0@2", 1_770_113_480_000, ("security.graph", 0, 8), &unmapped, (b"{", &back)),
            letter("1@0", 1_770_113_465_000, ("security.mdi", 1, 41_007), &sly, (b"{", &[])),
        ]
    }

    fn rows(records: &[Record], open: bool, limit: usize) -> (Vec<Row>, Survey) {
        let survey = surveyed(records, &Selection::default());
        let of = |letter: &&Sighting| {
            let record = records.iter().find(|record| super::super::place(record) == letter.place)?;
            row(letter.place, record, &survey)
        };
        (listed(&survey, open, limit).iter().filter_map(of).collect(), survey)
    }

    #[test]
    fn a_table_says_which_why_and_where_from_and_counts_by_reason() {
        let (rows, survey) = rows(&topic(), false, 100);
        let text = table(&rows, 130) + &counts(&survey, "dead-letters", rows.len());
        expect![[r#"
            written              letter  state      reason           source  from                  detail
            2026-02-03 10:11:00  0@0     replayed   unmapped_tenant  graph   security.graph 0@7    TenantId "b3c1" is no alias, and that is t…
            2026-02-03 10:11:05  1@0     open       malformed        mdi     security.mdi 1@41007  no JSON at \u{1b}[2Jbyte 0
            2026-02-03 10:11:20  0@2     came back  unmapped_tenant  graph   security.graph 0@8    TenantId "b3c1" is no alias, and that is t…

            reason           letters     open
            unmapped_tenant        2        1
            malformed              1        1
            3 dead letters about 3 records; 3 of them listed
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn a_limit_keeps_the_newest_and_open_leaves_out_what_was_replayed() {
        let letters = |open, limit| -> Vec<String> {
            rows(&topic(), open, limit).0.into_iter().map(|row| row.letter).collect()
        };
        assert_eq!(letters(false, 2), ["1@0", "0@2"]);
        assert_eq!(letters(true, 100), ["1@0", "0@2"]);
        assert_eq!(letters(true, 0), [""; 0]);
        assert_eq!(counts(&Survey::default(), "dead-letters", 0), "no such dead letters in dead-letters\n");
    }

    #[test]
    fn a_line_of_json_has_it_all() {
        let (rows, _) = rows(&topic(), false, 3);
        expect![[r#"
            {"letter":"0@0","at":"2026-02-03T10:11:00.25Z","reason":"unmapped_tenant","detail":"TenantId \"b3c1\" is no alias, and that is told at length","stage":"normalise","source":"graph","format":"braid-json","topic":"security.graph","partition":0,"offset":7,"element":0,"timestamp":"1970-01-01T00:00:01Z","value_bytes":1,"replays":0,"replayed_at":"2026-02-03T10:11:10Z"}
        "#]]
        .assert_eq(&lines(&rows[..1]));
    }
}
