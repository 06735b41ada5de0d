//! House rules about text.

use crate::tree::{files, sources};

/// Lines of a file of Rust beyond which it holds more than one thing.
const FILE_LINES_MAX: usize = 800;

/// Lines of a function beyond which it makes several decisions.
const FUNCTION_LINES_MAX: usize = 80;

/// Longer functions, and why each is one honest piece: `path::function`.
const LONG_ON_PURPOSE: &[(&str, &str)] = &[];

/// Notes to oneself are issues that nobody sees. The words are put together here, lest this file names them.
const NOTES: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
];

/// What belongs to one machine or one way of working and not to the project.
const FOREIGN: [&str; 10] = [
    concat!("/wo", "rk/"),
    concat!("/tmp/", "brief"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("Clau", "de"),
    concat!("Anth", "ropic"),
    concat!("Chat", "GPT"),
    concat!("language", " model"),
    concat!("Co-Authored", "-By"),
    concat!("index.crates", ".io"),
];

fn places_of(words: &[&str]) -> Vec<String> {
    let own = file!().rsplit('/').next().expect("a path has a name");
    let mut places = Vec::new();
    for (path, text) in files().iter().filter(|(path, _)| !path.ends_with(own)) {
        for (number, line) in text.lines().enumerate() {
            let found = words.iter().filter(|word| line.contains(*word));
            places.extend(found.map(|word| format!("{path}:{}: {word}", number + 1)));
        }
    }
    places
}

#[test]
fn nothing_is_left_as_a_note_to_oneself() {
    let notes = places_of(&NOTES);
    assert!(notes.is_empty(), "do it, or open an issue:\n{}\n", notes.join("\n"));
}

#[test]
fn nothing_names_the_machine_that_it_was_written_on() {
    let foreign = places_of(&FOREIGN);
    assert!(foreign.is_empty(), "this is no part of the project:\n{}\n", foreign.join("\n"));
}

#[test]
fn no_file_is_longer_than_one_can_know_by_heart() {
    let long: Vec<_> = sources()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .collect();
    assert!(long.is_empty(), "over {FILE_LINES_MAX} lines; divide by noun: {long:?}");
}

/// The functions of a file that rustfmt has been over, with their lengths: from the `fn` to the brace below it.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let ends = |line: &str| line.len() == indent + 1 && line.ends_with('}') && line.trim() == "}";
        // A declaration without a body, and a body on one line, end where they begin.
        let length = if line.ends_with(['}', ';']) {
            Some(0)
        } else {
            lines[start..].iter().position(|line| ends(line))
        };
        functions.push((name.to_owned(), length.unwrap_or(0) + 1));
    }
    functions
}

fn function_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| {
        matches!(*word, "async" | "const" | "pub" | "extern" | "\"C\"") || word.starts_with("pub(")
    });
    (words.next()? == "fn").then_some(())?;
    words.next()?.split(['(', '<']).next()
}

#[test]
fn the_length_of_a_function_is_counted_to_its_closing_brace() {
    let text = "impl A {\n    pub const fn one(&self) -> u8 {\n        1\n    }\n\n    fn two() {}\n}\n\nfn three(\n    a: u8,\n) {\n    {\n    }\n}\n";
    let counted = [("one".to_owned(), 3), ("two".to_owned(), 1), ("three".to_owned(), 6)];
    assert_eq!(functions(text), counted);
}

#[test]
fn no_function_is_longer_than_a_screen_and_a_bit() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        for (name, lines) in functions(&text).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES_MAX) {
            let place = format!("{path}::{name}");
            if !LONG_ON_PURPOSE.iter().any(|(known, _)| *known == place) {
                long.push(format!("{place} has {lines} lines"));
            }
        }
    }
    assert!(
        long.is_empty(),
        "over {FUNCTION_LINES_MAX} lines; divide, or list it with its reason in {}:\n{}\n",
        file!(),
        long.join("\n")
    );
}

#[test]
fn a_lint_is_expected_with_its_reason_and_never_just_allowed() {
    let bare = places_of(&[concat!("#[", "allow("), concat!("#![", "allow(")]);
    assert!(bare.is_empty(), "#[expect(…, reason = \"…\")] goes away by itself:\n{}\n", bare.join("\n"));
}
