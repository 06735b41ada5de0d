//! The arrows between crates. A crate of ours exists to forbid an import, so here is what each may name.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::tree;

/// What a crate of ours may name.
struct Crate {
    name: &'static str,
    /// Crates of ours.
    ours: &'static [&'static str],
    /// Crates of ours that only its tests may name.
    in_tests: &'static [&'static str],
    /// All other crates that it may name, for the ones that are kept pure; `None` leaves that to [`WITHIN`].
    others: Option<&'static [&'static str]>,
    /// Where code that needs another arrow belongs instead.
    instead: &'static str,
}

const CRATES: &[Crate] = &[
    Crate {
        name: "braid-alert",
        ours: &[],
        in_tests: &[],
        others: Some(&["jiff", "serde", "smallvec", "uuid"]),
        instead: "the nouns depend on nobody; what reads or writes them belongs in braid-wire, what decides in braid-engine",
    },
    Crate {
        name: "braid-log",
        ours: &[],
        in_tests: &[],
        others: Some(&["thiserror"]),
        instead: "the log trait speaks of bytes only; a client belongs in braid-kafka, a model in braid-sim, meaning in braid-runtime",
    },
    Crate {
        name: "braid-engine",
        ours: &["braid-alert"],
        in_tests: &[],
        others: Some(&["foldhash", "hashbrown", "regex", "serde", "slab", "smallvec", "uuid"]),
        instead: "the engine takes time as an argument and does no I/O; clocks, threads and metrics belong in braid-runtime, codecs in braid-wire",
    },
    Crate {
        name: "braid-wire",
        ours: &["braid-alert", "braid-engine"],
        in_tests: &[],
        others: None,
        instead: "decoders see bytes and nouns; what polls, sends or keeps state between records belongs in braid-runtime",
    },
    Crate {
        name: "braid-kafka",
        ours: &["braid-log"],
        in_tests: &[],
        others: None,
        instead: "the client knows bytes, not alerts; what a record means belongs in braid-runtime or braid-wire",
    },
    Crate {
        name: "braid-runtime",
        ours: &["braid-alert", "braid-engine", "braid-log", "braid-wire"],
        in_tests: &["braid-sim"],
        others: None,
        instead: "the loop is written against braid-log, so that tests drive it through faults; wiring belongs in braid",
    },
    Crate {
        name: "braid-console",
        ours: &["braid-alert", "braid-runtime", "braid-wire"],
        in_tests: &["braid-engine"],
        others: None,
        instead: "the console reads the hot index; what decides or writes belongs behind braid-runtime",
    },
    Crate {
        name: "braid",
        ours: &[
            "braid-alert",
            "braid-console",
            "braid-engine",
            "braid-kafka",
            "braid-log",
            "braid-runtime",
            "braid-sim",
            "braid-wire",
        ],
        in_tests: &[],
        others: None,
        instead: "the binary wires what is there; a model or a seeded world belongs in braid-sim",
    },
    Crate {
        name: "braid-sim",
        ours: &["braid-alert", "braid-engine", "braid-log", "braid-wire"],
        in_tests: &[],
        others: None,
        instead: "the model stands in for the log and must not link a client or the loop that it tests",
    },
];

/// Crates of others that only these of ours may name outside their tests, and where such code belongs.
const WITHIN: &[(&str, &[&str], &str)] = &[
    ("apache-avro", &["braid-wire"], "braid-wire is the only crate that names a codec"),
    (
        "serde_json",
        &["braid-wire"],
        "braid-wire is the only crate that names a codec (braid_wire::json for the rest)",
    ),
    ("rdkafka", &["braid-kafka"], "braid-kafka is the only crate that names the client"),
    ("rdkafka-sys", &[], "braid-kafka goes through rdkafka"),
    (
        "tokio",
        &["braid-console", "braid"],
        "async is for HTTP; workers are threads (librdkafka's transaction calls block)",
    ),
    ("axum", &["braid-console"], "HTTP belongs in braid-console"),
    ("hyper", &["braid-console"], "HTTP belongs in braid-console"),
    ("ureq", &["braid"], "calling out over HTTP is the Schema Registry client's, in braid"),
    ("dashmap", &["braid-runtime"], "the hot index is braid-runtime's"),
    ("prometheus", &["braid-runtime"], "metrics are declared in braid_runtime::metrics"),
    ("anyhow", &["braid"], "a library says what went wrong in an enum of its own (thiserror)"),
    ("clap", &["braid"], "the command line is braid's"),
    ("toml", &["braid"], "configuration files are read by braid; libraries take settings"),
    ("saphyr-parser", &["braid"], "configuration files are read by braid; libraries take settings"),
    ("tracing-subscriber", &["braid"], "who listens to the log lines is decided by braid"),
    ("rand", &[], "randomness comes from a seed: braid_sim::Rng"),
    ("fastrand", &[], "randomness comes from a seed: braid_sim::Rng"),
    ("chrono", &[], "times are braid_alert::EventTime and SourceTime; jiff reads them"),
    ("time", &[], "times are braid_alert::EventTime and SourceTime; jiff reads them"),
];

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .current_dir(tree::root())
        .no_deps()
        .exec()
        .expect("cargo describes the workspace");
    metadata.packages
}

fn is_product(package: &Package) -> bool {
    package.manifest_path.as_str().contains("/crates/")
}

#[test]
fn arrows_between_our_crates_point_where_the_architecture_says() {
    let mut wrong = Vec::new();
    for package in packages().iter().filter(|package| is_product(package)) {
        let Some(rule) = CRATES.iter().find(|rule| rule.name == package.name.as_str()) else {
            wrong.push(format!(
                "{} is new: say in {} what it may name, and in ARCHITECTURE.md what import it forbids",
                package.name,
                file!()
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = dependency.path.is_some();
            let allowed = match dependency.kind {
                _ if !ours => continue,
                DependencyKind::Development => {
                    rule.ours.iter().chain(rule.in_tests).any(|name| *name == dependency.name)
                }
                _ => rule.ours.contains(&dependency.name.as_str()),
            };
            if !allowed {
                wrong.push(format!("{} must not depend on {}: {}", rule.name, dependency.name, rule.instead));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn what_only_one_crate_may_name_no_other_names() {
    let mut wrong = Vec::new();
    for package in packages().iter().filter(|package| is_product(package)) {
        for dependency in &package.dependencies {
            if dependency.path.is_none() && dependency.kind != DependencyKind::Development {
                let reasons = reasons_against(package.name.as_str(), &dependency.name);
                wrong.extend(
                    reasons.map(|why| format!("{} must not name {}: {why}", package.name, dependency.name)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Why one of our crates must not name one of others', and where such code belongs.
fn reasons_against<'a>(ours: &'a str, other: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    let within = WITHIN.iter().filter(move |(name, within, _)| *name == other && !within.contains(&ours));
    let rule = CRATES.iter().filter(move |rule| rule.name == ours);
    let pure = rule.filter(move |rule| rule.others.is_some_and(|others| !others.contains(&other)));
    within.map(|(_, _, instead)| *instead).chain(pure.map(|rule| rule.instead))
}

/// A dependency that nothing uses costs every build, and hides that an arrow could go.
#[test]
fn every_dependency_is_used() {
    let mut text_of: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in tree::sources() {
        let folder = path
            .split('/')
            .take(if path.starts_with("crates/") { 2 } else { 1 })
            .collect::<Vec<_>>()
            .join("/");
        text_of.entry(folder).or_default().push_str(&text);
    }
    let mut unused = Vec::new();
    for package in packages() {
        let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
        let folder =
            folder.strip_prefix(tree::root().to_str().expect("the path is UTF-8")).expect("it is ours");
        let text = text_of.get(folder.as_str()).map_or("", String::as_str);
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
            // A feature that another crate's derive needs shows only as an attribute of that name.
            if !text.contains(&format!("{name}::"))
                && !text.contains(&format!("use {name}"))
                && !text.contains(&format!("\"{name}"))
            {
                unused.push(format!("{folder} names {} in its Cargo.toml and nowhere else", dependency.name));
            }
        }
    }
    assert!(unused.is_empty(), "\n{}\n", unused.join("\n"));
}
