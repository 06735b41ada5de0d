use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};

/// An incident for each alert, as a CSV file has them (RFC 4180).
#[derive(Debug)]
pub(super) struct Table {
    /// What the first column is called.
    head: String,
    /// An alert's id and its incident: the first two columns behind the head.
    pub(super) incidents: BTreeMap<String, String>,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, has no head, names no alert, or an alert in two incidents; or a row has no two columns, an
    /// empty one or a quote that does not end; with the number of the row.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("reading {}", file.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut incidents = BTreeMap::new();
        let rows = rows(text.trim_start_matches('\u{feff}'))?;
        let head = rows.first().map(|row| head(row)).transpose()?.unwrap_or_default();
        for (number, row) in rows.into_iter().enumerate().skip(1) {
            let mut columns = row.into_iter();
            match (columns.next(), columns.next()) {
                (Some(alert), Some(incident)) if alert.trim().is_empty() || incident.trim().is_empty() => {
                    bail!("row {}: an alert's id and its incident are needed, and one is empty", number + 1)
                }
                (Some(alert), Some(incident)) => match incidents.insert(alert.clone(), incident.clone()) {
                    Some(other) if other != incident => {
                        bail!("row {}: {alert} is in {incident}, and above it is in {other}", number + 1)
                    }
                    _ => {}
                },
                (Some(alert), None) if alert.is_empty() => {}
                _ => bail!("row {}: two columns are needed, an alert's id and its incident", number + 1),
            }
        }
        if incidents.is_empty() {
            bail!("no alert behind the head: the first row names the columns, and is no alert");
        }
        Ok(Self { head, incidents })
    }

    /// Refuses a file whose head turns out to be one of the alerts that are there: it would be missing from the score, and
    /// nobody would see.
    ///
    /// # Errors
    /// If it is.
    pub(super) fn check_head<'a>(
        &self,
        file: &Path,
        alerts: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<()> {
        if alerts.into_iter().any(|alert| alert == self.head) {
            bail!("{}: {}", file.display(), headless(&self.head));
        }
        Ok(())
    }
}

/// What the first column is called, if the first row is a head: names have no digits, but ids have, and numbers are no
/// names.
fn head(row: &[String]) -> anyhow::Result<String> {
    let first = row.first().map_or("", |name| name.trim());
    let second = row.get(1).map_or("", |name| name.trim());
    let is_id = first.bytes().any(|byte| byte.is_ascii_digit());
    let is_number = !second.is_empty() && second.bytes().all(|byte| byte.is_ascii_digit());
    if is_id || is_number {
        bail!(headless(&row.join(",")));
    }
    Ok(first.to_owned())
}

fn headless(row: &str) -> String {
    let said: String = row.chars().take(80).collect();
    format!(
        "row 1: a head is wanted that names the two columns, as in `alert id,incident`; `{said}` is an alert"
    )
}

fn rows(text: &str) -> anyhow::Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let mut characters = text.chars().peekable();
    while characters.peek().is_some() {
        let mut row = Vec::new();
        loop {
            let (field, ends_row) = field(&mut characters)
                .with_context(|| format!("row {}: a quote is not closed", rows.len() + 1))?;
            row.push(field);
            if ends_row {
                break;
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The next field, and whether its row ends with it. `None` if a quote is not closed.
fn field(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<(String, bool)> {
    let mut field = String::new();
    let mut quoted = false;
    loop {
        match characters.next() {
            None if quoted => return None,
            None | Some('\n') if !quoted => return Some((field, true)),
            Some(',') if !quoted => return Some((field, false)),
            Some('\r') if !quoted && characters.peek() == Some(&'\n') => {}
            Some('"') if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            Some('"') if quoted || field.is_empty() => quoted = !quoted,
            Some(other) => field.push(other),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        Table::parse(text).unwrap().incidents.into_iter().collect()
    }

    #[test]
    fn the_first_two_columns_count_and_the_head_does_not() {
        let read = pairs("\u{feff}id,incident,note\r\na1,7,x\r\n\"b,\"\"1\"\"\",\"8\"\nc1,9");
        let expected = [("a1", "7"), ("b,\"1\"", "8"), ("c1", "9")];
        assert_eq!(read, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(pairs("id,incident\na,1\na,1\n\n"), [("a".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn a_file_whose_first_row_is_an_alert_is_refused_and_told_what_head_it_wants() {
        for headless in ["a,1\nb,1", "da63_1,x\nb1,8\n", "\u{feff}04feb23f-b1ca,noise\n"] {
            let told = format!("{:#}", Table::parse(headless).unwrap_err());
            assert!(
                told.contains("row 1: a head is wanted") && told.contains("`alert id,incident`"),
                "{told}"
            );
        }
        let told = |alerts: &[&str]| {
            let table = Table::parse("alpha,noise\nbeta,noise\n").unwrap();
            table.check_head(Path::new("l.csv"), alerts.iter().copied()).map_err(|error| error.to_string())
        };
        assert_eq!(told(&["beta", "gamma"]), Ok(()));
        assert!(told(&["beta", "alpha"]).is_err_and(|told| told.starts_with("l.csv: row 1")));
    }

    #[test]
    fn what_is_no_pair_is_told_with_its_row() {
        assert!(format!("{:#}", Table::parse("id,incident\na\n").unwrap_err()).contains("row 2"));
        assert!(
            format!("{:#}", Table::parse("id,incident\na,\"b\n").unwrap_err()).contains("row 2: a quote")
        );
        for half in ["id,incident\na,\n", "id,incident\n ,1\n"] {
            assert!(
                format!("{:#}", Table::parse(half).unwrap_err()).contains("row 2: an alert's id"),
                "{half}"
            );
        }
        assert!(
            format!("{:#}", Table::parse("id,incident\na,1\na,2\n").unwrap_err())
                .contains("row 3: a is in 2")
        );
        for nobody in ["", "id,incident\n"] {
            assert!(format!("{:#}", Table::parse(nobody).unwrap_err()).contains("no alert"), "{nobody}");
        }
    }
}
