//! `braid demo` as somebody runs it who has nothing but the program.

use std::process::{Command, Output, Stdio};

use expect_test::expect_file;

fn demo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_braid"));
    command.arg("demo").stdin(Stdio::null()).env_remove("RUST_LOG");
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Through both stages on the broker in the process; the stages' batches may fall differently, what is shown may not.
#[test]
fn the_demo_tells_the_same_story_each_time_and_ends_by_itself() {
    let output = demo().output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "nothing is wrong, so nothing is said");
    let text = String::from_utf8(output.stdout).expect("it is text");
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "wider than a hundred columns: {line}");
        assert!(!line.contains('\u{1b}'), "a file gets no colours: {line:?}");
    }
    expect_file!["demo/output.txt"].assert_eq(&without_date(&text));
}

/// The story is yesterday's.
fn without_date(text: &str) -> String {
    let is_date = |word: &str| {
        word.len() == 11
            && word.char_indices().all(|(at, c)| match at {
                4 | 7 => c == '-',
                10 => c == ',',
                _ => c.is_ascii_digit(),
            })
    };
    let word = |word| if is_date(word) { "YYYY-MM-DD," } else { word };
    text.split('\n')
        .map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
#[cfg(target_os = "linux")]
fn the_demo_says_when_nobody_takes_its_output() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("every Linux has it");
    let output = demo().stdout(full).stderr(Stdio::piped()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).starts_with("braid: standard output: "), "{}", stderr(&output));
}
