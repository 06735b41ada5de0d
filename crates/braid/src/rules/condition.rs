//! The language of conditions (Sigma, "Condition"): `or`, then `and`, then `not`, then `1 of`/`all of`, then parentheses.

use braid_engine::Expression;

use super::detection::Selections;

/// Why a condition cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConditionError {
    /// It names a selection that there is not.
    Unknown(String),
    /// Said in full.
    Wrong(String),
}

/// How deep parentheses and negations may be: more than anybody can read.
const DEPTH_MAX: usize = 32;

/// Reads a condition and puts the selections in.
pub(super) fn read(text: &str, selections: &Selections) -> Result<Expression, ConditionError> {
    if text.contains('|') {
        return wrong("aggregation by `|` was removed from Sigma: write a correlation rule");
    }
    let mut reading = Reading { words: words(text), at: 0, depth: 0, selections };
    let expression = reading.any()?;
    match reading.next() {
        None => Ok(expression),
        Some(word) => wrong(format!("`{word}` cannot stand here: join selections by `and` or `or`")),
    }
}

fn wrong<T>(message: impl Into<String>) -> Result<T, ConditionError> {
    Err(ConditionError::Wrong(message.into()))
}

fn words(text: &str) -> Vec<String> {
    text.replace('(', " ( ").replace(')', " ) ").split_whitespace().map(str::to_owned).collect()
}

struct Reading<'s> {
    words: Vec<String>,
    at: usize,
    depth: usize,
    selections: &'s Selections,
}

impl Reading<'_> {
    fn next(&mut self) -> Option<String> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let is_next = self.words.get(self.at).is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is_next);
        is_next
    }

    fn any(&mut self) -> Result<Expression, ConditionError> {
        let mut any = vec![self.all()?];
        while self.takes("or") {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expression::Any(any) })
    }

    fn all(&mut self) -> Result<Expression, ConditionError> {
        let mut all = vec![self.negated()?];
        while self.takes("and") {
            all.push(self.negated()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::All(all) })
    }

    fn negated(&mut self) -> Result<Expression, ConditionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return wrong(format!("it is nested more than {DEPTH_MAX} deep"));
        }
        let read = if self.takes("not") {
            self.negated().map(|e| Expression::Not(Box::new(e)))
        } else {
            self.single()
        };
        self.depth -= 1;
        read
    }

    fn single(&mut self) -> Result<Expression, ConditionError> {
        if self.takes("(") {
            let inner = self.any()?;
            return if self.takes(")") { Ok(inner) } else { wrong("a parenthesis is not closed") };
        }
        let Some(word) = self.next() else { return wrong("it ends where a selection is expected") };
        if self.takes("of") {
            return self.several(&word.to_lowercase());
        }
        if ["and", "or", "not", ")"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
            return wrong(format!("`{word}` cannot stand here: a selection is expected"));
        }
        let found = self.selections.iter().find(|(name, _)| *name == word);
        found.map(|(_, expression)| expression.clone()).ok_or(ConditionError::Unknown(word))
    }

    /// `1 of selection_*`, `all of them`.
    fn several(&mut self, how_many: &str) -> Result<Expression, ConditionError> {
        let Some(pattern) = self.next() else {
            return wrong("it ends where the selections after `of` are expected");
        };
        let fits = |name: &str| match pattern.strip_suffix('*') {
            _ if pattern.eq_ignore_ascii_case("them") => !name.starts_with('_'),
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        };
        let chosen: Vec<Expression> =
            self.selections.iter().filter(|(name, _)| fits(name)).map(|(_, e)| e.clone()).collect();
        if chosen.is_empty() {
            return wrong(format!("no selection is called `{pattern}`"));
        }
        match how_many {
            "1" | "any" => Ok(Expression::Any(chosen)),
            "all" => Ok(Expression::All(chosen)),
            other => wrong(format!("`{other} of` is not supported: only `1 of` and `all of`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Selections that stand for themselves: `a` is `Any([])` within one `All` a letter.
    fn selections() -> Selections {
        let stub = |n: usize| Expression::Any(vec![Expression::All(Vec::new()); n]);
        ["a", "b_1", "b_2", "_c"].iter().enumerate().map(|(n, name)| ((*name).to_owned(), stub(n))).collect()
    }

    fn shown(text: &str) -> String {
        match read(text, &selections()) {
            Ok(expression) => show(&expression),
            Err(ConditionError::Unknown(name)) => format!("unknown {name}"),
            Err(ConditionError::Wrong(message)) => message,
        }
    }

    fn show(expression: &Expression) -> String {
        let selections = selections();
        if let Some((name, _)) = selections.iter().find(|(_, e)| e == expression) {
            return name.clone();
        }
        let list = |inner: &[Expression]| inner.iter().map(show).collect::<Vec<_>>().join(" ");
        match expression {
            Expression::All(inner) => format!("all({})", list(inner)),
            Expression::Any(inner) => format!("any({})", list(inner)),
            Expression::Not(inner) => format!("not({})", show(inner)),
            Expression::Match(_) => "match".to_owned(),
        }
    }

    #[test]
    fn not_binds_before_and_which_binds_before_or() {
        assert_eq!(shown("a or b_1 and not b_2"), "any(a all(b_1 not(b_2)))");
        assert_eq!(shown("(a or b_1) AND NOT b_2"), "all(any(a b_1) not(b_2))");
        assert_eq!(shown("not not a"), "not(not(a))");
    }

    #[test]
    fn several_selections_are_chosen_by_their_names() {
        assert_eq!(shown("1 of b_*"), "any(b_1 b_2)");
        assert_eq!(shown("all of b* and a"), "all(all(b_1 b_2) a)");
        assert_eq!(shown("not 1 of them"), "not(any(a b_1 b_2))");
        assert_eq!(shown("all of _c"), "all(_c)");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(shown("a b_1"), "`b_1` cannot stand here: join selections by `and` or `or`");
        assert_eq!(shown("(a"), "a parenthesis is not closed");
        assert_eq!(shown("a and"), "it ends where a selection is expected");
        assert_eq!(shown("b_3"), "unknown b_3");
        assert_eq!(shown("2 of them"), "`2 of` is not supported: only `1 of` and `all of`");
        assert_eq!(shown("1 of x*"), "no selection is called `x*`");
        assert!(shown("a | count() > 5").starts_with("aggregation by `|`"));
        assert!(shown(&"(".repeat(100_000)).starts_with("it is nested"));
    }
}
