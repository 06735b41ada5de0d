//! A real Schema Registry, which can go away and come back.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{self, Answer};

/// Where Confluent's API stands.
const API: &str = "/apis/ccompat/v7";

/// Apicurio Registry on loopback. It ends with this process, whichever way that ends.
#[derive(Debug)]
pub struct Registry {
    directory: TempDir,
    port: String,
    process: Option<Child>,
}

impl Registry {
    /// Starts one that knows nothing. Panics with what to do if none can be started.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("there is room");
        let (process, port) = started(directory.path(), &[]);
        Self { directory, port, process: Some(process) }
    }

    /// Ends it as a crash does; what it was told is kept.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // The end of its input is what the script ends with.
        drop(process.stdin.take());
        process.wait().expect("it is ours");
    }

    /// Starts it again, where it was and with what it knew.
    pub fn start_again(&mut self) {
        let (process, port) = started(self.directory.path(), &[&self.port]);
        assert_eq!(port, self.port);
        self.process = Some(process);
    }

    /// The address for a configuration.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{API}", self.port)
    }

    /// Registers an Avro schema, and gives its id.
    pub fn register(&self, subject: &str, schema: &str) -> u32 {
        let path = format!("/subjects/{subject}/versions");
        let answer = self.send("POST", &path, &json!({ "schemaType": "AVRO", "schema": schema }));
        let told: Value = serde_json::from_str(&answer.body).expect("it is JSON");
        let id = told["id"].as_u64().unwrap_or_else(|| panic!("{subject}: {answer:?}"));
        u32::try_from(id).expect("an id has four bytes")
    }

    /// Says which changes of schemas it takes, under all subjects for which nothing else was said.
    pub fn set_compatibility(&self, level: &str) {
        let answer = self.send("PUT", "/config", &json!({ "compatibility": level }));
        assert_eq!(answer.code, 200, "{answer:?}");
    }

    /// The schema of an id.
    pub fn schema(&self, id: u32) -> String {
        let answer = http::get(&self.address(), &format!("{API}/schemas/ids/{id}")).expect("it answers");
        let told: Value = serde_json::from_str(&answer.body).expect("it is JSON");
        told["schema"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        http::send_json(method, &self.address(), &format!("{API}{path}"), &body.to_string())
            .expect("it answers")
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Starts it by our script; gives the port that it is on.
fn started(directory: &Path, port: &[&str]) -> (Child, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("kafka/registry");
    let mut child = Command::new(&script)
        .arg(directory)
        .args(port)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", script.display()));
    let mut line = String::new();
    let out = child.stdout.take().expect("it is piped");
    BufReader::new(out).read_line(&mut line).expect("the script prints text");
    let port = line
        .trim()
        .strip_prefix("ready ")
        .unwrap_or_else(|| panic!("no Schema Registry could be started; `./test` says what is missing"));
    (child, port.to_owned())
}
