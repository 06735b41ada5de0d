use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};

/// Reads the first two columns of a CSV file (RFC 4180) behind its head: an alert's id and an incident.
///
/// # Errors
/// If the file cannot be read, names no alert, or an alert in two incidents; or a row has no two columns or a quote that
/// does not end; with the number of the row.
pub(super) fn read(file: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    parse(&text).with_context(|| format!("reading {}", file.display()))
}

fn parse(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    for (number, row) in rows(text.trim_start_matches('\u{feff}'))?.into_iter().enumerate().skip(1) {
        let mut columns = row.into_iter();
        match (columns.next(), columns.next()) {
            (Some(alert), Some(incident)) => match pairs.insert(alert.clone(), incident.clone()) {
                Some(other) if other != incident => {
                    bail!("row {}: {alert} is in {incident}, and above it is in {other}", number + 1)
                }
                _ => {}
            },
            (Some(alert), None) if alert.is_empty() => {}
            _ => bail!("row {}: two columns are needed, an alert's id and its incident", number + 1),
        }
    }
    if pairs.is_empty() {
        bail!("no alert behind the head: the first row names the columns, and is no alert");
    }
    Ok(pairs)
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
        parse(text).unwrap().into_iter().collect()
    }

    #[test]
    fn the_first_two_columns_count_and_the_head_does_not() {
        let read = pairs("\u{feff}id,incident,note\r\na1,7,x\r\n\"b,\"\"1\"\"\",\"8\"\nc1,9");
        let expected = [("a1", "7"), ("b,\"1\"", "8"), ("c1", "9")];
        assert_eq!(read, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(pairs("id,incident\na,1\na,1\n\n"), [("a".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_is_no_pair_is_told_with_its_row() {
        assert!(format!("{:#}", parse("id,incident\na\n").unwrap_err()).contains("row 2"));
        assert!(format!("{:#}", parse("id,incident\na,\"b\n").unwrap_err()).contains("row 2: a quote"));
        assert!(format!("{:#}", parse("id,incident\na,1\na,2\n").unwrap_err()).contains("row 3: a is in 2"));
        for nobody in ["", "id,incident\n", "a,1"] {
            assert!(format!("{:#}", parse(nobody).unwrap_err()).contains("no alert"), "{nobody}");
        }
    }
}
