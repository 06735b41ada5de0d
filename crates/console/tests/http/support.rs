//! A console that runs, a client that writes what it is told to, and incidents to ask for.

mod engine;
mod incidents;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use braid_alert::Incident;
use braid_console::{BoundConsole, Console, ConsoleSettings};
use braid_runtime::hot_index::{HotIndex, Projection};
use braid_runtime::integrations::IntegrationReport;
use braid_runtime::metrics::Metrics;
use tokio::sync::oneshot;

pub(crate) use engine::{World, at, entry, host, origin, user};
pub(crate) use incidents::{alert, entity, facts, id, incident, redirected};

/// Nothing here takes as long; a hang becomes a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A console on a port of the loopback; dropping it tells it to stop.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) index: Arc<HotIndex>,
    pub(crate) projection: Projection,
    pub(crate) metrics: Arc<Metrics>,
    stop: oneshot::Sender<()>,
    served: mpsc::Receiver<std::io::Result<()>>,
}

pub(crate) fn settings() -> ConsoleSettings {
    ConsoleSettings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..ConsoleSettings::default() }
}

pub(crate) fn run() -> Running {
    run_with(settings(), Vec::new)
}

pub(crate) fn run_with(
    settings: ConsoleSettings,
    unready: impl Fn() -> Vec<String> + Send + Sync + 'static,
) -> Running {
    run_integrated(settings, no_integrations, unready)
}

/// What is told of integrations where there are none.
pub(crate) fn no_integrations() -> IntegrationReport {
    IntegrationReport {
        cluster: None,
        waits: Vec::new(),
        sources: Vec::new(),
        outputs: Vec::new(),
        registry: None,
    }
}

pub(crate) fn run_integrated(
    settings: ConsoleSettings,
    integrations: impl Fn() -> IntegrationReport + Send + Sync + 'static,
    unready: impl Fn() -> Vec<String> + Send + Sync + 'static,
) -> Running {
    let index = Arc::new(HotIndex::new());
    let metrics = Arc::new(Metrics::new(["mdi"], ["braid.alerts"]));
    let projection = index.claim(0);
    let console = Console::bind(settings, index.clone(), metrics.clone(), integrations, unready)
        .expect("a port of the loopback");
    let address = console.local_addr().expect("it is bound");
    let (stop, stopped) = oneshot::channel();
    let (done, served) = mpsc::channel();
    std::thread::spawn(move || done.send(serve(console, stopped)));
    Running { address, index, projection, metrics, stop, served }
}

fn serve(console: BoundConsole, stopped: oneshot::Receiver<()>) -> std::io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(console.serve(async {
        let _ = stopped.await;
    }))
}

impl Running {
    /// Publishes incidents, and of their entities what they say.
    pub(crate) fn publish(&self, incidents: impl IntoIterator<Item = Incident>) {
        for incident in incidents {
            self.projection.publish_entities(facts(&incident));
            self.projection.publish([Arc::new(incident)]);
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("host", &self.address.to_string())])
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = self.connect();
        exchange(&mut stream, method, path, headers)
    }

    /// Tells it to stop, and gives what serving came to.
    pub(crate) fn stop(self) -> std::io::Result<()> {
        drop(self.stop);
        self.served.recv_timeout(PATIENCE).expect("it stops, and does not panic")
    }
}

/// An answer, read to the end of the connection.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let is_it = |line: &&str| line.split(':').next().is_some_and(|n| n.eq_ignore_ascii_case(name));
        self.head.lines().find(is_it).map(|line| line[name.len() + 1..].trim())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The detail of a problem, which must be one.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], "about:blank");
        problem["detail"].as_str().expect("a detail").to_owned()
    }
}

/// Asks once on a connection that then closes.
pub(crate) fn exchange(
    stream: &mut (impl Read + Write),
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "{method} {path} HTTP/1.1\r\n{headers}connection: close\r\n\r\n").expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it is answered");
    read_answer(&answer)
}

pub(crate) fn read_answer(bytes: &[u8]) -> Answer {
    let text = std::str::from_utf8(bytes).expect("answers are UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
