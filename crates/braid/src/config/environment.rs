use super::fault::{Fault, Place};
use super::toml_file;
use super::tree::{Entry, Node, Value};

/// What the name of an override begins with.
const PREFIX: &str = "BRAID__";

/// Lays environment variables named `BRAID__SECTION__KEY` over the tree: `BRAID__WORKER__COMMIT_INTERVAL=50ms`,
/// `BRAID__SOURCES__0__ENABLED=true`, `BRAID__KAFKA__BROKERS=a:9092,b:9092`. Names are read without regard to case. In
/// `kafka.settings` and `clusters.0.settings`, whose keys have dots, an underscore stands for a dot.
pub(super) fn lay_over(tree: &mut Node, variables: &[(String, String)]) -> Vec<Fault> {
    let mut sorted: Vec<&(String, String)> =
        variables.iter().filter(|(name, _)| name.to_ascii_uppercase().starts_with(PREFIX)).collect();
    sorted.sort();
    sorted.iter().filter_map(|(name, text)| Override::of(name, text).lay(tree)).collect()
}

struct Override<'v> {
    place: Place,
    path: Vec<String>,
    text: &'v str,
}

impl<'v> Override<'v> {
    fn of(name: &str, text: &'v str) -> Self {
        let mut path: Vec<String> =
            name[PREFIX.len()..].to_ascii_lowercase().split("__").map(Into::into).collect();
        let setting = match path.as_mut_slice() {
            [kafka, settings, setting, ..] if kafka == "kafka" && settings == "settings" => Some(setting),
            [clusters, _, settings, setting, ..] if clusters == "clusters" && settings == "settings" => {
                Some(setting)
            }
            _ => None,
        };
        if let Some(setting) = setting {
            *setting = setting.replace('_', ".");
        }
        Self { place: Place::Variable(name.to_owned()), path, text }
    }

    fn lay(&self, tree: &mut Node) -> Option<Fault> {
        let mut node = tree;
        for step in &self.path {
            if step.is_empty() {
                return Some(self.fault("the name has an empty part".to_owned()));
            }
            node = match self.step(node, step) {
                Ok(node) => node,
                Err(fault) => return Some(fault),
            };
        }
        *node = self.value();
        None
    }

    /// A list or table in TOML is one; of anything else the key that reads it decides what it is.
    fn value(&self) -> Node {
        let text = self.text.trim();
        let structured =
            text.starts_with(['[', '{']).then(|| toml_file::read_value(text, &self.place)).flatten();
        structured.unwrap_or_else(|| Node::new(self.place.clone(), Value::Untyped(self.text.to_owned())))
    }

    /// The value behind one part of the name, made if it is not there.
    fn step<'t>(&self, node: &'t mut Node, step: &str) -> Result<&'t mut Node, Fault> {
        let number = step.parse::<usize>().ok();
        if !matches!(node.value, Value::List(_) | Value::Table(_)) {
            let empty = if number.is_some() { Value::List(Vec::new()) } else { Value::Table(Vec::new()) };
            *node = Node::new(self.place.clone(), empty);
        }
        match (&mut node.value, number) {
            (Value::List(elements), Some(index)) => self.element(elements, index),
            (Value::List(_), None) => Err(self.fault(format!("`{step}` stands where a list wants a number"))),
            (Value::Table(entries), _) => Ok(self.entry(entries, step)),
            _ => unreachable!("a list or a table was put here just now"),
        }
    }

    fn element<'t>(&self, elements: &'t mut Vec<Node>, index: usize) -> Result<&'t mut Node, Fault> {
        let there = elements.len();
        if index > there {
            return Err(self.fault(format!("element {index} cannot be set: the list has {there}")));
        }
        if index == there {
            elements.push(Node::new(self.place.clone(), Value::Null));
        }
        Ok(&mut elements[index])
    }

    fn entry<'t>(&self, entries: &'t mut Vec<Entry>, key: &str) -> &'t mut Node {
        let at = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
            let node = Node::new(self.place.clone(), Value::Null);
            entries.push(Entry { key: key.to_owned(), key_place: self.place.clone(), node });
            entries.len() - 1
        });
        &mut entries[at].node
    }

    fn fault(&self, message: String) -> Fault {
        Fault { place: self.place.clone(), key: String::new(), message }
    }
}
