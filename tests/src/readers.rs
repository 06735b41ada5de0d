//! Readers that are not braid's: Python's libraries, and the JVM's own client.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::broker::Cluster;

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// A Python with the packages of `tests/python/requirements.txt`: the one that `BRAID_TEST_PYTHON` names, else one that
/// is made for it.
///
/// # Panics
/// If there is none, with what to do.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| match std::env::var_os("BRAID_TEST_PYTHON") {
        Some(python) if !python.is_empty() => python.into(),
        _ => made(),
    })
}

fn made() -> PathBuf {
    let script = here("python/venv");
    let made = Command::new(&script).stderr(Stdio::inherit()).output();
    let made = made.unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(made.status.success(), "no Python with its packages; `./test` says what is missing");
    String::from_utf8(made.stdout).expect("a path is text").trim().into()
}

/// What somebody else's library reads in each line: an incident's `id`, `version`, `status` and number of `alerts`. The
/// arguments are those of `tests/python/readers.py`.
///
/// # Panics
/// If it does not accept a line, with what it says.
pub fn read(arguments: &[&str], lines: &[String]) -> Vec<Value> {
    run("python/readers.py", arguments, lines)
}

/// What a query of `deploy/sinks` leaves of rows that a store has taken, by `tests/python/latest.py`, which see.
///
/// # Panics
/// If a stage of the query is not one that is tried.
pub fn latest(query: &Path, rows: &[String]) -> Vec<Value> {
    run("python/latest.py", &[query.to_str().expect("a path is text")], rows)
}

fn run(script: &str, arguments: &[&str], lines: &[String]) -> Vec<Value> {
    let mut command = Command::new(python());
    let Output { status, stdout, stderr } = fed(command.arg(here(script)).args(arguments), lines);
    assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    let text = String::from_utf8(stdout).expect("JSON is text");
    text.lines().map(|line| serde_json::from_str(line).expect("it writes JSON")).collect()
}

/// What somebody else's library writes of each line, which is JSON, by the Avro schema in a file: in base64, without
/// framing.
///
/// # Panics
/// If it does not accept a line, with what it says.
pub fn write_avro(schema: &Path, lines: &[String]) -> Vec<String> {
    let mut command = Command::new(python());
    let Output { status, stdout, stderr } = fed(command.arg(here("python/writer.py")).arg(schema), lines);
    assert!(status.success(), "{}: {}", schema.display(), String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("base64 is text").lines().map(str::to_owned).collect()
}

/// Runs a command with lines on its standard input.
fn fed(command: &mut Command, lines: &[String]) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut input = child.stdin.take().expect("it is piped");
    let lines = lines.join("\n") + "\n";
    // From another thread: it may answer before it has heard everything.
    let feeding = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("it is ours");
    // One that ends early says why itself.
    let _ = feeding.join().expect("writing does not panic");
    output
}

/// Where the JVM's own producer puts each key, in a topic of so many partitions.
///
/// # Panics
/// If Kafka's tools are not there, or fail.
pub fn partitions_of_jvm(cluster: &Cluster, keys: &[String], partitions: u32) -> BTreeMap<String, i32> {
    let topic = cluster.topic("jvm-keys", partitions, &[]);
    let jars = Command::new(here("kafka/broker")).arg("--jars").output().expect("the script runs");
    let jars = String::from_utf8(jars.stdout).expect("a path is text");
    let mut command = Command::new("java");
    command.args(["-XX:+UseSerialGC", "-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]);
    command.args(["-cp", jars.trim(), "org.apache.kafka.tools.ConsoleProducer"]);
    command.args(["--bootstrap-server", cluster.brokers(), "--topic", &topic]);
    command.args(["--reader-property", "parse.key=true", "--reader-property", "key.separator=|"]);
    let lines: Vec<String> = keys.iter().map(|key| format!("{key}|x")).collect();
    let Output { status, stderr, .. } = fed(&mut command, &lines);
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    let text = |key: Option<Box<[u8]>>| String::from_utf8_lossy(&key.unwrap_or_default()).into_owned();
    cluster.read(&topic).into_iter().map(|record| (text(record.key), record.partition)).collect()
}
