use super::fault::Place;

/// How many values a configuration may have: far more than any needs, and an end to a file that is not one.
pub(super) const NODES_MAX: usize = 100_000;

/// A value of the configuration with the place where it was written, whatever the notation of the file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// What a value is, before anybody has said what it should be.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// The text of an environment variable: what it is decides the key that reads it.
    Untyped(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// A list's element that has been found faulty: it keeps the place of those behind it.
    Struck,
}

/// A key of a table and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

/// One step from a value to a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    /// Counted without the elements that have been struck out: what whoever reads the tree sees.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Where a path leads, in the words of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// `sources[1].format`, struck-out elements counted.
    pub(crate) key: String,
    /// Of the value; of the nearest value around it, if there is none.
    pub(crate) place: Place,
    /// Of the key, where it has one.
    pub(crate) key_place: Place,
}

impl Node {
    pub(super) fn new(place: Place, value: Value) -> Self {
        Self { place, value }
    }

    /// The value of a key of this table.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The key in the words of the file, and the place, of what `path` leads to, or would if it were there.
    pub(super) fn locate(&self, path: &[Step]) -> Spot {
        let mut spot = Spot { key: String::new(), place: self.place.clone(), key_place: self.place.clone() };
        let mut node = Some(self);
        for step in path {
            node = match step {
                Step::Key(key) => {
                    if !spot.key.is_empty() {
                        spot.key.push('.');
                    }
                    spot.key.push_str(key);
                    node.and_then(|node| node.entry(key)).map(|entry| {
                        spot.key_place = entry.key_place.clone();
                        &entry.node
                    })
                }
                Step::Index(index) => {
                    let real = node.and_then(|node| node.real_index(*index));
                    spot.key.push_str(&format!("[{}]", real.unwrap_or(*index)));
                    real.and_then(|at| node.and_then(|node| node.elements().get(at)))
                        .inspect(|element| spot.key_place = element.place.clone())
                }
            };
            if let Some(node) = node {
                spot.place = node.place.clone();
            }
        }
        spot
    }

    /// Takes out what `path` leads to. False if it leads nowhere.
    pub(super) fn strike(&mut self, path: &[Step]) -> bool {
        let Some((step, rest)) = path.split_first() else { return false };
        match step {
            Step::Key(key) => {
                let Value::Table(entries) = &mut self.value else { return false };
                let Some(at) = entries.iter().position(|entry| entry.key == *key) else { return false };
                if rest.is_empty() {
                    entries.remove(at);
                    return true;
                }
                entries[at].node.strike(rest)
            }
            Step::Index(index) => {
                let Some(at) = self.real_index(*index) else { return false };
                let Value::List(elements) = &mut self.value else { return false };
                if rest.is_empty() {
                    elements[at].value = Value::Struck;
                    return true;
                }
                elements[at].strike(rest)
            }
        }
    }

    fn elements(&self) -> &[Self] {
        match &self.value {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    fn real_index(&self, visible: usize) -> Option<usize> {
        self.elements()
            .iter()
            .enumerate()
            .filter(|(_, element)| !matches!(element.value, Value::Struck))
            .map(|(at, _)| at)
            .nth(visible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: usize, text: &str) -> Node {
        Node::new(Place::File { line, column: 1 }, Value::Text(text.into()))
    }

    #[test]
    fn an_element_struck_out_keeps_the_numbers_of_those_behind_it() {
        let list = Value::List(vec![text(1, "a"), text(2, "b"), text(3, "c")]);
        let mut node = Node::new(Place::Nowhere, list);
        assert!(node.strike(&[Step::Index(1)]));
        let spot = node.locate(&[Step::Index(1)]);
        assert_eq!((spot.key.as_str(), spot.place), ("[2]", Place::File { line: 3, column: 1 }));
        assert!(!node.strike(&[Step::Index(2)]), "only two are left");
    }
}
