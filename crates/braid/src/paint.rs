//! Colours, where they are wanted, and the width of lines.

use braid_alert::Severity;

/// The widest line that is written; terminals may be narrower.
pub(crate) const WIDTH_MAX: usize = 100;
/// Below this the columns do not fit, and the terminal may break lines as it likes.
const WIDTH_MIN: usize = 72;

/// How text is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colours: bool,
    /// Characters in a line.
    pub(crate) width: usize,
}

impl Paint {
    /// For a terminal of this many columns, or for a file; without colours if the environment asks for none
    /// (<https://no-color.org>).
    pub(crate) fn new(columns: Option<u16>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let dumb = variable("TERM").as_deref() == Some("dumb");
        let width = columns.map_or(WIDTH_MAX, usize::from).clamp(WIDTH_MIN, WIDTH_MAX);
        Self { colours: columns.is_some() && !is_set("NO_COLOR") && !dumb, width }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colours && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What deserves a second look: a merge, a refusal.
    pub(crate) fn notable(self, text: &str) -> String {
        self.with("1;35", text)
    }

    /// Text in the colour of a severity.
    pub(crate) fn severity(self, severity: &Severity, text: &str) -> String {
        match severity {
            Severity::Critical | Severity::High => self.with("1;31", text),
            Severity::Medium => self.with("33", text),
            Severity::Low => self.with("36", text),
            _ => self.dim(text),
        }
    }
}

/// A text of exactly so many characters: cut, or filled up with spaces.
pub(crate) fn fit(text: &str, width: usize) -> String {
    format!("{:<width$}", cut(text, width))
}

/// A text of at most so many characters, with an ellipsis if something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(width.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// A text as lines of at most so many characters, broken between words; a longer word has a line to itself.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(columns: Option<u16>, environment: &[(&str, &str)]) -> String {
        let variable = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Paint::new(columns, variable).bold("x")
    }

    #[test]
    fn there_are_colours_on_a_terminal_that_wants_them_and_nowhere_else() {
        assert_eq!(painted(Some(100), &[("TERM", "xterm")]), "\x1b[1mx\x1b[0m");
        assert_eq!(painted(Some(100), &[("NO_COLOR", "")]), "\x1b[1mx\x1b[0m");
        assert_eq!(painted(Some(100), &[("NO_COLOR", "1")]), "x");
        assert_eq!(painted(Some(100), &[("TERM", "dumb")]), "x");
        assert_eq!(painted(None, &[]), "x");
    }

    #[test]
    fn a_text_is_cut_and_broken_by_characters() {
        assert_eq!(fit("éé", 4), "éé  ");
        assert_eq!(cut("a long title", 7), "a long…");
        assert_eq!(wrap("one two  three-and-four", 8), ["one two", "three-and-four"]);
    }
}
