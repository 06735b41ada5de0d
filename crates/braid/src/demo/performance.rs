//! Plays the story into the source topics and shows what comes out, until everything has.

use std::time::{Duration, Instant};

use anyhow::bail;
use braid_alert::{EventTime, Span};
use braid_kafka::Feed;

use super::board::Board;
use super::expectation::Expectation;
use super::instance::Instance;
use super::screen::Screen;
use super::story::Story;
use super::ticker;
use super::watch::Watch;
use super::wording::clock;

/// For how long nothing may happen that should: far beyond what a loaded machine takes to form a group.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long to wait for news before the story goes on.
const TICK: Duration = Duration::from_millis(40);

/// The story on its way through braid.
pub(super) struct Performance<'a> {
    pub(super) story: &'a Story,
    pub(super) beginning: EventTime,
    pub(super) expected: &'a Expectation,
    /// How many times faster than the attack was; 0 does not wait at all.
    pub(super) speed: u32,
}

impl Performance<'_> {
    /// Plays it to its end.
    ///
    /// # Errors
    /// If a stage fails, or something does not come through.
    pub(super) fn play(&self, instance: &mut Instance, screen: &mut Screen) -> anyhow::Result<Board> {
        let mut watch = Watch::open(instance)?;
        let mut board = Board::default();
        await_assignment(&mut watch, &mut board, instance)?;
        screen.begin(self.expected.alerts.len());
        let feed = Feed::connect(instance.connection())?;
        let (begun, mut fed, mut last_news) = (Instant::now(), 0, Instant::now());
        while fed < self.story.records.len() || !board.is_complete(self.expected) {
            instance.check()?;
            let before = fed;
            fed = self.send_due(&feed, fed, begun.elapsed())?;
            let news = show_news(&mut watch, &mut board, instance, screen)?;
            if news || fed > before {
                last_news = Instant::now();
            }
            screen.progress(board.correlated(), self.message(fed, &board));
            if fed == self.story.records.len() && last_news.elapsed() > PATIENCE {
                bail!("{}", self.missing(&board));
            }
        }
        watch.close();
        Ok(board)
    }

    /// Sends what has arrived by now, each record acknowledged before the next, so that their times are in its order.
    fn send_due(&self, feed: &Feed, fed: usize, elapsed: Duration) -> anyhow::Result<usize> {
        let now = Span::from(elapsed.saturating_mul(self.speed));
        let is_due = |arrives: Span| self.speed == 0 || arrives <= now;
        let due = self.story.records[fed..].iter().take_while(|record| is_due(record.arrives));
        let mut sent = fed;
        for record in due {
            feed.send(record.topic, None, None, Some(record.value.as_bytes()), &[])?;
            feed.flush()?;
            sent += 1;
        }
        Ok(sent)
    }

    fn message(&self, fed: usize, board: &Board) -> String {
        let arrived = fed.checked_sub(1).map_or(Span::ZERO, |last| self.story.records[last].arrives);
        let incidents = board.standing().count();
        let noun = if incidents == 1 { "incident" } else { "incidents" };
        format!("{} · {incidents} {noun}", clock(self.beginning + arrived))
    }

    fn missing(&self, board: &Board) -> String {
        format!(
            "nothing has come for {PATIENCE:?}: {} of {} alerts are in incidents, {} of {} refused records in the dead \
             letters",
            board.correlated(),
            self.expected.alerts.len(),
            board.dead_letters().len(),
            self.expected.refused
        )
    }
}

/// Waits until the outputs are read, by which time the stages have formed their groups too, or nearly.
fn await_assignment(watch: &mut Watch, board: &mut Board, instance: &mut Instance) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while !watch.reads_all() {
        instance.check()?;
        for record in watch.poll(TICK)? {
            board.take(&record, &instance.settings().topics)?;
        }
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
