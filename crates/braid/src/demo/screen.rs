//! Where the demo is shown: a terminal with a progress bar at its foot, or plain lines.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anyhow::Context;
use console::Term;
use indicatif::{ProgressBar, ProgressStyle};

use crate::paint::Paint;

/// Standard output, and the bar on standard error if both are a terminal.
pub(super) struct Screen {
    pub(super) paint: Paint,
    bar: Option<ProgressBar>,
    is_terminal: bool,
}

impl Screen {
    /// Looks where standard output goes.
    pub(super) fn open() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let columns = is_terminal.then(|| Term::stdout().size_checked().map_or(100, |(_, columns)| columns));
        let paint = Paint::new(columns, |name| std::env::var(name).ok());
        let has_bar = is_terminal && io::stderr().is_terminal();
        Self { paint, bar: has_bar.then(ProgressBar::hidden), is_terminal }
    }

    pub(super) const fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Writes a line above the bar.
    ///
    /// # Errors
    /// If standard output is closed.
    pub(super) fn line(&self, text: &str) -> anyhow::Result<()> {
        let write = || writeln!(io::stdout(), "{}", text.trim_end());
        self.bar.as_ref().map_or_else(write, |bar| bar.suspend(write)).context("standard output")
    }

    /// Shows that something takes its time.
    pub(super) fn wait(&mut self, what: &str) {
        let Some(bar) = &mut self.bar else { return };
        *bar = ProgressBar::new_spinner().with_style(style("{spinner} {msg}")).with_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Begins to show progress towards so many alerts.
    pub(super) fn begin(&mut self, alerts: usize) {
        let Some(bar) = &mut self.bar else { return };
        bar.finish_and_clear();
        *bar = ProgressBar::new(alerts as u64)
            .with_style(style("{bar:40.cyan/dim} {pos:>2}/{len} alerts  {msg}").progress_chars("━╸─"));
    }

    /// Shows how far it has come.
    pub(super) fn progress(&self, alerts: usize, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_position(alerts as u64);
            bar.set_message(message);
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates are constant and a run on a terminal shows them")
}
