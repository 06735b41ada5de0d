//! What the documents say is there: commands, files, functions and tests.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use clap::Parser;

use crate::tree::{files, root, sources, text};

/// Every document that is written by hand.
fn documents() -> Vec<(String, String)> {
    let by_hand =
        |path: &str| path.ends_with(".md") && !matches!(path, "docs/configuration.md" | "docs/metrics.md");
    files().into_iter().filter(|(path, _)| by_hand(path)).collect()
}

/// The names of all functions, tests included.
static FUNCTIONS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let name = |line: &str| Some(line.split_once("fn ")?.1.split(['(', '<']).next()?.to_owned());
    sources().flat_map(|(_, text)| text.lines().filter_map(name).collect::<Vec<_>>()).collect()
});

/// The lines of a document's blocks of shell, each with its place; a line that goes on is one line.
fn commands(path: &str, text: &str) -> Vec<(String, String)> {
    let mut commands = Vec::new();
    let (mut inside, mut begun) = (false, String::new());
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = matches!(line, "```sh");
        } else if inside {
            begun.push_str(line.strip_suffix('\\').unwrap_or(line));
            if !line.ends_with('\\') {
                commands.push((format!("{path}:{}", number + 1), std::mem::take(&mut begun)));
            }
        }
    }
    commands
}

/// The words of a line of shell up to a comment, a pipe or a redirection; quotes are taken off.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.push(c),
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            None => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| word.starts_with(['#', '|', '>', '<', '&', ';']));
    words.truncate(end.unwrap_or(words.len()));
    let is_variable = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    words.into_iter().skip_while(is_variable).collect()
}

/// Fails unless braid's command line takes these words, which follow its name.
pub(crate) fn assert_understood(arguments: &str) {
    let line = std::iter::once("braid".to_owned()).chain(words(arguments));
    if let Err(error) = braid::cli::Cli::try_parse_from(line) {
        assert!(!error.use_stderr(), "braid {arguments}\n{error}");
    }
}

#[test]
fn commands_in_documents_are_commands_that_there_are() {
    let mut seen = 0;
    for (path, text) in documents() {
        for (place, line) in commands(&path, &text) {
            let words = words(&line);
            let Some(program) = words.first() else { continue };
            seen += 1;
            let rest = words[1..].join(" ");
            match program.as_str() {
                "braid" | "./target/release/braid" => assert_understood(&rest),
                "cargo" if rest.starts_with("run ") => {
                    let (_, arguments) = rest.split_once(" -- ").unwrap_or_else(|| panic!("{place}: {line}"));
                    assert_understood(arguments);
                }
                "cargo" => assert!(is_cargo(&words[1..]), "{place}: what does `{line}` do?"),
                script if script.contains('/') => {
                    assert!(root().join(script).is_file(), "{place}: {script} is not there")
                }
                known => assert!(
                    matches!(
                        known,
                        "curl"
                            | "docker"
                            | "kafka-consumer-groups.sh"
                            | "openssl"
                            | "sudo"
                            | "git"
                            | "cd"
                            | "export"
                            | "rustup"
                            | "cp"
                            | "mvn"
                            | "connect-standalone.sh"
                    ),
                    "{place}: is {known} something that a reader has?"
                ),
            }
        }
    }
    assert!(seen > 20, "only {seen} commands found: the reading of documents is broken");
}

/// Whether these are words for cargo that name packages and test targets which exist.
fn is_cargo(words: &[String]) -> bool {
    let known = ["build", "test", "bench", "check", "clippy", "fmt", "doc", "install", "deny", "metadata"];
    let package = words.iter().position(|word| word == "-p").map(|place| &words[place + 1]);
    let folder = |package: &String| match package.as_str() {
        "braid" => "crates/braid".to_owned(),
        "braid-tests" => "tests".to_owned(),
        "braid-benches" => "benches".to_owned(),
        other => format!("crates/{}", other.trim_start_matches("braid-")),
    };
    words.first().is_some_and(|command| known.contains(&command.as_str()))
        && package.is_none_or(|package| root().join(folder(package)).join("Cargo.toml").is_file())
}

#[test]
fn the_two_commands_of_the_readme_come_first() {
    let readme = text("README.md");
    let first: Vec<String> =
        commands("README.md", &readme).into_iter().map(|(_, line)| words(&line).join(" ")).collect();
    assert_eq!(first[..2], ["cargo run --release -- demo", "./test"]);
}

/// What stands between backticks on a line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with("```")).flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn every_test_and_function_that_a_document_names_exists() {
    let mut missing = Vec::new();
    for (path, text) in documents() {
        for name in quoted(&text) {
            let words = name.split('_').filter(|word| !word.is_empty()).count();
            let is_sentence =
                words > 4 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            let method = name
                .split_once("::")
                .filter(|_| path == "ARCHITECTURE.md")
                .and_then(|_| name.rsplit("::").next());
            let is_method = method.is_some_and(|method| method.starts_with(|c: char| c.is_ascii_lowercase()));
            let function = if is_method { method.unwrap_or(name) } else { name };
            if (is_sentence || is_method) && !FUNCTIONS.contains(function) {
                missing.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such function:\n{}\n", missing.join("\n"));
}

#[test]
fn every_file_that_a_document_names_exists() {
    let tops = ["crates/", "tests/", "benches/", "docs/", "schemas/", "deploy/", ".ci/"];
    let mut missing = Vec::new();
    for (path, text) in documents() {
        for name in quoted(&text) {
            let is_path =
                tops.iter().any(|top| name.starts_with(top)) && !name.contains(['<', '*', ' ', '…', '{']);
            if is_path && !root().join(name.split("::").next().unwrap_or(name)).exists() {
                missing.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such file:\n{}\n", missing.join("\n"));
}

#[test]
fn every_format_stands_in_the_readme() {
    let metrics = text("docs/metrics.md");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("- `format`: "))
        .expect("the page lists the formats");
    let formats: Vec<&str> = quoted(line).collect();
    assert!(formats.len() >= 5, "{formats:?}");
    let readme = text("README.md");
    let missing: Vec<_> =
        formats.iter().filter(|format| !readme.contains(&format!("| `{format}` |"))).collect();
    assert!(missing.is_empty(), "README.md's table of formats lacks {missing:?}");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in documents() {
        let folder = root().join(&path);
        let folder = folder.parent().expect("a file lies in a folder");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or(target);
            if !file.is_empty() && !target.contains("://") && !folder.join(file).exists() {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}\n", broken.join("\n"));
}

#[test]
fn every_decision_has_a_number_of_its_own_a_date_and_what_was_rejected() {
    let decisions: Vec<_> = documents()
        .into_iter()
        .filter(|(path, _)| path.starts_with("docs/decisions/") && !path.ends_with("README.md"))
        .collect();
    assert!(decisions.len() >= 9, "only {} decisions", decisions.len());
    for (number, (path, text)) in decisions.iter().enumerate() {
        assert!(path.starts_with(&format!("docs/decisions/{:04}-", number + 1)), "{path} is out of sequence");
        let second = text.lines().find(|line| line.starts_with("20")).unwrap_or_default();
        let dated =
            second.len() == 10 && second.split('-').filter(|part| part.parse::<u32>().is_ok()).count() == 3;
        assert!(dated, "{path} must have its date, as 2026-01-31, on a line of its own");
        assert!(text.contains("**Rejected**"), "{path} must say what was **Rejected**");
        assert!(text.lines().count() <= 60, "{path} is to be short");
    }
}
