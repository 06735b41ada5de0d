//! The program, files for it, and alerts to put into them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A directory with files that goes away by itself.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("there is room for a directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("there is room for a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file is there")
    }

    /// Runs the program in the directory; `arguments` are separated by blanks.
    pub(crate) fn braid(&self, arguments: &str) -> Ran {
        run(self.0.path(), arguments, b"")
    }

    /// Runs the program with a standard output that nobody reads; the exit code and what it says on standard error.
    pub(crate) fn braid_unread(&self, arguments: &str) -> (Option<i32>, String) {
        let (reader, writer) = std::io::pipe().expect("there is room for a pipe");
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_braid"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        let output = command.stdout(writer).output().expect("the program starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("it is text"))
    }

    /// Runs the program with a standard error that nobody reads; the exit code.
    pub(crate) fn braid_unheard(&self, arguments: &str) -> Option<i32> {
        let (reader, writer) = std::io::pipe().expect("there is room for a pipe");
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_braid"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(writer).status().expect("the program starts").code()
    }

    pub(crate) fn braid_fed(&self, arguments: &str, input: &[u8]) -> Ran {
        run(self.0.path(), arguments, input)
    }
}

/// What a run has come to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What it wrote, if all went well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }
}

fn run(directory: &Path, arguments: &str, input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_braid"))
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(input).expect("it reads all of it");
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// An alert of braid's own in JSON, on a line: at so many minutes past ten, about a host and a user.
pub(crate) fn alert(id: &str, minute: u32, host: &str, user: &str) -> String {
    let (hour, minute) = (10 + minute / 60, minute % 60);
    format!(
        r#"{{"tenant":"contoso","provider":"microsoftDefenderForEndpoint","id":"{id}","source_alert_id":"row-{id}","title":"Alert {id}","severity":"high","first_activity":"2026-03-02T{hour}:{minute:02}:00Z","updated":"2026-03-02T{hour}:{minute:02}:30Z","evidence":[{{"kind":"host","role":"impacted","identifiers":[{{"kind":"fqdn","value":"{host}.contoso.com"}}]}},{{"kind":"user","role":"impacted","identifiers":[{{"kind":"upn","value":"{user}@contoso.com"}}]}}]}}"#
    )
}

/// A line of CEF of Defender for Identity.
pub(crate) fn cef(guid: &str, minute: u32, host: &str) -> String {
    format!(
        "2026-03-02T10:{minute:02}:30.000000+00:00 CENTER CEF 6076 DirectoryServicesReplicationSecu \
         |Microsoft|Azure ATP|2.22|DirectoryServicesReplicationSecurityAlert|Malicious replication of directory services|10|\
         start=2026-03-02T10:{minute:02}:00.0000000Z app=Drsr shost={host} msg=Malicious replication requests were \
         successfully performed by user1, from {host} against DC1. outcome=Success externalId=2006 cs1Label=url \
         cs1=https\\://security.microsoft.com/alerts/aa{guid} cs2Label=trigger cs2=new cs3Label=shostfqdn \
         cs3={}.contoso.com",
        host.to_lowercase()
    )
}
