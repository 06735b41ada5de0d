use serde::ser::{Serialize, SerializeMap, Serializer};

/// What a record of a foreign format is made of, in the order in which it is written.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Number(i64),
    List(Vec<Node>),
    Object(Vec<(&'static str, Node)>),
}

/// A text.
pub(super) fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

/// An object without the fields that have no value.
pub(super) fn object(fields: impl IntoIterator<Item = (&'static str, Option<Node>)>) -> Node {
    Node::Object(fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::List(nodes) => serializer.collect_seq(nodes),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}
