//! `braid demo`: the whole of braid in one process, on a broker that is in the process too.
//!
//! ```text
//!   story ──▶ security.* ──▶ normalise ──▶ braid.alerts ──▶ correlate ──▶ incidents, incident-events, dead-letters
//!   (Feed)                   (the stages run as `braid run` runs them)               │
//!   terminal ◀── ticker, report ◀── board ◀── watch (a consumer like any other) ◀────┘
//! ```
//!
//! Nothing that is shown is taken from the stages' memory, and nothing is known beforehand but how many alerts there are:
//! the lines are what a consumer of the topics reads. What the broker in the process cannot show is exactly once.

mod story;
mod expectation;

mod performance;
mod instance;
mod watch;
mod board;

mod screen;
mod ticker;
mod report;

#[cfg(test)]
mod readme;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use anyhow::bail;
use braid_alert::{AlertKey, EventTime, Incident, SourceTime, Span};
use jiff::Timestamp;

use crate::Outcome;
use crate::cli::Demo;
use crate::config::Log;
use crate::logging;
use crate::stdout::unless_pipe_closed;

use board::Board;
use expectation::Expectation;
use instance::Instance;
use performance::Performance;
use screen::Screen;
use story::Story;

/// On a terminal the story of three hours takes some 25 seconds.
const TERMINAL_SPEED: u32 = 420;

/// When the story begins: two minutes past one in the afternoon.
const BEGINNING_OF_STORY: Span = Span::minutes(13 * 60 + 2);

/// Plays the attack and tells what became of it.
pub(crate) fn run(arguments: &Demo) -> anyhow::Result<Outcome> {
    unless_pipe_closed(perform(arguments)).map(|()| Outcome::Done)
}

fn perform(arguments: &Demo) -> anyhow::Result<()> {
    logging::start(&Log { level: "error".to_owned(), ..Log::default() })?;
    let mut screen = Screen::open();
    let now = SourceTime::from_micros(Timestamp::now().as_microsecond());
    let beginning = yesterday_afternoon(now);
    let story = Story::beginning(beginning)?;
    let expected = Expectation::of(&story, now);
    introduce(&screen, &story, beginning)?;
    screen.wait("starting a broker and both stages in this process");
    let mut instance = Instance::start()?;
    let speed = arguments.speed.unwrap_or(if screen.is_terminal() { TERMINAL_SPEED } else { 0 });
    let performance = Performance { story: &story, beginning, expected: &expected, speed, now };
    let board = performance.play(&mut instance, &mut screen)?;
    screen.finish();
    instance.stop()?;
    conclude(&screen, &story, &expected, &board, now)
}

/// The story is always the same; only its date is yesterday's, for an alert of last year would rightly be called late.
fn yesterday_afternoon(now: SourceTime) -> EventTime {
    let day = Span::days(1).as_micros();
    let today = now.as_micros().div_euclid(day) * day;
    EventTime::from_micros(today - day) + BEGINNING_OF_STORY
}

fn introduce(screen: &Screen, story: &Story, beginning: EventTime) -> anyhow::Result<()> {
    let date = beginning.to_string();
    let text = format!(
        "{} records of Defender for Identity (CEF) and of Defender for Endpoint and Office 365 (Graph) from contoso.azure \
         on {}, all times in UTC: an attack that takes over the domain, and a day’s ordinary noise.",
        story.records.len(),
        date.get(..10).unwrap_or_default()
    );
    let paint = screen.paint;
    let mut lines = vec![paint.bold("braid demo: alerts in, incidents out")];
    lines.extend(crate::paint::wrap(&text, paint.width));
    lines.push(String::new());
    lines.iter().try_for_each(|line| screen.line(line))
}

fn conclude(
    screen: &Screen,
    story: &Story,
    expected: &Expectation,
    board: &Board,
    now: SourceTime,
) -> anyhow::Result<()> {
    let paint = screen.paint;
    let mut incidents: Vec<&Incident> = board.standing().collect();
    incidents
        .sort_by_key(|incident| (Reverse((incident.score.value * 100.0) as i64), board.number(incident.id)));
    let mut lines = vec![String::new(), paint.bold(&summary(story, expected, &incidents)), String::new()];
    for incident in &incidents {
        lines.extend(report::lines(incident, board, paint));
        lines.push(String::new());
    }
    for letter in board.dead_letters() {
        let told =
            format!("Not an incident: a record of {} is in dead-letters: {}", letter.topic, letter.detail);
        lines.extend(crate::paint::wrap(&format!("{told} ({}).", letter.reason), paint.width));
    }
    lines.push(paint.good(&verdict(story, board, &incidents, now)?));
    lines.extend([String::new(), paint.bold("Next, with your own Kafka:")]);
    lines.extend(
        next_steps()
            .map(|(command, what)| format!("  {} {what}", paint.bold(&crate::paint::fit(command, 25)))),
    );
    lines.iter().try_for_each(|line| screen.line(line))
}

fn summary(story: &Story, expected: &Expectation, incidents: &[&Incident]) -> String {
    format!(
        "{} records in: {} alerts, {} revisions of them, {} refused. Incidents out: {}.",
        story.records.len(),
        expected.alerts.len(),
        expected.revisions,
        expected.refused,
        incidents.len()
    )
}

/// Whether correlation has told the attack and the noise apart, by what the story knows.
fn verdict(story: &Story, board: &Board, incidents: &[&Incident], now: SourceTime) -> anyhow::Result<String> {
    let attack: BTreeSet<AlertKey> = story
        .records
        .iter()
        .filter(|record| record.attack)
        .flat_map(|record| expectation::read(record, now))
        .flatten()
        .map(|alert| alert.key())
        .collect();
    let Some(incident) = board.incident_of(&attack) else {
        bail!(
            "the attack's {} alerts should be one incident without any other alert, and are not",
            attack.len()
        );
    };
    Ok(format!(
        "All {} alerts of the attack are incident #{}; the noise is in {} others.",
        attack.len(),
        board.number(incident.id),
        incidents.len() - 1
    ))
}

fn next_steps() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("braid init", "write braid.toml, with every key explained"),
        ("braid validate --connect", "is it right, and are the topics there?"),
        ("braid run", "your own alerts in, incidents out"),
    ]
    .into_iter()
}
