//! Plays the story into the source topics and shows what comes out, until everything has.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use braid_alert::{EventTime, SourceTime, Span};
use braid_kafka::Feed;

use super::board::Board;
use super::expectation::Expectation;
use super::instance::Instance;
use super::screen::Screen;
use super::story::{Story, StoryRecord};
use super::ticker;
use super::watch::Watch;
use crate::wording::clock;

/// For how long nothing may happen that should: far beyond what a loaded machine takes to form a group.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long to wait for news before the story goes on.
const TICK: Duration = Duration::from_millis(40);

/// The story on its way through braid.
pub(super) struct Performance<'a> {
    pub(super) story: &'a Story,
    pub(super) beginning: EventTime,
    pub(super) expected: &'a Expectation,
    /// How many times faster than the attack was; 0 does not wait for the time of arrival.
    pub(super) speed: u32,
    /// When it is played.
    pub(super) now: SourceTime,
}

impl Performance<'_> {
    /// Plays it to its end.
    ///
    /// A record is sent when it is due and what was sent before has come out. The stages would take all at once, and the
    /// two source topics are read independently; this way the lines come in the order of arrival, each time the same.
    ///
    /// # Errors
    /// If a stage fails, or something does not come through.
    pub(super) fn play(&self, instance: &mut Instance, screen: &mut Screen) -> anyhow::Result<Board> {
        let mut watch = Watch::open(instance)?;
        let mut board = Board::default();
        await_assignment(&mut watch, instance)?;
        screen.begin(self.expected.alerts.len());
        let feed = Feed::connect(instance.connection())?;
        let (begun, mut last_news) = (Instant::now(), Instant::now());
        let (mut sent, mut expected) = (0, Expectation::default());
        while sent < self.story.records.len() || !board.is_complete(&expected) {
            instance.check()?;
            if board.is_complete(&expected)
                && let Some(record) = self.story.records.get(sent).filter(|next| self.is_due(next, begun))
            {
                feed.send(record.topic, None, None, Some(record.value.as_bytes()), &[])?;
                feed.flush()?;
                expected.take(record, self.now);
                (sent, last_news) = (sent + 1, Instant::now());
            }
            if show_news(&mut watch, &mut board, instance, screen)? {
                last_news = Instant::now();
            }
            screen.progress(board.correlated(), self.message(sent, &board));
            if !board.is_complete(&expected) && last_news.elapsed() > PATIENCE {
                bail!("{}", missing(&expected, &board));
            }
        }
        watch.close();
        Ok(board)
    }

    fn is_due(&self, record: &StoryRecord, begun: Instant) -> bool {
        self.speed == 0 || record.arrives <= Span::from(begun.elapsed().saturating_mul(self.speed))
    }

    fn message(&self, fed: usize, board: &Board) -> String {
        let arrived = fed.checked_sub(1).map_or(Span::ZERO, |last| self.story.records[last].arrives);
        let incidents = board.standing().count();
        let noun = if incidents == 1 { "incident" } else { "incidents" };
        format!("{} · {incidents} {noun}", clock(self.beginning + arrived))
    }
}

fn missing(expected: &Expectation, board: &Board) -> String {
    format!(
        "nothing has come for {PATIENCE:?}: {} of {} alerts are in incidents, {} of {} refused records in the dead \
         letters",
        board.correlated(),
        expected.alerts.len(),
        board.dead_letters().len(),
        expected.refused
    )
}

/// Waits until the outputs are read, by which time the stages have formed their groups too, or nearly.
fn await_assignment(watch: &mut Watch, instance: &mut Instance) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while !watch.reads_all() {
        instance.check()?;
        let early = watch.poll(TICK)?;
        ensure!(early.is_empty(), "records are in the output topics before anything was sent");
        if Instant::now() >= until {
            bail!("the broker in this process has not let a consumer in for {PATIENCE:?}");
        }
    }
    Ok(())
}

fn show_news(
    watch: &mut Watch,
    board: &mut Board,
    instance: &Instance,
    screen: &Screen,
) -> anyhow::Result<bool> {
    let records = watch.poll(TICK)?;
    for record in &records {
        board.take(record, &instance.settings().topics)?;
    }
    for news in board.news() {
        if let Some(line) = ticker::line(&news, board, screen.paint) {
            screen.line(&line)?;
        }
    }
    Ok(!records.is_empty())
}
