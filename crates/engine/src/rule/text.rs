//! Texts with wildcards, and regular expressions.

use regex::Regex;

/// A text that may hold wildcards: `*` for any number of characters, `?` for one. Compared without regard to case,
/// unless it is said otherwise (Sigma, "String Wildcard" and "Escaping").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPattern {
    pieces: Vec<Piece>,
    cased: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    One(char),
    AnyOne,
    AnyNumber,
}

/// What may stand around a text: Sigma's modifiers `startswith`, `endswith`, `contains`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrap {
    /// Nothing.
    Nothing,
    /// Anything behind it.
    Behind,
    /// Anything before it.
    Before,
    /// Anything before and behind it.
    Around,
}

impl TextPattern {
    /// Reads a text in Sigma's notation: a backslash takes their meaning from `*`, `?` and a backslash before one of
    /// these; before anything else it is itself.
    pub fn read(text: &str, wrap: Wrap, cased: bool) -> Self {
        let mut pieces = Vec::new();
        if matches!(wrap, Wrap::Before | Wrap::Around) {
            pieces.push(Piece::AnyNumber);
        }
        let mut rest = text.chars().peekable();
        while let Some(next) = rest.next() {
            pieces.push(match next {
                '*' => Piece::AnyNumber,
                '?' => Piece::AnyOne,
                '\\' => Piece::One(rest.next_if(|c| matches!(c, '*' | '?' | '\\')).unwrap_or('\\')),
                other => Piece::One(if cased { other } else { folded(other) }),
            });
        }
        if matches!(wrap, Wrap::Behind | Wrap::Around) {
            pieces.push(Piece::AnyNumber);
        }
        pieces.dedup_by(|a, b| *a == Piece::AnyNumber && *b == Piece::AnyNumber);
        Self { pieces, cased }
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        let (mut at, mut rest) = (0, text.chars());
        // Where to go on after the last `*`, should what follows it not fit here.
        let mut again: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let here = rest.clone();
            match (self.pieces.get(at), rest.next()) {
                (Some(Piece::AnyNumber), _) => {
                    again = Some((at, here.clone()));
                    (at, rest) = (at + 1, here);
                }
                (None, None) => return true,
                (Some(piece), Some(c)) if self.is(*piece, c) => at += 1,
                _ => {
                    let Some((star, mut from)) = again.take() else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    (at, rest) = (star + 1, from.clone());
                    again = Some((star, from));
                }
            }
        }
    }

    fn is(&self, piece: Piece, c: char) -> bool {
        match piece {
            Piece::AnyOne => true,
            Piece::One(wanted) => wanted == if self.cased { c } else { folded(c) },
            Piece::AnyNumber => false,
        }
    }
}

/// A character without regard to case: its lower case, where that is one character.
fn folded(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// A regular expression. Its time is linear in the text.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles an expression of the syntax of the `regex` crate, which all of Sigma's is part of. It may fit anywhere in the
    /// text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self).map_err(|error| error.to_string())
    }

    /// Whether it fits somewhere in the text.
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        TextPattern::read(pattern, Wrap::Nothing, false).fits(text)
    }

    #[test]
    fn wildcards_stand_for_one_or_any_number_of_characters() {
        assert!(fits("prog?.exe", "progA.exe") && !fits("prog?.exe", "prog.exe"));
        assert!(fits("antivirus_V*.exe", "antivirus_V21.2.1.exe"));
        assert!(fits("*", "") && fits("*a*", "bab") && !fits("*a*", "bbb"));
        assert!(fits("*aab", "aaaab") && fits("a*b*c", "a.b.b.c") && !fits("a*b*c", "a.c"));
        assert!(!fits("prog", "program"));
    }

    #[test]
    fn case_counts_only_when_it_is_said() {
        assert!(fits("MIMIKATZ", "Mimikatz") && fits("übung", "Übung"));
        assert!(!TextPattern::read("MIMIKATZ", Wrap::Nothing, true).fits("Mimikatz"));
    }

    #[test]
    fn a_backslash_takes_the_meaning_from_a_wildcard_and_is_else_itself() {
        assert!(fits(r"contoso\jeffl", r"CONTOSO\jeffl") && fits(r"contoso\\jeffl", r"contoso\jeffl"));
        assert!(fits(r"a\*b", "a*b") && !fits(r"a\*b", "axb"));
        assert!(fits(r"a\\*", r"a\b") && !fits(r"a\\*", "ab"));
        assert!(fits(r"a\\\*", r"a\*") && !fits(r"a\\\*", r"a\x"));
    }

    #[test]
    fn what_a_modifier_puts_around_a_text_is_anything() {
        let wrapped = |wrap, text| TextPattern::read("katz", wrap, false).fits(text);
        assert!(wrapped(Wrap::Before, "Mimikatz") && !wrapped(Wrap::Before, "katze"));
        assert!(wrapped(Wrap::Behind, "katze") && !wrapped(Wrap::Behind, "Mimikatz"));
        assert!(wrapped(Wrap::Around, "Mimikatze") && !wrapped(Wrap::Around, "Mimi"));
    }
}
