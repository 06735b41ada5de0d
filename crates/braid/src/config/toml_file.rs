use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::fault::{Fault, Place};
use super::tree::{Entry, Node, Value};

/// Reads TOML. Every syntax error is a fault; beside a key given twice the rest of the file still stands, beside any
/// other it cannot be told what was meant.
pub(crate) fn read(text: &str) -> (Option<Node>, Vec<Fault>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    let mut faults: Vec<Fault> = errors.iter().map(|error| lines.fault(error)).collect();
    faults.sort_by_key(|fault| match fault.place {
        Place::File { line, column } => (line, column),
        _ => (0, 0),
    });
    // After the first error of a line the others are its consequences.
    faults.dedup_by_key(|fault| match fault.place {
        Place::File { line, .. } => line,
        _ => 0,
    });
    let readable = errors.iter().all(|error| error.message().contains("duplicate key"));
    let node = readable.then(|| lines.table(Place::Nowhere, table.get_ref()));
    (node, faults)
}

/// Reads one TOML value, such as `["a", "b"]` or `{ file = "…" }`; the place of all of it is `place`.
pub(super) fn read_value(text: &str, place: &Place) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(Lines { text, starts: Vec::new(), everywhere: Some(place.clone()) }.value(&value))
}

/// Turns byte offsets into lines and columns.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    everywhere: Option<Place>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, everywhere: None }
    }

    fn place(&self, offset: usize) -> Place {
        if let Some(place) = &self.everywhere {
            return place.clone();
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        Place::File { line, column }
    }

    fn fault(&self, error: &toml::de::Error) -> Fault {
        let place = error.span().map_or(Place::Nowhere, |span| self.place(span.start));
        Fault { place, key: String::new(), message: format!("this is no TOML: {}", error.message()) }
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let place = self.place(value.span().start);
        let read = match value.get_ref() {
            DeValue::Table(table) => return self.table(place, table),
            DeValue::Array(array) => self.list(array),
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::Text(number.to_string()), Value::Integer),
            DeValue::Float(number) => {
                number.as_str().parse().map_or_else(|_| Value::Text(number.to_string()), Value::Float)
            }
            DeValue::Datetime(time) => Value::Text(time.to_string()),
        };
        Node::new(place, read)
    }

    fn list(&self, array: &DeArray<'_>) -> Value {
        Value::List(array.iter().map(|element| self.value(element)).collect())
    }

    fn table(&self, place: Place, table: &DeTable<'_>) -> Node {
        let mut entries: Vec<(usize, Entry)> =
            table.iter().map(|(key, value)| self.entry(key, value)).collect();
        entries.sort_by_key(|(offset, _)| *offset);
        Node::new(place, Value::Table(entries.into_iter().map(|(_, entry)| entry).collect()))
    }

    fn entry(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> (usize, Entry) {
        let offset = key.span().start;
        let key_place = self.place(offset);
        (offset, Entry { key: key.get_ref().to_string(), key_place, node: self.value(value) })
    }
}
