//! What must stand where.

use std::fs;

use crate::tree::{root, text};

const AT_THE_TOP: [&str; 22] = [
    ".ci/run",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "clippy.toml",
    "crates",
    "deny.toml",
    "deploy",
    "docs/configuration.md",
    "docs/decisions",
    "docs/metrics.md",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "schemas",
    "test",
    "tests",
];

#[test]
fn everything_that_the_readme_promises_lies_at_the_top() {
    let missing: Vec<_> = AT_THE_TOP.iter().filter(|name| !root().join(name).exists()).collect();
    assert!(missing.is_empty(), "missing at the top of the work tree: {missing:?}");
}

#[cfg(unix)]
#[test]
fn what_is_run_by_hand_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    for script in ["test", ".ci/run", "tests/kafka/broker", "tests/kafka/registry", "tests/sinks/jars"] {
        let mode = fs::metadata(root().join(script)).expect("the script is there").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} must be executable: chmod +x {script}");
        assert!(text(script).starts_with("#!/usr/bin/env bash\n"), "{script} names its interpreter");
    }
}

/// The value of a key in a file of `key = "value"` lines.
fn value_of(file: &str, key: &str) -> String {
    let content = text(file);
    let line = content.lines().find_map(|line| line.trim().strip_prefix(key)?.trim().strip_prefix('='));
    line.unwrap_or_else(|| panic!("{file} has no {key}"))
        .split('"')
        .nth(1)
        .expect("the value is quoted")
        .to_owned()
}

#[test]
fn the_release_of_rust_is_the_same_wherever_it_is_named() {
    let toolchain = value_of("rust-toolchain.toml", "channel");
    let least = value_of("Cargo.toml", "rust-version");
    assert!(
        toolchain.starts_with(&format!("{least}.")),
        "rust-toolchain.toml says {toolchain}, Cargo.toml {least}"
    );
    let image = format!("FROM rust:{toolchain}-");
    assert!(text("deploy/Dockerfile").contains(&image), "deploy/Dockerfile must build with {toolchain}");
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let workspace = text("Cargo.toml");
    for lint in [
        "unsafe_code = \"forbid\"",
        "unreachable_pub",
        "missing_docs",
        "unwrap_used",
        "await_holding_lock",
        "allow_attributes_without_reason",
    ] {
        assert!(
            workspace.contains(lint),
            "Cargo.toml no longer sets {lint}; if that is meant, say why in docs/decisions"
        );
    }
    for manifest in manifests() {
        assert!(
            text(&manifest).contains("[lints]\nworkspace = true"),
            "{manifest} must say: [lints] workspace = true"
        );
    }
}

fn manifests() -> Vec<String> {
    let crates = fs::read_dir(root().join("crates")).expect("there are crates");
    let names = crates.map(|entry| entry.expect("an entry can be read").file_name());
    let of_crates =
        names.map(|name| format!("crates/{}/Cargo.toml", name.to_str().expect("names are UTF-8")));
    of_crates.chain(["tests/Cargo.toml".to_owned(), "benches/Cargo.toml".to_owned()]).collect()
}

/// Determinism is kept by lint: what the engine must not call stands in its `clippy.toml`, with the reason.
#[test]
fn the_engine_is_kept_from_clocks_threads_and_the_order_of_hash_maps() {
    let bans = text("crates/engine/clippy.toml");
    for banned in [
        "std::time::Instant::now",
        "std::time::SystemTime::now",
        "std::thread::spawn",
        "hashbrown::HashMap::iter",
        "hashbrown::HashMap::keys",
        "hashbrown::HashMap::values",
        "std::env::var",
        "std::collections::hash_map::RandomState",
    ] {
        let line = bans.lines().find(|line| line.contains(&format!("\"{banned}\"")));
        let line = line.unwrap_or_else(|| panic!("crates/engine/clippy.toml no longer bans {banned}"));
        assert!(line.contains("reason = \""), "the ban of {banned} must say why");
    }
}

#[test]
fn every_crate_says_what_it_does_not_do_and_where_to_start() {
    for manifest in manifests().iter().filter(|manifest| manifest.starts_with("crates/")) {
        let file = manifest.replace("Cargo.toml", "src/lib.rs");
        let about: String = text(&file).lines().take_while(|line| line.starts_with("//!")).collect();
        let denies = [" not ", " no ", " nothing "].iter().any(|word| about.contains(word));
        assert!(denies, "{file} must begin with what the crate is and what it does not do");
        assert!(about.contains("Start with"), "{file} must name the type to start with");
    }
}

/// What lies in somebody's topic must stay readable, so each version of each schema that was ever released has a
/// sample; that it decodes is tested in `crates/wire/tests/own_formats/schemas.rs`.
#[test]
fn every_version_of_every_schema_has_a_sample() {
    let listed = |folder: &str| -> Vec<String> {
        let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
        entries
            .map(|entry| {
                entry.expect("an entry can be read").file_name().into_string().expect("names are UTF-8")
            })
            .collect()
    };
    let (schemas, released, samples) =
        (listed("schemas"), listed("schemas/released"), listed("schemas/samples"));
    let names: Vec<&str> = schemas.iter().filter_map(|file| file.strip_suffix(".avsc")).collect();
    assert!(names.len() >= 9, "only {} schemas", names.len());
    let mut expected = Vec::new();
    for name in &names {
        let older = released.iter().filter(|file| {
            file.strip_suffix(".avsc")
                .and_then(|file| file.strip_prefix(name))
                .is_some_and(|rest| rest[1..].parse::<u32>().is_ok())
        });
        let versions = 1..=older.count() + 1;
        expected.extend(versions.flat_map(|v| [format!("{name}-{v}.avro"), format!("{name}-{v}.json")]));
    }
    for form in ["ocsf", "ecs", "cef"] {
        let ending = if form == "cef" { "txt" } else { "json" };
        expected.extend(["incident", "incident-event"].map(|name| format!("{name}.{form}-1.{ending}")));
    }
    let missing: Vec<_> = expected.iter().filter(|sample| !samples.contains(sample)).collect();
    assert!(missing.is_empty(), "schemas/README.md says how to write {missing:?}");
    let strays: Vec<_> = samples.iter().filter(|sample| !expected.contains(sample)).collect();
    assert!(strays.is_empty(), "samples of no schema: {strays:?}");
}

#[test]
fn every_schema_that_others_read_has_a_json_schema() {
    for name in ["alert", "incident", "incident-event"] {
        let schema: serde_json::Value = serde_json::from_str(&text(format!("schemas/{name}.schema.json")))
            .expect("a JSON Schema is JSON");
        assert_eq!(schema["$id"], format!("urn:braid:v1:{name}"));
    }
}

/// Everything that is built comes from one place, by the checksums in the lock file.
#[test]
fn every_dependency_comes_from_the_public_registry() {
    let lock = text("Cargo.lock");
    let sources: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    assert!(sources.len() > 100, "Cargo.lock names only {} sources", sources.len());
    let other =
        sources.iter().find(|source| **source != "\"registry+https://github.com/rust-lang/crates.io-index\"");
    assert_eq!(other, None);
}
