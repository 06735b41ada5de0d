use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::Context;
use braid_console::{BoundConsole, Console, ConsoleSettings};
use braid_runtime::{HotIndex, Stop, Surroundings};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// The console on a thread of its own: workers block, and HTTP does not.
#[derive(Debug)]
pub(super) struct Http {
    close: oneshot::Sender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Http {
    /// Takes the address and begins to answer.
    pub(super) fn open(
        settings: ConsoleSettings,
        index: &Arc<HotIndex>,
        around: &Surroundings,
        unready: impl Fn() -> Vec<String> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let told = around.clone();
        let integrations =
            move || told.integrations.report(&told.readiness, &told.source_health, &told.metrics);
        let console = Console::bind(settings, index.clone(), around.metrics.clone(), integrations, unready)?;
        let address = console.local_addr().context("the console's address")?;
        tracing::info!(url = %format!("{scheme}://{address}"), "answers HTTP: /api, /metrics, /healthz, /readyz");
        let (close, closed) = oneshot::channel();
        let stop = around.stop.clone();
        let thread = thread::Builder::new()
            .name("http".into())
            .spawn(move || serve(console, closed, &stop))
            .context("a thread for HTTP")?;
        Ok(Self { close, thread })
    }

    /// Takes no more connections, lets those that are being answered finish, and says how it went.
    pub(super) fn close(self) -> anyhow::Result<()> {
        // Nobody listens if it has ended by itself; the thread then says why.
        let _ = self.close.send(());
        let served = self.thread.join().map_err(|_| anyhow::anyhow!("it has panicked; its message says why"));
        served.and_then(|served| Ok(served?)).context("HTTP")
    }
}

fn serve(console: BoundConsole, closed: oneshot::Receiver<()>, stop: &Stop) -> io::Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("http").enable_all().build();
    let served = runtime.and_then(|runtime| {
        runtime.block_on(console.serve(async {
            // Dropped without a word means the same.
            let _ = closed.await;
        }))
    });
    if let Err(error) = &served {
        // A process that nobody can ask whether it is well is not well.
        tracing::error!(%error, "HTTP has ended");
        stop.request();
    }
    served
}
