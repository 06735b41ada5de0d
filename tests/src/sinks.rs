//! What stands in `deploy/sinks`, as others run it: Kafka Connect with those very files, and an OpenSearch to write into.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::http;
use crate::program::Program;

/// The directory of the files.
pub fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/sinks").canonicalize().expect("it is there")
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The directory of some jars, see `tests/sinks/jars`; `./test` has fetched them before.
fn jars(name: &str) -> PathBuf {
    let fetched = Command::new(here("sinks/jars")).arg(name).stderr(Stdio::inherit()).output();
    let fetched = fetched.expect("the script runs");
    assert!(fetched.status.success(), "no jars of {name}; `./test` says what is missing");
    String::from_utf8(fetched.stdout).expect("a path is text").trim().into()
}

fn java(jars: &Path, memory: &str) -> Command {
    let mut command = Command::new("java");
    command.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", memory, "-cp"]);
    command.arg(format!("{}/*", jars.display()));
    command
}

/// A node of OpenSearch, for the caller alone.
#[derive(Debug)]
pub struct OpenSearch {
    _node: Program,
    address: String,
    _home: TempDir,
}

impl OpenSearch {
    /// Starts it; what [`OpenSearchStarting::ready`] gives answers.
    pub fn start(log: PathBuf) -> OpenSearchStarting {
        let home = tempfile::tempdir().expect("there is room for a directory");
        let mut command = java(&jars("opensearch"), "-Xmx512m");
        command.arg(here("sinks/SearchNode.java")).arg(home.path());
        // It ends when this process does, whichever way that ends.
        OpenSearchStarting { node: Program::start(command.stdin(Stdio::piped()), log), home }
    }

    /// `http://host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it answers for a path.
    pub fn get(&self, path: &str) -> Value {
        let answer = http::get(&self.address, path).unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Sets what a path says.
    pub fn put(&self, path: &str, json: &str) {
        let answer = http::send_json("PUT", &self.address, path, json)
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(answer.code, 200, "{path}: {}", answer.body);
    }

    /// The documents of an index that a query finds, up to 1,000: their own versions, and they themselves. None, while
    /// there is no index.
    pub fn find(&self, index: &str, query: &str) -> Vec<(i64, Value)> {
        let _ = http::get(&self.address, &format!("/{index}/_refresh"));
        let found = self.get(&format!("/{index}/_search?version=true&size=1000&q={query}"));
        let hits = found["hits"]["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(hits.len() < 1_000, "there may be more");
        hits.iter().map(|hit| (hit["_version"].as_i64().expect("a number"), hit["_source"].clone())).collect()
    }
}

/// One that is not yet there.
#[derive(Debug)]
pub struct OpenSearchStarting {
    node: Program,
    home: TempDir,
}

impl OpenSearchStarting {
    /// Waits until it answers.
    pub fn ready(mut self) -> OpenSearch {
        self.node.wait_until("it is ready", |node| port(&node.said()).is_some());
        let port = port(&self.node.said()).expect("it said so");
        OpenSearch { _node: self.node, address: format!("http://127.0.0.1:{port}"), _home: self.home }
    }
}

/// The port in `ready 9200.`; the full stop says that it is whole.
fn port(said: &str) -> Option<u16> {
    said.lines().find_map(|line| line.strip_prefix("ready ")?.strip_suffix('.')?.parse().ok())
}

/// Starts Kafka Connect with the files as they are. Only endpoints, secrets and directories are filled in: what the files
/// name as `${env:…}`, and where the plug-ins are.
pub fn connect(directory: &Path, log: &str, connectors: &[&str], environment: &[(&str, &str)]) -> Program {
    let plugins = jars("plugins");
    let worker = std::fs::read_to_string(files().join("worker.properties")).expect("it is there");
    let documented = "plugin.path=/opt/connect/plugins\n";
    assert!(worker.contains(documented), "the worker's file says where plug-ins are");
    let plugin_path = plugins.parent().expect("the jars are in a directory of their own");
    let worker = worker.replace(documented, &format!("plugin.path={}\n", plugin_path.display()));
    std::fs::write(directory.join("worker.properties"), worker).expect("there is room");
    let mut command = java(&jars("connect"), "-Xmx384m");
    command.arg("org.apache.kafka.connect.cli.ConnectStandalone").arg(directory.join("worker.properties"));
    command.args(connectors.iter().map(|connector| files().join(connector)));
    command.env("BRAID_SINKS", files()).env("CONNECT_OFFSETS", directory.join("offsets"));
    command.env("CONNECT_LISTENERS", "http://127.0.0.1:0").envs(environment.iter().copied());
    Program::start(command.stdin(Stdio::null()), directory.join(log))
}
