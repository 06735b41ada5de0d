//! The program that users run, as a process.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use crate::http::{self, Answer};
use crate::standing::until;

/// How long a process may take to end after it was asked to.
const STOP_MAX: Duration = Duration::from_secs(15);

/// How much of a log a failed test shows.
const LOG_LINES_SHOWN: usize = 150;

/// The program's file: `BRAID_BIN`, else what `cargo build` made.
///
/// # Panics
/// If it is not there, with what to do.
pub fn binary() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/braid");
    let file = std::env::var_os("BRAID_BIN").map_or(built, PathBuf::from);
    assert!(file.exists(), "{} is not there: `cargo build -p braid`, or set BRAID_BIN", file.display());
    file
}

/// A command of the program that nothing in the environment changes.
pub fn command(directory: &Path) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(directory).stdin(Stdio::null()).env_remove("RUST_LOG");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BRAID_") {
            command.env_remove(name);
        }
    }
    command
}

/// What a command printed, if it went well.
///
/// # Panics
/// If it did not, with what it said.
pub fn printed(command: &mut Command) -> Vec<u8> {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    assert!(status.success(), "{command:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
    stdout
}

/// How a command went that may have refused something.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Ended {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

/// A running process. It is killed when it goes out of scope; its log is shown if a test fails meanwhile.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it; what it says goes to the file `log`.
    pub fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).expect("there is room for a log");
        let copy = file.try_clone().expect("a file has several handles");
        let child = command.stdout(copy).stderr(file).spawn().expect("the program starts");
        Self { child, log }
    }

    /// What it has said up to now.
    pub fn said(&self) -> String {
        std::fs::read(&self.log).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }

    /// Waits until it has said something.
    pub fn wait_to_say(&mut self, words: &str) {
        self.wait_until(&format!("it says {words:?}"), |program| program.said().contains(words));
    }

    /// Waits until something holds, for as long as the process lives.
    pub fn wait_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        until(what, || {
            assert!(self.ended().is_none(), "it has ended while one waited: {what}");
            holds(self)
        });
    }

    /// Where its console is, as its log tells it.
    pub fn address(&mut self) -> String {
        const BEFORE: &str = "\"url\":\"";
        self.wait_to_say(BEFORE);
        let said = self.said();
        let url = said.split(BEFORE).nth(1).and_then(|rest| rest.split('"').next());
        url.expect("the line is whole, for it is written at once").to_owned()
    }

    /// Asks its console.
    pub fn get(&mut self, path: &str) -> Answer {
        let address = self.address();
        http::get(&address, path).unwrap_or_else(|error| panic!("{address}{path}: {error}"))
    }

    /// Waits until it answers that it is ready.
    pub fn wait_until_ready(&mut self) {
        let address = self.address();
        self.wait_until("ready", |_| http::get(&address, "/readyz").is_ok_and(|answer| answer.code == 200));
    }

    /// Ends it as a crash does.
    pub fn kill(mut self) {
        assert!(self.ended().is_none(), "it has ended before it was killed");
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it was killed");
    }

    /// Asks it to end (SIGTERM), and gives its exit code; `None` if a signal ended it.
    pub fn terminate(mut self) -> Option<i32> {
        self.signal("TERM");
        let mut status = None;
        crate::standing::until_within(STOP_MAX, "it ends when asked to", || {
            status = self.ended();
            status.is_some()
        });
        status.and_then(|status| status.code())
    }

    /// Waits until it ends by itself, and gives its exit code and what it said.
    pub fn wait_for_end(mut self) -> (Option<i32>, String) {
        let mut status = None;
        until("it ends by itself", || {
            status = self.ended();
            status.is_some()
        });
        (status.and_then(|status| status.code()), self.said())
    }

    /// Lets nothing in it go on until [`Program::resume`], as a machine that has no time for it.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("there is a kill");
        assert!(sent.success(), "the signal {name} cannot be sent");
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is ours")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
            eprintln!("── {} (the last {} lines)\n{}", self.log.display(), shown.len(), shown.join("\n"));
        }
    }
}
