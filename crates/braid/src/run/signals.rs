use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context;
use braid_runtime::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Delivered;

/// SIGTERM and SIGINT: the first one asks to stop, the second one ends the process.
#[derive(Debug)]
pub(super) struct Signals {
    heard: Arc<AtomicBool>,
}

impl Signals {
    /// Begins to listen, for as long as the process lives.
    pub(super) fn listen(stop: Stop) -> anyhow::Result<Self> {
        let mut delivered = Delivered::new([SIGTERM, SIGINT]).context("listening to signals")?;
        let heard = Arc::new(AtomicBool::new(false));
        let first = heard.clone();
        let listen = move || {
            for signal in delivered.forever() {
                if first.swap(true, Ordering::AcqRel) {
                    tracing::warn!(signal, "a second signal: ends at once");
                    // What a shell reports of a process that a signal has ended.
                    std::process::exit(128 + signal);
                }
                tracing::info!(signal, "stopping; a second signal ends it at once");
                stop.request();
            }
        };
        thread::Builder::new().name("signals".into()).spawn(listen).context("a thread for signals")?;
        Ok(Self { heard })
    }

    /// Whether one has come.
    pub(super) fn heard(&self) -> bool {
        self.heard.load(Ordering::Acquire)
    }
}
