use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::fault::{Fault, Place};
use super::tree::{Entry, NODES_MAX, Node, Value};

/// Reads YAML 1.2: one document, plain scalars by the core schema (`true` and `false` are the only truth values, so
/// `off` is a word). A key given twice is a fault, for it says two things at once; so are aliases and tags, for a
/// configuration needs neither and they can hide what it says.
pub(super) fn read(text: &str) -> (Option<Node>, Vec<Fault>) {
    let Documents { mut nodes, mut faults, whole } = read_documents(text);
    if let Some(second) = nodes.get(1) {
        let message = "a second document begins here: only one is read".to_owned();
        faults.push(Fault { place: second.place.clone(), key: String::new(), message });
    }
    nodes.truncate(1);
    let empty = || Node::new(Place::Nowhere, Value::Table(Vec::new()));
    (whole.then(|| nodes.pop().unwrap_or_else(empty)), faults)
}

/// The documents of a file.
pub(crate) struct Documents {
    /// Each of them.
    pub(crate) nodes: Vec<Node>,
    /// What is wrong with the notation.
    pub(crate) faults: Vec<Fault>,
    /// It was read to its end: after a syntax error there may be more than `nodes`.
    pub(crate) whole: bool,
}

/// The same of a file that may hold several documents.
pub(crate) fn read_documents(text: &str) -> Documents {
    let mut building = Building::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text); // editors on Windows write one
    let mut whole = true;
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => building.take(event, span.start),
            Err(error) => {
                building.faults.push(syntax(&error));
                whole = false;
                break;
            }
        }
        if building.nodes > NODES_MAX {
            building.fault(Place::Nowhere, &format!("it has more than {NODES_MAX} values"));
            whole = false;
            break;
        }
    }
    Documents { nodes: building.documents, faults: building.faults, whole }
}

fn syntax(error: &ScanError) -> Fault {
    let message = format!("this is no YAML: {}", error.info());
    Fault { place: place(*error.marker()), key: String::new(), message }
}

fn place(marker: Marker) -> Place {
    Place::File { line: marker.line(), column: marker.col() + 1 }
}

/// The tree so far: the collections that are open, innermost last.
#[derive(Default)]
struct Building {
    open: Vec<Open>,
    documents: Vec<Node>,
    nodes: usize,
    faults: Vec<Fault>,
}

enum Open {
    List(Place, Vec<Node>),
    Table(Place, Vec<Entry>, Option<(String, Place)>),
}

impl Building {
    fn take(&mut self, event: Event<'_>, marker: Marker) {
        let place = place(marker);
        match event {
            Event::Scalar(text, style, _, tag) => {
                if tag.is_some() {
                    self.fault(place.clone(), "tags (`!`…) have no meaning here");
                }
                self.close(Node::new(place, scalar(&text, style)));
            }
            Event::SequenceStart(..) => self.open.push(Open::List(place, Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Table(place, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.close_collection(),
            Event::Alias(_) => {
                self.fault(place.clone(), "aliases (`*`…) are not supported: write the value out");
                self.close(Node::new(place, Value::Null));
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
    }

    fn close_collection(&mut self) {
        let node = match self.open.pop() {
            Some(Open::List(place, elements)) => Node::new(place, Value::List(elements)),
            Some(Open::Table(place, entries, _)) => Node::new(place, Value::Table(entries)),
            None => return,
        };
        self.close(node);
    }

    /// Puts a finished value where it belongs: the documents, the list, behind its key, or as a key itself.
    fn close(&mut self, node: Node) {
        self.nodes += 1;
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::List(_, elements)) => elements.push(node),
            Some(Open::Table(_, _, key @ None)) => *key = Some((key_text(&node), node.place)),
            Some(Open::Table(_, entries, key)) => {
                let Some((key, key_place)) = key.take() else { return };
                if entries.iter().any(|entry| entry.key == key) {
                    self.fault(key_place, &format!("the key `{key}` is given twice"));
                } else {
                    entries.push(Entry { key, key_place, node });
                }
            }
        }
    }

    fn fault(&mut self, place: Place, message: &str) {
        self.faults.push(Fault { place, key: String::new(), message: message.to_owned() });
    }
}

/// A key is a text, whatever it looks like: a tenant's alias may well be a number.
fn key_text(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        _ => String::new(),
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::Text(text.to_owned())),
    }
}

/// YAML's core schema: decimal, `0o` octal and `0x` hexadecimal integers, decimal fractions. Words such as `inf`, which
/// Rust would take for numbers, are words.
fn number(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(Value::Integer);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return i64::from_str_radix(digits, 8).ok().map(Value::Integer);
    }
    if !text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
        return None;
    }
    let integer = text.parse().map(Value::Integer).ok();
    integer.or_else(|| text.parse().map(Value::Float).ok())
}
